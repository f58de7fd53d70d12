//! Recoveries from what a crash left: session files of an earlier life of the gateway.

use std::path::Path;

use chrono::SecondsFormat;

use super::*;
use crate::session::fake::Story;

/// A gateway that stopped half an hour ago and has come back.
pub(super) fn crashed() -> World {
    World::empty(Gateway::default())
}

/// When the gateway stopped.
pub(super) fn stop() -> DateTime<Utc> {
    Utc::now() - TimeDelta::minutes(30)
}

impl World {
    /// Leaves a session behind in its files; the last record was written as the gateway stopped.
    pub(super) fn leave(&self, key: &str, story: &Story, row: &Value) {
        let folder = self.dir.path().join("agents/main/sessions");
        fs::create_dir_all(&folder).unwrap();
        let id = key.replace(':', "-");
        let mut records = story.records.clone();
        let last = records.len();
        for (at, record) in records.iter_mut().enumerate() {
            let back = i32::try_from(last - at).unwrap();
            let time = stop() - TimeDelta::seconds(1) * back;
            record["timestamp"] = json!(time.to_rfc3339_opts(SecondsFormat::Millis, true));
            if let Some(began) = record.pointer_mut("/message/details/startedAt") {
                *began = json!(time.timestamp_millis());
            }
        }
        let lines: String = records.iter().flat_map(|record| [record.to_string(), "\n".to_owned()]).collect();
        fs::write(folder.join(format!("{id}.jsonl")), lines).unwrap();
        let began = (stop() - TimeDelta::minutes(1)).timestamp_millis();
        let mut whole = json!({"key": key, "sessionId": id, "startedAt": began, "updatedAt": began,
            "sessionStartedAt": Utc::now().timestamp_millis(),
            "deliveryContext": {"channel": "telegram", "to": key.rsplit(':').next()}});
        whole.as_object_mut().unwrap().extend(row.as_object().unwrap().clone());
        let rows = self.gateway(|gateway| {
            gateway.rows.insert(key.to_owned(), whole);
            json!(gateway.rows)
        });
        fs::write(folder.join("sessions.json"), rows.to_string()).unwrap();
    }

    pub(super) fn states(&self) -> Vec<(String, ItemState)> {
        self.recover(false).1
    }

    /// The messages that agents were sent, and those that chats were.
    pub(super) fn sent(&self) -> (Vec<Value>, Vec<Value>) {
        let of = |asked: &[(String, Value)], method: &str| {
            asked.iter().filter(|(called, _)| called == method).map(|(_, params)| params.clone()).collect()
        };
        self.gateway(|gateway| (of(&gateway.asked, "agent"), of(&gateway.asked, "send")))
    }

    /// The gateway dies and comes back; what agents were sent stands in their transcripts, and was answered.
    pub(super) fn next_boot(&self, name: &'static str) {
        self.gateway(|gateway| gateway.boot = name);
        for sent in self.sent().0 {
            let key = sent["sessionKey"].as_str().unwrap();
            let file = self.dir.path().join(format!("agents/main/sessions/{}.jsonl", key.replace(':', "-")));
            let Ok(text) = fs::read_to_string(&file) else { continue };
            if text.contains(sent["idempotencyKey"].as_str().unwrap()) {
                continue;
            }
            let record = |id: &str, message: &Value| {
                json!({"type": "message", "id": id, "timestamp": Utc::now(), "message": message}).to_string()
                    + "\n"
            };
            let message = record("own", &json!({"role": "user", "content": sent["message"]}));
            let answer =
                json!({"role": "assistant", "stopReason": "stop", "content": "done", "model": "mock"});
            fs::write(&file, text + &message + &record("answer", &answer)).unwrap();
        }
    }
}

/// Native recovery has given up on it.
pub(super) fn given_up() -> Value {
    json!({"status": "failed", "abortedLastRun": true})
}

pub(super) fn reading() -> Story {
    Story::new().user("u1", "how long is the report?").calls_tool(
        "a1",
        "c1",
        "read",
        &json!({"path": "report.md"}),
    )
}

pub(super) fn deleting() -> Story {
    Story::new().user("u1", "clean up").calls_tool("a1", "c1", "exec", &json!({"command": "rm -rf build"}))
}

pub(super) fn only(key: &str, state: ItemState) -> Vec<(String, ItemState)> {
    vec![(key.to_owned(), state)]
}

