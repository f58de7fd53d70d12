//! What is wrong with the lines of a transcript: each fault is counted, and the rest is read.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

const BOM: &[u8] = b"\xef\xbb\xbf";

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
pub(super) fn parse<T, E>(
    line: &[u8],
    damages: &mut Damages,
    read: impl FnOnce(&str) -> Result<T, E>,
) -> Option<T> {
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
    let object = read(&text);
    if object.is_err() {
        damages.count(Damage::Torn);
    }
    object.ok()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::{Map, Value};

    use super::*;

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
        let value =
            parse(line, &mut damages, |text| serde_json::from_str::<Map<_, _>>(text).map(Value::from));
        assert_eq!(value.map(|value| value.to_string()).unwrap_or_default(), expected);
        assert_eq!(damages.total(), damaged.len(), "{damages:?}");
        assert!(damaged.iter().all(|damage| damages.of(*damage) == 1), "{damages:?}");
    }
}
