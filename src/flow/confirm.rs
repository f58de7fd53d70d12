//! A person's word about what is held: it is sent, once, or it is dropped.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::context::{Context, PATIENCE};
use super::task;
use crate::dispatch::{Dispatcher, Sent};
use crate::gateway::{Gateway, Scopes};
use crate::ledger::{Event, Held, Ledger, Person, TOLD_AS_CONFIRMED, Writer};
use crate::plan::{self, Confirmation, Gated};
use crate::session;
use crate::support::error::{Error, Kind, Result};

/// How long another run's lock is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);
/// A person who confirms an older hold than this may remember another world: it can only be rejected.
const EXPIRES_AFTER: TimeDelta = TimeDelta::days(7);

/// Which held items are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chosen {
    /// Those of these codes, or whole keys.
    Codes(Vec<String>),
    /// All that wait.
    All,
}

/// What a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// Only looks at them.
    Show,
    /// Has them sent.
    Confirm,
    /// Drops them.
    Reject,
}

/// A held item, and what became of it.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The item.
    pub held: Held,
    /// Since when it has waited.
    pub since: DateTime<Utc>,
    /// What became of it.
    pub state: AnswerState,
}

impl Answered {
    /// Tells whether it has waited for so long that it can only be rejected.
    #[must_use]
    pub fn has_expired(&self, now: DateTime<Utc>) -> bool {
        now - self.since > EXPIRES_AFTER
    }
}

/// What became of a held item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AnswerState {
    /// It waits.
    Waits,
    /// It was sent, now or before.
    Sent,
    /// Its session is the one that asks, which is told in place of being sent a message.
    Told,
    /// It was dropped.
    Rejected,
    /// It waits still; says why.
    Kept(String),
}

/// Shows held items, sends them or drops them; `by` is remembered.
///
/// # Errors
/// Where a code is that of no held item (nothing is done then), the policy forbids sending, or the ledger or the gateway
/// fails.
pub fn confirm(context: &Context, chosen: &Chosen, word: Word, by: &Person) -> Result<Vec<Answered>> {
    let ledger = Ledger::read(&context.paths.ledger())?;
    match word {
        Word::Show => {
            let show = |held: &Held| answered(&ledger, held, AnswerState::Waits);
            Ok(found(&ledger, chosen)?.iter().map(show).collect())
        }
        Word::Reject => {
            let mut ledger = context.ledger(LOCK_PATIENCE)?;
            let held = found(ledger.ledger(), chosen)?;
            let answers =
                held.iter().map(|held| answered(ledger.ledger(), held, AnswerState::Rejected)).collect();
            for held in held {
                decide(context, &mut ledger, &held, false, by)?;
            }
            Ok(answers)
        }
        Word::Confirm => {
            found(&ledger, chosen)?;
            if !context.policy.enabled {
                let error =
                    Error::new(Kind::Refused, "the policy has switched comeback off (enabled: false)");
                return Err(error.hint("what is held stays held; `comeback confirm CODE --reject` drops it"));
            }
            let mut gateway = context.connect(Scopes::TALK, PATIENCE)?;
            let mut ledger = context.ledger(LOCK_PATIENCE)?;
            let mut held = found(ledger.ledger(), chosen)?;
            // What the asking agent is told itself comes last: nothing must fail behind it.
            held.sort_by_key(|held| *by == Person::Session(held.session_key.clone()));
            held.iter().map(|held| send(context, &mut gateway, &mut ledger, held, by)).collect()
        }
    }
}

