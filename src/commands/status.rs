//! `comeback status`: what is pending, without asking the gateway.

use std::fmt::Write;
use std::process::ExitCode;

use chrono::{DateTime, Utc};

use super::words::{outcome, trigger};
use super::{Globals, ago, context, print, sessions, shown, warn};
use crate::flow::{self, Context, Status, Waits};
use crate::json::v1;
use crate::support::clock::rfc3339;
use crate::support::error::Result;
use crate::support::paint::{Paint, Tone};
use crate::support::table::{Cell, WIDTH, table, wrapped};
use crate::task::{self, Task};

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  comeback status --json")]
pub(crate) struct Args {}

pub(crate) fn run(_: Args, globals: &Globals) -> Result<ExitCode> {
    let context = context(globals)?;
    let status = flow::status(&context)?;
    print(globals, || v1::Status::new(&status), || text(&status, &context, Paint::of_stdout()))?;
    warn(&status.warnings);
    Ok(ExitCode::SUCCESS)
}

fn text(status: &Status, context: &Context, paint: Paint) -> String {
    let now = context.clock.now();
    let mut facts: Vec<(&str, String, Tone)> = Vec::new();
    if !status.enabled {
        facts.push(("Policy", "comeback is switched off (enabled: false)".to_owned(), Tone::Bad));
    }
    let (gateway, tone) = match &status.boot {
        Some(boot) => (format!("runs, started {}", ago(boot.started_at, now)), Tone::Good),
        None => ("does not seem to run".to_owned(), Tone::Waiting),
    };
    facts.push(("Gateway", gateway, tone));
    let (restart, tone) = match &status.pending {
        None if status.pending_unknown => (
            "not known: the newest checkpoint cannot be read, and `comeback recover` refuses it".to_owned(),
            Tone::Bad,
        ),
        None => ("none is pending".to_owned(), Tone::Plain),
        Some(pending) => {
            let prepared =
                format!("prepared {}, {}", ago(pending.created_at, now), sessions(pending.sessions));
            let stands = if pending.due {
                "it has come, and `comeback recover` brings the work back"
            } else {
                "it has not come yet"
            };
            (format!("{prepared}; {stands}"), Tone::Waiting)
        }
    };
    facts.push(("Restart", restart, tone));
    let last = status.last.as_ref().map_or_else(
        || "there was none".to_owned(),
        |last| format!("{}, {}: {}", ago(last.at, now), trigger(&last.trigger), outcome(&last.outcome)),
    );
    facts.push(("Recovery", last, Tone::Plain));
    let rows: Vec<Vec<Cell>> = facts
        .into_iter()
        .map(|(name, fact, tone)| vec![(name.to_owned(), Tone::Strong), (fact, tone)])
        .collect();
    // A path is to be copied: it stays on one line.
    let file = status.pending.as_ref().map(|pending| format!("File      {}\n", pending.path.display()));
    table(&[], &rows, paint)
        + &file.unwrap_or_default()
        + &tasks(&status.tasks, paint)
        + &held(&status.held, now, paint)
}

fn held(held: &[Waits], now: DateTime<Utc>, paint: Paint) -> String {
    let Some(first) = held.first() else { return String::new() };
    let row = |Waits { held, since }: &Waits| -> Vec<Cell> {
        let since = since.map_or_else(String::new, |since| ago(since, now));
        [held.key.code(), held.session_key.to_string(), since, shown(&held.reason)]
            .map(|text| (text, Tone::Plain))
            .to_vec()
    };
    let rows: Vec<Vec<Cell>> = held.iter().map(row).collect();
    let code = first.held.key.code();
    let advice = format!(
        "`comeback confirm` shows the messages; `comeback confirm {code}` sends one, and with --reject drops it."
    );
    let table = table(&["HELD", "SESSION", "SINCE", "WHY"], &rows, paint);
    format!("\n{table}\n{}\n", wrapped(&advice, WIDTH).join("\n"))
}

/// Lists long tasks; an id is to be copied: it stays on one line.
fn tasks(tasks: &[Task], paint: Paint) -> String {
    let mut text = String::new();
    for task in tasks {
        let tone = if task.status == task::Status::Blocked { Tone::Bad } else { Tone::Waiting };
        let step = task.next_step().map(|step| format!(", at {step:?}")).unwrap_or_default();
        let wake = task.wake.as_ref().map(|wake| format!(", wake at {}", rfc3339(wake.at)));
        let status = paint.paint(tone, task.status.name());
        let stands = shown(&format!(", {} %{step}{}", task.progress_pct, wake.unwrap_or_default()));
        let _ = write!(text, "\nTask      {}\n          {status}{stands}\n", task.task_id);
    }
    text
}
