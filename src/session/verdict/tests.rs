//! Each verdict, phase and rule, on sessions that are read from both stores.
#![expect(clippy::unwrap_used, reason = "the literals are well formed")]

use rstest::rstest;
use serde_json::{Value, json};

use super::*;
use crate::model::{Call, Effect, IdempotencyKey, Outcome, Risk};
use crate::session::fake::{KEY, State, Story, at};

const HEARTBEAT: &str = "[OpenClaw heartbeat poll]";
const NATIVE: &str = "[System] Your previous turn was interrupted by a gateway restart. Continue.";
/// When the gateway starts again, in seconds after the beginning of the story.
const START: i64 = 600;
const HOUR: i64 = 3_600;

/// A session as a stop left it.
struct Session {
    key: String,
    row: Value,
    story: Story,
    /// Whether the process runs whose lock it holds; only files have locks.
    lock: Option<bool>,
}

fn session(row: Value, story: Story) -> Session {
    Session { key: KEY.into(), row, story, lock: None }
}

impl Session {
    fn named(self, key: &str) -> Self {
        Self { key: key.into(), ..self }
    }

    fn locked(self, runs: bool) -> Self {
        Self { lock: Some(runs), ..self }
    }

    /// Reads it from each store that can hold it.
    fn read(&self) -> Vec<Evidence> {
        let rows = json!({&self.key: self.row});
        let files = State::new();
        files.put_rows(&rows);
        // What no agent has said a word in is not written yet.
        if self.story.records.len() > 1 {
            files.put("s1.jsonl", self.story.lines());
        }
        if let Some(runs) = self.lock {
            files.put_lock(runs);
            return files.read();
        }
        let database = State::new();
        // Gateways compress no event of so many megabytes.
        let packed = self.story.lines().len() < 4 << 20;
        drop(database.put_database(&rows, &[("s1", &self.story)], packed));
        files.read().into_iter().chain(database.read()).collect()
    }
}

/// What is known beside the sessions, and from where they are judged.
#[derive(Clone)]
pub(super) struct Look {
    pub since: i64,
    pub last: Option<i64>,
    /// What opened the cuts that were taken; of a command, its call.
    pub took: &'static [&'static str],
    pub resumed: bool,
    pub kills: bool,
    pub claimed: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { since: START, last: Some(START - 60), took: &[], resumed: false, kills: false, claimed: false }
    }
}

impl Record for Look {
    fn took(&self, cut: &InterruptionId) -> bool {
        let agent = "main".parse().unwrap();
        self.took.iter().any(|opened_by| *cut == InterruptionId::of(&agent, "s1", opened_by))
    }

    fn resumed(&self, _: &Evidence) -> bool {
        self.resumed
    }

    fn kills(&self, _: &Evidence) -> bool {
        self.kills
    }

    fn claimed(&self, _: &Evidence) -> bool {
        self.claimed
    }
}

fn describe(tool: &str, arguments: &Value, outcome: Outcome) -> Call {
    let summary = arguments["command"].as_str().unwrap_or(tool).to_owned();
    Call {
        tool: tool.to_owned(),
        summary,
        effect: Effect::Unknown,
        risk: Risk::High,
        outcome,
        replies: false,
    }
}

impl Look {
    pub fn judge(&self, evidence: &Evidence) -> Judgement {
        let view = View {
            since: at(self.since),
            last_sign_of_life: self.last.map(at),
            window: TimeDelta::minutes(20),
            max_age: TimeDelta::hours(12),
            describe: &describe,
            record: self,
        };
        judge(evidence, &view)
    }

    /// Judges a session in each store, and shows the verdict, and its cuts, where they are the same.
    fn tell(&self, session: &Session) -> String {
        let told: Vec<String> = session.read().iter().map(|evidence| shown(&self.judge(evidence))).collect();
        assert!(told.windows(2).all(|two| two[0] == two[1]), "the stores differ: {told:#?}");
        told[0].clone()
    }
}

