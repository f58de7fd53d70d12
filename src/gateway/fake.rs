//! A gateway for tests: one thread, one script for all its connections.

#![expect(clippy::unwrap_used, reason = "a fake gateway that fails has failed its test")]

use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Verifier, VerifyingKey};
use serde_json::{Value, json};
use tungstenite::{Message, WebSocket};

use super::{Access, Config, Gateway, Scopes};
use crate::support::paths::Paths;

/// The other end of one connection.
pub(crate) struct Peer {
    ws: WebSocket<TcpStream>,
}

/// Serves each connection by `script`, which is told its number; returns the port.
pub(crate) fn serve(mut script: impl FnMut(usize, Peer) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for (number, stream) in listener.incoming().enumerate() {
            if let Ok(ws) = tungstenite::accept(stream.unwrap()) {
                script(number, Peer { ws });
            }
        }
    });
    port
}

/// Serves every connection by the same script, each on a thread of its own; returns the port.
pub(crate) fn serve_all(script: impl Fn(Peer) + Clone + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let (script, stream) = (script.clone(), stream.unwrap());
            std::thread::spawn(move || script(Peer::accept(stream)));
        }
    });
    port
}

/// Connects to a gateway that [`serve`] serves, with the state in `paths`.
pub(crate) fn connect(paths: &Paths, port: u16) -> Gateway {
    let token = |name: &str| (name == "OPENCLAW_GATEWAY_TOKEN").then(|| "hunter2-token".to_owned());
    let mut config = Config::load(&paths.state, &token).unwrap();
    config.port = port;
    Gateway::connect(&Access { paths, config: &config }, Scopes::TALK, Duration::ZERO).unwrap()
}

impl Peer {
    pub fn accept(stream: TcpStream) -> Self {
        Self { ws: tungstenite::accept(stream).unwrap() }
    }

    pub fn close(&mut self) {
        let _gone = self.ws.close(None);
    }

    pub fn send(&mut self, frame: &Value) {
        // The client may be gone on purpose.
        let _gone = self.ws.send(Message::text(frame.to_string()));
    }

    /// Sends a frame, and tells whether the client is still there.
    pub fn sends(&mut self, frame: &Value) -> bool {
        self.ws.send(Message::text(frame.to_string())).is_ok()
    }

    /// Gives up the protocol.
    pub fn into_stream(self) -> TcpStream {
        self.ws.get_ref().try_clone().unwrap()
    }

    /// Returns the next request, or `None` at the end of the connection.
    pub fn request(&mut self) -> Option<Value> {
        loop {
            match self.ws.read().ok()? {
                Message::Text(text) => return Some(serde_json::from_str(&text).unwrap()),
                Message::Close(_) => return None,
                _ => {}
            }
        }
    }

    /// Sends the challenge, checks the signature of what comes back, and returns its parameters.
    pub fn challenge(&mut self) -> Option<Value> {
        let payload = json!({"nonce": "n0nce", "ts": 1_795_218_356_003_i64});
        self.send(&json!({"type": "event", "event": "connect.challenge", "payload": payload}));
        let request = self.request()?;
        assert_eq!((&request["method"], &request["id"]), (&json!("connect"), &json!("1")));
        verify(&request["params"]);
        Some(request["params"].clone())
    }

    pub fn answer(&mut self, id: &Value, payload: &Value) {
        self.send(&json!({"type": "res", "id": id, "ok": true, "payload": payload}));
    }

    pub fn refuse(&mut self, id: &Value, error: &Value) {
        self.send(&json!({"type": "res", "id": id, "ok": false, "error": error}));
    }

    /// Lets the client in and returns the scopes that it asked for.
    pub fn welcome(&mut self, methods: &[&str]) -> Option<String> {
        self.welcome_to(methods, "b00t", "2026.9.6")
    }

    /// The same, in a life of this name of a gateway of this version.
    pub fn welcome_to(&mut self, methods: &[&str], boot: &str, version: &str) -> Option<String> {
        let params = self.challenge()?;
        let hello = json!({
            "type": "hello-ok", "server": {"version": version, "bootId": boot},
            "features": {"methods": methods}, "snapshot": {"uptimeMs": 5000},
        });
        self.answer(&json!("1"), &hello);
        let scopes: Vec<_> =
            params["scopes"].as_array().unwrap().iter().map(|s| s.as_str().unwrap().to_owned()).collect();
        Some(scopes.join(","))
    }
}

fn verify(params: &Value) {
    let text = |pointer: &str| params.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
    let bytes = |pointer: &str| URL_SAFE_NO_PAD.decode(text(pointer)).unwrap();
    let scopes: Vec<_> = params["scopes"].as_array().unwrap().iter().map(|s| s.as_str().unwrap()).collect();
    let statement = format!(
        "v3|{}|cli|cli|operator|{}|1795218356003|{}|n0nce|{}|",
        text("/device/id"),
        scopes.join(","),
        text("/auth/token"),
        text("/client/platform")
    );
    let key = VerifyingKey::from_bytes(&bytes("/device/publicKey").try_into().unwrap()).unwrap();
    key.verify(statement.as_bytes(), &Signature::from_slice(&bytes("/device/signature")).unwrap()).unwrap();
}
