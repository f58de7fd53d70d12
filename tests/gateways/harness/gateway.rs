//! A gateway in the foreground, in a home of its own.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;
use std::{fs, thread};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::loopback::free_port;
use super::openclaw::OpenClaw;
use super::process::{command_line, kill_group, run_bounded, signal, spawn_group, started_in};
use super::{telegram, wait};

/// The first start of a version takes 20 s on a busy machine.
const START: Duration = Duration::from_secs(180);
const STOP: Duration = Duration::from_secs(20);
const CLI: Duration = Duration::from_secs(60);

pub struct Gateway {
    openclaw: OpenClaw,
    home: TempDir,
    port: u16,
    supervised: bool,
    /// The boot that the last start will bring.
    awaited: usize,
    child: Option<Child>,
}

impl Gateway {
    /// The shared secret of `gateway.auth`.
    pub const TOKEN: &str = "token-of-a-test-gateway";

    /// Writes the smallest configuration that talks to the model and to Telegram; starts nothing.
    pub fn new(openclaw: OpenClaw, model: &str, telegram: &str) -> Self {
        let home = tempfile::Builder::new().prefix("gateway-").tempdir().unwrap();
        let gateway = Self { openclaw, home, port: free_port(), supervised: false, awaited: 0, child: None };
        for folder in [gateway.state_dir(), gateway.workspace(), gateway.bin(), gateway.tmp()] {
            fs::create_dir_all(folder).unwrap();
        }
        // Not NODE_COMPILE_CACHE: that makes openclaw run itself again as a child, and a kill would hit the wrong process.
        fs::create_dir_all(&gateway.openclaw.compile_cache).unwrap();
        symlink(&gateway.openclaw.compile_cache, gateway.tmp().join("node-compile-cache")).unwrap();
        gateway.write_config(&gateway.smallest_config(model, telegram));
        let run = format!(
            "exec '{}' '{}' \"$@\"",
            gateway.openclaw.node.display(),
            gateway.openclaw.entry().display()
        );
        gateway.place_script("openclaw", &run);
        gateway
    }

