//! The client against a gateway that does what real ones do at their worst.

#![expect(clippy::unwrap_used, reason = "a test that cannot set up its rig has failed")]

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::failure::Failure;
use super::fake::{Peer, serve};
use super::ws::Socket;
use super::*;
use crate::model::{AgentId, Route};
use crate::support::error::{Error, Kind};
use crate::support::paths::Paths;

mod strangers;

const TALK: &str = "operator.read,operator.write";
const ADMIN: &str = "operator.read,operator.write,operator.admin";

struct Rig {
    _dir: tempfile::TempDir,
    paths: Paths,
    config: Config,
}

impl Rig {
    fn new(port: u16) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths { state: dir.path().to_owned(), workspace: dir.path().join("workspace") };
        let env = |name: &str| (name == "OPENCLAW_GATEWAY_TOKEN").then(|| "hunter2-token".to_owned());
        let mut config = Config::load(&paths.state, &env).unwrap();
        config.port = port;
        Self { _dir: dir, paths, config }
    }

    fn connect(&self, scopes: Scopes, patience: u64) -> std::result::Result<Gateway, Error> {
        let access = Access { paths: &self.paths, config: &self.config };
        Gateway::connect(&access, scopes, Duration::from_millis(patience))
    }

    /// Connects to a gateway that lets everybody in and answers requests by `answer`.
    fn answered_by(answer: impl FnMut(&mut Peer, Value) + Send + 'static) -> (Self, Gateway) {
        let rig = Self::new(serve(welcoming(answer)));
        let gateway = rig.connect(Scopes::ADMIN, 0).unwrap();
        (rig, gateway)
    }
}

fn welcoming(mut answer: impl FnMut(&mut Peer, Value) + Send + 'static) -> impl FnMut(usize, Peer) + Send {
    move |_, mut peer| {
        if peer.welcome(&["agent"]).is_some() {
            while let Some(request) = peer.request() {
                answer(&mut peer, request);
            }
        }
    }
}

fn recorder<T>() -> (Sender<T>, Receiver<T>) {
    mpsc::channel()
}

#[test]
fn a_new_device_is_paired_with_all_scopes_once() {
    let (note, noted) = recorder();
    let rig = Rig::new(serve(move |_, mut peer| note.send(peer.welcome(&["agent"])).unwrap()));
    let gateway = rig.connect(Scopes::TALK, 0).unwrap();
    assert_eq!(gateway.version(), Some("2026.9.6"));
    assert_eq!(gateway.boot().boot_id.as_deref(), Some("b00t"));
    assert!(gateway.has("agent") && !gateway.has("cron.add"));
    assert_eq!(gateway.warnings().len(), 1, "there is no lock file");
    rig.connect(Scopes::TALK, 0).unwrap();
    rig.connect(Scopes::ADMIN, 0).unwrap();
    // The server notes a connection after it has let it in.
    let asked: Vec<_> = noted.iter().take(4).flatten().collect();
    assert_eq!(asked, [ADMIN, TALK, TALK, ADMIN]);
}

#[test]
fn an_untested_version_is_talked_to_with_a_warning() {
    for (version, warned) in
        [("2026.5.28", false), ("2026.9.6", false), ("2026.10.1", true), ("2026.4.26", true), ("next", true)]
    {
        let rig = Rig::new(serve(move |_, mut peer| {
            peer.challenge();
            let hello = json!({"type": "hello-ok", "server": {"version": version, "bootId": "b00t"},
                "features": {"methods": ["agent"]}, "snapshot": {"uptimeMs": 5000}});
            peer.answer(&json!("1"), &hello);
        }));
        let gateway = rig.connect(Scopes::ADMIN, 0).unwrap();
        let warnings = gateway.warnings().iter().filter(|warning| warning.contains("was tested with"));
        assert_eq!(warnings.count(), usize::from(warned), "{version}");
        assert!(gateway.has("agent"), "it goes by the methods");
    }
}

#[test]
fn a_gateway_that_starts_is_waited_for_whatever_the_patience() {
    let starting = json!({"code": "UNAVAILABLE", "message": "gateway starting", "retryable": true,
        "retryAfterMs": 200, "details": {"reason": "startup-sidecars"}});
    let rig = Rig::new(serve(move |number, mut peer| {
        if number < 2 {
            peer.challenge();
            peer.refuse(&json!("1"), &starting);
        } else {
            peer.welcome(&[]);
        }
    }));
    let begun = Instant::now();
    rig.connect(Scopes::ADMIN, 0).unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(400), "{:?}", begun.elapsed());
}

