//! The simulator as a subject of the cases.

use std::path::PathBuf;
use std::time::Duration;

use ::comeback::drill::simulator::{Call, Course, Flavour, Pace, Setup, Simulator, Step, Turn};
use ::comeback::gateway::Config;
use ::comeback::model::SessionKey;
use ::comeback::support::clock::Clock;
use tempfile::TempDir;

use super::subject::{COMMAND, ENDLESS, NATIVE, NOTED, RESUMED, Subject};
use crate::people::key;

/// A simulated gateway in a folder of its own.
pub struct Simulated {
    simulator: Simulator,
    flavour: Flavour,
    folder: TempDir,
}

impl Simulated {
    pub fn new(flavour: Flavour) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup {
            flavour,
            state: folder.path().join("state"),
            token: "token-of-a-simulated-gateway".to_owned(),
            pace: Pace { native: Duration::from_millis(500), ..Pace::QUICK },
            clock: Clock::default(),
            script: Box::new(script),
        };
        Self { simulator: Simulator::new(setup).unwrap(), flavour, folder }
    }

    pub fn faults(&self) -> Vec<String> {
        self.simulator.faults()
    }
}

fn session(chat: i64) -> SessionKey {
    key(chat).parse().unwrap()
}

fn script(turn: &Turn) -> Step {
    let said = turn.message.as_str();
    if said.contains(NATIVE) {
        Step::answer(RESUMED)
    } else if let Some(result) = turn.results.first() {
        if said.contains("run it and hang") { Step::Hang } else { Step::answer(result) }
    } else if said.contains("run it") {
        Step::call(Call::exec(COMMAND, "out"))
    } else if said.contains("take your time") {
        let course = Course::Ends(Duration::from_secs(3), "slept".to_owned());
        Step::call(Call { course, ..Call::exec("sleep 3; echo slept", "") })
    } else if said.contains("never end") {
        Step::call(Call::stuck(ENDLESS))
    } else if said.contains("in the background") {
        Step::call(Call::background(ENDLESS))
    } else if said.contains("say nothing") {
        Step::Hang
    } else {
        Step::answer(NOTED)
    }
}

impl Subject for Simulated {
    fn version(&self) -> String {
        self.flavour.version().to_owned()
    }

    fn start(&mut self) {
        self.simulator.start().unwrap();
    }

    fn sigkill(&mut self) {
        self.simulator.kill();
    }

    fn say(&self, chat: i64, text: &str) {
        self.simulator.person_says(&session(chat), text).unwrap();
    }

    fn sent(&self, chat: i64) -> Vec<String> {
        self.simulator.delivered(&session(chat))
    }

    fn runs(&self) -> usize {
        self.simulator.effects().get(COMMAND).copied().unwrap_or_default()
    }

    fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn config(&self) -> Config {
        Config::load(&self.state_dir(), &|_| None).unwrap()
    }

    fn device_dir(&self) -> PathBuf {
        self.folder.path().join("device")
    }
}
