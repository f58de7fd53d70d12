//! A tool call of a cut turn: what it does, and what became of it.

use serde::{Deserialize, Serialize};

use super::Risk;

/// What a tool call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Effect {
    /// It looks at something.
    Read,
    /// It changes something on this machine.
    Write,
    /// It changes something elsewhere, or reaches somebody.
    External,
    /// Nobody can tell.
    Unknown,
}

/// What became of a tool call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It did what it was to do.
    Done,
    /// It ended with an error.
    Failed,
    /// Its result is missing: it may have happened or not.
    Unknown,
    /// It waits for a person's leave.
    ApprovalPending,
}

/// A tool call of a cut turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The tool that does it, also where another tool called it.
    pub tool: String,
    /// What it does, in one line for people; free of secrets.
    pub summary: String,
    /// What it does.
    pub effect: Effect,
    /// How dangerous it would be to run it a second time.
    pub risk: Risk,
    /// What became of it.
    pub outcome: Outcome,
    /// Whether it is a message to the session's own chat.
    pub replies: bool,
}

impl Call {
    /// Tells whether it may have happened or not, and must not happen twice.
    #[must_use]
    pub fn is_doubtful(&self) -> bool {
        self.outcome == Outcome::Unknown && self.risk == Risk::High
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests {
    use super::*;

    #[test]
    fn effects_and_outcomes_have_the_words_of_the_scan() {
        let effects = [Effect::Read, Effect::Write, Effect::External, Effect::Unknown];
        let outcomes = [Outcome::Done, Outcome::Failed, Outcome::Unknown, Outcome::ApprovalPending];
        assert_eq!(serde_json::to_string(&effects).unwrap(), r#"["read","write","external","unknown"]"#);
        assert_eq!(
            serde_json::to_string(&outcomes).unwrap(),
            r#"["done","failed","unknown","approval-pending"]"#
        );
    }
}