#[test]
fn a_gateway_that_is_not_there_is_waited_for_only_with_patience() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let rig = Rig::new(port);
    let error = rig.connect(Scopes::TALK, 0).err().unwrap();
    assert_eq!(error.kind(), Kind::Gateway);
    assert!(error.full().contains("no gateway answers on port"), "{}", error.full());
    assert!(!error.hints().is_empty());
    let late = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(300));
        let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
        // A gateway that stops closes first what it accepts.
        drop(listener.accept().unwrap());
        for _ in 0..2 {
            let (stream, _) = listener.accept().unwrap();
            Peer::accept(stream).welcome(&[]);
        }
    });
    rig.connect(Scopes::TALK, 20_000).unwrap();
    late.join().unwrap();
}

#[test]
fn a_scope_upgrade_that_waits_for_approval_does_not_stop_talking() {
    let refused = json!({"code": "NOT_PAIRED", "message": "pairing required",
        "details": {"code": "PAIRING_REQUIRED", "reason": "scope-upgrade", "requestId": "req-1"}});
    let rig = Rig::new(serve(move |_, mut peer| {
        let params = peer.challenge().unwrap();
        if params["scopes"].as_array().unwrap().len() == 3 {
            peer.refuse(&json!("1"), &refused);
        } else {
            peer.answer(&json!("1"), &json!({"server": {"version": "2026.7.1"}}));
        }
    }));
    assert_eq!(rig.connect(Scopes::TALK, 0).unwrap().version(), Some("2026.7.1"));
    let error = rig.connect(Scopes::ADMIN, 5000).err().unwrap();
    assert!(
        error.hints().iter().any(|hint| hint.contains("openclaw devices approve req-1")),
        "{:?}",
        error.hints()
    );
}

#[test]
fn a_refused_token_is_said_and_not_shown() {
    for (refusal, hint) in [
        (
            json!({"code": "INVALID_REQUEST", "message": "unauthorized: gateway token mismatch"}),
            "OPENCLAW_GATEWAY_TOKEN",
        ),
        (
            json!({"code": "INVALID_REQUEST", "message": "m", "details": {"code": "PROTOCOL_MISMATCH"}}),
            "protocols 3 and 4",
        ),
    ] {
        let rig = Rig::new(serve(move |_, mut peer| {
            peer.challenge();
            peer.refuse(&json!("1"), &refusal);
        }));
        let begun = Instant::now();
        let error = rig.connect(Scopes::TALK, 20_000).err().unwrap();
        assert!(begun.elapsed() < Duration::from_secs(10), "it is not tried again");
        assert!(error.hints().iter().any(|text| text.contains(hint)), "{:?}", error.hints());
        assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
    }
}

#[test]
fn a_gateway_elsewhere_is_not_called() {
    let mut rig = Rig::new(1);
    rig.config.remote = true;
    assert!(rig.connect(Scopes::TALK, 0).err().unwrap().full().contains("on this machine"));
}

#[test]
fn an_answer_is_found_among_events_and_late_answers() {
    let (_rig, mut gateway) = Rig::answered_by(|peer, request| {
        peer.send(&json!({"type": "event", "event": "tick", "payload": {}}));
        peer.send(&json!("no frame at all"));
        peer.answer(&json!("0"), &json!("of somebody else"));
        let echo = json!({"method": request["method"], "text": "x".repeat(5 << 20)});
        peer.answer(&request["id"], &echo);
    });
    let answer = gateway.call("sessions.list", &json!({})).unwrap();
    assert_eq!(answer["method"], "sessions.list");
    assert_eq!(
        answer["text"].as_str().unwrap().len(),
        5 << 20,
        "a big answer is taken once the gateway is known"
    );
}

#[test]
fn declined_lost_and_not_sent_are_three_things() {
    let (_rig, mut gateway) = Rig::answered_by(|peer, request| match request["method"].as_str() {
        Some("cron.add") => {
            peer.refuse(&request["id"], &json!({"code": "FORBIDDEN", "message": "missing scope"}));
        }
        Some("slow") => {}
        _ => peer.close(),
    });
    let refused = gateway.call("cron.add", &json!({})).unwrap_err();
    assert_eq!(refused.refusal().unwrap().code, "FORBIDDEN");
    let slow = gateway.call_within("slow", &json!({}), Duration::from_millis(100));
    assert!(matches!(slow, Err(CallError::Lost(_))), "{slow:?}");
    assert!(gateway.call("cron.add", &json!({})).unwrap_err().refusal().is_some(), "the connection goes on");
    let lost = gateway.call("agent", &json!({}));
    assert!(matches!(lost, Err(CallError::Lost(_))), "{lost:?}");
    let unsent = gateway.call("agent", &json!({}));
    assert!(matches!(unsent, Err(CallError::NotSent(_))), "{unsent:?}");
}

