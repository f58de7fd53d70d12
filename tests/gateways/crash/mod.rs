//! Crashes that nobody prepared for: what the people in the chats see.

mod document;
mod life;
mod night;
mod script;
mod seen;
mod situations;

use std::fs;

use rstest::rstest;

use crate::comeback;
use crate::people::SOON;
use life::{Side, Stage};
use seen::Seen;
use situations::Situation;

#[rstest]
#[ignore = "what OpenClaw does alone is recorded, not asserted"]
#[case::v2026_5_28_alone("2026.5.28", Side::Alone)]
#[case::v2026_5_28("2026.5.28", Side::Comeback)]
#[ignore = "what OpenClaw does alone is recorded, not asserted"]
#[case::v2026_7_1_alone("2026.7.1", Side::Alone)]
#[case::v2026_7_1("2026.7.1", Side::Comeback)]
#[ignore = "what OpenClaw does alone is recorded, not asserted"]
#[case::v2026_9_6_alone("2026.9.6", Side::Alone)]
#[case::v2026_9_6("2026.9.6", Side::Comeback)]
fn a_crash_in_the_middle_of_everything(#[case] version: &str, #[case] side: Side) {
    crash(version, side, &Situation::TOGETHER);
}

/// Up to 2026.7 a gateway tells its agent of the end of a command when nothing else is under way.
#[rstest]
#[ignore = "what OpenClaw does alone is recorded, not asserted"]
#[case::v2026_5_28_alone("2026.5.28", Side::Alone)]
#[case::v2026_5_28("2026.5.28", Side::Comeback)]
#[ignore = "what OpenClaw does alone is recorded, not asserted"]
#[case::v2026_7_1_alone("2026.7.1", Side::Alone)]
#[case::v2026_7_1("2026.7.1", Side::Comeback)]
#[ignore = "what OpenClaw does alone is recorded, not asserted"]
#[case::v2026_9_6_alone("2026.9.6", Side::Alone)]
#[case::v2026_9_6("2026.9.6", Side::Comeback)]
fn a_crash_as_an_agent_hears_that_its_command_has_ended(#[case] version: &str, #[case] side: Side) {
    crash(version, side, &[Situation::CommandEnded]);
}

fn crash(version: &str, side: Side, situations: &[Situation]) {
    let mut stage = Stage::set(version, side, situations);
    stage.kill();
    stage.start();
    stage.settle();
    finish(&stage);
}

#[rstest]
#[ignore = "what OpenClaw does alone is recorded, not asserted"]
#[case::v2026_5_28_alone("2026.5.28", Side::Alone)]
#[case::v2026_5_28("2026.5.28", Side::Comeback)]
#[ignore = "what OpenClaw does alone is recorded, not asserted"]
#[case::v2026_7_1_alone("2026.7.1", Side::Alone)]
#[case::v2026_7_1("2026.7.1", Side::Comeback)]
#[ignore = "what OpenClaw does alone is recorded, not asserted"]
#[case::v2026_9_6_alone("2026.9.6", Side::Alone)]
#[case::v2026_9_6("2026.9.6", Side::Comeback)]
fn two_crashes_in_a_row(#[case] version: &str, #[case] side: Side) {
    let mut stage = Stage::set(version, side, &[Situation::Twice]);
    stage.kill();
    stage.start();
    stage.wait_resumed_or_given_up(Situation::Twice);
    stage.kill();
    stage.start();
    stage.settle();
    finish(&stage);
}

#[rstest]
#[ignore = "what OpenClaw does alone is recorded, not asserted"]
#[case::v2026_5_28_alone("2026.5.28", Side::Alone)]
#[case::v2026_5_28("2026.5.28", Side::Comeback)]
#[ignore = "what OpenClaw does alone is recorded, not asserted"]
#[case::v2026_7_1_alone("2026.7.1", Side::Alone)]
#[case::v2026_7_1("2026.7.1", Side::Comeback)]
#[ignore = "what OpenClaw does alone is recorded, not asserted"]
#[case::v2026_9_6_alone("2026.9.6", Side::Alone)]
#[case::v2026_9_6("2026.9.6", Side::Comeback)]
fn a_crash_in_the_evening_and_a_start_in_the_morning(#[case] version: &str, #[case] side: Side) {
    let mut stage = Stage::set(version, side, &[Situation::Overnight]);
    stage.kill();
    night::pass(&stage.world.gateway.state_dir());
    night::pass(&stage.world.gateway.tmp());
    stage.start();
    stage.settle();
    finish(&stage);
}

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn a_healthy_gateway_is_left_alone(#[case] version: &str) {
    let situations = [
        Situation::Answering,
        Situation::Reading,
        Situation::Destroying,
        Situation::ResultRead,
        Situation::CommandSurvives,
        Situation::Idle,
    ];
    let stage = Stage::set(version, Side::Comeback, &situations);
    let look = || {
        let rows = situations.map(|situation| stage.row(situation)["status"].clone());
        // Not what the chats show: the gateway shows there that it is at work.
        let sent = comeback::ledger(&stage.world.gateway, "intent").len();
        (sent, stage.world.model.requests().len(), rows)
    };
    let before = look();
    for _ in 0..2 {
        let scan = comeback::json(&stage.world.gateway, 0, &["scan"]);
        assert_eq!(scan["counts"]["interrupted"].as_u64().unwrap_or(0), 0, "{scan}");
        assert_eq!(comeback::json(&stage.world.gateway, 0, &["recover"])["outcome"], "nothing");
    }
    assert_eq!(look(), before);
    let pipe = stage.world.gateway.workspace().join(Situation::Reading.pipe());
    fs::write(pipe, "the figures\n").unwrap();
    let (chat, done) = (Situation::Reading.chat(), Situation::Reading.done());
    stage.world.telegram.wait_for_message(chat, "the answer", SOON, |text| text == done);
    assert_eq!(stage.world.telegram.matching(chat, |text| text == done).len(), 1);
    assert!(stage.is_running(&Situation::CommandSurvives.pipe()), "the background command runs on");
}

/// What was seen goes into the document. Where `comeback` is installed, a second look changes nothing.
fn finish(stage: &Stage) {
    let seen: Vec<_> = stage.situations.iter().map(|situation| Seen::by(*situation, stage)).collect();
    document::record(&stage.version, stage.side, &seen);
    seen::check(stage, &seen);
    if stage.side == Side::Comeback {
        let before = (stage.world.telegram.mark(), stage.world.model.requests().len());
        comeback::json(&stage.world.gateway, 0, &["recover"]);
        assert_eq!((stage.world.telegram.mark(), stage.world.model.requests().len()), before);
    }
}