/// Shows `interrupted: u1 toolcall c1=unknown`, and whether the turn follows a question.
pub(super) fn shown(judgement: &Judgement) -> String {
    let cut = |cut: &Cut| {
        let opened = cut.opened_by.as_ref().and_then(|entry| entry.id.as_deref()).unwrap_or("-");
        let calls = cut.calls.iter().map(|call| format!(" {}={:?}", call.summary, call.outcome));
        let asked = if cut.asked.is_some() { " asked" } else { "" };
        format!("{opened} {:?}{}{asked}", cut.phase, calls.collect::<String>())
    };
    let cuts: Vec<String> = judgement.cuts.iter().map(cut).collect();
    format!("{:?}: {}", judgement.verdict, cuts.join("; ")).trim_end_matches([':', ' ']).to_lowercase()
}

/// A session's first turn, which ended.
fn story() -> Story {
    Story::new().user("u0", "hello").answers("a0")
}

/// A turn that was in the middle of a call.
fn calling() -> Story {
    story().user("u1", "sort them").calls("a1", &["c1"])
}

/// A turn that ended and left a command behind.
fn building() -> Story {
    story().user("u1", "build").calls("a1", &["c1"]).backgrounded("r1", "c1", "calm-fox").answers("a2")
}

fn row(more: &Value) -> Value {
    let mut row = json!({"sessionId": "s1", "deliveryContext": {"channel": "telegram", "to": "telegram:7"}});
    row.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
    row
}

fn ms(seconds: i64) -> i64 {
    at(seconds).timestamp_millis()
}

/// The row of a turn under way.
fn running() -> Value {
    row(&json!({"status": "running", "abortedLastRun": false, "startedAt": ms(4), "updatedAt": ms(5)}))
}

/// What native recovery makes of it when it gives up, after the start.
fn given_up() -> Value {
    row(&json!({"status": "failed", "abortedLastRun": true, "startedAt": ms(4), "endedAt": ms(START + 6),
        "updatedAt": ms(START + 6)}))
}

/// The row of a turn that ended in this way, behind all that was written.
fn ended(status: &str) -> Value {
    let aborted = status == "killed";
    row(&json!({"status": status, "abortedLastRun": aborted, "startedAt": ms(4), "endedAt": ms(60),
        "updatedAt": ms(61)}))
}

/// The row of the session's first turn, behind which another has begun.
fn lagging() -> Value {
    row(&json!({"status": "done", "startedAt": ms(2), "endedAt": ms(3), "updatedAt": ms(3)}))
}

fn native(story: Story) -> Story {
    story.user("n1", NATIVE)
}

fn ours(story: Story) -> Story {
    story.user("o1", &format!("Go on.\n\n{}", IdempotencyKey::of(&["x"])))
}

fn reset(story: Story) -> Story {
    story.record("z", json!({"type": "reset", "reason": "new"}))
}

fn notice(story: Story, model: &str) -> Story {
    let said = json!([{"type": "text", "text": "The gateway restarts."}]);
    story.message("m1", json!({"role": "assistant", "model": model, "content": said, "stopReason": "stop"}))
}

/// Another branch of the story, from its first answer on.
fn aside(story: Story) -> Story {
    let message = json!({"role": "user", "content": "instead"});
    story.record("u2", json!({"type": "message", "parentId": "a0", "message": message})).answers("a2")
}

