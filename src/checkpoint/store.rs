//! The folder of checkpoints: one folder a day, one file a checkpoint.

use std::fs::{self, DirEntry};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, NaiveTime, Utc};

use super::{Checkpoint, meta, parse, render};
use crate::support::error::{Error, Kind, Result};
use crate::support::fs as files;

/// Finds, reads and writes the checkpoints of a workspace.
#[derive(Clone, Debug)]
pub struct Store {
    dir: PathBuf,
}

/// Describes one file of the folder.
#[derive(Debug)]
pub struct Entry {
    /// Where it stands.
    pub path: PathBuf,
    /// Names the checkpoint: the front matter's id, else `<YYYY-MM-DD>/<HHmmss>` from the path.
    pub id: String,
    /// When it was made: by the front matter, else by its name, else by the file system.
    pub created_at: DateTime<Utc>,
    /// Its content, or why it cannot be read.
    pub checkpoint: Result<Checkpoint>,
}

/// Tells what became of marking a checkpoint as used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marked {
    /// The file says so now, or said so before.
    InFile,
    /// The file has no front matter and gets none; the caller must remember it elsewhere.
    Elsewhere,
}

impl Store {
    /// Makes the store of a folder, which need not exist.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// Lists the checkpoints, newest first; a file that cannot be read is an entry with its error.
    ///
    /// Links are passed over, because they may lead out of the workspace, or to a checkpoint a second time.
    ///
    /// # Errors
    /// Where the folder or a day's folder cannot be listed.
    pub fn list(&self) -> Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for day in children(&self.dir)? {
            if !day.file_type().is_ok_and(|kind| kind.is_dir()) {
                continue;
            }
            for file in children(&day.path())? {
                let name = file.file_name();
                let is_ours = Path::new(&name).extension().is_some_and(|extension| extension == "md")
                    && !name.to_string_lossy().starts_with('.');
                if is_ours && file.file_type().is_ok_and(|kind| kind.is_file()) {
                    entries.push(self.entry(file.path()));
                }
            }
        }
        // Of one second, the longer name came later: `162200.md`, `162200-2.md`, `162200-10.md`.
        entries.sort_by_cached_key(|entry| {
            let path = entry.path.clone();
            std::cmp::Reverse((entry.created_at, path.as_os_str().len(), path))
        });
        Ok(entries)
    }

    /// Returns the newest checkpoint.
    ///
    /// # Errors
    /// Where there is none, or the folder cannot be listed.
    pub fn newest(&self) -> Result<Entry> {
        self.list()?.into_iter().next().ok_or_else(|| {
            Error::new(Kind::User, format!("No checkpoint file found below {}", self.dir.display()))
                .hint("`comeback prepare` and `comeback checkpoint build` write one")
        })
    }

    /// Describes one file, inside of the folder or not.
    #[must_use]
    pub fn entry(&self, path: PathBuf) -> Entry {
        let checkpoint = self.load(&path);
        let meta = checkpoint.as_ref().ok().and_then(|checkpoint| checkpoint.meta.as_ref());
        let modified = || path.metadata().and_then(|meta| meta.modified()).map(DateTime::from);
        let created_at = meta
            .map(|meta| meta.created_at)
            .or_else(|| time_of(&path))
            .unwrap_or_else(|| modified().unwrap_or(DateTime::UNIX_EPOCH));
        let id = meta.map_or_else(
            || path.strip_prefix(&self.dir).unwrap_or(&path).with_extension("").display().to_string(),
            |meta| meta.id.clone(),
        );
        Entry { path, id, created_at, checkpoint }
    }

    /// Reads one checkpoint, inside of the folder or not.
    ///
    /// # Errors
    /// Where there is no such file, or it does not parse.
    pub fn load(&self, path: &Path) -> Result<Checkpoint> {
        parse(&path.display().to_string(), &read(path)?)
    }

    /// Writes a new file for a checkpoint, named by its time; `local` is the local one.
    ///
    /// # Errors
    /// [`Kind::Newer`] where the checkpoint came from a newer program's file; [`Kind::User`] where the file cannot
    /// be written.
    pub fn write(&self, checkpoint: &Checkpoint, local: NaiveDateTime) -> Result<PathBuf> {
        if let Some(meta) = &checkpoint.meta {
            meta.ensure_known(&meta.id)?;
        }
        let name = local.format("%Y-%m-%d/%H%M%S").to_string();
        let mut path = self.dir.join(format!("{name}.md"));
        let mut n = 1;
        // Two runs never get here at once: whoever prepares a restart holds the lock.
        while path.symlink_metadata().is_ok() {
            n += 1;
            path = self.dir.join(format!("{name}-{n}.md"));
        }
        files::write(&path, render(checkpoint, local).as_bytes())?;
        Ok(path)
    }

    /// Removes a checkpoint's file, and its day's folder where it was the last one there.
    ///
    /// # Errors
    /// Where the file cannot be removed.
    pub fn remove(&self, path: &Path) -> Result<()> {
        fs::remove_file(path).map_err(|error| files::failed("remove", path, error))?;
        if let Some(day) = path.parent().filter(|day| day.parent() == Some(&self.dir)) {
            // Another checkpoint of that day keeps it.
            let _not_empty = fs::remove_dir(day);
        }
        Ok(())
    }

    /// Notes in the front matter that a checkpoint was used; the rest of the file stays byte for byte.
    ///
    /// # Errors
    /// [`Kind::Newer`] for a newer program's file, [`Kind::User`] where the front matter cannot be read or take the
    /// field; the file is then as it was.
    pub fn mark_consumed(&self, path: &Path, at: DateTime<Utc>) -> Result<Marked> {
        let (origin, text) = (path.display().to_string(), read(path)?);
        let Some(front) = meta::split(&origin, &text)?.front else { return Ok(Marked::Elsewhere) };
        if let Some(text) = meta::consumed(&origin, &text, front, at)? {
            files::write(path, text.as_bytes())?;
        }
        Ok(Marked::InFile)
    }
}

fn read(path: &Path) -> Result<String> {
    files::read(path)?
        .ok_or_else(|| Error::new(Kind::User, format!("there is no checkpoint {}", path.display())))
}

/// Lists a folder; a missing one is empty.
fn children(dir: &Path) -> Result<Vec<DirEntry>> {
    let failed = |error| files::failed("list", dir, error);
    match fs::read_dir(dir) {
        Ok(entries) => entries.collect::<std::io::Result<_>>().map_err(failed),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(failed(error)),
    }
}

/// Reads the local time in a path that ends with `<YYYY-MM-DD>/<HHmmss>.md`.
fn time_of(path: &Path) -> Option<DateTime<Utc>> {
    let day = NaiveDate::parse_from_str(path.parent()?.file_name()?.to_str()?, "%Y-%m-%d").ok()?;
    let time = NaiveTime::parse_from_str(path.file_stem()?.to_str()?.split('-').next()?, "%H%M%S").ok()?;
    Some(day.and_time(time).and_local_timezone(Local).latest()?.to_utc())
}
