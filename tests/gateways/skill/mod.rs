//! SKILL.md, done to the letter: an agent has it as `OpenClaw` gives it, and runs what stands in it.

mod agent;
mod text;

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use rstest::rstest;
use serde_json::{Value, json};

use self::agent::{ALONE, CONFIRM, DONE, HELD, LONG, REASON, REJECT, RESTART, WRITTEN, script};
use self::text::{description, root};
use crate::comeback;
use crate::harness::World;
use crate::harness::wait;
use crate::people::{LATER, SOON, key};

/// Whose keys stand in SKILL.md: Ada asks for the restart, and Ben's report is under way.
const ADA: i64 = 77;
const BEN: i64 = 78;
/// Whose work is held.
const CYD: i64 = 79;
const DAN: i64 = 80;
/// What SKILL.md has an agent run that writes down what others are at.
const DESCRIBE: &str = "comeback checkpoint build < snapshot.json";

/// Where the skill stands.
fn folder(world: &World) -> PathBuf {
    world.gateway.workspace().join("skills/comeback")
}

/// A gateway with the skill in its workspace, as `openclaw skills install` puts it there.
fn world(version: &str) -> World {
    let mut world = World::new(version, script);
    comeback::install(&world);
    let skill = folder(&world);
    fs::create_dir_all(skill.join("references")).unwrap();
    fs::copy(root().join("SKILL.md"), skill.join("SKILL.md")).unwrap();
    for entry in fs::read_dir(root().join("references")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, skill.join("references").join(path.file_name().unwrap())).unwrap();
    }
    // Up to 2026.7.1 an agent gets the tool `gateway` from its owner alone.
    world
        .gateway
        .configure(|config| config["commands"]["ownerAllowFrom"] = json!([format!("telegram:{ADA}")]));
    world.gateway.start();
    world.gateway.wait_ready();
    world
}

/// Two others wait for a restart with work that must not happen twice.
fn risky_work(world: &World) {
    let session = |chat, goal, next| {
        json!({"sessionKey": key(chat), "agentId": "main", "goal": goal, "lastDone": "looked at it", "nextStep": next,
               "blockers": "none"})
    };
    let sessions = [
        session(CYD, "the invoice", "pay the invoice"),
        session(DAN, "disk space", "delete the old backups"),
    ];
    let snapshot = json!({ "sessions": sessions });
    fs::write(world.gateway.workspace().join("snapshot.json"), snapshot.to_string()).unwrap();
    let mut command = Command::new("/bin/sh");
    command
        .args(["-c", DESCRIBE])
        .env_clear()
        .envs(world.gateway.environment())
        .current_dir(world.gateway.workspace());
    let output = comeback::bounded(&world.gateway, command);
    assert!(output.status.success(), "{output:?}");
}

/// The description reaches the agent whole; a prompt that is too long would have lost it.
fn the_description_is_in_the_prompt(world: &World) {
    let request =
        world.model.wait_for("Ada's request", SOON, |request| request.last_user_text().contains(RESTART));
    let escaped = description(&folder(world).join("SKILL.md"))
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;");
    let prompt = &request.messages[0].text;
    assert!(prompt.contains(&format!("<description>{escaped}</description>")), "{prompt}");
}

