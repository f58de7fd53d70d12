//! Whole recoveries, on a gateway that keeps jobs and answers as it is told.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its world has failed")]

use std::fs;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::*;
use crate::checkpoint::{Block, Checkpoint, Meta, Store};
use crate::gateway::fake::{self, Peer};
use crate::model::Boot;
use crate::support::clock::Clock;

const CALLER: &str = "agent:main:telegram:direct:77";
const FIRST: &str = "agent:main:telegram:direct:78";
const SECOND: &str = "agent:main:telegram:direct:79";

/// What the gateway has been asked, what it holds, and where it fails.
#[derive(Default)]
struct Gateway {
    asked: Vec<(String, Value)>,
    jobs: Vec<Value>,
    /// How many jobs it held, and when the first was due, as the first turn began.
    jobs_at_first_turn: Option<(usize, DateTime<Utc>)>,
    /// The session whose row makes it hang up.
    breaks_on: Option<&'static str>,
    refuses_to_send: bool,
}

impl Gateway {
    /// Answers a request; an error is a refusal, nothing is the end of the connection.
    fn answer(&mut self, method: &str, params: &Value) -> Option<Result<Value, Value>> {
        self.asked.push((method.to_owned(), params.clone()));
        Some(Ok(match method {
            "sessions.describe" if params["key"].as_str() == self.breaks_on => return None,
            "sessions.describe" => json!({"session": {
                "status": "done", "deliveryContext": {"channel": "telegram", "to": "77"},
            }}),
            "chat.history" => json!({"messages": []}),
            "cron.add" => {
                let id = format!("job-{}", self.asked.len());
                let mut job = params.clone();
                job["id"] = json!(id);
                self.jobs.push(job);
                json!({"id": id})
            }
            "cron.list" => json!({"jobs": self.jobs}),
            "cron.remove" => {
                self.jobs.retain(|job| job["id"] != params["id"]);
                json!({"ok": true})
            }
            "agent" => {
                let due =
                    self.jobs.first().map(|job| job["schedule"]["at"].as_str().unwrap().parse().unwrap());
                let seen = due.map(|due| (self.jobs.len(), due));
                self.jobs_at_first_turn = self.jobs_at_first_turn.or(seen);
                json!({"runId": "run"})
            }
            "agent.wait" => json!({"status": "timeout"}),
            "send" if self.refuses_to_send => {
                return Some(Err(json!({"code": "CHANNEL", "message": "no bot"})));
            }
            "send" => json!({"ok": true}),
            other => panic!("nothing is known of {other}"),
        }))
    }

    fn count(&self, method: &str) -> usize {
        self.asked.iter().filter(|(asked, _)| asked == method).count()
    }
}

/// A state directory with a checkpoint that is due, and the gateway that came back.
struct World {
    dir: tempfile::TempDir,
    gateway: Arc<Mutex<Gateway>>,
}

impl World {
    fn new(gateway: Gateway) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let gateway = Arc::new(Mutex::new(gateway));
        let served = Arc::clone(&gateway);
        let port = fake::serve_all(move |peer| serve(peer, &served));
        let config = json!({"gateway": {"port": port, "auth": {"mode": "token", "token": "hunter2-token"}}});
        fs::write(dir.path().join("openclaw.json"), config.to_string()).unwrap();
        let world = Self { dir, gateway };
        world.prepare();
        world
    }

    fn prepare(&self) {
        let at = Utc::now() - TimeDelta::seconds(30);
        let boot = Boot { started_at: at - TimeDelta::hours(1), boot_id: Some("earlier".to_owned()) };
        let caller = CALLER.parse().unwrap();
        let meta = Meta { boot: Some(boot), session_key: Some(caller), ..Meta::new("c", at) };
        let block =
            |key: &str| Block { next_step: "run the tests".into(), ..Block::new(key.parse().unwrap()) };
        let checkpoint = Checkpoint::new(meta, [CALLER, FIRST, SECOND].map(block).to_vec());
        Store::new(self.context().paths.checkpoints()).write(&checkpoint, at.naive_utc()).unwrap();
    }

    fn context(&self) -> Context {
        Context::load(Settings {
            state_dir: Some(self.dir.path().to_owned()),
            workspace: None,
            clock: Clock::default(),
            offline: false,
            verbose: false,
        })
        .unwrap()
    }

    fn recover(&self, dry_run: bool) -> (Outcome, Vec<(String, ItemState)>) {
        let request = RecoverRequest { trigger: Trigger::Startup, wait_gateway: false, wait: false, dry_run };
        let report = recover(&self.context(), request).unwrap();
        let items = report.items.into_iter().map(|one| (one.item.session_key.to_string(), one.state));
        let mut items: Vec<_> = items.collect();
        items.sort_by(|one, other| one.0.cmp(&other.0));
        (report.outcome, items)
    }

    fn gateway<T>(&self, read: impl FnOnce(&mut Gateway) -> T) -> T {
        read(&mut self.gateway.lock().unwrap())
    }
}

