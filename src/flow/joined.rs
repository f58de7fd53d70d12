//! What a session's long tasks and its agent's last words add to its candidate: one message, and one decision.

use chrono::{DateTime, Utc};

use super::candidates::{MAX_AGE, Standpoint, WINDOW};
use super::context::Context;
use super::sight::Sight;
use super::task::Due;
use crate::model::Verdict;
use crate::note::{Note, Store};
use crate::plan::{Candidate, LastWords, Reach};
use crate::session::Judgement;
use crate::support::error::Result;

/// Reads the agents' notes; returns with them why others cannot be read.
///
/// # Errors
/// Where they cannot be listed.
pub(super) fn notes(context: &Context) -> Result<(Vec<Note>, Vec<String>)> {
    let (mut notes, mut warnings) = (Vec::new(), Vec::new());
    for listed in Store::new(&context.paths).list()? {
        match listed.content {
            Ok(note) => notes.push(note),
            Err(error) => warnings.push(error.full()),
        }
    }
    Ok((notes, warnings))
}

impl Standpoint<'_> {
    /// Joins tasks to the candidates of their sessions; a session of its own has one of its own.
    pub(super) fn with_tasks<'b>(
        &self,
        sight: &Sight,
        mut candidates: Vec<Candidate<'b>>,
        tasks: &'b [Due],
    ) -> Vec<Candidate<'b>> {
        for due in tasks {
            match candidates.iter_mut().find(|one| one.session_key == due.session) {
                // This boot has told it already.
                Some(_) if self.ledger.is_taken(self.ledger.used(&due.key)) => {}
                Some(candidate) => {
                    candidate.keys =
                        self.ordered([candidate.keys.as_slice(), std::slice::from_ref(&due.key)].concat());
                    candidate.tasks.push(&due.task);
                }
                None => candidates.push(self.of_task(sight, due)),
            }
        }
        candidates
    }

    fn of_task<'b>(&self, sight: &Sight, due: &'b Due) -> Candidate<'b> {
        let evidence = sight.of(&due.session);
        let judgement = match evidence {
            Some(evidence) if evidence.is_running(self.since()) => {
                Judgement::of(Verdict::Live, "its session is at work")
            }
            Some(_) => Judgement::of(Verdict::Complete, "nobody works on its long task"),
            None => Judgement::of(Verdict::Complete, "the session that worked on the long task is gone"),
        };
        let keys = self.ordered(vec![due.key.clone()]);
        let candidate = Candidate::new(due.session.clone(), keys, judgement, due.language);
        let candidate = Candidate { tasks: vec![&due.task], fresh: due.fresh, ..candidate };
        let mut candidate = self.completed(sight, candidate, evidence);
        if candidate.reach == Reach::NewSession {
            // What it needs of the history stands in its file.
            candidate.reach = Reach::Session;
        }
        candidate
    }

    /// Adds what agents noted of themselves to what evidence says. A note without a session is about the one session of
    /// its agent's that was cut off; where there are several, it only holds.
    pub(super) fn with_notes<'b>(
        &self,
        sight: &Sight,
        mut candidates: Vec<Candidate<'b>>,
        notes: &'b [Note],
    ) -> Vec<Candidate<'b>> {
        let stop = sight.last_sign_of_life.unwrap_or_else(|| self.start());
        for note in notes.iter().filter(|note| self.start() - note.timestamp < MAX_AGE) {
            let is_meant = |candidate: &Candidate<'_>| match &note.session_key {
                _ if candidate.block.is_some() || candidate.fresh => false,
                Some(key) => *key == candidate.session_key,
                None => candidate.session_key.agent().as_ref() == Some(&note.agent),
            };
            let is_alone = candidates.iter().filter(|one| is_meant(one)).count() == 1;
            let words = LastWords { note, stale: is_stale(note, stop) };
            for candidate in candidates.iter_mut().filter(|one| is_meant(one)) {
                let says_more = candidate.note.is_none_or(|known| known.note.session_key.is_none());
                if says_more && (is_alone || words.stale || !note.can_resume) {
                    candidate.note = Some(words);
                }
            }
        }
        candidates
    }
}

/// Tells whether so much may have happened between the note and the stop that it does not say how things stand.
fn is_stale(note: &Note, stop: DateTime<Utc>) -> bool {
    stop - note.timestamp > WINDOW
}
