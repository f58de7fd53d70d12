//! Text from elsewhere, made fit to be shown.

use std::sync::LazyLock;

use regex::Regex;

use super::error::{Error, Kind, Result};

/// So deep do brackets stand within each other in nothing that people write.
const MAX_DEPTH: usize = 200;

/// Escape sequences of terminals, control characters but for tabs and line feeds, and marks that reorder text.
const UNSHOWN: &str = concat!(
    r"(?:\x1b\[|\x{9b})[0-?]*[ -/]*[@-~]?", // colours, cursor
    r"|(?:\x1b[\]PX^_]|[\x{90}\x{9d}])[^\x07\x1b\n]*(?:\x07|\x1b\\)?", // titles, links
    r"|\x1b[ -/]*[0-~]?",
    r"|[\x00-\x08\x0b-\x1f\x7f-\x{9f}]",
    r"|[\x{202a}-\x{202e}\x{2066}-\x{2069}]",
);

static UNSHOWN_TEXT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(UNSHOWN).expect("a constant pattern, compiled by every test of this module"));

/// Removes escape sequences, control characters and what reorders text; tabs and line feeds stay.
#[must_use]
pub fn plain(text: &str) -> String {
    UNSHOWN_TEXT.replace_all(text, "").into_owned()
}

/// Refuses a text of JSON or YAML in which brackets nest deeper than any parser should follow: one of them would end the
/// process, another take minutes. Brackets in strings count, too; they come in pairs or are few.
///
/// # Errors
/// [`Kind::User`], with the line, where they do.
pub fn ensure_shallow(origin: &str, text: &str) -> Result<()> {
    let (mut depth, mut line) = (0_usize, 1);
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'\n' => line += 1,
            _ => {}
        }
        if depth > MAX_DEPTH {
            let message = format!("{origin}:{line}: more than {MAX_DEPTH} brackets are open");
            return Err(Error::new(Kind::User, message).hint("close them, or take the part out"));
        }
    }
    Ok(())
}

/// Puts text on one line of at most `max` characters, with `…` in place of what is cut off.
///
/// A letter and its accents, or an emoji and its modifiers, are kept or cut together.
#[must_use]
pub fn one_line(text: &str, max: usize) -> String {
    let line = plain(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= max {
        return line;
    }
    let letters: Vec<char> = line.chars().collect();
    let mut end = max.saturating_sub(1);
    while end > 0 && (extends(letters[end]) || letters[end - 1] == ZERO_WIDTH_JOINER) {
        end -= 1;
    }
    letters[..end].iter().collect::<String>().trim_end().to_owned() + "…"
}

const ZERO_WIDTH_JOINER: char = '\u{200d}';

/// Tells characters that belong to the one before them.
fn extends(c: char) -> bool {
    matches!(c, ZERO_WIDTH_JOINER
        | '\u{300}'..='\u{36f}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe0f}' | '\u{1f3fb}'..='\u{1f3ff}')
}

/// Returns the first letter of a text with the accents and modifiers that belong to it.
#[must_use]
pub fn whole_letter(text: &str) -> &str {
    let mut end = 0;
    for c in text.chars() {
        if end > 0 && !extends(c) && !text[..end].ends_with(ZERO_WIDTH_JOINER) {
            break;
        }
        end += c.len_utf8();
    }
    &text[..end]
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests {
    use super::*;

    #[test]
    fn what_terminals_obey_is_removed() {
        for (text, expected) in [
            ("\u{1b}[31mred\u{1b}[0m", "red"),
            ("\u{1b}]0;title\u{7}text", "text"),
            ("\u{1b}]8;;https://example.org\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{9b}2Jwiped", "wiped"),
            ("\u{1b}\u{1b}[0m[31mtwice", "[31mtwice"),
            ("a\r\nb\tc\0d\u{85}", "a\nb\tcd"),
            ("\u{202e}gnp.exe", "gnp.exe"),
            ("\u{1b}]open\nnext", "\nnext"),
            ("完成 👨\u{200d}👩 ok", "完成 👨\u{200d}👩 ok"),
        ] {
            assert_eq!(plain(text), expected, "{text:?}");
        }
    }

    #[test]
    fn what_nests_too_deep_is_refused_with_its_line() {
        let deep = |depth: usize| format!("{{\n\"a\": {}", "[".repeat(depth));
        assert!(ensure_shallow("x", &deep(MAX_DEPTH - 1)).is_ok());
        assert!(ensure_shallow("x", &"[]{}".repeat(10_000)).is_ok());
        let error = ensure_shallow("x", &deep(MAX_DEPTH)).unwrap_err();
        assert_eq!(error.to_string(), "x:2: more than 200 brackets are open");
    }

    #[test]
    fn a_line_is_cut_between_whole_letters() {
        for (text, max, expected) in [
            ("short", 5, "short"),
            ("two\nlines\u{2028}and  more", 40, "two lines and more"),
            ("longer than that", 8, "longer…"),
            ("整理第四十七个表格", 5, "整理第四…"),
            ("cafe\u{301}s", 5, "caf…"),
            ("ab👨\u{200d}👩\u{200d}👧cd", 5, "ab…"),
            ("abc", 1, "…"),
            ("", 3, ""),
        ] {
            assert_eq!(one_line(text, max), expected, "{text:?}");
        }
    }

    #[test]
    fn a_letter_keeps_what_belongs_to_it() {
        for (text, letter) in [
            ("abc", "a"),
            ("e\u{301}s", "e\u{301}"),
            ("👨\u{200d}👩\u{200d}👧x", "👨\u{200d}👩\u{200d}👧"),
            ("", ""),
        ] {
            assert_eq!(whole_letter(text), letter, "{text:?}");
        }
    }
}
