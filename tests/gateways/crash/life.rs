//! The chats, brought into their situations, and the kill.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::night;
use super::script::{self, Life};
use super::situations::{STEERED, Situation};
use crate::comeback;
use crate::harness::gateway::Gateway;
use crate::harness::model::Request;
use crate::harness::process::{command_line, signal, started_in};
use crate::harness::{World, wait};

/// Many turns begin at once; a gateway puts commands that take two minutes into the background.
const SOON: Duration = Duration::from_secs(90);
/// So long nothing happens in a life before its end is believed.
const QUIET: Duration = Duration::from_secs(15);
/// A gateway tells the parent of a subagent a minute after its start.
const SETTLE: Duration = Duration::from_secs(240);
const PERSON: i64 = 900;

/// A gateway, and what its chats are at.
pub struct Stage {
    pub version: String,
    pub world: World,
    pub situations: Vec<Situation>,
    pub side: Side,
    life: Life,
    /// What had been said when the gateway was killed for the first time.
    pub mark: i64,
    /// What the model had been asked, and how many boots we had seen, when it was killed for the last time.
    asked: usize,
    boots: usize,
}

/// Who brings the work back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    Alone,
    Comeback,
}

impl Stage {
    /// Starts a gateway and brings its chats into their situations.
    pub fn set(version: &str, side: Side, situations: &[Situation]) -> Self {
        let life = Life::default();
        life.store(1, Ordering::SeqCst);
        let mut world = World::new(version, script::model(&life));
        world.gateway.configure(crowd);
        if version == "2026.9.6" {
            // By itself it keeps the tools for subagents behind a search.
            world.gateway.configure(|config| config["tools"]["toolSearch"] = json!(false));
        }
        if situations.contains(&Situation::Overnight) && version != "2026.9.6" {
            world.gateway.configure(night::reset_every_day);
        }
        prepare_workspace(&world.gateway);
        if side == Side::Comeback {
            comeback::install(&world);
            comeback::json(&world.gateway, 0, &["setup", "install", "--hook"]);
        }
        world.gateway.start();
        world.gateway.wait_ready();
        let (version, situations) = (version.to_owned(), situations.to_vec());
        let stage = Self { version, world, situations, side, life, mark: 0, asked: 0, boots: 0 };
        if stage.situations.contains(&Situation::Answering) {
            let chat = Situation::Answering.chat();
            stage.world.telegram.say(chat, "Ada", "hello");
            stage.world.telegram.wait_for_message(chat, "small talk", SOON, |text| text == script::HELLO);
        }
        for situation in &stage.situations {
            stage.say(*situation, &situation.request());
        }
        for situation in &stage.situations {
            stage.wait_for(*situation);
        }
        stage
    }

    fn say(&self, situation: Situation, text: &str) {
        let telegram = &self.world.telegram;
        match situation {
            Situation::Group => telegram.say_in_group(situation.chat(), PERSON, "Dan", text),
            _ => telegram.say(situation.chat(), "Ada", text),
        }
    }

    /// Until the chat is where it is to be killed.
    fn wait_for(&self, situation: Situation) {
        let asks = |fits: fn(&Request) -> bool| {
            self.world.model.wait_for(&situation.to_string(), SOON, |request| {
                request.remembers(&situation.request()) && fits(request)
            });
        };
        let runs = || self.wait_until(situation, "the command", || self.is_running(&situation.pipe()));
        let ends = || {
            self.wait_until(situation, "the end of the turn", || self.row(situation)["endedAt"].is_u64());
        };
        match situation {
            Situation::Answering | Situation::FirstMessage => asks(|_| true),
            Situation::ResultRead => asks(|request| !request.last_tool_results().is_empty()),
            Situation::Idle => ends(),
            Situation::Approval => self.wait_until(situation, "the approval", || {
                let listed = comeback::call(&self.world.gateway, "exec.approval.list", &json!({}));
                listed.as_array().is_some_and(|pending| !pending.is_empty())
            }),
            Situation::CommandKilled
            | Situation::BuildKilled
            | Situation::CommandSurvives
            | Situation::Subagent => {
                runs();
                ends();
            }
            Situation::CommandEnded => {
                runs();
                ends();
                fs::write(self.world.gateway.workspace().join(situation.pipe()), script::RESULT).unwrap();
                asks(script::tells_of_an_end);
            }
            Situation::Stopped => {
                runs();
                self.say(situation, "/stop");
                let is_answered = |text: &str| text.contains("Agent was aborted");
                self.world.telegram.wait_for_message(situation.chat(), "the answer", SOON, is_answered);
                ends();
            }
            Situation::Steered => {
                runs();
                self.say(situation, STEERED);
                self.wait_until(situation, "the message to be read", || self.world.telegram.is_read());
            }
            Situation::Reading
            | Situation::Destroying
            | Situation::TextAndCall
            | Situation::OneOfTwo
            | Situation::Group
            | Situation::SecondAgent
            | Situation::Overnight
            | Situation::Twice => runs(),
        }
    }

    fn wait_until(&self, situation: Situation, what: &str, is_so: impl Fn() -> bool) {
        wait::poll(SOON, || is_so().then_some(())).unwrap_or_else(|| {
            let chat = self.world.telegram.sent(situation.chat());
            panic!("{situation}: waited in vain for {what}; the chat shows {chat:?}")
        });
    }

