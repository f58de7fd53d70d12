//! Whatever is killed or missing, nothing goes twice and nothing is lost.

use std::process::Command;

use rstest::rstest;
use serde_json::json;

use crate::comeback;
use crate::harness::World;
use crate::harness::wait;
use crate::people::{
    ADA, BEN, CYD, SOON, approve, ask_for_the_restart, everybody_heard_once, key, no_job_yet, three_chats,
};

/// Runs `comeback recover` and kills it as it enters the `number`th call of `call`; tells whether it got that far.
fn killed_at(world: &World, call: &str, number: usize) -> bool {
    let inner = comeback::command(&world.gateway, &["recover"]);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o", "/dev/null", "-e"]).arg(format!("trace={call}"));
    strace.arg("-e").arg(format!("inject={call}:signal=SIGKILL:when={number}")).arg(inner.get_program());
    strace.args(inner.get_args()).env_clear().envs(world.gateway.environment());
    let output = comeback::bounded(&world.gateway, strace);
    !output.status.success() && output.stdout.is_empty()
}

/// The ledger is synced by `fdatasync` after each line, the intent's before the send; `sendto` carries the requests.
#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn a_helper_that_is_killed_sends_nothing_twice(#[case] version: &str) {
    let mut world = three_chats(version, no_job_yet);
    ask_for_the_restart(&world);
    approve(&world);
    world.gateway.wait_boot(2);
    let count = |kind| comeback::ledger(&world.gateway, kind).len();
    // Beside the notice of prepare: each run ends as it syncs its first line, until that is an intent.
    let reached = (0..5).any(|_| killed_at(&world, "fdatasync", 1) && count("intent") == 2);
    assert!(reached && count("outcome") == 1, "between the first intent and its send");
    for number in [1, 2, 1, 2, 3, 4, 5, 6] {
        killed_at(&world, "fdatasync", number);
    }
    comeback::json(&world.gateway, 0, &["recover"]);
    everybody_heard_once(&world);
}

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn a_gateway_that_is_down_costs_nothing_but_the_exit_code(#[case] version: &str) {
    let mut world = three_chats(version, no_job_yet);
    ask_for_the_restart(&world);
    wait::until("the end of Ada's turn", SOON, || {
        let row = comeback::call(&world.gateway, "sessions.describe", &json!({"key": key(ADA)}));
        (row["session"]["status"] == "done").then_some(())
    });
    world.gateway.sigkill();
    let report = comeback::json(&world.gateway, 7, &["recover"]);
    assert_eq!(report["outcome"], "unreachable");
    let calls = report["calls"].as_array().unwrap();
    let is_called = |chat| calls.iter().any(|call| call["params"]["sessionKey"] == key(chat));
    assert!(is_called(ADA) && is_called(BEN) && !is_called(CYD), "{calls:?}");
    world.gateway.start();
    world.gateway.wait_ready();
    comeback::json(&world.gateway, 0, &["recover"]);
    everybody_heard_once(&world);
}

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn what_cannot_be_prepared_safely_is_refused(#[case] version: &str) {
    let world = three_chats(version, no_job_yet);
    let unknown = ["prepare", "--session-key", "agent:main:telegram:direct:404", "--reason", "x"];
    let error = comeback::json(&world.gateway, 1, &unknown)["error"]["message"].clone();
    assert!(error.as_str().unwrap().contains("agent:main:telegram:direct:404"), "{error}");

    let key = key(CYD);
    let prepare = ["prepare", "--session-key", &key, "--reason", "x"];
    world.gateway.configure(|config| config["gateway"]["bind"] = json!("nowhere"));
    let error = comeback::json(&world.gateway, 8, &prepare)["error"].clone();
    assert_eq!(error["kind"], "refused", "{error}");
    assert_eq!(comeback::jobs(&world.gateway).len(), 0);
    let listed = comeback::json(&world.gateway, 0, &["checkpoint", "list"]);
    assert_eq!(listed["checkpoints"], json!([]));
}
