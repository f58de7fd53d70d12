//! Errors, and what holds for every command

use std::fs::File;
use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::json;

use crate::world::{CALLER, World, put};

#[test]
fn with_json_an_error_is_an_object_on_stdout() {
    let world = World::new();
    assert_snapshot!(world.run(&["checkpoint", "show", "--json"]), @r#"
    exit 1
    --- stdout
    {
      "schema": "comeback.error.v1",
      "error": {
        "kind": "user",
        "message": "No checkpoint file found below [HOME]/.openclaw/workspace/memory/restart-checkpoints",
        "hints": [
          "`comeback prepare` and `comeback checkpoint build` write one"
        ]
      }
    }
    "#);
    assert_snapshot!(world.run(&["recover", "--trigger", "moon", "--json"]), @r#"
    exit 2
    --- stdout
    {
      "schema": "comeback.error.v1",
      "error": {
        "kind": "usage",
        "message": "invalid value 'moon' for '--trigger <TRIGGER>'\n  [possible values: startup, wake, job, manual]\n\nFor more information, try '--help'.",
        "hints": []
      }
    }
    "#);
    assert_snapshot!(world.run(&["--json", "restart"]), @r#"
    exit 2
    --- stdout
    {
      "schema": "comeback.error.v1",
      "error": {
        "kind": "usage",
        "message": "unrecognized subcommand 'restart'\n\n  tip: a similar subcommand exists: 'prepare'\n\nUsage: comeback [OPTIONS] <COMMAND>\n\nFor more information, try '--help'.",
        "hints": []
      }
    }
    "#);
    let unreachable = world.json(7, &["prepare", "--offline", "--session-key", CALLER, "--reason", "r"]);
    assert_eq!(unreachable["error"]["kind"], "gateway");
    put(&world.state("openclaw.json"), "{");
    assert_eq!(world.json(1, &["status"])["error"]["kind"], "config");
}

#[test]
fn a_missing_command_is_a_usage_error() {
    let text = World::new().run(&[]);
    assert!(text.starts_with("exit 2\n--- stderr\n"), "{text}");
}

#[test]
fn global_flags_stand_before_and_after_the_command() {
    let world = World::new();
    let elsewhere = world.home().join("elsewhere");
    put(&elsewhere.join("NOW.md"), "## Active Tasks\n- theirs\n");
    let elsewhere = elsewhere.to_str().unwrap();
    for args in [
        ["--workspace", elsewhere, "--json", "now", "show"],
        ["now", "--workspace", elsewhere, "show", "--json"],
        ["now", "show", "--json", "--workspace", elsewhere],
    ] {
        let output = world.command(&args).output().unwrap();
        let now: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(now["activeTasks"], json!(["theirs"]), "{args:?}");
    }
}

#[test]
fn the_state_directory_is_named_by_a_flag_a_variable_or_the_home() {
    let world = World::new();
    assert_snapshot!(world.run(&["status", "--state-dir", "none"]), @r"
    exit 1
    --- stderr
    error: there is no state directory none
    hint: --state-dir or OPENCLAW_STATE_DIR names it; `openclaw gateway status` shows the gateway's
    ");
    let ledger = r#"{"v":1,"at":"2026-11-20T11:00:00Z","event":{"kind":"recovery","checkpoint":null,"boot":null,"trigger":"job","outcome":"nothing"}}"#;
    put(&world.home().join("other/comeback/ledger.jsonl"), ledger);
    let told = |command: &mut assert_cmd::Command| {
        String::from_utf8(command.output().unwrap().stdout).unwrap().contains("by the recovery job")
    };
    assert!(told(&mut world.command(&["status", "--state-dir", "other"])));
    assert!(told(&mut world.command(&["status", "--state-dir", "~/other"])));
    assert!(told(world.command(&["status"]).env("OPENCLAW_STATE_DIR", "other")));
    assert!(!told(world.command(&["status", "--state-dir", ".openclaw"]).env("OPENCLAW_STATE_DIR", "other")));
    world.command(&["status"]).env("OPENCLAW_STATE_DIR", "").assert().success();
}

#[test]
fn a_reader_that_goes_away_has_had_what_it_wanted() {
    let world = World::new();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut command = world.std_command(env!("CARGO_BIN_EXE_comeback"), &["--help"]);
    let output = command.stdout(writer).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_eq!(world.show(&output), "exit 0");
}

#[test]
fn output_that_cannot_be_written_is_an_error() {
    let world = World::new();
    let Ok(full) = File::options().write(true).open("/dev/full") else { return };
    let mut command = world.std_command(env!("CARGO_BIN_EXE_comeback"), &["status"]);
    let output = command.stdout(full).stderr(Stdio::piped()).spawn().unwrap().wait_with_output().unwrap();
    assert_snapshot!(world.show(&output), @r"
    exit 1
    --- stderr
    error: cannot write to stdout: No space left on device (os error 28)
    ");
}