/// Finds what is meant; one code that is wrong makes all of them wrong.
fn found(ledger: &Ledger, chosen: &Chosen) -> Result<Vec<Held>> {
    let waiting = ledger.held();
    let Chosen::Codes(codes) = chosen else { return Ok(waiting.into_iter().cloned().collect()) };
    let mut found: Vec<Held> = Vec::new();
    for code in codes {
        // As messages show it, too.
        let wanted = code.trim_matches(|c| "[]`".contains(c)).to_ascii_lowercase();
        let fits = |held: &&&Held| held.key.code() == wanted || held.key.as_str() == wanted;
        let mut fitting = waiting.iter().filter(fits);
        match (fitting.next(), fitting.next()) {
            (Some(held), None) if found.iter().all(|other| other.key != held.key) => {
                found.push((*held).clone());
            }
            (Some(_), None) => {}
            (Some(one), Some(other)) => {
                let message = format!("the code {code:?} is that of two held items");
                return Err(Error::new(Kind::User, message).hint(format!("say {} or {}", one.key, other.key)));
            }
            (None, _) => return Err(unknown(code, &waiting)),
        }
    }
    Ok(found)
}

fn unknown(code: &str, waiting: &[&Held]) -> Error {
    let error = Error::new(Kind::User, format!("nothing is held under the code {code:?}"));
    if waiting.is_empty() {
        return error.hint("nothing is held at all: it was decided before, or never held");
    }
    let codes: Vec<String> = waiting.iter().map(|held| held.key.code()).collect();
    error.hint(format!("held are {}; `comeback confirm` shows them", codes.join(", ")))
}

fn answered(ledger: &Ledger, held: &Held, state: AnswerState) -> Answered {
    let since = ledger.held_since(&held.key).unwrap_or_default();
    Answered { held: held.clone(), since, state }
}

fn decide(context: &Context, ledger: &mut Writer, held: &Held, confirmed: bool, by: &Person) -> Result<()> {
    let event = Event::Decided { key: held.key.clone(), confirmed, by: by.clone() };
    ledger.append(context.clock.now(), event)
}

/// Sends one item; whatever is not sent stays held.
fn send(
    context: &Context,
    gateway: &mut Gateway,
    ledger: &mut Writer,
    held: &Held,
    by: &Person,
) -> Result<Answered> {
    let answer = answered(ledger.ledger(), held, AnswerState::Sent);
    let kept = |why: String| Ok(Answered { state: AnswerState::Kept(why), ..answer.clone() });
    if answer.has_expired(context.clock.now()) {
        let days = EXPIRES_AFTER.num_days();
        return kept(format!(
            "it has waited for more than {days} days, and can only be dropped, with --reject"
        ));
    }
    let evidence = match session::read(gateway, &held.session_key) {
        Ok(evidence) => evidence,
        Err(error) => return kept(error.full()),
    };
    let boot = gateway.boot().clone();
    // An agent that names another session than its own is not told in that one's place.
    let is_running = evidence.as_ref().is_some_and(|evidence| evidence.is_running(boot.started_at));
    let own = *by == Person::Session(held.session_key.clone()) && is_running;
    let (session_key, key, message) = (&held.session_key, &held.key, held.message.as_str());
    let wakes = held.task.as_deref().and_then(|task| task.parse().ok());
    let asked =
        Confirmation { session_key, key, message, evidence: evidence.as_ref(), wakes: wakes.as_ref(), own };
    let approved = match plan::confirmed(asked, boot.started_at, &context.policy) {
        Gated::Send(approved) => approved,
        Gated::Hold(item) | Gated::Skip(item) => return kept(item.ruling.reason),
    };
    if let Err(error) = task::prepare_confirmed(context, wakes.as_ref())
        .and_then(|()| decide(context, ledger, held, true, by))
    {
        return kept(error.full());
    }
    let mut dispatcher = Dispatcher::new(gateway, ledger, &boot, context.clock).with_jobs(context.access());
    let sent = if own {
        dispatcher.hand_over(approved.item(), TOLD_AS_CONFIRMED)
    } else {
        dispatcher.resume(&approved)
    };
    match sent {
        Ok(Sent::Accepted(_)) if own => Ok(Answered { state: AnswerState::Told, ..answer }),
        Ok(Sent::Accepted(_) | Sent::Already) => Ok(answer),
        Ok(
            Sent::Overtaken(why)
            | Sent::Replaced(why)
            | Sent::Refused(why)
            | Sent::Unanswered(why)
            | Sent::Unknown(why)
            | Sent::Astray(why),
        ) => kept(why),
        Err(error) => kept(error.full()),
    }
}
