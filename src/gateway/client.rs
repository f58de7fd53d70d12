//! One connection to the gateway, whichever way it goes.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::access::{Access, Scopes};
use super::boot::{self, Lock};
use super::cli::{self, Cli};
use super::config::Credential;
use super::failure::{CallError, Failure};
use super::frames::Hello;
use super::identity::{Identity, Statement};
use super::listener;
use super::ws::Socket;
use crate::model::Boot;
use crate::support::clock::Clock;
use crate::support::error::{Error, Kind, Result};
use crate::support::paths::Paths;

/// The client that we say we are: the one whose devices pair at once on loopback (measured).
const CLIENT: &str = "cli";
const ROLE: &str = "operator";
/// One attempt to connect takes 20 to 50 ms (measured); a gateway under load may take a while.
const ATTEMPT: Duration = Duration::from_secs(10);
/// A gateway that says that it is starting is given this long, whatever the caller's patience.
const STARTUP: Duration = Duration::from_secs(30);
/// How long an answer may take, where the caller says nothing else.
const ANSWER: Duration = Duration::from_secs(30);

/// The versions that the tests run against, as year and month.
const OLDEST: (u32, u32) = (2026, 5);
const NEWEST: (u32, u32) = (2026, 9);

/// A connection to the gateway.
///
/// It is not made anew when it breaks: what follows a restart is another boot, and the caller's decision.
pub struct Gateway {
    link: Link,
    boot: Boot,
    warnings: Vec<String>,
}

enum Link {
    Socket(Box<Socket>, Box<Hello>),
    Cli(Cli),
}

impl Gateway {
    /// Connects with `scopes`, waiting up to `patience` for a gateway that is not there yet.
    ///
    /// The first connection of an installation asks for all scopes and is given up again: a device that was paired
    /// with less is refused more later, up to 2026.7 (measured).
    ///
    /// # Errors
    /// [`Kind::Gateway`], with hints for the cause, where the gateway cannot be reached or refuses us.
    pub fn connect(access: &Access<'_>, scopes: Scopes, patience: Duration) -> Result<Self> {
        if access.config.remote {
            return Err(Error::new(
                Kind::Gateway,
                "gateway.mode is remote: only a gateway on this machine is talked to",
            )
            .hint("run comeback on the machine that the gateway runs on"));
        }
        if let Credential::Unresolvable(reason) = &access.config.auth {
            return Self::through_cli(access, scopes, reason, patience);
        }
        let mut identity = Identity::open(&access.paths.device())?;
        let deadline = Instant::now() + patience;
        let failed = |failure: Failure| failure.into_error(access.config.port);
        if !identity.paired() {
            match open(access, &identity, Scopes::ADMIN, deadline) {
                Ok(_) => identity.set_paired()?,
                Err(failure) if failure.is_scope_upgrade() && scopes != Scopes::ADMIN => {}
                Err(failure) => return Err(failed(failure)),
            }
        }
        let (socket, hello) = open(access, &identity, scopes, deadline).map_err(failed)?;
        let config = hello.config_path.as_ref().unwrap_or(&access.config.path);
        let lock = boot::lock(&access.paths.state, config);
        let (boot, unlocked) = boot::boot(&hello, lock.as_ref(), Clock::default().now());
        let warnings = [unlocked, foreign(&hello, access.paths), untested(&hello.version)];
        let warnings = warnings.into_iter().flatten().collect();
        Ok(Self { link: Link::Socket(Box::new(socket), Box::new(hello)), boot, warnings })
    }

    /// Goes through `openclaw gateway call`, which resolves the credentials that we cannot.
    fn through_cli(access: &Access<'_>, scopes: Scopes, reason: &str, patience: Duration) -> Result<Self> {
        let cli = Cli::find(access)?;
        let Lock { started_at, .. } = cli::wait(access, patience)?;
        if scopes == Scopes::ADMIN {
            cli.pair(&access.paths.state);
        }
        Ok(Self {
            link: Link::Cli(cli),
            boot: Boot { started_at, boot_id: None },
            warnings: vec![format!(
                "calls go through the `openclaw` command, which takes seconds each ({reason}); what this gateway \
                 can do is taken for granted"
            )],
        })
    }

    /// Calls a method and waits for its answer.
    ///
    /// # Errors
    /// See [`CallError`]: declined, never sent, or sent and unanswered.
    pub fn call(&mut self, method: &str, params: &Value) -> std::result::Result<Value, CallError> {
        self.call_within(method, params, ANSWER)
    }

