//! `session.scope: "global"`: each agent has one session for all its chats, and the key of each is `global`. With two
//! agents 2026.9.6 does not start a second time (docs/gateways.md).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rstest::rstest;
use serde_json::{Value, json};

use crate::comeback;
use crate::harness::World;
use crate::harness::model::{Reply, Request};
use crate::people::SOON;

/// Who speaks to which agent, and what about.
const CHATS: [(i64, &str, &str); 2] = [(301, "main", "alder"), (302, "work", "birch")];

const HELLO: &str = "Hello, Bo.";

fn request(word: &str) -> String {
    format!("please do the {word} work")
}

fn done(word: &str) -> String {
    format!("The {word} work is done.")
}

/// In the first life the second request has no answer; later, whatever was asked is done.
fn script(crashed: &Arc<AtomicBool>) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    let crashed = Arc::clone(crashed);
    move |asked| {
        let Some((_, _, word)) = CHATS.iter().find(|(_, _, word)| asked.remembers(&request(word))) else {
            return Reply::text(HELLO);
        };
        let is_cut_off = *word == CHATS[1].2 && !crashed.load(Ordering::SeqCst);
        if is_cut_off { Reply::Hang } else { Reply::text(done(word)) }
    }
}

fn two_agents(config: &mut Value) {
    let workspace = config["agents"]["defaults"]["workspace"].clone();
    let agent = |id| json!({"id": id, "default": id == "main", "workspace": workspace});
    config["agents"]["list"] = json!([agent("main"), agent("work")]);
    let bound = |(chat, agent, _): (i64, &str, &str)| {
        let peer = json!({"kind": "direct", "id": chat.to_string()});
        json!({"agentId": agent, "match": {"channel": "telegram", "peer": peer}})
    };
    config["bindings"] = json!(CHATS.map(bound));
    config["session"] = json!({"scope": "global"});
}

#[rstest]
#[case::v2026_5_28("2026.5.28")]
#[case::v2026_7_1("2026.7.1")]
fn no_agent_gets_what_is_another_agents(#[case] version: &str) {
    let crashed = Arc::new(AtomicBool::new(false));
    let mut world = World::new(version, script(&crashed));
    world.gateway.configure(two_agents);
    world.gateway.start();
    world.gateway.wait_ready();
    let [(ada, _, alder), (bo, _, birch)] = CHATS;
    world.telegram.say(ada, "Ada", &request(alder));
    world.telegram.wait_for_message(ada, "her answer", SOON, |text| text == done(alder));
    // The first message of a session is written down with its answer.
    world.telegram.say(bo, "Bo", "hello");
    world.telegram.wait_for_message(bo, "his greeting", SOON, |text| text == HELLO);
    world.telegram.say(bo, "Bo", &request(birch));
    world.model.wait_for("his request", SOON, |asked| asked.remembers(&request(birch)));
    world.gateway.sigkill_all();
    crashed.store(true, Ordering::SeqCst);
    world.gateway.start();
    world.gateway.wait_ready();
    let works = "agent:work:main";
    let described = comeback::call(&world.gateway, "sessions.describe", &json!({"key": works}));
    assert_eq!(described["session"]["deliveryContext"]["to"], format!("telegram:{ada}"), "it is the other's");
    let report = comeback::json(&world.gateway, 0, &["recover"]);
    let items = report["items"].as_array().unwrap();
    let his = items.iter().find(|item| item["sessionKey"] == works).unwrap();
    assert_eq!((&his["state"], &his["rule"]), (&json!("skipped"), &json!("out-of-reach")), "{report}");
    let is_told = |text: &str| text.contains("manual follow-up") && text.contains(birch);
    world.telegram.wait_for_message(bo, "what became of it", SOON, is_told);
    comeback::json(&world.gateway, 0, &["recover"]);
    assert_eq!(world.telegram.matching(bo, is_told).len(), 1);
    let is_his = |asked: &&Request| asked.remembers(&request(birch));
    assert_eq!(world.model.requests().iter().filter(is_his).count(), 1, "nobody was asked again");
    assert!(world.telegram.sent(ada).iter().all(|text| !text.contains(birch)));
}
