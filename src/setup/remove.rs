//! Takes out what the manifest lists, and nothing else.

use super::hook;
use super::manifest::{HookRecord, Manifest, Moved, Part, Placed, RuleRecord};
use super::report::{Report, Steps};
use super::selection::Selection;
use super::{Place, agents_md, import, launchd, placed, purge, systemd};
use crate::support::error::Result;

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
    hook(&mut steps, &mut manifest, place)?;
    for part in [Part::Systemd, Part::Launchd, Part::Skill] {
        let Some(record) = manifest.get::<Placed>(part)? else { continue };
        match part {
            Part::Systemd => systemd::remove(&mut steps, place.machine, &record)?,
            Part::Launchd => launchd::remove(&mut steps, place.machine, &record)?,
            _ => placed::take(&mut steps, &record)?,
        }
        forget::<Placed>(&steps, &mut manifest, part)?;
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
