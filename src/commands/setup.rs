//! `comeback setup install / remove / show`

use std::process::ExitCode;

use super::{Globals, context, print};
use crate::flow::Context;
use crate::gateway::Openclaw;
use crate::json::v1;
use crate::setup::{self, Change, FileState, Hook, Outcome, Report, Target};
use crate::support::error::{Error, Kind, Result};

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Install what brings agents back by itself
    #[command(after_help = "Example:\n  comeback setup install --hook")]
    Install {
        /// The startup hook: it runs `comeback recover` when the gateway has started
        #[arg(long, required = true)]
        hook: bool,
        /// Show what would be done; change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove what was installed, and nothing else
    #[command(after_help = "Example:\n  comeback setup remove --dry-run")]
    Remove {
        /// Show what would be done; change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Show what is installed
    #[command(after_help = "Example:\n  comeback setup show --json")]
    Show,
}

pub(crate) fn run(command: &Command, globals: &Globals) -> Result<ExitCode> {
    let context = context(globals)?;
    let openclaw = context.openclaw();
    match command {
        Command::Install { hook: _, dry_run } => {
            let exe = std::env::current_exe().map_err(|error| {
                Error::new(Kind::User, "cannot find the path of this program").because(error)
            })?;
            report(globals, &setup::install_hook(&context.paths, &openclaw, &exe, *dry_run)?, "install")
        }
        Command::Remove { dry_run } => {
            report(globals, &setup::remove(&context.paths, &openclaw, *dry_run)?, "remove")
        }
        Command::Show => show(&context, globals, &openclaw),
    }
}

fn report(globals: &Globals, report: &Report, command: &'static str) -> Result<ExitCode> {
    let text = || {
        let lines: Vec<String> = report.changes.iter().map(change_text).collect();
        if lines.is_empty() { "Nothing to do.".to_owned() } else { lines.join("\n") }
    };
    print(globals, || v1::Setup::new(report, command), text)?;
    Ok(ExitCode::SUCCESS)
}

fn change_text(change: &Change) -> String {
    let outcome = match change.outcome {
        Outcome::Made => "done",
        Outcome::Already => "already",
        Outcome::Planned => "would",
        Outcome::Left => "left, it was changed",
    };
    match &change.target {
        Target::File(path) => format!("{outcome}: {}", path.display()),
        Target::Command(command) => format!("{outcome}: {command}"),
    }
}

fn show(context: &Context, globals: &Globals, openclaw: &Openclaw) -> Result<ExitCode> {
    let hook = setup::show(&context.paths, openclaw)?;
    print(globals, || v1::SetupShow::new(hook.as_ref()), || hook_text(hook.as_ref()))?;
    Ok(ExitCode::SUCCESS)
}

fn hook_text(hook: Option<&Hook>) -> String {
    let Some(hook) = hook else { return "The startup hook is not installed.".to_owned() };
    let state = if hook.works() { "works" } else { "does not work; install it again" };
    let mut lines = vec![format!("The startup hook {state}. It starts {}.", hook.binary.display())];
    for (path, state) in &hook.files {
        let state = match state {
            FileState::Unchanged => "as installed",
            FileState::Changed => "changed",
            FileState::Missing => "missing",
        };
        lines.push(format!("  {}: {state}", path.display()));
    }
    if !hook.enabled {
        lines.push("  The gateway's configuration does not turn it on.".to_owned());
    }
    lines.join("\n")
}
