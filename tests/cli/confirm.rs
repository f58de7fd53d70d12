//! `comeback confirm`, as far as it goes without a gateway

use insta::assert_snapshot;

use crate::world::{World, put};

const LEDGER: &str = r#"{"v":1,"at":"2026-11-20T11:00:00Z","event":{"kind":"held","key":"comeback-0123456789abcdef0123456789abcdef","sessionKey":"agent:main:telegram:direct:78","checkpoint":"c1","rule":"payment","reason":"It may move money a second time.","message":"Go on.\nIdempotency key: comeback-0123456789abcdef0123456789abcdef"}}
"#;

fn holding() -> World {
    let world = World::new();
    put(&world.state("comeback/ledger.jsonl"), LEDGER);
    world
}

#[test]
fn what_is_held_is_shown_with_its_exact_message() {
    let world = holding();
    assert_snapshot!(world.run(&["confirm"]), @r"
    exit 0
    --- stdout
    [012345] agent:main:telegram:direct:78, held 1 h ago: It may move money a second time.

        Go on.
        Idempotency key: comeback-0123456789abcdef0123456789abcdef

    It waits: `comeback confirm 012345` sends it, and with --reject drops it.
    ");
    let old = world.run(&["confirm", "--now", "2026-11-28T12:00:00Z"]);
    assert!(old.ends_with("It is too old to be sent: `comeback confirm 012345 --reject` drops it."), "{old}");
    let item = &world.json(0, &["confirm", "[012345]", "--dry-run"])["items"][0];
    assert_eq!((&item["state"], &item["heldAt"]), (&"waits".into(), &"2026-11-20T11:00:00Z".into()));
    assert_eq!(world.ledger(), ["held"], "and nothing is changed");
    assert_snapshot!(World::new().run(&["confirm"]), @r"
    exit 0
    --- stdout
    Nothing is held.
    ");
}

#[test]
fn what_is_rejected_is_gone_and_the_ledger_says_by_whom() {
    let world = holding();
    let args = ["confirm", "012345", "--reject", "--session-key", "agent:main:telegram:direct:77"];
    let item = &world.json(0, &args)["items"][0];
    assert_eq!((&item["state"], &item["heldAt"]), (&"rejected".into(), &"2026-11-20T11:00:00Z".into()));
    assert_eq!(world.ledger(), ["held", "decided"]);
    let text = std::fs::read_to_string(world.state("comeback/ledger.jsonl")).unwrap();
    assert!(text.contains(r#""by":{"session":"agent:main:telegram:direct:77"}"#), "{text}");
    assert_snapshot!(world.run(&["confirm", "012345"]), @r#"
    exit 1
    --- stderr
    error: nothing is held under the code "012345"
    hint: nothing is held at all: it was decided before, or never held
    "#);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let world = holding();
    assert_snapshot!(world.run(&["confirm", "012345", "ffffff"]), @r#"
    exit 1
    --- stderr
    error: nothing is held under the code "ffffff"
    hint: held are 012345; `comeback confirm` shows them
    "#);
    assert_snapshot!(world.run(&["confirm", "--all"]), @r"
    exit 8
    --- stderr
    error: --all is for a person at a terminal
    hint: name the codes that the user has named
    ");
    assert_snapshot!(world.run(&["confirm", "--reject"]), @r"
    exit 2
    --- stderr
    error: --reject needs a code
    hint: `comeback confirm` shows the codes
    ");
    put(&world.workspace("comeback.yaml"), "enabled: false\n");
    assert_snapshot!(world.run(&["confirm", "012345"]), @r"
    exit 8
    --- stderr
    error: the policy has switched comeback off (enabled: false)
    hint: what is held stays held; `comeback confirm CODE --reject` drops it
    ");
    assert_eq!(world.ledger(), ["held"]);
}
