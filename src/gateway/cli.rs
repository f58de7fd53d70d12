//! The other way to a gateway: `openclaw gateway call`, which resolves credentials itself.
//!
//! A call takes 1.6 to 6 s (measured). Since 2026.9, where `OPENCLAW_SHELL=exec` says that an agent's `exec` started
//! us, the command declines to send messages; the variable is passed on as it is, and its answer is a refusal.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::access::Access;
use super::boot::{self, Lock};
use super::failure::{CallError, Failure};
use super::frames::Refusal;
use super::openclaw::Openclaw;
use crate::support::error::{Error, Kind, Result};
use crate::support::redact::redact;

/// What the command itself needs beside the gateway's answer: up to 20 s on a busy machine (measured).
const OVERHEAD: Duration = Duration::from_secs(30);
/// How the versions before 2026.7 introduce a refusal.
const REFUSED: &str = "GatewayClientRequestError: ";
const POLL: Duration = Duration::from_millis(50);
/// How long the gateway may take to answer the first call of a device.
const PAIRING: Duration = Duration::from_secs(10);

/// Runs the command.
pub(super) struct Cli(Openclaw);

impl Cli {
    /// Finds `openclaw` on the path.
    pub fn find(access: &Access<'_>) -> Result<Self> {
        let openclaw = Openclaw::new(access.paths, &access.config.path);
        if openclaw.is_there() {
            return Ok(Self(openclaw));
        }
        Err(Error::new(
            Kind::Gateway,
            "the gateway's credentials cannot be resolved here, and there is no `openclaw` on the path",
        )
        .hint("set OPENCLAW_GATEWAY_TOKEN, or put the folder of `openclaw` on PATH"))
    }

    /// Makes a first call that needs all scopes, unless the command's device is known to have them: 2026.5.28 pairs a
    /// fresh device with no more than its first call needs, and refuses the others afterwards (measured).
    pub fn pair(&self, state: &Path) {
        if !state.join("identity/device-auth.json").exists() {
            // That there is no such job is what is expected; any other failure comes back with the next call.
            let _refused = self.call("cron.remove", &json!({"id": "comeback-pairs"}), PAIRING);
        }
    }

    /// Calls a method.
    pub fn call(
        &self,
        method: &str,
        params: &Value,
        limit: Duration,
    ) -> std::result::Result<Value, CallError> {
        let (timeout, params) = (limit.as_millis().max(1).to_string(), params.to_string());
        let args = ["gateway", "call", method, "--json", "--timeout", &timeout, "--params", &params];
        let running =
            self.0.start(&args).map_err(|error| CallError::NotSent(format!("openclaw: {error}")))?;
        let output = running
            .finish(limit + OVERHEAD)
            .map_err(|error| CallError::Lost(format!("openclaw: {error}")))?;
        read(output.status.success(), &output.out, &output.err)
    }
}

/// Waits until the gateway listens, and returns its lock: without a call, since each takes seconds.
pub(super) fn wait(access: &Access<'_>, patience: Duration) -> Result<Lock> {
    let deadline = Instant::now() + patience;
    let port = access.config.port;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    loop {
        let lock = boot::lock(&access.paths.state, &access.config.path).filter(|lock| lock.alive);
        let listens = TcpStream::connect_timeout(&address, Duration::from_secs(1));
        match (lock, listens) {
            (Some(lock), Ok(_)) => return Ok(lock),
            (_, outcome) if Instant::now() >= deadline => {
                let why =
                    outcome.err().map_or_else(|| "it has no lock file".to_owned(), |error| error.to_string());
                return Err(Failure::Absent(why).into_error(port));
            }
            _ => std::thread::sleep(POLL),
        }
    }
}

/// Reads what the command printed: JSON on stdout; errors there since 2026.7, before that as text on stderr.
fn read(success: bool, out: &str, err: &str) -> std::result::Result<Value, CallError> {
    let answer = serde_json::from_str::<Value>(out.trim()).ok();
    if success {
        return answer.ok_or_else(|| CallError::Lost("the `openclaw` command printed no JSON".to_owned()));
    }
    if let Some(error) = answer.as_ref().map(|answer| &answer["error"]).filter(|error| error.is_object()) {
        let message = error["message"].as_str().unwrap_or_default();
        return Err(match error["type"].as_str() {
            Some("gateway_request_error") => CallError::Refused(Box::new(Refusal::read(error))),
            // Declined by the command itself, before it connected.
            Some("cli_error") => CallError::Refused(Box::new(Refusal::said(message))),
            _ => broken(message, err),
        });
    }
    let line = err.lines().find(|line| line.starts_with("Gateway call failed: ")).unwrap_or(err.trim());
    match line.split_once(REFUSED) {
        Some((_, message)) => Err(CallError::Refused(Box::new(Refusal::said(&redact(message))))),
        None => Err(broken(line, err)),
    }
}