fn serve(mut peer: Peer, gateway: &Mutex<Gateway>) {
    if peer.welcome(&[]).is_none() {
        return;
    }
    while let Some(request) = peer.request() {
        let method = request["method"].as_str().unwrap();
        let answer = gateway.lock().unwrap().answer(method, &request["params"]);
        match answer {
            Some(Ok(payload)) => peer.answer(&request["id"], &payload),
            Some(Err(error)) => peer.refuse(&request["id"], &error),
            None => return peer.close(),
        }
    }
}

fn all(state: &ItemState) -> Vec<(String, ItemState)> {
    [CALLER, FIRST, SECOND].map(|key| (key.to_owned(), state.clone())).to_vec()
}

#[test]
fn the_job_waits_behind_a_run_and_goes_with_its_end() {
    let world = World::new(Gateway::default());
    let begun = Utc::now();
    assert_eq!(world.recover(false), (Outcome::Recovered, all(&ItemState::Resumed)));
    let (jobs, due) = world.gateway(|gateway| gateway.jobs_at_first_turn.unwrap());
    assert_eq!(jobs, 1, "should this run have been killed here, the job would have come");
    assert!(due > begun + TimeDelta::minutes(4), "but not before this run could end");
    assert!(world.gateway(|gateway| gateway.jobs.is_empty()));
    assert_eq!(world.recover(false), (Outcome::Nothing, Vec::new()));
    assert_eq!(world.gateway(|gateway| (gateway.count("agent"), gateway.count("send"))), (3, 1));
}

#[test]
fn a_session_that_breaks_the_connection_costs_the_others_nothing() {
    let world = World::new(Gateway { breaks_on: Some(FIRST), ..Gateway::default() });
    let (outcome, items) = world.recover(false);
    assert_eq!(outcome, Outcome::Incomplete);
    assert!(matches!(&items[1], (key, ItemState::Failed(_)) if key == FIRST), "{items:?}");
    assert_eq!((&items[0].1, &items[2].1), (&ItemState::Resumed, &ItemState::Resumed));
    assert_eq!(world.gateway(|gateway| gateway.jobs.len()), 1, "the job tries once more");

    world.gateway(|gateway| gateway.breaks_on = None);
    assert_eq!(world.recover(false), (Outcome::Recovered, all(&ItemState::Resumed)));
    let (turns, told) = world.gateway(|gateway| (gateway.count("agent"), gateway.count("send")));
    assert_eq!((turns, told), (3, 2), "its user hears of the first run's failure, and of its end");
}

#[test]
fn a_user_who_could_not_be_told_is_told_by_the_next_run() {
    let world = World::new(Gateway { refuses_to_send: true, ..Gateway::default() });
    assert_eq!(world.recover(false), (Outcome::Incomplete, all(&ItemState::Resumed)));
    world.gateway(|gateway| gateway.refuses_to_send = false);
    assert_eq!(world.recover(false), (Outcome::Recovered, all(&ItemState::Resumed)));
    assert_eq!(world.gateway(|gateway| (gateway.count("agent"), gateway.count("send"))), (3, 2));
}

#[test]
fn a_dry_run_sends_nothing_and_leaves_no_ledger() {
    let world = World::new(Gateway::default());
    assert_eq!(world.recover(true), (Outcome::Recovered, all(&ItemState::Due)));
    let paths = world.context().paths;
    assert!(!paths.ledger().exists() && !paths.lock().exists());
    let changes = ["cron.add", "cron.remove", "agent", "send"];
    assert!(world.gateway(|gateway| changes.iter().all(|change| gateway.count(change) == 0)));
}
