//! `comeback checkpoint build / show / list`

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::Local;

use super::{Globals, ago, context, print, read_stdin, sessions, warn};
use crate::checkpoint::{self, Block, Checkpoint, Entry, Meta, Store};
use crate::flow::{Context, checkpoint_id};
use crate::json::v1;
use crate::support::error::Result;
use crate::support::fs;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Write a checkpoint from the sessions on stdin, as JSON or YAML
    #[command(after_help = "\
Example:
  echo '{\"sessions\":[{\"sessionKey\":\"agent:engineer:main\",\"agentId\":\"engineer\",
    \"goal\":\"regression run\",\"lastDone\":\"401 cases pass\",\"nextStep\":\"publish the summary\",
    \"blockers\":\"none\"}]}' | comeback checkpoint build")]
    Build {
        /// The file to write [default: a new one in the workspace]
        #[arg(value_name = "OUT.md")]
        out: Option<PathBuf>,
        /// Print the text; write nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Print what a checkpoint says
    #[command(after_help = "Example:\n  comeback checkpoint show --json")]
    Show {
        /// The file [default: the newest of the workspace]
        #[arg(value_name = "CHECKPOINT.md")]
        file: Option<PathBuf>,
    },
    /// List the workspace's checkpoints, newest first
    #[command(after_help = "Example:\n  comeback checkpoint list")]
    List,
}

pub(crate) fn run(command: Command, globals: &Globals) -> Result<ExitCode> {
    let context = context(globals)?;
    match command {
        Command::Build { out, dry_run } => build(&context, globals, out, dry_run),
        Command::Show { file } => show(&context, globals, file),
        Command::List => list(&context, globals),
    }
}

fn build(context: &Context, globals: &Globals, out: Option<PathBuf>, dry_run: bool) -> Result<ExitCode> {
    let blocks = checkpoint::read_snapshot(&read_stdin()?)?;
    let now = context.clock.now();
    let meta = Meta { boot: context.running_boot(), ..Meta::new(&checkpoint_id(context), now) };
    let checkpoint = Checkpoint::new(meta, blocks);
    let local = now.with_timezone(&Local).naive_local();
    let path = match out {
        _ if dry_run => None,
        Some(path) => {
            fs::write(&path, checkpoint::render(&checkpoint, local).as_bytes())?;
            Some(path)
        }
        None => Some(Store::new(context.paths.checkpoints()).write(&checkpoint, local)?),
    };
    let text = || match &path {
        Some(path) => format!("Wrote checkpoint: {}", path.display()),
        None => checkpoint::render(&checkpoint, local),
    };
    print(globals, || v1::Checkpoint::new(path.as_deref(), &checkpoint), text)?;
    Ok(ExitCode::SUCCESS)
}

fn show(context: &Context, globals: &Globals, file: Option<PathBuf>) -> Result<ExitCode> {
    let store = Store::new(context.paths.checkpoints());
    let path = match file {
        Some(path) => path,
        None => store.newest()?.path,
    };
    let checkpoint = store.load(&path)?;
    print(globals, || v1::Checkpoint::new(Some(&path), &checkpoint), || blocks_text(&path, &checkpoint))?;
    warn(&checkpoint.warnings);
    Ok(ExitCode::SUCCESS)
}

fn blocks_text(path: &Path, checkpoint: &Checkpoint) -> String {
    let mut lines = vec![path.display().to_string()];
    for block in &checkpoint.blocks {
        let Block { session_key, goal, last_done, next_step, blockers, .. } = block;
        lines.push(format!("\n{session_key}"));
        for (name, value) in
            [("goal", goal), ("last done", last_done), ("next", next_step), ("blockers", blockers)]
        {
            lines.push(format!("  {name:<10} {value}"));
        }
    }
    lines.join("\n")
}

fn list(context: &Context, globals: &Globals) -> Result<ExitCode> {
    let entries = Store::new(context.paths.checkpoints()).list()?;
    print(globals, || v1::CheckpointList::new(&entries), || list_text(&entries, context))?;
    Ok(ExitCode::SUCCESS)
}

fn list_text(entries: &[Entry], context: &Context) -> String {
    if entries.is_empty() {
        return format!("No checkpoints below {}.", context.paths.checkpoints().display());
    }
    let line = |entry: &Entry| {
        let state = match &entry.checkpoint {
            Ok(checkpoint) if checkpoint.is_consumed() => {
                format!("used, {}", sessions(checkpoint.blocks.len()))
            }
            Ok(checkpoint) => format!("open, {}", sessions(checkpoint.blocks.len())),
            Err(error) => error.full(),
        };
        format!("{}  {}  {state}", entry.path.display(), ago(entry.created_at, context.clock.now()))
    };
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}
