//! Old checkpoints go; what may still be needed stays.

use std::path::PathBuf;

use chrono::TimeDelta;

use super::context::{Context, PATIENCE};
use crate::checkpoint::{Checkpoint, Entry, Store};
use crate::ledger::{Ledger, Writer};
use crate::support::error::Result;

/// Which checkpoints are too many.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// So many stay, the newest.
    pub keep: usize,
    /// An older one goes, however few there are.
    pub max_age: TimeDelta,
}

/// What pruning did.
#[derive(Clone, Debug)]
pub struct Pruned {
    /// The files that went, or would go.
    pub removed: Vec<PathBuf>,
    /// How many stay.
    pub kept: usize,
}

/// Removes used checkpoints beyond the limits; never the newest, one that is not used up, or one that cannot be read.
///
/// # Errors
/// Where the folder cannot be listed, a file cannot be removed, or another run holds the lock.
pub fn prune(context: &Context, limits: Limits, dry_run: bool) -> Result<Pruned> {
    let store = Store::new(context.paths.checkpoints());
    let now = context.clock.now();
    let chosen = |ledger: &Ledger| -> Result<(Vec<PathBuf>, usize)> {
        let entries = store.list()?;
        let is_used = |entry: &Entry| {
            let in_file = entry.checkpoint.as_ref().is_ok_and(Checkpoint::is_consumed);
            entry.checkpoint.is_ok() && (in_file || ledger.consumed_at(&entry.id).is_some())
        };
        let goes = |(place, entry): &(usize, &Entry)| {
            let is_beyond = *place >= limits.keep || now - entry.created_at > limits.max_age;
            *place > 0 && is_beyond && is_used(entry)
        };
        let removed = entries.iter().enumerate().filter(goes).map(|(_, entry)| entry.path.clone());
        let removed: Vec<PathBuf> = removed.collect();
        let kept = entries.len() - removed.len();
        Ok((removed, kept))
    };
    if dry_run {
        let (removed, kept) = chosen(&Ledger::read(&context.paths.ledger())?)?;
        return Ok(Pruned { removed, kept });
    }
    let ledger = Writer::open(&context.paths, PATIENCE, now)?;
    let (removed, kept) = chosen(ledger.ledger())?;
    for path in &removed {
        store.remove(path)?;
    }
    Ok(Pruned { removed, kept })
}
