//! The same sessions as files, as a database, and as a database with a `-wal` beside it.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use comeback::model::Verdict;
use comeback::session::TABLES;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, Statement};
use serde_json::{Map, Value, json};
use zstd::bulk::Compressor;

use super::transcript::{self, Texts};

/// The time of the scans, a minute after the stop.
pub const NOW: DateTime<Utc> = DateTime::from_timestamp(1_795_240_000, 0).expect("a constant time");
/// Every session was last at work so long before.
const RESTED: TimeDelta = TimeDelta::minutes(1);
/// Gateways pack events of this size and more, where that saves a tenth (2026.9.6, read).
const PACKED: usize = 1 << 10;
/// A row reports on so many tools that the agent was shown.
const TOOLS: usize = 30;

/// How many sessions, and how long their transcripts are at least.
#[derive(Clone, Copy)]
pub struct Shape {
    pub sessions: usize,
    pub bytes: usize,
}

/// State directories with the same sessions.
pub struct Stores {
    pub shape: Shape,
    pub files: PathBuf,
    pub database: PathBuf,
    with_wal: PathBuf,
}

impl Stores {
    fn at(root: &Path, shape: Shape) -> (Self, PathBuf) {
        let folder = root.join(format!("{}x{}", shape.sessions, shape.bytes));
        let in_folder = |name: &str| folder.join(name);
        let stores = Self {
            shape,
            files: in_folder("files"),
            database: in_folder("database"),
            with_wal: in_folder("with-wal"),
        };
        (stores, folder)
    }

    /// Takes those of this shape that stand in `root`, or makes them.
    pub fn of(root: &Path, shape: Shape) -> Self {
        let (stores, folder) = Self::at(root, shape);
        once(&folder.join("made"), || stores.make());
        stores
    }

    /// Does the same, but makes the files alone.
    pub fn files_of(root: &Path, shape: Shape) -> Self {
        let (stores, folder) = Self::at(root, shape);
        if !folder.join("made").exists() {
            once(&folder.join("made-files"), || stores.make_files());
        }
        stores
    }

    fn make_files(&self) {
        fs::create_dir_all(self.files.join("agents/main/sessions")).unwrap();
        let (texts, mut rows) = (Texts::new(), Map::new());
        for session in 0..self.shape.sessions {
            self.write_file(session, &transcript::records(&texts, session, self.shape.bytes, NOW - RESTED));
            rows.insert(key(session), self.row(session));
        }
        self.write_rows(&rows);
    }

    fn make(&self) {
        for folder in [self.files.join("agents/main/sessions"), agent(&self.database)] {
            fs::create_dir_all(folder).unwrap();
        }
        let texts = Texts::new();
        let mut connection = Connection::open(database(&self.database)).unwrap();
        connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;").unwrap();
        connection.execute_batch(TABLES).unwrap();
        let transaction = connection.transaction().unwrap();
        let mut rows = Map::new();
        {
            let nodes = "INSERT INTO session_nodes VALUES (?1, ?2, ?3, 0, NULL, NULL, NULL)";
            let mut nodes = transaction.prepare(nodes).unwrap();
            let events = "INSERT INTO transcript_events VALUES (?1, ?2, ?3, 0, ?4, ?5, ?6)";
            let mut events = transaction.prepare(events).unwrap();
            for session in 0..self.shape.sessions {
                let records = transcript::records(&texts, session, self.shape.bytes, NOW - RESTED);
                self.write_file(session, &records);
                insert_events(&mut events, session, &records);
                let (key, row) = (key(session), self.row(session));
                nodes.execute((&key, transcript::id(session), row.to_string())).unwrap();
                rows.insert(key, row);
            }
        }
        transaction.commit().unwrap();
        connection.close().unwrap();
        self.write_rows(&rows);
    }

    fn write_rows(&self, rows: &Map<String, Value>) {
        let file = self.files.join("agents/main/sessions/sessions.json");
        fs::write(file, serde_json::to_vec_pretty(rows).unwrap()).unwrap();
    }

    fn transcript(&self, session: usize) -> PathBuf {
        self.files.join("agents/main/sessions").join(transcript::id(session)).with_extension("jsonl")
    }

    fn write_file(&self, session: usize, records: &[String]) {
        let mut file = BufWriter::new(File::create(self.transcript(session)).unwrap());
        for record in records {
            writeln!(file, "{record}").unwrap();
        }
        file.flush().unwrap();
    }

    fn row(&self, session: usize) -> Value {
        let at = (NOW - RESTED).timestamp_millis();
        let to = format!("telegram:{session}");
        let is_cut = transcript::is_cut(session);
        let tool = json!({"name": "exec", "summaryChars": 310, "schemaChars": 920, "propertiesCount": 12});
        let tools = vec![tool; TOOLS];
        let mut row = json!({
            "origin": {"label": "a user", "provider": "telegram", "chatType": "direct", "from": to, "to": to},
            "sessionId": transcript::id(session), "sessionFile": self.transcript(session), "updatedAt": at,
            "deliveryContext": {"channel": "telegram", "to": to, "accountId": "default"},
            "lastChannel": "telegram", "lastTo": to, "lastAccountId": "default", "lastInteractionAt": at,
            "abortedLastRun": false, "chatType": "direct", "startedAt": at,
            "status": if is_cut { "running" } else { "done" },
            "systemPromptReport": {"source": "run", "tools": {"entries": tools}},
        });
        if !is_cut {
            row["endedAt"] = at.into();
        }
        row
    }

