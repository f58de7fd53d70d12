//! Reads JSON field by field, and passes over what is not asked for.
//!
//! Most of a transcript is what tools answered, and of that little is read: strings are found by their ends, and decoded
//! when somebody asks for them, no further than is asked for. What is passed over is JSON all the same.

use std::borrow::Cow;

use serde_json::Value;

pub(super) use members::Members;

mod members;

/// Deeper objects and lists are not read, as `serde_json` does not.
const DEEPEST: usize = 127;

/// It is no JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Broken;

pub(super) type Read<T> = Result<T, Broken>;

/// JSON that is being read.
#[derive(Clone, Copy)]
pub(super) struct Scanner<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
}

/// A field that is read where it is neither an object nor a list.
#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Scalar<'a> {
    #[default]
    Absent,
    Null,
    Flag(bool),
    Number(&'a str),
    Text(Text<'a>),
    /// An object or a list.
    Other,
}

/// A string as it stands there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    raw: &'a str,
    escaped: bool,
}

impl<'a> Scanner<'a> {
    /// Reads all of `text` as one value.
    pub fn whole<T>(text: &'a str, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        let mut scanner = Self { text, at: 0, depth: 0 };
        let value = read(&mut scanner)?;
        scanner.pass_space();
        if scanner.at == text.len() { Ok(value) } else { Err(Broken) }
    }

    /// Reads the members of an object, each by `member`, which reads its value; tells whether there is an object.
    pub fn members(&mut self, mut member: impl FnMut(&str, &mut Self) -> Read<()>) -> Read<bool> {
        if self.peek()? != b'{' {
            return self.skip().map(|()| false);
        }
        self.list(b'}', |scanner| {
            if scanner.peek()? != b'"' {
                return Err(Broken);
            }
            let name = scanner.string()?;
            scanner.expect(b':')?;
            member(&name.decoded(), scanner)
        })?;
        Ok(true)
    }

    /// Reads the elements of a list, each by `element`; tells whether there is a list.
    pub fn elements(&mut self, element: impl FnMut(&mut Self) -> Read<()>) -> Read<bool> {
        if self.peek()? != b'[' {
            return self.skip().map(|()| false);
        }
        self.list(b']', element)?;
        Ok(true)
    }

