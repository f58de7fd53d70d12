//! A session's row: the same fields in `sessions.json`, in the database's `entry_json` and in the gateway's answers.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::Error;
use serde_json::{Value, json};

use super::evidence::RunStatus;
use super::scanner::{Broken, Read, Scalar, Scanner};
use crate::model::Route;
use crate::support::clock::from_millis;

/// What a reply is that says nothing.
const SILENT: &str = "NO_REPLY";
/// The gateway's word for a session that native recovery has buried.
const TOMBSTONED: &str = "tombstoned";

/// What the store says of a session; what it does not say, or not in a known form, is `None`.
#[derive(Clone, Debug, Default, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a mark of its own")]
pub struct Row {
    /// The id of the current transcript.
    pub session_id: Option<String>,
    /// Where the transcript stands, in stores of files.
    pub session_file: Option<PathBuf>,
    /// How the last run stands.
    pub status: Option<RunStatus>,
    /// Native recovery's mark, and that of a stopped run.
    pub aborted: bool,
    /// Whether the gateway reports a run at this moment; files do not tell.
    pub active: bool,
    /// When the last run began.
    pub started_at: Option<DateTime<Utc>>,
    /// When the last run ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// When the row last changed.
    pub updated_at: Option<DateTime<Utc>>,
    /// When a person last wrote.
    pub last_interaction_at: Option<DateTime<Utc>>,
    /// Where its replies go: as native recovery noted it, else as the last message came.
    pub route: Option<Route>,
    /// A finished reply that was not yet delivered, and is not silent.
    pub pending_reply: Option<String>,
    /// When the current transcript began, where the row says so; what resets a session daily goes by it.
    pub session_started_at: Option<DateTime<Utc>>,
    /// What native recovery has noted beside its mark.
    pub note: Option<Note>,
    /// The session that it works for, of a subagent.
    pub parent: Option<String>,
    /// Turns of other agents' sessions are written into it, too (`session.scope: "global"`, measured on 2026.5.28).
    pub shared: bool,
    /// Native recovery has noted where the reply of the turn that it resumes goes: 2026.7.1 does while that turn runs,
    /// 2026.5.28 never does, and the reply reaches nobody (measured).
    pub recovery_route: bool,
}

/// What native recovery notes of a session beside its mark (2026.9.6, read).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// It holds the session at this moment.
    Claimed,
    /// It has buried the session, which takes no more turns.
    Buried,
}

/// The fields as they stand there: a field of a strange type costs that field.
#[derive(Default)]
struct Fields<'a> {
    session_id: Scalar<'a>,
    session_file: Scalar<'a>,
    status: Scalar<'a>,
    aborted: Scalar<'a>,
    active: Scalar<'a>,
    started_at: Scalar<'a>,
    ended_at: Scalar<'a>,
    updated_at: Scalar<'a>,
    last_interaction_at: Scalar<'a>,
    session_started_at: Scalar<'a>,
    /// `{channel, target: {to}, accountId, thread: {id}}`.
    route: Option<&'a str>,
    channel: Scalar<'a>,
    last_channel: Scalar<'a>,
    last_to: Scalar<'a>,
    last_account_id: Scalar<'a>,
    parent: Scalar<'a>,
    /// What the gateway answers in place of native recovery's notes.
    recovery_status: Scalar<'a>,
    recovery_route: Value,
    delivery_context: Value,
    /// From 2026.8 on: `{kind, context}`.
    delivery: Value,
    /// A flag beside its text, later an object that holds it.
    pending_reply: Value,
    pending_text: Scalar<'a>,
    /// `{reservation, foregroundClaims, tombstone, …}`.
    recovery: Value,
}

/// What a row must be; says what one is that cannot be read.
#[derive(Deserialize)]
#[serde(expecting = "a session's row")]
struct Shape {}

impl Row {
    /// Reads a row from its JSON.
    ///
    /// # Errors
    /// Where it is no JSON object.
    pub(super) fn parse(json: &str) -> serde_json::Result<Self> {
        match Scanner::whole(json, Self::read) {
            Ok(Some(row)) => Ok(row),
            Ok(None) | Err(Broken) => Err(serde_json::from_str::<Shape>(json)
                .err()
                .unwrap_or_else(|| serde_json::Error::custom("it is no JSON"))),
        }
    }

    /// Reads a row that stands in other JSON; `None` where it is no object.
    pub(super) fn read(json: &mut Scanner<'_>) -> Read<Option<Self>> {
        let Some(fields) = Fields::read(json)? else { return Ok(None) };
        let time = |field: Scalar<'_>| field.integer().and_then(from_millis);
        Ok(Some(Self {
            session_id: fields.session_id.said(),
            session_file: fields.session_file.said().map(PathBuf::from),
            status: fields.status.text().and_then(|status| status_of(&status)),
            aborted: fields.aborted.is_true(),
            active: fields.active.is_true(),
            started_at: time(fields.started_at),
            ended_at: time(fields.ended_at),
            updated_at: time(fields.updated_at),
            last_interaction_at: time(fields.last_interaction_at),
            session_started_at: time(fields.session_started_at),
            route: fields.route(),
            pending_reply: fields.pending_reply(),
            note: fields.note(),
            parent: fields.parent.said(),
            shared: false,
            recovery_route: !fields.recovery_route.is_null(),
        }))
    }

