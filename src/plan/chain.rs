//! The seed's chain: messages to sessions, judged without a look at the sessions.

use super::gate::{self, Situation};
use super::item::{Candidate, Gated, Item, Ruling};
use super::rules::{Assessment, Rules};
use crate::checkpoint::{self, Block};
use crate::model::{Decision, Language, Risk, SessionKey, Verdict};
use crate::session::Judgement;
use crate::support::redact::redact;

/// A message that would be sent to a session as it stands, and what its file says of the work behind it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The session.
    pub session_key: SessionKey,
    /// The message's text.
    pub text: String,
    /// The next step that the checkpoint had; the seed's files do not tell.
    pub next_step: Option<String>,
    /// What stood in the way; the seed's files do not tell.
    pub blockers: Option<String>,
    /// Why the file itself holds it, where it does.
    pub held: Option<Ruling>,
}

impl Message {
    /// Makes a message of which the text is all that is known.
    #[must_use]
    pub fn new(session_key: SessionKey, text: &str) -> Self {
        let text = redact(text).into_owned();
        Self { session_key, text, next_step: None, blockers: None, held: None }
    }

    /// Makes the message that resumes a block.
    #[must_use]
    pub fn of(block: &Block) -> Self {
        Self {
            next_step: Some(redact(&block.next_step).into_owned()),
            blockers: Some(redact(&block.blockers).into_owned()),
            ..Self::new(block.session_key.clone(), &block.resume_message())
        }
    }

    /// Returns the block that sends this message to its session; `block` is what the checkpoint says of it.
    #[must_use]
    pub fn over(&self, block: Option<&Block>) -> Block {
        let steps = checkpoint::steps_of(&self.text);
        match (steps, block) {
            (None, None) => self.step(&self.text),
            (None, Some(block)) => Block { resume_message: Some(self.text.clone()), ..block.clone() },
            (Some((last_done, next_step)), block) => Block {
                last_done: last_done.to_owned(),
                resume_message: None,
                next_step: next_step.to_owned(),
                ..block.cloned().unwrap_or_else(|| self.step(next_step))
            },
        }
    }

    /// Returns a block that has nothing but a step, and what is in the way of it.
    fn step(&self, step: &str) -> Block {
        let block = Block::new(self.session_key.clone());
        let blockers = self.blockers.clone().unwrap_or_else(|| block.blockers.clone());
        Block { next_step: step.to_owned(), blockers, ..block }
    }
}

/// Judges a message by its words, by what its file says of it, and by the checkpoint's blocks of its session: the
/// first that does not let it go decides.
///
/// Nobody has looked at the session, and the message goes out without a fence. So the last step counts too, for the
/// harm that it speaks of: whoever reads the message may take that for work to do.
#[must_use]
pub fn judge(message: &Message, blocks: &[&Block], is_twice: bool, situation: &Situation<'_>) -> Ruling {
    let rules = Rules::builtin();
    let decide = |block: &Block| {
        // It is judged only: what is sent is the message as it stands, in whatever language.
        let unseen = Judgement::of(Verdict::Complete, "nobody has looked");
        let candidate = Candidate::of_block(block, Vec::new(), unseen, Language::En);
        as_it_stands(gate::decide(&candidate, is_twice || blocks.len() > 1, situation, rules))
    };
    let (last_done, said) = checkpoint::steps_of(&message.text).unwrap_or(("", &message.text));
    let by_words = decide(&message.step(said));
    let mut rulings = vec![by_words.clone()];
    rulings.extend(harm(rules.assess(last_done)));
    rulings.extend(message.next_step.iter().map(|step| decide(&message.step(step))));
    rulings.extend(blocks.iter().map(|block| decide(block)));
    rulings.extend(message.held.clone());
    rulings.into_iter().find(|ruling| ruling.decision != Decision::Send).unwrap_or(by_words)
}

/// Holds what may go out only where the message asks the agent to look first.
fn as_it_stands(ruling: Ruling) -> Ruling {
    if ruling.decision != Decision::Send || ruling.rule != Rules::UNCLEAR_LOCAL {
        return ruling;
    }
    Ruling { decision: Decision::Hold, risk: Risk::High, rule: Rules::UNCLEAR.to_owned(), ..ruling }
}

/// Holds what speaks of harm; what the rules do not understand is none: records are full of it.
fn harm(assessment: Assessment) -> Option<Ruling> {
    let Assessment { risk, rule, reason } = assessment;
    (risk == Risk::High && rule != Rules::UNCLEAR).then_some(Ruling {
        decision: Decision::Hold,
        risk,
        rule,
        reason,
    })
}