    pub fn row(&self, situation: Situation) -> Value {
        let key = json!({"key": situation.key()});
        comeback::call(&self.world.gateway, "sessions.describe", &key)["session"].clone()
    }

    /// Whether a command that mentions this runs for an agent.
    pub fn is_running(&self, mentions: &str) -> bool {
        self.world.gateway.runs(mentions)
    }

    pub fn home(&self) -> PathBuf {
        self.world.gateway.tmp().parent().unwrap().to_owned()
    }

    /// Kills the gateway, and its commands except the one that is to survive.
    pub fn kill(&mut self) {
        self.world.gateway.sigkill();
        if self.situations.contains(&Situation::CommandSurvives) && !survives_its_gateway(&self.version) {
            // Whoever ends it must not be killed first.
            self.wait_until(Situation::CommandSurvives, "the gateway's helper to end the command", || {
                !self.is_running(&Situation::CommandSurvives.pipe())
            });
        }
        for pid in started_in(&self.home()) {
            if !command_line(pid).contains(&Situation::CommandSurvives.pipe()) {
                signal("KILL", pid.to_string());
            }
        }
        if self.mark == 0 {
            self.mark = self.world.telegram.mark();
        }
        self.asked = self.world.model.requests().len();
        self.boots = comeback::ledger(&self.world.gateway, "boot").len();
        self.life.fetch_add(1, Ordering::SeqCst);
        // What the destructive call took away is there again: does anybody take it away again?
        fs::create_dir_all(self.world.gateway.workspace().join("build")).unwrap();
    }

    pub fn start(&mut self) {
        self.world.gateway.start();
        self.world.gateway.wait_ready();
    }

    /// What the model was asked since the last kill.
    pub fn requests(&self) -> Vec<Request> {
        self.world.model.requests().split_off(self.asked)
    }

    /// Until the rows are settled and nothing more happens.
    pub fn settle(&self) {
        let (mut seen, mut since) = ((0, 0), Instant::now());
        let settled = wait::poll(SETTLE, || {
            let now = (self.world.telegram.mark(), self.world.model.requests().len());
            if now != seen {
                (seen, since) = (now, Instant::now());
            }
            (since.elapsed() > QUIET && self.is_over()).then_some(())
        });
        assert!(settled.is_some() || self.side == Side::Alone, "{}: nothing settled", self.version);
    }

    /// Until the cut turn goes on, or nobody will make it.
    pub fn wait_resumed_or_given_up(&self, situation: Situation) {
        let is_resumed = || self.requests().iter().any(|one| Situation::of(one) == Some(situation));
        let is_given_up = || self.side == Side::Alone && self.row(situation)["status"] == "failed";
        self.wait_until(situation, "its turn to go on", || is_resumed() || is_given_up());
    }

    fn is_over(&self) -> bool {
        let is_told = |situation| self.requests().iter().any(|one| Situation::of(one) == Some(situation));
        let has_recovered = || {
            comeback::ledger(&self.world.gateway, "boot").len() > self.boots
                && !self.is_running("recover --trigger startup")
        };
        (!self.situations.contains(&Situation::Subagent) || is_told(Situation::Subagent))
            && (self.side == Side::Alone || has_recovered())
            && self.situations.iter().all(|situation| self.row(*situation)["status"] != "running")
    }
}

/// Whether a background command outlives a SIGKILL of its gateway: on 2026.9.6 a helper process of the gateway's starts
/// all commands, and ends them once the gateway is gone.
pub fn survives_its_gateway(version: &str) -> bool {
    version != "2026.9.6"
}

/// Room for all turns at once, a group, and an agent beside the main one for whom commands need an approval.
fn crowd(config: &mut Value) {
    let workspace = config["agents"]["defaults"]["workspace"].clone();
    config["agents"]["defaults"]["maxConcurrent"] = json!(40);
    let careful = json!({"exec": {"security": "allowlist", "ask": "always"}});
    config["agents"]["list"] = json!([
        {"id": "main", "default": true, "workspace": workspace},
        {"id": "second", "workspace": workspace},
        {"id": "careful", "workspace": workspace, "tools": careful},
    ]);
    let bound = [Situation::SecondAgent, Situation::Approval].map(|situation| {
        let peer = json!({"kind": "direct", "id": situation.chat().to_string()});
        json!({"agentId": situation.agent(), "match": {"channel": "telegram", "peer": peer}})
    });
    config["bindings"] = json!(bound);
    let approver = Situation::Approval.chat().to_string();
    let telegram = &mut config["channels"]["telegram"];
    telegram["groupPolicy"] = json!("open");
    telegram["groups"] = json!({"*": {"requireMention": false}});
    telegram["execApprovals"] = json!({"enabled": true, "approvers": [approver], "target": "dm"});
}

/// What the commands read, and what they take away.
fn prepare_workspace(gateway: &Gateway) {
    let workspace = gateway.workspace();
    fs::write(workspace.join("notes.txt"), "the figures\n").unwrap();
    for folder in ["build", "old-build"] {
        fs::create_dir_all(workspace.join(folder)).unwrap();
    }
    for situation in Situation::ALL {
        let made = Command::new("mkfifo").arg(workspace.join(situation.pipe())).status().unwrap();
        assert!(made.success());
    }
    gateway.place_script("build-report", "echo building; cat \"$1\"");
}