#[rstest]
// The message was never processed.
#[case::message(story().user("u1", "sort them"), "interrupted: u1 message")]
#[case::first_message_never_written(Story::new(), "interrupted: - message")]
// No result; text beside the call, and results of others, change nothing.
#[case::call(calling(), "interrupted: u1 toolcall c1=unknown")]
#[case::text_beside_the_call(
    story().user("u1", "sort them").message("a1", json!({"role": "assistant", "stopReason": "toolUse", "content": [
        {"type": "text", "text": "I look."}, {"type": "toolCall", "id": "c1", "name": "exec", "arguments": {"command": "c1"}}]})),
    "interrupted: u1 toolcall c1=unknown"
)]
#[case::one_of_two_results(
    story().user("u1", "x").calls("a1", &["c1", "c2"]).result("r1", "c2", json!({})),
    "interrupted: u1 toolcall c1=unknown c2=done"
)]
#[case::result(calling().result("r1", "c1", json!({})), "interrupted: u1 toolresult c1=done")]
#[case::failed_result(calling().result("r1", "c1", json!({"isError": true})), "interrupted: u1 toolresult c1=failed")]
#[case::approval_pending(
    calling().result("r1", "c1", json!({"details": {"status": "approval-pending"}})),
    "interrupted: u1 toolresult c1=approvalpending"
)]
#[case::aborted(calling().result("r1", "c1", json!({})).says("a2", "I ha", "aborted"), "interrupted: u1 stream c1=done")]
#[case::broken_off(story().user("u1", "x").says("a1", "", "error"), "interrupted: u1 stream")]
#[case::answered(story().user("u1", "x").answers("a1"), "complete")]
#[case::silent(story().user("u1", "x").says("a1", "NO_REPLY", "stop"), "complete")]
#[case::silent_in_small_letters(story().user("u1", "x").says("a1", "no_reply", "stop"), "complete")]
#[case::cut_short_by_length(story().user("u1", "x").says("a1", "long", "length"), "complete")]
#[case::yielded(
    story().user("u1", "x").calls_tool("a1", "c1", "sessions_yield", &json!({})).result("r1", "c1", json!({"toolName": "sessions_yield"}))
        .record("y", json!({"type": "custom_message", "customType": "yield", "content": "…", "display": false})),
    "complete"
)]
#[case::approval_pending_behind_an_answer(
    calling().result("r1", "c1", json!({"details": {"status": "approval-pending"}})).answers("a2"),
    "interrupted: u1 approval c1=approvalpending"
)]
#[case::approval_given_and_told(
    calling().result("r1", "c1", json!({"details": {"status": "approval-pending"}})).answers("a2")
        .user("e1", "An async command the user already approved has completed.").answers("a3"),
    "complete"
)]
// A command that was left behind, beside its turn and by itself.
#[case::command(building(), "orphaned: u1 command c1=unknown")]
#[case::command_of_a_cut_turn(
    calling().backgrounded("r1", "c1", "calm-fox"),
    "interrupted: u1 toolresult c1=unknown; u1 command c1=unknown"
)]
#[case::command_that_ended(
    building().system("e1", "System: [1] Exec completed (calm-fox, code 0)\n\n[OpenClaw exec completion]").answers("a3"),
    "complete"
)]
#[case::end_of_a_command_never_processed(
    building().system("e1", "System: [1] Exec completed (calm-fox, code 0)\n\n[OpenClaw exec completion]"),
    "interrupted: e1 message"
)]
// Only messages decide, and not all.
#[case::asides(
    story().user("u1", "x").record("x1", json!({"type": "custom", "customType": "model-snapshot"}))
        .record("x2", json!({"type": "model_change", "modelId": "mock"}))
        .record("x3", json!({"type": "compaction", "summary": "…", "firstKeptEntryId": "u0", "tokensBefore": 9})),
    "interrupted: u1 message"
)]
#[case::mirror(notice(story().user("u1", "x"), "delivery-mirror"), "interrupted: u1 message")]
#[case::injected(notice(calling(), "gateway-injected"), "interrupted: u1 toolcall c1=unknown")]
#[case::mirror_behind_an_answer(notice(story(), "delivery-mirror"), "complete")]
#[case::left_branch(aside(calling()), "complete")]
#[case::branch_that_a_leaf_chose(
    aside(calling()).record("l", json!({"type": "leaf", "targetId": "a1"})),
    "interrupted: u1 toolcall c1=unknown"
)]
#[case::reset_closes_the_turn(reset(calling()).user("u2", "y").answers("a2"), "complete")]
#[case::reset_closes_the_command(reset(building()).user("u2", "y").answers("a3"), "complete")]
#[case::first_message_since_a_reset(reset(story()), "interrupted: - message")]
// Whose turn it was.
#[case::heartbeat(story().system("h1", HEARTBEAT).calls("a1", &["c1"]), "excluded")]
#[case::schedule(story().system("h1", "[cron:6c52 report] write it").calls("a1", &["c1"]), "excluded")]
#[case::command_of_a_heartbeat(
    story().system("h1", HEARTBEAT).calls("a1", &["c1"]).backgrounded("r1", "c1", "calm-fox").answers("a2"),
    "excluded"
)]
#[case::heartbeat_behind_a_cut(
    calling().system("h1", HEARTBEAT).says("a2", "NO_REPLY", "stop"),
    "interrupted: u1 toolcall c1=unknown"
)]
#[case::heartbeat_beside_a_command(building().system("h1", HEARTBEAT), "orphaned: u1 command c1=unknown")]
#[case::native_recovery(native(calling()), "interrupted: n1 message c1=unknown")]
#[case::our_own_recovery(ours(calling()).calls("a2", &["c2"]), "interrupted: o1 toolcall c1=unknown c2=unknown")]
#[case::steered_in(calling().result("r1", "c1", json!({})).user("u2", "also"), "interrupted: u2 message c1=done")]
// Unanswered small talk, unless it is an answer itself.
#[case::thanks(story().user("u1", "Thanks! 🙏"), "trivial")]
#[case::thanks_in_chinese(story().user("u1", "谢谢"), "trivial")]
#[case::thanks_while_a_command_runs(building().user("u2", "thx"), "interrupted: u2 message; u1 command c1=unknown")]
#[case::thanks_in_mid_turn(calling().user("u2", "ok"), "interrupted: u2 message c1=unknown")]
#[case::thanks_behind_a_request(story().user("u1", "sort them").user("u2", "thanks"), "interrupted: u2 message")]
#[case::thanks_behind_a_heartbeat(story().system("h1", HEARTBEAT).calls("a1", &["c1"]).user("u1", "thanks"), "trivial")]
#[case::thanks_being_answered(story().user("u1", "thanks").says("a1", "You", "aborted"), "interrupted: u1 stream")]
#[case::yes_to_nothing(story().user("u1", "yes"), "interrupted: u1 message")]
#[case::ok_to_a_question(Story::new().user("u0", "x").says("a0", "Shall I delete them?", "stop").user("u1", "ok"), "interrupted: u1 message asked")]
fn what_a_turn_under_way_left(#[case] story: Story, #[case] expected: &str) {
    assert_eq!(Look::default().tell(&session(running(), story)), expected);
}

