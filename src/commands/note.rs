//! `comeback note write / list`: an agent's last words.

use std::process::ExitCode;

use super::{Globals, ago, context, list_text, parsed, print, read_stdin, shown, stdin_only};
use crate::flow::Context;
use crate::json::v1;
use crate::model::{AgentId, SessionKey};
use crate::note::{Note, Store};
use crate::support::clock::rfc3339;
use crate::support::document::Document;
use crate::support::error::{Error, Kind, Result};
use crate::support::redact::recorded;

/// A field of a note is at most so long.
const TEXT: usize = 500;

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Leave a note in case you are stopped: every few minutes, what is worth knowing then
    #[command(after_help = "\
Examples:
  comeback note write --agent main --task 'tidy the tables' --progress '15/47 tables' \\
    --last-action 'wrote table-15.md' --note-to-self 'keep the short sentences'
  echo '{\"agent\":\"main\",\"task\":\"tidy the tables\",\"progress\":\"15/47\",\"can_resume\":true}' \\
    | comeback note write -")]
    Write(Write),
    /// List the notes, the newest first
    #[command(after_help = "Example:\n  comeback note list --json")]
    List,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Write {
    /// `-` reads the note from stdin, as JSON
    #[arg(value_name = "-", value_parser = stdin_only, conflicts_with_all = ["agent", "task", "progress", "last_action", "note_to_self", "ask_first"])]
    stdin: Option<String>,
    /// Whose note it is: yours
    #[arg(long, value_name = "ID", value_parser = parsed::<AgentId>, required_unless_present_any = ["stdin", "session_key"])]
    agent: Option<AgentId>,
    /// The session that it is about: yours
    #[arg(long, value_name = "KEY", value_parser = parsed::<SessionKey>)]
    session_key: Option<SessionKey>,
    /// What you are doing
    #[arg(long, value_name = "TEXT")]
    task: Option<String>,
    /// How far you are
    #[arg(long, value_name = "TEXT")]
    progress: Option<String>,
    /// What you did last
    #[arg(long, value_name = "TEXT")]
    last_action: Option<String>,
    /// What you will want to know
    #[arg(long, value_name = "TEXT")]
    note_to_self: Option<String>,
    /// After a stop, a person must be asked before you go on (`can_resume: false`)
    #[arg(long)]
    ask_first: bool,
    /// Print what would be written; write nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(command: Command, globals: &Globals) -> Result<ExitCode> {
    let context = context(globals)?;
    match command {
        Command::Write(args) => write(&context, globals, args),
        Command::List => list(&context, globals),
    }
}

fn write(context: &Context, globals: &Globals, args: Write) -> Result<ExitCode> {
    let (dry_run, store) = (args.dry_run, Store::new(&context.paths));
    let note =
        fit(if args.stdin.is_some() { from_stdin(context, args)? } else { from_flags(context, args)? });
    let path = if dry_run { store.path(&note.agent)? } else { store.write(note.clone())? };
    let text = || {
        let verb = if dry_run { "Would write" } else { "Wrote" };
        format!("{verb} {}", path.display())
    };
    print(globals, || v1::Note::new(&path, &note, dry_run), text)?;
    Ok(ExitCode::SUCCESS)
}

fn from_flags(context: &Context, args: Write) -> Result<Note> {
    let of_session = args.session_key.as_ref().and_then(SessionKey::agent);
    let agent = args.agent.or(of_session).ok_or_else(|| {
        Error::new(Kind::Usage, "the session's key names no agent").hint("name the agent with --agent")
    })?;
    if [&args.task, &args.progress, &args.last_action, &args.note_to_self].into_iter().all(Option::is_none) {
        return Err(Error::new(Kind::Usage, "the note says nothing")
            .hint("say what is under way with --task, --progress, --last-action or --note-to-self"));
    }
    Ok(Note {
        agent,
        task: args.task,
        progress: args.progress,
        last_action: args.last_action,
        timestamp: context.clock.now(),
        can_resume: !args.ask_first,
        note_to_self: args.note_to_self,
        session_key: args.session_key,
    })
}

/// Reads the discussion's shape; a note without a time is one of now.
fn from_stdin(context: &Context, args: Write) -> Result<Note> {
    let mut text = read_stdin()?;
    let fields = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text);
    if let Some(fields) = fields.ok().filter(|fields| !fields.contains_key("timestamp")) {
        // As text, so that an error names the line that its author knows.
        let (now, comma) = (rfc3339(context.clock.now()), if fields.is_empty() { "" } else { "," });
        text = text.replacen('{', &format!("{{\"timestamp\":\"{now}\"{comma}"), 1);
    }
    let note = Document::<Note>::parse("stdin", &text).map_err(expected)?.known;
    Ok(Note { session_key: args.session_key.or(note.session_key), ..note })
}

fn expected(error: Error) -> Error {
    error.hint(r#"a note is an object such as {"agent":"main","task":"tidy the tables","progress":"15/47"}"#)
}

/// Makes the texts fit for the file: on one line, without secrets.
fn fit(note: Note) -> Note {
    let fit = |text: Option<String>| text.map(|text| recorded(&text, TEXT));
    Note {
        task: fit(note.task),
        progress: fit(note.progress),
        last_action: fit(note.last_action),
        note_to_self: fit(note.note_to_self),
        ..note
    }
}

fn list(context: &Context, globals: &Globals) -> Result<ExitCode> {
    let listed = Store::new(&context.paths).list()?;
    let line = |note: &Note| {
        let (age, agent) = (ago(note.timestamp, context.clock.now()), note.agent.as_str());
        let said = [&note.task, &note.progress, &note.last_action, &note.note_to_self];
        let said: Vec<&str> = said.into_iter().flatten().map(String::as_str).collect();
        let ask = if note.can_resume { "" } else { ", ask first" };
        shown(&format!("{agent}  {age}{ask}  {}", said.join("; ")))
    };
    let text = || list_text(&listed, "notes", &context.paths.notes(), line);
    print(globals, || v1::NoteList::new(&listed), text)?;
    Ok(ExitCode::SUCCESS)
}
