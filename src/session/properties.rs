//! Reading the end of a transcript tells what reading all of it tells.
//!
//! The oracle reads all records forward, and knows nothing of ends.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::damage::Damages;
use super::fake::{Story, from_database, from_file};
use super::history::History;
use super::record::Record;

/// What may come next in a story; numbers choose among what was told before.
#[derive(Clone, Debug)]
enum Event {
    Person,
    Heartbeat,
    Native,
    Answer,
    BreaksOff,
    Calls(u8),
    Result(u8),
    LongFailure(u8),
    Background(u8),
    Completion,
    Poll(u8, bool),
    Mirror,
    Aside,
    Side,
    Reset,
    Leaf(u8),
    GoesOnFrom(u8),
    Unknown,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => Just(Event::Person),
        2 => Just(Event::Heartbeat),
        1 => Just(Event::Native),
        5 => Just(Event::Answer),
        1 => Just(Event::BreaksOff),
        4 => (1..3_u8).prop_map(Event::Calls),
        5 => any::<u8>().prop_map(Event::Result),
        2 => any::<u8>().prop_map(Event::LongFailure),
        2 => any::<u8>().prop_map(Event::Background),
        1 => Just(Event::Completion),
        1 => (any::<u8>(), any::<bool>()).prop_map(|(which, runs)| Event::Poll(which, runs)),
        1 => Just(Event::Mirror),
        1 => Just(Event::Aside),
        1 => Just(Event::Side),
        1 => Just(Event::Reset),
        1 => any::<u8>().prop_map(Event::Leaf),
        1 => any::<u8>().prop_map(Event::GoesOnFrom),
        1 => Just(Event::Unknown),
    ]
}

fn tell(events: &[Event]) -> Story {
    let mut story = Story::new();
    let mut ids: Vec<String> = Vec::new();
    // Those that may still be answered.
    let mut calls: Vec<String> = Vec::new();
    for (at, event) in events.iter().enumerate() {
        let id = format!("e{at}");
        let chosen = |from: &[String], which: u8| from.get(usize::from(which) % from.len().max(1)).cloned();
        let before = |which: u8| json!(chosen(&ids, which));
        let message =
            |role: &str| json!({"role": role, "content": "x", "model": "mock", "stopReason": "stop"});
        if matches!(event, Event::Answer | Event::Side | Event::Reset | Event::Leaf(_) | Event::GoesOnFrom(_))
        {
            calls.clear();
        }
        let call = |which: u8| chosen(&calls, which).unwrap_or_else(|| "c".into());
        story = match event {
            Event::Person => story.user(&id, "do it"),
            Event::Heartbeat => story.system(&id, "[OpenClaw heartbeat poll]"),
            Event::Native => {
                story.user(&id, "[System] Your previous turn was interrupted by a gateway restart.")
            }
            Event::Answer => story.answers(&id),
            Event::BreaksOff => story.says(&id, "I", "aborted"),
            Event::Calls(many) => {
                let new: Vec<String> = (0..*many).map(|n| format!("c{at}-{n}")).collect();
                let told = story.calls(&id, &new.iter().map(String::as_str).collect::<Vec<_>>());
                calls.extend(new);
                told
            }
            Event::Result(_) | Event::LongFailure(_) | Event::Background(_) if calls.is_empty() => continue,
            Event::Result(which) => story.result(&id, &call(*which), json!({})),
            Event::LongFailure(which) => {
                story.result(&id, &call(*which), json!({"details": {"status": "failed"}})).swells(20_000)
            }
            Event::Background(which) => {
                story.backgrounded(&id, &call(*which), &format!("{}-process", call(*which)))
            }
            Event::Completion => story.system(&id, "[OpenClaw exec completion]"),
            Event::Poll(which, runs) => {
                let name = format!("{}-process", call(*which));
                let status = if *runs { "running" } else { "completed" };
                story.calls_tool(&id, &id, "process", &json!({"action": "poll", "sessionId": name})).result(
                    &format!("{id}r"),
                    &id,
                    json!({"details": {"status": status, "sessionId": name}}),
                )
            }
            Event::Mirror => {
                let mut mirror = message("assistant");
                mirror["model"] = "delivery-mirror".into();
                story.message(&id, mirror)
            }
            Event::Aside => story.record(&id, json!({"type": "compaction", "summary": "x"})),
            Event::Side => story.record(
                &id,
                json!({"type": "message", "appendMode": "side", "message": message("assistant")}),
            ),
            Event::Reset => story.record(&id, json!({"type": "reset", "reason": "new"})),
            Event::Leaf(which) => story.record(&id, json!({"type": "leaf", "targetId": before(*which)})),
            Event::GoesOnFrom(which) => story.record(
                &id,
                json!({"type": "message", "parentId": before(*which), "message": message("user")}),
            ),
            Event::Unknown => story.record(&id, json!({"type": "news"})),
        };
        ids.push(id);
    }
    story
}

fn told(history: &History) -> Value {
    let turn = history.cut_turn().map(|turn| format!("{turn:?}"));
    let commands: Vec<String> = history.commands.iter().map(|command| format!("{command:?}")).collect();
    json!({"cut": turn, "commands": commands, "request": history.last_request().map(|entry| &entry.id)})
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]
    #[test]
    fn the_end_of_a_transcript_tells_what_all_of_it_tells(events in prop::collection::vec(event(), 0..40)) {
        let story = tell(&events);
        let records: Vec<Record> = story.records.iter().filter_map(|record| Record::read(&record.to_string()).ok().flatten()).collect();
        let all = told(&History::of(&records, true, Damages::default()));
        prop_assert_eq!(&told(&from_file(story.lines())), &all);
    }

    #[test]
    fn whatever_a_file_holds_is_read(lines in "([{}a-z\":,\\[\\]0-9 \u{0}]{0,60}\n){0,8}") {
        from_file(lines);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]
    #[test]
    fn both_stores_tell_the_same(events in prop::collection::vec(event(), 0..40), packed in any::<bool>()) {
        let story = tell(&events);
        prop_assert_eq!(told(&from_database(&story, packed)), told(&from_file(story.lines())));
    }
}
