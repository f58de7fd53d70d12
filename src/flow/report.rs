//! What happened: each stop of the gateway, and what became of the work that it cut off.
//!
//! The ledger tells what was found, decided, sent and held. Of the last stop the sessions' own files tell the rest: which
//! agents have answered since, and what the gateway's own recovery took.

use chrono::{DateTime, Utc};

use super::candidates::request_of;
use super::context::Context;
use super::history::{Fate, Forewarning, Grounds, History, Moment, Run, Stop, Story, What};
use crate::ledger::{
    Dealt, Effect, EffectState, Event, LOST, Ledger, Outcome, Record, TOLD, TOLD_AS_CONFIRMED,
};
use crate::model::{Decision, IdempotencyKey, SessionKey};
use crate::session::{self, Author, Evidence};
use crate::support::error::Result;

/// Which stops of the gateway are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// The last one.
    Last,
    /// All that the ledger still knows.
    All,
    /// Those whose gateway started since then.
    Since(DateTime<Utc>),
}

/// Looks up what happened; changes nothing and contacts nobody.
///
/// # Errors
/// Where the ledger cannot be read. Sessions that cannot be read are a warning: the ledger tells all the same.
pub fn report(context: &Context, span: Span) -> Result<History> {
    let ledger = Ledger::read(&context.paths.ledger())?;
    let mut warnings = ledger.complaint(&context.paths.ledger());
    let mut stops = stops(&ledger);
    let waits = context.waits("reading the sessions");
    if let Some(last) = stops.last_mut() {
        let mut add = |evidence: Evidence| {
            last.add_evidence(&evidence);
            None
        };
        let read = session::read_some(&context.paths.state, &context.config, &|_| true, &mut add);
        warnings.extend(read.err().map(|error| error.full()));
    }
    drop(waits);
    stops.retain(|stop| !stop.sessions.is_empty() || !stop.runs.is_empty());
    let is_meant = |stop: &Stop| match span {
        Span::Last | Span::All => true,
        Span::Since(at) => stop.boot.as_ref().is_some_and(|boot| boot.started_at >= at),
    };
    stops.retain(is_meant);
    stops.reverse();
    if span == Span::Last {
        stops.truncate(1);
    }
    for stop in &mut stops {
        stop.sessions.iter_mut().for_each(|story| story.conclude(&ledger));
        stop.sessions.sort_by_key(|story| story.fate);
    }
    Ok(History { at: context.clock.now(), stops, warnings })
}

/// Parts the ledger by the lives of the gateway that were seen; what stands before the first has one of its own.
fn stops(ledger: &Ledger) -> Vec<Stop> {
    let mut stops: Vec<Stop> = Vec::new();
    let mut prepared: Option<Forewarning> = None;
    for record in ledger.records() {
        match &record.event {
            Event::Prepared { session_key, .. } => {
                prepared = Some(Forewarning { at: record.at, by: session_key.clone() });
            }
            Event::Boot { boot, last_sign_of_life } => stops.push(Stop {
                boot: Some(boot.clone()),
                down_at: *last_sign_of_life,
                prepared: prepared.take(),
                ..Stop::default()
            }),
            _ => {
                if stops.is_empty() {
                    stops.push(Stop::default());
                }
                let last = stops.len() - 1;
                // What a person decides is about what was held then, however many stops came since.
                let code = code_of(&record.event);
                let is_about = |stop: &Stop| code.as_ref().is_some_and(|code| stop.has_code(code));
                let is_known = stops.iter().any(is_about);
                for (at, stop) in stops.iter_mut().enumerate() {
                    let is_its = if is_known { is_about(stop) } else { at == last };
                    if is_its {
                        stop.take(record, ledger, prepared.is_some());
                    }
                }
            }
        }
    }
    stops
}

/// Returns the code of the item that something happened to.
fn code_of(event: &Event) -> Option<String> {
    match event {
        Event::Outcome { key, .. } | Event::Decided { key, .. } => Some(key.code()),
        Event::Prepared { .. }
        | Event::Intent { .. }
        | Event::Held(_)
        | Event::Recovery { .. }
        | Event::Boot { .. }
        | Event::Fired { .. }
        | Event::Consumed { .. } => None,
    }
}

impl Stop {
    fn has_code(&self, code: &str) -> bool {
        self.sessions.iter().any(|story| story.code.as_deref() == Some(code))
    }

    /// Takes a record in. `is_next` tells that the next restart is prepared already: notices are then about that.
    fn take(&mut self, record: &Record, ledger: &Ledger, is_next: bool) {
        let at = record.at;
        match &record.event {
            Event::Outcome { key, outcome, detail, run_id } => {
                let is_meant = |state: &&EffectState| !is_next || state.effect != Effect::Notice;
                let Some(state) = ledger.effect(key).filter(is_meant) else { return };
                let Some(what) = became(state, *outcome, detail.as_deref(), run_id.is_some()) else { return };
                let story = self.story(&state.session_key);
                if state.effect != Effect::Notice {
                    story.message = state.message.clone().or(story.message.take());
                }
                story.add(at, what, detail.clone());
            }
            Event::Held(held) => {
                let story = self.story(&held.session_key);
                story.message = Some(held.message.clone());
                story.code = Some(held.key.code());
                let grounds = Grounds {
                    verdict: None,
                    decision: Decision::Hold,
                    rule: held.rule.clone(),
                    reason: held.reason.clone(),
                };
                story.ruling.get_or_insert(grounds);
                story.add(at, What::Held, None);
            }
            Event::Decided { key, confirmed, .. } => {
                let session = ledger.session_of(key).cloned();
                let what = if *confirmed { What::Confirmed } else { What::Dropped };
                if let Some(session) = session {
                    self.story(&session).add(at, what, None);
                }
            }
            Event::Recovery { trigger, outcome, items, boot, .. } => {
                let lives = boot.as_ref().zip(self.boot.as_ref());
                if outcome == "not-yet" || lives.is_some_and(|(met, own)| !met.is_same(own)) {
                    return;
                }
                self.runs.push(Run { at, trigger: trigger.clone(), outcome: outcome.clone() });
                // One that met no gateway has done nothing about its items.
                for item in items.iter().filter(|_| outcome != "unreachable") {
                    self.story(&item.session_key).take(at, item);
                }
            }
            Event::Intent { .. }
            | Event::Consumed { .. }
            | Event::Prepared { .. }
            | Event::Boot { .. }
            | Event::Fired { .. } => {}
        }
    }

