//! The state file: the seed's State Contract first, then what this program adds.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::id::TaskId;
use crate::model::{AgentId, Boot, SessionKey};
use crate::support::error::{Error, Kind, Result};

/// How a task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Somebody holds it.
    Running,
    /// It waits for its wake.
    Waiting,
    /// Only a person lets it go on.
    Blocked,
    /// It has reached its goal.
    Done,
    /// It was given up.
    Failed,
}

impl Status {
    /// Returns the word that files and people have for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Blocked => "blocked",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Tells whether nothing is left to do.
    #[must_use]
    pub const fn is_finished(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}

/// Why a task is woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WakeReason {
    /// The time of its turn was running out.
    TimeoutRecovery,
    /// What it waits for may be there.
    DependencyReady,
    /// The next part is planned for then.
    ScheduledProgress,
}

impl WakeReason {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::TimeoutRecovery, Self::DependencyReady, Self::ScheduledProgress];

    /// Returns the seed's word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TimeoutRecovery => "timeout_recovery",
            Self::DependencyReady => "dependency_ready",
            Self::ScheduledProgress => "scheduled_progress",
        }
    }
}

impl FromStr for WakeReason {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|reason| reason.name() == text).ok_or_else(|| {
            let names = Self::ALL.map(Self::name).join(", ");
            Error::new(Kind::Usage, format!("{text:?} is no reason for a wake: {names} are"))
        })
    }
}

impl fmt::Display for WakeReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Who works on a task: given once to each who takes it up, until it is given back or they are shown to be gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// When it was taken, or last shown to be in use by a step.
    pub taken_at: DateTime<Utc>,
    /// The start of the gateway's life in which it was taken, where one ran.
    pub boot_started_at: Option<DateTime<Utc>>,
    /// That life's own name.
    pub boot_id: Option<String>,
    /// The session whose turn holds it.
    pub session_key: Option<SessionKey>,
    /// The job whose turn holds it, where it runs in a fresh session.
    pub job_id: Option<String>,
}

impl Lease {
    /// Makes the lease of a session's turn, outside of any life of the gateway.
    #[must_use]
    pub fn new(session_key: Option<SessionKey>, taken_at: DateTime<Utc>) -> Self {
        Self { taken_at, boot_started_at: None, boot_id: None, session_key, job_id: None }
    }

    /// Returns the gateway's life in which it was taken.
    #[must_use]
    pub fn boot(&self) -> Option<Boot> {
        self.boot_started_at.map(|started_at| Boot { started_at, boot_id: self.boot_id.clone() })
    }

    /// Says in which life of the gateway it is taken.
    #[must_use]
    pub fn in_boot(self, boot: Option<&Boot>) -> Self {
        Self {
            boot_started_at: boot.map(|boot| boot.started_at),
            boot_id: boot.and_then(|boot| boot.boot_id.clone()),
            ..self
        }
    }
}

/// The wake that a task waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wake {
    /// Why.
    pub reason: WakeReason,
    /// When.
    pub at: DateTime<Utc>,
    /// The session that is woken; none is a fresh one.
    pub session_key: Option<SessionKey>,
    /// The gateway's job; none where it may not have been scheduled.
    pub job_id: Option<String>,
}

/// An artifact as it was when its step was done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Its length in bytes.
    pub size: u64,
    /// Its SHA-256, in hex digits.
    pub sha256: String,
    /// The step that made it.
    pub step: String,
    /// When it was measured.
    pub recorded_at: DateTime<Utc>,
}

/// Why only a person lets a task go on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// Since when.
    pub at: DateTime<Utc>,
    /// The rule that blocked it.
    pub rule: String,
    /// One sentence for people.
    pub reason: String,
}

