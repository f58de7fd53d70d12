//! Effects against a gateway that accepts, refuses, waits and goes away.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its gateway has failed")]

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver};
use std::time::Instant;

use chrono::{DateTime, Utc};

use super::*;
use crate::checkpoint::Block;
use crate::gateway::fake::{self, Peer};
use crate::ledger::Ledger;
use crate::model::{Language, Verdict};
use crate::notice::Templates;
use crate::plan::{self, Candidate, Gated, Policy, Situation};
use crate::support::fs::GIVEN_UP;
use crate::support::paths::Paths;

const SESSION: &str = "agent:main:telegram:direct:77";
const START: i64 = 1_000;

/// What the gateway does with a call that has effects.
#[derive(Clone, Copy)]
enum Answer {
    Accept,
    StillRuns,
    Refuse,
    /// Refuses for now, and asks for so many milliseconds.
    Wait(u64),
    HangUp,
}

/// A call with effects, as the gateway got it, and the ledger at that moment.
struct Call {
    method: String,
    params: Value,
    ledger: String,
}

struct World {
    _dir: tempfile::TempDir,
    paths: Paths,
    port: u16,
    calls: Receiver<Call>,
}

impl World {
    fn new(answers: &[Answer]) -> Self {
        Self::with_history(answers, json!([]))
    }

    fn with_history(answers: &[Answer], messages: Value) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths { state: dir.path().to_owned(), workspace: dir.path().join("workspace") };
        let (note, calls) = mpsc::channel();
        let mut answers: VecDeque<Answer> = answers.iter().copied().collect();
        let ledger = paths.ledger();
        let mut answer = move |peer: &mut Peer, request: &Value| {
            let (id, params) = (&request["id"], request["params"].clone());
            match request["method"].as_str().unwrap() {
                "sessions.describe" => {
                    peer.answer(id, &json!({"session": {"sessionId": "s", "status": "done"}}));
                }
                "chat.history" => peer.answer(id, &json!({"messages": messages})),
                method => {
                    let ledger = std::fs::read_to_string(&ledger).unwrap();
                    note.send(Call { method: method.to_owned(), params, ledger }).unwrap();
                    match answers.pop_front().unwrap() {
                        Answer::Accept => peer.answer(id, &json!({"runId": "run-1"})),
                        Answer::StillRuns => peer.answer(id, &json!({"runId": "run-1", "status": "timeout"})),
                        Answer::Refuse => peer.refuse(id, &json!({"code": "INVALID_REQUEST", "message": "no"})),
                        Answer::Wait(millis) => peer.refuse(
                            id,
                            &json!({"code": "UNAVAILABLE", "message": "draining", "retryable": true, "retryAfterMs": millis}),
                        ),
                        Answer::HangUp => peer.close(),
                    }
                }
            }
        };
        let port = fake::serve(move |_, mut peer| {
            if peer.welcome(&["agent"]).is_some() {
                while let Some(request) = peer.request() {
                    answer(&mut peer, &request);
                }
            }
        });
        Self { _dir: dir, paths, port, calls }
    }

    /// Does something as a run of the program of its own: another connection, the ledger read anew.
    fn run<T>(&self, boot: &Boot, now: i64, act: impl FnOnce(&mut Dispatcher<'_>) -> T) -> T {
        let mut gateway = fake::connect(&self.paths, self.port);
        let mut ledger = Writer::open(&self.paths, GIVEN_UP, at(now)).unwrap();
        act(&mut Dispatcher::new(&mut gateway, &mut ledger, boot, Clock::new(Some(at(now)))))
    }

    fn resume(&self, boot: &Boot, now: i64) -> Sent {
        self.run(boot, now, |dispatcher| dispatcher.resume(&approved()).unwrap())
    }

    fn calls(&self) -> Vec<Call> {
        self.calls.try_iter().collect()
    }

    fn intents(&self) -> usize {
        let ledger = Ledger::read(&self.paths.ledger()).unwrap();
        ledger.records().iter().filter(|record| matches!(record.event, Event::Intent { .. })).count()
    }
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
}

