//! Text from elsewhere as quoted data.

use crate::support::redact::redact;
use crate::support::text::{one_line, plain};

/// So many characters of one recorded field go to an agent.
const MAX_FIELD: usize = 1_000;
/// So many characters of a text of several lines do: its end, because that is where a command stopped.
const MAX_LINES_TEXT: usize = 2_000;

/// Puts text into a Markdown fence that it cannot close, without secrets, escape sequences and control characters.
#[must_use]
pub fn fence(text: &str) -> String {
    let text = clean(text);
    let marks = "`".repeat(longest_run(&text, '`').max(2) + 1);
    format!("{marks}text\n{text}\n{marks}")
}

/// Puts a recorded field on one line, so that nothing in it looks like a second field.
pub(super) fn field(text: &str) -> String {
    one_line(&clean(text), MAX_FIELD)
}

/// Shows a text of at most `max` characters as code, in which mentions and links are none.
///
/// Backticks become apostrophes: not every channel knows code between two of them. Where nothing is left, a mark
/// stands for it: two backticks with nothing between them would open code that ends anywhere.
pub(super) fn code(text: &str, max: usize) -> String {
    let line = one_line(&clean(text), max).replace('`', "'");
    format!("`{}`", if line.is_empty() { "…" } else { &line })
}

/// Puts a recorded text of several lines below its name: each line is set in, so that none looks like a field.
pub(super) fn lines(text: &str) -> String {
    let text = clean(text);
    let text = text.trim_end();
    let last: String = match text.char_indices().rev().nth(MAX_LINES_TEXT - 1) {
        Some((at, _)) if at > 0 => format!("…{}", &text[at..]),
        _ => text.to_owned(),
    };
    if last.is_empty() { last } else { format!("\n  {}", last.replace('\n', "\n  ")) }
}

/// Removes escape sequences before secrets: one within a secret would hide it.
fn clean(text: &str) -> String {
    redact(&plain(text)).into_owned()
}

fn longest_run(text: &str, mark: char) -> usize {
    text.split(|c| c != mark).map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};

    use super::*;

    /// Reads a message as Markdown: what stands in its first fence, and the text behind it.
    fn read(message: &str) -> (String, String) {
        let (mut fenced, mut behind, mut seen) = (String::new(), String::new(), 0);
        for event in Parser::new(message) {
            match event {
                Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) | Event::End(TagEnd::CodeBlock) => {
                    seen += 1;
                }
                Event::Text(text) if seen == 1 => fenced.push_str(&text),
                Event::Text(text) => behind.push_str(&text),
                _ => {}
            }
        }
        (fenced, behind)
    }

    #[test]
    fn the_fence_is_longer_than_any_run_within() {
        insta::assert_snapshot!(fence("one\n```\ntwo ```` three"), @r"
        `````text
        one
        ```
        two ```` three
        `````
        ");
        insta::assert_snapshot!(fence("~~~~\n\u{1b}[31mpassword=hunter22\u{1b}[0m\r\n"), @r"
        ```text
        ~~~~
        password=[redacted]

        ```
        ");
    }

    #[test]
    fn a_secret_is_found_through_escape_sequences() {
        assert_eq!(code("sk-ant-abcdefghijkl\u{1b}[0mmnopqrstuvwxyz", 80), "`[redacted]`");
    }

    #[test]
    fn lines_stand_in_under_their_name_and_keep_their_end() {
        assert_eq!(lines("one\r\nGoal: two\n\n"), "\n  one\n  Goal: two");
        assert_eq!(lines(""), "");
        let long = lines(&"字".repeat(MAX_LINES_TEXT + 1));
        assert_eq!(long, format!("\n  …{}", "字".repeat(MAX_LINES_TEXT)));
    }

    #[test]
    fn code_is_one_line_that_nothing_within_can_end() {
        assert_eq!(code("a`b``\n@everyone [x](http://y)", 80), "`a'b'' @everyone [x](http://y)`");
        assert_eq!(code("一二三四五", 4), "`一二三…`");
        assert_eq!(code("\u{7}", 4), "`…`");
    }

    fn hostile() -> impl Strategy<Value = String> {
        let piece = prop_oneof![
            Just("```".to_owned()),
            Just("~~~~".to_owned()),
            Just("\n".to_owned()),
            Just("\r\n".to_owned()),
            Just("\u{1b}[0m".to_owned()),
            Just("    ".to_owned()),
            Just("{{key}}".to_owned()),
            "`{1,9}",
            any::<String>(),
        ];
        proptest::collection::vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn what_is_fenced_comes_back_and_stays_within(text in hostile()) {
            let (fenced, behind) = read(&format!("{}\nbehind", fence(&text)));
            prop_assert_eq!(fenced, clean(&text) + "\n");
            prop_assert_eq!(behind, "behind");
        }

        #[test]
        fn code_stays_one_short_line(text in hostile(), max in 1_usize..50) {
            let shown = code(&text, max);
            prop_assert_eq!(shown.matches('`').count(), 2);
            prop_assert!(!shown.contains('\n') && shown.chars().count() <= max + 2);
        }
    }
}
