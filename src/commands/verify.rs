//! `comeback verify`: which of the seed's messages may go out without a person.

use std::path::PathBuf;
use std::process::ExitCode;

use super::{Globals, context, input, print_json, warn};
use crate::flow;
use crate::json::seed;
use crate::support::error::Result;

const EXAMPLE: &str = "\
Example:
  comeback actions | comeback verify - verified.json";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// What `comeback actions` printed; `-` is stdin
    #[arg(value_name = "ACTIONS.json")]
    actions: PathBuf,
    /// A file to write the JSON into, beside stdout
    #[arg(value_name = "OUT.json")]
    out: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<ExitCode> {
    let context = context(globals)?;
    let (origin, text) = input(&args.actions)?;
    let list = seed::read_actions(&origin, &text)?;
    let chain = flow::verify(&context, &list)?;
    let source = args.actions.display().to_string();
    print_json(&seed::VerifiedList::new(context.clock.now(), &source, &list, &chain), args.out.as_deref())?;
    warn(&chain.warnings);
    Ok(ExitCode::SUCCESS)
}
