//! A transcript read from its end: lines, last first, and what is wrong with them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use serde_json::Value;

/// What is read first.
const FIRST: u64 = 64 << 10;
/// Each read after that is twice the one before it, up to this.
const MOST: u64 = 4 << 20;
/// A longer record is dropped: no gateway writes one, and it must fit into memory.
const MAX_RECORD: usize = 64 << 20;
const BOM: &[u8] = b"\xef\xbb\xbf";

/// A line of a transcript, or what is wrong with it.
pub(super) type Line = Result<Vec<u8>, Damage>;

/// A transcript that is read from its end.
pub(super) trait Tail {
    /// Returns the line before the one that was returned last; `None` at the start.
    fn previous(&mut self) -> io::Result<Option<Line>>;

    /// Does the same, but only as far as no more needs to be read; `None` there.
    fn previous_at_hand(&mut self) -> io::Result<Option<Line>>;
}

/// What is wrong with a line; each is counted, and the rest decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Damage {
    /// It is no JSON object: torn, or written over.
    Torn,
    /// It holds zeros, as files do after the power went.
    Zeros,
    /// It holds bytes that are no UTF-8; they were replaced.
    NotUtf8,
    /// It is longer than any record.
    TooLong,
    /// It cannot be decompressed, or is not what it says.
    Packed,
    /// The file became shorter while it was read.
    Shrunk,
}

/// What was wrong, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Damages(BTreeMap<Damage, usize>);

impl Damages {
    /// Counts one.
    pub(super) fn count(&mut self, damage: Damage) {
        *self.0.entry(damage).or_default() += 1;
    }

    /// Tells how often something was wrong.
    #[must_use]
    pub fn total(&self) -> usize {
        self.0.values().sum()
    }

    /// Tells how often this was wrong.
    #[must_use]
    pub fn of(&self, damage: Damage) -> usize {
        self.0.get(&damage).copied().unwrap_or_default()
    }

    /// Says what was wrong, a sentence each.
    pub fn sentences(&self) -> impl Iterator<Item = String> {
        self.0.iter().map(|(damage, times)| format!("{times} × {damage}"))
    }
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Torn => "a line that is no JSON was left out",
            Self::Zeros => "zeros, as a loss of power leaves them, were left out",
            Self::NotUtf8 => "bytes that are no UTF-8 were replaced",
            Self::TooLong => "a line that is too long was left out",
            Self::Packed => "an event that cannot be decompressed was left out",
            Self::Shrunk => "the file became shorter while it was read",
        })
    }
}

/// Reads a line's JSON object as far as it can be read.
pub(super) fn parse(line: &[u8], damages: &mut Damages) -> Option<Value> {
    let is_padding = |byte: &u8| *byte == 0 || byte.is_ascii_whitespace();
    let start = line.iter().position(|byte| !is_padding(byte)).unwrap_or(line.len());
    let end = line.iter().rposition(|byte| !is_padding(byte)).map_or(start, |last| last + 1);
    if line[..start].contains(&0) || line[end..].contains(&0) {
        damages.count(Damage::Zeros);
    }
    let line = &line[start..end];
    let line = line.strip_prefix(BOM).unwrap_or(line);
    if line.is_empty() {
        return None;
    }
    // Looking for what is broken takes far longer than finding that nothing is.
    let text = str::from_utf8(line).map_or_else(
        |_| {
            damages.count(Damage::NotUtf8);
            String::from_utf8_lossy(line)
        },
        Cow::Borrowed,
    );
    let object = serde_json::from_str(&text).ok().filter(Value::is_object);
    if object.is_none() {
        damages.count(Damage::Torn);
    }
    object
}

/// Reads the lines of a file from its end, and no more of it than is asked for.
///
/// What is appended meanwhile is not seen.
pub(super) struct Lines {
    file: File,
    /// The part of the file that is read, and not yet returned, begins here.
    start: u64,
    /// That part.
    held: Vec<u8>,
    /// How far from the beginning of `held` no line's end stands.
    searched: usize,
    step: u64,
    longest: usize,
    /// A line is being passed over that is too long.
    skipping: bool,
    shrunk: bool,
    done: bool,
}

