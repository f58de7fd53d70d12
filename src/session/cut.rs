//! The cuts that a session's row and transcript tell of; whether they count is the verdict's question.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::command::Command;
use super::evidence::{Entry, RunStatus};
use super::history::History;
use super::row::Row;
use super::smalltalk;
use super::turn::{Phase, ToolCall, Turn};
use crate::model::{AgentId, Call, IdempotencyKey, InterruptionId, Outcome};

/// One turn, or one background command, that may have been cut off.
#[derive(Clone, Debug, PartialEq)]
pub struct Cut {
    /// Its id, the same from every reader and for ever.
    pub id: InterruptionId,
    /// How it was cut off.
    pub phase: Phase,
    /// The message that opened the turn; `None` where it was never written down.
    pub opened_by: Option<Entry>,
    /// The calls of the turn.
    pub calls: Vec<Call>,
    /// The command, where it is one.
    pub command: Option<Command>,
    /// What the agent had asked, where the turn was opened by a yes to it.
    pub asked: Option<String>,
    /// The answer that was finished and not delivered.
    pub reply: Option<String>,
    /// When it last did something, or began where it is a command; `None` where nothing tells.
    pub active_at: Option<DateTime<Utc>>,
    /// Another turn followed it: the session's row says nothing about this one any more.
    pub behind: bool,
}

impl Cut {
    /// Returns the key of the effect that has it go on.
    #[must_use]
    pub fn key(&self) -> IdempotencyKey {
        self.id.key()
    }

    /// Tells whether it came for the sake of the session's user; what nobody wrote down counts as theirs.
    #[must_use]
    pub fn is_for_a_person(&self) -> bool {
        self.opened_by.as_ref().is_none_or(|entry| entry.author.is_waited_for())
    }
}

/// Tells whether the row speaks of a turn without an end: it runs, or native recovery has given up on it.
fn is_unfinished(row: &Row) -> bool {
    row.status == Some(RunStatus::Running) || (row.status == Some(RunStatus::Failed) && row.aborted)
}

/// Makes the record of a call from its tool, what it was given, and what became of it.
pub type Describe<'a> = &'a dyn Fn(&str, &Value, Outcome) -> Call;

/// Finds what may have been cut off in a session: its turn first, then its commands.
#[must_use]
pub fn cuts(agent: &AgentId, row: &Row, history: &History, describe: Describe<'_>) -> Vec<Cut> {
    let Some(session_id) = row.session_id.as_deref() else { return Vec::new() };
    let id = |opened_by: &str| InterruptionId::of(agent, session_id, opened_by);
    let calls = |calls: &[ToolCall]| {
        calls.iter().map(|call| describe(&call.tool, &call.arguments, call.outcome)).collect()
    };
    let reply = row.pending_reply.as_deref().or_else(|| history.unheard_answer(row));
    // A run that began behind the turn is another's; words of the system's within a turn are no run of their own.
    let is_last = |turn: &Turn| {
        let is_last = history.last_turn().is_some_and(|last| last.opened_by == turn.opened_by);
        is_last && !row.shared || row.started_at.is_some_and(|began| Some(began) <= turn.last_at)
    };
    let of_turn = |turn: &Turn, phase| Cut {
        id: id(&turn.name()),
        phase,
        opened_by: Some(turn.opened_by.clone()),
        calls: calls(&turn.calls),
        command: None,
        asked: smalltalk::asked_before(history, &turn.opened_by),
        reply: reply.filter(|_| phase == Phase::Reply).map(str::to_owned),
        active_at: if is_last(turn) { turn.last_at.max(row.started_at) } else { turn.last_at },
        behind: !is_last(turn),
    };
    let mut cuts = Vec::new();
    match (history.cut_turn(), history.last_turn()) {
        // What a turn of nobody's left does not hide what the last one waits for.
        (Some(turn), Some(last)) if !turn.is_waited_for() && last.left_a_call_without_leave() => {
            cuts.push(of_turn(last, Phase::Approval));
        }
        (Some(turn), _) => cuts.extend(turn.cut.map(|phase| of_turn(turn, phase))),
        (None, Some(turn)) if reply.is_some() => cuts.push(of_turn(turn, Phase::Reply)),
        (None, Some(turn)) if turn.left_a_call_without_leave() => cuts.push(of_turn(turn, Phase::Approval)),
        // Up to 2026.7 the first message of a session is written together with what the agent first says.
        (None, None) if is_unfinished(row) => cuts.push(Cut {
            id: id(history.reset.as_deref().unwrap_or(session_id)),
            phase: Phase::Message,
            opened_by: None,
            calls: Vec::new(),
            command: None,
            asked: None,
            reply: None,
            active_at: row.started_at,
            behind: false,
        }),
        (None, _) => {}
    }
    for command in history.commands.iter().filter(|command| command.end.may_be_an_orphans()) {
        let begun = history
            .turns
            .iter()
            .find_map(|turn| Some((turn, turn.calls.iter().find(|call| call.id == command.call)?)));
        cuts.push(Cut {
            id: id(&command.call),
            phase: Phase::Command,
            opened_by: begun.map(|(turn, _)| turn.opened_by.clone()),
            calls: begun.map_or_else(Vec::new, |(_, call)| calls(std::slice::from_ref(call))),
            command: Some(command.clone()),
            asked: None,
            reply: None,
            active_at: command.started_at.or(begun.and_then(|(turn, _)| turn.opened_by.at)),
            behind: false,
        });
    }
    cuts
}