fn boot(start: i64) -> Boot {
    Boot { started_at: at(start), boot_id: None }
}

fn session() -> SessionKey {
    SESSION.parse().unwrap()
}

fn route() -> Route {
    Route { channel: "telegram".into(), to: "77".into(), account_id: None, thread_id: None }
}

fn key() -> IdempotencyKey {
    plan::key_of("c", &session())
}

fn approved() -> Approved {
    approved_in(None)
}

/// An item that was read from this transcript.
fn approved_in(session_id: Option<&str>) -> Approved {
    let block = Block::new(session());
    let judgement = session::Judgement::of(Verdict::Complete, "idle");
    let candidate = Candidate {
        route: Some(route()),
        session_id: session_id.map(str::to_owned),
        ..Candidate::of_block(&block, vec![key()], judgement, Language::En)
    };
    let (policy, caller) = (Policy::default(), session());
    let situation = Situation {
        caller: Some(&caller),
        attended: true,
        stale: false,
        sent_before: 0,
        policy: &policy,
        templates: &Templates::default(),
        may_address: &|_, _| true,
    };
    match plan::build(&[candidate], &situation).gated().pop() {
        Some(Gated::Send(approved)) => approved,
        other => panic!("the caller's own session goes out: {other:?}"),
    }
}

/// A message that came in after the start.
fn message(text: &str) -> Value {
    json!([{"role": "user", "content": text, "__openclaw": {"id": "e", "recordTimestampMs": (START + 5) * 1_000}}])
}

#[test]
fn the_intent_is_on_the_disk_before_the_gateway_hears_of_it() {
    let world = World::new(&[Answer::Accept]);
    assert_eq!(world.resume(&boot(START), 2_000), Sent::Accepted(Some("run-1".into())));
    assert_eq!(world.resume(&boot(START), 2_001), Sent::Already);
    assert_eq!(world.resume(&boot(9_000), 9_001), Sent::Already, "for ever");
    let calls = world.calls();
    assert_eq!(calls.len(), 1);
    let Call { method, params, ledger } = &calls[0];
    assert!(ledger.contains("\"intent\"") && !ledger.contains("\"outcome\""), "{ledger}");
    assert_eq!((method.as_str(), &params["sessionKey"]), ("agent", &json!(SESSION)));
    assert_eq!((&params["idempotencyKey"], &params["to"]), (&json!(key()), &json!("77")));
    assert!(params["message"].as_str().unwrap().contains(key().as_str()));
}

#[test]
fn a_session_that_was_begun_anew_since_it_was_read_gets_nothing() {
    let world = World::new(&[Answer::Accept]);
    let resume =
        |id| world.run(&boot(START), 2_000, |dispatcher| dispatcher.resume(&approved_in(Some(id))).unwrap());
    assert!(matches!(resume("another"), Sent::Replaced(why) if why.contains("begun anew")));
    assert_eq!((world.calls().len(), world.intents()), (0, 0));
    assert!(matches!(resume("s"), Sent::Accepted(_)));
}

#[test]
fn only_a_refusal_is_tried_again_at_any_time() {
    let world = World::new(&[Answer::Refuse, Answer::Accept]);
    assert!(matches!(world.resume(&boot(START), 2_000), Sent::Refused(_)));
    assert!(matches!(world.resume(&boot(9_000), 9_001), Sent::Accepted(_)));
    assert_eq!((world.calls().len(), world.intents()), (2, 2));
}

#[test]
fn a_gateway_that_takes_nothing_is_waited_for_once() {
    let refusals = [Answer::Wait(150), Answer::Wait(150), Answer::Wait(150), Answer::Accept];
    let world = World::new(&refusals);
    let told = |dispatcher: &mut Dispatcher<'_>, key: &str| {
        dispatcher.notify(&IdempotencyKey::of(&[key]), &session(), &route(), "held").unwrap()
    };
    world.run(&boot(0), 10, |dispatcher| {
        dispatcher.patience = Patience::of(Duration::from_millis(250));
        assert!(matches!(told(dispatcher, "first"), Sent::Refused(_)));
        assert!(matches!(told(dispatcher, "second"), Sent::Refused(_)));
        assert!(matches!(told(dispatcher, "third"), Sent::Accepted(_)));
    });
    assert_eq!(world.calls().len(), 4, "two for the first, and one for each that follows");
}

