//! The jobs that wake tasks: one a task, read back, removed when it is done.

use std::time::Duration;

use super::super::context::{Context, PATIENCE};
use super::super::language;
use crate::dispatch::Dispatcher;
use crate::gateway::jobs::{self, Job, Spec, Target};
use crate::gateway::{Gateway, Scopes};
use crate::ledger::Writer;
use crate::model::{IdempotencyKey, Language, SessionKey};
use crate::plan;
use crate::session::{self, Evidence};
use crate::support::error::{Error, Kind, Result};
use crate::task::{Status, Store, Task, TaskId, Wake};

/// Another run may hold the ledger for as long as its recovery takes.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);

/// Schedules the wake that the task waits for, in place of an earlier one; returns the task with what was scheduled.
pub(super) fn arm(context: &Context, store: &Store, task: &Task) -> Result<Task> {
    let mut gateway = context.connect(Scopes::TALK, PATIENCE)?;
    let evidence = match task.wake.as_ref().and_then(|wake| wake.session_key.as_ref()) {
        Some(key) if !key.is_of_a_machine() => session::read(&mut gateway, key)?,
        _ => None,
    };
    let boot = gateway.boot().clone();
    let mut ledger = Writer::open(&context.paths, LOCK_PATIENCE, context.clock.now())?;
    let mut dispatcher =
        Dispatcher::new(&mut gateway, &mut ledger, &boot, context.clock).with_jobs(context.access());
    schedule(context, &mut dispatcher, store, task, evidence.as_ref())
}

/// Schedules it into a session, or where there is none into a fresh one.
pub(super) fn schedule(
    context: &Context,
    dispatcher: &mut Dispatcher<'_>,
    store: &Store,
    task: &Task,
    evidence: Option<&Evidence>,
) -> Result<Task> {
    let Some(wake) = &task.wake else {
        return Err(Error::new(Kind::Bug, format!("the task {} waits without a wake", task.task_id)));
    };
    let key = IdempotencyKey::of(&["wake", task.task_id.as_str(), &task.wakes.to_string()]);
    let spoken = language_of(evidence, task);
    let message = plan::task_message(task, wake.reason, &key, &context.templates, spoken);
    let agent = task.agent().unwrap_or_else(|| context.config.default_agent.clone());
    let (fresh, own) = (fresh_session(task), evidence.map(|evidence| &evidence.key));
    let spec = Spec {
        name: &task.task_id.job_name(),
        at: wake.at,
        agent: &agent,
        target: own.map_or(Target::Isolated, Target::Session),
        message: &message,
        route: evidence.and_then(Evidence::route),
    };
    let job = dispatcher.wake(&key, own.unwrap_or(&fresh), &spec)?;
    let (number, session_key) = (task.wakes, own.cloned());
    let (task, ()) = store.lock()?.change(&task.task_id, |task| {
        // Whoever has changed it since knows better.
        if let Some(wake) = task.wake.as_mut().filter(|_| task.wakes == number) {
            *wake = Wake { session_key, job_id: Some(job.id), ..wake.clone() };
        }
        Ok(())
    })?;
    Ok(task)
}

/// Tells in which language a task's people are spoken to.
pub(super) fn language_of(evidence: Option<&Evidence>, task: &Task) -> Language {
    match evidence {
        Some(_) => language::of_session(evidence, None),
        None => language::of_texts([task.goal.as_str()].into_iter()),
    }
}

/// Names the session that a job will begin for a task, which has no key yet.
pub(super) fn fresh_session(task: &Task) -> SessionKey {
    let agent = task.agent().unwrap_or_default();
    let key = format!("agent:{}:task:{}", agent.as_str(), task.task_id);
    key.parse().expect("an agent's name and a task's are short, and each on one line")
}

/// Takes down that a wake is to come, before it is scheduled; `None` where somebody has changed the task since it was seen.
pub(super) fn expect(store: &Store, seen: &Task, wake: Wake) -> Result<Option<Task>> {
    let (task, is_same) = store.lock()?.change(&seen.task_id, |task| {
        let is_same = (task.status, &task.lease, task.wakes) == (seen.status, &seen.lease, seen.wakes);
        if is_same {
            task.open()?.expect(wake);
        }
        Ok(is_same)
    })?;
    Ok(is_same.then_some(task))
}

/// Removes the wakes of a task; one that runs goes by itself.
pub(super) fn clear(context: &Context, id: &TaskId) -> Result<()> {
    let mut admin = context.connect(Scopes::ADMIN, PATIENCE)?;
    let jobs = jobs::list(&mut admin, &id.job_name())?;
    Ok(jobs::clear(&mut admin, &jobs).map(drop)?)
}

/// Tells whether a job of a task's will come, or runs.
pub(super) fn is_pending(jobs: &[Job], id: &TaskId) -> bool {
    let name = id.job_name();
    jobs.iter().any(|job| job.name == name && (job.enabled || job.running_since.is_some()))
}

/// Removes the wakes of tasks that are finished or blocked, and what a failed wake left behind.
///
/// # Errors
/// Where the gateway does not answer.
pub(super) fn sweep(context: &Context, gateway: &mut Gateway, tasks: &[Task]) -> Result<()> {
    let is_over = |job: &Job| {
        let Some(id) = TaskId::of_job(&job.name) else { return false };
        let task = tasks.iter().find(|task| task.task_id == id);
        task.is_some_and(|task| task.status.is_finished() || task.status == Status::Blocked || !job.enabled)
    };
    let left: Vec<Job> = jobs::all(gateway)?.into_iter().filter(is_over).collect();
    if left.iter().all(|job| job.running_since.is_some()) {
        return Ok(());
    }
    let mut admin = context.connect(Scopes::ADMIN, PATIENCE)?;
    Ok(jobs::clear(&mut admin, &left).map(drop)?)
}
