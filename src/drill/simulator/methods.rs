//! The methods: what each needs, takes and answers.

use std::time::Duration;

use serde_json::{Value, json};

use super::door::Caller;
use super::rows::{forget_route, route_in, told};
use super::server::Answer;
use super::transcript::{Page, shown};
use super::turns::{Ask, Origin, Run, enqueue};
use super::world::{Life, World, chat_of};
use super::{calendar, lives};
use crate::model::Route;
use crate::support::error::{Error, Result};

/// The methods that are offered, with the scope that each needs.
pub(super) const METHODS: [(&str, &str); 13] = [
    ("agent", "operator.write"),
    ("agent.wait", "operator.write"),
    ("send", "operator.write"),
    ("sessions.list", "operator.read"),
    ("sessions.describe", "operator.read"),
    ("chat.history", "operator.read"),
    ("tools.effective", "operator.read"),
    ("config.get", "operator.read"),
    ("cron.list", "operator.read"),
    ("cron.get", "operator.read"),
    ("cron.add", "operator.admin"),
    ("cron.remove", "operator.admin"),
    ("gateway.restart.request", "operator.admin"),
];
/// The channels that are connected.
const CHANNELS: [&str; 2] = ["telegram", "discord"];
/// How long `agent.wait` waits where nobody says.
const WAIT_MS: u64 = 30_000;
/// How many sessions or messages are told of where nobody says.
const PAGE: usize = 100;

/// Answers a request; `None` where the life ends meanwhile.
pub(super) fn answer(life: &Life, caller: &Caller, request: &Value) -> Option<Answer> {
    let (method, params) = (request["method"].as_str().unwrap_or_default(), &request["params"]);
    let known = METHODS.iter().find(|(name, _)| *name == method);
    let scope = known.map_or("operator.admin", |(_, scope)| scope);
    if !caller.has(scope) && !caller.has("operator.admin") {
        return Some(Err(missing_scope(life, scope)));
    }
    if method == "agent.wait" {
        return wait(life, params);
    }
    let mut world = life.enter()?;
    if matches!(method, "agent" | "send")
        && let Some(pause) = life.setup().pace.limit.and_then(|limit| world.too_many(limit))
    {
        return Some(Err(unavailable(method, pause)));
    }
    Some(match method {
        "agent" => agent(life, &mut world, params),
        "send" => send(life, &mut world, params),
        "sessions.list" => list(&mut world, params),
        "sessions.describe" => describe(&mut world, params),
        "chat.history" => history(&mut world, params),
        "tools.effective" => effective(life, &mut world, params),
        "config.get" => {
            Ok(json!({"path": life.setup().state.join("openclaw.json"), "valid": true, "issues": []}))
        }
        "cron.add" => calendar::add(&mut world, params),
        "cron.list" => Ok(calendar::list(&world, params)),
        "cron.get" => calendar::get(life.setup(), &world, params),
        "cron.remove" => calendar::remove(life, &mut world, params),
        "gateway.restart.request" => {
            lives::restart_soon(life);
            let busy = world.busy.len();
            Ok(
                json!({"ok": true, "status": "scheduled", "preflight": {"safe": busy == 0, "counts": {"totalActive": busy}}}),
            )
        }
        _ => Err(invalid(format!("unknown method: {method}"))),
    })
}

/// Makes the error of a request that cannot be done as it stands.
pub(super) fn invalid(message: impl Into<String>) -> Value {
    json!({"code": "INVALID_REQUEST", "message": message.into()})
}

fn unavailable(method: &str, pause: Duration) -> Value {
    json!({"code": "UNAVAILABLE", "message": format!("rate limit exceeded for {method}"), "retryable": true,
        "retryAfterMs": pause.as_millis()})
}

fn missing_scope(life: &Life, scope: &str) -> Value {
    let mut error = invalid(format!("missing scope: {scope}"));
    if life.setup().flavour.is_of_the_second_era() {
        error["code"] = json!("FORBIDDEN");
        error["details"] = json!({"code": "MISSING_SCOPE"});
    }
    error
}

