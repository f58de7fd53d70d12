//! The flags of every command.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;
use clap::builder::{OsStringValueParser, TypedValueParser};

/// The flags that every command takes, before or after its name.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Globals {
    /// The gateway's state directory [default: ~/.openclaw]
    #[arg(long, global = true, env = "OPENCLAW_STATE_DIR", value_name = "DIR", hide_env_values = true,
        value_parser = OsStringValueParser::new().map(PathBuf::from))]
    pub(crate) state_dir: Option<PathBuf>,
    /// The agent's workspace [default: the configuration's, else <state>/workspace]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) workspace: Option<PathBuf>,
    /// Print one JSON object instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Take this for the time, for tests and rehearsals
    #[arg(long, global = true, env = "COMEBACK_NOW", value_name = "RFC 3339", hide_env_values = true,
        value_parser = time)]
    pub(crate) now: Option<DateTime<Utc>>,
    /// Contact no gateway
    #[arg(long, global = true)]
    pub(crate) offline: bool,
    /// Say on stderr what is being done
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
}

fn time(text: &str) -> Result<DateTime<Utc>, String> {
    text.parse().map_err(|_| "a time such as 2026-11-20T12:00:00Z is expected".to_owned())
}