    /// Tells whether it may be the row of this transcript, as far as either is known: a reset begins a new one under the same
    /// key.
    #[must_use]
    pub fn may_be_of(&self, session_id: Option<&str>) -> bool {
        self.session_id.as_deref().zip(session_id).is_none_or(|(own, id)| own == id)
    }

    /// Tells whether it says no more than how a life of the gateway before `since` left a session that was at rest.
    pub(super) fn is_of_before(&self, since: DateTime<Utc>) -> bool {
        let is_at_rest = matches!(self.status, None | Some(RunStatus::Ended)) && self.note.is_none();
        let times = [self.started_at, self.ended_at, self.updated_at].into_iter().flatten();
        is_at_rest && !self.aborted && !self.active && times.max().is_none_or(|at| at < since)
    }

    /// Takes over what the gateway says of the session now; what only the store tells stays.
    pub fn update(&mut self, said: Self) {
        let Self { status, aborted, active, started_at, ended_at, updated_at, note, .. } = said;
        self.status = status.or(self.status);
        self.aborted = aborted;
        self.active = active;
        self.started_at = started_at.or(self.started_at);
        self.ended_at = ended_at.or(self.ended_at);
        self.updated_at = updated_at.max(self.updated_at);
        self.note = note.or(self.note);
        self.route = self.route.take().or(said.route);
    }
}

impl<'a> Fields<'a> {
    fn read(json: &mut Scanner<'a>) -> Read<Option<Self>> {
        let mut fields = Self::default();
        let is_object = json.members(|name, json| {
            let field = match name {
                "sessionId" => &mut fields.session_id,
                "sessionFile" => &mut fields.session_file,
                "status" => &mut fields.status,
                "abortedLastRun" => &mut fields.aborted,
                "hasActiveRun" => &mut fields.active,
                "startedAt" => &mut fields.started_at,
                "endedAt" => &mut fields.ended_at,
                "updatedAt" => &mut fields.updated_at,
                "lastInteractionAt" => &mut fields.last_interaction_at,
                "sessionStartedAt" => &mut fields.session_started_at,
                "channel" => &mut fields.channel,
                "lastChannel" => &mut fields.last_channel,
                "lastTo" => &mut fields.last_to,
                "lastAccountId" => &mut fields.last_account_id,
                "spawnedBy" => &mut fields.parent,
                "restartRecoveryStatus" => &mut fields.recovery_status,
                "pendingFinalDeliveryText" => &mut fields.pending_text,
                "route" => return json.raw().map(|route| fields.route = Some(route)),
                "restartRecoveryDeliveryContext" => return json.value_into(&mut fields.recovery_route),
                "deliveryContext" => return json.value_into(&mut fields.delivery_context),
                "delivery" => return json.value_into(&mut fields.delivery),
                "pendingFinalDelivery" => return json.value_into(&mut fields.pending_reply),
                "mainRestartRecovery" => return json.value_into(&mut fields.recovery),
                _ => return json.skip(),
            };
            *field = json.scalar()?;
            Ok(())
        })?;
        Ok(is_object.then_some(fields))
    }

    fn route(&self) -> Option<Route> {
        route_of(&self.recovery_route)
            .or_else(|| route_of(&self.delivery_context))
            .or_else(|| route_of(&self.delivery["context"]))
            .or_else(|| self.route.and_then(route_of_target))
            .or_else(|| {
                Some(Route {
                    channel: self.last_channel.said().or_else(|| self.channel.said())?,
                    to: self.last_to.said()?,
                    account_id: self.last_account_id.said(),
                    thread_id: None,
                })
            })
    }

    fn note(&self) -> Option<Note> {
        let holds = |name: &str| match &self.recovery[name] {
            Value::Null => false,
            Value::Array(list) => !list.is_empty(),
            Value::Object(fields) => !fields.is_empty(),
            _ => true,
        };
        if holds("tombstone") || self.recovery_status.is(TOMBSTONED) {
            return Some(Note::Buried);
        }
        (holds("reservation") || holds("foregroundClaims")).then_some(Note::Claimed)
    }

    fn pending_reply(&self) -> Option<String> {
        let reply = match &self.pending_reply {
            Value::Bool(true) => self.pending_text.said()?,
            Value::Object(pending) => pending.get("text")?.as_str()?.to_owned(),
            _ => return None,
        };
        (!is_silent(&reply)).then_some(reply)
    }
}

/// Tells whether a reply says nothing.
pub(super) fn is_silent(reply: &str) -> bool {
    let words = reply.trim();
    words.is_empty() || words.eq_ignore_ascii_case(SILENT)
}