/// The same tail, with each row that a gateway may have left on it.
#[rstest]
#[case::running(running(), "interrupted: u1 toolcall c1=unknown")]
#[case::given_up(given_up(), "interrupted: u1 toolcall c1=unknown")]
#[case::no_status(row(&json!({})), "interrupted: u1 toolcall c1=unknown")]
#[case::status_of_a_newer_version(row(&json!({"status": "pausing"})), "interrupted: u1 toolcall c1=unknown")]
#[case::done(ended("done"), "complete")]
#[case::timed_out(ended("timeout"), "complete")]
#[case::stopped_by_its_user(ended("killed"), "complete")]
#[case::providers_error(ended("failed"), "complete")]
fn the_row_tells_whether_a_turn_had_ended(#[case] row: Value, #[case] expected: &str) {
    assert_eq!(Look::default().tell(&session(row.clone(), calling())), expected);
    let aborted = story().user("u1", "x").says("a1", "I wi", "aborted");
    let expected = expected.replace("toolcall c1=unknown", "stream");
    assert_eq!(Look::default().tell(&session(row.clone(), aborted)), expected);
    // Whatever the row says, an answer is an end; a command, and a call that waits for leave, outlive their turn.
    assert_eq!(Look::default().tell(&session(row.clone(), story())), "complete");
    let pending = json!({"details": {"status": "approval-pending"}});
    let waiting = calling().result("r1", "c1", pending).answers("a2");
    let expected = "interrupted: u1 approval c1=approvalpending";
    assert_eq!(Look::default().tell(&session(row.clone(), waiting)), expected);
    assert_eq!(Look::default().tell(&session(row, building())), "orphaned: u1 command c1=unknown");
}

#[rstest]
#[case::done(ended("done"), "complete")]
#[case::no_status(row(&json!({})), "complete")]
#[case::running(running(), "interrupted: - message")]
#[case::given_up(given_up(), "interrupted: - message")]
fn a_session_without_a_word_was_cut_off_if_its_row_says_so(#[case] row: Value, #[case] expected: &str) {
    assert_eq!(Look::default().tell(&session(row, Story::new())), expected);
}

#[rstest]
#[case::a_file("read", json!({}))]
#[case::a_log("exec", json!({"status": "completed", "exitCode": 0}))]
#[case::a_transcript("sessions_history", json!({"sessionKey": "agent:main:main"}))]
fn an_answer_that_quotes_how_a_command_began_began_none(#[case] tool: &str, #[case] details: Value) {
    let log = "10:04 Command still running (session calm-fox, pid 4711). Use process (list/poll)";
    let answer = json!({"toolName": tool, "details": details, "content": [{"type": "text", "text": log}]});
    let story = story().user("u1", "x").calls_tool("a1", "c1", tool, &json!({"path": "a.log"}));
    let session = session(ended("done"), story.result("r1", "c1", answer).answers("a2"));
    assert_eq!(Look::default().tell(&session), "complete");
}

