//! What every flow needs: where things are, what time it is, what the configuration and the policy say.

use std::fmt::Display;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::gateway::{Access, Config, Gateway, Openclaw, Scopes, boot};
use crate::ledger::Writer;
use crate::model::Boot;
use crate::notice::Templates;
use crate::plan::{Policy, PolicyFile};
use crate::support::clock::Clock;
use crate::support::error::{Error, Kind, Result};
use crate::support::fs;
use crate::support::paths::{Paths, expand_home};
use crate::support::progress::Progress;

/// How long a gateway is waited for that should be there.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// The command line's settings.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The gateway's state directory; none is `~/.openclaw`.
    pub state_dir: Option<PathBuf>,
    /// The workspace; none is the configuration's, else `<state>/workspace`.
    pub workspace: Option<PathBuf>,
    /// The clock.
    pub clock: Clock,
    /// Whether no gateway may be contacted.
    pub offline: bool,
    /// What is told on stderr.
    pub tells: Tells,
    /// Whether the environment counts for nothing: in a rehearsal it would lead to the real gateway.
    pub rehearsal: bool,
}

/// What is told on stderr while a command is at work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tells {
    /// Nothing.
    #[default]
    Nothing,
    /// What takes long, to a person who watches.
    Waits,
    /// Each step.
    Steps,
}

/// The settings of one invocation, resolved.
#[derive(Debug)]
pub struct Context {
    /// Where things are.
    pub paths: Paths,
    /// What time it is.
    pub clock: Clock,
    /// What the gateway's configuration says.
    pub config: Config,
    /// What the operator allows.
    pub policy: Policy,
    /// What people and agents are told.
    pub templates: Templates,
    /// Whether no gateway may be contacted.
    pub offline: bool,
    tells: Tells,
}

impl Context {
    /// Resolves the settings; reads the gateway's configuration, the two policies and the workspace's templates.
    ///
    /// # Errors
    /// [`Kind::Config`] where the gateway's configuration does not parse; else where a policy does not, or there is
    /// no state directory or workspace of the given name, or no home to look into.
    pub fn load(settings: Settings) -> Result<Self> {
        let (context, problems) = Self::examine(settings)?;
        problems.into_iter().next().map_or(Ok(context), Err)
    }

    /// The same, where a policy that cannot be read is a problem to tell about and no reason to stop.
    ///
    /// # Errors
    /// Those of [`Self::load`] that are not about a policy.
    pub fn examine(settings: Settings) -> Result<(Self, Vec<Error>)> {
        let state = state_dir(settings.state_dir)?;
        let env = |name: &str| std::env::var(name).ok().filter(|_| !settings.rehearsal);
        let config = Config::load(&state, &env).map_err(|error| error.of(Kind::Config))?;
        let workspace = match settings.workspace {
            Some(dir) if !dir.is_dir() => return Err(no_workspace(&dir)),
            Some(dir) => dir,
            None => usual_workspace(&config, &state),
        };
        let paths = Paths { state: absolute(&state)?, workspace: absolute(&workspace)? };
        let mut problems = Vec::new();
        let mut read = |path: &Path, text: Result<Option<String>>| {
            text.and_then(|text| policy(path, text)).unwrap_or_else(|error| {
                problems.push(error);
                PolicyFile::default()
            })
        };
        let (own, tighter) = (paths.policy(), paths.workspace_policy());
        let machine = Policy::from(read(&own, fs::read(&own)));
        let policy = machine.tightened_by(read(&tighter, fs::read_inside(&paths.workspace, &tighter)));
        let context = Self {
            templates: Templates::load(&paths),
            paths,
            clock: settings.clock,
            config,
            policy,
            offline: settings.offline,
            tells: settings.tells,
        };
        Ok((context, problems))
    }

