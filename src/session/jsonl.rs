//! The stores up to 2026.7: `sessions.json`, and a file of JSON lines for each session.

use std::fs::{self, File};
use std::io::{self, BufReader, Read as _, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::history::History;
use super::reader::{AT_ONCE, Listed, Reader, Writer};
use super::row::Row;
use super::scanner::{Members, Read, Scanner};
use super::tail::Lines;
use crate::model::SessionKey;
use crate::support::error::{Error, Kind, Result};
use crate::support::fs::{failed, inside};
use crate::support::process::is_alive;

/// Lock files hold about a hundred bytes; a larger file is none.
const MAX_LOCK: u64 = 64 << 10;
/// The mark of UTF-8.
const MARK: &[u8] = b"\xef\xbb\xbf";
/// Files beside the transcripts with lines of JSON that are none.
const OTHERS: [&str; 2] = [".trajectory.jsonl", ".checkpoint."];

/// A store of files.
pub(super) struct Jsonl {
    /// `sessions.json`.
    rows: PathBuf,
    /// The folders that transcripts may stand in, with links resolved.
    roots: Vec<PathBuf>,
    /// What is still to be listed, once that has begun.
    listing: Option<Members<File>>,
    /// What was read last.
    part: Vec<u8>,
}

impl Jsonl {
    /// Takes the store of this `sessions.json`; transcripts stand beside it, or elsewhere in `state`.
    pub fn open(rows: &Path, state: &Path) -> Result<Self> {
        let real = |path: &Path| path.canonicalize().map_err(|error| failed("find", path, error));
        let folder = rows.parent().unwrap_or(Path::new("."));
        Ok(Self::of(rows, vec![real(folder)?, real(state)?]))
    }

    fn of(rows: &Path, roots: Vec<PathBuf>) -> Self {
        Self { rows: rows.to_owned(), roots, listing: None, part: Vec::new() }
    }

    /// Says where and why `sessions.json` is no object of sessions.
    fn complaint(&self) -> Error {
        let error = Error::new(Kind::User, format!("cannot read the sessions of {}", self.rows.display()));
        match open_rows(&self.rows).map(|file| serde_json::from_reader::<_, Shape>(BufReader::new(file))) {
            Ok(Err(why)) => error.because(why),
            Ok(Ok(Shape {})) | Err(_) => error,
        }
    }

    /// Returns where the transcript of a row is, or will be.
    fn place(&self, row: &Row) -> Result<Option<PathBuf>> {
        let Some(id) = &row.session_id else { return Ok(None) };
        let folder = &self.roots[0];
        let usual = is_plain(id).then(|| folder.join(format!("{id}.jsonl")));
        let named = row.session_file.as_ref().map(|file| folder.join(file));
        match (named.filter(|named| Some(named) != usual.as_ref() && named.exists()), usual) {
            (Some(path), _) | (None, Some(path)) => Ok(Some(path)),
            (None, None) => Err(refused(Path::new(id), "its session id is no file name")),
        }
    }

    /// Finds the transcript of a row; `None` where none was written yet.
    fn transcript(&self, row: &Row) -> Result<Option<PathBuf>> {
        let Some(path) = self.place(row)? else { return Ok(None) };
        let Ok(meta) = fs::symlink_metadata(&path) else { return Ok(None) };
        // Resolving a path takes many steps, and a file in the folder itself leads nowhere.
        let is_here = meta.is_file() && path.parent() == Some(&self.roots[0]);
        let path = if is_here { path } else { inside(&self.roots, &path)? };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if OTHERS.iter().any(|other| name.contains(other)) {
            return Err(refused(&path, "it is no transcript by its name"));
        }
        // A pipe would keep us waiting for ever.
        if !is_here && !path.is_file() {
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
    fn more(&mut self) -> Result<Vec<Listed>> {
        let not_read = |error| failed("read", &self.rows, error);
        let listing = match &mut self.listing {
            Some(listing) => listing,
            none => none.insert(Members::of(open_rows(&self.rows).map_err(not_read)?)),
        };
        let mut more = Vec::new();
        while more.len() < AT_ONCE {
            let read = listing.next(listed).map_err(not_read)?;
            if read.is_empty() {
                break;
            }
            more.extend(read);
        }
        let is_broken = more.is_empty() && !listing.are_all();
        if is_broken { Err(self.complaint()) } else { Ok(more) }
    }

    fn history(&mut self, _key: &SessionKey, row: &Row) -> Result<History> {
        let Some(path) = self.transcript(row)? else { return Ok(History::default()) };
        let mut read = || History::read(&mut Lines::of(File::open(&path)?, &mut self.part)?);
        read().map_err(|error| failed("read the transcript", &path, error))
    }

    fn another(&self) -> Option<Box<dyn Reader + Send>> {
        Some(Box::new(Self::of(&self.rows, self.roots.clone())))
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

/// What a `sessions.json` must be; says what one is that cannot be read.
#[derive(Deserialize)]
#[serde(expecting = "an object of sessions by their keys")]
struct Shape {}

/// Opens a `sessions.json`, behind the mark that some editors put at the beginning of a file.
fn open_rows(path: &Path) -> io::Result<File> {
    let mut file = File::open(path)?;
    let mut start = Vec::new();
    (&mut file).take(MARK.len() as u64).read_to_end(&mut start)?;
    file.seek(SeekFrom::Start(if start == MARK { MARK.len() as u64 } else { 0 }))?;
    Ok(file)
}

/// Reads a row of a `sessions.json`.
fn listed(key: &str, json: &mut Scanner<'_>) -> Read<Listed> {
    let mut here = *json;
    let row = match Row::read(json)? {
        Some(row) => Ok(row),
        None => Row::parse(here.raw()?),
    };
    Ok(Listed::of(key.to_owned(), row))
}
