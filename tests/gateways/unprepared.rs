//! A restart that nobody prepared, while an agent is at work for somebody who writes Chinese.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rstest::rstest;
use serde_json::json;

use crate::comeback;
use crate::harness::World;
use crate::harness::gateway::Gateway;
use crate::harness::model::Reply;
use crate::harness::wait;
use crate::people::{BEN, LATER, SOON, key};

const ASKED: &str = "请写出周报的小结";
const DONE: &str = "小结写好了。";
/// 2026.9.6 lets the work drain for five minutes, whoever asks for the restart.
const DRAIN: Duration = Duration::from_secs(330);

/// What restarts the gateway.
#[derive(Clone, Copy)]
enum Cause {
    Command,
    Config,
}

/// 2026.9.6 resumes the turn by itself, and 2026.7.1 gives up on it. The cases of 2026.9.6 come first, so that their
/// waits pass side by side.
#[rstest]
#[case::v2026_9_6_command("2026.9.6", Cause::Command, 0)]
#[case::v2026_9_6_config("2026.9.6", Cause::Config, 0)]
#[case::v2026_7_1_command("2026.7.1", Cause::Command, 1)]
#[case::v2026_7_1_config("2026.7.1", Cause::Config, 1)]
fn what_a_restart_cuts_off_is_captured_and_resumed_once(
    #[case] version: &str,
    #[case] cause: Cause,
    #[case] resumed_by_us: usize,
) {
    let is_captured = Arc::new(AtomicBool::new(false));
    let mut world = at_work(version, &is_captured);
    match cause {
        Cause::Command => restart(&world.gateway),
        Cause::Config => {
            // Where the pages stand is among the few settings that every version restarts for.
            world.gateway.configure(|config| config["gateway"]["controlUi"] = json!({"basePath": "/ui"}));
        }
    }
    let checkpoint = wait::until("the captured checkpoint", DRAIN, || newest_checkpoint(&world.gateway));
    is_captured.store(true, Ordering::SeqCst);
    let text = fs::read_to_string(&checkpoint).unwrap();
    assert!(text.contains("captured: turn"), "{text}");
    assert!(
        text.contains(&format!("## {}\n", key(BEN))) && text.contains(&format!("- Goal: {ASKED}\n")),
        "{text}"
    );
    // The turn is being aborted meanwhile: 2026.7.1 has written down the end of its answer by then, or has not.
    let steps = ["- Next: 回复用户的最后一条消息\n", "- Next: 写完给用户的回复\n"];
    assert!(steps.iter().any(|step| text.contains(step)), "{text}");

    world.gateway.wait_boot(2);
    world.telegram.wait_for_message(BEN, "the answer", LATER, |text| text == DONE);
    wait::until("the recovery's end", LATER, || {
        let recoveries = comeback::ledger(&world.gateway, "recovery");
        recoveries.iter().any(|recovery| recovery["outcome"] == "recovered").then_some(())
    });
    assert_eq!(comeback::json(&world.gateway, 0, &["recover"])["outcome"], "nothing");
    assert_eq!(world.telegram.matching(BEN, |text| text == DONE).len(), 1, "{:?}", world.telegram.sent(BEN));
    let is_ours = |text: &str| text.contains("幂等键：comeback-");
    let ours = world.model.requests().iter().filter(|request| is_ours(&request.last_user_text())).count();
    assert_eq!(ours, resumed_by_us, "{:?}", world.telegram.sent(BEN));
    let fate = if resumed_by_us == 0 { "native" } else { "answered" };
    wait::until("the report of what became of it", SOON, || {
        let report = comeback::json(&world.gateway, 0, &["report"]);
        let sessions = report["stops"][0]["sessions"].as_array().cloned().unwrap_or_default();
        sessions.iter().any(|one| one["sessionKey"] == key(BEN) && one["fate"] == fate).then_some(())
    });
}

/// A gateway with the hook, and an agent whose model says nothing about what Ben asks for until `is_captured`.
fn at_work(version: &str, is_captured: &Arc<AtomicBool>) -> World {
    let is_captured = Arc::clone(is_captured);
    let mut world = World::new(version, move |request| {
        if !request.remembers(ASKED) {
            Reply::text("好的。")
        } else if is_captured.load(Ordering::SeqCst) {
            Reply::text(DONE)
        } else {
            Reply::Hang
        }
    });
    if version == "2026.7.1" {
        // How long the gateway waits for the work before it restarts; 2026.9.6 does not let anybody choose.
        world.gateway.configure(|config| {
            config["gateway"]["reload"] = json!({"deferralTimeoutMs": 3000});
        });
    }
    // Up to 2026.7.1 a gateway loads hooks when it starts, and at no other time.
    comeback::json(&world.gateway, 0, &["setup", "install", "--hook"]);
    world.gateway.start();
    world.gateway.wait_ready();
    world.telegram.say(BEN, "Ben", "请开始写这周的周报");
    world.telegram.wait_for_message(BEN, "the first answer", SOON, |text| text == "好的。");
    world.telegram.say(BEN, "Ben", ASKED);
    world.model.wait_for("the work", SOON, |request| request.remembers(ASKED));
    world
}

/// The operator's command; on 2026.9.6 it waits for the restart, and ends with the world.
fn restart(gateway: &Gateway) {
    let mut command = Command::new(gateway.bin().join("openclaw"));
    command.args(["gateway", "restart", "--force"]).env_clear().envs(gateway.environment());
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    thread::spawn(move || command.status());
}

fn newest_checkpoint(gateway: &Gateway) -> Option<PathBuf> {
    let days = fs::read_dir(gateway.workspace().join("memory/restart-checkpoints")).ok()?;
    let files = days.flatten().flat_map(|day| fs::read_dir(day.path()).unwrap().flatten());
    files.map(|file| file.path()).max()
}
