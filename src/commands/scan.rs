//! `comeback scan`: what the evidence says of every session; read-only.

use std::process::ExitCode;

use chrono::TimeDelta;

use super::{Globals, ago, context, duration, parsed, print, sessions, shown, warn};
use crate::flow::{self, Context, Scan, ScanRequest};
use crate::json::v1;
use crate::model::{AgentId, Verdict};
use crate::support::error::{Error, Result};

const EXAMPLE: &str = "\
Examples:
  comeback scan                       what the last stop of the gateway cut off
  comeback scan --all --json          every session, with its verdict";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Show complete sessions, too
    #[arg(long)]
    all: bool,
    /// Look at one agent's sessions only
    #[arg(long, value_name = "ID", value_parser = parsed::<AgentId>)]
    agent: Option<AgentId>,
    /// How long a turn may have rested before the gateway's last sign of life and still count as cut off
    #[arg(long, value_name = "DURATION", default_value = "20m", value_parser = duration)]
    window: TimeDelta,
    /// How old a cut may be when the gateway starts
    #[arg(long, value_name = "DURATION", default_value = "12h", value_parser = duration)]
    max_age: TimeDelta,
}

pub(crate) fn run(args: Args, globals: &Globals) -> Result<ExitCode> {
    let Args { all, agent, window, max_age } = args;
    let context = context(globals)?;
    let request = ScanRequest { all, agent, window, max_age };
    let scan = flow::scan(&context, &request)?;
    print(globals, || v1::Scan::new(&scan, &context.paths.state), || text(&scan, &context, &request))?;
    warn(&scan.warnings);
    for store in &scan.stores {
        warn(&store.sessions.as_ref().err().map(Error::full).into_iter().collect::<Vec<_>>());
        warn(&store.warnings);
    }
    Ok(ExitCode::SUCCESS)
}

fn text(scan: &Scan, context: &Context, request: &ScanRequest) -> String {
    let mut lines = vec![gateway(scan)];
    for (evidence, judgement) in &scan.sessions {
        let last = evidence.last_entry_at().map_or_else(String::new, |at| format!(", {}", ago(at, scan.at)));
        lines.push(format!("{} {}{last}", word(judgement.verdict), evidence.key));
        lines.push(format!("  {}", shown(&judgement.reason)));
        for call in judgement.cuts.iter().flat_map(|cut| &cut.calls) {
            lines.push(format!("  {}: {}", outcome(call.outcome), shown(&call.summary)));
        }
    }
    let complete = scan.counts.get(&Verdict::Complete).copied().unwrap_or_default();
    if scan.counts.is_empty() {
        let whose = request
            .agent
            .as_ref()
            .map_or_else(String::new, |agent| format!(" of the agent {}", agent.as_str()));
        lines.push(format!("No sessions{whose} below {}.", context.paths.state.display()));
    } else if !request.all && complete > 0 {
        lines.push(format!("Nothing was cut off in {}.", sessions(complete)));
    }
    lines.join("\n")
}

fn gateway(scan: &Scan) -> String {
    let since = scan.gateway.boot.as_ref().map(|boot| format!(", started {}", ago(boot.started_at, scan.at)));
    match (scan.gateway.reachable, since) {
        (true, since) => {
            let version = scan.gateway.version.as_deref().unwrap_or("of unknown version");
            format!("Gateway {version}{}.", since.unwrap_or_default())
        }
        (false, Some(since)) => format!("The gateway does not answer{since}."),
        (false, None) => "The gateway does not seem to run.".to_owned(),
    }
}

const fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Unreadable => "unreadable",
        Verdict::Excluded => "excluded",
        Verdict::Live => "live",
        Verdict::Quarantined => "quarantined",
        Verdict::Handled => "handled",
        Verdict::Stale => "stale",
        Verdict::Interrupted => "interrupted",
        Verdict::Orphaned => "orphaned",
        Verdict::Trivial => "trivial",
        Verdict::Complete => "complete",
    }
}

const fn outcome(outcome: crate::model::Outcome) -> &'static str {
    match outcome {
        crate::model::Outcome::Done => "done",
        crate::model::Outcome::Failed => "failed",
        crate::model::Outcome::Unknown => "unknown outcome",
        crate::model::Outcome::ApprovalPending => "waits for approval",
    }
}
