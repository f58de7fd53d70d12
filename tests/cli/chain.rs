//! `comeback plan / actions / verify / execute`: the steps of restart-task-recovery, and its faults, mended

use std::fs;

use insta::assert_snapshot;
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{World, put};

mod broken;
mod mended;

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
    assert_snapshot!(world.run(&["verify", "actions.json", "verified.json"]), @r#"
    exit 0
    --- stdout
    {
      "schema": "comeback.verify.v1",
      "generatedAt": "2026-11-20T12:00:00Z",
      "source": "actions.json",
      "checkpoint": "memory/restart-checkpoints/2026-03-09/162200.md",
      "count": 2,
      "verified": [
        {
          "sessionKey": "agent:engineer:main",
          "message": "Publish acceptance summary",
          "risk": "normal",
          "requiresManualConfirm": false,
          "decision": "send",
          "reason": "Safe to resume",
          "rule": "own-user",
          "detail": "It tells the session's own user something."
        },
        {
          "sessionKey": "agent:research:main",
          "message": "Retry write results to report",
          "risk": "high",
          "requiresManualConfirm": true,
          "decision": "hold",
          "reason": "Potential non-idempotent external write",
          "rule": "retry",
          "detail": "It repeats something that may already have happened outside."
        }
      ]
    }
    --- stderr
    warning: the checkpoint "memory/restart-checkpoints/2026-03-09/162200.md", which the file names, is not there, or not inside of [HOME]/.openclaw/workspace or [HOME]/.openclaw; the messages alone decide
    "#);
    assert_snapshot!(world.run(&["execute", "verified.json"]), @r#"
    exit 0
    --- stdout
    {
      "schema": "comeback.execute.v1",
      "sendCount": 1,
      "holdCount": 1,
      "sendActions": [
        {
          "tool": "sessions_send",
          "params": {
            "sessionKey": "agent:engineer:main",
            "message": "Publish acceptance summary"
          }
        }
      ],
      "holdForManualConfirm": [
        {
          "sessionKey": "agent:research:main",
          "reason": "Potential non-idempotent external write",
          "message": "Retry write results to report",
          "rule": "retry",
          "detail": "It repeats something that may already have happened outside.",
          "code": null
        }
      ],
      "handled": []
    }
    --- stderr
    warning: the checkpoint "memory/restart-checkpoints/2026-03-09/162200.md", which the file names, is not there, or not inside of [HOME]/.openclaw/workspace or [HOME]/.openclaw; the messages alone decide
    "#);
    assert_eq!(world.files(), ["actions.json 644", "verified.json"], "what is written is private");
}

#[test]
fn the_whole_pipe() {
    let world = World::new();
    let stdout = |args: &[&str], stdin: &str| {
        let output = world.command(args).write_stdin(stdin).output().unwrap();
        assert!(output.status.success() && output.stderr.is_empty(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    };
    let checkpoint = stdout(&["checkpoint", "build", "--dry-run"], SNAPSHOT);
    assert_snapshot!(stdout(&["plan", "-"], &checkpoint), @r#"
    {
      "schema": "comeback.plan.v1",
      "count": 2,
      "items": [
        {
          "sessionKey": "agent:engineer:main",
          "agent": "engineer",
          "goal": "完成回归验证",
          "resumeMessage": "Continue where you left off. Last completed: 401/幂等/时区/保留用例通过. Next: 发布最终验收摘要."
        },
        {
          "sessionKey": "agent:research:main",
          "agent": "research",
          "goal": "Compare the three offers",
          "resumeMessage": "Continue where you left off. Last completed: created branch. Next: Read the second offer."
        }
      ]
    }
    "#);
    let actions = stdout(&["actions", "-"], &checkpoint);
    assert_snapshot!(actions, @r#"
    {
      "schema": "comeback.actions.v1",
      "generatedAt": "2026-11-20T12:00:00Z",
      "checkpoint": "-",
      "count": 2,
      "actions": [
        {
          "tool": "sessions_send",
          "params": {
            "sessionKey": "agent:engineer:main",
            "message": "Continue where you left off. Last completed: 401/幂等/时区/保留用例通过. Next: 发布最终验收摘要."
          },
          "nextStep": "发布最终验收摘要",
          "blockers": "无"
        },
        {
          "tool": "sessions_send",
          "params": {
            "sessionKey": "agent:research:main",
            "message": "Continue where you left off. Last completed: created branch. Next: Read the second offer."
          },
          "nextStep": "Read the second offer",
          "blockers": "none"
        }
      ]
    }
    "#);
    let verified = stdout(&["verify", "-"], &actions);
    assert_snapshot!(stdout(&["execute", "-"], &verified), @r#"
    {
      "schema": "comeback.execute.v1",
      "sendCount": 2,
      "holdCount": 0,
      "sendActions": [
        {
          "tool": "sessions_send",
          "params": {
            "sessionKey": "agent:engineer:main",
            "message": "Continue where you left off. Last completed: 401/幂等/时区/保留用例通过. Next: 发布最终验收摘要."
          }
        },
        {
          "tool": "sessions_send",
          "params": {
            "sessionKey": "agent:research:main",
            "message": "Continue where you left off. Last completed: created branch. Next: Read the second offer."
          }
        }
      ],
      "holdForManualConfirm": [],
      "handled": []
    }
    "#);
    assert!(world.files().is_empty());
}

#[test]
fn its_documented_examples_come_out_field_by_field() {
    let world = World::new();
    let build = ["checkpoint", "build", SEED_PATH, "--now", "2026-03-09T16:22:00Z"];
    let mut command = world.command(&build);
    command.current_dir(world.workspace("")).write_stdin(SNAPSHOT).assert().success();
    let written = fs::read_to_string(world.workspace(SEED_PATH)).unwrap();
    assert_eq!(written.split_once("---\n\n").unwrap().1, CHECKPOINT, "below our front matter");

    let messages = json(ACTIONS)["actions"].clone();
    let message = |n: usize| messages[n]["params"]["message"].clone();
    let plan = of_the_seed(run(&world, &["plan", SEED_PATH], ""), &["schema"]);
    assert_eq!(
        plan,
        json!({"count": 2, "items": [
            {"sessionKey": "agent:engineer:main", "agent": "engineer", "goal": "完成回归验证", "resumeMessage": message(0)},
            {"sessionKey": "agent:research:main", "agent": "research", "goal": "Compare the three offers", "resumeMessage": message(1)},
        ]})
    );
    let added = ["schema", "generatedAt", "nextStep", "blockers"];
    let named = of_the_seed(run(&world, &["actions", SEED_PATH], ""), &added);
    assert_eq!(named, of_the_seed(json(ACTIONS), &added));
    let mut newest = of_the_seed(run(&world, &["actions"], ""), &added);
    assert_eq!(newest["checkpoint"].take(), world.workspace(SEED_PATH).to_str().unwrap());
    assert_eq!(newest["actions"], named["actions"]);

    let send = |n: usize, key| {
        json!({"sessionKey": key, "message": message(n), "risk": "normal", "requiresManualConfirm": false,
            "decision": "send", "reason": "Safe to resume"})
    };
    let verified = run(&world, &["verify", "-", "verified.json"], ACTIONS);
    assert_eq!(
        of_the_seed(verified, &["schema", "generatedAt", "checkpoint", "rule", "detail"]),
        json!({"source": "-", "count": 2, "verified": [send(0, "agent:engineer:main"), send(1, "agent:research:main")]})
    );
    let execution = of_the_seed(run(&world, &["execute", "verified.json"], ""), &["schema", "handled"]);
    assert_eq!(
        execution,
        json!({"sendCount": 2, "holdCount": 0, "sendActions": messages, "holdForManualConfirm": []})
    );
}

#[test]
fn the_seeds_files_go_on_in_our_commands() {
    let world = seeded();
    assert_eq!(run(&world, &["actions", SEED_PATH], "")["count"], 2);
    assert_eq!(
        decisions(&run(&world, &["verify", "-"], ACTIONS)),
        ["agent:engineer:main send own-user", "agent:research:main send ordinary-work"]
    );
    let execution = of_the_seed(run(&world, &["execute", "-"], VERIFIED), &["schema", "handled"]);
    let (sent, held) = (json(ACTIONS)["actions"][0].clone(), &json(VERIFIED)["verified"][1]);
    assert_eq!(
        of_the_seed(execution, &["rule", "detail", "code"]),
        json!({"sendCount": 1, "holdCount": 1, "sendActions": [sent], "holdForManualConfirm":
            [{"sessionKey": held["sessionKey"], "reason": held["reason"], "message": held["message"]}]})
    );
    assert_eq!(fs::read_to_string(world.workspace(SEED_PATH)).unwrap(), CHECKPOINT, "nothing was changed");
}

#[test]
fn the_template_has_deeper_headings_and_may_leave_the_message_out() {
    let world = World::new();
    let plan = run(&world, &["plan", "-"], TEMPLATE);
    assert_snapshot!(serde_json::to_string_pretty(&plan["items"]).unwrap(), @r#"
    [
      {
        "agent": "engineer",
        "goal": "完成回归验证",
        "resumeMessage": "Continue where you left off. Last completed: 单元测试通过. Next: 发布最终验收摘要.",
        "sessionKey": "agent:engineer:main"
      },
      {
        "agent": "main",
        "goal": "Finish the regression run",
        "resumeMessage": "First verify current state/results, then proceed.",
        "sessionKey": "global"
      }
    ]
    "#);
}

#[test]
fn a_hand_that_edits_the_file_lifts_no_hold() {
    let verified = json!({"verified": [
        {"sessionKey": "agent:a:main", "message": "git push --force", "risk": "normal", "decision": "send"},
        {"sessionKey": "agent:b:main", "message": "run the tests", "decision": "send"},
        {"sessionKey": "agent:b:main", "message": "run the linter", "decision": "send"}]});
    let execution = run(&World::new(), &["execute", "-"], &verified.to_string());
    let held = execution["holdForManualConfirm"].as_array().unwrap();
    let rules: Vec<_> = held.iter().map(|one| one["rule"].as_str().unwrap()).collect();
    assert_eq!((rules, &execution["sendCount"]), (vec!["git-push", "named-twice", "named-twice"], &json!(0)));
}
