//! The ledger over crashes, torn lines, compaction and newer versions.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

use super::*;

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
fn an_intent_without_an_outcome_is_open_until_one_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let key = IdempotencyKey::of(&["a"]);
    let mut writer = Writer::open(&paths(&dir), Duration::ZERO, at(1)).unwrap();
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
    let open = || Writer::open(&paths(&dir), Duration::ZERO, at(1)).unwrap();
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
    let mut writer = Writer::open(&paths(&dir), Duration::ZERO, at(1)).unwrap();
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
    let mut writer = Writer::open(&paths(&dir), Duration::ZERO, now).unwrap();
    writer.append(at(1), held(&waiting)).unwrap();
    writer.append(now, intent(&fresh)).unwrap();
    while std::fs::metadata(paths(&dir).ledger()).unwrap().len() <= COMPACT_ABOVE {
        let filler = Event::Consumed { checkpoint: "x".repeat(100_000) };
        writer.append(at(1), filler).unwrap();
    }
    writer.append(at(1), intent(&old)).unwrap();
    drop(writer);
    let writer = Writer::open(&paths(&dir), Duration::ZERO, now).unwrap();
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
    let error = Writer::open(&paths(&dir), Duration::ZERO, at(1)).unwrap_err();
    assert_eq!(error.kind(), Kind::Newer);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), line);
}
