//! What is written before an effect, and in place of one.

use crate::ledger::{Effect, EffectState, Event, Outcome, Writer};
use crate::model::{Boot, IdempotencyKey, SessionKey};
use crate::plan::Item;
use crate::support::clock::Clock;
use crate::support::error::Result;

/// Writes down that an effect has come about without a send: its agent was told in another way, or has gone on by
/// itself. Returns false, and writes nothing, where it was taken or may just be under way.
///
/// # Errors
/// Where the ledger cannot be written.
pub fn settle(
    ledger: &mut Writer,
    clock: Clock,
    key: &IdempotencyKey,
    session: &SessionKey,
    boot: &Boot,
    how: &str,
) -> Result<bool> {
    settled(ledger, clock, key, intent(key, session, Effect::Resume, boot), how)
}

pub(super) fn settled(
    ledger: &mut Writer,
    clock: Clock,
    key: &IdempotencyKey,
    intent: Event,
    how: &str,
) -> Result<bool> {
    let is_settled = |state: &EffectState| state.outcome.is_none_or(Outcome::is_taken);
    if ledger.ledger().effect(key).is_some_and(is_settled) {
        return Ok(false);
    }
    ledger.append(clock.now(), intent)?;
    let outcome = Event::Outcome {
        key: key.clone(),
        outcome: Outcome::Accepted,
        detail: Some(how.to_owned()),
        run_id: None,
    };
    ledger.append(clock.now(), outcome)?;
    Ok(true)
}

pub(super) fn intent(key: &IdempotencyKey, session: &SessionKey, effect: Effect, boot: &Boot) -> Event {
    let (key, session_key, boot) = (key.clone(), session.clone(), boot.clone());
    Event::Intent { key, effect, session_key, boot, also: Vec::new(), message: None }
}

pub(super) fn intent_of(item: &Item, boot: &Boot) -> Event {
    let (key, session_key, boot) = (item.key.clone(), item.session_key.clone(), boot.clone());
    let (also, message) = (item.also.clone(), Some(item.message.clone()));
    let effect = if item.wakes.is_some() { Effect::Wake } else { Effect::Resume };
    Event::Intent { key, effect, session_key, boot, also, message }
}
