//! Agents of launchd (macOS): one that recovers when the gateway starts, one for the wakes of the machine.
//!
//! launchd runs nothing behind another agent's start, so the first watches the folders of the gateway's lock. It has no
//! event for a wake either: the second asks the kernel every five minutes, and on waking at once.

use std::path::Path;

use super::machine::{Machine, usual_state};
use super::manifest::{Manifest, Part, Placed};
use super::placed::{self, Wanted};
use super::report::Steps;
use crate::gateway::boot;
use crate::support::error::{Error, Kind, Result};
use crate::support::fs;
use crate::support::paths::Paths;
use crate::support::process;

const START: &str = include_str!("../../templates/launchd/start.plist");
const WAKE: &str = include_str!("../../templates/launchd/wake.plist");
const PREFIX: &str = "ai.openclaw.";
const DEFAULT: &str = "ai.openclaw.gateway";
const PLIST: &str = ".plist";
const NO_MANAGER: &str = "launchd loads the agents at the next login";

/// Finds the label of the gateway's agent: one of the usual names, or the one that is named.
///
/// # Errors
/// Where none is there and one was asked for, or one cannot be read.
pub fn find(machine: &Machine, paths: &Paths, named: Option<&str>, asked: bool) -> Result<Option<String>> {
    let entries = std::fs::read_dir(&machine.launch_agents).into_iter().flatten().flatten();
    let files = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let mut labels: Vec<String> =
        files.filter_map(|file| Some(file.strip_suffix(PLIST)?.to_owned())).collect();
    labels.sort();
    for label in labels {
        let fits = match named {
            Some(name) => label == name,
            None => label.starts_with(PREFIX) && boot::is_same(&state(machine, &label)?, &paths.state),
        };
        if fits {
            return Ok(Some(label));
        }
    }
    if !asked {
        return Ok(None);
    }
    let (folder, state) = (machine.launch_agents.display(), paths.state.display());
    Err(Error::new(Kind::User, format!("no agent of launchd in {folder} starts a gateway on {state}"))
        .hint("name its label with --unit; `openclaw gateway install` makes the usual one"))
}

/// Returns the state directory of an agent's gateway: its plist names it, or its label names the profile.
fn state(machine: &Machine, label: &str) -> Result<std::path::PathBuf> {
    let text = fs::read(&machine.launch_agents.join(format!("{label}{PLIST}")))?.unwrap_or_default();
    let named = text.split_once("<key>OPENCLAW_STATE_DIR</key>").and_then(|(_, rest)| {
        let (value, _) = rest.trim_start().strip_prefix("<string>")?.split_once("</string>")?;
        Some(unescaped(value))
    });
    let profile = label.strip_prefix(PREFIX).filter(|_| label != DEFAULT);
    Ok(named.map_or_else(|| usual_state(&machine.home, profile), Into::into))
}

/// Puts the two agents in place, and tells launchd.
///
/// # Errors
/// [`Kind::Refused`] where a file that is not ours stands in the way; else where a path cannot stand in a plist, or a
/// file cannot be written.
pub fn install(
    steps: &mut Steps<'_>,
    manifest: &mut Manifest,
    machine: &Machine,
    (paths, config): (&Paths, &Path),
    binary: &Path,
    gateway: &str,
) -> Result<()> {
    let mut files = Vec::new();
    for (kind, template) in [("start", START), ("wake", WAKE)] {
        let label = format!("comeback.{gateway}.{kind}");
        let locks: String = boot::lock_folders(&paths.state)
            .iter()
            .map(|folder| Ok(format!("        <string>{}</string>\n", escaped(folder)?)))
            .collect::<Result<_>>()?;
        let text = template
            .replace("@LABEL@", &escaped(Path::new(&label))?)
            .replace("@BINARY@", &escaped(binary)?)
            .replace("@STATE@", &escaped(&paths.state)?)
            .replace("@CONFIG@", &escaped(config)?)
            .replace("@LOCKS@", &locks);
        files.push((machine.launch_agents.join(format!("{label}{PLIST}")), text));
    }
    let wanted = Wanted {
        part: Part::Launchd,
        binary: binary.to_owned(),
        of: Some(gateway.to_owned()),
        system: false,
        files,
        links: Vec::new(),
    };
    let known: Placed = manifest.get(Part::Launchd)?.unwrap_or_default();
    if placed::put(steps, manifest, &wanted)? {
        // One that is loaded already is not loaded again.
        known.files.keys().for_each(|file| unload(steps, machine, file));
        for (file, _) in &wanted.files {
            let file = file.to_string_lossy();
            steps.tell(&machine.launchctl, &["launchctl", "bootstrap", &domain(), &file], NO_MANAGER);
        }
    }
    Ok(())
}

/// Takes them away, and tells launchd.
///
/// # Errors
/// Where a file cannot be read or removed.
pub fn remove(steps: &mut Steps<'_>, machine: &Machine, record: &Placed) -> Result<()> {
    record.files.keys().for_each(|file| unload(steps, machine, file));
    placed::take(steps, record)
}

fn unload(steps: &mut Steps<'_>, machine: &Machine, file: &Path) {
    let label = file.file_stem().unwrap_or_default().to_string_lossy();
    steps.tell(&machine.launchctl, &["launchctl", "bootout", &format!("{}/{label}", domain())], NO_MANAGER);
}

fn domain() -> String {
    format!("gui/{}", process::user_id())
}

fn escaped(path: &Path) -> Result<String> {
    let text = path.to_str().filter(|text| !text.contains(char::is_control)).ok_or_else(|| {
        let message = format!("an agent of launchd cannot name {}", path.display());
        Error::new(Kind::User, message).hint("use a path of plain characters")
    })?;
    Ok(text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;"))
}

fn unescaped(text: &str) -> String {
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&amp;", "&")
}
