//! What happens in a history: who does what when the gateway is killed, and which blows fall on the way back.

use ::comeback::drill::simulator::{Blow, Flavour};
use proptest::prelude::*;

/// A history, told before it happens.
#[derive(Clone, Debug)]
pub struct History {
    pub flavour: Flavour,
    pub known: Known,
    pub sessions: Vec<Session>,
    /// The blows, one for each run of the helper; a healthy run follows.
    pub blows: Vec<(usize, Blow)>,
}

/// By what the helper can know of a cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// A checkpoint that was prepared.
    Prepared,
    /// The evidence alone.
    Evidence,
}

/// A session as the kill finds it.
#[derive(Clone, Debug)]
pub struct Session {
    pub state: State,
    /// Whether its next step may be done unattended.
    pub harmless: bool,
}

/// What an agent is at when the gateway is killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    Idle,
    AtFirst,
    InACall,
    BehindAResult,
    InTheBackground,
}

impl State {
    /// What its user writes.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Idle => "hello",
            Self::AtFirst => "think",
            Self::InACall => "never end",
            Self::BehindAResult => "run it and think",
            Self::InTheBackground => "in the background",
        }
    }

    /// Whether its agent makes a call.
    pub const fn calls(self) -> bool {
        matches!(self, Self::InACall | Self::BehindAResult | Self::InTheBackground)
    }
}

/// Makes histories.
pub fn history(flavour: Flavour, known: Known) -> impl Strategy<Value = History> {
    let state = prop_oneof![
        Just(State::Idle),
        Just(State::AtFirst),
        Just(State::InACall),
        Just(State::BehindAResult),
        Just(State::InTheBackground),
    ];
    let session =
        (state, proptest::bool::weighted(0.7)).prop_map(|(state, harmless)| Session { state, harmless });
    let blow = prop_oneof![
        Just(Blow::CutBefore),
        Just(Blow::CutAfter),
        Just(Blow::KillBefore),
        Just(Blow::KillAfter),
    ];
    // A whole recovery of four sessions makes about thirty requests.
    let blows = proptest::collection::vec((0_usize..24, blow), 0..4);
    (proptest::collection::vec(session, 1..5), blows).prop_map(move |(sessions, blows)| History {
        flavour,
        known,
        sessions,
        blows,
    })
}
