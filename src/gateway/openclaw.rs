//! Runs the product's own commands: arguments only, a bounded time, output kept for the error text.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::support::error::{Error, Kind, Result};
use crate::support::paths::Paths;
use crate::support::run::{self, Running};

/// One command takes 1.5 to 4 s, and took up to 35 s on a busy machine (measured on 2026.5.28 to 2026.9.6).
const PATIENCE: Duration = Duration::from_secs(90);

/// Knows how to run the `openclaw` command line for one gateway.
#[derive(Clone, Debug)]
pub struct Openclaw {
    program: PathBuf,
    state: PathBuf,
    config: PathBuf,
    patience: Duration,
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
        Err(Error::new(Kind::User, format!("`{shown}` failed ({})", output.status))
            .because(output.said())
            .hint(format!("run `{shown}` by hand, with OPENCLAW_STATE_DIR={}", self.state.display())))
    }

    /// Starts one command.
    pub(super) fn start(&self, args: &[&str]) -> io::Result<Running> {
        run::start(
            Command::new(&self.program)
                .args(args)
                .env("OPENCLAW_STATE_DIR", &self.state)
                .env("OPENCLAW_CONFIG_PATH", &self.config)
                // It would lead to another machine.
                .env_remove("OPENCLAW_GATEWAY_URL")
                .env("NO_COLOR", "1"),
        )
    }
}

/// Shows a command of the product as a person would type it.
#[must_use]
pub fn display(args: &[&str]) -> String {
    run::display(&[&["openclaw"], args].concat())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use std::time::Instant;

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
}
