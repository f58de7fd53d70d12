//! Makes changes one by one and keeps the list of them; in a dry run it only lists them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::hook::FileState;
use crate::gateway::Openclaw;
use crate::gateway::openclaw::display;
use crate::support::error::Result;
use crate::support::{fs, run};

/// A manager that runs answers at once.
const PATIENCE: Duration = Duration::from_secs(30);

/// Lists what a run of `setup` did, found, or would do, in the order in which it came.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The changes.
    pub changes: Vec<Change>,
    /// What was found and is used as it stands.
    pub notes: Vec<String>,
    /// What is worth knowing.
    pub warnings: Vec<String>,
}

/// Names one change and what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What is changed.
    pub target: Target,
    /// What became of it.
    pub outcome: Outcome,
}

/// Tells what a change touches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A file or a link that is written, removed or moved aside.
    File(PathBuf),
    /// A command, as it would be typed.
    Command(String),
}

/// Tells what became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was made.
    Made,
    /// There was nothing to change.
    Already,
    /// It would be made: this is a dry run.
    Planned,
    /// It was left, because someone changed it or it is still needed.
    Left,
    /// It could not be made; a warning says why, and what it means.
    Failed,
}

/// Makes the changes of one run.
#[derive(Debug)]
pub struct Steps<'a> {
    openclaw: &'a Openclaw,
    /// Whether nothing is changed.
    pub dry_run: bool,
    /// What has been done so far.
    pub report: Report,
}

impl<'a> Steps<'a> {
    /// Starts with an empty list.
    pub fn new(openclaw: &'a Openclaw, dry_run: bool) -> Self {
        Self { openclaw, dry_run, report: Report::default() }
    }

    /// Gives a file this content, where it has another.
    pub fn write(&mut self, path: PathBuf, content: &str) -> Result<()> {
        self.put(path, content, fs::write).map(drop)
    }

    /// The same with a file that others read, too; tells whether it changes.
    pub fn write_public(&mut self, path: PathBuf, content: &str) -> Result<bool> {
        self.put(path, content, fs::write_public)
    }

    fn put(&mut self, path: PathBuf, content: &str, write: fn(&Path, &[u8]) -> Result<()>) -> Result<bool> {
        let same = fs::read(&path)?.as_deref() == Some(content);
        if !same && !self.dry_run {
            write(&path, content.as_bytes())?;
        }
        let outcome = if same { Outcome::Already } else { self.made() };
        self.add(Target::File(path), outcome);
        Ok(!same)
    }

    /// Makes a link, where there is none; tells whether it changes.
    pub fn link(&mut self, path: PathBuf, to: &Path) -> Result<bool> {
        let same = std::fs::read_link(&path).is_ok_and(|found| found == to);
        if !same && !self.dry_run {
            fs::create_dir(path.parent().unwrap_or(Path::new(".")))?;
            std::os::unix::fs::symlink(to, &path)
                .map_err(|error| fs::failed("make the link", &path, error))?;
        }
        let outcome = if same { Outcome::Already } else { self.made() };
        self.add(Target::File(path), outcome);
        Ok(!same)
    }

    /// Removes a file or a link that stands as we made it.
    pub fn remove(&mut self, path: PathBuf, state: FileState) -> Result<()> {
        if state == FileState::Unchanged && !self.dry_run {
            std::fs::remove_file(&path).map_err(|error| fs::failed("remove", &path, error))?;
        }
        let outcome = match state {
            FileState::Unchanged => self.made(),
            FileState::Changed => Outcome::Left,
            FileState::Missing => Outcome::Already,
        };
        self.add(Target::File(path), outcome);
        Ok(())
    }

    /// Removes the folders that we made, innermost first; one with other files in it is not empty, and stays.
    pub fn remove_folders(&self, folders: &[PathBuf]) {
        if !self.dry_run {
            folders.iter().rev().for_each(|folder| drop(std::fs::remove_dir(folder)));
        }
    }

    /// Moves a file, a link or a folder to another name on the same file system; it is listed by the one of the two names
    /// that others look for.
    pub fn shift(&mut self, from: &Path, to: &Path, listed: &Path) -> Result<()> {
        if !self.dry_run {
            fs::create_dir(to.parent().unwrap_or(Path::new(".")))?;
            std::fs::rename(from, to).map_err(|error| fs::failed("move aside", from, error))?;
        }
        self.add(Target::File(listed.to_owned()), self.made());
        Ok(())
    }

    /// Runs a command of the product that changes something.
    pub fn command(&mut self, args: &[String]) -> Result<()> {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        if !self.dry_run {
            self.openclaw.run(&args)?;
        }
        self.add(Target::Command(display(&args)), self.made());
        Ok(())
    }

    /// Tells the machine's manager of what has changed, by this program and the words behind its name. It may not be
    /// there; `otherwise` says what that means.
    pub fn tell(&mut self, program: &Path, words: &[&str], otherwise: &str) {
        let shown = run::display(words);
        let failed = if self.dry_run { None } else { told(program, words).err() };
        let outcome = if failed.is_some() { Outcome::Failed } else { self.made() };
        self.report.warnings.extend(failed.map(|why| format!("`{shown}`: {why}; {otherwise}")));
        self.add(Target::Command(shown), outcome);
    }

    /// Tells of something that stays as it is.
    pub fn leave(&mut self, path: PathBuf) {
        self.add(Target::File(path), Outcome::Left);
    }

    fn made(&self) -> Outcome {
        if self.dry_run { Outcome::Planned } else { Outcome::Made }
    }

    fn add(&mut self, target: Target, outcome: Outcome) {
        self.report.changes.push(Change { target, outcome });
    }
}

fn told(program: &Path, words: &[&str]) -> std::result::Result<(), String> {
    let args = words.iter().skip(1);
    let running = run::start(Command::new(program).args(args)).map_err(|error| error.to_string())?;
    let output = running.finish(PATIENCE).map_err(|error| error.to_string())?;
    if output.status.success() { Ok(()) } else { Err(output.said()) }
}
