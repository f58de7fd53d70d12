//! The files that a task has made: what they were when their step was done, and whether they still are.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use sha2::{Digest, Sha256};

use super::state::{Record, Task};
use crate::support::error::{Error, Kind, Result};
use crate::support::fs::failed;

/// What a file is at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Measured {
    /// Its path below the workspace.
    pub path: String,
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256, in hex digits.
    pub sha256: String,
}

/// What is found of an artifact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It is as it was recorded; one that a seed's file only names is there.
    AsRecorded,
    /// It is not as it was recorded; says how.
    Changed(String),
    /// It is not there.
    Missing,
}

/// A file that `task guard` was asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guarded {
    /// Its path below the workspace.
    pub path: String,
    /// What is found of it.
    pub found: Found,
}

/// Measures a file that a command names, which must stand in the workspace.
///
/// # Errors
/// Where it is not there, is no file, or stands elsewhere.
pub fn measure(workspace: &Path, path: &Path) -> Result<Measured> {
    let real = path.canonicalize().map_err(|error| {
        let hint = format!(
            "give its path from the folder that you are in, or from /; the workspace is {}",
            workspace.display()
        );
        failed("find the artifact", path, error).hint(hint)
    })?;
    if !real.is_file() {
        return Err(Error::new(Kind::User, format!("the artifact {} is no file", path.display()))
            .hint("name the files in a folder one by one"));
    }
    let path = below(workspace, &real)?;
    let (size, sha256) = hash(&real).map_err(|error| failed("read the artifact", &real, error))?;
    Ok(Measured { path, size, sha256 })
}

/// Returns the path below the workspace of one that need not be there.
///
/// # Errors
/// Where it stands elsewhere.
pub fn guard(workspace: &Path, path: &Path) -> Result<String> {
    let path = std::path::absolute(path).map_err(|error| failed("resolve", path, error))?;
    // What is gone has no links to resolve, but its folders do.
    let known = path.ancestors().find_map(|one| Some((one, one.canonicalize().ok()?)));
    let real = known.and_then(|(known, real)| {
        let rest = path.strip_prefix(known).ok()?;
        Some(if rest.as_os_str().is_empty() { real } else { real.join(rest) })
    });
    below(workspace, real.as_deref().unwrap_or(&path))
}

fn below(workspace: &Path, real: &Path) -> Result<String> {
    let root = workspace.canonicalize().map_err(|error| failed("find", workspace, error))?;
    let inside =
        real.strip_prefix(&root).ok().and_then(Path::to_str).filter(|path| is_inside(Path::new(path)));
    inside.map(str::to_owned).ok_or_else(|| {
        Error::new(Kind::User, format!("{} does not stand in the workspace", real.display()))
            .hint(format!("artifacts stand below {}", root.display()))
    })
}

fn is_inside(path: &Path) -> bool {
    path.components().all(|part| matches!(part, Component::Normal(_))) && path.components().next().is_some()
}

fn hash(path: &Path) -> io::Result<(u64, String)> {
    let (mut file, mut digest, mut size) = (File::open(path)?, Sha256::new(), 0);
    let mut part = vec![0; 64 << 10];
    loop {
        match file.read(&mut part)? {
            0 => break,
            read => {
                digest.update(&part[..read]);
                size += read as u64;
            }
        }
    }
    let hex = digest.finalize().iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"));
    Ok((size, hex))
}

impl Task {
    /// Looks at an artifact that the file names; a path that leads out of the workspace is not followed.
    #[must_use]
    pub fn check(&self, workspace: &Path, artifact: &str) -> Found {
        let leads_out = || Found::Changed("it leads out of the workspace".to_owned());
        let Ok(root) = workspace.canonicalize() else { return Found::Missing };
        let given = Path::new(artifact);
        let relative: PathBuf =
            given.strip_prefix(&root).or(given.strip_prefix(workspace)).unwrap_or(given).into();
        if !is_inside(&relative) {
            return leads_out();
        }
        let path = root.join(&relative);
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_symlink() => return Found::Changed("it is a link now".to_owned()),
            Ok(meta) if !meta.is_file() => return Found::Changed("it is no file any more".to_owned()),
            Ok(_) => {}
            Err(_) => return Found::Missing,
        }
        if !path.canonicalize().is_ok_and(|real| real.starts_with(&root)) {
            return leads_out();
        }
        let Some(record) = self.records.get(artifact) else { return Found::AsRecorded };
        match hash(&path) {
            Ok((size, sha256)) => record.compare(size, &sha256),
            Err(error) => Found::Changed(format!("it cannot be read: {error}")),
        }
    }

    /// Looks at every artifact; returns those that are not as they were recorded.
    #[must_use]
    pub fn changed(&self, workspace: &Path) -> Vec<Guarded> {
        let look = |path: &String| Guarded { path: path.clone(), found: self.check(workspace, path) };
        self.artifacts.iter().map(look).filter(|one| one.found != Found::AsRecorded).collect()
    }
}

impl Record {
    /// Says whether a file of this size and hash is what was recorded.
    #[must_use]
    pub fn compare(&self, size: u64, sha256: &str) -> Found {
        if self.size == size && self.sha256.eq_ignore_ascii_case(sha256) {
            return Found::AsRecorded;
        }
        let short = |hash: &str| hash.chars().take(12).collect::<String>();
        Found::Changed(format!(
            "{} bytes, SHA-256 {}… were recorded, {size} bytes, SHA-256 {}… are there",
            self.size,
            short(&self.sha256),
            short(sha256)
        ))
    }
}

impl Guarded {
    /// Says what is wrong, in one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match &self.found {
            Found::AsRecorded => format!("{} is as it was recorded", self.path),
            Found::Changed(how) => format!("{} is not as it was recorded: {how}", self.path),
            Found::Missing => format!("{} is missing", self.path),
        }
    }
}
