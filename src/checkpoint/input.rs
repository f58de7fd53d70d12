//! The seed's session snapshot, as JSON or YAML, turned into blocks.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::Block;
use crate::model::SessionKey;
use crate::support::error::{Error, Kind, Result};
use crate::support::text::ensure_shallow;

/// The session key that the seed gives to a session without one.
const NO_KEY: &str = "unknown";
/// What to do about input that is no snapshot.
const EXPECTED: &str =
    r#"pipe in JSON or YAML, such as {"sessions":[{"sessionKey":"agent:main:main","goal":"…"}]}"#;

/// Reads the snapshot that came on stdin: `{"sessions":[{"sessionKey","agentId","goal","lastDone",…}]}`.
///
/// Fields that are missing or null get the seed's defaults, unknown ones are ignored. What starts with a brace
/// or a bracket is JSON, all else YAML.
///
/// # Errors
/// [`Kind::Usage`] where there is no input, as in the seed; [`Kind::User`] where it does not parse, has a value of
/// the wrong type, or names no session. The message tells the field and its place.
pub fn read_snapshot(text: &str) -> Result<Vec<Block>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim().is_empty() {
        let empty = Error::new(Kind::Usage, "stdin is empty: a session snapshot is expected");
        return Err(empty.hint(EXPECTED));
    }
    ensure_shallow("stdin", text)?;
    // An escape of two bytes can make a character of three, so honest text never reaches twice its source.
    let mut reader = Reader { blocks: Vec::new(), budget: text.len() * 2, complaint: None };
    let root = Node { reader: &mut reader, place: Place::Snapshot };
    let failure = if text.trim_start().starts_with(['{', '[']) {
        let mut json = serde_json::Deserializer::from_str(text);
        let result = root.deserialize(&mut json).and_then(|()| json.end());
        result.err().map(|error| (error.to_string(), "JSON", Some((error.line(), error.column()))))
    } else {
        let result = root.deserialize(serde_yaml::Deserializer::from_str(text));
        let at = |error: &serde_yaml::Error| error.location().map(|at| (at.line(), at.column()));
        result.err().map(|error| (error.to_string(), "YAML", at(&error)))
    };
    let wrong = match (failure, reader.complaint) {
        (Some((_, _, Some((line, column)))), Some(complaint)) => {
            format!("{complaint} (line {line}, column {column})")
        }
        (Some(_), Some(complaint)) => complaint,
        (Some((error, format, _)), None) => format!("not valid {format}: {error}"),
        (None, _) if reader.blocks.is_empty() => {
            "sessions: expected at least one session, found none".to_owned()
        }
        (None, _) => return Ok(reader.blocks),
    };
    Err(Error::new(Kind::User, format!("stdin: {wrong}")).hint(EXPECTED))
}

/// What the parsers fill. They know the place of an error but not its path, hence the complaint on the side.
struct Reader {
    blocks: Vec<Block>,
    /// How much text may still come: YAML aliases can repeat one text without end.
    budget: usize,
    complaint: Option<String>,
}

/// Where in the snapshot a value stands.
#[derive(Clone, Copy)]
enum Place {
    Snapshot,
    Sessions,
    Session,
    Field(&'static str),
}

/// The fields of a session that are read.
const FIELDS: [&str; 7] =
    ["sessionKey", "agentId", "goal", "lastDone", "nextStep", "blockers", "resumeMessage"];

struct Node<'r> {
    reader: &'r mut Reader,
    place: Place,
}

