//! Which checkpoint a recovery is about.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};

use crate::checkpoint::{Checkpoint, Store};
use crate::ledger::{Event, Ledger};
use crate::model::{Boot, Route, SessionKey};
use crate::support::error::Result;

/// A checkpoint older than this at the gateway's start is not acted on by itself.
const MAX_AGE: TimeDelta = TimeDelta::hours(12);
/// A restart that comes this soon after `prepare` is one that its user is waiting for.
pub(super) const ATTENDED_FOR: TimeDelta = TimeDelta::minutes(15);

/// The newest checkpoint that is not used up.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) path: PathBuf,
    pub(super) id: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) checkpoint: Checkpoint,
    pub(super) caller: Option<SessionKey>,
    /// Where the caller's replies went when it prepared.
    pub(super) route: Option<Route>,
}

impl Waiting {
    /// Finds it; none where nothing was prepared, or the newest checkpoint is used up: what is older was replaced.
    ///
    /// # Errors
    /// Where the newest checkpoint does not parse.
    pub(super) fn find(store: &Store, ledger: &Ledger) -> Result<Option<Self>> {
        let Some(entry) = store.list()?.into_iter().next() else { return Ok(None) };
        let checkpoint = entry.checkpoint?;
        if checkpoint.is_consumed() || ledger.is_consumed(&entry.id) {
            return Ok(None);
        }
        let caller = checkpoint.meta.as_ref().and_then(|meta| meta.session_key.clone());
        let route = ledger.latest(|record| match &record.event {
            Event::Prepared { checkpoint, route, .. } if *checkpoint == entry.id => Some(route.clone()),
            _ => None,
        });
        Ok(Some(Self {
            path: entry.path,
            id: entry.id,
            created_at: entry.created_at,
            checkpoint,
            caller,
            route: route.flatten(),
        }))
    }

    /// Tells whether the boot that runs came after the checkpoint.
    pub(super) fn is_due(&self, running: &Boot) -> bool {
        match self.checkpoint.meta.as_ref().and_then(|meta| meta.boot.as_ref()) {
            Some(recorded) => running.is_after(recorded),
            None => running.started_at > self.created_at,
        }
    }

    /// Tells whether the restart, at `start`, came too long after the checkpoint for anybody to be sure of it.
    pub(super) fn is_stale(&self, start: DateTime<Utc>) -> bool {
        start - self.created_at > MAX_AGE
    }

    /// Tells whether the restart, at `start`, came so soon after the checkpoint that its user is waiting for it.
    pub(super) fn is_awaited(&self, start: DateTime<Utc>) -> bool {
        start - self.created_at < ATTENDED_FOR
    }
}

/// Returns the open checkpoints that were prepared in the boot that still runs; those that cannot be read are left.
pub(super) fn of_this_boot(store: &Store, boot: Option<&Boot>) -> Vec<(PathBuf, Checkpoint)> {
    let Some(boot) = boot else { return Vec::new() };
    let entries = store.list().unwrap_or_default().into_iter();
    let readable = entries.filter_map(|entry| Some((entry.path, entry.checkpoint.ok()?)));
    let same = |checkpoint: &Checkpoint| {
        let recorded = checkpoint.meta.as_ref().and_then(|meta| meta.boot.as_ref());
        recorded.is_some_and(|recorded| !boot.is_after(recorded) && !recorded.is_after(boot))
    };
    readable.filter(|(_, checkpoint)| !checkpoint.is_consumed() && same(checkpoint)).collect()
}
