//! A gateway that is none: it speaks the protocol, keeps its sessions in the real forms, and can be killed.
//!
//! It does what real gateways of three versions were measured to do, as far as this program meets it;
//! `tests/gateways/conformance.rs` runs the same cases against it and against them. What its agents do is a script.

mod calendar;
mod door;
mod flavour;
mod jobs;
mod lives;
mod methods;
mod native;
mod process;
mod rows;
mod script;
mod server;
mod store;
#[cfg(test)]
mod tests;
mod transcript;
mod turns;
mod world;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::json;

pub use self::flavour::{Flavour, Pace};
pub use self::native::is_its_notice as is_native_notice;
pub use self::script::{Call, Course, Script, Step, Turn};
pub use self::server::Blow;
pub use self::turns::Asked;
use self::turns::{Ask, Origin, enqueue};
pub use self::world::Setup;
use self::world::{Life, Shared, chat_of, route_of};
use crate::model::SessionKey;
use crate::support::error::{Error, Kind, Result};
use crate::support::fs;

/// A simulated installation: one state directory, and the lives of its gateway.
pub struct Simulator {
    shared: Arc<Shared>,
}

impl Simulator {
    /// Makes one, whose gateway is not started yet, with an `openclaw.json` that tells how to reach it.
    ///
    /// # Errors
    /// Where no port is free, or the state directory cannot be written.
    pub fn new(setup: Setup) -> Result<Self> {
        let port = server::free_port(&setup.state.display().to_string())
            .ok_or_else(|| Error::new(Kind::Gateway, "the simulated gateway finds no free port"))?;
        let config = json!({
            "gateway": {"mode": "local", "port": port, "auth": {"mode": "token", "token": setup.token}},
            "agents": {"defaults": {"workspace": setup.state.join("workspace")}},
        });
        fs::write(&setup.state.join("openclaw.json"), format!("{config:#}\n").as_bytes())?;
        let shared = Arc::new(Shared::new(setup));
        shared.lock().port = port;
        Ok(Self { shared })
    }

    /// Starts the gateway, on what the last life has left.
    ///
    /// # Errors
    /// Where it runs already, its port is taken, or the state directory cannot be read or written.
    pub fn start(&self) -> Result<()> {
        lives::start(&self.shared)
    }

    /// Kills the gateway as SIGKILL does: connections break, nothing more is written.
    pub fn kill(&self) {
        lives::kill(&self.shared);
    }

    /// Restarts the gateway as planned restarts do: within its process, when the turns have ended.
    ///
    /// # Errors
    /// As with [`Self::start`].
    pub fn restart(&self) -> Result<()> {
        lives::restart(&self.shared)
    }

    /// Has a blow fall on the next request but `after`.
    pub fn strike(&self, after: usize, blow: Blow) {
        self.shared.lock().blow = Some((after, blow));
    }

    /// Takes back a blow that has not fallen, and lets everybody in again.
    pub fn mend(&self) {
        let mut world = self.shared.lock();
        world.blow = None;
        world.is_shut = false;
    }

    /// Tells whether the gateway runs.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.shared.lock().is_up
    }

    /// Lets time pass in which nothing happens, such as a night without power.
    pub fn pass(&self, time: TimeDelta) {
        self.shared.lock().pass(time);
    }

    /// Has a person write into the chat of a session.
    ///
    /// # Errors
    /// Where the gateway does not run.
    pub fn person_says(&self, session: &SessionKey, text: &str) -> Result<()> {
        let mut world = self.shared.lock();
        if !world.is_up {
            return Err(Error::new(
                Kind::Gateway,
                "the simulated gateway does not run: nobody can write to it",
            ));
        }
        let life = Life { shared: Arc::clone(&self.shared), number: world.life };
        let (session, run) = (session.as_str().to_owned(), world.uuid());
        let route = route_of(&session);
        enqueue(
            &life,
            &mut world,
            Ask { session, message: text.to_owned(), origin: Origin::Person, run, route },
        );
        Ok(())
    }

    /// Waits until nothing moves: every turn has ended or hangs, and native recovery has decided.
    #[must_use]
    pub fn settles_within(&self, patience: Duration) -> bool {
        self.shared.wait(patience, world::World::is_settled)
    }

    /// Returns what was delivered to the chat of a session, over all lives.
    #[must_use]
    pub fn delivered(&self, session: &SessionKey) -> Vec<String> {
        let chat = route_of(session.as_str()).map(|route| chat_of(&route.channel, &route.to));
        chat.and_then(|chat| self.shared.lock().chats.get(&chat).cloned()).unwrap_or_default()
    }

    /// Returns how often each call was made, by its name.
    #[must_use]
    pub fn effects(&self) -> BTreeMap<String, usize> {
        self.shared.lock().effects.clone()
    }

    /// Returns what reached the agents in the user's place, oldest first.
    #[must_use]
    pub fn asked(&self) -> Vec<Asked> {
        self.shared.lock().asked.clone()
    }

    /// Returns the port that the gateway listens on while it runs.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.shared.lock().port
    }

    /// Returns what went wrong with the simulation itself.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        self.shared.lock().faults.iter().map(Error::full).collect()
    }
}

impl Drop for Simulator {
    fn drop(&mut self) {
        self.kill();
        self.shared.lock().commands.clear();
    }
}
