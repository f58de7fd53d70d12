//! The one way to write a file, and the one lock.
//!
//! A file is replaced whole: temporary file in the same folder, fsync, rename, fsync of the folder. A reader
//! sees the old content or the new, never a part, whenever the machine stops.

use std::fs::{self, File, Metadata, OpenOptions, Permissions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::error::{Error, Kind, Result};

/// The permissions of every file that this program makes: the owner's alone.
pub const PRIVATE_FILE: u32 = 0o600;
const PRIVATE_DIR: u32 = 0o700;
const PUBLIC_FILE: u32 = 0o644;
const PUBLIC_DIR: u32 = 0o755;
/// A longer text file is none of those that are read here.
const MAX_TEXT: u64 = 16 << 20;
/// What the names of temporary files begin with, and how many letters follow.
const TEMPORARY: (&str, usize) = (".comeback-", 6);
/// No run writes one file for so long: what is older was left by one that was killed.
const ABANDONED: Duration = Duration::from_secs(3_600);
const LOCK_POLL: Duration = Duration::from_millis(50);

/// Reads a text file; a missing one is `None`.
///
/// # Errors
/// Where the file cannot be read, is not UTF-8, is longer than 16 MiB, or is none: a pipe would keep us waiting for ever.
pub fn read(path: &Path) -> Result<Option<String>> {
    match read_text(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(failed("read", path, error)),
    }
}

/// Refuses what is there and is no file, before anybody waits for what it holds; what is missing is for the opening to say.
///
/// # Errors
/// Where it is a pipe, a device, a socket or a folder.
pub fn only_a_file(path: &Path) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(meta) if !meta.is_file() => Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no file")),
        _ => Ok(()),
    }
}

fn read_text(path: &Path) -> io::Result<String> {
    only_a_file(path)?;
    let mut text = String::new();
    let read = File::open(path)?.take(MAX_TEXT + 1).read_to_string(&mut text)?;
    if read as u64 > MAX_TEXT {
        let most = format!("it holds more than {} MiB", MAX_TEXT >> 20);
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, most));
    }
    Ok(text)
}

/// Does the same with a file that agents can replace: a link must not lead out of `root`, because what is read may be
/// written where they can read it.
///
/// # Errors
/// As with [`read`], and where a link leads out.
pub fn read_inside(root: &Path, path: &Path) -> Result<Option<String>> {
    if path.try_exists().is_ok_and(|is_there| !is_there) {
        return Ok(None);
    }
    read(&inside(&[real(root)?], path)?)
}

/// Returns a path with its links resolved, if it stands in one of `roots`, whose own are resolved.
///
/// # Errors
/// Where it is not there, or a link leads out.
pub fn inside(roots: &[PathBuf], path: &Path) -> Result<PathBuf> {
    let found = real(path)?;
    if roots.iter().any(|root| found.starts_with(root)) {
        return Ok(found);
    }
    let roots = roots.iter().map(|root| root.display().to_string()).collect::<Vec<_>>().join(" and ");
    Err(Error::new(Kind::User, format!("refused to read {}: it leads out of {roots}", path.display()))
        .hint(format!("it leads to {}: put the file itself in its place", found.display())))
}

/// Returns a path with its links resolved.
///
/// # Errors
/// Where there is nothing of that name.
pub fn real(path: &Path) -> Result<PathBuf> {
    path.canonicalize().map_err(|error| failed("find", path, error))
}

/// Lists the `.json` files of a folder that are not hidden, in order; one that is not there has none.
///
/// # Errors
/// Where the folder cannot be listed.
pub fn json_files(folder: &Path) -> Result<Vec<PathBuf>> {
    let list = || fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect();
    let mut files: Vec<PathBuf> = match list() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        listed => listed.map_err(|error| failed("list", folder, error))?,
    };
    files.retain(|file| {
        let is_hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        file.extension().is_some_and(|extension| extension == "json") && !is_hidden
    });
    files.sort();
    Ok(files)
}

/// Makes a folder and its parents, for the owner alone.
///
/// # Errors
/// Where the folder cannot be made.
pub fn create_dir(path: &Path) -> Result<()> {
    make_dirs(path, PRIVATE_DIR)
}

/// Makes the folders that are missing. What root makes belongs to whom the folder above belongs to: `sudo` must not
/// lock a gateway's user out of their own state directory.
fn make_dirs(path: &Path, mode: u32) -> Result<()> {
    let failed = |error| failed("make the folder", path, error);
    let new = missing_folders(path);
    fs::DirBuilder::new().recursive(true).mode(mode).create(path).map_err(failed)?;
    new.iter().try_for_each(|folder| give_to_owner_of_folder(folder)).map_err(failed)
}

/// Returns the folder and those above it that do not exist, outermost first.
#[must_use]
pub fn missing_folders(path: &Path) -> Vec<PathBuf> {
    let named = |path: &&Path| !path.as_os_str().is_empty();
    let mut missing: Vec<PathBuf> =
        path.ancestors().take_while(named).take_while(|path| !path.exists()).map(Path::to_owned).collect();
    missing.reverse();
    missing
}

