//! What the way back costs on real gateways, beside the gateway's own time for the same calls and beside its own command
//! line; docs/benchmarks.md holds what was measured.
//!
//! `scripts/fetch-openclaw.sh` installs the gateways; a scripted model answers at once.
#![expect(clippy::unwrap_used, reason = "a benchmark whose gateway does not run has failed")]

#[path = "../tests/gateways/comeback.rs"]
#[expect(dead_code, reason = "a kit: this takes what it needs")]
mod comeback;
#[path = "support/figures.rs"]
mod figures;
#[path = "../tests/gateways/harness/mod.rs"]
mod harness;

use std::fmt::Display;
use std::time::{Duration, Instant};

use ::comeback::gateway::{Access, Config, Gateway as Connection, Scopes};
use ::comeback::support::paths::Paths;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use figures::{median, shown};
use harness::World;
use harness::model::Reply;

/// So many dispatches go over one connection.
const MANY: usize = 50;
/// So often each of the rest is measured.
const TIMES: usize = 5;
/// The same of what needs a start of the gateway.
const STARTS: usize = 3;
const VERSIONS: [&str; 2] = ["2026.7.1", "2026.9.6"];
const SOON: Duration = Duration::from_secs(120);

fn main() {
    for version in VERSIONS {
        let mut world = World::started(version, |_| Reply::text("Noted."));
        open_sessions(&world);
        calls(&world);
        first_dispatch(&mut world);
        many_dispatches(&mut world);
    }
}

fn tell(version: &str, what: &str, figure: impl Display) {
    figures::tell(&format!("dispatch/{version}"), what, figure);
}

fn key(number: usize) -> String {
    format!("agent:main:telegram:direct:{}", 1_000 + number)
}

fn connect(world: &World) -> Connection {
    let environment = world.gateway.environment();
    let env = |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
    let config = Config::load(&world.gateway.state_dir(), &env).unwrap();
    let paths = Paths { state: world.gateway.tmp().join("operator"), workspace: world.gateway.workspace() };
    Connection::connect(&Access { paths: &paths, config: &config }, Scopes::TALK, SOON).unwrap()
}

/// A turn that nobody hears of.
fn ask(connection: &mut Connection, number: usize, message: &str, key_of_it: &str) {
    let params =
        json!({"sessionKey": key(number), "message": message, "idempotencyKey": key_of_it, "deliver": false});
    connection.call("agent", &params).unwrap();
}

/// Makes the sessions, each with a turn that has ended.
fn open_sessions(world: &World) {
    let mut connection = connect(world);
    for number in 0..MANY {
        ask(&mut connection, number, "please begin", &format!("begin-{number}"));
    }
    at_rest(world);
}

fn at_rest(world: &World) {
    harness::wait::until("all turns to end", SOON, || {
        let listed = comeback::call(&world.gateway, "sessions.list", &json!({"limit": 2 * MANY}));
        let sessions = listed["sessions"].as_array().unwrap();
        let ended = sessions.iter().filter(|row| row["status"] == "done" && row["hasActiveRun"] != true);
        (ended.count() >= MANY).then_some(())
    });
}

/// One call: over a connection of our own, and by the product's command.
fn calls(world: &World) {
    let params = json!({"limit": 1}).to_string();
    let own = (0..TIMES).map(|_| {
        let begun = Instant::now();
        connect(world).call("sessions.list", &json!({"limit": 1})).unwrap();
        begun.elapsed()
    });
    tell(world.gateway.version(), "one call, connection included", median(&mut own.collect::<Vec<_>>()));
    let product = (0..TIMES).map(|_| {
        let begun = Instant::now();
        let output = world.gateway.cli(["gateway", "call", "sessions.list", "--params", &params, "--json"]);
        assert!(output.status.success(), "{output:?}");
        begun.elapsed()
    });
    tell(world.gateway.version(), "openclaw gateway call", median(&mut product.collect::<Vec<_>>()));
}

