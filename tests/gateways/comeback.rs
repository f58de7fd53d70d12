//! The program under test, run beside a gateway.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use ::comeback::gateway::{Access, Config, Gateway as Connection, Scopes};
use ::comeback::support::paths::Paths;
use serde_json::{Value, json};

use crate::harness::World;
use crate::harness::gateway::Gateway;
use crate::harness::process::run_bounded;

/// No command takes longer, also where it waits for a gateway that starts.
const BOUND: Duration = Duration::from_secs(360);

/// Puts the program on the PATH of the gateway's agents.
pub fn install(world: &World) {
    world.gateway.place_program("comeback", Path::new(env!("CARGO_BIN_EXE_comeback")));
}

/// A command of the program, in the gateway's environment.
pub fn command(gateway: &Gateway, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_comeback"));
    command.args(arguments).env_clear().envs(gateway.environment());
    command
}

/// Runs the program and returns what it printed and how it ended.
pub fn run(gateway: &Gateway, arguments: &[&str]) -> Output {
    bounded(gateway, command(gateway, arguments))
}

/// Runs any command beside the gateway.
pub fn bounded(gateway: &Gateway, command: Command) -> Output {
    run_bounded(command, &gateway.tmp(), BOUND)
}

/// Runs the program with `--json`, expects this exit code, and returns the object.
pub fn json(gateway: &Gateway, code: i32, arguments: &[&str]) -> Value {
    let output = run(gateway, &[arguments, &["--json"]].concat());
    assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
}

/// The lines of the ledger whose event is of this kind.
pub fn ledger(gateway: &Gateway, kind: &str) -> Vec<Value> {
    let text = fs::read_to_string(gateway.state_dir().join("comeback/ledger.jsonl")).unwrap_or_default();
    let records = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    records.map(|record| record["event"].clone()).filter(|event| event["kind"] == kind).collect()
}

/// The gateway's jobs of the recovery's name, disabled ones too.
pub fn jobs(gateway: &Gateway) -> Vec<Value> {
    let listed = call(gateway, "cron.list", &json!({"includeDisabled": true}));
    let jobs = listed["jobs"].as_array().cloned().unwrap_or_default();
    jobs.into_iter().filter(|job| job["name"] == "restart-recovery").collect()
}

/// What the operator does: calls the gateway with all rights, as a device of their own.
///
/// Not through `openclaw gateway call`: that takes seconds of a busy machine, and a fresh device of 2026.5.28 whose
/// first call only reads is refused every other one.
pub fn call(gateway: &Gateway, method: &str, params: &Value) -> Value {
    let environment = gateway.environment();
    let env = |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
    let config = Config::load(&gateway.state_dir(), &env).unwrap();
    let paths = Paths { state: gateway.tmp().join("operator"), workspace: gateway.workspace() };
    let access = Access { paths: &paths, config: &config };
    let mut connection = Connection::connect(&access, Scopes::ADMIN, BOUND).unwrap();
    connection.call(method, params).unwrap()
}