    fn smallest_config(&self, model: &str, telegram: &str) -> Value {
        json!({
            "gateway": { "mode": "local", "port": self.port, "bind": "loopback", "auth": { "mode": "token", "token": Self::TOKEN } },
            "agents": { "defaults": {
                "model": { "primary": "mock/mock" }, "workspace": self.workspace(), "skipBootstrap": true,
            }},
            "tools": { "exec": { "security": "full", "ask": "off" } },
            "session": { "dmScope": "per-channel-peer" },
            "models": { "providers": { "mock": {
                "baseUrl": model, "apiKey": "x", "api": "openai-completions",
                "models": [{
                    "id": "mock", "name": "mock", "contextWindow": 100_000, "maxTokens": 4096, "input": ["text"],
                    "reasoning": false, "cost": { "input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0 },
                }],
            }}},
            "channels": { "telegram": {
                "enabled": true, "botToken": telegram::BOT_TOKEN, "apiRoot": telegram, "dmPolicy": "open", "allowFrom": ["*"],
            }},
            // The default is a file that all gateways of a machine share.
            "logging": { "file": self.home.path().join("openclaw.log") },
        })
    }

    /// Changes the configuration. A gateway that runs notices it by itself.
    pub fn configure(&self, edit: impl FnOnce(&mut Value)) {
        let mut config = serde_json::from_slice(&fs::read(self.config_path()).unwrap()).unwrap();
        edit(&mut config);
        self.write_config(&config);
    }

    fn write_config(&self, config: &Value) {
        fs::write(self.config_path(), config.to_string()).unwrap();
    }

    /// Puts an executable shell script on the PATH of the gateway and its agents.
    pub fn place_script(&self, name: &str, body: &str) {
        let path = self.bin().join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts a program on that PATH.
    pub fn place_program(&self, name: &str, program: &Path) {
        symlink(program, self.bin().join(name)).unwrap();
    }

    /// Starts the gateway, also again after [`Self::sigkill`] or [`Self::stop`], with the state that is there.
    pub fn start(&mut self) {
        assert!(self.child.is_none(), "the gateway runs already");
        self.awaited = self.boots() + 1;
        let log = fs::OpenOptions::new().append(true).create(true).open(self.log_path()).unwrap();
        let mut command = self.command(["gateway", "run", "--port", &self.port.to_string()]);
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(spawn_group(&mut command));
    }

    /// Until what [`Self::start`] started is ready for use.
    pub fn wait_ready(&mut self) {
        self.wait_boot(self.awaited);
    }

    /// Until the gateway is ready in its `number`th boot, the first being 1. A restart in the same process is a boot, too.
    pub fn wait_boot(&mut self, number: usize) {
        wait::until(&format!("boot {number} of the gateway to be ready"), START, || {
            self.revive();
            (self.boots() >= number && self.http_status("/readyz") == Some(200)).then_some(())
        });
    }

    /// How often it became ready.
    pub fn boots(&self) -> usize {
        self.log().lines().filter(|line| line.ends_with("[gateway] ready")).count()
    }

    /// Kills the gateway's own process, as a crash does. On 2026.5.28 and 2026.7.1 the commands of its agents live on.
    pub fn sigkill(&mut self) {
        let mut child = self.child.take().expect("the gateway runs");
        child.kill().unwrap();
        child.wait().unwrap();
        wait::until("the killed gateway's port to be closed", STOP, || {
            self.http_status("/readyz").is_none().then_some(())
        });
    }

    /// Kills the gateway and all that it started, as a power cut does, or a service manager after a crash.
    pub fn sigkill_all(&mut self) {
        self.sigkill();
        wait::until("the gateway's commands to be gone", STOP, || self.kill_started().then_some(()));
    }

    /// Whether nothing was left to kill.
    fn kill_started(&self) -> bool {
        let left = started_in(self.home.path());
        for pid in &left {
            signal("KILL", pid.to_string());
        }
        left.is_empty()
    }

    /// Whether a command that mentions this runs for an agent.
    pub fn runs(&self, mentions: &str) -> bool {
        started_in(self.home.path()).into_iter().any(|pid| command_line(pid).contains(mentions))
    }

    /// Asks the gateway to stop, and kills it when it does not.
    pub fn stop(&mut self) {
        let mut child = self.child.take().expect("the gateway runs");
        signal("TERM", child.id().to_string());
        if wait::poll(STOP, || child.try_wait().unwrap()).is_none() {
            kill_group(&mut child);
        }
    }

    /// Before a start: makes the gateway believe that systemd runs it. To restart, it then ends its process instead of
    /// beginning again inside it (what all three versions do otherwise), and the next wait for it starts it again.
    pub fn supervise(&mut self) {
        self.supervised = true;
    }

    /// Starts a supervised gateway that has ended; any other has no business to end by itself.
    fn revive(&mut self) {
        let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
        if let Some(status) = ended {
            assert!(self.supervised, "the gateway ended by itself: {status}");
            self.child = None;
            self.start();
        }
    }

    /// Runs `openclaw …` in the gateway's environment.
    pub fn cli<const N: usize>(&self, arguments: [&str; N]) -> Output {
        run_bounded(self.command(arguments), &self.tmp(), CLI)
    }

    /// `openclaw` with nothing of this process's environment.
    fn command<const N: usize>(&self, arguments: [&str; N]) -> Command {
        let mut command = Command::new(&self.openclaw.node);
        command.arg(self.openclaw.entry()).args(arguments).current_dir(self.home.path());
        command.env_clear().envs(self.environment());
        command
    }

    /// What the gateway's environment holds; for other programs that act on this gateway.
    pub fn environment(&self) -> Vec<(&'static str, String)> {
        let text = |path: &Path| path.to_str().unwrap().to_owned();
        let path =
            [self.openclaw.node.parent().unwrap(), &self.bin(), Path::new("/usr/bin"), Path::new("/bin")]
                .map(text);
        let mut environment = vec![
            ("PATH", path.join(":")),
            ("HOME", text(self.home.path())),
            ("TMPDIR", text(&self.tmp())),
            ("LANG", "C.UTF-8".to_owned()),
            ("TZ", "UTC".to_owned()),
            ("NO_COLOR", "1".to_owned()),
            ("OPENCLAW_STATE_DIR", text(&self.state_dir())),
            ("OPENCLAW_CONFIG_PATH", text(&self.config_path())),
        ];
        if self.supervised {
            environment.push(("INVOCATION_ID", "supervised-by-a-test".to_owned()));
        }
        environment
    }

    /// The status of a plain GET; none when nobody listens.
    fn http_status(&self, path: &str) -> Option<u16> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").ok()?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).ok()?;
        String::from_utf8_lossy(&head[9..]).parse().ok()
    }

    pub fn state_dir(&self) -> PathBuf {
        self.home.path().join("state")
    }

    pub fn workspace(&self) -> PathBuf {
        self.home.path().join("workspace")
    }

    pub fn config_path(&self) -> PathBuf {
        self.home.path().join("openclaw.json")
    }

    /// The folder on PATH that [`Self::place_script`] and [`Self::place_program`] fill.
    pub fn bin(&self) -> PathBuf {
        self.home.path().join("bin")
    }

    pub fn tmp(&self) -> PathBuf {
        self.home.path().join("tmp")
    }

    fn log_path(&self) -> PathBuf {
        self.home.path().join("gateway.out")
    }

    pub fn version(&self) -> &str {
        &self.openclaw.version
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    /// What the gateway has printed, over all its starts.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log_path()).unwrap_or_default()).into_owned()
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            kill_group(&mut child);
        }
        wait::poll(STOP, || self.kill_started().then_some(()));
        if thread::panicking() {
            #[expect(clippy::print_stderr, reason = "why the test failed")]
            {
                eprintln!("--- gateway {}\n{}---", self.openclaw.version, self.log());
            }
        }
    }
}
