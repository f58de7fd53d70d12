//! Whole recoveries, on a gateway that keeps jobs and answers as it is told.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its world has failed")]

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::*;
use crate::checkpoint::{Block, Checkpoint, Meta, Store};
use crate::gateway::fake::{self, Peer};
use crate::ledger::{Effect, Event, Ledger, Person, Writer};
use crate::model::Boot;
use crate::plan;
use crate::support::clock::Clock;
use crate::support::fs::GIVEN_UP;

mod aftermath;
mod confirmed;
mod cuts;
mod tasks;
mod torn;

const CALLER: &str = "agent:main:telegram:direct:77";
const FIRST: &str = "agent:main:telegram:direct:78";
const SECOND: &str = "agent:main:telegram:direct:79";

/// What the gateway has been asked, what it holds, and where it fails.
#[derive(Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a failure of its own")]
struct Gateway {
    asked: Vec<(String, Value)>,
    jobs: Vec<Value>,
    /// How many jobs it held, and when the first was due, as the first turn began.
    jobs_at_first_turn: Option<(usize, DateTime<Utc>)>,
    /// The session whose row makes it hang up.
    breaks_on: Option<&'static str>,
    /// A session that it does not know.
    gone: Option<&'static str>,
    /// The session in which a run is under way.
    active: Option<&'static str>,
    refuses_to_send: bool,
    refuses_turns: bool,
    refuses_jobs: bool,
    /// Whether a message begins a new session.
    begins_anew: bool,
    /// What it says of sessions that have files.
    rows: BTreeMap<String, Value>,
    /// What happens while it is asked for all of them.
    while_listing: Option<(Listing, Happening)>,
    /// The name of its present life.
    boot: &'static str,
    /// Its version, where it is not 2026.9.6.
    version: Option<&'static str>,
}

type Happening = Box<dyn FnOnce(&mut Gateway) + Send>;

/// As of when a gateway lists its sessions.
#[derive(Clone, Copy, Debug)]
enum Listing {
    Before,
    After,
}