#[rstest]
#[case::its_owner_died(lagging(), Some(false), "interrupted: u1 toolcall c1=unknown")]
#[case::its_owner_died_behind_a_failure(
    row(&json!({"status": "failed", "abortedLastRun": false, "startedAt": ms(2), "endedAt": ms(3)})),
    Some(false),
    "interrupted: u1 toolcall c1=unknown"
)]
#[case::its_owner_runs(lagging(), Some(true), "complete")]
#[case::none(lagging(), None, "complete")]
#[case::the_turn_ended_later(ended("done"), Some(false), "complete")]
#[case::stopped_by_its_user_later(ended("killed"), Some(false), "complete")]
fn a_dead_owners_lock_tells_of_a_turn_behind_the_row(
    #[case] row: Value,
    #[case] lock: Option<bool>,
    #[case] expected: &str,
) {
    let session = Session { lock, ..session(row, calling()) };
    assert_eq!(Look::default().tell(&session), expected);
}

#[test]
fn a_lock_makes_no_cut_of_a_turn_that_was_answered() {
    assert_eq!(Look::default().tell(&session(lagging(), story()).locked(false)), "complete");
}

#[rstest]
#[case::cron("agent:main:cron:6c52:run:1")]
#[case::subagent("agent:main:subagent:63882e48")]
#[case::acp("agent:main:acp:x")]
#[case::hook("hook:github")]
#[case::incognito("agent:main:incognito:x")]
fn no_person_speaks_in_a_machines_session_and_its_cut_is_named(#[case] key: &str) {
    let told = |row, story| Look::default().tell(&session(row, story).named(key));
    assert_eq!(told(running(), calling()), "excluded: u1 toolcall c1=unknown");
    assert_eq!(told(ended("done"), story()), "excluded");
}

#[rstest]
#[case::person(calling().rests(START).user("u2", "hello?"))]
#[case::person_and_answer(calling().rests(START).user("u2", "hello?").answers("a2"))]
#[case::native_recovery(native(calling().rests(START)))]
#[case::us(ours(calling().rests(START)))]
fn what_has_gone_on_since_the_start_is_live(#[case] story: Story) {
    assert_eq!(Look::default().tell(&session(running(), story.clone())), "live");
    // A wake took place when all this had been said.
    let woken = Look { since: 2 * START, last: Some(2 * START - 60), ..Look::default() };
    assert_ne!(woken.tell(&session(running(), story)), "live");
}

#[rstest]
#[case::heartbeat(calling().rests(START).system("h1", HEARTBEAT))]
#[case::notice(notice(calling().rests(START), "delivery-mirror"))]
fn what_nobody_asked_for_since_the_start_is_no_life(#[case] story: Story) {
    assert_eq!(Look::default().tell(&session(running(), story)), "interrupted: u1 toolcall c1=unknown");
}

#[rstest]
#[case::begun_since(row(&json!({"status": "running", "startedAt": ms(START + 1)})), "live")]
#[case::begun_before(row(&json!({"status": "running", "startedAt": ms(START - 1)})), "interrupted: u1 toolcall c1=unknown")]
#[case::reported_by_the_gateway(row(&json!({"status": "done", "hasActiveRun": true})), "live")]
fn a_run_under_way_is_live(#[case] row: Value, #[case] expected: &str) {
    assert_eq!(Look::default().tell(&session(row, calling())), expected);
}

