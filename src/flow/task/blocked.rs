//! Tells people of tasks that go on only when they say so: once each.

use std::time::Duration;

use chrono::TimeDelta;

use super::super::context::Context;
use super::wakes::language_of;
use crate::dispatch::{Dispatcher, Sent};
use crate::gateway::Gateway;
use crate::ledger::Writer;
use crate::model::{IdempotencyKey, SessionKey};
use crate::notice::{self, Channel, Notice};
use crate::session::{self, Evidence};
use crate::support::clock::rfc3339;
use crate::support::error::Result;
use crate::task::{Blocked, Status, Task};

const LOCK_PATIENCE: Duration = Duration::from_secs(60);
/// Whoever has not been told within this time hears of it by `comeback status`.
const NEWS_FOR: TimeDelta = TimeDelta::days(7);

/// Tells the user of a task that was blocked just now; returns whether there is a chat that was told.
pub(super) fn tell(context: &Context, gateway: &mut Gateway, task: &Task) -> Result<bool> {
    let boot = gateway.boot().clone();
    let chat = chat_of(context, gateway, task)?;
    let mut ledger = Writer::open(&context.paths, LOCK_PATIENCE, context.clock.now())?;
    let mut dispatcher = Dispatcher::new(gateway, &mut ledger, &boot, context.clock);
    match (chat, &task.blocked) {
        (Some(evidence), Some(blocked)) => notify(context, &mut dispatcher, task, blocked, &evidence),
        _ => Ok(false),
    }
}

/// Tells of every blocked task of which nobody has been told; returns what went wrong.
///
/// # Errors
/// Where the ledger cannot be written.
pub(super) fn tell_all(
    context: &Context,
    gateway: &mut Gateway,
    ledger: &mut Writer,
    tasks: &[Task],
) -> Result<Vec<String>> {
    let mut troubles = Vec::new();
    let boot = gateway.boot().clone();
    for task in tasks.iter().filter(|task| task.status == Status::Blocked) {
        let Some(blocked) = &task.blocked else { continue };
        let sent = ledger.ledger().effect(&key(task, blocked));
        // 2026.7.1 answers late where a run is under way in the chat's session, and sends it all the same (measured).
        let is_told = sent.is_some_and(|state| match state.outcome {
            Some(outcome) => outcome.is_taken(),
            None => state.boot.is_same(&boot),
        });
        if is_told || context.clock.now() - blocked.at > NEWS_FOR {
            continue;
        }
        let told = match chat_of(context, gateway, task) {
            Ok(Some(chat)) => {
                let mut dispatcher = Dispatcher::new(gateway, ledger, &boot, context.clock);
                notify(context, &mut dispatcher, task, blocked, &chat)?
            }
            Ok(None) => false,
            Err(error) => {
                troubles.push(error.full());
                continue;
            }
        };
        if !told {
            troubles.push(format!("nobody was told that the task {} is blocked", task.task_id));
        }
    }
    Ok(troubles)
}

/// Finds the session whose chat hears of a task: its own, its parent's where it is a subagent's, else the operator's.
fn chat_of(context: &Context, gateway: &mut Gateway, task: &Task) -> Result<Option<Evidence>> {
    let mut keys: Vec<SessionKey> = task.session_key.iter().cloned().collect();
    if let Some(key) = &task.session_key
        && let Some(parent) = session::row_of(gateway, key)?.and_then(|row| row.parent)
    {
        keys.extend(parent.parse());
    }
    keys.extend(context.policy.operator.clone());
    for key in keys {
        if let Some(evidence) = session::read(gateway, &key)?.filter(|evidence| evidence.route().is_some()) {
            return Ok(Some(evidence));
        }
    }
    Ok(None)
}

fn key(task: &Task, blocked: &Blocked) -> IdempotencyKey {
    IdempotencyKey::of(&["task-blocked", task.task_id.as_str(), &rfc3339(blocked.at)])
}

fn notify(
    context: &Context,
    dispatcher: &mut Dispatcher<'_>,
    task: &Task,
    blocked: &Blocked,
    chat: &Evidence,
) -> Result<bool> {
    let Some(route) = chat.route() else { return Ok(false) };
    let language = language_of(Some(chat), task);
    let reason = notice::reason(&blocked.rule, &blocked.reason, language);
    let notice = Notice::TaskBlocked { about: &task.goal, reason: &reason, task: task.task_id.as_str() };
    let text = context.templates.notice(&notice, language, Channel::of(&route.channel));
    let sent = dispatcher.notify(&key(task, blocked), &chat.key, route, &text)?;
    Ok(matches!(sent, Sent::Accepted(_) | Sent::Already))
}