fn internal(error: &Error) -> Value {
    json!({"code": "INTERNAL", "message": error.full()})
}

/// Returns a text that must be there.
fn required<'a>(method: &str, params: &'a Value, name: &str) -> std::result::Result<&'a str, Value> {
    let missing = || invalid(format!("invalid {method} params: must have required property '{name}'"));
    params[name].as_str().ok_or_else(missing)
}

/// Spells a session's key in full, as gateways do.
fn full_key(key: &str) -> String {
    let is_full = key == "global" || key.starts_with("agent:") || key.starts_with("hook:");
    if is_full { key.to_owned() } else { format!("agent:main:{key}") }
}

fn agent(life: &Life, world: &mut World, params: &Value) -> Answer {
    let message = required("agent", params, "message")?.to_owned();
    let run = required("agent", params, "idempotencyKey")?.to_owned();
    let session = full_key(required("agent", params, "sessionKey")?);
    if let Some(known) = world.runs.get(&run).filter(|known| world.remembers(known.asked_at)) {
        return Ok(again(&run, known));
    }
    let route = match (params["deliver"] == true, params["channel"].as_str(), params["to"].as_str()) {
        (false, ..) => None,
        (true, Some(channel), Some(to)) => Some(Route {
            channel: channel.to_owned(),
            to: chat_of(channel, to),
            account_id: None,
            thread_id: params["threadId"].as_str().map(str::to_owned),
        }),
        (true, ..) => {
            world.store.row(&session).map_err(|error| internal(&error))?.as_ref().and_then(route_in)
        }
    };
    let at = world.now().timestamp_millis();
    let ask = Ask { session: session.clone(), message, origin: Origin::Agent, run: run.clone(), route };
    enqueue(life, world, ask);
    Ok(json!({"runId": run, "sessionKey": session, "status": "accepted", "acceptedAt": at}))
}

/// Answers for a key that came before.
fn again(run: &str, known: &Run) -> Value {
    match &known.ended {
        None => json!({"runId": run, "sessionKey": known.session, "status": "in_flight"}),
        Some((_, Ok(()))) => json!({"runId": run, "status": "ok", "summary": "completed", "result": {}}),
        Some((_, Err(why))) => json!({"runId": run, "status": "error", "summary": why}),
    }
}

fn wait(life: &Life, params: &Value) -> Option<Answer> {
    let run = match required("agent.wait", params, "runId") {
        Ok(run) => run,
        Err(error) => return Some(Err(error)),
    };
    let patience = Duration::from_millis(params["timeoutMs"].as_u64().unwrap_or(WAIT_MS));
    life.wait(patience, |world| world.runs.get(run).is_some_and(|run| run.ended.is_some()));
    let world = life.enter()?;
    let known = world.runs.get(run);
    let started = known.and_then(|known| known.started_at).map(|at| at.timestamp_millis());
    Some(Ok(match known.and_then(|known| known.ended.as_ref()) {
        None => json!({"runId": run, "status": "timeout"}),
        Some((at, outcome)) => {
            let mut told =
                json!({"runId": run, "startedAt": started, "endedAt": at.timestamp_millis(), "status": "ok"});
            if let Err(why) = outcome {
                told["status"] = json!("error");
                told["error"] = json!(why);
            }
            told
        }
    }))
}

fn send(life: &Life, world: &mut World, params: &Value) -> Answer {
    let key = required("send", params, "idempotencyKey")?.to_owned();
    let (to, message) = (required("send", params, "to")?, required("send", params, "message")?);
    let channel = params["channel"].as_str().unwrap_or(CHANNELS[0]);
    if !CHANNELS.contains(&channel) {
        return Err(invalid(format!("unsupported channel: {channel}")));
    }
    let now = world.now();
    if let Some((at, known)) = world.notices.get(&key)
        && world.remembers(*at)
    {
        return known.clone();
    }
    let route =
        Route { channel: channel.to_owned(), to: chat_of(channel, to), account_id: None, thread_id: None };
    world.deliver(&route, message);
    mirror(life, world, &route, message, &key).map_err(|error| internal(&error))?;
    let id = world.short_id();
    let answer = Ok(json!({"runId": key, "messageId": id, "channel": channel}));
    world.notices.insert(key, (now, answer.clone()));
    answer
}