    /// Takes the same database with changes of every row in a `-wal` beside it, or makes it.
    pub fn with_wal(&self) -> PathBuf {
        if !wal(&self.with_wal).exists() {
            self.make_wal();
        }
        self.with_wal.clone()
    }

    fn make_wal(&self) {
        fs::create_dir_all(agent(&self.with_wal)).unwrap();
        let path = database(&self.with_wal);
        fs::copy(database(&self.database), &path).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).unwrap();
        connection.execute_batch("PRAGMA wal_autocheckpoint = 0;").unwrap();
        connection.execute("UPDATE session_nodes SET updated_at = 1", []).unwrap();
        connection.close().unwrap();
        assert!(fs::metadata(wal(&self.with_wal)).unwrap().len() > 0);
    }

    /// Returns the transcripts' files.
    pub fn transcripts(&self) -> Vec<PathBuf> {
        (0..self.shape.sessions).map(|session| self.transcript(session)).collect()
    }

    /// Returns the ids of the sessions.
    pub fn ids(&self) -> Vec<String> {
        (0..self.shape.sessions).map(transcript::id).collect()
    }

    /// Returns how often which verdict has to be given.
    pub fn verdicts(&self) -> [(Verdict, usize); 2] {
        let cut = (0..self.shape.sessions).filter(|session| transcript::is_cut(*session)).count();
        [(Verdict::Interrupted, cut), (Verdict::Complete, self.shape.sessions - cut)]
    }
}

/// Makes something unless a mark says that it is there.
fn once(mark: &Path, make: impl FnOnce()) {
    if !mark.exists() {
        make();
        File::create(mark).unwrap();
    }
}

fn key(session: usize) -> String {
    format!("agent:main:telegram:direct:{session}")
}

fn agent(state: &Path) -> PathBuf {
    state.join("agents/main/agent")
}

/// Returns the database of a state directory.
pub fn database(state: &Path) -> PathBuf {
    agent(state).join("openclaw-agent.sqlite")
}

/// Returns what stands beside it.
pub fn wal(state: &Path) -> PathBuf {
    agent(state).join("openclaw-agent.sqlite-wal")
}

fn insert_events(events: &mut Statement<'_>, session: usize, records: &[String]) {
    let mut press = Compressor::new(1).unwrap();
    press.include_checksum(true).unwrap();
    for (seq, record) in (0_i64..).zip(records) {
        let packed = (record.len() >= PACKED).then(|| press.compress(record.as_bytes()).unwrap());
        let packed = packed.map(|packed| (navigation(record), packed));
        let (navigation, packed) = packed
            .filter(|(navigation, packed)| {
                navigation.len() + packed.len() <= record.len() - record.len() / 10
            })
            .unzip();
        let text = packed.is_none().then_some(record);
        let length = i64::try_from(record.len()).unwrap();
        events.execute((transcript::id(session), seq, text, packed, length, navigation)).unwrap();
    }
}

/// Returns what gateways keep beside a packed event, to find their way without unpacking it (2026.9.6, read).
fn navigation(record: &str) -> String {
    let record: Value = serde_json::from_str(record).unwrap();
    let pick = |from: &Value, names: &[&str]| -> Map<String, Value> {
        let value = |name: &&str| Some(((*name).to_owned(), from.get(*name)?.clone()));
        names.iter().filter_map(value).collect()
    };
    let tree = pick(&record, &["type", "id", "parentId", "timestamp"]);
    let message = &record["message"];
    let with = |message: Map<String, Value>| {
        let mut entry = tree.clone();
        entry.insert("message".to_owned(), message.into());
        entry
    };
    let mut model =
        pick(message, &["role", "provider", "model", "toolCallId", "toolName", "isError", "stopReason"]);
    model.extend([
        ("content".to_owned(), json!([])),
        ("command".to_owned(), json!("")),
        ("output".to_owned(), json!("")),
        ("providerReplay".to_owned(), json!({"type": null})),
        ("details".to_owned(), json!({"openclawSyntheticMissingToolResult": false})),
    ]);
    let (role, bytes) = (pick(message, &["role"]), record.to_string().len());
    json!({"version": 1, "report": {"kind": "canonical", "hasParentId": true, "entry": tree},
        "navigation": with(role.clone()), "reset": with(role), "model": with(model),
        "modelBytes": bytes, "modelWithoutCheckpointBytes": bytes, "withoutCustomDataBytes": bytes})
    .to_string()
}
