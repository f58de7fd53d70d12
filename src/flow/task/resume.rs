//! Taking a task up: only where nobody holds it, from a file and artifacts that are as they were left.

use chrono::{DateTime, Utc};

use super::super::context::{Context, PATIENCE};
use super::{Changed, allowed, as_recorded, blocked, change, evidence, wakes};
use crate::gateway::Scopes;
use crate::model::SessionKey;
use crate::support::error::{Error, Kind, Result};
use crate::task::{Blocked, Guarded, Lease, Record, Resumed, Seen, Store, Task, TaskId, measure};

/// Takes a task up: once, with its artifacts as they were recorded, and at most five times without a step in between.
/// `session` is whose agent does so, where it is another than the task's; `confirmed` says that a person has let a blocked
/// task go on, and takes its artifacts as they are.
///
/// # Errors
/// Where there is no such task or it is finished; refused where somebody may be at work on it, it is blocked or is
/// blocked now, or the policy forbids it.
pub fn resume(
    context: &Context,
    id: &TaskId,
    session: Option<&SessionKey>,
    confirmed: bool,
    dry_run: bool,
) -> Result<Changed> {
    let (store, at) = (Store::new(&context.paths), context.clock.now());
    let before = store.load(id)?;
    allowed(context, &before)?;
    let mut gateway = context.connect(Scopes::TALK, PATIENCE);
    let (seen, job_id) = evidence::seen(context, gateway.as_mut().ok(), &before);
    let holder = session.cloned().or_else(|| evidence::holder(&before));
    let lease = Lease { job_id, ..Lease::new(holder, at).in_boot(seen.boot.as_ref()) };
    let unreached = gateway.as_ref().err();
    let attempt = Attempt { before: &before, seen: &seen, unreached, lease, session, confirmed, at };
    let (task, outcome) = change(&store, id, dry_run, |task| attempt.on(task, &store))?;
    match outcome {
        Resumed::Running => {
            let mut changed = Changed { resumed: true, ..Changed::new(&store, task, "") };
            changed.notes = skipping(&changed.task);
            if !dry_run {
                changed.warnings.extend(wakes::clear(context, id).err().map(|error| error.full()));
            }
            Ok(changed)
        }
        Resumed::Blocked(blocked) => {
            let told = match gateway {
                Ok(mut gateway) if !dry_run => blocked::tell(context, &mut gateway, &task),
                Ok(_) => Ok(false),
                Err(error) => Err(error),
            };
            Err(stopped(&task, &blocked, told))
        }
    }
}

/// One attempt to take a task up.
struct Attempt<'a> {
    /// The task of which the evidence was taken.
    before: &'a Task,
    seen: &'a Seen,
    /// Why the gateway could not be asked, where it could not.
    unreached: Option<&'a Error>,
    lease: Lease,
    session: Option<&'a SessionKey>,
    confirmed: bool,
    at: DateTime<Utc>,
}

impl Attempt<'_> {
    fn on(self, task: &mut Task, store: &Store) -> Result<Resumed> {
        if task.lease != self.before.lease {
            return Err(Error::new(Kind::Busy, "somebody else changed the task at this moment")
                .hint("run the command again"));
        }
        task.open()?;
        let vacant = task.vacant(self.seen).map_err(|why| held(&task.task_id, &why, self.unreached))?;
        if self.confirmed {
            let changed = task.changed(store.workspace());
            let accepted = changed.iter().map(|one| accept(store, task, one, self.at)).collect();
            task.open()?.accept(accepted);
        } else if task.blocked.is_none()
            && let Some(reason) = wrong_artifacts(task, store)
        {
            return Ok(Resumed::Blocked(task.open()?.block("task-artifact", &reason, self.at)));
        }
        let resumed = task.open()?.resume(vacant, self.lease, self.confirmed, self.at)?;
        if let (Some(session), Resumed::Running) = (self.session, &resumed) {
            task.session_key = Some(session.clone());
        }
        Ok(resumed)
    }
}

fn wrong_artifacts(task: &Task, store: &Store) -> Option<String> {
    let wrong: Vec<String> = task.changed(store.workspace()).iter().map(Guarded::sentence).collect();
    (!wrong.is_empty()).then(|| format!("an artifact has changed: {}", wrong.join("; ")))
}

fn accept(store: &Store, task: &Task, one: &Guarded, at: DateTime<Utc>) -> (String, Option<Record>) {
    let step = task.records.get(&one.path).map_or("", |record| record.step.as_str());
    let found = measure(store.workspace(), &store.workspace().join(&one.path)).ok();
    (one.path.clone(), found.map(|found| as_recorded(found, step, at).1))
}

fn held(id: &TaskId, why: &str, unreached: Option<&Error>) -> Error {
    let error = Error::new(Kind::Refused, format!("the task {id} is not vacant: {why}"));
    match unreached {
        Some(reason) => error.hint(reason.full()),
        None => {
            error.hint(format!("whoever holds it gives it back with `comeback task wait {id} --reason …`"))
        }
    }
}

fn skipping(task: &Task) -> String {
    match (task.last_completed.len(), task.next_step().or(task.to_do().first().copied())) {
        (0, Some(next)) => format!("resumed at {next:?}"),
        (done, Some(next)) => format!("resumed at {next:?}; {done} done and skipped"),
        (_, None) => {
            "resumed; no step is left: verify the done criteria, then `comeback task done`".to_owned()
        }
    }
}

/// Makes the error for a task that was blocked just now.
fn stopped(task: &Task, blocked: &Blocked, told: Result<bool>) -> Error {
    let id = &task.task_id;
    let error = Error::new(Kind::Refused, format!("the task {id} is blocked now: {}", blocked.reason))
        .hint("do not work on it; nothing was changed but its state file");
    match told {
        Ok(true) => error.hint("its user has been told"),
        Ok(false) => error.hint("tell the user why: no chat is known of it"),
        Err(why) => error.hint(format!("tell the user why: {}", why.full())),
    }
    .hint(format!("once they have said that it may go on, `comeback task resume {id} --confirmed`"))
}