/// Mirrors what was sent to a chat into the session of that chat, which is made where there is none.
fn mirror(life: &Life, world: &mut World, route: &Route, message: &str, key: &str) -> Result<()> {
    let chat = chat_of(&route.channel, &route.to);
    let leads_there = |row: &Value| route_in(row).is_some_and(|one| chat_of(&one.channel, &one.to) == chat);
    let known = world.store.rows()?.iter().find(|(_, row)| leads_there(row));
    let (session, row) = if let Some((session, row)) = known {
        (session.clone(), row.clone())
    } else {
        let session = format!("agent:main:{}", chat.replacen(':', ":direct:", 1));
        let mut row = world.row_or_new(&session)?;
        if !life.setup().flavour.is_of_the_second_era() {
            forget_route(&mut row);
            world.store.put(&session, &row)?;
        }
        (session, row)
    };
    let id = row["sessionId"].as_str().unwrap_or_default();
    Page { setup: life.setup(), key: &session, session: id }.mirror(world, message, Some(key))
}

fn list(world: &mut World, params: &Value) -> Answer {
    let (now, (offset, limit)) = (world.now(), page(params));
    let World { store, busy, .. } = world;
    let mut rows: Vec<_> = store.rows().map_err(|error| internal(&error))?.iter().collect();
    rows.sort_by_cached_key(|(_, row)| std::cmp::Reverse(row["updatedAt"].as_i64()));
    let total = rows.len();
    let of_page = rows.iter().skip(offset).take(limit).map(|(key, row)| {
        let mut told = told(key, row);
        told["hasActiveRun"] = json!(busy.contains_key(*key));
        told
    });
    let sessions: Vec<Value> = of_page.collect();
    let end = offset + sessions.len();
    Ok(json!({"ts": now.timestamp_millis(), "count": sessions.len(), "totalCount": total,
        "limitApplied": limit, "hasMore": end < total, "nextOffset": (end < total).then_some(end), "sessions": sessions}))
}

/// Reads which part of a list is asked for.
pub(super) fn page(params: &Value) -> (usize, usize) {
    let number = |name: &str| params[name].as_u64().and_then(|number| usize::try_from(number).ok());
    (number("offset").unwrap_or(0), number("limit").unwrap_or(PAGE))
}

fn describe(world: &mut World, params: &Value) -> Answer {
    let key = full_key(required("sessions.describe", params, "key")?);
    let row = world.store.row(&key).map_err(|error| internal(&error))?;
    Ok(json!({"session": row.map(|row| told(&key, &row))}))
}

fn history(world: &mut World, params: &Value) -> Answer {
    let key = full_key(required("chat.history", params, "sessionKey")?);
    let mut read = || -> Result<Value> {
        let Some(row) = world.store.row(&key)? else { return Ok(json!({"sessionKey": key, "messages": []})) };
        let session = row["sessionId"].as_str().unwrap_or_default();
        let records = world.store.written(&key, session)?;
        Ok(json!({"sessionKey": key, "sessionId": session, "messages": shown(&records, page(params).1)}))
    };
    read().map_err(|error| internal(&error))
}

fn effective(life: &Life, world: &mut World, params: &Value) -> Answer {
    let key = required("tools.effective", params, "sessionKey")?;
    match world.store.row(&full_key(key)) {
        Ok(Some(_)) => Ok(tools(life)),
        Ok(None) => Err(invalid(format!("unknown session key {key:?}"))),
        Err(error) => Err(internal(&error)),
    }
}

fn tools(life: &Life) -> Value {
    let tools: Vec<Value> = life.setup().flavour.tools().iter().map(|tool| json!({"id": tool})).collect();
    json!({"agentId": "main", "groups": [{"id": "core", "tools": tools}]})
}