impl Node<'_> {
    fn complain<E: serde::de::Error>(&mut self, what: &str) -> E {
        let index = self.reader.blocks.len().saturating_sub(1);
        let path = match self.place {
            Place::Snapshot => String::new(),
            Place::Sessions => "sessions: ".to_owned(),
            Place::Session => format!("sessions[{index}]: "),
            Place::Field(name) => format!("sessions[{index}].{name}: "),
        };
        self.reader.complaint = Some(format!("{path}{what}"));
        E::custom(what)
    }

    fn found<E: serde::de::Error>(&mut self, what: &str) -> E {
        let expected = match self.place {
            Place::Snapshot => "a mapping with `sessions`",
            Place::Sessions => "a list",
            Place::Session => "a mapping",
            Place::Field(_) => "a string",
        };
        self.complain(&format!("expected {expected}, found {what}"))
    }

    fn store<E: serde::de::Error>(&mut self, name: &str, text: &str) -> std::result::Result<(), E> {
        let Some(left) = self.reader.budget.checked_sub(text.len()) else {
            return Err(self.complain("aliases repeat more text than the input holds"));
        };
        self.reader.budget = left;
        let Some(block) = self.reader.blocks.last_mut() else { return Ok(()) };
        match name {
            "agentId" => text.clone_into(&mut block.agent),
            "goal" => text.clone_into(&mut block.goal),
            "lastDone" => text.clone_into(&mut block.last_done),
            "nextStep" => text.clone_into(&mut block.next_step),
            "blockers" => text.clone_into(&mut block.blockers),
            "resumeMessage" => block.resume_message = Some(text.to_owned()),
            _ => match text.parse() {
                Ok(key) => block.session_key = key,
                Err(error) => return Err(self.complain(&error.to_string())),
            },
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> std::result::Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a session snapshot")
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> std::result::Result<(), A::Error> {
        if !matches!(self.place, Place::Snapshot | Place::Session) {
            return Err(self.found("a mapping"));
        }
        while let Some(name) = map.next_key::<String>()? {
            let inner = match self.place {
                Place::Snapshot => (name == "sessions").then_some(Place::Sessions),
                _ => FIELDS.into_iter().find(|field| *field == name).map(Place::Field),
            };
            match inner {
                Some(place) => map.next_value_seed(Node { reader: &mut *self.reader, place })?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut list: A) -> std::result::Result<(), A::Error> {
        if !matches!(self.place, Place::Sessions) {
            return Err(self.found("a list"));
        }
        if !self.reader.blocks.is_empty() {
            return Err(self.complain("a second list of sessions"));
        }
        let no_key: SessionKey = NO_KEY.parse().map_err(A::Error::custom)?;
        loop {
            // The block comes first, so that a complaint about its session counts it.
            self.reader.blocks.push(Block::new(no_key.clone()));
            if list.next_element_seed(Node { reader: &mut *self.reader, place: Place::Session })?.is_none() {
                self.reader.blocks.pop();
                return Ok(());
            }
        }
    }

    fn visit_str<E: serde::de::Error>(mut self, text: &str) -> std::result::Result<(), E> {
        match self.place {
            Place::Field(name) => self.store(name, text),
            _ => Err(self.found("a string")),
        }
    }

    fn visit_unit<E: serde::de::Error>(mut self) -> std::result::Result<(), E> {
        match self.place {
            Place::Field(_) => Ok(()),
            _ => Err(self.found("nothing")),
        }
    }

    fn visit_bool<E: serde::de::Error>(mut self, _: bool) -> std::result::Result<(), E> {
        Err(self.found("a boolean"))
    }

    fn visit_i64<E: serde::de::Error>(mut self, _: i64) -> std::result::Result<(), E> {
        Err(self.found("a number"))
    }

    fn visit_u64<E: serde::de::Error>(mut self, _: u64) -> std::result::Result<(), E> {
        Err(self.found("a number"))
    }

    fn visit_f64<E: serde::de::Error>(mut self, _: f64) -> std::result::Result<(), E> {
        Err(self.found("a number"))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests {
    use rstest::rstest;

    use super::*;

    #[test]
    fn the_seeds_snapshot_is_read_in_both_notations() {
        let json = r#"{"sessions":[{"sessionKey":"agent:engineer:main","agentId":"engineer","label":"QA","goal":"g \ud83d\ude00",
            "lastDone":"l","nextStep":"n","blockers":"none","more":[1]},{"goal":null}],"x":{"y":1}}"#;
        let yaml = "sessions:\n- sessionKey: agent:engineer:main\n  agentId: engineer\n  label: QA\n  goal: g 😀\n  lastDone: l\n  nextStep: n\n  blockers: none\n  more: [1]\n- goal: ~\nx: {y: 1}\n";
        for text in [json, yaml, &format!("\u{feff}{json}\n"), &format!("---\n{yaml}")] {
            let [one, two] = &read_snapshot(text).unwrap()[..] else { panic!("two sessions") };
            assert_eq!((one.session_key.as_str(), one.agent.as_str()), ("agent:engineer:main", "engineer"));
            assert_eq!(
                [&one.goal, &one.last_done, &one.next_step, &one.blockers],
                ["g 😀", "l", "n", "none"]
            );
            assert_eq!(*two, Block::new("unknown".parse().unwrap()));
        }
    }

    #[rstest]
    #[case(
        "{\"sessions\": [\n{},\n{\n  \"goal\": 5}]}",
        "stdin: sessions[1].goal: expected a string, found a number (line 4, column 11)"
    )]
    #[case(
        "sessions:\n- {}\n- goal: 5\n",
        "stdin: sessions[1].goal: expected a string, found a number (line 3, column 9)"
    )]
    #[case(
        "sessions:\n- goal: [a]\n",
        "stdin: sessions[0].goal: expected a string, found a list (line 2, column 9)"
    )]
    #[case("sessions: {a: b}\n", "stdin: sessions: expected a list, found a mapping (line 1, column 11)")]
    #[case(
        "sessions: [true]\n",
        "stdin: sessions[0]: expected a mapping, found a boolean (line 1, column 12)"
    )]
    #[case("[]", "stdin: expected a mapping with `sessions`, found a list (line 1, column 2)")]
    #[case("hello", "stdin: expected a mapping with `sessions`, found a string (line 1, column 1)")]
    #[case("{\"sessions\":[]}", "stdin: sessions: expected at least one session, found none")]
    #[case("a: 1", "stdin: sessions: expected at least one session, found none")]
    #[case("{\"sessions\":[}", "stdin: not valid JSON: expected value at line 1 column 14")]
    #[case("{\"sessions\":[]} x", "stdin: not valid JSON: trailing characters at line 1 column 17")]
    fn errors_name_the_field_and_its_place(#[case] text: &str, #[case] message: &str) {
        let error = read_snapshot(text).unwrap_err();
        assert_eq!((error.to_string().as_str(), error.kind()), (message, Kind::User));
    }

    #[test]
    fn a_key_that_would_break_the_line_is_refused() {
        let error = read_snapshot(r#"{"sessions":[{"sessionKey":"a\n## b"}]}"#).unwrap_err();
        assert!(
            error.to_string().starts_with("stdin: sessions[0].sessionKey: \"a\\n## b\" is no"),
            "{error}"
        );
    }

    #[test]
    fn no_input_is_a_usage_error() {
        assert_eq!(read_snapshot("\u{feff} \n").unwrap_err().kind(), Kind::Usage);
    }

    #[test]
    fn aliases_cannot_fill_the_memory() {
        let long = "x".repeat(1000);
        let text = format!("a: &a {long}\nsessions:\n{}", "- {goal: *a}\n".repeat(1000));
        assert!(read_snapshot(&text).unwrap_err().to_string().contains("aliases repeat more text"));
        let text = format!("sessions: &s [{}]\n{}", "{},".repeat(1000), "sessions: *s\n".repeat(1000));
        assert!(read_snapshot(&text).unwrap_err().to_string().contains("a second list"));
    }
}
