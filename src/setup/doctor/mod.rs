//! What is wrong with an installation, and the command that mends it.

mod files;
mod gateway;
mod triggers;

use std::path::Path;

use super::Machine;
use crate::flow::Context;
use crate::support::error::Error;

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, in one word.
    pub check: &'static str,
    /// How it is.
    pub status: Status,
    /// One sentence on it.
    pub text: String,
    /// The command, or the step, that mends it.
    pub fix: Option<String>,
}

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// As it should be.
    Fine,
    /// It works, and there is something to know.
    Note,
    /// It does not work, or will not when it is needed.
    Wrong,
}

impl Finding {
    fn fine(check: &'static str, text: impl Into<String>) -> Self {
        Self { check, status: Status::Fine, text: text.into(), fix: None }
    }

    fn note(check: &'static str, text: impl Into<String>, fix: Option<String>) -> Self {
        Self { check, status: Status::Note, text: text.into(), fix }
    }

    fn wrong(check: &'static str, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, status: Status::Wrong, text: text.into(), fix: Some(fix.into()) }
    }

    /// Makes a finding of an error; its first hint is what mends it.
    #[must_use]
    pub fn of(check: &'static str, error: &Error, otherwise: &str) -> Self {
        let fix = error.hints().first().map_or_else(|| otherwise.to_owned(), Clone::clone);
        Self::wrong(check, error.full(), fix)
    }
}

/// Looks at everything that a recovery needs; sends nothing, and changes nothing but what each command does on connecting.
/// `problems` is what kept the policies from being read.
#[must_use]
pub fn diagnose(context: &Context, problems: &[Error], machine: &Machine, exe: &Path) -> Vec<Finding> {
    let mut found = gateway::look(context);
    found.extend(triggers::look(context, machine));
    found.extend(files::look(context, problems, machine, exe));
    found
}