#[test]
fn a_call_that_only_reads_is_made_again_once() {
    let world = crashed();
    world.leave(FIRST, &reading(), &given_up());
    assert_eq!(world.recover(false), (Outcome::Recovered, only(FIRST, ItemState::Resumed)));
    let (turns, told) = world.sent();
    assert_eq!((turns.len(), told.len()), (1, 0), "the answer is news enough");
    let message = turns[0]["message"].as_str().unwrap();
    assert!(
        message.contains("result of your last call was lost") && message.contains("report.md"),
        "{message}"
    );
    assert_eq!((&turns[0]["deliver"], &turns[0]["to"]), (&json!(true), &json!("78")));
    assert!(message.contains(turns[0]["idempotencyKey"].as_str().unwrap()));
    assert_eq!(world.recover(false), (Outcome::Nothing, Vec::new()));
    world.next_boot("later");
    assert_eq!(world.recover(false), (Outcome::Nothing, Vec::new()), "the cut is the same in every boot");
    assert_eq!(world.sent().0.len(), 1);
}

/// That of a gateway whose `session.scope` is `global`.
#[test]
fn the_one_session_of_all_chats_is_resumed_as_any_other() {
    let world = crashed();
    world.leave("global", &reading(), &given_up());
    assert_eq!(world.recover(false), (Outcome::Recovered, only("global", ItemState::Resumed)));
    let (turns, _) = world.sent();
    assert_eq!((&turns[0]["sessionKey"], &turns[0]["deliver"]), (&json!("global"), &json!(true)));
    world.next_boot("later");
    assert_eq!(world.recover(false), (Outcome::Nothing, Vec::new()));
}

/// The same with two agents, on a gateway that takes the key for the default agent's.
#[test]
fn the_one_session_of_another_agents_chats_gets_nothing_and_its_user_is_told_once() {
    let world = crashed();
    let config = world.dir.path().join("openclaw.json");
    let mut settings: Value = serde_json::from_str(&fs::read_to_string(&config).unwrap()).unwrap();
    settings["session"] = json!({"scope": "global"});
    settings["agents"] = json!({"list": [{"id": "main"}, {"id": "work"}]});
    fs::write(&config, settings.to_string()).unwrap();
    world.leave("global", &reading(), &given_up());
    let agents = world.dir.path().join("agents");
    fs::create_dir_all(agents.join("work")).unwrap();
    fs::rename(agents.join("main/sessions"), agents.join("work/sessions")).unwrap();
    assert_eq!(world.states(), only("agent:work:main", ItemState::Skipped));
    let (turns, told) = world.sent();
    assert_eq!((turns.len(), told.len()), (0, 1));
    let message = told[0]["message"].as_str().unwrap();
    assert!(message.contains("shows another agent's session in its place"), "{message}");
    world.next_boot("later");
    assert_eq!(world.recover(false), (Outcome::Nothing, Vec::new()));
    // The default agent's is another session.
    world.leave("global", &reading(), &given_up());
    assert_eq!(world.recover(false), (Outcome::Recovered, only("global", ItemState::Resumed)));
    // Another's turn has begun since, by a row that is both's: nobody can tell whether this one had ended.
    world.next_boot("at last");
    let began = (stop() + TimeDelta::seconds(5)).timestamp_millis();
    world.leave("global", &deleting(), &json!({"status": "done", "startedAt": began, "endedAt": began}));
    assert_eq!(world.states(), only("global", ItemState::Held));
}

#[test]
fn what_may_have_happened_is_held_and_its_chat_is_asked_once() {
    let world = crashed();
    world.leave(FIRST, &deleting(), &given_up());
    assert_eq!(world.states(), only(FIRST, ItemState::Held));
    assert_eq!(world.states(), only(FIRST, ItemState::Held));
    world.next_boot("later");
    assert_eq!(world.states(), only(FIRST, ItemState::Held));
    let (turns, told) = world.sent();
    let code = Ledger::read(&world.context().paths.ledger()).unwrap().held()[0].key.code();
    assert_eq!((turns.len(), told.len(), &told[0]["to"]), (0, 1, &json!("78")));
    assert!(told[0]["message"].as_str().unwrap().contains(&code), "{}", told[0]["message"]);
    let sent =
        confirm(&world.context(), &Chosen::Codes(vec![code]), Word::Confirm, &Person::Unnamed).unwrap();
    assert_eq!(sent[0].state, AnswerState::Sent);
    let message = world.sent().0[0]["message"].clone();
    assert!(message.as_str().unwrap().contains("First verify the current state"), "{message}");
    assert_eq!(world.recover(false), (Outcome::Nothing, Vec::new()));
}

