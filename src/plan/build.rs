//! Builds the plan from a checkpoint and the evidence; pure.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::gate::{self, Situation};
use super::item::{Candidate, Item, Left, Plan, Ruling};
use super::message::{filled, message};
use super::rules::Rules;
use crate::model::{Decision, IdempotencyKey, SessionKey};

/// Builds the plan: one item a session; the caller's own first, then direct chats, then the newest.
#[must_use]
pub fn build(candidates: &[Candidate<'_>], situation: &Situation<'_>) -> Plan {
    let rules = Rules::builtin();
    let mut count: HashMap<&SessionKey, usize> = HashMap::new();
    for candidate in candidates {
        *count.entry(&candidate.session_key).or_default() += 1;
    }
    let mut ordered: Vec<&Candidate<'_>> = candidates.iter().collect();
    ordered.sort_by_key(|candidate| {
        let key = &candidate.session_key;
        (situation.caller != Some(key), !key.is_direct_chat(), Reverse(candidate.updated_at))
    });
    let mut items: Vec<Item> = Vec::new();
    for candidate in ordered {
        let key = &candidate.session_key;
        if items.iter().all(|item| item.session_key != *key) {
            items.extend(item(candidate, count[key] > 1, situation, rules));
        }
    }
    cap(&mut items, situation);
    Plan::new(items)
}

/// Makes the item of a candidate; one without a key has no cause.
fn item(
    candidate: &Candidate<'_>,
    named_twice: bool,
    situation: &Situation<'_>,
    rules: &Rules,
) -> Option<Item> {
    let (key, also) = candidate.keys.split_first()?;
    let ruling = gate::decide(candidate, named_twice, situation, rules);
    let of_task = candidate.tasks.first().map(|task| task.goal.as_str());
    let of_block = candidate.block.and_then(|block| filled(&block.goal));
    let about = of_block.or(candidate.request.as_deref()).or(of_task);
    let agent = candidate.session_key.agent().map(String::from);
    Some(Item {
        session_key: candidate.session_key.clone(),
        session_id: candidate.session_id.clone(),
        agent: candidate.block.map(|block| block.agent.clone()).or(agent).unwrap_or_default(),
        about: about.map(str::to_owned),
        key: key.clone(),
        also: also.to_vec(),
        planned: candidate.block.is_some(),
        left: match candidate.answer() {
            _ if candidate.has_only_tasks() => Left::Tasks,
            Some(_) => Left::Answer,
            None => Left::Work,
        },
        message: message(candidate, key, situation),
        route: candidate.route.clone(),
        verdict: candidate.judgement.verdict,
        ruling,
        confirmed: false,
        wakes: candidate.tasks.first().filter(|_| candidate.fresh).map(|task| task.task_id.clone()),
    })
}

/// Returns the key of a block's effect: the same for whoever recovers the checkpoint.
#[must_use]
pub fn key_of(checkpoint: &str, session: &SessionKey) -> IdempotencyKey {
    IdempotencyKey::of(&["checkpoint", checkpoint, session.as_str()])
}

/// Holds what goes beyond the number of resumes that may go out with nobody watching.
fn cap(items: &mut [Item], situation: &Situation<'_>) {
    if situation.attended {
        return;
    }
    let sent = items.iter_mut().filter(|item| item.ruling.decision == Decision::Send);
    let left = situation.policy.max_unattended.saturating_sub(situation.sent_before);
    for item in sent.skip(left) {
        item.ruling = Ruling {
            decision: Decision::Hold,
            rule: "cap".to_owned(),
            reason: format!("more than {} sessions at once", situation.policy.max_unattended),
            ..item.ruling.clone()
        };
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests {
    use chrono::{DateTime, TimeDelta, Utc};

    use super::*;
    use crate::checkpoint::Block;
    use crate::model::{Language, Verdict};
    use crate::notice::Templates;
    use crate::plan::{Gated, Policy};
    use crate::session::Judgement;

    const CALLER: &str = "agent:main:telegram:direct:77";

    fn block(key: &str, next: &str) -> Block {
        Block { next_step: next.to_owned(), ..Block::new(key.parse().unwrap()) }
    }

    fn planned(blocks: &[Block], attended: bool, max_unattended: usize) -> Plan {
        let times = blocks.iter().map(|_| None);
        planned_at(&blocks.iter().zip(times).collect::<Vec<_>>(), attended, max_unattended)
    }

    fn planned_at<'b>(
        blocks: &[(&'b Block, Option<DateTime<Utc>>)],
        attended: bool,
        max_unattended: usize,
    ) -> Plan {
        let candidate = |&(block, updated_at): &(&'b Block, Option<DateTime<Utc>>)| {
            let keys = vec![key_of("c", &block.session_key)];
            let judgement = Judgement::of(Verdict::Interrupted, "cut");
            Candidate { updated_at, ..Candidate::of_block(block, keys, judgement, Language::En) }
        };
        let candidates: Vec<_> = blocks.iter().map(candidate).collect();
        let policy = Policy { max_unattended, ..Policy::default() };
        let caller = CALLER.parse().unwrap();
        let situation = Situation {
            caller: Some(&caller),
            attended,
            stale: false,
            sent_before: 0,
            policy: &policy,
            templates: &Templates::default(),
            may_address: &|_, _| true,
        };
        build(&candidates, &situation)
    }

    fn rules(plan: &Plan) -> Vec<(&str, &str)> {
        plan.items().iter().map(|item| (item.session_key.as_str(), item.ruling.rule.as_str())).collect()
    }

    #[test]
    fn the_callers_session_comes_first_and_then_the_checkpoints_order() {
        let plan = planned(
            &[block("agent:b:x", "run the tests"), block("agent:a:x", "pay"), block(CALLER, "(fill)")],
            true,
            10,
        );
        assert_eq!(
            rules(&plan),
            [(CALLER, "own-session"), ("agent:b:x", "ordinary-work"), ("agent:a:x", "payment")]
        );
        let (own, other) = (&plan.items()[0], &plan.items()[1]);
        assert!(own.message.contains("You restarted the gateway") && own.message.contains(own.key.as_str()));
        assert!(other.message.contains("Go on with the work") && other.message.contains("run the tests"));
        assert_eq!((&own.about, own.key == other.key), (&None, false));
    }

    #[test]
    fn direct_chats_come_first_and_the_newest_of_each_kind() {
        let at = |seconds| Some(DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds));
        let blocks =
            ["agent:b:main", "agent:b:x:direct:1", "agent:b:x:direct:2", "agent:b:x:group:3", CALLER]
                .map(|key| block(key, "run the tests"));
        let times = [at(9), at(1), at(2), None, None];
        let plan = planned_at(&blocks.iter().zip(times).collect::<Vec<_>>(), true, 10);
        let keys: Vec<_> = plan.items().iter().map(|item| item.session_key.as_str()).collect();
        assert_eq!(
            keys,
            [CALLER, "agent:b:x:direct:2", "agent:b:x:direct:1", "agent:b:main", "agent:b:x:group:3"]
        );
    }

    #[test]
    fn a_session_that_is_named_twice_is_one_item_and_held() {
        let blocks = ["run the tests", "run the linter"].map(|next| block("agent:b:x", next));
        assert_eq!(rules(&planned(&blocks, true, 10)), [("agent:b:x", "named-twice")]);
    }

    #[test]
    fn what_goes_beyond_the_cap_is_held_when_nobody_attends() {
        let mut blocks = vec![block("agent:a:x", "delete it")];
        blocks.extend((0..3).map(|n| block(&format!("agent:b:{n}"), "run the tests")));
        let sent = |attended, max| {
            let gated = planned(&blocks, attended, max).gated();
            gated.iter().filter(|item| matches!(item, Gated::Send(_))).count()
        };
        assert_eq!((sent(false, 2), sent(false, 0), sent(true, 2)), (2, 0, 3));
        let plan = planned(&blocks, false, 2);
        assert_eq!(rules(&plan)[0].1, "deletion", "what is held anyway does not count");
        assert_eq!(rules(&plan)[3], ("agent:b:2", "cap"));
    }
}
