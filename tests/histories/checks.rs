//! What must be true of every history, seen from the gateway's side and from the helper's reports.

use std::collections::{BTreeMap, BTreeSet};

use ::comeback::drill::simulator::Flavour;
use ::comeback::flow::{ItemState, Report};
use ::comeback::ledger::Ledger;
use ::comeback::model::IdempotencyKey;
use ::comeback::plan::key_of;

use crate::story::{Known, State};
use crate::world::{CHECKPOINT, OURS, World, key, work};

pub fn all(world: &World, reports: &[Report], told: &str) {
    assert!(world.simulator.faults().is_empty(), "{told}\n{:?}", world.simulator.faults());
    nothing_goes_twice(world, told);
    each_call_ran_once(world, told);
    nothing_is_silent(world, reports, told);
}

/// No message of ours reached an agent twice, and none in a life in which native recovery resumed the session: a life
/// later it may, for it was cut off once more. But 2026.5.28's own recovery gets answers that nobody hears.
fn nothing_goes_twice(world: &World, told: &str) {
    let asked = world.simulator.asked();
    let keys: Vec<IdempotencyKey> =
        asked.iter().filter_map(|one| IdempotencyKey::find(&one.message)).collect();
    let once: BTreeSet<&str> = keys.iter().map(IdempotencyKey::as_str).collect();
    assert_eq!(once.len(), keys.len(), "one went twice\n{told}\n{asked:#?}");
    for number in 0..world.history.sessions.len() {
        let key = key(number);
        let lives = |is: fn(&str) -> bool| -> Vec<u64> {
            let of_it = asked.iter().filter(|one| one.session_key == key && is(&one.message));
            of_it.map(|one| one.life).collect()
        };
        let (ours, native) = (lives(is_ours), lives(is_native));
        let resumes = lives(|text| is_ours(text) && !is_delivery(text));
        let in_lives: BTreeSet<&u64> = ours.iter().collect();
        assert_eq!(in_lives.len(), ours.len(), "{key} was resumed in {ours:?}\n{told}\n{asked:#?}");
        assert!(
            !native.iter().any(|life| resumes.contains(life)),
            "{key} was resumed by both\n{told}\n{asked:#?}"
        );
        let heard = world.simulator.delivered(&key);
        let heard_ours = heard.iter().filter(|text| text.starts_with("resumed")).count();
        assert!(heard_ours <= ours.len(), "{key} heard {heard:?}\n{told}");
    }
}

/// Tells a message that only has an answer delivered.
fn is_delivery(text: &str) -> bool {
    text.contains("was finished and never delivered")
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
            Known::Evidence => match session.state {
                State::Idle => false,
                // Up to 2026.7 commands outlive the gateway.
                State::InTheBackground => world.history.flavour == Flavour::V2026_9_6,
                State::AtFirst | State::InACall | State::BehindAResult => true,
            },
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
