//! `comeback recover`: the one way back, whoever calls.

use std::fmt::Write;
use std::process::ExitCode;

use clap::ValueEnum;

use super::prepare::call_text;
use super::{Globals, context, print, say, shown, warn, write_out};
use crate::flow::{self, ItemReport, ItemState, Outcome, RecoverRequest, Report, Source, Trigger};
use crate::json::v1;
use crate::support::error::{Kind, Result};

const EXAMPLE: &str = "\
Examples:
  comeback recover --trigger job             what the recovery job tells the agent to run
  comeback recover --dry-run                 what would be resumed and held, and why";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Who calls
    #[arg(long, value_enum, default_value = "manual")]
    trigger: By,
    /// What calls by itself, for the ledger; what `setup install` writes names it
    #[arg(long, value_enum, hide = true)]
    source: Option<Caller>,
    /// Wait for a gateway that is still starting
    #[arg(long)]
    wait_gateway: bool,
    /// Follow the resumed runs to their end
    #[arg(long)]
    wait: bool,
    /// Show what would be done; change and send nothing
    #[arg(long)]
    dry_run: bool,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum By {
    /// The gateway's startup hook
    Startup,
    /// A wake of the machine
    Wake,
    /// The recovery job
    Job,
    /// A person, or an agent that was asked to
    Manual,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Caller {
    Hook,
    Systemd,
    Launchd,
}

impl From<Caller> for Source {
    fn from(caller: Caller) -> Self {
        match caller {
            Caller::Hook => Self::Hook,
            Caller::Systemd => Self::Systemd,
            Caller::Launchd => Self::Launchd,
        }
    }
}

impl From<By> for Trigger {
    fn from(by: By) -> Self {
        match by {
            By::Startup => Self::Startup,
            By::Wake => Self::Wake,
            By::Job => Self::Job,
            By::Manual => Self::Manual,
        }
    }
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<ExitCode> {
    let trigger = Trigger::from(args.trigger);
    let request =
        RecoverRequest { trigger, wait_gateway: args.wait_gateway, wait: args.wait, dry_run: args.dry_run };
    let context = context(globals)?;
    if let Some(source) = args.source
        && let Err(error) = flow::fired(&context, source.into(), trigger)
    {
        say(format_args!("warning: it is not written down that this has fired: {}", error.full()));
    }
    let report = match flow::recover(&context, request) {
        Err(error) if error.kind() == Kind::Busy && trigger != Trigger::Manual => {
            say(format_args!("{}", error.full()));
            if trigger == Trigger::Job {
                write_out("Another run is still at work: run this command again in a minute.\n")?;
            }
            return Ok(ExitCode::SUCCESS);
        }
        result => result?,
    };
    print(globals, || v1::Recover::new(&report), || text(&report, trigger))?;
    warn(&report.warnings);
    Ok(match report.outcome {
        Outcome::Incomplete => Kind::Failed.into(),
        Outcome::Unreachable => Kind::Gateway.into(),
        _ => ExitCode::SUCCESS,
    })
}

fn text(report: &Report, trigger: Trigger) -> String {
    let mut text = headline(report).to_owned();
    for one in &report.items {
        let _ = write!(text, "\n  {}", item_text(one));
    }
    for call in &report.calls {
        let _ = write!(text, "\nCall: {}", call_text(call));
    }
    if let Some(say) = &report.say {
        let _ = write!(text, "\n\nThe user could not be told. Tell them this:\n\n{say}");
    }
    match (&report.own, trigger) {
        (Some(own), _) => {
            let _ = write!(text, "\n\nNow go on with your own work:\n\n{own}");
        }
        (None, Trigger::Job) if report.say.is_none() => {
            text.push_str("\nThere is nothing more for you to do: answer NO_REPLY.");
        }
        (None, _) => {}
    }
    text
}

fn headline(report: &Report) -> &'static str {
    match report.outcome {
        Outcome::Nothing => "Nothing to recover.",
        Outcome::Disabled => "Nothing done: the policy has switched comeback off (enabled: false).",
        Outcome::NotYet | Outcome::NeverHappened if report.dry_run => {
            "Dry run: the gateway has not restarted yet, and nothing was sent or changed."
        }
        Outcome::Recovered | Outcome::Incomplete if report.dry_run => "Dry run: nothing was sent or changed.",
        Outcome::NotYet => {
            "The gateway has not restarted yet. Nothing was sent; a recovery job waits for it."
        }
        Outcome::NeverHappened => "The gateway has not restarted within ten minutes. Nothing was sent.",
        Outcome::Unreachable => "The gateway cannot be reached. Nothing was sent; the checkpoint stays open.",
        Outcome::Recovered => "Back after the restart.",
        Outcome::Incomplete => {
            "Back after the restart, but not everything worked; `comeback recover` tries again."
        }
    }
}

fn item_text(one: &ItemReport) -> String {
    let item = &one.item;
    let (state, reason) = match &one.state {
        ItemState::Resumed => ("resumed", ""),
        ItemState::Finished(how) => ("finished", how.as_str()),
        ItemState::Held => ("held", item.ruling.reason.as_str()),
        ItemState::Skipped => ("skipped", item.ruling.reason.as_str()),
        ItemState::Failed(why) => ("failed", why.as_str()),
        ItemState::Due => ("due", item.ruling.reason.as_str()),
    };
    let code = if one.state == ItemState::Held { format!(" [{}]", item.key.code()) } else { String::new() };
    let reason = if reason.is_empty() { String::new() } else { format!(": {}", shown(reason)) };
    format!("{state}{code} {}{reason}", item.session_key)
}
