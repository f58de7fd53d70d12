//! The form up to 2026.7: `sessions.json`, a file of JSON lines for each transcript, and a lock beside it.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::{agent_of, agents};
use crate::support::error::{Error, Kind, Result};
use crate::support::fs::failed;

/// A store of files.
pub(in super::super) struct Files {
    state: PathBuf,
    /// Records of transcripts that are not begun: the first message is written together with what the agent first says.
    begun: HashMap<String, Vec<Value>>,
}

impl Files {
    pub fn new(state: &Path) -> Self {
        Self { state: state.to_owned(), begun: HashMap::new() }
    }

    fn folder(&self, agent: &str) -> PathBuf {
        self.state.join("agents").join(agent).join("sessions")
    }

    pub fn transcript(&self, key: &str, session: &str) -> PathBuf {
        self.folder(agent_of(key)).join(format!("{session}.jsonl"))
    }

    pub fn rows(&self) -> Result<Vec<(String, Value)>> {
        let mut rows = Vec::new();
        for agent in agents(&self.state) {
            rows.extend(self.rows_of(&agent)?);
        }
        Ok(rows)
    }

    fn rows_of(&self, agent: &str) -> Result<Map<String, Value>> {
        let path = self.folder(agent).join("sessions.json");
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Map::new()),
            Err(error) => return Err(failed("read", &path, error)),
        };
        serde_json::from_slice(&text).map_err(|error| {
            Error::new(Kind::User, format!("cannot read the sessions of {}", path.display())).because(error)
        })
    }

    /// Writes the rows of an agent, of those of all sessions.
    pub fn put(&self, agent: &str, rows: &BTreeMap<String, Value>) -> Result<()> {
        let own: BTreeMap<_, _> = rows.iter().filter(|(key, _)| agent_of(key) == agent).collect();
        let text = serde_json::to_string_pretty(&own)
            .map_err(|error| Error::new(Kind::Bug, "a row is no JSON").because(error))?;
        let folder = self.folder(agent);
        let (path, new) = (folder.join("sessions.json"), folder.join("sessions.json.new"));
        // Gateways do not wait for the disk, and readers see the old rows or the new.
        fs::create_dir_all(&folder)
            .and_then(|()| fs::write(&new, text))
            .and_then(|()| fs::rename(&new, &path))
            .map_err(|error| failed("write", &path, error))
    }

    /// Returns what stands in a transcript's file.
    pub fn written(&self, key: &str, session: &str) -> Result<Vec<Value>> {
        let path = self.transcript(key, session);
        match fs::read_to_string(&path) {
            Ok(text) => Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(failed("read", &path, error)),
        }
    }

    /// Returns a transcript, also one whose file is not begun.
    pub fn records(&self, key: &str, session: &str) -> Result<Vec<Value>> {
        match self.begun.get(session) {
            Some(records) => Ok(records.clone()),
            None => self.written(key, session),
        }
    }

    pub fn append(&mut self, key: &str, session: &str, record: &Value) -> Result<()> {
        let path = self.transcript(key, session);
        let mut records = self.begun.remove(session).unwrap_or_default();
        records.push(record.clone());
        if !path.exists() && record["message"]["role"] != "assistant" {
            self.begun.insert(session.to_owned(), records);
            return Ok(());
        }
        let lines: String = records.iter().flat_map(|record| [record.to_string(), "\n".to_owned()]).collect();
        let write = || {
            fs::create_dir_all(self.folder(agent_of(key)))?;
            fs::OpenOptions::new().append(true).create(true).open(&path)?.write_all(lines.as_bytes())
        };
        write().map_err(|error| failed("write", &path, error))
    }

    pub fn hold(&self, key: &str, session: &str, content: &Value) -> Result<()> {
        let path = self.lock(key, session);
        fs::create_dir_all(self.folder(agent_of(key)))
            .and_then(|()| fs::write(&path, format!("{content:#}\n")))
            .map_err(|error| failed("write", &path, error))
    }

    pub fn release(&self, key: &str, session: &str) -> Result<()> {
        let path = self.lock(key, session);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(failed("remove", &path, error)),
            _ => Ok(()),
        }
    }

    fn lock(&self, key: &str, session: &str) -> PathBuf {
        self.transcript(key, session).with_extension("jsonl.lock")
    }
}
