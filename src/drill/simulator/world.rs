//! What a simulated gateway knows, behind one lock, and the lives in which its threads may touch it.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::TcpStream;
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::flavour::{Flavour, Pace};
use super::process::Standin;
use super::script::Script;
use super::server::Blow;
use super::store::Store;
use super::turns::{Ask, Asked, Run};
use crate::model::Route;
use crate::support::clock::Clock;
use crate::support::error::{Error, Result};

/// How long a gateway remembers an idempotency key.
const REMEMBERED: TimeDelta = TimeDelta::minutes(5);

/// What a simulated gateway is made of.
pub struct Setup {
    /// Which version it plays.
    pub flavour: Flavour,
    /// Its state directory.
    pub state: PathBuf,
    /// The token that callers must have.
    pub token: String,
    /// How long it takes.
    pub pace: Pace,
    /// What it takes the time from.
    pub clock: Clock,
    /// What its agents do.
    pub script: Script,
}

/// A gateway that all its threads share.
pub(super) struct Shared {
    pub setup: Setup,
    /// Held by whoever begins or ends a life: the port and the process of one are gone before the next begins.
    pub succession: Mutex<()>,
    world: Mutex<World>,
    /// Told of every change that somebody may wait for.
    changed: Condvar,
}

/// What it knows. Sessions stand on the disk; the rest lives as long as the simulator.
pub(super) struct World {
    /// Which life it is; kills and starts count.
    pub life: u64,
    pub is_up: bool,
    pub port: u16,
    pub acceptor: Option<JoinHandle<()>>,
    pub boot_id: String,
    pub started_at: DateTime<Utc>,
    pub process_started_at: DateTime<Utc>,
    pub ready_at: Instant,
    pub process: Option<Standin>,
    pub commands: Vec<Standin>,
    pub connections: Vec<TcpStream>,
    pub store: Store,
    pub runs: HashMap<String, Run>,
    /// What became of each notice, by its key.
    pub notices: HashMap<String, (DateTime<Utc>, std::result::Result<Value, Value>)>,
    /// The sessions in which a turn is under way, and what waits behind it.
    pub busy: BTreeMap<String, VecDeque<Ask>>,
    /// Those of them in which nothing will happen any more.
    pub stuck: BTreeSet<String>,
    /// The runs that are to end before their turn does.
    pub cancelled: BTreeSet<String>,
    /// About how many sessions native recovery has still to decide.
    pub undecided: usize,
    pub jobs: Vec<Value>,
    pub chats: BTreeMap<String, Vec<String>>,
    pub effects: BTreeMap<String, usize>,
    pub asked: Vec<Asked>,
    pub paired: HashMap<String, Vec<String>>,
    pub faults: Vec<Error>,
    /// The blow that falls, and behind how many more requests.
    pub blow: Option<(usize, Blow)>,
    /// Whether nobody is let in.
    pub is_shut: bool,
    /// When the last messages were taken, where there is a limit.
    taken: VecDeque<Instant>,
    passed: TimeDelta,
    clock: Clock,
    seed: String,
    ids: u64,
}

impl Shared {
    pub fn new(setup: Setup) -> Self {
        let world = World {
            life: 0,
            is_up: false,
            port: 0,
            acceptor: None,
            boot_id: String::new(),
            started_at: setup.clock.now(),
            process_started_at: setup.clock.now(),
            ready_at: Instant::now(),
            process: None,
            commands: Vec::new(),
            connections: Vec::new(),
            store: Store::open(setup.flavour, &setup.state),
            runs: HashMap::new(),
            notices: HashMap::new(),
            busy: BTreeMap::new(),
            stuck: BTreeSet::new(),
            cancelled: BTreeSet::new(),
            undecided: 0,
            jobs: Vec::new(),
            chats: BTreeMap::new(),
            effects: BTreeMap::new(),
            asked: Vec::new(),
            paired: HashMap::new(),
            faults: Vec::new(),
            blow: None,
            is_shut: false,
            taken: VecDeque::new(),
            passed: TimeDelta::zero(),
            clock: setup.clock,
            seed: setup.state.display().to_string(),
            ids: 0,
        };
        Self { setup, succession: Mutex::new(()), world: Mutex::new(world), changed: Condvar::new() }
    }