impl Lines {
    /// Begins at the end of `file`.
    pub fn of(file: File) -> io::Result<Self> {
        let start = file.metadata()?.len();
        Ok(Self {
            file,
            start,
            held: Vec::new(),
            searched: 0,
            step: FIRST,
            longest: MAX_RECORD,
            skipping: false,
            shrunk: false,
            done: start == 0,
        })
    }

    /// Takes the last line of what is held, if its beginning is.
    fn take(&mut self) -> Option<Line> {
        while !self.done {
            // The last byte ends a line, and does not begin one.
            let end = self.held.len().saturating_sub(1).min(self.searched);
            let line = match memchr::memrchr(b'\n', &self.held[..end]) {
                Some(at) => self.held.split_off(at + 1),
                None if self.start == 0 => {
                    self.done = true;
                    std::mem::take(&mut self.held)
                }
                None => {
                    self.searched = 0;
                    return None;
                }
            };
            self.searched = self.held.len();
            if std::mem::take(&mut self.skipping) || line.len() > self.longest {
                return Some(Err(Damage::TooLong));
            }
            if !line.trim_ascii().is_empty() {
                return Some(Ok(line));
            }
        }
        None
    }

    /// Reads the part before the one that is held.
    fn read_more(&mut self) -> io::Result<()> {
        if self.held.len() > self.longest {
            // Of a line that is passed over only its end is needed.
            self.held.clear();
            self.held.push(b' ');
            self.skipping = true;
        }
        let length = self.step.min(self.start);
        let at = self.start - length;
        let mut part = vec![0; usize::try_from(length).unwrap_or(usize::MAX)];
        let read = read_at(&self.file, &mut part, at)?;
        if read < part.len() {
            self.shrunk = true;
            part.truncate(read);
            self.held.clear();
        }
        self.searched = part.len() + 1;
        part.append(&mut self.held);
        self.held = part;
        self.start = at;
        self.step = (self.step * 2).min(MOST);
        Ok(())
    }
}

