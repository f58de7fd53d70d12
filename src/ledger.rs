//! The one durable log of effects: what was prepared, intended, accepted, held and recovered.
//!
//! One JSON object a line, appended and fsynced. Reading never fails on a bad line: it is counted, and the rest
//! decides. Writing is only possible through [`Writer`], which holds the lock of the state folder.
//!
//! | | reads old | reads new |
//! | --- | --- | --- |
//! | old program | all | knows the lines of its version, counts the others, refuses to write |
//! | new program | all | all |

mod event;
mod sessions;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use self::event::VERSION;
pub use self::event::{Dealt, Effect, Event, Held, Outcome, Person, Record};
use crate::model::{Boot, IdempotencyKey, SessionKey};
use crate::support::error::{Error, Kind, Result};
use crate::support::fs::{self, Lock};
use crate::support::paths::Paths;

/// A ledger larger than this is compacted when it is next opened for writing.
const COMPACT_ABOVE: u64 = 1 << 20;
/// Compaction drops what is older, but for holds that still wait.
const KEEP: TimeDelta = TimeDelta::days(30);

/// What the ledger knows of one effect.
#[derive(Clone, Debug, PartialEq)]
pub struct EffectState {
    /// What it is.
    pub effect: Effect,
    /// The session it goes to, or is about.
    pub session_key: SessionKey,
    /// When the intent was last written.
    pub intended_at: DateTime<Utc>,
    /// The boot of that intent.
    pub boot: Boot,
    /// The message to an agent.
    pub message: Option<String>,
    /// What became of it; none where the program stopped in between.
    pub outcome: Option<Outcome>,
    /// The gateway's name for the run that it started.
    pub run_id: Option<String>,
}

/// A ledger as it was read.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    records: Vec<Record>,
    effects: BTreeMap<IdempotencyKey, EffectState>,
    /// Other keys of effects and held items, each with the one that is used.
    aliases: BTreeMap<IdempotencyKey, IdempotencyKey>,
    /// Where each item was first held, among the records.
    holds: BTreeMap<IdempotencyKey, usize>,
    rejected: BTreeSet<IdempotencyKey>,
    bad_lines: usize,
    newer: bool,
}

