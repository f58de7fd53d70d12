//! Which tools an agent has for what this program asks of it.

use std::fs;
use std::path::Path;

use serde_json::json;

use super::client::Gateway;
use super::failure::CallError;
use crate::model::SessionKey;

/// The agent's way to restart the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restart {
    /// `gateway {action: "restart", reason, note, continuationMessage, sessionKey}`, up to 2026.7.
    Gateway,
    /// `openclaw {message}`, from 2026.8 on: a request in words, which may ask the operator.
    Openclaw,
}

/// The agent's way to schedule; both take `{action: "add", job}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// Up to 2026.7.
    Cron,
    /// From 2026.8 on.
    Automations,
}

impl Restart {
    /// Returns the tool's name.
    #[must_use]
    pub const fn tool(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Openclaw => "openclaw",
        }
    }
}

impl Schedule {
    /// Returns the tool's name.
    #[must_use]
    pub const fn tool(self) -> &'static str {
        match self {
            Self::Cron => "cron",
            Self::Automations => "automations",
        }
    }
}

/// What the agent of one session can do; what its tool policy takes away is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tools {
    /// How it restarts the gateway.
    pub restart: Option<Restart>,
    /// How it schedules.
    pub schedule: Option<Schedule>,
    /// Whether it can send messages with `message {action: "send", channel, target, message}`.
    pub message: bool,
}

impl Tools {
    /// What agents usually have, where the gateway does not tell; `new`: from 2026.8 on.
    #[must_use]
    pub const fn usual(new: bool) -> Self {
        Self {
            restart: Some(if new { Restart::Openclaw } else { Restart::Gateway }),
            schedule: Some(if new { Schedule::Automations } else { Schedule::Cron }),
            message: true,
        }
    }
}

/// Tells whether this gateway's agents ask the operator for a restart, as they do from 2026.8 on.
#[must_use]
pub fn asks_operator(gateway: &Gateway, state: &Path) -> bool {
    gateway.has("openclaw.chat") || has_sqlite_store(state)
}

/// Tells whether agents may address each other where the configuration does not say (from 2026.9 on, read).
#[must_use]
pub fn agents_are_open(gateway: &Gateway) -> bool {
    gateway.has("openclaw.chat")
}

/// Tells whether this is the state of a gateway from 2026.8 on: each agent's store is a database of its own.
#[must_use]
pub fn has_sqlite_store(state: &Path) -> bool {
    let agents = fs::read_dir(state.join("agents")).into_iter().flatten().flatten();
    agents.into_iter().any(|agent| agent.path().join("agent/openclaw-agent.sqlite").is_file())
}

/// Asks for the tools of a session; one without a turn is "unknown" to all three versions (measured), and has the usual.
///
/// `tools.catalog` would tell of any, and takes the channels of 2026.5.28 with it until the next start (measured).
///
/// # Errors
/// Where the gateway does not answer.
pub fn of(gateway: &mut Gateway, session: &SessionKey) -> Result<Tools, CallError> {
    let answer = match gateway.call("tools.effective", &json!({"sessionKey": session})) {
        Err(CallError::Refused(_)) => return Ok(Tools::usual(gateway.has("openclaw.chat"))),
        answer => answer?,
    };
    let groups = answer["groups"].as_array().into_iter().flatten();
    let ids: Vec<&str> = groups
        .flat_map(|group| group["tools"].as_array().into_iter().flatten())
        .filter_map(|tool| tool["id"].as_str())
        .collect();
    let has = |tool: &str| ids.contains(&tool);
    // From 2026.8 on the tool `gateway` is still there and cannot restart any more (measured).
    let delegates =
        gateway.has("openclaw.chat") || has(Restart::Openclaw.tool()) || has(Schedule::Automations.tool());
    let (restart, schedule) = if delegates {
        (Restart::Openclaw, Schedule::Automations)
    } else {
        (Restart::Gateway, Schedule::Cron)
    };
    Ok(Tools {
        restart: has(restart.tool()).then_some(restart),
        schedule: has(schedule.tool()).then_some(schedule),
        message: has("message"),
    })
}
