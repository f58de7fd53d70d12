//! The turns of a branch: what opened each, which tools it called, and whether it came to its end.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::author::Author;
use super::evidence::Entry;
use super::record::{Asked, Message, Said, Stop};
use crate::model::Outcome;
use crate::support::clock::rfc3339;

/// How a turn was cut off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// The message that opened it was never processed.
    Message,
    /// A tool call has no result.
    ToolCall,
    /// The results were never processed.
    ToolResult,
    /// The agent's answer broke off.
    Stream,
    /// The answer is there and was not delivered.
    Reply,
    /// The turn had ended, and a call of its waits for leave that could be given to the gateway of that life alone.
    Approval,
    /// The turn had ended, but not the background command that it began.
    Command,
}

/// From a message in the user's place to the agent's answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// What opened it.
    pub opened_by: Entry,
    /// What it called, with the calls of the turns right before it that came to no end.
    pub calls: Vec<ToolCall>,
    /// How it was cut off; `None` where it came to its end.
    pub cut: Option<Phase>,
    /// When its last message was recorded.
    pub last_at: Option<DateTime<Utc>>,
}

/// A tool call, as the transcript has it.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolCall {
    /// Its id.
    pub id: String,
    /// The tool.
    pub tool: String,
    /// What it was given.
    pub arguments: Value,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether it has a result at all.
    pub answered: bool,
}

impl From<&Asked> for ToolCall {
    fn from(asked: &Asked) -> Self {
        let Asked { id, tool, arguments } = asked.clone();
        Self { id, tool, arguments, outcome: Outcome::Unknown, answered: false }
    }
}

/// Divides a branch's messages into turns.
///
/// What stands before the first message in the user's place belongs to a turn that began before them; of a whole
/// branch it is a turn of its own.
pub(super) fn turns(messages: &[&Message], whole: bool) -> Vec<Turn> {
    let mut turns: Vec<Turn> = Vec::new();
    let mut open = Open::default();
    for message in messages {
        if matches!(message.said, Said::User) {
            let opened_by = message.entry.clone();
            turns.extend(open.next(Some(opened_by)));
        } else if whole && open.opened_by.is_none() && !matches!(message.said, Said::Nothing) {
            open.opened_by = Some(message.entry.clone());
        }
        open.take(message);
    }
    turns.extend(open.next(None));
    turns
}

/// Tells whether a person's last request is in `messages`, and the turn that it opened from its beginning, with all that
/// it carries on.
pub(super) fn is_enough(messages: &[&Message], any_author: bool) -> bool {
    let opens = |message: &&Message| {
        matches!(message.said, Said::User) && (any_author || message.entry.author == Author::Person)
    };
    let Some(opening) = messages.iter().rposition(opens) else { return false };
    let decides = |message: &&&Message| !matches!(message.said, Said::Nothing);
    messages[..opening].iter().rev().find(decides).is_some_and(|message| message.ends_a_turn())
}

/// A turn that is being read.
#[derive(Default)]
struct Open {
    opened_by: Option<Entry>,
    calls: Vec<ToolCall>,
    /// The calls before this one are not those that the agent waits for.
    waits_from: usize,
    cut: Option<Phase>,
    last_at: Option<DateTime<Utc>>,
}

impl Open {
    /// Takes one message of the turn, the one that opened it included.
    fn take(&mut self, message: &Message) {
        self.last_at = message.entry.at.or(self.last_at);
        match &message.said {
            Said::User => self.cut = Some(Phase::Message),
            Said::Assistant { calls, stop } => {
                self.waits_from = self.calls.len();
                self.calls.extend(calls.iter().map(ToolCall::from));
                self.cut = match stop {
                    Stop::Done => None,
                    Stop::ForTools => Some(Phase::ToolCall),
                    Stop::Cut => Some(Phase::Stream),
                };
            }
            Said::Result(result) => {
                if let Some(call) = self.calls.iter_mut().rev().find(|call| call.id == result.call) {
                    call.outcome = result.outcome;
                    call.answered = true;
                }
                let waits = self.calls[self.waits_from..].iter().any(|call| !call.answered);
                self.cut = match waits {
                    _ if message.ends_a_turn() => None,
                    true => Some(Phase::ToolCall),
                    false => Some(Phase::ToolResult),
                };
            }
            Said::Nothing => {}
        }
    }

    /// Ends the turn, and begins the next; calls of a turn without an end go on in it.
    fn next(&mut self, opened_by: Option<Entry>) -> Option<Turn> {
        let calls = if self.cut.is_some() { self.calls.clone() } else { Vec::new() };
        let waits_from = calls.len();
        let ended = std::mem::replace(self, Self { opened_by, calls, waits_from, cut: None, last_at: None });
        let Self { calls, cut, last_at, .. } = ended;
        Some(Turn { opened_by: ended.opened_by?, calls, cut, last_at })
    }
}

impl Turn {
    /// Tells whether it came for the sake of the session's user.
    #[must_use]
    pub fn is_for_a_person(&self) -> bool {
        self.opened_by.author.speaks_for_a_person()
    }

    /// Tells whether somebody waits for its answer.
    pub(super) fn is_waited_for(&self) -> bool {
        self.opened_by.author.is_waited_for()
    }

    /// Tells whether it came to its end before leave was given to one of its calls (2026.5.28 does not wait for it).
    pub(super) fn left_a_call_without_leave(&self) -> bool {
        self.cut.is_none() && self.calls.iter().any(|call| call.outcome == Outcome::ApprovalPending)
    }

    /// Returns what names the turn within its session for ever: the id of the entry that opened it, or its time.
    #[must_use]
    pub(super) fn name(&self) -> String {
        let time = || self.opened_by.at.map(rfc3339);
        self.opened_by.id.clone().or_else(time).unwrap_or_default()
    }
}
