//! The gate: send only if nothing that must not happen twice can happen twice.

use super::item::{Candidate, Ruling};
use super::policy::Policy;
use super::rules::{Assessment, Rules};
use crate::model::{AgentId, Decision, Risk, SessionKey, Verdict};
use crate::notice::Templates;
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
    /// What people and agents are told.
    pub templates: &'a Templates,
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

/// Assesses what tells the agent what to do: its next step, and the message that somebody wrote.
fn assess(step: &str, message: Option<&str>, rules: &Rules) -> Assessment {
    match message.map(|message| rules.assess(message)) {
        Some(message) if message.risk == Risk::High => message,
        _ => rules.assess(step),
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
    let step = assess(&block.next_step, block.written_message(), rules);
    let ruling = |decision, rule: &str, reason: String| Ruling {
        decision,
        risk: step.risk,
        rule: rule.to_owned(),
        reason,
    };
    let skip = |rule, reason: &str| ruling(Decision::Skip, rule, reason.to_owned());
    let hold = |rule, reason: &str| ruling(Decision::Hold, rule, reason.to_owned());
    let left_out = |agent: AgentId| situation.policy.left_out.contains(&agent);

    if judgement.verdict == Verdict::Unreadable {
        return skip("unknown-session", &judgement.reason);
    }
    if block.session_key.agent().is_some_and(left_out) {
        return skip("left-out", "the policy leaves its agent out");
    }
    if candidate.unsettled {
        return hold(
            "unsettled",
            "a turn of the gateway's own has not ended, or its recovery has not decided",
        );
    }
    if judgement.verdict == Verdict::Live {
        return skip("live", &judgement.reason);
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::checkpoint::Block;
    use crate::model::Language;
    use crate::session::Judgement;

    /// What the gate looks at, in one place.
    #[expect(
        clippy::struct_excessive_bools,
        reason = "each is a fact of its own, and every mix of them may occur"
    )]
    struct Case {
        verdict: Verdict,
        unsettled: bool,
        named_twice: bool,
        session: &'static str,
        next: &'static str,
        blockers: &'static str,
        caller: Option<&'static str>,
        attended: bool,
        stale: bool,
        left_out: &'static [&'static str],
        open: bool,
    }

    impl Case {
        /// A session of the caller's agent that was cut off in harmless work.
        fn harmless() -> Self {
            Self {
                verdict: Verdict::Interrupted,
                unsettled: false,
                named_twice: false,
                session: "agent:main:telegram:direct:78",
                next: "run the tests",
                blockers: "none",
                caller: Some("agent:main:telegram:direct:77"),
                attended: true,
                stale: false,
                left_out: &[],
                open: false,
            }
        }

        fn decide(&self) -> (Decision, String) {
            let block = Block {
                next_step: self.next.into(),
                blockers: self.blockers.into(),
                ..Block::new(self.session.parse().unwrap())
            };
            let judgement = Judgement { verdict: self.verdict, reason: "so it is".into() };
            let candidate = Candidate {
                block: &block,
                judgement,
                language: Language::En,
                unsettled: self.unsettled,
                updated_at: None,
                route: None,
            };
            let left_out = self.left_out.iter().map(|agent| agent.parse().unwrap()).collect();
            let policy = Policy { left_out, ..Policy::default() };
            let caller: Option<SessionKey> = self.caller.map(|key| key.parse().unwrap());
            let situation = Situation {
                checkpoint: "c",
                caller: caller.as_ref(),
                attended: self.attended,
                stale: self.stale,
                policy: &policy,
                templates: &Templates::default(),
                may_address: &|_, _| self.open,
            };
            let ruling = decide(&candidate, self.named_twice, &situation, Rules::builtin());
            assert!(!ruling.reason.is_empty());
            (ruling.decision, ruling.rule)
        }
    }

    #[rstest]
    #[case::harmless(|_: &mut Case| {}, Decision::Send, "ordinary-work")]
    #[case::unknown_session(|c: &mut Case| c.verdict = Verdict::Unreadable, Decision::Skip, "unknown-session")]
    #[case::live(|c: &mut Case| c.verdict = Verdict::Live, Decision::Skip, "live")]
    #[case::left_out(|c: &mut Case| c.left_out = &["ops", "main"], Decision::Skip, "left-out")]
    #[case::another_left_out(|c: &mut Case| c.left_out = &["ops"], Decision::Send, "ordinary-work")]
    #[case::unsettled(|c: &mut Case| c.unsettled = true, Decision::Hold, "unsettled")]
    #[case::named_twice(|c: &mut Case| c.named_twice = true, Decision::Hold, "named-twice")]
    #[case::blocked(|c: &mut Case| c.blockers = "waits for a key", Decision::Hold, "blocked")]
    #[case::stale(|c: &mut Case| c.stale = true, Decision::Hold, "stale")]
    #[case::dangerous(|c: &mut Case| c.next = "Delete the table", Decision::Hold, "deletion")]
    #[case::unclear(|c: &mut Case| c.next = "(fill)", Decision::Hold, "unclear")]
    #[case::own(|c: &mut Case| c.caller = Some(c.session), Decision::Send, "own-session")]
    #[case::own_and_unattended(|c: &mut Case| { c.caller = Some(c.session); idle(c); }, Decision::Send, "own-session")]
    #[case::own_and_blocked(|c: &mut Case| { c.caller = Some(c.session); c.blockers = "a key"; }, Decision::Hold, "blocked")]
    #[case::own_and_stale(|c: &mut Case| { c.caller = Some(c.session); c.stale = true; }, Decision::Hold, "stale")]
    #[case::idle_and_attended(|c: &mut Case| c.verdict = Verdict::Complete, Decision::Send, "ordinary-work")]
    #[case::idle_and_unattended(idle, Decision::Hold, "unattended")]
    #[case::cut_and_unattended(|c: &mut Case| c.attended = false, Decision::Send, "ordinary-work")]
    #[case::other_agent(|c: &mut Case| c.session = "agent:ops:main", Decision::Hold, "agent-to-agent")]
    #[case::open_agents(|c: &mut Case| { c.session = "agent:ops:main"; c.open = true; }, Decision::Send, "ordinary-work")]
    #[case::no_agent(|c: &mut Case| c.session = "global", Decision::Send, "ordinary-work")]
    #[case::no_caller(|c: &mut Case| { c.caller = None; c.session = "agent:ops:main"; }, Decision::Send, "ordinary-work")]
    fn each_rule_decides(#[case] change: impl Fn(&mut Case), #[case] decision: Decision, #[case] rule: &str) {
        let mut case = Case::harmless();
        change(&mut case);
        assert_eq!(case.decide(), (decision, rule.to_owned()));
    }

    fn idle(case: &mut Case) {
        case.verdict = Verdict::Complete;
        case.attended = false;
    }

    #[test]
    fn the_first_rule_that_applies_names_the_decision() {
        type Mend = fn(&mut Case);
        let mut case = Case {
            verdict: Verdict::Unreadable,
            unsettled: true,
            named_twice: true,
            session: "agent:ops:main",
            next: "Delete the table",
            blockers: "waits for a key",
            caller: Some("agent:ops:main"),
            attended: false,
            stale: true,
            left_out: &["ops"],
            open: false,
        };
        let steps: [(&str, Mend); 12] = [
            ("unknown-session", |c| c.verdict = Verdict::Live),
            ("left-out", |c| c.left_out = &[]),
            ("unsettled", |c| c.unsettled = false),
            ("live", |c| c.verdict = Verdict::Complete),
            ("named-twice", |c| c.named_twice = false),
            ("blocked", |c| c.blockers = "none"),
            ("stale", |c| c.stale = false),
            ("own-session", |c| c.caller = Some("agent:main:main")),
            ("agent-to-agent", |c| c.open = true),
            ("deletion", |c| c.next = "run the tests"),
            ("unattended", |c| c.attended = true),
            ("ordinary-work", |_| {}),
        ];
        for (rule, mend) in steps {
            assert_eq!(case.decide().1, rule);
            mend(&mut case);
        }
    }
}
