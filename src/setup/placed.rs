//! Files and links that are ours whole: put in place, compared with their record, taken away again.

use std::path::{Path, PathBuf};

use super::hook::{FileState, sha256};
use super::manifest::{Manifest, Part, Placed};
use super::report::Steps;
use crate::support::error::{Error, Kind, Result};
use crate::support::fs;

/// What a part wants to have in place.
#[derive(Debug)]
pub struct Wanted {
    /// The part.
    pub part: Part,
    /// The program that it starts.
    pub binary: PathBuf,
    /// The gateway's unit or label.
    pub of: Option<String>,
    /// Whether the manager is the machine's.
    pub system: bool,
    /// Files with their content.
    pub files: Vec<(PathBuf, String)>,
    /// Links with what they point to.
    pub links: Vec<(PathBuf, PathBuf)>,
}

/// Puts a part in place: first its record, then its files, so that a run that was stopped can be taken back. Tells
/// whether anything changed.
///
/// # Errors
/// [`Kind::Refused`] where a file that is not ours stands in the way; else where a file cannot be written.
pub fn put(steps: &mut Steps<'_>, manifest: &mut Manifest, wanted: &Wanted) -> Result<bool> {
    let known: Option<Placed> = manifest.get(wanted.part)?;
    let known = known.unwrap_or_default();
    for (path, content) in &wanted.files {
        let ours = known.files.contains_key(path) && file_state(&known, path)? != FileState::Changed;
        if !ours && fs::read(path)?.is_some_and(|found| found != *content) {
            return Err(in_the_way(path));
        }
    }
    for (path, to) in &wanted.links {
        if std::fs::symlink_metadata(path).is_ok() && std::fs::read_link(path).ok().as_ref() != Some(to) {
            return Err(in_the_way(path));
        }
    }
    let mut record = Placed {
        binary: wanted.binary.clone(),
        of: wanted.of.clone(),
        system: wanted.system,
        files: wanted.files.iter().map(|(path, content)| (path.clone(), sha256(content))).collect(),
        links: wanted.links.iter().cloned().collect(),
        folders: known.folders.clone(),
    };
    let paths = record.files.keys().chain(record.links.keys()).filter_map(|path| path.parent());
    let missing: Vec<PathBuf> = paths.flat_map(fs::missing_folders).collect();
    for folder in missing {
        if !record.folders.contains(&folder) {
            record.folders.push(folder);
        }
    }
    let mut changed = leave_what_is_no_longer_wanted(steps, &known, &record)?;
    if !steps.dry_run {
        // Until a file is replaced, its old sum is the right one: a run that is stopped here leaves nothing that a later
        // one would take for somebody's change.
        let files = record
            .files
            .iter()
            .map(|(path, sum)| (path.clone(), known.files.get(path).unwrap_or(sum).clone()));
        manifest.set(wanted.part, Some(&Placed { files: files.collect(), ..record.clone() }))?;
    }
    for (path, content) in &wanted.files {
        changed |= steps.write_public(path.clone(), content)?;
    }
    for (path, to) in &wanted.links {
        changed |= steps.link(path.clone(), to)?;
    }
    if !steps.dry_run {
        manifest.set(wanted.part, Some(&record))?;
    }
    Ok(changed)
}

/// The gateway's unit may have another name by now.
fn leave_what_is_no_longer_wanted(steps: &mut Steps<'_>, known: &Placed, record: &Placed) -> Result<bool> {
    let mut changed = false;
    for path in known.files.keys().filter(|path| !record.files.contains_key(*path)) {
        steps.remove(path.clone(), file_state(known, path)?)?;
        changed = true;
    }
    for path in known.links.keys().filter(|path| !record.links.contains_key(*path)) {
        steps.remove(path.clone(), link_state(known, path))?;
        changed = true;
    }
    Ok(changed)
}

fn in_the_way(path: &Path) -> Error {
    let message = format!("{} was not written by this program, or was changed since", path.display());
    Error::new(Kind::Refused, message).hint("move it away, then run this command again")
}

/// Takes away what stands as we made it, and returns the record; the caller forgets it.
///
/// # Errors
/// Where a file cannot be read or removed.
pub fn take(steps: &mut Steps<'_>, record: &Placed) -> Result<()> {
    for (path, state) in states(record)? {
        steps.remove(path, state)?;
    }
    steps.remove_folders(&record.folders);
    Ok(())
}

/// Returns what has become of each link and file, links first: a link to nothing is never left behind.
///
/// # Errors
/// Where a file is there and cannot be read.
pub fn states(record: &Placed) -> Result<Vec<(PathBuf, FileState)>> {
    let links = record.links.keys().map(|path| Ok((path.clone(), link_state(record, path))));
    let files = record.files.keys().map(|path| Ok((path.clone(), file_state(record, path)?)));
    links.chain(files).collect()
}

fn file_state(record: &Placed, path: &Path) -> Result<FileState> {
    let Some(content) = fs::read(path)? else { return Ok(FileState::Missing) };
    let ours = record.files.get(path).is_some_and(|hash| *hash == sha256(&content));
    Ok(if ours { FileState::Unchanged } else { FileState::Changed })
}

fn link_state(record: &Placed, path: &Path) -> FileState {
    match std::fs::read_link(path) {
        Ok(to) if record.links.get(path) == Some(&to) => FileState::Unchanged,
        Ok(_) => FileState::Changed,
        Err(_) if std::fs::symlink_metadata(path).is_ok() => FileState::Changed,
        Err(_) => FileState::Missing,
    }
}
