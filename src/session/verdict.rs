//! What the evidence says of a session: one pure function.

use chrono::{DateTime, TimeDelta, Utc};

use super::author::spoken;
use super::cut::{Cut, Describe, cuts};
use super::evidence::{Evidence, RunStatus};
use super::history::History;
use super::row::Note;
use super::smalltalk::is_trivial;
use super::turn::Phase;
use crate::model::{InterruptionId, Verdict};

/// Why nothing is sent to a session that is out of reach.
pub const OUT_OF_REACH: &str = "nothing is sent to it, because the gateway shows another agent's session in its place; write to it again";

/// A verdict, the sentence that explains it, and the cuts that it is about.
#[derive(Clone, Debug, PartialEq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// One sentence for people.
    pub reason: String,
    /// What was cut off and has not been taken; the turn first.
    pub cuts: Vec<Cut>,
    /// How long before the stop the cuts were last active, and how long before the start.
    pub age: Age,
}

impl Age {
    /// Tells whether the stop has nothing to do with it, and nobody waits for it any more.
    #[must_use]
    pub const fn is_history(self) -> bool {
        self.outside_window && self.too_old
    }
}

/// How old what was cut off is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Age {
    /// It had rested for longer than the window before the last sign of life.
    pub outside_window: bool,
    /// It was older than the longest age at the start.
    pub too_old: bool,
}

/// From where a session is judged.
#[derive(Clone, Copy)]
pub struct View<'a> {
    /// The start of the gateway that runs, or the wake.
    pub since: DateTime<Utc>,
    /// When the gateway before it was last known to be at work; `None` where nothing tells.
    pub last_sign_of_life: Option<DateTime<Utc>>,
    /// How long before that a turn may have rested and still count as cut off by the stop.
    pub window: TimeDelta,
    /// How old a cut may be at the start.
    pub max_age: TimeDelta,
    /// Makes the record of a call.
    pub describe: Describe<'a>,
    /// What is on record beside the session.
    pub record: &'a dyn Record,
}

/// What is on record of earlier recoveries, by us and others.
pub trait Record {
    /// Tells whether an effect of ours took this cut.
    fn took(&self, cut: &InterruptionId) -> bool;
    /// Tells whether an effect of ours had the session go on since the start.
    fn resumed(&self, evidence: &Evidence) -> bool;
    /// Tells whether resuming the session keeps killing the gateway.
    fn kills(&self, evidence: &Evidence) -> bool;
    /// Tells whether a recovery that is not ours has claimed the session.
    fn claimed(&self, evidence: &Evidence) -> bool;
}

impl Judgement {
    /// A judgement that is about no cut.
    #[must_use]
    pub fn of(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self { verdict, reason: reason.into(), cuts: Vec::new(), age: Age::default() }
    }
}

/// Judges a session.
#[must_use]
pub fn judge(evidence: &Evidence, view: &View<'_>) -> Judgement {
    let history = match &evidence.history {
        Ok(history) => history,
        Err(error) => return Judgement::of(Verdict::Unreadable, error.full()),
    };
    let mut cuts = open_cuts(evidence, history, view.since, view.describe);
    if evidence.key.is_of_a_machine() {
        let of_a_machine = Judgement::of(Verdict::Excluded, "no person speaks in it");
        return Judgement { cuts, ..of_a_machine };
    }
    if let Some(how) = evidence.gone_on_heard(view.since) {
        return Judgement::of(Verdict::Live, how);
    }
    if view.record.resumed(evidence) {
        return Judgement::of(Verdict::Live, "comeback has resumed it since the restart");
    }
    let had_cuts = !cuts.is_empty();
    cuts.retain(Cut::is_for_a_person);
    if had_cuts && cuts.is_empty() {
        return Judgement::of(
            Verdict::Excluded,
            "a schedule or a heartbeat opened the turn that was cut off",
        );
    }
    let weighed = weigh(evidence, history, view, cuts);
    match weighed.verdict {
        Verdict::Interrupted | Verdict::Orphaned | Verdict::Quarantined if evidence.out_of_reach => {
            Judgement { cuts: weighed.cuts, ..Judgement::of(Verdict::Excluded, OUT_OF_REACH) }
        }
        _ => weighed,
    }
}

/// Finds what a stop left unfinished for a person, whatever has begun since; for a session in which something of the
/// gateway's own goes on that hides it.
#[must_use]
pub fn unfinished(evidence: &Evidence, since: DateTime<Utc>, describe: Describe<'_>) -> Judgement {
    let history = evidence.history.as_ref().ok();
    let mut cuts = history.map_or_else(Vec::new, |history| open_cuts(evidence, history, since, describe));
    cuts.retain(|cut| {
        cut.is_for_a_person() && cut.opened_by.as_ref().is_none_or(|entry| entry.at < Some(since))
    });
    Judgement { cuts, ..Judgement::of(Verdict::Interrupted, "a turn of the gateway's own goes on in it") }
}

fn open_cuts(
    evidence: &Evidence,
    history: &History,
    since: DateTime<Utc>,
    describe: Describe<'_>,
) -> Vec<Cut> {
    let mut cuts = cuts(&evidence.agent, &evidence.row, history, describe);
    cuts.retain(|cut| counts(cut, evidence, since));
    cuts
}