    /// Looks at it in whatever life; a thread that panicked has left nothing half done that matters.
    pub fn lock(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn tell(&self) {
        self.changed.notify_all();
    }

    /// Waits until it `holds`, for at most `patience`; tells whether it does.
    pub fn wait(&self, patience: Duration, holds: impl Fn(&World) -> bool) -> bool {
        let (_guard, waited) = self
            .changed
            .wait_timeout_while(self.lock(), patience, |world| !holds(world))
            .unwrap_or_else(PoisonError::into_inner);
        !waited.timed_out()
    }
}

/// One life of the gateway: what its threads hold, and what ends with it.
#[derive(Clone)]
pub(super) struct Life {
    pub shared: Arc<Shared>,
    pub number: u64,
}

impl Life {
    /// Looks at the world; `None` once this life has ended.
    pub fn enter(&self) -> Option<MutexGuard<'_, World>> {
        Some(self.shared.lock()).filter(|world| self.is(world))
    }

    fn is(&self, world: &World) -> bool {
        world.is_up && world.life == self.number
    }

    /// Waits; `None` where this life ends meanwhile.
    pub fn pause(&self, time: Duration) -> Option<()> {
        let ended = self.shared.wait(time, |world| !self.is(world));
        (!ended).then_some(())
    }

    /// Waits until it `holds`, for at most `patience`, or until this life ends.
    pub fn wait(&self, patience: Duration, holds: impl Fn(&World) -> bool) {
        self.shared.wait(patience, |world| !self.is(world) || holds(world));
    }

    pub fn setup(&self) -> &Setup {
        &self.shared.setup
    }
}

impl World {
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now() + self.passed
    }

    /// Keeps what went wrong for whoever asks the simulator.
    pub fn note<T>(&mut self, outcome: Result<T>) -> Option<T> {
        outcome.map_err(|error| self.faults.push(error)).ok()
    }

    /// Lets time pass in which nothing happens.
    pub fn pass(&mut self, time: TimeDelta) {
        self.passed += time;
    }

    /// Tells whether an idempotency key that came in at `at` is still remembered.
    pub fn remembers(&self, at: DateTime<Utc>) -> bool {
        self.now() - at < REMEMBERED
    }

    /// Tells whether it is there and not ready yet.
    pub fn is_starting(&self) -> bool {
        Instant::now() < self.ready_at
    }

    /// Tells whether nothing moves: every turn has ended or hangs, and native recovery has decided.
    pub fn is_settled(&self) -> bool {
        self.undecided == 0 && self.busy.keys().all(|session| self.stuck.contains(session))
    }

    /// Returns the blow that falls on this request; every request brings it nearer.
    pub fn blow_of_now(&mut self) -> Option<Blow> {
        let (left, blow) = self.blow.take()?;
        if left == 0 {
            return Some(blow);
        }
        self.blow = Some((left - 1, blow));
        None
    }

    /// Counts a message, or tells for how long there are too many.
    pub fn too_many(&mut self, (most, span): (usize, Duration)) -> Option<Duration> {
        let now = Instant::now();
        self.taken.retain(|at| now - *at < span);
        if self.taken.len() < most {
            self.taken.push_back(now);
            return None;
        }
        self.taken.front().map_or(Some(span), |first| Some(span.saturating_sub(now - *first)))
    }

    /// Makes an id that nothing else of this gateway has, as many hexadecimal digits long.
    fn hex(&mut self, digits: usize) -> String {
        self.ids += 1;
        let digest = Sha256::digest(format!("{} {}", self.seed, self.ids));
        let digit = |at: usize| char::from_digit(u32::from(digest[at / 2] >> (4 * (1 - at % 2))) & 15, 16);
        (0..digits).filter_map(digit).collect()
    }

    pub fn short_id(&mut self) -> String {
        self.hex(8)
    }

    pub fn uuid(&mut self) -> String {
        let hex = self.hex(32);
        format!("{}-{}-4{}-8{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..])
    }

    /// Delivers a text to a chat.
    pub fn deliver(&mut self, route: &Route, text: &str) {
        self.chats.entry(chat_of(&route.channel, &route.to)).or_default().push(text.to_owned());
    }
}

/// Names a chat, however its channel writes the peer.
pub(super) fn chat_of(channel: &str, to: &str) -> String {
    let prefix = format!("{channel}:");
    format!("{prefix}{}", to.strip_prefix(&prefix).unwrap_or(to))
}

/// Returns where the replies of a chat's session go: `agent:<id>:<channel>:<direct|group>:<peer>`.
pub(super) fn route_of(key: &str) -> Option<Route> {
    let mut parts = key.strip_prefix("agent:")?.splitn(4, ':').skip(1);
    let (channel, kind, peer) = (parts.next()?, parts.next()?, parts.next()?);
    matches!(kind, "direct" | "group" | "channel" | "room").then(|| Route {
        channel: channel.to_owned(),
        to: chat_of(channel, peer),
        account_id: Some("default".to_owned()),
        thread_id: None,
    })
}
