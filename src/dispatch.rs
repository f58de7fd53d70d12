//! The one way out: intent into the ledger, then the send, then what became of it.
//!
//! An effect is sent at most once. Its intent is on the disk before the gateway hears of it; an intent without an
//! outcome is sent again only while the gateway still remembers its key, else the transcript decides, and where
//! that is silent too, nobody sends it but a person.

mod intent;
mod params;
mod patience;
mod runs;
mod wake;

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

pub use self::intent::settle;
use self::intent::{intent, intent_of, settled};
use self::params::{agent_params, route_params};
use self::patience::Patience;
use crate::gateway::{Access, CallError, Gateway};
use crate::ledger::{Effect, Event, Held, Outcome, Writer};
use crate::model::{Boot, IdempotencyKey, Route, SessionKey};
use crate::plan::{Approved, Item, Left};
use crate::session::{self, Evidence};
use crate::support::clock::Clock;
use crate::support::error::Result;

/// How long a gateway remembers a key (five minutes, of which one is left as a margin).
const REMEMBERED: TimeDelta = TimeDelta::minutes(4);
/// How long a refusal that asks for patience is heeded.
const REFUSAL_PATIENCE: Duration = Duration::from_secs(30);

/// What became of one effect in this run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// The gateway took it now; the run's id, where it named one.
    Accepted(Option<String>),
    /// It had been taken before; nothing was sent.
    Already,
    /// The session has gone on by itself; nothing was sent. Says how.
    Overtaken(String),
    /// Its session was begun anew since it was read: what it speaks of stands in another transcript. Nothing was sent.
    Replaced(String),
    /// The gateway took it, and it did not go where it was meant to. Says how.
    Astray(String),
    /// The gateway refused it, and said why.
    Refused(String),
    /// The answer got lost; the next run asks with the same key, or looks into the transcript. Says why.
    Unanswered(String),
    /// An earlier run may have sent it, and nothing tells; only a person can decide. Says why.
    Unknown(String),
}

/// Sends effects, one at a time.
pub struct Dispatcher<'a> {
    gateway: &'a mut Gateway,
    ledger: &'a mut Writer,
    boot: &'a Boot,
    clock: Clock,
    woken_at: Option<DateTime<Utc>>,
    jobs: Option<Access<'a>>,
    patience: Patience,
}

/// What the ledger says of an effect that is to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Before {
    /// It was never sent, or refused.
    Nothing,
    /// It was taken.
    Taken,
    /// It may have been taken, and the gateway still knows the key.
    Remembered,
    /// It may have been taken, and only the transcript can tell.
    Forgotten,
}

impl<'a> Dispatcher<'a> {
    /// Makes a dispatcher for the boot that runs. `gateway` is a connection without `operator.admin`: a turn that
    /// is sent over an admin connection runs as the owner.
    pub fn new(gateway: &'a mut Gateway, ledger: &'a mut Writer, boot: &'a Boot, clock: Clock) -> Self {
        let patience = Patience::of(REFUSAL_PATIENCE);
        Self { gateway, ledger, boot, clock, woken_at: None, jobs: None, patience }
    }

    /// Has the machine's wake take the place of the gateway's start: what began before it is dead.
    #[must_use]
    pub fn after_wake(self, at: DateTime<Utc>) -> Self {
        Self { woken_at: Some(at), ..self }
    }

    /// Sends an approved item to its session, after a last look at it.
    ///
    /// # Errors
    /// Where the ledger cannot be written (nothing is sent then) or the session cannot be read.
    pub fn resume(&mut self, approved: &Approved) -> Result<Sent> {
        let item = approved.item();
        if let Some(task) = &item.wakes {
            return self.take_up(item, task);
        }
        let mut before = self.before(&item.key);
        if before == Before::Taken {
            return Ok(Sent::Already);
        }
        let evidence = session::read(self.gateway, &item.session_key)?;
        if let Some(sent) = self.last_look(item, before, evidence.as_ref())? {
            return Ok(sent);
        }
        if before == Before::Forgotten {
            // The transcript does not show it, and a person had it sent all the same.
            before = Before::Nothing;
        }
        let params = agent_params(&item.session_key, &item.message, &item.key, item.route.as_ref());
        let intent = intent_of(item, self.boot);
        let sent = self.send(&item.key, intent, before, "agent", &params)?;
        match evidence.and_then(|evidence| evidence.row.session_id) {
            Some(id) if matches!(sent, Sent::Accepted(_)) => self.arrived(item, &id, sent),
            _ => Ok(sent),
        }
    }

