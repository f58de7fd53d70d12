//! A history as it happens: the gateway, its people, and the helper's runs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ::comeback::checkpoint::{Block, Checkpoint, Meta, Store};
use ::comeback::drill::simulator::{Call, Pace, Setup, Simulator, Step, Turn};
use ::comeback::flow::{Context, Outcome, RecoverRequest, Report, Settings, Trigger, recover};
use ::comeback::gateway::Scopes;
use ::comeback::model::SessionKey;
use ::comeback::support::clock::Clock;
use ::comeback::support::error::Result;
use chrono::{TimeDelta, Utc};
use tempfile::TempDir;

use crate::story::{History, Known};

pub const CHECKPOINT: &str = "c";
/// What stands in our messages, and in nobody else's.
pub const OURS: &str = "comeback-";
const PATIENCE: Duration = Duration::from_secs(30);
/// Two starts that are closer than a second are one to gateways that do not name their lives.
const BETWEEN_LIVES: TimeDelta = TimeDelta::milliseconds(1_200);
/// The simulated time runs behind ours at first, and is near it at the last start, whose lock must fit the clock.
const BEHIND: TimeDelta = TimeDelta::milliseconds(-3_600);

/// One run of the helper.
pub type Run = dyn Fn(&World) -> Result<Report>;

pub struct World {
    pub simulator: Simulator,
    pub history: History,
    folder: TempDir,
}

/// The helper as a part of this process: what kills it are its connection and the gateway.
pub fn in_process(world: &World) -> Result<Report> {
    let request =
        RecoverRequest { trigger: Trigger::Manual, wait_gateway: false, wait: false, dry_run: false };
    recover(&world.context(), request)
}

pub fn key(number: usize) -> SessionKey {
    format!("agent:main:telegram:direct:{}", 100 + number).parse().unwrap()
}

/// The call that the agent of a session makes, and that must never be made again.
pub fn work(number: usize) -> String {
    format!("work {}", 100 + number)
}

fn script(turn: &Turn) -> Step {
    let chat = turn.session.as_str().rsplit(':').next().unwrap_or_default();
    let work = format!("work {chat}");
    let said = turn.message.as_str();
    if said.contains(OURS) {
        Step::answer(format!("resumed {chat}"))
    } else if said.starts_with("[System]") {
        Step::answer(format!("went on {chat}"))
    } else if !turn.results.is_empty() {
        if said == "run it and think" { Step::Hang } else { Step::answer("It runs.") }
    } else {
        match said {
            "think" => Step::Hang,
            "never end" => Step::call(Call::stuck(&work)),
            "run it and think" => Step::call(Call::exec(&work, "out")),
            "in the background" => Step::call(Call::background(&work)),
            _ => Step::answer("Noted."),
        }
    }
}

impl World {
    pub fn of(history: History) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup {
            flavour: history.flavour,
            state: folder.path().join("state"),
            token: "token-of-a-simulated-gateway".to_owned(),
            pace: Pace {
                begin: Duration::from_millis(10),
                native: Duration::from_millis(15),
                drain: Duration::ZERO,
                ..Pace::QUICK
            },
            clock: Clock::default(),
            script: Box::new(script),
        };
        Self { simulator: Simulator::new(setup).unwrap(), history, folder }
    }

    pub fn context(&self) -> Context {
        let state_dir = Some(self.folder.path().join("state"));
        Context::load(Settings { state_dir, ..Settings::default() }).unwrap()
    }

    /// Lets the history happen, and returns what the helper said last, of every run that said anything.
    pub fn live(&self, run: &Run) -> Vec<Report> {
        self.simulator.pass(BEHIND);
        self.simulator.start().unwrap();
        for (number, session) in self.history.sessions.iter().enumerate() {
            self.simulator.person_says(&key(number), session.state.word()).unwrap();
        }
        self.settle();
        if self.history.known == Known::Prepared {
            self.prepare();
        }
        self.simulator.kill();
        self.start();
        let mut reports = Vec::new();
        for (after, blow) in &self.history.blows {
            self.simulator.strike(*after, *blow);
            reports.extend(self.supervised(run).ok());
            self.simulator.mend();
        }
        // As the job and the hook do: until there is nothing left to try again.
        let deadline = Instant::now() + PATIENCE;
        loop {
            let report = self.supervised(run).unwrap();
            let is_over = report.outcome != Outcome::Incomplete;
            reports.push(report);
            if is_over {
                break;
            }
            assert!(Instant::now() < deadline, "it never ends: {:?} {:#?}", self.history, reports.last());
        }
        self.settle();
        reports
    }

    fn settle(&self) {
        let settled = self.simulator.settles_within(PATIENCE);
        assert!(
            settled && self.simulator.faults().is_empty(),
            "{:?} {:?}",
            self.history,
            self.simulator.faults()
        );
    }

    fn start(&self) {
        self.simulator.pass(BETWEEN_LIVES);
        self.simulator.start().unwrap();
    }

    /// Runs the helper while somebody starts the gateway again whenever it is killed.
    fn supervised(&self, run: &Run) -> Result<Report> {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Acquire) {
                    if !self.simulator.is_up() {
                        self.start();
                    }
                    std::thread::sleep(Duration::from_millis(10));
                }
            });
            let report = run(self);
            over.store(true, Ordering::Release);
            report
        })
    }

    /// Writes the checkpoint that somebody prepared in this boot.
    fn prepare(&self) {
        let context = self.context();
        let boot = context.connect(Scopes::TALK, PATIENCE).unwrap().boot().clone();
        let blocks = self.history.sessions.iter().enumerate().map(|(number, session)| {
            let step = if session.harmless { "run the tests" } else { "delete the table" };
            Block { next_step: step.into(), ..Block::new(key(number)) }
        });
        let at = Utc::now() - TimeDelta::seconds(5);
        let meta = Meta { boot: Some(boot), session_key: Some(key(0)), ..Meta::new(CHECKPOINT, at) };
        let checkpoint = Checkpoint::new(meta, blocks.collect());
        Store::new(context.paths.checkpoints()).write(&checkpoint, at.naive_utc()).unwrap();
    }
}
