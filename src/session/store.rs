//! Where the sessions are: which files of a state directory are the current stores, and all that stands in them.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::thread;

use super::command::Command;
use super::evidence::Evidence;
use super::history::History;
use super::jsonl::Jsonl;
use super::reader::{Listed, Reader};
use super::row::Row;
use super::sqlite::Sqlite;
use crate::gateway::Config;
use crate::model::{AgentId, SessionKey};
use crate::support::error::Result;
use crate::support::fs::{failed, inside, only_a_file, real};
use crate::support::paths::expand_home;

/// What stands for the agent in `session.store`.
const AGENT: &str = "{agentId}";
const ROWS: &str = "sessions.json";
const DATABASE: &str = "openclaw-agent.sqlite";

/// So many sessions are read by two threads.
const MANY: usize = 64;
/// Of so many at a time all that was read is held.
const PART: usize = 64;

/// In what form a store keeps its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StoreKind {
    /// Files, up to 2026.7.
    Jsonl,
    /// A database, from 2026.8 on.
    Sqlite,
    /// The gateway itself, which answers for files that are out of reach.
    Gateway,
}

/// A store that was found.
#[derive(Debug)]
pub struct Store {
    /// The agent whose sessions it holds, where their keys name none.
    pub agent: AgentId,
    /// Its form.
    pub kind: StoreKind,
    /// Its file; empty for a gateway.
    pub path: PathBuf,
    /// How many sessions it lists, or why it cannot be read.
    pub sessions: Result<usize>,
    /// What was wrong with it.
    pub warnings: Vec<String>,
}

/// Tells whether a session is to be read.
pub type Wanted<'a> = &'a dyn Fn(&SessionKey) -> bool;

/// Looks at a session that was read, and gives back what is to be kept of it.
pub type Keep<'a> = &'a mut dyn FnMut(Evidence) -> Option<Evidence>;

/// Reads all sessions of all agents from their files; the gateway is not asked, and may be gone.
///
/// `state` is one state directory: another profile's sessions are in another one.
///
/// # Errors
/// Where the state directory itself cannot be read. What else cannot be read stands where it belongs.
pub fn read_all(state: &Path, config: &Config) -> Result<(Vec<Store>, Vec<Evidence>)> {
    read_some(state, config, &|_| true, &mut Some)
}

/// Does the same for the sessions that are `wanted`, and holds no more of them than `keep` gives back, and some hundred that
/// are read at a time. The stores list all of them; of one that cannot be read to its end nothing is kept.
///
/// # Errors
/// Where the state directory itself cannot be read.
pub fn read_some(
    state: &Path,
    config: &Config,
    wanted: Wanted<'_>,
    keep: Keep<'_>,
) -> Result<(Vec<Store>, Vec<Evidence>)> {
    let mut stores = Vec::new();
    let mut sessions = Vec::new();
    for place in places(state, config)? {
        let Some((kind, path, reader)) = place.open(state) else { continue };
        let mut store = Store { agent: place.agent, kind, path, sessions: Ok(0), warnings: Vec::new() };
        match reader.and_then(|mut reader| read_store(&mut store, &mut *reader, config, wanted, keep)) {
            Ok(read) => sessions.extend(read),
            Err(error) => store.sessions = Err(error),
        }
        stores.push(store);
    }
    Ok((stores, sessions))
}

