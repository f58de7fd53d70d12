//! What happened, in words: stops of the gateway, sessions, and the moments of each.

use chrono::{DateTime, Utc};

use crate::model::{Boot, Decision, SessionKey, Verdict};

/// What became of the work that the gateway's stops cut off, as the ledger tells it.
#[derive(Debug)]
pub struct History {
    /// When this was looked up.
    pub at: DateTime<Utc>,
    /// The stops that are meant, the newest first.
    pub stops: Vec<Stop>,
    /// What is worth knowing.
    pub warnings: Vec<String>,
}

/// One stop of the gateway, and the way back from it.
#[derive(Debug, Default)]
pub struct Stop {
    /// The life that followed it; none where no recovery met a gateway.
    pub boot: Option<Boot>,
    /// When the life before was last known to be at work.
    pub down_at: Option<DateTime<Utc>>,
    /// The checkpoint that was prepared, and by which session.
    pub prepared: Option<Forewarning>,
    /// The recoveries that wrote down how they ended, oldest first.
    pub runs: Vec<Run>,
    /// What became of each session.
    pub sessions: Vec<Story>,
}

/// A restart that was prepared.
#[derive(Clone, Debug)]
pub struct Forewarning {
    /// When.
    pub at: DateTime<Utc>,
    /// The session that asked for it.
    pub by: SessionKey,
}

/// One recovery of those that followed a stop.
#[derive(Debug)]
pub struct Run {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// Who called it.
    pub trigger: String,
    /// How it ended, in one word.
    pub outcome: String,
}

/// What became of one session.
#[derive(Debug)]
pub struct Story {
    /// The session.
    pub session_key: SessionKey,
    /// What it is about, where that is known.
    pub about: Option<String>,
    /// What became of it in the end.
    pub fate: Fate,
    /// The grounds, where something was decided.
    pub ruling: Option<Grounds>,
    /// The message that was sent, or would be.
    pub message: Option<String>,
    /// The code by which a person confirms what waits.
    pub code: Option<String>,
    /// What happened, oldest first.
    pub moments: Vec<Moment>,
}

/// Why something became of a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grounds {
    /// What the evidence said, where that was written down.
    pub verdict: Option<Verdict>,
    /// What the gate decided.
    pub decision: Decision,
    /// The rule that decided.
    pub rule: String,
    /// One sentence for people.
    pub reason: String,
}

/// What became of a session; first what somebody has still to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It did not work.
    Failed,
    /// It waits for a person.
    Held,
    /// It was resumed, and nobody knows yet how that ended.
    Resumed,
    /// It was resumed, and its agent has come to the end of the turn.
    Answered,
    /// The gateway's own recovery took it.
    Native,
    /// It has gone on without us.
    WentOn,
    /// A person has dropped it.
    Dropped,
    /// There was nothing to do.
    LeftAlone,
}

impl Fate {
    /// Returns the fate's stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Held => "held",
            Self::Resumed => "resumed",
            Self::Answered => "answered",
            Self::Native => "native",
            Self::WentOn => "went-on",
            Self::Dropped => "dropped",
            Self::LeftAlone => "left-alone",
        }
    }
}

/// Something that happened to a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub what: What,
    /// More about it, where that is known.
    pub note: Option<String>,
}

/// What can happen to a session after a stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// A message of ours was taken.
    Resumed,
    /// It went on without us.
    WentOn,
    /// The gateway's own recovery took it.
    Native,
    /// Its agent came to the end of the turn.
    Answered,
    /// A message of ours, or the run that it began, failed.
    Failed,
    /// A person must confirm it.
    Held,
    /// A person was told.
    Told,
    /// A person confirmed it.
    Confirmed,
    /// A person dropped it.
    Dropped,
}

impl What {
    /// Returns the stable name of what happened.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Resumed => "resumed",
            Self::WentOn => "went-on",
            Self::Native => "native",
            Self::Answered => "answered",
            Self::Failed => "failed",
            Self::Held => "held",
            Self::Told => "told",
            Self::Confirmed => "confirmed",
            Self::Dropped => "dropped",
        }
    }
}
