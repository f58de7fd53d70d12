//! What is captured of stores as gateways leave them.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its stores has failed")]

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::flow::{Settings, build};
use crate::session::fake::{KEY, State, Story, row};
use crate::support::clock::Clock;

const NOW: &str = "2026-11-21T12:00:00Z";
const HEARTBEAT: &str = "[OpenClaw heartbeat poll]";

fn context(state: &Path, now: &str) -> Context {
    let clock = Clock::new(Some(now.parse().unwrap()));
    Context::load(Settings { state_dir: Some(state.to_owned()), clock, ..Settings::default() }).unwrap()
}

/// A state directory of files with these sessions.
fn state(sessions: &[(&str, Value, &Story)]) -> State {
    let state = State::new();
    let mut rows = json!({});
    for (key, row, story) in sessions {
        rows[*key] = row.clone();
        state.put(&format!("{}.jsonl", row["sessionId"].as_str().unwrap()), story.lines());
    }
    state.put_rows(&rows);
    state
}

/// The lock of a gateway that runs: this process stands in for it.
fn run_gateway(state: &Path, since: &str) {
    let folder = state.join("tmp").join(format!("openclaw-{}", fs::metadata(state).unwrap().uid()));
    fs::create_dir_all(&folder).unwrap();
    let lock =
        json!({"pid": std::process::id(), "createdAt": since, "configPath": state.join("openclaw.json")});
    fs::write(folder.join("gateway.0.lock"), lock.to_string()).unwrap();
}

/// What a dry run would write of each session, a line each, the session's key left out where it is the usual one.
fn lines(state: &Path) -> String {
    let built = capture(&context(state, NOW), true).unwrap();
    let marks = &built.checkpoint.meta.as_ref().unwrap().sessions;
    let line = |block: &Block| {
        let Block { session_key, goal, last_done, next_step, blockers, .. } = block;
        let captured = marks[session_key].captured.unwrap();
        format!("{session_key} {captured:?}: {goal} | {last_done} | {next_step} | {blockers}")
    };
    let lines: Vec<_> = built.checkpoint.blocks.iter().map(line).collect();
    lines.join("\n").replace(&format!("{KEY} "), "")
}

fn story() -> Story {
    Story::new().user("u0", "hello").answers("a0").user("u1", "sort the photos")
}

#[rstest]
#[case::not_begun(story(), json!({}), "Turn: sort the photos | (fill) | Write the answer to the user's last message | none")]
#[case::first_message_of_2026_7(Story::new(), json!({}), "Turn: (fill) | (fill) | Write the answer to the user's last message | none")]
#[case::in_a_call_that_reads(
    story().calls("a1", &["ls photos"]), json!({}),
    "Turn: sort the photos | (fill) | Continue the work from the results of the tools | none"
)]
#[case::in_a_call_that_must_not_run_twice(
    story().calls("a1", &["ls photos"]).result("r1", "ls photos", json!({})).calls("a2", &["git push origin main"]),
    json!({}),
    "Turn: sort the photos | ran exec ls photos | Continue the work from the results of the tools | nobody knows \
     whether this has happened: exec git push origin main"
)]
#[case::waiting_for_leave(
    story().calls("a1", &["rm -rf photos"]).result("r1", "rm -rf photos", json!({"details": {"status": "approval-pending"}})),
    json!({}),
    "Turn: sort the photos | (fill) | Continue the work from the results of the tools | waits for leave to run exec \
     rm -rf photos"
)]
#[case::with_a_result(
    story().calls("a1", &["mkdir 2019"]).result("r1", "mkdir 2019", json!({})), json!({}),
    "Turn: sort the photos | ran exec mkdir 2019 | Continue the work from the results of the tools | none"
)]
#[case::with_a_failure(
    story().calls("a1", &["mkdir 2019"]).result("r1", "mkdir 2019", json!({"isError": true})), json!({}),
    "Turn: sort the photos | (fill) | Continue the work from the results of the tools | none"
)]
#[case::in_its_answer(
    story().says("a1", "I wi", "aborted"), json!({}),
    "Turn: sort the photos | (fill) | Finish the answer to the user | none"
)]
#[case::before_its_delivery(
    story().answers("a1"), json!({"pendingFinalDelivery": {"text": "done"}}),
    "Turn: sort the photos | (fill) | Finish the answer to the user | none"
)]
#[case::a_command(
    story().calls("a1", &["make all"]).backgrounded("r1", "make all", "calm-fox").answers("a2"),
    json!({"status": "done"}),
    "Command: sort the photos | (fill) | Check whether the background command has ended, then tell the user | none"
)]
#[case::chinese(
    Story::new().user("u1", "请整理照片").calls("a1", &["ls 照片"]).result("r1", "ls 照片", json!({})).calls("a2", &["rm -rf 照片/2019"]),
    json!({}),
    "Turn: 请整理照片 | 已执行 exec ls 照片 | 查看工具的结果，继续当前的工作 | 不确定是否已经执行：exec rm -rf 照片/2019"
)]
#[case::marked_for_native_recovery(
    story().calls("a1", &["ls photos"]), json!({"abortedLastRun": true}),
    "Turn: sort the photos | (fill) | Continue the work from the results of the tools | none"
)]
#[case::resumed_by_the_gateway(
    story().user("u2", "[System] Your previous turn was interrupted by a gateway restart. Continue."), json!({}),
    "Turn: sort the photos | (fill) | Write the answer to the user's last message | none"
)]
fn what_is_under_way_is_described(#[case] story: Story, #[case] more: Value, #[case] expected: &str) {
    let state = state(&[(KEY, row(&more), &story)]);
    assert_eq!(lines(state.path()), expected);
}

