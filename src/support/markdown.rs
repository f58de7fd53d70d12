//! What the rooms that keep Markdown share: a document's outline, and text that stays on its line.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use pulldown_cmark::{Event, Options, Parser, Tag};

/// One block at the top level of a document, or one item of a list there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Where its source stands.
    pub range: Range<usize>,
    /// The line on which it starts, from 1.
    pub line: usize,
}

/// Tells the kinds of parts apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// A heading; `atx` ones are written with `#`, the others are underlined.
    Heading {
        /// 1 to 6.
        level: usize,
        /// Whether it is written with `#`.
        atx: bool,
    },
    /// An item of a list; nested lists belong to their item.
    Item,
    /// Anything else that holds text: a paragraph, a quote, code, HTML.
    Other,
}

/// Lists the parts of a document from top to bottom; what stands inside of another part is not listed.
#[must_use]
pub fn outline(text: &str) -> Vec<Part> {
    let mut parts = Vec::new();
    let (mut depth, mut in_list) = (0_usize, false);
    let (mut line, mut counted) = (1, 0);
    for (event, range) in Parser::new_ext(text, Options::empty()).into_offset_iter() {
        let kind = match &event {
            Event::Start(Tag::List(_)) if depth == 0 => {
                in_list = true;
                None
            }
            Event::Start(Tag::Item) if depth == 1 && in_list => Some(PartKind::Item),
            Event::Start(Tag::Heading { level, .. }) if depth == 0 => {
                let level = *level as usize;
                Some(PartKind::Heading { level, atx: is_atx(&text[range.clone()], level) })
            }
            Event::Start(_) if depth == 0 => Some(PartKind::Other),
            _ => None,
        };
        match event {
            Event::Start(_) => depth += 1,
            Event::End(_) => depth -= 1,
            _ => {}
        }
        in_list &= depth > 0;
        if let Some(kind) = kind {
            line += text[counted..range.start].matches('\n').count();
            counted = range.start;
            parts.push(Part { kind, range, line });
        }
    }
    parts
}

fn is_atx(source: &str, level: usize) -> bool {
    let after = source.trim_start_matches('#');
    source.len() - after.len() == level && (after.is_empty() || after.starts_with(is_space))
}

/// Returns a heading's text from its source, as it is written.
#[must_use]
pub fn heading_text(source: &str) -> &str {
    let text = source.lines().next().unwrap_or_default().trim_start_matches('#').trim_matches(is_space);
    let opened = text.trim_end_matches('#');
    if opened.is_empty() || opened.ends_with(is_space) { opened.trim_end_matches(is_space) } else { text }
}

/// Returns a list item's text from its source: without the marker, wrapped lines joined by a space.
#[must_use]
pub fn item_text(source: &str) -> String {
    let source = source.trim_start_matches(is_space);
    let unnumbered = source.trim_start_matches(|c: char| c.is_ascii_digit());
    joined(unnumbered.get(1..).unwrap_or_default())
}

/// Joins wrapped lines by a space, as Markdown does, and paragraphs by a line break.
#[must_use]
pub fn joined(source: &str) -> String {
    let mut text = String::new();
    let mut gap = "";
    for line in source.split('\n').map(|line| line.trim_matches(is_space)) {
        if line.is_empty() {
            gap = "\n";
        } else {
            if !text.is_empty() {
                text.push_str(gap);
            }
            text.push_str(line);
            gap = " ";
        }
    }
    text
}

/// Tells what Markdown takes for space; other white space belongs to the text.
#[must_use]
pub fn is_space(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Reads `Name: value`, however the name is emphasised; the colon may be a Chinese one.
#[must_use]
pub fn name_value(text: &str) -> Option<(&str, &str)> {
    const EMPHASIS: [char; 3] = ['*', '_', '`'];
    let (name, value) = text.split_once([':', '：'])?;
    let opened = name.trim_start_matches(EMPHASIS);
    let closed = opened.trim_end_matches(EMPHASIS);
    let value = match value.strip_prefix(&name[..name.len() - opened.len()]) {
        // `**Goal:** x` closes its emphasis behind the colon.
        Some(rest) if closed.len() == opened.len() => rest,
        _ => value,
    };
    Some((closed.trim_matches(is_space), value.trim_matches(is_space)))
}

/// Makes any text one line, that keeps its outer white space through every reader: what would break the line
/// or be trimmed becomes a numeric character reference, and so does an `&` that would be read as the start of one.
#[must_use]
pub fn encode(text: &str) -> String {
    let mut line = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let outer = at == 0 || at + c.len_utf8() == text.len();
        let breaks = c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
        if breaks || (outer && c.is_whitespace()) || (c == '&' && reference(&text[at..]).is_some()) {
            push_reference(&mut line, c);
        } else {
            line.push(c);
        }
    }
    line
}

/// Makes any text one line that also keeps its last `#` where it stands as a heading.
#[must_use]
pub fn encode_heading(text: &str) -> String {
    let mut line = encode(text);
    let opened = line.trim_end_matches('#');
    if opened.len() < line.len() && (opened.is_empty() || opened.ends_with(is_space)) {
        line.pop();
        push_reference(&mut line, '#');
    }
    line
}

