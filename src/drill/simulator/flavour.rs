//! What the three versions of gateways do differently, and how long they take over it.

use std::time::Duration;

use chrono::TimeDelta;

/// A version of the gateway whose behaviour was measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flavour {
    /// 2026.5.28: files, and native recovery that brings no answer back.
    V2026_5_28,
    /// 2026.7.1: files, and native recovery of turns whose tool results were there.
    V2026_7_1,
    /// 2026.9.6: a database, boot ids, and native recovery of every turn.
    V2026_9_6,
}

/// What native recovery makes of a turn that was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Native {
    /// It gives up, and asks the chat to send the request again.
    GivesUp,
    /// It resumes the turn, whose reply never arrives.
    Mutters,
    /// It resumes the turn.
    Answers,
    /// It resumes the turn, and tells the chat so before.
    AnnouncesAndAnswers,
}

impl Flavour {
    /// All of them, oldest first.
    pub const ALL: [Self; 3] = [Self::V2026_5_28, Self::V2026_7_1, Self::V2026_9_6];

    /// Returns the version's name.
    #[must_use]
    pub const fn version(self) -> &'static str {
        match self {
            Self::V2026_5_28 => "2026.5.28",
            Self::V2026_7_1 => "2026.7.1",
            Self::V2026_9_6 => "2026.9.6",
        }
    }

    /// Tells whether it names its lives, keeps its sessions in a database, and knows a key again by the transcript.
    pub(super) const fn is_of_the_second_era(self) -> bool {
        matches!(self, Self::V2026_9_6)
    }

    /// Tells whether the reply to a person is mirrored into the session that it came from.
    pub(super) const fn mirrors_replies(self) -> bool {
        !self.is_of_the_second_era()
    }

    /// Tells what native recovery makes of a turn; `has_results` is one whose last results the model had not seen.
    pub(super) const fn native(self, has_results: bool) -> Native {
        match (self, has_results) {
            (Self::V2026_9_6, _) => Native::AnnouncesAndAnswers,
            (Self::V2026_7_1, true) => Native::Answers,
            (Self::V2026_5_28, true) => Native::Mutters,
            (Self::V2026_5_28 | Self::V2026_7_1, false) => Native::GivesUp,
        }
    }

    /// Returns what native recovery's message begins with.
    pub(super) const fn native_message(self) -> &'static str {
        match self {
            Self::V2026_5_28 | Self::V2026_7_1 => {
                "[System] Your previous turn was interrupted by a gateway restart while OpenClaw was waiting on \
                 tool/model work. Continue from the existing transcript and finish the interrupted response."
            }
            Self::V2026_9_6 => {
                "[System] Your previous turn was interrupted by a gateway restart while OpenClaw was waiting on \
                 tool/model work. The restart did not cancel the user's task."
            }
        }
    }

    /// Returns the tools of its agents that matter here.
    pub(super) const fn tools(self) -> &'static [&'static str] {
        match self {
            Self::V2026_5_28 | Self::V2026_7_1 => &["exec", "process", "message", "cron", "gateway"],
            Self::V2026_9_6 => &["exec", "process", "message", "automations", "gateway", "openclaw"],
        }
    }
}

/// How long the simulator takes where real gateways take their time.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// For how long after a start it answers that it is starting.
    pub starting: Duration,
    /// How long after a turn was accepted its message is written: what is killed meanwhile has lost it.
    pub begin: Duration,
    /// When after a start native recovery looks at the first session; so long, too, from one to the next.
    pub native: Duration,
    /// How long a planned restart waits for turns to end.
    pub drain: Duration,
    /// How long after a start a job waits that came due while the gateway was down.
    pub missed_job: TimeDelta,
    /// How long it takes over each answer.
    pub answer: Duration,
    /// How many messages it takes, and in how long; what is more it refuses, and says when to come again.
    pub limit: Option<(usize, Duration)>,
}

impl Pace {
    /// The pace of a rehearsal: all that takes seconds takes an instant.
    pub const QUICK: Self = Self {
        starting: Duration::ZERO,
        begin: Duration::ZERO,
        native: Duration::from_millis(150),
        drain: Duration::from_secs(2),
        missed_job: TimeDelta::seconds(120),
        answer: Duration::ZERO,
        limit: None,
    };
}