/// Reads the sessions of one store.
///
/// # Errors
/// Where it cannot be read, or not to its end.
pub(super) fn read_store(
    store: &mut Store,
    reader: &mut dyn Reader,
    config: &Config,
    wanted: Wanted<'_>,
    keep: Keep<'_>,
) -> Result<Vec<Evidence>> {
    let (mut listed, mut kept, mut another) = (0, Vec::new(), None);
    loop {
        let more = reader.more()?;
        if more.is_empty() {
            store.sessions = Ok(listed);
            return Ok(kept);
        }
        listed += more.len();
        let sessions = more.into_iter().filter_map(|one| store.session(one, config));
        let mut sessions: Vec<Evidence> = sessions.filter(|one| wanted(&one.key)).collect();
        if sessions.len() >= MANY && another.is_none() {
            another = reader.another();
        }
        fill(reader, another.as_mut(), &mut sessions);
        for one in &mut sessions {
            let Ok(history) = &mut one.history else { continue };
            history.commands.iter_mut().for_each(Command::look);
            let damages = history.damages.sentences();
            store.warnings.extend(damages.map(|damage| format!("{}: {damage}", one.key)));
        }
        kept.extend(sessions.into_iter().filter_map(&mut *keep));
    }
}

impl Store {
    /// Makes evidence of a session that it lists, so far by its row alone; `None` for one of no name.
    fn session(&mut self, listed: Listed, config: &Config) -> Option<Evidence> {
        let Listed { key, agent, row } = listed;
        let key: SessionKey = match key.parse() {
            Ok(key) => key,
            Err(error) => {
                self.warnings.push(error.full());
                return None;
            }
        };
        let agent = key.agent().or(agent).unwrap_or_else(|| self.agent.clone());
        let key = config.key_of(&agent, key);
        let is_default = agent == config.default_agent;
        let in_files = self.kind == StoreKind::Jsonl && config.agents_share_a_key();
        let out_of_reach = in_files && !is_default && key == SessionKey::of_agent(&agent);
        let shared = in_files && key.is_global();
        let (row, history) = match row {
            // Its turns are written into the default agent's row (measured): the transcript alone tells.
            Ok(row) if out_of_reach => {
                (Row { status: None, pending_reply: None, ..row }, Ok(History::default()))
            }
            Ok(row) => (Row { shared, ..row }, Ok(History::default())),
            Err(error) => (Row::default(), Err(error)),
        };
        Some(Evidence { agent, writer: None, key, out_of_reach, row, history })
    }
}

/// Fills in the sessions, half of them by `another` reader beside the first: most of the time goes into what they hold.
fn fill(reader: &mut dyn Reader, another: Option<&mut Box<dyn Reader + Send>>, sessions: &mut [Evidence]) {
    let Some(another) = another else { return fill_in_parts(reader, sessions) };
    let (first, second) = sessions.split_at_mut(sessions.len() / 2);
    thread::scope(|scope| {
        scope.spawn(|| fill_in_parts(another.as_mut(), second));
        fill_in_parts(reader, first);
    });
}

fn fill_in_parts(reader: &mut dyn Reader, sessions: &mut [Evidence]) {
    for part in sessions.chunks_mut(PART) {
        reader.fill(part);
        part.iter_mut().for_each(Evidence::rest);
    }
}

/// Where a store may stand: as files, or as the database that they were moved into.
#[derive(Debug, PartialEq, Eq)]
struct Place {
    agent: AgentId,
    rows: Option<PathBuf>,
    databases: Vec<PathBuf>,
    /// Below the state directory, from where nothing may lead out.
    is_ours: bool,
}

type Opened = (StoreKind, PathBuf, Result<Box<dyn Reader>>);

impl Place {
    /// Opens what stands there. Files beside a database are what was moved into it, and are not read.
    fn open(&self, state: &Path) -> Option<Opened> {
        for database in self.databases.iter().filter(|path| is_there(path)) {
            let opened = self.checked(state, database).and_then(|path| Sqlite::open(&path));
            // One without sessions is for something else.
            if let Some(opened) = opened.transpose() {
                let reader = opened.map(|reader| Box::new(reader) as Box<dyn Reader>);
                return Some((StoreKind::Sqlite, database.clone(), reader));
            }
        }
        let rows = self.rows.as_ref().filter(|path| is_there(path))?;
        let reader = self.checked(state, rows).and_then(|path| Jsonl::open(&path, state));
        Some((StoreKind::Jsonl, rows.clone(), reader.map(|reader| Box::new(reader) as Box<dyn Reader>)))
    }

