//! `comeback checkpoint capture`

use std::fs;

use insta::assert_snapshot;
use rstest::rstest;
use serde_json::{Value, json};

use crate::world::{CALLER, World, put};

const SESSIONS: &str = "agents/main/sessions";

/// A home whose sessions are these: a key, and the messages of a turn that runs.
fn world(sessions: &[(&str, &[Value])]) -> World {
    let world = World::new();
    let mut rows = json!({});
    for (at, (key, messages)) in sessions.iter().enumerate() {
        rows[*key] = json!({"sessionId": format!("s{at}"), "status": "running"});
        let mut lines =
            vec![json!({"type": "session", "version": 3, "id": format!("s{at}"), "cwd": "/w"}).to_string()];
        for (number, message) in messages.iter().enumerate() {
            let parent = number.checked_sub(1).map(|before| format!("m{before}"));
            let record = json!({"type": "message", "id": format!("m{number}"), "parentId": parent, "message": message});
            lines.push(record.to_string());
        }
        put(&world.state(&format!("{SESSIONS}/s{at}.jsonl")), &(lines.join("\n") + "\n"));
    }
    put(&world.state(&format!("{SESSIONS}/sessions.json")), &rows.to_string());
    world
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text})
}

fn exec(id: &str, command: &str) -> Value {
    let call = json!({"type": "toolCall", "id": id, "name": "exec", "arguments": {"command": command}});
    json!({"role": "assistant", "content": [call], "stopReason": "toolUse"})
}

fn result(id: &str) -> Value {
    json!({"role": "toolResult", "toolCallId": id, "toolName": "exec", "isError": false, "content": []})
}

fn answer() -> Value {
    json!({"role": "assistant", "content": [{"type": "text", "text": "done"}], "stopReason": "stop"})
}

fn at_work() -> World {
    world(&[
        (CALLER, &[user("sort the photos"), exec("c1", "ls photos"), result("c1"), exec("c2", "git push")]),
        ("agent:main:telegram:direct:78", &[user("请写周报")]),
        ("agent:main:cron:6c52:run:1", &[user("[cron:6c52 report] write it")]),
    ])
}

#[test]
fn what_is_under_way_becomes_a_checkpoint() {
    let world = at_work();
    let before = world.files();
    assert_snapshot!(world.run(&["checkpoint", "capture"]), @r"
    exit 0
    --- stdout
    Wrote checkpoint: [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/120000.md
    ");
    let name = ".openclaw/workspace/memory/restart-checkpoints/2026-11-20/120000.md";
    let added: Vec<_> = world.files().into_iter().filter(|file| !before.contains(file)).collect();
    assert_eq!(added, [".openclaw/comeback/lock", name], "private, and nothing else");
    let text = fs::read_to_string(world.home().join(name)).unwrap();
    assert_snapshot!(text, @r"
    ---
    formatVersion: 1
    id: 20261120T120000000Z
    createdAt: 2026-11-20T12:00:00Z
    sessions:
      agent:main:telegram:direct:77:
        lastEntryId: m3
        captured: turn
      agent:main:telegram:direct:78:
        lastEntryId: m0
        captured: turn
    ---

    # Restart checkpoint (2026-11-20 12:00:00)

    ## agent:main:telegram:direct:77
    - Agent: main
    - Goal: sort the photos
    - Last done: ran exec ls photos
    - Next: Continue the work from the results of the tools
    - Blockers: nobody knows whether this has happened: exec git push
    - Resume message: Continue where you left off. Last completed: ran exec ls photos. Next: Continue the work from the results of the tools.

    ## agent:main:telegram:direct:78
    - Agent: main
    - Goal: 请写周报
    - Last done: (fill)
    - Next: 回复用户的最后一条消息
    - Blockers: none
    - Resume message: Continue where you left off. Last completed: (fill). Next: 回复用户的最后一条消息.
    ");
    assert!(world.ledger().is_empty());
}

#[test]
fn a_dry_run_prints_and_writes_nothing() {
    let world = at_work();
    let before = world.files();
    let shown = world.run(&["checkpoint", "capture", "--dry-run"]);
    assert!(
        shown.contains("## agent:main:telegram:direct:78\n") && shown.contains("- Goal: 请写周报\n"),
        "{shown}"
    );
    let answer = world.json(0, &["checkpoint", "capture", "--dry-run"]);
    assert_eq!((&answer["schema"], &answer["path"]), (&json!("comeback.checkpoint.v1"), &json!(null)));
    assert_eq!(world.files(), before);
}

#[test]
fn the_object_says_where_it_stands_and_what_it_holds() {
    let world = at_work();
    let answer = world.json(0, &["checkpoint", "capture"]);
    let path = world.workspace("memory/restart-checkpoints/2026-11-20/120000.md");
    assert_eq!(answer["path"], json!(path));
    let keys: Vec<_> = answer["sessions"].as_array().unwrap().iter().map(|one| &one["sessionKey"]).collect();
    assert_eq!(keys, [CALLER, "agent:main:telegram:direct:78"]);
    assert_eq!(world.json(0, &["checkpoint", "show"])["sessions"], answer["sessions"]);
}

#[rstest]
#[case::no_session(World::new())]
#[case::an_idle_one(world(&[(CALLER, &[user("hello"), answer()])]))]
fn where_nothing_is_under_way_no_file_is_written(#[case] world: World) {
    let before = world.files();
    let shown = world.run(&["checkpoint", "capture"]);
    assert_eq!(shown, "exit 0\n--- stdout\nNothing is under way that is not written down already.");
    assert_eq!(world.files(), before);
}

#[test]
fn a_session_that_cannot_be_read_is_a_warning() {
    let world = at_work();
    let file = world.state(&format!("{SESSIONS}/s0.jsonl"));
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    assert_snapshot!(world.run(&["checkpoint", "capture"]), @r"
    exit 0
    --- stdout
    Wrote checkpoint: [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/120000.md
    --- stderr
    warning: agent:main:telegram:direct:77: refused to read [HOME]/.openclaw/agents/main/sessions/s0.jsonl as a transcript: it is no file
    ");
    assert_eq!(world.json(0, &["checkpoint", "show"])["sessions"].as_array().unwrap().len(), 1);
}

#[test]
fn where_the_policy_is_off_it_is_refused() {
    let world = at_work();
    put(&world.state("comeback/config.yaml"), "enabled: false\n");
    let before = world.files();
    assert_snapshot!(world.run(&["checkpoint", "capture"]), @r"
    exit 8
    --- stderr
    error: the policy has switched comeback off (enabled: false)
    ");
    assert_eq!(world.files(), before);
}

#[test]
fn what_was_captured_is_due_after_the_restart() {
    let world = at_work();
    world.json(0, &["checkpoint", "capture"]);
    let report = world.json(7, &["recover", "--offline"]);
    let line =
        |one: &Value| format!("{} {} {}", one["sessionKey"], one["state"], one["rule"]).replace('"', "");
    let items: Vec<_> = report["items"].as_array().unwrap().iter().map(line).collect();
    assert_snapshot!(items.join("\n"), @r"
    agent:main:telegram:direct:77 held blocked
    agent:main:telegram:direct:78 due own-user
    ");
}
