//! The language of a session: its users', else that of what was recorded of it, else English.

use super::files::{DEFAULT_AFTER, PREPARED};
use super::preparation::Request;
use crate::checkpoint::{Block, PLACEHOLDER};
use crate::model::Language;
use crate::notice::language;
use crate::session::Evidence;

/// Tells in which language a session, and the chat that it answers in, is spoken to.
pub(super) fn of_session(evidence: Option<&Evidence>, block: Option<&Block>) -> Language {
    spoken(evidence, block.into_iter().flat_map(recorded))
}

/// Tells in which language the session that prepares a restart is spoken to.
pub(super) fn of_request(evidence: Option<&Evidence>, request: &Request) -> Language {
    let lists = [&request.tasks, &request.context, &request.after].into_iter().flatten();
    spoken(evidence, lists.chain(&request.status).chain([&request.reason]).map(String::as_str))
}

/// Returns what somebody wrote of a session, without what this program wrote in their place.
fn recorded(block: &Block) -> impl Iterator<Item = &str> {
    let Block { goal, last_done, next_step, blockers, .. } = block;
    let last_done = last_done.strip_prefix(PREPARED).unwrap_or(last_done);
    let blockers = block.is_blocked().then_some(blockers.as_str());
    let texts =
        [goal.as_str(), last_done, next_step].into_iter().chain(blockers).chain(block.written_message());
    texts.filter(|text| ![PLACEHOLDER, DEFAULT_AFTER].contains(text))
}

/// Tells in which language texts are written; English where that is unclear.
pub(super) fn of_texts<'a>(texts: impl Iterator<Item = &'a str>) -> Language {
    language::of(texts, Language::En)
}

fn spoken<'a>(evidence: Option<&'a Evidence>, recorded: impl Iterator<Item = &'a str>) -> Language {
    let recorded = language::of(recorded, Language::En);
    evidence.map_or(recorded, |evidence| language::of(evidence.said_by_persons(), recorded))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::model::AgentId;
    use crate::session::{Author, Entry, History, Row};

    fn evidence(said: &[(Author, &str)]) -> Evidence {
        let entry =
            |&(author, text): &(Author, &str)| Entry { id: None, at: None, author, text: text.to_owned() };
        let entries = said.iter().map(entry).collect();
        let history = History { entries, ..History::default() };
        let (key, agent) = ("agent:main:main".parse().unwrap(), AgentId::default());
        Evidence { key, agent, row: Row::default(), out_of_reach: false, writer: None, history: Ok(history) }
    }

    /// A block as `prepare` makes it where the agent has said nothing else.
    fn block(goal: &str) -> Block {
        Block {
            goal: goal.to_owned(),
            last_done: format!("{PREPARED}{goal}"),
            next_step: DEFAULT_AFTER.to_owned(),
            ..Block::new("agent:main:main".parse().unwrap())
        }
    }

    const RESTART: (Author, &str) = (Author::Person, "请重启网关");
    const ANSWER: (Author, &str) = (Author::Agent, "I am going to restart the gateway now");
    const POLL: (Author, &str) = (Author::System, "[OpenClaw heartbeat poll]");

    #[rstest]
    #[case::its_user_decides(Some(&[RESTART][..]), Some("weekly report"), Language::Zh)]
    #[case::nobody_else_does(Some(&[RESTART, ANSWER, POLL][..]), None, Language::Zh)]
    #[case::an_english_user_of_chinese_work(Some(&[(Author::Person, "go on")][..]), Some("周报"), Language::En)]
    #[case::nobody_wrote(Some(&[ANSWER][..]), Some("撰写周报"), Language::Zh)]
    #[case::no_evidence(None, Some("撰写周报"), Language::Zh)]
    #[case::what_the_program_wrote_does_not_count(None, Some("更新"), Language::Zh)]
    #[case::nothing_recorded(None, Some(PLACEHOLDER), Language::En)]
    #[case::nothing_at_all(None, None, Language::En)]
    fn the_users_words_come_first_and_then_the_record(
        #[case] said: Option<&[(Author, &str)]>,
        #[case] goal: Option<&str>,
        #[case] expected: Language,
    ) {
        let (evidence, block) = (said.map(evidence), goal.map(block));
        assert_eq!(of_session(evidence.as_ref(), block.as_ref()), expected);
    }
}
