//! Cuts a message to what a channel takes, between whole pieces of Markdown.

use crate::support::text::whole_letter;

const GAP: &str = "\n\n";
const ELLIPSIS: &str = "…";
/// A run without a break that is longer than this is cut within.
const LONG_WORD: usize = 40;

/// Counts as channels do: in UTF-16 units.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

/// Cuts a message to `limit` units, with `note` as its last line; one that fits stays as it is.
///
/// A fence is kept whole or left out with all that follows, a span of code is never cut open, and a line is cut
/// between words where it has any.
pub(super) fn cut(text: &str, limit: usize, note: &str) -> String {
    if length(text) <= limit {
        return text.to_owned();
    }
    let mut room = limit.saturating_sub(length(note) + GAP.len() + length(ELLIPSIS));
    let mut kept = String::new();
    for block in blocks(text) {
        let size = length(block);
        if size <= room {
            kept.push_str(block);
            room -= size;
            continue;
        }
        if !is_fence(block) {
            let part = line_start(block, room);
            if !part.is_empty() {
                kept.push_str(part);
                kept.push_str(ELLIPSIS);
            }
        }
        break;
    }
    let kept = kept.trim_end();
    if kept.is_empty() { note.to_owned() } else { format!("{kept}{GAP}{note}") }
}

/// Parts a message into lines, with each fence as one of them; line ends belong to their line.
fn blocks(text: &str) -> Vec<&str> {
    let mut blocks = Vec::new();
    let (mut start, mut at) = (0, 0);
    let mut open: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        at += line.len();
        match (open, fence_marks(line)) {
            (None, Some(marks)) => {
                open = Some(marks);
                continue;
            }
            (Some(opened), Some(marks)) if marks.starts_with(opened) && line.trim() == marks => open = None,
            (Some(_), _) => continue,
            (None, None) => {}
        }
        blocks.push(&text[start..at]);
        start = at;
    }
    if start < text.len() {
        blocks.push(&text[start..]);
    }
    blocks
}

fn is_fence(block: &str) -> bool {
    block.lines().next().and_then(fence_marks).is_some()
}

/// Returns the marks that a line opens or closes a fence with.
fn fence_marks(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let mark = line.chars().next().filter(|mark| matches!(mark, '`' | '~'))?;
    let info = line.trim_start_matches(mark);
    let marks = &line[..line.len() - info.len()];
    (marks.len() >= 3 && !(mark == '`' && info.contains('`'))).then_some(marks)
}

/// Returns as much of the start of a line as fits: whole spans of code, and if possible whole words.
fn line_start(line: &str, room: usize) -> &str {
    let (mut at, mut fits, mut word) = (0, 0, 0);
    let mut used = 0;
    while at < line.len() {
        let piece = piece(&line[at..]);
        used += length(piece);
        if used > room {
            break;
        }
        at += piece.len();
        fits = at;
        if !is_within_word(piece) {
            word = at;
        }
    }
    let is_far_back = length(&line[word..fits]) > LONG_WORD;
    line[..if is_far_back { fits } else { word }].trim_end()
}

/// Tells letters that are joined to words; Han characters and kana are not.
fn is_within_word(piece: &str) -> bool {
    piece.chars().next().is_some_and(|c| c.is_alphanumeric() && c < '\u{2e80}')
}

/// Returns the first piece of a line that stays whole: a span of code, or a character with what modifies it.
fn piece(line: &str) -> &str {
    let marks = line.len() - line.trim_start_matches('`').len();
    if marks > 0 {
        let behind = &line[marks..];
        return match closing(behind, marks) {
            Some(end) => &line[..marks + end],
            None => &line[..marks],
        };
    }
    whole_letter(line)
}

/// Finds the end of the first run of exactly so many backticks.
fn closing(text: &str, marks: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(start) = text[at..].find('`').map(|found| at + found) {
        let run = text[start..].len() - text[start..].trim_start_matches('`').len();
        if run == marks {
            return Some(start + run);
        }
        at = start + run;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::it_fits("one two", 7, "one two")]
    #[case::between_words("one two three four", 16, "one two…\n\n(cut)")]
    #[case::a_line_less("one\ntwo three\nfour", 12, "one\n\n(cut)")]
    #[case::chinese_has_no_words("整理第四十七个表格之后再说", 12, "整理第四…\n\n(cut)")]
    #[case::a_surrogate_pair_counts_two("𠮷𠮷𠮷𠮷𠮷𠮷𠮷", 13, "𠮷𠮷…\n\n(cut)")]
    #[case::a_span_is_whole("a `b c d e f g h i j` k", 18, "a…\n\n(cut)")]
    #[case::a_fence_is_whole("a\n```\nb\nc\n```\nd and more of it", 22, "a\n```\nb\nc\n```\n\n(cut)")]
    #[case::a_fence_that_does_not_fit("a\n```\nb\nc\n```\nd", 14, "a\n\n(cut)")]
    #[case::no_room_at_all("one two", 3, "(cut)")]
    fn a_message_is_cut_between_whole_pieces(
        #[case] text: &str,
        #[case] limit: usize,
        #[case] expected: &str,
    ) {
        assert_eq!(cut(text, limit, "(cut)"), expected);
    }

    /// The contents of all code in a message, as a Markdown parser sees it.
    fn code(message: &str) -> Vec<String> {
        let (mut found, mut fenced) = (Vec::new(), None);
        for event in Parser::new(message) {
            match (event, &mut fenced) {
                (Event::Code(text), _) => found.push(text.to_string()),
                (Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))), _) => fenced = Some(String::new()),
                (Event::Text(text), Some(all)) => all.push_str(&text),
                (Event::End(TagEnd::CodeBlock), _) => found.extend(fenced.take()),
                _ => {}
            }
        }
        found
    }

    fn messages() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            "[a-z ]{1,30}",
            "`[a-z `]{0,2}[a-z]{1,20}`".prop_map(|span| format!("`{}`", span.replace('`', ""))),
            "[一-龥𠮷👍]{1,20}",
            Just("\n".to_owned()),
            Just("\n\n- ".to_owned()),
            "\n\n```text\n[a-z\n~]{1,40}\n```\n\n",
            "\n\n~~~~\n[a-z`\n]{1,40}\n~~~~\n\n",
        ];
        proptest::collection::vec(piece, 1..30).prop_map(|pieces| pieces.join(" "))
    }

    proptest! {
        #[test]
        fn what_is_left_fits_and_all_its_code_was_there_before(text in messages(), limit in 8_usize..300) {
            let short = cut(&text, limit, "(cut)");
            prop_assert!(length(&short) <= limit, "{}", short);
            prop_assert_eq!(short.ends_with("(cut)"), length(&text) > limit);
            let (before, after) = (code(&text), code(&short));
            prop_assert_eq!(&before[..after.len()], &after[..], "{}", short);
        }
    }
}
