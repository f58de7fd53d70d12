//! `comeback status`

use insta::assert_snapshot;

use crate::world::{CALLER, World, put};

const LEDGER: &str = r#"{"v":1,"at":"2026-11-20T11:00:00Z","event":{"kind":"held","key":"comeback-0123456789abcdef0123456789abcdef","sessionKey":"agent:main:telegram:direct:78","checkpoint":"c1","rule":"payment","reason":"It pays somebody.","message":"Go on."}}
{"v":1,"at":"2026-11-20T11:00:01Z","event":{"kind":"recovery","checkpoint":"c1","boot":null,"trigger":"startup","outcome":"recovered"}}
{"v":1,"at":"2026-11-20T11:00:0
"#;

#[test]
fn nothing_is_pending() {
    let world = World::new();
    assert_snapshot!(world.run(&["status"]), @r"
    exit 0
    --- stdout
    Gateway   does not seem to run
    Restart   none is pending
    Recovery  there was none
    ");
    assert!(world.files().is_empty(), "it changes nothing");
}

#[test]
fn a_checkpoint_waits_for_its_restart() {
    let world = World::new();
    let args = ["prepare", "--offline", "--tool-calls", "--reason", "news", "--session-key", CALLER];
    world.command(&args).assert().success();
    assert_snapshot!(world.run(&["status", "--now", "2026-11-20T12:03:00Z"]), @r"
    exit 0
    --- stdout
    Gateway   does not seem to run
    Restart   prepared 3 min ago, 1 session; it has not come yet
    Recovery  there was none
    File      [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/120000.md
    ");
    let status = world.json(0, &["status"]);
    assert_eq!((&status["pending"]["due"], &status["pending"]["sessions"]), (&false.into(), &1.into()));
}

#[test]
fn held_items_the_last_recovery_and_bad_lines_are_told() {
    let world = World::new();
    put(&world.state("comeback/ledger.jsonl"), LEDGER);
    assert_snapshot!(world.run(&["status"]), @r"
    exit 0
    --- stdout
    Gateway   does not seem to run
    Restart   none is pending
    Recovery  59 min ago, by the startup hook: all was done

    HELD    SESSION                        SINCE    WHY
    012345  agent:main:telegram:direct:78  1 h ago  It pays somebody.

    `comeback confirm` shows the messages; `comeback confirm 012345` sends one, and
    with --reject drops it.
    --- stderr
    warning: one line of [HOME]/.openclaw/comeback/ledger.jsonl cannot be read
    ");
    let status = world.json(0, &["status"]);
    assert_eq!(status["held"][0]["code"], "012345");
    assert_eq!(status["lastRecovery"]["trigger"], "startup");
    assert_eq!(status["warnings"].as_array().unwrap().len(), 1);
}

#[test]
fn a_policy_that_switches_off_is_told_and_one_that_does_not_parse_is_named() {
    let world = World::new();
    put(&world.workspace("comeback.yaml"), "enabled: false\n");
    assert_snapshot!(world.run(&["status"]), @r"
    exit 0
    --- stdout
    Policy    comeback is switched off (enabled: false)
    Gateway   does not seem to run
    Restart   none is pending
    Recovery  there was none
    ");
    put(&world.state("comeback/config.yaml"), "enabled: true\nallowRestarts: yes\n");
    assert_snapshot!(world.run(&["status"]), @r"
    exit 1
    --- stderr
    error: cannot read the policy in [HOME]/.openclaw/comeback/config.yaml, line 2: unknown field `allowRestarts`, expected one of `enabled`, `leftOut`, `allowRestart`, `maxUnattended`, `hold`, `verifyFirst`, `operator` at line 2 column 1
    hint: its fields are enabled, leftOut, allowRestart, maxUnattended, hold, verifyFirst and operator; all may be left out
    ");
}
