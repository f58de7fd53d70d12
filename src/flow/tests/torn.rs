//! What happens while the sessions are read: no story is torn by it, and what may have gone on is read again.

use std::collections::HashSet;

use rstest::rstest;

use super::cuts::{crashed, given_up, reading, take_up};
use super::*;
use crate::flow::items::Job;
use crate::flow::sight::Watch;
use crate::gateway::Scopes;
use crate::model::{SessionKey, Verdict};

#[rstest]
fn what_native_recovery_resumed_meanwhile_did_not_end_before(
    #[values(Listing::Before, Listing::After)] listing: Listing,
) {
    let world = crashed();
    world.leave(FIRST, &reading(), &json!({"status": "running", "abortedLastRun": true}));
    let dir = world.dir.path().to_owned();
    let begins_and_ends = move |gateway: &mut Gateway| {
        let answer =
            json!({"role": "assistant", "stopReason": "stop", "content": "two pages", "model": "mock"});
        take_up(gateway, &dir, FIRST, &[answer]);
        let row = gateway.rows.get_mut(FIRST).unwrap();
        row["endedAt"] = json!(Utc::now().timestamp_millis());
        (row["status"], row["hasActiveRun"]) = (json!("done"), json!(false));
    };
    world.gateway(|gateway| gateway.while_listing = Some((listing, Box::new(begins_and_ends))));
    let sessions = scan(&world.context(), &ScanRequest::default()).unwrap().sessions;
    let judged: Vec<_> =
        sessions.iter().map(|(_, judged)| (judged.verdict, judged.reason.as_str())).collect();
    assert_eq!(judged, [(Verdict::Live, "OpenClaw's own recovery has resumed it")]);
}

#[test]
fn only_what_is_open_is_read_again() {
    let world = crashed();
    world.leave(FIRST, &reading(), &json!({"status": "running", "abortedLastRun": true}));
    world.leave(SECOND, &reading(), &given_up());
    let context = world.context();
    let mut gateway = context.connect(Scopes::TALK, Duration::ZERO).unwrap();
    let mut watch = Watch::new(&context, None, Job::None, HashSet::new());
    let before = watch.look(&mut gateway, None).unwrap();
    assert_eq!(before.open.iter().map(SessionKey::as_str).collect::<Vec<_>>(), [FIRST]);
    let sessions = world.dir.path().join("agents/main/sessions");
    fs::remove_file(sessions.join(format!("{}.jsonl", SECOND.replace(':', "-")))).unwrap();
    world.gateway(|gateway| take_up(gateway, world.dir.path(), FIRST, &[]));
    let sight = watch.look(&mut gateway, Some(before)).unwrap();
    let entries = |key: &str| sight.of(&key.parse().unwrap()).unwrap().entries().len();
    assert_eq!((entries(FIRST), entries(SECOND), sight.sessions.len()), (3, 2, 2));
}
