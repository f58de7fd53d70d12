//! Which tasks a recovery has to take up: nobody works on them, and no wake will come.

use chrono::TimeDelta;

use super::super::context::Context;
use super::super::recovery::{ItemReport, ItemState};
use super::super::sight::Sight;
use super::blocked;
use super::evidence::turn_of;
use super::wakes::{self, expect, fresh_session, is_pending, language_of};
use crate::dispatch::Dispatcher;
use crate::gateway::Gateway;
use crate::gateway::jobs::{self, Job};
use crate::ledger::Writer;
use crate::model::{Boot, IdempotencyKey, Language, SessionKey, Verdict};
use crate::plan::Gated;
use crate::session::{self, Evidence};
use crate::support::clock::rfc3339;
use crate::support::error::Result;
use crate::task::{Lease, Seen, Status, Store, Task, TaskId, Turn, Wake, WakeReason};

/// A session that is at work may be working on its task: it is asked again after so long.
const ASK_AGAIN: TimeDelta = TimeDelta::minutes(10);

/// A task that nobody works on.
#[derive(Debug)]
pub(in super::super) struct Due {
    pub(in super::super) task: Task,
    /// The key of its effect: one a boot, and each time that it was taken up.
    pub(in super::super) key: IdempotencyKey,
    /// The session that goes on with it.
    pub(in super::super) session: SessionKey,
    /// Whether there is no such session yet.
    pub(in super::super) fresh: bool,
    pub(in super::super) language: Language,
}

/// The tasks that nobody works on.
#[derive(Debug, Default)]
pub(in super::super) struct DueTasks {
    /// Those that have to be taken up.
    pub(in super::super) due: Vec<Due>,
    /// Why others cannot be read.
    pub(in super::super) warnings: Vec<String>,
}

/// Finds the tasks that have to be taken up.
///
/// # Errors
/// Where the tasks cannot be listed, or the gateway does not tell its jobs.
pub(in super::super) fn find(context: &Context, gateway: &mut Gateway, sight: &Sight) -> Result<DueTasks> {
    let (mut tasks, mut open) = (DueTasks::default(), Vec::new());
    for listed in Store::new(&context.paths).list()? {
        match listed.content {
            Ok(task) if matches!(task.status, Status::Running | Status::Waiting) => open.push(task),
            Ok(_) => {}
            Err(error) => tasks.warnings.push(error.full()),
        }
    }
    if open.is_empty() {
        return Ok(tasks);
    }
    let (jobs, boot) = (jobs::all(gateway)?, gateway.boot().clone());
    let is_left = |task: &&Task| {
        !is_pending(&jobs, &task.task_id)
            && task.vacant(&Seen { boot: Some(boot.clone()), turn: turn(task, sight, &jobs) }).is_ok()
    };
    for due in open.iter().filter(is_left).map(|task| due(task, sight, &boot)) {
        // One that was at rest when we looked may have begun the task since; of one in a store that cannot be read nothing
        // is known.
        let unseen = session_of(&due.task).filter(|_| due.fresh);
        let is_there = unseen.map(|key| session::row_of(gateway, key)).transpose()?.flatten().is_some();
        if !is_there {
            tasks.due.push(due);
        }
    }
    Ok(tasks)
}

/// Returns the turn in which a task's holder would be, by the rows that were seen.
fn turn(task: &Task, sight: &Sight, jobs: &[Job]) -> Turn {
    let runs = |id: &String| jobs.iter().any(|job| job.id == *id && job.running_since.is_some());
    match &task.lease {
        Some(Lease { job_id: Some(id), .. }) if runs(id) => Turn::Runs(None),
        Some(Lease { session_key: Some(key), .. }) => turn_of(sight.of(key).map(|evidence| &evidence.row)),
        None | Some(Lease { job_id: Some(_), .. }) => Turn::None,
        Some(_) => Turn::Unknown,
    }
}

/// Returns the session whose task it is, and that can go on with it.
fn session_of(task: &Task) -> Option<&SessionKey> {
    task.session_key.as_ref().filter(|key| !key.is_of_a_machine())
}