/// Tells a connection that never stood from one that broke.
fn broken(message: &str, err: &str) -> CallError {
    let message = redact(message).into_owned();
    let before = err.contains("gateway connect failed")
        || message.contains("ECONNREFUSED")
        || message.contains("(1008)");
    if before { CallError::NotSent(message) } else { CallError::Lost(message) }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the tables hold what their variant says")]
mod tests {
    use super::*;
    use crate::support::paths::Paths;

    /// What the three versions print, shortened (measured).
    const OLD_REFUSAL: &str = "Gateway call failed: GatewayClientRequestError: cron job not found: nope\n";
    const OLD_PAIRING: &str = "gateway connect failed: GatewayClientRequestError: scope upgrade pending approval\n\
        Gateway call failed: GatewayTransportError: gateway closed (1008): pairing required\nBind: loopback\n";
    const NEW_REFUSAL: &str = r#"{"ok":false,"error":{"type":"gateway_request_error","code":"INVALID_REQUEST",
        "message":"Automation not found: nope","details":{"code":"CRON_JOB_NOT_FOUND"},"retryable":false}}"#;
    const DOWN: &str = r#"{"ok":false,"error":{"type":"gateway_transport_error","kind":"closed",
        "message":"Gateway not reachable at ws://127.0.0.1:19801 (ECONNREFUSED)."}}"#;
    const BROKE: &str = r#"{"ok":false,"error":{"type":"gateway_transport_error","kind":"closed",
        "message":"gateway closed (1006 abnormal closure (no close frame)): no close reason","code":1006}}"#;
    const DECLINED: &str = r#"{"ok":false,"error":{"type":"cli_error",
        "message":"Gateway agent from agent exec would lose inter-session attribution."}}"#;

    #[test]
    fn an_answer_is_its_json() {
        assert_eq!(read(true, "{\n \"jobs\": []\n}\n", "a warning").unwrap()["jobs"], serde_json::json!([]));
        assert!(matches!(read(true, "", ""), Err(CallError::Lost(_))));
    }

    #[test]
    fn declined_is_told_from_never_sent_and_from_lost() {
        for (out, err) in [("", OLD_REFUSAL), (NEW_REFUSAL, ""), (DECLINED, "")] {
            assert!(matches!(read(false, out, err), Err(CallError::Refused(_))), "{out}{err}");
        }
        for (out, err) in [("", OLD_PAIRING), (DOWN, "")] {
            assert!(matches!(read(false, out, err), Err(CallError::NotSent(_))), "{out}{err}");
        }
        for (out, err) in [(BROKE, ""), ("", "killed"), ("", "")] {
            assert!(matches!(read(false, out, err), Err(CallError::Lost(_))), "{out}{err}");
        }
        let refusal = read(false, NEW_REFUSAL, "").unwrap_err();
        assert_eq!(refusal.refusal().unwrap().detail.as_deref(), Some("CRON_JOB_NOT_FOUND"));
    }

    #[test]
    fn parameters_arrive_as_one_argument() {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths { state: dir.path().join("state"), workspace: dir.path().join("workspace") };
        std::fs::create_dir(&paths.state).unwrap();
        let body = r#"printf '{"args":%d,"method":"%s","state":"%s"}' $# "$3" "$OPENCLAW_STATE_DIR""#;
        std::fs::write(paths.state.join("fake.sh"), body).unwrap();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/openclaw");
        let openclaw = Openclaw::new(&paths, &paths.state.join("openclaw.json")).with_program(program);
        let params = serde_json::json!({"message": "a 'b' \"c\" $HOME; rm x"});
        let answer = Cli(openclaw).call("agent", &params, Duration::from_secs(20)).unwrap();
        let state = paths.state.display().to_string();
        assert_eq!(answer, serde_json::json!({"args": 8, "method": "agent", "state": state}));
    }
}
