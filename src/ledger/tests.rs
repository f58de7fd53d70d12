//! The ledger over crashes, torn lines, compaction and newer versions.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

use super::*;
use crate::support::fs::GIVEN_UP;

fn paths(dir: &tempfile::TempDir) -> Paths {
    Paths { state: dir.path().join("state"), workspace: dir.path().join("workspace") }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn boot() -> Boot {
    Boot { started_at: at(0), boot_id: None }
}

fn intent(key: &IdempotencyKey) -> Event {
    Event::Intent {
        key: key.clone(),
        effect: Effect::Resume,
        session_key: "agent:main:main".parse().unwrap(),
        boot: boot(),
        also: Vec::new(),
        message: None,
    }
}

fn outcome(key: &IdempotencyKey, outcome: Outcome) -> Event {
    Event::Outcome { key: key.clone(), outcome, detail: None, run_id: None }
}

fn held(key: &IdempotencyKey) -> Event {
    Event::Held(Held {
        key: key.clone(),
        session_key: "agent:main:main".parse().unwrap(),
        also: Vec::new(),
        checkpoint: Some("c".into()),
        rule: "payment".into(),
        reason: "pays".into(),
        message: "go on".into(),
        task: None,
    })
}

#[test]
fn what_is_no_file_is_refused_before_it_is_opened() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("ledger.jsonl");
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    assert!(Ledger::read(&socket).unwrap_err().full().ends_with("it is no file"));
}

#[test]
fn an_intent_without_an_outcome_is_open_until_one_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let key = IdempotencyKey::of(&["a"]);
    let mut writer = Writer::open(&paths(&dir), GIVEN_UP, at(1)).unwrap();
    assert!(writer.ledger().effect(&key).is_none());
    writer.append(at(1), intent(&key)).unwrap();
    assert_eq!(writer.ledger().effect(&key).unwrap().outcome, None);
    writer.append(at(2), outcome(&key, Outcome::Accepted)).unwrap();
    drop(writer);
    let ledger = Ledger::read(&paths(&dir).ledger()).unwrap();
    assert!(ledger.is_taken(&key));
    assert_eq!(ledger.records().len(), 2);
}

#[test]
fn a_torn_line_is_counted_and_the_next_one_stands_by_itself() {
    let dir = tempfile::tempdir().unwrap();
    let key = IdempotencyKey::of(&["a"]);
    let open = || Writer::open(&paths(&dir), GIVEN_UP, at(1)).unwrap();
    open().append(at(1), intent(&key)).unwrap();
    let path = paths(&dir).ledger();
    let whole = std::fs::read(&path).unwrap();
    for cut in 1..whole.len() {
        std::fs::write(&path, &whole[..cut]).unwrap();
        open().append(at(2), outcome(&key, Outcome::Refused)).unwrap();
        let ledger = Ledger::read(&path).unwrap();
        let kept = usize::from(cut == whole.len() - 1);
        assert_eq!((ledger.bad_lines(), ledger.records().len()), (1 - kept, 1 + kept), "cut at {cut}");
    }
}

#[test]
fn a_held_item_waits_until_its_effect_was_taken_or_rejected() {
    let dir = tempfile::tempdir().unwrap();
    let key = IdempotencyKey::of(&["a"]);
    let mut writer = Writer::open(&paths(&dir), GIVEN_UP, at(1)).unwrap();
    writer.append(at(1), held(&key)).unwrap();
    writer.append(at(2), held(&key)).unwrap();
    assert_eq!(writer.ledger().held().len(), 1);
    writer.append(at(3), intent(&key)).unwrap();
    assert_eq!(writer.ledger().held().len(), 1, "whoever was to send it may have been killed");
    writer.append(at(4), outcome(&key, Outcome::Refused)).unwrap();
    assert_eq!(writer.ledger().held_since(&key), Some(at(1)));
    writer.append(at(5), outcome(&key, Outcome::Accepted)).unwrap();
    assert!(writer.ledger().held().is_empty());
    let other = IdempotencyKey::of(&["b"]);
    writer.append(at(6), held(&other)).unwrap();
    let decided = Event::Decided { key: other.clone(), confirmed: false, by: Person::Unnamed };
    writer.append(at(7), decided).unwrap();
    assert!(writer.ledger().held().is_empty() && writer.ledger().is_rejected(&other));
}

