//! What may happen in a story, and what the gateway notes of it beside the transcript.

use proptest::prelude::*;
use serde_json::{Value, json};

use crate::model::Outcome::{self, ApprovalPending, Done, Failed};
use crate::session::fake::at;

/// What happens next; what does not fit there does not happen. Numbers choose among the calls and commands there are.
#[derive(Clone, Debug)]
pub(super) enum Step {
    PersonWrites(Words),
    AgentCalls(u8),
    ToolAnswers(u8, Outcome),
    GoesIntoBackground(u8),
    AgentLooksAfterCommand(u8, Found),
    AgentAnswers(Answer),
    AgentYields,
    CommandEnds(u8),
    Heartbeat,
    PersonStopsIt,
    ProviderFails,
    PersonResets,
    CrashAndResume(By),
    Notice,
    Aside,
    Minutes(u8),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Words {
    Request,
    Thanks,
    Yes,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Answer {
    Done,
    Silence,
    Question,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Found {
    Running,
    Ended,
}

/// Who has a turn go on after a crash in the middle of the story.
#[derive(Clone, Copy, Debug)]
pub(super) enum By {
    OpenClaw,
    Comeback,
}

/// How a gateway keeps its sessions.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Gateway {
    /// The row has no status: the transcript alone tells.
    BeforeStatus,
    /// As 2026.5 and 2026.7: a lock for a turn; a session's first message is written with the agent's first words.
    WithLocks,
    /// As 2026.9.
    WithDatabase,
}

/// What the gateway notes beside the transcript.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    pub status: &'static str,
    pub aborted: bool,
    pub started: Option<i64>,
    pub ended: Option<i64>,
    pub updated: i64,
}

impl Row {
    pub(super) fn json(&self, gateway: Gateway) -> Value {
        let ms = |seconds: i64| at(seconds).timestamp_millis();
        let mut row = json!({"sessionId": "s1", "updatedAt": ms(self.updated)});
        if gateway != Gateway::BeforeStatus && !self.status.is_empty() {
            row["status"] = self.status.into();
            row["abortedLastRun"] = self.aborted.into();
            row["startedAt"] = json!(self.started.map(ms));
            row["endedAt"] = json!(self.ended.map(ms));
        }
        row
    }
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let words = prop_oneof![2 => Just(Words::Request), 1 => Just(Words::Thanks), 1 => Just(Words::Yes)];
    let outcome = prop_oneof![4 => Just(Done), 1 => Just(Failed), 1 => Just(ApprovalPending)];
    let answer =
        prop_oneof![3 => Just(Answer::Done), 1 => Just(Answer::Silence), 2 => Just(Answer::Question)];
    let found = prop_oneof![Just(Found::Running), Just(Found::Ended)];
    prop_oneof![
        5 => words.prop_map(Step::PersonWrites),
        8 => (1..3_u8).prop_map(Step::AgentCalls),
        8 => (any::<u8>(), outcome).prop_map(|(which, outcome)| Step::ToolAnswers(which, outcome)),
        6 => any::<u8>().prop_map(Step::GoesIntoBackground),
        2 => (any::<u8>(), found).prop_map(|(which, found)| Step::AgentLooksAfterCommand(which, found)),
        8 => answer.prop_map(Step::AgentAnswers),
        1 => Just(Step::AgentYields),
        3 => any::<u8>().prop_map(Step::CommandEnds),
        4 => Just(Step::Heartbeat),
        1 => Just(Step::PersonStopsIt),
        1 => Just(Step::ProviderFails),
        1 => Just(Step::PersonResets),
        1 => by().prop_map(Step::CrashAndResume),
        1 => Just(Step::Notice),
        1 => Just(Step::Aside),
        1 => (1..60_u8).prop_map(Step::Minutes),
    ]
}

pub(super) fn by() -> impl Strategy<Value = By> {
    prop_oneof![Just(By::OpenClaw), Just(By::Comeback)]
}

pub(super) fn gateway() -> impl Strategy<Value = Gateway> {
    prop_oneof![
        3 => Just(Gateway::WithDatabase),
        3 => Just(Gateway::WithLocks),
        1 => Just(Gateway::BeforeStatus),
    ]
}
