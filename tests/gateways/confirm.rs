//! A held item goes out when its user says so, once.

use rstest::rstest;

use crate::comeback;
use crate::people::{
    ADA, CYD, Restart, SOON, approve, ask_for_the_restart, everybody_heard_once, key, no_job_yet, three_chats,
};

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn what_a_user_confirms_goes_out_once(#[case] version: &str) {
    let mut world = three_chats(version, Restart::Operator, no_job_yet);
    ask_for_the_restart(&world);
    approve(&world);
    world.gateway.wait_boot(2);
    comeback::json(&world.gateway, 0, &["recover"]);
    everybody_heard_once(&world);

    let held = comeback::json(&world.gateway, 0, &["confirm"])["items"][0].clone();
    let code = held["code"].as_str().unwrap();
    let confirm = ["confirm", code, "--session-key", &key(ADA)];
    let sent = comeback::json(&world.gateway, 0, &confirm)["items"][0].clone();
    assert_eq!((&sent["state"], &sent["message"]), (&"sent".into(), &held["message"]));
    let is_done = |text: &str| text == "The invoice is checked.";
    world.telegram.wait_for_message(CYD, "the confirmed work", SOON, is_done);
    comeback::json(&world.gateway, 1, &confirm);
    assert_eq!(world.telegram.matching(CYD, is_done).len(), 1);
}
