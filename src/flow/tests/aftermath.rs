//! What a crash leaves beside cut turns: answers that nobody heard, subagents, old holds, stores that cannot be read.

use super::cuts::{crashed, deleting, given_up, only, reading, stop};
use super::*;
use crate::session::fake::Story;

#[test]
fn an_answer_that_native_recovery_got_and_nobody_heard_is_delivered() {
    let native = "[System] Your previous turn was interrupted by a gateway restart. Continue.";
    let story = || Story::new().user("u1", "sum up").user("n1", native);
    let begun = || Utc::now().timestamp_millis() + 1_000;
    for (version, expected) in [("2026.5.28", only(FIRST, ItemState::Resumed)), ("2026.7.1", Vec::new())] {
        let world = crashed();
        world.gateway(|gateway| gateway.version = Some(version));
        world.leave(FIRST, &story(), &json!({"status": "running", "startedAt": begun()}));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while world.gateway(|gateway| gateway.count("sessions.list")) < 2 && version == "2026.5.28" {
                    std::thread::sleep(Duration::from_millis(20));
                }
                let done = json!({"status": "done", "startedAt": begun()});
                world.leave(FIRST, &story().says("a1", "Twelve pages.", "stop"), &done);
            });
            assert_eq!(world.states(), expected, "its turn is waited for on the old one");
        });
        assert!(
            world.sent().0.iter().all(|sent| sent["message"].as_str().unwrap().contains("Twelve pages."))
        );
        assert_eq!(world.states(), Vec::new());
    }
}

#[test]
fn a_subagent_that_was_cut_off_is_named_to_its_user_once() {
    let world = crashed();
    let key = "agent:main:subagent:5";
    let row = json!({"status": "running", "spawnedBy": FIRST, "deliveryContext": {"channel": "telegram", "to": "78"}});
    world.leave(key, &Story::new().system("u1", "[Subagent Context] count").calls("a1", &["c1"]), &row);
    assert_eq!(world.states(), only(key, ItemState::Skipped));
    assert_eq!(world.states(), Vec::new());
    let (turns, told) = world.sent();
    assert_eq!((turns.len(), told.len(), &told[0]["to"]), (0, 1, &json!("78")));
    assert!(
        told[0]["message"].as_str().unwrap().contains("a subagent was cut off"),
        "{}",
        told[0]["message"]
    );
}

#[test]
fn a_message_that_went_into_a_new_session_has_failed() {
    let world = crashed();
    world.leave(FIRST, &reading(), &given_up());
    world.gateway(|gateway| gateway.begins_anew = true);
    let (outcome, items) = world.recover(false);
    assert_eq!(outcome, Outcome::Incomplete);
    assert!(matches!(&items[0].1, ItemState::Failed(why) if why.contains("new session")), "{items:?}");
    assert_eq!(world.recover(false).0, Outcome::Nothing, "it is not sent again");
    assert_eq!(world.sent().0.len(), 1);
}

#[test]
fn a_first_message_that_nobody_wrote_down_is_left_to_openclaw_which_asks_for_it() {
    let world = crashed();
    world.leave(FIRST, &Story::new(), &given_up());
    assert_eq!(world.recover(false), (Outcome::Nothing, only(FIRST, ItemState::Skipped)));
    assert_eq!(world.sent(), (Vec::new(), Vec::new()));
}

#[test]
fn a_stopped_turn_behind_a_heartbeat_is_not_resumed() {
    let world = crashed();
    let story = reading().system("h1", "[OpenClaw heartbeat poll]").calls("h2", &["c9"]);
    let began = (stop() - TimeDelta::milliseconds(2_500)).timestamp_millis();
    world.leave(FIRST, &story, &json!({"status": "failed", "abortedLastRun": true, "startedAt": began}));
    assert_eq!(world.states(), only(FIRST, ItemState::Held), "the row speaks of the heartbeat");
}

#[test]
fn what_waits_for_a_person_does_not_hide_what_is_cut_off_later() {
    let world = crashed();
    let built =
        |story: Story| story.calls("b1", &["rm -rf build"]).backgrounded("b2", "rm -rf build", "calm-fox");
    let first = || built(Story::new().user("u1", "build it")).answers("b3");
    world.leave(FIRST, &first(), &json!({"status": "done"}));
    assert_eq!(world.states(), only(FIRST, ItemState::Held));
    world.next_boot("later");
    let second =
        first().user("u2", "how long is it?").calls_tool("a1", "c1", "read", &json!({"path": "report.md"}));
    world.leave(FIRST, &second, &given_up());
    assert_eq!(world.states(), only(FIRST, ItemState::Resumed));
    assert_eq!(world.held(), 1);
}

#[test]
fn what_cannot_be_read_is_told() {
    let world = crashed();
    world.leave(FIRST, &reading(), &given_up());
    fs::write(world.dir.path().join("agents/main/sessions/sessions.json"), "{").unwrap();
    let report = world.recover_by(Trigger::Manual);
    assert_eq!(report.outcome, Outcome::Incomplete);
    assert!(report.warnings.iter().any(|warning| warning.contains("cannot read the sessions")), "{report:?}");
}

#[test]
fn what_one_chat_was_to_hear_is_told_in_no_other() {
    let world = crashed();
    world.leave(SECOND, &deleting(), &given_up());
    world.gateway(|gateway| gateway.refuses_to_send = true);
    let report = world.recover_by(Trigger::Manual);
    assert_eq!((report.outcome, report.say), (Outcome::Incomplete, None));
    world.gateway(|gateway| gateway.refuses_to_send = false);
    world.recover_by(Trigger::Manual);
    assert_eq!(world.sent().1.last().unwrap()["to"], "79");
}
