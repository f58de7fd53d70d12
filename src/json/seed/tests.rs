//! The seed's own files, and those that somebody has edited.
#![expect(clippy::unwrap_used, reason = "the fixtures and literals are well formed")]

use rstest::rstest;

use super::*;

const ACTIONS: &str = include_str!("../../../tests/fixtures/seed/actions.json");
const VERIFIED: &str = include_str!("../../../tests/fixtures/seed/verified.json");

/// These files are frozen: what the seed has written once is read for ever.
#[test]
fn the_seeds_files_are_read() {
    let first =
        "Continue where you left off. Last completed: 401/幂等/时区/保留用例通过. Next: 发布最终验收摘要.";
    let message = Message::new("agent:engineer:main".parse().unwrap(), first);
    let actions = read_actions("actions.json", &format!("\u{feff}{ACTIONS}")).unwrap();
    assert_eq!(actions.checkpoint.as_deref(), Some("memory/restart-checkpoints/2026-03-09/162200.md"));
    assert_eq!((actions.messages.len(), &actions.messages[0]), (2, &message));
    let verified = read_verified("verified.json", VERIFIED).unwrap();
    assert_eq!((verified.checkpoint, &verified.messages[0]), (None, &message));
    let held = verified.messages[1].held.as_ref().unwrap();
    assert_eq!((held.rule.as_str(), held.reason.as_str()), ("file", RISKY));
}

#[rstest]
#[case::all_of_it(r#""decision":"send","risk":"normal","requiresManualConfirm":false"#, true)]
#[case::the_decision_alone(r#""decision":"send""#, true)]
#[case::held(r#""decision":"hold","risk":"normal""#, false)]
#[case::risky(r#""decision":"send","risk":"high""#, false)]
#[case::to_be_confirmed(r#""decision":"send","requiresManualConfirm":true"#, false)]
#[case::undecided(r#""risk":"normal""#, false)]
#[case::misspelt(r#""decision":"SEND""#, false)]
fn what_does_not_say_that_it_may_go_is_held(#[case] fields: &str, #[case] goes: bool) {
    let text = format!(r#"{{"verified":[{{"sessionKey":"a","message":"run the tests",{fields}}}]}}"#);
    let list = read_verified("v.json", &text).unwrap();
    assert_eq!(list.messages[0].held.is_none(), goes);
}

#[rstest]
#[case::the_actions_file("memory/1.json", None)]
#[case::the_checkpoint("memory/1.md", Some("memory/1.md"))]
#[case::stdin("-", None)]
fn a_source_may_be_the_checkpoint(#[case] source: &str, #[case] checkpoint: Option<&str>) {
    let text = format!(r#"{{"source":"{source}","verified":[]}}"#);
    assert_eq!(read_verified("v.json", &text).unwrap().checkpoint.as_deref(), checkpoint);
    let text = format!(r#"{{"checkpoint":"{source}","actions":[]}}"#);
    let named = read_actions("a.json", &text).unwrap().checkpoint;
    assert_eq!(named.as_deref(), (source != "-").then_some(source));
}

#[test]
fn errors_name_the_file_and_the_line() {
    for (text, place, said) in [
        ("", "a.json:1: ", "EOF"),
        ("{\n}", "a.json:2: ", "missing field `actions`"),
        ("{\"actions\":[\n{\"params\":{\"sessionKey\":\"a\"}}]}", "a.json:2: ", "missing field `message`"),
        ("{\"actions\":[{\"params\":{\n\"sessionKey\":5}}]}", "a.json:2: ", "expected a string"),
        (r#"{"actions":[{"params":{"sessionKey":"a\nb","message":""}}]}"#, "a.json:1: ", "is no session key"),
    ] {
        let error = read_actions("a.json", text).unwrap_err();
        let full = error.full();
        assert!(full.starts_with(place) && full.contains(said), "{text}: {full}");
        assert_eq!(error.kind(), Kind::User);
    }
}