#[test]
fn a_job_is_replaced_without_a_gap_and_without_ending_one_that_runs() {
    let (note, noted) = recorder();
    let at = "2030-01-01T00:00:00.500Z";
    let (_rig, mut gateway) = Rig::answered_by(move |peer, request| {
        let job = |id: &str, name: &str, more: Value| {
            let mut job = json!({"id": id, "name": name, "enabled": true, "sessionKey": "agent:main:main",
                "schedule": {"kind": "at", "at": at}, "state": {}});
            job.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            job
        };
        let (method, params) = (request["method"].as_str().unwrap(), &request["params"]);
        let answer = match (method, params["offset"].as_u64()) {
            ("cron.add", _) => json!({"id": "new"}),
            ("cron.list", Some(0)) => json!({"nextOffset": 2, "jobs": [
                job("old", "way-back", json!({})), job("other", "theirs", json!({}))]}),
            ("cron.list", _) => json!({"nextOffset": null, "jobs": [
                job("running", "way-back", json!({"state": {"runningAtMs": 1_795_219_639_679_i64}})),
                job("failed", "way-back", json!({"enabled": false})),
                job("new", "way-back", json!({}))]}),
            _ => json!({"removed": true}),
        };
        note.send((method.to_owned(), params.clone())).unwrap();
        if params["id"] == "failed" {
            return peer
                .refuse(&request["id"], &json!({"code": "INVALID_REQUEST", "message": "id not found"}));
        }
        peer.answer(&request["id"], &answer);
    });
    let (agent, key): (AgentId, _) = ("main".parse().unwrap(), "agent:main:main".parse().unwrap());
    let route =
        Route { channel: "telegram".into(), to: "77".into(), account_id: None, thread_id: Some("5".into()) };
    let mut spec = jobs::Spec {
        name: "way-back",
        at: at.parse().unwrap(),
        agent: &agent,
        target: jobs::Target::Session(&key),
        message: "recover",
        route: Some(&route),
    };
    assert_eq!(jobs::replace(&mut gateway, &spec).unwrap().id, "new");
    let calls: Vec<_> = noted.try_iter().collect();
    let removed: Vec<_> =
        calls.iter().filter(|(method, _)| method == "cron.remove").map(|(_, p)| p["id"].clone()).collect();
    assert_eq!(removed, ["old", "failed"]);
    let (first, params) = &calls[0];
    assert_eq!((first.as_str(), &params["sessionTarget"]), ("cron.add", &json!("session:agent:main:main")));
    let delivery =
        json!({"mode": "announce", "channel": "telegram", "to": "77", "threadId": "5", "bestEffort": true});
    assert_eq!(params["delivery"], delivery);

    spec.at += chrono::TimeDelta::seconds(1);
    let error = jobs::replace(&mut gateway, &spec).unwrap_err();
    assert!(error.to_string().contains("does not hold it"), "{error}");
    assert!(noted.try_iter().all(|(method, _)| method != "cron.remove"), "the old way back stays");
}

#[test]
fn the_restart_tool_is_that_of_the_session_or_the_usual_one() {
    let groups = |ids: &[&str]| json!({"groups": [{"tools": ids.iter().map(|id| json!({"id": id})).collect::<Vec<_>>()}]});
    let (old, new) =
        (groups(&["cron", "gateway", "message"]), groups(&["gateway", "openclaw", "automations"]));
    let (_rig, mut gateway) = Rig::answered_by(move |peer, request| {
        match (request["method"].as_str(), request["params"]["sessionKey"].as_str()) {
            (Some("tools.effective"), Some("old")) => peer.answer(&request["id"], &old),
            (Some("tools.effective"), Some("new")) => peer.answer(&request["id"], &new),
            _ => peer.refuse(
                &request["id"],
                &json!({"code": "INVALID_REQUEST", "message": "unknown session key"}),
            ),
        }
    });
    let mut of = |key: &str| tools::of(&mut gateway, &key.parse().unwrap()).unwrap();
    let known = of("old");
    assert_eq!(
        (known.restart, known.schedule, known.message),
        (Some(tools::Restart::Gateway), Some(tools::Schedule::Cron), true)
    );
    let delegating = of("new");
    assert_eq!(
        (delegating.restart, delegating.schedule, delegating.message),
        (Some(tools::Restart::Openclaw), Some(tools::Schedule::Automations), false)
    );
    assert_eq!(of("without-a-turn"), tools::Tools::usual(false));
}
