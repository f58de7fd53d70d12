//! Lists that are judged and sent, on a gateway that answers as it is told to.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its gateway has failed")]

use std::fs;
use std::sync::mpsc::{self, Receiver};

use serde_json::{Value, json};

use super::*;
use crate::checkpoint::{Meta, render};
use crate::flow::Settings;
use crate::gateway::fake;
use crate::ledger::Event;
use crate::model::{Boot, IdempotencyKey};
use crate::support::clock::Clock;

const CALLER: &str = "agent:main:telegram:direct:77";
const BEN: &str = "agent:main:telegram:direct:78";
const CYD: &str = "agent:main:telegram:direct:79";
/// Its user has written since the restart.
const LIVE: &str = "agent:main:telegram:direct:80";

/// A workspace with one checkpoint of an earlier boot, and a gateway in which nobody has spoken since.
struct World {
    _dir: tempfile::TempDir,
    context: Context,
    checkpoint: PathBuf,
    calls: Receiver<Value>,
}

impl World {
    /// `blocks` are sessions with their next steps; `caller` has prepared the restart.
    fn new(caller: Option<&str>, blocks: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let (note, calls) = mpsc::channel();
        let port = fake::serve(move |_, mut peer| {
            if peer.welcome(&["agent"]).is_some() {
                while let Some(request) = peer.request() {
                    let answer = match request["method"].as_str().unwrap() {
                        "sessions.describe" => json!({"session": {"sessionId": "s", "status": "done"}}),
                        "chat.history" if request["params"]["sessionKey"] == LIVE => {
                            let at = Clock::default().now().timestamp_millis();
                            json!({"messages": [{"role": "user", "content": "hello", "timestamp": at}]})
                        }
                        "chat.history" => json!({"messages": []}),
                        "agent" => {
                            note.send(request["params"].clone()).unwrap();
                            json!({"runId": "run"})
                        }
                        _ => json!({"status": "timeout"}),
                    };
                    peer.answer(&request["id"], &answer);
                }
            }
        });
        let config = format!("{{gateway: {{port: {port}, auth: {{mode: 'token', token: 't'}}}}}}");
        fs::write(dir.path().join("openclaw.json"), config).unwrap();
        let now = Clock::default().now();
        let context = Context::load(Settings {
            state_dir: Some(dir.path().to_owned()),
            clock: Clock::new(Some(now)),
            ..Settings::default()
        })
        .unwrap();
        let boot = Boot { started_at: now - chrono::TimeDelta::hours(1), boot_id: None };
        let meta = Meta {
            boot: Some(boot),
            session_key: caller.map(|key| key.parse().unwrap()),
            ..Meta::new("c", now - chrono::TimeDelta::minutes(1))
        };
        let block = |(key, next): &(&str, &str)| Block {
            next_step: (*next).to_owned(),
            ..Block::new(key.parse().unwrap())
        };
        let checkpoint = Checkpoint::new(meta, blocks.iter().map(block).collect());
        let store = Store::new(context.paths.checkpoints());
        let checkpoint = store.write(&checkpoint, now.naive_utc()).unwrap();
        Self { _dir: dir, context, checkpoint, calls }
    }

    /// What `actions` and `verify` make of the checkpoint.
    fn list(&self) -> List {
        let entry = Store::new(self.context.paths.checkpoints()).newest().unwrap();
        List {
            checkpoint: Some(self.checkpoint.display().to_string()),
            messages: entry.checkpoint.unwrap().blocks.iter().map(Message::of).collect(),
        }
    }

    fn send(&self, list: &List) -> Vec<String> {
        summary(&send(&self.context, list).unwrap())
    }

    /// The sessions that the gateway was called for.
    fn called(&self) -> Vec<String> {
        self.calls.try_iter().map(|params| params["sessionKey"].as_str().unwrap().to_owned()).collect()
    }

    fn is_used(&self) -> bool {
        let entry = Store::new(self.context.paths.checkpoints()).newest().unwrap();
        is_used(&self.context, &entry).unwrap()
    }
}

/// What a recovery of the checkpoint has for its key.
fn key(session: &str) -> IdempotencyKey {
    plan::key_of("c", &session.parse().unwrap())
}

fn summary(chain: &Chain) -> Vec<String> {
    let line = |step: &Step| format!("{} {:?} {}", step.message.session_key, step.state, step.ruling.rule);
    chain.steps.iter().map(line).collect()
}

#[test]
fn what_passes_goes_out_once_with_the_key_of_a_recovery_and_the_rest_is_held() {
    let world = World::new(None, &[(BEN, "run the tests"), (CYD, "delete the table")]);
    let list = world.list();
    let first = world.send(&list);
    assert_eq!(first, [format!("{BEN} Resumed ordinary-work"), format!("{CYD} Held deletion")]);
    let sent = world.calls.try_recv().unwrap();
    assert_eq!((&sent["sessionKey"], &sent["idempotencyKey"]), (&json!(BEN), &json!(key(BEN))));
    let message = sent["message"].as_str().unwrap();
    assert!(message.contains("run the tests") && message.contains(key(BEN).as_str()));
    let ledger = Ledger::read(&world.context.paths.ledger()).unwrap();
    assert!(ledger.is_taken(&key(BEN)) && ledger.is_held(&key(CYD)));
    assert!(world.is_used(), "each of its sessions is dealt with");

    assert_eq!(world.send(&list), [format!("{BEN} Resumed already-sent"), format!("{CYD} Held deletion")]);
    let outcome = crate::flow::recover(&world.context, BY_HAND).unwrap().outcome;
    assert_eq!((outcome, world.called()), (Outcome::Nothing, Vec::new()));
    let again = verify(&world.context, &list).unwrap();
    assert!(again.steps.iter().all(|step| step.state != ItemState::Due), "nor does a person send it");
    assert_eq!(again.steps[1].code, Some(key(CYD).code()));
}

