//! What `comeback prepare` prints.

use serde::Serialize;

use super::{BootView, CheckpointRef, path, time};
use crate::flow::{self, Restart, ToolCall};
use crate::gateway::jobs::Job;

/// `comeback.prepare.v1`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Prepare<'a> {
    schema: &'static str,
    dry_run: bool,
    checkpoint: CheckpointRef,
    boot: Option<BootView>,
    job: Option<JobView>,
    hook: bool,
    notified: Option<bool>,
    calls: &'a [ToolCall],
    restart: RestartView<'a>,
    warnings: &'a [String],
}

#[derive(Debug, Serialize)]
struct JobView {
    id: String,
    name: String,
    at: Option<String>,
}

#[derive(Debug, Serialize)]
struct RestartView<'a> {
    requested: bool,
    call: Option<&'a ToolCall>,
}

impl<'a> Prepare<'a> {
    /// Shows what was prepared.
    #[must_use]
    pub fn new(prepared: &'a flow::Prepared, dry_run: bool) -> Self {
        let job = |job: &Job| JobView { id: job.id.clone(), name: job.name.clone(), at: job.at.map(time) };
        Self {
            schema: "comeback.prepare.v1",
            dry_run,
            checkpoint: CheckpointRef { id: prepared.checkpoint.clone(), path: path(&prepared.path) },
            boot: prepared.boot.as_ref().map(BootView::new),
            job: prepared.job.as_ref().map(job),
            hook: prepared.hook,
            notified: prepared.notified,
            calls: &prepared.calls,
            restart: match &prepared.restart {
                Restart::Requested => RestartView { requested: true, call: None },
                Restart::Operator => RestartView { requested: false, call: None },
                Restart::Call(call) => RestartView { requested: false, call: Some(call) },
            },
            warnings: &prepared.warnings,
        }
    }
}
