//! The cases, one after the other in two lives of a gateway: a real one takes long to start.

use std::time::Duration;

use ::comeback::gateway::{CallError, Gateway as Connection, Scopes, tools};
use ::comeback::model::{Call, Effect, Risk, SessionKey};
use ::comeback::session::{self, RunStatus, spoken};
use chrono::{SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

use super::subject::{ENDLESS, NOTED, RESUMED, Subject};
use crate::harness::wait;
use crate::people::key;

/// The chat of the cases that end well.
const WELL: i64 = 201;
/// Those whose turns are cut off: in a call, behind a result, before any word.
const IN_A_CALL: i64 = 202;
const BEHIND_A_RESULT: i64 = 203;
const AT_FIRST: i64 = 204;
/// Whose turn had ended, and left a command behind.
const IN_THE_BACKGROUND: i64 = 205;
const SOON: Duration = Duration::from_secs(60);

pub fn all(subject: &mut dyn Subject) {
    subject.start();
    subject.say(WELL, "hello");
    wait_for(subject, WELL, NOTED, 1);
    hello_and_scopes(subject);
    let mut gateway = subject.connect(Scopes::TALK);
    a_turn_is_run_once_for_a_key(subject, &mut gateway);
    what_comes_to_a_busy_session_waits(subject, &mut gateway);
    a_notice_is_mirrored(subject, &mut gateway);
    rows_and_messages_are_as_the_readers_expect(&mut gateway);
    jobs_are_kept_and_run(subject);
    turns_are_cut_off(subject, &mut gateway);
    tools_and_configuration_are_told(subject);
    subject.sigkill();
    the_disk_tells_of_the_cuts(subject);
    subject.start();
    let mut gateway = subject.connect(Scopes::TALK);
    native_recovery_does_what_it_does(subject, &mut gateway);
    a_key_of_an_earlier_life(subject, &mut gateway);
}

fn is_new(subject: &dyn Subject) -> bool {
    subject.version() == "2026.9.6"
}

fn wait_for(subject: &dyn Subject, chat: i64, text: &str, times: usize) {
    let count = || subject.sent(chat).iter().filter(|sent| sent.as_str() == text).count();
    let found = wait::poll(SOON, || (count() >= times).then_some(()));
    assert!(found.is_some() && count() == times, "{times} × {text:?}: {:?}", subject.sent(chat));
}

/// Returns the code, the finer code and the sentence of a refusal.
fn refusal(answer: Result<Value, CallError>) -> (String, Option<String>, String) {
    let error = answer.unwrap_err();
    let refusal = error.refusal().unwrap_or_else(|| panic!("{error}"));
    (refusal.code.clone(), refusal.detail.clone(), refusal.message.clone())
}

fn hello_and_scopes(subject: &dyn Subject) {
    let mut admin = subject.connect(Scopes::ADMIN);
    let hello = admin.hello().unwrap().clone();
    assert_eq!((hello.version.clone(), hello.boot_id.is_some()), (subject.version(), is_new(subject)));
    assert_eq!(
        hello.state_dir.map(|dir| dir.canonicalize().unwrap()),
        subject.state_dir().canonicalize().ok()
    );
    assert_eq!(hello.default_agent.as_deref(), Some("main"));
    assert_eq!(hello.main_session_key.as_deref(), Some("agent:main:main"));
    assert_eq!(hello.methods.contains("openclaw.chat"), is_new(subject));
    let mut talk = subject.connect(Scopes::TALK);
    assert_eq!(talk.hello().unwrap().state_dir, None, "told to admins only");
    let missing =
        if is_new(subject) { ("FORBIDDEN", Some("MISSING_SCOPE")) } else { ("INVALID_REQUEST", None) };
    let params =
        [("cron.add", json!({"name": "x"})), ("gateway.restart.request", json!({})), ("no.such", json!({}))];
    for (method, params) in params {
        assert!(method == "no.such" || hello.methods.contains(method), "{method}");
        let (code, detail, message) = refusal(talk.call(method, &params));
        assert_eq!((code.as_str(), detail.as_deref()), missing, "{method}");
        assert_eq!(message, "missing scope: operator.admin", "{method}");
    }
    let (code, _, message) = refusal(admin.call("no.such", &json!({})));
    assert_eq!((code.as_str(), message.as_str()), ("INVALID_REQUEST", "unknown method: no.such"));
}

fn tools_and_configuration_are_told(subject: &dyn Subject) {
    let (mut admin, mut talk) = (subject.connect(Scopes::ADMIN), subject.connect(Scopes::TALK));
    let known = tools::of(&mut talk, &key(WELL).parse().unwrap()).unwrap();
    let tool = |new, old| if is_new(subject) { new } else { old };
    let schedule = tool(tools::Schedule::Automations, tools::Schedule::Cron);
    let session = |chat| json!({"sessionKey": key(chat)});
    let unknown = tools::of(&mut talk, &key(404).parse().unwrap()).unwrap();
    assert_eq!((known.message, unknown.schedule), (true, Some(schedule)));
    let (_, _, message) = refusal(talk.call("tools.effective", &session(404)));
    assert_eq!(message, format!("unknown session key {:?}", key(404)));
    assert_eq!(admin.call("config.get", &json!({})).unwrap()["valid"], true);
    let notice =
        json!({"channel": "telegram", "to": "404", "message": "x", "idempotencyKey": "behind-tools"});
    talk.call("send", &notice).unwrap();
    assert_eq!(history(&mut talk, 404).len(), 1, "a session was made for the mirror");
}

fn agent(chat: i64, message: &str, run: &str) -> Value {
    json!({"message": message, "sessionKey": key(chat), "idempotencyKey": run, "deliver": true,
        "channel": "telegram", "to": chat.to_string(), "bestEffortDeliver": true})
}

fn followed(gateway: &mut Connection, run: &str, patience: u64) -> Value {
    let params = json!({"runId": run, "timeoutMs": patience});
    gateway.call_within("agent.wait", &params, SOON).unwrap()["status"].clone()
}

fn a_turn_is_run_once_for_a_key(subject: &dyn Subject, gateway: &mut Connection) {
    let params = agent(WELL, "run it", "key-1");
    let first = gateway.call("agent", &params).unwrap();
    assert_eq!((&first["runId"], &first["status"]), (&json!("key-1"), &json!("accepted")));
    assert_eq!(first["sessionKey"], key(WELL));
    let meanwhile = gateway.call("agent", &params).unwrap();
    assert_eq!(meanwhile["runId"], "key-1");
    assert_eq!(followed(gateway, "key-1", 30_000), "ok");
    wait_for(subject, WELL, "out", 1);
    wait::until("the first run's result", SOON, || {
        let again = gateway.call("agent", &params).unwrap();
        assert_eq!(again["runId"], "key-1");
        (again["status"] == "ok").then_some(())
    });
    assert_eq!(followed(gateway, "key-1", 1), "ok");
    assert_eq!(subject.runs(), 1);
    assert_eq!(followed(gateway, "nobody's", 200), "timeout");
    let (code, _, message) =
        refusal(gateway.call("agent", &json!({"message": "x", "sessionKey": key(WELL)})));
    assert_eq!(code, "INVALID_REQUEST");
    assert_eq!(message, "invalid agent params: must have required property 'idempotencyKey'");
}

fn status(gateway: &mut Connection, chat: i64) -> Value {
    gateway.call("sessions.describe", &json!({"key": key(chat)})).unwrap()["session"].clone()
}

fn listed(gateway: &mut Connection, chat: i64) -> Value {
    let answer = gateway.call("sessions.list", &json!({"limit": 200, "offset": 0})).unwrap();
    assert_eq!(answer["hasMore"], false);
    answer["sessions"].as_array().unwrap().iter().find(|row| row["key"] == key(chat)).unwrap().clone()
}

fn what_comes_to_a_busy_session_waits(subject: &dyn Subject, gateway: &mut Connection) {
    gateway.call("agent", &agent(WELL, "take your time", "key-2")).unwrap();
    wait::until("a turn under way", SOON, || (status(gateway, WELL)["status"] == "running").then_some(()));
    let row = status(gateway, WELL);
    assert_eq!(
        (&row["hasActiveRun"], &row["endedAt"], &row["abortedLastRun"]),
        (&json!(null), &json!(null), &json!(false))
    );
    assert_eq!(listed(gateway, WELL)["hasActiveRun"], true, "only the list tells of a run under way");
    gateway.call("agent", &agent(WELL, "and this", "key-3")).unwrap();
    assert_eq!(followed(gateway, "key-3", 300), "timeout");
    assert_eq!(followed(gateway, "key-2", 30_000), "ok");
    assert_eq!(followed(gateway, "key-3", 30_000), "ok");
    wait_for(subject, WELL, "slept", 1);
    wait_for(subject, WELL, NOTED, 2);
    let sent = subject.sent(WELL);
    assert_eq!(sent[sent.len() - 2..], ["slept", NOTED]);
}

fn a_notice_is_mirrored(subject: &dyn Subject, gateway: &mut Connection) {
    let notice = json!({"channel": "telegram", "to": WELL.to_string(), "message": "A notice.", "idempotencyKey": "notice"});
    let first = gateway.call("send", &notice).unwrap();
    let again = gateway.call("send", &notice).unwrap();
    assert_eq!((&first["messageId"], &first["runId"]), (&again["messageId"], &json!("notice")));
    wait_for(subject, WELL, "A notice.", 1);
    let (_, _, message) = refusal(
        gateway
            .call("send", &json!({"channel": "nowhere", "to": "1", "message": "x", "idempotencyKey": "n"})),
    );
    assert_eq!(message, "unsupported channel: nowhere");
    let mirrored = history(gateway, WELL).pop().unwrap();
    assert_eq!(mirrored["content"], json!([{"type": "text", "text": "A notice."}]));
    assert_eq!((&mirrored["role"], &mirrored["model"]), (&json!("assistant"), &json!("delivery-mirror")));
}

fn history(gateway: &mut Connection, chat: i64) -> Vec<Value> {
    let answer = gateway.call("chat.history", &json!({"sessionKey": key(chat), "limit": 40})).unwrap();
    answer["messages"].as_array().unwrap().clone()
}

fn rows_and_messages_are_as_the_readers_expect(gateway: &mut Connection) {
    let described = status(gateway, WELL);
    let row = &listed(gateway, WELL);
    assert_eq!((&row["hasActiveRun"], &row["status"]), (&json!(false), &json!("done")));
    for row in [row, &described] {
        assert_eq!(
            row["deliveryContext"],
            json!({"channel": "telegram", "to": format!("telegram:{WELL}"), "accountId": "default"})
        );
        assert!(
            row["startedAt"].as_i64() <= row["endedAt"].as_i64()
                && row["endedAt"].as_i64() <= row["updatedAt"].as_i64()
        );
        assert!(
            row["sessionId"].is_string() && row["sessionFile"].is_null() && row["delivery"].is_null(),
            "{row}"
        );
    }
    assert!(status(gateway, 404).is_null());
    assert_eq!(history(gateway, 404), Vec::<Value>::new());
    let messages = history(gateway, WELL);
    let run: Vec<_> = messages.iter().skip_while(|one| !one.to_string().contains("run it")).take(4).collect();
    let [asked, called, result, said] = run[..] else { panic!("{messages:?}") };
    let words = if asked["content"].is_string() { &asked["content"] } else { &asked["content"][0]["text"] };
    assert_eq!((&asked["role"], words), (&json!("user"), &json!("run it")));
    assert_eq!(
        (&called["stopReason"], &called["content"][0]["type"]),
        (&json!("toolUse"), &json!("toolCall"))
    );
    assert_eq!(result["toolCallId"], called["content"][0]["id"]);
    assert_eq!(
        (&result["role"], &result["toolName"], &result["isError"]),
        (&json!("toolResult"), &json!("exec"), &json!(false))
    );
    assert_eq!((&result["content"][0]["text"], &result["details"]), (&json!("out"), &json!(null)));
    assert_eq!((&said["stopReason"], &said["content"][0]["text"]), (&json!("stop"), &json!("out")));
    let of = |message: &Value| {
        (message["__openclaw"]["id"].is_string(), message["__openclaw"]["recordTimestampMs"].is_i64())
    };
    assert!(messages.iter().all(|message| of(message) == (true, true)), "{messages:?}");
}

fn job(at: TimeDelta) -> Value {
    let at = (Utc::now() + at).to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({"name": "way-back", "enabled": true, "deleteAfterRun": true, "schedule": {"kind": "at", "at": at},
        "agentId": "main", "sessionKey": key(WELL), "sessionTarget": format!("session:{}", key(WELL)), "wakeMode": "now",
        "payload": {"kind": "agentTurn", "message": "take your time"},
        "delivery": {"mode": "announce", "channel": "telegram", "to": WELL.to_string(), "bestEffort": true}})
}

fn jobs(admin: &mut Connection) -> Vec<Value> {
    let listed =
        admin.call("cron.list", &json!({"includeDisabled": true, "limit": 100, "offset": 0})).unwrap();
    assert_eq!(listed["nextOffset"], json!(null));
    // 2026.9.6 has jobs of its own.
    listed["jobs"].as_array().unwrap().iter().filter(|job| job["name"] == "way-back").cloned().collect()
}

fn jobs_are_kept_and_run(subject: &dyn Subject) {
    let mut admin = subject.connect(Scopes::ADMIN);
    let wanted = job(TimeDelta::hours(1));
    let added = admin.call("cron.add", &wanted).unwrap();
    let id = json!({"id": added["id"]});
    for kept in [jobs(&mut admin).pop().unwrap(), admin.call("cron.get", &id).unwrap()] {
        assert_eq!(kept["id"], added["id"]);
        for field in
            ["name", "enabled", "deleteAfterRun", "schedule", "sessionKey", "sessionTarget", "delivery"]
        {
            assert_eq!(kept[field], wanted[field], "{field}");
        }
        assert_eq!(kept["payload"]["message"], wanted["payload"]["message"]);
        assert!(kept["state"]["runningAtMs"].is_null() && kept["state"]["nextRunAtMs"].is_i64(), "{kept}");
    }
    assert_eq!(admin.call("cron.remove", &id).unwrap()["removed"], true);
    for method in ["cron.remove", "cron.get"] {
        let (code, detail, message) = refusal(admin.call(method, &id));
        assert_eq!((code.as_str(), detail.is_some()), ("INVALID_REQUEST", is_new(subject)));
        assert!(message.contains("not found"), "{message}");
    }
    let (_, _, message) = refusal(admin.call("cron.add", &job(-TimeDelta::hours(1))));
    assert!(message.starts_with("schedule.at is in the past: "), "{message}");
    let (_, _, message) = refusal(admin.call("cron.add", &json!({"name": "x"})));
    assert_eq!(message, "invalid cron.add params: must have required property 'schedule'");

    admin.call("cron.add", &job(TimeDelta::seconds(2))).unwrap();
    wait::until("the job to run", SOON, || {
        jobs(&mut admin).first().filter(|job| job["state"]["runningAtMs"].is_i64()).map(drop)
    });
    wait_for(subject, WELL, "slept", 2);
    wait::until("the job to go", SOON, || jobs(&mut admin).is_empty().then_some(()));
    // On 2026.9.6 a job's message is shown as if the agent had said it.
    let shown = history(&mut admin, WELL);
    let opened = shown.iter().rfind(|message| message.to_string().contains("take your time")).unwrap();
    let (role, prefixed) = if is_new(subject) { ("assistant", false) } else { ("user", true) };
    let text = opened["content"].as_str().or(opened["content"][0]["text"].as_str()).unwrap();
    assert_eq!((&opened["role"], text.starts_with("[cron:")), (&json!(role), prefixed), "{opened}");
    assert_eq!(opened["provenance"]["sourceTool"] == "cron", is_new(subject));
}

fn turns_are_cut_off(subject: &dyn Subject, gateway: &mut Connection) {
    subject.say(IN_A_CALL, "never end");
    subject.say(BEHIND_A_RESULT, "run it and hang");
    subject.say(AT_FIRST, "say nothing");
    subject.say(IN_THE_BACKGROUND, "begin it in the background");
    let roles = |gateway: &mut Connection, chat| -> Vec<Value> {
        history(gateway, chat).iter().map(|message| message["role"].clone()).collect()
    };
    wait::until("a call", SOON, || (roles(gateway, IN_A_CALL).len() == 2).then_some(()));
    wait::until("a result", SOON, || (roles(gateway, BEHIND_A_RESULT).len() == 3).then_some(()));
    wait::until("a turn's end", SOON, || {
        (status(gateway, IN_THE_BACKGROUND)["status"] == "done").then_some(())
    });
    wait::until("its reply", SOON, || {
        subject.sent(IN_THE_BACKGROUND).iter().any(|sent| sent.contains("still running")).then_some(())
    });
    wait::until("a turn's begin", SOON, || (status(gateway, AT_FIRST)["status"] == "running").then_some(()));
    if is_new(subject) {
        assert_eq!(roles(gateway, AT_FIRST), ["user"]);
    } else {
        assert_eq!(roles(gateway, AT_FIRST), Vec::<Value>::new(), "written with the agent's first word");
    }
    // What is written after the last answer of all.
    std::thread::sleep(Duration::from_secs(2));
}

/// Tells of a session as its files do: its row, who holds it, and its cuts.
fn told(session: &session::Evidence) -> String {
    let describe = |tool: &str, arguments: &Value, outcome| Call {
        tool: tool.to_owned(),
        summary: arguments["command"].as_str().unwrap_or_default().to_owned(),
        effect: Effect::Unknown,
        risk: Risk::High,
        outcome,
        replies: false,
    };
    let history = session.history.as_ref().unwrap();
    assert_eq!(history.damages.sentences().count(), 0);
    let cuts = session::cuts(&session.agent, &session.row, history, &describe);
    let cuts: Vec<String> = cuts
        .iter()
        .map(|cut| {
            let by = cut.opened_by.as_ref().map_or("nobody", |entry| spoken(&entry.text));
            let calls: Vec<_> =
                cut.calls.iter().map(|call| format!("{} {:?}", call.summary, call.outcome)).collect();
            let command =
                cut.command.as_ref().map(|command| command.pid.is_some() && !command.name.is_empty());
            format!("{:?} by {by:?} {calls:?} {command:?}", cut.phase)
        })
        .collect();
    let status = match session.row.status {
        Some(RunStatus::Running) => "running",
        Some(RunStatus::Failed) => "failed",
        Some(RunStatus::Ended) => "ended",
        None => "unsaid",
    };
    let writer = session.writer.map(|writer| writer.alive);
    format!("{status} {} {writer:?}: {}", session.row.aborted, cuts.join("; "))
}

fn the_disk_tells_of_the_cuts(subject: &dyn Subject) {
    let read = || session::read_all(&subject.state_dir(), &subject.config()).unwrap();
    let told_in = |sessions: &[session::Evidence], chat| {
        let key: SessionKey = key(chat).parse().unwrap();
        told(sessions.iter().find(|session| session.key == key).unwrap())
    };
    if is_new(subject) {
        wait::until("the end of the command, a moment after the gateway's", SOON, || {
            told_in(&read().1, IN_THE_BACKGROUND).contains("Command").then_some(())
        });
    }
    let (stores, sessions) = read();
    assert_eq!(stores.len(), 1);
    assert_eq!(stores[0].warnings, Vec::<String>::new());
    let told = |chat| told_in(&sessions, chat);
    let dead = if is_new(subject) { "None" } else { "Some(false)" };
    let first = if is_new(subject) { r#""say nothing""# } else { r#""nobody""# };
    assert_eq!(told(WELL), "ended false None: ");
    assert_eq!(
        told(IN_A_CALL),
        format!(r#"running false {dead}: ToolCall by "never end" ["{ENDLESS} Unknown"] None"#)
    );
    assert_eq!(
        told(BEHIND_A_RESULT),
        format!(
            r#"running false {dead}: ToolResult by "run it and hang" ["echo ran >> ran.txt; echo out Done"] None"#
        )
    );
    assert_eq!(told(AT_FIRST), format!("running false {dead}: Message by {first} [] None"));
    // Up to 2026.7 commands outlive the gateway: one that runs is no orphan.
    let orphan = format!(r#"Command by "begin it in the background" ["{ENDLESS} Unknown"] Some(true)"#);
    let orphan = if is_new(subject) { &orphan } else { "" };
    assert_eq!(told(IN_THE_BACKGROUND), format!("ended false None: {orphan}"));
    // One more was made by a notice.
    assert_eq!((stores[0].sessions.as_ref().ok(), sessions.len()), (Some(&6), 6));
    let routed = sessions.iter().filter(|session| session.row.route.is_some()).count();
    assert_eq!(routed, if is_new(subject) { 6 } else { 5 }, "{sessions:#?}");
    assert_eq!(subject.runs(), 2);
}

/// What native recovery makes of each cut: how its row stands, what its chat hears.
fn native_recovery_does_what_it_does(subject: &dyn Subject, gateway: &mut Connection) {
    let row = status(gateway, IN_A_CALL);
    // Seen late, on a machine that is busy, a turn that native recovery resumes has no mark any more.
    let is_marked = row["abortedLastRun"] == true || is_new(subject);
    assert!(row["status"] == "running" && is_marked, "at first: {row}");
    let version = subject.version();
    for chat in [IN_A_CALL, BEHIND_A_RESULT, AT_FIRST] {
        let resumed = is_new(subject) || chat == BEHIND_A_RESULT;
        let expected = if resumed { ("done", false) } else { ("failed", true) };
        wait::until(&format!("the end of native recovery in chat {chat}"), SOON, || {
            let row = status(gateway, chat);
            (row["status"] == expected.0 && row["abortedLastRun"] == expected.1).then_some(())
        });
        let heard = resumed && (version != "2026.5.28");
        let count = |text: &str| subject.sent(chat).iter().filter(|sent| sent.contains(text)).count();
        if heard {
            wait_for(subject, chat, RESUMED, 1);
        }
        assert_eq!(count(RESUMED), usize::from(heard), "{:?}", subject.sent(chat));
        let told = wait::poll(Duration::from_secs(5), || {
            (count("Please send that last request again") == usize::from(!resumed)).then_some(())
        });
        assert!(told.is_some(), "chat {chat}: {:?}", subject.sent(chat));
        assert_eq!(
            count("continuing your interrupted request") > 0,
            is_new(subject),
            "{:?}",
            subject.sent(chat)
        );
    }
    assert_eq!(subject.runs(), 2);
    assert_eq!(status(gateway, IN_THE_BACKGROUND)["status"], "done", "nobody cares for its command");
}

fn a_key_of_an_earlier_life(subject: &dyn Subject, gateway: &mut Connection) {
    let answer = gateway.call("agent", &agent(WELL, "run it", "key-1")).unwrap();
    assert_eq!(answer["status"], "accepted", "on all of them");
    // 2026.9.6 finds the key in the transcript, and ends the run with an error that the chat is told of.
    let (outcome, runs) = if is_new(subject) { ("error", 2) } else { ("ok", 3) };
    assert_eq!(followed(gateway, "key-1", 30_000), outcome);
    assert_eq!(subject.runs(), runs);
    let row = if is_new(subject) { "failed" } else { "done" };
    wait::until("the row", SOON, || (status(gateway, WELL)["status"] == row).then_some(()));
    let failed = |sent: &String| sent.contains("Agent run failed");
    assert_eq!(subject.sent(WELL).iter().filter(|sent| failed(sent)).count(), usize::from(is_new(subject)));
}
