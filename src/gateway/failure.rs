//! How talking to a gateway fails, and what to do about it.

use std::fmt;
use std::time::Duration;

use super::frames::Refusal;
use crate::support::error::{Error, Kind};

/// The pause between two looks for a gateway that is not there.
const POLL: Duration = Duration::from_millis(150);
/// A gateway that asks for longer pauses than this is asked again all the same.
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// Says what became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// The gateway declined it before it did anything.
    Refused(Box<Refusal>),
    /// It never left this process: trying again on a new connection is safe.
    NotSent(String),
    /// It was sent and no answer came: it may have been done, or may yet be.
    Lost(String),
}

impl CallError {
    /// Returns the refusal, where it is one.
    #[must_use]
    pub const fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::NotSent(_) | Self::Lost(_) => None,
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) if refusal.code.is_empty() => f.write_str(&refusal.message),
            Self::Refused(refusal) => write!(f, "{} ({})", refusal.message, refusal.code),
            Self::NotSent(why) => write!(f, "not sent: {why}"),
            Self::Lost(why) => write!(f, "sent, no answer: {why}"),
        }
    }
}

impl std::error::Error for CallError {}

impl From<CallError> for Error {
    fn from(error: CallError) -> Self {
        let hint = match &error {
            CallError::Refused(refusal) if refusal.message.contains("missing scope") => {
                Some("`openclaw devices list` shows what this device may do")
            }
            CallError::Refused(_) => None,
            CallError::NotSent(_) => Some("run the command again once `openclaw gateway status` is fine"),
            CallError::Lost(_) => Some("it may have been done: run `comeback status` before you try again"),
        };
        let error = Self::new(Kind::Gateway, "the gateway did not do what it was asked").because(error);
        match hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// Why one attempt to connect came to nothing.
#[derive(Debug)]
pub(super) enum Failure {
    /// Nothing listens there.
    Absent(String),
    /// Something listens, and closed or said nothing in time: a gateway that starts or stops does that too.
    Silent(String),
    /// What listens is no `OpenClaw` gateway.
    Stranger(String),
    /// The gateway declined.
    Refused(Box<Refusal>),
}

impl Failure {
    /// Returns how long to wait before another attempt, where one may help.
    pub fn pause(&self) -> Option<Duration> {
        match self {
            Self::Absent(_) | Self::Silent(_) => Some(POLL),
            Self::Refused(refusal) if refusal.is_unavailable() => {
                Some(refusal.retry_after.unwrap_or(POLL).clamp(POLL, MAX_PAUSE))
            }
            Self::Refused(_) | Self::Stranger(_) => None,
        }
    }

    /// Tells whether the gateway is there and still starting.
    pub fn is_starting(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.is_unavailable())
    }

    /// Tells whether the gateway wants a person to approve more scopes.
    pub fn is_scope_upgrade(&self) -> bool {
        matches!(self, Self::Refused(refusal) if refusal.reason.as_deref() == Some("scope-upgrade"))
    }

    /// Makes the error, with hints for its cause.
    pub fn into_error(self, port: u16) -> Error {
        match self {
            Self::Absent(why) => {
                Error::new(Kind::Gateway, format!("no gateway answers on port {port} of this machine"))
                    .because(why)
                    .hint(
                        "`openclaw gateway status` shows whether it runs, `openclaw gateway start` starts it",
                    )
                    .hint("the port is gateway.port of openclaw.json, or OPENCLAW_GATEWAY_PORT")
            }
            Self::Silent(why) => {
                Error::new(Kind::Gateway, format!("the gateway on port {port} does not talk to us"))
                    .because(why)
                    .hint("it may be starting or stopping: `--wait-gateway` waits for it")
            }
            Self::Stranger(why) => {
                Error::new(Kind::Gateway, format!("what listens on port {port} is no OpenClaw gateway"))
                    .because(why)
                    .hint("check gateway.port of openclaw.json and OPENCLAW_GATEWAY_PORT")
            }
            Self::Refused(refusal) => refused(&refusal),
        }
    }
}

/// Explains a refused connection by the codes that the three versions send (measured).
fn refused(refusal: &Refusal) -> Error {
    let error = Error::new(Kind::Gateway, "the gateway refuses the connection")
        .because(CallError::Refused(Box::new(refusal.clone())));
    let detail = refusal.detail.as_deref().unwrap_or_default();
    if refusal.code == "NOT_PAIRED" || detail == "PAIRING_REQUIRED" {
        let request = refusal.request_id.as_deref().unwrap_or("<requestId>");
        return error
            .hint(format!("a person has to approve this device: `openclaw devices approve {request}`"))
            .hint("`openclaw devices list` shows what waits for approval");
    }
    if detail == "PROTOCOL_MISMATCH" {
        return error.hint("this comeback speaks protocols 3 and 4: install one that fits the gateway");
    }
    if detail.starts_with("AUTH_") || refusal.message.starts_with("unauthorized") {
        return error
            .hint("the token or password of gateway.auth, or of OPENCLAW_GATEWAY_TOKEN, is not the running gateway's")
            .hint("a gateway that was started before the configuration changed needs a restart");
    }
    if refusal.is_unavailable() {
        return error.hint("the gateway is still starting: `--wait-gateway` waits for it");
    }
    error
}