    /// Checks that what was accepted goes on in the session that it was meant for: the gateway may have begun a new one.
    fn arrived(&mut self, item: &Item, id: &str, sent: Sent) -> Result<Sent> {
        // Nobody can tell: then it was accepted, and that is all.
        let now = session::row_of(self.gateway, &item.session_key).ok().flatten();
        if now.is_none_or(|now| now.may_be_of(Some(id))) {
            return Ok(sent);
        }
        let why = "the gateway began a new session for it, without its history";
        self.record(&item.key, Outcome::Failed, Some(why), None)?;
        Ok(Sent::Astray(why.to_owned()))
    }

    /// Sends a notice to a chat; `session` is whose chat it is.
    ///
    /// # Errors
    /// Where the ledger cannot be written; nothing is sent then.
    pub fn notify(
        &mut self,
        key: &IdempotencyKey,
        session: &SessionKey,
        route: &Route,
        text: &str,
    ) -> Result<Sent> {
        let before = match self.before(key) {
            Before::Taken => return Ok(Sent::Already),
            // Nothing tells whether it arrived. To hear it twice does no harm, not to hear it does.
            Before::Forgotten => Before::Nothing,
            before => before,
        };
        let mut params = route_params(route);
        params["message"] = json!(text);
        params["idempotencyKey"] = json!(key);
        let intent = intent(key, session, Effect::Notice, self.boot);
        self.send(key, intent, before, "send", &params)
    }

    /// Writes down that an item waits for a person; once, however often it is planned.
    ///
    /// # Errors
    /// Where the ledger cannot be written.
    pub fn hold(&mut self, held: Held) -> Result<()> {
        if self.is_held(&held.key) {
            return Ok(());
        }
        self.ledger.append(self.clock.now(), Event::Held(held))
    }

    /// Tells whether an item waits for a person.
    #[must_use]
    pub fn is_held(&self, key: &IdempotencyKey) -> bool {
        self.ledger.ledger().is_held(key)
    }

    /// Tells whether a person has said that an item is not to be sent.
    #[must_use]
    pub fn is_rejected(&self, key: &IdempotencyKey) -> bool {
        self.ledger.ledger().is_rejected(key)
    }

    /// Tells whether an effect was taken, now or in an earlier run.
    #[must_use]
    pub fn is_taken(&self, key: &IdempotencyKey) -> bool {
        self.ledger.ledger().is_taken(key)
    }

    /// Hands an item to the agent that asks for it, in place of a message to its session: accepted means that it is
    /// to be told now. Where an earlier run may have sent the message, the transcript decides.
    ///
    /// # Errors
    /// Where the ledger cannot be written or the session cannot be read.
    pub fn hand_over(&mut self, item: &Item, how: &str) -> Result<Sent> {
        match self.before(&item.key) {
            Before::Taken if self.ledger.ledger().is_untold(&item.key) => return Ok(Sent::Accepted(None)),
            Before::Taken => return Ok(Sent::Already),
            Before::Nothing => {}
            Before::Remembered | Before::Forgotten => {
                let evidence = session::read(self.gateway, &item.session_key)?;
                // One that may still be on its way is as unknown as one that is forgotten.
                if let Some(sent) = self.found(item, Before::Forgotten, evidence.as_ref())? {
                    return Ok(sent);
                }
            }
        }
        self.ledger.append(self.clock.now(), intent_of(item, self.boot))?;
        self.record(&item.key, Outcome::Accepted, Some(how), None)?;
        Ok(Sent::Accepted(None))
    }

    /// Writes down that an item needs no sending any more; see [`settle`].
    ///
    /// # Errors
    /// Where the ledger cannot be written.
    pub fn settle(&mut self, item: &Item, how: &str) -> Result<bool> {
        settled(self.ledger, self.clock, &item.key, intent_of(item, self.boot), how)
    }

