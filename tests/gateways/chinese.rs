//! A user who writes Chinese is answered in Chinese, and so is their agent.

use rstest::rstest;

use crate::comeback;
use crate::harness::World;
use crate::harness::model::Reply;
use crate::people::{BEN, SOON, key};

const DONE: &str = "周报写好了。";

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn a_restart_speaks_the_users_language(#[case] version: &str) {
    let mut world = World::started(version, |request| {
        let said = request.last_user_text();
        let is_resumed = said.contains("你重启了网关") && said.contains("幂等键：comeback-");
        Reply::text(if is_resumed { DONE } else { "好的。" })
    });
    world.telegram.say(BEN, "Ben", "请开始写这周的周报");
    world.telegram.wait_for_message(BEN, "the first answer", SOON, |text| text == "好的。");

    let prepare = ["prepare", "--session-key", &key(BEN), "--reason", "更新模型设置", "--delay", "1h"];
    comeback::json(&world.gateway, 0, &prepare);
    let is_notice = |text: &str| text.contains("网关即将重启") && text.contains("更新模型设置");
    world.telegram.wait_for_message(BEN, "the notice", SOON, is_notice);

    world.gateway.sigkill();
    world.gateway.start();
    world.gateway.wait_ready();
    assert_eq!(comeback::json(&world.gateway, 0, &["recover"])["outcome"], "recovered");
    world.telegram.wait_for_message(BEN, "the summary", SOON, |text| text.contains("重启已完成"));
    world.telegram.wait_for_message(BEN, "the resumed work", SOON, |text| text == DONE);
    assert_eq!(world.telegram.matching(BEN, |text| text == DONE).len(), 1);
}
