//! The lives of the gateway: start, kill, restart, and the lock that tells of them.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::sync::{Arc, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use chrono::SecondsFormat;
use serde_json::json;

use super::process::Standin;
use super::store::Store;
use super::world::{Life, Shared, World};
use super::{jobs, native, server};
use crate::support::error::{Error, Kind, Result};
use crate::support::fs::failed;
use crate::support::process::start_time;

/// A moment for the answer to a request for a restart to get out.
const ANSWER_FIRST: Duration = Duration::from_millis(20);

/// Begins a life of the gateway in a new process.
pub(super) fn start(shared: &Arc<Shared>) -> Result<()> {
    let _alone = alone(shared);
    begin(shared)
}

/// Waits until no other thread begins or ends a life.
fn alone(shared: &Shared) -> MutexGuard<'_, ()> {
    shared.succession.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Begins a life, in a new process or in the one that is there.
fn begin(shared: &Arc<Shared>) -> Result<()> {
    let port = {
        let world = shared.lock();
        if world.is_up {
            return Err(Error::new(Kind::Bug, "the simulated gateway runs already"));
        }
        world.port
    };
    let listener = server::listen(port).map_err(|error| {
        Error::new(Kind::Gateway, format!("the simulated gateway cannot listen on port {port}"))
            .because(error)
            .hint("run it again: another program may have taken the port meanwhile")
    })?;
    let mut world = shared.lock();
    world.life += 1;
    world.is_up = true;
    world.started_at = world.now();
    world.boot_id = world.uuid();
    world.ready_at = Instant::now() + shared.setup.pace.starting;
    world.store = Store::open(shared.setup.flavour, &shared.setup.state);
    if world.process.is_none() {
        world.process = Some(Standin::start()?);
        world.process_started_at = world.started_at;
    }
    write_lock(shared, &world)?;
    let life = Life { shared: Arc::clone(shared), number: world.life };
    jobs::catch_up(&life, &mut world);
    native::begin(&life, &mut world)?;
    world.acceptor = Some(server::serve(&life, listener));
    jobs::begin(&life);
    Ok(())
}

/// Ends a life: whatever runs stops where it is, and the disk stays as it is.
fn end(shared: &Shared) {
    let (acceptor, port) = {
        let mut world = shared.lock();
        world.life += 1;
        world.is_up = false;
        world.runs.clear();
        world.notices.clear();
        world.busy.clear();
        world.stuck.clear();
        world.cancelled.clear();
        world.undecided = 0;
        // Closed: what is written in the database is on the disk, and its `-wal` stays.
        world.store = Store::open(shared.setup.flavour, &shared.setup.state);
        (world.acceptor.take(), world.port)
    };
    shared.tell();
    server::cut(port, &mut shared.lock().connections);
    if let Some(acceptor) = acceptor {
        // It has no reason to panic, and if it did it is gone as well.
        let _ended = acceptor.join();
    }
}

/// Ends the process too, as SIGKILL does. Up to 2026.7 the commands of its agents live on.
pub(super) fn kill(shared: &Shared) {
    let _alone = alone(shared);
    end(shared);
    let mut world = shared.lock();
    world.process = None;
    if shared.setup.flavour.is_of_the_second_era() {
        world.commands.clear();
    }
}

/// Restarts within the process, as soon as the turns have ended or have had their time.
pub(super) fn restart(shared: &Arc<Shared>) -> Result<()> {
    shared.wait(shared.setup.pace.drain, |world| world.busy.is_empty());
    let _alone = alone(shared);
    end(shared);
    begin(shared)
}

/// Does so behind the caller's back, who is told before.
pub(super) fn restart_soon(life: &Life) {
    let life = life.clone();
    thread::spawn(move || {
        life.pause(ANSWER_FIRST)?;
        let restarted = restart(&life.shared);
        life.shared.lock().note(restarted)
    });
}

/// Writes the gateway's lock. It stands in the state directory, so that nothing is left behind elsewhere.
fn write_lock(shared: &Shared, world: &World) -> Result<()> {
    let state = &shared.setup.state;
    let write = || {
        let folder = state.join("tmp").join(format!("openclaw-{}", fs::metadata(state)?.uid()));
        fs::create_dir_all(&folder)?;
        let pid = world.process.as_ref().map(Standin::pid);
        let content = json!({
            "pid": pid, "createdAt": world.started_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            "configPath": state.join("openclaw.json"), "port": world.port, "startTime": pid.and_then(start_time),
        });
        fs::write(folder.join("gateway.simulated.lock"), content.to_string())
    };
    write().map_err(|error| failed("write the lock of the simulated gateway in", state, error))
}