impl Ledger {
    /// Reads a ledger; a missing one is empty.
    ///
    /// # Errors
    /// Where the file cannot be read. Lines that do not parse are counted, not reported.
    pub fn read(path: &Path) -> Result<Self> {
        let mut bytes = Vec::new();
        match fs::only_a_file(path).and_then(|()| File::open(path)) {
            Ok(mut file) => file.read_to_end(&mut bytes).map_err(|error| fs::failed("read", path, error))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => 0,
            Err(error) => return Err(fs::failed("read", path, error)),
        };
        let mut ledger = Self::default();
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty()) {
            match serde_json::from_slice::<Record>(line) {
                Ok(record) => ledger.push(record),
                Err(_) => ledger.count_unreadable(line),
            }
        }
        Ok(ledger)
    }

    fn count_unreadable(&mut self, line: &[u8]) {
        #[derive(Deserialize)]
        struct Version {
            v: u32,
        }
        match serde_json::from_slice::<Version>(line) {
            Ok(Version { v }) if v > VERSION => self.newer = true,
            _ => self.bad_lines += 1,
        }
    }

    fn push(&mut self, record: Record) {
        self.newer |= record.v > VERSION;
        match &record.event {
            Event::Intent { key, effect, session_key, boot, also, message } => {
                self.join(key, also);
                let state = EffectState {
                    effect: *effect,
                    message: message.clone(),
                    session_key: session_key.clone(),
                    intended_at: record.at,
                    boot: boot.clone(),
                    outcome: None,
                    run_id: None,
                };
                self.effects.insert(key.clone(), state);
            }
            Event::Outcome { key, outcome, run_id, .. } => {
                if let Some(state) = self.effects.get_mut(key) {
                    state.outcome = Some(*outcome);
                    state.run_id = run_id.clone().or(state.run_id.take());
                }
            }
            Event::Held(held) => {
                self.join(&held.key, &held.also);
                self.holds.entry(held.key.clone()).or_insert(self.records.len());
            }
            Event::Decided { key, confirmed: false, .. } => {
                self.rejected.insert(key.clone());
            }
            Event::Prepared { .. }
            | Event::Decided { .. }
            | Event::Recovery { .. }
            | Event::Boot { .. }
            | Event::Fired { .. }
            | Event::Consumed { .. } => {}
        }
        self.records.push(record);
    }

    fn join(&mut self, key: &IdempotencyKey, also: &[IdempotencyKey]) {
        for other in also.iter().filter(|other| *other != key) {
            self.aliases.entry(other.clone()).or_insert_with(|| key.clone());
        }
    }

    /// Returns all records, oldest first.
    #[must_use]
    pub fn records(&self) -> &[Record] {
        &self.records
    }

    /// Returns how many lines could not be read.
    #[must_use]
    pub fn bad_lines(&self) -> usize {
        self.bad_lines
    }

    /// Refuses a ledger, at `path`, that this version does not know whole: nothing may go by it.
    ///
    /// # Errors
    /// [`Kind::Newer`] where a newer version wrote it.
    pub fn ensure_known(&self, path: &Path) -> Result<()> {
        if !self.newer {
            return Ok(());
        }
        let message = format!("{} was written by a newer version of comeback", path.display());
        Err(Error::new(Kind::Newer, message)
            .hint("install that version again, or move the file away to start afresh"))
    }

    /// Says, for people, that lines of the file at `path` could not be read, where that is so.
    #[must_use]
    pub fn complaint(&self, path: &Path) -> Vec<String> {
        let told = |lines: String| vec![format!("{lines} of {} cannot be read", path.display())];
        match self.bad_lines {
            0 => Vec::new(),
            1 => told("one line".to_owned()),
            n => told(format!("{n} lines")),
        }
    }

    /// Returns what is known of an effect.
    #[must_use]
    pub fn effect(&self, key: &IdempotencyKey) -> Option<&EffectState> {
        self.effects.get(key)
    }

    /// Tells whether the gateway took an effect.
    #[must_use]
    pub fn is_taken(&self, key: &IdempotencyKey) -> bool {
        self.effect(key).and_then(|state| state.outcome).is_some_and(Outcome::is_taken)
    }

    /// Returns the effects that were taken as runs of whose end nothing is known, each with its run's name.
    pub fn open_runs(&self) -> impl Iterator<Item = (&IdempotencyKey, &str, &EffectState)> {
        let is_open =
            |state: &EffectState| matches!(state.outcome, Some(Outcome::Accepted | Outcome::Started));
        let open = self.effects.iter().filter(move |(_, state)| is_open(state));
        open.filter_map(|(key, state)| Some((key, state.run_id.as_deref()?, state)))
    }

    /// Returns the items that still wait for a person, oldest first: an item waits until it was taken or rejected.
    #[must_use]
    pub fn held(&self) -> Vec<&Held> {
        let mut open: Vec<_> = self.holds.iter().filter(|(key, _)| self.is_held(key)).collect();
        open.sort_by_key(|(_, place)| **place);
        let held = |(_, place): (_, &usize)| self.records[*place].event.as_held();
        open.into_iter().filter_map(held).collect()
    }

    /// Tells whether an item waits for a person.
    #[must_use]
    pub fn is_held(&self, key: &IdempotencyKey) -> bool {
        self.holds.contains_key(key) && !self.is_taken(key) && !self.is_rejected(key)
    }

    /// Tells whether a person has said that an item is not to be sent.
    #[must_use]
    pub fn is_rejected(&self, key: &IdempotencyKey) -> bool {
        self.rejected.contains(key)
    }

    /// Tells whether the agent that the job woke was to be told of an effect, and the program may have been killed before
    /// it said so: it says so after its recovery is written down.
    #[must_use]
    pub fn is_untold(&self, key: &IdempotencyKey) -> bool {
        let is_it = |event: &Event| matches!(event, Event::Outcome { key: of, detail: Some(how), .. } if of == key && how == TOLD);
        // Another trigger's run says nothing to that agent.
        let ends = |event: &Event| matches!(event, Event::Recovery { trigger, .. } if trigger == "job");
        let since = self.records.iter().rev().take_while(|record| !ends(&record.event));
        since.into_iter().any(|record| is_it(&record.event))
    }

    /// Returns since when an item waits, where it does.
    #[must_use]
    pub fn held_since(&self, key: &IdempotencyKey) -> Option<DateTime<Utc>> {
        let place = self.holds.get(key).filter(|_| self.is_held(key))?;
        Some(self.records[*place].at)
    }

    /// Returns the latest record for which `wanted` finds something.
    pub fn latest<'a, T>(&'a self, wanted: impl Fn(&'a Record) -> Option<T>) -> Option<T> {
        self.records.iter().rev().find_map(wanted)
    }

    /// Returns when a checkpoint was used up, where the ledger says so in its file's place.
    #[must_use]
    pub fn consumed_at(&self, id: &str) -> Option<DateTime<Utc>> {
        self.latest(|record| match &record.event {
            Event::Consumed { checkpoint } if checkpoint == id => Some(record.at),
            _ => None,
        })
    }
}