#[test]
fn the_session_that_prepared_is_left_to_a_recovery() {
    let world = World::new(Some(CALLER), &[(CALLER, "tell the user"), (BEN, "run the tests")]);
    let sent = world.send(&world.list());
    assert_eq!(sent, [format!("{CALLER} Skipped own-session"), format!("{BEN} Resumed ordinary-work")]);
    assert!(!world.is_used(), "the caller has still to go on");
    assert_eq!(world.called(), [BEN]);
    let ledger = Ledger::read(&world.context.paths.ledger()).unwrap();
    assert_eq!(ledger.effect(&key(CALLER)), None);
    let told = ledger.latest(|record| match &record.event {
        Event::Recovery { outcome, items, .. } => Some((outcome.clone(), items[0].session_key.clone())),
        _ => None,
    });
    assert_eq!(told, Some(("incomplete".to_owned(), BEN.parse().unwrap())), "a report tells of it");
}

#[test]
fn a_file_cannot_lift_a_hold_and_can_make_one() {
    let world = World::new(None, &[(BEN, "run the tests"), (CYD, "delete the table")]);
    let ruling = hold(Risk::Normal, "file", "somebody held it");
    let [ben, cyd] = [(BEN, Some(ruling)), (CYD, None)]
        .map(|(key, held)| Message { held, ..Message::new(key.parse().unwrap(), "Read the log.") });
    let list = List { messages: vec![ben, cyd], ..world.list() };
    assert_eq!(world.send(&list), [format!("{BEN} Held file"), format!("{CYD} Held deletion")]);
    assert!(world.called().is_empty());
}

#[test]
fn live_strange_and_repeated_sessions_are_not_sent_to() {
    let world = World::new(None, &[(LIVE, "run the tests"), (BEN, "run the tests")]);
    let messages = [LIVE, BEN, BEN, CYD].map(|key| Message::new(key.parse().unwrap(), "run the tests"));
    let list = List { messages: messages.into(), ..world.list() };
    assert_eq!(
        world.send(&list),
        [
            format!("{LIVE} Skipped live"),
            format!("{BEN} Held named-twice"),
            format!("{BEN} Held named-twice"),
            format!("{CYD} Held not-in-checkpoint"),
        ]
    );
    assert!(world.called().is_empty());
}

#[test]
fn the_message_of_the_file_goes_out_in_the_fence() {
    let world = World::new(None, &[(BEN, "run the tests")]);
    let message = Message::new(BEN.parse().unwrap(), "Read the log first.");
    world.send(&List { messages: vec![message], checkpoint: None });
    let sent = world.calls.try_recv().unwrap();
    assert!(sent["message"].as_str().unwrap().contains("\nMessage: Read the log first."), "{sent}");
}

#[test]
fn a_checkpoint_that_is_not_the_newest_one_is_refused() {
    let world = World::new(None, &[(BEN, "run the tests")]);
    let list = world.list();
    let later = Meta::new("later", world.context.clock.now());
    let block = Block::new(BEN.parse().unwrap());
    let text = render(&Checkpoint::new(later, vec![block]), "2099-01-01T00:00:00".parse().unwrap());
    let folder = world.checkpoint.parent().unwrap();
    fs::write(folder.join("235959.md"), text).unwrap();
    let error = send(&world.context, &list).unwrap_err();
    assert_eq!(error.kind(), Kind::Refused, "{error}");
    let error = send(&world.context, &List { checkpoint: None, ..list.clone() }).unwrap_err();
    assert!(error.to_string().contains("has not restarted since"), "{error}");
    let missing = Some("none.md".to_owned());
    let error = send(&world.context, &List { checkpoint: missing, ..list }).unwrap_err();
    assert!(error.to_string().contains("\"none.md\""), "{error}");
    assert!(world.called().is_empty());
}

#[test]
fn a_checkpoint_out_of_the_workspace_is_not_read() {
    let world = World::new(None, &[(BEN, "run the tests")]);
    let elsewhere = tempfile::tempdir().unwrap();
    let outside = elsewhere.path().join("blocked.md");
    fs::write(&outside, "## a\n- Blockers: waits\n").unwrap();
    let link = world.context.paths.workspace.join("link.md");
    std::os::unix::fs::symlink(&outside, &link).unwrap();
    let inside = world.context.paths.workspace.join("blocked.md");
    fs::copy(&outside, &inside).unwrap();
    let messages = vec![Message::new("a".parse().unwrap(), "run the tests")];
    let verified = |path: &Path| {
        let list = List { checkpoint: Some(path.display().to_string()), messages: messages.clone() };
        let chain = verify(&world.context, &list).unwrap();
        (chain.steps[0].ruling.rule.clone(), chain.warnings.len())
    };
    assert_eq!(verified(&outside), ("ordinary-work".to_owned(), 1));
    assert_eq!(verified(&link), ("ordinary-work".to_owned(), 1));
    assert_eq!(verified(&inside), ("blocked".to_owned(), 0));
    assert_eq!(verified(Path::new("blocked.md")), ("blocked".to_owned(), 0), "as seen from the workspace");
}
