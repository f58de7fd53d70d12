//! The four skills that this one succeeds, and what they leave on a machine.

use std::path::{Path, PathBuf};

use super::machine::Machine;
use super::manifest::{Manifest, Part, Placed};
use crate::support::error::Result;
use crate::support::fs;
use crate::support::paths::Paths;

/// What boot-resume's installer writes: a drop-in for the gateway's unit, and a unit of its own.
const DROP_IN: &str = "boot-resume.conf";
const WAKE: &str = "boot-resume-wake.service";

/// A skill that recovers in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seed {
    /// Checkpoints before a restart, messages afterwards.
    RestartTaskRecovery,
    /// NOW.md and a recovery job.
    SeamlessRestart,
    /// Long tasks that wake themselves.
    SmartWake,
    /// A script behind each start of the gateway.
    BootResume,
}

impl Seed {
    const ALL: [Self; 4] =
        [Self::RestartTaskRecovery, Self::SeamlessRestart, Self::SmartWake, Self::BootResume];

    /// Returns the skill's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RestartTaskRecovery => "restart-task-recovery",
            Self::SeamlessRestart => "seamless-restart",
            Self::SmartWake => "smart-wake",
            Self::BootResume => "boot-resume",
        }
    }
}

/// Tells what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trace {
    /// The skill's folder, which agents still read.
    Skill,
    /// A unit, a drop-in or a link that starts its script.
    Unit,
    /// A file by which it claims a session for itself.
    Claim,
}

/// Something of a seed that would resume a second time, or keep us from resuming.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leftover {
    /// Whose it is.
    pub seed: Seed,
    /// What it is.
    pub trace: Trace,
    /// Where it stands.
    pub path: PathBuf,
}

/// Finds what the seeds have left that still acts; our own `/boot-resume` is none of it.
///
/// # Errors
/// Where the manifest or a file cannot be read.
pub fn find(paths: &Paths, machine: &Machine) -> Result<Vec<Leftover>> {
    let ours: Placed = Manifest::read(paths)?.get(Part::Skill)?.unwrap_or_default();
    let mut found = Vec::new();
    for folder in skill_roots(paths, machine).iter().flat_map(|root| children(root)) {
        let skill = folder.join("SKILL.md");
        let Some(text) = fs::read(&skill)?.filter(|_| !ours.files.contains_key(&skill)) else { continue };
        if let Some(seed) = Seed::ALL.into_iter().find(|seed| is_named(&text, seed.name())) {
            found.push(Leftover { seed, trace: Trace::Skill, path: folder });
        }
    }
    let units = machine.user_units.iter().take(1).chain(machine.system_units.iter().take(1));
    for path in units.flat_map(|folder| of_boot_resume(folder)) {
        found.push(Leftover { seed: Seed::BootResume, trace: Trace::Unit, path });
    }
    let claim = paths.seed_claim();
    if fs::read(&claim)?.is_some_and(|text| is_pending(&text)) {
        found.push(Leftover { seed: Seed::BootResume, trace: Trace::Claim, path: claim });
    }
    Ok(found)
}

/// Returns the folders of the skills of this name that the gateway reads.
pub(super) fn skill_folders(paths: &Paths, machine: &Machine, name: &str) -> Vec<PathBuf> {
    let folders = skill_roots(paths, machine);
    let mut folders: Vec<PathBuf> = folders.iter().flat_map(|root| children(root)).collect();
    let text = |folder: &PathBuf| fs::read(&folder.join("SKILL.md")).ok().flatten();
    folders.retain(|folder| text(folder).is_some_and(|text| is_named(&text, name)));
    folders
}

/// Where a gateway looks for skills that people install.
fn skill_roots(paths: &Paths, machine: &Machine) -> [PathBuf; 4] {
    [
        paths.workspace.join("skills"),
        paths.workspace.join(".agents/skills"),
        machine.home.join(".agents/skills"),
        paths.state.join("skills"),
    ]
}

/// Returns boot-resume's files and links in a folder of units, links first.
fn of_boot_resume(units: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for folder in children(units) {
        let name = if folder.extension().is_some_and(|end| end == "d") { DROP_IN } else { WAKE };
        found.push(folder.join(name));
    }
    found.push(units.join(WAKE));
    found.retain(|path| path.symlink_metadata().is_ok());
    found
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// Tells whether a skill's front matter gives it this name.
fn is_named(skill: &str, name: &str) -> bool {
    let front =
        skill.lines().skip_while(|line| line.trim() != "---").skip(1).take_while(|line| line.trim() != "---");
    let names = front.filter_map(|line| line.strip_prefix("name:"));
    names.into_iter().any(|found| found.trim().trim_matches(['"', '\'']) == name)
}

fn is_pending(claim: &str) -> bool {
    let claim: Option<serde_json::Value> = serde_json::from_str(claim).ok();
    claim.is_some_and(|claim| claim["pending"] == serde_json::Value::Bool(true))
}