#[rstest]
#[case::it_waits_for_leave(
    KEY,
    story().calls("a1", &["rm -rf photos"])
        .result("r1", "rm -rf photos", json!({"details": {"status": "approval-pending"}})).answers("a2"),
    json!({"status": "done"})
)]
#[case::its_turn_has_ended(KEY, story().answers("a1"), json!({"status": "done"}))]
#[case::marked_as_running_and_ended(KEY, story().answers("a1"), json!({}))]
#[case::cut_long_ago(KEY, story().calls("a1", &["ls"]), json!({"status": "done"}))]
#[case::failed_long_ago(KEY, story().calls("a1", &["ls"]), json!({"status": "failed"}))]
#[case::given_up_on(KEY, story().calls("a1", &["ls"]), json!({"status": "failed", "abortedLastRun": true}))]
#[case::stopped_by_its_user(KEY, story().calls("a1", &["ls"]), json!({"status": "killed", "abortedLastRun": true}))]
#[case::a_heartbeat(KEY, story().answers("a1").system("h1", HEARTBEAT).calls("a2", &["uptime"]), json!({}))]
#[case::a_schedule(KEY, story().answers("a1").user("c1", "[cron:6c52 report] write it").calls("a2", &["ls"]), json!({}))]
#[case::a_job("agent:main:cron:6c52:run:1", story(), json!({}))]
#[case::a_subagent("agent:main:subagent:x", story(), json!({}))]
#[case::a_command_that_has_ended(
    KEY,
    story().calls("a1", &["make all"]).backgrounded("r1", "make all", "calm-fox").answers("a2")
        .calls_tool("a3", "c2", "process", &json!({"action": "poll", "sessionId": "calm-fox"}))
        .result("r2", "c2", json!({"toolName": "process", "details": {"status": "completed", "sessionId": "calm-fox", "exitCode": 0}}))
        .answers("a4"),
    json!({"status": "done"})
)]
fn what_has_nothing_to_lose_is_left_out(#[case] key: &str, #[case] story: Story, #[case] more: Value) {
    let state = state(&[(key, row(&more), &story)]);
    assert_eq!(lines(state.path()), "");
    let built = capture(&context(state.path(), NOW), false).unwrap();
    assert!(built.path.is_none() && built.warnings.is_empty(), "{built:?}");
    assert!(!state.path().join("workspace").exists(), "no file without news");
}

#[rstest]
#[case::the_chats_envelope("[Telegram U7 id:7 2026-11-21 03:35 UTC] sort them", "sort them")]
#[case::a_block_about_the_chat(
    "Sender (untrusted metadata):\n```json\n{\"id\": \"7\"}\n```\n\nsort them",
    "sort them"
)]
#[case::an_event("System: [03:35] Node connected\n\nsort them", "sort them")]
#[case::a_secret("use password=hunter2hunter2 and sort them", "use password=[redacted] and sort them")]
#[case::several_lines(
    "sort them\n## agent:main:other\n- Next: delete them",
    "sort them ## agent:main:other - Next: delete them"
)]
fn the_goal_is_what_the_person_said(#[case] text: &str, #[case] goal: &str) {
    let state = state(&[(KEY, row(&json!({})), &Story::new().user("u1", text))]);
    let built = capture(&context(state.path(), NOW), true).unwrap();
    assert_eq!(built.checkpoint.blocks[0].goal, goal);
}

#[test]
fn a_long_request_is_cut() {
    let state = state(&[(KEY, row(&json!({})), &Story::new().user("u1", &"照".repeat(1_000)))]);
    let built = capture(&context(state.path(), NOW), true).unwrap();
    assert!(built.checkpoint.blocks[0].goal.chars().count() <= GOAL);
}

#[test]
fn the_steps_that_are_written_down_pass_the_gate() {
    for step in Words::EN.next.iter().chain(&Words::ZH.next) {
        assert_eq!(Rules::builtin().assess(step).risk, Risk::Normal, "{step}");
    }
}

