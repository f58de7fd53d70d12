//! The sockets: one thread that listens, one for each connection.

use std::io;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use super::door::{self, Caller};
use super::methods;
use super::world::Life;

/// How often a port is tried that somebody else may hold for a moment.
const BINDS: u32 = 50;
const BIND_PAUSE: Duration = Duration::from_millis(20);

/// What the gateway answers: a payload, or an error as it goes over the wire.
pub(super) type Answer = Result<Value, Value>;

/// Listens on a port of this machine, any where it is 0.
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
            world.connections.extend(stream.try_clone());
            drop(world);
            let life = life.clone();
            thread::spawn(move || talk(&life, stream));
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
pub(super) struct Line(WebSocket<TcpStream>);

impl Line {
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

fn talk(life: &Life, stream: TcpStream) -> Option<()> {
    let _quick = stream.set_nodelay(true);
    let mut line = Line(tungstenite::accept(stream).ok()?);
    let caller: Caller = door::open(life, &mut line)?;
    loop {
        let request = line.request()?;
        let answer = methods::answer(life, &caller, &request)?;
        // What a gateway says when it is killed reaches nobody.
        drop(life.enter()?);
        line.answer(&request["id"], answer)?;
    }
}
