//! The state file, its transitions and its artifacts.
#![expect(clippy::unwrap_used, reason = "the literals are well formed")]

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use rstest::rstest;

use super::*;
use crate::model::Boot;
use crate::support::document::Document;
use crate::support::error::Kind;
use crate::support::paths::Paths;

const SEED: &str = include_str!("../../tests/fixtures/tasks/seed.json");
const V1: &str = include_str!("../../tests/fixtures/tasks/v1.json");
const SESSION: &str = "agent:main:telegram:direct:77";

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    "2026-11-20T12:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::seconds(seconds)
}

pub(super) fn boot(number: i64, started: i64) -> Boot {
    Boot { started_at: at(started), boot_id: Some(format!("boot-{number}")) }
}

pub(super) fn lease(boot: &Boot, taken: i64, session: &str) -> Lease {
    Lease::new(Some(session.parse().unwrap()), at(taken)).in_boot(Some(boot))
}

pub(super) fn begun(steps: &[&str]) -> Task {
    let draft = Draft {
        goal: "weekly report".to_owned(),
        steps: steps.iter().map(|step| (*step).to_owned()).collect(),
        done_criteria: vec!["it is there".to_owned()],
        session_key: Some(SESSION.parse().unwrap()),
        agent: None,
        timeout_seconds: 1_800,
        estimate_seconds: 1_500,
    };
    Task::begin(draft, lease(&boot(1, -60), 0, SESSION), at(0)).unwrap()
}

pub(super) fn step(name: &str) -> StepDone {
    StepDone { name: name.to_owned(), artifacts: Vec::new(), progress: None, next: Vec::new() }
}

pub(super) fn wake(seconds: i64) -> Wake {
    let session_key = Some(SESSION.parse().unwrap());
    Wake { reason: WakeReason::ScheduledProgress, at: at(seconds), session_key, job_id: None }
}

/// A workspace with its store.
pub(super) struct Rig {
    dir: tempfile::TempDir,
}

impl Rig {
    pub(super) fn new() -> Self {
        let rig = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir(rig.workspace()).unwrap();
        rig
    }

    pub(super) fn workspace(&self) -> PathBuf {
        self.dir.path().join("workspace")
    }

    pub(super) fn store(&self) -> Store {
        Store::new(&Paths { state: self.dir.path().join("state"), workspace: self.workspace() })
    }

    fn put(&self, name: &str, text: &str) -> PathBuf {
        let path = self.workspace().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    fn record(&self, path: &Path) -> (String, Record) {
        let Measured { path, size, sha256 } = measure(&self.workspace(), path).unwrap();
        (path, Record { size, sha256, step: "a".to_owned(), recorded_at: at(0) })
    }
}

fn seen(boot: &Boot, turn: Turn) -> Seen {
    Seen { boot: Some(boot.clone()), turn }
}

#[test]
fn files_of_every_format_load_and_keep_what_is_not_known() {
    let document = Document::<Task>::parse("seed.json", SEED).unwrap();
    let task = &document.known;
    assert_eq!((task.status, task.retry_count, task.lease.is_none()), (Status::Waiting, 1, true));
    assert_eq!((task.next_step(), task.to_do()[0]), (Some("collect_phase_2"), "fetch page 6-10"));
    let rendered = document.render("seed.json").unwrap();
    assert!(rendered.contains(r#""owner": "nightly""#) && rendered.contains(r#""message": "timeout""#));

    let ours = Document::<Task>::parse("v1.json", V1).unwrap();
    assert_eq!(ours.render("v1.json").unwrap(), V1, "byte for byte");
}

#[rstest]
#[case::steps(
    "\"steps\": [\n    \"collect the figures\"",
    "\"steps\": [\n    \"write the summary\"",
    "stands there twice"
)]
#[case::done(
    "\"last_completed\": [\n    \"collect",
    "\"last_completed\": [\n    \"forget",
    "is none of the steps"
)]
#[case::progress("\"progress_pct\": 50", "\"progress_pct\": 101", "more than 100")]
#[case::status("\"status\": \"waiting\"", "\"status\": \"asleep\"", ":4: unknown variant `asleep`")]
#[case::name("weekly_report", "daily_report", "the file's name another")]
fn a_state_that_is_not_valid_is_named_and_left_alone(
    #[case] valid: &str,
    #[case] wrong: &str,
    #[case] complaint: &str,
) {
    let rig = Rig::new();
    let text = V1.replacen(valid, wrong, 1);
    assert_ne!(text, V1);
    let path = rig.put("memory/tasks/smartwake_weekly_report_20261120T120000Z.json", &text);
    let id = "smartwake_weekly_report_20261120T120000Z".parse().unwrap();
    let store = rig.store();
    let error = store.lock().unwrap().change(&id, |task| task.open().map(drop)).unwrap_err();
    assert!(error.full().contains(complaint) && error.full().contains(path.to_str().unwrap()), "{error:?}");
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(store.list().unwrap().len(), 1, "it is listed with its error");
}

