//! The other way to a gateway: `openclaw gateway call`, which resolves credentials itself.
//!
//! A call takes 1.6 to 6 s (measured). Since 2026.9, where `OPENCLAW_SHELL=exec` says that an agent's `exec` started
//! us, the command declines to send messages; the variable is passed on as it is, and its answer is a refusal.

use std::io::{self, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::boot::{self, Lock};
use super::client::Access;
use super::failure::{CallError, Failure};
use super::frames::Refusal;
use crate::support::error::{Error, Kind, Result};
use crate::support::redact::redact;

/// What the command itself needs beside the gateway's answer: up to 20 s on a busy machine (measured).
const OVERHEAD: Duration = Duration::from_secs(30);
/// How the versions before 2026.7 introduce a refusal.
const REFUSED: &str = "GatewayClientRequestError: ";
const POLL: Duration = Duration::from_millis(50);
/// No answer of a gateway is larger.
const MAX_OUTPUT: u64 = 64 << 20;
/// The methods that all three measured versions have and this program uses.
const METHODS: [&str; 14] = [
    "agent",
    "agent.wait",
    "chat.history",
    "cron.add",
    "cron.get",
    "cron.list",
    "cron.remove",
    "gateway.restart.preflight",
    "gateway.restart.request",
    "send",
    "sessions.list",
    "status",
    "tools.catalog",
    "tools.effective",
];

/// Runs the command.
pub(super) struct Cli {
    program: PathBuf,
    environment: [(&'static str, PathBuf); 2],
}

impl Cli {
    /// Finds `openclaw` on the path.
    pub fn find(access: &Access<'_>) -> Result<Self> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let program =
            std::env::split_paths(&path).map(|folder| folder.join("openclaw")).find(|file| file.is_file());
        let program = program.ok_or_else(|| {
            Error::new(
                Kind::Gateway,
                "the gateway's credentials cannot be resolved here, and there is no `openclaw` on the path",
            )
            .hint("set OPENCLAW_GATEWAY_TOKEN, or put the folder of `openclaw` on PATH")
        })?;
        Ok(Self::new(program, access))
    }

    fn new(program: PathBuf, access: &Access<'_>) -> Self {
        let environment = [
            ("OPENCLAW_STATE_DIR", access.paths.state.clone()),
            ("OPENCLAW_CONFIG_PATH", access.config.path.clone()),
        ];
        Self { program, environment }
    }

    /// Tells whether a method is one that every known version has.
    pub fn assumes(method: &str) -> bool {
        METHODS.contains(&method)
    }

    /// Calls a method.
    pub fn call(
        &self,
        method: &str,
        params: &Value,
        limit: Duration,
    ) -> std::result::Result<Value, CallError> {
        let mut command = Command::new(&self.program);
        command
            .args(["gateway", "call", method, "--json", "--timeout", &limit.as_millis().max(1).to_string()])
            .args(["--params", &params.to_string()])
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            // It would lead to another machine.
            .env_remove("OPENCLAW_GATEWAY_URL")
            .env("NO_COLOR", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let child = command
            .spawn()
            .map_err(|error| CallError::NotSent(format!("{}: {error}", self.program.display())))?;
        let (status, out, err) =
            finish(child, limit + OVERHEAD).map_err(|error| CallError::Lost(error.to_string()))?;
        read(status.success(), &out, &err)
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

/// Waits for the child and what it printed; kills it at the limit.
fn finish(mut child: Child, limit: Duration) -> io::Result<(ExitStatus, String, String)> {
    let deadline = Instant::now() + limit;
    let outputs = [collect(child.stdout.take()), collect(child.stderr.take())];
    let mut texts =
        outputs.map(|output| output.recv_timeout(deadline.saturating_duration_since(Instant::now())).ok());
    if let [Some(out), Some(err)] = &mut texts {
        // Its outputs are closed: it has ended, or is about to.
        while Instant::now() < deadline {
            if let Some(status) = child.try_wait()? {
                return Ok((status, std::mem::take(out), std::mem::take(err)));
            }
            std::thread::sleep(POLL);
        }
    }
    child.kill()?;
    child.wait()?;
    Err(io::Error::new(io::ErrorKind::TimedOut, "the `openclaw` command took too long"))
}

/// Reads a pipe on a thread of its own, so that neither pipe can fill up while the other is read.
fn collect(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            let _partial = pipe.take(MAX_OUTPUT).read_to_end(&mut bytes);
        }
        let _gone = sender.send(String::from_utf8_lossy(&bytes).into_owned());
    });
    receiver
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

    fn script(body: &str) -> (tempfile::TempDir, Cli) {
        use std::os::unix::fs::PermissionsExt;
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("openclaw");
        std::fs::write(&program, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let environment = [("OPENCLAW_STATE_DIR", dir.path().into()), ("OPENCLAW_CONFIG_PATH", "c".into())];
        (dir, Cli { program, environment })
    }

    #[test]
    fn parameters_arrive_as_one_argument_and_the_state_in_the_environment() {
        let (_dir, cli) =
            script(r#"printf '{"args":%d,"method":"%s","state":"%s"}' $# "$3" "$OPENCLAW_STATE_DIR""#);
        let params = serde_json::json!({"message": "a 'b' \"c\" $HOME; rm x"});
        let answer = cli.call("agent", &params, Duration::from_secs(5)).unwrap();
        assert_eq!(answer["args"], 8);
        assert_eq!(answer["method"], "agent");
        assert_eq!(answer["state"], cli.environment[0].1.display().to_string());
    }

    #[test]
    fn a_command_that_hangs_is_ended() {
        let (_dir, cli) = script("exec sleep 60");
        let mut command = Command::new(&cli.program);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        assert_eq!(finish(child, Duration::from_millis(200)).unwrap_err().kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() < Duration::from_secs(20));
    }
}
