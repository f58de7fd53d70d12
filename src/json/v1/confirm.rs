//! What `comeback confirm` prints.

use serde::Serialize;

use super::time;
use crate::flow::{AnswerState, Answered};

/// `comeback.confirm.v1`
#[derive(Debug, Serialize)]
pub struct Confirm<'a> {
    schema: &'static str,
    items: Vec<ItemView<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemView<'a> {
    code: String,
    key: &'a str,
    session_key: &'a str,
    checkpoint: Option<&'a str>,
    rule: &'a str,
    reason: &'a str,
    held_at: String,
    message: &'a str,
    state: &'static str,
    detail: Option<&'a str>,
}

impl<'a> Confirm<'a> {
    /// Shows what became of held items.
    #[must_use]
    pub fn new(answers: &'a [Answered]) -> Self {
        Self { schema: "comeback.confirm.v1", items: answers.iter().map(ItemView::new).collect() }
    }
}

impl<'a> ItemView<'a> {
    fn new(Answered { held, since, state }: &'a Answered) -> Self {
        let (state, detail) = match state {
            AnswerState::Waits => ("waits", None),
            AnswerState::Sent => ("sent", None),
            AnswerState::Told => ("told", None),
            AnswerState::Rejected => ("rejected", None),
            AnswerState::Kept(why) => ("kept", Some(why.as_str())),
        };
        Self {
            code: held.key.code(),
            key: held.key.as_str(),
            session_key: held.session_key.as_str(),
            checkpoint: held.checkpoint.as_deref(),
            rule: &held.rule,
            reason: &held.reason,
            held_at: time(*since),
            message: &held.message,
            state,
            detail,
        }
    }
}
