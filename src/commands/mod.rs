//! One file a command: parse, call, print. Here is what they share: the settings, stdin, output, words for times.

mod actions;
mod checkpoint;
mod confirm;
mod doctor;
mod drill;
mod execute;
mod globals;
mod note;
mod now;
mod plan;
mod prepare;
mod recover;
mod render;
mod report;
mod scan;
mod setup;
mod status;
mod task;
mod verify;
mod words;

use std::fmt::Display;
use std::io::{self, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Subcommand;
use serde::Serialize;

pub(crate) use self::globals::Globals;
use crate::flow::{Context, Settings, Tells};
use crate::support::clock::Clock;
use crate::support::document::Listed;
use crate::support::error::{Error, Kind, Result};
use crate::support::fs;
use crate::support::progress;
use crate::support::redact::{redact, redact_json};
use crate::support::text::{one_line, plain};

/// Standard input beyond this is refused: no snapshot comes near it.
const MAX_INPUT: u64 = 4 << 20;

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Save, notify and schedule before a planned restart; then name the restart call
    Prepare(prepare::Args),
    /// Come back after a restart: resume, hold and report, each once
    Recover(recover::Args),
    /// Show what the last stop of the gateway cut off; read-only
    Scan(scan::Args),
    /// Send what is held, or drop it, when a person says so
    Confirm(confirm::Args),
    /// Show what is pending
    Status(status::Args),
    /// Show what became of the work that the last stop of the gateway cut off, or every stop
    Report(report::Args),
    /// Rehearse a restart and a crash, told step by step, on gateways that are simulated
    Drill(drill::Args),
    /// Show what is wrong with the installation, and the command that mends it
    Doctor(doctor::Args),
    /// Write and read restart checkpoints
    #[command(subcommand, after_help = "Example:\n  comeback checkpoint show")]
    Checkpoint(checkpoint::Command),
    /// Show and change the workspace's NOW.md
    #[command(subcommand, after_help = "Example:\n  comeback now show")]
    Now(now::Command),
    /// Work on long tasks that outlive a timeout and a restart
    #[command(subcommand, after_help = "Example:\n  comeback task list")]
    Task(task::Command),
    /// Leave and read agents' last words
    #[command(subcommand, after_help = "Example:\n  comeback note list")]
    Note(note::Command),
    /// Show a message to people or agents, in a language and for a channel
    Render(render::Args),
    /// Install, remove and show what brings agents back by itself
    #[command(subcommand, after_help = "Example:\n  comeback setup show")]
    Setup(setup::Command),
    // The help lists these four under a heading of their own, in `cli.rs`.
    /// Show what a checkpoint asks for
    #[command(hide = true)]
    Plan(plan::Args),
    /// List the messages that resume a checkpoint's sessions
    #[command(hide = true)]
    Actions(actions::Args),
    /// Judge which of those messages may go out without a person
    #[command(hide = true)]
    Verify(verify::Args),
    /// List what is to be sent and what is held, or send it
    #[command(hide = true)]
    Execute(execute::Args),
}

/// Runs a command.
pub(crate) fn run(command: Command, globals: &Globals) -> Result<ExitCode> {
    match command {
        Command::Prepare(args) => prepare::run(args, globals),
        Command::Recover(args) => recover::run(&args, globals),
        Command::Scan(args) => scan::run(args, globals),
        Command::Confirm(args) => confirm::run(args, globals),
        Command::Status(args) => status::run(args, globals),
        Command::Report(args) => report::run(&args, globals),
        Command::Drill(args) => drill::run(&args, globals),
        Command::Doctor(args) => doctor::run(args, globals),
        Command::Checkpoint(command) => checkpoint::run(command, globals),
        Command::Now(command) => now::run(command, globals),
        Command::Task(command) => task::run(command, globals),
        Command::Note(command) => note::run(command, globals),
        Command::Render(args) => render::run(&args, globals),
        Command::Setup(command) => setup::run(command, globals),
        Command::Plan(args) => plan::run(&args),
        Command::Actions(args) => actions::run(&args, globals),
        Command::Verify(args) => verify::run(&args, globals),
        Command::Execute(args) => execute::run(&args, globals),
    }
}

fn context(globals: &Globals) -> Result<Context> {
    Context::load(settings(globals))
}

fn settings(globals: &Globals) -> Settings {
    Settings {
        state_dir: globals.state_dir.clone(),
        workspace: globals.workspace.clone(),
        clock: Clock::new(globals.now),
        offline: globals.offline,
        tells: match () {
            () if globals.verbose => Tells::Steps,
            () if !globals.json && progress::is_watched() => Tells::Waits,
            () => Tells::Nothing,
        },
        rehearsal: false,
    }
}

/// Prints the result: one JSON object, or text for people.
fn print<T: Serialize>(
    globals: &Globals,
    json: impl FnOnce() -> T,
    text: impl FnOnce() -> String,
) -> Result<()> {
    // What people and agents wrote into files of theirs may stand in any of it.
    let mut out = if globals.json { to_json(&json())? } else { redact(&text()).into_owned() };
    if !out.is_empty() && !out.ends_with('\n') {
        out.push('\n');
    }
    write_out(&out)
}

/// Writes to stdout; a reader that went away has had what it wanted.
pub(crate) fn write_out(text: &str) -> Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Error::new(Kind::User, "cannot write to stdout").because(error))
        }
        _ => Ok(()),
    }
}

/// Writes a line to stderr, where nobody may be listening. It may quote what somebody typed.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{}", redact(&line.to_string()));
}

pub(crate) fn to_json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string_pretty(value)
        .map(|json| redact_json(&json))
        .map_err(|error| Error::new(Kind::Bug, "cannot write the output as JSON").because(error))
}

