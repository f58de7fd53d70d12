//! Turns: one after the other in each session, step by step as the script has it.

use std::collections::VecDeque;
use std::thread;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::json;

use super::jobs;
use super::process::Standin;
use super::rows;
use super::script::{Call, Course, Step, Turn};
use super::transcript::{Memory, Page};
use super::world::{Life, World};
use crate::model::{Route, SessionKey};
use crate::support::error::Result;
use crate::support::process::start_time;

/// What a reply is that says nothing.
pub(super) const SILENT: &str = "NO_REPLY";
/// What 2026.9.6 tells a chat of a turn that failed.
const FAILED: &str = "⚠️ Agent run failed (model: mock/mock).";
/// Longer than any test or rehearsal.
const FOREVER: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a process may hold a transcript, by its own word.
const MAX_HOLD_MS: u32 = 300_000;

/// Where a message in the user's place comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Origin {
    /// A person in a chat.
    Person,
    /// The method `agent`.
    Agent,
    /// The job of this id.
    Job(String),
    /// Native recovery.
    Native,
}

/// A turn that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Ask {
    pub session: String,
    pub message: String,
    pub origin: Origin,
    pub run: String,
    /// Where the reply goes.
    pub route: Option<Route>,
}

/// What reached an agent in the user's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The session.
    pub session_key: SessionKey,
    /// The message.
    pub message: String,
    /// The life of the gateway in which it did: a larger number is a later one.
    pub life: u64,
}

/// What became of a turn that was asked for.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub session: String,
    pub asked_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended: Option<(DateTime<Utc>, std::result::Result<(), String>)>,
}

/// Has a turn run as soon as those before it in its session have ended.
pub(super) fn enqueue(life: &Life, world: &mut World, ask: Ask) {
    let (session, asked_at) = (ask.session.clone(), world.now());
    world
        .runs
        .insert(ask.run.clone(), Run { session: session.clone(), asked_at, started_at: None, ended: None });
    if let Some(waiting) = world.busy.get_mut(&session) {
        waiting.push_back(ask);
        return;
    }
    world.busy.insert(session.clone(), VecDeque::from([ask]));
    let life = life.clone();
    thread::spawn(move || while work(&life, &session).is_some() {});
}

/// Runs the next turn of a session; `None` where there is none, or the life has ended.
fn work(life: &Life, session: &str) -> Option<()> {
    let ask = {
        let mut world = life.enter()?;
        let next = world.busy.get_mut(session)?.pop_front();
        if next.is_none() {
            world.busy.remove(session);
            life.shared.tell();
        }
        next?
    };
    life.pause(life.setup().pace.begin)?;
    let end = run(life, &ask)?;
    let mut world = life.enter()?;
    let finished = finish(life, &mut world, &ask, &end);
    world.note(finished);
    life.shared.tell();
    Some(())
}

/// How a turn ended.
enum End {
    Answered(String),
    Failed(String),
    /// Its run was called off.
    Cancelled,
}

/// Runs a turn to its end; `None` where the life ends before.
fn run(life: &Life, ask: &Ask) -> Option<End> {
    let (session, mut turn) = {
        let mut world = life.enter()?;
        let begun = begin(life, &mut world, ask);
        match world.note(begun) {
            Some(Some(begun)) => begun,
            Some(None) => return Some(End::Failed(FAILED.to_owned())),
            None => return Some(End::Failed("the session cannot be written".to_owned())),
        }
    };
    life.shared.tell();
    loop {
        match (life.setup().script)(&turn) {
            Step::Answer(text) => return Some(End::Answered(text)),
            Step::Fail(why) => return Some(End::Failed(why)),
            Step::Hang => {
                hang(life, ask)?;
                return Some(End::Cancelled);
            }
            Step::Work(text, calls) => work_on(life, ask, &session, text.as_deref(), &calls, &mut turn)?,
        }
        if life.enter()?.cancelled.contains(&ask.run) {
            return Some(End::Cancelled);
        }
    }
}

/// Writes down that a turn begins; `None` is one whose key its session knows from an earlier life.
fn begin(life: &Life, world: &mut World, ask: &Ask) -> Result<Option<(String, Turn)>> {
    let mut row = world.row_or_new(&ask.session)?;
    let session = row["sessionId"].as_str().unwrap_or_default().to_owned();
    let memory = Memory::of(&world.store.records(&ask.session, &session)?);
    let now = world.now();
    rows::begin(life.setup(), &mut row, now.timestamp_millis(), &ask.run);
    if ask.origin == Origin::Person {
        row["lastInteractionAt"] = json!(now.timestamp_millis());
    }
    world.store.put(&ask.session, &row)?;
    if let Some(run) = world.runs.get_mut(&ask.run) {
        run.started_at = Some(now);
    }
    if memory.knows(&ask.run) {
        return Ok(None);
    }
    if let Some(pid) = world.process.as_ref().map(Standin::pid) {
        let at = now.to_rfc3339_opts(SecondsFormat::Millis, true);
        let content =
            json!({"pid": pid, "createdAt": at, "maxHoldMs": MAX_HOLD_MS, "starttime": start_time(pid)});
        world.store.hold(&ask.session, &session, &content)?;
    }
    let page = Page { setup: life.setup(), key: &ask.session, session: &session };
    page.user(world, &ask.message, &ask.origin, &ask.run)?;
    let (session_key, life) = (ask.session.parse()?, world.life);
    world.asked.push(Asked { session_key, message: ask.message.clone(), life });
    let turn = Turn {
        session: ask.session.parse()?,
        message: ask.message.clone(),
        earlier: memory.earlier,
        done: memory.done,
        results: Vec::new(),
    };
    Ok(Some((session, turn)))
}

