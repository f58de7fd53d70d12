//! `comeback drill`: the rehearsal, told as it happens.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use tempfile::TempDir;

use super::{Globals, print, write_out};
use crate::drill::{self, Act, Check, Fate, Played, Rehearsal, Step, Voice};
use crate::json::v1;
use crate::support::error::{Error, Kind, Result};
use crate::support::paint::{Paint, Tone};
use crate::support::table::{Cell, WIDTH, table, wrapped};

const EXAMPLE: &str = "\
Examples:
  comeback drill                      the whole story, in a few seconds
  comeback drill --keep /tmp/drill    the same, and leaves its files to look at

It needs no OpenClaw, touches none, and uses no network but this machine's own. Exit code 6 means that
something did not come back as it should have.";

const INTRODUCTION: &str = "\
OpenClaw's gateway runs AI agents, and people talk with them in chats. When the gateway stops, whatever an agent was \
doing is cut off. comeback brings the work back: each piece once at most, and what could do harm twice only when a \
person says so.

This is a rehearsal. The gateways are played, and so are the agents and their people. What comeback does is real: it \
reads the gateways' files, speaks with them, decides and sends.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// Play in this new or empty folder, and leave it there [default: a temporary one, removed afterwards]
    #[arg(long, value_name = "DIR")]
    keep: Option<PathBuf>,
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<ExitCode> {
    let paint = Paint::of_stdout();
    let tell = |step: &Step| {
        if !globals.json {
            // A reader that went away has had what it wanted, and the drill goes on to its exit code.
            let _ = write_out(&step_text(step, paint));
        }
    };
    let place = Place::of(args.keep.clone())?;
    let folder = drill::empty_folder(place.path())?;
    if !globals.json {
        write_out(&introduction())?;
    }
    let rehearsal = drill::rehearse(&folder, &tell)?;
    let kept = args.keep.is_some();
    print(globals, || v1::Drill::new(&rehearsal, kept), || ending(&rehearsal, kept, paint))?;
    Ok(if rehearsal.is_well() { ExitCode::SUCCESS } else { Kind::Failed.into() })
}

/// Where it is played.
enum Place {
    Kept(PathBuf),
    Temporary(TempDir),
}

impl Place {
    fn of(kept: Option<PathBuf>) -> Result<Self> {
        if let Some(folder) = kept {
            return Ok(Self::Kept(folder));
        }
        let made = tempfile::Builder::new().prefix("comeback-drill-").tempdir();
        made.map(Self::Temporary).map_err(|error| {
            Error::new(Kind::User, "cannot make a temporary folder for the drill")
                .because(error)
                .hint("name a folder with --keep")
        })
    }

    fn path(&self) -> &Path {
        match self {
            Self::Kept(folder) => folder,
            Self::Temporary(folder) => folder.path(),
        }
    }
}

fn introduction() -> String {
    let paragraphs = INTRODUCTION.lines().map(|line| wrapped(line, WIDTH).join("\n"));
    paragraphs.collect::<Vec<_>>().join("\n") + "\n"
}

fn step_text(step: &Step, paint: Paint) -> String {
    match step {
        Step::Act { title, version, store } => {
            let plays = format!("The gateway plays OpenClaw {version}, which keeps its sessions in {store}.");
            format!("\n{}\n{plays}\n\n", paint.paint(Tone::Strong, &title.to_uppercase()))
        }
        Step::Asked { who, text, stands } => block("  ", "    ", &format!("{who}: \"{text}\" – {stands}")),
        Step::Scene(what) => "\n".to_owned() + &block("", "", what),
        Step::Runs(command) => {
            let lines = block("  $ ", "      ", command);
            lines.lines().map(|line| paint.paint(Tone::Strong, line) + "\n").collect()
        }
        Step::Did(what) => block("  - ", "    ", what),
        Step::Heard { who, from, text } => {
            let (from, tone) = match from {
                Voice::Agent => ("the agent", Tone::Good),
                Voice::Native => ("OpenClaw", Tone::Faint),
                Voice::Ours => ("comeback", Tone::Waiting),
            };
            let lines = block("  > ", "    ", &format!("{who} hears from {from}: {text}"));
            lines.lines().map(|line| paint.paint(tone, line) + "\n").collect()
        }
    }
}

/// Wraps a text, with one indent for its first line and another for the rest.
fn block(first: &str, rest: &str, text: &str) -> String {
    let lines = wrapped(text, WIDTH - rest.len());
    let indented = |(at, line): (usize, &String)| format!("{}{line}\n", if at == 0 { first } else { rest });
    lines.iter().enumerate().filter(|(_, line)| !line.is_empty()).map(indented).collect()
}

fn ending(rehearsal: &Rehearsal, kept: bool, paint: Paint) -> String {
    let mut parts = vec![format!("\n{}\n", paint.paint(Tone::Strong, "IN SHORT"))];
    for act in &rehearsal.acts {
        let rows: Vec<Vec<Cell>> = act.played.iter().map(row).collect();
        let heading = ["WHO", "WHEN THE GATEWAY STOPPED", "WHAT BECAME OF IT", "WHY"];
        parts.push(format!("\n{}, OpenClaw {}\n", act.title, act.version));
        parts.push(table(&heading, &rows, paint));
    }
    parts.push("\n".to_owned());
    let checks: Vec<&Check> = rehearsal.acts.iter().flat_map(|act| &act.checks).collect();
    let wrong = |check: &&Check| {
        let said = format!("NOT SO: {}: {}", check.what, check.trouble.as_ref()?);
        Some(
            block("", "  ", &said)
                .lines()
                .map(|line| paint.paint(Tone::Bad, line) + "\n")
                .collect::<String>(),
        )
    };
    parts.extend(checks.iter().filter_map(wrong));
    parts.push(if rehearsal.is_well() {
        let checked = checks.len();
        let said =
            format!("All as it should be: nothing was lost, and nothing went twice ({checked} checks).");
        paint.paint(Tone::Good, &said) + "\n"
    } else {
        paint.paint(Tone::Bad, "The drill has failed: do not rely on this program here.") + "\n"
    });
    let look = |act: &Act| format!("Look at it: comeback --state-dir {} report\n", act.state.display());
    parts.extend(rehearsal.acts.iter().filter(|_| kept).map(look));
    parts.concat()
}

fn row(one: &Played) -> Vec<Cell> {
    let (fate, tone) = match one.fate {
        Some(fate) if fate != one.person.should => (fate.to_string(), Tone::Bad),
        Some(fate @ (Fate::Resumed | Fate::Native | Fate::Confirmed)) => (fate.to_string(), Tone::Good),
        Some(fate @ Fate::Held) => (fate.to_string(), Tone::Waiting),
        Some(fate @ Fate::Untouched) => (fate.to_string(), Tone::Plain),
        None => ("dealt with twice".to_owned(), Tone::Bad),
    };
    let why = match (&one.ruling, one.fate) {
        (Some((_, reason)), _) => reason.as_str(),
        (None, Some(Fate::Native)) => "it was there first",
        (None, _) => "nothing was cut off",
    };
    vec![
        (one.person.name.to_owned(), Tone::Plain),
        (one.person.stands.to_owned(), Tone::Plain),
        (fate, tone),
        (why.to_owned(), Tone::Plain),
    ]
}
