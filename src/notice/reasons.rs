//! Why the gate decided, for people who do not read English.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::model::Language;

static CHINESE: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let text = include_str!("../../templates/zh/reasons.yaml");
    serde_yaml::from_str(text).expect("compiled in, and parsed by a test")
});

/// Says a ruling's reason in a language. What it quotes stays as it is, and so does what has no sentence of its own.
#[must_use]
pub fn reason<'a>(rule: &str, english: &'a str, language: Language) -> Cow<'a, str> {
    let own = match language {
        Language::En => None,
        Language::Zh => CHINESE.get(rule),
    };
    match (own, english.split_once(": ")) {
        (Some(own), Some((_, quoted))) if own.ends_with('：') => Cow::Owned(format!("{own}{quoted}")),
        // It quotes nothing here: an earlier run gave another reason under the same rule.
        (Some(own), None) if own.ends_with('：') => Cow::Owned(own.replace('：', "。")),
        (Some(own), _) => Cow::Owned(own.clone()),
        (None, _) => Cow::Borrowed(english),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reason_quotes_stays_and_so_does_what_has_no_sentence() {
        let zh = |rule, english| reason(rule, english, Language::Zh).into_owned();
        assert_eq!(zh("payment", "It may move money a second time."), "可能再次付款或动用资金。");
        assert_eq!(zh("blocked", "blocked: waits for the key: 5"), "有事情挡着：waits for the key: 5");
        assert_eq!(zh("unknown-outcome", "an earlier run may have sent it"), "不确定是否已经执行过。");
        assert_eq!(zh("a-new-rule", "Something new."), "Something new.");
        assert_eq!(reason("payment", "It pays.", Language::En), "It pays.");
    }
}