/// How an effect came about that the agent of the recovery job was told of, in place of being sent a message.
pub const TOLD: &str = "told to the agent that the job woke";
/// How one came about whose agent was told of it because its user had confirmed it in its own chat.
pub const TOLD_AS_CONFIRMED: &str = "told to the agent whose user confirmed it";
/// How one came about of which nothing could be resumed, and its user was told so.
pub const LOST: &str = "its user was told that it was cut off";

/// The ledger, open for appending; only one exists at a time on a machine.
#[derive(Debug)]
pub struct Writer {
    ledger: Ledger,
    file: File,
    path: PathBuf,
    is_torn: bool,
    _lock: Lock,
}

impl Writer {
    /// Takes the lock, waiting up to `patience`, then reads the ledger and opens it for appending.
    ///
    /// # Errors
    /// [`Kind::Busy`] where another run holds the lock; [`Kind::Newer`] where a newer version wrote the ledger;
    /// [`Kind::User`] where the file cannot be read or opened.
    pub fn open(paths: &Paths, patience: Duration, now: DateTime<Utc>) -> Result<Self> {
        let lock = Lock::acquire(&paths.lock(), patience)?;
        let path = paths.ledger();
        let mut ledger = Ledger::read(&path)?;
        ledger.ensure_known(&path)?;
        if std::fs::metadata(&path).is_ok_and(|meta| meta.len() > COMPACT_ABOVE) {
            ledger = compact(&path, &ledger, now)?;
        }
        let file = open_for_append(&path).map_err(|error| fs::failed("open", &path, error))?;
        Ok(Self { ledger, file, path, is_torn: false, _lock: lock })
    }

    /// Returns what the ledger says, this run's own lines included.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Appends one line; when this returns, the line survives a power cut.
    ///
    /// # Errors
    /// Where the line cannot be written and synced: what it announces must then not be done.
    pub fn append(&mut self, at: DateTime<Utc>, event: Event) -> Result<()> {
        let record = Record { v: VERSION, at, event: event.redacted() };
        let mut line = line_of(&record)?;
        if self.is_torn {
            line.insert(0, b'\n');
        }
        // Should the disk be full, a part of the line may stand there, and the next one must not join it.
        self.is_torn = true;
        self.file
            .write_all(&line)
            .and_then(|()| self.file.sync_data())
            .map_err(|error| fs::failed("append to", &self.path, error))?;
        self.is_torn = false;
        self.ledger.push(record);
        Ok(())
    }
}

fn line_of(record: &Record) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(record)
        .map_err(|error| Error::new(Kind::Bug, "cannot write a ledger line as JSON").because(error))?;
    line.push(b'\n');
    Ok(line)
}

/// Opens the file and ends a line that a crash tore, so that the next one stands by itself.
fn open_for_append(path: &Path) -> std::io::Result<File> {
    let mut file =
        OpenOptions::new().create(true).read(true).append(true).mode(fs::PRIVATE_FILE).open(path)?;
    fs::give_to_owner_of_folder(path)?;
    let mut last = [b'\n'];
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
    }
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    Ok(file)
}

fn compact(path: &Path, ledger: &Ledger, now: DateTime<Utc>) -> Result<Ledger> {
    let waiting: Vec<IdempotencyKey> = ledger.held().into_iter().map(|held| held.key.clone()).collect();
    let mut kept = Ledger::default();
    let mut content = Vec::new();
    for record in &ledger.records {
        let waits = matches!(&record.event, Event::Held(held) if waiting.contains(&held.key));
        if waits || record.at > now - KEEP {
            content.extend(line_of(record)?);
            kept.push(record.clone());
        }
    }
    fs::write(path, &content)?;
    Ok(kept)
}

#[cfg(test)]
mod tests;