#[test]
fn a_lost_answer_is_asked_for_with_the_same_key_while_the_gateway_remembers_it() {
    let world = World::new(&[Answer::HangUp, Answer::HangUp, Answer::Accept]);
    assert!(matches!(world.resume(&boot(START), 2_000), Sent::Unanswered(_)));
    assert!(matches!(world.resume(&boot(START), 2_200), Sent::Unanswered(_)));
    assert!(matches!(world.resume(&boot(START), 2_239), Sent::Accepted(_)));
    let keys: Vec<_> = world.calls().into_iter().map(|call| call.params["idempotencyKey"].clone()).collect();
    assert_eq!(keys, vec![json!(key()); 3]);
    assert_eq!(world.intents(), 1, "the four minutes count from the first time");
}

#[test]
fn after_that_the_transcript_tells_and_else_nobody_sends_it() {
    for (start, now) in [(START, 2_241), (9_000, 9_001)] {
        let world = World::new(&[Answer::HangUp]);
        assert!(matches!(world.resume(&boot(START), 2_000), Sent::Unanswered(_)));
        assert!(matches!(world.resume(&boot(start), now), Sent::Unknown(_)));
        assert!(matches!(world.resume(&boot(start), now + 1), Sent::Unknown(_)));
        assert_eq!(world.calls().len(), 1, "boot at {start}");

        let world = World::with_history(&[Answer::HangUp], message("hello"));
        world.run(&boot(START + 100), 2_000, |dispatcher| dispatcher.resume(&approved()).unwrap());
        assert!(matches!(world.resume(&boot(start + 100), now), Sent::Unknown(_)), "another message");
    }
}

#[test]
fn a_key_in_the_transcript_means_that_it_was_taken() {
    let world = World::with_history(&[], message(&format!("Go on.\n\nIdempotency key: {}", key())));
    for _ in 0..2 {
        assert_eq!(world.resume(&boot(START), 2_000), Sent::Already);
    }
    assert_eq!((world.calls().len(), world.intents()), (0, 0));
}

#[test]
fn a_refusal_of_the_second_time_says_nothing_of_the_first() {
    let world = World::new(&[Answer::HangUp, Answer::Refuse]);
    assert!(matches!(world.resume(&boot(START), 2_000), Sent::Unanswered(_)));
    assert!(matches!(world.resume(&boot(START), 2_010), Sent::Unanswered(_)));
    assert!(matches!(world.resume(&boot(9_000), 9_001), Sent::Unknown(_)));
    assert_eq!(world.calls().len(), 2);
}

#[test]
fn a_gateway_that_asks_for_patience_gets_it_within_bounds() {
    let world = World::new(&[Answer::Wait(0), Answer::Wait(60), Answer::Accept]);
    let begun = Instant::now();
    assert!(matches!(world.resume(&boot(START), 2_000), Sent::Accepted(_)));
    assert!(begun.elapsed() >= Duration::from_millis(110), "{:?}", begun.elapsed());
    assert_eq!((world.calls().len(), world.intents()), (3, 1));

    let world = World::new(&[Answer::Wait(3_600_000)]);
    assert!(matches!(world.resume(&boot(START), 2_000), Sent::Refused(_)));
}

#[test]
fn a_session_that_has_gone_on_by_itself_is_left_alone() {
    let world = World::with_history(&[], message("never mind"));
    assert!(matches!(world.resume(&boot(START), 2_000), Sent::Overtaken(_)));
    assert_eq!((world.calls().len(), world.intents()), (0, 0));
}

