//! Whatever is recorded, it is text where it arrives: told by oracles that know the channels, and none of our code.
#![expect(clippy::unwrap_used, reason = "the patterns and keys are well formed")]

use std::sync::LazyLock;

use proptest::prelude::*;
use pulldown_cmark::{CodeBlockKind, Event, Parser, Tag, TagEnd};
use regex::Regex;

use super::*;

/// What a channel makes of a message that `OpenClaw` hands on: everything in it that is not plain text there.
fn alive(message: &str, channel: Channel) -> Vec<String> {
    let mut found = Vec::new();
    let mut in_fence = false;
    for event in Parser::new(message) {
        match event {
            Event::Start(Tag::CodeBlock(_)) => in_fence = true,
            Event::End(TagEnd::CodeBlock) => in_fence = false,
            Event::Start(
                tag @ (Tag::Link { .. }
                | Tag::Image { .. }
                | Tag::Heading { .. }
                | Tag::Emphasis
                | Tag::Strong),
            ) => {
                found.push(format!("{tag:?}"));
            }
            Event::Html(html) | Event::InlineHtml(html) => found.push(html.to_string()),
            Event::Text(text) if !in_fence => found.extend(marks(&text)),
            // Discord and Telegram look for nothing in code; the others do, or may.
            Event::Code(text) if !matches!(channel, Channel::Discord | Channel::Telegram) => {
                found.extend(marks(&text));
            }
            _ => {}
        }
    }
    found
}

/// Tags in angle brackets, mentions and addresses.
fn marks(text: &str) -> Vec<String> {
    const PATTERN: &str = r"<[^>\n]+>|[@＠]\w|\w+://|\b[a-zA-Z0-9-]+\.[a-zA-Z]{2,}|\x1b";
    static LIVE: LazyLock<Regex> = LazyLock::new(|| Regex::new(PATTERN).unwrap());
    let is_ours = |found: &str| found.starts_with("NOW.");
    LIVE.find_iter(text).map(|found| found.as_str().to_owned()).filter(|found| !is_ours(found)).collect()
}

fn recorded_texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("@everyone".to_owned()),
        Just("<@123>".to_owned()),
        Just("<!channel>".to_owned()),
        Just("<at user_id=\"all\"></at>".to_owned()),
        Just("@user".to_owned()),
        Just("@4912345".to_owned()),
        Just("[x](https://example.org)".to_owned()),
        Just("https://example.org/a?b=c".to_owned()),
        Just("www.example.org".to_owned()),
        Just("**bold** _it_ ## a".to_owned()),
        Just("{{key}} {{{key}}} {{> job}}".to_owned()),
        Just("\u{1b}[31m".to_owned()),
        Just("\n~~~~\n".to_owned()),
        Just("\n    ".to_owned()),
        "[\n ]?`{1,9}[a-z]{0,5}[\n ]?",
        any::<String>(),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Fills a text into every place of every template where one can stand.
fn filled(raw: Value, text: &str) -> Value {
    match raw {
        Value::String(_) => json!(text),
        Value::Array(list) => list.into_iter().map(|value| filled(value, text)).collect(),
        Value::Object(object) => {
            let is_own = |name: &str| matches!(name, "key" | "code");
            let value = |(name, value): (String, Value)| {
                if is_own(&name) { (name, value) } else { (name, filled(value, text)) }
            };
            Value::Object(object.into_iter().map(value).collect())
        }
        other => other,
    }
}

/// The fences of a message: what each holds, and how many lines there are outside of them.
fn fences(message: &str) -> (Vec<String>, usize) {
    let (mut fences, mut open) = (Vec::new(), None);
    let mut inside = 0;
    for event in Parser::new(message) {
        match event {
            Event::Start(Tag::CodeBlock(CodeBlockKind::Fenced(_))) => open = Some(String::new()),
            Event::Text(text) => {
                if let Some(fence) = &mut open {
                    fence.push_str(&text);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                let fence = open.take().unwrap_or_default();
                inside += fence.lines().count() + 2;
                fences.push(fence);
            }
            _ => {}
        }
    }
    (fences, message.lines().count() - inside)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_that_was_recorded_comes_alive(text in recorded_texts()) {
        for template in ALL.into_iter().filter(|template| template.reader == Reader::Person) {
            for language in Language::ALL {
                let values = filled(sample(template, language), &text);
                for channel in Channel::ALL {
                    let message = Templates::default().render(template, &values, language, channel).unwrap();
                    prop_assert_eq!(alive(&message, channel), Vec::<String>::new(), "{:?}: {}", channel, message);
                    prop_assert!(!message.starts_with(['/', ' ']), "{}", message);
                }
            }
        }
    }

    #[test]
    fn a_fence_holds_all_of_its_text_and_nothing_else(text in recorded_texts()) {
        for template in ALL.into_iter().filter(|template| template.reader == Reader::Agent) {
            for language in Language::ALL {
                let render = |text: &str| {
                    let values = filled(sample(template, language), text);
                    Templates::default().render(template, &values, language, Channel::Plain).unwrap()
                };
                let (hostile, tame) = (render(&format!("x{text}")), render("x"));
                let ((held, outside), (tame, outside_of_tame)) = (fences(&hostile), fences(&tame));
                prop_assert_eq!(held.len(), tame.len(), "{}", hostile);
                prop_assert_eq!(outside, outside_of_tame, "{}", hostile);
                prop_assert_eq!(alive(&hostile, Channel::Discord), Vec::<String>::new(), "{}", hostile);
            }
        }
    }
}
