//! `comeback note`

use insta::assert_snapshot;
use serde_json::json;

use crate::world::{CALLER, World, put};

#[test]
fn a_note_is_left_from_flags_or_from_stdin_and_read_again() {
    let world = World::new();
    assert_snapshot!(world.run(&["note", "list"]), @r"
    exit 0
    --- stdout
    No notes below [HOME]/.openclaw/workspace/memory/notes.
    ");
    let flags =
        ["note", "write", "--session-key", CALLER, "--task", "tidy the tables", "--progress", "15/47"];
    let more = ["--last-action", "wrote table-15.md", "--note-to-self", "my token=hunter2222", "--ask-first"];
    assert_snapshot!(world.run(&[&flags[..], &more[..]].concat()), @r"
    exit 0
    --- stdout
    Wrote [HOME]/.openclaw/workspace/memory/notes/main.json
    ");
    let note = r#"{"agent":"ops","task":"digest","progress":"12/15","last_action":"fetch","can_resume":true,
        "timestamp":"2026-11-20T11:55:00Z","note_to_self":"keep the style"}"#;
    assert_snapshot!(world.pipe(&["note", "write", "-"], note), @r"
    exit 0
    --- stdout
    Wrote [HOME]/.openclaw/workspace/memory/notes/ops.json
    ");
    assert_snapshot!(world.run(&["note", "list"]), @r"
    exit 0
    --- stdout
    main 0 s ago, ask first tidy the tables; 15/47; wrote table-15.md; my token=[redacted]
    ops 5 min ago digest; 12/15; fetch; keep the style
    ");
    let listed = world.json(0, &["note", "list"]);
    assert_eq!(
        listed["notes"][0],
        json!({
            "agent": "main", "task": "tidy the tables", "progress": "15/47", "last_action": "wrote table-15.md",
            "timestamp": "2026-11-20T12:00:00Z", "can_resume": false, "note_to_self": "my token=[redacted]",
            "session_key": CALLER,
        })
    );
    assert_eq!(
        world.files(),
        [".openclaw/workspace/memory/notes/main.json", ".openclaw/workspace/memory/notes/ops.json"]
    );
}

#[test]
fn a_note_that_is_wrong_is_named_and_none_is_written() {
    let world = World::new();
    assert_snapshot!(world.run(&["note", "write", "--task", "x"]), @r"
    exit 2
    --- stderr
    error: the following required arguments were not provided:
      --agent <ID>

    Usage: comeback note write --task <TEXT> --now <RFC 3339> --agent <ID> [-]

    For more information, try '--help'.
    ");
    assert_snapshot!(world.pipe(&["note", "write", "-"], "{\"agent\":\n5}"), @r#"
    exit 1
    --- stderr
    error: stdin:2: invalid type: integer `5`, expected a string at line 2 column 1
    hint: a note is an object such as {"agent":"main","task":"tidy the tables","progress":"15/47"}
    "#);
    assert_snapshot!(world.pipe(&["note", "write", "-"], "{\"agent\":\"../../x\"}"), @r#"
    exit 1
    --- stderr
    error: the agent "../../x" cannot have a note: its name is no name of a file
    hint: name the agent as `agents.list` does
    "#);
    assert_snapshot!(world.run(&["note", "write", "--agent", "main", "--task", "x", "--dry-run"]), @r"
    exit 0
    --- stdout
    Would write [HOME]/.openclaw/workspace/memory/notes/main.json
    ");
    assert!(world.files().is_empty());
    put(&world.workspace("memory/notes/main.json"), "{\"agent\":\"main\",\"timestamp\":\n7}");
    assert_snapshot!(world.run(&["note", "list"]), @r"
    exit 0
    --- stdout
    [HOME]/.openclaw/workspace/memory/notes/main.json:2: invalid type: integer `7`, expected an RFC 3339 formatted date and time string at line 2 column 1
    ");
    assert_snapshot!(world.run(&["note", "write", "--agent", "main", "--task", "x"]), @r"
    exit 1
    --- stderr
    error: [HOME]/.openclaw/workspace/memory/notes/main.json:2: invalid type: integer `7`, expected an RFC 3339 formatted date and time string at line 2 column 1
    hint: mend the file, or move it away; it is left as it is
    ");
}
