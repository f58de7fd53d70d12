//! The checkpoint: what each session was doing when a restart was planned, as Markdown that people can edit.
//!
//! The blocks are the seed's; the front matter above them is ours. Where the two readers of such a file, this
//! one and a naive one that goes line by line, could see different blocks, the writer encodes the text.

mod input;
mod meta;
mod parse;
#[cfg(test)]
mod properties;
mod render;
mod store;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

pub use input::read_snapshot;
pub use meta::{Captured, FormatVersion, Meta, SessionMark};
pub use parse::parse;
pub use render::render;
pub use store::{Entry, Marked, Store};

use crate::model::SessionKey;

/// Holds a checkpoint file's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The front matter; the seed's files have none.
    pub meta: Option<Meta>,
    /// One block a session, in the order of the file.
    pub blocks: Vec<Block>,
    /// What was passed over when reading, each as `file:line: reason`.
    pub warnings: Vec<String>,
}

impl Checkpoint {
    /// Makes a checkpoint that is yet to be written.
    #[must_use]
    pub fn new(meta: Meta, blocks: Vec<Block>) -> Self {
        Self { meta: Some(meta), blocks, warnings: Vec::new() }
    }

    /// Tells whether the file says of itself that it was used.
    #[must_use]
    pub fn is_consumed(&self) -> bool {
        self.meta.as_ref().is_some_and(|meta| meta.consumed_at.is_some())
    }
}

/// Describes one session's work: what a person or an agent wrote of it, in the seed's fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The session.
    pub session_key: SessionKey,
    /// The agent, as written; often `unknown`.
    pub agent: String,
    /// What the session is after.
    pub goal: String,
    /// The last step that is done.
    pub last_done: String,
    /// The step to go on with.
    pub next_step: String,
    /// What stands in the way.
    pub blockers: String,
    /// The message that resumes the session, where it is written out.
    pub resume_message: Option<String>,
    /// The line of the block's heading; 0 where the block was never in a file.
    pub line: usize,
}

/// How the seed's resume message begins where it was made from the fields.
const MADE_FROM_FIELDS: &str = "Continue where you left off. Last completed:";
/// What stands between the two steps of such a message.
const THEN: &str = ". Next: ";
/// What the seed writes into a field that nobody filled.
pub const PLACEHOLDER: &str = "(fill)";

/// Reads the last step and the next one back from a message that was made from the fields.
///
/// Where a step holds the words between them itself, the next one is what stands behind the first of them: it is
/// what a reader may take for work to do.
#[must_use]
pub fn steps_of(message: &str) -> Option<(&str, &str)> {
    let steps = message.trim().strip_prefix(MADE_FROM_FIELDS)?;
    let (last_done, next_step) = steps.split_once(THEN)?;
    Some((last_done.trim(), next_step.strip_suffix('.').unwrap_or(next_step)))
}

/// What people write where nothing stands in the way; compared in lower case, without outer punctuation.
const NO_BLOCKERS: [&str; 12] =
    ["", "none", "no", "no blockers", "nothing", "n/a", "na", "nil", "null", "无", "没有", "暂无"];

impl Block {
    /// Makes a block that has the seed's defaults in every field.
    #[must_use]
    pub fn new(session_key: SessionKey) -> Self {
        Self {
            session_key,
            agent: "unknown".to_owned(),
            goal: PLACEHOLDER.to_owned(),
            last_done: PLACEHOLDER.to_owned(),
            next_step: PLACEHOLDER.to_owned(),
            blockers: "none".to_owned(),
            resume_message: None,
            line: 0,
        }
    }

    /// Tells whether something stands in the way.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        let text = self.blockers.to_lowercase();
        let text = text.trim_matches(|c: char| c.is_whitespace() || "-–—.。!！()（）*_".contains(c));
        !NO_BLOCKERS.contains(&text)
    }

    /// Returns the message that somebody wrote in place of the one that is made from the fields.
    #[must_use]
    pub fn written_message(&self) -> Option<&str> {
        let message = self.resume_message.as_deref().map(str::trim)?;
        (!message.is_empty() && !message.starts_with(MADE_FROM_FIELDS)).then_some(message)
    }

    /// Returns the message that resumes the session; without one of its own, it is made from the fields.
    #[must_use]
    pub fn resume_message(&self) -> Cow<'_, str> {
        match &self.resume_message {
            Some(message) if !message.trim().is_empty() => Cow::Borrowed(message),
            _ => Cow::Owned(format!("{MADE_FROM_FIELDS} {}{THEN}{}.", self.last_done, self.next_step)),
        }
    }
}
