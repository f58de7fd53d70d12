//! Load: ten thousand sessions, of which two hundred are cut off at once, and gateways that are slow, refuse or die.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod crowd;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use ::comeback::drill::simulator::{Blow, Flavour, Pace};
use ::comeback::model::{IdempotencyKey, SessionKey};
use rstest::rstest;

use crowd::{CUT, Crowd, Run, operator};

const MANY: usize = 10_000;
const FEW: usize = 1_000;
/// Enough where it is about the two hundred.
const FEWEST: usize = 300;
/// So many go on with nobody watching.
const CAP: usize = 10;
/// What a notice may be long on Telegram, in UTF-16 units.
const LIMIT: usize = 4_000;
const RECOVER: [&str; 3] = ["recover", "--trigger", "startup"];

impl Run {
    /// How many items came to which end.
    fn states(&self) -> BTreeMap<&str, usize> {
        let mut states = BTreeMap::new();
        for item in self.report["items"].as_array().unwrap() {
            *states.entry(item["state"].as_str().unwrap()).or_default() += 1;
        }
        states
    }

    fn is_whole(&self) -> bool {
        self.report["outcome"] == "recovered"
    }
}

impl Crowd {
    /// The sessions that were sent a message of ours: each once in a life of the gateway's, for what a later life cuts off
    /// is another cut; no message came twice, and none to a session that was not cut off.
    fn resumed(&self) -> BTreeSet<SessionKey> {
        let asked = self.simulator.asked();
        let ours: Vec<_> =
            asked.iter().filter_map(|one| Some((one, IdempotencyKey::find(&one.message)?))).collect();
        let keys: BTreeSet<&str> = ours.iter().map(|(_, key)| key.as_str()).collect();
        let in_lives: BTreeSet<_> = ours.iter().map(|(one, _)| (one.life, &one.session_key)).collect();
        assert_eq!((keys.len(), in_lives.len()), (ours.len(), ours.len()), "one went twice: {ours:#?}");
        let sessions: BTreeSet<SessionKey> = ours.iter().map(|(one, _)| one.session_key.clone()).collect();
        assert!(sessions.iter().all(|session| self.cut.contains(session)), "{sessions:?}");
        sessions
    }

    /// Checks that each chat has heard of its own work once, and of no other: its answer, or that it is held.
    fn each_chat_has_heard_once(&self) {
        let resumed = self.resumed();
        for session in &self.cut {
            let heard = self.simulator.delivered(session);
            let answers = heard.iter().filter(|text| *text == "resumed").count();
            let holds = heard.iter().filter(|text| text.starts_with("⏸️ 1 held")).count();
            let goes_on = usize::from(resumed.contains(session));
            assert_eq!((answers, holds), (goes_on, 1 - goes_on), "{session}: {heard:?}");
        }
    }
}

#[rstest]
#[case::files(Flavour::V2026_7_1)]
#[case::database(Flavour::V2026_9_6)]
fn of_two_hundred_cuts_among_ten_thousand_sessions_ten_go_on(#[case] flavour: Flavour) {
    let few = Crowd::of(flavour, FEW, Pace::QUICK).run(&RECOVER);
    let crowd = Crowd::of(flavour, MANY, Pace::QUICK);
    let run = crowd.run(&RECOVER);
    crowd.settle();
    assert_eq!((run.code, run.is_whole()), (0, true), "{}", run.report);
    assert_eq!(run.states(), BTreeMap::from([("resumed", CAP), ("held", CUT - CAP)]));
    assert_eq!(few.states(), run.states());
    assert_eq!(crowd.resumed().len(), CAP);
    crowd.each_chat_has_heard_once();
    let (peak, of_few) = (run.peak, few.peak);
    assert!(peak < of_few + of_few / 8, "it grows with the sessions: {peak} KiB, {of_few} KiB for {FEW}");
    // What is held stays so, and nobody is told again.
    let again = crowd.run(&RECOVER);
    crowd.settle();
    assert_eq!(again.code, 0, "{}", again.report);
    assert_eq!(crowd.resumed().len(), CAP);
    crowd.each_chat_has_heard_once();
}