    fn story(&mut self, key: &SessionKey) -> &mut Story {
        let at = self.sessions.iter().position(|story| story.session_key == *key).unwrap_or_else(|| {
            self.sessions.push(Story::new(key.clone()));
            self.sessions.len() - 1
        });
        &mut self.sessions[at]
    }

    /// Adds what a session itself tells since the start.
    fn add_evidence(&mut self, evidence: &Evidence) {
        let Some(start) = self.boot.as_ref().map(|boot| boot.started_at) else { return };
        let turns = evidence.history.as_ref().map_or(&[][..], |history| &history.turns);
        for turn in turns.iter().filter(|turn| turn.opened_by.at.is_some_and(|at| at >= start)) {
            let (Some(at), opened) = (turn.opened_by.at, &turn.opened_by) else { continue };
            let is_ours = opened.author == Author::Comeback && IdempotencyKey::find(&opened.text).is_some();
            if opened.author != Author::NativeRecovery && !is_ours {
                continue;
            }
            let story = self.story(&evidence.key);
            story.about = story.about.take().or_else(|| request_of(evidence));
            if !is_ours {
                story.moments.retain(|moment| moment.what != What::WentOn);
                story.add(at, What::Native, None);
            }
            if let (None, Some(at)) = (turn.cut, turn.last_at) {
                story.moments.retain(|moment| moment.what != What::Answered);
                story.add(at, What::Answered, None);
            }
        }
    }
}

/// Says what an outcome tells of a session; `None` is no news.
fn became(state: &EffectState, outcome: Outcome, detail: Option<&str>, has_run: bool) -> Option<What> {
    Some(match (state.effect, outcome) {
        (Effect::Notice, Outcome::Accepted) => What::Told,
        (Effect::Notice, _) => return None,
        // What an agent schedules itself is no news; with a message, it is what a stop has left.
        (Effect::Wake, _) if state.message.is_none() => return None,
        (Effect::Wake, outcome) if outcome.is_taken() => What::Resumed,
        (Effect::Resume, Outcome::Accepted) => taken(detail, has_run),
        (Effect::Resume, Outcome::Started) => What::Resumed,
        (Effect::Resume, Outcome::Done) => What::Answered,
        (Effect::Wake, _) | (Effect::Resume, Outcome::Failed | Outcome::Refused | Outcome::Unknown) => {
            What::Failed
        }
    })
}

/// Says what an effect was that the gateway, or somebody in its place, took.
fn taken(how: Option<&str>, has_run: bool) -> What {
    match how {
        Some(TOLD | TOLD_AS_CONFIRMED) | None => What::Resumed,
        Some(LOST) => What::Told,
        Some(_) if has_run => What::Resumed,
        Some(_) => What::WentOn,
    }
}

impl Story {
    fn new(session_key: SessionKey) -> Self {
        Self {
            session_key,
            about: None,
            fate: Fate::LeftAlone,
            ruling: None,
            message: None,
            code: None,
            moments: Vec::new(),
        }
    }

    fn add(&mut self, at: DateTime<Utc>, what: What, note: Option<String>) {
        self.moments.push(Moment { at, what, note });
    }

    /// Takes in what a recovery wrote down of it; the last one that says something new counts.
    fn take(&mut self, at: DateTime<Utc>, item: &Dealt) {
        self.about = item.about.clone().or(self.about.take());
        match item.state.as_str() {
            "failed" => self.add(at, What::Failed, item.detail.clone()),
            // It may have waited for longer.
            "held" => self.code = Some(item.key.code()),
            _ => {}
        }
        if item.state == "skipped" && self.ruling.is_some() {
            return;
        }
        self.ruling = Some(Grounds {
            verdict: Some(item.verdict),
            decision: item.decision,
            rule: item.rule.clone(),
            reason: item.reason.clone(),
        });
    }

    /// Puts the moments in order, and says what became of it in the end.
    fn conclude(&mut self, ledger: &Ledger) {
        self.moments.sort_by_key(|moment| moment.at);
        // What is found twice, by the ledger and by the transcript, happened once.
        self.moments.dedup_by_key(|moment| moment.what);
        let waits = ledger
            .held()
            .into_iter()
            .any(|held| held.session_key == self.session_key && self.code == Some(held.key.code()));
        let last = self.moments.iter().rev().find_map(|moment| match moment.what {
            What::Answered => Some(Fate::Answered),
            What::Resumed => Some(Fate::Resumed),
            What::Native => Some(Fate::Native),
            What::WentOn => Some(Fate::WentOn),
            What::Failed => Some(Fate::Failed),
            What::Dropped => Some(Fate::Dropped),
            What::Held | What::Told | What::Confirmed => None,
        });
        self.fate = if waits { Fate::Held } else { last.unwrap_or(Fate::LeftAlone) };
        let is_native = self.moments.iter().any(|moment| moment.what == What::Native);
        if self.fate == Fate::Answered && is_native {
            self.fate = Fate::Native;
        }
        if self.fate != Fate::Held {
            self.code = None;
        }
    }
}