#[test]
fn a_notice_goes_out_once_unless_nothing_tells_that_it_did() {
    let world = World::new(&[Answer::Accept, Answer::HangUp, Answer::Accept]);
    let notify = |name: &str, boot: &Boot, now| {
        let key = IdempotencyKey::of(&[name]);
        world.run(boot, now, |dispatcher| dispatcher.notify(&key, &session(), &route(), "back").unwrap())
    };
    assert!(matches!(notify("a", &boot(START), 2_000), Sent::Accepted(_)));
    assert_eq!(notify("a", &boot(START), 2_001), Sent::Already);
    assert!(matches!(notify("b", &boot(START), 2_000), Sent::Unanswered(_)));
    assert!(matches!(notify("b", &boot(9_000), 9_001), Sent::Accepted(_)));
    assert_eq!(notify("b", &boot(9_000), 9_002), Sent::Already);
    let calls = world.calls();
    assert_eq!(calls.len(), 3);
    assert_eq!((calls[0].method.as_str(), &calls[0].params["message"]), ("send", &json!("back")));
}

#[test]
fn runs_are_followed_and_what_the_gateway_does_not_tell_stops_nothing() {
    let world = World::new(&[Answer::Accept, Answer::Refuse]);
    assert!(matches!(world.resume(&boot(START), 2_000), Sent::Accepted(_)));
    world.run(&boot(START), 2_001, |dispatcher| {
        dispatcher.reconcile().unwrap();
        assert_eq!(dispatcher.run_of(&key()).as_deref(), Some("run-1"));
    });
    let calls = world.calls();
    assert_eq!((calls[1].method.as_str(), &calls[1].params["runId"]), ("agent.wait", &json!("run-1")));
    world.run(&boot(9_000), 9_001, |dispatcher| dispatcher.reconcile().unwrap());
    assert!(world.calls().is_empty(), "a run of another boot is over");
}

#[test]
fn a_run_has_started_once_its_message_stands_in_the_transcript() {
    let history = |text: String| World::with_history(&[Answer::StillRuns, Answer::StillRuns], message(&text));
    for (world, expected) in [
        (history("hello".to_owned()), Outcome::Accepted),
        (history(format!("go on\n\n{}", key())), Outcome::Started),
    ] {
        let mut ledger = Writer::open(&world.paths, GIVEN_UP, at(1_500)).unwrap();
        ledger.append(at(1_500), intent(&key(), &session(), Effect::Resume, &boot(START))).unwrap();
        let outcome = Outcome::Accepted;
        let accepted = Event::Outcome { key: key(), outcome, detail: None, run_id: Some("run-1".into()) };
        ledger.append(at(1_500), accepted).unwrap();
        drop(ledger);
        for now in [2_000, 2_001] {
            world.run(&boot(START), now, |dispatcher| dispatcher.reconcile().unwrap());
        }
        let ledger = Ledger::read(&world.paths.ledger()).unwrap();
        assert_eq!(ledger.effect(&key()).unwrap().outcome, Some(expected));
        assert_eq!(ledger.open_runs().count(), 1, "and it is asked about again");
        let lines = if expected == Outcome::Started { 3 } else { 2 };
        assert_eq!(ledger.records().len(), lines, "written down once");
    }
}

#[test]
fn an_item_is_held_once() {
    let world = World::new(&[]);
    let held = Held {
        key: key(),
        session_key: session(),
        also: Vec::new(),
        checkpoint: Some("c".into()),
        rule: "payment".into(),
        reason: "pays".into(),
        message: "go on".into(),
        task: None,
    };
    for now in [2_000, 2_001] {
        world.run(&boot(START), now, |dispatcher| dispatcher.hold(held.clone()).unwrap());
    }
    assert_eq!(Ledger::read(&world.paths.ledger()).unwrap().records().len(), 1);
}

#[test]
fn what_was_settled_is_never_sent_and_is_settled_once() {
    let world = World::new(&[]);
    let settle = || world.run(&boot(START), START + 1, |d| d.settle(approved().item(), "told").unwrap());
    assert_eq!((settle(), settle()), (true, false));
    assert_eq!(world.resume(&boot(START + 100), START + 101), Sent::Already, "in a later boot, too");
    assert!(world.calls().is_empty());
    assert_eq!(world.intents(), 1);
}
