//! A transcript read from its end: lines, last first.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::LazyLock;

use memchr::memmem::Finder;

use super::damage::Damage;

/// What is read first.
const FIRST: u64 = 64 << 10;
/// Each read after that is twice the one before it, up to this.
const MOST: u64 = 4 << 20;
/// A longer record is dropped: no gateway writes one, and it must fit into memory.
const MAX_RECORD: usize = 64 << 20;

/// What all that tells of a command in the background holds: `"status":"running"`, `Command still running`.
const RUNNING: &str = "running";
/// What stands before and behind that word in its details, and in what the agent was told.
const AROUND: [(&[u8], &[u8]); 2] = [(b"\"", b"\""), (b"Command still ", b"")];

/// A line of a transcript, or what is wrong with it.
pub(super) type Line<'a> = Result<&'a [u8], Damage>;

/// A transcript that is read from its end.
pub(super) trait Tail {
    /// Returns the line before the one that was returned last; `None` at the start.
    fn previous(&mut self) -> io::Result<Option<Line<'_>>>;

    /// Does the same, but only as far as no more needs to be read; `None` there.
    fn previous_at_hand(&mut self) -> io::Result<Option<Line<'_>>>;

    /// Tells whether a line that is at hand may tell of a command in the background; goes on to none of them. Where none
    /// does, nothing more is asked for.
    fn may_tell_of_commands(&mut self) -> io::Result<bool>;
}

/// Tells whether `lines` hold what is told of commands in the background.
pub(super) fn may_tell_of_commands(lines: &[u8]) -> bool {
    static FINDER: LazyLock<Finder<'_>> = LazyLock::new(|| Finder::new(RUNNING));
    FINDER.find_iter(lines).any(|at| {
        let (before, behind) = (&lines[..at], &lines[at + RUNNING.len()..]);
        AROUND.iter().any(|(start, end)| before.ends_with(start) && behind.starts_with(end))
    })
}

/// Reads the lines of a file from its end, and no more of it than is asked for.
///
/// What is appended meanwhile is not seen.
pub(super) struct Lines<'a> {
    file: File,
    /// What was read last; another file's transcript may have been read into it before.
    part: &'a mut Vec<u8>,
    /// The part of the file that is read, and not yet returned, begins here.
    start: u64,
    /// So much of what was read is not yet returned.
    held: usize,
    /// How far from the beginning of that no line's end stands.
    searched: usize,
    step: u64,
    longest: usize,
    /// A line is being passed over that is too long.
    skipping: bool,
    shrunk: bool,
    done: bool,
}

impl<'a> Lines<'a> {
    /// Begins at the end of `file`.
    pub fn of(file: File, part: &'a mut Vec<u8>) -> io::Result<Self> {
        let start = file.metadata()?.len();
        Ok(Self {
            file,
            part,
            start,
            held: 0,
            searched: 0,
            step: FIRST,
            longest: MAX_RECORD,
            skipping: false,
            shrunk: false,
            done: start == 0,
        })
    }

    /// Takes the last line of what is held, if its beginning is.
    fn take(&mut self) -> Option<Result<Range<usize>, Damage>> {
        while !self.done {
            // The last byte ends a line, and does not begin one.
            let end = self.held.saturating_sub(1).min(self.searched);
            let line = match memchr::memrchr(b'\n', &self.part[..end]) {
                Some(at) => at + 1..self.held,
                None if self.start == 0 => {
                    self.done = true;
                    0..self.held
                }
                None => {
                    self.searched = 0;
                    return None;
                }
            };
            self.held = line.start;
            self.searched = self.held;
            if std::mem::take(&mut self.skipping) || line.len() > self.longest {
                return Some(Err(Damage::TooLong));
            }
            if !self.part[line.clone()].trim_ascii().is_empty() {
                return Some(Ok(line));
            }
        }
        None
    }

    fn take_at_hand(&mut self) -> Option<Result<Range<usize>, Damage>> {
        if std::mem::take(&mut self.shrunk) { Some(Err(Damage::Shrunk)) } else { self.take() }
    }

    /// Reads the part before the one that is held.
    fn read_more(&mut self) -> io::Result<()> {
        let part = &mut *self.part;
        if self.held > self.longest {
            // Of a line that is passed over only its end is needed.
            part[0] = b' ';
            self.held = 1;
            self.skipping = true;
        }
        let at = self.start.saturating_sub(self.step);
        let length = usize::try_from(self.start - at).unwrap_or(usize::MAX);
        if part.len() < length + self.held {
            part.resize(length + self.held, 0);
        }
        part.copy_within(..self.held, length);
        let read = read_at(&self.file, &mut part[..length], at)?;
        if read < length {
            self.shrunk = true;
            self.held = 0;
        }
        self.searched = read + 1;
        self.held += read;
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

impl Tail for Lines<'_> {
    fn previous(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            if let Some(line) = self.take_at_hand() {
                return Ok(Some(line.map(|line| &self.part[line])));
            }
            if self.done {
                return Ok(None);
            }
            self.read_more()?;
        }
    }

    fn previous_at_hand(&mut self) -> io::Result<Option<Line<'_>>> {
        Ok(self.take_at_hand().map(|line| line.map(|line| &self.part[line])))
    }

    fn may_tell_of_commands(&mut self) -> io::Result<bool> {
        let held = &self.part[..self.held];
        // The beginning of the first line is not at hand.
        let first = if self.start == 0 { Some(0) } else { memchr::memchr(b'\n', held) };
        Ok(!self.done && first.is_some_and(|first| may_tell_of_commands(&held[first..])))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use std::io::{Seek, SeekFrom, Write};

    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// Reads what a desk at which another file was read before has room for.
    fn lines(content: &[u8]) -> Lines<'static> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(content).unwrap();
        let used = b"\nof\nanother\n".repeat(8);
        Lines::of(file, Box::leak(Box::new(used))).unwrap()
    }

    /// Reads to the start; lines as text, damages in words.
    fn rest(lines: &mut Lines<'_>) -> Vec<String> {
        let text = |line: Line<'_>| match line {
            Ok(line) => String::from_utf8_lossy(line).trim().to_owned(),
            Err(damage) => format!("{damage:?}"),
        };
        std::iter::from_fn(|| lines.previous().unwrap().map(text)).collect()
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
        let at_hand = std::iter::from_fn(|| lines.previous_at_hand().unwrap().map(drop)).count();
        assert_eq!(lines.start, content.len() as u64 - FIRST, "nothing more was read");
        assert_eq!(at_hand + 1, 64 * 1024 / "a line of sixteen\n".len());
    }

    #[test]
    fn what_is_appended_meanwhile_is_not_seen() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"a\nb\n").unwrap();
        let mut part = Vec::new();
        let mut lines = Lines::of(file.try_clone().unwrap(), &mut part).unwrap();
        file.write_all(b"c\nd\n").unwrap();
        assert_eq!(rest(&mut lines), ["b", "a"]);
    }

    #[test]
    fn a_file_that_becomes_shorter_ends_where_it_ends() {
        let mut file = tempfile::tempfile().unwrap();
        let content = "0123456\n".repeat(20_000);
        file.write_all(content.as_bytes()).unwrap();
        let mut part = Vec::new();
        let mut lines = Lines::of(file.try_clone().unwrap(), &mut part).unwrap();
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
