//! A night that passes in a moment: all that a stopped gateway has written down is moved into the past.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Timelike, Utc};
use regex::{Captures, Regex};
use rusqlite::Connection;
use serde_json::{Value, json};

/// How long the gateway was down.
const NIGHT: Duration = Duration::from_secs(10 * 60 * 60);
/// Half of it, so that the daily reset of sessions falls into it at whatever time the test runs.
const HOURS_SINCE_RESET: u32 = 5;

/// What the versions before 2026.8 do by themselves, at four o'clock.
pub fn reset_every_day(config: &mut Value) {
    let hour = (Utc::now().hour() + 24 - HOURS_SINCE_RESET) % 24;
    config["session"]["reset"] = json!({"mode": "daily", "atHour": hour});
}

/// Moves what lies in the folder, and when it was written.
pub fn pass(folder: &Path) {
    let shift = Shift::new();
    for path in files(folder) {
        let written = fs::metadata(&path).unwrap().modified().unwrap();
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("json" | "jsonl" | "lock") => {
                let text = String::from_utf8(fs::read(&path).unwrap()).unwrap();
                fs::write(&path, shift.text(&text)).unwrap();
            }
            Some("sqlite") if path.ends_with("agent/openclaw-agent.sqlite") => shift.database(&path),
            _ => {}
        }
        fs::File::options().write(true).open(&path).unwrap().set_modified(written - NIGHT).unwrap();
    }
}

/// The files below a folder, those beside which a database keeps its journal excepted.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let found = entries.flat_map(|entry| match entry.file_type().unwrap() {
        kind if kind.is_dir() => files(&entry.path()),
        kind if kind.is_file() => vec![entry.path()],
        _ => vec![],
    });
    found
        .filter(|path| !path.to_string_lossy().ends_with("-wal") && !path.to_string_lossy().ends_with("-shm"))
        .collect()
}

/// Milliseconds since 1970 and RFC 3339, wherever they stand in a text.
struct Shift {
    time: Regex,
    now: DateTime<Utc>,
}

impl Shift {
    fn new() -> Self {
        let time = r"\b\d{13}\b|\b20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z";
        Self { time: Regex::new(time).unwrap(), now: Utc::now() }
    }

    fn text(&self, text: &str) -> String {
        let moved = |found: &Captures| {
            let text = &found[0];
            match text.parse::<i64>() {
                Ok(millis) => self.millis(millis).to_string(),
                Err(_) => self.rfc3339(text),
            }
        };
        self.time.replace_all(text, moved).into_owned()
    }

    /// Numbers that are no time of today stay as they are.
    fn millis(&self, millis: i64) -> i64 {
        let day = 24 * 60 * 60 * 1000;
        let is_time = (self.now.timestamp_millis() - millis).abs() < day;
        if is_time { millis - i64::try_from(NIGHT.as_millis()).unwrap() } else { millis }
    }

    fn rfc3339(&self, text: &str) -> String {
        let Ok(time) = DateTime::parse_from_rfc3339(text) else { return text.to_owned() };
        let moved = self.millis(time.timestamp_millis());
        let moved = DateTime::from_timestamp_millis(moved).unwrap().format("%Y-%m-%dT%H:%M:%S");
        format!("{moved}{}", &text["2026-11-21T00:00:00".len()..])
    }

    fn database(&self, path: &Path) {
        let database = Connection::open(path).unwrap();
        change(&database, "session_nodes", "entry_json", |text: String| self.text(&text));
        change(&database, "transcript_events", "event_json", |text: String| self.text(&text));
        for (table, column) in [
            ("session_nodes", "updated_at"),
            ("session_nodes", "last_interaction_at"),
            ("session_nodes", "last_activity_at"),
            ("session_nodes", "created_at"),
            ("transcript_events", "created_at"),
        ] {
            change(&database, table, column, |millis| self.millis(millis));
        }
        change(&database, "transcript_events", "event_zstd", |frame: Vec<u8>| {
            let text = String::from_utf8(zstd::decode_all(&frame[..]).unwrap()).unwrap();
            zstd::encode_all(self.text(&text).as_bytes(), 0).unwrap()
        });
    }
}

/// Changes one column of a table, row by row.
fn change<T: rusqlite::types::FromSql + rusqlite::ToSql>(
    database: &Connection,
    table: &str,
    column: &str,
    moved: impl Fn(T) -> T,
) {
    let select = format!("SELECT rowid, {column} FROM {table} WHERE {column} IS NOT NULL");
    let mut select = database.prepare(&select).unwrap();
    let rows = select.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, T>(1)?))).unwrap();
    let rows: Vec<_> = rows.map(Result::unwrap).collect();
    let update = format!("UPDATE {table} SET {column} = ?1 WHERE rowid = ?2");
    for (row, value) in rows {
        database.execute(&update, rusqlite::params![moved(value), row]).unwrap();
    }
}
