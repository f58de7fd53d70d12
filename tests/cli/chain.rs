//! `comeback plan / actions / verify / execute`: the steps of restart-task-recovery, and its faults, mended

use std::fs;

use insta::assert_snapshot;
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{World, put};

/// The seed's files, as its scripts write them; frozen.
const SNAPSHOT: &str = include_str!("../fixtures/seed/snapshot.json");
const CHECKPOINT: &str = include_str!("../fixtures/seed/checkpoint.md");
const TEMPLATE: &str = include_str!("../fixtures/seed/checkpoint-template.md");
const ACTIONS: &str = include_str!("../fixtures/seed/actions.json");
const VERIFIED: &str = include_str!("../fixtures/seed/verified.json");
const SMOKE: &str = include_str!("../fixtures/seed/smoke.json");

/// The seed's own checkpoint is of 16:22.
const AFTERWARDS: &str = "2026-03-09T16:24:00Z";
const SEED_NAME: &str = "2026-03-09/162200";
const SEED_PATH: &str = "memory/restart-checkpoints/2026-03-09/162200.md";

/// A world in which the seed has written its checkpoint.
fn seeded() -> World {
    let world = World::new();
    world.checkpoint(SEED_NAME, CHECKPOINT);
    world
}

/// Runs a command in the workspace, where the seed's scripts run, shortly after the checkpoint; returns its JSON.
fn run(world: &World, args: &[&str], stdin: &str) -> Value {
    let mut command = world.command(args);
    command.current_dir(world.workspace("")).args(["--now", AFTERWARDS]).write_stdin(stdin);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{args:?}: {output:?}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Takes away what the seed does not have, so that the rest can be compared whole.
fn of_the_seed(mut value: Value, added: &[&str]) -> Value {
    match &mut value {
        Value::Object(fields) => {
            fields.retain(|name, _| !added.contains(&name.as_str()));
            fields.values_mut().for_each(|field| *field = of_the_seed(field.take(), added));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = of_the_seed(item.take(), added)),
        _ => {}
    }
    value
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

/// The sessions that `verify` has decided about, each with its rule.
fn decisions(verified: &Value) -> Vec<String> {
    let line =
        |one: &Value| format!("{} {} {}", one["sessionKey"], one["decision"], one["rule"]).replace('"', "");
    verified["verified"].as_array().unwrap().iter().map(line).collect()
}

/// A file of actions, each a session with a message.
fn actions(checkpoint: &str, messages: &[(&str, &str)]) -> String {
    let action = |(key, message): &(&str, &str)| json!({"tool": "sessions_send", "params": {"sessionKey": key, "message": message}});
    let actions: Vec<Value> = messages.iter().map(action).collect();
    json!({"generatedAt": "2026-03-09T16:24:00", "checkpoint": checkpoint, "count": actions.len(), "actions": actions})
        .to_string()
}

#[test]
fn the_smoke_test_has_one_send_and_one_hold() {
    let world = World::new();
    put(&world.home().join("actions.json"), SMOKE);
    assert_snapshot!(world.run(&["verify", "actions.json", "verified.json"]), @"");
    assert_snapshot!(world.run(&["execute", "verified.json"]), @"");
    assert_eq!(world.files(), ["actions.json 644", "verified.json"], "what is written is private");
}

#[test]
fn the_whole_pipe() {
    let world = World::new();
    assert_snapshot!(world.pipe(&["checkpoint", "build"], SNAPSHOT), @"");
    let actions = world.run(&["actions"]);
    assert_snapshot!(actions, @"");
    let (_, actions) = actions.split_once("--- stdout\n").unwrap();
    let verified = world.json(0, &["verify", "/dev/null"].map(|_| "status"));
    drop(verified);
    drop(actions);
}