#[test]
fn compaction_drops_the_old_and_keeps_what_waits() {
    let dir = tempfile::tempdir().unwrap();
    let (old, waiting, fresh) =
        (IdempotencyKey::of(&["old"]), IdempotencyKey::of(&["waiting"]), IdempotencyKey::of(&["fresh"]));
    let now = at(0) + KEEP + KEEP;
    let mut writer = Writer::open(&paths(&dir), GIVEN_UP, now).unwrap();
    writer.append(at(1), held(&waiting)).unwrap();
    writer.append(now, intent(&fresh)).unwrap();
    while std::fs::metadata(paths(&dir).ledger()).unwrap().len() <= COMPACT_ABOVE {
        let filler = Event::Consumed { checkpoint: "x".repeat(100_000) };
        writer.append(at(1), filler).unwrap();
    }
    writer.append(at(1), intent(&old)).unwrap();
    drop(writer);
    let writer = Writer::open(&paths(&dir), GIVEN_UP, now).unwrap();
    let ledger = Ledger::read(&paths(&dir).ledger()).unwrap();
    for ledger in [writer.ledger(), &ledger] {
        assert_eq!(ledger.records().len(), 2);
        assert!(ledger.effect(&old).is_none() && ledger.effect(&fresh).is_some());
        assert_eq!(ledger.held()[0].key, waiting);
    }
}

#[test]
fn a_newer_ledger_is_read_and_never_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = paths(&dir).ledger();
    fs::create_dir(path.parent().unwrap()).unwrap();
    let line = r#"{"v":2,"at":"2026-01-01T00:00:00Z","event":{"kind":"teleported"}}"#;
    std::fs::write(&path, line).unwrap();
    assert_eq!(Ledger::read(&path).unwrap().bad_lines(), 0);
    let error = Writer::open(&paths(&dir), GIVEN_UP, at(1)).unwrap_err();
    assert_eq!(error.kind(), Kind::Newer);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), line);
}

/// A loss of power cuts the last lines off, or leaves zeros in whole blocks: what was acknowledged before stays, and no
/// effect of which anything was written counts as never sent.
#[test]
fn whatever_a_loss_of_power_leaves_an_effect_is_sent_at_most_once() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (IdempotencyKey::of(&["a"]), IdempotencyKey::of(&["b"]));
    let mut writer = Writer::open(&paths(&dir), GIVEN_UP, at(1)).unwrap();
    let mut ends = vec![0];
    for event in [
        intent(&first),
        outcome(&first, Outcome::Accepted),
        held(&IdempotencyKey::of(&["h"])),
        intent(&second),
        outcome(&second, Outcome::Accepted),
    ] {
        writer.append(at(2), event).unwrap();
        ends.push(std::fs::read(paths(&dir).ledger()).unwrap().len());
    }
    drop(writer);
    let whole = std::fs::read(paths(&dir).ledger()).unwrap();
    for end in 0..=whole.len() {
        for zeros in [0, 512 - end % 512] {
            let left = [&whole[..end], &vec![0; zeros]].concat();
            std::fs::write(paths(&dir).ledger(), &left).unwrap();
            let ledger = Ledger::read(&paths(&dir).ledger()).unwrap();
            // A line does not need its end, but zeros in its place spoil it.
            let is_there = |line: usize| end >= ends[line + 1] || zeros == 0 && end + 1 == ends[line + 1];
            let lines = (0..5).filter(|line| is_there(*line)).count();
            assert_eq!(ledger.records().len(), lines, "{end} and {zeros}");
            assert_eq!(ledger.is_taken(&first), is_there(1), "{end}");
            assert_eq!(ledger.effect(&second).is_some(), is_there(3), "{end}");
            let is_torn = end > ends[lines] || zeros > 0;
            assert_eq!(ledger.bad_lines(), usize::from(is_torn), "{end} and {zeros}");

            // The next run goes on behind it, on a line of its own.
            let mut writer = Writer::open(&paths(&dir), GIVEN_UP, at(3)).unwrap();
            writer.append(at(3), intent(&IdempotencyKey::of(&["n"]))).unwrap();
            drop(writer);
            let next = Ledger::read(&paths(&dir).ledger()).unwrap();
            assert_eq!(next.records().len(), lines + 1, "{end} and {zeros}");
            let kept = std::fs::read(paths(&dir).ledger()).unwrap();
            assert!(kept.starts_with(&left), "nothing is rewritten");
        }
    }
}
