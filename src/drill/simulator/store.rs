//! The sessions on the disk, in the form of either era.
//!
//! What stands there is all that the simulator knows of its sessions: a start after a kill finds what the readers find.

mod database;
mod files;

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use self::database::Database;
use self::files::Files;
use super::flavour::Flavour;
use crate::model::AgentId;
use crate::support::error::Result;

/// The sessions of all agents, for one life of the gateway.
pub(super) struct Store {
    form: Form,
    /// Nobody else writes them while the gateway lives.
    rows: Option<Rows>,
}

/// The rows of all sessions, by their keys.
type Rows = BTreeMap<String, Value>;

enum Form {
    Files(Files),
    Database(Database),
}

impl Store {
    pub fn open(flavour: Flavour, state: &Path) -> Self {
        let form = if flavour.is_of_the_second_era() {
            Form::Database(Database::new(state))
        } else {
            Form::Files(Files::new(state))
        };
        Self { form, rows: None }
    }

    /// Returns the rows of all sessions.
    pub fn rows(&mut self) -> Result<&Rows> {
        let rows = match self.rows.take() {
            Some(rows) => rows,
            None => match &mut self.form {
                Form::Files(files) => files.rows()?.into_iter().collect(),
                Form::Database(database) => database.rows()?.into_iter().collect(),
            },
        };
        Ok(self.rows.insert(rows))
    }

    pub fn row(&mut self, key: &str) -> Result<Option<Value>> {
        Ok(self.rows()?.get(key).cloned())
    }

    pub fn put(&mut self, key: &str, row: &Value) -> Result<()> {
        self.rows()?;
        let rows = self.rows.get_or_insert_default();
        rows.insert(key.to_owned(), row.clone());
        match &mut self.form {
            Form::Files(files) => files.put(agent_of(key), rows),
            Form::Database(database) => database.put(key, row),
        }
    }

    /// Returns a transcript's records, oldest first.
    pub fn records(&mut self, key: &str, session: &str) -> Result<Vec<Value>> {
        match &mut self.form {
            Form::Files(files) => files.records(key, session),
            Form::Database(database) => database.records(key, session),
        }
    }

    /// Returns those of them that are on the disk.
    pub fn written(&mut self, key: &str, session: &str) -> Result<Vec<Value>> {
        match &mut self.form {
            Form::Files(files) => files.written(key, session),
            Form::Database(database) => database.records(key, session),
        }
    }

    /// Adds a record to a transcript.
    pub fn append(&mut self, key: &str, session: &str, record: &Value) -> Result<()> {
        match &mut self.form {
            Form::Files(files) => files.append(key, session, record),
            Form::Database(database) => database.append(key, session, record),
        }
    }

    /// Marks a session as one that this process writes; only files have such a mark.
    pub fn hold(&mut self, key: &str, session: &str, content: &Value) -> Result<()> {
        match &mut self.form {
            Form::Files(files) => files.hold(key, session, content),
            Form::Database(_) => Ok(()),
        }
    }

    /// Takes the mark away.
    pub fn release(&mut self, key: &str, session: &str) -> Result<()> {
        match &mut self.form {
            Form::Files(files) => files.release(key, session),
            Form::Database(_) => Ok(()),
        }
    }

    /// Returns where a transcript stands, in files.
    pub fn file(&self, key: &str, session: &str) -> Option<String> {
        match &self.form {
            Form::Files(files) => Some(files.transcript(key, session).display().to_string()),
            Form::Database(_) => None,
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