/// Makes any text one line that is text where it stands as a list item: only dashes would be a rule.
#[must_use]
pub fn encode_item(text: &str) -> String {
    let line = encode(text);
    match line.strip_prefix('-') {
        Some(rest) if rest.chars().all(|c| c == '-' || is_space(c)) => format!("&#45;{rest}"),
        _ => line,
    }
}

fn push_reference(line: &mut String, c: char) {
    write!(line, "&#{};", u32::from(c)).expect("a String takes everything");
}

/// Reads the numeric character references in a text; all else stays as it is.
#[must_use]
pub fn decode(line: &str) -> Cow<'_, str> {
    if !line.contains("&#") {
        return Cow::Borrowed(line);
    }
    let mut text = String::with_capacity(line.len());
    let mut rest = line;
    while let Some(c) = rest.chars().next() {
        let (c, len) = reference(rest).unwrap_or((c, c.len_utf8()));
        text.push(c);
        rest = &rest[len..];
    }
    Cow::Owned(text)
}

/// Reads the numeric character reference with which `text` starts, and tells its length.
fn reference(text: &str) -> Option<(char, usize)> {
    // The longest has seven digits; the bound also keeps a text of many `&#` and no `;` linear.
    let body = text.strip_prefix("&#")?;
    let end = body.bytes().take(9).position(|byte| byte == b';')?;
    let (digits, radix) = match body[..end].strip_prefix(['x', 'X']) {
        Some(digits) => (digits, 16),
        None => (&body[..end], 10),
    };
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let code = u32::from_str_radix(digits, radix).ok()?;
    Some((char::from_u32(code)?, "&#;".len() + end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_what_needs_it_is_encoded() {
        for (text, line) in [
            ("Tom & Jerry &amp; &#; &#x; &#abc; R&D", "Tom & Jerry &amp; &#; &#x; &#abc; R&D"),
            ("a\nb\r\n\tc", "a&#10;b&#13;&#10;&#9;c"),
            (" a b\u{a0}", "&#32;a b&#160;"),
            (" ", "&#32;"),
            ("&#10;", "&#38;#10;"),
            ("&#x1F600;", "&#38;#x1F600;"),
            ("\u{b}\u{c}\u{1c}\u{85}\u{2028}", "&#11;&#12;&#28;&#133;&#8232;"),
        ] {
            assert_eq!(encode(text), line);
            assert_eq!(decode(line), text);
        }
        assert_eq!(encode_heading("irc:#"), "irc:#");
        assert_eq!(encode_heading("a ##"), "a #&#35;");
        assert_eq!(encode_item("--"), "&#45;-");
        assert_eq!(encode_item("- [ ] x"), "- [ ] x");
    }

    #[test]
    fn what_is_no_character_stays() {
        for text in ["&#55296;", "&#99999999;", "&#+1;", "&#x+1;", "&#1", "&#é;"] {
            assert_eq!(decode(text), text);
        }
        assert_eq!(decode("&#x1f600;&#X41;"), "\u{1f600}A");
    }

    #[test]
    fn the_outline_lists_the_top_level_only() {
        let text = "# A #\ntext\n\n- one\n  - inner\n\n  ## inner\n* two\n\n```\n## code\n```\n\nB\n---\n> ## quoted\n";
        let kinds: Vec<_> = outline(text).into_iter().map(|part| (part.kind, part.line)).collect();
        let heading = |level, atx| PartKind::Heading { level, atx };
        assert_eq!(
            kinds,
            [
                (heading(1, true), 1),
                (PartKind::Other, 2),
                (PartKind::Item, 4),
                (PartKind::Item, 8),
                (PartKind::Other, 10),
                (heading(2, false), 14),
                (PartKind::Other, 16),
            ]
        );
    }

    #[test]
    fn items_and_headings_give_their_text() {
        assert_eq!(item_text("- one\n  two\n\n  three\n\n"), "one two\nthree");
        assert_eq!(item_text("12) one"), "one");
        assert_eq!(item_text("*"), "");
        assert_eq!(heading_text("## a # b ##\n"), "a # b");
        assert_eq!(heading_text("## a#\r\n"), "a#");
        assert_eq!(heading_text("### ##"), "");
        assert_eq!(heading_text("Under\n====="), "Under");
        for (text, pair) in [
            ("**Goal**: *x* y", ("Goal", "*x* y")),
            ("**Goal:** **x**", ("Goal", "**x**")),
            ("Last done：a: b", ("Last done", "a: b")),
            ("Next: **x**", ("Next", "**x**")),
            (":", ("", "")),
        ] {
            assert_eq!(name_value(text), Some(pair));
        }
    }

    proptest! {
        #[test]
        fn every_text_survives(text in r"(?s)(.|[&#x0-9;]|\s|-){0,40}") {
            for line in [encode(&text), encode_heading(&text), encode_item(&text)] {
                prop_assert!(!line.chars().any(char::is_control));
                prop_assert_eq!(line.trim(), line.as_str());
                prop_assert_eq!(decode(&line), text.as_str());
            }
        }

        #[test]
        fn no_document_makes_the_outline_fail(text in r"(?s)(.|[-#*`>\n]){0,80}") {
            for part in outline(&text) {
                let _ = (heading_text(&text[part.range.clone()]), item_text(&text[part.range]));
            }
        }
    }
}