#[rstest]
#[case::v2026_5_28("2026.5.28", ALONE)]
#[case::v2026_7_1("2026.7.1", "")]
#[case::v2026_9_6("2026.9.6", "")]
fn a_planned_restart_and_what_is_held_to_the_letter(#[case] version: &str, #[case] others: &str) {
    let mut world = world(version);
    for (chat, name) in [(BEN, "Ben"), (CYD, "Cyd"), (DAN, "Dan")] {
        world.telegram.say(chat, name, "hello");
        world.telegram.wait_for_message(chat, "the first answer", SOON, |text| text == "Noted.");
    }
    risky_work(&world);
    world.telegram.say(ADA, "Ada", &format!("{RESTART}; {others}"));
    let is_notice = |text: &str| text.contains("Restarting the gateway") && text.contains(REASON);
    world.telegram.wait_for_message(ADA, "the notice", SOON, is_notice);
    the_description_is_in_the_prompt(&world);

    world.gateway.wait_boot(2);
    let is_own = |text: &str| text.contains("As planned: ");
    world.telegram.wait_for_message(ADA, "the own work", LATER, is_own);
    let resumed = usize::from(others != ALONE);
    if resumed == 1 {
        world.telegram.wait_for_message(BEN, "the resumed work", LATER, |text| text == DONE);
    }
    let is_summary = |text: &str| text.contains("Held (2)") && text.contains("Resumed (1)") == (resumed == 1);
    world.telegram.wait_for_message(ADA, "the summary", SOON, is_summary);
    wait::until("no job", LATER, || comeback::jobs(&world.gateway).is_empty().then_some(()));
    assert_eq!(comeback::json(&world.gateway, 0, &["now", "show"])["postRestartAction"], json!([]));
    let listed = comeback::json(&world.gateway, 0, &["checkpoint", "list"]);
    assert_eq!(listed["checkpoints"][0]["consumed"], true);

    let held = comeback::json(&world.gateway, 0, &["confirm"])["items"].clone();
    let code = |chat| {
        let of_chat = |one: &&Value| one["sessionKey"] == key(chat);
        held.as_array().unwrap().iter().find(of_chat).unwrap()["code"].as_str().unwrap().to_owned()
    };
    let (paid, deleted) = (code(CYD), code(DAN));
    let answers = |ask: &str, what: &str, parts: &[&str]| {
        world.telegram.say(ADA, "Ada", ask);
        world.telegram.wait_for_message(ADA, what, SOON, |text| parts.iter().all(|part| text.contains(part)));
    };
    answers(HELD, "what is held", &["It says: ", &paid, &deleted, "It may destroy data."]);
    answers(&format!("{CONFIRM}{paid}"), "that it was sent", &["It says: ", "Sent."]);
    answers(&format!("{REJECT}{deleted}"), "that it was dropped", &["It says: ", "Dropped: "]);
    world.telegram.wait_for_message(CYD, "the confirmed work", SOON, |text| text == DONE);
    let decided = comeback::ledger(&world.gateway, "decided");
    assert!(decided.iter().all(|one| one["by"]["session"] == key(ADA)) && decided.len() == 2, "{decided:?}");

    // Whatever else might still come would come by a second trigger: make one, and count.
    assert_eq!(comeback::json(&world.gateway, 0, &["recover"])["outcome"], "nothing");
    comeback::json(&world.gateway, 1, &["confirm", &paid]);
    let count = |chat, fits: &dyn Fn(&str) -> bool| world.telegram.matching(chat, fits).len();
    assert_eq!(
        [count(ADA, &is_notice), count(ADA, &is_summary), count(ADA, &is_own)],
        [1; 3],
        "{:?}",
        world.telegram.sent(ADA)
    );
    assert_eq!([BEN, CYD, DAN].map(|chat| count(chat, &|text| text == DONE)), [resumed, 1, 0]);
}

#[rstest]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn long_work_to_the_letter(#[case] version: &str) {
    let world = world(version);
    world.telegram.say(ADA, "Ada", LONG);
    world.telegram.wait_for_message(ADA, "that it goes on later", SOON, |text| text == "I go on later.");
    let tasks = || comeback::json(&world.gateway, 0, &["task", "list"])["tasks"].clone();
    let waiting = tasks();
    assert_eq!(
        (&waiting[0]["status"], &waiting[0]["last_completed"]),
        (&json!("waiting"), &json!(["collect the figures"]))
    );

    // The wake is due in five minutes.
    let jobs = comeback::call(&world.gateway, "cron.list", &json!({}))["jobs"].clone();
    let is_wake = |job: &&Value| job["name"].as_str().unwrap().starts_with("smart-wake:");
    let wake = jobs.as_array().unwrap().iter().find(is_wake).unwrap();
    comeback::call(&world.gateway, "cron.run", &json!({"id": wake["id"], "mode": "force"}));
    world.telegram.wait_for_message(ADA, "the end", LATER, |text| text.contains(WRITTEN));
    let done = tasks();
    assert_eq!((&done[0]["status"], &done[0]["progress_pct"]), (&json!("done"), &json!(100)));
    assert_eq!(
        done[0]["last_completed"],
        json!(["collect the figures", "write the summary", "check the summary"])
    );
}
