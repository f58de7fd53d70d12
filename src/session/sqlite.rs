//! The stores from 2026.8 on: a database an agent, with its rows and its transcripts.
//!
//! Tables and columns are looked for, not assumed. The database is never written, and the live one never disturbed:
//! see [`snapshot`](super::snapshot).

use std::io::{self, Read};
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Rows};
use zstd::stream::read::Decoder;
use zstd::zstd_safe::DCtx;

use super::history::History;
use super::reader::{Listed, Reader};
use super::row::Row;
use super::snapshot::Snapshot;
use super::tail::{Damage, Line, Tail};
use crate::model::SessionKey;
use crate::support::error::Result;

/// No gateway packs a larger record (2026.9.6, read).
const MAX_EVENT: u64 = 4 << 20;
/// How much is read without need, as with files.
const AT_HAND: usize = 64 << 10;
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
    snapshot: Snapshot,
    /// Whether events may be compressed.
    packed: bool,
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
                Some(has(&events, "event_zstd"))
            } else if nodes.is_empty() && events.is_empty() {
                None
            } else {
                return Err(rusqlite::Error::InvalidQuery);
            })
        });
        match found {
            Ok(found) => Ok(found.map(|packed| Self { snapshot, packed })),
            Err(error) => {
                Err(error.hint("see whether a newer comeback knows this version of OpenClaw's database"))
            }
        }
    }
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
                let text = |at| Ok::<_, rusqlite::Error>(lossy(row.get_ref(at)?));
                listed.push(Listed::of(text(0)?, &text(1)?));
            }
            Ok(listed)
        })
    }

    fn history(&mut self, _key: &SessionKey, row: &Row) -> Result<History> {
        let Some(id) = &row.session_id else { return Ok(History::default()) };
        let zstd = if self.packed { "event_zstd" } else { "NULL" };
        let query = format!(
            "SELECT event_json, {zstd} FROM transcript_events WHERE session_id = ?1 ORDER BY seq DESC"
        );
        let what = format!("read the transcript of session {id} in");
        self.snapshot.query(&what, |connection| {
            let mut statement = connection.prepare(&query)?;
            let mut events =
                Events { rows: statement.query([id])?, unpacker: DCtx::create(), read: 0, failed: None };
            let history = History::read(&mut events);
            match (events.failed, history) {
                (Some(error), _) => Err(error),
                (None, Ok(history)) => Ok(history),
                (None, Err(error)) => Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
            }
        })
    }
}

/// Reads text, also where it is not quite.
fn lossy(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => String::new(),
    }
}

/// The events of a session, newest first; the database gives them one by one.
struct Events<'a> {
    rows: Rows<'a>,
    /// Making one takes longer than unpacking an event.
    unpacker: DCtx<'static>,
    read: usize,
    failed: Option<rusqlite::Error>,
}

impl Tail for Events<'_> {
    fn previous(&mut self) -> io::Result<Option<Line>> {
        let row = match self.rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => return Ok(None),
            Err(error) => {
                self.failed = Some(error);
                return Err(io::Error::other("the database"));
            }
        };
        let event = (row.get_ref(0), row.get_ref(1));
        let line = match event {
            (Ok(ValueRef::Text(json) | ValueRef::Blob(json)), _) => Ok(json.to_vec()),
            (_, Ok(ValueRef::Blob(packed))) => unpack(packed, &mut self.unpacker),
            _ => Err(Damage::Torn),
        };
        self.read += line.as_ref().map_or(0, Vec::len);
        Ok(Some(line))
    }

    fn previous_at_hand(&mut self) -> io::Result<Option<Line>> {
        if self.read < AT_HAND { self.previous() } else { Ok(None) }
    }
}

/// Decompresses an event, up to the size that an event may have.
fn unpack(packed: &[u8], unpacker: &mut DCtx<'static>) -> Line {
    let mut event = Vec::new();
    let reader = Decoder::with_context(packed, unpacker);
    let read = reader.take(MAX_EVENT + 1).read_to_end(&mut event).map_err(|_| Damage::Packed)?;
    if read as u64 > MAX_EVENT { Err(Damage::Packed) } else { Ok(event) }
}