fn warn(warnings: &[String]) {
    for warning in warnings {
        say(format_args!("warning: {}", plain(warning)));
    }
}

/// Prints JSON whatever the flags say, and writes it into a file too where one is named.
fn print_json(json: &impl Serialize, out: Option<&Path>) -> Result<()> {
    let text = to_json(json)? + "\n";
    if let Some(out) = out {
        fs::write(out, text.as_bytes())?;
    }
    write_out(&text)
}

/// Reads the file that an argument names, `-` is stdin; returns what errors call it, too.
fn input(path: &Path) -> Result<(String, String)> {
    if path == Path::new("-") {
        return Ok(("stdin".to_owned(), read_stdin()?));
    }
    let origin = path.display().to_string();
    let missing = || {
        let error = Error::new(Kind::User, format!("there is no file {origin}"));
        match std::env::current_dir() {
            Ok(here) if path.is_relative() => error.hint(format!("it was looked for in {}", here.display())),
            _ => error.hint("name a file that is there, or `-` for stdin"),
        }
    };
    let text = fs::read(path)?.ok_or_else(missing)?;
    Ok((origin, text))
}

fn read_stdin() -> Result<String> {
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(MAX_INPUT + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| Error::new(Kind::User, "cannot read stdin").because(error))?;
    if bytes.len() as u64 > MAX_INPUT {
        return Err(Error::new(Kind::User, format!("stdin holds more than {} MiB", MAX_INPUT >> 20)));
    }
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        Error::new(Kind::User, format!("stdin is not UTF-8: byte {valid} is the first that is not"))
    })
}

/// Reads a duration such as `90s`, `5m` or `2h`, of a day at most.
fn duration(text: &str) -> std::result::Result<TimeDelta, String> {
    duration_within(text, TimeDelta::days(1))
        .map_err(|long| long.unwrap_or_else(|| format!("{text} is longer than a day")))
}

/// Reads the duration of a piece of work, of 30 days at most.
fn long_duration(text: &str) -> std::result::Result<TimeDelta, String> {
    let long = || format!("{text} is longer than 30 days");
    duration_within(text, TimeDelta::days(30)).map_err(|wrong| wrong.unwrap_or_else(long))
}

/// Reads a duration; the error is none where it is too long.
fn duration_within(text: &str, most: TimeDelta) -> std::result::Result<TimeDelta, Option<String>> {
    let expected = || format!("{text:?} is no duration: expected a number and a unit, such as 90s, 5m or 2h");
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let number: i64 = digits.parse().map_err(|_| Some(expected()))?;
    let seconds = match &text[digits.len()..] {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        _ => return Err(Some(expected())),
    };
    let whole = number.checked_mul(seconds).filter(|seconds| (0..=most.num_seconds()).contains(seconds));
    whole.map(TimeDelta::seconds).ok_or(None)
}

/// Says how long ago something was, in one unit.
fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let seconds = (now - at).num_seconds().max(0);
    match seconds {
        0..60 => format!("{seconds} s ago"),
        60..3_600 => format!("{} min ago", seconds / 60),
        3_600..172_800 => format!("{} h ago", seconds / 3_600),
        _ => format!("{} days ago", seconds / 86_400),
    }
}

/// Shows a reason that may quote what was recorded: on one line, so that it cannot pass for a line of ours.
fn shown(reason: &str) -> String {
    one_line(reason, 300)
}

/// Lists files of a folder, a line each; one that cannot be read says why.
fn list_text<T>(listed: &[Listed<T>], what: &str, folder: &Path, line: impl Fn(&T) -> String) -> String {
    if listed.is_empty() {
        return format!("No {what} below {}.", folder.display());
    }
    let line = |one: &Listed<T>| one.content.as_ref().map_or_else(Error::full, &line);
    listed.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Counts sessions in words.
fn sessions(count: usize) -> String {
    if count == 1 { "1 session".to_owned() } else { format!("{count} sessions") }
}

/// Parses an argument by its type, with the type's own message and hints.
fn parsed<T: std::str::FromStr<Err = Error>>(text: &str) -> std::result::Result<T, String> {
    text.parse().map_err(|error: Error| error.advice())
}

/// Parses a number of things.
fn number<T: std::str::FromStr>(text: &str) -> std::result::Result<T, String> {
    text.parse().map_err(|_| "a whole number such as 30 is expected".to_owned())
}

/// Takes the one argument that means stdin.
fn stdin_only(text: &str) -> std::result::Result<String, String> {
    if text == "-" {
        Ok(text.to_owned())
    } else {
        Err("only `-` is expected here: a file comes by `- < FILE`".to_owned())
    }
}

/// Takes words that say something.
fn words(text: &str) -> std::result::Result<String, String> {
    if text.trim().is_empty() { Err("some words are expected".to_owned()) } else { Ok(text.to_owned()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_unit_and_a_bound() {
        assert_eq!(duration("90s"), Ok(TimeDelta::seconds(90)));
        assert_eq!(duration("5m"), Ok(TimeDelta::minutes(5)));
        for wrong in ["", "5", "m", "-5s", "25h", "5d", "1e3s", "99999999999999999999s"] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn ages_have_one_unit() {
        let at = |seconds| DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds);
        assert_eq!(ago(at(0), at(59)), "59 s ago");
        assert_eq!(ago(at(0), at(3_599)), "59 min ago");
        assert_eq!(ago(at(0), at(7_200)), "2 h ago");
        assert_eq!(ago(at(0), at(172_800)), "2 days ago");
        assert_eq!(ago(at(10), at(0)), "0 s ago");
    }
}
