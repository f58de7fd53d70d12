//! `comeback recover`, while no gateway answers

use std::fs::{self, File};

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::world::{CALLER, World, put};

const SEED: &str = include_str!("../fixtures/checkpoints/seed-level2.md");
const SNAPSHOT: &str = r#"{"sessions":[
    {"sessionKey":"agent:main:telegram:direct:78","goal":"report","nextStep":"run the tests","blockers":"none"},
    {"sessionKey":"agent:main:telegram:direct:79","goal":"clean up","nextStep":"delete the table","blockers":"none"},
    {"sessionKey":"agent:main:telegram:direct:80","goal":"wait","nextStep":"run the tests","blockers":"a key"},
    {"sessionKey":"agent:ops:main","goal":"watch","nextStep":"run the tests","blockers":"none"}]}"#;

fn prepared() -> World {
    let world = World::new();
    let args = ["prepare", "--offline", "--tool-calls", "--reason", "news", "--session-key", CALLER, "-"];
    world.command(&args).write_stdin(SNAPSHOT).assert().success();
    world
}

/// The sessions of the items, each with its state and rule.
fn items(report: &Value) -> Vec<String> {
    let line =
        |one: &Value| format!("{} {} {}", one["sessionKey"], one["state"], one["rule"]).replace('"', "");
    report["items"].as_array().unwrap().iter().map(line).collect()
}

