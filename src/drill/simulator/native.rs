//! Native restart recovery: what the gateway itself makes of the turns that its last life left.

use std::thread;

use serde_json::{Value, json};

use super::flavour::Native;
use super::rows::{end, route_in};
use super::transcript::Memory;
use super::turns::{Ask, Origin, enqueue};
use super::world::{Life, World};
use crate::model::SessionKey;
use crate::support::error::Result;

/// What the chat of a turn is told that it gave up on.
const GAVE_UP: &str = "I was interrupted by a gateway restart and couldn't safely resume the previous turn. Please \
    send that last request again and I'll pick it up cleanly.";
/// What the chat of a turn is told that it resumes.
const GOES_ON: &str = "I'm continuing your interrupted request now (the gateway has just restarted).";

/// Tells a text that native recovery sends to chats by itself.
#[must_use]
pub fn is_its_notice(text: &str) -> bool {
    [GAVE_UP, GOES_ON].contains(&text)
}

/// Marks the turns that were cut off, as the first thing of a start, and then decides about each.
pub(super) fn begin(life: &Life, world: &mut World) -> Result<()> {
    let is_ours = |key: &str| key.parse::<SessionKey>().is_ok_and(|key| !key.is_of_a_machine());
    let is_cut = |(key, row): &(&String, &Value)| row["status"] == "running" && is_ours(key);
    let rows = world.store.rows()?.iter().filter(is_cut);
    let rows: Vec<(String, Value)> = rows.map(|(key, row)| (key.clone(), row.clone())).collect();
    let mut cut = Vec::new();
    for (key, mut row) in rows {
        row["abortedLastRun"] = json!(true);
        world.store.put(&key, &row)?;
        cut.push(key);
    }
    world.undecided = cut.len();
    let life = life.clone();
    thread::spawn(move || decide_all(&life, &cut));
    Ok(())
}

fn decide_all(life: &Life, cut: &[String]) -> Option<()> {
    for key in cut {
        life.pause(life.setup().pace.native)?;
        let mut world = life.enter()?;
        let decided = decide(life, &mut world, key);
        world.note(decided);
        world.undecided -= 1;
        life.shared.tell();
    }
    Some(())
}

/// Resumes a turn or gives up on it, unless its session has gone on meanwhile.
fn decide(life: &Life, world: &mut World, key: &str) -> Result<()> {
    let Some(mut row) = world.store.row(key)?.filter(is_marked) else { return Ok(()) };
    let session = row["sessionId"].as_str().unwrap_or_default().to_owned();
    let memory = Memory::of(&world.store.records(key, &session)?);
    let flavour = life.setup().flavour;
    let mut route = route_in(&row);
    match flavour.native(memory.has_results) {
        Native::GivesUp => {
            end(&mut row, world.now().timestamp_millis(), "failed");
            world.store.put(key, &row)?;
            if let Some(route) = route {
                world.deliver(&route, GAVE_UP);
            }
            return Ok(());
        }
        Native::Mutters => route = None,
        // The reply's way is noted on the row (measured on 2026.7.1).
        Native::Answers => row["restartRecoveryDeliveryContext"] = row["deliveryContext"].clone(),
        Native::AnnouncesAndAnswers => {
            if let Some(route) = &route {
                world.deliver(route, GOES_ON);
            }
        }
    }
    row["abortedLastRun"] = json!(false);
    row["updatedAt"] = json!(world.now().timestamp_millis());
    world.store.put(key, &row)?;
    let run = world.uuid();
    let message = flavour.native_message().to_owned();
    enqueue(life, world, Ask { session: key.to_owned(), message, origin: Origin::Native, run, route });
    Ok(())
}

fn is_marked(row: &Value) -> bool {
    row["status"] == "running" && row["abortedLastRun"] == true
}
