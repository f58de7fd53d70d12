//! What people and agents are told, from one template each, in the language of the people.
//!
//! Whatever was recorded is a value and never part of a template. People see it as code, on one line, in which nothing
//! is alive on their channel; agents see it in a fence that it cannot close. It is redacted here, field by field: a
//! secret that ran on over a field's end would take the text behind it along.

mod catalogue;
mod channel;
mod cut;
pub mod language;
#[cfg(test)]
mod properties;
mod quote;
mod reasons;
mod samples;
mod template;
mod templates;
#[cfg(test)]
mod tests;
mod trial;
mod values;

use std::path::Path;

use serde::{Serialize, Serializer};
use serde_json::{Value, json};

pub use self::catalogue::{ALL, Field, Reader, Template};
pub use self::channel::Channel;
pub use self::quote::fence;
pub use self::reasons::reason;
pub use self::samples::sample;
pub use self::templates::Templates;
use crate::model::{IdempotencyKey, Language, SessionKey};

/// Tells a person something about a restart.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub enum Notice<'a> {
    /// The gateway is about to restart.
    Before {
        /// Why.
        reason: Option<&'a str>,
    },
    /// It is back, and only the session that asked for the restart was concerned.
    BackOnline {
        /// What that session goes on with.
        next: Option<&'a str>,
    },
    /// It is back: what was resumed, what waits for a person, and what a person must do.
    Summary {
        /// What goes on.
        resumed: &'a [Resumed<'a>],
        /// What waits to be confirmed.
        held: &'a [Held<'a>],
        /// What cannot go on by itself.
        manual: &'a [FollowUp<'a>],
    },
    /// Some items wait for a person: which may go on?
    ConfirmRequest {
        /// What waits to be confirmed.
        held: &'a [Held<'a>],
    },
    /// It never restarted.
    NeverHappened {
        /// Where the checkpoint stays.
        #[serde(serialize_with = "as_shown")]
        checkpoint: &'a Path,
    },
    /// A long task goes on only when they say so.
    TaskBlocked {
        /// Its goal.
        about: &'a str,
        /// Why.
        reason: &'a str,
        /// Its id.
        task: &'a str,
    },
}

/// Names a session that goes on.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Resumed<'a> {
    /// The session.
    pub session: &'a SessionKey,
    /// What it is about: its goal or its next step.
    pub about: Option<&'a str>,
}

/// Names a session that goes on when a person confirms it.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Held<'a> {
    /// The session.
    pub session: &'a SessionKey,
    /// What it is about: its goal or its next step.
    pub about: Option<&'a str>,
    /// The effect that is held; its code confirms it.
    #[serde(rename = "code", serialize_with = "as_code")]
    pub key: &'a IdempotencyKey,
    /// Why it is held.
    pub reason: &'a str,
}

/// Names a session that a person must see to.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FollowUp<'a> {
    /// The session.
    pub session: &'a SessionKey,
    /// What it is about: its goal or its next step.
    pub about: Option<&'a str>,
    /// Why it cannot go on by itself.
    pub reason: &'a str,
}

/// Has an agent go on.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(untagged)]
pub enum Resume<'a> {
    /// With what was under way.
    GoOn {
        /// What was recorded of it.
        record: Record<'a>,
        /// The session that recorded it.
        from: Option<&'a SessionKey>,
    },
    /// With what the agent itself had planned: it asked for the restart.
    Own {
        /// What it recorded.
        record: Record<'a>,
    },
    /// Once it knows what was done: the outcome of these calls is unknown.
    VerifyFirst {
        /// The calls.
        calls: &'a [Call<'a>],
        /// What was recorded.
        record: Record<'a>,
    },
    /// With a call that only reads, and whose result was lost.
    ToolCall {
        /// The call, or several that were made at once.
        calls: &'a [Call<'a>],
    },
    /// With a person's message that was never processed.
    Unanswered {
        /// The message.
        message: Said<'a>,
    },
    /// With an answer that was finished and never delivered.
    Undelivered {
        /// The answer.
        answer: Answer<'a>,
    },
    /// After a background command of its own died.
    Orphaned {
        /// The command.
        command: Command<'a>,
    },
    /// After a yes that was cut off; sent only once a person has confirmed it.
    Approval {
        /// What was asked and answered.
        approval: Approval<'a>,
    },
    /// With a long task, by the command that takes it up.
    Task {
        /// The command.
        command: &'a str,
        /// Why, as the seed's payloads say it.
        payload: &'a str,
        /// The seed's resume packet.
        packet: Packet<'a>,
    },
}

/// Holds a resume packet, as JSON.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Packet<'a> {
    /// What it says.
    pub packet: &'a str,
}

