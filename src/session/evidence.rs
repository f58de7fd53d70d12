//! The evidence: a session's row and the tail of its transcript, from whichever reader.

use chrono::{DateTime, Utc};

use super::author::Author;
use crate::model::{IdempotencyKey, Route, SessionKey};

/// What is known of one session.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// The session.
    pub key: SessionKey,
    /// The id of its current transcript.
    pub session_id: Option<String>,
    /// How its last run stands, by its row.
    pub status: RunStatus,
    /// Native recovery's mark on the row.
    pub aborted: bool,
    /// Whether the gateway reports a run at this moment.
    pub active: bool,
    /// When the last run began.
    pub started_at: Option<DateTime<Utc>>,
    /// When the row last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// Where its replies go.
    pub route: Option<Route>,
    /// The last entries of its transcript, oldest first.
    pub entries: Vec<Entry>,
}

/// The `status` of a session's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStatus {
    /// A run is, or was, under way.
    Running,
    /// The run ended in an error; with the abort mark, native recovery gave up on it.
    Failed,
    /// The run ended otherwise, or the row does not say.
    Ended,
}

/// One message of a transcript.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The entry's id.
    pub id: Option<String>,
    /// When it was recorded.
    pub at: Option<DateTime<Utc>>,
    /// Who wrote it.
    pub author: Author,
    /// Its text; empty where it has none.
    pub text: String,
}

impl Evidence {
    /// Returns the id of the last entry.
    #[must_use]
    pub fn last_entry_id(&self) -> Option<&str> {
        self.entries.iter().rev().find_map(|entry| entry.id.as_deref())
    }

    /// Returns what persons wrote in it, oldest first.
    pub fn said_by_persons(&self) -> impl Iterator<Item = &str> {
        let by_a_person = |entry: &&Entry| entry.author == Author::Person;
        self.entries.iter().filter(by_a_person).map(|entry| entry.text.as_str())
    }

    /// Tells whether native recovery has still to decide about a turn that the boot before this one left.
    ///
    /// Its mark stands on a `running` row until it resumes the turn or gives up (measured: 5 to 8 s after the
    /// start on 2026.5.28, 2026.7.1 and 2026.9.6).
    #[must_use]
    pub fn awaits_native_recovery(&self, boot_start: DateTime<Utc>) -> bool {
        self.status == RunStatus::Running && !self.active && !self.began_after(boot_start)
    }

    /// Tells whether a run is under way in the boot that began at `boot_start`.
    #[must_use]
    pub fn is_running(&self, boot_start: DateTime<Utc>) -> bool {
        self.active || (self.status == RunStatus::Running && self.began_after(boot_start))
    }

    /// Tells whether a run is under way that nobody asked for since the start: a schedule's, a heartbeat's, or the
    /// gateway's own word about its restart (2026.5.28 and 2026.7.1 give the session that asked a turn for it).
    #[must_use]
    pub fn is_running_by_itself(&self, boot_start: DateTime<Utc>) -> bool {
        let asked = |entry: &Entry| match entry.author {
            Author::Person | Author::NativeRecovery | Author::Comeback => true,
            Author::Agent | Author::Tool | Author::System => false,
        };
        self.is_running(boot_start) && !self.since(boot_start).any(asked)
    }

    /// Returns the entries since the start.
    pub fn since(&self, boot_start: DateTime<Utc>) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(move |entry| entry.at.is_some_and(|at| at >= boot_start))
    }

    fn began_after(&self, boot_start: DateTime<Utc>) -> bool {
        self.started_at.is_some_and(|at| at >= boot_start)
    }

    /// Tells whether the transcript holds a message that carries `key`.
    #[must_use]
    pub fn mentions(&self, key: &IdempotencyKey) -> bool {
        self.entries.iter().any(|entry| entry.author == Author::Comeback && entry.text.contains(key.as_str()))
    }
}
