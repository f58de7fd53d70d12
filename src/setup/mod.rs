//! Puts what brings agents back into a gateway and its machine, takes it out again, and tells whether it is there.

mod agents_md;
mod doctor;
mod hook;
mod import;
mod install;
mod launchd;
mod machine;
mod manifest;
mod placed;
mod purge;
mod remove;
mod report;
mod seeds;
mod selection;
mod skill;
mod systemd;
#[cfg(test)]
mod tests;
mod unit;

use std::path::{Path, PathBuf};

pub use doctor::{Finding, Status, diagnose};
pub use hook::FileState;
pub use import::import;
pub use install::install_hook;
pub use machine::Machine;
pub use manifest::Moved;
pub use remove::remove;
pub use report::{Change, Outcome, Report, Target};
pub use seeds::{Leftover, Seed, Trace};

use crate::gateway::Openclaw;
use crate::support::error::{Error, Kind, Result};
use crate::support::fs;
use crate::support::paths::Paths;
use hook::NAME;
use manifest::{Manifest, Part, Placed, RuleRecord};
use report::Steps;
use selection::Selection;

/// Names what is to be installed; where nothing is named, it is what this machine has a use for.
#[derive(Clone, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each part is there or not, in any combination")]
pub struct Parts {
    /// The startup hook.
    pub hook: bool,
    /// Units of systemd.
    pub systemd: bool,
    /// Agents of launchd.
    pub launchd: bool,
    /// The skill behind `/boot-resume`.
    pub boot_resume: bool,
    /// The gateway's unit, or its label, where that has a name of its own.
    pub unit: Option<String>,
}

/// What everything here acts on.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// Where things are.
    pub paths: &'a Paths,
    /// The gateway's command line.
    pub openclaw: &'a Openclaw,
    /// What starts gateways on this machine.
    pub machine: &'a Machine,
}

/// Installs the parts; each finds in its record what is in place already, and changes nothing then.
///
/// # Errors
/// What [`install_hook`] says; [`Kind::Refused`] where a file that is not ours stands in the way, or root would write
/// into the state directory of somebody else; else where a part that was asked for has nothing to belong to.
pub fn install(place: Place<'_>, exe: &Path, parts: &Parts, dry_run: bool) -> Result<Report> {
    let Place { paths, openclaw, machine } = place;
    let binary = exe.canonicalize().map_err(|error| fs::failed("find", exe, error))?;
    let usual = !(parts.hook || parts.systemd || parts.launchd || parts.boot_resume);
    let is_foreign = Machine::is_foreign(&paths.state);
    if is_foreign && (parts.hook || parts.boot_resume || parts.launchd) {
        return Err(foreign(paths));
    }
    let mut steps = Steps::new(openclaw, dry_run);
    if is_foreign && usual {
        steps.report.warnings.push(foreign(paths).to_string());
    }
    if parts.hook || (usual && !is_foreign) {
        steps.report = install_hook(paths, openclaw, &binary, dry_run)?;
    }
    let mut manifest = Manifest::read(paths)?;
    manifest.check_writable()?;
    if parts.boot_resume || (usual && !is_foreign) {
        match skill::install(&mut steps, &mut manifest, paths) {
            // Somebody's skill of that name is no reason to do without the rest.
            Err(error) if usual && error.kind() == Kind::Refused => steps.report.warnings.push(error.full()),
            result => result?,
        }
    }
    let named = parts.unit.as_deref();
    if (parts.systemd || usual)
        && let Some(unit) = systemd::find(machine, paths, named, parts.systemd)?
    {
        match needs_root(&unit) {
            Some(error) if parts.systemd => return Err(error),
            Some(error) => steps.report.warnings.push(format!("{error}; {}", error.hints().join("; "))),
            None => systemd::install(&mut steps, &mut manifest, machine, paths, &binary, &unit)?,
        }
    }
    if (parts.launchd || usual)
        && !is_foreign
        && let Some(label) = launchd::find(machine, paths, named, parts.launchd)?
    {
        let config = openclaw.config();
        launchd::install(&mut steps, &mut manifest, machine, (paths, config), &binary, &label)?;
    }
    Ok(steps.report)
}

