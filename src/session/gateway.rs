//! Reads sessions from the gateway itself.
//!
//! It tells what chats show: results without their details, no calls beside a text, no silent replies (2026.7.1 and
//! 2026.9.6, read). What a turn did is better read from the files; whether a run is under way, only here.

use std::collections::HashSet;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::damage::Damages;
use super::evidence::Evidence;
use super::fields::MessageFields;
use super::history::{History, is_enough};
use super::reader::{Listed, Reader};
use super::record::{Message, Record};
use super::row::Row;
use super::scanner::Scanner;
use super::store::{Keep, Store, StoreKind, Wanted, read_store};
use crate::gateway::{CallError, Config, Gateway};
use crate::model::SessionKey;
use crate::support::clock::from_millis;
use crate::support::error::{Error, Kind, Result};

/// How many of the last messages are asked for, and how many where these do not reach back to a turn's beginning.
const TAIL: usize = 40;
const MOST: usize = 1_000;
/// How many sessions are asked for at a time.
const PAGE: usize = 200;

/// Reads one session; `None` where the gateway knows none of that key.
///
/// # Errors
/// Where the gateway does not answer, or not in a known shape.
pub fn read(gateway: &mut Gateway, key: &SessionKey) -> Result<Option<Evidence>> {
    let Some(row) = row_of(gateway, key)? else { return Ok(None) };
    let history = Sessions::of(gateway).history(key, &row);
    let agent = key.agent().unwrap_or_default();
    Ok(Some(Evidence {
        key: key.clone(),
        agent,
        row,
        out_of_reach: false,
        writer: None,
        history: Ok(history?),
    }))
}

/// Reads the row of one session; `None` where the gateway knows none of that key.
///
/// # Errors
/// Where the gateway does not answer, or not in a known shape.
pub fn row_of(gateway: &mut Gateway, key: &SessionKey) -> Result<Option<Row>> {
    let answer = match gateway.call("sessions.describe", &json!({ "key": key })) {
        // It is no key of this gateway's: people write checkpoints too.
        Err(CallError::Refused(refusal)) if refusal.code == "INVALID_REQUEST" => return Ok(None),
        answer => answer?,
    };
    let Some(row) = answer.get("session").filter(|row| !row.is_null()) else {
        return Ok(None);
    };
    let row = Row::parse(&row.to_string());
    row.map(Some).map_err(|error| unexpected("sessions.describe", key).because(error))
}

/// Lists the rows of the sessions that a gateway knows; `config` is its own. Those are left out which say only how a session
/// was left before `since`: the gateway has them from the store, where they stand. What it says of subagents it has from
/// elsewhere, too (2026.7.1, read).
///
/// # Errors
/// Where the gateway does not answer, or not in a known shape.
pub fn rows(gateway: &mut Gateway, config: &Config, since: DateTime<Utc>) -> Result<Vec<(SessionKey, Row)>> {
    let is_news = |row: &Row| row.parent.is_some() || !row.is_of_before(since);
    let keyed = |one: Listed| {
        let agent = one.agent.as_ref().unwrap_or(&config.default_agent);
        let row = one.row.ok().filter(is_news)?;
        Some((config.key_of(agent, one.key.parse().ok()?), row))
    };
    let (mut pages, mut rows) = (Pages::of(gateway), Vec::new());
    while let Some(page) = pages.next()? {
        rows.extend(page.into_iter().filter_map(keyed));
    }
    Ok(rows)
}

/// Reads sessions through a gateway whose files are out of reach.
///
/// # Errors
/// Where the gateway does not answer, or not in a known shape.
pub fn read_from(
    gateway: &mut Gateway,
    config: &Config,
    wanted: Wanted<'_>,
    keep: Keep<'_>,
) -> Result<(Store, Vec<Evidence>)> {
    let mut store = Store {
        agent: config.default_agent.clone(),
        kind: StoreKind::Gateway,
        path: PathBuf::new(),
        sessions: Ok(0),
        warnings: Vec::new(),
    };
    let sessions = read_store(&mut store, &mut Sessions::of(gateway), config, wanted, keep)?;
    Ok((store, sessions))
}

/// Asks for the last messages of a session, oldest first.
fn ask(gateway: &mut Gateway, key: &SessionKey, limit: usize) -> Result<Vec<Value>> {
    let mut answer = gateway.call("chat.history", &json!({ "sessionKey": key, "limit": limit }))?;
    match answer["messages"].take() {
        Value::Array(messages) => Ok(messages),
        Value::Null => Ok(Vec::new()),
        _ => Err(unexpected("chat.history", key)),
    }
}

