//! A restart that comes late, or never.

use chrono::{SecondsFormat, TimeDelta, Utc};
use rstest::rstest;

use crate::comeback;
use crate::harness::World;
use crate::harness::wait;
use crate::people::{ADA, BEN, LATER, approve, ask_for_the_restart, everybody_heard_once, three_chats};

/// A restart that was prepared `minutes` ago, by the clock of `prepare`, and whose job comes due in a few seconds.
fn prepared_ago(version: &str, minutes: i64) -> World {
    let world = three_chats(version, move || {
        let then = Utc::now() - TimeDelta::minutes(minutes);
        format!("--now {} --delay {}s", then.to_rfc3339_opts(SecondsFormat::Secs, true), minutes * 60 + 15)
    });
    ask_for_the_restart(&world);
    world
}

fn wait_for_outcome(world: &World, outcome: &str) {
    wait::until(&format!("the recovery's end: {outcome}"), LATER, || {
        let recoveries = comeback::ledger(&world.gateway, "recovery");
        recoveries.iter().any(|recovery| recovery["outcome"] == outcome).then_some(())
    });
}

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn a_restart_approved_five_minutes_late_still_recovers(#[case] version: &str) {
    let mut world = prepared_ago(version, 5);
    wait_for_outcome(&world, "not-yet");
    wait::until("the job, armed again", LATER, || (comeback::jobs(&world.gateway).len() == 1).then_some(()));
    assert_eq!(
        comeback::json(&world.gateway, 0, &["checkpoint", "list"])["checkpoints"][0]["consumed"],
        false
    );
    approve(&world);
    world.gateway.wait_boot(2);
    everybody_heard_once(&world);
}

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn a_restart_that_never_comes_uses_nothing_up_and_is_reported(#[case] version: &str) {
    let world = prepared_ago(version, 11);
    wait_for_outcome(&world, "never-happened");
    let never = |text: &str| text.contains("did not happen");
    world.telegram.wait_for_message(ADA, "the bad news", LATER, never);
    wait::until("no job", LATER, || comeback::jobs(&world.gateway).is_empty().then_some(()));
    assert_eq!(comeback::json(&world.gateway, 0, &["recover"])["outcome"], "never-happened");
    assert_eq!(world.telegram.matching(ADA, never).len(), 1);
    assert_eq!(world.telegram.matching(BEN, |text| text != "Noted."), Vec::<String>::new());
    assert_eq!(
        comeback::json(&world.gateway, 0, &["checkpoint", "list"])["checkpoints"][0]["consumed"],
        false
    );
}
