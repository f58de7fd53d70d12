//! The gate: send only if nothing that must not happen twice can happen twice.

use super::build::Candidate;
use super::item::Ruling;
use super::policy::Policy;
use super::rules::Rules;
use crate::model::{AgentId, Decision, Risk, SessionKey, Verdict};
use crate::support::redact::redact;

/// What the gate must know beside the block and its session.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// The checkpoint's id.
    pub checkpoint: &'a str,
    /// The session that prepared the restart.
    pub caller: Option<&'a SessionKey>,
    /// Whether a person is there: they called, or the restart came about when they expected it.
    pub attended: bool,
    /// Whether the checkpoint is too old to act on by itself.
    pub stale: bool,
    /// What the operator allows.
    pub policy: &'a Policy,
    /// Whether `tools.agentToAgent` lets the caller's agent speak to another.
    pub may_address: &'a dyn Fn(&AgentId, &AgentId) -> bool,
}

impl Situation<'_> {
    fn is_caller(&self, key: &SessionKey) -> bool {
        self.caller == Some(key)
    }

    fn crosses_agents(&self, key: &SessionKey) -> bool {
        match (self.caller.and_then(SessionKey::agent), key.agent()) {
            (Some(from), Some(to)) => from != to && !(self.may_address)(&from, &to),
            _ => false,
        }
    }
}

/// Decides about one block; the first rule that applies names the decision.
pub(super) fn decide(
    candidate: &Candidate<'_>,
    named_twice: bool,
    situation: &Situation<'_>,
    rules: &Rules,
) -> Ruling {
    let Candidate { block, judgement, .. } = candidate;
    let step = rules.assess(&block.next_step);
    let ruling = |decision, rule: &str, reason: String| Ruling {
        decision,
        risk: step.risk,
        rule: rule.to_owned(),
        reason,
    };
    let skip = |rule, reason: &str| ruling(Decision::Skip, rule, reason.to_owned());
    let hold = |rule, reason: &str| ruling(Decision::Hold, rule, reason.to_owned());
    let left_out = |agent: AgentId| situation.policy.left_out.contains(&agent);

    match judgement.verdict {
        Verdict::Unreadable => return skip("unknown-session", &judgement.reason),
        Verdict::Live => return skip("live", &judgement.reason),
        Verdict::Interrupted | Verdict::Complete => {}
    }
    if block.session_key.agent().is_some_and(left_out) {
        return skip("left-out", "the policy leaves its agent out");
    }
    if candidate.undecided {
        return hold("native-undecided", "OpenClaw's own recovery has not decided about its turn");
    }
    if named_twice {
        return hold("named-twice", "the checkpoint names the session twice");
    }
    if block.is_blocked() {
        return ruling(Decision::Hold, "blocked", format!("blocked: {}", redact(&block.blockers)));
    }
    if situation.stale {
        return hold("stale", "the checkpoint is older than twelve hours");
    }
    if situation.is_caller(&block.session_key) {
        return ruling(Decision::Send, "own-session", "it asked for the restart".to_owned());
    }
    if situation.crosses_agents(&block.session_key) {
        return hold("agent-to-agent", "tools.agentToAgent does not let the agents speak to each other");
    }
    if step.risk == Risk::High {
        return ruling(Decision::Hold, &step.rule, step.reason.clone());
    }
    if judgement.verdict == Verdict::Complete && !situation.attended {
        return hold("unattended", "its turn was not cut off, and nobody was waiting for the restart");
    }
    ruling(Decision::Send, &step.rule, step.reason.clone())
}