#[test]
fn a_newer_file_is_read_and_not_changed() {
    let rig = Rig::new();
    let text = V1.replace("\"format_version\": 1", "\"format_version\": 2");
    let path = rig.put("memory/tasks/smartwake_weekly_report_20261120T120000Z.json", &text);
    let store = rig.store();
    let id = store.list().unwrap()[0].content.as_ref().unwrap().task_id.clone();
    let error = store
        .lock()
        .unwrap()
        .change(&id, |task| {
            task.open()?.fail(None, at(0));
            Ok(())
        })
        .unwrap_err();
    assert_eq!((error.kind(), fs::read_to_string(path).unwrap()), (Kind::Newer, text));
}

#[test]
fn steps_are_taken_down_once_and_what_is_left_is_handed_on() {
    let mut task = begun(&["a", "b", "c"]);
    let refresh = || Some(lease(&boot(1, -60), 5, SESSION));
    assert_eq!(task.open().unwrap().step(step("b"), refresh(), at(5)).unwrap(), Stepped::Now);
    assert_eq!((task.progress_pct, task.next_step(), task.to_do()), (33, Some("a"), vec!["a", "c"]));
    assert_eq!(task.lease.as_ref().unwrap().taken_at, at(5));
    let before = task.clone();
    assert_eq!(task.open().unwrap().step(step("b"), refresh(), at(6)).unwrap(), Stepped::Before);
    assert_eq!(task, before, "once");
    let error = task.open().unwrap().step(step("d"), None, at(6)).unwrap_err();
    assert_eq!((error.kind(), error.hints()), (Kind::User, &["its open steps are: a, c".to_owned()][..]));

    let own = StepDone { progress: Some(90), next: vec!["b".into(), "polish".into()], ..step("a") };
    task.open().unwrap().step(own, None, at(7)).unwrap();
    assert_eq!(
        (task.progress_pct, task.to_do()),
        (90, vec!["polish"]),
        "b is done and is not handed out again"
    );
    assert_eq!(task.open().unwrap().done(at(8)).unwrap_err().kind(), Kind::User);
    task.open().unwrap().step(step("c"), None, at(8)).unwrap();
    task.open().unwrap().done(at(9)).unwrap();
    assert_eq!((task.status, task.progress_pct, task.lease.is_none()), (Status::Done, 100, true));
    assert_eq!(task.open().unwrap_err().kind(), Kind::User, "no step on a finished task");
}

#[rstest]
#[case::it_is_at_work(1, Turn::Runs(Some(at(-5))), false)]
#[case::nobody_knows_since_when(1, Turn::Runs(None), false)]
#[case::nobody_could_be_asked(1, Turn::Unknown, false)]
#[case::its_turn_has_ended(1, Turn::None, true)]
#[case::another_turn_has_begun(1, Turn::Runs(Some(at(5))), true)]
#[case::its_gateway_is_gone(2, Turn::Unknown, true)]
#[case::its_gateway_is_gone_and_something_runs(2, Turn::Runs(Some(at(70))), true)]
fn a_lease_ends_by_evidence(#[case] number: i64, #[case] turn: Turn, #[case] is_vacant: bool) {
    let task = begun(&["a"]);
    let running = if number == 1 { boot(1, -60) } else { boot(2, 60) };
    assert_eq!(task.vacant(&seen(&running, turn)).is_ok(), is_vacant);
    let unbound = Lease { boot_started_at: None, boot_id: None, ..task.lease.clone().unwrap() };
    let task = Task { lease: Some(unbound), ..task };
    assert_eq!(task.vacant(&seen(&running, turn)).is_ok(), is_vacant, "the times tell, too");
    let nobody = Seen { boot: None, turn: Turn::Unknown };
    assert!(task.vacant(&nobody).is_err(), "no gateway is no evidence");
}

#[test]
fn the_sixth_try_without_a_step_is_blocked_and_a_step_sets_the_count_back() {
    let mut task = begun(&["a", "b"]);
    let resume = |task: &mut Task, n: i64, confirmed: bool| {
        let vacant = task.vacant(&seen(&boot(1, -60), Turn::None)).unwrap();
        task.open()?.resume(vacant, lease(&boot(1, -60), n, SESSION), confirmed, at(n))
    };
    for n in 1..=3 {
        task.open().unwrap().wait(wake(300), at(n)).unwrap();
        assert_eq!(resume(&mut task, n, false).unwrap(), Resumed::Running);
    }
    task.open().unwrap().step(step("a"), None, at(4)).unwrap();
    for n in 5..=9 {
        assert_eq!(resume(&mut task, n, false).unwrap(), Resumed::Running);
    }
    assert_eq!((task.retry_count, task.leases), (5, 9));
    assert!(matches!(resume(&mut task, 10, false).unwrap(), Resumed::Blocked(_)));
    assert_eq!((task.status, task.lease.is_none(), task.errors.len()), (Status::Blocked, true, 1));
    assert_eq!(resume(&mut task, 11, false).unwrap_err().kind(), Kind::Refused);
    assert_eq!(task.open().unwrap().wait(wake(300), at(11)).unwrap_err().kind(), Kind::Refused);
    assert_eq!(resume(&mut task, 12, true).unwrap(), Resumed::Running, "a person has said so");
    assert_eq!((task.status, task.retry_count, &task.blocked), (Status::Running, 1, &None));
}

