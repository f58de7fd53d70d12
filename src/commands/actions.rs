//! `comeback actions`: the messages that resume a checkpoint's sessions, in the seed's JSON.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::{Globals, context, input, print_json, warn};
use crate::checkpoint::{self, Block, Store};
use crate::flow::{self, Context};
use crate::json::seed;
use crate::support::error::Result;

const EXAMPLE: &str = "\
Example:
  comeback actions > actions.json";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The checkpoint, `-` is stdin [default: the newest of the workspace, if it is not used up]
    #[arg(value_name = "CHECKPOINT")]
    checkpoint: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<ExitCode> {
    let context = context(globals)?;
    let (origin, blocks, warnings) = match &args.checkpoint {
        Some(path) => named(path)?,
        None => newest(&context)?,
    };
    print_json(&seed::ActionList::new(context.clock.now(), &origin, &blocks), None)?;
    warn(&warnings);
    Ok(ExitCode::SUCCESS)
}

/// The file's name as the output has it, the blocks, and what is worth knowing.
type Found = (String, Vec<Block>, Vec<String>);

fn named(path: &Path) -> Result<Found> {
    let (origin, text) = input(path)?;
    let checkpoint = checkpoint::parse(&origin, &text)?;
    Ok((path.display().to_string(), checkpoint.blocks, checkpoint.warnings))
}

/// Takes the newest checkpoint. One that was used has nothing left to send: it is shown without actions.
fn newest(context: &Context) -> Result<Found> {
    let entry = Store::new(context.paths.checkpoints()).newest()?;
    let is_used = flow::is_used(context, &entry)?;
    let (origin, checkpoint) = (entry.path.display().to_string(), entry.checkpoint?);
    if is_used {
        let warning = format!("{origin} is used up, so there is nothing to send");
        return Ok((origin, Vec::new(), vec![warning]));
    }
    Ok((origin, checkpoint.blocks, checkpoint.warnings))
}