    /// Connects to the gateway; one that is not there, or is starting, is tried again for `patience`.
    ///
    /// # Errors
    /// [`Kind::Gateway`] where it cannot be reached or refuses us, also with `--offline`.
    pub fn connect(&self, scopes: Scopes, patience: Duration) -> Result<Gateway> {
        if self.offline {
            return Err(Error::new(
                Kind::Gateway,
                "the gateway is needed, and --offline forbids to contact it",
            ));
        }
        self.step(format_args!("connecting to the gateway on port {}", self.config.port));
        let _waits = self.waits("waiting for the gateway");
        Gateway::connect(&self.access(), scopes, patience)
    }

    /// Returns what a connection to the gateway needs.
    #[must_use]
    pub fn access(&self) -> Access<'_> {
        Access { paths: &self.paths, config: &self.config }
    }

    /// Returns the workspace that is meant where nobody names one: the job and the startup hook recover from there.
    #[must_use]
    pub fn usual_workspace(&self) -> PathBuf {
        usual_workspace(&self.config, &self.paths.state)
    }

    /// Returns the `openclaw` command line of this gateway.
    #[must_use]
    pub fn openclaw(&self) -> Openclaw {
        Openclaw::new(&self.paths, &self.config.path)
    }

    /// Tells a step on stderr, with `--verbose`.
    pub(super) fn step(&self, step: impl Display) {
        if self.tells == Tells::Steps {
            // Where nobody reads stderr, the steps are not missed.
            let _ = writeln!(io::stderr().lock(), "comeback: {step}");
        }
    }

    /// Opens the ledger for writing, as soon as no other run has it, within `patience`.
    ///
    /// # Errors
    /// As with [`Writer::open`].
    pub(super) fn ledger(&self, patience: Duration) -> Result<Writer> {
        let _waits = self.waits("waiting for another run of comeback to end");
        Writer::open(&self.paths, patience, self.clock.now())
    }

    /// Tells a person who watches what is waited for, for as long as the result lives.
    pub(super) fn waits(&self, what: &str) -> Progress {
        Progress::begin(self.tells == Tells::Waits, what)
    }

    /// Returns the boot of the gateway that runs, as far as its files tell.
    #[must_use]
    pub fn running_boot(&self) -> Option<Boot> {
        boot::running_boot(&self.paths.state, &self.config.path)
    }
}

fn usual_workspace(config: &Config, state: &Path) -> PathBuf {
    config.workspace.clone().unwrap_or_else(|| state.join("workspace"))
}

fn state_dir(given: Option<PathBuf>) -> Result<PathBuf> {
    // An empty variable is none, as for the gateway.
    if let Some(dir) = given.filter(|dir| !dir.as_os_str().is_empty()) {
        let dir = expand_home(&dir.to_string_lossy());
        if !dir.is_dir() {
            let message = format!("there is no state directory {}", dir.display());
            return Err(Error::new(Kind::User, message).hint(
                "--state-dir or OPENCLAW_STATE_DIR names it; `openclaw gateway status` shows the gateway's",
            ));
        }
        return Ok(dir);
    }
    let home = std::env::home_dir().ok_or_else(|| {
        Error::new(Kind::User, "cannot find the home directory")
            .hint("name the state directory with --state-dir")
    })?;
    let usual = home.join(".openclaw");
    if usual.exists() && !usual.is_dir() {
        let message = format!("the state directory {} is no directory", usual.display());
        return Err(Error::new(Kind::User, message).hint("name the gateway's with --state-dir"));
    }
    Ok(usual)
}

/// A folder that somebody has misspelt must not come into being.
fn no_workspace(dir: &Path) -> Error {
    Error::new(Kind::User, format!("there is no workspace {}", dir.display()))
        .hint("leave --workspace out for the one of the configuration, or name a folder that is there")
}

fn absolute(path: &Path) -> Result<PathBuf> {
    std::path::absolute(path).map_err(|error| fs::failed("resolve", path, error))
}

fn policy(path: &Path, text: Option<String>) -> Result<PolicyFile> {
    text.map_or_else(|| Ok(PolicyFile::default()), |text| Policy::parse(&text, path))
}
