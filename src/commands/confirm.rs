//! `comeback confirm`: what is held is shown, and sent or dropped when a person says so.

use std::fmt::Write;
use std::io::{IsTerminal, stdin};
use std::process::ExitCode;

use super::{Globals, ago, context, parsed, print, shown};
use crate::flow::{self, AnswerState, Answered, Chosen, Context, Word};
use crate::json::v1;
use crate::ledger::Person;
use crate::model::SessionKey;
use crate::support::error::{Error, Kind, Result};

const EXAMPLE: &str = "\
Examples:
  comeback confirm                           what is held, with the exact messages
  comeback confirm a1b2c3                    send the item of that code, once
  comeback confirm a1b2c3 --reject           drop it

A hold that is older than seven days can only be rejected.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The codes that the user or `comeback status` named [default: show what is held]
    #[arg(value_name = "CODE")]
    codes: Vec<String>,
    /// Drop the items in place of sending them
    #[arg(long)]
    reject: bool,
    /// All that is held; only on a terminal
    #[arg(long, conflicts_with = "codes")]
    all: bool,
    /// Your own session, where its user has decided
    #[arg(long, value_name = "KEY", value_parser = parsed::<SessionKey>)]
    session_key: Option<SessionKey>,
    /// Show the messages; change and send nothing
    #[arg(long)]
    dry_run: bool,
}

pub(crate) fn run(args: Args, globals: &Globals) -> Result<ExitCode> {
    let terminal = terminal();
    if args.all && terminal.is_none() && !args.dry_run {
        let error = Error::new(Kind::Refused, "--all is for a person at a terminal");
        return Err(error.hint("name the codes that the user has named"));
    }
    if args.reject && args.codes.is_empty() && !args.all {
        return Err(
            Error::new(Kind::Usage, "--reject needs a code").hint("`comeback confirm` shows the codes")
        );
    }
    let shows = args.dry_run || (args.codes.is_empty() && !args.all);
    let word = match (shows, args.reject) {
        (true, _) => Word::Show,
        (false, true) => Word::Reject,
        (false, false) => Word::Confirm,
    };
    let chosen = if args.codes.is_empty() { Chosen::All } else { Chosen::Codes(args.codes) };
    let by = match (args.session_key, terminal) {
        (Some(session), _) => Person::Session(session),
        (None, Some(device)) => Person::Terminal(device),
        (None, None) => Person::Unnamed,
    };
    let context = context(globals)?;
    let answers = flow::confirm(&context, &chosen, word, &by)?;
    print(globals, || v1::Confirm::new(&answers), || text(&answers, &context))?;
    let is_kept = |one: &Answered| matches!(one.state, AnswerState::Kept(_));
    Ok(if answers.iter().any(is_kept) { Kind::Failed.into() } else { ExitCode::SUCCESS })
}

/// Names the terminal that a person sits at, where there is one.
fn terminal() -> Option<String> {
    let device = std::fs::read_link("/proc/self/fd/0").map(|path| path.display().to_string());
    stdin().is_terminal().then(|| device.unwrap_or_else(|_| "terminal".to_owned()))
}

fn text(answers: &[Answered], context: &Context) -> String {
    if answers.is_empty() {
        return "Nothing is held.".to_owned();
    }
    let mut text = String::new();
    for answer in answers {
        let Answered { held, since, state } = answer;
        let (code, age) = (held.key.code(), ago(*since, context.clock.now()));
        let _ = write!(text, "[{code}] {}, held {age}: {}\n\n", held.session_key, shown(&held.reason));
        for line in held.message.lines() {
            let _ = writeln!(text, "    {line}");
        }
        text.push('\n');
        let _ = match state {
            AnswerState::Waits if answer.has_expired(context.clock.now()) => {
                writeln!(text, "It is too old to be sent: `comeback confirm {code} --reject` drops it.\n")
            }
            AnswerState::Waits => {
                writeln!(text, "It waits: `comeback confirm {code}` sends it, and with --reject drops it.\n")
            }
            AnswerState::Sent => writeln!(text, "Sent.\n"),
            AnswerState::Told => writeln!(text, "That is your own session: do now what the message says.\n"),
            AnswerState::Rejected => writeln!(text, "Dropped: it will not be sent.\n"),
            AnswerState::Kept(why) => writeln!(text, "Still held: {}.\n", shown(why)),
        };
    }
    text.trim_end().to_owned()
}
