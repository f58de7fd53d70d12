//! Hand-written transcripts, and stores that hold them.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::evidence::Evidence;
use super::history::History;
use super::jsonl::Jsonl;
use super::reader::Reader;
use super::row::Row;
use super::sqlite::{Sqlite, TABLES};
use super::store::read_all;
use crate::gateway::Config;
use crate::model::SessionKey;

pub const KEY: &str = "agent:main:telegram:direct:7";
/// When every story begins, in seconds since 1970.
const BEGINNING: i64 = 1_795_232_000;

/// Returns the time so many seconds after the beginning of every story.
pub fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(BEGINNING + seconds, 0).unwrap()
}

/// A transcript that is being told, record after record, each on the one before it.
#[derive(Clone, Default)]
pub struct Story {
    pub records: Vec<Value>,
    last: Option<String>,
    clock: i64,
}

impl Story {
    /// A session with its first record.
    pub fn new() -> Self {
        let mut story = Self::default();
        let at = story.time();
        story
            .records
            .push(json!({"type": "session", "version": 3, "id": "s1", "timestamp": at, "cwd": "/w"}));
        story
    }

    fn time(&mut self) -> String {
        self.clock += 1;
        self.now().to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    }

    /// When the last record was written.
    pub fn now(&self) -> DateTime<Utc> {
        at(self.clock)
    }

    /// Lets so many seconds pass.
    pub fn rests(mut self, seconds: i64) -> Self {
        self.clock += seconds;
        self
    }

    /// Adds a record of any type.
    pub fn record(mut self, id: &str, mut record: Value) -> Self {
        record["id"] = id.into();
        if record.get("parentId").is_none() {
            record["parentId"] = json!(self.last);
        }
        record["timestamp"] = self.time().into();
        self.records.push(record);
        self.last = Some(id.to_owned());
        self
    }

    pub fn message(self, id: &str, message: Value) -> Self {
        let mut record = json!({"type": "message"});
        record["message"] = message;
        self.record(id, record)
    }

    pub fn user(self, id: &str, text: &str) -> Self {
        self.message(id, json!({"role": "user", "content": text}))
    }

    /// A message in the user's place that the gateway wrote.
    pub fn system(self, id: &str, text: &str) -> Self {
        let provenance = json!({"kind": "internal_system"});
        self.message(id, json!({"role": "user", "content": text, "provenance": provenance}))
    }

    pub fn says(self, id: &str, text: &str, stop: &str) -> Self {
        let content = json!([{"type": "text", "text": text}]);
        self.message(
            id,
            json!({"role": "assistant", "content": content, "model": "mock", "stopReason": stop}),
        )
    }

    /// The agent's last words of a turn.
    pub fn answers(self, id: &str) -> Self {
        self.says(id, "done", "stop")
    }

    /// The agent calls `exec` with each of these call ids; the command is the id.
    pub fn calls(self, id: &str, calls: &[&str]) -> Self {
        let call =
            |id: &&str| json!({"type": "toolCall", "id": id, "name": "exec", "arguments": {"command": id}});
        let content: Vec<Value> = calls.iter().map(call).collect();
        self.message(
            id,
            json!({"role": "assistant", "content": content, "model": "mock", "stopReason": "toolUse"}),
        )
    }

    /// The agent calls any tool.
    pub fn calls_tool(self, id: &str, call: &str, tool: &str, arguments: &Value) -> Self {
        let content = json!([{"type": "toolCall", "id": call, "name": tool, "arguments": arguments}]);
        self.message(
            id,
            json!({"role": "assistant", "content": content, "model": "mock", "stopReason": "toolUse"}),
        )
    }

    /// A call's result, with more fields of the message.
    pub fn result(self, id: &str, call: &str, more: Value) -> Self {
        let mut message = json!({"role": "toolResult", "toolCallId": call, "toolName": "exec", "isError": false,
            "content": [{"type": "text", "text": "(no output)"}]});
        if let Value::Object(more) = more {
            message.as_object_mut().unwrap().extend(more);
        }
        self.message(id, message)
    }

    /// The answer that a command went into the background.
    pub fn backgrounded(self, id: &str, call: &str, name: &str) -> Self {
        let text = format!(
            "Command still running (session {name}, pid 4711). Use process (list/poll) for follow-up."
        );
        let began = self.now().timestamp_millis();
        self.result(
            id,
            call,
            json!({"content": [{"type": "text", "text": text}], "details": {"status": "running",
            "sessionId": name, "pid": 4711, "startedAt": began, "cwd": "/w", "tail": "step 1"}}),
        )
    }

    /// Makes the last record so many bytes longer.
    pub fn swells(mut self, bytes: usize) -> Self {
        self.records.last_mut().unwrap()["padding"] = "x".repeat(bytes).into();
        self
    }

    /// The lines of its file.
    pub fn lines(&self) -> String {
        self.records.iter().flat_map(|record| [record.to_string(), "\n".to_owned()]).collect()
    }

