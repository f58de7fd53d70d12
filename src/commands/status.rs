//! `comeback status`

use std::process::ExitCode;

use super::{Globals, ago, context, print, sessions, shown, warn};
use crate::flow::{self, Context, Status};
use crate::json::v1;
use crate::support::clock::rfc3339;
use crate::support::error::Result;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  comeback status --json")]
pub(crate) struct Args {}

pub(crate) fn run(_: Args, globals: &Globals) -> Result<ExitCode> {
    let context = context(globals)?;
    let status = flow::status(&context)?;
    print(globals, || v1::Status::new(&status), || text(&status, &context))?;
    warn(&status.warnings);
    Ok(ExitCode::SUCCESS)
}

fn text(status: &Status, context: &Context) -> String {
    let now = context.clock.now();
    let mut lines = Vec::new();
    if !status.enabled {
        lines.push("comeback is switched off by the policy (enabled: false).".to_owned());
    }
    lines.push(match &status.boot {
        Some(boot) => format!("Gateway: started {}.", ago(boot.started_at, now)),
        None => "Gateway: does not seem to run.".to_owned(),
    });
    lines.push(match &status.pending {
        Some(pending) => {
            let due = if pending.due { "due" } else { "waiting for the restart" };
            let sessions = sessions(pending.sessions);
            format!("Checkpoint {}: {due}, {sessions}, {}.", pending.id, ago(pending.created_at, now))
        }
        None => "No restart is pending.".to_owned(),
    });
    if let Some(last) = &status.last {
        lines.push(format!("Last recovery: {} by {}, {}.", last.outcome, last.trigger, ago(last.at, now)));
    }
    for held in &status.held {
        let code = held.key.code();
        lines.push(format!("Held [{code}] {}: {}", held.session_key, shown(&held.reason)));
    }
    if let Some(pending) = &status.pending {
        lines.push(format!("File: {} ({})", pending.path.display(), rfc3339(pending.created_at)));
    }
    lines.join("\n")
}
