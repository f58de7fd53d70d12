//! Reads the members of an object that fills a file, and holds no more of it than a few at a time.

use std::io::{self, ErrorKind, Read as Source};

use super::{Broken, Read, Scanner};

/// How much is read at a time, where no member is longer.
const STEP: usize = 256 << 10;

/// The members of an object that fills a file, as they are read.
pub(in crate::session) struct Members<R> {
    part: Part<R>,
    place: Place,
}

impl<R: Source> Members<R> {
    /// Begins with the first member.
    pub fn of(file: R) -> Self {
        Self::by_steps(file, STEP)
    }

    fn by_steps(file: R, step: usize) -> Self {
        Self { part: Part { file, step, held: Vec::new() }, place: Place::Start }
    }

    /// Reads the next members, each by `member`; none at the end, and where something else stands.
    pub fn next<T>(
        &mut self,
        mut member: impl FnMut(&str, &mut Scanner<'_>) -> Read<T>,
    ) -> io::Result<Vec<T>> {
        let mut members = Vec::new();
        while members.is_empty() && self.part.read_on()? {
            let mut scanner = Scanner { text: self.part.text(), at: 0, depth: 1 };
            let mut taken = 0;
            // What breaks off may go on in what is read next; at the end of the file it does not.
            while let Ok(next) = scanner.take(self.place, &mut member) {
                members.extend(next.1);
                (self.place, taken) = (next.0, scanner.at);
            }
            self.part.held.drain(..taken);
        }
        Ok(members)
    }

    /// Tells, at the end, whether the file holds an object and nothing else.
    pub fn are_all(&self) -> bool {
        self.place == Place::End && self.part.held.iter().all(|byte| b" \n\r\t".contains(byte))
    }
}

/// Between which of the object's parts a reading stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Start,
    First,
    Next,
    End,
}

impl Scanner<'_> {
    /// Takes what is at `place`, with what stands behind it, as that alone tells that it is whole.
    fn take<T>(
        &mut self,
        place: Place,
        member: &mut impl FnMut(&str, &mut Self) -> Read<T>,
    ) -> Read<(Place, Option<T>)> {
        match (place, self.peek()?) {
            (Place::Start, b'{') => {
                self.at += 1;
                Ok((Place::First, None))
            }
            (Place::First, b'}') => {
                self.at += 1;
                Ok((Place::End, None))
            }
            (Place::First | Place::Next, b'"') => {
                let name = self.string()?;
                self.expect(b':')?;
                let member = member(&name.decoded(), self)?;
                let behind = self.peek()?;
                self.at += 1;
                match behind {
                    b',' => Ok((Place::Next, Some(member))),
                    b'}' => Ok((Place::End, Some(member))),
                    _ => Err(Broken),
                }
            }
            _ => Err(Broken),
        }
    }
}

/// What is held of a file.
struct Part<R> {
    file: R,
    step: usize,
    held: Vec<u8>,
}

impl<R: Source> Part<R> {
    /// Reads on; tells whether there was more. A member that is longer than a step is read in twice as much each time.
    fn read_on(&mut self) -> io::Result<bool> {
        let (start, more) = (self.held.len(), self.step.max(self.held.len()));
        self.held.resize(start + more, 0);
        let read = loop {
            match self.file.read(&mut self.held[start..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                read => break read,
            }
        };
        self.held.truncate(start + *read.as_ref().unwrap_or(&0));
        Ok(read? > 0)
    }

    /// Returns what is held as far as it is text: a character may be cut in two.
    fn text(&self) -> &str {
        match str::from_utf8(&self.held) {
            Ok(text) => text,
            Err(error) => str::from_utf8(&self.held[..error.valid_up_to()]).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "what is in memory can be read")]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    type Named = Option<Vec<(String, String)>>;

    fn named<'a>(name: &str, json: &mut Scanner<'a>) -> Read<(String, &'a str)> {
        Ok((name.to_owned(), json.raw()?))
    }

    fn by_steps(json: &[u8], step: usize) -> Named {
        let owned = |name: &str, json: &mut Scanner<'_>| {
            named(name, json).map(|(name, value)| (name, value.to_owned()))
        };
        let (mut members, mut read) = (Members::by_steps(json, step), Vec::new());
        loop {
            match members.next(owned).unwrap() {
                more if more.is_empty() => return members.are_all().then_some(read),
                more => read.extend(more),
            }
        }
    }

    /// Reads it all at once.
    fn at_once(json: &[u8]) -> Named {
        let mut members = Vec::new();
        let is_object = Scanner::whole(str::from_utf8(json).ok()?, |json| {
            json.members(|name, json| {
                let (name, value) = named(name, json)?;
                members.push((name, value.to_owned()));
                Ok(())
            })
        });
        is_object.ok()?.then_some(members)
    }

    #[rstest]
    #[case::nothing("")]
    #[case::blank("  \n")]
    #[case::empty("{}")]
    #[case::empty_with_spaces(" { \n } \n")]
    #[case::a_list("[1]")]
    #[case::a_number("12")]
    #[case::members(r#"{"a":1, "b" : {"c":[1,2]},"d":"é\u00e9}"}"#)]
    #[case::a_comma_too_many(r#"{"a":1,}"#)]
    #[case::a_comma_first(r#"{,"a":1}"#)]
    #[case::torn(r#"{"a":1,"b":{"c"#)]
    #[case::torn_behind_a_member(r#"{"a":12"#)]
    #[case::more_behind_it(r#"{"a":1} x"#)]
    #[case::no_name("{1:2}")]
    fn steps_read_what_is_read_at_once(#[case] json: &str, #[values(1, 2, 7, 1_000)] step: usize) {
        assert_eq!(by_steps(json.as_bytes(), step), at_once(json.as_bytes()));
    }

    #[test]
    fn what_is_no_text_is_no_object() {
        assert_eq!(by_steps(b"{\"a\":\"\xff\"}", 4), None);
        assert_eq!(by_steps(b"{\"a\":1}\xff", 4), None);
    }

    #[test]
    fn no_more_is_held_than_a_few_members() {
        let json = format!("{{{}\"last\":0}}", "\"a\":\"0123456789\",".repeat(10_000));
        let mut file = json.as_bytes();
        let mut part = Part { file: &mut file, step: 100, held: Vec::new() };
        let mut most = 0;
        while part.read_on().unwrap() {
            most = most.max(part.held.len());
            let taken = part.text().rfind(',').map_or(0, |at| at + 1);
            part.held.drain(..taken);
        }
        assert!(most <= 200, "{most} bytes");
    }

    proptest! {
        #[test]
        fn any_object_is_read_alike_and_so_is_what_is_left_of_one(
            members in prop::collection::vec(("[a-cé]{0,3}", "[0-9a-zé{}\\[\\],:]{0,20}"), 0..6),
            step in 1_usize..40,
            cut in 0_usize..200,
        ) {
            let members: Vec<String> =
                members.iter().map(|(name, value)| format!("\"{name}\": {{\"of\": [\"{value}\", 7]}}")).collect();
            let json = format!("{{{}}}", members.join(", "));
            let json = &json.as_bytes()[..json.len().saturating_sub(cut % (json.len() + 1))];
            prop_assert_eq!(by_steps(json, step), at_once(json));
        }
    }
}
