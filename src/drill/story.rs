//! A rehearsal as it is told, step by step, and what is left of it in the end.

use std::fmt;
use std::path::PathBuf;

use super::cast::{Fate, Person};
use crate::model::SessionKey;

/// Hears each step as it happens.
pub type Tell<'a> = &'a dyn Fn(&Step);

/// One step of the story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// An act begins.
    Act {
        /// What it is about.
        title: &'static str,
        /// The version that its gateway plays.
        version: &'static str,
        /// Where that keeps its sessions.
        store: &'static str,
    },
    /// A person has asked for something, and this is how far it has come.
    Asked {
        /// Who.
        who: &'static str,
        /// What they wrote.
        text: &'static str,
        /// How things stand.
        stands: &'static str,
    },
    /// Something happens around the program.
    Scene(String),
    /// The program runs.
    Runs(String),
    /// What the program did, or found.
    Did(String),
    /// A chat hears something.
    Heard {
        /// Whose chat.
        who: &'static str,
        /// From whom.
        from: Voice,
        /// What.
        text: String,
    },
}

/// Who speaks to a chat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Voice {
    /// Its agent.
    Agent,
    /// The gateway's own recovery.
    Native,
    /// This program.
    Ours,
}

/// What is left of an act.
#[derive(Debug)]
pub struct Act {
    /// What it was about.
    pub title: &'static str,
    /// The version that its gateway played.
    pub version: &'static str,
    /// Where that kept its sessions.
    pub store: &'static str,
    /// Its state directory.
    pub state: PathBuf,
    /// What became of each session.
    pub played: Vec<Played>,
    /// What had to be true of it.
    pub checks: Vec<Check>,
}

/// What became of a session.
#[derive(Debug)]
pub struct Played {
    /// Whose chat it is.
    pub person: &'static Person,
    /// The session.
    pub session_key: SessionKey,
    /// What became of it, by what reached its agent and what waits in the ledger.
    pub fate: Option<Fate>,
    /// The rule that decided, and why; none where the program had nothing to decide.
    pub ruling: Option<(String, String)>,
    /// The code by which a person confirms what is held.
    pub code: Option<String>,
}

/// Something that had to be true.
#[derive(Debug)]
pub struct Check {
    /// What.
    pub what: &'static str,
    /// Why it is not.
    pub trouble: Option<String>,
}

impl Fate {
    /// Returns the fate's stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resumed => "resumed",
            Self::Native => "native",
            Self::Held => "held",
            Self::Confirmed => "confirmed",
            Self::Untouched => "untouched",
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resumed => "came back",
            Self::Native => "came back by OpenClaw's own recovery",
            Self::Held => "held for a person",
            Self::Confirmed => "held, and sent when a person said so",
            Self::Untouched => "left alone",
        })
    }
}
