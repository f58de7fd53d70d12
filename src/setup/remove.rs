//! Takes out what the manifest lists, and nothing else.

use super::hook;
use super::manifest::{HookRecord, Manifest, Moved, Part, Placed, RuleRecord};
use super::report::{Report, Steps};
use super::selection::Selection;
use super::{Machine, Place, agents_md, import, launchd, placed, purge, systemd};
use crate::support::error::Result;
use crate::support::process;

/// Takes everything out that was installed, and puts back what was moved aside for it. Files that someone changed stay.
///
/// `purge` removes this program's own records as well, unless something is held in them.
///
/// # Errors
/// [`crate::support::error::Kind::Newer`] where a newer version installed it,
/// [`crate::support::error::Kind::Busy`] where records are to go and a recovery runs; else where a file or a command
/// fails.
pub fn remove(place: Place<'_>, purge: bool, dry_run: bool) -> Result<Report> {
    let paths = place.paths;
    let mut manifest = Manifest::read(paths)?;
    manifest.check_writable()?;
    let mut steps = Steps::new(place.openclaw, dry_run);
    if Machine::is_foreign(&paths.state) {
        // What root changed in the rest would lock its owner out.
        steps.report.warnings.push(super::foreign(paths).to_string());
        units(&mut steps, &mut manifest, place)?;
        return Ok(steps.report);
    }
    hook(&mut steps, &mut manifest, place)?;
    units(&mut steps, &mut manifest, place)?;
    if let Some(record) = manifest.get::<Placed>(Part::Launchd)? {
        launchd::remove(&mut steps, place.machine, &record)?;
        forget::<Placed>(&steps, &mut manifest, Part::Launchd)?;
    }
    if let Some(record) = manifest.get::<Placed>(Part::Skill)? {
        placed::take(&mut steps, &record)?;
        forget::<Placed>(&steps, &mut manifest, Part::Skill)?;
    }
    if manifest.get::<RuleRecord>(Part::Rule)?.is_some() {
        agents_md::remove(&mut steps, &mut manifest, paths)?;
    }
    if let Some(moved) = manifest.get::<Vec<Moved>>(Part::Imported)? {
        import::give_back(&mut steps, place.machine, &moved)?;
        forget::<Vec<Moved>>(&steps, &mut manifest, Part::Imported)?;
    }
    if purge {
        purge::purge(&mut steps, paths)?;
    }
    Ok(steps.report)
}

/// The units of the machine's are root's to remove.
fn units(steps: &mut Steps<'_>, manifest: &mut Manifest, place: Place<'_>) -> Result<()> {
    let Some(record) = manifest.get::<Placed>(Part::Systemd)? else { return Ok(()) };
    if record.system && !process::is_root() {
        let unit = record.of.as_deref().unwrap_or_default();
        let warning = format!("what belongs to {unit} stays: run `comeback setup remove` as root for it");
        steps.report.warnings.push(warning);
        return Ok(());
    }
    systemd::remove(steps, place.machine, &record)?;
    forget::<Placed>(steps, manifest, Part::Systemd)
}

/// First the hook's entry in the configuration, then its files: no gateway finds an entry without its hook. The
/// selection of hooks is as it was before.
fn hook(steps: &mut Steps<'_>, manifest: &mut Manifest, place: Place<'_>) -> Result<()> {
    let Some(record) = manifest.hook()? else { return Ok(()) };
    if let Some(command) = Selection::read(place.openclaw)?.undo(&record.enabled, record.was_open) {
        steps.command(&command)?;
    }
    let folder = hook::folder(place.paths);
    for file in hook::FILES {
        steps.remove(folder.join(file), hook::state(place.paths, &record, file)?)?;
    }
    steps.remove_folders(std::slice::from_ref(&folder));
    steps.remove_folders(&record.folders);
    forget::<HookRecord>(steps, manifest, Part::Hook)
}

fn forget<T: serde::Serialize>(steps: &Steps<'_>, manifest: &mut Manifest, part: Part) -> Result<()> {
    if steps.dry_run { Ok(()) } else { manifest.set(part, None::<&T>) }
}
