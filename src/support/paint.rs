//! Colour, where the reader is a terminal that wants it.

use std::io::{IsTerminal, stdout};

/// What a piece of text says by its colour; words say the same beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tone {
    /// Nothing.
    #[default]
    Plain,
    /// A heading.
    Strong,
    /// An aside.
    Faint,
    /// It went well.
    Good,
    /// It waits for somebody.
    Waiting,
    /// It went wrong.
    Bad,
}

/// Paints text, or leaves it as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Paint {
    /// Leaves it.
    Off,
    /// Paints it.
    On,
}

impl Paint {
    /// Paints what goes to stdout: only for a terminal, and not where `NO_COLOR` is set or the terminal is a dumb one.
    #[must_use]
    pub fn of_stdout() -> Self {
        let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_none_or(|term| term == "dumb");
        if stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb { Self::On } else { Self::Off }
    }

    /// Returns the text in its tone.
    #[must_use]
    pub fn paint(self, tone: Tone, text: &str) -> String {
        let code = match (self, tone) {
            (Self::Off, _) | (Self::On, Tone::Plain) => return text.to_owned(),
            (Self::On, _) if text.is_empty() => return String::new(),
            (Self::On, Tone::Strong) => "1",
            (Self::On, Tone::Faint) => "2",
            (Self::On, Tone::Good) => "32",
            (Self::On, Tone::Waiting) => "33",
            (Self::On, Tone::Bad) => "31",
        };
        format!("\x1b[{code}m{text}\x1b[0m")
    }
}
