//! Makes changes one by one and keeps the list of them; in a dry run it only lists them.

use std::path::PathBuf;

use super::hook::FileState;
use crate::gateway::Openclaw;
use crate::gateway::openclaw::display;
use crate::support::error::Result;
use crate::support::fs;

/// Lists what a run of `setup` did, found, or would do, in the order in which it came.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The changes.
    pub changes: Vec<Change>,
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
    /// A file that is written or removed.
    File(PathBuf),
    /// A command of the product, as it would be typed.
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
    /// The file was left, because someone changed it.
    Left,
}

/// Makes the changes of one run.
#[derive(Debug)]
pub struct Steps<'a> {
    openclaw: &'a Openclaw,
    dry_run: bool,
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
        let same = fs::read(&path)?.as_deref() == Some(content);
        if !same && !self.dry_run {
            fs::write(&path, content.as_bytes())?;
        }
        let outcome = if same { Outcome::Already } else { self.made() };
        self.add(Target::File(path), outcome);
        Ok(())
    }

    /// Removes a file that stands as we wrote it.
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

    /// Runs a command of the product that changes something.
    pub fn command(&mut self, args: &[String]) -> Result<()> {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        if !self.dry_run {
            self.openclaw.run(&args)?;
        }
        self.add(Target::Command(display(&args)), self.made());
        Ok(())
    }

    fn made(&self) -> Outcome {
        if self.dry_run { Outcome::Planned } else { Outcome::Made }
    }

    fn add(&mut self, target: Target, outcome: Outcome) {
        self.report.changes.push(Change { target, outcome });
    }
}
