//! What a long task, and an agent's last words, add to an item.

use super::item::{Candidate, LastWords};
use super::rules::{Assessment, Rules};
use crate::model::{Decision, IdempotencyKey, Language, Risk};
use crate::notice::{self, Packet, Resume, Templates};
use crate::support::clock::rfc3339;
use crate::task::{self, Task, WakeReason};

/// Renders the message that has an agent take up a task.
///
/// # Panics
/// Never: a packet is texts and lists of them.
#[must_use]
pub fn task_message(
    task: &Task,
    reason: WakeReason,
    key: &IdempotencyKey,
    templates: &Templates,
    language: Language,
) -> String {
    let id = &task.task_id;
    let command = format!("comeback task resume {id}");
    let payload = format!("task_id={id} resume_from=latest_checkpoint reason={reason}");
    let packet = serde_json::to_string_pretty(&task::Packet::new(task)).expect("texts and lists of them");
    let packet = Packet { packet: &packet };
    templates.resume(&Resume::Task { command: &command, payload: &payload, packet }, key, language)
}

/// Renders the tasks of a candidate, one after the other, behind what else it is told.
pub(super) fn with_tasks(
    message: Option<String>,
    candidate: &Candidate<'_>,
    key: &IdempotencyKey,
    templates: &Templates,
) -> String {
    let of_task =
        |task: &&Task| task_message(task, WakeReason::TimeoutRecovery, key, templates, candidate.language);
    let note = candidate.note.map(|words| last_words(words, templates, candidate.language));
    let parts: Vec<String> =
        message.into_iter().chain(note).chain(candidate.tasks.iter().map(of_task)).collect();
    parts.iter().map(|part| part.trim_end()).collect::<Vec<_>>().join("\n\n")
}

fn last_words(words: LastWords<'_>, templates: &Templates, language: Language) -> String {
    let note = words.note;
    let said = notice::LastWords {
        task: note.task.as_deref(),
        progress: note.progress.as_deref(),
        last_action: note.last_action.as_deref(),
        note_to_self: note.note_to_self.as_deref(),
        timestamp: &rfc3339(note.timestamp),
    };
    templates.last_words(said, language)
}

/// Assesses the step that a task was at: the others have not begun. Of several tasks, the most dangerous step counts.
pub(super) fn assess_tasks(candidate: &Candidate<'_>, rules: &Rules) -> Option<Assessment> {
    let assessed =
        candidate.tasks.iter().filter_map(|task| step_of(task)).map(|step| rules.assess(&step).strictly());
    assessed.reduce(|worst, next| if worst.risk == Risk::High { worst } else { next })
}

/// Returns the step that a task was at, in words: names such as `write_summary` are words, too.
pub(super) fn step_of(task: &Task) -> Option<String> {
    let step = task.next_step().or(task.to_do().first().copied())?;
    Some(step.replace(['_', '-'], " "))
}

/// What an agent's last words decide, where they decide anything: a person is asked first.
pub(super) fn by_last_words(candidate: &Candidate<'_>) -> Option<(Decision, &'static str, String)> {
    let LastWords { note, stale } = candidate.note?;
    if !note.can_resume {
        return Some((
            Decision::Hold,
            "last-words-no",
            "its agent noted that a person must be asked".to_owned(),
        ));
    }
    let why = format!("its agent last noted how it stands at {}", rfc3339(note.timestamp));
    stale.then_some((Decision::Hold, "last-words-stale", why))
}