#[test]
fn an_operator_is_told_of_two_hundred_in_one_message_that_can_be_read() {
    let crowd = Crowd::of(Flavour::V2026_7_1, FEWEST, Pace::QUICK);
    crowd.policy(&format!("operator: {}\n", operator()));
    let run = crowd.run(&RECOVER);
    crowd.settle();
    assert_eq!(run.code, 0, "{}", run.report);
    let heard = crowd.simulator.delivered(&operator());
    let told: Vec<&String> = heard.iter().filter(|text| text.contains("Back online")).collect();
    let [told] = told[..] else { panic!("one message: {heard:#?}") };
    assert!(told.encode_utf16().count() <= LIMIT, "{told}");
    assert!(told.lines().all(|line| line.chars().count() < 150), "no wall of codes: {told}");
    assert!(told.contains("Resumed (10):") && told.contains("Held (190) — nothing was sent."), "{told}");
    assert!(told.contains("\n- and 180 more: `comeback confirm` lists them"), "{told}");
    // Ten are shown with their codes, and all are where the message says.
    let shown = told.lines().filter(|line| line.starts_with("- `") && line.contains(" · ")).count();
    let listed = crowd.run(&["confirm"]);
    assert_eq!((shown, listed.report["items"].as_array().unwrap().len()), (10, CUT - CAP), "{told}");
}

#[rstest]
#[case::slow(Pace { answer: Duration::from_millis(15), ..Pace::QUICK })]
#[case::it_takes_so_many_messages_at_a_time(Pace { limit: Some((40, Duration::from_millis(400))), ..Pace::QUICK })]
fn a_slow_gateway_gets_everything_once(#[case] pace: Pace) {
    let crowd = Crowd::of(Flavour::V2026_7_1, FEWEST, pace);
    let run = crowd.run(&RECOVER);
    crowd.settle();
    assert_eq!((run.code, run.is_whole()), (0, true), "{}", run.report);
    assert_eq!(run.states(), BTreeMap::from([("resumed", CAP), ("held", CUT - CAP)]));
    assert_eq!(crowd.resumed().len(), CAP);
    crowd.each_chat_has_heard_once();
}

#[test]
fn a_gateway_that_takes_no_more_for_an_hour_is_left_and_one_warning_says_so() {
    let hour = Duration::from_secs(3_600);
    let crowd = Crowd::of(Flavour::V2026_7_1, FEWEST, Pace { limit: Some((3, hour)), ..Pace::QUICK });
    let run = crowd.run(&RECOVER);
    crowd.settle();
    assert_eq!((run.code, run.is_whole()), (6, false), "{}", run.report);
    let states = run.states();
    assert!(states["resumed"] == 3 && states["failed"] >= CAP - 3, "{states:?}");
    assert_eq!((crowd.resumed().len(), states.values().sum()), (3, CUT));
    let told = format!(
        "the user could not be told: rate limit exceeded for send (UNAVAILABLE) ({} chats)",
        CUT - states["resumed"]
    );
    assert_eq!(run.report["warnings"], serde_json::json!([told]));
}

/// It dies at a request of the dispatches, or at one of the notices, and is started again.
#[rstest]
#[case::before_it_hears_of_one(30, Blow::KillBefore)]
#[case::after_it_has_taken_one(30, Blow::KillAfter)]
#[case::in_the_middle_of_the_notices(120, Blow::KillAfter)]
fn a_gateway_that_dies_is_recovered_once_more(#[case] after: usize, #[case] blow: Blow) {
    let crowd = Crowd::of(Flavour::V2026_7_1, FEWEST, Pace::QUICK);
    crowd.simulator.strike(after, blow);
    let struck = crowd.run(&RECOVER);
    assert!(!crowd.simulator.is_up() && !struck.is_whole(), "it was struck: {}", struck.report);
    crowd.starts_again();
    let mut runs = vec![struck];
    while !runs.last().is_some_and(Run::is_whole) {
        runs.push(crowd.run(&RECOVER));
        assert!(runs.len() < 5, "it never ends: {}", runs[4].report);
    }
    crowd.settle();
    let resumed = crowd.resumed();
    let held = crowd.run(&["confirm"]);
    let held: BTreeSet<SessionKey> = held.report["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["sessionKey"].as_str().unwrap().parse().unwrap())
        .collect();
    // Ten in each life; what the second one cut off once more may be held now.
    assert!(resumed.len() <= 2 * CAP, "{resumed:?}");
    assert_eq!(resumed.union(&held).count(), CUT, "{resumed:?}");
}
