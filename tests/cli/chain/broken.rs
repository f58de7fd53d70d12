//! Files that are missing or broken, and runs that must not send.

use super::*;

#[test]
fn what_is_missing_or_broken_is_exit_code_1_and_named() {
    let world = World::new();
    assert_snapshot!(world.run(&["actions"]), @r"
    exit 1
    --- stderr
    error: No checkpoint file found below [HOME]/.openclaw/workspace/memory/restart-checkpoints
    hint: `comeback prepare` and `comeback checkpoint build` write one
    ");
    assert_snapshot!(world.run(&["actions", "none.md"]), @r"
    exit 1
    --- stderr
    error: there is no file none.md
    hint: it was looked for in [HOME]
    ");
    assert_snapshot!(world.run(&["plan", "none.md"]), @r"
    exit 1
    --- stderr
    error: there is no file none.md
    hint: it was looked for in [HOME]
    ");
    assert_snapshot!(world.run(&["verify", "none.json"]), @r"
    exit 1
    --- stderr
    error: there is no file none.json
    hint: it was looked for in [HOME]
    ");
    assert_snapshot!(world.run(&["execute", "none.json"]), @r"
    exit 1
    --- stderr
    error: there is no file none.json
    hint: it was looked for in [HOME]
    ");
    assert_snapshot!(world.pipe(&["plan", "-"], "nothing here\n"), @r"
    exit 1
    --- stderr
    error: stdin:1: expected at least one block: a heading `## <sessionKey>` with `- Goal: …` below it
    hint: mend the file, or move it away; `comeback checkpoint build` writes one of this form
    ");
    assert_snapshot!(world.pipe(&["verify", "-"], "{\n  \"actions\": [{}]\n}"), @r"
    exit 1
    --- stderr
    error: stdin:2: expected a list of actions: missing field `params` at line 2 column 16
    hint: `comeback actions` writes one
    ");
    assert_snapshot!(world.pipe(&["execute", "-"], SMOKE), @r"
    exit 1
    --- stderr
    error: stdin:15: expected a list of verified actions: missing field `verified` at line 15 column 1
    hint: `comeback verify` writes one
    ");
    let broken = CHECKPOINT.replace("- Goal: 完成回归验证", "- Goal: x\n\n## a\u{7}b\n- Goal: y");
    world.checkpoint(SEED_NAME, &broken);
    let absolute = world.workspace(SEED_PATH);
    let listed = actions(absolute.to_str().unwrap(), &[("agent:engineer:main", "run the tests")]);
    assert_snapshot!(world.pipe(&["verify", "-"], &listed), @r#"
    exit 1
    --- stderr
    error: [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-03-09/162200.md:7: "a\u{7}b" is no session key: 1 to 512 bytes on one line are expected
    "#);
}

#[test]
fn sending_without_a_gateway_or_against_the_policy_changes_nothing() {
    let world = seeded();
    put(&world.home().join("verified.json"), VERIFIED);
    let send = ["execute", "verified.json", "--send", "--offline"];
    assert_snapshot!(world.run(&send), @r"
    exit 7
    --- stderr
    error: the gateway is needed, and --offline forbids to contact it
    ");
    put(&world.workspace("comeback.yaml"), "enabled: false\n");
    assert_snapshot!(world.run(&send), @r"
    exit 8
    --- stderr
    error: the policy has switched comeback off (enabled: false)
    hint: the operator sets enabled in [HOME]/.openclaw/comeback/config.yaml or [HOME]/.openclaw/workspace/comeback.yaml
    ");
    assert_eq!(world.ledger(), Vec::<String>::new());
}