/// Waits until the run is called off; `None` where the life ends before.
fn hang(life: &Life, ask: &Ask) -> Option<()> {
    life.enter()?.stuck.insert(ask.session.clone());
    life.shared.tell();
    life.wait(FOREVER, |world| world.cancelled.contains(&ask.run));
    life.enter()?.stuck.remove(&ask.session);
    Some(())
}

/// Makes the calls of one message, and takes their results down; those that hang come last.
fn work_on(
    life: &Life,
    ask: &Ask,
    session: &str,
    text: Option<&str>,
    calls: &[Call],
    turn: &mut Turn,
) -> Option<()> {
    let page = Page { setup: life.setup(), key: &ask.session, session };
    let ids = {
        let mut world = life.enter()?;
        for call in calls {
            *world.effects.entry(call.name()).or_default() += 1;
        }
        let written = page.assistant(&mut world, text, calls, "toolUse");
        world.note(written).unwrap_or_default()
    };
    life.shared.tell();
    for (call, id) in calls.iter().zip(&ids) {
        let (result, details) = match &call.course {
            Course::Hangs => continue,
            Course::Ends(time, output) => {
                if !time.is_zero() {
                    life.pause(*time)?;
                }
                (output.clone(), json!({"status": "completed", "exitCode": 0, "aggregated": output}))
            }
            Course::Background => background(life)?,
        };
        let mut world = life.enter()?;
        let written = page.result(&mut world, call, id, &result, &details);
        world.note(written);
        turn.done.push(call.name());
        turn.results.push(result);
    }
    if calls.iter().any(|call| matches!(call.course, Course::Hangs)) {
        hang(life, ask)?;
    }
    Some(())
}

/// Starts a command in the background; returns what the agent is told of it, and the details.
fn background(life: &Life) -> Option<(String, serde_json::Value)> {
    let mut world = life.enter()?;
    let command = world.note(Standin::start());
    let (name, pid) = (format!("calm-{}", world.short_id()), command.as_ref().map(Standin::pid));
    world.commands.extend(command);
    let told = format!(
        "Command still running (session {name}, pid {}). Use process \
         (list/poll/log/write/send-keys/submit/paste/kill/clear/remove) for follow-up.",
        pid.unwrap_or_default()
    );
    let details = json!({"status": "running", "sessionId": name, "pid": pid, "tail": "",
        "startedAt": world.now().timestamp_millis(), "cwd": life.setup().state.join("workspace")});
    Some((told, details))
}

/// Writes down how a turn ended, and delivers its reply.
fn finish(life: &Life, world: &mut World, ask: &Ask, end: &End) -> Result<()> {
    let setup = life.setup();
    let (status, text) = match end {
        End::Answered(text) => ("done", Some(text)),
        End::Failed(why) => ("failed", Some(why)),
        End::Cancelled => ("killed", None),
    };
    let mut row = world.row_or_new(&ask.session)?;
    let session = row["sessionId"].as_str().unwrap_or_default().to_owned();
    let page = Page { setup, key: &ask.session, session: &session };
    if let Some(text) = text {
        let (said, stop) = if status == "done" { (text.as_str(), "stop") } else { ("", "error") };
        page.assistant(world, Some(said), &[], stop)?;
    }
    let now = world.now();
    rows::end(&mut row, now.timestamp_millis(), status);
    world.store.put(&ask.session, &row)?;
    world.store.release(&ask.session, &session)?;
    let reply = text.filter(|text| !text.trim().eq_ignore_ascii_case(SILENT));
    if let (Some(route), Some(reply)) = (&ask.route, reply) {
        world.deliver(route, reply);
        let is_mirrored = match ask.origin {
            Origin::Person => setup.flavour.mirrors_replies(),
            Origin::Job(_) => setup.flavour.is_of_the_second_era(),
            Origin::Agent | Origin::Native => false,
        };
        if is_mirrored {
            page.mirror(world, reply, None)?;
        }
    }
    let outcome = match end {
        End::Answered(_) => Ok(()),
        End::Failed(why) => Err(why.clone()),
        End::Cancelled => Err("aborted".to_owned()),
    };
    if let Origin::Job(id) = &ask.origin {
        jobs::ended(world, id, outcome.is_ok());
    }
    if let Some(run) = world.runs.get_mut(&ask.run) {
        run.ended = Some((now, outcome));
    }
    Ok(())
}
