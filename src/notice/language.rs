//! Which language people write in, told from their own words.

use std::sync::LazyLock;

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use regex::Regex;

use crate::model::Language;

/// What is nobody's own words although it stands in the text: addresses, and the line above what a channel tells of
/// a message (`Conversation info (untrusted metadata):`).
const FOREIGN: &str = r"(?m)(?:https?|ftp)://[!-~]+|www\.[!-~]+|^[^\n]*\(untrusted metadata\):[ \t]*$";

static FOREIGN_TEXT: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(FOREIGN).expect("a constant pattern, compiled by every test of this module"));

/// Tells the language of more of the texts; `fallback` where they are as many, or none tells.
///
/// One text, one vote: a long log that somebody pasted does not outweigh the rest of the conversation.
#[must_use]
pub fn of<'a>(texts: impl IntoIterator<Item = &'a str>, fallback: Language) -> Language {
    let (mut en, mut zh) = (0, 0);
    for text in texts {
        match of_text(text) {
            Some(Language::En) => en += 1,
            Some(Language::Zh) => zh += 1,
            None => {}
        }
    }
    match zh.cmp(&en) {
        std::cmp::Ordering::Greater => Language::Zh,
        std::cmp::Ordering::Less => Language::En,
        std::cmp::Ordering::Equal => fallback,
    }
}

/// Weighs the Han characters of a text against its words in letters: a Han character says about as much as a word.
/// Kana and Hangul count one by one, because Japanese is written with Han characters as well.
fn of_text(text: &str) -> Option<Language> {
    let (mut han, mut other, mut in_word) = (0, 0, false);
    for c in own_words(text).chars() {
        let is_letter = c.is_alphabetic();
        if is_han(c) {
            han += 1;
        } else if is_letter && (is_kana_or_hangul(c) || !in_word) {
            other += 1;
        }
        in_word = is_letter && !is_han(c) || in_word && matches!(c, '\'' | '’' | '-' | '_');
    }
    match han.cmp(&other) {
        std::cmp::Ordering::Greater => Some(Language::Zh),
        std::cmp::Ordering::Less => Some(Language::En),
        std::cmp::Ordering::Equal => None,
    }
}

/// Returns a text without code, quoted blocks, HTML and addresses.
fn own_words(text: &str) -> String {
    let text = FOREIGN_TEXT.replace_all(text, " ");
    let (mut words, mut depth) = (String::with_capacity(text.len()), 0_usize);
    for event in Parser::new(&text) {
        match event {
            Event::Start(Tag::CodeBlock(_) | Tag::BlockQuote(_)) => depth += 1,
            Event::End(TagEnd::CodeBlock | TagEnd::BlockQuote(_)) => depth -= 1,
            Event::Text(text) if depth == 0 => words.push_str(&text),
            Event::SoftBreak | Event::HardBreak | Event::Code(_) | Event::End(_) => words.push(' '),
            _ => {}
        }
    }
    words
}

fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}')
}

fn is_kana_or_hangul(c: char) -> bool {
    matches!(c, '\u{3040}'..='\u{30ff}' | '\u{31f0}'..='\u{31ff}' | '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::english("please restart the gateway", Some(Language::En))]
    #[case::chinese("请重启网关", Some(Language::Zh))]
    #[case::chinese_with_terms("帮我 restart gateway，然后 deploy 到 production", Some(Language::Zh))]
    #[case::english_with_a_name("ask 王小明 about the weekly report", Some(Language::En))]
    #[case::one_long_word_is_one("重启 internationalization", Some(Language::Zh))]
    #[case::nothing("", None)]
    #[case::digits_and_emoji("12:30 👍 …", None)]
    #[case::a_tie("重启 the gateway", None)]
    #[case::a_joined_word_is_one("don't-care 好", None)]
    #[case::rare_characters("𠮷㐂", Some(Language::Zh))]
    #[case::japanese("設定を変更してください", Some(Language::En))]
    #[case::korean("게이트웨이 다시 시작", Some(Language::En))]
    #[case::a_fence(
        "看看这个\n```\nerror: the gateway did not start at all, try again\n```",
        Some(Language::Zh)
    )]
    #[case::an_open_fence("好的\n```\nlet us see what it says here", Some(Language::Zh))]
    #[case::indented_code("看\n\n    cargo test with all features on", Some(Language::Zh))]
    #[case::code_in_a_line("运行 `comeback recover --trigger job` 吧", Some(Language::Zh))]
    #[case::an_address("看 https://example.org/a/very/long/path/of/words，谢谢", Some(Language::Zh))]
    #[case::an_address_alone("https://example.org/重启", Some(Language::Zh))]
    #[case::a_quote("> the gateway is about to restart, please wait\n\n好", Some(Language::Zh))]
    #[case::a_chinese_quote("> 网关即将重启，请稍候\n\nok then", Some(Language::En))]
    #[case::metadata(
        "Conversation info (untrusted metadata):\n```json\n{\"a\": 1}\n```\n\n好的",
        Some(Language::Zh)
    )]
    #[case::html("<details><summary>words in a tag</summary></details>\n", None)]
    fn a_text_tells_its_language(#[case] text: &str, #[case] expected: Option<Language>) {
        assert_eq!(of_text(text), expected, "{:?}", own_words(text));
    }

    #[rstest]
    #[case::nobody_wrote(&[], Language::Zh, Language::Zh)]
    #[case::more_chinese(&["好", "继续", "please restart"], Language::En, Language::Zh)]
    #[case::more_english(&["ok", "go on", "好"], Language::Zh, Language::En)]
    #[case::as_many(&["ok", "好"], Language::Zh, Language::Zh)]
    #[case::as_many_with_another_fallback(&["ok", "好"], Language::En, Language::En)]
    #[case::what_tells_nothing_does_not_vote(&["👍", "12", "好"], Language::En, Language::Zh)]
    #[case::a_pasted_log_is_one_vote(&["error: it did not start and so on and on and on", "怎么回事", "继续"], Language::En, Language::Zh)]
    fn more_texts_decide(#[case] texts: &[&str], #[case] fallback: Language, #[case] expected: Language) {
        assert_eq!(of(texts.iter().copied(), fallback), expected);
    }

    proptest! {
        #[test]
        fn code_never_decides(code in "[a-z ]{0,60}", chinese in "[一-龥]{1,5}") {
            let text = format!("{chinese}\n\n```\n{code}\n```\n");
            prop_assert_eq!(of([text.as_str()], Language::En), Language::Zh);
        }

        #[test]
        fn every_text_is_read(text in any::<String>()) {
            let both = Language::ALL.map(|fallback| of([text.as_str()], fallback));
            prop_assert!(both == Language::ALL || both[0] == both[1]);
        }
    }
}