    /// Reads what stands between brackets, up to `end`.
    fn list(&mut self, end: u8, mut item: impl FnMut(&mut Self) -> Read<()>) -> Read<()> {
        self.at += 1;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Broken);
        }
        if self.peek()? == end {
            self.at += 1;
        } else {
            loop {
                item(self)?;
                let next = self.peek()?;
                self.at += 1;
                match next {
                    b',' => {}
                    next if next == end => break,
                    _ => return Err(Broken),
                }
            }
        }
        self.depth -= 1;
        Ok(())
    }

    /// Reads a value that is no object and no list, and passes over one that is.
    pub fn scalar(&mut self) -> Read<Scalar<'a>> {
        Ok(match self.peek()? {
            b'"' => Scalar::Text(self.string()?),
            b'{' | b'[' => self.skip().map(|()| Scalar::Other)?,
            b'n' => self.word("null").map(|()| Scalar::Null)?,
            b't' => self.word("true").map(|()| Scalar::Flag(true))?,
            b'f' => self.word("false").map(|()| Scalar::Flag(false))?,
            _ => Scalar::Number(self.number()?),
        })
    }

    /// Reads any value.
    pub fn value(&mut self) -> Read<Value> {
        serde_json::from_str(self.raw()?).map_err(|_| Broken)
    }

    /// Reads any value into a field; one that cannot be kept is none.
    pub fn value_into(&mut self, field: &mut Value) -> Read<()> {
        *field = serde_json::from_str(self.raw()?).unwrap_or_default();
        Ok(())
    }

    /// Returns a value as it stands there.
    pub fn raw(&mut self) -> Read<&'a str> {
        self.peek()?;
        let start = self.at;
        self.skip()?;
        Ok(&self.text[start..self.at])
    }

    /// Passes over a value.
    pub fn skip(&mut self) -> Read<()> {
        match self.peek()? {
            b'{' => self.members(|_, scanner| scanner.skip()).map(drop),
            b'[' => self.list(b']', Self::skip),
            _ => self.scalar().map(drop),
        }
    }

    /// Returns the next byte that is no space.
    pub fn peek(&mut self) -> Read<u8> {
        self.pass_space();
        self.text.as_bytes().get(self.at).copied().ok_or(Broken)
    }

    fn pass_space(&mut self) {
        let rest = &self.text.as_bytes()[self.at..];
        let space = rest.iter().position(|byte| !matches!(byte, b' ' | b'\n' | b'\r' | b'\t'));
        self.at += space.unwrap_or(rest.len());
    }

    fn expect(&mut self, byte: u8) -> Read<()> {
        if self.peek()? != byte {
            return Err(Broken);
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str) -> Read<()> {
        if !self.text[self.at..].starts_with(word) {
            return Err(Broken);
        }
        self.at += word.len();
        Ok(())
    }

    fn number(&mut self) -> Read<&'a str> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let digits = |at: usize| at + bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count();
        let is = |at: usize, any: &[u8]| bytes.get(at).is_some_and(|byte| any.contains(byte));
        let mut end = start + usize::from(is(start, b"-"));
        // A zero stands alone.
        let whole = if is(end, b"0") { end + 1 } else { digits(end) };
        let mut is_broken = whole == end;
        end = whole;
        if is(end, b".") {
            let fraction = digits(end + 1);
            is_broken |= fraction == end + 1;
            end = fraction;
        }
        if is(end, b"eE") {
            let sign = end + 1 + usize::from(is(end + 1, b"+-"));
            end = digits(sign);
            is_broken |= end == sign;
        }
        self.at = end;
        if is_broken { Err(Broken) } else { Ok(&self.text[start..end]) }
    }

    /// Reads a string, whose opening quote is next.
    fn string(&mut self) -> Read<Text<'a>> {
        let bytes = self.text.as_bytes();
        let start = self.at + 1;
        let mut end = start;
        let mut escaped = false;
        loop {
            end += special(&bytes[end..]).ok_or(Broken)?;
            match bytes[end] {
                b'"' => break,
                b'\\' => escaped = true,
                // Zeros, for one, as a loss of power leaves them.
                _ => return Err(Broken),
            }
            end += match bytes.get(end + 1).ok_or(Broken)? {
                b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
                b'u' if unit(&bytes[end + 2..]).is_some() => 6,
                _ => return Err(Broken),
            };
        }
        self.at = end + 1;
        Ok(Text { raw: &self.text[start..end], escaped })
    }
}

/// Finds the first quote, backslash or control character, eight bytes at a time: what stands between two of them is
/// short, and a search that has to get under way first takes longer.
fn special(bytes: &[u8]) -> Option<usize> {
    const ONES: u64 = u64::MAX / 255;
    const QUOTES: u64 = ONES * 0x22;
    const BACKSLASHES: u64 = ONES * 0x5c;
    const SPACES: u64 = ONES * 0x20;
    // The high bit of each byte that is zero; of others behind the first one, too.
    const fn zeros(word: u64) -> u64 {
        word.wrapping_sub(ONES) & !word
    }
    let mut at = 0;
    while let Some(chunk) = bytes[at..].first_chunk() {
        let word = u64::from_le_bytes(*chunk);
        let quotes = zeros(word ^ QUOTES) | zeros(word ^ BACKSLASHES);
        let controls = word.wrapping_sub(SPACES) & !word;
        let found = (quotes | controls) & (ONES << 7);
        if found != 0 {
            return Some(at + found.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..b' ');
    bytes[at..].iter().position(is_special).map(|behind| at + behind)
}

/// Reads the four digits of a `\u`.
fn unit(digits: &[u8]) -> Option<u16> {
    let digits = digits.get(..4).filter(|digits| digits.iter().all(u8::is_ascii_hexdigit))?;
    u16::from_str_radix(str::from_utf8(digits).ok()?, 16).ok()
}

impl<'a> Text<'a> {
    pub fn decoded(self) -> Cow<'a, str> {
        if self.escaped { self.up_to(usize::MAX).into() } else { self.raw.into() }
    }

    /// Decodes no more than the beginning, of at most so many bytes.
    pub fn start(self, most: usize) -> Cow<'a, str> {
        if self.escaped { self.up_to(most).into() } else { start_of(self.raw, most).into() }
    }

    /// Half of a pair of surrogates stands for no character, and is replaced: gateways cut texts without regard to them.
    fn up_to(self, most: usize) -> String {
        let mut rest = self.raw;
        let mut text = String::with_capacity(rest.len().min(most));
        // Between the quotes nothing is special but a backslash.
        while let Some(at) = special(rest.as_bytes()).filter(|at| text.len() + at < most) {
            text.push_str(&rest[..at]);
            let (decoded, length) = decode(&rest[at..]);
            if text.len() + decoded.len_utf8() > most {
                return text;
            }
            text.push(decoded);
            rest = &rest[at + length..];
        }
        text.push_str(start_of(rest, most - text.len()));
        text
    }
}

