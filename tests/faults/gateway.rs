//! What goes through a gateway: whatever falls on the helper, a message reaches an agent once, and nothing is lost.

use std::collections::BTreeSet;
use std::process::Output;

use ::comeback::drill::simulator::Simulator;
use ::comeback::flow::{Context, Settings};
use ::comeback::gateway::Scopes;
use ::comeback::model::{IdempotencyKey, SessionKey};
use chrono::{TimeDelta, Utc};
use rstest::rstest;
use serde_json::{Value, json};

use crate::simulated::{self, BETWEEN_LIVES, PATIENCE};
use crate::strace::{Fault, Run, chosen, tell};
use crate::world::World;

const HARMLESS: &str = "agent:main:telegram:direct:101";
const RISKY: &str = "agent:main:telegram:direct:102";
/// So often at most a healthy run is needed after one that was struck.
const RUNS: usize = 4;

/// A gateway, and the helper in a home of its own.
struct Crash {
    world: World,
    simulator: Simulator,
}

fn key(text: &str) -> SessionKey {
    text.parse().unwrap()
}

impl Crash {
    /// A gateway that was killed while two agents made calls, and runs again.
    fn new() -> Self {
        let world = World::new();
        let simulator = simulated::gateway(world.state(""));
        simulator.pass(-BETWEEN_LIVES * 2);
        simulator.start().unwrap();
        simulator.person_says(&key(HARMLESS), "read it").unwrap();
        simulator.person_says(&key(RISKY), "push it").unwrap();
        assert!(simulator.settles_within(PATIENCE));
        simulated::crash(&simulator);
        Self { world, simulator }
    }

    fn run(&self, args: &[&str]) -> Output {
        run(args).undisturbed(&self.world)
    }