fn due(task: &Task, sight: &Sight, boot: &Boot) -> Due {
    let evidence: Option<&Evidence> = session_of(task).and_then(|key| sight.of(key));
    let life = boot.boot_id.clone().unwrap_or_else(|| rfc3339(boot.started_at));
    let taken = format!("{} {}", task.leases, task.wakes);
    Due {
        key: IdempotencyKey::of(&["task", task.task_id.as_str(), &taken, &life]),
        session: evidence.map_or_else(|| fresh_session(task), |evidence| evidence.key.clone()),
        fresh: evidence.is_none(),
        language: language_of(evidence, task),
        task: task.clone(),
    }
}

/// Takes down, before a fresh session is begun for a task, that one will take it up; returns false where somebody has
/// changed the task meanwhile, and none is begun.
///
/// # Errors
/// Where the task's file cannot be changed: no session is begun then either.
pub(in super::super) fn prepare(
    context: &Context,
    dispatcher: &Dispatcher<'_>,
    due: &[Due],
    gated: &Gated,
) -> Result<bool> {
    let Gated::Send(approved) = gated else { return Ok(true) };
    let item = approved.item();
    let is_decided = dispatcher.is_held(&item.key) || dispatcher.is_rejected(&item.key);
    let due = due.iter().find(|due| due.fresh && item.wakes.as_ref() == Some(&due.task.task_id));
    match due.filter(|_| !is_decided && !dispatcher.is_taken(&item.key)) {
        Some(due) => will_be_taken_up(context, &due.task),
        None => Ok(true),
    }
}

/// Does the same for one that a person has confirmed.
///
/// # Errors
/// Where there is no such task any more, or its file cannot be changed.
pub(in super::super) fn prepare_confirmed(context: &Context, task: Option<&TaskId>) -> Result<()> {
    if let Some(id) = task {
        will_be_taken_up(context, &Store::new(&context.paths).load(id)?)?;
    }
    Ok(())
}

fn will_be_taken_up(context: &Context, task: &Task) -> Result<bool> {
    let at = context.clock.now();
    let wake = Wake { reason: WakeReason::TimeoutRecovery, at, session_key: None, job_id: None };
    Ok(expect(&Store::new(&context.paths), task, wake)?.is_some())
}

/// Has a task woken in a while whose session is at work now: whether on the task, nothing tells.
///
/// # Errors
/// Where the wake cannot be scheduled.
pub(in super::super) fn watch_over(
    context: &Context,
    dispatcher: &mut Dispatcher<'_>,
    sight: &Sight,
    due: &[Due],
    one: &ItemReport,
) -> Result<()> {
    if one.state != ItemState::Skipped || one.item.verdict != Verdict::Live {
        return Ok(());
    }
    let store = Store::new(&context.paths);
    for due in due.iter().filter(|due| due.session == one.item.session_key) {
        let (at, session_key) = (context.clock.now() + ASK_AGAIN, Some(due.session.clone()));
        let wake = Wake { reason: WakeReason::TimeoutRecovery, at, session_key, job_id: None };
        if let Some(task) = expect(&store, &due.task, wake)? {
            wakes::schedule(context, dispatcher, &store, &task, sight.of(&due.session))?;
        }
    }
    Ok(())
}

/// Tells of tasks that are blocked, and removes the wakes of those that are over; returns what went wrong.
///
/// # Errors
/// Where the tasks cannot be listed, or the ledger cannot be written.
pub(in super::super) fn settle(
    context: &Context,
    gateway: &mut Gateway,
    ledger: &mut Writer,
) -> Result<Vec<String>> {
    let listed = Store::new(&context.paths).list()?.into_iter();
    let tasks: Vec<Task> = listed.filter_map(|listed| listed.content.ok()).collect();
    if tasks.is_empty() {
        return Ok(Vec::new());
    }
    let mut troubles = blocked::tell_all(context, gateway, ledger, &tasks)?;
    troubles.extend(wakes::sweep(context, gateway, &tasks).err().map(|error| error.full()));
    Ok(troubles)
}
