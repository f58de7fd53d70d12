//! The stores from 2026.8 on: a database an agent, with its rows and its transcripts.
//!
//! Tables and columns are looked for, not assumed. The database is never written, and the live one never disturbed:
//! see [`snapshot`](super::snapshot).

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Rows, Statement};
use zstd::bulk::Decompressor;

use super::damage::Damage;
use super::evidence::Evidence;
use super::history::History;
use super::reader::{Listed, Reader};
use super::row::Row;
use super::snapshot::{Snapshot, unreadable};
use super::tail::{Line, Tail, may_tell_of_commands};
use crate::model::SessionKey;
use crate::support::error::{Error, Kind, Result};

/// No gateway packs a larger record (2026.9.6, read).
const MAX_EVENT: usize = 4 << 20;
/// How much is read without need, as with files.
const AT_HAND: usize = 64 << 10;
/// What tells that a command went into the background ends with two thousand characters of its output, and no other answer
/// but that of the tool `process` tells of one (2026.9.6, read): packed events that are longer need not be unpacked to see
/// that they do not. None of a packed event's characters takes more than three bytes.
const LONG_ANSWER: usize = 16 << 10;
/// The columns for packed events, the last two of which came with the first (2026.9.6, read).
const PACKING: [&str; 3] = ["event_zstd", "event_utf8_bytes", "navigation_json"];
/// The tables, with the columns that must be there.
const NODES: (&str, [&str; 2]) = ("session_nodes", ["session_key", "entry_json"]);
const EVENTS: (&str, [&str; 3]) = ("transcript_events", ["session_id", "seq", "event_json"]);

/// The tables of 2026.9.6, as far as they are read, in their own words; for whoever plays a gateway.
pub const TABLES: &str = "
    PRAGMA user_version = 23;
    CREATE TABLE IF NOT EXISTS session_nodes (
        session_key TEXT NOT NULL PRIMARY KEY, current_session_id TEXT NOT NULL, entry_json TEXT NOT NULL,
        updated_at INTEGER NOT NULL, status TEXT, archived_at INTEGER, last_interaction_at INTEGER) STRICT;
    CREATE TABLE IF NOT EXISTS transcript_events (
        session_id TEXT NOT NULL, seq INTEGER NOT NULL, event_json TEXT, created_at INTEGER NOT NULL,
        event_zstd BLOB, event_utf8_bytes INTEGER, navigation_json TEXT, PRIMARY KEY (session_id, seq)) STRICT;";

/// A store in a database.
pub(super) struct Sqlite {
    path: PathBuf,
    snapshot: Snapshot,
    /// Ask for the events of a session, newest first: for all, and for those before one of them with their lengths, as far
    /// as they may tell of commands.
    queries: [String; 2],
    desk: Desk,
}

/// What reading events takes, for one session after the other.
struct Desk {
    unpacker: Decompressor<'static>,
    /// The last event that was unpacked.
    event: Vec<u8>,
}

impl Sqlite {
    /// Opens a database; `None` where it holds no sessions, as those of 2026.5 to 2026.7 do.
    pub fn open(path: &Path) -> Result<Option<Self>> {
        let mut snapshot = Snapshot::open(path)?;
        let found = snapshot.query("look at the tables of", |connection| {
            let nodes = columns(connection, NODES.0)?;
            let events = columns(connection, EVENTS.0)?;
            let has = |columns: &[String], name: &str| columns.iter().any(|column| column == name);
            let known = NODES.1.iter().all(|name| has(&nodes, name))
                && EVENTS.1.iter().all(|name| has(&events, name));
            // Neither table: it is not where the sessions are. Another form of one: nobody can tell.
            Ok(if known {
                Some(PACKING.map(|name| has(&events, name)))
            } else if nodes.is_empty() && events.is_empty() {
                None
            } else {
                return Err(rusqlite::Error::InvalidQuery);
            })
        });
        match found {
            Ok(None) => Ok(None),
            Ok(Some(packing)) => {
                let path = path.to_owned();
                Ok(Some(Self { path, snapshot, queries: queries(packing), desk: Desk::new()? }))
            }
            Err(error) => {
                Err(error.hint("see whether a newer comeback knows this version of OpenClaw's database"))
            }
        }
    }
}

