//! Listeners that are no gateways.

use super::*;

/// Who answers has this long on a busy machine; who does not is left after [`HALF_A_SECOND`].
const ENOUGH: Duration = Duration::from_secs(10);

const HALF_A_SECOND: Duration = Duration::from_millis(500);

/// Listens on a port where `talk` does the talking, and tries to meet a gateway there.
fn stranger(patience: Duration, talk: impl FnOnce(std::net::TcpStream) + Send + 'static) -> Failure {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || talk(listener.accept().unwrap().0));
    let begun = Instant::now();
    let deadline = begun + patience;
    let failure =
        Socket::open(port, deadline).and_then(|mut socket| socket.challenge(deadline)).err().unwrap();
    assert!(begun.elapsed() < patience + Duration::from_secs(5), "{:?}", begun.elapsed());
    failure
}

#[test]
fn a_listener_that_is_no_gateway_is_left_in_time() {
    let web = stranger(ENOUGH, |mut stream| {
        let _request = stream.read(&mut [0; 4096]);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
    });
    assert!(matches!(web, Failure::Stranger(_)), "{web:?}");
    let mute = stranger(HALF_A_SECOND, |stream| {
        std::thread::sleep(Duration::from_secs(2));
        drop(stream);
    });
    assert!(matches!(mute, Failure::Silent(_)), "{mute:?}");
    let dripping = stranger(HALF_A_SECOND, |mut stream| {
        while stream.write_all(b"H").is_ok() {
            std::thread::sleep(Duration::from_millis(50));
        }
    });
    assert!(matches!(dripping, Failure::Silent(_) | Failure::Stranger(_)), "{dripping:?}");
    let flooding = stranger(ENOUGH, |stream| Peer::accept(stream).send(&json!("x".repeat(5 << 20))));
    assert!(matches!(flooding, Failure::Stranger(_)), "{flooding:?}");
    let talking = stranger(ENOUGH, |stream| Peer::accept(stream).send(&json!({"hello": 1})));
    assert!(matches!(talking, Failure::Stranger(_)), "{talking:?}");
}

/// A listener that speaks the protocol, as far as it likes to.
#[test]
fn a_listener_that_never_stops_is_left_in_time() {
    let chatter = stranger(HALF_A_SECOND, |stream| {
        let mut peer = Peer::accept(stream);
        while peer.sends(&json!({"type": "event", "event": "tick", "payload": {}})) {}
    });
    assert!(matches!(chatter, Failure::Silent(_)), "{chatter:?}");
    let header = stranger(ENOUGH, |mut stream| {
        let _request = stream.read(&mut [0; 4096]);
        let _ = stream.write_all(b"HTTP/1.1 101 Switching Protocols\r\n");
        while stream.write_all(&[b'x'; 4096]).is_ok() {}
    });
    assert!(matches!(header, Failure::Stranger(_) | Failure::Silent(_)), "{header:?}");
    let huge = stranger(ENOUGH, |stream| {
        let mut stream = Peer::accept(stream).into_stream();
        // A frame of text that says that an exabyte follows.
        let _ = stream.write_all(&[0x81, 127, 0x0f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
        std::thread::sleep(HALF_A_SECOND);
    });
    assert!(matches!(huge, Failure::Stranger(_)), "{huge:?}");
}

/// What a listener asks for before it has shown a challenge, or shows a wrong one, gets it nothing.
#[test]
fn the_token_goes_to_nobody_who_has_not_challenged() {
    for frame in [
        json!({"type": "req", "id": "1", "method": "connect", "params": {}}),
        json!({"type": "res", "id": "1", "ok": true, "payload": {"server": {"version": "2026.9.6"}}}),
        json!({"type": "event", "event": "connect.challenge", "payload": {"nonce": 5, "ts": "now"}}),
        json!({"type": "event", "event": "connect.challenge"}),
    ] {
        let (note, noted) = recorder();
        let rig = Rig::new(serve(move |_, mut peer| {
            peer.send(&frame);
            note.send(peer.request()).unwrap();
        }));
        let attempt = std::thread::spawn(move || {
            let mut socket = Socket::open(rig.config.port, Instant::now() + HALF_A_SECOND).unwrap();
            socket.challenge(Instant::now() + HALF_A_SECOND).err()
        });
        assert!(attempt.join().unwrap().is_some());
        assert_eq!(noted.recv_timeout(ENOUGH).unwrap(), None, "nothing was said to it");
    }
}