impl Gateway {
    /// Answers a request; an error is a refusal, nothing is the end of the connection.
    fn answer(&mut self, method: &str, params: &Value) -> Option<Result<Value, Value>> {
        self.asked.push((method.to_owned(), params.clone()));
        Some(Ok(match method {
            "sessions.describe" if params["key"].as_str() == self.breaks_on => return None,
            "sessions.describe" if self.rows.contains_key(params["key"].as_str().unwrap_or_default()) => {
                json!({"session": self.rows[params["key"].as_str().unwrap_or_default()]})
            }
            "sessions.describe" if params["key"].as_str() == self.gone => json!({"session": null}),
            "sessions.describe" => json!({"session": {
                "status": "done", "hasActiveRun": params["key"].as_str() == self.active, "deliveryContext": {"channel": "telegram", "to": "77"},
            }}),
            "chat.history" => json!({"messages": []}),
            "sessions.list" => {
                let before = self.rows.clone();
                let rows = match self.while_listing.take() {
                    None => before,
                    Some((listing, happens)) => {
                        happens(self);
                        if matches!(listing, Listing::Before) { before } else { self.rows.clone() }
                    }
                };
                json!({"sessions": rows.into_values().collect::<Vec<_>>()})
            }
            "cron.add" if self.refuses_jobs => return None,
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
            "agent" if self.refuses_turns => return Some(Err(json!({"code": "BAD", "message": "not now"}))),
            "agent" => {
                for row in self.rows.values_mut().filter(|_| self.begins_anew) {
                    row["sessionId"] = json!("new");
                }
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
        let world = Self::empty(gateway);
        world.prepare("run the tests");
        world
    }

    /// One whose second session is held.
    fn holding() -> Self {
        let world = Self::empty(Gateway::default());
        world.prepare("delete the table");
        let (outcome, items) = world.recover(false);
        assert_eq!((outcome, &items[2].1), (Outcome::Recovered, &ItemState::Held));
        world
    }

    fn empty(gateway: Gateway) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let gateway = Arc::new(Mutex::new(gateway));
        let served = Arc::clone(&gateway);
        let port = fake::serve_all(move |peer| serve(peer, &served));
        let config = json!({"gateway": {"port": port, "auth": {"mode": "token", "token": "hunter2-token"}}});
        fs::write(dir.path().join("openclaw.json"), config.to_string()).unwrap();
        Self { dir, gateway }
    }

    /// Writes a checkpoint of three sessions; `last` is the next step of the last.
    fn prepare(&self, last: &str) {
        let at = Utc::now() - TimeDelta::seconds(30);
        let boot = Boot { started_at: at - TimeDelta::hours(1), boot_id: Some("earlier".to_owned()) };
        let caller = CALLER.parse().unwrap();
        let meta = Meta { boot: Some(boot), session_key: Some(caller), ..Meta::new("c", at) };
        let block =
            |(key, step): (&str, &str)| Block { next_step: step.into(), ..Block::new(key.parse().unwrap()) };
        let blocks = [(CALLER, "run the tests"), (FIRST, "run the tests"), (SECOND, last)].map(block);
        let checkpoint = Checkpoint::new(meta, blocks.to_vec());
        Store::new(self.context().paths.checkpoints()).write(&checkpoint, at.naive_utc()).unwrap();
    }

    fn context(&self) -> Context {
        self.context_at(Clock::default())
    }

    fn context_at(&self, clock: Clock) -> Context {
        Context::load(Settings {
            state_dir: Some(self.dir.path().to_owned()),
            workspace: None,
            clock,
            offline: false,
            ..Settings::default()
        })
        .unwrap()
    }

    fn recover_by(&self, trigger: Trigger) -> Report {
        let request = RecoverRequest { trigger, wait_gateway: false, wait: false, dry_run: false };
        recover(&self.context(), request).unwrap()
    }

    /// Has an earlier run of the same boot stop between an intent and its answer.
    fn leave_open(&self, session: &str) {
        let boot = Boot { started_at: Utc::now() - TimeDelta::seconds(5), boot_id: Some("b00t".to_owned()) };
        let key = plan::key_of("c", &session.parse().unwrap());
        let session_key = session.parse().unwrap();
        let intent =
            Event::Intent { key, effect: Effect::Resume, session_key, boot, also: Vec::new(), message: None };
        let mut ledger = Writer::open(&self.context().paths, GIVEN_UP, Utc::now()).unwrap();
        ledger.append(Utc::now(), intent).unwrap();
    }

    fn recover(&self, dry_run: bool) -> (Outcome, Vec<(String, ItemState)>) {
        let request = RecoverRequest { trigger: Trigger::Startup, wait_gateway: false, wait: false, dry_run };
        let report = recover(&self.context(), request).unwrap();
        let items = report.items.into_iter().map(|one| (one.item.session_key.to_string(), one.state));
        let mut items: Vec<_> = items.collect();
        items.sort_by(|one, other| one.0.cmp(&other.0));
        (report.outcome, items)
    }

    /// A person's word about what is held, at so many days from now.
    fn say(&self, word: Word, days: i64) -> Vec<AnswerState> {
        let clock = Clock::new(Some(Utc::now() + TimeDelta::days(days)));
        let answers = confirm(&self.context_at(clock), &Self::code(), word, &Person::Unnamed).unwrap();
        answers.into_iter().map(|answer| answer.state).collect()
    }

    fn code() -> Chosen {
        Chosen::Codes(vec![plan::key_of("c", &SECOND.parse().unwrap()).code()])
    }

    fn held(&self) -> usize {
        Ledger::read(&self.context().paths.ledger()).unwrap().held().len()
    }

    fn gateway<T>(&self, read: impl FnOnce(&mut Gateway) -> T) -> T {
        read(&mut self.gateway.lock().unwrap())
    }
}

fn serve(mut peer: Peer, gateway: &Mutex<Gateway>) {
    let (boot, version) = {
        let gateway = gateway.lock().unwrap();
        (gateway.boot, gateway.version.unwrap_or("2026.9.6"))
    };
    if peer.welcome_to(&[], boot, version).is_none() {
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

#[test]
fn the_jobs_agent_is_not_told_what_may_have_been_sent_to_it() {
    let world = World::new(Gateway::default());
    world.leave_open(CALLER);
    let report = world.recover_by(Trigger::Job);
    assert_eq!((report.own, report.items[0].state.clone()), (None, ItemState::Held));
    let told = world.gateway(|gateway| gateway.count("send"));
    assert_eq!((world.held(), told), (1, 2), "and its user hears of it, although the rest was told before");
}

#[test]
fn the_jobs_agent_is_told_last_and_again_if_nobody_wrote_down_that_it_was() {
    let world = World::new(Gateway::default());
    let first = world.recover_by(Trigger::Job);
    assert!(first.own.is_some());
    assert_eq!(world.recover_by(Trigger::Job).own, None);
    let ledger = world.context().paths.ledger();
    let text = fs::read_to_string(&ledger).unwrap();
    let killed: Vec<&str> = text.lines().filter(|line| !line.contains("\"recovery\"")).collect();
    fs::write(&ledger, killed.join("\n") + "\n").unwrap();
    assert_eq!(world.recover_by(Trigger::Job).own, first.own);
    assert_eq!(world.recover_by(Trigger::Job).own, None);
}

#[test]
fn what_the_user_could_not_be_told_the_jobs_agent_tells_them() {
    let world = World::new(Gateway { refuses_to_send: true, ..Gateway::default() });
    let report = world.recover_by(Trigger::Job);
    assert_eq!(report.outcome, Outcome::Recovered);
    assert!(report.say.is_some_and(|say| say.contains("Resumed (2)")));
}

#[test]
fn own_work_that_a_person_rejected_is_not_handed_out() {
    let world = World::new(Gateway::default());
    world.leave_open(CALLER);
    world.recover_by(Trigger::Job);
    let code = Chosen::Codes(vec![plan::key_of("c", &CALLER.parse().unwrap()).code()]);
    confirm(&world.context(), &code, Word::Reject, &Person::Unnamed).unwrap();
    assert_eq!(world.recover_by(Trigger::Job).own, None);
}

#[test]
fn what_is_prepared_is_taken_over_by_a_checkpoint_that_is_built_while_no_gateway_runs() {
    let world = World::new(Gateway::default());
    let context = world.context();
    let blocks = vec![Block::new(SECOND.parse().unwrap())];
    let built = build(&context, blocks.clone(), false).unwrap();
    assert_eq!(
        built.checkpoint.blocks.len(),
        3,
        "with no gateway that runs, it takes the place and the blocks"
    );
    assert_eq!(built.checkpoint.meta.unwrap().session_key.unwrap().as_str(), CALLER);
}

#[test]
fn a_checkpoint_that_was_acted_on_is_not_handed_on_under_another_id() {
    let world = World::new(Gateway::default());
    world.leave_open(FIRST);
    let error = build(&world.context(), vec![Block::new(SECOND.parse().unwrap())], false).unwrap_err();
    assert!(error.to_string().contains("has begun"), "{error}");
}

#[test]
fn another_triggers_run_does_not_count_as_having_told_the_jobs_agent() {
    let world = World::new(Gateway::default());
    let first = world.recover_by(Trigger::Job);
    let ledger = world.context().paths.ledger();
    let text = fs::read_to_string(&ledger).unwrap();
    fs::write(&ledger, text.replace("\"trigger\":\"job\"", "\"trigger\":\"startup\"")).unwrap();
    assert_eq!(world.recover_by(Trigger::Job).own, first.own);
}
