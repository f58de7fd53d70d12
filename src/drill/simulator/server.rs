//! The sockets: one thread that listens, one for each connection.

use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tungstenite::{Message, WebSocket};

use super::door::{self, Caller};
use super::world::Life;
use super::{lives, methods};

/// How often a port is tried that somebody else may hold for a moment.
const BINDS: u32 = 50;
const BIND_PAUSE: Duration = Duration::from_millis(20);
/// The first of the ports that are tried, and how many; systems give out ports from 32768 on, or 49152.
const PORTS: (u16, u16) = (20_000, 10_000);

/// What the gateway answers: a payload, or an error as it goes over the wire.
pub(super) type Answer = Result<Value, Value>;

/// What breaks into a conversation with the gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    /// The connection breaks before the request is heard, and nobody is let in any more.
    CutBefore,
    /// The same, after what was asked for is done.
    CutAfter,
    /// The gateway is killed before it hears the request.
    KillBefore,
    /// It is killed after it has done what was asked for.
    KillAfter,
}

/// Finds a port that is free, and that the system gives nobody who asks for any: a gateway that is down has it back.
pub(super) fn free_port(seed: &str) -> Option<u16> {
    let hash = Sha256::digest(seed);
    let start = u16::from_le_bytes([hash[0], hash[1]]) % PORTS.1;
    let candidates = (0..PORTS.1).map(|step| PORTS.0 + (start + step) % PORTS.1);
    candidates.into_iter().find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
}

/// Listens on a port of this machine.
pub(super) fn listen(port: u16) -> io::Result<TcpListener> {
    let mut tries = 1;
    loop {
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Err(_) if tries < BINDS => {
                tries += 1;
                thread::sleep(BIND_PAUSE);
            }
            outcome => return outcome,
        }
    }
}

/// Takes connections until the life ends and somebody connects once more.
pub(super) fn serve(life: &Life, listener: TcpListener) -> JoinHandle<()> {
    let life = life.clone();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let Some(mut world) = life.enter() else { return };
            world.connections.retain(|connection| connection.peer_addr().is_ok());
            world.connections.extend(stream.try_clone());
            drop(world);
            let life = life.clone();
            thread::spawn(move || {
                let end = stream.try_clone();
                talk(&life, stream);
                // The list of connections holds it open.
                let _gone = end.and_then(|stream| stream.shutdown(Shutdown::Both));
            });
        }
    })
}

/// Wakes the thread that listens, and cuts all connections.
pub(super) fn cut(port: u16, connections: &mut Vec<TcpStream>) {
    // A port that nobody listens on any more needs no waking.
    let _woken = TcpStream::connect((Ipv4Addr::LOCALHOST, port));
    for connection in connections.drain(..) {
        let _gone = connection.shutdown(Shutdown::Both);
    }
}

/// The gateway's side of one connection.
pub(super) struct Wire(WebSocket<TcpStream>);

impl Wire {
    pub fn send(&mut self, frame: &Value) -> Option<()> {
        self.0.send(Message::text(frame.to_string())).ok()
    }

    /// Returns the next request; `None` at the connection's end.
    pub fn request(&mut self) -> Option<Value> {
        loop {
            match self.0.read().ok()? {
                Message::Text(text) => {
                    let request = serde_json::from_str::<Value>(&text).ok()?;
                    return Some(request).filter(|request| request["type"] == "req");
                }
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    pub fn answer(&mut self, id: &Value, answer: Answer) -> Option<()> {
        self.send(&match answer {
            Ok(payload) => json!({"type": "res", "id": id, "ok": true, "payload": payload}),
            Err(error) => json!({"type": "res", "id": id, "ok": false, "error": error}),
        })
    }
}

/// Talks to a caller until one of the two has gone.
fn talk(life: &Life, stream: TcpStream) -> Option<()> {
    let _quick = stream.set_nodelay(true);
    let mut wire = Wire(tungstenite::accept(stream).ok()?);
    let caller: Caller = door::open(life, &mut wire)?;
    loop {
        let request = wire.request()?;
        let blow = life.enter()?.blow_of_now();
        if blow == Some(Blow::CutBefore) || blow == Some(Blow::KillBefore) {
            return strike(life, blow);
        }
        life.pause(life.setup().pace.answer)?;
        let answer = methods::answer(life, &caller, &request)?;
        if blow.is_some() {
            return strike(life, blow);
        }
        // What a gateway says when it is killed reaches nobody.
        drop(life.enter()?);
        wire.answer(&request["id"], answer)?;
    }
}

/// Breaks the connection, by whichever end.
fn strike(life: &Life, blow: Option<Blow>) -> Option<()> {
    match blow? {
        Blow::CutBefore | Blow::CutAfter => life.enter()?.is_shut = true,
        Blow::KillBefore | Blow::KillAfter => lives::kill(&life.shared),
    }
    None
}
