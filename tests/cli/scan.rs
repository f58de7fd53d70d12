//! `comeback scan`, while no gateway answers

use std::fs;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::world::{World, put};

/// The state directory after a crash: a call was under way in chat 78, a turn in chat 79 had ended.
fn crashed() -> World {
    let world = World::new();
    let sessions = |agent: &str, name: &str| world.state(&format!("agents/{agent}/sessions/{name}"));
    let to = |chat: u32| json!({"channel": "telegram", "to": format!("telegram:{chat}")});
    let rows = json!({
        "agent:main:telegram:direct:78": {"sessionId": "cut", "status": "running", "deliveryContext": to(78),
            "startedAt": ms("2026-11-20T11:58:00Z"), "updatedAt": ms("2026-11-20T11:58:03Z")},
        "agent:main:telegram:direct:79": {"sessionId": "done", "status": "done", "deliveryContext": to(79),
            "startedAt": ms("2026-11-20T11:50:00Z"), "endedAt": ms("2026-11-20T11:50:09Z")},
    });
    put(&sessions("main", "sessions.json"), &rows.to_string());
    let asked = message("u1", "2026-11-20T11:58:00Z", &json!({"role": "user", "content": "sort the photos"}));
    let arguments = json!({"command": "mv *.jpg 2026/ --token=abcdefgh12345678"});
    let call = json!({"type": "toolCall", "id": "c1", "name": "exec", "arguments": arguments});
    let called = json!({"role": "assistant", "content": [call], "stopReason": "toolUse"});
    let called = message("a1", "2026-11-20T11:58:03Z", &called);
    put(&sessions("main", "cut.jsonl"), &[asked, called].concat());
    let asked = message("u1", "2026-11-20T11:50:00Z", &json!({"role": "user", "content": "hello"}));
    let answered = json!({"role": "assistant", "content": "Hello!", "stopReason": "stop"});
    let answered = message("a1", "2026-11-20T11:50:09Z", &answered);
    put(&sessions("main", "done.jsonl"), &[asked, answered].concat());
    world
}

