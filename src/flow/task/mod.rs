//! Long tasks: where their state files, the gateway's jobs, its sessions and the ledger meet.

mod blocked;
mod due;
mod evidence;
mod resume;
mod wakes;

use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

pub(super) use self::due::{Due, DueTasks, find, prepare, prepare_confirmed, settle, watch_over};
pub use self::resume::resume;
use super::context::Context;
use crate::support::error::{Error, Kind, Result};
use crate::support::redact::recorded;
use crate::task::{
    Draft, Found, Guarded, Lease, Measured, Record, Status, StepDone, Stepped, Store, Task, TaskId, Wake,
    WakeReason, guard as path_below, measure,
};

/// A text of an agent's own is at most so long in the file.
const TEXT: usize = 500;
/// The seed wakes a task after so long, and not after longer.
const USUAL_DELAY: [TimeDelta; 2] = [TimeDelta::minutes(2), TimeDelta::minutes(10)];

/// What became of a task.
#[derive(Debug)]
pub struct Changed {
    /// The task as it stands now.
    pub task: Task,
    /// Where its file stands.
    pub path: PathBuf,
    /// Whether it goes on from its file.
    pub resumed: bool,
    /// What happened, in one sentence.
    pub notes: String,
    /// What is worth knowing.
    pub warnings: Vec<String>,
    /// What did not work although the file is written.
    pub trouble: Option<Error>,
}

/// A step as its agent reports it.
#[derive(Clone, Debug, Default)]
pub struct StepReport {
    /// Its name.
    pub name: String,
    /// The files that it made.
    pub artifacts: Vec<PathBuf>,
    /// How far the task is.
    pub progress: Option<u8>,
    /// What is to be done next.
    pub next: Vec<String>,
}

/// How a task ends.
#[derive(Clone, Debug)]
pub enum End {
    /// It has reached its goal.
    Done,
    /// It is given up.
    Failed(Option<String>),
}

/// What `task guard` found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GuardReport {
    /// No task has recorded the file.
    Unrecorded(String),
    /// A task has.
    Recorded(TaskId, Guarded),
}

fn all_recorded(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| recorded(text, TEXT)).collect()
}

impl Changed {
    fn new(store: &Store, task: Task, notes: impl Into<String>) -> Self {
        let path = store.path(&task.task_id);
        Self { task, path, resumed: false, notes: notes.into(), warnings: Vec::new(), trouble: None }
    }
}

/// Begins a task; contacts no gateway.
///
/// # Errors
/// Where the goal or a step is empty or twice, or the file cannot be written.
pub fn start(context: &Context, draft: Draft, dry_run: bool) -> Result<Changed> {
    let at = context.clock.now();
    let session_key = draft.session_key.clone();
    let lease = Lease::new(session_key, at);
    let draft = Draft {
        goal: recorded(&draft.goal, TEXT),
        steps: all_recorded(&draft.steps),
        done_criteria: all_recorded(&draft.done_criteria),
        ..draft
    };
    let notes = sizing(&draft);
    let mut task = Task::begin(draft, lease.in_boot(context.running_boot().as_ref()), at)?;
    let store = Store::new(&context.paths);
    if !dry_run {
        task = store.lock()?.create(task)?;
    }
    let mut changed = Changed::new(&store, task, notes);
    if changed.task.session_key.is_none() {
        let why = "no session is named (--session-key): its wakes begin fresh sessions, and nobody's chat hears of it";
        changed.warnings.push(why.to_owned());
    }
    Ok(changed)
}

/// Says by the seed's rule whether the task needs smart-wake.
fn sizing(draft: &Draft) -> String {
    let Draft { estimate_seconds, timeout_seconds, .. } = *draft;
    let share = estimate_seconds.saturating_mul(100).checked_div(timeout_seconds).unwrap_or(i64::MAX);
    if crate::task::needs_smart_wake(estimate_seconds, timeout_seconds) {
        format!(
            "smart-wake is needed: the estimate is {share} % of the timeout, and more than 70 % is too near"
        )
    } else {
        format!(
            "smart-wake is not needed: the estimate is {share} % of the timeout, at most 70 % fit into one turn"
        )
    }
}

/// Takes down that a step is done.
///
/// # Errors
/// Where there is no such task or step, the task is finished, an artifact does not stand in the workspace; refused where
/// the step was done before and its artifact has changed since.
pub fn step(context: &Context, id: &TaskId, step: &StepReport, dry_run: bool) -> Result<Changed> {
    let (store, at, boot) = (Store::new(&context.paths), context.clock.now(), context.running_boot());
    let name = recorded(&step.name, TEXT);
    let measured =
        step.artifacts.iter().map(|path| measure(store.workspace(), path)).collect::<Result<Vec<_>>>()?;
    let artifacts = measured.into_iter().map(|found| as_recorded(found, &name, at)).collect();
    let done = StepDone { name, artifacts, progress: step.progress, next: all_recorded(&step.next) };
    let (task, stepped) = change(&store, id, dry_run, |task| {
        if task.is_completed(&done.name) {
            unchanged(task, &done)?;
        }
        // Whoever reports a step is at work now.
        let lease = task.lease.clone().map(|lease| match &boot {
            Some(boot) => Lease { taken_at: at, ..lease.in_boot(Some(boot)) },
            None => Lease { taken_at: at, ..lease },
        });
        task.open()?.step(done.clone(), lease, at)
    })?;
    let notes = match (stepped, task.next_step()) {
        (Stepped::Before, _) => format!("{:?} was done before: nothing changed", done.name),
        (Stepped::Now, Some(next)) => format!("{:?} is done, {next:?} is next", done.name),
        (Stepped::Now, None) => format!("{:?} is done, and no step is left", done.name),
    };
    Ok(Changed::new(&store, task, notes))
}

