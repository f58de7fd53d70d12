//! The gate: send only if nothing that must not happen twice can happen twice.

use super::item::{Candidate, Reach, Ruling};
use super::policy::Policy;
use super::rules::{Assessment, Rules};
use super::task::{assess_tasks, by_last_words, step_of};
use crate::checkpoint::{Block, Captured};
use crate::model::{AgentId, Call, Decision, Outcome, Risk, SessionKey, Verdict};
use crate::notice::Templates;
use crate::session;
use crate::support::redact::redact;
use crate::support::text::one_line;

/// So many characters of a recorded text stand in a reason.
const LONG: usize = 200;

/// Up to 2026.7 the first message of a session is written down with the agent's first words, and `OpenClaw` itself asks for
/// it again (measured).
const NOT_WRITTEN_DOWN: &str = "nobody wrote its user's message down; OpenClaw asks for it again";

/// The rule for a session at which nobody can look before a message is sent to it.
pub const OUT_OF_REACH: &str = "out-of-reach";

/// What the gate must know beside the block and its session.
#[derive(Clone, Copy)]
pub struct Situation<'a> {
    /// The session that prepared the restart.
    pub caller: Option<&'a SessionKey>,
    /// Whether a person is there: they called, or the restart came about when they expected it.
    pub attended: bool,
    /// Whether the checkpoint is too old to act on by itself.
    pub stale: bool,
    /// How many resumes have gone out in this boot already.
    pub sent_before: usize,
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

/// Assesses what tells the agent what to do: its next step, and the message that somebody wrote. Where that only says
/// to go on, the last step and the goal tell with what.
fn assess(block: &Block, rules: &Rules) -> Assessment {
    let message = block.written_message().map(|message| rules.assess(message));
    let step = match (message, rules.assess(&block.next_step)) {
        (Some(message), step) if message.doubt() > step.doubt() => message,
        (_, step) => step,
    };
    let told = [&block.last_done, &block.goal].map(|text| rules.assess(text));
    let harm = |said: &Assessment| said.risk == Risk::High && said.rule != Rules::UNCLEAR;
    let onward = step.rule == Rules::GOES_ON;
    told.into_iter().find(|said| onward && harm(said)).unwrap_or(step)
}

/// Tells whether no rule knows what a block asks for, and it may go out all the same: its agent looks first whether it has
/// happened.
pub(super) fn is_unclear(block: &Block, rules: &Rules) -> bool {
    assess(block, rules).rule == Rules::UNCLEAR_LOCAL
}

/// What the tool calls of what was cut off decide, where they decide anything.
fn by_calls(candidate: &Candidate<'_>, policy: &Policy) -> Option<(Decision, &'static str, String)> {
    if let Some(call) = candidate.calls().find(|call| call.outcome == Outcome::ApprovalPending) {
        let reason = format!("it waits for leave to run: {}", call.summary);
        return Some((Decision::Hold, "approval-pending", reason));
    }
    if let Some(call) = candidate.calls().find(|call| call.is_doubtful()) {
        let (decision, rule) = if policy.verify_first {
            (Decision::Send, "verify-first")
        } else {
            (Decision::Hold, "unknown-outcome")
        };
        return Some((decision, rule, format!("nobody knows whether this has happened: {}", call.summary)));
    }
    // A message after which more was done was news on the way.
    let answered = candidate.calls().last().is_some_and(|call| call.replies && call.outcome == Outcome::Done);
    (answered && candidate.tasks.is_empty())
        .then(|| (Decision::Skip, "answered", "its answer has been delivered".to_owned()))
}

/// What the verdict decides by itself, before anything else is looked at.
fn by_verdict(candidate: &Candidate<'_>, policy: &Policy) -> Option<(Decision, &'static str, String)> {
    let Candidate { judgement, session_key, .. } = candidate;
    let because = |decision, rule, reason: &str| Some((decision, rule, reason.to_owned()));
    let left_out = |agent: AgentId| policy.left_out.contains(&agent);
    if judgement.verdict == Verdict::Unreadable {
        return because(Decision::Skip, "unknown-session", &judgement.reason);
    }
    if session_key.agent().is_some_and(left_out) {
        return because(Decision::Skip, "left-out", "the policy leaves its agent out");
    }
    if candidate.reach == Reach::Elsewhere {
        return because(Decision::Skip, OUT_OF_REACH, session::OUT_OF_REACH);
    }
    if candidate.unsettled {
        let why = "a turn of the gateway's own has not ended, or its recovery has not decided";
        return because(Decision::Hold, "unsettled", why);
    }
    match judgement.verdict {
        Verdict::Live => because(Decision::Skip, "live", &judgement.reason),
        Verdict::Handled => because(Decision::Skip, "handled", &judgement.reason),
        Verdict::Quarantined => because(Decision::Hold, "quarantined", &judgement.reason),
        Verdict::Complete if candidate.captured == Some(Captured::Turn) => {
            because(Decision::Skip, "ended", "the turn that was captured came to its end")
        }
        Verdict::Excluded if candidate.block.is_none() => {
            because(Decision::Skip, "subagent", "a subagent was cut off; what it was to do is not done")
        }
        Verdict::Stale if candidate.block.is_none() => {
            because(Decision::Hold, "stale-cut", &judgement.reason)
        }
        Verdict::Excluded
        | Verdict::Trivial
        | Verdict::Stale
        | Verdict::Interrupted
        | Verdict::Orphaned
        | Verdict::Complete
        | Verdict::Unreadable => None,
    }
}

