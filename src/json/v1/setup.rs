//! What `comeback setup` prints.

use serde::Serialize;

use super::path;
use crate::setup;

/// `comeback.setup.install.v1`, `….remove.v1`, `….import.v1`, `….agents-md.v1`
#[derive(Debug, Serialize)]
pub struct Setup {
    schema: String,
    changes: Vec<ChangeView>,
    notes: Vec<String>,
    warnings: Vec<String>,
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
                setup::Outcome::Failed => "failed",
            },
        };
        Self {
            schema: format!("comeback.setup.{command}.v1"),
            changes: report.changes.iter().map(view).collect(),
            notes: report.notes.clone(),
            warnings: report.warnings.clone(),
        }
    }
}

/// `comeback.setup.show.v1`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SetupShow {
    schema: &'static str,
    hook: Option<HookView>,
    systemd: Option<PartView>,
    launchd: Option<PartView>,
    boot_resume: Option<PartView>,
    agents_md: Option<String>,
    imported: Vec<MovedView>,
}

#[derive(Debug, Serialize)]
struct HookView {
    works: bool,
    enabled: bool,
    binary: String,
    files: Vec<String>,
}

#[derive(Debug, Serialize)]
struct PartView {
    works: bool,
    of: Option<String>,
    binary: Option<String>,
    files: Vec<String>,
}

#[derive(Debug, Serialize)]
struct MovedView {
    from: String,
    to: String,
}

impl SetupShow {
    /// Shows what is installed.
    #[must_use]
    pub fn new(shown: &setup::Shown) -> Self {
        let hook = |hook: &setup::Hook| HookView {
            works: hook.works(),
            enabled: hook.enabled,
            binary: path(&hook.binary),
            files: names(&hook.files),
        };
        let part = |part: &setup::Installed| PartView {
            works: part.works(),
            of: part.of.clone(),
            binary: part.binary.as_deref().map(path),
            files: names(&part.files),
        };
        let moved = |moved: &setup::Moved| MovedView { from: path(&moved.from), to: path(&moved.to) };
        Self {
            schema: "comeback.setup.show.v1",
            hook: shown.hook.as_ref().map(hook),
            systemd: shown.systemd.as_ref().map(part),
            launchd: shown.launchd.as_ref().map(part),
            boot_resume: shown.boot_resume.as_ref().map(part),
            agents_md: shown.agents_md.as_deref().map(path),
            imported: shown.imported.iter().map(moved).collect(),
        }
    }
}

fn names(files: &[(std::path::PathBuf, setup::FileState)]) -> Vec<String> {
    files.iter().map(|(file, _)| path(file)).collect()
}
