//! `comeback plan`: what a checkpoint asks for, in the seed's JSON.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{input, print_json, warn};
use crate::checkpoint;
use crate::json::seed;
use crate::support::error::Result;

const EXAMPLE: &str = "\
Example:
  comeback plan memory/restart-checkpoints/2026-03-09/162200.md plan.json";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The checkpoint; `-` is stdin
    #[arg(value_name = "CHECKPOINT")]
    checkpoint: PathBuf,
    /// A file to write the JSON into, beside stdout
    #[arg(value_name = "OUT.json")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args) -> Result<ExitCode> {
    let (origin, text) = input(&args.checkpoint)?;
    let checkpoint = checkpoint::parse(&origin, &text)?;
    print_json(&seed::Plan::new(&checkpoint), args.out.as_deref())?;
    warn(&checkpoint.warnings);
    Ok(ExitCode::SUCCESS)
}
