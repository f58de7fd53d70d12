//! `comeback checkpoint`

use std::fs;

use insta::assert_snapshot;
use serde_json::json;

use crate::world::World;

const SNAPSHOT: &str = r#"{"sessions":[{"sessionKey":"agent:engineer:main","agentId":"engineer","label":"QA",
    "goal":"regression run","lastDone":"401 cases pass","nextStep":"publish the summary","blockers":"none"}]}"#;
const OURS: &str = include_str!("../fixtures/checkpoints/ours-v1.md");
const SEED: &str = include_str!("../fixtures/checkpoints/seed-level2.md");
const FUTURE: &str = include_str!("../fixtures/checkpoints/future-v2.md");

#[test]
fn build_writes_a_private_file_of_the_day() {
    let world = World::new();
    assert_snapshot!(world.pipe(&["checkpoint", "build"], SNAPSHOT), @r"
    exit 0
    --- stdout
    Wrote checkpoint: [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/120000.md
    ");
    let name = ".openclaw/workspace/memory/restart-checkpoints/2026-11-20/120000.md";
    assert_eq!(world.files(), [".openclaw/comeback/lock", name]);
    assert_snapshot!(fs::read_to_string(world.home().join(name)).unwrap(), @r"
    ---
    formatVersion: 1
    id: 20261120T120000000Z
    createdAt: 2026-11-20T12:00:00Z
    sessions: {}
    ---

    # Restart checkpoint (2026-11-20 12:00:00)

    ## agent:engineer:main
    - Agent: engineer
    - Goal: regression run
    - Last done: 401 cases pass
    - Next: publish the summary
    - Blockers: none
    - Resume message: Continue where you left off. Last completed: 401 cases pass. Next: publish the summary.
    ");
    assert_snapshot!(world.run(&["checkpoint", "show"]), @r"
    exit 0
    --- stdout
    [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/120000.md

    agent:engineer:main
      goal       regression run
      last done  401 cases pass
      next       publish the summary
      blockers   none
    ");
    assert_snapshot!(world.run(&["checkpoint", "list"]), @r"
    exit 0
    --- stdout
    [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/120000.md  0 s ago  open, 1 session
    ");
}

#[test]
fn build_takes_yaml_and_a_relative_file() {
    let world = World::new();
    let yaml = "sessions:\n- sessionKey: agent:engineer:main\n  goal: 回归\n- {}\n";
    assert_snapshot!(world.pipe(&["checkpoint", "build", "out/OUT.md"], yaml), @r"
    exit 0
    --- stdout
    Wrote checkpoint: out/OUT.md
    ");
    assert_eq!(world.files(), ["out/OUT.md"]);
    assert_snapshot!(world.run(&["checkpoint", "show", "out/OUT.md"]), @r"
    exit 0
    --- stdout
    out/OUT.md

    agent:engineer:main
      goal       回归
      last done  (fill)
      next       (fill)
      blockers   none

    unknown
      goal       (fill)
      last done  (fill)
      next       (fill)
      blockers   none
    ");
}

#[test]
fn build_with_dry_run_prints_and_writes_nothing() {
    let world = World::new();
    let text = world.pipe(&["checkpoint", "build", "OUT.md", "--dry-run"], SNAPSHOT);
    assert!(text.contains("## agent:engineer:main\n- Agent: engineer\n"), "{text}");
    let output = world
        .command(&["checkpoint", "build", "--dry-run", "--json"])
        .write_stdin(SNAPSHOT)
        .output()
        .unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!((&answer["schema"], &answer["path"]), (&json!("comeback.checkpoint.v1"), &json!(null)));
    assert_eq!(answer["sessions"][0]["goal"], "regression run");
    assert!(world.files().is_empty());
}

#[test]
fn build_says_where_the_input_is_wrong() {
    let world = World::new();
    assert_snapshot!(world.pipe(&["checkpoint", "build"], " \n"), @r#"
    exit 2
    --- stderr
    error: stdin is empty: a session snapshot is expected
    hint: pipe in JSON or YAML, such as {"sessions":[{"sessionKey":"agent:main:main","goal":"…"}]}
    "#);
    assert_snapshot!(world.pipe(&["checkpoint", "build"], "{\"sessions\":[\n  {\"goal\": 5}]}"), @r#"
    exit 1
    --- stderr
    error: stdin: sessions[0].goal: expected a string, found a number (line 2, column 12)
    hint: pipe in JSON or YAML, such as {"sessions":[{"sessionKey":"agent:main:main","goal":"…"}]}
    "#);
    assert_snapshot!(world.pipe(&["checkpoint", "build"], "{\"sessions\": [}"), @r#"
    exit 1
    --- stderr
    error: stdin: not valid JSON: expected value at line 1 column 15
    hint: pipe in JSON or YAML, such as {"sessions":[{"sessionKey":"agent:main:main","goal":"…"}]}
    "#);
    assert_snapshot!(world.pipe(&["checkpoint", "build"], "{\"sessions\": []}"), @r#"
    exit 1
    --- stderr
    error: stdin: sessions: expected at least one session, found none
    hint: pipe in JSON or YAML, such as {"sessions":[{"sessionKey":"agent:main:main","goal":"…"}]}
    "#);
    assert_snapshot!(world.pipe(&["checkpoint", "build"], "sessions:\n- sessionKey: \"a\\nb\"\n"), @r#"
    exit 1
    --- stderr
    error: stdin: sessions[0].sessionKey: "a\nb" is no session key: 1 to 512 bytes on one line are expected (line 2, column 15)
    hint: pipe in JSON or YAML, such as {"sessions":[{"sessionKey":"agent:main:main","goal":"…"}]}
    "#);
    assert!(world.files().is_empty());
}

#[test]
fn what_does_not_parse_is_named_and_left_as_it_is() {
    let world = World::new();
    let broken = OURS.replace("createdAt: 2026-03-09T08:22:00Z", "createdAt: yesterday");
    let path = world.checkpoint("2026-11-20/110000", &broken);
    world.checkpoint("2026-11-20/100000", SEED);
    assert_snapshot!(world.run(&["checkpoint", "show"]), @r"
    exit 1
    --- stderr
    error: [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/110000.md:4: front matter: createdAt: input contains invalid characters at line 4 column 12
    hint: it is YAML with formatVersion, id and createdAt, times as in 2026-03-09T16:22:00Z
    ");
    assert_snapshot!(world.run(&["checkpoint", "list"]), @r"
    exit 0
    --- stdout
    [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/110000.md:4: front matter: createdAt: input contains invalid characters at line 4 column 12
    [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/100000.md  2 h ago  open, 2 sessions
    ");
    assert_snapshot!(world.run(&["status"]), @r"
    exit 0
    --- stdout
    Gateway   does not seem to run
    Restart   not known: the newest checkpoint cannot be read, and `comeback
              recover` refuses it
    Recovery  there was none
    --- stderr
    warning: [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/110000.md:4: front matter: createdAt: input contains invalid characters at line 4 column 12; it is YAML with formatVersion, id and createdAt, times as in 2026-03-09T16:22:00Z; an older checkpoint never takes its place
    ");
    assert_snapshot!(world.run(&["recover", "--offline"]), @r"
    exit 1
    --- stderr
    error: [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/110000.md:4: front matter: createdAt: input contains invalid characters at line 4 column 12
    hint: it is YAML with formatVersion, id and createdAt, times as in 2026-03-09T16:22:00Z
    hint: an older checkpoint never takes its place
    ");
    assert_eq!(fs::read_to_string(path).unwrap(), broken);
}

#[test]
fn a_newer_format_is_read_and_not_rewritten() {
    let world = World::new();
    let open = FUTURE.replace("consumedAt: 2027-01-02T03:06:00Z\n", "");
    let path = world.checkpoint("2027-01-02/030405", &open);
    assert_snapshot!(world.run(&["checkpoint", "show"]), @r"
    exit 0
    --- stdout
    [HOME]/.openclaw/workspace/memory/restart-checkpoints/2027-01-02/030405.md

    agent:engineer:main
      goal       Finish the regression run
      last done  (fill)
      next       Publish acceptance summary
      blockers   none
    ");
    assert_snapshot!(world.run(&["recover", "--offline"]), @r"
    exit 5
    --- stderr
    error: [HOME]/.openclaw/workspace/memory/restart-checkpoints/2027-01-02/030405.md was written by a newer version of comeback (format 2)
    hint: install the newer version; the file is left as it is
    ");
    assert_eq!(fs::read_to_string(path).unwrap(), open);
    assert!(world.ledger().is_empty());
}

#[test]
fn a_newer_or_broken_file_is_not_overwritten() {
    let world = World::new();
    for (text, code) in [(FUTURE, "exit 5"), ("---\nformatVersion: [\n---\n", "exit 1")] {
        fs::write(world.home().join("out.md"), text).unwrap();
        let shown = world.pipe(&["checkpoint", "build", "out.md"], SNAPSHOT);
        assert!(shown.starts_with(code) && shown.contains("out.md"), "{shown}");
        assert_eq!(fs::read_to_string(world.home().join("out.md")).unwrap(), text);
    }
}

#[test]
fn prune_removes_what_is_used_and_old_or_too_much() {
    let world = World::new();
    let write = |name: &str, consumed: &str| {
        let at = name.replace('/', "T");
        let at = format!("{}:{}:{}Z", &at[..13], &at[13..15], &at[15..17]);
        let front =
            format!("---\nformatVersion: 1\nid: {name}\ncreatedAt: {at}\n{consumed}sessions: {{}}\n---\n");
        world.checkpoint(name, &format!("{front}\n## agent:a:x\n- Goal: g\n"));
    };
    let used = "consumedAt: 2026-11-19T00:00:00Z\n";
    for name in ["2026-11-20/110000", "2026-11-20/100000", "2026-11-19/100000", "2026-09-01/100000"] {
        write(name, used);
    }
    write("2026-08-01/100000", "");
    world.checkpoint("2026-07-01/100000", "---\nformatVersion: [\n---\n");
    let files = world.files();
    assert_snapshot!(world.run(&["checkpoint", "prune", "--keep", "2", "--dry-run"]), @r"
    exit 0
    --- stdout
    Would remove [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-19/100000.md
    Would remove [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-09-01/100000.md
    2 removed, 4 kept.
    ");
    assert_eq!(world.files(), files);
    let pruned = world.json(0, &["checkpoint", "prune", "--days", "60"]);
    assert_eq!((pruned["removed"].as_array().unwrap().len(), &pruned["kept"]), (1, &json!(5)), "{pruned}");
    assert!(!world.workspace("memory/restart-checkpoints/2026-09-01").exists(), "its empty folder goes too");
    let pruned = world.json(0, &["checkpoint", "prune", "--keep", "0", "--days", "0"]);
    assert_eq!(
        (pruned["removed"].as_array().unwrap().len(), &pruned["kept"]),
        (2, &json!(3)),
        "the newest stays"
    );
}

#[test]
fn lists_have_the_newest_first() {
    let world = World::new();
    assert_snapshot!(world.run(&["checkpoint", "list"]), @r"
    exit 0
    --- stdout
    No checkpoints below [HOME]/.openclaw/workspace/memory/restart-checkpoints.
    ");
    assert_snapshot!(world.run(&["checkpoint", "show"]), @r"
    exit 1
    --- stderr
    error: No checkpoint file found below [HOME]/.openclaw/workspace/memory/restart-checkpoints
    hint: `comeback prepare` and `comeback checkpoint build` write one
    ");
    world.checkpoint("2026-11-19/235959", SEED);
    world.checkpoint("2026-11-20/115500", SEED);
    world.checkpoint(
        "2026-03-09/082200",
        &OURS.replace("sessions:\n", "consumedAt: 2026-03-09T08:24:10Z\nsessions:\n"),
    );
    let list = world.json(0, &["checkpoint", "list"]);
    let ids: Vec<_> =
        list["checkpoints"].as_array().unwrap().iter().map(|one| (&one["id"], &one["consumed"])).collect();
    let expected = [json!("2026-11-20/115500"), json!("2026-11-19/235959"), json!("5f0c2c7e9a41")];
    assert_eq!(
        ids,
        [(&expected[0], &json!(false)), (&expected[1], &json!(false)), (&expected[2], &json!(true))]
    );
}

#[test]
fn a_missing_file_is_named() {
    assert_snapshot!(World::new().run(&["checkpoint", "show", "none.md"]), @r"
    exit 1
    --- stderr
    error: there is no checkpoint none.md
    ");
}
