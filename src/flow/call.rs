//! Tool calls for an agent to make itself, where this program cannot or must not.

use serde::Serialize;
use serde_json::{Value, json};

use crate::gateway::jobs::Spec;
use crate::gateway::tools::{Restart, Schedule};
use crate::model::{Route, SessionKey};

/// One call of one of the agent's tools.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ToolCall {
    /// The tool's name.
    pub tool: String,
    /// Its parameters, complete.
    pub params: Value,
}

impl ToolCall {
    fn new(tool: &str, params: Value) -> Self {
        Self { tool: tool.to_owned(), params }
    }

    /// Sends a text to a chat.
    #[must_use]
    pub fn message(route: &Route, text: &str) -> Self {
        let mut params =
            json!({ "action": "send", "channel": route.channel, "target": route.to, "message": text });
        if let Some(account) = &route.account_id {
            params["accountId"] = json!(account);
        }
        if let Some(thread) = &route.thread_id {
            params["threadId"] = json!(thread);
        }
        Self::new("message", params)
    }

    /// Schedules a job.
    #[must_use]
    pub fn schedule(tool: Schedule, job: &Spec<'_>) -> Self {
        Self::new(tool.tool(), json!({ "action": "add", "job": job.params() }))
    }

    /// Restarts the gateway.
    #[must_use]
    pub fn restart(tool: Restart, reason: &str) -> Self {
        let params = match tool {
            Restart::Gateway => json!({ "action": "restart", "reason": reason, "note": reason }),
            Restart::Openclaw => json!({ "message": format!("Restart the gateway. Reason: {reason}") }),
        };
        Self::new(tool.tool(), params)
    }

    /// Sends a message to a session.
    #[must_use]
    pub fn resume(session: &SessionKey, message: &str) -> Self {
        Self::new("sessions_send", json!({ "sessionKey": session, "message": message }))
    }
}
