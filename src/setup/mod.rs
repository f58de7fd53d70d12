//! Puts the startup hook into a gateway, takes it out again, and tells whether it is there.

mod hook;
mod install;
mod manifest;
mod report;
mod selection;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

pub use hook::FileState;
pub use install::install_hook;
pub use report::{Change, Outcome, Report, Target};

use crate::gateway::Openclaw;
use crate::support::error::Result;
use crate::support::paths::Paths;
use hook::NAME;
use manifest::Manifest;
use report::Steps;
use selection::Selection;

/// Describes the startup hook that was installed, as it stands now.
#[derive(Debug, PartialEq, Eq)]
pub struct Hook {
    /// The program that it starts.
    pub binary: PathBuf,
    /// Its files, each with what has become of it.
    pub files: Vec<(PathBuf, FileState)>,
    /// Whether the gateway's configuration turns it on.
    pub enabled: bool,
    /// The hooks that we enabled by name, ours among them.
    pub enabled_by_us: Vec<String>,
}

impl Hook {
    /// Tells whether the next start of the gateway will run it: it is whole, turned on, and its program exists.
    #[must_use]
    pub fn works(&self) -> bool {
        let whole = self.files.iter().all(|(_, state)| *state == FileState::Unchanged);
        whole && self.enabled && self.binary.is_file()
    }
}

/// Describes the startup hook; `None` where none was installed.
///
/// # Errors
/// Where the manifest or the configuration cannot be read.
pub fn show(paths: &Paths, openclaw: &Openclaw) -> Result<Option<Hook>> {
    let Some(record) = Manifest::read(paths)?.hook()? else {
        return Ok(None);
    };
    let file = |name| Ok((hook::folder(paths).join(name), hook::state(paths, &record, name)?));
    Ok(Some(Hook {
        files: hook::FILES.into_iter().map(file).collect::<Result<_>>()?,
        enabled: Selection::read(openclaw)?.names(NAME),
        binary: record.binary,
        enabled_by_us: record.enabled,
    }))
}

/// Returns the program that the startup hook will start; `None` where there is no such way back.
///
/// # Errors
/// Where the manifest or the configuration cannot be read.
pub fn installed(paths: &Paths, openclaw: &Openclaw) -> Result<Option<PathBuf>> {
    Ok(show(paths, openclaw)?.filter(Hook::works).map(|hook| hook.binary))
}

/// Takes the startup hook out: its entry in the configuration, then its files, then its record.
///
/// The selection of hooks is as it was before; files that someone changed stay.
///
/// # Errors
/// [`crate::support::error::Kind::Newer`] where a newer version installed it; else where a file or a command fails.
pub fn remove(paths: &Paths, openclaw: &Openclaw, dry_run: bool) -> Result<Report> {
    let mut manifest = Manifest::read(paths)?;
    manifest.check_writable()?;
    let mut steps = Steps::new(openclaw, dry_run);
    let Some(record) = manifest.hook()? else {
        return Ok(steps.report);
    };
    if let Some(command) = Selection::read(openclaw)?.undo(&record.enabled, record.was_open) {
        steps.command(&command)?;
    }
    for file in hook::FILES {
        steps.remove(hook::folder(paths).join(file), hook::state(paths, &record, file)?)?;
    }
    if !dry_run {
        // A folder with other files in it is not empty, and stays.
        let _ = std::fs::remove_dir(hook::folder(paths));
        manifest.set_hook(None)?;
    }
    Ok(steps.report)
}
