//! `comeback setup install / remove / show / import / agents-md`: what brings agents back by itself.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Globals, context, print, warn};
use crate::json::v1;
use crate::setup::{
    self, Change, FileState, Hook, Installed, Machine, Outcome, Parts, Place, Report, Shown, Target,
};
use crate::support::error::{Error, Kind, Result};

const INSTALL: &str = "\
Without a flag it installs what this machine has a use for: the hook, /boot-resume, and the units or agents of the
manager that starts this gateway. Several may fire for one start; one recovers, the others find nothing to do.

Examples:
  comeback setup install
  comeback setup install --systemd --unit my-gateway.service";

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Install what brings agents back by itself
    #[command(after_help = INSTALL)]
    Install {
        /// The startup hook: the gateway runs `comeback recover` when it has started
        #[arg(long)]
        hook: bool,
        /// Units of systemd: a drop-in for the gateway's unit, and one for the wakes of the machine
        #[arg(long)]
        systemd: bool,
        /// Agents of launchd (macOS): one for the gateway's starts, one for the wakes of the machine
        #[arg(long)]
        launchd: bool,
        /// The skill behind the slash command /boot-resume
        #[arg(long)]
        boot_resume: bool,
        /// The gateway's unit or label, where it has another name than the usual one
        #[arg(long, value_name = "NAME")]
        unit: Option<String>,
        /// Show what would be done; change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Remove what was installed, and nothing else
    #[command(after_help = "Example:\n  comeback setup remove --dry-run")]
    Remove {
        /// Remove comeback's own records too: ledger, device key, lock; not where something is held
        #[arg(long)]
        purge: bool,
        /// Show what would be done; change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Show what is installed
    #[command(after_help = "Example:\n  comeback setup show --json")]
    Show,
    /// Take over what boot-resume, restart-task-recovery, seamless-restart and smart-wake left
    #[command(after_help = "Example:\n  comeback setup import --dry-run")]
    Import {
        /// Show what would be done; change nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Put the rule about restarts into the workspace's AGENTS.md, between two marks
    #[command(after_help = "Example:\n  comeback setup agents-md")]
    AgentsMd {
        /// Take it out again
        #[arg(long)]
        remove: bool,
        /// Show what would be done; change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

pub(crate) fn run(command: Command, globals: &Globals) -> Result<ExitCode> {
    let context = context(globals)?;
    let openclaw = context.openclaw();
    let place = Place { paths: &context.paths, openclaw: &openclaw, machine: &Machine::here() };
    match command {
        Command::Install { hook, systemd, launchd, boot_resume, unit, dry_run } => {
            let exe = std::env::current_exe().map_err(|error| {
                Error::new(Kind::User, "cannot find the path of this program").because(error)
            })?;
            let parts = Parts { hook, systemd, launchd, boot_resume, unit };
            report(globals, &setup::install(place, &exe, &parts, dry_run)?, "install")
        }
        Command::Remove { purge, dry_run } => {
            report(globals, &setup::remove(place, purge, dry_run)?, "remove")
        }
        Command::Show => show(globals, place),
        Command::Import { dry_run } => {
            report(globals, &setup::import(place, context.clock, dry_run)?, "import")
        }
        Command::AgentsMd { remove, dry_run } => {
            report(globals, &setup::agents_md(place, remove, dry_run)?, "agents-md")
        }
    }
}

fn report(globals: &Globals, report: &Report, command: &'static str) -> Result<ExitCode> {
    let text = || {
        let changes = report.changes.iter().map(change_text);
        let lines: Vec<String> = changes.chain(report.notes.iter().cloned()).collect();
        if lines.is_empty() { "Nothing to do.".to_owned() } else { lines.join("\n") }
    };
    print(globals, || v1::Setup::new(report, command), text)?;
    warn(&report.warnings);
    Ok(ExitCode::SUCCESS)
}

fn change_text(change: &Change) -> String {
    let outcome = match change.outcome {
        Outcome::Made => "done",
        Outcome::Already => "already",
        Outcome::Planned => "would",
        Outcome::Left => "left as it is",
        Outcome::Failed => "failed",
    };
    match &change.target {
        Target::File(path) => format!("{outcome}: {}", path.display()),
        Target::Command(command) => format!("{outcome}: {command}"),
    }
}

fn show(globals: &Globals, place: Place<'_>) -> Result<ExitCode> {
    let shown = setup::show_all(place.paths, place.openclaw)?;
    print(globals, || v1::SetupShow::new(&shown), || shown_text(&shown))?;
    Ok(ExitCode::SUCCESS)
}

fn shown_text(shown: &Shown) -> String {
    let mut lines = hook_lines(shown.hook.as_ref());
    for (name, part) in [
        ("What systemd starts", &shown.systemd),
        ("What launchd starts", &shown.launchd),
        ("The skill behind /boot-resume", &shown.boot_resume),
    ] {
        lines.extend(part.iter().flat_map(|part| part_lines(name, part)));
    }
    lines.extend(
        shown.agents_md.iter().map(|path| format!("The rule about restarts stands in {}.", path.display())),
    );
    for moved in &shown.imported {
        lines.push(format!("Moved aside: {} to {}", moved.from.display(), moved.to.display()));
    }
    lines.join("\n")
}

fn hook_lines(hook: Option<&Hook>) -> Vec<String> {
    let Some(hook) = hook else {
        return vec!["The startup hook is not installed: `comeback setup install` does it.".to_owned()];
    };
    let state = working(hook.works());
    let mut lines = vec![format!("The startup hook {state}. It starts {}.", hook.binary.display())];
    lines.extend(file_lines(&hook.files));
    if !hook.enabled {
        lines.push("  The gateway's configuration does not turn it on.".to_owned());
    }
    lines
}

fn part_lines(name: &str, part: &Installed) -> Vec<String> {
    let of = part.of.as_ref().map_or_else(String::new, |of| format!(" with {of}"));
    let starts =
        part.binary.as_ref().map_or_else(String::new, |binary| format!(" It starts {}.", binary.display()));
    let mut lines = vec![format!("{name}{of} {}.{starts}", working(part.works()))];
    lines.extend(file_lines(&part.files));
    lines
}

fn working(works: bool) -> &'static str {
    if works { "works" } else { "does not work; install it again" }
}

fn file_lines(files: &[(PathBuf, FileState)]) -> impl Iterator<Item = String> {
    files.iter().map(|(path, state)| {
        let state = match state {
            FileState::Unchanged => "as installed",
            FileState::Changed => "changed",
            FileState::Missing => "missing",
        };
        format!("  {}: {state}", path.display())
    })
}
