//! What `comeback task` prints; field names as in the seed smart-wake.

use serde::Serialize;

use super::{Unreadable, path, time};
use crate::flow::{ChangedTask, GuardReport};
use crate::support::document::Listed;
use crate::support::error::Error;
use crate::task::{Found, Packet, Task};

/// What every command that changes a task prints: the seed's report after a wake.
#[derive(Debug, Serialize)]
struct Report<'a> {
    task_id: &'a str,
    status: &'static str,
    progress_pct: u8,
    current_step: Option<&'a str>,
    resumed_from_checkpoint: bool,
    next_wake_scheduled: bool,
    next_wake_at: Option<String>,
    notes: &'a str,
    dry_run: bool,
    warnings: Vec<String>,
}

impl<'a> Report<'a> {
    fn new(changed: &'a ChangedTask, dry_run: bool) -> Self {
        let task = &changed.task;
        let scheduled = task.wake.as_ref().filter(|wake| wake.job_id.is_some());
        let trouble = changed.trouble.as_ref().map(Error::full);
        Self {
            task_id: task.task_id.as_str(),
            status: task.status.name(),
            progress_pct: task.progress_pct,
            current_step: task.next_step(),
            resumed_from_checkpoint: changed.resumed,
            next_wake_scheduled: scheduled.is_some(),
            next_wake_at: scheduled.map(|wake| time(wake.at)),
            notes: &changed.notes,
            dry_run,
            warnings: changed.warnings.iter().cloned().chain(trouble).collect(),
        }
    }
}

/// `comeback.task.wait.v1`, `comeback.task.done.v1`, `comeback.task.fail.v1`
#[derive(Debug, Serialize)]
pub struct TaskDone<'a> {
    schema: &'static str,
    #[serde(flatten)]
    report: Report<'a>,
}

impl<'a> TaskDone<'a> {
    /// Shows a change, under the schema of its command.
    #[must_use]
    pub fn new(schema: &'static str, changed: &'a ChangedTask, dry_run: bool) -> Self {
        Self { schema, report: Report::new(changed, dry_run) }
    }
}

/// `comeback.task.start.v1`
#[derive(Debug, Serialize)]
pub struct TaskStart<'a> {
    schema: &'static str,
    #[serde(flatten)]
    report: Report<'a>,
    path: String,
    smart_wake_needed: bool,
}

impl<'a> TaskStart<'a> {
    /// Shows a task that begins.
    #[must_use]
    pub fn new(changed: &'a ChangedTask, smart_wake_needed: bool, dry_run: bool) -> Self {
        let report = Report::new(changed, dry_run);
        Self { schema: "comeback.task.start.v1", report, path: path(&changed.path), smart_wake_needed }
    }
}

/// `comeback.task.step.v1`
#[derive(Debug, Serialize)]
pub struct TaskStep<'a> {
    schema: &'static str,
    #[serde(flatten)]
    report: Report<'a>,
    last_completed: &'a [String],
    next_actions: Vec<&'a str>,
}

impl<'a> TaskStep<'a> {
    /// Shows a task after a step.
    #[must_use]
    pub fn new(changed: &'a ChangedTask, dry_run: bool) -> Self {
        Self {
            schema: "comeback.task.step.v1",
            report: Report::new(changed, dry_run),
            last_completed: &changed.task.last_completed,
            next_actions: changed.task.to_do(),
        }
    }
}

/// `comeback.task.resume.v1`
#[derive(Debug, Serialize)]
pub struct TaskResume<'a> {
    schema: &'static str,
    #[serde(flatten)]
    report: Report<'a>,
    skipped: &'a [String],
    retry_count: u32,
    packet: Packet<'a>,
}

impl<'a> TaskResume<'a> {
    /// Shows a task that was taken up.
    #[must_use]
    pub fn new(changed: &'a ChangedTask, dry_run: bool) -> Self {
        Self {
            schema: "comeback.task.resume.v1",
            report: Report::new(changed, dry_run),
            skipped: &changed.task.last_completed,
            retry_count: changed.task.retry_count,
            packet: Packet::new(&changed.task),
        }
    }
}

/// `comeback.task.show.v1`
#[derive(Debug, Serialize)]
pub struct TaskShow<'a> {
    schema: &'static str,
    path: String,
    task: &'a Task,
}

impl<'a> TaskShow<'a> {
    /// Shows a task as its file has it.
    #[must_use]
    pub fn new(file: &std::path::Path, task: &'a Task) -> Self {
        Self { schema: "comeback.task.show.v1", path: path(file), task }
    }
}

/// `comeback.task.packet.v1`
#[derive(Debug, Serialize)]
pub struct TaskPacket<'a> {
    schema: &'static str,
    #[serde(flatten)]
    packet: Packet<'a>,
}

impl<'a> TaskPacket<'a> {
    /// Shows what whoever takes up a task is handed.
    #[must_use]
    pub fn new(task: &'a Task) -> Self {
        Self { schema: "comeback.task.packet.v1", packet: Packet::new(task) }
    }
}

/// `comeback.task.list.v1`
#[derive(Debug, Serialize)]
pub struct TaskList<'a> {
    schema: &'static str,
    tasks: Vec<&'a Task>,
    unreadable: Vec<Unreadable>,
}

impl<'a> TaskList<'a> {
    /// Shows the tasks of a workspace.
    #[must_use]
    pub fn new(listed: &'a [Listed<Task>]) -> Self {
        Self {
            schema: "comeback.task.list.v1",
            tasks: listed.iter().filter_map(|one| one.content.as_ref().ok()).collect(),
            unreadable: listed.iter().filter_map(Unreadable::of).collect(),
        }
    }
}

/// `comeback.task.guard.v1`
#[derive(Debug, Serialize)]
pub struct TaskGuard<'a> {
    schema: &'static str,
    path: &'a str,
    task_id: Option<&'a str>,
    state: &'static str,
    detail: Option<&'a str>,
}

impl<'a> TaskGuard<'a> {
    /// Shows what was found of a file.
    #[must_use]
    pub fn new(report: &'a GuardReport) -> Self {
        let (path, task_id, state, detail) = match report {
            GuardReport::Unrecorded(path) => (path, None, "unrecorded", None),
            GuardReport::Recorded(id, guarded) => {
                let (state, detail) = match &guarded.found {
                    Found::AsRecorded => ("as-recorded", None),
                    Found::Changed(how) => ("changed", Some(how.as_str())),
                    Found::Missing => ("missing", None),
                };
                (&guarded.path, Some(id.as_str()), state, detail)
            }
        };
        Self { schema: "comeback.task.guard.v1", path, task_id, state, detail }
    }
}
