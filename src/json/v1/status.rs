//! What `comeback status` prints.

use serde::Serialize;

use super::{BootView, path, time};
use crate::flow;
use crate::task::Task;

/// `comeback.status.v1`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status<'a> {
    schema: &'static str,
    enabled: bool,
    boot: Option<BootView>,
    pending: Option<PendingView>,
    held: Vec<HeldView<'a>>,
    last_recovery: Option<LastRecoveryView<'a>>,
    tasks: Vec<TaskView<'a>>,
    warnings: &'a [String],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PendingView {
    id: String,
    path: String,
    created_at: String,
    sessions: usize,
    due: bool,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HeldView<'a> {
    code: String,
    since: Option<String>,
    session_key: &'a str,
    checkpoint: Option<&'a str>,
    rule: &'a str,
    reason: &'a str,
    message: &'a str,
}

#[derive(Debug, Serialize)]
struct LastRecoveryView<'a> {
    at: String,
    trigger: &'a str,
    outcome: &'a str,
}

/// As the tasks' own output, in the seed's field names.
#[derive(Debug, Serialize)]
struct TaskView<'a> {
    task_id: &'a str,
    goal: &'a str,
    status: &'static str,
    progress_pct: u8,
    current_step: Option<&'a str>,
    next_wake_at: Option<String>,
}

impl<'a> TaskView<'a> {
    fn new(task: &'a Task) -> Self {
        Self {
            task_id: task.task_id.as_str(),
            goal: &task.goal,
            status: task.status.name(),
            progress_pct: task.progress_pct,
            current_step: task.next_step(),
            next_wake_at: task.wake.as_ref().map(|wake| time(wake.at)),
        }
    }
}

impl<'a> Status<'a> {
    /// Shows what is pending.
    #[must_use]
    pub fn new(status: &'a flow::Status) -> Self {
        let pending = |pending: &flow::Pending| PendingView {
            id: pending.id.clone(),
            path: path(&pending.path),
            created_at: time(pending.created_at),
            sessions: pending.sessions,
            due: pending.due,
        };
        let held = status.held.iter().map(|flow::Waits { held, since }| HeldView {
            code: held.key.code(),
            since: since.map(time),
            session_key: held.session_key.as_str(),
            checkpoint: held.checkpoint.as_deref(),
            rule: &held.rule,
            reason: &held.reason,
            message: &held.message,
        });
        let last = status.last.as_ref().map(|last| LastRecoveryView {
            at: time(last.at),
            trigger: &last.trigger,
            outcome: &last.outcome,
        });
        Self {
            schema: "comeback.status.v1",
            enabled: status.enabled,
            boot: status.boot.as_ref().map(BootView::new),
            pending: status.pending.as_ref().map(pending),
            held: held.collect(),
            last_recovery: last,
            tasks: status.tasks.iter().map(TaskView::new).collect(),
            warnings: &status.warnings,
        }
    }
}