/// Holds what an agent wrote down for itself.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct LastWords<'a> {
    /// What it was doing.
    pub task: Option<&'a str>,
    /// How far it was.
    pub progress: Option<&'a str>,
    /// What it did last.
    pub last_action: Option<&'a str>,
    /// What it wanted to know again.
    pub note_to_self: Option<&'a str>,
    /// When it wrote that.
    pub timestamp: &'a str,
}

/// Holds what was recorded of a session before the restart, as a checkpoint's block has it.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record<'a> {
    /// What the session is to reach.
    pub goal: Option<&'a str>,
    /// What it did last.
    pub last_done: Option<&'a str>,
    /// What it was to do next.
    pub next_step: Option<&'a str>,
    /// What stood in its way.
    pub blockers: Option<&'a str>,
    /// The message that somebody wrote for it.
    pub message: Option<&'a str>,
    /// The background commands that died with the gateway.
    pub background: Option<&'a str>,
}

/// Names a tool call.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Call<'a> {
    /// The tool.
    pub tool: &'a str,
    /// What it was called with, in short.
    pub summary: &'a str,
}

/// Holds a person's message.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Said<'a> {
    /// When it was sent.
    pub at: Option<&'a str>,
    /// What it says.
    pub text: &'a str,
}

/// Holds an answer of the agent's own.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Answer<'a> {
    /// What it says.
    pub answer: &'a str,
}

/// Holds what is known of a background command.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Command<'a> {
    /// The command.
    pub command: &'a str,
    /// The folder that it ran in.
    pub folder: Option<&'a str>,
    /// When it was started.
    pub started_at: Option<&'a str>,
    /// The end of what it wrote, as far as that is known.
    pub output: Option<&'a str>,
}

/// Holds a question of an agent's, and what a person answered.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Approval<'a> {
    /// What the agent asked.
    pub asked: &'a str,
    /// What the person answered.
    pub said: &'a str,
}

impl Notice<'_> {
    const fn template(&self) -> &'static Template {
        match self {
            Self::Before { .. } => &catalogue::BEFORE,
            Self::BackOnline { .. } => &catalogue::BACK_ONLINE,
            Self::Summary { .. } => &catalogue::SUMMARY,
            Self::ConfirmRequest { .. } => &catalogue::CONFIRM_REQUEST,
            Self::NeverHappened { .. } => &catalogue::NEVER_HAPPENED,
            Self::TaskBlocked { .. } => &catalogue::TASK_BLOCKED,
        }
    }
}

impl Resume<'_> {
    const fn template(&self) -> &'static Template {
        match self {
            Self::GoOn { .. } => &catalogue::RESUME,
            Self::Own { .. } => &catalogue::RESUME_OWN,
            Self::VerifyFirst { .. } => &catalogue::VERIFY_FIRST,
            Self::ToolCall { .. } => &catalogue::TOOL_CALL,
            Self::Unanswered { .. } => &catalogue::UNANSWERED,
            Self::Undelivered { .. } => &catalogue::UNDELIVERED,
            Self::Orphaned { .. } => &catalogue::ORPHANED,
            Self::Approval { .. } => &catalogue::APPROVAL,
            Self::Task { .. } => &catalogue::TASK,
        }
    }
}

impl Templates {
    /// Renders a notice for a channel.
    #[must_use]
    pub fn notice(&self, notice: &Notice<'_>, language: Language, channel: Channel) -> String {
        self.typed(notice.template(), &recorded(notice), language, channel)
    }

    /// Renders the message that has an agent go on.
    #[must_use]
    pub fn resume(&self, resume: &Resume<'_>, key: &IdempotencyKey, language: Language) -> String {
        let mut values = recorded(resume);
        values["key"] = json!(key);
        self.typed(resume.template(), &values, language, Channel::Plain)
    }

    /// Renders the note that an agent left, to follow another message to it.
    #[must_use]
    pub fn last_words(&self, note: LastWords<'_>, language: Language) -> String {
        self.typed(&catalogue::LAST_WORDS, &json!({ "note": recorded(&note) }), language, Channel::Plain)
    }

    /// Renders the recovery job's message.
    #[must_use]
    pub fn job(&self, language: Language) -> String {
        self.typed(&catalogue::JOB, &json!({}), language, Channel::Plain)
    }

    fn typed(&self, template: &Template, values: &Value, language: Language, channel: Channel) -> String {
        self.render(template, values, language, channel)
            .expect("the types hold the values that the template names, rendered by a test each")
    }
}

fn recorded(values: &impl Serialize) -> Value {
    serde_json::to_value(values).expect("texts and lists of them, which are always JSON")
}

fn as_code<S: Serializer>(key: &IdempotencyKey, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&key.code())
}

fn as_shown<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}