fn foreign(paths: &Paths) -> Error {
    let message = format!("{} belongs to another user than root, who runs this", paths.state.display());
    Error::new(Kind::Refused, message)
        .hint("run it as that user; only `--systemd`, for a unit of the machine's, needs root")
}

fn needs_root(unit: &unit::Unit) -> Option<Error> {
    let is_ours = !unit.system || crate::support::process::is_root();
    (!is_ours).then(|| {
        Error::new(Kind::Refused, format!("{} is a unit of the machine's, and this is not root", unit.name))
            .hint("run `comeback setup install --systemd` as root, with OPENCLAW_STATE_DIR set")
    })
}

/// Puts the rule about restarts into AGENTS.md, or takes it out.
///
/// # Errors
/// Where its marks are not a pair, or the file cannot be read or written.
pub fn agents_md(place: Place<'_>, remove: bool, dry_run: bool) -> Result<Report> {
    let mut steps = Steps::new(place.openclaw, dry_run);
    let mut manifest = Manifest::read(place.paths)?;
    let change = if remove { agents_md::remove } else { agents_md::add };
    change(&mut steps, &mut manifest, place.paths)?;
    Ok(steps.report)
}

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
        is_whole(&self.files) && self.enabled && self.binary.is_file()
    }
}

/// Describes another part that was installed, as it stands now.
#[derive(Debug, PartialEq, Eq)]
pub struct Installed {
    /// The program that it starts; none for the skill, which goes by its name.
    pub binary: Option<PathBuf>,
    /// The gateway's unit or label that it belongs to.
    pub of: Option<String>,
    /// Its files and links, each with what has become of it.
    pub files: Vec<(PathBuf, FileState)>,
}

impl Installed {
    /// Tells whether it is whole, and its program exists.
    #[must_use]
    pub fn works(&self) -> bool {
        is_whole(&self.files) && self.binary.as_ref().is_none_or(|binary| binary.is_file())
    }
}

fn is_whole(files: &[(PathBuf, FileState)]) -> bool {
    files.iter().all(|(_, state)| *state == FileState::Unchanged)
}

/// All that the manifest lists, as it stands now.
#[derive(Debug)]
pub struct Shown {
    /// The startup hook.
    pub hook: Option<Hook>,
    /// The units of systemd.
    pub systemd: Option<Installed>,
    /// The agents of launchd.
    pub launchd: Option<Installed>,
    /// The skill behind `/boot-resume`.
    pub boot_resume: Option<Installed>,
    /// The file with the rule about restarts.
    pub agents_md: Option<PathBuf>,
    /// What the seeds left, and where it stands now.
    pub imported: Vec<Moved>,
}

/// Describes all that the manifest lists.
///
/// # Errors
/// Where the manifest, the configuration or a file cannot be read.
pub fn show_all(paths: &Paths, openclaw: &Openclaw) -> Result<Shown> {
    let manifest = Manifest::read(paths)?;
    let installed = |part| -> Result<Option<Installed>> {
        let Some(record) = manifest.get::<Placed>(part)? else { return Ok(None) };
        let files = placed::states(&record)?;
        let binary = Some(record.binary).filter(|binary| !binary.as_os_str().is_empty());
        Ok(Some(Installed { binary, of: record.of, files }))
    };
    Ok(Shown {
        hook: show(paths, openclaw)?,
        systemd: installed(Part::Systemd)?,
        launchd: installed(Part::Launchd)?,
        boot_resume: installed(Part::Skill)?,
        agents_md: manifest.get::<RuleRecord>(Part::Rule)?.map(|record| record.path),
        imported: manifest.get(Part::Imported)?.unwrap_or_default(),
    })
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