#[rstest]
#[case::we_resumed_it(Look { resumed: true, ..Look::default() }, "live")]
#[case::it_kills(Look { kills: true, ..Look::default() }, "quarantined: u1 toolresult c1=unknown; u1 command c1=unknown")]
#[case::we_took_all(Look { took: &["u1", "c1"], ..Look::default() }, "handled")]
#[case::we_took_the_turn(Look { took: &["u1"], ..Look::default() }, "orphaned: u1 command c1=unknown")]
#[case::we_took_the_command(Look { took: &["c1"], ..Look::default() }, "interrupted: u1 toolresult c1=unknown")]
#[case::a_seed_claims_it(Look { claimed: true, ..Look::default() }, "handled")]
#[case::it_kills_and_was_taken(Look { kills: true, took: &["u1", "c1"], ..Look::default() }, "handled")]
#[case::resumed_and_kills(Look { resumed: true, kills: true, ..Look::default() }, "live")]
#[case::it_kills_and_is_old(Look { kills: true, last: Some(HOUR), ..Look::default() }, "quarantined: u1 command c1=unknown")]
#[case::taken_and_old(Look { claimed: true, last: Some(HOUR), ..Look::default() }, "handled")]
fn what_is_on_record_comes_before_what_was_cut(#[case] look: Look, #[case] expected: &str) {
    let session = session(running(), calling().backgrounded("r1", "c1", "calm-fox"));
    assert_eq!(look.tell(&session), expected);
}

#[rstest]
#[case::we_took_it(Look { took: &["u1"], ..Look::default() })]
#[case::it_kills(Look { kills: true, ..Look::default() })]
#[case::a_seed_claims_it(Look { claimed: true, ..Look::default() })]
fn nothing_on_record_makes_a_cut_of_a_turn_that_ended(#[case] look: Look) {
    assert_eq!(look.tell(&session(ended("done"), story())), "complete");
}

#[rstest]
#[case::in_the_row(json!({"status": "running", "mainRestartRecovery": {"tombstone": {"at": 1}}}))]
#[case::in_the_answer(json!({"status": "failed", "abortedLastRun": true, "restartRecoveryStatus": "tombstoned"}))]
fn what_native_recovery_buried_is_quarantined(#[case] fields: Value) {
    assert_eq!(
        Look::default().tell(&session(row(&fields), calling())),
        "quarantined: u1 toolcall c1=unknown"
    );
    assert_eq!(Look::default().tell(&session(row(&fields), story())), "complete");
}

/// The turn rested since its fifth second.
#[rstest]
#[case::just_inside(5 + 20 * 60, START, "interrupted", Age::default())]
#[case::just_outside(6 + 20 * 60, START, "stale", Age { outside_window: true, too_old: false })]
#[case::a_night_without_power(5 + 60, 11 * HOUR, "interrupted", Age::default())]
#[case::young_enough(5 + 60, 5 + 12 * HOUR, "interrupted", Age::default())]
#[case::too_old(5 + 60, 6 + 12 * HOUR, "stale", Age { outside_window: false, too_old: true })]
#[case::both(2 * HOUR, 24 * HOUR, "stale", Age { outside_window: true, too_old: true })]
fn the_window_counts_from_the_last_sign_of_life(
    #[case] last: i64,
    #[case] since: i64,
    #[case] expected: &str,
    #[case] age: Age,
) {
    let look = Look { since, last: Some(last), ..Look::default() };
    let session = session(running(), calling());
    assert_eq!(look.tell(&session), format!("{expected}: u1 toolcall c1=unknown"));
    assert_eq!(session.read().iter().map(|one| look.judge(one).age).collect::<Vec<_>>(), [age, age]);
}

#[test]
fn where_nothing_tells_of_life_the_age_alone_counts() {
    let look = |since| Look { since, last: None, ..Look::default() };
    let session = session(running(), calling());
    assert_eq!(look(11 * HOUR).tell(&session), "interrupted: u1 toolcall c1=unknown");
    assert_eq!(look(13 * HOUR).tell(&session), "stale: u1 toolcall c1=unknown");
}

#[test]
fn a_run_that_began_late_is_not_outside_the_window() {
    let late = row(&json!({"status": "running", "startedAt": ms(2 * HOUR)}));
    let look = Look { since: 3 * HOUR, last: Some(2 * HOUR + 60), ..Look::default() };
    assert_eq!(look.tell(&session(late, Story::new())), "interrupted: - message");
    assert_eq!(look.tell(&session(running(), Story::new())), "stale: - message");
}

#[rstest]
#[case::says_nothing_for_hours(10 * HOUR, 11 * HOUR, "orphaned: u1 command c1=unknown")]
#[case::too_old(60, 13 * HOUR, "stale: u1 command c1=unknown")]
fn a_command_may_be_silent_for_as_long_as_it_likes(
    #[case] last: i64,
    #[case] since: i64,
    #[case] expected: &str,
) {
    let look = Look { since, last: Some(last), ..Look::default() };
    assert_eq!(look.tell(&session(ended("done"), building())), expected);
}

