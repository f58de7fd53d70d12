//! The folder of tasks: one file a task.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::id::TaskId;
use super::state::Task;
use crate::support::document::{self, Document, Listed, MEND};
use crate::support::error::{Error, Kind, Result};
use crate::support::fs::Lock;
use crate::support::paths::Paths;

/// How long the lock is waited for: a change takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Finds and reads the tasks of a workspace.
#[derive(Clone, Debug)]
pub struct Store {
    workspace: PathBuf,
    folder: PathBuf,
    lock: PathBuf,
}

/// The store, for one who changes it: only one does at a time.
#[derive(Debug)]
pub struct Locked<'a> {
    store: &'a Store,
    _lock: Lock,
}

impl Store {
    /// Makes the store of a workspace, whose folder of tasks need not exist.
    #[must_use]
    pub fn new(paths: &Paths) -> Self {
        Self { workspace: paths.workspace.clone(), folder: paths.tasks(), lock: paths.task_lock() }
    }

    /// Returns where a task stands, or would.
    #[must_use]
    pub fn path(&self, id: &TaskId) -> PathBuf {
        self.folder.join(format!("{id}.json"))
    }

    /// Lists the tasks, the last changed first; a file that cannot be read comes at the end, with its error.
    ///
    /// # Errors
    /// Where the folder cannot be listed.
    pub fn list(&self) -> Result<Vec<Listed<Task>>> {
        let read = |path: &Path| {
            let name = path.file_stem().unwrap_or_default().to_string_lossy();
            name.parse::<TaskId>().and_then(|id| self.load(&id))
        };
        document::list(&self.folder, read, |task| task.updated_at)
    }

    /// Reads a task.
    ///
    /// # Errors
    /// Where there is none of that name, or its file is no valid state.
    pub fn load(&self, id: &TaskId) -> Result<Task> {
        self.document(id).map(|document| document.known)
    }

    fn document(&self, id: &TaskId) -> Result<Document<Task>> {
        let path = self.path(id);
        let document = Document::<Task>::read(&self.workspace, &path)?.ok_or_else(|| {
            Error::new(Kind::User, format!("there is no task {id}: {} is missing", path.display()))
                .hint("`comeback task list` shows the tasks of this workspace")
        })?;
        let origin = path.display().to_string();
        if document.known.task_id != *id {
            let message =
                format!("{origin}: task_id is {}, and the file's name another", document.known.task_id);
            return Err(Error::new(Kind::User, message).hint("give the file the name of its task"));
        }
        document.known.clone().validated(&origin).map_err(|error| error.hint(MEND))?;
        Ok(document)
    }

    /// Takes the lock for a moment.
    ///
    /// # Errors
    /// [`Kind::Busy`] where another run holds it for long.
    pub fn lock(&self) -> Result<Locked<'_>> {
        Ok(Locked { store: self, _lock: Lock::acquire(&self.lock, PATIENCE)? })
    }

    /// Returns the workspace that its artifacts stand in.
    #[must_use]
    pub fn workspace(&self) -> &Path {
        &self.workspace
    }
}

impl Locked<'_> {
    /// Writes a new task, under another name where one of its name is there; returns it as it was written.
    ///
    /// # Errors
    /// Where the file cannot be written.
    pub fn create(&self, mut task: Task) -> Result<Task> {
        let mut number = 1;
        while fs::symlink_metadata(self.store.path(&task.task_id)).is_ok() {
            number += 1;
            task.task_id = TaskId::numbered(&task.goal, task.updated_at, number);
        }
        let document = Document::new(task);
        document.write(&self.store.workspace, &self.store.path(&document.known.task_id))?;
        Ok(document.known)
    }

    /// Changes a task: reads it, has `change` make its next state, and replaces the file if that is another. Nothing is
    /// written where `change` fails.
    ///
    /// # Errors
    /// Where there is no such task, its file is no valid state or a newer program's, or `change` fails.
    pub fn change<T>(&self, id: &TaskId, change: impl FnOnce(&mut Task) -> Result<T>) -> Result<(Task, T)> {
        let mut document = self.store.document(id)?;
        let before = document.known.clone();
        let outcome = change(&mut document.known)?;
        if document.known != before {
            document.write(&self.store.workspace, &self.store.path(id))?;
        }
        Ok((document.known, outcome))
    }
}