/// Reads as much as there is.
fn read_at(file: &File, part: &mut [u8], at: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < part.len() {
        match file.read_at(&mut part[read..], at + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

impl Tail for Lines {
    fn previous(&mut self) -> io::Result<Option<Line>> {
        loop {
            if let Some(line) = self.previous_at_hand()? {
                return Ok(Some(line));
            }
            if self.done {
                return Ok(None);
            }
            self.read_more()?;
        }
    }

    fn previous_at_hand(&mut self) -> io::Result<Option<Line>> {
        if std::mem::take(&mut self.shrunk) {
            return Ok(Some(Err(Damage::Shrunk)));
        }
        Ok(self.take())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use std::io::{Seek, SeekFrom, Write};

    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn lines(content: &[u8]) -> Lines {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        Lines::of(file).unwrap()
    }

    /// Reads to the start; lines as text, damages in words.
    fn rest(lines: &mut Lines) -> Vec<String> {
        let text = |line: Line| match line {
            Ok(line) => String::from_utf8_lossy(&line).trim().to_owned(),
            Err(damage) => format!("{damage:?}"),
        };
        std::iter::from_fn(|| lines.previous().unwrap()).map(text).collect()
    }

    #[rstest]
    #[case::empty("", "")]
    #[case::blank("\n\n \n", "")]
    #[case::in_order("a\nb\nc\n", "c b a")]
    #[case::without_a_last_newline("a\nb", "b a")]
    #[case::windows("a\r\nb\r\n", "b a")]
    #[case::blank_lines_between("\na\n\n\nb\n\n", "b a")]
    fn lines_come_last_first(#[case] content: &str, #[case] expected: &str) {
        assert_eq!(rest(&mut lines(content.as_bytes())).join(" "), expected);
    }

    #[rstest]
    fn lines_may_stand_across_the_edges_of_what_is_read(
        #[values(-2, -1, 0, 1, 2)] off: i64,
        #[values(1, 3)] reads: u64,
    ) {
        let edge = FIRST * reads;
        let last = "z".repeat(usize::try_from(edge.checked_add_signed(off).unwrap()).unwrap());
        let content = format!("first\n{last}\n");
        assert_eq!(rest(&mut lines(content.as_bytes())), [last, "first".to_owned()]);
    }

    #[test]
    fn no_more_is_read_than_is_asked_for() {
        let content = "a line of sixteen\n".repeat(100_000);
        let mut lines = lines(content.as_bytes());
        assert!(lines.previous().unwrap().is_some());
        assert_eq!(lines.start, content.len() as u64 - FIRST);
        let at_hand = std::iter::from_fn(|| lines.previous_at_hand().unwrap()).count();
        assert_eq!(lines.start, content.len() as u64 - FIRST, "nothing more was read");
        assert_eq!(at_hand + 1, 64 * 1024 / "a line of sixteen\n".len());
    }

    #[test]
    fn what_is_appended_meanwhile_is_not_seen() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"a\nb\n").unwrap();
        let mut lines = Lines::of(file.try_clone().unwrap()).unwrap();
        file.write_all(b"c\nd\n").unwrap();
        assert_eq!(rest(&mut lines), ["b", "a"]);
    }

    #[test]
    fn a_file_that_becomes_shorter_ends_where_it_ends() {
        let mut file = tempfile::tempfile().unwrap();
        let content = "0123456\n".repeat(20_000);
        file.write_all(content.as_bytes()).unwrap();
        let mut lines = Lines::of(file.try_clone().unwrap()).unwrap();
        assert!(lines.previous().unwrap().is_some());
        file.set_len(8_000).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        let rest = rest(&mut lines);
        assert!(rest.contains(&"Shrunk".to_owned()));
        assert!(rest.iter().filter(|line| *line == "0123456").count() >= 1_000, "what is left is read");
    }

    #[test]
    fn a_line_that_is_too_long_is_passed_over() {
        let content = format!("a\n{}\nb\n{}\nc\n", "x".repeat(5_000), "y".repeat(50_000));
        let mut lines = lines(content.as_bytes());
        (lines.longest, lines.step) = (1_000, 100);
        assert_eq!(rest(&mut lines), ["c", "TooLong", "b", "TooLong", "a"]);
        let mut lines = self::lines("x".repeat(5_000).as_bytes());
        (lines.longest, lines.step) = (1_000, 100);
        assert_eq!(rest(&mut lines), ["TooLong"]);
    }

    #[rstest]
    #[case::whole(b"{\"a\":1}\r\n", "{\"a\":1}", &[])]
    #[case::blank(b" \n", "", &[])]
    #[case::torn(b"{\"a\":1", "", &[Damage::Torn])]
    #[case::no_object(b"7", "", &[Damage::Torn])]
    #[case::with_a_mark(b"\xef\xbb\xbf{\"a\":1}", "{\"a\":1}", &[])]
    #[case::zeros(b"\0\0\0\n", "", &[Damage::Zeros])]
    #[case::behind_zeros(b"\0\0{\"a\":1}\n", "{\"a\":1}", &[Damage::Zeros])]
    #[case::torn_by_zeros(b"{\"a\":\0\0\0", "", &[Damage::Torn, Damage::Zeros])]
    #[case::no_utf8(b"{\"a\":\"x\xff\"}", "{\"a\":\"x\u{fffd}\"}", &[Damage::NotUtf8])]
    #[case::torn_in_a_letter(b"{\"a\":\"\xe6\x95", "", &[Damage::Torn, Damage::NotUtf8])]
    fn a_line_is_read_as_far_as_it_can_be(
        #[case] line: &[u8],
        #[case] expected: &str,
        #[case] damaged: &[Damage],
    ) {
        let mut damages = Damages::default();
        let value = parse(line, &mut damages);
        assert_eq!(value.map(|value| value.to_string()).unwrap_or_default(), expected);
        assert_eq!(damages.total(), damaged.len(), "{damages:?}");
        assert!(damaged.iter().all(|damage| damages.of(*damage) == 1), "{damages:?}");
    }

    proptest! {
        /// The oracle reads forward, and knows nothing of parts.
        #[test]
        fn lines_read_backward_are_those_read_forward(
            content in "([a-d]{0,9}(\n|\r\n|)){0,40}",
            step in 1_u64..20,
        ) {
            let mut lines = lines(content.as_bytes());
            lines.step = step;
            let forward = content.split('\n').map(str::trim).filter(|line| !line.is_empty());
            prop_assert_eq!(rest(&mut lines), forward.rev().collect::<Vec<_>>());
        }
    }
}
