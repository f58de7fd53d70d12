//! Where things are: the gateway's state, the workspace, and this program's own files.

use std::path::{Path, PathBuf};

/// Knows the two folders everything stands in.
#[derive(Clone, Debug)]
pub struct Paths {
    /// The gateway's state directory.
    pub state: PathBuf,
    /// The agent's workspace.
    pub workspace: PathBuf,
}

impl Paths {
    /// Returns the folder of this program's own durable files.
    #[must_use]
    pub fn own(&self) -> PathBuf {
        self.state.join("comeback")
    }

    /// Returns the ledger's path.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.own().join("ledger.jsonl")
    }

    /// Returns the path of the lock that one run at a time holds.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.own().join("lock")
    }

    /// Returns the path of the device identity.
    #[must_use]
    pub fn device(&self) -> PathBuf {
        self.own().join("device.json")
    }

    /// Returns the path of the machine's policy.
    #[must_use]
    pub fn policy(&self) -> PathBuf {
        self.own().join("config.yaml")
    }

    /// Returns the path of the workspace's policy, which may only tighten the machine's.
    #[must_use]
    pub fn workspace_policy(&self) -> PathBuf {
        self.workspace.join("comeback.yaml")
    }

    /// Returns the folder of the workspace's own templates, one folder a language.
    #[must_use]
    pub fn templates(&self) -> PathBuf {
        self.workspace.join("comeback/templates")
    }

    /// Returns the file in which the seed boot-resume claims a session.
    #[must_use]
    pub fn seed_claim(&self) -> PathBuf {
        self.workspace.join("state/restart-resume.json")
    }

    /// Returns the folder that holds one folder of checkpoints a day.
    #[must_use]
    pub fn checkpoints(&self) -> PathBuf {
        self.workspace.join("memory/restart-checkpoints")
    }

    /// Returns the folder of the long tasks' state files.
    #[must_use]
    pub fn tasks(&self) -> PathBuf {
        self.workspace.join("memory/tasks")
    }

    /// Returns the path of the lock that a change of a task takes, for a moment.
    #[must_use]
    pub fn task_lock(&self) -> PathBuf {
        self.own().join("tasks.lock")
    }

    /// Returns the folder of the agents' notes.
    #[must_use]
    pub fn notes(&self) -> PathBuf {
        self.workspace.join("memory/notes")
    }

    /// Returns the path of the workspace's snapshot.
    #[must_use]
    pub fn now(&self) -> PathBuf {
        self.workspace.join("NOW.md")
    }
}

/// Replaces a leading `~` by the home directory, as shells and `OpenClaw` do.
#[must_use]
pub fn expand_home(path: &str) -> PathBuf {
    match (path.strip_prefix('~'), std::env::home_dir()) {
        (Some(""), Some(home)) => home,
        (Some(rest), Some(home)) if rest.starts_with('/') => home.join(rest.trim_start_matches('/')),
        _ => Path::new(path).to_owned(),
    }
}
