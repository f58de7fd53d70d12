//! The scheduler: jobs as `cron.add` takes them, run when they are due.

use std::thread;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::turns::{Ask, Origin, enqueue};
use super::world::{Life, World, chat_of};
use crate::model::Route;
use crate::support::clock::from_millis;

/// How often the scheduler looks.
const TICK: Duration = Duration::from_millis(20);

/// Watches the jobs for as long as the life lasts.
pub(super) fn begin(life: &Life) {
    let life = life.clone();
    thread::spawn(move || while life.pause(TICK).and_then(|()| fire_due(&life)).is_some() {});
}

/// Puts off what came due while the gateway was down; a run that was cut off is over.
pub(super) fn catch_up(life: &Life, world: &mut World) {
    let (now, late) = (world.now(), life.setup().pace.missed_job);
    for job in &mut world.jobs {
        job["state"]["runningAtMs"] = Value::Null;
        if next(job).is_some_and(|at| at <= now) {
            job["state"]["nextRunAtMs"] = json!((now + late).timestamp_millis());
        }
    }
}

fn next(job: &Value) -> Option<DateTime<Utc>> {
    job["state"]["nextRunAtMs"].as_i64().and_then(from_millis)
}

fn fire_due(life: &Life) -> Option<()> {
    let mut world = life.enter()?;
    let now = world.now();
    let is_due = |job: &&Value| {
        job["enabled"] == true
            && job["state"]["runningAtMs"].is_null()
            && next(job).is_some_and(|at| at <= now)
    };
    let Some(job) = world.jobs.iter().find(is_due).cloned() else { return Some(()) };
    let id = job["id"].as_str().unwrap_or_default().to_owned();
    let run = world.uuid();
    for one in world.jobs.iter_mut().filter(|one| one["id"] == job["id"]) {
        one["state"] = json!({"runningAtMs": now.timestamp_millis(), "runId": run});
    }
    let (name, told) = (job["name"].as_str().unwrap_or_default(), &job["payload"]);
    let text = told["message"].as_str().or(told["text"].as_str()).unwrap_or_default();
    let message = format!(
        "[cron:{id} {name}] {text}\nCurrent time: {}\n\nYour final reply will be delivered.",
        now.format("%Y-%m-%d %H:%M UTC")
    );
    let session = match job["sessionTarget"].as_str().and_then(|target| target.strip_prefix("session:")) {
        Some(session) => session.to_owned(),
        // Any other target: a session of its own.
        None => format!("agent:main:cron:{id}:run:{}", now.timestamp_millis()),
    };
    let ask = Ask { session, message, origin: Origin::Job(id), run, route: announced(&job["delivery"]) };
    enqueue(life, &mut world, ask);
    Some(())
}

/// Returns where a job's reply goes.
fn announced(delivery: &Value) -> Option<Route> {
    let text = |name: &str| delivery[name].as_str().map(str::to_owned);
    let channel = text("channel").filter(|_| delivery["mode"] == "announce")?;
    let to = chat_of(&channel, &text("to")?);
    Some(Route { channel, to, account_id: text("accountId"), thread_id: text("threadId") })
}

/// Takes down that a job's turn has ended: a one-shot job goes, and stays without effect where it failed.
pub(super) fn ended(world: &mut World, id: &str, well: bool) {
    world.jobs.retain(|job| job["id"] != id || !well || job["deleteAfterRun"] != true);
    for job in world.jobs.iter_mut().filter(|job| job["id"] == id) {
        job["enabled"] = json!(false);
        job["state"] = json!({});
    }
}