/// Restarts the gateway with a checkpoint that names the first so many sessions, and recovers; returns the time of its
/// start, and the times of the intents and of the acceptances.
fn recover(world: &mut World, sessions: usize) -> (DateTime<Utc>, Vec<DateTime<Utc>>, Vec<DateTime<Utc>>) {
    let block = |number| json!({"sessionKey": key(number), "agentId": "main", "goal": "the report", "nextStep": "read the notes"});
    let blocks: Vec<Value> = (0..sessions).map(block).collect();
    let snapshot = world.gateway.tmp().join("snapshot.json");
    std::fs::write(&snapshot, json!({ "sessions": blocks }).to_string()).unwrap();
    let mut build = comeback::command(&world.gateway, &["checkpoint", "build"]);
    build.stdin(std::fs::File::open(snapshot).unwrap()).stdout(std::process::Stdio::null());
    assert!(build.status().unwrap().success());
    start_again(world);
    let lines = || {
        let path = world.gateway.state_dir().join("comeback/ledger.jsonl");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()).collect::<Vec<_>>()
    };
    let known = lines().len();
    let begun = Utc::now();
    comeback::json(&world.gateway, 0, &["recover"]);
    let new = lines().split_off(known);
    let times = |is: fn(&Value) -> bool| -> Vec<DateTime<Utc>> {
        let those = new.iter().filter(|record| is(&record["event"]));
        those.map(|record| record["at"].as_str().unwrap().parse().unwrap()).collect()
    };
    let intents = times(|event| event["kind"] == "intent" && event["effect"] == "resume");
    let accepted = times(|event| event["kind"] == "outcome" && event["outcome"] == "accepted");
    assert_eq!((intents.len(), accepted.len()), (sessions, sessions), "{new:#?}");
    at_rest(world);
    (begun, intents, accepted)
}

fn start_again(world: &mut World) {
    world.gateway.stop();
    world.gateway.start();
    world.gateway.wait_ready();
    drop(connect(world));
}

/// From the start of the program, on a gateway that answers, to the moment that its first turn was accepted; and what
/// the gateway takes by itself for its first turn after a start.
fn first_dispatch(world: &mut World) {
    let (mut ours, mut own) = (Vec::new(), Vec::new());
    for start in 0..STARTS {
        let (begun, _, accepted) = recover(world, 1);
        ours.push((accepted[0] - begun).to_std().unwrap());
        start_again(world);
        let begun = Instant::now();
        let mut connection = connect(world);
        look(&mut connection, 0);
        ask(&mut connection, 0, "please go on", &format!("first-{start}"));
        own.push(begun.elapsed());
        at_rest(world);
    }
    let version = world.gateway.version();
    tell(version, "connection and first turn by itself", median(&mut own));
    tell(version, "answers, then accepted", median(&mut ours));
}

/// The calls that come before a turn is sent.
fn look(connection: &mut Connection, number: usize) {
    connection.call("sessions.describe", &json!({ "key": key(number) })).unwrap();
    connection.call("chat.history", &json!({"sessionKey": key(number), "limit": 40})).unwrap();
}

/// All of them from the first intent to the last acceptance; then the same calls by themselves, to the same sessions.
fn many_dispatches(world: &mut World) {
    let (begun, intents, accepted) = recover(world, MANY);
    let ours = (accepted[MANY - 1] - intents[0]).to_std().unwrap();
    let message = "x".repeat(400);
    let mut connection = connect(world);
    let start = Instant::now();
    for number in 0..MANY {
        // The first look comes before the first intent.
        if number > 0 {
            look(&mut connection, number);
        }
        ask(&mut connection, number, &message, &format!("same-{number}"));
        if number + 1 < MANY {
            connection.call("sessions.describe", &json!({ "key": key(number) })).unwrap();
        }
    }
    let same = start.elapsed();
    at_rest(world);
    let version = world.gateway.version();
    tell(version, "the same calls by themselves", shown(same));
    tell(version, &format!("{MANY} dispatches"), shown(ours));
    let ratio = ours.as_secs_f64() / same.as_secs_f64();
    tell(version, "ratio", format!("{ratio:.2}"));
    let all = (accepted[MANY - 1] - begun).to_std().unwrap();
    tell(version, "from the program's start to the last acceptance", shown(all));
}