    fn checked(&self, state: &Path, path: &Path) -> Result<PathBuf> {
        let path = if self.is_ours { inside(&[real(state)?], path)? } else { path.to_owned() };
        only_a_file(&path).map_err(|error| failed("read", &path, error))?;
        Ok(path)
    }
}

/// Tells whether something stands there; what cannot be looked at does, so that whoever opens it says why it cannot.
fn is_there(path: &Path) -> bool {
    let error = fs::symlink_metadata(path).err().map(|error| error.kind());
    !matches!(error, Some(ErrorKind::NotFound | ErrorKind::NotADirectory))
}

/// Lists where stores may be: one for each agent that is configured or has a folder.
fn places(state: &Path, config: &Config) -> Result<Vec<Place>> {
    let folders = state.join("agents");
    let mut agents: BTreeSet<AgentId> = config.agents.iter().cloned().collect();
    match fs::read_dir(&folders) {
        Ok(entries) => {
            let names = entries.flatten().filter_map(|entry| entry.file_name().into_string().ok());
            agents.extend(names.filter_map(|name| name.parse().ok()));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => {}
        Err(error) => return Err(failed("list the agents in", &folders, error)),
    }
    Ok(match config.session_store.as_deref() {
        None => agents.into_iter().map(|agent| Place::of(agent, &folders)).collect(),
        Some(store) if store.contains(AGENT) => agents
            .into_iter()
            .map(|agent| {
                let store = store.replace(AGENT, agent.as_str());
                Place::elsewhere(agent, &store)
            })
            .collect(),
        Some(store) => Place::shared(agents, &config.default_agent, store),
    })
}

impl Place {
    /// The usual place of an agent.
    fn of(agent: AgentId, folders: &Path) -> Self {
        let folder = folders.join(agent.as_str());
        let (rows, database) = (folder.join("sessions").join(ROWS), folder.join("agent").join(DATABASE));
        Self { agent, rows: Some(rows), databases: vec![database], is_ours: true }
    }

    /// A place of the operator's choice for one agent.
    fn elsewhere(agent: AgentId, store: &str) -> Self {
        let rows = expand_home(store);
        let database = moved_to(&rows);
        let named = named_for(&database, &agent);
        Self { agent, rows: Some(rows), databases: vec![database, named], is_ours: false }
    }

    /// A place of the operator's choice for all agents: one file, that is moved into a database for each of them.
    fn shared(agents: BTreeSet<AgentId>, default: &AgentId, store: &str) -> Vec<Self> {
        let mut places: Vec<Self> = agents.into_iter().map(|agent| Self::elsewhere(agent, store)).collect();
        let is_moved = places.iter().flat_map(|place| &place.databases).any(|path| path.exists());
        for place in &mut places {
            if place.agent != *default {
                place.databases.remove(0);
            }
            if is_moved || place.agent != *default {
                place.rows = None;
            }
        }
        places
    }
}

/// Returns the database that a `session.store` is moved into (2026.9.6, read).
fn moved_to(rows: &Path) -> PathBuf {
    if rows.extension().is_some_and(|extension| extension == "sqlite") {
        return rows.to_owned();
    }
    if rows.file_name().is_some_and(|name| name != ROWS) {
        return rows.with_extension("sqlite");
    }
    let folder = rows.parent().unwrap_or(Path::new("."));
    let agent = folder.parent().filter(|_| folder.ends_with("sessions"));
    match agent.filter(|agent| agent.parent().is_some_and(|agents| agents.ends_with("agents"))) {
        Some(agent) => agent.join("agent").join(DATABASE),
        None => folder.join(DATABASE),
    }
}

/// Returns the database beside it that belongs to one agent of several.
fn named_for(database: &Path, agent: &AgentId) -> PathBuf {
    database.with_extension(format!("{agent}.sqlite"))
}

#[cfg(test)]
mod tests;