/// Decides about one session; the first rule that applies names the decision.
pub(super) fn decide(
    candidate: &Candidate<'_>,
    named_twice: bool,
    situation: &Situation<'_>,
    rules: &Rules,
) -> Ruling {
    let step = candidate.block.map(|block| assess(block, rules));
    let of_tasks = assess_tasks(candidate, rules);
    let risk = match &step {
        Some(step) if step.risk == Risk::High => Risk::High,
        _ if of_tasks.as_ref().is_some_and(|step| step.risk == Risk::High) => Risk::High,
        Some(step) => step.risk,
        None if candidate.calls().any(Call::is_doubtful) => Risk::High,
        None => Risk::Normal,
    };
    let ruling =
        |(decision, rule, reason): (Decision, String, String)| Ruling { decision, risk, rule, reason };
    let hold = |rule: &str, reason: &str| ruling((Decision::Hold, rule.to_owned(), reason.to_owned()));
    let named =
        |(decision, rule, reason): (Decision, &str, String)| ruling((decision, rule.to_owned(), reason));

    if let Some(decided) = by_verdict(candidate, situation.policy) {
        return named(decided);
    }
    let is_evidence = candidate.block.is_none() && candidate.tasks.is_empty();
    if is_evidence && candidate.was_never_written() {
        return named((Decision::Skip, "not-written-down", NOT_WRITTEN_DOWN.to_owned()));
    }
    if named_twice {
        return hold("named-twice", "the checkpoint names the session twice");
    }
    if let Some(block) = candidate.block.filter(|block| block.is_blocked()) {
        return hold("blocked", &format!("blocked: {}", one_line(&redact(&block.blockers), LONG)));
    }
    if candidate.block.is_some() && situation.stale {
        return hold("stale", "the checkpoint is older than twelve hours");
    }
    if candidate.reach == Reach::NewSession {
        return hold("expired", "the gateway would begin a new session for it, without its history");
    }
    if situation.is_caller(&candidate.session_key) {
        return named((Decision::Send, "own-session", "it asked for the restart".to_owned()));
    }
    if candidate.block.is_some() && situation.crosses_agents(&candidate.session_key) {
        return hold("agent-to-agent", "tools.agentToAgent does not let the agents speak to each other");
    }
    if let Some(decided) = by_calls(candidate, situation.policy) {
        return named(decided);
    }
    if candidate.judgement.cuts.iter().any(|cut| cut.asked.is_some()) {
        return hold(
            "approval-cut",
            "its user's yes was cut off, and only they know whether it still stands",
        );
    }
    if let Some(decided) = by_last_words(candidate) {
        return named(decided);
    }
    if let Some(decided) = by_tasks(candidate, of_tasks, situation) {
        return ruling(decided);
    }
    match (candidate.block, step) {
        (Some(block), Some(step)) => ruling(by_words(candidate, block, step, situation)),
        _ if !candidate.tasks.is_empty() => {
            named((Decision::Send, "task", "nobody works on its long task".to_owned()))
        }
        _ => named((Decision::Send, "nothing-twice", candidate.judgement.reason.clone())),
    }
}

/// What the step decides that a task of the session's was at, where it holds the item.
fn by_tasks(
    candidate: &Candidate<'_>,
    step: Option<Assessment>,
    situation: &Situation<'_>,
) -> Option<(Decision, String, String)> {
    let mut steps = candidate.tasks.iter().filter_map(|task| step_of(task));
    if let Some(word) = steps.find_map(|step| situation.policy.held_word(&step).map(str::to_owned)) {
        let why = format!("the policy holds what speaks of {word:?}");
        return Some((Decision::Hold, "policy-word".to_owned(), why));
    }
    let step = step.filter(|step| step.risk == Risk::High)?;
    Some((Decision::Hold, step.rule, step.reason))
}

