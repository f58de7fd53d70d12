//! The form from 2026.8 on: a database an agent, with a `-wal` that a kill leaves behind.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OptionalExtension};
use serde_json::Value;

use super::{agent_of, agents};
use crate::session::TABLES;
use crate::support::error::{Error, Kind, Result};
use crate::support::fs::failed;

/// A table that nobody reads here.
const META: &str = "
    CREATE TABLE IF NOT EXISTS schema_meta (
        meta_key TEXT NOT NULL PRIMARY KEY, role TEXT NOT NULL, schema_version INTEGER NOT NULL, agent_id TEXT,
        app_version TEXT, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL) STRICT;";
/// From this size on events are compressed.
const PACKED_FROM: usize = 1 << 10;

/// An event as its row has it: JSON text, or a Zstd frame of it.
type Event = (Option<String>, Option<Vec<u8>>);

/// A store of databases, open for one life of the gateway.
pub(in super::super) struct Database {
    state: PathBuf,
    open: HashMap<String, Connection>,
}

impl Database {
    pub fn new(state: &Path) -> Self {
        Self { state: state.to_owned(), open: HashMap::new() }
    }

    fn of(&mut self, agent: &str) -> Result<&Connection> {
        if !self.open.contains_key(agent) {
            let folder = self.state.join("agents").join(agent).join("agent");
            fs::create_dir_all(&folder).map_err(|error| failed("make the folder", &folder, error))?;
            let path = folder.join("openclaw-agent.sqlite");
            let opened = connect(&path).map_err(|error| {
                Error::new(Kind::User, format!("cannot open {}", path.display())).because(error)
            })?;
            self.open.insert(agent.to_owned(), opened);
        }
        self.open.get(agent).ok_or_else(|| Error::new(Kind::Bug, "a database that was opened is not there"))
    }

    pub fn rows(&mut self) -> Result<Vec<(String, Value)>> {
        let mut all = Vec::new();
        for agent in agents(&self.state) {
            let rows = self.of(&agent)?;
            let read = || -> rusqlite::Result<Vec<(String, String)>> {
                let mut statement =
                    rows.prepare("SELECT session_key, entry_json FROM session_nodes ORDER BY 1")?;
                statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
            };
            all.extend(read().map_err(|error| broken("list the sessions", error))?);
        }
        let parsed = |(key, row): (String, String)| Some((key, serde_json::from_str(&row).ok()?));
        Ok(all.into_iter().filter_map(parsed).collect())
    }

    pub fn put(&mut self, key: &str, row: &Value) -> Result<()> {
        let session = row["sessionId"].as_str().unwrap_or_default();
        let fields = (
            key,
            session,
            row.to_string(),
            row["updatedAt"].as_i64().unwrap_or_default(),
            row["status"].as_str(),
            row["lastInteractionAt"].as_i64(),
        );
        self.of(agent_of(key))?
            .execute("INSERT OR REPLACE INTO session_nodes VALUES (?1, ?2, ?3, ?4, ?5, NULL, ?6)", fields)
            .map_err(|error| broken("write the row of a session", error))?;
        Ok(())
    }

    pub fn records(&mut self, key: &str, session: &str) -> Result<Vec<Value>> {
        let database = self.of(agent_of(key))?;
        let read = || -> rusqlite::Result<Vec<Event>> {
            let mut statement = database.prepare(
                "SELECT event_json, event_zstd FROM transcript_events WHERE session_id = ?1 ORDER BY seq",
            )?;
            statement.query_map([session], |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        };
        let events = read().map_err(|error| broken("read a transcript", error))?;
        let record = |(json, packed): Event| {
            let text = json.map(String::into_bytes).or_else(|| zstd::decode_all(packed?.as_slice()).ok())?;
            serde_json::from_slice(&text).ok()
        };
        Ok(events.into_iter().filter_map(record).collect())
    }

    pub fn append(&mut self, key: &str, session: &str, record: &Value) -> Result<()> {
        let text = record.to_string();
        let packed = (text.len() >= PACKED_FROM)
            .then(|| zstd::encode_all(text.as_bytes(), 1))
            .transpose()
            .map_err(|error| Error::new(Kind::User, "cannot compress an event").because(error))?;
        let (bytes, at) = (text.len(), record["message"]["timestamp"].as_i64().unwrap_or_default());
        let json = packed.is_none().then_some(text);
        let database = self.of(agent_of(key))?;
        let write = || -> rusqlite::Result<()> {
            let last: Option<i64> = database
                .query_row("SELECT max(seq) FROM transcript_events WHERE session_id = ?1", [session], |row| {
                    row.get(0)
                })
                .optional()?
                .flatten();
            let seq = last.map_or(0, |last| last + 1);
            let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
            database.execute(
                "INSERT INTO transcript_events VALUES (?1, ?2, ?3, ?4, ?5, ?6, NULL)",
                (session, seq, json.as_deref(), at, packed.as_deref(), bytes),
            )?;
            Ok(())
        };
        write().map_err(|error| broken("write to a transcript", error))
    }
}

/// Opens a database that keeps its `-wal` when it is closed, as a killed gateway's does.
fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;")?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)?;
    connection.execute_batch(META)?;
    connection.execute_batch(TABLES)?;
    Ok(connection)
}

fn broken(what: &str, error: rusqlite::Error) -> Error {
    Error::new(Kind::User, format!("the simulated gateway cannot {what}")).because(error)
}
