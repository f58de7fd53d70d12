//! The harness itself: a person, an agent with a tool, a crash, and the same conversation afterwards.

use std::process::Output;
use std::time::Duration;

use rstest::rstest;

use crate::harness::World;
use crate::harness::model::{Reply, Request};

const CHAT: i64 = 4242;
const SOON: Duration = Duration::from_secs(60);
const RAN: &str = "The tool has run.";
const REMEMBERED: &str = "I remember it.";

fn script(request: &Request) -> Reply {
    let results = request.last_tool_results();
    if results.contains("hello-from-exec") {
        Reply::text(RAN)
    } else if !results.is_empty() {
        Reply::text(format!("Instead of running, the tool said: {results}"))
    } else if request.last_user_text().contains("do you remember") {
        Reply::text(if request.remembers("hello-from-exec") { REMEMBERED } else { "What?" })
    } else {
        Reply::exec("echo hello-from-exec && comeback && command -v openclaw")
    }
}

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn a_conversation_outlives_a_crash(#[case] version: &str) {
    let mut world = World::new(version, script);
    world.gateway.place_script("comeback", "echo hello-from-path");
    world.gateway.start();
    world.gateway.wait_ready();
    world.telegram.say(CHAT, "Ada", "please run the tool");
    world.telegram.wait_for_message(CHAT, "the tool's success", SOON, |text| text == RAN);

    let turn =
        world.model.wait_for("the tool's result", SOON, |request| !request.last_tool_results().is_empty());
    assert!(turn.is_from_chat(CHAT) && !turn.is_from_chat(42));
    // 2026.9.6 puts an `openclaw` of its own before everything else on its agents' PATH; the others find ours.
    let results = turn.last_tool_results();
    assert!(results.contains("hello-from-path") && results.contains("/openclaw"), "{results}");

    world.gateway.sigkill();
    world.gateway.start();
    world.gateway.wait_ready();
    assert_eq!(world.gateway.boots(), 2);
    world.telegram.say(CHAT, "Ada", "do you remember");
    world.telegram.wait_for_message(CHAT, "the memory", SOON, |text| text == REMEMBERED);
    assert_eq!(world.telegram.matching(CHAT, |text| text == REMEMBERED).len(), 1);
    if version == "2026.9.6" {
        the_operators_commands_are_there(&world);
    }
}

/// What `references/restarts.md` tells the operator to run.
fn the_operators_commands_are_there(world: &World) {
    let says = |output: Output, text: &str| {
        assert!(
            output.status.success() && String::from_utf8_lossy(&output.stdout).contains(text),
            "{output:?}"
        );
    };
    let (version, port) = (world.gateway.version(), world.gateway.port().to_string());
    says(world.gateway.cli(["--version"]), version);
    says(world.gateway.cli(["config", "validate"]), "valid");
    says(world.gateway.cli(["gateway", "status"]), &port);
    says(world.gateway.cli(["logs", "--limit", "20", "--plain"]), "gateway");
    // There is no service here that it could restart.
    says(world.gateway.cli(["gateway", "restart", "--help"]), "restart");
}
