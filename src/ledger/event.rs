//! The ledger's lines: what is worth remembering over a restart.

use std::borrow::Cow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::{Boot, Decision, IdempotencyKey, Route, SessionKey, Verdict};
use crate::support::redact::redact;

/// The version of the lines that this program writes.
pub(super) const VERSION: u32 = 1;

/// One line: when, and what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub(super) v: u32,
    /// When it was written.
    pub at: DateTime<Utc>,
    /// What happened.
    pub event: Event,
}

/// Everything that is worth remembering over a restart.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", rename_all_fields = "camelCase")]
pub enum Event {
    /// A planned restart was prepared; a later boot makes its checkpoint due.
    Prepared {
        /// The checkpoint's id.
        checkpoint: String,
        /// The session that asked for the restart.
        session_key: SessionKey,
        /// Where that session's replies went.
        route: Option<Route>,
        /// The boot that was running.
        boot: Option<Boot>,
    },
    /// An effect is about to be sent.
    Intent {
        /// The effect's key.
        key: IdempotencyKey,
        /// What it is.
        effect: Effect,
        /// The session it goes to, or is about.
        session_key: SessionKey,
        /// The boot in which it is sent.
        boot: Boot,
        /// Other keys of the same effect: it has several causes, of which a later boot may see only one.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        also: Vec<IdempotencyKey>,
        /// The exact message to an agent: should the gateway lose it, a person decides about it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        message: Option<String>,
    },
    /// What became of an intent.
    Outcome {
        /// The effect's key.
        key: IdempotencyKey,
        /// What became of it.
        outcome: Outcome,
        /// Why, where that is not plain.
        detail: Option<String>,
        /// The gateway's name for the run that it started.
        run_id: Option<String>,
    },
    /// An item waits for a person.
    Held(Held),
    /// A person decided about a held item.
    Decided {
        /// The item's key.
        key: IdempotencyKey,
        /// Whether it is to be sent.
        confirmed: bool,
        /// Who it was, as far as can be told.
        by: Person,
    },
    /// A recovery ended.
    Recovery {
        /// The checkpoint that it was about.
        checkpoint: Option<String>,
        /// The boot that it found.
        boot: Option<Boot>,
        /// Who called it.
        trigger: String,
        /// How it ended, in one word.
        outcome: String,
        /// What became of each session.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        items: Vec<Dealt>,
    },
    /// A boot was seen for the first time.
    Boot {
        /// The boot.
        boot: Boot,
        /// When the one before it was last known to be at work.
        last_sign_of_life: Option<DateTime<Utc>>,
    },
    /// A trigger has called for a recovery by itself.
    Fired {
        /// What has called: `hook`, `systemd` or `launchd`.
        source: String,
        /// For what: `startup` or `wake`.
        trigger: String,
    },
    /// A checkpoint that cannot carry the mark itself (the seed's have no front matter) is used up.
    Consumed {
        /// The checkpoint's id, or its path below the folder of checkpoints.
        checkpoint: String,
    },
}

impl Event {
    /// Takes the secrets out of what people and gateways said.
    pub(super) fn redacted(mut self) -> Self {
        let clean = |text: &mut String| {
            if let Cow::Owned(redacted) = redact(text) {
                *text = redacted;
            }
        };
        match &mut self {
            Self::Intent { message: text, .. } | Self::Outcome { detail: text, .. } => {
                text.as_mut().map(clean);
            }
            Self::Held(held) => [&mut held.reason, &mut held.message].into_iter().for_each(clean),
            Self::Recovery { items, .. } => {
                for Dealt { about, reason, detail, .. } in items {
                    about.iter_mut().chain([reason]).chain(detail).for_each(clean);
                }
            }
            Self::Prepared { .. }
            | Self::Decided { .. }
            | Self::Boot { .. }
            | Self::Fired { .. }
            | Self::Consumed { .. } => {}
        }
        self
    }

    /// Returns the item that waits, where it is one.
    pub(super) const fn as_held(&self) -> Option<&Held> {
        match self {
            Self::Held(held) => Some(held),
            _ => None,
        }
    }

    /// Returns the boot that was seen, and when the one before it was last known to be at work.
    pub(super) const fn as_boot(&self) -> Option<(&Boot, Option<DateTime<Utc>>)> {
        match self {
            Self::Boot { boot, last_sign_of_life } => Some((boot, *last_sign_of_life)),
            _ => None,
        }
    }
}

/// What a recovery made of one session, and on what grounds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dealt {
    /// The key of its effect.
    pub key: IdempotencyKey,
    /// The session.
    pub session_key: SessionKey,
    /// What it is about, where that is known.
    pub about: Option<String>,
    /// What the evidence said.
    pub verdict: Verdict,
    /// What the gate decided.
    pub decision: Decision,
    /// The rule that decided.
    pub rule: String,
    /// One sentence for people.
    pub reason: String,
    /// What became of it, in one word.
    pub state: String,
    /// More about that, where it is not plain.
    pub detail: Option<String>,
}

/// Who decided, as far as can be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Person {
    /// Somebody in the chat of a session, whose agent ran the command.
    Session(SessionKey),
    /// Somebody at a terminal; its device.
    Terminal(String),
    /// Nobody said.
    Unnamed,
}

/// The kinds of effects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// A message to an agent, that makes it go on.
    Resume,
    /// A message to a person.
    Notice,
    /// A job that has a task taken up.
    Wake,
}

/// What became of an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The gateway took it.
    Accepted,
    /// The gateway took it, and its message stands in the transcript.
    Started,
    /// The gateway took it, and the run ended well.
    Done,
    /// The gateway took it, and the run ended in an error.
    Failed,
    /// It was refused before it was taken: nothing happened.
    Refused,
    /// Nobody can tell; it is not sent again by itself.
    Unknown,
}

impl Outcome {
    /// Tells whether the gateway took the effect: it is then never sent again.
    #[must_use]
    pub const fn is_taken(self) -> bool {
        match self {
            Self::Accepted | Self::Started | Self::Done | Self::Failed => true,
            Self::Refused | Self::Unknown => false,
        }
    }
}

/// A held item, whole: what is needed to send it once a person agrees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// The key that its effect will have.
    pub key: IdempotencyKey,
    /// The session that it would go to.
    pub session_key: SessionKey,
    /// Other keys of the same effect.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<IdempotencyKey>,
    /// The checkpoint that it came from; none is what a crash left.
    pub checkpoint: Option<String>,
    /// The rule that held it.
    pub rule: String,
    /// One sentence for the person who decides.
    pub reason: String,
    /// The exact message.
    pub message: String,
    /// The task that is taken up in a fresh session with it; none is a message to the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
}