/// A long task, as its file has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// Its name, and its file's.
    pub task_id: TaskId,
    /// What it is to reach.
    pub goal: String,
    /// How it stands.
    pub status: Status,
    /// The step to be done next; none where all are done.
    #[serde(default)]
    pub current_step: Option<String>,
    /// How far it is, 0 to 100.
    #[serde(default)]
    pub progress_pct: u8,
    /// The steps that are done, in the order in which they were.
    #[serde(default)]
    pub last_completed: Vec<String>,
    /// What is to be done, in the agent's own words.
    #[serde(default)]
    pub next_actions: Vec<String>,
    /// The files that it has made, below the workspace.
    #[serde(default)]
    pub artifacts: Vec<String>,
    /// What went wrong; a seed's file may hold anything here.
    #[serde(default)]
    pub errors: Vec<Value>,
    /// How often it was resumed since a step was last done.
    #[serde(default)]
    pub retry_count: u32,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
    /// When it began.
    #[serde(default)]
    pub created_at: Option<DateTime<Utc>>,
    /// All its steps, in their order; none where a seed's file does not name them.
    #[serde(default)]
    pub steps: Vec<String>,
    /// What must be true at the end.
    #[serde(default)]
    pub done_criteria: Vec<String>,
    /// The session that it belongs to, and that is woken.
    #[serde(default)]
    pub session_key: Option<SessionKey>,
    /// The agent, where it has no session.
    #[serde(default)]
    pub agent: Option<AgentId>,
    /// How long a turn may take.
    #[serde(default)]
    pub timeout_seconds: Option<i64>,
    /// How long it was thought to take.
    #[serde(default)]
    pub estimate_seconds: Option<i64>,
    /// The artifacts as they were recorded, by their path below the workspace.
    #[serde(default)]
    pub records: BTreeMap<String, Record>,
    /// Who works on it.
    #[serde(default)]
    pub lease: Option<Lease>,
    /// How often it was taken up.
    #[serde(default)]
    pub leases: u32,
    /// The wake that it waits for.
    #[serde(default)]
    pub wake: Option<Wake>,
    /// How often a wake was asked for.
    #[serde(default)]
    pub wakes: u32,
    /// Why only a person lets it go on.
    #[serde(default)]
    pub blocked: Option<Blocked>,
}

impl Task {
    /// Returns the steps that are planned and not done.
    pub fn open_steps(&self) -> impl Iterator<Item = &str> {
        self.steps.iter().map(String::as_str).filter(|step| !self.is_completed(step))
    }

    /// Tells whether a step is done.
    #[must_use]
    pub fn is_completed(&self, step: &str) -> bool {
        self.last_completed.iter().any(|done| done == step)
    }

    /// Returns what is to be done: the agent's own words where it left any, else the steps that are open. A step that is
    /// done is never among them.
    #[must_use]
    pub fn to_do(&self) -> Vec<&str> {
        let own: Vec<&str> =
            self.next_actions.iter().map(String::as_str).filter(|next| !self.is_completed(next)).collect();
        if own.is_empty() { self.open_steps().collect() } else { own }
    }

    /// Returns the step to go on with.
    #[must_use]
    pub fn next_step(&self) -> Option<&str> {
        let noted = self.current_step.as_deref().filter(|step| !self.is_completed(step));
        self.open_steps().next().or(noted)
    }

    /// Returns the agent that works on it, where that is known.
    #[must_use]
    pub fn agent(&self) -> Option<AgentId> {
        self.session_key.as_ref().and_then(SessionKey::agent).or_else(|| self.agent.clone())
    }

    /// Checks what the types do not: a state that nobody must resume from is not valid.
    ///
    /// # Errors
    /// [`Kind::User`] that names the field.
    pub(super) fn validated(self, origin: &str) -> Result<Self> {
        let twice = |list: &[String]| {
            let mut seen = BTreeSet::new();
            list.iter().find(|one| !seen.insert(one.as_str())).cloned()
        };
        let wrong = if let Some(step) = twice(&self.steps) {
            Some(format!("steps: {step:?} stands there twice"))
        } else if let Some(step) = twice(&self.last_completed) {
            Some(format!("last_completed: {step:?} stands there twice"))
        } else if self.progress_pct > 100 {
            Some(format!("progress_pct: {} is more than 100", self.progress_pct))
        } else {
            let is_unknown = |done: &&String| !self.steps.is_empty() && !self.steps.contains(done);
            let unknown = self.last_completed.iter().find(is_unknown);
            unknown.map(|step| format!("last_completed: {step:?} is none of the steps"))
        };
        match wrong {
            None => Ok(self),
            Some(wrong) => Err(Error::new(Kind::User, format!("{origin}: {wrong}"))),
        }
    }
}