/// Gives what this process has just made to the owner of the folder that it stands in; only root can, and has to.
///
/// # Errors
/// Where one of the two cannot be looked at, or root is not allowed to.
pub fn give_to_owner_of_folder(path: &Path) -> io::Result<()> {
    give_to_owner_of(path, &fs::metadata(folder_of(path))?)
}

fn give_to_owner_of(path: &Path, other: &Metadata) -> io::Result<()> {
    let made = fs::symlink_metadata(path)?;
    if made.uid() == 0 && other.uid() != 0 {
        std::os::unix::fs::lchown(path, Some(other.uid()), Some(other.gid()))?;
    }
    Ok(())
}

/// Replaces a file by `content`; a file that stands there keeps its owner and mode, a new one gets 0600.
///
/// # Errors
/// Where the folder or the file cannot be written; the old content is then still in place.
pub fn write(path: &Path, content: &[u8]) -> Result<()> {
    write_as(path, content, PRIVATE_FILE, PRIVATE_DIR)
}

/// The same for a file that others read too, such as a unit of systemd: a new one gets 0644.
///
/// # Errors
/// The same as [`write()`].
pub fn write_public(path: &Path, content: &[u8]) -> Result<()> {
    write_as(path, content, PUBLIC_FILE, PUBLIC_DIR)
}

fn write_as(path: &Path, content: &[u8], new_file: u32, new_dir: u32) -> Result<()> {
    let folder = folder_of(path);
    make_dirs(folder, new_dir)?;
    let old = fs::symlink_metadata(path).ok().filter(Metadata::is_file);
    replace(path, folder, content, old.as_ref(), new_file).map_err(|error| failed("write", path, error))
}

fn replace(
    path: &Path,
    folder: &Path,
    content: &[u8],
    old: Option<&Metadata>,
    new_file: u32,
) -> io::Result<()> {
    tidy(folder);
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY.0)
        .rand_bytes(TEMPORARY.1)
        .permissions(Permissions::from_mode(PRIVATE_FILE))
        .tempfile_in(folder)?;
    file.write_all(content)?;
    let mode = old.map_or(new_file, |old| old.permissions().mode() & 0o777);
    file.as_file().set_permissions(Permissions::from_mode(mode))?;
    match old {
        Some(old) => give_to_owner_of(file.path(), old)?,
        None => give_to_owner_of_folder(file.path())?,
    }
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    sync_dir(folder)
}

/// Removes what runs have left in a folder that were killed while they wrote; what cannot be removed harms nothing.
fn tidy(folder: &Path) {
    let is_ours = |name: &str| name.strip_prefix(TEMPORARY.0).is_some_and(|rest| rest.len() == TEMPORARY.1);
    let is_left = |entry: &fs::DirEntry| {
        let is_old =
            |meta: &Metadata| meta.modified().is_ok_and(|at| at.elapsed().is_ok_and(|age| age > ABANDONED));
        entry.file_name().to_str().is_some_and(is_ours)
            && entry.metadata().is_ok_and(|meta| meta.is_file() && is_old(&meta))
    };
    for left in fs::read_dir(folder).into_iter().flatten().flatten().filter(is_left) {
        let _ = fs::remove_file(left.path());
    }
}

/// Makes a folder's entries durable.
///
/// # Errors
/// Where the folder cannot be opened or synced.
pub fn sync_dir(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

/// Makes the error for an operation on a path that failed.
#[must_use]
pub fn failed(what: &str, path: &Path, error: io::Error) -> Error {
    let hint = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            Some("check who owns the path and whether its file system is writable")
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Some("free space on that file system, then run the command again")
        }
        io::ErrorKind::InvalidData => Some("save it as UTF-8, or move it away"),
        _ => None,
    };
    let error = Error::new(Kind::User, format!("cannot {what} {}", path.display())).because(error);
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Holds the lock of a state folder until it is dropped, or the process ends however it ends.
#[derive(Debug)]
pub struct Lock {
    _file: File,
    path: PathBuf,
}

impl Lock {
    /// Takes the lock, trying again for as long as `patience`.
    ///
    /// # Errors
    /// [`Kind::Busy`] where another process holds it all that time; [`Kind::User`] where the file cannot be made.
    pub fn acquire(path: &Path, patience: Duration) -> Result<Self> {
        create_dir(folder_of(path))?;
        let open =
            || OpenOptions::new().create(true).truncate(false).write(true).mode(PRIVATE_FILE).open(path);
        let file = only_a_file(path)
            .and_then(|()| open())
            .and_then(|file| give_to_owner_of_folder(path).map(|()| file))
            .map_err(|error| failed("open the lock", path, error))?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Self { _file: file, path: path.to_owned() }),
                Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                    std::thread::sleep(LOCK_POLL);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(Error::new(
                        Kind::Busy,
                        format!("another run of comeback holds {}", path.display()),
                    )
                    .hint("wait for it to end; `comeback status` shows what it has done"));
                }
                Err(TryLockError::Error(error)) => return Err(failed("lock", path, error)),
            }
        }
    }

    /// Returns the path of the lock file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// So long tests wait for a lock that was given up: a process that another test starts holds it, too, until it is another
/// program.
#[cfg(test)]
pub(crate) const GIVEN_UP: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests;
