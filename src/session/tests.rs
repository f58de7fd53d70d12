//! Histories as gateways leave them, from every store.
#![expect(clippy::unwrap_used, reason = "the literals are well formed")]

use rstest::rstest;
use serde_json::{Value, json};

use super::fake::{Story, from_database, from_file};
use super::gateway::records;
use super::*;
use crate::model::{AgentId, Call, Effect, Outcome, Risk};

const HEARTBEAT: &str = "[OpenClaw heartbeat poll]";
const NATIVE: &str = "[System] Your previous turn was interrupted by a gateway restart. Continue.";

fn story() -> Story {
    Story::new()
        .record("m", json!({"type": "model_change", "modelId": "mock"}))
        .user("u0", "hello")
        .answers("a0")
}

fn describe(tool: &str, arguments: &Value, outcome: Outcome) -> Call {
    Call {
        tool: tool.to_owned(),
        summary: arguments["command"].as_str().unwrap_or_default().to_owned(),
        effect: Effect::Unknown,
        risk: Risk::High,
        outcome,
        replies: false,
    }
}

fn from_gateway(messages: Vec<Value>) -> History {
    History::of(&records(messages), true, Damages::default())
}

fn all_cuts(row: &Row, history: &History) -> Vec<Cut> {
    let agent: AgentId = "main".parse().unwrap();
    cuts(&agent, row, history, &describe)
}

/// Shows the cuts: what opened each, its phase, its calls with their outcomes.
fn shown(history: &History) -> String {
    let row = Row { session_id: Some("s1".into()), status: Some(RunStatus::Running), ..Row::default() };
    let show = |cut: &Cut| {
        let opened = cut.opened_by.as_ref().and_then(|entry| entry.id.as_deref()).unwrap_or("-");
        let calls = cut.calls.iter().map(|call| format!(" {}={:?}", call.summary, call.outcome));
        format!("{opened} {:?}{}", cut.phase, calls.collect::<String>())
    };
    all_cuts(&row, history).iter().map(show).collect::<Vec<_>>().join("; ")
}

