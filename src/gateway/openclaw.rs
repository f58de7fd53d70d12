//! Runs the product's own commands: arguments only, a bounded time, output kept for the error text.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::support::error::{Error, Kind, Result};
use crate::support::paths::Paths;
use crate::support::redact::redact;

/// One command takes 1.5 to 4 s, and took up to 35 s on a busy machine (measured on 2026.5.28 to 2026.9.6).
const PATIENCE: Duration = Duration::from_secs(90);
const POLL: Duration = Duration::from_millis(20);
/// No command prints more.
const MAX_OUTPUT: u64 = 64 << 20;
/// How much of what a failed command printed goes into our error.
const SHOWN: usize = 400;

/// Knows how to run the `openclaw` command line for one gateway.
#[derive(Clone, Debug)]
pub struct Openclaw {
    program: PathBuf,
    state: PathBuf,
    config: PathBuf,
    patience: Duration,
}

/// A command that has been started.
pub(super) struct Running {
    child: Child,
    out: File,
    err: File,
}

/// What a command that ended left behind.
pub(super) struct Output {
    pub status: ExitStatus,
    pub out: String,
    pub err: String,
}

impl Openclaw {
    /// Takes `openclaw` from PATH; `config` is the gateway's configuration.
    #[must_use]
    pub fn new(paths: &Paths, config: &Path) -> Self {
        let (state, config) = (paths.state.clone(), config.to_owned());
        Self { program: "openclaw".into(), state, config, patience: PATIENCE }
    }

    /// Takes another program in place of the one on PATH.
    #[must_use]
    pub fn with_program(mut self, program: PathBuf) -> Self {
        self.program = program;
        self
    }

    /// Takes another bound for the time that one command may take.
    #[must_use]
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Returns the path of the gateway's configuration.
    #[must_use]
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// Tells whether there is such a program.
    #[must_use]
    pub fn is_there(&self) -> bool {
        let path = std::env::var_os("PATH").unwrap_or_default();
        // A program that is named by its path stays the same in every folder.
        std::env::split_paths(&path).any(|folder| folder.join(&self.program).is_file())
    }

    /// Runs one command and returns what it wrote to stdout.
    ///
    /// # Errors
    /// Where the program is missing, fails, or does not end in time.
    pub fn run(&self, args: &[&str]) -> Result<String> {
        let shown = display(args);
        let output = self.start(args).and_then(|running| running.finish(self.patience)).map_err(|error| {
            let kind = error.kind();
            let could_not = Error::new(Kind::User, format!("cannot run `{shown}`")).because(error);
            match kind {
                io::ErrorKind::NotFound => {
                    could_not.hint("put the folder that holds `openclaw` on PATH, then run this again")
                }
                io::ErrorKind::TimedOut => {
                    could_not.hint("it may still be at work: look at its effect before you run this again")
                }
                _ => could_not,
            }
        })?;
        if output.status.success() {
            return Ok(output.out);
        }
        let said = if output.err.trim().is_empty() { &output.out } else { &output.err };
        Err(Error::new(Kind::User, format!("`{shown}` failed ({})", output.status))
            .because(said_shortly(said))
            .hint(format!("run `{shown}` by hand, with OPENCLAW_STATE_DIR={}", self.state.display())))
    }

    /// Starts one command. Files take its output, not pipes: a child that it leaves behind then cannot hold us up.
    pub(super) fn start(&self, args: &[&str]) -> io::Result<Running> {
        let (out, err) = (tempfile::tempfile()?, tempfile::tempfile()?);
        let child = Command::new(&self.program)
            .args(args)
            .env("OPENCLAW_STATE_DIR", &self.state)
            .env("OPENCLAW_CONFIG_PATH", &self.config)
            // It would lead to another machine.
            .env_remove("OPENCLAW_GATEWAY_URL")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(out.try_clone()?)
            .stderr(err.try_clone()?)
            .spawn()?;
        Ok(Running { child, out, err })
    }
}

impl Running {
    /// Waits for the end, and ends it where that takes longer than `patience`.
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

/// Shows a command as a person would type it.
#[must_use]
pub fn display(args: &[&str]) -> String {
    let quoted = args.iter().map(|arg| {
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:".contains(c);
        if !arg.is_empty() && arg.chars().all(plain) {
            (*arg).to_owned()
        } else {
            format!("'{}'", arg.replace('\'', r"'\''"))
        }
    });
    std::iter::once("openclaw".to_owned()).chain(quoted).collect::<Vec<_>>().join(" ")
}

fn whole(mut file: File) -> io::Result<String> {
    let mut bytes = Vec::new();
    file.rewind()?;
    file.take(MAX_OUTPUT).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The end of the text says most: warnings come first, the reason last.
fn said_shortly(text: &str) -> String {
    let text = redact(text.trim());
    let cut = text.char_indices().rev().nth(SHOWN - 1).map_or(0, |(at, _)| at);
    let mark = if cut > 0 { "…" } else { "" };
    format!("{mark}{}", text.get(cut..).unwrap_or_default())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use super::*;

    fn fake(dir: &Path, body: &str) -> Openclaw {
        let paths = Paths { state: dir.join("state"), workspace: dir.join("ws") };
        std::fs::create_dir(&paths.state).unwrap();
        std::fs::write(paths.state.join("fake.sh"), body).unwrap();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/openclaw");
        Openclaw::new(&paths, &paths.state.join("openclaw.json")).with_program(program)
    }

    #[test]
    fn the_command_knows_its_gateway_and_arguments_stay_whole() {
        let dir = tempfile::tempdir().unwrap();
        let openclaw = fake(dir.path(), r#"echo "$#|$2|$OPENCLAW_STATE_DIR|$OPENCLAW_CONFIG_PATH""#);
        let state = dir.path().join("state");
        let expected = format!("2|b c; $HOME|{0}|{0}/openclaw.json\n", state.display());
        assert_eq!(openclaw.run(&["a", "b c; $HOME"]).unwrap(), expected);
    }

    #[test]
    fn a_failure_tells_what_the_command_said_without_secrets_and_not_all_of_it() {
        let dir = tempfile::tempdir().unwrap();
        let body = "seq 1000 >&2; echo 'token=abcdef123456 is wrong' >&2; exit 3";
        let error = fake(dir.path(), body).run(&["hooks", "list"]).unwrap_err();
        let text = error.full();
        assert!(text.starts_with("`openclaw hooks list` failed (exit status: 3): …"), "{text}");
        assert!(text.ends_with("token=[redacted] is wrong"), "{text}");
        assert!(text.chars().count() < 500, "{text}");
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let openclaw = fake(dir.path(), "exec sleep 60").with_patience(Duration::from_millis(200));
        let begun = Instant::now();
        let text = openclaw.run(&["hooks"]).unwrap_err().full();
        assert!(text.contains("did not end"), "{text}");
        assert!(begun.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_missing_program_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths { state: dir.path().to_owned(), workspace: dir.path().to_owned() };
        let missing = Openclaw::new(&paths, dir.path()).with_program(dir.path().join("none"));
        assert!(!missing.is_there());
        let error = missing.run(&["x"]).unwrap_err();
        assert!(error.hints()[0].contains("PATH"), "{:?}", error.hints());
    }

    #[test]
    fn a_command_is_shown_as_it_would_be_typed() {
        assert_eq!(display(&["config", "set", "a.b", "it's"]), r"openclaw config set a.b 'it'\''s'");
    }
}