/// Decodes an escape, and returns its length.
fn decode(escape: &str) -> (char, usize) {
    let bytes = escape.as_bytes();
    let decoded = match bytes[1] {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            let units = |at: usize| bytes[at..].starts_with(b"\\u").then(|| unit(&bytes[at + 2..])).flatten();
            let pair = [units(0).unwrap_or_default(), units(6).unwrap_or_default()];
            let first = char::decode_utf16(pair).next();
            let decoded = first.and_then(Result::ok).unwrap_or(char::REPLACEMENT_CHARACTER);
            return (decoded, 6 * decoded.len_utf16());
        }
        byte => char::from(byte),
    };
    (decoded, 2)
}

/// Returns the beginning of a text, of at most so many bytes.
pub(super) fn start_of(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

impl<'a> Scalar<'a> {
    pub fn into_text(self) -> Option<Text<'a>> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    pub fn text(self) -> Option<Cow<'a, str>> {
        self.into_text().map(Text::decoded)
    }

    /// Returns text that is not empty.
    pub fn some_text(self) -> Option<String> {
        self.text().filter(|text| !text.is_empty()).map(Cow::into_owned)
    }

    /// Returns text that is not blank.
    pub fn said(self) -> Option<String> {
        self.text().filter(|text| !text.trim().is_empty()).map(Cow::into_owned)
    }

    pub fn is(self, text: &str) -> bool {
        self.text().is_some_and(|found| found == text)
    }

    pub fn is_true(self) -> bool {
        matches!(self, Self::Flag(true))
    }

    pub fn integer(self) -> Option<i64> {
        if let Self::Number(number) = self { number.parse().ok() } else { None }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn skipped(text: &str) -> Read<()> {
        Scanner::whole(text, Scanner::skip)
    }

    /// Returns what a scanner keeps of a value: all but the names of members.
    fn read(json: &mut Scanner<'_>) -> Read<Value> {
        Ok(match json.peek()? {
            b'{' => {
                let mut members = serde_json::Map::new();
                json.members(|name, json| {
                    members.insert(name.to_owned(), read(json)?);
                    Ok(())
                })?;
                members.into()
            }
            b'[' => {
                let mut elements = Vec::new();
                json.elements(|json| {
                    elements.push(read(json)?);
                    Ok(())
                })?;
                elements.into()
            }
            _ => match json.scalar()? {
                Scalar::Null => Value::Null,
                Scalar::Flag(flag) => flag.into(),
                Scalar::Number(number) => serde_json::from_str(number).unwrap(),
                Scalar::Text(text) => text.decoded().into(),
                Scalar::Absent | Scalar::Other => unreachable!("objects and lists are read above"),
            },
        })
    }

    #[rstest]
    #[case::empty("")]
    #[case::torn("{\"a\":\"x")]
    #[case::torn_in_an_escape("{\"a\":\"x\\")]
    #[case::torn_in_a_unit("{\"a\":\"\\u12")]
    #[case::no_escape("\"\\x\"")]
    #[case::no_unit("\"\\u12g4\"")]
    #[case::a_zero_in_a_string("\"a\u{0}b\"")]
    #[case::a_zero_far_in_a_string("\"abcdefghijklmnopq\u{0}\"")]
    #[case::a_zero_between("[1,\u{0}2]")]
    #[case::a_line_in_a_string("\"a\nb\"")]
    #[case::more_behind_it("{} {}")]
    #[case::a_comma_too_many("[1,]")]
    #[case::no_comma("{\"a\":1 \"b\":2}")]
    #[case::no_colon("{\"a\" 1}")]
    #[case::no_name("{1:2}")]
    #[case::another_bracket("[1}")]
    #[case::no_word("nul")]
    #[case::leading_zero("01")]
    #[case::no_digits("-")]
    #[case::no_fraction("1.")]
    #[case::no_exponent("1e+")]
    fn what_is_no_json_is_broken_also_where_it_is_passed_over(#[case] text: &str) {
        assert_eq!(skipped(text), Err(Broken));
        assert!(serde_json::from_str::<Value>(text).is_err());
    }

    #[test]
    fn what_is_too_deep_is_broken() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert_eq!((skipped(&nested(DEEPEST)), skipped(&nested(DEEPEST + 1))), (Ok(()), Err(Broken)));
        assert!(serde_json::from_str::<Value>(&nested(DEEPEST)).is_ok());
        assert!(serde_json::from_str::<Value>(&nested(DEEPEST + 1)).is_err());
    }

    #[rstest]
    #[case::half_a_pair("\"a\\ud83db\"", "a\u{fffd}b")]
    #[case::the_other_half("\"\\ude00!\"", "\u{fffd}!")]
    #[case::half_a_pair_at_the_end("\"\\ud83d\"", "\u{fffd}")]
    #[case::two_first_halves("\"\\ud83d\\ud83d\\ude00\"", "\u{fffd}\u{1f600}")]
    fn half_an_emoji_is_replaced(#[case] text: &str, #[case] decoded: &str) {
        assert_eq!(Scanner::whole(text, read), Ok(Value::from(decoded)));
    }

    fn value() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            // Such as every reader of decimals reads alike.
            any::<i16>().prop_map(|eighths| (f64::from(eighths) / 8.0).into()),
            "(?s).{0,40}".prop_map(Value::from),
            "[a-z\"\\\\\n\u{1}é😀]{0,40}".prop_map(Value::from),
        ];
        scalar.prop_recursive(3, 24, 4, |inner| {
            let name = "[a-z\"é\n]{0,4}";
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(name, inner, 0..4)
                    .prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>().into()),
            ]
        })
    }

    proptest! {
        #[test]
        fn all_json_is_read_as_by_serde_json(value in value(), pretty in any::<bool>()) {
            let text =
                if pretty { serde_json::to_string_pretty(&value) } else { serde_json::to_string(&value) }.unwrap();
            prop_assert_eq!(Scanner::whole(&text, read), Ok(value.clone()));
            prop_assert_eq!(Scanner::whole(&text, Scanner::value), Ok(value));
        }

        /// One character more, less or changed.
        #[test]
        fn what_serde_json_refuses_is_broken(
            value in value(),
            at in any::<prop::sample::Index>(),
            put in prop::option::of("[{}\\[\\],:\"\\\\0-9a-z\u{0}\n .+-]"),
            keep in any::<bool>(),
        ) {
            let mut text: Vec<char> = value.to_string().chars().collect();
            let at = at.index(text.len());
            let behind = at + usize::from(!keep);
            text.splice(at..behind, put.iter().flat_map(|put| put.chars()));
            let text: String = text.into_iter().collect();
            let known = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
            prop_assert_eq!(skipped(&text).is_ok(), known, "{}", text);
        }

        #[test]
        fn a_beginning_is_that_of_the_whole(text in "[a\"\\\\\n\u{1}é😀]{0,40}", most in 0..60_usize) {
            let json = serde_json::to_string(&text).unwrap();
            let start = Scanner::whole(&json, Scanner::scalar).unwrap().into_text().unwrap().start(most).into_owned();
            prop_assert_eq!(start, start_of(&text, most));
        }
    }
}