fn called(report: &Value) -> Vec<&str> {
    report["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call["params"]["sessionKey"].as_str().unwrap())
        .collect()
}

#[test]
fn without_a_gateway_the_report_holds_the_calls() {
    let world = prepared();
    let checkpoint = world.workspace("memory/restart-checkpoints/2026-11-20/120000.md");
    let before = fs::read(&checkpoint).unwrap();
    let report = world.json(7, &["recover", "--offline"]);
    assert_eq!(report["outcome"], "unreachable");
    assert_snapshot!(items(&report).join("\n"), @r"
    agent:main:telegram:direct:77 due own-session
    agent:main:telegram:direct:78 due ordinary-work
    agent:main:telegram:direct:79 held deletion
    agent:main:telegram:direct:80 held blocked
    agent:ops:main held agent-to-agent
    ");
    assert_eq!(called(&report), [CALLER, "agent:main:telegram:direct:78"]);
    let call = &report["calls"][1];
    assert_eq!(call["tool"], "sessions_send");
    let item = &report["items"][1];
    assert_eq!(call["params"]["message"], item["message"]);
    assert!(item["message"].as_str().unwrap().contains(item["key"].as_str().unwrap()));
    assert_eq!(fs::read(&checkpoint).unwrap(), before, "the checkpoint stays open");
    assert_eq!(world.ledger(), ["prepared", "recovery"]);
    let text = world.run(&["recover", "--offline"]);
    let lines: Vec<_> = text.lines().filter(|line| !line.starts_with("Call: ")).collect();
    assert_snapshot!(lines.join("\n"), @r"
    exit 7
    --- stdout
    The gateway cannot be reached. Nothing was sent; the checkpoint stays open.
      due agent:main:telegram:direct:77: it asked for the restart
      due agent:main:telegram:direct:78: It is ordinary work that harms nothing twice.
      held [df5d0b] agent:main:telegram:direct:79: It may destroy data.
      held [368c8a] agent:main:telegram:direct:80: blocked: a key
      held [09fb64] agent:ops:main: tools.agentToAgent does not let the agents speak to each other
    --- stderr
    warning: the gateway is needed, and --offline forbids to contact it
    ");
}

#[test]
fn on_a_port_where_nobody_listens_the_error_says_what_to_do() {
    let world = prepared();
    // Port 1 is privileged, and nobody listens there.
    put(&world.state("openclaw.json"), r#"{gateway: {port: 1, auth: {mode: "none"}}}"#);
    let report = world.json(7, &["recover"]);
    assert_eq!(report["outcome"], "unreachable");
    insta::with_settings!({filters => [(r"os error \d+", "os error [N]")]}, {
        assert_snapshot!(serde_json::to_string_pretty(&report["warnings"]).unwrap(), @r#"
        [
          "no gateway answers on port 1 of this machine: Connection refused (os error [N])",
          "`openclaw gateway status` shows whether it runs, `openclaw gateway start` starts it",
          "the port is gateway.port of openclaw.json, or OPENCLAW_GATEWAY_PORT"
        ]
        "#);
    });
}

#[test]
fn the_woken_session_is_told_and_not_called() {
    let world = prepared();
    let report = world.json(7, &["recover", "--offline", "--trigger", "job"]);
    assert_eq!(called(&report), ["agent:main:telegram:direct:78"]);
    assert!(report["own"].as_str().unwrap().starts_with("You restarted the gateway"), "{report}");
    assert_eq!(items(&report)[0], format!("{CALLER} due own-session"));
}

#[test]
fn later_nobody_attends_and_after_half_a_day_it_is_stale() {
    let world = prepared();
    let at =
        |now| world.json(7, &["recover", "--offline", "--dry-run", "--trigger", "startup", "--now", now]);
    assert_eq!(called(&at("2026-11-20T12:10:00Z")), [CALLER, "agent:main:telegram:direct:78"]);
    let later = at("2026-11-20T12:20:00Z");
    assert_eq!(called(&later), [CALLER]);
    assert_eq!(items(&later)[1], "agent:main:telegram:direct:78 held unattended");
    let stale = at("2026-11-21T12:00:00Z");
    assert!(called(&stale).is_empty(), "{stale}");
    assert_eq!(items(&stale)[0], format!("{CALLER} held stale"));
    assert_eq!(world.ledger(), ["prepared"], "a dry run is not recorded");
}

#[test]
fn in_the_boot_that_prepared_nothing_is_due() {
    let world = World::new();
    put(&world.state("openclaw.json"), "{}");
    let owner = std::os::unix::fs::MetadataExt::uid(&fs::metadata(world.home()).unwrap());
    let lock = json!({"pid": std::process::id(), "createdAt": "2026-11-20T11:00:00Z", "configPath": world.state("openclaw.json")});
    put(&world.state(&format!("tmp/openclaw-{owner}/gateway.1.lock")), &lock.to_string());
    let args = ["prepare", "--offline", "--tool-calls", "--reason", "news", "--session-key", CALLER];
    world.command(&args).assert().success();
    assert_snapshot!(world.run(&["recover", "--offline"]), @r"
    exit 7
    --- stdout
    The gateway cannot be reached. Nothing was sent; the checkpoint stays open.
    --- stderr
    warning: the gateway is needed, and --offline forbids to contact it
    warning: the gateway has not restarted since the checkpoint was written
    ");
    assert_eq!(world.json(0, &["status"])["boot"]["startedAt"], "2026-11-20T11:00:00Z");
}

#[test]
fn nothing_is_to_recover() {
    let world = World::new();
    assert_snapshot!(world.run(&["recover", "--offline"]), @r"
    exit 0
    --- stdout
    Nothing to recover.
    ");
    assert_snapshot!(world.run(&["recover", "--offline", "--trigger", "job"]), @r"
    exit 0
    --- stdout
    Nothing to recover.
    There is nothing more for you to do: answer NO_REPLY.
    ");
}

#[test]
fn a_policy_that_switches_off_does_nothing() {
    let world = prepared();
    put(&world.workspace("comeback.yaml"), "enabled: false\n");
    assert_snapshot!(world.run(&["recover"]), @r"
    exit 0
    --- stdout
    Nothing done: the policy has switched comeback off (enabled: false).
    ");
    assert_eq!(world.ledger(), ["prepared"]);
}

#[test]
fn the_policy_leaves_agents_out() {
    let world = prepared();
    put(&world.workspace("comeback.yaml"), "leftOut: [main]\n");
    let report = world.json(7, &["recover", "--offline"]);
    assert!(called(&report).is_empty());
    assert_eq!(items(&report)[0], format!("{CALLER} skipped left-out"));
}

#[test]
fn the_job_that_comes_second_gets_its_own_work_unless_that_is_held() {
    let world = World::new();
    let args = ["prepare", "--offline", "--tool-calls", "--reason", "news", "--session-key", CALLER];
    world.command(&args).assert().success();
    let path = world.workspace("memory/restart-checkpoints/2026-11-20/120000.md");
    let used = fs::read_to_string(&path)
        .unwrap()
        .replace("sessions:", "consumedAt: 2026-11-20T12:01:00Z\nsessions:");
    put(&path, &used);
    let job = ["recover", "--offline", "--trigger", "job", "--now", "2026-11-20T12:02:00Z"];
    let report = world.json(0, &job);
    let own = report["own"].as_str().unwrap();
    assert!(own.starts_with("You restarted the gateway"), "{own}");
    assert_eq!(world.json(0, &["recover", "--offline"])["own"], Value::Null, "a person is not the session");

    let key = own.rsplit(' ').next().unwrap();
    let held = json!({"v": 1, "at": "2026-11-20T12:01:00Z", "event": {"kind": "held", "key": key, "sessionKey": CALLER,
        "checkpoint": "c", "rule": "blocked", "reason": "blocked: a key", "message": own}});
    put(&world.state("comeback/ledger.jsonl"), &format!("{held}\n"));
    assert_eq!(world.json(0, &job)["own"], Value::Null);
}

#[test]
fn a_checkpoint_of_the_seed_is_taken_too() {
    let world = World::new();
    let path = world.checkpoint("2026-11-20/115500", SEED);
    let report = world.json(7, &["recover", "--offline"]);
    assert_eq!(report["checkpoint"]["id"], "2026-11-20/115500");
    assert_snapshot!(items(&report).join("\n"), @r"
    agent:engineer:main due own-user
    agent:research:telegram:group:-1001 held blocked
    ");
    assert_eq!(fs::read_to_string(path).unwrap(), SEED);
}

/// The triggers wait a minute for the lock, and this test with them: all at once.
#[test]
fn while_another_run_holds_the_lock_triggers_leave_it_to_that() {
    let world = prepared();
    let lock = File::create(world.state("comeback/lock")).unwrap();
    lock.lock().unwrap();
    let recover = |trigger| {
        let args = ["recover", "--offline", "--trigger", trigger];
        let mut command = world.std_command(env!("CARGO_BIN_EXE_comeback"), &args);
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap()
    };
    let [startup, job, manual] =
        ["startup", "job", "manual"].map(recover).map(|child| child.wait_with_output().unwrap());
    assert_snapshot!(world.show(&startup), @r"
    exit 0
    --- stderr
    another run of comeback holds [HOME]/.openclaw/comeback/lock
    ");
    assert_snapshot!(world.show(&job), @r"
    exit 0
    --- stdout
    Another run is still at work: run this command again in a minute.
    --- stderr
    another run of comeback holds [HOME]/.openclaw/comeback/lock
    ");
    assert_snapshot!(world.show(&manual), @r"
    exit 4
    --- stderr
    error: another run of comeback holds [HOME]/.openclaw/comeback/lock
    hint: wait for it to end; `comeback status` shows what it has done
    ");
    assert_eq!(world.ledger(), ["prepared"]);
}

#[test]
fn where_the_work_is_chinese_the_messages_are() {
    let world = World::new();
    let snapshot = r#"{"sessions":[
        {"sessionKey":"agent:main:feishu:direct:78","goal":"撰写周报","nextStep":"运行测试","blockers":"none"},
        {"sessionKey":"agent:main:feishu:direct:79","goal":"weekly report","nextStep":"run the tests","blockers":"none"}]}"#;
    let args = [
        "prepare",
        "--offline",
        "--tool-calls",
        "--reason",
        "应用新的模型设置",
        "--session-key",
        CALLER,
        "-",
        "--json",
    ];
    let prepared = world.command(&args).write_stdin(snapshot).output().unwrap();
    let prepared: Value = serde_json::from_slice(&prepared.stdout).unwrap();
    let job = prepared["calls"][0]["params"]["job"]["payload"]["message"].as_str().unwrap();
    assert!(job.starts_with("网关可能刚刚重启") && job.contains("comeback recover --trigger job"), "{job}");
    let report = world.json(7, &["recover", "--offline"]);
    let messages: Vec<&str> = report["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["message"].as_str().unwrap().lines().next().unwrap())
        .collect();
    assert!(messages[0].starts_with("你重启了网关"), "{messages:?}");
    assert!(messages[1].starts_with("网关已重启，请继续"), "{messages:?}");
    assert!(messages[2].starts_with("The gateway has restarted."), "{messages:?}");
}

#[test]
fn a_template_of_the_workspaces_own_is_used_and_a_wrong_one_is_a_warning() {
    let world = prepared();
    put(
        &world.workspace("comeback/templates/en/resume.hbs"),
        "Go on!\n\n{{#if record}}\n{{record}}\n\n{{/if}}\n{{key}}\n",
    );
    put(&world.workspace("comeback/templates/en/resume-own.hbs"), "Go on, and forget about the key.\n");
    let report = world.json(7, &["recover", "--offline"]);
    let message = |index: usize| report["items"][index]["message"].as_str().unwrap();
    assert!(message(0).starts_with("You restarted the gateway"), "{report}");
    assert!(
        message(1).starts_with("Go on!\n\nRecorded data")
            && message(1).ends_with(report["items"][1]["key"].as_str().unwrap())
    );
    let warnings = report["warnings"].as_array().unwrap();
    let is_named = |warning: &Value| {
        warning.as_str().unwrap().contains("resume-own.hbs: every message must show {{key}}")
    };
    assert!(warnings.iter().any(is_named), "{report}");
}
