//! Reads a session's evidence from the gateway itself.

use serde::Deserialize;
use serde_json::{Value, json};

use super::evidence::{Author, Entry, Evidence, RunStatus};
use crate::gateway::{CallError, Gateway};
use crate::model::{Route, SessionKey};
use crate::support::clock::from_millis;
use crate::support::error::{Error, Kind, Result};

/// How many of the last messages are asked for.
const TAIL: usize = 40;
/// The providers and models of assistant messages that no agent wrote.
const MIRRORS: [&str; 2] = ["delivery-mirror", "gateway-injected"];

/// Reads one session; `None` where the gateway knows none of that key.
///
/// # Errors
/// Where the gateway does not answer, or not in a known shape.
pub fn read(gateway: &mut Gateway, key: &SessionKey) -> Result<Option<Evidence>> {
    let answer = match gateway.call("sessions.describe", &json!({ "key": key })) {
        // It is no key of this gateway's: people write checkpoints too.
        Err(CallError::Refused(refusal)) if refusal.code == "INVALID_REQUEST" => return Ok(None),
        answer => answer?,
    };
    let Some(row) = answer.get("session").filter(|row| !row.is_null()) else {
        return Ok(None);
    };
    let row = Row::deserialize(row).map_err(|error| unexpected("sessions.describe", key, error))?;
    let answer = gateway.call("chat.history", &json!({ "sessionKey": key, "limit": TAIL }))?;
    let history = History::deserialize(&answer).map_err(|error| unexpected("chat.history", key, error))?;
    Ok(Some(row.into_evidence(key, history)))
}

fn unexpected(method: &str, key: &SessionKey, error: serde_json::Error) -> Error {
    Error::new(Kind::Gateway, format!("the gateway's answer to {method} for {key} has an unknown shape"))
        .because(error)
        .hint("run `openclaw --version` and see whether a newer comeback knows that version")
}

/// The fields of a session's row that matter; all others are left alone.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Row {
    session_id: Option<String>,
    status: Option<String>,
    #[serde(default)]
    aborted_last_run: bool,
    #[serde(default)]
    has_active_run: bool,
    started_at: Option<i64>,
    updated_at: Option<i64>,
    delivery_context: Option<DeliveryContext>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DeliveryContext {
    channel: Option<String>,
    to: Option<String>,
    account_id: Option<String>,
    /// A number on some channels, text on others.
    thread_id: Option<Value>,
}

impl Row {
    fn into_evidence(self, key: &SessionKey, history: History) -> Evidence {
        let status = match self.status.as_deref() {
            Some("running") => RunStatus::Running,
            Some("failed") => RunStatus::Failed,
            _ => RunStatus::Ended,
        };
        Evidence {
            key: key.clone(),
            session_id: self.session_id,
            status,
            aborted: self.aborted_last_run,
            active: self.has_active_run,
            started_at: self.started_at.and_then(from_millis),
            updated_at: self.updated_at.and_then(from_millis),
            route: self.delivery_context.and_then(DeliveryContext::into_route),
            entries: history.messages.into_iter().map(Message::into_entry).collect(),
        }
    }
}

impl DeliveryContext {
    fn into_route(self) -> Option<Route> {
        let thread_id = match self.thread_id {
            Some(Value::String(text)) => Some(text),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        Some(Route { channel: self.channel?, to: self.to?, account_id: self.account_id, thread_id })
    }
}

#[derive(Deserialize)]
struct History {
    #[serde(default)]
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Message {
    role: String,
    #[serde(default)]
    content: Value,
    model: Option<String>,
    provenance: Option<Value>,
    timestamp: Option<i64>,
    #[serde(rename = "__openclaw")]
    record: Option<RecordInfo>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RecordInfo {
    id: Option<String>,
    record_timestamp_ms: Option<i64>,
}

impl Message {
    fn into_entry(self) -> Entry {
        let text = text_of(&self.content);
        let author = match self.role.as_str() {
            "user" => Author::of_user_message(&text, self.provenance.is_some()),
            "assistant" if self.model.as_deref().is_some_and(|model| MIRRORS.contains(&model)) => {
                Author::System
            }
            "assistant" => Author::Agent,
            "toolResult" => Author::Tool,
            _ => Author::System,
        };
        let (id, recorded) =
            self.record.map_or((None, None), |record| (record.id, record.record_timestamp_ms));
        Entry { id, at: recorded.or(self.timestamp).and_then(from_millis), author, text }
    }
}

/// Joins the text parts of a message's content, which is a string or a list of parts.
fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part.get("text")?.as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::fake;
    use crate::support::paths::Paths;

    #[test]
    fn a_row_and_history_as_2026_7_1_answers_them() {
        let row = json!({
            "key": "agent:main:telegram:direct:77", "sessionId": "f1bdfb4f", "status": "running",
            "abortedLastRun": true, "hasActiveRun": false, "startedAt": 1_795_217_955_949_i64,
            "deliveryContext": {"channel": "telegram", "to": "telegram:77", "accountId": "default", "threadId": 5},
        });
        let history = json!({"messages": [
            {"role": "user", "content": "hi bot", "timestamp": 1_795_217_953_000_i64,
             "__openclaw": {"id": "0d470ee1", "recordTimestampMs": 1_795_217_955_975_i64, "seq": 1}},
            {"role": "assistant", "content": [{"type": "text", "text": "hello"}], "model": "mock"},
            {"role": "assistant", "content": [{"type": "text", "text": "a notice"}], "model": "delivery-mirror"},
        ]});
        let key = "agent:main:telegram:direct:77".parse().expect("a key");
        let row = Row::deserialize(&row).expect("a row");
        let evidence = row.into_evidence(&key, History::deserialize(&history).expect("a history"));
        assert_eq!(evidence.status, RunStatus::Running);
        assert!(evidence.aborted && !evidence.active);
        assert_eq!(evidence.route.as_ref().and_then(|route| route.thread_id.as_deref()), Some("5"));
        let authors: Vec<_> = evidence.entries.iter().map(|entry| entry.author).collect();
        assert_eq!(authors, [Author::Person, Author::Agent, Author::System]);
        assert_eq!(evidence.entries[0].at.map(|at| at.timestamp_millis()), Some(1_795_217_955_975));
        assert_eq!(evidence.last_entry_id(), Some("0d470ee1"));
    }

    #[test]
    fn a_key_that_the_gateway_refuses_is_an_unknown_session() {
        let dir = tempfile::tempdir().expect("a folder");
        let paths = Paths { state: dir.path().to_owned(), workspace: dir.path().join("workspace") };
        let port = fake::serve(|_, mut peer| {
            peer.welcome(&[]);
            while let Some(request) = peer.request() {
                let code =
                    if request["params"]["key"] == "global" { "INVALID_REQUEST" } else { "UNAVAILABLE" };
                peer.refuse(&request["id"], &json!({"code": code, "message": "no"}));
            }
        });
        let mut gateway = fake::connect(&paths, port);
        let mut ask = |key: &str| read(&mut gateway, &key.parse().expect("a key"));
        assert_eq!(ask("global").expect("it is no error"), None);
        assert_eq!(ask("agent:main:main").expect_err("nobody knows").kind(), Kind::Gateway);
    }
}
