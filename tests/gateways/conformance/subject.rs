//! What the cases need of a gateway, and a real one that has it.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use ::comeback::gateway::{Access, Config, Gateway as Connection, Scopes};
use ::comeback::support::paths::Paths;

use crate::harness::World;
use crate::harness::model::{Reply, Request};

/// What an agent runs when it is asked to.
pub const COMMAND: &str = "echo ran >> ran.txt; echo out";
/// What it runs that never ends.
pub const ENDLESS: &str = "sleep 600";
/// What it says when native recovery resumes it.
pub const RESUMED: &str = "I have gone on.";
/// What it says when it is asked for nothing else.
pub const NOTED: &str = "Noted.";
/// What native recovery's message begins with.
pub const NATIVE: &str = "[System] Your previous turn was interrupted";

/// A gateway that can be talked to, and killed.
pub trait Subject {
    fn version(&self) -> String;
    fn start(&mut self);
    fn sigkill(&mut self);
    /// A person writes in a chat.
    fn say(&self, chat: i64, text: &str);
    /// What the chat shows.
    fn sent(&self, chat: i64) -> Vec<String>;
    /// How often [`COMMAND`] ran.
    fn runs(&self) -> usize;
    fn state_dir(&self) -> PathBuf;
    fn config(&self) -> Config;
    /// Where the cases' own device is kept.
    fn device_dir(&self) -> PathBuf;

    fn connect(&self, scopes: Scopes) -> Connection {
        let paths = Paths { state: self.device_dir(), workspace: self.device_dir() };
        let config = self.config();
        let access = Access { paths: &paths, config: &config };
        Connection::connect(&access, scopes, Duration::from_secs(60)).unwrap()
    }
}

/// What the agents of a real gateway do; [`super::simulated`] says the same.
pub fn script(request: &Request) -> Reply {
    let (said, results) = (request.last_user_text(), request.last_tool_results());
    if said.contains(NATIVE) {
        Reply::text(RESUMED)
    } else if !results.is_empty() {
        if request.remembers("run it and hang") { Reply::Hang } else { Reply::text(results) }
    } else if said.contains("run it") {
        Reply::exec(COMMAND)
    } else if said.contains("take your time") {
        Reply::exec("sleep 3; echo slept")
    } else if said.contains("never end") {
        Reply::exec(ENDLESS)
    } else if said.contains("in the background") {
        Reply::tool("exec", serde_json::json!({"command": ENDLESS, "background": true}))
    } else if said.contains("say nothing") {
        Reply::Hang
    } else {
        Reply::text(NOTED)
    }
}

impl Subject for World {
    fn version(&self) -> String {
        self.gateway.version().to_owned()
    }

    fn start(&mut self) {
        self.gateway.start();
        self.gateway.wait_ready();
    }

    fn sigkill(&mut self) {
        self.gateway.sigkill_all();
    }

    fn say(&self, chat: i64, text: &str) {
        self.telegram.say(chat, "Ada", text);
    }

    fn sent(&self, chat: i64) -> Vec<String> {
        self.telegram.sent(chat)
    }

    fn runs(&self) -> usize {
        fs::read_to_string(self.gateway.workspace().join("ran.txt")).unwrap_or_default().lines().count()
    }

    fn state_dir(&self) -> PathBuf {
        self.gateway.state_dir()
    }

    fn config(&self) -> Config {
        let environment = self.gateway.environment();
        let env =
            |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| value.clone());
        Config::load(&self.gateway.state_dir(), &env).unwrap()
    }

    fn device_dir(&self) -> PathBuf {
        self.gateway.tmp().join("device")
    }
}
