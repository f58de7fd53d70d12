//! `comeback prepare`: everything before a planned restart, and the call that restarts.

use std::process::ExitCode;

use chrono::TimeDelta;

use super::{Globals, context, duration, parsed, print, read_stdin, stdin_only, warn, words};
use crate::checkpoint::read_snapshot;
use crate::flow::{self, Mode, PrepareRequest, Prepared, Restart, ToolCall};
use crate::json::v1;
use crate::model::SessionKey;
use crate::setup;
use crate::support::clock::rfc3339;
use crate::support::error::{Error, Kind, Result};
use crate::support::redact::redact;

const EXAMPLE: &str = "\
Example:
  comeback prepare --session-key agent:main:telegram:direct:77 \\
    --reason 'apply the new model settings' --after 'tell the user that the settings are active'

Other sessions are described on stdin, as JSON or YAML, with - as the last argument:
  {\"sessions\":[{\"sessionKey\":\"agent:main:telegram:direct:78\",\"goal\":\"weekly report\",
                \"lastDone\":\"figures collected\",\"nextStep\":\"write the summary\",\"blockers\":\"none\"}]}";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Your own session's key (the tool `session_status` names it)
    #[arg(long, value_name = "KEY", value_parser = parsed::<SessionKey>)]
    session_key: SessionKey,
    /// Why the gateway restarts, in words for the user
    #[arg(long, value_name = "TEXT", value_parser = words)]
    reason: String,
    /// How long after now the recovery job is due
    #[arg(long, default_value = "60s", value_name = "DURATION", value_parser = duration)]
    delay: TimeDelta,
    /// What is happening at the moment
    #[arg(long, value_name = "TEXT")]
    status: Option<String>,
    /// A task in progress; may be given several times
    #[arg(long = "task", value_name = "TEXT")]
    tasks: Vec<String>,
    /// What you must still know after the restart; may be given several times
    #[arg(long = "context", value_name = "TEXT")]
    context: Vec<String>,
    /// What to do after the restart; may be given several times
    #[arg(long = "after", value_name = "TEXT")]
    after: Vec<String>,
    /// Ask the gateway for the restart, where policy and configuration allow it
    #[arg(long, conflicts_with = "tool_calls")]
    restart: bool,
    /// Write the files only, and print the tool calls for you to make
    #[arg(long)]
    tool_calls: bool,
    /// Show what would be done; change nothing
    #[arg(long)]
    dry_run: bool,
    /// `-` reads other sessions from stdin
    #[arg(value_name = "-", value_parser = stdin_only)]
    stdin: Option<String>,
}

pub(crate) fn run(args: Args, globals: &Globals) -> Result<ExitCode> {
    let snapshot = match args.stdin {
        Some(_) => read_snapshot(&read_stdin()?)?,
        None => Vec::new(),
    };
    let context = context(globals).map_err(unprepared)?;
    let request = PrepareRequest {
        session_key: args.session_key,
        reason: redact(&args.reason).into_owned(),
        delay: args.delay,
        status: args.status,
        tasks: args.tasks,
        context: args.context,
        after: args.after,
        snapshot,
        hook: setup::installed(&context.paths, &context.openclaw())?.is_some(),
        mode: match (args.restart, args.tool_calls) {
            (true, _) => Mode::PrepareAndRestart,
            (_, true) => Mode::ToolCalls,
            (false, false) => Mode::Prepare,
        },
        dry_run: args.dry_run,
    };
    let prepared = flow::prepare(&context, &request).map_err(unprepared)?;
    print(globals, || v1::Prepare::new(&prepared, request.dry_run), || text(&prepared, &request))?;
    warn(&prepared.warnings);
    Ok(ExitCode::SUCCESS)
}

/// Says that there must be no restart; a gateway might not even start with a configuration that cannot be read.
fn unprepared(error: Error) -> Error {
    match error.kind() {
        Kind::Config => error.of(Kind::Refused).hint("do not restart: mend it first, then prepare again"),
        Kind::User => error.hint("do not restart before prepare has succeeded"),
        _ => error,
    }
}

fn text(prepared: &Prepared, request: &PrepareRequest) -> String {
    let mut lines = Vec::new();
    if request.dry_run {
        lines.push("Dry run: nothing was written, scheduled or sent.".to_owned());
    } else {
        lines.push(format!("Checkpoint {} saved.", prepared.path.display()));
    }
    if let Some(at) = prepared.job.as_ref().and_then(|job| job.at) {
        lines.push(format!("Way back: recovery job at {}.", rfc3339(at)));
    }
    if prepared.hook {
        lines.push("Way back: startup hook installed.".to_owned());
    }
    match prepared.notified {
        Some(true) => lines.push("The user was told.".to_owned()),
        Some(false) => lines.push("The user could not be told: tell them yourself.".to_owned()),
        None => {}
    }
    for call in &prepared.calls {
        lines.push(format!("Call now: {}", call_text(call)));
    }
    lines.push(match &prepared.restart {
        Restart::Requested => "Restart requested. End your turn now; you will be woken afterwards.".to_owned(),
        Restart::Operator => {
            "You have no tool to restart the gateway: ask the operator to run `openclaw gateway restart`, then \
             end your turn; you will be woken afterwards."
                .to_owned()
        }
        Restart::Call(call) => {
            format!("Restart with this call, then end your turn; you will be woken afterwards:\n{}", call_text(call))
        }
    });
    lines.join("\n")
}

/// Writes a call the way that documentation does: the tool, then its parameters as JSON.
pub(super) fn call_text(call: &ToolCall) -> String {
    format!("{} {}", call.tool, call.params)
}