#[rstest]
#[case::nothing_ran(story(), "")]
#[case::no_transcript(Story::new(), "- Message")]
#[case::nothing_since_a_reset(story().record("z", json!({"type": "reset", "reason": "new"})), "- Message")]
#[case::never_processed(story().user("u1", "go on"), "u1 Message")]
#[case::call_in_flight(story().user("u1", "go on").calls("a1", &["c1"]), "u1 ToolCall c1=Unknown")]
#[case::text_beside_the_call(
    story().user("u1", "x").message("a1", json!({"role": "assistant", "stopReason": "toolUse", "content": [
        {"type": "text", "text": "I look"}, {"type": "toolCall", "id": "c1", "name": "exec", "arguments": {"command": "c1"}}]})),
    "u1 ToolCall c1=Unknown"
)]
#[case::one_of_two_results(
    story().user("u1", "x").calls("a1", &["c1", "c2"]).result("r1", "c1", json!({})),
    "u1 ToolCall c1=Done c2=Unknown"
)]
#[case::result_not_processed(
    story().user("u1", "x").calls("a1", &["c1"]).result("r1", "c1", json!({"isError": true})),
    "u1 ToolResult c1=Failed"
)]
#[case::second_round(
    story().user("u1", "x").calls("a1", &["c1"]).result("r1", "c1", json!({})).calls("a2", &["c2"]),
    "u1 ToolCall c1=Done c2=Unknown"
)]
#[case::answer_broke_off(story().user("u1", "x").says("a1", "I wi", "aborted"), "u1 Stream")]
#[case::answer_failed(story().user("u1", "x").says("a1", "", "error"), "u1 Stream")]
#[case::cut_short_by_length(story().user("u1", "x").says("a1", "long", "length"), "")]
#[case::approval_pending(
    story().user("u1", "x").calls("a1", &["c1"]).result("r1", "c1", json!({"details": {"status": "approval-pending"}})),
    "u1 ToolResult c1=ApprovalPending"
)]
#[case::approval_pending_as_told(
    story().user("u1", "x").calls("a1", &["c1"])
        .result("r1", "c1", json!({"content": [{"type": "text", "text": "Approval required (id ab12, full ab12cd)."}]})),
    "u1 ToolResult c1=ApprovalPending"
)]
#[case::invented_result(
    story().user("u1", "x").calls("a1", &["c1"])
        .result("r1", "c1", json!({"isError": true, "details": {"reason": "missing_tool_result"}})),
    "u1 ToolResult c1=Unknown"
)]
#[case::stopped_in_the_middle(
    story().user("u1", "x").calls("a1", &["c1"])
        .result("r1", "c1", json!({"isError": true, "content": [{"type": "text", "text": "Command aborted by signal SIGTERM"}]})),
    "u1 ToolResult c1=Unknown"
)]
#[case::yielded(
    story().user("u1", "x").calls_tool("a1", "c1", "sessions_yield", &json!({}))
        .result("r1", "c1", json!({"toolName": "sessions_yield"}))
        .record("y", json!({"type": "custom_message", "customType": "yield", "content": "…", "display": false})),
    ""
)]
#[case::asides_never_decide(
    story().user("u1", "x")
        .record("x1", json!({"type": "custom", "customType": "model-snapshot"}))
        .record("x2", json!({"type": "compaction", "summary": "…", "firstKeptEntryId": "u0", "tokensBefore": 9}))
        .record("x3", json!({"type": "news"})),
    "u1 Message"
)]
#[case::mirrors_never_decide(
    story().user("u1", "x").message("n1", json!({"role": "assistant", "provider": "openclaw", "model": "delivery-mirror",
        "content": [{"type": "text", "text": "a notice"}], "stopReason": "stop"})),
    "u1 Message"
)]
#[case::injected_never_decide(
    story().user("u1", "x").message("n1", json!({"role": "assistant", "model": "gateway-injected", "content": "x"})),
    "u1 Message"
)]
#[case::remarks_never_decide(
    story().user("u1", "x").message("n1", json!({"role": "assistant", "model": "mock", "stopReason": "stop",
        "content": "I am at it", "openclawStreamFallback": {"source": "segment", "itemId": "i1"}})),
    "u1 Message"
)]
#[case::a_steered_message_carries_the_calls(
    story().user("u1", "x").calls("a1", &["c1"]).result("r1", "c1", json!({})).user("u2", "also y"),
    "u2 Message c1=Done"
)]
#[case::calls_end_with_the_answer(
    story().user("u1", "x").calls("a1", &["c1"]).result("r1", "c1", json!({})).answers("a2").user("u2", "y"),
    "u2 Message"
)]
#[case::a_heartbeat_does_not_hide_it(
    story().user("u1", "x").calls("a1", &["c1"]).system("h1", HEARTBEAT).says("h2", "NO_REPLY", "stop"),
    "u1 ToolCall c1=Unknown"
)]
#[case::of_a_heartbeat(story().system("h1", HEARTBEAT).calls("a1", &["c1"]), "h1 ToolCall c1=Unknown")]
#[case::a_person_goes_on(story().user("u1", "x").user("u2", "y").answers("a1"), "")]
#[case::native_recovery_finished(
    story().user("u1", "x").calls("a1", &["c1"]).user("n1", NATIVE).answers("a2"), ""
)]
#[case::native_recovery_was_cut(
    story().user("u1", "x").calls("a1", &["c1"]).user("n1", NATIVE), "n1 Message c1=Unknown"
)]
#[case::reset_closes_it(
    story().user("u1", "x").calls("a1", &["c1"]).record("z", json!({"type": "reset", "reason": "new"})).user("u2", "y").answers("a2"),
    ""
)]
#[case::left_behind_branch(
    story().user("u1", "x").calls("a1", &["c1"])
        .record("l", json!({"type": "leaf", "targetId": "a0"}))
        .record("u2", json!({"type": "message", "parentId": "a0", "message": {"role": "user", "content": "y"}}))
        .answers("a2"),
    ""
)]
#[case::back_to_the_cut_branch(
    story().user("u1", "x").record("u2", json!({"type": "message", "parentId": "a0", "message": {"role": "user", "content": "y"}}))
        .answers("a2").record("l", json!({"type": "leaf", "targetId": "u1"})),
    "u1 Message"
)]
#[case::command_in_the_background(
    story().user("u1", "x").calls("a1", &["c1"]).backgrounded("r1", "c1", "calm-fox-9").answers("a2"),
    "u1 Command c1=Unknown"
)]
#[case::command_of_an_earlier_turn(
    story().user("u1", "x").calls("a1", &["c1"]).backgrounded("r1", "c1", "calm-fox-9").answers("a2").user("u2", "and?").answers("a3"),
    "u1 Command c1=Unknown"
)]
#[case::command_of_a_cut_turn(
    story().user("u1", "x").calls("a1", &["c1"]).backgrounded("r1", "c1", "calm-fox-9"),
    "u1 ToolResult c1=Unknown; u1 Command c1=Unknown"
)]
#[case::command_ended(
    story().user("u1", "x").calls("a1", &["c1"]).backgrounded("r1", "c1", "calm-fox-9").answers("a2")
        .system("e1", "[OpenClaw exec completion]").answers("a3"),
    ""
)]
#[case::one_of_two_commands_ended(
    story().user("u1", "x").calls("a1", &["c1", "c2"]).backgrounded("r1", "c1", "calm-fox-9").backgrounded("r2", "c2", "wild-owl-3")
        .answers("a2").system("e1", "System: [1] Exec completed (wild-owl, code 0) :: ok\n\n[OpenClaw exec completion]").answers("a3"),
    "u1 Command c1=Unknown"
)]
#[case::one_of_two_commands_ended_without_a_name(
    story().user("u1", "x").calls("a1", &["c1", "c2"]).backgrounded("r1", "c1", "calm-fox-9").backgrounded("r2", "c2", "wild-owl-3")
        .answers("a2").system("e1", "[OpenClaw exec completion]").answers("a3"),
    "u1 Command c1=Unknown; u1 Command c2=Unknown"
)]
#[case::command_ended_before_a_persons_words(
    story().user("u1", "x").calls("a1", &["c1"]).backgrounded("r1", "c1", "calm-fox-9").answers("a2")
        .user("u2", "System: [1] Exec failed (calm-fox, code 1)\n\nand now?").answers("a3"),
    ""
)]
#[case::command_polled_and_running(
    story().user("u1", "x").calls("a1", &["c1"]).backgrounded("r1", "c1", "calm-fox-9")
        .calls_tool("a2", "p1", "process", &json!({"action": "poll", "sessionId": "calm-fox-9"}))
        .result("r2", "p1", json!({"toolName": "process", "content": [{"type": "text", "text": "step 2\n\nProcess still running."}],
            "details": {"status": "running", "sessionId": "calm-fox-9", "aggregated": "step 1\nstep 2"}}))
        .answers("a3"),
    "u1 Command c1=Unknown"
)]
#[case::the_look_after_a_command_is_done(
    story().user("u1", "x").calls("a1", &["c1"]).backgrounded("r1", "c1", "calm-fox-9")
        .calls_tool("a2", "p1", "process", &json!({"action": "poll", "sessionId": "calm-fox-9", "command": "p1"}))
        .result("r2", "p1", json!({"toolName": "process", "details": {"status": "running", "sessionId": "calm-fox-9"}})),
    "u1 ToolResult c1=Unknown p1=Done; u1 Command c1=Unknown"
)]
#[case::command_polled_and_ended(
    story().user("u1", "x").calls("a1", &["c1"]).backgrounded("r1", "c1", "calm-fox-9")
        .calls_tool("a2", "p1", "process", &json!({"action": "poll", "sessionId": "calm-fox-9"}))
        .result("r2", "p1", json!({"toolName": "process", "details": {"status": "completed", "sessionId": "calm-fox-9"}}))
        .answers("a3"),
    ""
)]
#[case::command_killed(
    story().user("u1", "x").calls("a1", &["c1"]).backgrounded("r1", "c1", "calm-fox-9")
        .calls_tool("a2", "p1", "process", &json!({"action": "kill", "sessionId": "calm-fox-9"}))
        .result("r2", "p1", json!({"toolName": "process"}))
        .answers("a3"),
    ""
)]
fn each_history_tells_of_its_cuts_in_both_stores(#[case] story: Story, #[case] expected: &str) {
    let file = from_file(story.lines());
    assert_eq!(shown(&file), expected);
    assert_eq!(file.damages.total(), 0);
    for packed in [false, true] {
        let database = from_database(&story, packed);
        assert_eq!(shown(&database), expected, "packed: {packed}");
        assert_eq!(database.turns, file.turns);
        assert_eq!(database.commands, file.commands);
    }
}

