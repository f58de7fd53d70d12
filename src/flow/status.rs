//! What is pending, without asking the gateway.

use std::path::PathBuf;

use chrono::{DateTime, Utc};

use super::context::Context;
use super::pending::Waiting;
use crate::checkpoint::Store;
use crate::ledger::{Event, Held, Ledger};
use crate::model::Boot;
use crate::support::error::{Error, Result};
use crate::task::{self, Task};

/// What is pending.
#[derive(Clone, Debug)]
pub struct Status {
    /// Whether the policy lets recovery run.
    pub enabled: bool,
    /// The boot that runs, by the gateway's own lock file.
    pub boot: Option<Boot>,
    /// The checkpoint that waits.
    pub pending: Option<Pending>,
    /// Whether the newest checkpoint cannot be read, so that nobody knows what waits; a warning says why.
    pub pending_unknown: bool,
    /// The items that wait for a person.
    pub held: Vec<Waits>,
    /// The long tasks that are not finished.
    pub tasks: Vec<Task>,
    /// The last recovery.
    pub last: Option<LastRecovery>,
    /// What is worth knowing.
    pub warnings: Vec<String>,
}

/// A checkpoint that waits for its restart, or is due.
#[derive(Clone, Debug)]
pub struct Pending {
    /// Its id.
    pub id: String,
    /// Where it stands.
    pub path: PathBuf,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// How many sessions it names.
    pub sessions: usize,
    /// Whether the restart that it waits for has come.
    pub due: bool,
}

/// An item that waits for a person.
#[derive(Clone, Debug)]
pub struct Waits {
    /// The item.
    pub held: Held,
    /// Since when it has waited.
    pub since: Option<DateTime<Utc>>,
}

/// The end of a recovery, as the ledger has it.
#[derive(Clone, Debug)]
pub struct LastRecovery {
    /// When it ended.
    pub at: DateTime<Utc>,
    /// Who called it.
    pub trigger: String,
    /// How it ended.
    pub outcome: String,
}

/// Reads what is pending; changes nothing and contacts nobody.
///
/// # Errors
/// Where the ledger cannot be read. A checkpoint that cannot be read is a warning: what is held is still shown.
pub fn status(context: &Context) -> Result<Status> {
    let ledger = Ledger::read(&context.paths.ledger())?;
    let boot = context.running_boot();
    let mut warnings = ledger.complaint(&context.paths.ledger());
    let waiting = Waiting::find(&Store::new(context.paths.checkpoints()), &ledger);
    warnings.extend(waiting.as_ref().err().map(Error::advice));
    let pending_unknown = waiting.is_err();
    let pending = waiting.ok().flatten().map(|waiting| Pending {
        due: boot.as_ref().is_some_and(|boot| waiting.is_due(boot)),
        sessions: waiting.checkpoint.blocks.len(),
        created_at: waiting.created_at,
        id: waiting.id,
        path: waiting.path,
    });
    let last = ledger.latest(|record| match &record.event {
        Event::Recovery { trigger, outcome, .. } => {
            Some(LastRecovery { at: record.at, trigger: trigger.clone(), outcome: outcome.clone() })
        }
        _ => None,
    });
    let waits = |held: &Held| Waits { held: held.clone(), since: ledger.held_since(&held.key) };
    let mut tasks = Vec::new();
    for listed in task::Store::new(&context.paths).list()? {
        match listed.content {
            Ok(task) if task.status.is_finished() => {}
            Ok(task) => tasks.push(task),
            Err(error) => warnings.push(error.advice()),
        }
    }
    Ok(Status {
        tasks,
        enabled: context.policy.enabled,
        held: ledger.held().into_iter().map(waits).collect(),
        boot,
        pending,
        pending_unknown,
        last,
        warnings,
    })
}