/// Decides about cuts that a person waits for.
fn weigh(evidence: &Evidence, history: &History, view: &View<'_>, mut cuts: Vec<Cut>) -> Judgement {
    if cuts.is_empty() {
        return Judgement::of(Verdict::Complete, "its last turn had ended before the restart");
    }
    cuts.retain(|cut| !view.record.took(&cut.id));
    if cuts.is_empty() || view.record.claimed(evidence) {
        return Judgement::of(Verdict::Handled, "what was cut off has been taken already");
    }
    let (fresh, stale): (Vec<_>, Vec<_>) =
        cuts.into_iter().map(|cut| (age(&cut, view), cut)).partition(|(age, _)| *age == Age::default());
    if let (true, Some((age, _))) = (fresh.is_empty(), stale.first()) {
        let why = if age.outside_window {
            "it was unfinished long before the gateway stopped"
        } else {
            "it was cut off too long ago"
        };
        let age = *age;
        let cuts = stale.into_iter().map(|(_, cut)| cut).collect();
        return Judgement { cuts, age, ..Judgement::of(Verdict::Stale, why) };
    }
    let cuts: Vec<Cut> = fresh.into_iter().map(|(_, cut)| cut).collect();
    let quarantined = match () {
        () if evidence.row.note == Some(Note::Buried) => Some("OpenClaw's own recovery has buried it"),
        () if view.record.kills(evidence) => Some("resuming it has killed the gateway twice"),
        () => None,
    };
    if let Some(why) = quarantined {
        return Judgement { cuts, ..Judgement::of(Verdict::Quarantined, why) };
    }
    if cuts.iter().all(|cut| cut.behind) {
        let why = "another turn has run since, and nothing tells whether it had come to its end";
        return Judgement { cuts, ..Judgement::of(Verdict::Stale, why) };
    }
    let (verdict, why) = match cuts.iter().find(|cut| cut.phase != Phase::Command) {
        None => (Verdict::Orphaned, "a background command of its own died with the gateway"),
        Some(cut) if cuts.len() == 1 && is_trivial_message(cut, history) => {
            return Judgement::of(Verdict::Trivial, "its user's last message needs no answer");
        }
        Some(_) if evidence.row.status == Some(RunStatus::Failed) && evidence.row.aborted => {
            (Verdict::Interrupted, "its turn was cut off and OpenClaw's own recovery gave up on it")
        }
        Some(cut) => (Verdict::Interrupted, how(cut.phase)),
    };
    Judgement { cuts, ..Judgement::of(verdict, why) }
}

/// Tells whether the stop may have ended it: by the row where it tells, or by a lock that its owner left, else by the
/// tail. A turn that had ended is complete, whatever its tail looks like.
fn counts(cut: &Cut, evidence: &Evidence, since: DateTime<Utc>) -> bool {
    let row = &evidence.row;
    if cut.behind {
        return cut.is_for_a_person();
    }
    match (cut.phase, row.status) {
        // What was finished since is on its way just now, unless there is no way.
        (Phase::Reply, _) => row.pending_reply.is_none() || row.updated_at.is_none_or(|at| at < since),
        (Phase::Command | Phase::Approval, _) | (_, None | Some(RunStatus::Running)) => true,
        (_, Some(RunStatus::Failed)) if row.aborted => true,
        // The row may lag behind a turn that has just begun; the lock does not.
        (_, Some(RunStatus::Failed | RunStatus::Ended)) => {
            let opened_at = cut.opened_by.as_ref().and_then(|entry| entry.at);
            evidence.writer.is_some_and(|writer| !writer.alive) && opened_at > row.ended_at.or(row.updated_at)
        }
    }
}

fn age(cut: &Cut, view: &View<'_>) -> Age {
    let Some(active) = cut.active_at else { return Age::default() };
    let too_old = view.since - active > view.max_age;
    // A command says nothing while it runs.
    let outside_window = match cut.phase {
        Phase::Command => too_old,
        _ => view.last_sign_of_life.is_some_and(|last| last - active > view.window),
    };
    Age { outside_window, too_old }
}

/// Tells whether nobody waits for an answer: small talk behind a turn that had come to its end.
fn is_trivial_message(cut: &Cut, history: &History) -> bool {
    let Some(entry) = &cut.opened_by else { return false };
    let before = history.turns.iter().take_while(|turn| turn.opened_by != *entry);
    let was_settled = before.filter(|turn| turn.is_waited_for()).last().is_none_or(|turn| turn.cut.is_none());
    cut.phase == Phase::Message && cut.asked.is_none() && was_settled && is_trivial(spoken(&entry.text))
}

const fn how(phase: Phase) -> &'static str {
    match phase {
        Phase::Message => "its user's message was never processed",
        Phase::ToolCall => "a tool call was under way when the gateway stopped",
        Phase::ToolResult => "the results of its tools were never processed",
        Phase::Stream => "its answer broke off when the gateway stopped",
        Phase::Reply => "its answer was never delivered",
        Phase::Approval => "a call of its waited for leave when the gateway stopped",
        Phase::Command => "a background command of its own died with the gateway",
    }
}

/// Returns when a gateway was last at work before `since`, by all that a session tells.
#[must_use]
pub fn last_sign_of_life(evidence: &Evidence, since: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let row = &evidence.row;
    let of_row = [row.started_at, row.ended_at, row.updated_at, row.last_interaction_at];
    let times = of_row.into_iter().flatten().chain(evidence.entries().iter().filter_map(|entry| entry.at));
    times.filter(|at| *at < since).max()
}

#[cfg(test)]
mod oracle;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod step;
#[cfg(test)]
mod tests;