#[rstest]
#[case::message(story().user("u1", "go on"))]
#[case::call(story().user("u1", "x").calls("a1", &["c1"]))]
#[case::background(story().user("u1", "x").calls("a1", &["c1"]).backgrounded("r1", "c1", "calm-fox-9").answers("a2"))]
fn the_same_cut_has_the_same_id_from_each_reader(#[case] story: Story) {
    let row = Row { session_id: Some("s1".into()), ..Row::default() };
    let ids = |history: &History| all_cuts(&row, history).into_iter().map(|cut| cut.id).collect::<Vec<_>>();
    let file = ids(&from_file(story.lines()));
    assert_eq!(file.len(), 1);
    assert_eq!(ids(&from_database(&story, false)), file);
    assert_eq!(ids(&from_gateway(story.shown())), file);
    // Without the details that it leaves out.
    let mut shown = story.shown();
    for message in &mut shown {
        message.as_object_mut().unwrap().remove("details");
    }
    assert_eq!(ids(&from_gateway(shown)), file);
}

#[test]
fn a_first_message_that_was_never_written_is_a_cut_of_a_running_row_alone() {
    let cut = |status| {
        let row = Row { session_id: Some("s1".into()), status, ..Row::default() };
        all_cuts(&row, &History::default()).into_iter().map(|cut| (cut.id, cut.phase)).collect::<Vec<_>>()
    };
    let agent: AgentId = "main".parse().unwrap();
    let id = crate::model::InterruptionId::of(&agent, "s1", "s1");
    assert_eq!(cut(Some(RunStatus::Running)), [(id, Phase::Message)]);
    assert_eq!(cut(Some(RunStatus::Ended)), []);
    assert_eq!(cut(None), []);
}

