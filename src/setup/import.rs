//! Takes over what the seeds left: what still acts is moved aside, what holds work is read as it stands.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;

use super::Place;
use super::machine::Machine;
use super::manifest::{Manifest, Moved, Part};
use super::report::{Report, Steps};
use super::seeds::{self, Leftover, Trace};
use crate::checkpoint::{Entry, Store};
use crate::ledger::{Event, Ledger, Writer};
use crate::now::Now;
use crate::support::clock::Clock;
use crate::support::error::{Error, Kind, Result};
use crate::support::fs;
use crate::support::paths::Paths;

/// What is moved aside has this behind its name; no manager and no gateway reads such a name.
const ASIDE: &str = ".before-comeback";
/// A seed's checkpoint older than this is history: nobody has used it up, because the seed has no mark for that.
const MAX_AGE: TimeDelta = TimeDelta::hours(12);
const LOCK_PATIENCE: std::time::Duration = std::time::Duration::from_secs(10);
const NO_MANAGER: &str = "its own start forgets the old units";

/// Takes over what is there. `setup remove` gives back what was moved aside.
///
/// # Errors
/// Where something cannot be read or moved; what was moved until then is recorded.
pub fn import(place: Place<'_>, clock: Clock, dry_run: bool) -> Result<Report> {
    let paths = place.paths;
    let mut manifest = Manifest::read(paths)?;
    manifest.check_writable()?;
    let mut steps = Steps::new(place.openclaw, dry_run);
    let mut moved: Vec<Moved> = manifest.get(Part::Imported)?.unwrap_or_default();
    let found = seeds::find(paths, place.machine)?;
    for leftover in &found {
        let to = aside(leftover)?;
        if to.symlink_metadata().is_ok() {
            let message = format!("{} is there already: an earlier import moved it", to.display());
            return Err(Error::new(Kind::Refused, message).hint("move it away, then run this command again"));
        }
        moved.push(Moved { from: leftover.path.clone(), to: to.clone() });
        if !dry_run {
            manifest.set(Part::Imported, Some(&moved))?;
        }
        steps.shift(&leftover.path, &to, &leftover.path)?;
    }
    let units = found.iter().filter(|leftover| leftover.trace == Trace::Unit);
    forget_units(&mut steps, place.machine, units.map(|leftover| &leftover.path));
    checkpoints(&mut steps, paths, clock)?;
    now(&mut steps, paths)?;
    Ok(steps.report)
}

/// Where a leftover goes: beside itself, or for a skill beside the folder of skills, where no gateway looks for any.
fn aside(leftover: &Leftover) -> Result<PathBuf> {
    let named = |path: &Path| -> Option<PathBuf> {
        let name = path.file_name()?.to_str()?;
        Some(path.with_file_name(format!("{name}{ASIDE}")))
    };
    let aside = match leftover.trace {
        Trace::Skill => leftover.path.parent().and_then(named).zip(leftover.path.file_name()),
        Trace::Unit | Trace::Claim => named(&leftover.path).map(|path| (path, "".as_ref())),
    };
    let aside = aside.map(|(path, name)| if name.is_empty() { path } else { path.join(name) });
    aside.ok_or_else(|| Error::new(Kind::User, format!("{} has no plain name", leftover.path.display())))
}

fn forget_units<'a>(steps: &mut Steps<'_>, machine: &Machine, paths: impl Iterator<Item = &'a PathBuf>) {
    let (mut user, mut system) = (false, false);
    for path in paths {
        user |= machine.user_units.iter().any(|folder| path.starts_with(folder));
        system |= machine.system_units.iter().any(|folder| path.starts_with(folder));
    }
    if user {
        steps.tell(&machine.systemctl, &["systemctl", "--user", "daemon-reload"], NO_MANAGER);
    }
    if system {
        steps.tell(&machine.systemctl, &["systemctl", "daemon-reload"], NO_MANAGER);
    }
}

/// Puts back what an import moved aside, where its place is free.
///
/// # Errors
/// Where something cannot be moved.
pub fn give_back(steps: &mut Steps<'_>, machine: &Machine, moved: &[Moved]) -> Result<()> {
    let mut back = Vec::new();
    for Moved { from, to } in moved.iter().rev().filter(|one| one.to.symlink_metadata().is_ok()) {
        if from.symlink_metadata().is_ok() {
            steps.leave(to.clone());
            continue;
        }
        steps.shift(to, from, from)?;
        let folder = to.parent().filter(|folder| folder.to_string_lossy().ends_with(ASIDE));
        if let Some(folder) = folder {
            steps.remove_folders(&[folder.to_owned()]);
        }
        back.push(from);
    }
    forget_units(steps, machine, back.into_iter());
    Ok(())
}

/// The seed's checkpoints are read as they stand. The newest one waits for a restart, unless it is history.
fn checkpoints(steps: &mut Steps<'_>, paths: &Paths, clock: Clock) -> Result<()> {
    let entries = Store::new(paths.checkpoints()).list()?;
    let is_seeds =
        |entry: &&Entry| entry.checkpoint.as_ref().is_ok_and(|checkpoint| checkpoint.meta.is_none());
    let count = entries.iter().filter(is_seeds).count();
    if count > 0 {
        let note = format!("Checkpoints of restart-task-recovery, read as they stand: {count}");
        steps.report.notes.push(note);
    }
    let Some(newest) = entries.first().filter(is_seeds) else { return Ok(()) };
    let used = Ledger::read(&paths.ledger())?.consumed_at(&newest.id).is_some();
    let path = newest.path.display();
    if used {
        return Ok(());
    }
    if clock.now() - newest.created_at < MAX_AGE {
        steps
            .report
            .notes
            .push(format!("{path} waits for the next restart; `comeback plan` shows what it asks for"));
        return Ok(());
    }
    if !steps.dry_run {
        let event = Event::Consumed { checkpoint: newest.id.clone() };
        Writer::open(paths, LOCK_PATIENCE, clock.now())?.append(clock.now(), event)?;
    }
    steps.report.notes.push(format!("{path} is older than 12 hours, and counts as used"));
    Ok(())
}

fn now(steps: &mut Steps<'_>, paths: &Paths) -> Result<()> {
    let Some(text) = fs::read(&paths.now())? else { return Ok(()) };
    let now = Now::parse(&text);
    steps.report.notes.push(format!(
        "{} is read as it stands: active tasks {}, actions after a restart {}",
        paths.now().display(),
        now.tasks.len(),
        now.after.len()
    ));
    Ok(())
}
