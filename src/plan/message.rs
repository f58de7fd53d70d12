//! The one message that has a session go on, by why it stopped.

use super::gate::{self, Situation};
use super::item::Candidate;
use super::rules::Rules;
use super::task::with_tasks;
use crate::checkpoint::{Block, PLACEHOLDER};
use crate::model::{self, IdempotencyKey, Language, Outcome};
use crate::notice::{Answer, Approval, Call, Command, Record, Resume, Said, Templates};
use crate::session::{Author, Cut, Phase, spoken};
use crate::support::clock::rfc3339;

/// Renders the message of a candidate: what was cut off or recorded, then its agent's note, then its tasks.
pub(super) fn message(candidate: &Candidate<'_>, key: &IdempotencyKey, situation: &Situation<'_>) -> String {
    let first = (!candidate.has_only_tasks()).then(|| of_cause(candidate, key, situation));
    with_tasks(first, candidate, key, situation.templates)
}

fn of_cause(candidate: &Candidate<'_>, key: &IdempotencyKey, situation: &Situation<'_>) -> String {
    let Candidate { block, language, .. } = candidate;
    let doubtful = calls(candidate, model::Call::is_doubtful);
    match block {
        Some(block) if situation.caller == Some(&candidate.session_key) => {
            own_message(block, key, situation.templates, *language)
        }
        Some(_) if candidate.answer().is_some() => by_evidence(candidate, &[], key, situation.templates),
        Some(block) if !doubtful.is_empty() || gate::is_unclear(block, Rules::builtin()) => {
            let record = record_of(block);
            situation.templates.resume(&Resume::VerifyFirst { calls: &doubtful, record }, key, *language)
        }
        Some(block) => {
            let resume = Resume::GoOn { record: record_of(block), from: situation.caller };
            situation.templates.resume(&resume, key, *language)
        }
        None => by_evidence(candidate, &doubtful, key, situation.templates),
    }
}

/// Renders what the session that prepared the restart is told afterwards.
#[must_use]
pub fn own_message(block: &Block, key: &IdempotencyKey, templates: &Templates, language: Language) -> String {
    templates.resume(&Resume::Own { record: record_of(block) }, key, language)
}

fn by_evidence(
    candidate: &Candidate<'_>,
    doubtful: &[Call<'_>],
    key: &IdempotencyKey,
    templates: &Templates,
) -> String {
    let say = |resume: Resume<'_>| templates.resume(&resume, key, candidate.language);
    let done = candidate.calls().rev().find(|call| call.outcome == Outcome::Done);
    let commands: Vec<&str> = commands(candidate).map(|command| command.line.as_str()).collect();
    let background = (!commands.is_empty()).then(|| commands.join("; "));
    let record = Record {
        goal: candidate.request.as_deref(),
        last_done: done.map(|call| call.summary.as_str()),
        background: background.as_deref(),
        ..Record::default()
    };
    let Some(cut) = candidate.judgement.cuts.first() else { return say(Resume::GoOn { record, from: None }) };
    if let (Some(asked), Some(yes)) = (&cut.asked, &cut.opened_by) {
        return say(Resume::Approval { approval: Approval { asked, said: spoken(&yes.text) } });
    }
    if let Some(answer) = candidate.answer() {
        return say(Resume::Undelivered { answer: Answer { answer } });
    }
    if !doubtful.is_empty() && cut.phase != Phase::Command {
        return say(Resume::VerifyFirst { calls: doubtful, record });
    }
    let has_more = background.is_some();
    let lost = calls(candidate, |call| call.outcome == Outcome::Unknown);
    match (cut.phase, &cut.opened_by) {
        (Phase::Message, Some(entry)) if !has_more && entry.author == Author::Person => {
            let at = entry.at.map(rfc3339);
            say(Resume::Unanswered { message: Said { at: at.as_deref(), text: spoken(&entry.text) } })
        }
        (Phase::ToolCall, _) if !has_more && !lost.is_empty() => say(Resume::ToolCall { calls: &lost }),
        (Phase::Command, _) if candidate.judgement.cuts.len() == 1 => orphaned(cut, say),
        _ => say(Resume::GoOn { record, from: None }),
    }
}

fn orphaned(cut: &Cut, say: impl Fn(Resume<'_>) -> String) -> String {
    let Some(command) = &cut.command else {
        return say(Resume::GoOn { record: Record::default(), from: None });
    };
    let started_at = command.started_at.map(rfc3339);
    say(Resume::Orphaned {
        command: Command {
            command: &command.line,
            folder: command.cwd.as_deref(),
            started_at: started_at.as_deref(),
            output: command.output.as_deref(),
        },
    })
}

fn commands<'a>(candidate: &'a Candidate<'_>) -> impl Iterator<Item = &'a crate::session::Command> {
    candidate.judgement.cuts.iter().filter_map(|cut| cut.command.as_ref())
}

fn calls<'a>(candidate: &'a Candidate<'_>, wanted: impl Fn(&model::Call) -> bool) -> Vec<Call<'a>> {
    let wanted = candidate.calls().filter(|call| wanted(call));
    wanted.map(|call| Call { tool: &call.tool, summary: &call.summary }).collect()
}

pub(super) fn record_of(block: &Block) -> Record<'_> {
    Record {
        goal: filled(&block.goal),
        last_done: filled(&block.last_done),
        next_step: filled(&block.next_step),
        blockers: Some(block.blockers.as_str()).filter(|_| block.is_blocked()),
        message: block.written_message(),
        background: None,
    }
}

/// Passes over what the seed writes into a field that nobody filled.
pub(super) fn filled(text: &str) -> Option<&str> {
    Some(text).filter(|text| *text != PLACEHOLDER)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Verdict;
    use crate::plan::Policy;
    use crate::session::Judgement;

    fn told(next_step: &str) -> String {
        let key = "agent:main:telegram:direct:77".parse().expect("a key");
        let block = Block { next_step: next_step.to_owned(), ..Block::new(key) };
        let judgement = Judgement::of(Verdict::Interrupted, "so it is");
        let candidate = Candidate::of_block(&block, Vec::new(), judgement, Language::En);
        let situation = Situation {
            caller: None,
            attended: true,
            stale: false,
            sent_before: 0,
            policy: &Policy::default(),
            templates: &Templates::default(),
            may_address: &|_, _| true,
        };
        message(&candidate, &IdempotencyKey::of(&["a"]), &situation)
    }

    #[test]
    fn what_no_rule_knows_is_looked_into_before_it_is_done() {
        let first = "Find out, only by reading, what has already happened.";
        assert!(told("Frobnicate the parser's error branches").contains(first));
        assert!(!told("run the tests").contains(first));
    }
}
