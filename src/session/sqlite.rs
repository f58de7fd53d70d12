//! The stores from 2026.8 on: a database an agent, with its rows and its transcripts.
//!
//! Tables and columns are looked for, not assumed. The database is never written, and the live one never disturbed:
//! see [`snapshot`](super::snapshot).

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Rows, Statement};
use zstd::bulk::Decompressor;

use super::author::Author;
use super::damage::Damage;
use super::evidence::Evidence;
use super::history::History;
use super::reader::{AT_ONCE, Listed, Reader};
use super::row::Row;
use super::scanner::{Read, Scanner};
use super::snapshot::{Snapshot, unreadable};
use super::tail::{Line, Tail, may_tell_of_commands};
use super::turn::{ToolCall, Turn};
use crate::model::SessionKey;
use crate::support::error::{Error, Kind, Result};

/// No gateway packs a larger record (2026.9.6, read).
const MAX_EVENT: usize = 4 << 20;
/// How much is read without need, as with files.
const AT_HAND: usize = 64 << 10;
/// What tells that a command went into the background ends with two thousand characters of its output, and what asks for
/// leave repeats the call (2026.9.6, read): a packed event that is longer does neither, where the call is short. None of a
/// packed event's characters takes more than three bytes.
const LONG_ANSWER: usize = 16 << 10;
/// What asks for leave repeats the call no more than so often.
const REPEATED: usize = 4;
/// The tools whose long answers are of that kind; others call tools themselves, tell of commands, or are not known.
const PLAIN: [&str; 4] = ["browser", "exec", "read", "web_fetch"];
/// The columns for packed events, the last two of which came with the first (2026.9.6, read).
const PACKING: [&str; 3] = ["event_zstd", "event_utf8_bytes", "navigation_json"];
/// The tables, with the columns that must be there.
const NODES: (&str, [&str; 2]) = ("session_nodes", ["session_key", "entry_json"]);
const EVENTS: (&str, [&str; 3]) = ("transcript_events", ["session_id", "seq", "event_json"]);

/// Asks for the sessions behind a key; a blob is greater than any text, and no key.
const SESSIONS: &str = "SELECT session_key, entry_json FROM session_nodes
    WHERE session_key > ?1 AND session_key < x'' ORDER BY session_key";

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
    /// The key that was listed last.
    listed: Vec<u8>,
    /// Ask for the events of a session, newest first: with long answers of tools in brief, and all whole.
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
                let listed = Vec::new();
                Ok(Some(Self { path, snapshot, listed, queries: queries(packing), desk: Desk::new()? }))
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
    fn open<'a>(&'a mut self, row: &'a rusqlite::Row<'_>) -> rusqlite::Result<Opened<'a>> {
        let (line, in_brief) = match (row.get_ref(1)?, row.get_ref(2)?, row.get_ref(3)?) {
            (ValueRef::Text(json) | ValueRef::Blob(json), ..) => (Ok(json), false),
            (_, ValueRef::Blob(packed), _) => {
                self.event.clear();
                self.event.reserve(MAX_EVENT);
                let unpacked = self.unpacker.decompress_to_buffer(packed, &mut self.event);
                (unpacked.map(|_| &*self.event).map_err(|_| Damage::Packed), false)
            }
            (.., ValueRef::Text(notes)) => (brief(notes).ok_or(Damage::Torn), true),
            _ => (Err(Damage::Torn), false),
        };
        let length = match line {
            Ok(line) if !in_brief => line.len(),
            _ => usize::try_from(row.get_ref(0)?.as_i64().unwrap_or_default()).unwrap_or_default(),
        };
        Ok(Opened { line, length, in_brief })
    }
}

/// Returns what the notes beside an event say of it in the form of a record.
fn brief(notes: &[u8]) -> Option<&[u8]> {
    Scanner::whole(str::from_utf8(notes).ok()?, model).ok()?.map(str::as_bytes)
}

fn model<'a>(json: &mut Scanner<'a>) -> Read<Option<&'a str>> {
    let mut model = None;
    json.members(|name, json| {
        let value = json.raw()?;
        if name == "model" {
            model = Some(value);
        }
        Ok(())
    })?;
    Ok(model)
}

/// An event.
struct Opened<'a> {
    line: Line<'a>,
    /// How long it is, unpacked.
    length: usize,
    /// The line is what the gateway notes beside the event: who answered which call, and not what.
    in_brief: bool,
}

