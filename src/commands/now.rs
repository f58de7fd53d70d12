//! `comeback now show / set / clear`: the workspace's NOW.md.

use std::process::ExitCode;

use super::{Globals, context, print};
use crate::flow::Context;
use crate::json::v1;
use crate::model::SessionKey;
use crate::now::{self, Changes, Now, Updated};
use crate::support::clock::rfc3339;
use crate::support::error::Result;
use crate::support::fs;
use crate::support::text::plain;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Print NOW.md
    #[command(after_help = "Example:\n  comeback now show --json")]
    Show,
    /// Change sections of NOW.md; other text stays as it is
    #[command(
        after_help = "Example:\n  comeback now set --status 'Migrating the database' --task 'copy table users'"
    )]
    Set(Set),
    /// Set Post-Restart Action to none
    #[command(after_help = "Example:\n  comeback now clear")]
    Clear {
        /// Print the new text; change nothing
        #[arg(long)]
        dry_run: bool,
    },
}

#[derive(Debug, clap::Args)]
#[command(group(clap::ArgGroup::new("sections").required(true).multiple(true)
    .args(["session_key", "status", "tasks", "context", "after"])))]
pub(crate) struct Set {
    /// The session that the user is in
    #[arg(long, value_name = "KEY", value_parser = super::parsed::<SessionKey>)]
    session_key: Option<SessionKey>,
    /// What is happening
    #[arg(long, value_name = "TEXT")]
    status: Option<String>,
    /// An active task; replaces the list
    #[arg(long = "task", value_name = "TEXT")]
    tasks: Vec<String>,
    /// A key point; replaces the list
    #[arg(long = "context", value_name = "TEXT")]
    context: Vec<String>,
    /// What to do after a restart; replaces the list
    #[arg(long = "after", value_name = "TEXT")]
    after: Vec<String>,
    /// Print the new text; change nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(command: Command, globals: &Globals) -> Result<ExitCode> {
    let context = context(globals)?;
    match command {
        Command::Show => show(&context, globals),
        Command::Set(set) => {
            let dry_run = set.dry_run;
            let at = context.clock.now();
            change(&context, globals, |old| changes(set, old, rfc3339(at)), dry_run)
        }
        Command::Clear { dry_run } => change(&context, globals, |_| Changes::clear(), dry_run),
    }
}

fn show(context: &Context, globals: &Globals) -> Result<ExitCode> {
    let path = context.paths.now();
    let text = now::read(&path)?;
    let now = text.as_deref().map(Now::parse);
    let missing = || format!("{} does not exist yet.", path.display());
    print(globals, || v1::Now::new(&path, now.as_ref()), || text.as_deref().map_or_else(missing, plain))?;
    Ok(ExitCode::SUCCESS)
}

/// What is not given stays as it was; the time is always new.
fn changes(set: Set, old: Now, time: String) -> Changes {
    let list = |texts: Vec<String>| if texts.is_empty() { None } else { Some(texts) };
    Changes {
        updated: Some(Updated {
            time,
            session: set.session_key.map_or(old.updated.session, String::from),
            status: set.status.unwrap_or(old.updated.status),
        }),
        tasks: list(set.tasks),
        context: list(set.context),
        after: list(set.after),
    }
}

fn change(
    context: &Context,
    globals: &Globals,
    changes: impl FnOnce(Now) -> Changes,
    dry_run: bool,
) -> Result<ExitCode> {
    let path = context.paths.now();
    let old = now::read(&path)?;
    let text = now::splice(old.as_deref(), &changes(old.as_deref().map(Now::parse).unwrap_or_default()));
    if !dry_run {
        fs::write(&path, text.as_bytes())?;
    }
    let now = Now::parse(&text);
    let done = || if dry_run { plain(&text) } else { format!("{} written.", path.display()) };
    print(globals, || v1::Now::new(&path, Some(&now)), done)?;
    Ok(ExitCode::SUCCESS)
}
