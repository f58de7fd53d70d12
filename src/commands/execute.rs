//! `comeback execute`: what the seed's last step sends and holds, listed or sent.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Globals, context, input, print_json, warn};
use crate::flow::{self, ItemState};
use crate::json::seed;
use crate::support::error::{Kind, Result};

const EXAMPLE: &str = "\
Examples:
  comeback execute verified.json             what to send, and what a person must confirm
  comeback execute verified.json --send      send it, each once; the rest is held";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// What `comeback verify` printed; `-` is stdin
    #[arg(value_name = "VERIFIED.json")]
    verified: PathBuf,
    /// Send what passes the gate, once, in place of listing it
    #[arg(long)]
    send: bool,
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<ExitCode> {
    let context = context(globals)?;
    let (origin, text) = input(&args.verified)?;
    let list = seed::read_verified(&origin, &text)?;
    let chain = if args.send { flow::send(&context, &list)? } else { flow::verify(&context, &list)? };
    print_json(&seed::Execution::new(&chain), None)?;
    warn(&chain.warnings);
    let has_failed = chain.steps.iter().any(|step| matches!(step.state, ItemState::Failed(_)));
    Ok(if has_failed { Kind::Failed.into() } else { ExitCode::SUCCESS })
}