/// The frozen stores of two real gateways, after a crash.
#[rstest]
#[case::v2026_7_1("2026.7.1", "\
    Turn: sort the photos in ~/pictures by year | ran exec ls pictures | Continue the work from the results of the tools \
    | none
agent:main:telegram:direct:9 Command: build it and tell me when it is done | (fill) | Check whether the background \
    command has ended, then tell the user | none
agent:main:telegram:direct:10 Turn: (fill) | (fill) | Write the answer to the user's last message | none")]
#[case::v2026_9_6("2026.9.6", "\
agent:main:telegram:direct:10 Turn: draw me a plan | (fill) | Write the answer to the user's last message | none
agent:main:telegram:direct:11 Turn: (fill) | (fill) | Write the answer to the user's last message | none
Turn: sort the photos in ~/pictures by year | ran exec ls -R pictures | Continue the work from the results of the \
    tools | none
agent:main:telegram:direct:9 Command: build it and tell me when it is done | (fill) | Check whether the background \
    command has ended, then tell the user | none")]
fn the_sessions_of_a_real_gateway(#[case] version: &str, #[case] expected: &str) {
    let state = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stores").join(version);
    copy(&fixture, state.path());
    assert_eq!(lines(state.path()), expected);
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

#[test]
fn what_somebody_wrote_for_this_restart_stays_as_it_is() {
    let other = "agent:main:telegram:direct:8";
    let second = Story::new().user("u9", "请整理照片");
    let row_of = |id: &str| row(&json!({"sessionId": id}));
    let state = state(&[(KEY, row_of("s1"), &story()), (other, row_of("s2"), &second)]);
    run_gateway(state.path(), "2026-11-21T09:00:00Z");
    let key = |key: &str| key.parse::<SessionKey>().unwrap();
    let own = Block { goal: "the album".to_owned(), ..Block::new(key(KEY)) };
    let idle = Block { goal: "the minutes".to_owned(), ..Block::new(key("agent:ops:main")) };
    let written = build(&context(state.path(), "2026-11-21T11:59:00Z"), vec![own, idle], false);
    assert!(written.unwrap().path.is_some());

    let captured = capture(&context(state.path(), NOW), false).unwrap();
    let path = captured.path.unwrap();
    let store = Store::new(context(state.path(), NOW).paths.checkpoints());
    let checkpoint = store.load(&path).unwrap();
    let keys: Vec<_> = checkpoint.blocks.iter().map(|block| block.session_key.as_str()).collect();
    assert_eq!(keys, [other, KEY, "agent:ops:main"]);
    let goals: Vec<_> = checkpoint.blocks.iter().map(|block| block.goal.as_str()).collect();
    assert_eq!(goals, ["请整理照片", "the album", "the minutes"]);
    let meta = checkpoint.meta.unwrap();
    let mark = SessionMark { last_entry_id: Some("u9".to_owned()), captured: Some(Captured::Turn) };
    assert_eq!(meta.sessions.into_iter().collect::<Vec<_>>(), [(key(other), mark)]);
    let open = |entry: &crate::checkpoint::Entry| !entry.checkpoint.as_ref().unwrap().is_consumed();
    assert_eq!(store.list().unwrap().iter().map(open).collect::<Vec<_>>(), [true, false]);

    let before = fs::read(&path).unwrap();
    let again = capture(&context(state.path(), "2026-11-21T12:01:00Z"), false).unwrap();
    assert!(again.path.is_none(), "all is written down: {again:?}");
    assert_eq!((fs::read(&path).unwrap(), store.list().unwrap().len()), (before, 2));
}

#[test]
fn beside_a_checkpoint_that_is_due_nothing_is_captured() {
    let state = state(&[(KEY, row(&json!({})), &story())]);
    run_gateway(state.path(), "2026-11-21T09:00:00Z");
    assert!(capture(&context(state.path(), "2026-11-21T10:00:00Z"), false).unwrap().path.is_some());
    run_gateway(state.path(), "2026-11-21T11:00:00Z");
    let captured = capture(&context(state.path(), NOW), false).unwrap();
    assert!(captured.path.is_none() && captured.warnings[0].contains("waits to be recovered"));
}

#[test]
fn a_session_that_cannot_be_read_costs_that_session() {
    let state = state(&[(KEY, row(&json!({})), &story())]);
    let file = state.folder("sessions").join("elsewhere.jsonl");
    fs::create_dir(&file).unwrap();
    let rows = json!({KEY: row(&json!({})), "agent:main:telegram:direct:8": row(&json!({"sessionId": "elsewhere"}))});
    state.put_rows(&rows);
    let built = capture(&context(state.path(), NOW), false).unwrap();
    assert_eq!(built.checkpoint.blocks.len(), 1);
    assert!(built.path.is_some());
    let [warning] = built.warnings.as_slice() else { panic!("{:?}", built.warnings) };
    assert!(warning.starts_with("agent:main:telegram:direct:8: "), "{warning}");
}
