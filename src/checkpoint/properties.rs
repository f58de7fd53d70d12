//! What is written is read back, for any text in any field.
#![expect(clippy::unwrap_used, reason = "the fixture parses")]

use chrono::NaiveDateTime;
use proptest::prelude::*;

use super::*;
use crate::support::markdown::decode;

const OURS: &str = include_str!("../../tests/fixtures/checkpoints/ours-v1.md");

/// What a reader sees that goes line by line, as the seed's script does.
fn naive(text: &str) -> Vec<(String, Vec<String>)> {
    let breaks = |c: char| {
        matches!(
            c,
            '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{1c}'..='\u{1e}' | '\u{85}' | '\u{2028}' | '\u{2029}'
        )
    };
    let mut blocks: Vec<(String, Vec<String>)> = Vec::new();
    for line in text.split(breaks).map(str::trim) {
        if let Some(key) = line.strip_prefix("## ").or(line.strip_prefix("### ")) {
            blocks.push((key.to_owned(), Vec::new()));
        } else if let (Some((name, _)), Some((_, names))) =
            (line.strip_prefix("- ").and_then(|rest| rest.split_once(':')), blocks.last_mut())
        {
            names.push(name.to_owned());
        }
    }
    blocks
}

/// Text that tries to be something else, among any other.
fn nasty() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        (
            prop::sample::select(vec!["\n", "\r", "\u{b}", "\u{1c}", "\u{85}", "\u{2028}", "\u{2029}"]),
            prop::sample::select(vec!["## agent:evil:main", "### x", "- Goal: y", "---", "# T"]),
        )
            .prop_map(|(end, line)| format!("a{end}{line}{end}")),
        prop::sample::select(vec![
            "- Goal: y",
            "\n---\n",
            "```",
            "\n~~~\n",
            "<!--",
            "-->",
            "</div>",
            "<pre>",
            "&#10;",
            "&#x",
            "&amp;",
            "#",
            " ",
            "\r",
            "\u{b}",
            "\u{1c}",
            "\u{85}",
            "\u{2028}",
            "\u{a0}",
            "===",
            "[a]: b",
            "\\",
            "**",
            "：",
            "\u{feff}",
            "\n\n    ",
            "\0",
            "> ",
            ": ",
            "|",
            "none",
        ])
        .prop_map(str::to_owned),
        r"\PC{0,6}",
        "(?s).{0,4}",
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

prop_compose! {
    fn any_block()(
        key in nasty().prop_filter_map("a session key", |text| {
            text.replace(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'), "").parse().ok()
        }),
        agent in nasty(), goal in nasty(), last_done in nasty(), next_step in nasty(), blockers in nasty(),
        resume_message in prop::option::of(nasty()),
    ) -> Block {
        Block { session_key: key, agent, goal, last_done, next_step, blockers, resume_message, line: 0 }
    }
}

proptest! {
    #[test]
    fn whatever_a_field_holds_both_readers_see_the_same_blocks(
        blocks in prop::collection::vec(any_block(), 1..4),
        reason in prop::option::of(nasty()),
    ) {
        let meta = Meta { reason, ..parse("x.md", OURS).unwrap().meta.unwrap() };
        let mut checkpoint = Checkpoint { meta: Some(meta), blocks, warnings: Vec::new() };
        let text = render(&checkpoint, NaiveDateTime::default());
        let mut read = parse("x.md", &text).unwrap();
        let seen = naive(&text);

        let names = ["Agent", "Goal", "Last done", "Next", "Blockers", "Resume message"];
        prop_assert_eq!(seen.len(), checkpoint.blocks.len());
        for ((key, fields), block) in seen.iter().zip(&checkpoint.blocks) {
            prop_assert_eq!(decode(key), block.session_key.as_str());
            prop_assert_eq!(fields, &names);
        }
        for (read, block) in read.blocks.iter_mut().zip(&mut checkpoint.blocks) {
            read.line = 0;
            block.resume_message = Some(block.resume_message().into_owned());
        }
        prop_assert_eq!(read.blocks, checkpoint.blocks);
        prop_assert_eq!(read.meta, checkpoint.meta);
    }

    #[test]
    fn no_text_makes_the_reader_panic(pieces in prop::collection::vec(nasty(), 0..6)) {
        let text = pieces.concat();
        let _ = parse("x.md", &text);
        let _ = parse("x.md", &format!("---\n{text}\n---\n{text}"));
        let _ = read_snapshot(&text);
    }
}
