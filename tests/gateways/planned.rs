//! A planned restart, from the side of the people in the chats; `skill/` has one that an agent asks for.

use rstest::rstest;

use crate::comeback;
use crate::people::{BEN, approve, ask_for_the_restart, everybody_heard_once, key, no_job_yet, three_chats};

/// The operator has allowed it, and the gateway can do it without its agents: up to 2026.7.1.
#[test]
fn the_helper_restarts_the_gateway_and_the_job_brings_everybody_back() {
    let mut world = three_chats("2026.7.1", || "--delay 10s --restart".to_owned());
    ask_for_the_restart(&world);
    world.gateway.wait_boot(2);
    everybody_heard_once(&world);
}

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn the_hook_brings_everybody_back(#[case] version: &str) {
    let mut world = three_chats(version, no_job_yet);
    comeback::json(&world.gateway, 0, &["setup", "install", "--hook"]);
    ask_for_the_restart(&world);
    approve(&world);
    world.gateway.wait_boot(2);
    everybody_heard_once(&world);
}

/// The job comes due while the hook's run is under way, or just before it: whoever is first, nothing goes twice.
#[rstest]
#[case::v2026_5_28("2026.5.28", "--delay 9s")]
#[case::v2026_7_1("2026.7.1", "--delay 9s")]
#[case::v2026_9_6("2026.9.6", "--delay 22s")]
fn the_job_and_the_hook_together_do_it_once(#[case] version: &str, #[case] flags: &'static str) {
    let mut world = three_chats(version, move || flags.to_owned());
    comeback::json(&world.gateway, 0, &["setup", "install", "--hook"]);
    ask_for_the_restart(&world);
    approve(&world);
    world.gateway.wait_boot(2);
    everybody_heard_once(&world);
}

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn two_prepares_leave_one_job_and_one_checkpoint(#[case] version: &str) {
    let world = three_chats(version, no_job_yet);
    let prepare = |reason: &str| {
        let arguments = ["prepare", "--session-key", &key(BEN), "--reason", reason, "--delay", "20m"];
        comeback::json(&world.gateway, 0, &arguments)
    };
    let first = prepare("one");
    let second = prepare("two");
    let jobs = comeback::jobs(&world.gateway);
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    assert_eq!(jobs[0]["id"], second["job"]["id"]);
    assert_ne!(first["job"]["id"], second["job"]["id"]);
    let listed = comeback::json(&world.gateway, 0, &["checkpoint", "list"])["checkpoints"].clone();
    let open: Vec<_> = listed.as_array().unwrap().iter().filter(|one| one["consumed"] == false).collect();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["id"], second["checkpoint"]["id"]);
}
