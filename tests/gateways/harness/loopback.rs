//! HTTP servers on 127.0.0.1, for the model and for Telegram.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use tiny_http::{Request, Server};

/// A server with a thread for each request, until it is dropped.
pub struct Loopback {
    server: Arc<Server>,
    closing: Closing,
}

/// Tells a handler that holds its request open that the server is going away.
#[derive(Clone, Default)]
pub struct Closing(Arc<AtomicBool>);

impl Closing {
    pub fn is_set(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Loopback {
    pub fn serve(handler: impl Fn(Request, &Closing) + Send + Sync + 'static) -> Self {
        let server = Arc::new(Server::http("127.0.0.1:0").unwrap());
        let closing = Closing::default();
        let (accepting, handler) = (Arc::clone(&server), Arc::new(handler));
        let for_handlers = closing.clone();
        thread::spawn(move || {
            for request in accepting.incoming_requests() {
                let (handler, closing) = (Arc::clone(&handler), for_handlers.clone());
                thread::spawn(move || handler(request, &closing));
            }
        });
        Self { server, closing }
    }

    pub fn port(&self) -> u16 {
        self.server.server_addr().to_ip().unwrap().port()
    }
}

impl Drop for Loopback {
    fn drop(&mut self) {
        self.closing.0.store(true, Ordering::Release);
        self.server.unblock();
    }
}

/// A port that nobody listens on at the moment.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
