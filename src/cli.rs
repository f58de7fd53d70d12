//! The command line as a whole: its name, its commands, the exit codes.

use clap::Parser;

use crate::commands::{Command, Globals};

const AFTER_HELP: &str = "\
Compatibility, the steps of restart-task-recovery in its own JSON:
  plan        Show what a checkpoint asks for
  actions     List the messages that resume a checkpoint's sessions
  verify      Judge which of those messages may go out without a person
  execute     List what is to be sent and what is held, or send it

Examples:
  comeback drill                      a restart and a crash, told step by step; needs no OpenClaw
  comeback doctor                     what is wrong with the installation here
  comeback scan                       what the last stop of the gateway cut off

Exit codes:
  0   done, also when there was nothing to do or something is held
  1   user or environment error; doctor has found something wrong
  2   usage error
  4   another run holds the lock (the triggers startup and job turn it into 0)
  5   a file was written by a newer version
  6   something failed; the report says what
  7   the gateway cannot be reached, or refuses us
  8   refused for safety
  70  a bug in comeback";

/// Carries an agent's work across restarts of its `OpenClaw` gateway.
#[derive(Debug, Parser)]
#[command(name = "comeback", version, about, after_help = AFTER_HELP, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}
