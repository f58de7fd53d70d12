//! The seed's chain, and a recovery behind it.

use std::fs;

use rstest::rstest;
use serde_json::json;

use crate::comeback;
use crate::people::{
    ADA, BEN, CYD, LATER, approve, ask_for_the_restart, everybody_heard_once, key, no_job_yet, three_chats,
};

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn what_the_chain_has_sent_is_not_sent_again(#[case] version: &str) {
    let mut world = three_chats(version, no_job_yet);
    ask_for_the_restart(&world);
    approve(&world);
    world.gateway.wait_boot(2);
    let file = |name: &str| world.gateway.tmp().join(name).to_str().unwrap().to_owned();
    let (actions, verified) = (file("actions.json"), file("verified.json"));
    fs::write(&actions, comeback::run(&world.gateway, &["actions"]).stdout).unwrap();
    comeback::json(&world.gateway, 0, &["verify", &actions, &verified]);
    let execute = || comeback::json(&world.gateway, 0, &["execute", &verified, "--send"]);

    let execution = execute();
    let state = |chat| {
        let handled = execution["handled"].as_array().unwrap();
        handled.iter().find(|one| one["sessionKey"] == key(chat)).map(|one| one["state"].clone())
    };
    assert_eq!((state(BEN), state(ADA)), (Some(json!("resumed")), Some(json!("skipped"))), "{execution}");
    assert_eq!(execution["holdForManualConfirm"][0]["sessionKey"], key(CYD));
    assert_eq!(execution["sendCount"], 0, "nothing is left for the caller");
    world
        .telegram
        .wait_for_message(BEN, "the resumed work", LATER, |text| text == "The weekly report is done.");
    assert_eq!(execute()["sendCount"], 0);
    comeback::json(&world.gateway, 0, &["recover"]);
    everybody_heard_once(&world);
}
