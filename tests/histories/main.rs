//! Random histories with random kills of helper and gateway, on the simulator: nothing goes twice, nothing is silent.
//!
//! The cases come from a seed, so that one that fails can be run again: its test says which.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod checks;
mod story;
mod world;

use std::thread;

use ::comeback::drill::simulator::Flavour;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rstest::rstest;

use story::{Known, history};
use world::World;

/// How many histories each version's gateway lives through, planned and not.
const HISTORIES: u8 = 84;
/// How many at a time: each spends most of its time in waiting.
const AT_A_TIME: u8 = 8;

#[rstest]
fn nothing_goes_twice_and_nothing_is_silent(
    #[values(Flavour::V2026_5_28, Flavour::V2026_7_1, Flavour::V2026_9_6)] flavour: Flavour,
    #[values(Known::Prepared, Known::Evidence)] known: Known,
) {
    thread::scope(|scope| {
        for first in 0..AT_A_TIME {
            let numbers = (first..HISTORIES).step_by(AT_A_TIME.into());
            scope.spawn(move || numbers.for_each(|number| happens(flavour, known, number)));
        }
    });
}

/// Lets the history of this number happen, and checks what came of it.
fn happens(flavour: Flavour, known: Known, number: u8) {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[number; 32]);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let history = history(flavour, known).new_tree(&mut runner).unwrap().current();
    let told = format!("history {number}: {history:#?}");
    let world = World::of(history);
    let reports = world.live(&world::in_process);
    checks::all(&world, &reports, &told);
}
