//! What is seen of whoever holds a task.

use super::super::context::Context;
use crate::gateway::{Gateway, jobs};
use crate::model::SessionKey;
use crate::session::{self, Row, RunStatus};
use crate::task::{Seen, Task, Turn};

/// Asks the gateway, where there is one, about the holder; returns the job of the task's wakes that runs now, too.
pub(super) fn seen(context: &Context, gateway: Option<&mut Gateway>, task: &Task) -> (Seen, Option<String>) {
    let Some(gateway) = gateway else {
        return (Seen { boot: context.running_boot(), turn: Turn::Unknown }, None);
    };
    let boot = Some(gateway.boot().clone());
    let Ok(jobs) = jobs::list(gateway, &task.task_id.job_name()) else {
        return (Seen { boot, turn: Turn::Unknown }, None);
    };
    let running = jobs.into_iter().find(|job| job.running_since.is_some()).map(|job| job.id);
    let turn = match task.lease.as_ref() {
        Some(lease) if lease.job_id.is_some() && lease.job_id == running => Turn::Runs(None),
        Some(lease) => match &lease.session_key {
            Some(key) => session::row_of(gateway, key).map_or(Turn::Unknown, |row| turn_of(row.as_ref())),
            None if lease.job_id.is_some() => Turn::None,
            None => Turn::Unknown,
        },
        None => Turn::None,
    };
    (Seen { boot, turn }, running)
}

/// Returns the turn that is under way by a session's row; one that is gone has none.
pub(super) fn turn_of(row: Option<&Row>) -> Turn {
    match row {
        Some(row) if row.active || row.status == Some(RunStatus::Running) => Turn::Runs(row.started_at),
        Some(_) | None => Turn::None,
    }
}

/// Returns the session that takes a task up where nobody says otherwise: the one that was woken, else its own.
pub(super) fn holder(task: &Task) -> Option<SessionKey> {
    match &task.wake {
        Some(wake) => wake.session_key.clone(),
        None => task.session_key.clone(),
    }
}
