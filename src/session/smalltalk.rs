//! Short words of a person's that say something about the turn before: thanks, and a yes.

use super::author::{Author, spoken};
use super::evidence::Entry;
use super::history::History;

/// What a person says who is content: it needs no answer.
const TRIVIAL: [&str; 38] = [
    "ok",
    "okay",
    "k",
    "kk",
    "thanks",
    "thank you",
    "thx",
    "ty",
    "cheers",
    "great",
    "cool",
    "nice",
    "perfect",
    "got it",
    "good",
    "noted",
    "alright",
    "sounds good",
    "will do",
    "np",
    "bye",
    "good night",
    "thanks a lot",
    "many thanks",
    "好",
    "好的",
    "好吧",
    "嗯",
    "嗯嗯",
    "谢谢",
    "谢谢你",
    "谢了",
    "多谢",
    "辛苦了",
    "收到",
    "知道了",
    "明白",
    "晚安",
];
/// What a person says who agrees to what was asked.
const YES: [&str; 34] = [
    "yes",
    "y",
    "yep",
    "yeah",
    "yup",
    "sure",
    "ok",
    "okay",
    "go",
    "go ahead",
    "do it",
    "please do",
    "yes please",
    "proceed",
    "confirm",
    "confirmed",
    "approve",
    "approved",
    "agreed",
    "fine",
    "sounds good",
    "是",
    "是的",
    "对",
    "好",
    "好的",
    "可以",
    "可以的",
    "行",
    "同意",
    "确认",
    "没问题",
    "去吧",
    "继续",
];
/// What a question ends with.
const QUESTION: [char; 2] = ['?', '？'];
/// What stands beside a question where it does not end with a mark.
const ASKS: [&str; 8] =
    ["shall i", "should i", "may i", "do you want me", "would you like me", "要不要", "是否", "可以吗"];

/// Tells whether a message needs no answer.
pub(super) fn is_trivial(text: &str) -> bool {
    let words = bare(spoken(text));
    words.is_empty() && !spoken(text).is_empty() || TRIVIAL.contains(&words.as_str())
}

/// Returns the question right before a person's yes; none where it is no yes, or nothing was asked.
pub(super) fn asked_before(history: &History, yes: &Entry) -> Option<String> {
    if yes.author != Author::Person || !YES.contains(&bare(spoken(&yes.text)).as_str()) {
        return None;
    }
    let at = history.entries.iter().position(|entry| entry == yes)?;
    let before = history.entries[..at].iter().rev().find(|entry| entry.author == Author::Agent)?;
    let text = before.text.trim();
    let asks = text.ends_with(QUESTION) || ASKS.iter().any(|ask| text.to_lowercase().contains(ask));
    asks.then(|| before.text.clone())
}

/// Returns a message's words in small letters, without what surrounds them; an emoji is no word.
fn bare(text: &str) -> String {
    let words: String =
        text.chars().filter(|c| c.is_alphanumeric() || c.is_whitespace() || *c == '\'').collect();
    words.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::a_word("OK!", true)]
    #[case::thanks("Thanks a lot 🙏", true)]
    #[case::an_emoji("👍👍", true)]
    #[case::chinese("谢谢！", true)]
    #[case::in_an_envelope("[Telegram Ada id:7 2026-11-20 10:00 UTC] thx", true)]
    #[case::a_wish("thanks, and now sort them", false)]
    #[case::a_number("42", false)]
    #[case::nothing("", false)]
    #[case::a_yes("yes", false)]
    fn what_needs_no_answer(#[case] text: &str, #[case] trivial: bool) {
        assert_eq!(is_trivial(text), trivial);
    }
}