/// Reads a message, whose entry is described in a field of its own.
fn message(message: &Value) -> Option<Message> {
    let record = &message["__openclaw"];
    let id = record["id"].as_str().map(str::to_owned);
    let at = record["recordTimestampMs"].as_i64().and_then(from_millis);
    let json = message.to_string();
    Message::of(Scanner::whole(&json, MessageFields::read).ok()??, id, at)
}

fn unexpected(method: &str, key: &SessionKey) -> Error {
    Error::new(Kind::Gateway, format!("the gateway's answer to {method} for {key} has an unknown shape"))
        .hint("run `openclaw --version` and see whether a newer comeback knows that version")
}

/// What a gateway lists, page by page.
struct Pages<'a> {
    gateway: &'a mut Gateway,
    listed: usize,
    are_all: bool,
}

impl<'a> Pages<'a> {
    fn of(gateway: &'a mut Gateway) -> Self {
        Self { gateway, listed: 0, are_all: false }
    }

    /// Returns the next page; `None` behind the last.
    fn next(&mut self) -> Result<Option<Vec<Listed>>> {
        if self.are_all {
            return Ok(None);
        }
        let page = json!({ "limit": PAGE, "offset": self.listed, "includeGlobal": true });
        let answer = self.gateway.call("sessions.list", &page)?;
        let rows = answer["sessions"].as_array().map(Vec::as_slice).unwrap_or_default();
        self.listed += rows.len();
        self.are_all = rows.is_empty() || answer["hasMore"] != true;
        let keyed = |row: &Value| {
            let parsed = Row::parse(&row.to_string());
            let agent = row["agentId"].as_str().and_then(|agent| agent.parse().ok());
            Some(Listed { agent, ..Listed::of(row["key"].as_str()?.to_owned(), parsed) })
        };
        Ok(Some(rows.iter().filter_map(keyed).collect()))
    }
}

/// The sessions that a gateway knows.
pub struct Sessions<'a> {
    gateway: &'a mut Gateway,
    are_listed: bool,
}

impl<'a> Sessions<'a> {
    /// Takes those of this gateway.
    pub fn of(gateway: &'a mut Gateway) -> Self {
        Self { gateway, are_listed: false }
    }
}

impl Reader for Sessions<'_> {
    /// Lists all of them at once: the list is in the order of their last change, and shifts while they are read.
    fn more(&mut self) -> Result<Vec<Listed>> {
        let (mut listed, mut keys) = (Vec::new(), HashSet::new());
        if !std::mem::replace(&mut self.are_listed, true) {
            let mut pages = Pages::of(self.gateway);
            while let Some(page) = pages.next()? {
                listed.extend(page.into_iter().filter(|one| keys.insert(one.key.clone())));
            }
        }
        Ok(listed)
    }

    fn history(&mut self, key: &SessionKey, _row: &Row) -> Result<History> {
        let mut messages = ask(self.gateway, key, TAIL)?;
        let mut is_all = messages.len() < TAIL;
        if !is_all && !is_enough(&records(messages.clone()), false) {
            messages = ask(self.gateway, key, MOST)?;
            is_all = messages.len() < MOST;
        }
        Ok(History::of(&records(messages), is_all, Damages::default()))
    }
}

