//! A planned restart in words: what the agent asks for, and what was prepared.

use std::path::PathBuf;

use chrono::TimeDelta;

use super::call::ToolCall;
use crate::checkpoint::Block;
use crate::gateway::jobs::Job;
use crate::model::{Boot, SessionKey};

/// What an agent asks for before a restart: its session, why, and what it must know afterwards.
#[derive(Clone, Debug)]
pub struct Request {
    /// The session that asks; it comes back first.
    pub session_key: SessionKey,
    /// Why the gateway restarts.
    pub reason: String,
    /// How long after now the recovery job is due.
    pub delay: TimeDelta,
    /// What was happening.
    pub status: Option<String>,
    /// Tasks in progress.
    pub tasks: Vec<String>,
    /// What the session must know afterwards.
    pub context: Vec<String>,
    /// What to do after the restart.
    pub after: Vec<String>,
    /// The sessions that the agent described.
    pub snapshot: Vec<Block>,
    /// Whether the startup hook is installed: it is a way back by itself.
    pub hook: bool,
    /// Who makes which calls.
    pub mode: Mode,
    /// Whether to change nothing.
    pub dry_run: bool,
}

/// Who makes which calls: this program, or the agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// We do, all but the restart.
    Prepare,
    /// We do, and ask the gateway for the restart.
    PrepareAndRestart,
    /// The agent does; we write the files and name the calls.
    ToolCalls,
}

/// What was prepared for a restart, and what is left to the agent.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// The checkpoint's id.
    pub checkpoint: String,
    /// Where the checkpoint stands.
    pub path: PathBuf,
    /// The boot that was running.
    pub boot: Option<Boot>,
    /// The recovery job, as it was read back.
    pub job: Option<Job>,
    /// Whether the startup hook is installed.
    pub hook: bool,
    /// Whether the notice reached the gateway; none where there was nobody to tell.
    pub notified: Option<bool>,
    /// Calls for the agent to make, in this order, before the restart.
    pub calls: Vec<ToolCall>,
    /// How the restart comes about.
    pub restart: Restart,
    /// What the agent should know.
    pub warnings: Vec<String>,
}

/// How the restart comes about.
#[derive(Clone, Debug, PartialEq)]
pub enum Restart {
    /// The gateway was asked, and restarts when its work has drained.
    Requested,
    /// The agent makes this call.
    Call(ToolCall),
    /// The agent has no tool for it: a person restarts the gateway.
    Operator,
}
