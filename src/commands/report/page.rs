//! The report as one page for a browser: no scripts, nothing from elsewhere, and every text escaped.

use chrono::{DateTime, Local, TimeDelta, Utc};
use handlebars::Handlebars;
use serde_json::{Value, json};

use super::super::words;
use crate::flow::{Fate, History, Stop, Story, What};
use crate::support::clock::rfc3339;
use crate::support::error::{Error, Kind, Result};
use crate::support::text::plain;

const PAGE: &str = include_str!("../../../templates/report.html");

/// Renders the page.
pub(super) fn page(history: &History) -> Result<String> {
    let mut engine = Handlebars::new();
    engine.set_strict_mode(true);
    let stops: Vec<Value> = history.stops.iter().map(stop).collect();
    let at = history.at.with_timezone(&Local).format("%Y-%m-%d %H:%M").to_string();
    let values = json!({ "at": at, "stops": stops, "warnings": history.warnings });
    engine
        .render_template(PAGE, &values)
        .map_err(|error| Error::new(Kind::Bug, "cannot render the page of the report").because(error))
}

fn stop(stop: &Stop) -> Value {
    let start = stop.boot.as_ref().map(|boot| boot.started_at);
    let down = stop.down_at.zip(start).map(|(down, start)| words::span(start - down));
    let runs: Vec<String> = stop
        .runs
        .iter()
        .map(|run| {
            format!(
                "{} at {}: {}",
                words::trigger(&run.trigger),
                words::clock(run.at),
                words::outcome(&run.outcome)
            )
        })
        .collect();
    json!({
        "title": words::title(stop),
        "down": down,
        "by": stop.prepared.as_ref().map(|prepared| prepared.by.as_str()),
        "runs": runs,
        "counts": counts(stop),
        "sessions": stop.sessions.iter().map(|one| story(one, stop)).collect::<Vec<_>>(),
    })
}

/// Counts the sessions by what became of them, in the order of the page.
fn counts(stop: &Stop) -> Vec<Value> {
    let mut counts: Vec<(Fate, usize)> = Vec::new();
    for story in &stop.sessions {
        match counts.last_mut().filter(|(fate, _)| *fate == story.fate) {
            Some((_, count)) => *count += 1,
            None => counts.push((story.fate, 1)),
        }
    }
    let shown = |(fate, count): &(Fate, usize)| json!({"class": fate.name(), "word": words::fate(*fate).0, "count": count});
    counts.iter().map(shown).collect()
}

fn story(story: &Story, stop: &Stop) -> Value {
    let ruling = story.ruling.as_ref();
    json!({
        "key": story.session_key.as_str(),
        "class": story.fate.name(),
        "fate": words::fate(story.fate).0,
        "about": story.about.as_deref().map(plain),
        "code": story.code,
        "reason": ruling.map(|ruling| plain(&ruling.reason)),
        "rule": ruling.map(|ruling| ruling.rule.as_str()),
        "message": story.message.as_deref().map(plain),
        "moments": moments(story, stop),
    })
}

/// The session's timeline: the stop and the start of the gateway, and what came after.
fn moments(story: &Story, stop: &Stop) -> Vec<Value> {
    let start = stop.boot.as_ref().map(|boot| boot.started_at);
    let mut moments = Vec::new();
    if let Some(prepared) = &stop.prepared {
        moments.push(point("prepared", "⚑", "restart prepared", prepared.at, None, None));
    }
    if let Some(down) = stop.down_at {
        moments.push(point("down", "✕", "gateway last at work", down, None, None));
    }
    if let Some(start) = start {
        moments.push(point("up", "↑", "gateway back", start, None, None));
    }
    moments.extend(story.moments.iter().map(|moment| {
        let after = start.filter(|start| *start <= moment.at).map(|start| moment.at - start);
        point(
            moment.what.name(),
            sign(moment.what),
            words::what(moment.what),
            moment.at,
            after,
            moment.note.as_deref(),
        )
    }));
    moments
}

fn point(
    class: &str,
    sign: &str,
    word: &str,
    at: DateTime<Utc>,
    after: Option<TimeDelta>,
    note: Option<&str>,
) -> Value {
    json!({"class": class, "sign": sign, "word": word, "iso": rfc3339(at), "clock": words::clock(at),
        "after": after.map(words::span), "note": note.map(plain)})
}

/// The sign of a moment: it is told by its shape as well as by its colour.
const fn sign(what: What) -> &'static str {
    match what {
        What::Resumed => "→",
        What::WentOn | What::Native => "◆",
        What::Answered => "✓",
        What::Failed => "!",
        What::Held => "‖",
        What::Told => "✉",
        What::Confirmed => "☑",
        What::Dropped => "∅",
    }
}