#[test]
fn a_policy_may_have_the_agent_find_out_by_itself() {
    let world = crashed();
    fs::create_dir_all(world.context().paths.own()).unwrap();
    fs::write(world.context().paths.policy(), "verifyFirst: true\n").unwrap();
    world.leave(FIRST, &deleting(), &given_up());
    assert_eq!(world.states(), only(FIRST, ItemState::Resumed));
    assert!(world.sent().0[0]["message"].as_str().unwrap().contains("First verify the current state"));
}

#[test]
fn a_block_and_a_cut_of_one_session_are_one_effect() {
    let world = crashed();
    world.leave(FIRST, &reading(), &given_up());
    world.leave(SECOND, &deleting(), &given_up());
    world.prepare("run the tests");
    let (outcome, items) = world.recover(false);
    assert_eq!(
        (outcome, &items[1].1, &items[2].1),
        (Outcome::Recovered, &ItemState::Resumed, &ItemState::Held)
    );
    let count = world.sent().0.len();
    let code = Ledger::read(&world.context().paths.ledger()).unwrap().held()[0].key.code();
    // The checkpoint is used up, and a later boot sees the cuts alone.
    world.next_boot("later");
    let request =
        RecoverRequest { trigger: Trigger::Startup, wait_gateway: false, wait: false, dry_run: false };
    let report = recover(&world.context(), request).unwrap();
    let states: Vec<_> = report.items.iter().map(|one| (one.item.session_key.as_str(), &one.state)).collect();
    assert_eq!(states, [(SECOND, &ItemState::Held)]);
    assert_eq!((report.items[0].item.key.code(), world.sent().0.len()), (code, count));
}

#[test]
fn a_session_that_keeps_killing_the_gateway_is_left_alone() {
    let world = crashed();
    let resumed = |world: &World| {
        let mut story = reading();
        for (at, sent) in world.sent().0.iter().enumerate() {
            let (message, call) = (format!("r{at}"), format!("d{at}"));
            story = story.user(&message, sent["message"].as_str().unwrap()).calls_tool(
                &format!("s{at}"),
                &call,
                "read",
                &json!({"path": "x"}),
            );
        }
        story
    };
    for boot in ["one", "two"] {
        world.next_boot(boot);
        world.leave(FIRST, &resumed(&world), &given_up());
        assert_eq!(world.states(), only(FIRST, ItemState::Resumed), "{boot}");
    }
    world.next_boot("three");
    world.leave(FIRST, &resumed(&world), &given_up());
    assert_eq!(world.states(), only(FIRST, ItemState::Held));
    let held = Ledger::read(&world.context().paths.ledger()).unwrap().held()[0].clone();
    assert_eq!(held.rule, "quarantined");
    assert_eq!(world.sent().0.len(), 2);
}

/// Native recovery takes a session up, and says this in its transcript.
pub(super) fn take_up(gateway: &mut Gateway, dir: &Path, key: &str, says: &[Value]) {
    let row = gateway.rows.get_mut(key).unwrap();
    row["hasActiveRun"] = json!(true);
    row["startedAt"] = json!(Utc::now().timestamp_millis());
    let sessions = dir.join("agents/main/sessions");
    fs::write(sessions.join("sessions.json"), json!(gateway.rows).to_string()).unwrap();
    let resumes = json!({"role": "user", "content": "[System] Your previous turn was interrupted by a gateway restart."});
    let file = sessions.join(format!("{}.jsonl", key.replace(':', "-")));
    let mut lines = fs::read_to_string(&file).unwrap();
    for (at, message) in std::iter::once(&resumes).chain(says).enumerate() {
        let record =
            json!({"type": "message", "id": format!("n{at}"), "timestamp": Utc::now(), "message": message});
        lines += &(record.to_string() + "\n");
    }
    fs::write(&file, lines).unwrap();
}

#[test]
fn native_recovery_is_waited_for_in_its_own_sessions_only() {
    let world = crashed();
    let route = json!({"channel": "telegram", "to": "78"});
    let undecided =
        json!({"status": "running", "abortedLastRun": true, "restartRecoveryDeliveryContext": route});
    world.leave(FIRST, &reading(), &undecided);
    world.leave(SECOND, &reading(), &given_up());
    let (gateway, dir) = (Arc::clone(&world.gateway), world.dir.path().to_owned());
    let native = std::thread::spawn(move || {
        // It decides about the one when the other has been resumed.
        while gateway.lock().unwrap().count("agent") == 0 {
            std::thread::sleep(Duration::from_millis(20));
        }
        take_up(&mut gateway.lock().unwrap(), &dir, FIRST, &[]);
    });
    assert_eq!(world.states(), only(SECOND, ItemState::Resumed));
    native.join().unwrap();
    assert_eq!(world.sent().0.len(), 1, "what native recovery took is left to it");
}

