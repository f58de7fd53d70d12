//! Version 1 of the output: frozen structs, so that what is behind them may change.
//!
//! Field names are camelCase, absent values null, times RFC 3339 in UTC. Removing or retyping a field makes v2.

mod checkpoint;
mod confirm;
mod doctor;
mod drill;
mod failure;
mod note;
mod now;
mod prepare;
mod recover;
mod render;
mod report;
mod scan;
mod setup;
mod status;
mod task;

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

pub use checkpoint::{Checkpoint, CheckpointList, CheckpointPrune};
pub use confirm::Confirm;
pub use doctor::Doctor;
pub use drill::Drill;
pub use failure::Failure;
pub use note::{Note, NoteList};
pub use now::Now;
pub use prepare::Prepare;
pub use recover::Recover;
pub use render::{Render, RenderList, Rendered};
pub use report::Report;
pub use scan::Scan;
pub use setup::{Setup, SetupShow};
pub use status::Status;
pub use task::{TaskDone, TaskGuard, TaskList, TaskPacket, TaskResume, TaskShow, TaskStart, TaskStep};

use crate::model::Boot;
use crate::support::clock::rfc3339;
use crate::support::document::Listed;

fn time(at: DateTime<Utc>) -> String {
    rfc3339(at)
}

fn path(path: &Path) -> String {
    path.display().to_string()
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BootView {
    started_at: String,
    boot_id: Option<String>,
}

impl BootView {
    fn new(boot: &Boot) -> Self {
        Self { started_at: time(boot.started_at), boot_id: boot.boot_id.clone() }
    }
}

/// A file that is left alone.
#[derive(Debug, Serialize)]
struct Unreadable {
    path: String,
    error: String,
}

impl Unreadable {
    fn of<T>(one: &Listed<T>) -> Option<Self> {
        one.content.as_ref().err().map(|error| Self { path: path(&one.path), error: error.full() })
    }
}

#[derive(Debug, Serialize)]
struct CheckpointRef {
    id: String,
    path: String,
}
