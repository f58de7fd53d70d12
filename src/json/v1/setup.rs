//! `comeback setup`

use serde::Serialize;

use super::path;
use crate::setup;

/// `comeback.setup.install.v1`, `comeback.setup.remove.v1`
#[derive(Debug, Serialize)]
pub struct Setup {
    schema: String,
    changes: Vec<ChangeView>,
}

#[derive(Debug, Serialize)]
struct ChangeView {
    target: String,
    kind: &'static str,
    outcome: &'static str,
}

impl Setup {
    /// Shows what a run of setup changed.
    #[must_use]
    pub fn new(report: &setup::Report, command: &str) -> Self {
        let view = |change: &setup::Change| ChangeView {
            target: match &change.target {
                setup::Target::File(file) => path(file),
                setup::Target::Command(command) => command.clone(),
            },
            kind: match change.target {
                setup::Target::File(_) => "file",
                setup::Target::Command(_) => "command",
            },
            outcome: match change.outcome {
                setup::Outcome::Made => "made",
                setup::Outcome::Already => "already",
                setup::Outcome::Planned => "planned",
                setup::Outcome::Left => "left",
            },
        };
        Self {
            schema: format!("comeback.setup.{command}.v1"),
            changes: report.changes.iter().map(view).collect(),
        }
    }
}

/// `comeback.setup.show.v1`
#[derive(Debug, Serialize)]
pub struct SetupShow {
    schema: &'static str,
    hook: Option<HookView>,
}

#[derive(Debug, Serialize)]
struct HookView {
    works: bool,
    enabled: bool,
    binary: String,
    files: Vec<String>,
}

impl SetupShow {
    /// Shows what is installed.
    #[must_use]
    pub fn new(hook: Option<&setup::Hook>) -> Self {
        let view = |hook: &setup::Hook| HookView {
            works: hook.works(),
            enabled: hook.enabled,
            binary: path(&hook.binary),
            files: hook.files.iter().map(|(file, _)| path(file)).collect(),
        };
        Self { schema: "comeback.setup.show.v1", hook: hook.map(view) }
    }
}
