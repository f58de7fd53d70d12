//! The WebSocket: loopback only, every wait bounded, every message bounded.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::Value;
use tungstenite::error::ProtocolError as Cut;
use tungstenite::handshake::HandshakeError;
use tungstenite::protocol::WebSocketConfig;
use tungstenite::{Error as WsError, Message, WebSocket};

use super::failure::{CallError, Failure};
use super::frames::{Frame, Request};

/// What a listener may send before it has shown that it is a gateway; a hello takes 6 to 17 KB (measured).
const MAX_HELLO: usize = 4 << 20;
/// What a gateway may send in one message; its own bound for what it takes is 25 MiB (measured on 2026.9.6).
const MAX_MESSAGE: usize = 64 << 20;

/// A connection that has been upgraded; who is at the other end is not known yet.
pub(super) struct Socket {
    ws: WebSocket<Timed>,
    requests: u64,
}

impl Socket {
    /// Connects to a port of this machine, and of no other.
    pub fn open(port: u16, deadline: Instant) -> Result<Self, Failure> {
        let stream = Timed { stream: tcp(port, deadline)?, deadline };
        let config =
            WebSocketConfig::default().max_message_size(Some(MAX_HELLO)).max_frame_size(Some(MAX_HELLO));
        let url = format!("ws://127.0.0.1:{port}/");
        match tungstenite::client::client_with_config(url, stream, Some(config)) {
            Ok((ws, _)) => Ok(Self { ws, requests: 0 }),
            Err(HandshakeError::Failure(error)) => Err(unanswered(&error)),
            Err(HandshakeError::Interrupted(_)) => {
                Err(Failure::Silent("the handshake took too long".to_owned()))
            }
        }
    }

    /// Returns the addresses of both ends, ours first.
    pub fn ends(&self) -> Option<(SocketAddr, SocketAddr)> {
        let stream = &self.ws.get_ref().stream;
        Some((stream.local_addr().ok()?, stream.peer_addr().ok()?))
    }

    /// Waits for the gateway's challenge.
    pub fn challenge(&mut self, deadline: Instant) -> Result<(String, i64), Failure> {
        self.ws.get_mut().deadline = deadline;
        loop {
            match self.frame() {
                Ok(Some(Frame::Challenge { nonce, at })) => return Ok((nonce, at)),
                Ok(Some(_)) => {}
                Ok(None) => return Err(Failure::Stranger("it sent no challenge".to_owned())),
                Err(error) => return Err(unanswered(&error)),
            }
        }
    }

    /// Lifts the bound on messages, once the other end has said hello.
    pub fn trust(&mut self) {
        self.ws.set_config(|config| {
            config.max_message_size = Some(MAX_MESSAGE);
            config.max_frame_size = Some(MAX_MESSAGE);
        });
    }

    /// Sends a request and waits for its answer; events and late answers in between are passed over.
    pub fn request(&mut self, method: &str, params: &Value, deadline: Instant) -> Result<Value, CallError> {
        self.requests += 1;
        let id = self.requests.to_string();
        let text = serde_json::to_string(&Request::new(&id, method, params))
            .map_err(|error| CallError::NotSent(error.to_string()))?;
        if !self.ws.can_write() {
            return Err(CallError::NotSent("the connection is closed".to_owned()));
        }
        self.ws.get_mut().deadline = deadline;
        let lost = |error: WsError| CallError::Lost(describe(&error));
        self.ws.send(Message::text(text)).map_err(lost)?;
        loop {
            match self.frame().map_err(lost)? {
                Some(Frame::Response { id: answered, outcome }) if answered == id => {
                    return outcome.map_err(CallError::Refused);
                }
                _ => {}
            }
        }
    }

    /// Reads the next message; `None` where it is no frame.
    fn frame(&mut self) -> Result<Option<Frame>, WsError> {
        match self.ws.read()? {
            Message::Text(text) => Ok(Frame::parse(&text)),
            Message::Close(Some(close)) => {
                let why = format!("closed by the gateway: {} {}", u16::from(close.code), close.reason);
                Err(WsError::Io(io::Error::new(io::ErrorKind::ConnectionAborted, why)))
            }
            Message::Close(None) => Err(WsError::ConnectionClosed),
            _ => Ok(Some(Frame::Other)),
        }
    }
}

impl Drop for Socket {
    /// Says goodbye, so that the gateway does not log a broken connection; what comes of it does not matter.
    fn drop(&mut self) {
        self.ws.get_mut().deadline = Instant::now() + Duration::from_millis(100);
        if self.ws.close(None).is_ok() {
            let _sent = self.ws.flush();
        }
    }
}

/// Opens the connection, by IPv4 first.
fn tcp(port: u16, deadline: Instant) -> Result<TcpStream, Failure> {
    let mut failure = Failure::Silent("no time was left to connect".to_owned());
    for address in
        [SocketAddr::from((Ipv4Addr::LOCALHOST, port)), SocketAddr::from((Ipv6Addr::LOCALHOST, port))]
    {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        match TcpStream::connect_timeout(&address, left) {
            Ok(stream) => {
                let _quick = stream.set_nodelay(true);
                return Ok(stream);
            }
            Err(error) => failure = Failure::Absent(error.to_string()),
        }
    }
    Err(failure)
}

/// Sorts what went wrong before the gateway had said anything.
fn unanswered(error: &WsError) -> Failure {
    match error {
        WsError::Http(response) if response.status().as_u16() == 503 => {
            Failure::Silent("it answers 503, as gateways do while they start".to_owned())
        }
        WsError::Protocol(Cut::ResetWithoutClosingHandshake | Cut::HandshakeIncomplete) => {
            Failure::Silent(describe(error))
        }
        WsError::Http(_)
        | WsError::Protocol(_)
        | WsError::Capacity(_)
        | WsError::AttackAttempt
        | WsError::Utf8(_) => Failure::Stranger(describe(error)),
        _ => Failure::Silent(describe(error)),
    }
}

fn describe(error: &WsError) -> String {
    match error {
        WsError::Io(error) => error.to_string(),
        other => other.to_string(),
    }
}

/// A stream that ends every read and write at one deadline, however slowly the bytes drip in.
struct Timed {
    stream: TcpStream,
    deadline: Instant,
}

impl Timed {
    fn left(&self) -> io::Result<Duration> {
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() { Err(late()) } else { Ok(left) }
    }
}

/// The error of a wait that ended; `WouldBlock`, which the system reports, would mean to try again.
fn late() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "no answer in time")
}

fn timed<T>(outcome: io::Result<T>) -> io::Result<T> {
    outcome.map_err(|error| if error.kind() == io::ErrorKind::WouldBlock { late() } else { error })
}

impl Read for Timed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.set_read_timeout(Some(self.left()?))?;
        timed(self.stream.read(buffer))
    }
}

impl Write for Timed {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.stream.set_write_timeout(Some(self.left()?))?;
        timed(self.stream.write(buffer))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