/// Takes the stricter of the gate's decision and another one.
#[must_use]
pub fn tightened(gated: Gated, by: Ruling) -> Gated {
    match (gated, by.decision) {
        (Gated::Send(approved), Decision::Hold) => {
            Gated::Hold(Item { ruling: by, ..approved.item().clone() })
        }
        (Gated::Send(approved), Decision::Skip) => {
            Gated::Skip(Item { ruling: by, ..approved.item().clone() })
        }
        (gated, _) => gated,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::notice::Templates;
    use crate::plan::Policy;

    const SESSION: &str = "agent:main:telegram:direct:77";

    fn message(text: &str) -> Message {
        Message::new(SESSION.parse().unwrap(), text)
    }

    fn block(next_step: &str, blockers: &str) -> Block {
        let (next_step, blockers) = (next_step.to_owned(), blockers.to_owned());
        Block { next_step, blockers, ..Block::new(SESSION.parse().unwrap()) }
    }

    fn ruled(message: &Message, blocks: &[&Block], stale: bool) -> Ruling {
        let policy = Policy::default();
        let situation = Situation {
            caller: None,
            attended: true,
            stale,
            sent_before: 0,
            policy: &policy,
            templates: &Templates::default(),
            may_address: &|_, _| true,
        };
        judge(message, blocks, false, &situation)
    }

    fn rule(message: &Message, blocks: &[&Block]) -> String {
        let ruling = ruled(message, blocks, false);
        format!("{:?} {}", ruling.decision, ruling.rule)
    }

    #[rstest]
    #[case::the_smoke_test_sends("Publish acceptance summary", "Send own-user")]
    #[case::the_smoke_test_holds("Retry write results to report", "Hold retry")]
    #[case::a_word_within_a_word("created branch", "Send already-done")]
    #[case::push("git push --force", "Hold git-push")]
    #[case::deploy("deploy to prod and email the customer", "Hold deploy")]
    #[case::chinese("删除生产数据库并转账", "Hold deletion")]
    #[case::generic("Resume from the next unfinished step", "Send ordinary-work")]
    #[case::validation_first("First verify current state/results, then proceed", "Send ordinary-work")]
    #[case::of_the_fields(
        "Continue where you left off. Last completed: (fill). Next: run the tests.",
        "Send ordinary-work"
    )]
    #[case::done_before(
        "Continue where you left off. Last completed: created branch. Next: run the tests.",
        "Send ordinary-work"
    )]
    #[case::a_retry(
        "Continue where you left off. Last completed: a. Next: run the tests. If that failed, retry from b.",
        "Hold retry"
    )]
    #[case::work_in_the_last_step(
        "Continue where you left off. Last completed: a. Delete the database. Next: run the tests.",
        "Hold deletion"
    )]
    #[case::two_next_steps(
        "Continue where you left off. Last completed: a. Next: delete the database. Next: run the tests.",
        "Hold deletion"
    )]
    #[case::nested(
        "Continue where you left off. Last completed: a. Next: Continue where you left off. Last completed: delete the database. Next: run the tests.",
        "Hold deletion"
    )]
    #[case::the_beginning_alone("Continue where you left off. Last completed: delete it", "Hold deletion")]
    #[case::nothing("", "Hold unclear")]
    #[case::what_would_go_out_verify_first("Frobnicate the parser's error branches", "Hold unclear")]
    fn words_decide_where_nothing_else_is_known(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(rule(&message(text), &[]), expected);
    }

    #[test]
    fn whatever_does_not_let_it_go_decides() {
        let harmless = message("run the tests");
        let fine = block("run the tests", "none");
        assert_eq!(rule(&harmless, &[&fine]), "Send ordinary-work");
        assert_eq!(rule(&harmless, &[&block("run the tests", "waits for a key")]), "Hold blocked");
        assert_eq!(rule(&harmless, &[&block("delete the table", "none")]), "Hold deletion");
        assert_eq!(rule(&harmless, &[&fine, &fine]), "Hold named-twice");
        assert_eq!(rule(&message("delete the table"), &[&fine]), "Hold deletion");
        let along = |next: &str, blockers: &str| Message {
            text: "run the tests".to_owned(),
            ..Message::of(&block(next, blockers))
        };
        assert_eq!(rule(&along("read the log", "none"), &[]), "Send ordinary-work");
        assert_eq!(rule(&along("pay the invoice", "none"), &[&fine]), "Hold payment");
        assert_eq!(rule(&along("read the log", "a key"), &[&fine]), "Hold blocked");
        assert_eq!(ruled(&harmless, &[&fine], true).rule, "stale");
        let written = Block { resume_message: Some("Push it to prod".to_owned()), ..fine.clone() };
        assert_eq!(rule(&harmless, &[&written]), "Hold git-push");
        let held = Some(ruled(&message("pay"), &[], false));
        assert_eq!(rule(&Message { held, ..harmless }, &[&fine]), "Hold payment");
    }

    #[test]
    fn a_message_takes_the_place_of_what_the_block_says() {
        let old = Block { goal: "g".to_owned(), ..block("old step", "none") };
        let over = message(&block("new step", "none").resume_message()).over(Some(&old));
        assert_eq!(
            (over.goal.as_str(), over.next_step.as_str(), over.written_message()),
            ("g", "new step", None)
        );
        let over = message("Do it now.").over(Some(&old));
        assert_eq!((over.next_step.as_str(), over.written_message()), ("old step", Some("Do it now.")));
        assert_eq!(message("Do it now.").over(None).next_step, "Do it now.");
    }

    #[test]
    fn secrets_do_not_get_into_a_message() {
        let message = Message::of(&block("log in with password=hunter22", "token: abcdef99"));
        let all = format!("{message:?}");
        assert!(!all.contains("hunter22") && !all.contains("abcdef99"), "{all}");
    }
}
