//! A planned restart, from the side of the people in the chats.

use std::fs;
use std::time::Duration;

use rstest::rstest;
use serde_json::json;

use crate::comeback;
use crate::harness::World;
use crate::harness::model::{Reply, Request};
use crate::harness::wait;

/// Asks for the restart.
const ADA: i64 = 101;
/// Has harmless work under way.
const BEN: i64 = 102;
/// Has work that is blocked.
const CYD: i64 = 103;
const SOON: Duration = Duration::from_secs(60);
/// A job comes due, and a turn begins.
const LATER: Duration = Duration::from_secs(150);

fn key(chat: i64) -> String {
    format!("agent:main:telegram:direct:{chat}")
}

fn snapshot() -> String {
    let session = |chat, goal, next, blockers| {
        json!({"sessionKey": key(chat), "agentId": "main", "goal": goal, "lastDone": "figures collected",
               "nextStep": next, "blockers": blockers})
    };
    let sessions = [
        session(BEN, "the weekly report", "write the summary of the weekly report", "none"),
        session(CYD, "the invoice", "check the invoice", "waiting for the signature"),
    ];
    json!({ "sessions": sessions }).to_string()
}

/// What Ada's agent runs; `extra` is `--restart` where the gateway has no tool for its agents.
fn prepare(extra: &str) -> String {
    format!(
        "comeback prepare --session-key {} --reason 'new model settings' --after 'tell Ada that the settings are \
         active' {extra} - <<'JSON'\n{}\nJSON",
        key(ADA),
        snapshot()
    )
}

/// The agents: they do what the texts tell them, and nothing else.
fn script(flags: &'static str) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    move |request| {
        let results = request.last_tool_results();
        let said = request.last_user_text();
        if results.contains("Restart with this call") && request.tools().contains(&"gateway") {
            return Reply::tool("gateway", json!({"action": "restart", "reason": "new model settings"}));
        }
        if results.contains("Checkpoint") || results.contains("estart") && !results.contains("Back after") {
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
        if said.contains("comeback recover --trigger job") {
            return Reply::exec("comeback recover --trigger job");
        }
        if said.contains("Idempotency key: comeback-") {
            let remembers = request.remembers("start the weekly report");
            return Reply::text(match () {
                () if request.is_from_chat(ADA) => "The settings are active, Ada.",
                () if remembers => "The weekly report is done.",
                () => "Nobody should have asked me.",
            });
        }
        if said.contains("please restart the gateway") {
            return Reply::exec(&prepare(flags));
        }
        Reply::text("Noted.")
    }
}

/// How the restart comes about once it is prepared.
#[derive(Clone, Copy)]
enum Restart {
    /// The agent has the tool, and uses it.
    Agent,
    /// `prepare --restart` asks the gateway.
    Helper,
    /// The operator restarts.
    Operator,
}

/// A gateway with three conversations, and the program installed.
fn three_chats(version: &str, flags: &'static str) -> World {
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

fn ask_for_the_restart(world: &World) {
    world.telegram.say(ADA, "Ada", "please restart the gateway");
    world.telegram.wait_for_message(ADA, "the notice", SOON, is_notice);
}

fn is_notice(text: &str) -> bool {
    text.contains("Restarting the gateway") && text.contains("new model settings")
}

fn is_summary(text: &str) -> bool {
    text.contains("Back online") && text.contains("Held (1)")
}

fn approve(world: &World) {
    comeback::call(&world.gateway, "gateway.restart.request", r#"{"reason":"approved"}"#);
}

/// Each heard what it should, once.
fn everybody_heard_once(world: &World) {
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

#[rstest]
#[case::v2026_5_28("2026.5.28", Restart::Agent, "--delay 10s")]
#[case::v2026_7_1("2026.7.1", Restart::Helper, "--delay 10s --restart")]
#[case::v2026_9_6("2026.9.6", Restart::Operator, "--delay 20s")]
fn the_job_brings_everybody_back(
    #[case] version: &str,
    #[case] restart: Restart,
    #[case] flags: &'static str,
) {
    let mut world = three_chats(version, flags);
    ask_for_the_restart(&world);
    match restart {
        Restart::Agent | Restart::Helper => {}
        Restart::Operator => approve(&world),
    }
    world.gateway.wait_boot(2);
    everybody_heard_once(&world);
}

/// What the startup hook's run is given to recover, with the job out of the way.
const NO_JOB_YET: &str = "--delay 30m";

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn the_hook_brings_everybody_back(#[case] version: &str) {
    let mut world = three_chats(version, NO_JOB_YET);
    comeback::json(&world.gateway, 0, &["setup", "install", "--hook"]);
    ask_for_the_restart(&world);
    approve(&world);
    world.gateway.wait_boot(2);
    everybody_heard_once(&world);
}

/// The job comes due while the hook's run is under way, or just before it: whoever is first, nothing goes twice.
#[rstest]
#[case::v2026_5_28("2026.5.28", "--delay 9s")]
#[case::v2026_7_1("2026.7.1", "--delay 9s")]
#[case::v2026_9_6("2026.9.6", "--delay 22s")]
fn the_job_and_the_hook_together_do_it_once(#[case] version: &str, #[case] flags: &'static str) {
    let mut world = three_chats(version, flags);
    comeback::json(&world.gateway, 0, &["setup", "install", "--hook"]);
    ask_for_the_restart(&world);
    approve(&world);
    world.gateway.wait_boot(2);
    everybody_heard_once(&world);
}

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn two_prepares_leave_one_job_and_one_checkpoint(#[case] version: &str) {
    let world = three_chats(version, NO_JOB_YET);
    let prepare = |reason: &str| {
        let arguments = ["prepare", "--session-key", &key(BEN), "--reason", reason, "--delay", "20m"];
        comeback::json(&world.gateway, 0, &arguments)
    };
    let first = prepare("one");
    let second = prepare("two");
    let jobs = comeback::jobs(&world.gateway);
    assert_eq!(jobs.len(), 1, "{jobs:?}");
    assert_eq!(jobs[0]["id"], second["job"]["id"]);
    assert_ne!(first["job"]["id"], second["job"]["id"]);
    let listed = comeback::json(&world.gateway, 0, &["checkpoint", "list"])["checkpoints"].clone();
    let open: Vec<_> = listed.as_array().unwrap().iter().filter(|one| one["consumed"] == false).collect();
    assert_eq!(open.len(), 1);
    assert_eq!(open[0]["id"], second["checkpoint"]["id"]);
}

/// A gateway whose restart was prepared `minutes` ago, and whose job fires in a few seconds.
fn prepared_ago(version: &str, minutes: i64) -> World {
    let world = three_chats(version, NO_JOB_YET);
    let then = (chrono::Utc::now() - chrono::TimeDelta::minutes(minutes)).to_rfc3339();
    let delay = format!("{}s", minutes * 60 + 5);
    let arguments = [
        "prepare",
        "--session-key",
        &key(ADA),
        "--reason",
        "new model settings",
        "--now",
        &then,
        "--delay",
        &delay,
    ];
    world.telegram.say(ADA, "Ada", "please restart the gateway later");
    world
        .telegram
        .wait_for_message(ADA, "the first answer", SOON, |text| text == "I have asked for the restart.");
    comeback::json(&world.gateway, 0, &arguments);
    world
}
