//! An agent's last words: what it was about, in its own judgement. Nothing here sends anything.
//!
//! The shape is that of the discussion under boot-resume: `agent, task, progress, last_action, timestamp, can_resume,
//! note_to_self`; `session_key` is ours.

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::model::{AgentId, SessionKey};
use crate::support::document::{self, Document, Listed};
use crate::support::error::{Error, Kind, Result};
use crate::support::fs::failed;
use crate::support::paths::Paths;

/// What an agent leaves behind every few minutes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// Whose words these are.
    pub agent: AgentId,
    /// What it is doing.
    #[serde(default)]
    pub task: Option<String>,
    /// How far it is.
    #[serde(default)]
    pub progress: Option<String>,
    /// What it did last.
    #[serde(default)]
    pub last_action: Option<String>,
    /// When it wrote this.
    pub timestamp: DateTime<Utc>,
    /// Whether the work may go on after a stop without a person.
    #[serde(default = "yes")]
    pub can_resume: bool,
    /// What it wants to know when it reads this again.
    #[serde(default)]
    pub note_to_self: Option<String>,
    /// The session that it is about; none is whichever session of the agent's was cut off.
    #[serde(default)]
    pub session_key: Option<SessionKey>,
}

/// Who writes nothing else means to go on.
const fn yes() -> bool {
    true
}

/// Finds the notes of a workspace: one file an agent.
#[derive(Clone, Debug)]
pub struct Store {
    workspace: PathBuf,
    folder: PathBuf,
}

impl Store {
    /// Makes the store of a workspace, whose folder of notes need not exist.
    #[must_use]
    pub fn new(paths: &Paths) -> Self {
        Self { workspace: paths.workspace.clone(), folder: paths.notes() }
    }

    /// Returns where an agent's note stands, or would.
    ///
    /// # Errors
    /// Where the agent's name is no name of a file.
    pub fn path(&self, agent: &AgentId) -> Result<PathBuf> {
        let name = agent.as_str();
        if name.starts_with('.') || name.contains(['/', '\\']) || name.len() > 120 {
            let message = format!("the agent {name:?} cannot have a note: its name is no name of a file");
            return Err(Error::new(Kind::User, message).hint("name the agent as `agents.list` does"));
        }
        Ok(self.folder.join(format!("{name}.json")))
    }

    /// Replaces an agent's note.
    ///
    /// # Errors
    /// Where a newer program wrote the one that stands there, it does not parse, or the file cannot be written.
    pub fn write(&self, note: Note) -> Result<PathBuf> {
        let path = self.path(&note.agent)?;
        let document = match Document::<Note>::read(&self.workspace, &path)? {
            Some(old) => old.replaced(note),
            None => Document::new(note),
        };
        document.write(&self.workspace, &path)?;
        Ok(path)
    }

    /// Lists the notes, the newest first; a file that cannot be read comes at the end, with its error.
    ///
    /// # Errors
    /// Where the folder cannot be listed.
    pub fn list(&self) -> Result<Vec<Listed<Note>>> {
        let read = |path: &Path| {
            let note = Document::<Note>::read(&self.workspace, path)?;
            let gone = || failed("read", path, std::io::ErrorKind::NotFound.into());
            note.map(|note| note.known).ok_or_else(gone)
        };
        document::list(&self.folder, read, |note| note.timestamp)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use std::fs;

    use super::*;

    const DISCUSSION: &str = include_str!("../tests/fixtures/notes/discussion.json");
    const V1: &str = include_str!("../tests/fixtures/notes/v1.json");

    #[test]
    fn files_of_every_format_load_and_keep_what_is_not_known() {
        let note = Document::<Note>::parse("discussion.json", DISCUSSION).unwrap();
        assert_eq!(note.known.last_action.as_deref(), Some("web_fetch huggingface blog"));
        assert!(note.known.can_resume && note.render("discussion.json").unwrap().contains("opening_line"));
        assert_eq!(Document::<Note>::parse("v1.json", V1).unwrap().render("v1.json").unwrap(), V1);
    }

    #[test]
    fn one_note_an_agent_and_none_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths { state: dir.path().join("state"), workspace: dir.path().join("workspace") };
        fs::create_dir_all(paths.notes()).unwrap();
        fs::write(paths.notes().join("main.json"), DISCUSSION.replace("miaoquai_ops", "main")).unwrap();
        fs::write(paths.notes().join("bad.json"), "{\n").unwrap();
        let store = Store::new(&paths);
        let mut note = Document::<Note>::parse("v1.json", V1).unwrap().known;
        for agent in ["main", "知识管家"] {
            note.agent = agent.parse().unwrap();
            store.write(note.clone()).unwrap();
        }
        let text = fs::read_to_string(paths.notes().join("main.json")).unwrap();
        assert!(text.contains("opening_line") && text.contains("15/47"), "{text}");
        let listed = store.list().unwrap();
        assert_eq!((listed.len(), listed[2].content.is_err()), (3, true));
        for agent in ["../x", "a/b", ".hidden"] {
            note.agent = agent.parse().unwrap();
            assert!(store.write(note.clone()).is_err(), "{agent}");
        }
        note.agent = "bad".parse().unwrap();
        assert!(store.write(note).unwrap_err().full().contains("bad.json:"), "it is left alone");
    }
}
