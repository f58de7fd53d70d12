//! What goes over the wire; readers take what they know and ignore the rest.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::support::redact::redact;

/// A request frame.
#[derive(Serialize)]
pub(super) struct Request<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: &'a str,
    method: &'a str,
    params: &'a Value,
}

impl<'a> Request<'a> {
    pub const fn new(id: &'a str, method: &'a str, params: &'a Value) -> Self {
        Self { kind: "req", id, method, params }
    }
}

/// A frame from the gateway.
#[derive(Debug)]
pub(super) enum Frame {
    /// The first frame of a connection: what has to be signed.
    Challenge { nonce: String, at: i64 },
    /// The answer to a request.
    Response { id: String, outcome: Result<Value, Box<Refusal>> },
    /// An event that nothing here waits for.
    Other,
}

#[derive(Deserialize)]
struct Raw {
    #[serde(rename = "type")]
    kind: String,
    id: Option<String>,
    ok: Option<bool>,
    event: Option<String>,
    payload: Option<Value>,
    error: Option<Value>,
}

impl Frame {
    /// Reads a frame; `None` where the text is none.
    pub fn parse(text: &str) -> Option<Self> {
        let raw: Raw = serde_json::from_str(text).ok()?;
        let payload = raw.payload.unwrap_or_default();
        Some(match (raw.kind.as_str(), raw.id, raw.event.as_deref()) {
            ("event", _, Some("connect.challenge")) => {
                Self::Challenge { nonce: payload["nonce"].as_str()?.to_owned(), at: payload["ts"].as_i64()? }
            }
            ("res", Some(id), _) => {
                let outcome = match raw.ok {
                    Some(true) => Ok(payload),
                    _ => Err(Box::new(Refusal::read(&raw.error.unwrap_or_default()))),
                };
                Self::Response { id, outcome }
            }
            _ => Self::Other,
        })
    }
}

/// An answer by which the gateway declined a request: nothing was accepted, nothing will come of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refusal {
    /// The code, such as `UNAVAILABLE`, `INVALID_REQUEST` or `NOT_PAIRED`; empty where none came.
    pub code: String,
    /// The sentence.
    pub message: String,
    /// The finer code of `details.code`, such as `CRON_JOB_NOT_FOUND`.
    pub detail: Option<String>,
    /// The reason of `details.reason`, such as `startup-sidecars` or `scope-upgrade`.
    pub reason: Option<String>,
    /// The pairing request of `details.requestId`.
    pub request_id: Option<String>,
    /// Whether the gateway says that the same request may succeed later.
    pub retryable: bool,
    /// How long the gateway asks to wait before that.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    pub(super) fn read(error: &Value) -> Self {
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let details = &error["details"];
        Self {
            code: text(&error["code"]).unwrap_or_default(),
            message: error["message"]
                .as_str()
                .map_or_else(|| "the gateway gave no reason".to_owned(), |text| redact(text).into_owned()),
            detail: text(&details["code"]),
            reason: text(&details["reason"]),
            request_id: text(&details["requestId"]),
            retryable: error["retryable"] == Value::Bool(true),
            retry_after: error["retryAfterMs"].as_u64().map(Duration::from_millis),
        }
    }

    /// Makes a refusal of which nothing but its sentence is known.
    pub(super) fn said(message: &str) -> Self {
        Self { message: message.to_owned(), ..Self::default() }
    }

    /// Tells whether the gateway is there and not ready yet.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        self.code == "UNAVAILABLE" && self.retryable
    }
}

/// What the gateway says of itself when it lets us in.
#[derive(Clone, Debug)]
pub struct Hello {
    /// The version, such as `2026.7.1`.
    pub version: String,
    /// The gateway's name for this life of it, from 2026.9 on.
    pub boot_id: Option<String>,
    /// How long its *process* has been running: an in-process restart does not reset it (measured).
    pub uptime: Duration,
    /// Its state directory; told to admin connections only (measured).
    pub state_dir: Option<PathBuf>,
    /// Its configuration file; told to admin connections only (measured).
    pub config_path: Option<PathBuf>,
    /// The agent that is meant where none is named.
    pub default_agent: Option<String>,
    /// The session that is meant where none is named.
    pub main_session_key: Option<String>,
    /// The methods that it offers.
    pub methods: BTreeSet<String>,
}

