//! `comeback now`

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use crate::world::{World, put};

const SET: [&str; 6] = ["now", "set", "--status", "Migrating", "--task", "copy table users"];

#[test]
fn a_missing_file_is_no_error_and_set_makes_it() {
    let world = World::new();
    assert_snapshot!(world.run(&["now", "show"]), @r"
    exit 0
    --- stdout
    [HOME]/.openclaw/workspace/NOW.md does not exist yet.
    ");
    assert_eq!(world.json(0, &["now", "show"])["exists"], false);
    assert_snapshot!(world.run(&SET), @r"
    exit 0
    --- stdout
    [HOME]/.openclaw/workspace/NOW.md written.
    ");
    assert_snapshot!(world.run(&["now", "show"]), @r"
    exit 0
    --- stdout
    # NOW.md - Current State Snapshot

    ## Last Updated
    - **Time**: 2026-11-20T12:00:00Z
    - **Session**: 
    - **Status**: Migrating

    ## Active Tasks
    - copy table users
    ");
    assert_eq!(world.files(), [".openclaw/workspace/NOW.md"]);
}

#[test]
fn only_the_sections_change_and_the_mode_and_line_ends_stay() {
    let world = World::new();
    let path = world.workspace("NOW.md");
    let text = "Mine, above.\r\n\r\n## Active Tasks\r\n- old\r\n\r\n## Mine\r\n- stays\r\n\r\n## Post-Restart Action\r\n- greet\r\n";
    put(&path, text);
    fs::set_permissions(&path, Permissions::from_mode(0o644)).unwrap();
    world.command(&["now", "set", "--task", "one", "--task", "two"]).assert().success();
    world.command(&["now", "clear"]).assert().success();
    let text = fs::read_to_string(&path).unwrap();
    assert_eq!(text.matches("\r\n").count(), text.matches('\n').count(), "{text:?}");
    assert_snapshot!(text.replace("\r\n", "\n"), @r"
    Mine, above.

    ## Active Tasks
    - one
    - two

    ## Mine
    - stays

    ## Post-Restart Action
    - none

    ## Last Updated
    - **Time**: 2026-11-20T12:00:00Z
    - **Session**: 
    - **Status**:
    ");
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
}

#[test]
fn set_keeps_what_it_is_not_given() {
    let world = World::new();
    world.command(&SET).assert().success();
    world.command(&["now", "set", "--session-key", "agent:main:main", "--after", "greet"]).assert().success();
    assert_snapshot!(world.run(&["now", "show", "--json"]), @r#"
    exit 0
    --- stdout
    {
      "schema": "comeback.now.v1",
      "path": "[HOME]/.openclaw/workspace/NOW.md",
      "exists": true,
      "time": "2026-11-20T12:00:00Z",
      "session": "agent:main:main",
      "status": "Migrating",
      "activeTasks": [
        "copy table users"
      ],
      "recentContext": [],
      "postRestartAction": [
        "greet"
      ]
    }
    "#);
}

#[test]
fn a_dry_run_prints_the_new_text_and_writes_nothing() {
    let world = World::new();
    let text = world.run(&[&SET[..], &["--dry-run"]].concat());
    assert!(text.contains("- **Status**: Migrating\n"), "{text}");
    assert!(world.files().is_empty());
}

#[test]
fn set_without_a_section_is_a_usage_error() {
    assert_snapshot!(World::new().run(&["now", "set"]), @r"
    exit 2
    --- stderr
    error: the following required arguments were not provided:
      <--session-key <KEY>|--status <TEXT>|--task <TEXT>|--context <TEXT>|--after <TEXT>>

    Usage: comeback now set --now <RFC 3339> <--session-key <KEY>|--status <TEXT>|--task <TEXT>|--context <TEXT>|--after <TEXT>>

    For more information, try '--help'.
    ");
}

#[test]
fn a_file_that_is_not_text_is_named_and_left_as_it_is() {
    let world = World::new();
    fs::write(world.workspace("NOW.md"), b"\xff\xfe").unwrap();
    assert_snapshot!(world.run(&["now", "clear"]), @r"
    exit 1
    --- stderr
    error: cannot read [HOME]/.openclaw/workspace/NOW.md: stream did not contain valid UTF-8
    hint: save it as UTF-8, or move it away
    ");
    assert_eq!(fs::read(world.workspace("NOW.md")).unwrap(), b"\xff\xfe");
}
