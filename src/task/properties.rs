//! Random commands of two sessions, with crashes between any two of them.
//!
//! The file is always valid, no step that is done is handed out again, and never two hold the task.
#![expect(clippy::unwrap_used, reason = "what the properties are about must not fail")]

use proptest::prelude::*;

use super::tests::{Rig, at, begun, boot, lease, step, wake};
use super::*;
use crate::support::error::{Error, Kind};

const STEPS: [&str; 4] = ["a", "b", "c", "d"];
const SESSIONS: [&str; 2] = ["agent:main:telegram:direct:77", "agent:main:subagent:1"];

/// What happens next.
#[derive(Clone, Debug)]
enum Event {
    TurnBegins(usize),
    TurnEnds(usize),
    GatewayDies,
    Command { session: usize, command: Command, killed: Killed },
}

#[derive(Clone, Debug)]
enum Command {
    Step(usize, bool),
    Wait,
    Resume { confirmed: bool },
    Done,
    Fail,
}

/// Where the program is killed: the file is replaced in one step, so there is a before and an after.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Killed {
    No,
    /// Nothing was written.
    Before,
    /// All was written, and its agent never hears of it.
    After,
}

fn event() -> impl Strategy<Value = Event> {
    let command = prop_oneof![
        4 => (0..STEPS.len(), any::<bool>()).prop_map(|(step, own)| Command::Step(step, own)),
        3 => Just(Command::Wait),
        5 => prop::bool::weighted(0.2).prop_map(|confirmed| Command::Resume { confirmed }),
        1 => Just(Command::Done),
        1 => prop::bool::weighted(0.2).prop_map(|fails| if fails { Command::Fail } else { Command::Done }),
    ];
    let killed = prop_oneof![4 => Just(Killed::No), 1 => Just(Killed::Before), 1 => Just(Killed::After)];
    prop_oneof![
        3 => (0..SESSIONS.len()).prop_map(Event::TurnBegins),
        2 => (0..SESSIONS.len()).prop_map(Event::TurnEnds),
        1 => Just(Event::GatewayDies),
        8 => (0..SESSIONS.len(), command, killed)
            .prop_map(|(session, command, killed)| Event::Command { session, command, killed }),
    ]
}

/// What really goes on, told by nobody but the events.
#[derive(Default)]
struct World {
    now: i64,
    boots: i64,
    booted: i64,
    /// Since when a turn of each session is under way.
    turns: [Option<i64>; 2],
    /// The session whose turn was given the task and has neither ended nor given it back.
    worker: Option<usize>,
    done: Vec<&'static str>,
    finished: bool,
}

impl World {
    fn boot(&self) -> crate::model::Boot {
        boot(self.boots, self.booted)
    }

    /// What the program would see of whoever holds the task.
    fn seen(&self, task: &Task) -> Seen {
        let holder = task.lease.as_ref().and_then(|lease| lease.session_key.as_ref());
        let holder = holder.and_then(|key| SESSIONS.iter().position(|session| *session == key.as_str()));
        let since = holder.and_then(|holder| self.turns[holder]);
        Seen { boot: Some(self.boot()), turn: since.map_or(Turn::None, |since| Turn::Runs(Some(at(since)))) }
    }

    fn end(&mut self, session: usize) {
        self.turns[session] = None;
        self.worker = self.worker.filter(|worker| *worker != session);
    }

    fn happen(&mut self, store: &Store, id: &TaskId, event: &Event) {
        self.now += 1;
        match event {
            Event::TurnBegins(session) => self.turns[*session] = self.turns[*session].or(Some(self.now)),
            Event::TurnEnds(session) => self.end(*session),
            Event::GatewayDies => {
                (0..SESSIONS.len()).for_each(|session| self.end(session));
                (self.boots, self.booted) = (self.boots + 1, self.now + 2);
                self.now += 4;
            }
            Event::Command { session, command, killed } if self.turns[*session].is_some() => {
                // The program reads the clock after its turn began.
                self.now += 1;
                self.command(store, id, *session, command, *killed);
                if *killed != Killed::No {
                    self.end(*session);
                }
            }
            Event::Command { .. } => {}
        }
    }

    fn command(&mut self, store: &Store, id: &TaskId, session: usize, command: &Command, killed: Killed) {
        let (now, mine) = (at(self.now), lease(&self.boot(), self.now, SESSIONS[session]));
        let killed_before = || Err(Error::new(Kind::User, "killed"));
        let changed = store.lock().unwrap().change(id, |task| {
            let seen = self.seen(task);
            let outcome = match command {
                Command::Step(number, own) => {
                    let next = if *own { STEPS.map(str::to_owned).to_vec() } else { Vec::new() };
                    let refreshed = task.lease.clone().map(|lease| Lease { taken_at: now, ..lease });
                    task.open()?.step(StepDone { next, ..step(STEPS[*number]) }, refreshed, now)?;
                    None
                }
                Command::Wait => task.open()?.wait(wake(self.now + 300), now).map(|()| None)?,
                Command::Resume { confirmed } => {
                    let vacant = task.vacant(&seen).map_err(|why| Error::new(Kind::Refused, why))?;
                    Some(task.open()?.resume(vacant, mine, *confirmed, now)?)
                }
                Command::Done => task.open()?.done(now).map(|()| None)?,
                Command::Fail => {
                    task.open()?.fail(None, now);
                    None
                }
            };
            if killed == Killed::Before { killed_before() } else { Ok(outcome) }
        });
        let Ok((task, outcome)) = changed else { return };
        match command {
            Command::Step(number, _) if !self.done.contains(&STEPS[*number]) => {
                self.done.push(STEPS[*number]);
            }
            Command::Resume { .. } if outcome == Some(Resumed::Running) => {
                assert_eq!(self.worker, None, "two hold it");
                let handed_out = task.to_do().into_iter().chain(task.next_step());
                assert!(
                    handed_out.into_iter().all(|step| !self.done.contains(&step)),
                    "done twice: {task:?}"
                );
                self.worker = Some(session);
            }
            Command::Wait => self.worker = None,
            Command::Done | Command::Fail => (self.worker, self.finished) = (None, true),
            Command::Step(..) | Command::Resume { .. } => {}
        }
    }

    fn check(&self, store: &Store, id: &TaskId) {
        let task = store.load(id).unwrap();
        assert_eq!(task.last_completed, self.done, "what is done stays done, once");
        assert_eq!(task.status.is_finished(), self.finished);
        assert!(task.retry_count <= MAX_RETRIES && task.lease.is_some() == (task.status == Status::Running));
        if let Some(worker) = self.worker {
            let since = self.turns[worker].unwrap();
            let held = task.vacant(&self.seen(&task));
            assert!(held.is_err(), "{} works since {since}: {task:?}", SESSIONS[worker]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn never_two_at_work_and_never_a_step_twice(events in prop::collection::vec(event(), 1..50)) {
        let rig = Rig::new();
        let store = rig.store();
        let task = begun(&STEPS);
        store.lock().unwrap().create(task.clone()).unwrap();
        let mut world = World { boots: 1, booted: -60, turns: [Some(-1), None], worker: Some(0), ..World::default() };
        for event in &events {
            world.happen(&store, &task.task_id, event);
            world.check(&store, &task.task_id);
        }
    }
}