#[test]
fn a_stale_turn_does_not_hide_a_command_that_ran() {
    let look = Look { since: 3 * HOUR, last: Some(2 * HOUR), ..Look::default() };
    let session = session(running(), calling().backgrounded("r1", "c1", "calm-fox"));
    assert_eq!(look.tell(&session), "orphaned: u1 command c1=unknown");
}

#[rstest]
#[case::english("Shall I delete them?", "yes", true)]
#[case::chinese("要删除吗？", "可以", true)]
#[case::without_a_mark("Tell me whether I may proceed; shall I go on", "OK 👍", true)]
#[case::more_than_a_yes("Shall I delete them?", "yes, but keep 2024", false)]
#[case::nothing_asked("They are sorted.", "yes", false)]
fn a_yes_to_a_question_is_a_pending_approval(#[case] said: &str, #[case] yes: &str, #[case] asked: bool) {
    let story = Story::new().user("u0", "clean up").says("a0", said, "stop").user("u1", yes);
    for story in [story.clone(), story.calls("a1", &["c1"])] {
        for evidence in session(running(), story).read() {
            let judgement = Look::default().judge(&evidence);
            assert_eq!(judgement.verdict, Verdict::Interrupted);
            assert_eq!(judgement.cuts[0].asked.as_deref(), asked.then_some(said));
        }
    }
}

#[rstest]
#[case::an_answer("done", "interrupted: u0 reply")]
#[case::silence("NO_REPLY", "complete")]
#[case::silence_in_small_letters(" no_reply ", "complete")]
fn an_answer_that_was_not_delivered_is_a_cut_unless_it_is_silent(#[case] text: &str, #[case] expected: &str) {
    let mut row = ended("done");
    row["pendingFinalDelivery"] = true.into();
    row["pendingFinalDeliveryText"] = text.into();
    assert_eq!(Look::default().tell(&session(row.clone(), story())), expected);
    // Of a turn that has ended since the start, it is on its way.
    row["updatedAt"] = ms(START + 1).into();
    assert_eq!(Look::default().tell(&session(row.clone(), story())), "complete");
    // What came after it counts first.
    row["status"] = "running".into();
    assert_eq!(Look::default().tell(&session(row, calling())), "interrupted: u1 toolcall c1=unknown");
}

#[rstest]
#[case::a_row_that_is_none(json!("x"), "cannot read the row of session")]
#[case::a_strange_id(json!({"sessionId": "../s2", "status": "running"}), "no file name")]
fn what_cannot_be_read_is_said_with_the_reason(#[case] row: Value, #[case] why: &str) {
    let told = session(row, calling()).read();
    let judgement = Look::default().judge(&told[0]);
    assert_eq!((judgement.verdict, judgement.cuts.len()), (Verdict::Unreadable, 0));
    assert!(judgement.reason.contains(why), "{}", judgement.reason);
}

/// What a crash may do to the end of a file; the record that it broke was never there.
#[rstest]
#[case::torn(|lines: String| [lines.as_bytes(), br#"{"type":"message","id":"a2","parentId":"a1","mess"#].concat(), 1)]
#[case::torn_in_a_letter(|lines: String| [lines.as_bytes(), b"{\"type\":\"message\",\"id\":\"a2\",\"text\":\"\xe6\x95"].concat(), 2)]
#[case::zeros(|lines: String| [lines.as_bytes(), &[0; 4_096]].concat(), 1)]
#[case::torn_and_zeros(|lines: String| [lines.as_bytes(), b"{\"type\":\"mess", &[0; 900]].concat(), 2)]
#[case::no_newline(|lines: String| lines.trim_end().as_bytes().to_vec(), 0)]
#[case::windows(|lines: String| lines.replace('\n', "\r\n").into_bytes(), 0)]
#[case::marked(|lines: String| format!("\u{feff}{lines}").into_bytes(), 0)]
fn a_broken_end_is_dropped_counted_and_the_rest_decides(
    #[case] damage: fn(String) -> Vec<u8>,
    #[case] warnings: usize,
) {
    for (row, story, expected) in [
        (running(), calling(), "interrupted: u1 toolcall c1=unknown"),
        (ended("done"), building(), "orphaned: u1 command c1=unknown"),
        (ended("done"), story(), "complete"),
    ] {
        let state = State::new();
        state.put_rows(&json!({KEY: row}));
        state.put("s1.jsonl", damage(story.lines()));
        let evidence = state.read();
        assert_eq!(shown(&Look::default().judge(&evidence[0])), expected);
        assert_eq!(evidence[0].history.as_ref().unwrap().damages.sentences().count(), warnings);
    }
}

