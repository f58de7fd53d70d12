//! Whether somebody works on a task: by evidence, never by guess.

use chrono::{DateTime, TimeDelta, Utc};

use super::state::{Lease, Task};
use crate::model::Boot;

/// A gateway's start and the program's own time may differ by this much.
const TOLERANCE: TimeDelta = TimeDelta::seconds(1);

/// What is seen of whoever holds a task.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The gateway's life that runs, where one does.
    pub boot: Option<Boot>,
    /// The turn in which the holder would be.
    pub turn: Turn,
}

/// The turn of a session, or of a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// None is under way, or the session is gone.
    None,
    /// One is under way, since then where that is known.
    Runs(Option<DateTime<Utc>>),
    /// Nobody could be asked.
    Unknown,
}

/// Shows that nobody holds a task: only evidence makes one, and taking up a task uses it up.
#[derive(Debug)]
pub struct Vacant(());

impl Task {
    /// Shows that the task may be taken up; where it may not, says who holds it.
    ///
    /// # Errors
    /// One sentence on why the holder may be alive.
    pub fn vacant(&self, seen: &Seen) -> Result<Vacant, String> {
        let Some(lease) = &self.lease else { return Ok(Vacant(())) };
        if lease.ended_with_its_gateway(seen.boot.as_ref()) {
            return Ok(Vacant(()));
        }
        let of = match (&lease.session_key, &lease.job_id) {
            (Some(key), _) => format!("the session {key}"),
            (None, Some(_)) => "the session that its wake began".to_owned(),
            (None, None) => "a session that is not named".to_owned(),
        };
        match seen.turn {
            Turn::None => Ok(Vacant(())),
            // A session has one turn at a time: the one that took it has ended.
            Turn::Runs(Some(since)) if since > lease.taken_at => Ok(Vacant(())),
            Turn::Runs(_) => Err(format!("{of} works on it")),
            Turn::Unknown => Err(format!("{of} holds it, and nothing shows that it is gone")),
        }
    }
}

impl Lease {
    /// Tells whether the life of the gateway in which it was taken is over.
    fn ended_with_its_gateway(&self, running: Option<&Boot>) -> bool {
        let Some(running) = running else { return false };
        match self.boot() {
            Some(taken_in) => running.is_after(&taken_in),
            None => running.started_at > self.taken_at + TOLERANCE,
        }
    }
}
