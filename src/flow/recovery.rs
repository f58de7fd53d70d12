//! A recovery in words: who asks for it, what is asked, what became of it.

use std::path::PathBuf;

use super::call::ToolCall;
use crate::ledger::Dealt;
use crate::model::{Boot, SessionKey};
use crate::plan::Item;
use crate::support::redact::redact;

/// Who calls for a recovery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trigger {
    /// The gateway's startup hook.
    Startup,
    /// The machine has woken.
    Wake,
    /// The recovery job, in the session that prepared.
    Job,
    /// A person, or an agent that was asked to.
    Manual,
}

impl Trigger {
    /// Returns the trigger's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Startup => "startup",
            Self::Wake => "wake",
            Self::Job => "job",
            Self::Manual => "manual",
        }
    }
}

/// What on this machine has called by itself, so that it is known to work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Source {
    /// The gateway's startup hook.
    Hook,
    /// A unit of systemd.
    Systemd,
    /// An agent of launchd.
    Launchd,
}

impl Source {
    /// Returns the name that the ledger keeps.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Hook => "hook",
            Self::Systemd => "systemd",
            Self::Launchd => "launchd",
        }
    }
}

/// Who asks for a recovery, and for what it waits.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    /// Who calls.
    pub trigger: Trigger,
    /// Whether to wait for a gateway that is still starting.
    pub wait_gateway: bool,
    /// Whether to follow the runs to their end.
    pub wait: bool,
    /// Whether to change and send nothing.
    pub dry_run: bool,
}

/// How a recovery ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There was nothing to recover.
    Nothing,
    /// The policy has switched recovery off.
    Disabled,
    /// The restart has not come yet; nothing was sent, and the job is armed again.
    NotYet,
    /// The restart has not come, and is no longer waited for; its user was told.
    NeverHappened,
    /// Each item was sent, held or skipped.
    Recovered,
    /// Something failed, or nobody knows; the checkpoint stays open for the next run.
    Incomplete,
    /// The gateway could not be reached; the report holds the calls that an agent can make itself.
    Unreachable,
}

impl Outcome {
    /// Returns the outcome's stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::Disabled => "disabled",
            Self::NotYet => "not-yet",
            Self::NeverHappened => "never-happened",
            Self::Recovered => "recovered",
            Self::Incomplete => "incomplete",
            Self::Unreachable => "unreachable",
        }
    }
}

/// What a recovery did.
#[derive(Clone, Debug)]
pub struct Report {
    /// How it ended.
    pub outcome: Outcome,
    /// Whether nothing was really done.
    pub dry_run: bool,
    /// The checkpoint that it was about.
    pub checkpoint: Option<(String, PathBuf)>,
    /// The boot that it found.
    pub boot: Option<Boot>,
    /// One for each session of the checkpoint, and each that the stop cut off.
    pub items: Vec<ItemReport>,
    /// What the calling agent has to do now; only for the trigger `job`.
    pub own: Option<String>,
    /// What the calling agent, or person, has to tell the user, who could not be told.
    pub say: Option<String>,
    /// Calls for an agent to make, where the gateway could not be reached.
    pub calls: Vec<ToolCall>,
    /// What is worth knowing.
    pub warnings: Vec<String>,
}

/// What became of one item.
#[derive(Clone, Debug)]
pub struct ItemReport {
    /// The item, as it was planned.
    pub item: Item,
    /// What became of it.
    pub state: ItemState,
}

/// What became of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemState {
    /// The gateway took it, now or in an earlier run.
    Resumed,
    /// Its run was followed to the end; says how it ended.
    Finished(String),
    /// A person must confirm it.
    Held,
    /// There was nothing to do.
    Skipped,
    /// It did not work; says why.
    Failed(String),
    /// It would be sent, were this no dry run, or could the gateway be reached.
    Due,
}

impl ItemState {
    /// Returns the state's stable name.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Resumed => "resumed",
            Self::Finished(_) => "finished",
            Self::Held => "held",
            Self::Skipped => "skipped",
            Self::Failed(_) => "failed",
            Self::Due => "due",
        }
    }

    /// Returns more about it, where it is not plain.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Finished(how) => Some(how),
            Self::Failed(why) => Some(why),
            Self::Resumed | Self::Held | Self::Skipped | Self::Due => None,
        }
    }
}

impl ItemReport {
    /// Puts it down for the ledger.
    pub(super) fn dealt(&self) -> Dealt {
        let item = &self.item;
        Dealt {
            key: item.key.clone(),
            session_key: item.session_key.clone(),
            about: item.about.as_deref().map(|about| redact(about).into_owned()),
            verdict: item.verdict,
            decision: item.ruling.decision,
            rule: item.ruling.rule.clone(),
            reason: item.ruling.reason.clone(),
            state: self.state.name().to_owned(),
            detail: self.state.detail().map(str::to_owned),
        }
    }
}

impl Report {
    /// Tells whether a session's item is among what was done.
    pub(super) fn deals_with(&self, session: &SessionKey) -> bool {
        self.items.iter().any(|one| one.item.session_key == *session)
    }

    pub(super) fn new(request: Request, outcome: Outcome) -> Self {
        Self {
            outcome,
            dry_run: request.dry_run,
            checkpoint: None,
            boot: None,
            items: Vec::new(),
            own: None,
            say: None,
            calls: Vec::new(),
            warnings: Vec::new(),
        }
    }
}