#[rstest]
#[case(1_260, 1_800, false)]
#[case(1_261, 1_800, true)]
#[case(i64::MAX, 1, true)]
fn smart_wake_is_for_more_than_seven_tenths_of_the_timeout(
    #[case] estimate: i64,
    #[case] timeout: i64,
    #[case] needed: bool,
) {
    assert_eq!(needs_smart_wake(estimate, timeout), needed);
}

#[test]
fn artifacts_are_compared_with_what_was_recorded() {
    let rig = Rig::new();
    let path = rig.put("out/report.md", "one");
    let mut task = begun(&["a"]);
    task.open()
        .unwrap()
        .step(StepDone { artifacts: vec![rig.record(&path)], ..step("a") }, None, at(1))
        .unwrap();
    let look = || task.check(&rig.workspace(), "out/report.md");
    assert_eq!((task.artifacts.as_slice(), look()), (&["out/report.md".to_owned()][..], Found::AsRecorded));
    assert_eq!(task.records["out/report.md"].sha256.len(), 64);

    fs::write(&path, "two").unwrap();
    let Found::Changed(how) = look() else { panic!("the same length, other bytes") };
    assert!(how.starts_with("3 bytes, SHA-256 7692c3ad3540… were recorded, 3 bytes"), "{how}");
    assert_eq!(task.changed(&rig.workspace())[0].path, "out/report.md");
    fs::remove_file(&path).unwrap();
    assert_eq!(look(), Found::Missing);
    symlink("/etc/hostname", &path).unwrap();
    assert_eq!(look(), Found::Changed("it is a link now".to_owned()));
    fs::remove_file(&path).unwrap();
    fs::remove_dir(rig.workspace().join("out")).unwrap();
    let outside = rig.dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    fs::write(outside.join("report.md"), "one").unwrap();
    symlink(&outside, rig.workspace().join("out")).unwrap();
    assert_eq!(look(), Found::Changed("it leads out of the workspace".to_owned()));
    for elsewhere in ["/etc/hostname", "../outside/report.md", "", "."] {
        assert!(matches!(task.check(&rig.workspace(), elsewhere), Found::Changed(_)), "{elsewhere}");
    }
}

#[test]
fn only_files_of_the_workspace_are_artifacts() {
    let rig = Rig::new();
    let inside = rig.put("a.txt", "a");
    let outside = rig.dir.path().join("b.txt");
    fs::write(&outside, "b").unwrap();
    symlink(&outside, rig.workspace().join("link.txt")).unwrap();
    assert_eq!(measure(&rig.workspace(), &inside).unwrap().path, "a.txt");
    for (path, why) in [
        (outside, "does not stand in the workspace"),
        (rig.workspace().join("link.txt"), "does not stand in the workspace"),
        (rig.workspace(), "is no file"),
        (rig.workspace().join("none"), "cannot find the artifact"),
    ] {
        let error = measure(&rig.workspace(), &path).unwrap_err();
        assert!(error.full().contains(why), "{}: {}", path.display(), error.full());
    }
    assert_eq!(guard(&rig.workspace(), &rig.workspace().join("gone/x")).unwrap(), "gone/x");
    assert!(guard(&rig.workspace(), Path::new("/etc/none")).is_err());
}

#[test]
fn a_task_is_created_once_and_a_change_that_fails_changes_nothing() {
    let rig = Rig::new();
    let (store, task) = (rig.store(), begun(&["a"]));
    assert_eq!(store.lock().unwrap().create(task.clone()).unwrap(), task);
    let second = store.lock().unwrap().create(task.clone()).unwrap();
    assert_eq!(second.task_id.as_str(), "smartwake_weekly_report_2_20261120T120000Z", "none is overwritten");
    let failed = store.lock().unwrap().change(&task.task_id, |task| {
        task.open()?.step(step("a"), None, at(1))?;
        task.open()?.done(at(1))?;
        task.open().map(drop)
    });
    assert!(failed.is_err());
    assert_eq!(store.load(&task.task_id).unwrap(), task);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &fs::metadata(store.path(&task.task_id)).unwrap().permissions(),
    ) & 0o777;
    assert_eq!(mode, 0o600);
    let missing = store.load(&"smartwake_x_20260101T000000Z".parse().unwrap()).unwrap_err();
    assert!(missing.full().contains("there is no task"));
}
