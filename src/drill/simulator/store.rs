//! The sessions on the disk, in the form of either era.
//!
//! What stands there is all that the simulator knows of its sessions: a start after a kill finds what the readers find.

mod database;
mod files;

use std::path::Path;

use serde_json::Value;

use self::database::Database;
use self::files::Files;
use super::flavour::Flavour;
use crate::model::AgentId;
use crate::support::error::Result;

/// The sessions of all agents, for one life of the gateway.
pub(super) enum Store {
    Files(Files),
    Database(Database),
}

impl Store {
    pub fn open(flavour: Flavour, state: &Path) -> Self {
        if flavour.is_of_the_second_era() {
            Self::Database(Database::new(state))
        } else {
            Self::Files(Files::new(state))
        }
    }

    /// Lists the sessions with their rows.
    pub fn rows(&mut self) -> Result<Vec<(String, Value)>> {
        match self {
            Self::Files(files) => files.rows(),
            Self::Database(database) => database.rows(),
        }
    }

    pub fn row(&mut self, key: &str) -> Result<Option<Value>> {
        Ok(self.rows()?.into_iter().find(|(one, _)| one == key).map(|(_, row)| row))
    }

    pub fn put(&mut self, key: &str, row: &Value) -> Result<()> {
        match self {
            Self::Files(files) => files.put(key, row),
            Self::Database(database) => database.put(key, row),
        }
    }

    /// Returns a transcript's records, oldest first.
    pub fn records(&mut self, key: &str, session: &str) -> Result<Vec<Value>> {
        match self {
            Self::Files(files) => files.records(key, session),
            Self::Database(database) => database.records(key, session),
        }
    }

    /// Returns those of them that are on the disk.
    pub fn written(&mut self, key: &str, session: &str) -> Result<Vec<Value>> {
        match self {
            Self::Files(files) => files.written(key, session),
            Self::Database(database) => database.records(key, session),
        }
    }

    /// Adds a record to a transcript.
    pub fn append(&mut self, key: &str, session: &str, record: &Value) -> Result<()> {
        match self {
            Self::Files(files) => files.append(key, session, record),
            Self::Database(database) => database.append(key, session, record),
        }
    }

    /// Marks a session as one that this process writes; only files have such a mark.
    pub fn hold(&mut self, key: &str, session: &str, content: &Value) -> Result<()> {
        match self {
            Self::Files(files) => files.hold(key, session, content),
            Self::Database(_) => Ok(()),
        }
    }

    /// Takes the mark away.
    pub fn release(&mut self, key: &str, session: &str) -> Result<()> {
        match self {
            Self::Files(files) => files.release(key, session),
            Self::Database(_) => Ok(()),
        }
    }

    /// Returns where a transcript stands, in files.
    pub fn file(&self, key: &str, session: &str) -> Option<String> {
        match self {
            Self::Files(files) => Some(files.transcript(key, session).display().to_string()),
            Self::Database(_) => None,
        }
    }
}

/// Returns the agent whose session it is.
fn agent_of(key: &str) -> &str {
    key.strip_prefix("agent:").and_then(|rest| rest.split(':').next()).unwrap_or(AgentId::MAIN)
}

/// Lists the agents that have a folder.
fn agents(state: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(state.join("agents")).into_iter().flatten().flatten();
    let mut agents: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    agents.sort();
    agents
}