#[test]
fn nothing_written_since_each_of_two_resets_are_two_cuts() {
    let id = |story: &Story| {
        let row = Row { session_id: Some("s1".into()), status: Some(RunStatus::Running), ..Row::default() };
        all_cuts(&row, &from_file(story.lines())).remove(0).id
    };
    let reset = |story: Story, id: &str| story.record(id, json!({"type": "reset", "reason": "new"}));
    let once = reset(story(), "z1");
    let ids = [id(&Story::new()), id(&once), id(&reset(once.user("u1", "x").answers("a1"), "z2"))];
    assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
}

#[test]
fn a_reply_that_was_not_delivered_is_a_cut_of_its_turn() {
    let row = |text: &str| Row {
        session_id: Some("s1".into()),
        pending_reply: Some(text.to_owned()),
        ..Row::default()
    };
    let cuts = all_cuts(&row("done"), &from_file(story().lines()));
    assert_eq!(cuts.len(), 1);
    assert_eq!(cuts[0].phase, Phase::Reply);
    assert_eq!(cuts[0].opened_by.as_ref().unwrap().id.as_deref(), Some("u0"));
    let cuts = all_cuts(&row("done"), &from_file(story().user("u1", "more").lines()));
    assert_eq!(cuts[0].phase, Phase::Message, "what came later counts first");
}