#[rstest]
#[case::result(calling().result("r1", "c1", json!({})), "interrupted: u1 toolresult c1=done")]
#[case::answer(calling().result("r1", "c1", json!({})).answers("a2"), "complete")]
#[case::message(story().user("u1", "x"), "interrupted: u1 message")]
fn a_last_line_of_many_megabytes_is_read_over(#[case] story: Story, #[case] expected: &str) {
    assert_eq!(Look::default().tell(&session(running(), story.swells(6 << 20))), expected);
}

#[test]
fn the_reason_names_the_phase_or_who_gave_up() {
    let reason = |row: Value, story: Story| {
        let sessions = session(row, story).read();
        Look::default().judge(&sessions[0]).reason
    };
    let reasons = [
        reason(running(), story().user("u1", "x")),
        reason(running(), calling()),
        reason(running(), calling().result("r1", "c1", json!({}))),
        reason(running(), story().user("u1", "x").says("a1", "I", "aborted")),
        reason(given_up(), calling()),
        reason(
            ended("done"),
            calling().result("r1", "c1", json!({"details": {"status": "approval-pending"}})).answers("a2"),
        ),
        reason(ended("done"), building()),
        reason(ended("killed"), calling()),
    ];
    insta::assert_snapshot!(reasons.join("\n"), @r"
    its user's message was never processed
    a tool call was under way when the gateway stopped
    the results of its tools were never processed
    its answer broke off when the gateway stopped
    its turn was cut off and OpenClaw's own recovery gave up on it
    a call of its waited for leave when the gateway stopped
    a background command of its own died with the gateway
    its last turn had ended before the restart
    ");
}

#[test]
fn the_last_sign_of_life_is_the_latest_that_any_session_tells_before_the_start() {
    let life = |sessions: &[Session]| {
        let evidence = sessions.iter().flat_map(Session::read);
        evidence
            .filter_map(|one| last_sign_of_life(&one, at(START)))
            .max()
            .map(|at| at.timestamp() - crate::session::fake::at(0).timestamp())
    };
    let at_rest = || row(&json!({}));
    let with = |field: &str, seconds| row(&json!({field: ms(seconds)}));
    assert_eq!(life(&[]), None);
    assert_eq!(life(&[session(at_rest(), Story::new())]), None, "the first record is no message");
    assert_eq!(life(&[session(at_rest(), calling())]), Some(5));
    for field in ["startedAt", "endedAt", "updatedAt", "lastInteractionAt"] {
        let sessions = [session(at_rest(), calling()), session(with(field, 90), story())];
        assert_eq!(life(&sessions), Some(90), "{field}");
    }
    // What has happened since the start tells of another life.
    let sessions = [session(with("updatedAt", START), calling().rests(START).user("u2", "hello?"))];
    assert_eq!(life(&sessions), Some(5));
}

#[rstest]
#[case::behind_a_heartbeat_of_today(calling().rests(START).system("h1", HEARTBEAT).calls("a2", &["c2"]), "interrupted: u1 toolcall c1=unknown")]
#[case::heartbeat_alone(story().rests(START).system("h1", HEARTBEAT).calls("a2", &["c2"]), "interrupted")]
#[case::a_persons_of_today(story().rests(START).user("u1", "x"), "interrupted")]
#[case::a_command(building().rests(START).system("h1", HEARTBEAT), "interrupted: u1 command c1=unknown")]
#[case::never_written(Story::new(), "interrupted: - message")]
fn a_turn_of_the_gateways_own_hides_what_was_unfinished_before_it(
    #[case] story: Story,
    #[case] expected: &str,
) {
    let row = row(&json!({"status": "running", "startedAt": ms(START + 1)}));
    let session = session(row, story);
    assert_eq!(Look::default().tell(&session), "live");
    for evidence in session.read() {
        assert_eq!(shown(&unfinished(&evidence, at(START), &describe)), expected);
    }
}
