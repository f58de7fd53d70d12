//! Carries an `OpenClaw` agent's work across gateway restarts.
//!
//! The crate is the `comeback` program ([`run`]); it is a library so that its tests, benches and fuzzers can reach the rooms.
//! From top to bottom, as imports point:
//!
//! | room | what it is for |
//! | --- | --- |
//! | [`json`] | what the commands print, frozen, and the seed's files |
//! | [`setup`], [`drill`] | what brings agents back by itself; the rehearsal, and its simulated gateway |
//! | [`flow`] | prepare, recover, scan, confirm, report, tasks: where the rooms below meet |
//! | [`dispatch`] | the one way out: intent, last look, send, outcome; takes only [`plan::Approved`] |
//! | [`plan`] | what is to be resumed, and whether it may go out; pure, and the only maker of [`plan::Approved`] |
//! | [`checkpoint`], [`task`], [`now`], [`note`], [`notice`] | files that people and agents read, and every text from its template |
//! | [`session`] | the evidence of a session, and its [`Verdict`](model::Verdict) |
//! | [`ledger`] | the one durable log of effects |
//! | [`gateway`] | configuration, connection, one life of it, jobs, tools |
//! | [`model`], [`support`] | words that cannot be malformed; errors, files, lock, clock |
//!
//! A recovery goes through them in this order: [`session`] finds what was cut off, [`checkpoint`] and [`task`] name what
//! else may have to go on, [`plan`] makes one item a session of it and decides, [`dispatch`] sends, and [`notice`] says so.
//! `docs/architecture.md` walks that way file by file, and tells where to change what.

mod cli;
mod commands;

pub mod checkpoint;
pub mod dispatch;
pub mod drill;
pub mod flow;
pub mod gateway;
pub mod json;
pub mod ledger;
pub mod model;
pub mod note;
pub mod notice;
pub mod now;
pub mod plan;
pub mod session;
pub mod setup;
pub mod support;
pub mod task;

use std::ffi::OsString;
use std::panic;
use std::process::ExitCode;

use clap::Parser;
use clap::error::ErrorKind;

use crate::cli::Cli;
use crate::json::v1;
use crate::support::error::{Error, Kind};
use crate::support::text::plain;

/// Runs the program with these arguments, its own name first, and returns its exit code.
pub fn run(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.into_iter().collect();
    // A usage error is reported before the flags are known; JSON is promised by the flag alone.
    let mut json = args.iter().any(|arg| arg == "--json");
    let result = match Cli::try_parse_from(args) {
        Ok(cli) => {
            json = cli.globals.json;
            panic::catch_unwind(|| commands::run(cli.command, &cli.globals)).unwrap_or_else(|_| Err(bug()))
        }
        Err(answer) if matches!(answer.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            commands::write_out(&answer.render().to_string()).map(|()| ExitCode::SUCCESS)
        }
        Err(answer) => Err(usage(&answer)),
    };
    result.unwrap_or_else(|error| {
        report(&error, json);
        error.kind().into()
    })
}

fn usage(answer: &clap::Error) -> Error {
    let text = answer.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text).trim_end();
    Error::new(Kind::Usage, text)
}

fn bug() -> Error {
    Error::new(Kind::Bug, "comeback has stopped because of a bug of its own")
        .hint("the lines above say where; nothing that was reported as done is lost")
}

/// Tells what failed: JSON on stdout where it was asked for, else words on stderr.
fn report(error: &Error, json: bool) {
    if json {
        if let Ok(text) = commands::to_json(&v1::Failure::new(error)) {
            // Where stdout is gone too, the exit code is all that is left to tell.
            let _ = commands::write_out(&(text + "\n"));
        }
        return;
    }
    // Both quote what was typed or stood in a file.
    commands::say(format_args!("error: {}", plain(&error.full())));
    for hint in error.hints() {
        commands::say(format_args!("hint: {}", plain(hint)));
    }
}