#[test]
fn what_is_known_of_a_command_comes_from_its_call_and_the_last_look_at_it() {
    let story = story()
        .user("u1", "x")
        .calls("a1", &["make all"])
        .backgrounded("r1", "make all", "calm-fox-9")
        .calls_tool("a2", "p1", "process", &json!({"action": "poll", "sessionId": "calm-fox-9"}))
        .result(
            "r2",
            "p1",
            json!({"details": {"status": "running", "sessionId": "calm-fox-9", "aggregated": "step 2"}}),
        )
        .answers("a3");
    let history = from_file(story.lines());
    let [command] = history.commands.as_slice() else { panic!("one command: {:?}", history.commands) };
    assert_eq!((command.line.as_str(), command.pid, command.end), ("make all", Some(4711), End::Untold));
    assert_eq!((command.cwd.as_deref(), command.output.as_deref()), (Some("/w"), Some("step 2")));
    assert_eq!(command.started_at, Some(fake::at(6)), "when it was called");
}

#[test]
fn a_command_is_found_behind_many_later_turns() {
    let mut story =
        story().user("u1", "x").calls("a1", &["c1"]).backgrounded("r1", "c1", "calm-fox-9").answers("a2");
    for turn in 0..60 {
        story = story.user(&format!("u-{turn}"), "and?").answers(&format!("a-{turn}"));
    }
    for history in [from_file(story.lines()), from_database(&story, false)] {
        assert_eq!(shown(&history), "u1 Command c1=Unknown");
    }
}

/// A long answer of another tool tells of no command, and needs not be unpacked to see that.
#[rstest]
#[case::its_own("process", "u1 Command c1=Unknown")]
#[case::another_tools("exec", "")]
fn a_long_answer_about_a_command_leads_to_it(#[case] tool: &str, #[case] expected: &str) {
    let poll = json!({"toolName": tool, "details": {"status": "running", "sessionId": "calm-fox-9",
        "aggregated": "x".repeat(20_000)}});
    let story = story()
        .user("u1", "x")
        .calls("a1", &["c1"])
        .backgrounded("r1", "c1", "calm-fox-9")
        .swells(70_000)
        .calls_tool("a2", "p1", tool, &json!({"action": "poll", "sessionId": "calm-fox-9"}))
        .result("r2", "p1", poll)
        .answers("a3")
        .user("u2", "and?")
        .answers("a4");
    assert_eq!(shown(&from_database(&story, true)), expected);
}

#[test]
fn no_more_is_parsed_than_the_last_turn_takes() {
    let mut story = story();
    for turn in 0..300 {
        story = story.user(&format!("u-{turn}"), "and?").answers(&format!("a-{turn}"));
    }
    let story = story.user("u1", "last").calls("a1", &["c1"]);
    for history in [from_file(story.lines()), from_database(&story, true)] {
        assert_eq!(history.entries.len(), 3, "the answer before it, the message, the call");
        assert_eq!(history.last_request().unwrap().text, "last");
    }
}

#[test]
fn a_persons_request_is_found_behind_turns_that_nobody_asked_for() {
    let mut story = story().user("u1", "x").calls("a1", &["c1"]);
    for turn in 0..200 {
        story = story.system(&format!("h-{turn}"), HEARTBEAT).says(&format!("a-{turn}"), "NO_REPLY", "stop");
    }
    let history = from_file(story.lines());
    assert_eq!(shown(&history), "u1 ToolCall c1=Unknown");
    assert_eq!(history.last_request().unwrap().id.as_deref(), Some("u1"));
    assert_eq!(history.last_turn().unwrap().opened_by.id.as_deref(), Some("h-199"));
}