    /// What `chat.history` shows of it, where all of it counts.
    pub fn shown(&self) -> Vec<Value> {
        let message = |record: &Value| {
            let mut message = record.get("message")?.clone();
            let at: DateTime<Utc> = record["timestamp"].as_str()?.parse().ok()?;
            message["__openclaw"] = json!({"id": record["id"], "recordTimestampMs": at.timestamp_millis()});
            Some(message)
        };
        self.records.iter().filter_map(message).collect()
    }
}

/// A state directory of one agent.
pub struct State(pub tempfile::TempDir);

impl State {
    pub fn new() -> Self {
        let state = Self(tempfile::tempdir().unwrap());
        fs::create_dir_all(state.folder("sessions")).unwrap();
        fs::create_dir_all(state.folder("agent")).unwrap();
        state
    }

    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn folder(&self, name: &str) -> PathBuf {
        self.path().join("agents/main").join(name)
    }

    pub fn database(&self) -> PathBuf {
        self.folder("agent").join("openclaw-agent.sqlite")
    }

    /// Reads all that stands in it.
    pub fn read(&self) -> Vec<Evidence> {
        let config = Config::load(self.path(), &|_| None).unwrap();
        read_all(self.path(), &config).unwrap().1
    }

    /// Leaves the lock of a turn of the session `s1`, by a process that runs or is gone.
    pub fn put_lock(&self, runs: bool) {
        let pid = if runs { std::process::id() } else { u32::MAX };
        self.put("s1.jsonl.lock", json!({"pid": pid, "maxHoldMs": 300_000}).to_string());
    }

    /// Writes a file beside the transcripts.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder("sessions").join(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// Writes `sessions.json`.
    pub fn put_rows(&self, rows: &Value) {
        self.put("sessions.json", rows.to_string());
    }

    /// Makes a database of these rows and transcripts; `packed` compresses the events.
    pub fn put_database(&self, rows: &Value, stories: &[(&str, &Story)], packed: bool) -> Connection {
        let connection = Connection::open(self.database()).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;").unwrap();
        connection.execute_batch(TABLES).unwrap();
        for (key, row) in rows.as_object().unwrap() {
            let id = row["sessionId"].as_str().unwrap_or_default();
            connection
                .execute(
                    "INSERT INTO session_nodes VALUES (?1, ?2, ?3, 0, NULL, NULL, NULL)",
                    (key, id, row.to_string()),
                )
                .unwrap();
        }
        for (id, story) in stories {
            for (seq, record) in story.records.iter().enumerate() {
                add_event(&connection, id, seq, &record.to_string(), packed);
            }
        }
        connection
    }
}

pub fn add_event(connection: &Connection, id: &str, seq: usize, event: &str, packed: bool) {
    let zstd = packed.then(|| zstd::bulk::compress(event.as_bytes(), 1).unwrap());
    let json = (!packed).then_some(event);
    let navigation = packed.then(|| json!({"version": 1, "model": in_brief(event)}).to_string());
    let (seq, length) = (i64::try_from(seq).unwrap(), i64::try_from(event.len()).unwrap());
    connection
        .execute(
            "INSERT INTO transcript_events VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)",
            (id, seq, json, zstd, length, navigation),
        )
        .unwrap();
}

/// What gateways note beside a packed event, as far as it is read (2026.9.6, read).
fn in_brief(event: &str) -> Value {
    let event: Value = serde_json::from_str(event).unwrap_or_default();
    let pick = |from: &Value, names: &[&str]| -> Map<String, Value> {
        names.iter().filter_map(|name| Some(((*name).to_owned(), from.get(*name)?.clone()))).collect()
    };
    let mut brief = pick(&event, &["type", "id", "parentId", "appendMode", "timestamp"]);
    let mut message =
        pick(&event["message"], &["role", "model", "toolCallId", "toolName", "isError", "stopReason"]);
    message.insert("content".to_owned(), json!([]));
    message.insert("details".to_owned(), json!({"openclawSyntheticMissingToolResult": false}));
    brief.insert("message".to_owned(), message.into());
    brief.into()
}

pub fn key() -> SessionKey {
    KEY.parse().unwrap()
}

/// A row of the session `s1`, with more fields.
pub fn row(more: &Value) -> Value {
    let mut row = json!({"sessionId": "s1", "status": "running"});
    row.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap_or_default());
    row
}

/// Reads a story through the store of files.
pub fn from_file(lines: impl AsRef<[u8]>) -> History {
    let state = State::new();
    state.put("s1.jsonl", lines);
    let mut reader = Jsonl::open(&state.folder("sessions").join("sessions.json"), state.path()).unwrap();
    reader.history(&key(), &Row::parse(&row(&Value::Null).to_string()).unwrap()).unwrap()
}

/// Reads a story through a database.
pub fn from_database(story: &Story, packed: bool) -> History {
    let state = State::new();
    drop(state.put_database(&json!({KEY: row(&Value::Null)}), &[("s1", story)], packed));
    let mut reader = Sqlite::open(&state.database()).unwrap().unwrap();
    reader.history(&key(), &Row::parse(&row(&Value::Null).to_string()).unwrap()).unwrap()
}