/// Makes a transcript's records of messages, oldest first.
pub(super) fn records(messages: Vec<Value>) -> Vec<Record> {
    messages.into_iter().filter_map(|one| message(&one)).map(Record::after_the_last).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::fake;
    use crate::model::AgentId;
    use crate::session::{Author, RunStatus};
    use crate::support::paths::Paths;

    #[test]
    fn a_row_and_history_as_2026_7_1_answers_them() {
        let row = json!({
            "key": "agent:main:telegram:direct:77", "sessionId": "f1bdfb4f", "status": "running",
            "abortedLastRun": true, "hasActiveRun": false, "startedAt": 1_795_217_955_949_i64,
            "deliveryContext": {"channel": "telegram", "to": "telegram:77", "accountId": "default", "threadId": 5},
        });
        let history = [
            json!({"role": "user", "content": "hi bot", "timestamp": 1_795_217_953_000_i64,
             "__openclaw": {"id": "0d470ee1", "recordTimestampMs": 1_795_217_955_975_i64, "seq": 1}}),
            json!({"role": "assistant", "content": [{"type": "text", "text": "hello"}], "model": "mock"}),
            json!({"role": "assistant", "content": [{"type": "text", "text": "a notice"}], "model": "delivery-mirror"}),
        ];
        let key = "agent:main:telegram:direct:77".parse().expect("a key");
        let history = History::of(&records(history.to_vec()), true, Damages::default());
        let row = Row::parse(&row.to_string()).expect("a row");
        let agent = AgentId::default();
        let evidence = Evidence { key, agent, row, out_of_reach: false, writer: None, history: Ok(history) };
        assert_eq!(evidence.row.status, Some(RunStatus::Running));
        assert!(evidence.row.aborted && !evidence.row.active);
        assert_eq!(evidence.route().and_then(|route| route.thread_id.as_deref()), Some("5"));
        let authors: Vec<_> = evidence.entries().iter().map(|entry| entry.author).collect();
        assert_eq!(authors, [Author::Person, Author::Agent, Author::System]);
        assert_eq!(evidence.entries()[0].at.map(|at| at.timestamp_millis()), Some(1_795_217_955_975));
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
        assert!(ask("global").expect("it is no error").is_none());
        assert_eq!(ask("agent:main:main").expect_err("nobody knows").kind(), Kind::Gateway);
    }

    /// Connects to a gateway that answers so.
    fn answering(answer: fn(&Value) -> Value) -> (tempfile::TempDir, Gateway) {
        let dir = tempfile::tempdir().expect("a folder");
        let paths = Paths { state: dir.path().to_owned(), workspace: dir.path().join("workspace") };
        let port = fake::serve(move |_, mut peer| {
            peer.welcome(&[]);
            while let Some(request) = peer.request() {
                peer.answer(&request["id"], &answer(&request));
            }
        });
        let gateway = fake::connect(&paths, port);
        (dir, gateway)
    }

    /// Answers like a gateway with three sessions, two a page, whose list has shifted behind the first, and a turn of a
    /// hundred messages.
    fn answer(request: &Value) -> Value {
        let number = |name: &str| request["params"][name].as_u64().expect("a number");
        if request["method"] == "sessions.list" {
            let rows = ["agent:main:a", "agent:main:b", "agent:main:b", "agent:main:c"]
                .map(|key| json!({"key": key, "sessionId": "s1", "status": "running"}));
            let offset = usize::try_from(number("offset")).expect("a small one");
            return json!({"sessions": rows[offset..].iter().take(2).collect::<Vec<_>>(), "hasMore": offset == 0});
        }
        let mut messages = vec![json!({"role": "user", "content": "sort", "__openclaw": {"id": "u1"}})];
        for n in 0..50 {
            messages.push(
                json!({"role": "assistant", "stopReason": "toolUse", "__openclaw": {"id": format!("a{n}")},
                "content": [{"type": "toolCall", "id": format!("c{n}"), "name": "exec", "arguments": {}}]}),
            );
            messages.push(json!({"role": "toolResult", "toolCallId": format!("c{n}"), "toolName": "exec",
                "content": [], "__openclaw": {"id": format!("r{n}")}}));
        }
        let from = messages.len().saturating_sub(usize::try_from(number("limit")).expect("a small one"));
        json!({"messages": messages[from..]})
    }

    #[test]
    fn all_sessions_are_listed_and_a_turn_is_read_to_its_beginning() {
        let (_dir, mut gateway) = answering(answer);
        let mut reader = Sessions::of(&mut gateway);
        let listed = reader.more().expect("a list");
        assert!(reader.more().expect("a list").is_empty(), "that was all");
        let keys: Vec<_> = listed.iter().map(|session| session.key.as_str()).collect();
        assert_eq!(keys, ["agent:main:a", "agent:main:b", "agent:main:c"]);
        let row = listed[0].row.as_ref().expect("a row");
        let history = reader.history(&"agent:main:a".parse().expect("a key"), row).expect("a history");
        let turn = history.cut_turn().expect("it was cut off");
        assert_eq!((turn.opened_by.id.as_deref(), turn.calls.len()), (Some("u1"), 50));
    }

    #[test]
    fn of_rows_of_before_only_a_subagents_is_news() {
        let since = DateTime::from_timestamp_millis(2_000).expect("a time");
        let list = |request: &Value| {
            assert_eq!(request["method"], "sessions.list");
            let row =
                |key: &str, status: &str, at: i64| json!({"key": key, "status": status, "updatedAt": at});
            let mut rows = [
                row("agent:main:rested", "done", 1_000),
                row("agent:main:spoke", "done", 2_000),
                row("agent:main:cut", "running", 1_000),
                row("agent:main:subagent:1", "killed", 1_000),
            ];
            rows[3]["spawnedBy"] = json!("agent:main:cut");
            json!({"sessions": rows, "hasMore": false})
        };
        let (dir, mut gateway) = answering(list);
        let config = Config::load(dir.path(), &|_| None).expect("a configuration");
        let rows = rows(&mut gateway, &config, since).expect("rows");
        let keys: Vec<&str> = rows.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["agent:main:spoke", "agent:main:cut", "agent:main:subagent:1"]);
    }
}