/// What stands before the last records never changes, however these are torn or overwritten.
#[test]
fn a_transcript_torn_anywhere_tells_what_is_left_of_it() {
    let story = story().user("u1", "整理").calls("a1", &["c1"]).result("r1", "c1", json!({}));
    let content = story.lines().into_bytes();
    let ends: Vec<usize> =
        content.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at).collect();
    let kept = ends.len() - 3;
    for end in ends[kept - 1] + 1..=content.len() {
        // A record whose newline alone is missing is whole.
        let whole = ends.iter().filter(|at| **at <= end).count();
        let torn = usize::from(!ends.contains(&end) && !ends.contains(&(end - 1)));
        let expected = from_file(&content[..ends[whole - 1]]);

        let cut = from_file(&content[..end]);
        assert_eq!((&cut.turns, cut.damages.of(Damage::Torn)), (&expected.turns, torn), "cut at {end}");

        let mut filled = content.clone();
        filled[end..].fill(0);
        let filled = from_file(&filled);
        assert_eq!(filled.turns, expected.turns, "filled from {end}");
        assert_eq!(filled.damages.of(Damage::Zeros), usize::from(end < content.len()), "filled from {end}");
        assert_eq!(filled.damages.of(Damage::Torn), torn, "filled from {end}");
    }
}

#[rstest]
#[case::windows(|text: String| text.replace('\n', "\r\n").into_bytes(), 0)]
#[case::marked(|text: String| ["\u{feff}", &text].concat().into_bytes(), 0)]
#[case::a_bad_line_between(|text: String| text.replace("\n{", "\n{torn\n{").into_bytes(), 2)]
#[case::zeros_between(|text: String| text.replace("\n{", "\n\0\0\0\n{").into_bytes(), 2)]
#[case::bad_letters(|text: String| text.into_bytes().into_iter().map(|byte| if byte == b'Q' { 0xff } else { byte }).collect(), 1)]
fn damage_is_counted_and_the_rest_decides(#[case] damage: fn(String) -> Vec<u8>, #[case] at_least: usize) {
    let story = story().user("u1", "Q").calls("a1", &["c1"]);
    let history = from_file(damage(story.lines()));
    assert_eq!(shown(&history), "u1 ToolCall c1=Unknown");
    assert!(history.damages.total() >= at_least, "{:?}", history.damages);
    assert_eq!(history.damages.total() > 0, at_least > 0);
    assert_eq!(history.damages.sentences().count() > 0, at_least > 0);
}

#[test]
fn a_result_of_many_megabytes_is_read_over() {
    let long = "x".repeat(5 << 20);
    let story = story().user("u1", "x").calls("a1", &["c1"]).result(
        "r1",
        "c1",
        json!({"content": [{"type": "text", "text": long}]}),
    );
    let history = from_file(story.lines());
    assert_eq!(shown(&history), "u1 ToolResult c1=Done");
    assert!(history.entries.iter().all(|entry| entry.text.len() < 10_000), "only a part of it is kept");
}

#[test]
fn a_secret_that_the_end_of_an_output_cuts_goes_whole() {
    let secret = format!("gh{}_{}", 'p', "a1B2".repeat(9));
    let output = |behind: usize| format!("{} token {secret} {}", "line\n".repeat(900), "x".repeat(behind));
    let kept = |output: String| {
        let details =
            json!({"details": {"status": "running", "sessionId": "fox", "pid": 4711, "tail": output}});
        let story = Story::new().user("u", "go").calls("a", &["c"]).result("r", "c", details);
        from_file(story.lines()).commands[0].output.clone().unwrap()
    };
    for behind in 1_950..2_010 {
        let kept = kept(output(behind));
        assert!(kept.contains(&secret) || !kept.contains("a1B2"), "{behind}: {kept:.80}");
        assert!(kept.ends_with(&"x".repeat(1_700)), "what is behind it stays");
    }
}