    /// Calls a method whose answer may take up to `limit`, such as `agent.wait`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn call_within(
        &mut self,
        method: &str,
        params: &Value,
        limit: Duration,
    ) -> std::result::Result<Value, CallError> {
        match &mut self.link {
            Link::Socket(socket, _) => socket.request(method, params, Instant::now() + limit),
            Link::Cli(cli) => cli.call(method, params, limit),
        }
    }

    /// Tells whether the gateway says that it offers a method; through the command it says nothing.
    #[must_use]
    pub fn has(&self, method: &str) -> bool {
        self.hello().is_some_and(|hello| hello.methods.contains(method))
    }

    /// Returns what the gateway said of itself; nothing where calls go through the command.
    #[must_use]
    pub fn hello(&self) -> Option<&Hello> {
        match &self.link {
            Link::Socket(_, hello) => Some(hello),
            Link::Cli(_) => None,
        }
    }

    /// Returns the gateway's version, where it is known.
    #[must_use]
    pub fn version(&self) -> Option<&str> {
        self.hello().map(|hello| hello.version.as_str())
    }

    /// Tells whether the reply of a turn that native recovery resumes reaches nobody: it does not on 2026.5.28, and does on
    /// 2026.7.1 (measured). Where the version is not known, it is taken for heard.
    #[must_use]
    pub fn mutters(&self) -> bool {
        let mut parts = self.version().unwrap_or_default().split('.').map(str::parse::<u32>);
        matches!((parts.next(), parts.next()), (Some(Ok(2026)), Some(Ok(4 | 5))))
    }

    /// Returns the gateway's present life.
    #[must_use]
    pub const fn boot(&self) -> &Boot {
        &self.boot
    }

    /// Returns what a report should say of this connection.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }
}

/// Warns where the gateway runs on another state directory than ours, as far as it says.
fn foreign(hello: &Hello, paths: &Paths) -> Option<String> {
    let theirs = hello.state_dir.as_ref().filter(|theirs| !boot::is_same(theirs, &paths.state))?;
    let (theirs, ours) = (theirs.display(), paths.state.display());
    Some(format!("the gateway that answers runs on {theirs}, and this program on {ours}"))
}

/// Warns of a version that nobody has tried; what it can do, it says itself.
fn untested(version: &str) -> Option<String> {
    let mut numbers = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let (year, month) = (numbers.next().unwrap_or_default(), numbers.next().unwrap_or_default());
    let tested = (OLDEST..=NEWEST).contains(&(year, month));
    (!tested).then(|| {
        format!("this comeback was tested with gateways from 2026.5 to 2026.9, and this one is {version}: it goes by the methods that the gateway offers")
    })
}

/// Connects, trying again while that may help and time is left.
fn open(
    access: &Access<'_>,
    identity: &Identity,
    scopes: Scopes,
    deadline: Instant,
) -> std::result::Result<(Socket, Hello), Failure> {
    let begun = Instant::now();
    loop {
        let failure = match attempt(access, identity, scopes, Instant::now() + ATTEMPT) {
            Ok(connected) => return Ok(connected),
            Err(failure) => failure,
        };
        let until = if failure.is_starting() { deadline.max(begun + STARTUP) } else { deadline };
        match failure.pause() {
            Some(pause) if Instant::now() + pause <= until => std::thread::sleep(pause),
            _ => return Err(failure),
        }
    }
}

/// Connects once: challenge, a look at who sent it, signature, hello.
fn attempt(
    access: &Access<'_>,
    identity: &Identity,
    scopes: Scopes,
    deadline: Instant,
) -> std::result::Result<(Socket, Hello), Failure> {
    let mut socket = Socket::open(access.config.port, deadline)?;
    let (nonce, signed_at) = socket.challenge(deadline)?;
    if let Some((ours, theirs)) = socket.ends() {
        listener::ensure_ours(ours, theirs, &access.paths.state)?;
    }
    let params = connect_params(&access.config.auth, identity, scopes, &nonce, signed_at);
    let payload = socket.request("connect", &params, deadline).map_err(|error| match error {
        CallError::Refused(refusal) => Failure::Refused(refusal),
        CallError::NotSent(why) | CallError::Lost(why) => Failure::Silent(why),
    })?;
    let hello =
        Hello::read(&payload).ok_or_else(|| Failure::Stranger("its hello names no version".to_owned()))?;
    socket.trust();
    Ok((socket, hello))
}

fn connect_params(
    auth: &Credential,
    identity: &Identity,
    scopes: Scopes,
    nonce: &str,
    signed_at: i64,
) -> Value {
    // Node's names for platforms, which the gateway compares with.
    let platform = if cfg!(target_os = "macos") { "darwin" } else { std::env::consts::OS };
    let (auth, token) = match auth {
        Credential::Token(secret) => (json!({"token": secret.expose()}), secret.expose()),
        Credential::Password(secret) => (json!({"password": secret.expose()}), ""),
        Credential::None | Credential::Unresolvable(_) => (json!({}), ""),
    };
    let signature = identity.sign(&Statement {
        client: CLIENT,
        mode: CLIENT,
        role: ROLE,
        scopes: scopes.0,
        signed_at,
        token,
        nonce,
        platform,
    });
    json!({
        "minProtocol": 3,
        "maxProtocol": 4,
        "client": {
            "id": CLIENT,
            "displayName": "comeback",
            "version": env!("CARGO_PKG_VERSION"),
            "platform": platform,
            "mode": CLIENT,
        },
        "role": ROLE,
        "scopes": scopes.list(),
        "caps": [],
        "auth": auth,
        "device": {
            "id": identity.id(),
            "publicKey": identity.public_key(),
            "signature": signature,
            "signedAt": signed_at,
            "nonce": nonce,
        },
    })
}