fn status_of(status: &str) -> Option<RunStatus> {
    Some(match status {
        "running" => RunStatus::Running,
        "failed" => RunStatus::Failed,
        "done" | "timeout" | "killed" => RunStatus::Ended,
        _ => return None,
    })
}

/// Reads a route that names its target.
fn route_of_target(route: &str) -> Option<Route> {
    let route: Value = serde_json::from_str(route).ok()?;
    let (to, thread) = (&route["target"]["to"], &route["thread"]["id"]);
    route_of(
        &json!({"channel": route["channel"], "to": to, "accountId": route["accountId"], "threadId": thread}),
    )
}

/// Reads a delivery context: `{channel, to, accountId, threadId}`.
fn route_of(context: &Value) -> Option<Route> {
    let text = |name: &str| context[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
    // A number on some channels, text on others.
    let thread_id = text("threadId").or_else(|| Some(context["threadId"].as_number()?.to_string()));
    Some(Route { channel: text("channel")?, to: text("to")?, account_id: text("accountId"), thread_id })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests {
    use super::*;
    use rstest::rstest;

    fn row(value: &Value) -> Row {
        Row::parse(&value.to_string()).unwrap()
    }

    #[test]
    fn a_row_of_each_store() {
        let file = row(&json!({
            "sessionId": "s1", "sessionFile": "/state/agents/main/sessions/s1.jsonl", "status": "running",
            "abortedLastRun": true, "startedAt": 1_795_232_245_335_i64, "updatedAt": 1_795_232_245_376_i64,
            "deliveryContext": {"channel": "telegram", "to": "telegram:7", "accountId": "default"},
            "skillsSnapshot": {"prompt": "long"},
        }));
        assert_eq!((file.status, file.aborted, file.active), (Some(RunStatus::Running), true, false));
        assert_eq!(file.started_at.unwrap().timestamp_millis(), 1_795_232_245_335);
        let database = row(&json!({
            "sessionId": "s1", "status": "done", "endedAt": 1_795_232_207_866_i64,
            "delivery": {"kind": "external", "context": {"channel": "telegram", "to": "telegram:7", "accountId": "default"}},
        }));
        assert_eq!(database.route, file.route);
        assert_eq!((database.status, database.started_at), (Some(RunStatus::Ended), None));
    }

    #[test]
    fn a_field_of_a_strange_type_costs_that_field() {
        let row =
            row(&json!({"sessionId": 5, "status": ["running"], "startedAt": "now", "abortedLastRun": null,
            "delivery": [], "deliveryContext": "x", "pendingFinalDelivery": 1, "updatedAt": 1_000}));
        assert_eq!(row, Row { updated_at: from_millis(1_000), ..Row::default() });
        assert!(Row::parse("7").is_err() && Row::parse("{\"sessionId\":").is_err());
    }

    #[rstest]
    #[case::recovery_first(json!({"restartRecoveryDeliveryContext": {"channel": "a", "to": "1"}, "deliveryContext": {"channel": "b", "to": "2"}}), "a 1 -")]
    #[case::half_a_context(json!({"deliveryContext": {"channel": "b"}, "lastChannel": "c", "lastTo": "3"}), "c 3 -")]
    #[case::a_numbered_thread(json!({"deliveryContext": {"channel": "b", "to": "2", "threadId": 5}}), "b 2 5")]
    #[case::a_named_thread(json!({"delivery": {"context": {"channel": "b", "to": "2", "threadId": "t"}}}), "b 2 t")]
    #[case::a_target(json!({"route": {"channel": "b", "target": {"to": "2"}, "thread": {"id": 5}}, "lastChannel": "c", "lastTo": "3"}), "b 2 5")]
    #[case::no_last_channel(json!({"channel": "b", "lastTo": "2"}), "b 2 -")]
    #[case::none(json!({"delivery": {"kind": "none"}, "route": {"channel": "b"}}), "")]
    fn replies_go_where_the_row_says(#[case] value: Value, #[case] expected: &str) {
        let shown = row(&value).route.map_or(String::new(), |route| {
            format!("{} {} {}", route.channel, route.to, route.thread_id.as_deref().unwrap_or("-"))
        });
        assert_eq!(shown, expected);
    }

    #[rstest]
    #[case::a_flag_and_text(json!({"pendingFinalDelivery": true, "pendingFinalDeliveryText": "done"}), Some("done"))]
    #[case::an_object(json!({"pendingFinalDelivery": {"text": "done"}}), Some("done"))]
    #[case::delivered(json!({"pendingFinalDelivery": false, "pendingFinalDeliveryText": "done"}), None)]
    #[case::silent(json!({"pendingFinalDelivery": {"text": " no_reply\n"}}), None)]
    #[case::empty(json!({"pendingFinalDelivery": true, "pendingFinalDeliveryText": ""}), None)]
    fn an_undelivered_reply_counts_if_it_says_something(#[case] value: Value, #[case] reply: Option<&str>) {
        assert_eq!(row(&value).pending_reply.as_deref(), reply);
    }
}
