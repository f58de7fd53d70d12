//! The simulator by itself: what real gateways are too slow, or too few, to be asked in every test run.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its world has failed")]

use std::path::PathBuf;
use std::time::Instant;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rstest::rstest;
use serde_json::Value;

use super::*;
use crate::gateway::{Access, CallError, Config, Gateway, Scopes};
use crate::session::{self, Evidence};
use crate::support::clock::Clock;
use crate::support::paths::Paths;
use crate::support::process::is_alive;

const ADA: &str = "agent:main:telegram:direct:7";
const SOON: Duration = Duration::from_secs(20);
const TOKEN: &str = "token-of-a-simulated-gateway";

struct Rig {
    simulator: Simulator,
    folder: tempfile::TempDir,
}

impl Rig {
    /// One whose gateway is not started.
    fn new(flavour: Flavour, pace: Pace, script: impl Fn(&Turn) -> Step + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (state, token) = (folder.path().join("state"), TOKEN.to_owned());
        let setup = Setup { flavour, state, token, pace, clock: Clock::default(), script: Box::new(script) };
        Self { simulator: Simulator::new(setup).unwrap(), folder }
    }

    fn started(flavour: Flavour, script: impl Fn(&Turn) -> Step + Send + Sync + 'static) -> Self {
        let rig = Self::new(flavour, Pace::QUICK, script);
        rig.simulator.start().unwrap();
        rig
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn config(&self) -> Config {
        Config::load(&self.state(), &|_| None).unwrap()
    }

    fn connect(&self, scopes: Scopes) -> Result<Gateway> {
        let paths = Paths { state: self.state(), workspace: self.state().join("workspace") };
        Gateway::connect(&Access { paths: &paths, config: &self.config() }, scopes, Duration::ZERO)
    }

    /// A device that the gateway has not met, and that takes itself for one that it knows.
    fn place_device(&self) {
        let device =
            json!({"formatVersion": 1, "privateKey": URL_SAFE_NO_PAD.encode([7; 32]), "pairedAsAdmin": true});
        fs::write(&self.state().join("comeback/device.json"), device.to_string().as_bytes()).unwrap();
    }

    fn say(&self, text: &str) {
        self.simulator.person_says(&ada(), text).unwrap();
    }

    fn settle(&self) {
        assert!(self.simulator.settles_within(SOON), "{:?}", self.simulator.faults());
    }

    /// Waits for a condition that nothing tells of.
    fn until(&self, what: &str, holds: impl Fn(&Simulator) -> bool) {
        let begun = Instant::now();
        while !holds(&self.simulator) {
            assert!(begun.elapsed() < SOON, "waited in vain for {what}: {:?}", self.simulator.faults());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn session(&self) -> Evidence {
        let (_, mut sessions) = session::read_all(&self.state(), &self.config()).unwrap();
        sessions.remove(sessions.iter().position(|session| session.key == ada()).unwrap())
    }
}

fn ada() -> SessionKey {
    ADA.parse().unwrap()
}

fn call(gateway: &mut Gateway, method: &str, params: &Value) -> std::result::Result<Value, CallError> {
    gateway.call(method, params)
}

fn agent(message: &str, run: &str) -> Value {
    json!({"message": message, "sessionKey": ADA, "idempotencyKey": run})
}

fn job(in_ms: i64) -> Value {
    let at = (chrono::Utc::now() + TimeDelta::milliseconds(in_ms)).to_rfc3339();
    json!({"name": "way-back", "deleteAfterRun": true, "schedule": {"kind": "at", "at": at}, "wakeMode": "now",
        "sessionTarget": format!("session:{ADA}"), "payload": {"kind": "agentTurn", "message": "the job"},
        "delivery": {"mode": "announce", "channel": "telegram", "to": "7"}})
}

fn answers(_: &Turn) -> Step {
    Step::answer("Noted.")
}

#[test]
fn one_that_starts_asks_for_patience() {
    let pace = Pace { starting: Duration::from_millis(300), ..Pace::QUICK };
    let rig = Rig::new(Flavour::V2026_9_6, pace, answers);
    assert!(rig.connect(Scopes::TALK).is_err(), "nobody is there");
    rig.simulator.start().unwrap();
    assert!(rig.simulator.start().is_err(), "it runs");
    let begun = Instant::now();
    rig.connect(Scopes::TALK).unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(290), "{:?}", begun.elapsed());
}

#[rstest]
#[case(Flavour::V2026_5_28, false)]
#[case(Flavour::V2026_7_1, false)]
#[case(Flavour::V2026_9_6, true)]
fn a_device_that_was_paired_for_less_gets_more_from_one_of_them(
    #[case] flavour: Flavour,
    #[case] granted: bool,
) {
    let rig = Rig::started(flavour, answers);
    rig.place_device();
    rig.connect(Scopes::TALK).unwrap();
    assert_eq!(rig.connect(Scopes::ADMIN).is_ok(), granted);
    rig.connect(Scopes::TALK).unwrap();
}

#[test]
fn a_wrong_token_is_refused() {
    let rig = Rig::started(Flavour::V2026_7_1, answers);
    let path = rig.state().join("openclaw.json");
    let config = fs::read(&path).unwrap().unwrap().replace(TOKEN, "another");
    fs::write(&path, config.as_bytes()).unwrap();
    let error = rig.connect(Scopes::TALK).err().unwrap();
    assert!(error.full().contains("token mismatch"), "{}", error.full());
}

/// A cut is on the disk as the script made it, and each call is counted once.
#[rstest]
fn the_readers_find_what_a_kill_leaves(
    #[values(Flavour::V2026_5_28, Flavour::V2026_7_1, Flavour::V2026_9_6)] flavour: Flavour,
) {
    let rig = Rig::started(flavour, |turn| match turn.message.as_str() {
        "hello" => Step::answer("no_reply"),
        _ => Step::Work(Some("Both.".to_owned()), vec![Call::stuck("sleep"), Call::exec("ls", "a file")]),
    });
    rig.say("hello");
    rig.say("do both");
    rig.settle();
    rig.simulator.kill();
    let session = rig.session();
    let history = session.history.unwrap();
    let turn = history.cut_turn().unwrap();
    assert_eq!((turn.cut, turn.opened_by.text.as_str()), (Some(session::Phase::ToolCall), "do both"));
    let calls: Vec<_> = turn.calls.iter().map(|call| (call.tool.as_str(), call.answered)).collect();
    assert_eq!(calls, [("exec", false), ("exec", true)]);
    assert_eq!(rig.simulator.effects(), BTreeMap::from([("ls".to_owned(), 1), ("sleep".to_owned(), 1)]));
    assert_eq!(rig.simulator.delivered(&ada()), Vec::<String>::new(), "the first answer was silent");
    assert!(rig.simulator.person_says(&ada(), "anybody?").is_err());
    assert_eq!(session.writer.map(|writer| writer.alive), (flavour != Flavour::V2026_9_6).then_some(false));
    assert_eq!(rig.simulator.faults(), Vec::<String>::new());
}

#[test]
fn a_turn_that_goes_on_knows_what_was_done() {
    let rig = Rig::started(Flavour::V2026_9_6, |turn| match turn.done.len() {
        0 => Step::call(Call::exec("first", "")),
        1 if turn.earlier.is_empty() => Step::Hang,
        1 => Step::call(Call::exec("second", "")),
        _ => Step::answer(turn.done.join(" and ")),
    });
    rig.say("do both");
    rig.settle();
    rig.simulator.kill();
    rig.simulator.start().unwrap();
    rig.settle();
    let delivered = rig.simulator.delivered(&ada());
    assert_eq!(delivered.last().map(String::as_str), Some("first and second"), "{delivered:?}");
    assert_eq!(rig.simulator.effects().values().copied().collect::<Vec<_>>(), [1, 1]);
    let asked = rig.simulator.asked();
    assert!(asked.len() == 2 && asked[1].message.starts_with("[System]"), "{asked:?}");
}

#[rstest]
#[case(Flavour::V2026_5_28, true)]
#[case(Flavour::V2026_7_1, true)]
#[case(Flavour::V2026_9_6, false)]
fn a_command_in_the_background_lives_on_or_ends(#[case] flavour: Flavour, #[case] lives_on: bool) {
    let rig = Rig::started(flavour, |turn| match turn.results.first() {
        None => Step::call(Call::background("build")),
        Some(_) => Step::answer("It runs."),
    });
    rig.say("build it");
    rig.settle();
    rig.simulator.kill();
    let history = rig.session().history.unwrap();
    let pid = history.commands[0].pid.unwrap();
    assert_eq!((history.commands.len(), is_alive(pid, None)), (1, lives_on));
    drop(rig);
    assert!(!is_alive(pid, None), "nothing outlives the simulator");
}

#[rstest]
fn a_key_is_remembered_for_five_minutes_of_one_life(
    #[values(Flavour::V2026_5_28, Flavour::V2026_7_1)] flavour: Flavour,
) {
    let rig = Rig::started(flavour, answers);
    let mut gateway = rig.connect(Scopes::TALK).unwrap();
    for minutes in [0, 4, 2] {
        rig.simulator.pass(TimeDelta::minutes(minutes));
        call(&mut gateway, "agent", &agent("go", "key")).unwrap();
        rig.settle();
    }
    assert_eq!(rig.simulator.asked().len(), 2);
}

#[test]
fn a_connection_ends_with_its_life() {
    let rig = Rig::started(Flavour::V2026_7_1, |_| Step::Hang);
    let mut gateway = rig.connect(Scopes::TALK).unwrap();
    call(&mut gateway, "agent", &agent("go", "key")).unwrap();
    rig.settle();
    rig.simulator.kill();
    assert!(matches!(
        call(&mut gateway, "sessions.list", &json!({})),
        Err(CallError::Lost(_) | CallError::NotSent(_))
    ));
    rig.simulator.start().unwrap();
    assert!(call(&mut gateway, "sessions.list", &json!({})).is_err());
    let mut again = rig.connect(Scopes::TALK).unwrap();
    let status = &call(&mut again, "sessions.list", &json!({})).unwrap()["sessions"][0]["status"];
    // Its own recovery may have given up already, where this machine is slow.
    assert!(status == "running" || status == "failed", "{status}");
}

#[rstest]
fn a_planned_restart_waits_for_turns_and_keeps_the_process(
    #[values(Flavour::V2026_5_28, Flavour::V2026_9_6)] flavour: Flavour,
) {
    let rig = Rig::new(flavour, Pace::QUICK, |turn| match turn.results.first() {
        None => {
            let course = Course::Ends(Duration::from_millis(300), "out".to_owned());
            Step::call(Call { course, ..Call::exec("slow", "") })
        }
        Some(_) => Step::answer("Done."),
    });
    rig.simulator.pass(-TimeDelta::seconds(2));
    rig.simulator.start().unwrap();
    let mut admin = rig.connect(Scopes::ADMIN).unwrap();
    let first = admin.boot().clone();
    assert_eq!(admin.warnings(), Vec::<String>::new(), "its lock is there");
    rig.say("go");
    rig.until("the call", |simulator| !simulator.effects().is_empty());
    rig.simulator.pass(TimeDelta::seconds(2));
    let answer = call(&mut admin, "gateway.restart.request", &json!({"reason": "new settings"})).unwrap();
    assert_eq!(answer["status"], "scheduled");
    rig.until("the end of the connection", |_| {
        rig.connect(Scopes::TALK).is_ok_and(|now| now.boot().is_after(&first))
    });
    assert_eq!(rig.simulator.delivered(&ada()), ["Done."]);
    let now = rig.connect(Scopes::TALK).unwrap();
    assert!(now.hello().unwrap().uptime >= Duration::from_secs(2), "the process is the same");
    assert_eq!(rig.session().row.status, Some(session::RunStatus::Ended));
}

#[test]
fn a_night_lies_between_two_lives() {
    let rig = Rig::new(Flavour::V2026_7_1, Pace::QUICK, |_| Step::Hang);
    rig.simulator.pass(-TimeDelta::hours(9));
    rig.simulator.start().unwrap();
    rig.say("go on overnight");
    rig.settle();
    rig.simulator.kill();
    rig.simulator.pass(TimeDelta::hours(9));
    rig.simulator.start().unwrap();
    let gateway = rig.connect(Scopes::TALK).unwrap();
    assert_eq!(gateway.warnings(), Vec::<String>::new(), "its lock is of today");
    let age = gateway.boot().started_at - rig.session().row.started_at.unwrap();
    assert!(age > TimeDelta::hours(8) && age < TimeDelta::hours(10), "{age}");
}

#[test]
fn a_job_that_was_missed_comes_late() {
    let pace = Pace { missed_job: TimeDelta::milliseconds(600), ..Pace::QUICK };
    let rig = Rig::new(Flavour::V2026_7_1, pace, answers);
    rig.simulator.start().unwrap();
    let mut admin = rig.connect(Scopes::ADMIN).unwrap();
    call(&mut admin, "cron.add", &job(60_000)).unwrap();
    rig.simulator.kill();
    rig.simulator.pass(TimeDelta::minutes(2));
    let begun = Instant::now();
    rig.simulator.start().unwrap();
    rig.until("the job", |simulator| !simulator.delivered(&ada()).is_empty());
    assert!(begun.elapsed() >= Duration::from_millis(600), "{:?}", begun.elapsed());
    let mut admin = rig.connect(Scopes::ADMIN).unwrap();
    rig.settle();
    assert_eq!(call(&mut admin, "cron.list", &json!({"includeDisabled": true})).unwrap()["jobs"], json!([]));
}

#[rstest]
#[case(Flavour::V2026_5_28, vec!["Done."])]
#[case(Flavour::V2026_7_1, vec!["Done."])]
#[case(Flavour::V2026_9_6, vec![])]
fn a_job_that_is_removed_in_its_own_run_may_take_the_reply_with_it(
    #[case] flavour: Flavour,
    #[case] delivered: Vec<&str>,
) {
    let rig = Rig::started(flavour, |turn| match turn.results.first() {
        None => {
            let course = Course::Ends(Duration::from_secs(1), "out".to_owned());
            Step::call(Call { course, ..Call::exec("slow", "") })
        }
        Some(_) => Step::answer("Done."),
    });
    let mut admin = rig.connect(Scopes::ADMIN).unwrap();
    let id = call(&mut admin, "cron.add", &job(50)).unwrap()["id"].clone();
    rig.until("the call", |simulator| !simulator.effects().is_empty());
    call(&mut admin, "cron.remove", &json!({"id": id})).unwrap();
    rig.settle();
    assert_eq!(rig.simulator.delivered(&ada()), delivered);
}

#[test]
fn a_model_that_fails_ends_its_turn() {
    let rig = Rig::started(Flavour::V2026_9_6, |_| Step::Fail("no credit".to_owned()));
    let mut gateway = rig.connect(Scopes::TALK).unwrap();
    call(&mut gateway, "agent", &agent("go", "key")).unwrap();
    let answer = call(&mut gateway, "agent.wait", &json!({"runId": "key", "timeoutMs": 10_000})).unwrap();
    assert_eq!((&answer["status"], &answer["error"]), (&json!("error"), &json!("no credit")));
    assert_eq!(rig.session().row.status, Some(session::RunStatus::Failed));
}
