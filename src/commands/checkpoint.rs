//! `comeback checkpoint build / capture / show / list / prune`: the files in which a restart finds its work.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use chrono::{Local, NaiveDateTime, TimeDelta};

use super::{Globals, ago, context, number, print, read_stdin, sessions, warn};
use crate::checkpoint::{self, Block, Checkpoint, Entry, Meta, Store};
use crate::flow::{self, Built, Context, Limits, Pruned, checkpoint_id};
use crate::json::v1;
use crate::support::error::Result;
use crate::support::fs;
use crate::support::text::one_line;

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
    /// Write down what is under way in each session, from the sessions' own files
    #[command(after_help = "Example:\n  comeback checkpoint capture --dry-run")]
    Capture {
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
    /// Remove old checkpoints that are used up; the newest one stays
    #[command(after_help = "Example:\n  comeback checkpoint prune --keep 20 --days 14")]
    Prune {
        /// So many stay, the newest
        #[arg(long, default_value_t = 50, value_name = "N", value_parser = number::<usize>)]
        keep: usize,
        /// Older ones go, however few there are
        #[arg(long, default_value_t = 30, value_name = "N", value_parser = number::<u16>)]
        days: u16,
        /// Show what would go; remove nothing
        #[arg(long)]
        dry_run: bool,
    },
}

pub(crate) fn run(command: Command, globals: &Globals) -> Result<ExitCode> {
    let context = context(globals)?;
    match command {
        Command::Build { out, dry_run } => build(&context, globals, out, dry_run),
        Command::Capture { dry_run } => capture(&context, globals, dry_run),
        Command::Show { file } => show(&context, globals, file),
        Command::List => list(&context, globals),
        Command::Prune { keep, days, dry_run } => {
            let limits = Limits { keep, max_age: TimeDelta::days(days.into()) };
            prune(&context, globals, limits, dry_run)
        }
    }
}

fn build(context: &Context, globals: &Globals, out: Option<PathBuf>, dry_run: bool) -> Result<ExitCode> {
    let blocks = checkpoint::read_snapshot(&read_stdin()?)?;
    let built = match out {
        Some(path) => built_into(context, path, blocks, dry_run)?,
        None => flow::build(context, blocks, dry_run)?,
    };
    let text = || match &built.path {
        Some(path) => format!("Wrote checkpoint: {}", path.display()),
        None => checkpoint::render(&built.checkpoint, local(context)),
    };
    print(globals, || v1::Checkpoint::new(built.path.as_deref(), &built.checkpoint), text)?;
    warn(&built.warnings);
    Ok(ExitCode::SUCCESS)
}

/// Writes a checkpoint into a file of the caller's, in place of one that may stand there.
fn built_into(context: &Context, path: PathBuf, blocks: Vec<Block>, dry_run: bool) -> Result<Built> {
    if path.exists() {
        let old = Store::new(context.paths.checkpoints()).load(&path).map_err(|error| {
            error
                .hint(format!("nothing was written: {} would be replaced; name another file", path.display()))
        })?;
        old.meta.map_or(Ok(()), |meta| meta.ensure_known(&path.display().to_string()))?;
    }
    let meta =
        Meta { boot: context.running_boot(), ..Meta::new(&checkpoint_id(context), context.clock.now()) };
    let checkpoint = Checkpoint::new(meta, blocks);
    if !dry_run {
        fs::write(&path, checkpoint::render(&checkpoint, local(context)).as_bytes())?;
    }
    Ok(Built { checkpoint, path: (!dry_run).then_some(path), warnings: Vec::new() })
}

fn capture(context: &Context, globals: &Globals, dry_run: bool) -> Result<ExitCode> {
    let built = flow::capture(context, dry_run)?;
    let is_empty = built.checkpoint.blocks.is_empty();
    let text = || match &built.path {
        Some(path) => format!("Wrote checkpoint: {}", path.display()),
        None if dry_run && !is_empty => checkpoint::render(&built.checkpoint, local(context)),
        None => "Nothing is under way that is not written down already.".to_owned(),
    };
    print(globals, || v1::Checkpoint::new(built.path.as_deref(), &built.checkpoint), text)?;
    warn(&built.warnings);
    Ok(ExitCode::SUCCESS)
}

fn local(context: &Context) -> NaiveDateTime {
    context.clock.now().with_timezone(&Local).naive_local()
}

fn prune(context: &Context, globals: &Globals, limits: Limits, dry_run: bool) -> Result<ExitCode> {
    let pruned = flow::prune(context, limits, dry_run)?;
    print(globals, || v1::CheckpointPrune::new(&pruned, dry_run), || prune_text(&pruned, dry_run))?;
    Ok(ExitCode::SUCCESS)
}

fn prune_text(pruned: &Pruned, dry_run: bool) -> String {
    let verb = if dry_run { "Would remove" } else { "Removed" };
    let mut lines: Vec<String> =
        pruned.removed.iter().map(|path| format!("{verb} {}", path.display())).collect();
    lines.push(format!("{} removed, {} kept.", pruned.removed.len(), pruned.kept));
    lines.join("\n")
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
            // On one line, nothing in it looks like another field or session.
            lines.push(format!("  {name:<10} {}", one_line(value, usize::MAX)));
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
            Err(error) => return error.full(),
        };
        format!("{}  {}  {state}", entry.path.display(), ago(entry.created_at, context.clock.now()))
    };
    entries.iter().map(line).collect::<Vec<_>>().join("\n")
}