/// Refuses the report of a step that was done before, where what it made is something else now.
fn unchanged(task: &Task, again: &StepDone) -> Result<()> {
    for (path, found) in &again.artifacts {
        let Some(record) = task.records.get(path) else { continue };
        if let Found::Changed(how) = record.compare(found.size, &found.sha256) {
            let message =
                format!("{:?} was done before, and {path} is not as it was recorded: {how}", again.name);
            return Err(Error::new(Kind::Refused, message)
                .hint("ask the user which of the two counts; put the recorded one back, or take the new one over")
                .hint(format!("`comeback task resume {} --confirmed` takes it over", task.task_id)));
        }
    }
    Ok(())
}

fn as_recorded(Measured { path, size, sha256 }: Measured, step: &str, at: DateTime<Utc>) -> (String, Record) {
    (path, Record { size, sha256, step: step.to_owned(), recorded_at: at })
}

/// Changes a task; a rehearsal changes a copy.
fn change<T>(
    store: &Store,
    id: &TaskId,
    dry_run: bool,
    change: impl FnOnce(&mut Task) -> Result<T>,
) -> Result<(Task, T)> {
    if dry_run {
        let mut task = store.load(id)?;
        let outcome = change(&mut task)?;
        return Ok((task, outcome));
    }
    store.lock()?.change(id, change)
}

/// Gives the task back, and has it woken: the file first, so that nothing is lost where the gateway does not answer.
///
/// # Errors
/// Where there is no such task, it is finished, or it is blocked. What goes wrong with the job is in the report.
pub fn wait(
    context: &Context,
    id: &TaskId,
    reason: WakeReason,
    delay: TimeDelta,
    dry_run: bool,
) -> Result<Changed> {
    let (store, at) = (Store::new(&context.paths), context.clock.now());
    let (task, ()) = change(&store, id, dry_run, |task| {
        let session_key = task.session_key.clone();
        task.open()?.wait(Wake { reason, at: at + delay, session_key, job_id: None }, at)
    })?;
    let mut changed = Changed::new(&store, task, format!("flushed; the wake is for {reason}"));
    if !(USUAL_DELAY[0]..=USUAL_DELAY[1]).contains(&delay) {
        changed
            .warnings
            .push("a wake after 2 to 10 minutes is recommended: see references/long-tasks.md".to_owned());
    }
    if dry_run {
        return Ok(changed);
    }
    match allowed(context, &changed.task).and_then(|()| wakes::arm(context, &store, &changed.task)) {
        Ok(armed) => changed.task = armed,
        Err(error) => {
            "flushed, and no wake is scheduled".clone_into(&mut changed.notes);
            let hint = format!("the task is safe: run `comeback task wait {id} --reason {reason}` again");
            changed.trouble = Some(error.hint(hint));
        }
    }
    Ok(changed)
}

/// Refuses what the operator does not allow.
fn allowed(context: &Context, task: &Task) -> Result<()> {
    if !context.policy.enabled {
        return Err(Error::new(Kind::Refused, "the policy has switched comeback off (enabled: false)"));
    }
    match task.agent().filter(|agent| context.policy.left_out.contains(agent)) {
        Some(agent) => {
            let message = format!("the policy leaves the agent {} out", agent.as_str());
            Err(Error::new(Kind::Refused, message))
        }
        None => Ok(()),
    }
}

/// Ends a task, and removes its wakes.
///
/// # Errors
/// Where there is no such task, it is finished otherwise, or a step is left.
pub fn finish(context: &Context, id: &TaskId, end: End, dry_run: bool) -> Result<Changed> {
    let (store, at) = (Store::new(&context.paths), context.clock.now());
    let (status, word) = match end {
        End::Done => (Status::Done, "done"),
        End::Failed(_) => (Status::Failed, "given up"),
    };
    let (task, again) = change(&store, id, dry_run, |task| {
        if task.status == status {
            return Ok(true);
        }
        match end {
            End::Done => task.open()?.done(at)?,
            End::Failed(why) => task.open()?.fail(why.as_deref().map(|why| recorded(why, TEXT)), at),
        }
        Ok(false)
    })?;
    let notes = format!("the task is {word}{}", if again { " already" } else { "" });
    let mut changed = Changed::new(&store, task, notes);
    if !dry_run && changed.task.wakes > 0 {
        let left =
            |error: Error| format!("its wakes are not removed; the next recovery does it: {}", error.full());
        changed.warnings.extend(wakes::clear(context, id).err().map(left));
    }
    Ok(changed)
}

/// Says whether a file is as the task recorded it that did so last.
///
/// # Errors
/// Where the tasks cannot be listed, or the file stands outside of the workspace.
pub fn guard(context: &Context, path: &Path) -> Result<GuardReport> {
    let store = Store::new(&context.paths);
    let path = path_below(store.workspace(), path)?;
    let tasks = store.list()?.into_iter().filter_map(|listed| listed.content.ok());
    let recorded_at = |task: &Task| task.records.get(&path).map(|record| record.recorded_at);
    let names = |task: &Task| task.artifacts.contains(&path) || task.records.contains_key(&path);
    Ok(match tasks.filter(names).max_by_key(recorded_at) {
        Some(task) => {
            let found = task.check(store.workspace(), &path);
            GuardReport::Recorded(task.task_id, Guarded { path, found })
        }
        None => GuardReport::Unrecorded(path),
    })
}