/// Makes the queries; `packing` tells which of [`PACKING`] there are.
fn queries(packing: [bool; 3]) -> [String; 2] {
    let query = |length: &str, packed: &str, notes: &str| {
        format!(
            "SELECT {length}, event_json, {packed}, {notes} FROM transcript_events
             WHERE session_id = ?1 ORDER BY seq DESC"
        )
    };
    let [zstd, length, navigation] = PACKING;
    match packing {
        [false, ..] => [query("NULL", "NULL", "NULL"), query("NULL", "NULL", "NULL")],
        [true, false, _] | [true, _, false] => [query("NULL", zstd, "NULL"), query("NULL", zstd, "NULL")],
        [true, true, true] => {
            // A quote within a value is escaped.
            let is_of = |tool| format!("instr({navigation}, '\"toolName\":\"{tool}\"')");
            let is_plain = format!("{length} > {LONG_ANSWER} AND ({})", PLAIN.map(is_of).join(" OR "));
            let packed = format!("CASE WHEN {is_plain} THEN NULL ELSE {zstd} END");
            let notes = format!("CASE WHEN {is_plain} THEN {navigation} END");
            [query(length, &packed, &notes), query(length, zstd, "NULL")]
        }
    }
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

impl Reader for Sqlite {
    fn more(&mut self) -> Result<Vec<Listed>> {
        let Self { snapshot, listed, .. } = self;
        let more = snapshot.query("list the sessions of", |connection| {
            let mut statement = connection.prepare(SESSIONS)?;
            // It need not be text.
            let after = ToSqlOutput::Borrowed(ValueRef::Text(listed));
            let mut rows = statement.query([after])?;
            let (mut more, mut last) = (Vec::new(), listed.clone());
            while more.len() < AT_ONCE
                && let Some(row) = rows.next()?
            {
                let (key, entry) = (row.get_ref(0)?, lossy(row.get_ref(1)?));
                last = key.as_bytes()?.to_vec();
                more.push(Listed::of(lossy(key).into_owned(), Row::parse(&entry)));
            }
            Ok((more, last))
        });
        let (more, last) = more?;
        *listed = last;
        Ok(more)
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
        let (path, queries) = (path.clone(), queries.clone());
        Some(Box::new(Self { path, snapshot, listed: Vec::new(), queries, desk }))
    }
}

impl Sqlite {
    /// Reads the histories of these rows: asking once how to find the events takes longer than finding one session's.
    fn read(&mut self, histories: &mut [(&Row, &mut Result<History>)]) {
        let Self { path, snapshot, queries: [in_brief, whole], desk, .. } = self;
        let read = snapshot.query("read the transcripts in", |connection| {
            let (mut in_brief, mut whole) = (connection.prepare(in_brief)?, connection.prepare(whole)?);
            for (row, history) in &mut *histories {
                let Some(id) = &row.session_id else { continue };
                let what = || format!("read the transcript of session {id} in");
                **history = read_events(row, id, &mut in_brief, &mut whole, desk)
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

/// Reads a session's events: long answers of tools in brief, and all whole where that may tell more.
fn read_events(
    row: &Row,
    id: &str,
    in_brief: &mut Statement<'_>,
    whole: &mut Statement<'_>,
    desk: &mut Desk,
) -> rusqlite::Result<History> {
    let (history, seen) = Events::read(id, in_brief, desk, None)?;
    if !(seen.command || seen.lost || (seen.brief && turns_on_answers(row, &history))) {
        return Ok(history);
    }
    Ok(Events::read(id, whole, desk, Some(seen.command))?.0)
}

/// Tells whether it matters how the calls were answered: a turn was cut off, or its answer may not have been heard, or one
/// of its calls may wait for leave.
fn turns_on_answers(row: &Row, history: &History) -> bool {
    let is_long = |call: &ToolCall| call.arguments.to_string().len() * REPEATED > LONG_ANSWER;
    let is_open = |turn: &Turn| turn.cut.is_some() || turn.opened_by.author == Author::NativeRecovery;
    row.pending_reply.is_some()
        || history.turns.iter().any(|turn| is_open(turn) || turn.calls.iter().any(is_long))
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

/// What a reading of a session's events came across.
#[derive(Clone, Copy, Default)]
struct Seen {
    /// Something was told in brief.
    brief: bool,
    /// What was told in brief could not be read.
    lost: bool,
    /// What stands before the events that were returned may tell of a command; it was not returned.
    command: bool,
}

/// The events of a session, newest first; the database gives them one by one.
struct Events<'a> {
    rows: Rows<'a>,
    desk: &'a mut Desk,
    /// How long those are that were returned.
    read: usize,
    seen: Seen,
    /// Whether a reading before this one has seen something of a command.
    known: Option<bool>,
    failed: Option<rusqlite::Error>,
}

impl<'a> Events<'a> {
    /// Reads as many as a history takes.
    fn read(
        id: &str,
        ask: &'a mut Statement<'_>,
        desk: &'a mut Desk,
        known: Option<bool>,
    ) -> rusqlite::Result<(History, Seen)> {
        let rows = ask.query([id])?;
        let mut events = Self { rows, desk, read: 0, seen: Seen::default(), known, failed: None };
        let history = History::read(&mut events);
        match (events.failed, history) {
            (Some(error), _) => Err(error),
            (None, Ok(history)) => Ok((history, events.seen)),
            (None, Err(error)) => Err(rusqlite::Error::ToSqlConversionFailure(error.into())),
        }
    }

    /// Keeps the database's error for whoever asked.
    fn lost(failed: &mut Option<rusqlite::Error>) -> impl FnOnce(rusqlite::Error) -> io::Error {
        |error| {
            *failed = Some(error);
            io::Error::other("the database")
        }
    }

    /// Tells whether one of the events before those that were returned, as far as they are at hand, may tell of a
    /// command; these are not returned any more.
    fn look_ahead(&mut self) -> rusqlite::Result<bool> {
        let mut read = self.read;
        while read < AT_HAND {
            let Some(row) = self.rows.next()? else { break };
            let event = self.desk.open(row)?;
            if event.line.is_ok_and(may_tell_of_commands) {
                return Ok(true);
            }
            read += event.length;
        }
        Ok(false)
    }
}

impl Tail for Events<'_> {
    fn previous(&mut self) -> io::Result<Option<Line<'_>>> {
        let Some(row) = self.rows.next().map_err(Self::lost(&mut self.failed))? else { return Ok(None) };
        let event = self.desk.open(row).map_err(Self::lost(&mut self.failed))?;
        self.read += event.length;
        self.seen.brief |= event.in_brief;
        self.seen.lost |= event.in_brief && event.line.is_err();
        Ok(Some(event.line))
    }

    fn previous_at_hand(&mut self) -> io::Result<Option<Line<'_>>> {
        if self.read < AT_HAND { self.previous() } else { Ok(None) }
    }

    /// What is found is left to another reading, which most sessions do not need.
    fn may_tell_of_commands(&mut self) -> io::Result<bool> {
        if let Some(known) = self.known {
            return Ok(known);
        }
        self.seen.command = self.look_ahead().map_err(Self::lost(&mut self.failed))?;
        Ok(false)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::super::fake::{KEY, State, Story, from_database, from_file, row};
    use super::super::turn::Phase;
    use super::*;
    use crate::model::Outcome;

    /// A call of `exec`, and an answer that is longer than what is unpacked without need.
    fn answered(command: &str, answer: Value) -> Story {
        Story::new()
            .user("u1", "sort the photos")
            .calls_tool("a1", "c1", "exec", &json!({"command": command}))
            .result("r1", "c1", answer)
            .swells(LONG_ANSWER)
    }

    #[rstest]
    #[case::cut_off(answered("sort", json!({"details": {"status": "failed"}})), Some(Phase::ToolResult), Outcome::Failed)]
    #[case::ended(answered("sort", json!({"details": {"status": "failed"}})).answers("a2"), None, Outcome::Done)]
    #[case::waits_for_leave(
        answered(&"sort ".repeat(2_000), json!({"details": {"status": "approval-pending"}})).answers("a2"),
        None,
        Outcome::ApprovalPending
    )]
    fn a_long_answer_is_unpacked_where_it_matters(
        #[case] story: Story,
        #[case] cut: Option<Phase>,
        #[case] outcome: Outcome,
    ) {
        let history = from_database(&story, true);
        let turn = history.last_turn().unwrap();
        assert_eq!((turn.cut, turn.calls[0].outcome, turn.calls[0].answered), (cut, outcome, true));
        let whole = from_file(story.lines());
        assert_eq!(whole.last_turn().unwrap().cut, cut);
        assert_eq!(
            history == whole,
            outcome != Outcome::Done,
            "what is told of an ended turn's call is who answered"
        );
    }

    #[test]
    fn it_matters_where_the_turns_reply_was_not_delivered() {
        let state = State::new();
        let story = answered("sort", json!({"details": {"status": "failed"}})).answers("a2");
        let row = row(&json!({"status": "done", "pendingFinalDelivery": {"text": "done"}}));
        drop(state.put_database(&json!({KEY: row}), &[("s1", &story)], true));
        let read = state.read().pop().unwrap().history.unwrap();
        assert_eq!(read.last_turn().unwrap().calls[0].outcome, Outcome::Failed);
    }
}
