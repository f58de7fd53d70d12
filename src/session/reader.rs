//! What the readers of the stores have in common.

use super::evidence::Evidence;
use super::history::History;
use super::row::Row;
use crate::model::{AgentId, SessionKey};
use crate::support::error::{Error, Kind, Result};

/// So many sessions are listed at a time, or as many as a store reads at once.
pub(super) const AT_ONCE: usize = 512;

/// Reads the sessions of one store.
///
/// An error of [`Reader::more`] is about the store, one of a row or a history about that session alone.
pub trait Reader {
    /// Lists more of the sessions, no more than are to be held at a time; none once all were listed.
    ///
    /// # Errors
    /// Where the store itself cannot be read, or not to its end.
    fn more(&mut self) -> Result<Vec<Listed>>;

    /// Reads the end of a session's transcript; where none was written yet, it is empty.
    ///
    /// # Errors
    /// Where it cannot be read, or must not be.
    fn history(&mut self, key: &SessionKey, row: &Row) -> Result<History>;

    /// Reads all that there is of the sessions whose rows could be read.
    fn fill(&mut self, sessions: &mut [Evidence]) {
        for one in sessions.iter_mut().filter(|one| one.history.is_ok()) {
            one.history = self.history(&one.key, &one.row);
            one.writer = self.writer(&one.row);
        }
    }

    /// Makes another reader of the same store, for another thread; `None` where there can be only one.
    fn another(&self) -> Option<Box<dyn Reader + Send>> {
        None
    }

    /// Returns who holds the session's transcript for a turn, where the store tells.
    fn writer(&self, _row: &Row) -> Option<Writer> {
        None
    }
}

/// A session as its store lists it.
#[derive(Debug)]
pub struct Listed {
    /// Its key, in whatever form the store has it.
    pub key: String,
    /// Its agent, where the store holds those of several and says so.
    pub agent: Option<AgentId>,
    /// Its row, or why it cannot be read.
    pub row: Result<Row>,
}

/// The process that holds a session's transcript while a turn runs; a crash leaves its mark behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Writer {
    /// The process.
    pub pid: u32,
    /// Whether it is still there.
    pub alive: bool,
}

impl Listed {
    /// Lists a session with its row, as far as that could be read.
    pub(super) fn of(key: String, row: serde_json::Result<Row>) -> Self {
        let row = row.map_err(|error| {
            Error::new(Kind::User, format!("cannot read the row of session {key:?}")).because(error)
        });
        Self { key, agent: None, row }
    }
}