impl Desk {
    fn new() -> Result<Self> {
        let unpacker = Decompressor::new()
            .map_err(|error| Error::new(Kind::User, "cannot begin to unpack events").because(error))?;
        Ok(Self { unpacker, event: Vec::new() })
    }

    /// Returns an event, unpacked where it is packed.
    fn open<'a>(&'a mut self, json: ValueRef<'a>, packed: ValueRef<'_>) -> Line<'a> {
        match (json, packed) {
            (ValueRef::Text(json) | ValueRef::Blob(json), _) => Ok(json),
            (_, ValueRef::Blob(packed)) => {
                self.event.clear();
                self.event.reserve(MAX_EVENT);
                let unpacked = self.unpacker.decompress_to_buffer(packed, &mut self.event);
                unpacked.map(|_| &*self.event).map_err(|_| Damage::Packed)
            }
            _ => Err(Damage::Torn),
        }
    }
}

/// Makes the queries; `packing` tells which of [`PACKING`] there are.
fn queries(packing: [bool; 3]) -> [String; 2] {
    let (zstd, length) = match packing {
        [false, ..] => ("NULL", "NULL"),
        [true, false, _] | [true, _, false] => ("event_zstd", "NULL"),
        [true, true, true] => ("event_zstd", "event_utf8_bytes"),
    };
    let tells_nothing = format!("{length} > {LONG_ANSWER} AND instr(navigation_json, '\"process\"') = 0");
    let looked_at = match length {
        "NULL" => zstd.to_owned(),
        _ => format!("CASE WHEN {tells_nothing} THEN NULL ELSE {zstd} END"),
    };
    let of_session = "FROM transcript_events WHERE session_id = ?1";
    [
        format!("SELECT seq, event_json, {zstd} {of_session} ORDER BY seq DESC"),
        format!("SELECT {length}, event_json, {looked_at} {of_session} AND seq < ?2 ORDER BY seq DESC"),
    ]
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

impl Reader for Sqlite {
    fn sessions(&mut self) -> Result<Vec<Listed>> {
        self.snapshot.query("list the sessions of", |connection| {
            let mut statement = connection
                .prepare("SELECT session_key, entry_json FROM session_nodes ORDER BY session_key")?;
            let mut rows = statement.query([])?;
            let mut listed = Vec::new();
            while let Some(row) = rows.next()? {
                let (key, entry) = (lossy(row.get_ref(0)?), lossy(row.get_ref(1)?));
                listed.push(Listed::of(key.into_owned(), Row::parse(&entry)));
            }
            Ok(listed)
        })
    }

    fn history(&mut self, _key: &SessionKey, row: &Row) -> Result<History> {
        let mut history = Ok(History::default());
        self.read(&mut [(row, &mut history)]);
        history
    }

    fn fill(&mut self, sessions: &mut [Evidence]) {
        let readable = sessions.iter_mut().filter(|one| one.history.is_ok());
        self.read(&mut readable.map(|one| (&one.row, &mut one.history)).collect::<Vec<_>>());
    }

    fn another(&self) -> Option<Box<dyn Reader + Send>> {
        let Self { path, queries, .. } = self;
        let (snapshot, desk) = (self.snapshot.another().ok()?, Desk::new().ok()?);
        Some(Box::new(Self { path: path.clone(), snapshot, queries: queries.clone(), desk }))
    }
}

impl Sqlite {
    /// Reads the histories of these rows: asking once how to find the events takes longer than finding one session's.
    fn read(&mut self, histories: &mut [(&Row, &mut Result<History>)]) {
        let Self { path, snapshot, queries: [all, before], desk } = self;
        let read = snapshot.query("read the transcripts in", |connection| {
            let (mut all, mut before) = (connection.prepare(all)?, connection.prepare(before)?);
            for (row, history) in &mut *histories {
                let Some(id) = &row.session_id else { continue };
                let what = || format!("read the transcript of session {id} in");
                **history = read_events(id, &mut all, &mut before, desk)
                    .map_err(|error| unreadable(&what(), path, error));
            }
            Ok(())
        });
        if let Err(error) = read {
            for (_, history) in histories {
                **history = Err(Error::new(error.kind(), error.full()));
            }
        }
    }
}

fn read_events(
    id: &str,
    all: &mut Statement<'_>,
    before: &mut Statement<'_>,
    desk: &mut Desk,
) -> rusqlite::Result<History> {
    let rows = all.query([id])?;
    let mut events = Events { id, rows, before, desk, seq: i64::MAX, read: 0, failed: None };
    let history = History::read(&mut events);
    match (events.failed, history) {
        (Some(error), _) => Err(error),
        (None, Ok(history)) => Ok(history),
        (None, Err(error)) => Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
    }
}

/// Reads text, also where it is not quite.
fn lossy(value: ValueRef<'_>) -> Cow<'_, str> {
    match value {
        // Looking for what is broken takes far longer than finding that nothing is.
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => match str::from_utf8(bytes) {
            Ok(text) => text.into(),
            Err(_) => String::from_utf8_lossy(bytes),
        },
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => "".into(),
    }
}

/// The events of a session, newest first; the database gives them one by one.
struct Events<'a, 's> {
    id: &'a str,
    rows: Rows<'a>,
    /// Asks for those before one of them.
    before: &'a mut Statement<'s>,
    desk: &'a mut Desk,
    /// The number of the event that was returned last.
    seq: i64,
    /// How long those are that were returned.
    read: usize,
    failed: Option<rusqlite::Error>,
}

impl Events<'_, '_> {
    /// Keeps the database's error for whoever asked.
    fn lost(failed: &mut Option<rusqlite::Error>) -> impl FnOnce(rusqlite::Error) -> io::Error {
        |error| {
            *failed = Some(error);
            io::Error::other("the database")
        }
    }

    /// Tells whether one of the events before those that were returned, as far as they are at hand, may tell of a
    /// command.
    fn look_ahead(&mut self) -> rusqlite::Result<bool> {
        let mut rows = self.before.query((self.id, self.seq))?;
        let mut read = self.read;
        while read < AT_HAND {
            let Some(row) = rows.next()? else { break };
            match self.desk.open(row.get_ref(1)?, row.get_ref(2)?) {
                Ok(line) if may_tell_of_commands(line) => return Ok(true),
                Ok(line) => read += line.len(),
                Err(_) => read += row.get::<_, Option<u32>>(0)?.map_or(0, |length| length as usize),
            }
        }
        Ok(false)
    }
}

impl Tail for Events<'_, '_> {
    fn previous(&mut self) -> io::Result<Option<Line<'_>>> {
        let Some(row) = self.rows.next().map_err(Self::lost(&mut self.failed))? else { return Ok(None) };
        let fields = || Ok((row.get(0)?, row.get_ref(1)?, row.get_ref(2)?));
        let (seq, json, packed) = fields().map_err(Self::lost(&mut self.failed))?;
        self.seq = seq;
        let line = self.desk.open(json, packed);
        self.read += line.as_ref().map_or(0, |line| line.len());
        Ok(Some(line))
    }

    fn previous_at_hand(&mut self) -> io::Result<Option<Line<'_>>> {
        if self.read < AT_HAND { self.previous() } else { Ok(None) }
    }

    fn may_tell_of_commands(&mut self) -> io::Result<bool> {
        self.look_ahead().map_err(Self::lost(&mut self.failed))
    }
}
