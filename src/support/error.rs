//! The one error type: what was attempted, why it failed, what to do next.

use std::error::Error as StdError;
use std::fmt;
use std::process::ExitCode;

/// Says what went wrong in terms that a caller can act on; decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Bad input, or an environment that does not let us work.
    User,
    /// The gateway's configuration cannot be read.
    Config,
    /// The command line itself is wrong.
    Usage,
    /// Another run holds the lock.
    Busy,
    /// A file was written by a newer version of this program.
    Newer,
    /// Something failed that a report tells about.
    Failed,
    /// The gateway cannot be reached, or refuses us.
    Gateway,
    /// Refused because going on would not be safe.
    Refused,
    /// An invariant of ours is broken.
    Bug,
}

impl Kind {
    /// Returns the process exit code, as listed in `--help`.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Self::User | Self::Config => 1,
            Self::Usage => 2,
            Self::Busy => 4,
            Self::Newer => 5,
            Self::Failed => 6,
            Self::Gateway => 7,
            Self::Refused => 8,
            Self::Bug => 70,
        }
    }

    /// Returns the stable name that JSON output carries.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Config => "config",
            Self::Usage => "usage",
            Self::Busy => "busy",
            Self::Newer => "newer",
            Self::Failed => "failed",
            Self::Gateway => "gateway",
            Self::Refused => "refused",
            Self::Bug => "bug",
        }
    }
}

impl From<Kind> for ExitCode {
    fn from(kind: Kind) -> Self {
        Self::from(kind.code())
    }
}

/// Carries a kind, a sentence for people, hints on what to do next, and the cause.
///
/// The fields are boxed together so that a `Result` stays small.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    message: String,
    hints: Vec<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// Makes an error; `message` says what was attempted, on which path or field.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner { kind, message: message.into(), hints: Vec::new(), source: None }))
    }

    /// Makes it an error of another kind.
    #[must_use]
    pub fn of(mut self, kind: Kind) -> Self {
        self.0.kind = kind;
        self
    }

    /// Adds a line on what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hints.push(hint.into());
        self
    }

    /// Names the cause; it is printed on a line of its own.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Returns the hints, in the order in which they were given.
    #[must_use]
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }

    /// Returns the message with its causes behind it, on one line.
    #[must_use]
    pub fn full(&self) -> String {
        let mut text = self.0.message.clone();
        let mut cause = self.source();
        while let Some(error) = cause {
            text.push_str(": ");
            text.push_str(&error.to_string());
            cause = error.source();
        }
        text
    }

    /// Returns that with the hints behind it: for where there is one line.
    #[must_use]
    pub fn advice(&self) -> String {
        [&[self.full()], self.hints()].concat().join("; ")
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_deref().map(|source| source as &(dyn StdError + 'static))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_full_text_names_every_cause_once() {
        let error =
            Error::new(Kind::User, "cannot read NOW.md").because(std::io::Error::other("the disk is gone"));
        assert_eq!(error.to_string(), "cannot read NOW.md");
        assert_eq!(error.full(), "cannot read NOW.md: the disk is gone");
        assert_eq!(error.hint("buy one").advice(), "cannot read NOW.md: the disk is gone; buy one");
    }
}
