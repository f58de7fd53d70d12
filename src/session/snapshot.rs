//! A database that belongs to somebody else, read without a trace.
//!
//! With a `-wal` beside it that holds something, it is copied to a private folder together with it, which is moved into
//! the copy there: opening the live one from outside would join in its locks, and may empty its `-wal`. Without one, the
//! file itself is read. Both are read as files that do not change, which makes no lock and no file; should the live one
//! change all the same, a copy is read after all.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use crate::support::error::{Error, Kind, Result};
use crate::support::fs::{failed, only_a_file};

/// How often a copy is tried of a database that is being written.
const TRIES: usize = 5;
/// The beginning of a `-wal`, which changes whenever it is begun anew.
const WAL_HEADER: u64 = 32;
/// What a copy is called.
const COPY: &str = "copy.sqlite";
/// Files beside a database that hold a part of its content.
const BESIDE: [&str; 2] = ["-wal", "-journal"];

/// A database as it was at one moment.
pub(super) struct Snapshot {
    path: PathBuf,
    connection: Connection,
    source: Source,
}

/// What is open.
#[derive(Clone)]
enum Source {
    /// The file itself, as it looked then.
    Itself(Look),
    /// A copy, in a folder that goes with the last that reads it.
    Copy(Arc<TempDir>),
}

/// How a database looks from outside.
#[derive(Clone, PartialEq, Eq)]
struct Look {
    size: u64,
    modified: Option<SystemTime>,
    wal: u64,
}

impl Snapshot {
    /// Opens a database for reading.
    pub fn open(path: &Path) -> Result<Self> {
        let look = Look::at(path).map_err(|error| failed("open", path, error))?;
        for end in BESIDE {
            let beside = beside(path, end);
            only_a_file(&beside).map_err(|error| failed("read", &beside, error))?;
        }
        if BESIDE.iter().any(|end| size(&beside(path, end)) > 0) {
            return Self::copy(path);
        }
        Self::of(path, Source::Itself(look))
    }

    fn copy(path: &Path) -> Result<Self> {
        let folder = tempfile::Builder::new()
            .prefix("comeback-")
            .tempdir()
            .map_err(|error| failed("make a folder for a copy of", path, error))?;
        let to = folder.path().join(COPY);
        copy(path, &to).map_err(|error| failed("copy", path, error))?;
        settle(&to).map_err(|error| unreadable("open a copy of", path, error))?;
        Self::of(path, Source::Copy(Arc::new(folder)))
    }

    /// Opens it once more, as it was at the same moment.
    pub fn another(&self) -> Result<Self> {
        Self::of(&self.path, self.source.clone())
    }

    fn of(path: &Path, source: Source) -> Result<Self> {
        let file = match &source {
            Source::Itself(_) => path.to_owned(),
            Source::Copy(folder) => folder.path().join(COPY),
        };
        let connection = connect(&uri(&file)).map_err(|error| unreadable("open", path, error))?;
        Ok(Self { path: path.to_owned(), connection, source })
    }

    /// Reads from the database; once more, from a copy, where it has changed meanwhile.
    pub fn query<T>(
        &mut self,
        what: &str,
        mut read: impl FnMut(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T> {
        let result = read(&self.connection);
        let is_still = match &self.source {
            Source::Itself(look) => Look::at(&self.path).is_ok_and(|now| now == *look),
            Source::Copy(_) => true,
        };
        let result = if is_still {
            result
        } else {
            *self = Self::copy(&self.path)?;
            read(&self.connection)
        };
        result.map_err(|error| unreadable(what, &self.path, error))
    }
}

impl Look {
    fn at(path: &Path) -> std::io::Result<Self> {
        let meta = fs::metadata(path)?;
        Ok(Self { size: meta.len(), modified: meta.modified().ok(), wal: size(&beside(path, BESIDE[0])) })
    }
}

/// Moves into a copy what stands beside it, for all that read it. It goes as it came: no disk has to have it, and nobody
/// else to know of it.
fn settle(path: &Path) -> rusqlite::Result<()> {
    let connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;")?;
    // Reading it takes back what a `-journal` holds.
    connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
    connection.close().map_err(|(_, error)| error)
}

/// Opens a file as one that does not change, for one thread.
fn connect(uri: &str) -> rusqlite::Result<Connection> {
    let alone = OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(uri, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | alone)
}

fn uri(path: &Path) -> String {
    use std::fmt::Write as _;
    use std::os::unix::ffi::OsStrExt;

    let mut uri = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        if byte.is_ascii_alphanumeric() || b"/._-".contains(byte) {
            uri.push(char::from(*byte));
        } else {
            write!(uri, "%{byte:02x}").expect("a String takes everything");
        }
    }
    uri + "?immutable=1"
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

/// The size of a file; one that is not there has none.
fn size(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |meta| meta.len())
}

/// Says what could not be done with a database, and why.
pub(super) fn unreadable(what: &str, path: &Path, error: rusqlite::Error) -> Error {
    Error::new(Kind::User, format!("cannot {what} {}", path.display())).because(error)
}

/// Copies a database with what stands beside it.
///
/// The gateway may write meanwhile. It changes the database only by what its `-wal` still holds, so the two are one
/// moment's if the `-wal` was not begun anew between the first byte and the last; its own sums tell where it ends.
fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    let wal = beside(from, BESIDE[0]);
    let mut before = header(&wal);
    for _ in 0..TRIES {
        fs::copy(from, to)?;
        for end in BESIDE {
            match fs::copy(beside(from, end), beside(to, end)) {
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let _ = fs::remove_file(beside(to, end));
                }
                copied => drop(copied?),
            }
        }
        let after = header(&wal);
        if after == before {
            return Ok(());
        }
        before = after;
    }
    Err(std::io::Error::new(ErrorKind::ResourceBusy, "it is being written all the time"))
}

fn header(wal: &Path) -> Vec<u8> {
    let mut header = Vec::new();
    if let Ok(file) = File::open(wal) {
        // One that cannot be read fails when it is copied.
        let _ = file.take(WAL_HEADER).read_to_end(&mut header);
    }
    header
}
