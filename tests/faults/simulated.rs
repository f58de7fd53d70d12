//! A simulated gateway on which one agent can be caught at harmless work and another at work that must not happen twice.

use std::path::PathBuf;
use std::time::Duration;

use ::comeback::drill::simulator::{Call, Flavour, Pace, Setup, Simulator, Step, Turn};
use ::comeback::support::clock::Clock;
use chrono::TimeDelta;

pub const PATIENCE: Duration = Duration::from_secs(30);
/// Two starts that are closer than a second are one to gateways that do not name their lives.
pub const BETWEEN_LIVES: TimeDelta = TimeDelta::milliseconds(1_200);

fn script(turn: &Turn) -> Step {
    match turn.message.as_str() {
        said if said.contains("comeback-") => Step::answer("Done."),
        "read it" => Step::call(Call::stuck("cat notes.md")),
        "push it" => Step::call(Call::stuck("git push --force origin main")),
        _ => Step::answer("Noted."),
    }
}

/// A gateway of 2026.7.1, not started yet.
pub fn gateway(state: PathBuf) -> Simulator {
    let setup = Setup {
        flavour: Flavour::V2026_7_1,
        state,
        token: "token-of-a-simulated-gateway".to_owned(),
        pace: Pace { native: Duration::from_millis(15), drain: Duration::ZERO, ..Pace::QUICK },
        clock: Clock::default(),
        script: Box::new(script),
    };
    Simulator::new(setup).unwrap()
}

/// Kills it, and starts it again as another life.
pub fn crash(simulator: &Simulator) {
    simulator.kill();
    simulator.pass(BETWEEN_LIVES);
    simulator.start().unwrap();
}