#[test]
fn after_a_wake_only_what_is_really_dead_counts() {
    let world = crashed();
    world.leave(FIRST, &reading(), &json!({"status": "running"}));
    world.leave(SECOND, &reading(), &json!({"status": "running", "hasActiveRun": true}));
    let report = world.recover_by(Trigger::Wake);
    let states: Vec<_> = report.items.iter().map(|one| (one.item.session_key.as_str(), &one.state)).collect();
    assert_eq!(states, [(FIRST, &ItemState::Resumed)]);
    assert_eq!(world.recover_by(Trigger::Wake).outcome, Outcome::Nothing);
    assert_eq!(world.sent().0.len(), 1);
}

#[test]
fn where_the_gateway_would_begin_a_new_session_it_is_held() {
    let world = crashed();
    let yesterday = (Utc::now() - TimeDelta::hours(25)).timestamp_millis();
    let mut row = given_up();
    row["sessionStartedAt"] = json!(yesterday);
    world.leave(FIRST, &reading(), &row);
    assert_eq!(world.states(), only(FIRST, ItemState::Held));
    assert_eq!(Ledger::read(&world.context().paths.ledger()).unwrap().held()[0].rule, "expired");
}

#[test]
fn no_more_than_the_policy_allows_go_out_in_one_boot() {
    let world = crashed();
    let key = |n: usize| format!("agent:main:telegram:direct:{n}");
    for n in 0..12 {
        world.leave(&key(n), &reading(), &given_up());
    }
    let count = |world: &World| {
        let states = world.states();
        let of = |wanted: &ItemState| states.iter().filter(|(_, state)| state == wanted).count();
        (of(&ItemState::Resumed), of(&ItemState::Held))
    };
    assert_eq!(count(&world), (10, 2));
    world.leave(&key(12), &reading(), &given_up());
    assert_eq!(count(&world), (0, 3), "those of the first run count");
    assert_eq!(world.sent().0.len(), 10);
}

#[test]
fn the_operator_hears_of_everything_and_a_chat_of_what_is_held_there() {
    let world = crashed();
    fs::create_dir_all(world.context().paths.own()).unwrap();
    fs::write(world.context().paths.policy(), format!("operator: {CALLER}\n")).unwrap();
    world.leave(CALLER, &Story::new().user("u1", "hello").answers("a1"), &json!({"status": "done"}));
    world.leave(FIRST, &reading(), &given_up());
    world.leave(SECOND, &deleting(), &given_up());
    world.states();
    world.states();
    let told: Vec<_> =
        world.sent().1.iter().map(|told| (told["to"].clone(), told["message"].clone())).collect();
    assert_eq!(told.iter().map(|(to, _)| to.as_str().unwrap()).collect::<Vec<_>>(), ["77", "79"], "{told:?}");
    let says = |at: usize, what: &str| told[at].1.as_str().unwrap().contains(what);
    assert!(says(0, "Resumed (1)") && says(0, "Held (1)") && says(1, "1 held") && !says(1, "Resumed"));
}

#[test]
fn each_way_to_be_cut_off_has_its_message() {
    let told = |story: &Story, row: &Value| {
        let world = crashed();
        world.leave(FIRST, story, row);
        let states = world.states();
        let request = || Ledger::read(&world.context().paths.ledger()).unwrap();
        match states.first() {
            Some((_, ItemState::Resumed)) => world.sent().0[0]["message"].as_str().unwrap().to_owned(),
            Some((_, ItemState::Held)) => format!("held: {}", request().held()[0].message),
            other => panic!("{other:?}"),
        }
    };
    let begun = || Story::new().user("u0", "hello").says("a0", "Shall I send it to the team?", "stop");
    let built = || begun().user("u1", "build it").calls("a1", &["c1"]);
    for (story, row, expected) in [
        (begun().user("u1", "How far are you?"), given_up(), "was never processed"),
        (begun().user("u1", "yes"), given_up(), "held: "),
        (built().result("r1", "c1", json!({})), given_up(), "Go on with the work"),
        (begun().user("u1", "sum up").says("a1", "It is", "aborted"), given_up(), "Go on with the work"),
        (
            begun(),
            json!({"status": "done", "pendingFinalDelivery": true, "pendingFinalDeliveryText": "Twelve pages."}),
            "Twelve pages.",
        ),
    ] {
        let message = told(&story, &row);
        assert!(message.contains(expected), "{expected}: {message}");
    }
}
