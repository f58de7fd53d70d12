//! The language of a session: its users', else that of what was recorded of it, else English.

use super::preparation::Request;
use crate::checkpoint::{Block, PLACEHOLDER};
use crate::model::Language;
use crate::notice::language;
use crate::session::Evidence;

/// Tells in which language a session, and the chat that it answers in, is spoken to.
pub(super) fn of_session(evidence: Option<&Evidence>, block: Option<&Block>) -> Language {
    let recorded = block.map_or_else(Vec::new, |block| {
        let Block { goal, last_done, next_step, blockers, .. } = block;
        let mut texts: Vec<&str> = [goal, last_done, next_step, blockers].map(String::as_str).to_vec();
        texts.extend(block.written_message());
        texts
    });
    spoken(evidence, recorded.into_iter().filter(|text| *text != PLACEHOLDER))
}

/// Tells in which language the session that prepares a restart is spoken to.
pub(super) fn of_request(evidence: Option<&Evidence>, request: &Request) -> Language {
    let lists = [&request.tasks, &request.context, &request.after].into_iter().flatten();
    spoken(evidence, lists.chain(&request.status).chain([&request.reason]).map(String::as_str))
}

fn spoken<'a>(evidence: Option<&'a Evidence>, recorded: impl Iterator<Item = &'a str>) -> Language {
    let recorded = language::of(recorded, Language::En);
    evidence.map_or(recorded, |evidence| language::of(evidence.said_by_persons(), recorded))
}
