//! Messages that a gateway took and did not live to begin.
//!
//! A message that was accepted stands in its session's transcript within a second (measured). Where the gateway died before,
//! nothing was done for it, and nobody else knows: a person decides whether it is sent once more.

use super::context::Context;
use super::items::held;
use super::recovery::{ItemReport, ItemState};
use super::sight::Sight;
use crate::ledger::{EffectState, Event, Outcome, Writer};
use crate::model::{Boot, Decision, IdempotencyKey, Risk, Verdict};
use crate::plan::{Item, Left, Ruling};
use crate::session::{Author, Evidence};
use crate::support::error::Result;

/// Finds out what became of the messages that earlier lives of the gateway took; holds those that were lost.
///
/// # Errors
/// Where the ledger cannot be written.
pub(super) fn hold(
    context: &Context,
    ledger: &mut Writer,
    boot: &Boot,
    sight: &Sight,
) -> Result<Vec<ItemReport>> {
    let open = ledger.ledger().open_runs();
    let earlier = open.filter(|(_, _, state)| {
        state.outcome == Some(Outcome::Accepted) && boot.is_after(&state.boot) && state.message.is_some()
    });
    let earlier: Vec<(IdempotencyKey, EffectState)> =
        earlier.map(|(key, _, state)| (key.clone(), state.clone())).collect();
    let mut lost = Vec::new();
    for (key, state) in earlier {
        // What cannot be read now may be read by a later run.
        let Some(evidence) = sight.of(&state.session_key).filter(|evidence| evidence.history.is_ok()) else {
            continue;
        };
        let began = has_begun(evidence, &key, &state);
        let (outcome, detail) = if began {
            (Outcome::Started, "the session has gone on since")
        } else {
            (Outcome::Unknown, "the gateway stopped before it began")
        };
        let at = context.clock.now();
        let detail = Some(detail.to_owned());
        ledger.append(at, Event::Outcome { key: key.clone(), outcome, detail, run_id: None })?;
        if !began {
            let item = item(key, state, evidence);
            ledger.append(at, Event::Held(held(None, &item)))?;
            lost.push(ItemReport { item, state: ItemState::Held });
        }
    }
    Ok(lost)
}

/// Tells whether anybody but the gateway itself has said something in the session since the message was sent.
fn has_begun(evidence: &Evidence, key: &IdempotencyKey, state: &EffectState) -> bool {
    evidence.mentions(key)
        || evidence.since(state.intended_at).any(|entry| match entry.author {
            Author::Person | Author::Agent | Author::Tool | Author::NativeRecovery | Author::Comeback => true,
            Author::System | Author::Report => false,
        })
}

fn item(key: IdempotencyKey, state: EffectState, evidence: &Evidence) -> Item {
    let ruling = Ruling {
        decision: Decision::Hold,
        risk: Risk::High,
        rule: "lost".to_owned(),
        reason: "the gateway took its message and stopped before it began".to_owned(),
    };
    Item {
        agent: evidence.agent.to_string(),
        session_key: state.session_key,
        session_id: evidence.row.session_id.clone(),
        key,
        also: Vec::new(),
        planned: false,
        left: Left::Work,
        about: None,
        message: state.message.unwrap_or_default(),
        route: evidence.route().cloned(),
        verdict: Verdict::Interrupted,
        ruling,
        confirmed: false,
        wakes: None,
    }
}