/// What the words of a block decide.
fn by_words(
    candidate: &Candidate<'_>,
    block: &Block,
    step: Assessment,
    situation: &Situation<'_>,
) -> (Decision, String, String) {
    let said = [Some(block.next_step.as_str()), block.written_message()];
    if let Some(word) = said.into_iter().flatten().find_map(|text| situation.policy.held_word(text)) {
        return (
            Decision::Hold,
            "policy-word".to_owned(),
            format!("the policy holds what speaks of {word:?}"),
        );
    }
    if step.risk == Risk::High {
        return (Decision::Hold, step.rule, step.reason);
    }
    let is_cut = matches!(candidate.judgement.verdict, Verdict::Interrupted | Verdict::Orphaned);
    // A command that was captured died with the gateway, although the turn had ended.
    let is_left = candidate.captured.is_some() || !candidate.tasks.is_empty();
    if !is_cut && !situation.attended && !is_left {
        let why = "its turn was not cut off, and nobody was waiting for the restart";
        return (Decision::Hold, "unattended".to_owned(), why.to_owned());
    }
    (Decision::Send, step.rule, step.reason)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::{Effect, InterruptionId, Language};
    use crate::session::{Cut, Judgement, Phase};

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
        held_words: &'static [&'static str],
        open: bool,
        goal: &'static str,
        last_done: &'static str,
        calls: Vec<Call>,
        captured: Option<Captured>,
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
                held_words: &[],
                open: false,
                goal: "the weekly report",
                last_done: "collected the figures",
                calls: Vec::new(),
                captured: None,
            }
        }

        fn decide(&self) -> (Decision, String) {
            let block = Block {
                next_step: self.next.into(),
                blockers: self.blockers.into(),
                goal: self.goal.into(),
                last_done: self.last_done.into(),
                ..Block::new(self.session.parse().unwrap())
            };
            let cut = Cut { calls: self.calls.clone(), ..cut() };
            let cuts = if self.calls.is_empty() { Vec::new() } else { vec![cut] };
            let judgement = Judgement { cuts, ..Judgement::of(self.verdict, "so it is") };
            let candidate = Candidate {
                unsettled: self.unsettled,
                captured: self.captured,
                ..Candidate::of_block(&block, Vec::new(), judgement, Language::En)
            };
            let left_out = self.left_out.iter().map(|agent| agent.parse().unwrap()).collect();
            let hold = self.held_words.iter().map(|word| word.parse().unwrap()).collect();
            let policy = Policy { left_out, hold, ..Policy::default() };
            let caller: Option<SessionKey> = self.caller.map(|key| key.parse().unwrap());
            let situation = Situation {
                caller: caller.as_ref(),
                attended: self.attended,
                stale: self.stale,
                sent_before: 0,
                policy: &policy,
                templates: &Templates::default(),
                may_address: &|_, _| self.open,
            };
            let ruling = decide(&candidate, self.named_twice, &situation, Rules::builtin());
            assert!(!ruling.reason.is_empty());
            (ruling.decision, ruling.rule)
        }
    }

    #[test]
    fn every_rule_has_a_reason_in_chinese() {
        let lists: serde_yaml::Value = serde_yaml::from_str(include_str!("rules.yaml")).unwrap();
        let names = lists["danger"].as_sequence().unwrap().iter().map(|list| list["name"].as_str().unwrap());
        let ours = "unknown-session left-out unsettled live named-twice blocked stale agent-to-agent cap \
                    unattended unknown-outcome approval-pending answered policy-word ended unclear unclear-local too-long \
                    foreign-script last-words-no last-words-stale task-artifact task-retries";
        for rule in names.chain(ours.split_whitespace()) {
            let said = crate::notice::reason(rule, "English", Language::Zh);
            assert_ne!(said, "English", "{rule} is missing in templates/zh/reasons.yaml");
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
    #[case::unclear_and_local(|c: &mut Case| c.next = "Frobnicate the parser's error branches", Decision::Send, "unclear-local")]
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
    #[case::policy_word(|c: &mut Case| c.held_words = &["Tests"], Decision::Hold, "policy-word")]
    #[case::another_policy_word(|c: &mut Case| c.held_words = &["test", "测试"], Decision::Send, "ordinary-work")]
    #[case::going_on(|c: &mut Case| c.next = "continue", Decision::Send, "goes-on")]
    #[case::going_on_with_harm(|c: &mut Case| { c.next = "continue"; c.goal = "Delete the old accounts"; }, Decision::Hold, "deletion")]
    #[case::going_on_where_harm_began(|c: &mut Case| { c.next = "继续"; c.last_done = "给一半客户发送邮件"; }, Decision::Hold, "publish")]
    #[case::own_goal(|c: &mut Case| c.goal = "Delete the old accounts", Decision::Send, "ordinary-work")]
    #[case::read(|c: &mut Case| c.calls = vec![call(Effect::Read, Outcome::Unknown)], Decision::Send, "ordinary-work")]
    #[case::written_again(|c: &mut Case| c.calls = vec![Call { risk: Risk::Normal, ..call(Effect::Write, Outcome::Unknown) }], Decision::Send, "ordinary-work")]
    #[case::perhaps_written(|c: &mut Case| c.calls = vec![call(Effect::Write, Outcome::Unknown)], Decision::Hold, "unknown-outcome")]
    #[case::perhaps_sent(|c: &mut Case| c.calls = vec![call(Effect::External, Outcome::Unknown), call(Effect::Read, Outcome::Done)], Decision::Hold, "unknown-outcome")]
    #[case::nobody_can_tell(|c: &mut Case| c.calls = vec![call(Effect::Unknown, Outcome::Unknown)], Decision::Hold, "unknown-outcome")]
    #[case::sent(|c: &mut Case| c.calls = vec![call(Effect::External, Outcome::Done)], Decision::Send, "ordinary-work")]
    #[case::failed(|c: &mut Case| c.calls = vec![call(Effect::External, Outcome::Failed)], Decision::Send, "ordinary-work")]
    #[case::pending(|c: &mut Case| c.calls = vec![call(Effect::Read, Outcome::ApprovalPending)], Decision::Hold, "approval-pending")]
    #[case::pending_and_unknown(|c: &mut Case| c.calls = vec![call(Effect::External, Outcome::Unknown), call(Effect::External, Outcome::ApprovalPending)], Decision::Hold, "approval-pending")]
    #[case::answered(|c: &mut Case| c.calls = vec![reply(Outcome::Done)], Decision::Skip, "answered")]
    #[case::answered_and_harm(|c: &mut Case| { c.calls = vec![reply(Outcome::Done)]; c.next = "Delete it"; }, Decision::Skip, "answered")]
    #[case::told_on_the_way(|c: &mut Case| c.calls = vec![reply(Outcome::Done), call(Effect::Read, Outcome::Unknown)], Decision::Send, "ordinary-work")]
    #[case::perhaps_answered(|c: &mut Case| c.calls = vec![reply(Outcome::Unknown)], Decision::Hold, "unknown-outcome")]
    #[case::not_answered(|c: &mut Case| c.calls = vec![reply(Outcome::Failed)], Decision::Send, "ordinary-work")]
    #[case::captured(|c: &mut Case| { idle(c); c.captured = Some(Captured::Turn); }, Decision::Skip, "ended")]
    #[case::captured_and_cut(|c: &mut Case| { c.attended = false; c.captured = Some(Captured::Turn); }, Decision::Send, "ordinary-work")]
    #[case::a_command(|c: &mut Case| { idle(c); c.captured = Some(Captured::Command); }, Decision::Send, "ordinary-work")]
    #[case::own_calls(|c: &mut Case| { c.caller = Some(c.session); c.calls = vec![call(Effect::Write, Outcome::Unknown)]; }, Decision::Send, "own-session")]
    fn each_rule_decides(#[case] change: impl Fn(&mut Case), #[case] decision: Decision, #[case] rule: &str) {
        let mut case = Case::harmless();
        change(&mut case);
        assert_eq!(case.decide(), (decision, rule.to_owned()));
    }

    /// A turn that was cut off in a call.
    fn cut() -> Cut {
        let id = InterruptionId::of(&AgentId::default(), "s1", "u1");
        Cut {
            id,
            phase: Phase::ToolCall,
            opened_by: None,
            calls: vec![],
            command: None,
            asked: None,
            reply: None,
            active_at: None,
            behind: false,
        }
    }

    /// A call that must not run twice, unless it only reads.
    fn call(effect: Effect, outcome: Outcome) -> Call {
        let risk = if effect == Effect::Read { Risk::Normal } else { Risk::High };
        Call { tool: "exec".into(), summary: "exec x".into(), effect, risk, outcome, replies: false }
    }

    fn reply(outcome: Outcome) -> Call {
        Call { tool: "message".into(), replies: true, ..call(Effect::External, outcome) }
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
            held_words: &["table"],
            open: false,
            goal: "g",
            last_done: "d",
            calls: vec![call(Effect::External, Outcome::Unknown)],
            captured: None,
        };
        let steps: [(&str, Mend); 14] = [
            ("unknown-session", |c| c.verdict = Verdict::Live),
            ("left-out", |c| c.left_out = &[]),
            ("unsettled", |c| c.unsettled = false),
            ("live", |c| c.verdict = Verdict::Complete),
            ("named-twice", |c| c.named_twice = false),
            ("blocked", |c| c.blockers = "none"),
            ("stale", |c| c.stale = false),
            ("own-session", |c| c.caller = Some("agent:main:main")),
            ("agent-to-agent", |c| c.open = true),
            ("unknown-outcome", |c| c.calls.clear()),
            ("policy-word", |c| c.held_words = &[]),
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