    fn before(&self, key: &IdempotencyKey) -> Before {
        let Some(state) = self.ledger.ledger().effect(key) else { return Before::Nothing };
        match state.outcome {
            Some(Outcome::Accepted | Outcome::Started | Outcome::Done | Outcome::Failed) => Before::Taken,
            Some(Outcome::Refused) => Before::Nothing,
            Some(Outcome::Unknown) => Before::Forgotten,
            None => {
                let is_fresh = self.clock.now() - state.intended_at < REMEMBERED;
                if is_fresh && !self.boot.is_after(&state.boot) {
                    Before::Remembered
                } else {
                    Before::Forgotten
                }
            }
        }
    }

    /// Decides by the session as it stands now; `None` is to go on.
    fn last_look(
        &mut self,
        item: &Item,
        before: Before,
        evidence: Option<&Evidence>,
    ) -> Result<Option<Sent>> {
        if let Some(sent) = self.found(item, before, evidence)? {
            return Ok(Some(sent));
        }
        let refused = |why: &str| Ok(Some(Sent::Refused(why.to_owned())));
        let Some(evidence) = evidence else { return refused("the gateway knows no such session") };
        let since = self.woken_at.unwrap_or(self.boot.started_at);
        if !item.confirmed && evidence.is_running_by_itself(since) {
            return refused("a turn of the gateway's own has begun in it");
        }
        if self.woken_at.is_none() && evidence.awaits_native_recovery(since) {
            return refused("OpenClaw's own recovery has taken it up again");
        }
        let gone_on = match item.left {
            Left::Tasks => evidence.is_running(since).then_some("its session is at work"),
            Left::Answer => evidence.gone_on_heard(since),
            Left::Work => evidence.gone_on(since),
        };
        match gone_on {
            Some(_) if item.confirmed && !evidence.is_running(since) => Ok(None),
            Some(how) => Ok(Some(Sent::Overtaken(how.to_owned()))),
            None if is_replaced(item, evidence) => {
                Ok(Some(Sent::Replaced("its session was begun anew, without its history".to_owned())))
            }
            None => Ok(None),
        }
    }

    /// Looks for an effect that may have been sent before in the transcript; `None` is to go on.
    fn found(&mut self, item: &Item, before: Before, evidence: Option<&Evidence>) -> Result<Option<Sent>> {
        let key = &item.key;
        if evidence.is_some_and(|evidence| evidence.mentions(key)) {
            self.record(key, Outcome::Started, Some("found in the transcript"), None)?;
            return Ok(Some(Sent::Already));
        }
        if before == Before::Forgotten && !item.confirmed {
            let why = "an earlier run may have sent it, and the transcript does not show it";
            self.record(key, Outcome::Unknown, Some(why), None)?;
            return Ok(Some(Sent::Unknown(why.to_owned())));
        }
        Ok(None)
    }

    /// Sends an effect under its key. What is sent a second time has its intent already: the gateway remembers the
    /// key from the first time, and what it refuses now may have been taken then.
    fn send(
        &mut self,
        key: &IdempotencyKey,
        intent: Event,
        before: Before,
        method: &str,
        params: &Value,
    ) -> Result<Sent> {
        let is_first = before == Before::Nothing;
        if is_first {
            self.ledger.append(self.clock.now(), intent)?;
        }
        match self.patience.call(self.gateway, method, params) {
            Ok(answer) => {
                let run = answer.get("runId").and_then(Value::as_str).map(str::to_owned);
                self.record(key, Outcome::Accepted, None, run.clone())?;
                Ok(Sent::Accepted(run))
            }
            Err(error @ (CallError::Refused(_) | CallError::NotSent(_))) if is_first => {
                let why = error.to_string();
                self.record(key, Outcome::Refused, Some(&why), None)?;
                Ok(Sent::Refused(why))
            }
            // No outcome is written: the intent stays open.
            Err(error) => Ok(Sent::Unanswered(error.to_string())),
        }
    }

    fn record(
        &mut self,
        key: &IdempotencyKey,
        outcome: Outcome,
        detail: Option<&str>,
        run_id: Option<String>,
    ) -> Result<()> {
        let detail = detail.map(str::to_owned);
        self.ledger.append(self.clock.now(), Event::Outcome { key: key.clone(), outcome, detail, run_id })
    }
}

/// Tells whether another transcript than the one that was read is now its session's. A person may mean the chat, and a task
/// has a state of its own.
fn is_replaced(item: &Item, evidence: &Evidence) -> bool {
    !evidence.row.may_be_of(item.session_id.as_deref()) && !item.confirmed && item.left != Left::Tasks
}

#[cfg(test)]
mod tests;
