//! `comeback prepare`, while no gateway answers

use std::fs;

use insta::assert_snapshot;

use crate::world::{CALLER, World, put};

const ARGS: [&str; 8] =
    ["prepare", "--offline", "--session-key", CALLER, "--reason", "new model", "--after", "greet the user"];

fn with<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&ARGS[..], more].concat()
}

#[test]
fn with_tool_calls_it_writes_the_files_and_names_the_calls() {
    let world = World::new();
    assert_snapshot!(world.run(&with(&["--tool-calls"])), @r#"
    exit 0
    --- stdout
    Checkpoint [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/120000.md saved.
    Call now: cron {"action":"add","job":{"agentId":"main","deleteAfterRun":true,"delivery":{"mode":"none"},"enabled":true,"name":"restart-recovery","payload":{"kind":"agentTurn","message":"The gateway may have restarted, and work may be waiting. Run exactly this command, once, through exec, with yieldMs 120000:\n\n```\ncomeback recover --trigger job\n```\n\nThen do what it prints, and nothing else. If it says that there is nothing to do, answer NO_REPLY."},"schedule":{"at":"2026-11-20T12:01:00Z","kind":"at"},"sessionKey":"agent:main:telegram:direct:77","sessionTarget":"session:agent:main:telegram:direct:77","wakeMode":"now"}}
    Restart with this call, then end your turn; you will be woken afterwards:
    gateway {"action":"restart","note":"new model","reason":"new model"}
    --- stderr
    warning: the gateway is needed, and --offline forbids to contact it
    warning: nobody has checked that the configuration would start: there is no `openclaw` on the path
    "#);
    assert_eq!(
        world.files(),
        [
            ".openclaw/comeback/ledger.jsonl",
            ".openclaw/comeback/lock",
            ".openclaw/workspace/NOW.md",
            ".openclaw/workspace/memory/restart-checkpoints/2026-11-20/120000.md",
        ],
        "each of them private"
    );
    assert_eq!(world.ledger(), ["prepared"]);
    assert_snapshot!(world.run(&["now", "show"]), @r"
    exit 0
    --- stdout
    # NOW.md - Current State Snapshot

    ## Last Updated
    - **Time**: 2026-11-20T12:00:00Z
    - **Session**: agent:main:telegram:direct:77
    - **Status**: Restarting the gateway: new model

    ## Active Tasks
    - none

    ## Recent Context
    - none

    ## Post-Restart Action
    - greet the user
    ");
    assert_snapshot!(world.run(&["checkpoint", "show"]), @r"
    exit 0
    --- stdout
    [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/120000.md

    agent:main:telegram:direct:77
      goal       new model
      last done  prepared the restart: new model
      next       greet the user
      blockers   none
    ");
}

#[test]
fn with_tool_calls_the_products_own_command_judges_the_configuration() {
    let world = World::new();
    let path = format!("{}/tests/data:/usr/bin:/bin", env!("CARGO_MANIFEST_DIR"));
    let prepare = |body: &str| {
        put(&world.state("fake.sh"), body);
        let mut command = world.command(&with(&["--tool-calls", "--dry-run"]));
        world.show(&command.env("PATH", &path).output().unwrap())
    };
    assert_snapshot!(prepare("echo 'gateway.port: expected a number' >&2; exit 1"), @r"
    exit 8
    --- stderr
    error: the configuration would not start, or cannot be checked: `openclaw config validate` failed (exit status: 1): gateway.port: expected a number
    hint: mend it, then prepare again
    ");
    let fine = prepare("[ \"$*\" = 'config validate' ]");
    assert!(fine.starts_with("exit 0") && !fine.contains("nobody has checked"), "{fine}");
}

#[test]
fn a_workspace_that_the_way_back_does_not_know_is_refused() {
    let world = World::new();
    fs::create_dir(world.home().join("elsewhere")).unwrap();
    assert_snapshot!(world.run(&with(&["--tool-calls", "--workspace", "elsewhere"])), @r"
    exit 8
    --- stderr
    error: no way back: the recovery looks for the checkpoint in [HOME]/.openclaw/workspace, and this run would write it to [HOME]/elsewhere
    hint: leave --workspace out, or have the operator set agents.defaults.workspace
    ");
    assert!(world.files().is_empty());
}

#[test]
fn a_session_of_which_nobody_can_tell_whose_it_is_is_refused() {
    let world = World::new();
    let settings =
        r#"{"session": {"scope": "global"}, "agents": {"list": [{"id": "main"}, {"id": "work"}]}}"#;
    put(&world.state("openclaw.json"), settings);
    let before = world.files();
    let prepare = |key| world.run(&["prepare", "--session-key", key, "--reason", "update", "--tool-calls"]);
    assert_snapshot!(prepare("global"), @r#"
    exit 8
    --- stderr
    error: no way back: with session.scope "global" and several agents nobody can tell whose session global is
    hint: the agent main names its session agent:main:main; for any other, have the operator set session.scope to per-sender
    "#);
    assert_eq!(prepare("agent:work:main").replace("agent:work:main", "global"), prepare("global"));
    assert_eq!(world.files(), before);
    assert!(prepare("agent:main:main").starts_with("exit 0"));
}

#[test]
fn from_2026_8_on_the_tools_have_other_names() {
    let world = World::new();
    put(&world.state("agents/main/agent/openclaw-agent.sqlite"), "");
    let prepared = world.json(0, &with(&["--tool-calls", "--delay", "5m"]));
    assert_eq!(prepared["calls"][0]["tool"], "automations");
    assert_eq!(prepared["calls"][0]["params"]["job"]["schedule"]["at"], "2026-11-20T12:05:00Z");
    assert_eq!(prepared["restart"]["call"]["tool"], "openclaw");
}

#[test]
fn without_them_nothing_is_written() {
    let world = World::new();
    assert_snapshot!(world.run(&ARGS), @r"
    exit 7
    --- stderr
    error: the gateway is needed, and --offline forbids to contact it
    hint: add --tool-calls to make the calls yourself
    ");
    assert!(world.files().is_empty());
}

#[test]
fn other_sessions_come_on_stdin() {
    let world = World::new();
    let other = r#"{"sessions":[{"sessionKey":"agent:main:telegram:direct:78","goal":"weekly report"}]}"#;
    let text = world.pipe(&with(&["--tool-calls", "-"]), other);
    assert!(text.starts_with("exit 0"), "{text}");
    let shown = world.json(0, &["checkpoint", "show"]);
    let keys: Vec<_> = shown["sessions"].as_array().unwrap().iter().map(|one| &one["sessionKey"]).collect();
    assert_eq!(keys, [CALLER, "agent:main:telegram:direct:78"]);
    assert_snapshot!(world.pipe(&with(&["--tool-calls", "-"]), ""), @r#"
    exit 2
    --- stderr
    error: stdin is empty: a session snapshot is expected
    hint: pipe in JSON or YAML, such as {"sessions":[{"sessionKey":"agent:main:main","goal":"…"}]}
    "#);
}

#[test]
fn a_dry_run_names_the_calls_and_writes_nothing() {
    let world = World::new();
    let prepared = world.json(0, &with(&["--tool-calls", "--dry-run"]));
    assert_eq!((&prepared["dryRun"], &prepared["calls"][0]["tool"]), (&true.into(), &"cron".into()));
    assert!(world.files().is_empty());
}

#[test]
fn secrets_go_nowhere() {
    let world = World::new();
    let secret = "sk-abcdefghijklmnopqrstuvwxyz0123456789";
    let reason = format!("rotate {secret}");
    let args = [
        "prepare",
        "--offline",
        "--tool-calls",
        "--session-key",
        CALLER,
        "--reason",
        &reason,
        "--task",
        &reason,
    ];
    assert!(!world.run(&args).contains(secret));
    for file in world.files() {
        assert!(!fs::read_to_string(world.home().join(&file)).unwrap().contains(secret), "{file}");
    }
}

#[test]
fn a_configuration_that_does_not_parse_is_a_refusal() {
    let world = World::new();
    put(&world.state("openclaw.json"), "{\n  gateway: {port: }\n}\n");
    let before = world.files();
    let text = world.run(&with(&["--tool-calls"]));
    assert!(!text.contains("Restart with"), "{text}");
    assert_snapshot!(text, @r"
    exit 8
    --- stderr
    error: cannot parse [HOME]/.openclaw/openclaw.json, line 2, column 19: expected value
    hint: `openclaw doctor` shows what is wrong; the gateway does not start with this file either
    hint: do not restart: mend it first, then prepare again
    ");
    assert_eq!(world.files(), before);
}

#[test]
fn a_policy_that_switches_off_is_a_refusal() {
    let world = World::new();
    put(&world.state("comeback/config.yaml"), "enabled: false\n");
    assert_snapshot!(world.run(&with(&["--tool-calls"])), @r"
    exit 8
    --- stderr
    error: the policy has switched comeback off (enabled: false)
    hint: nothing would bring the work back: ask the operator to restart, or to set enabled in [HOME]/.openclaw/comeback/config.yaml or [HOME]/.openclaw/workspace/comeback.yaml
    ");
}

#[test]
fn a_workspace_that_takes_no_files_names_no_restart() {
    let world = World::new();
    put(&world.workspace("memory"), "a file in place of the folder");
    assert_snapshot!(world.run(&with(&["--tool-calls"])), @r"
    exit 1
    --- stderr
    error: cannot make the folder [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20: Not a directory (os error 20)
    hint: do not restart before prepare has succeeded
    ");
    assert!(world.ledger().is_empty());
    assert!(!world.workspace("NOW.md").exists());
}

#[test]
fn a_snapshot_that_cannot_be_written_takes_the_checkpoint_along() {
    let world = World::new();
    fs::create_dir(world.workspace("NOW.md")).unwrap();
    let text = world.run(&with(&["--tool-calls"]));
    assert!(text.starts_with("exit 1") && text.contains("NOW.md"), "{text}");
    assert!(world.run(&["checkpoint", "list"]).contains("No checkpoints"));
}

#[test]
fn a_full_disk_names_no_restart() {
    let world = World::new();
    let script = format!("trap '' XFSZ; ulimit -f 0; exec {} \"$@\"", env!("CARGO_BIN_EXE_comeback"));
    let args = [&["-c", &script, "sh"][..], &with(&["--tool-calls"])].concat();
    let text = world.show(&world.std_command("/bin/sh", &args).output().unwrap());
    assert!(!text.contains("Restart with"), "{text}");
    assert!(
        text.starts_with("exit 1\n--- stderr\nerror: cannot write [HOME]/.openclaw/workspace/memory/"),
        "{text}"
    );
    assert!(world.ledger().is_empty());
    assert!(world.run(&["checkpoint", "list"]).contains("No checkpoints"));
}

#[test]
fn a_second_one_takes_the_place_of_the_first() {
    let world = World::new();
    world.command(&with(&["--tool-calls"])).assert().success();
    let prepared = world.json(0, &with(&["--tool-calls"]));
    assert!(prepared["checkpoint"]["path"].as_str().unwrap().ends_with("120000-2.md"), "{prepared}");
    assert_eq!(world.json(0, &["status"])["pending"]["path"], prepared["checkpoint"]["path"]);
}

#[test]
fn keys_of_every_form_are_taken() {
    for key in
        ["agent:main:main", "global", "hook:github", "unknown", "agent:研究:telegram:group:-1001:topic:5"]
    {
        let world = World::new();
        let args = ["prepare", "--offline", "--tool-calls", "--reason", "r", "--session-key", key];
        let prepared = world.json(0, &args);
        assert_eq!(prepared["calls"][0]["params"]["job"]["sessionKey"], key);
        let shown = world.json(0, &["checkpoint", "show"]);
        assert_eq!(shown["sessions"][0]["sessionKey"], key);
    }
    let wrong = ["prepare", "--offline", "--reason", "r", "--session-key", "two\nlines"];
    assert_snapshot!(World::new().run(&wrong), @r#"
    exit 2
    --- stderr
    error: invalid value 'two
    lines' for '--session-key <KEY>': "two\nlines" is no session key: 1 to 512 bytes on one line are expected

    For more information, try '--help'.
    "#);
}

#[test]
fn a_delay_without_a_unit_and_contradicting_flags_are_usage_errors() {
    let world = World::new();
    assert_snapshot!(world.run(&with(&["--delay", "soon"])), @r#"
    exit 2
    --- stderr
    error: invalid value 'soon' for '--delay <DURATION>': "soon" is no duration: expected a number and a unit, such as 90s, 5m or 2h

    For more information, try '--help'.
    "#);
    assert_snapshot!(world.run(&with(&["--restart", "--tool-calls"])), @r"
    exit 2
    --- stderr
    error: the argument '--restart' cannot be used with '--tool-calls'

    Usage: comeback prepare --session-key <KEY> --reason <TEXT> --offline --after <TEXT> --restart --now <RFC 3339> [-]

    For more information, try '--help'.
    ");
}