/// Another agent, with a row that cannot be read and a transcript whose end is torn.
fn with_a_second_agent(world: &World) {
    let folder = world.state("agents/ops/sessions");
    let row = json!({"sessionId": "watch", "status": "running", "startedAt": ms("2026-11-20T11:57:00Z")});
    let rows = json!({"agent:ops:main": row, "agent:ops:telegram:direct:80": "gone"});
    put(&folder.join("sessions.json"), &rows.to_string());
    let asked = message("u1", "2026-11-20T11:57:00Z", &json!({"role": "user", "content": "watch the build"}));
    put(&folder.join("watch.jsonl"), &format!(r#"{asked}{{"type":"mess"#));
}

fn ms(time: &str) -> i64 {
    time.parse::<chrono::DateTime<chrono::Utc>>().unwrap().timestamp_millis()
}

fn message(id: &str, at: &str, message: &Value) -> String {
    format!("{}\n", json!({"type": "message", "id": id, "timestamp": at, "message": message}))
}

fn keys(scan: &Value) -> Vec<&str> {
    let sessions = scan["sessions"].as_array().unwrap();
    sessions.iter().map(|session| session["sessionKey"].as_str().unwrap()).collect()
}

#[test]
fn where_nothing_is_there_is_nothing_to_say() {
    let world = World::new();
    assert_snapshot!(world.run(&["scan", "--offline"]), @r"
    exit 0
    --- stdout
    The gateway does not seem to run.
    No sessions below [HOME]/.openclaw.
    ");
    let scan = world.json(0, &["scan", "--offline"]);
    assert_eq!((&scan["sessions"], &scan["stores"], &scan["counts"]), (&json!([]), &json!([]), &json!({})));
    assert!(world.files().is_empty(), "it changes nothing");
}

#[test]
fn what_a_crash_cut_off_is_shown() {
    let world = crashed();
    let before = world.files();
    assert_snapshot!(world.run(&["scan", "--offline"]), @r"
    exit 0
    --- stdout
    The gateway does not seem to run.
    interrupted agent:main:telegram:direct:78, 1 min ago
      a tool call was under way when the gateway stopped
      unknown outcome: exec mv *.jpg 2026/ --token=[redacted]
    Nothing was cut off in 1 session.
    ");
    assert_eq!(world.files(), before, "it changes nothing");
}

#[test]
fn what_a_crash_cut_off_as_json() {
    let world = crashed();
    let scan = serde_json::to_string_pretty(&world.json(0, &["scan", "--offline"])).unwrap();
    assert_snapshot!(scan.replace(world.home().to_str().unwrap(), "[HOME]"), @r#"
    {
      "counts": {
        "complete": 1,
        "interrupted": 1
      },
      "gateway": {
        "bootId": null,
        "lastSignOfLife": "2026-11-20T11:58:03Z",
        "reachable": false,
        "startedAt": null,
        "version": null
      },
      "generatedAt": "2026-11-20T12:00:00Z",
      "schema": "comeback.scan.v1",
      "sessions": [
        {
          "ageSeconds": 117,
          "agentId": "main",
          "cuts": [
            {
              "calls": [
                {
                  "effect": "write",
                  "outcome": "unknown",
                  "summary": "exec mv *.jpg 2026/ --token=[redacted]",
                  "tool": "exec"
                }
              ],
              "id": "70e7d16742e12adbfbb5b1bdf2434ef8",
              "openedBy": "u1",
              "phase": "tool-call"
            }
          ],
          "lastEntryAt": "2026-11-20T11:58:03Z",
          "lastEntryId": "a1",
          "reason": "a tool call was under way when the gateway stopped",
          "route": {
            "accountId": null,
            "channel": "telegram",
            "threadId": null,
            "to": "telegram:78"
          },
          "sessionId": "cut",
          "sessionKey": "agent:main:telegram:direct:78",
          "verdict": "interrupted"
        }
      ],
      "stateDir": "[HOME]/.openclaw",
      "stores": [
        {
          "agentId": "main",
          "kind": "jsonl",
          "path": "[HOME]/.openclaw/agents/main/sessions/sessions.json",
          "sessions": 2,
          "warnings": []
        }
      ],
      "warnings": []
    }
    "#);
}

#[test]
fn all_sessions_are_shown_where_that_is_asked() {
    let world = crashed();
    assert_snapshot!(world.run(&["scan", "--offline", "--all"]), @r"
    exit 0
    --- stdout
    The gateway does not seem to run.
    interrupted agent:main:telegram:direct:78, 1 min ago
      a tool call was under way when the gateway stopped
      unknown outcome: exec mv *.jpg 2026/ --token=[redacted]
    complete agent:main:telegram:direct:79, 9 min ago
      its last turn had ended before the restart
    ");
    let scan = world.json(0, &["scan", "--offline", "--all"]);
    assert_eq!(keys(&scan), ["agent:main:telegram:direct:78", "agent:main:telegram:direct:79"]);
    assert_eq!(scan["counts"], json!({"interrupted": 1, "complete": 1}));
}

#[test]
fn what_cannot_be_read_is_said_and_is_not_the_end() {
    let world = crashed();
    with_a_second_agent(&world);
    assert_snapshot!(world.run(&["scan", "--offline"]), @r#"
    exit 0
    --- stdout
    The gateway does not seem to run.
    interrupted agent:main:telegram:direct:78, 1 min ago
      a tool call was under way when the gateway stopped
      unknown outcome: exec mv *.jpg 2026/ --token=[redacted]
    interrupted agent:ops:main, 3 min ago
      its user's message was never processed
    unreadable agent:ops:telegram:direct:80
      cannot read the row of session "agent:ops:telegram:direct:80": invalid type: string "gone", expected a session's row at line 1 column 6
    Nothing was cut off in 1 session.
    --- stderr
    warning: agent:ops:main: 1 × a line that is no JSON was left out
    "#);
}

#[test]
fn one_agents_sessions_alone() {
    let world = crashed();
    with_a_second_agent(&world);
    let scan = world.json(0, &["scan", "--offline", "--agent", "ops"]);
    assert_eq!(keys(&scan), ["agent:ops:main", "agent:ops:telegram:direct:80"]);
    assert_eq!(scan["counts"], json!({"unreadable": 1, "interrupted": 1}));
    assert_eq!(scan["stores"].as_array().unwrap().len(), 1);
    assert_eq!(world.json(0, &["scan", "--offline", "--agent", "nobody"])["sessions"], json!([]));
}

#[test]
fn the_window_and_the_age_are_the_callers() {
    let world = crashed();
    with_a_second_agent(&world);
    let verdicts = |args: &[&str]| {
        let scan = world.json(0, &[&["scan", "--offline", "--agent", "ops"], args].concat());
        scan["counts"].clone()
    };
    // Another session was at work a minute and three seconds after it.
    assert_eq!(verdicts(&["--window", "1m"]), json!({"unreadable": 1, "stale": 1}));
    assert_eq!(verdicts(&["--window", "2m"]), json!({"unreadable": 1, "interrupted": 1}));
    assert_eq!(verdicts(&["--max-age", "2m"]), json!({"unreadable": 1, "stale": 1}));
}

#[test]
fn a_duration_that_is_none_is_a_mistake_of_the_caller() {
    let world = World::new();
    assert_snapshot!(world.run(&["scan", "--window", "soon"]), @r#"
    exit 2
    --- stderr
    error: invalid value 'soon' for '--window <DURATION>': "soon" is no duration: expected a number and a unit, such as 90s, 5m or 2h

    For more information, try '--help'.
    "#);
}

#[test]
fn a_state_directory_that_is_no_folder_is_an_error() {
    let world = World::new();
    fs::write(world.state("agents"), "").unwrap();
    assert_snapshot!(world.run(&["scan", "--offline"]), @r"
    exit 1
    --- stderr
    error: cannot list the agents in [HOME]/.openclaw/agents: Not a directory (os error 20)
    ");
}
