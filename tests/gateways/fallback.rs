//! A token that only `OpenClaw` itself can read: every call goes through its command line.

use std::time::Duration;

use rstest::rstest;
use serde_json::json;

use crate::comeback;
use crate::harness::World;
use crate::harness::gateway::Gateway;
use crate::harness::model::Reply;
use crate::people::{BEN, SOON, key};

/// Each call takes seconds, and a recovery makes about ten.
const SLOWLY: Duration = Duration::from_secs(240);
const DONE: &str = "The weekly report is done.";

/// A gateway whose token comes from a program, by a `SecretRef`.
fn with_a_secret_token(version: &str) -> World {
    let mut world = World::new(version, |request| {
        let is_resumed = request.last_user_text().contains("Idempotency key: comeback-");
        Reply::text(if is_resumed { DONE } else { "Noted." })
    });
    let answer = json!({"protocolVersion": 1, "values": {"gateway": Gateway::TOKEN}});
    world.gateway.place_script("vault", &format!("cat > /dev/null; printf '%s' '{answer}'"));
    let vault = world.gateway.bin().join("vault");
    world.gateway.configure(|config| {
        config["gateway"]["auth"]["token"] = json!({"source": "exec", "provider": "vault", "id": "gateway"});
        config["secrets"] = json!({"providers": {"vault": {"source": "exec", "command": vault}}});
    });
    world.gateway.start();
    world.gateway.wait_ready();
    world
}

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn what_only_openclaw_can_connect_to_is_prepared_and_recovered_once(#[case] version: &str) {
    let mut world = with_a_secret_token(version);
    world.telegram.say(BEN, "Ben", "start the weekly report");
    world.telegram.wait_for_message(BEN, "the first answer", SOON, |text| text == "Noted.");

    let prepare = ["prepare", "--session-key", &key(BEN), "--reason", "new settings", "--delay", "1h"];
    let prepared = comeback::json(&world.gateway, 0, &prepare);
    let warnings = prepared["warnings"].to_string();
    assert!(warnings.contains("through the `openclaw` command"), "{warnings}");
    assert!(prepared["job"]["id"].is_string(), "{prepared}");
    world.telegram.wait_for_message(BEN, "the notice", SOON, |text| text.contains("new settings"));

    world.gateway.sigkill();
    world.gateway.start();
    world.gateway.wait_ready();
    assert_eq!(comeback::json(&world.gateway, 0, &["recover"])["outcome"], "recovered");
    world.telegram.wait_for_message(BEN, "the resumed work", SLOWLY, |text| text == DONE);
    assert_eq!(comeback::json(&world.gateway, 0, &["recover"])["outcome"], "nothing");
    assert_eq!(world.telegram.matching(BEN, |text| text == DONE).len(), 1);
}
