//! Background commands: begun by a tool call that was answered at once, and followed to their end.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::author::{Author, spoken};
use super::record::{Asked, Message, Process, Said};
use crate::support::process::runs_since;

/// What the gateway wakes an agent with when a command has ended.
const COMPLETION: &str = "[OpenClaw exec completion]";
/// What an event about it is called, before the message that it came with.
const EVENT: &str = "Exec ";
/// Of a command's name an event holds so many letters.
const SHORT_NAME: usize = 8;
/// The `process` tool's actions after which a command runs no more.
const ENDING: [&str; 3] = ["kill", "remove", "clear"];
/// Those that ask after it.
const ASKING: [&str; 2] = ["poll", "log"];

/// A command that the agent left running.
#[derive(Clone, Debug, PartialEq)]
pub struct Command {
    /// The tool call that began it.
    pub call: String,
    /// The command line; empty where it is not known.
    pub line: String,
    /// The name that the gateway gave it.
    pub name: String,
    /// Its process.
    pub pid: Option<u32>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// Where it runs.
    pub cwd: Option<String>,
    /// The last that is known of its output.
    pub output: Option<String>,
    /// What the transcript says of its end.
    pub end: End,
}

/// Whether a background command has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing is told of its end. One that ends well and silently is never told of.
    Untold,
    /// It has.
    Told,
    /// One has ended of several that run, and it is not told which.
    Unclear,
    /// Its process runs still: it is no orphan.
    Runs,
}

impl End {
    /// Tells whether the command may have died without its agent's knowing.
    pub(super) const fn may_be_an_orphans(self) -> bool {
        match self {
            Self::Untold | Self::Unclear => true,
            Self::Told | Self::Runs => false,
        }
    }
}

/// Finds the commands that the messages tell of, oldest first.
pub(super) fn commands(messages: &[&Message]) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut asked: Vec<&Asked> = Vec::new();
    for message in messages {
        match &message.said {
            Said::Assistant { calls, .. } => asked.extend(calls),
            Said::Result(result) => {
                let arguments =
                    asked.iter().rev().find(|asked| asked.id == result.call).map(|call| &call.arguments);
                match (&result.process, arguments) {
                    (Some(process), arguments) if process.begins() => {
                        commands.push(Command::begun(
                            &result.call,
                            arguments.unwrap_or(&Value::Null),
                            process,
                        ));
                    }
                    (process, Some(arguments)) => {
                        follow(&mut commands, arguments, process.as_ref(), result.tells_of_a_run);
                    }
                    (_, None) => {}
                }
            }
            Said::User
                if matches!(message.entry.author, Author::System | Author::Report)
                    || is_event(&message.entry.text) =>
            {
                complete(&mut commands, &message.entry.text);
            }
            Said::User | Said::Nothing => {}
        }
    }
    commands
}

impl Command {
    /// Looks whether its process runs still; one that got its number later is another.
    pub(super) fn look(&mut self) {
        let runs = self.pid.zip(self.started_at).is_some_and(|(pid, began)| runs_since(pid, began));
        if runs && self.end.may_be_an_orphans() {
            self.end = End::Runs;
        }
    }

    fn begun(call: &str, arguments: &Value, process: &Process) -> Self {
        let Process { name, pid, started_at, cwd, output, .. } = process.clone();
        let line = text(arguments, "command").or_else(|| text(&arguments["args"], "command"));
        Self {
            call: call.to_owned(),
            line: line.unwrap_or_default(),
            name,
            pid,
            started_at,
            cwd,
            output,
            end: End::Untold,
        }
    }
}

fn text(arguments: &Value, name: &str) -> Option<String> {
    arguments[name].as_str().map(str::to_owned)
}

/// Takes in what the agent learned by asking after a command, or did to it.
fn follow(commands: &mut [Command], arguments: &Value, process: Option<&Process>, told_running: bool) {
    // Within the arguments of a tool that calls other tools.
    let arguments = if arguments["sessionId"].is_string() { arguments } else { &arguments["args"] };
    let named = process.map(|process| process.name.as_str()).or(arguments["sessionId"].as_str());
    let Some(command) = commands.iter_mut().rev().find(|command| named == Some(command.name.as_str())) else {
        return;
    };
    let does =
        |actions: &[&str]| arguments["action"].as_str().is_some_and(|action| actions.contains(&action));
    let runs = process.map_or(told_running, |process| process.running);
    if runs && !does(&ENDING) {
        let output = process.and_then(|process| process.output.clone());
        command.output = output.or(command.output.take());
    } else if process.is_some() || does(&ENDING) || does(&ASKING) {
        // Also where the gateway knows no such command any more: the agent has learned that.
        command.end = End::Told;
    }
}

/// Tells whether an event stands before a person's words.
fn is_event(text: &str) -> bool {
    text.trim_start().starts_with("System:")
}

/// Takes in the gateway's word that a command has ended: `Exec completed (calm-fox, code 0)`, or without a name.
fn complete(commands: &mut [Command], text: &str) {
    let mut named = false;
    for event in text.lines().filter(|line| line.contains(EVENT)) {
        let is_meant = |command: &&mut Command| {
            let short: String = command.name.chars().take(SHORT_NAME).collect();
            event.contains(&format!("({short},")) || event.contains(&format!("session={},", command.name))
        };
        if let Some(command) = commands.iter_mut().rev().find(is_meant) {
            command.end = End::Told;
            named = true;
        }
    }
    if named || !spoken(text).starts_with(COMPLETION) {
        return;
    }
    let mut running: Vec<_> = commands.iter_mut().filter(|command| command.end == End::Untold).collect();
    let end = if running.len() == 1 { End::Told } else { End::Unclear };
    for command in &mut running {
        command.end = end;
    }
}
