//! `comeback report`: what became of the work that each stop of the gateway cut off.

mod page;

use std::path::PathBuf;
use std::process::ExitCode;

use chrono::{DateTime, Local, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::words::{self, fate, outcome, title, trigger};
use super::{Globals, ago, context, duration, print, sessions, shown, warn};
use crate::flow::{self, Fate, History, Moment, Span, Stop, Story, What};
use crate::json::v1;
use crate::support::error::Result;
use crate::support::fs;
use crate::support::paint::{Paint, Tone};
use crate::support::table::{Cell, WIDTH, table, wrapped};

const EXAMPLE: &str = "\
Examples:
  comeback report                     the last stop of the gateway, and what became of the work
  comeback report --since 7d          every one of the last week; also --since 2026-11-20
  comeback report --html report.html  the same for a browser, with a timeline for each session";

/// No ledger reaches further back.
const LONGEST: u64 = 365;

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Show all that the ledger still knows, 30 days or more
    #[arg(long, conflicts_with = "since")]
    all: bool,
    /// Show what came since then: 90m, 24h, 7d, a date, or a time as RFC 3339
    #[arg(long, value_name = "WHEN", value_parser = since)]
    since: Option<Since>,
    /// Write one page for a browser into this file, in place of the text
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// A point in time, as people name one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Since {
    Ago(TimeDelta),
    At(DateTime<Utc>),
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<ExitCode> {
    let context = context(globals)?;
    let span = match (args.all, args.since) {
        (true, _) => Span::All,
        (false, Some(Since::Ago(time))) => Span::Since(context.clock.now() - time),
        (false, Some(Since::At(at))) => Span::Since(at),
        (false, None) => Span::Last,
    };
    let history = flow::report(&context, span)?;
    if let Some(file) = &args.html {
        fs::write(file, page::page(&history)?.as_bytes())?;
    }
    let text = || match &args.html {
        Some(file) => format!("Written to {}.", file.display()),
        None => text(&history, span, Paint::of_stdout()),
    };
    print(globals, || v1::Report::new(&history), text)?;
    warn(&history.warnings);
    Ok(ExitCode::SUCCESS)
}

fn since(text: &str) -> std::result::Result<Since, String> {
    if let Ok(at) = text.parse::<DateTime<Utc>>() {
        return Ok(Since::At(at));
    }
    if let Ok(day) = text.parse::<NaiveDate>() {
        // Where a clock is put forward at midnight, the day begins an hour later.
        let midnight = day.and_time(NaiveTime::MIN).and_local_timezone(Local).earliest();
        return Ok(Since::At(
            midnight.map_or_else(|| day.and_time(NaiveTime::MIN).and_utc(), |at| at.to_utc()),
        ));
    }
    if let Some(days) = text.strip_suffix('d').and_then(|days| days.parse::<u64>().ok()) {
        let days = TimeDelta::try_days(days.min(LONGEST).cast_signed());
        return days.map(Since::Ago).ok_or_else(|| format!("{text} is too long"));
    }
    duration(text).map(Since::Ago).map_err(|_| {
        format!("{text:?} is no time: expected 90m, 24h or 7d, a date such as 2026-11-20, or RFC 3339")
    })
}

fn text(history: &History, span: Span, paint: Paint) -> String {
    if history.stops.is_empty() {
        let since = if matches!(span, Span::Since(_)) { " since then" } else { "" };
        return format!("Nothing has been recovered{since}.");
    }
    let stops = history.stops.iter().map(|stop| of_stop(stop, history.at, paint));
    stops.collect::<Vec<_>>().join("\n")
}

fn of_stop(stop: &Stop, now: DateTime<Utc>, paint: Paint) -> String {
    let age = stop.boot.as_ref().map_or_else(String::new, |boot| format!(", {}", ago(boot.started_at, now)));
    let mut lines = vec![paint.paint(Tone::Strong, &title(stop)) + &age];
    if let (Some(boot), Some(down)) = (&stop.boot, stop.down_at) {
        let (from, to) = (words::clock(down), words::clock(boot.started_at));
        let time = words::span(boot.started_at - down);
        lines.push(format!("  last at work at {from}, back at {to} ({time})"));
    }
    lines.extend(stop.prepared.as_ref().map(|prepared| format!("  prepared by {}", prepared.by)));
    lines.extend(stop.runs.iter().map(|run| {
        let (who, how) = (trigger(&run.trigger), outcome(&run.outcome));
        format!("  recovered {who} at {}: {how}", words::clock(run.at))
    }));
    if stop.sessions.is_empty() {
        lines.push("  Nothing was cut off.".to_owned());
    } else {
        let rows: Vec<Vec<Cell>> = stop.sessions.iter().map(|story| row(story, stop)).collect();
        lines.push(String::new());
        lines.push(table(&["SESSION", "WHAT BECAME OF IT", "WHY"], &rows, paint).trim_end().to_owned());
    }
    let held: Vec<&str> = stop.sessions.iter().filter_map(|story| story.code.as_deref()).collect();
    if let Some(code) = held.first() {
        let advice = format!(
            "{} held: `comeback confirm` shows the messages, and `comeback confirm {code}` sends that one.",
            sessions(held.len())
        );
        lines.push(String::new());
        lines.extend(wrapped(&advice, WIDTH));
    }
    lines.join("\n") + "\n"
}

fn row(story: &Story, stop: &Stop) -> Vec<Cell> {
    let (word, tone) = fate(story.fate);
    let code = story.code.as_ref().map(|code| format!(" [{code}]")).unwrap_or_default();
    let about = story.about.as_ref().map(|about| format!("\n{}", shown(about))).unwrap_or_default();
    let start = stop.boot.as_ref().map(|boot| boot.started_at);
    let last = story.moments.iter().rev().find(|moment| moment.what != What::Told);
    let after = last
        .filter(|_| story.fate != Fate::LeftAlone)
        .zip(start)
        .map(|(last, start)| format!("\nafter {}", words::span(last.at - start)));
    vec![
        (format!("{}{about}", story.session_key), Tone::Plain),
        (format!("{word}{code}{}", after.unwrap_or_default()), tone),
        (why(story, last), Tone::Plain),
    ]
}

/// Says why, with the rule that decided; where nothing was decided, or it failed all the same, what was noted.
fn why(story: &Story, last: Option<&Moment>) -> String {
    let note = last.and_then(|last| last.note.as_deref());
    let ruling = story.ruling.as_ref().filter(|_| note.is_none() || story.fate != Fate::Failed);
    let is_confirmed = story.moments.iter().any(|moment| moment.what == What::Confirmed);
    let confirmed = if is_confirmed { "; confirmed by a person" } else { "" };
    match (ruling, note) {
        (Some(ruling), _) => format!("{} ({}){confirmed}", shown(&ruling.reason), ruling.rule),
        (None, Some(note)) => shown(note),
        (None, None) => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_named_as_people_do() {
        assert_eq!(since("90m"), Ok(Since::Ago(TimeDelta::minutes(90))));
        assert_eq!(since("7d"), Ok(Since::Ago(TimeDelta::days(7))));
        let at = "2026-11-20T12:00:00Z".parse().unwrap_or_default();
        assert_eq!(since("2026-11-20T12:00:00Z"), Ok(Since::At(at)));
        assert!(matches!(since("2026-11-20"), Ok(Since::At(day)) if (at - day).abs() < TimeDelta::days(2)));
        for wrong in ["", "yesterday", "7", "d", "-1d", "2026-13-01"] {
            assert!(since(wrong).is_err(), "{wrong}");
        }
    }
}
