//! A person's word about a held item: what it changes, and what it does not.

use super::item::{Gated, Item, Left, Plan, Ruling};
use super::policy::Policy;
use crate::model::{Decision, IdempotencyKey, Risk, SessionKey, Verdict};
use crate::session::Evidence;
use crate::task::TaskId;

/// A held item that a person has confirmed, and what is known of its session now.
#[derive(Clone, Copy, Debug)]
pub struct Confirmation<'a> {
    /// The session.
    pub session_key: &'a SessionKey,
    /// The key that its effect has.
    pub key: &'a IdempotencyKey,
    /// The exact message that the person was shown.
    pub message: &'a str,
    /// The session; none is one that the gateway does not know.
    pub evidence: Option<&'a Evidence>,
    /// The task that it has taken up in a fresh session: there need be no other.
    pub wakes: Option<&'a TaskId>,
    /// Whether its agent is who asks: the run that is under way there is its own.
    pub own: bool,
}

/// Passes a confirmed item through the gate again. A person's word lifts the hold, whatever it was for, and has the
/// session go on although somebody has written there since; it does not send into a run that is under way, to a
/// session that is not there, or against the policy.
///
/// # Panics
/// Never: a plan of one item has one.
#[must_use]
pub fn confirmed(
    asked: Confirmation<'_>,
    boot_start: chrono::DateTime<chrono::Utc>,
    policy: &Policy,
) -> Gated {
    let agent = asked.session_key.agent();
    let (decision, rule, reason) = if asked.evidence.is_none() && asked.wakes.is_none() {
        (Decision::Hold, "unknown-session", "the gateway knows no such session")
    } else if agent.as_ref().is_some_and(|agent| policy.left_out.contains(agent)) {
        (Decision::Hold, "left-out", "the policy leaves its agent out")
    } else if asked.evidence.is_some_and(|evidence| evidence.awaits_native_recovery(boot_start)) {
        (
            Decision::Hold,
            "unsettled",
            "OpenClaw's own recovery has not decided about it: confirm again in a minute",
        )
    } else if !asked.own && asked.evidence.is_some_and(|evidence| evidence.is_running(boot_start)) {
        (Decision::Hold, "live", "a run is under way in it: confirm again when that has ended")
    } else {
        (Decision::Send, "confirmed", "a person has confirmed it")
    };
    let item = Item {
        session_key: asked.session_key.clone(),
        session_id: None,
        agent: agent.map_or_else(|| "unknown".to_owned(), String::from),
        key: asked.key.clone(),
        also: Vec::new(),
        planned: false,
        left: Left::Work,
        about: None,
        message: asked.message.to_owned(),
        route: asked.evidence.and_then(Evidence::route).cloned(),
        verdict: match asked.evidence {
            None => Verdict::Unreadable,
            Some(evidence) if evidence.gone_on(boot_start).is_some() => Verdict::Live,
            Some(_) => Verdict::Interrupted,
        },
        ruling: Ruling { decision, risk: Risk::High, rule: rule.to_owned(), reason: reason.to_owned() },
        confirmed: true,
        wakes: asked.wakes.cloned(),
    };
    Plan::new(vec![item]).gated().pop().expect("a plan of one item has one")
}
