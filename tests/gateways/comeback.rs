//! The program under test, run beside a gateway.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;

use crate::harness::World;
use crate::harness::gateway::Gateway;
use crate::harness::process::run_bounded;

/// No command takes longer, also where it waits for a gateway that starts.
const BOUND: Duration = Duration::from_secs(120);

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
    let listed = call(gateway, "cron.list", r#"{"includeDisabled":true}"#);
    let jobs = listed["jobs"].as_array().cloned().unwrap_or_default();
    jobs.into_iter().filter(|job| job["name"] == "restart-recovery").collect()
}

/// What the operator does on the command line: `openclaw gateway call`.
pub fn call(gateway: &Gateway, method: &str, params: &str) -> Value {
    let output = gateway.cli(["gateway", "call", method, "--params", params, "--json"]);
    let text = String::from_utf8_lossy(&output.stdout);
    let start = text.find('{').unwrap_or_else(|| panic!("no answer to {method}: {output:?}"));
    serde_json::Deserializer::from_str(&text[start..]).into_iter().next().unwrap().unwrap()
}
