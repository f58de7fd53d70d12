//! The people in the chats, the agents that serve them, and what each must have heard in the end.

use std::fs;
use std::time::Duration;

use serde_json::json;

use crate::comeback;
use crate::harness::World;
use crate::harness::model::{Reply, Request};
use crate::harness::wait;

/// Asks for the restart.
pub const ADA: i64 = 101;
/// Has harmless work under way.
pub const BEN: i64 = 102;
/// Never wrote: the gateway knows no such session.
const NOBODY: i64 = 104;
/// Has work that is blocked.
pub const CYD: i64 = 103;
pub const SOON: Duration = Duration::from_secs(60);
/// A job comes due, and a turn begins; one that was missed during the restart is put off by two minutes.
pub const LATER: Duration = Duration::from_secs(240);

/// What the recovery job tells the agent to run.
const JOB: &str = "comeback recover --trigger job";
/// What every resume message ends with.
const RESUME: &str = "Idempotency key: comeback-";

pub fn key(chat: i64) -> String {
    format!("agent:main:telegram:direct:{chat}")
}

pub fn snapshot() -> String {
    let session = |chat, goal, next, blockers| {
        json!({"sessionKey": key(chat), "agentId": "main", "goal": goal, "lastDone": "figures collected",
               "nextStep": next, "blockers": blockers})
    };
    let sessions = [
        session(BEN, "the weekly report", "write the summary of the weekly report", "none"),
        session(CYD, "the invoice", "check the invoice", "waiting for the signature"),
        session(NOBODY, "the minutes", "write the minutes", "none"),
    ];
    json!({ "sessions": sessions }).to_string()
}

/// What Ada's agent runs; `extra` is `--restart` where the operator lets it ask the gateway itself.
fn prepare(extra: &str) -> String {
    format!(
        "comeback prepare --session-key {} --reason 'new model settings' --after 'tell Ada that the settings are \
         active' {extra} - <<'JSON'\n{}\nJSON",
        key(ADA),
        snapshot()
    )
}

/// The agents: they do what the texts tell them, and nothing else.
fn script(
    flags: impl Fn() -> String + Send + Sync + 'static,
) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let said = request.last_user_text();
        let results = unanswered_results(request);
        if results.contains("Checkpoint") {
            return Reply::text("I have asked for the restart.");
        }
        if results.contains("go on with your own work") {
            let remembers = request.remembers("please restart the gateway");
            return Reply::text(if remembers { "The settings are active, Ada." } else { "Who are you?" });
        }
        if results.contains("NO_REPLY") || results.contains("not restarted") {
            return Reply::text("NO_REPLY");
        }
        if !results.is_empty() {
            return Reply::text(format!("The tool said: {results}"));
        }
        if said.contains(JOB) {
            return Reply::exec(JOB);
        }
        if said.contains(RESUME) {
            let remembers = request.remembers("start the weekly report");
            return Reply::text(match () {
                () if request.remembers("please restart the gateway") => "The settings are active, Ada.",
                () if remembers => "The weekly report is done.",
                () if request.remembers("start the invoice") => "The invoice is checked.",
                () => "Nobody should have asked me.",
            });
        }
        if said.contains("please restart the gateway") {
            return Reply::exec(&prepare(&flags()));
        }
        Reply::text("Noted.")
    }
}

/// The results that the model has still to react to. A silent answer leaves no trace in the history: what it reacted to
/// stands there unanswered, in front of our next message; so does the result that a crash left out.
fn unanswered_results(request: &Request) -> String {
    let recent = request.since_last_assistant();
    let is_ours = |text: &str| text.contains(JOB) || text.contains(RESUME);
    let ours = recent.iter().rposition(|message| message.role == "user" && is_ours(&message.text));
    let recent = &recent[ours.unwrap_or_default()..];
    let results = recent.iter().filter(|message| message.role == "tool");
    results.map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// Keeps the job out of the way.
pub fn no_job_yet() -> String {
    "--delay 30m".to_owned()
}

/// A gateway with three conversations, and the program installed.
pub fn three_chats(version: &str, flags: impl Fn() -> String + Send + Sync + 'static) -> World {
    let mut world = World::new(version, script(flags));
    comeback::install(&world);
    let own = world.gateway.state_dir().join("comeback");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("config.yaml"), "allowRestart: true\n").unwrap();
    world.gateway.start();
    world.gateway.wait_ready();
    for (chat, name, text) in [(BEN, "Ben", "start the weekly report"), (CYD, "Cyd", "start the invoice")] {
        world.telegram.say(chat, name, text);
        world.telegram.wait_for_message(chat, "the first answer", SOON, |text| text == "Noted.");
    }
    world
}

pub fn ask_for_the_restart(world: &World) {
    world.telegram.say(ADA, "Ada", "please restart the gateway");
    world.telegram.wait_for_message(ADA, "the notice", SOON, is_notice);
}

pub fn is_notice(text: &str) -> bool {
    text.contains("Restarting the gateway") && text.contains("new model settings")
}

pub fn is_summary(text: &str) -> bool {
    ["Back online", "Resumed (1)", "Held (1)", "manual follow-up (1)"].iter().all(|part| text.contains(part))
}

pub fn approve(world: &World) {
    comeback::call(&world.gateway, "gateway.restart.request", &json!({"reason": "approved"}));
}

/// Each heard what it should, once.
pub fn everybody_heard_once(world: &World) {
    let telegram = &world.telegram;
    telegram.wait_for_message(ADA, "the summary", LATER, is_summary);
    telegram.wait_for_message(ADA, "the own work", LATER, |text| text == "The settings are active, Ada.");
    telegram.wait_for_message(BEN, "the resumed work", LATER, |text| text == "The weekly report is done.");
    wait::until("the checkpoint's mark", SOON, || {
        let listed = comeback::json(&world.gateway, 0, &["checkpoint", "list"]);
        (listed["checkpoints"][0]["consumed"] == true).then_some(())
    });
    wait::until("no job", LATER, || comeback::jobs(&world.gateway).is_empty().then_some(()));
    // Whatever else might still come would come by a second trigger: make one, and count again.
    assert_eq!(comeback::json(&world.gateway, 0, &["recover"])["outcome"], "nothing");
    let count = |chat, fits: fn(&str) -> bool| telegram.matching(chat, fits).len();
    assert_eq!(count(ADA, is_notice), 1, "{:?}", telegram.sent(ADA));
    assert_eq!(count(ADA, is_summary), 1, "{:?}", telegram.sent(ADA));
    assert_eq!(count(ADA, |text| text == "The settings are active, Ada."), 1, "{:?}", telegram.sent(ADA));
    assert_eq!(count(BEN, |text| text == "The weekly report is done."), 1, "{:?}", telegram.sent(BEN));
    assert_eq!(telegram.matching(CYD, |text| text != "Noted."), Vec::<String>::new());
    let held = comeback::json(&world.gateway, 0, &["status"])["held"].clone();
    assert_eq!(held[0]["sessionKey"], key(CYD));
    assert_eq!(held.as_array().unwrap().len(), 1);
}
