//! Every kind of secret goes, wherever it stands, and what is none stays whole.

use std::collections::BTreeSet;

use proptest::prelude::*;
use rstest::rstest;

use super::samples::{Sample, samples};
use super::*;

const HARMLESS: &str = include_str!("../../../tests/fixtures/redaction/harmless.txt");

/// The harmless texts of the fixture, one a line; `\n` stands for a line's end.
fn harmless() -> impl Iterator<Item = String> {
    HARMLESS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with("# "))
        .map(|line| line.replace("\\n", "\n"))
}

/// What stands in the place of a sample's secret.
fn expected(sample: &Sample) -> String {
    sample.text.replace(&sample.secret, MARK)
}

#[test]
fn forty_kinds_of_secrets_go_and_the_words_around_them_stay() {
    let samples = samples();
    let kinds: BTreeSet<&str> = samples.iter().map(|sample| sample.kind).collect();
    assert!(kinds.len() >= 40 && kinds.len() == samples.len(), "{} kinds", kinds.len());
    for sample in &samples {
        let redacted = redact(&sample.text);
        let whole = match sample.kind {
            // The mark takes the name of the first cookie with it.
            "cookie" => "Cookie: [redacted]".to_owned(),
            _ => expected(sample),
        };
        assert_eq!(redacted, whole, "{}", sample.kind);
        assert_eq!(redact(&redacted), redacted, "{}: a second time", sample.kind);
    }
}

/// What may stand around a secret without a space.
#[rstest]
#[case::words_of_chinese("请用", "这个")]
#[case::quoted("\"", "\"")]
#[case::in_code("`", "`")]
#[case::in_a_tag("<", ">")]
#[case::in_a_list("[", "]")]
#[case::an_escaped_line_end("a\\n", "\\nb")]
#[case::full_stop("it is: ", ".")]
fn a_secret_is_found_between(#[case] before: &str, #[case] behind: &str) {
    for sample in samples().into_iter().filter(|sample| sample.text.starts_with("use ")) {
        let text = format!("{before}{}{behind}", sample.secret);
        let redacted = redact(&text);
        assert!(!redacted.contains(&sample.secret), "{}: {redacted}", sample.kind);
        assert!(redacted.starts_with(before), "{}: {redacted}", sample.kind);
    }
}

#[test]
fn two_hundred_harmless_texts_stay_whole() {
    let texts: BTreeSet<String> = harmless().collect();
    assert!(texts.len() >= 200, "{} texts", texts.len());
    let changed: Vec<_> =
        texts.iter().filter(|text| redact(text) != text.as_str()).map(|text| redact(text)).collect();
    assert!(changed.is_empty(), "{changed:#?}");
}

/// Texts in which nothing may happen to change: what a reader of the next line is told must not be eaten.
#[test]
fn the_line_behind_a_name_stays() {
    assert_eq!(redact("credentials:\n  username: somebody"), "credentials:\n  username: somebody");
    assert_eq!(redact("password=hunter22\nnext line"), "password=[redacted]\nnext line");
    assert_eq!(
        redact("-----BEGIN EC PRIVATE KEY-----\nMHc"),
        "[redacted]",
        "without an end, all of the rest goes"
    );
}

#[test]
fn strings_of_json_are_redacted_and_its_form_stays() {
    let json = r#"{"b": "password=\"hunter22\" \\", "a": ["x\\", 1, "密码：hunter22"], "token": "ab\"c"}"#;
    let expected =
        r#"{"b": "password=\"[redacted]\" \\", "a": ["x\\", 1, "密码：[redacted]"], "token": "ab\"c"}"#;
    assert_eq!(redact_json(json), expected);
    assert_eq!(redact_json(""), "");
    assert_eq!(redact_json("{\"torn"), "{\"torn");
}

proptest! {
    #[test]
    fn any_json_stays_the_same_but_for_its_secrets(texts in prop::collection::vec(r#"[a-z"\\\\\n一]{0,12}"#, 0..6)) {
        let json = serde_json::json!({"z": texts, "a": null}).to_string();
        prop_assert_eq!(redact_json(&json), json);
    }

    #[test]
    fn what_stands_around_a_secret_hides_it_from_nobody(
        before in r"[ -/:-@一-丁]{0,12} ", behind in r" [ -~一-丁]{0,12}", which in any::<prop::sample::Index>(),
    ) {
        let samples = samples();
        let sample = which.get(&samples);
        let redacted = redact(&format!("{before}{}{behind}", sample.text)).into_owned();
        prop_assert!(!redacted.contains(&sample.secret), "{}: {redacted}", sample.kind);
    }

    #[test]
    fn what_is_redacted_stays_as_it_is(text in r"[a-z:=' \[\]@/.-]{0,40}|\PC{0,40}") {
        let once = redact(&text).into_owned();
        prop_assert_eq!(redact(&once), once.as_str());
    }
}
