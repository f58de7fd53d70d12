//! The stores up to 2026.7: `sessions.json`, and a file of JSON lines for each session.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::history::History;
use super::reader::{Listed, Reader, Writer, inside};
use super::row::Row;
use super::tail::Lines;
use crate::model::SessionKey;
use crate::support::error::{Error, Kind, Result};
use crate::support::fs::failed;
use crate::support::process::is_alive;

/// Lock files hold about a hundred bytes; a larger file is none.
const MAX_LOCK: u64 = 64 << 10;
/// Files beside the transcripts with lines of JSON that are none.
const OTHERS: [&str; 2] = [".trajectory.jsonl", ".checkpoint."];

/// A store of files.
pub(super) struct Jsonl {
    /// `sessions.json`.
    rows: PathBuf,
    /// The folders that transcripts may stand in, with links resolved.
    roots: Vec<PathBuf>,
}

impl Jsonl {
    /// Takes the store of this `sessions.json`; transcripts stand beside it, or elsewhere in `state`.
    pub fn open(rows: &Path, state: &Path) -> Result<Self> {
        let real = |path: &Path| path.canonicalize().map_err(|error| failed("find", path, error));
        let folder = rows.parent().unwrap_or(Path::new("."));
        Ok(Self { rows: rows.to_owned(), roots: vec![real(folder)?, real(state)?] })
    }

    /// Returns where the transcript of a row is, or will be.
    fn place(&self, row: &Row) -> Result<Option<PathBuf>> {
        let Some(id) = &row.session_id else { return Ok(None) };
        let folder = &self.roots[0];
        let named = row.session_file.as_ref().map(|file| folder.join(file)).filter(|file| file.exists());
        match named {
            Some(path) => Ok(Some(path)),
            None if is_plain(id) => Ok(Some(folder.join(format!("{id}.jsonl")))),
            None => Err(refused(Path::new(id), "its session id is no file name")),
        }
    }

    /// Finds the transcript of a row; `None` where none was written yet.
    fn transcript(&self, row: &Row) -> Result<Option<PathBuf>> {
        let Some(path) = self.place(row)?.filter(|path| fs::symlink_metadata(path).is_ok()) else {
            return Ok(None);
        };
        let path = inside(&self.roots, &path)?;
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if OTHERS.iter().any(|other| name.contains(other)) {
            return Err(refused(&path, "it is no transcript by its name"));
        }
        // A pipe would keep us waiting for ever.
        if !path.is_file() {
            return Err(refused(&path, "it is no file"));
        }
        Ok(Some(path))
    }
}

fn refused(path: &Path, why: &str) -> Error {
    Error::new(Kind::User, format!("refused to read {} as a transcript: {why}", path.display()))
}

/// Tells whether an id can be a file's name: such as gateways make (read).
fn is_plain(id: &str) -> bool {
    id.len() <= 128
        && id.starts_with(|c: char| c.is_ascii_alphanumeric())
        && id.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c))
}

impl Reader for Jsonl {
    fn sessions(&mut self) -> Result<Vec<Listed>> {
        let text = fs::read(&self.rows).map_err(|error| failed("read", &self.rows, error))?;
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        let Rows(rows) = serde_json::from_slice(text).map_err(|error| {
            Error::new(Kind::User, format!("cannot read the sessions of {}", self.rows.display()))
                .because(error)
        })?;
        Ok(rows)
    }

    fn history(&mut self, _key: &SessionKey, row: &Row) -> Result<History> {
        let Some(path) = self.transcript(row)? else { return Ok(History::default()) };
        let open = || History::read(&mut Lines::of(File::open(&path)?)?);
        open().map_err(|error| failed("read the transcript", &path, error))
    }

    fn writer(&self, row: &Row) -> Option<Writer> {
        // It is there before the transcript's first line is.
        let lock = self.place(row).ok()??.with_extension("jsonl.lock");
        // Most sessions have none, and resolving a path takes many steps.
        fs::symlink_metadata(&lock).ok()?;
        let lock = inside(&self.roots, &lock).ok()?;
        fs::metadata(&lock).ok().filter(|meta| meta.is_file() && meta.len() <= MAX_LOCK)?;
        let lock: Lock = serde_json::from_slice(&fs::read(&lock).ok()?).ok()?;
        Some(Writer { pid: lock.pid, alive: is_alive(lock.pid, lock.starttime) })
    }
}

/// What a `.jsonl.lock` holds while a turn runs.
#[derive(Deserialize)]
struct Lock {
    pid: u32,
    starttime: Option<u64>,
}

/// The rows of a `sessions.json`, each taken apart by itself.
struct Rows(Vec<Listed>);

impl<'de> Deserialize<'de> for Rows {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        deserializer.deserialize_map(RowsVisitor)
    }
}

struct RowsVisitor;

impl<'de> Visitor<'de> for RowsVisitor {
    type Value = Rows;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object of sessions by their keys")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> std::result::Result<Rows, M::Error> {
        let mut rows = Vec::new();
        while let Some((key, row)) = map.next_entry::<String, &RawValue>()? {
            rows.push(Listed::of(key, row.get()));
        }
        Ok(Rows(rows))
    }
}