impl Hello {
    /// Reads the payload of `hello-ok`; `None` where it names no version.
    pub(super) fn read(payload: &Value) -> Option<Self> {
        let text = |pointer: &str| payload.pointer(pointer)?.as_str().map(str::to_owned);
        let methods = payload.pointer("/features/methods").and_then(Value::as_array).into_iter().flatten();
        Some(Self {
            version: text("/server/version")?,
            boot_id: text("/server/bootId"),
            uptime: Duration::from_millis(
                payload.pointer("/snapshot/uptimeMs").and_then(Value::as_u64).unwrap_or(0),
            ),
            state_dir: text("/snapshot/stateDir").map(PathBuf::from),
            config_path: text("/snapshot/configPath").map(PathBuf::from),
            default_agent: text("/snapshot/sessionDefaults/defaultAgentId"),
            main_session_key: text("/snapshot/sessionDefaults/mainSessionKey"),
            methods: methods.filter_map(Value::as_str).map(str::to_owned).collect(),
        })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are frames")]
mod tests {
    use super::*;

    #[test]
    fn frames_are_read_and_what_is_unknown_in_them_is_ignored() {
        let challenge =
            r#"{"type":"event","event":"connect.challenge","payload":{"nonce":"n","ts":5,"new":1}}"#;
        assert!(matches!(Frame::parse(challenge), Some(Frame::Challenge { nonce, at: 5 }) if nonce == "n"));
        let tick = r#"{"type":"event","event":"tick","payload":{"ts":1},"seq":4}"#;
        assert!(matches!(Frame::parse(tick), Some(Frame::Other)));
        let empty = r#"{"type":"res","id":"1","ok":true}"#;
        assert!(matches!(Frame::parse(empty), Some(Frame::Response { outcome: Ok(Value::Null), .. })));
        for text in
            ["", "null", "[]", "{}", r#"{"type":5}"#, r#"{"type":"event","event":"connect.challenge"}"#]
        {
            assert!(Frame::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_refusal_keeps_what_decides() {
        let text = r#"{"type":"res","id":"c","ok":false,"error":{"code":"UNAVAILABLE","message":"gateway starting",
            "retryable":true,"retryAfterMs":500,"details":{"reason":"startup-sidecars"}}}"#;
        let Some(Frame::Response { outcome: Err(refusal), .. }) = Frame::parse(text) else {
            panic!("no refusal")
        };
        assert!(refusal.is_unavailable());
        assert_eq!(refusal.retry_after, Some(Duration::from_millis(500)));
        assert_eq!(refusal.reason.as_deref(), Some("startup-sidecars"));
        let bare = Frame::parse(r#"{"type":"res","id":"c","ok":false}"#).unwrap();
        let Frame::Response { outcome: Err(refusal), .. } = bare else { panic!("no refusal") };
        assert_eq!((refusal.code.as_str(), refusal.retryable), ("", false));
    }

    #[test]
    fn the_hello_of_an_old_gateway_has_no_boot_id() {
        let hello = Hello::read(&serde_json::json!({
            "type": "hello-ok", "server": {"version": "2026.5.28"}, "features": {"methods": ["agent", 5]},
            "snapshot": {"uptimeMs": 5492, "configPath": "/c", "sessionDefaults": {"defaultAgentId": "main"}},
        }))
        .unwrap();
        assert_eq!(hello.boot_id, None);
        assert_eq!(hello.uptime, Duration::from_millis(5492));
        assert_eq!(hello.methods.len(), 1);
        assert!(Hello::read(&serde_json::json!({"type": "hello-ok"})).is_none());
    }
}
