//! Runs other programs: arguments only, a bounded time, output kept for the error text.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use super::redact::redact;

const POLL: Duration = Duration::from_millis(20);
/// No command prints more.
const MAX_OUTPUT: u64 = 64 << 20;
/// How much of what a failed command printed goes into our error.
const SHOWN: usize = 400;

/// A command that has been started.
#[derive(Debug)]
pub struct Running {
    child: Child,
    out: File,
    err: File,
}

/// What a command that ended left behind.
#[derive(Debug)]
pub struct Output {
    /// How it ended.
    pub status: ExitStatus,
    /// What it wrote to stdout.
    pub out: String,
    /// What it wrote to stderr.
    pub err: String,
}

/// Starts a command. Files take its output, not pipes: a child that it leaves behind then cannot hold us up.
///
/// # Errors
/// Where the program is missing or cannot be started.
pub fn start(command: &mut Command) -> io::Result<Running> {
    let (out, err) = (tempfile::tempfile()?, tempfile::tempfile()?);
    let command = command.stdin(Stdio::null()).stdout(out.try_clone()?).stderr(err.try_clone()?);
    Ok(Running { child: command.spawn()?, out, err })
}

impl Running {
    /// Waits for the end, and ends it where that takes longer than `patience`.
    ///
    /// # Errors
    /// [`io::ErrorKind::TimedOut`] where it did not end in time; else where its output cannot be read.
    pub fn finish(mut self, patience: Duration) -> io::Result<Output> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(Output { status, out: whole(self.out)?, err: whole(self.err)? });
            }
            if Instant::now() >= deadline {
                self.child.kill()?;
                self.child.wait()?;
                let text = format!("it did not end within {} s", patience.as_secs());
                return Err(io::Error::new(io::ErrorKind::TimedOut, text));
            }
            std::thread::sleep(POLL);
        }
    }
}

impl Output {
    /// Says shortly what a command that failed has said. The end says most: warnings come first, the reason last.
    #[must_use]
    pub fn said(&self) -> String {
        let said = if self.err.trim().is_empty() { &self.out } else { &self.err };
        let text = redact(said.trim());
        let cut = text.char_indices().rev().nth(SHOWN - 1).map_or(0, |(at, _)| at);
        let mark = if cut > 0 { "…" } else { "" };
        format!("{mark}{}", text.get(cut..).unwrap_or_default())
    }
}

fn whole(mut file: File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(MAX_OUTPUT).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Shows a command as a person would type it.
#[must_use]
pub fn display(words: &[&str]) -> String {
    let quoted = words.iter().map(|word| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:@".contains(c);
        if !word.is_empty() && word.chars().all(plain) {
            (*word).to_owned()
        } else {
            format!("'{}'", word.replace('\'', r"'\''"))
        }
    });
    quoted.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        assert_eq!(display(&["openclaw", "set", "a.b", "it's", ""]), r"openclaw set a.b 'it'\''s' ''");
    }
}