    fn json(&self, args: &[&str]) -> Value {
        let output = self.run(&[args, &["--json"]].concat());
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// How often each session was sent a message of ours; no message came twice.
    fn resumed(&self, told: &str) -> [usize; 2] {
        assert!(self.simulator.settles_within(PATIENCE), "{told}");
        let asked = self.simulator.asked();
        let ours: Vec<_> =
            asked.iter().filter_map(|one| Some((one, IdempotencyKey::find(&one.message)?))).collect();
        let once: BTreeSet<&str> = ours.iter().map(|(_, key)| key.as_str()).collect();
        assert_eq!(once.len(), ours.len(), "a message came twice: {asked:#?}\n{told}");
        [HARMLESS, RISKY]
            .map(|session| ours.iter().filter(|(one, _)| one.session_key == key(session)).count())
    }

    /// The codes of what is held.
    fn held(&self) -> Vec<String> {
        let status = self.json(&["confirm"]);
        let held = status["items"].as_array().unwrap_or_else(|| panic!("{status}"));
        held.iter().map(|one| one["code"].as_str().unwrap().to_owned()).collect()
    }

    /// The names of the gateway's jobs.
    fn jobs(&self) -> Vec<String> {
        let state_dir = Some(self.world.state(""));
        let settings = Settings { state_dir, rehearsal: true, ..Settings::default() };
        let mut gateway = Context::load(settings).unwrap().connect(Scopes::ADMIN, PATIENCE).unwrap();
        let listed = gateway.call("cron.list", &json!({"includeDisabled": true})).unwrap();
        let jobs = listed["jobs"].as_array().unwrap().iter();
        jobs.map(|job| job["name"].as_str().unwrap().to_owned()).collect()
    }

    /// Runs a command until it has nothing left to try again.
    fn recovers(&self, args: &[&str], told: &str) {
        for _ in 0..RUNS {
            if self.run(args).status.success() {
                return;
            }
        }
        panic!("it never ends: {:?}\n{told}", self.run(args));
    }
}

const RECOVER: &[&str] = &["recover"];

fn run<'a>(args: &'a [&'a str]) -> Run<'a> {
    Run { args, stdin: "", env: &["COMEBACK_NOW"] }
}

#[test]
fn a_recovery_that_is_struck_anywhere_sends_once_and_loses_nothing() {
    let clean = Crash::new();
    let (output, calls) = run(RECOVER).calls(&clean.world);
    assert!(output.status.success(), "{output:?}");
    assert_eq!((clean.resumed(""), clean.held().len()), ([1, 0], 1));
    let chosen = chosen(&calls, &Fault::ALL);
    for (call, fault) in &chosen {
        let crash = Crash::new();
        let output = run(RECOVER).strike(&crash.world, call, *fault);
        let told = format!("{fault:?} at {call}\n{output:?}");
        assert_ne!(output.status.code(), Some(70), "{told}");
        crash.recovers(RECOVER, &told);
        let resumed = crash.resumed(&told);
        // A message may have been lost on its way, where nobody can tell: then it is held.
        assert_eq!(resumed[1], 0, "{told}");
        assert_eq!(resumed[0] + crash.held().len(), 2, "{:?}\n{told}", crash.held());
    }
    tell(RECOVER, &calls, &chosen);
}

/// A crash whose recovery has held one item, and the item's code.
fn with_a_held_item() -> (Crash, String) {
    let crash = Crash::new();
    crash.recovers(RECOVER, "");
    let held = crash.held();
    assert_eq!((crash.resumed(""), held.len()), ([1, 0], 1));
    (crash, held[0].clone())
}

fn confirm<'a>(code: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["confirm", code, "--session-key", HARMLESS][..], more].concat()
}

#[rstest]
#[case::confirmed(&[], 1)]
#[case::rejected(&["--reject"], 0)]
fn a_decision_that_is_struck_anywhere_is_carried_out_once(
    #[case] more: &[&'static str],
    #[case] sent: usize,
) {
    let (clean, code) = with_a_held_item();
    let (output, calls) = run(&confirm(&code, more)).calls(&clean.world);
    assert!(output.status.success(), "{output:?}");
    assert_eq!((clean.resumed(""), clean.held().len()), ([1, sent], 0));
    let chosen = chosen(&calls, &Fault::ALL);
    for (call, fault) in &chosen {
        let (crash, code) = with_a_held_item();
        let output = run(&confirm(&code, more)).strike(&crash.world, call, *fault);
        let told = format!("{fault:?} at {call}\n{output:?}");
        assert_ne!(output.status.code(), Some(70), "{told}");
        // The person says it again, as long as it is held.
        for _ in 0..RUNS {
            if crash.held().is_empty() {
                break;
            }
            crash.run(&confirm(&code, more));
        }
        let resumed = crash.resumed(&told);
        assert_eq!((resumed, crash.held().len()), ([1, sent], 0), "{told}");
    }
    tell(&confirm("CODE", more), &calls, &chosen);
}

#[test]
fn a_preparation_that_is_struck_anywhere_can_be_made_again() {
    const PREPARE: &[&str] = &["prepare", "--session-key", HARMLESS, "--reason", "new model"];
    let clean = Crash::new();
    clean.recovers(RECOVER, "");
    let (output, calls) = run(PREPARE).calls(&clean.world);
    assert!(output.status.success(), "{output:?}");
    let chosen = chosen(&calls, &Fault::ALL);
    for (call, fault) in &chosen {
        let crash = Crash::new();
        crash.recovers(RECOVER, "");
        let output = run(PREPARE).strike(&crash.world, call, *fault);
        let told = format!("{fault:?} at {call}\n{output:?}");
        assert_ne!(output.status.code(), Some(70), "{told}");
        let again = crash.run(PREPARE);
        assert!(again.status.success(), "{again:?}\n{told}");
        // One checkpoint waits, whatever the first try left.
        let listed = crash.json(&["checkpoint", "list"]);
        let listed = listed["checkpoints"].as_array().unwrap();
        let waiting = listed.iter().filter(|one| one["consumed"] == Value::Bool(false)).count();
        assert_eq!(waiting, 1, "{listed:?}\n{told}");
    }
    tell(PREPARE, &calls, &chosen);
}

/// A task that is under way, and its id.
fn with_a_task() -> (Crash, String) {
    let crash = Crash::new();
    let start = ["task", "start", "--goal", "report", "--step", "a", "--timeout", "30m", "--estimate", "25m"];
    let started = crash.json(&[&start[..], &["--session-key", HARMLESS]].concat());
    let id = started["task_id"].as_str().unwrap_or_else(|| panic!("{started}")).to_owned();
    (crash, id)
}

#[test]
fn a_wait_that_is_struck_anywhere_leaves_one_wake() {
    fn wait(id: &str) -> [&str; 7] {
        ["task", "wait", id, "--reason", "timeout_recovery", "--in=5m", "--json"]
    }
    let (clean, id) = with_a_task();
    let (output, calls) = run(&wait(&id)).calls(&clean.world);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(clean.jobs(), [format!("smart-wake:{id}")]);
    let chosen = chosen(&calls, &Fault::ALL);
    for (call, fault) in &chosen {
        let (crash, id) = with_a_task();
        let output = run(&wait(&id)).strike(&crash.world, call, *fault);
        let told = format!("{fault:?} at {call}\n{output:?}");
        assert_ne!(output.status.code(), Some(70), "{told}");
        crash.recovers(&wait(&id), &told);
        assert_eq!(crash.jobs(), [format!("smart-wake:{id}")], "{told}");
        assert_eq!(crash.json(&["task", "show", &id])["task"]["status"], "waiting", "{told}");
    }
    tell(&wait("ID"), &calls, &chosen);
}

/// The seed's list of what to send, of a checkpoint that names the harmless session.
fn with_a_list() -> (Crash, String) {
    let crash = Crash::new();
    let block = format!(
        "# Restart checkpoint\n\n## {HARMLESS}\n- Goal: read\n- Next: read the notes\n- Blockers: none\n"
    );
    let written = (Utc::now() - TimeDelta::minutes(1)).format("%Y-%m-%d/%H%M%S").to_string();
    crash.world.checkpoint(&written, &block);
    let out = |name: &str| crash.world.workspace(name).display().to_string();
    let (actions, verified) = (out("actions.json"), out("verified.json"));
    let output = crash.run(&["actions"]);
    std::fs::write(&actions, &output.stdout).unwrap();
    let output = crash.run(&["verify", &actions, &verified]);
    assert!(output.status.success(), "{output:?}");
    (crash, verified)
}

#[test]
fn a_list_that_is_struck_anywhere_is_sent_once() {
    let (clean, list) = with_a_list();
    let (output, calls) = run(&["execute", &list, "--send"]).calls(&clean.world);
    assert!(output.status.success(), "{output:?}");
    assert_eq!(clean.resumed(""), [1, 0], "{output:?}");
    let chosen = chosen(&calls, &Fault::ALL);
    for (call, fault) in &chosen {
        let (crash, list) = with_a_list();
        let args = ["execute", &list, "--send"];
        let output = run(&args).strike(&crash.world, call, *fault);
        let told = format!("{fault:?} at {call}\n{output:?}");
        assert_ne!(output.status.code(), Some(70), "{told}");
        crash.recovers(&args, &told);
        assert_eq!(crash.resumed(&told)[0] + usize::from(!crash.held().is_empty()), 1, "{told}");
    }
    tell(&["execute", "LIST", "--send"], &calls, &chosen);
}
