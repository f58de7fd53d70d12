//! Flags and help.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser};

use crate::commands::Command;

const EXIT_CODES: &str = "\
Exit codes:
  0   done, also when there was nothing to do or something is held
  1   user or environment error
  2   usage error
  4   another run holds the lock (the triggers startup and job turn it into 0)
  5   a file was written by a newer version
  6   something failed; the report says what
  7   the gateway cannot be reached, or refuses us
  8   refused for safety
  70  a bug in comeback";

/// Carries an agent's work across restarts of its `OpenClaw` gateway.
#[derive(Debug, Parser)]
#[command(name = "comeback", version, about, after_help = EXIT_CODES, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    pub(crate) globals: Globals,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// The flags that every command takes, before or after its name.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// The gateway's state directory [default: ~/.openclaw]
    #[arg(long, global = true, env = "OPENCLAW_STATE_DIR", value_name = "DIR", hide_env_values = true)]
    pub(crate) state_dir: Option<PathBuf>,
    /// The agent's workspace [default: the configuration's, else <state>/workspace]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Take this for the time, for tests and rehearsals
    #[arg(long, global = true, env = "COMEBACK_NOW", value_name = "RFC 3339", hide_env_values = true)]
    pub(crate) now: Option<DateTime<Utc>>,
    /// Contact no gateway
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Say on stderr what is being done
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}
