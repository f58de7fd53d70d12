//! What must be true of every history, seen from the gateway's side and from the helper's reports.

use std::collections::BTreeMap;

use ::comeback::flow::{ItemState, Report};
use ::comeback::ledger::Ledger;
use ::comeback::plan::key_of;

use crate::story::{Known, State};
use crate::world::{CHECKPOINT, OURS, World, key, work};

pub fn all(world: &World, reports: &[Report], told: &str) {
    assert!(world.simulator.faults().is_empty(), "{told}\n{:?}", world.simulator.faults());
    nothing_goes_twice(world, told);
    each_call_ran_once(world, told);
    nothing_is_silent(world, reports, told);
}

/// At most one message of ours reached each session, in all lives together, and none in a life in which native
/// recovery resumed it. A life later one may: `recover` does not look behind the start that it finds.
fn nothing_goes_twice(world: &World, told: &str) {
    let asked = world.simulator.asked();
    for number in 0..world.history.sessions.len() {
        let key = key(number);
        let lives = |is: fn(&str) -> bool| -> Vec<u64> {
            let of_it = asked.iter().filter(|one| one.session_key == key && is(&one.message));
            of_it.map(|one| one.life).collect()
        };
        let (ours, native) = (lives(is_ours), lives(is_native));
        assert!(ours.len() <= 1, "{key} was resumed in {ours:?}\n{told}\n{asked:#?}");
        assert!(
            !native.iter().any(|life| ours.contains(life)),
            "{key} was resumed by both\n{told}\n{asked:#?}"
        );
        let heard = world.simulator.delivered(&key);
        let resumed = heard.iter().filter(|text| text.starts_with("resumed")).count();
        assert!(resumed <= ours.len(), "{key} heard {heard:?}\n{told}");
    }
}

fn is_ours(text: &str) -> bool {
    text.contains(OURS)
}

fn is_native(text: &str) -> bool {
    text.starts_with("[System]")
}

/// What an agent had begun was never begun again.
fn each_call_ran_once(world: &World, told: &str) {
    let sessions = world.history.sessions.iter().enumerate();
    let expected: BTreeMap<String, usize> =
        sessions.filter(|(_, session)| session.state.calls()).map(|(number, _)| (work(number), 1)).collect();
    assert_eq!(world.simulator.effects(), expected, "{told}");
}

/// Each session that the helper can know of was resumed by it or by the gateway, or is held, or was told of.
fn nothing_is_silent(world: &World, reports: &[Report], told: &str) {
    let ledger = Ledger::read(&world.context().paths.ledger()).unwrap();
    let asked = world.simulator.asked();
    for (number, session) in world.history.sessions.iter().enumerate() {
        let key = key(number);
        let is_known = match world.history.known {
            Known::Prepared => true,
            Known::Evidence => session.state != State::Idle,
        };
        let is_resumed = asked
            .iter()
            .any(|one| one.session_key == key && (is_ours(&one.message) || is_native(&one.message)));
        let is_held = ledger.is_held(&key_of(CHECKPOINT, &key))
            || ledger.held().iter().any(|held| held.session_key == key);
        let of_it = |report: &&Report| report.items.iter().any(|one| one.item.session_key == key);
        let last = reports.iter().rev().find(of_it).into_iter().flat_map(|report| &report.items);
        let is_reported = last
            .filter(|one| one.item.session_key == key)
            .any(|one| matches!(one.state, ItemState::Skipped | ItemState::Failed(_)));
        let is_told = is_resumed || is_held || is_reported;
        assert!(!is_known || is_told, "nobody tells of {key}\n{told}\n{reports:#?}");
    }
}
