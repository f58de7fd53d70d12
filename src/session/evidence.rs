//! The evidence: a session's row and the tail of its transcript, from whichever reader.

use chrono::{DateTime, Utc};

use super::author::Author;
use super::history::History;
use super::reader::Writer;
use super::row::Row;
use crate::model::{AgentId, IdempotencyKey, Route, SessionKey};
use crate::support::error::Result;

/// What is known of one session without asking its agent.
#[derive(Debug)]
pub struct Evidence {
    /// The session, by the key under which gateways know it.
    pub key: SessionKey,
    /// Its agent.
    pub agent: AgentId,
    /// Whether nothing is sent to it: of the session that an agent has of all its chats (`session.scope: "global"`) gateways up
    /// to 2026.7 show the default agent's, so that nobody can look at it before.
    pub out_of_reach: bool,
    /// Its row; an empty one where it cannot be read.
    pub row: Row,
    /// Who holds its transcript for a turn.
    pub writer: Option<Writer>,
    /// The end of its transcript, or why the row or the transcript cannot be read.
    pub history: Result<History>,
}

/// The `status` of a session's row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunStatus {
    /// A run is, or was, under way.
    Running,
    /// The run ended in an error; with the abort mark, native recovery gave up on it.
    Failed,
    /// The run ended otherwise, or the row does not say.
    Ended,
}

/// One message of a transcript.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The entry's id.
    pub id: Option<String>,
    /// When it was recorded.
    pub at: Option<DateTime<Utc>>,
    /// Who wrote it.
    pub author: Author,
    /// Its text; empty where it has none, of tools, and of the agent of a session that rests.
    pub text: String,
}

impl Evidence {
    /// Drops what nobody asks of a session that rests, as nearly all do.
    pub(super) fn rest(&mut self) {
        if let Ok(history) = &mut self.history
            && self.row.pending_reply.is_none()
            && history.rests()
        {
            history.drop_details();
            self.row.session_file = None;
        }
    }

    /// Tells whether it had come to rest before `since`, and nothing has happened in it since: nobody has to look at it
    /// again who does not know it already.
    #[must_use]
    pub fn is_over(&self, since: DateTime<Utc>) -> bool {
        let Self { row, history, .. } = self;
        let rests = history.as_ref().is_ok_and(History::rests) && row.pending_reply.is_none();
        rests && row.is_of_before(since) && self.writer.is_none() && self.since(since).next().is_none()
    }

    /// Returns the last messages of its transcript, oldest first; none where it cannot be read.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        self.history.as_ref().map_or(&[], |history| &history.entries)
    }

    /// Returns where its replies go.
    #[must_use]
    pub fn route(&self) -> Option<&Route> {
        self.row.route.as_ref()
    }

    /// Returns the id of the last entry.
    #[must_use]
    pub fn last_entry_id(&self) -> Option<&str> {
        self.entries().iter().rev().find_map(|entry| entry.id.as_deref())
    }

    /// Returns when the last entry was recorded.
    #[must_use]
    pub fn last_entry_at(&self) -> Option<DateTime<Utc>> {
        self.entries().iter().rev().find_map(|entry| entry.at)
    }

    /// Returns what persons wrote in it, oldest first.
    pub fn said_by_persons(&self) -> impl Iterator<Item = &str> {
        let by_a_person = |entry: &&Entry| entry.author == Author::Person;
        self.entries().iter().filter(by_a_person).map(|entry| entry.text.as_str())
    }

    /// Says how the session has gone on since the gateway's start, or since a wake, where it has.
    #[must_use]
    pub fn gone_on(&self, since: DateTime<Utc>) -> Option<&'static str> {
        if self.is_running(since) {
            return Some("a run is under way");
        }
        self.since(since).find_map(|entry| match entry.author {
            Author::Person => Some("its user has written since the restart"),
            Author::NativeRecovery => Some("OpenClaw's own recovery has resumed it"),
            Author::Comeback => Some("it has been resumed since the restart"),
            Author::Agent | Author::Tool | Author::System | Author::Report => None,
        })
    }

    /// Does the same, but for native recovery: where nobody heard the answer that it got, it did not help.
    #[must_use]
    pub fn gone_on_heard(&self, since: DateTime<Utc>) -> Option<&'static str> {
        let history = self.history.as_ref().ok();
        if history.and_then(|history| history.unheard_answer(&self.row)).is_none() {
            return self.gone_on(since);
        }
        let later = |entry: &Entry| matches!(entry.author, Author::Person | Author::Comeback);
        let is_answered = self.since(since).any(later) || self.row.active;
        is_answered.then_some("the conversation has gone on")
    }

    /// Tells whether a turn of native recovery's is under way whose answer nobody will hear.
    #[must_use]
    pub fn is_running_unheard(&self, since: DateTime<Utc>) -> bool {
        let last = self.entries().iter().rev().find(|entry| entry.author.speaks_for_a_person());
        self.is_running(since)
            && !self.row.recovery_route
            && last.is_some_and(|entry| entry.author == Author::NativeRecovery)
    }

    /// Tells whether the process that holds the transcript for a turn is there: where a gateway does not report its runs,
    /// that is all that tells a run from one that a wake of the machine left dead.
    #[must_use]
    pub fn is_held_for_a_turn(&self) -> bool {
        self.writer.is_some_and(|writer| writer.alive)
    }

    /// Tells whether native recovery has still to decide about a turn that the boot before this one left.
    ///
    /// Its mark stands on a `running` row until it resumes the turn or gives up (measured: 5 to 8 s after the
    /// start on 2026.5.28, 2026.7.1 and 2026.9.6).
    #[must_use]
    pub fn awaits_native_recovery(&self, boot_start: DateTime<Utc>) -> bool {
        self.row.status == Some(RunStatus::Running) && !self.row.active && !self.began_after(boot_start)
    }

    /// Tells whether a run is under way that began after `since`, or that the gateway reports.
    #[must_use]
    pub fn is_running(&self, since: DateTime<Utc>) -> bool {
        self.row.active || (self.row.status == Some(RunStatus::Running) && self.began_after(since))
    }

    /// Tells whether a run is under way that nobody asked for since the start: a schedule's, a heartbeat's, or the
    /// gateway's own word about its restart (2026.5.28 and 2026.7.1 give the session that asked a turn for it).
    #[must_use]
    pub fn is_running_by_itself(&self, boot_start: DateTime<Utc>) -> bool {
        self.is_running(boot_start) && !self.since(boot_start).any(|entry| entry.author.speaks_for_a_person())
    }

    /// Returns the entries since the start.
    pub fn since(&self, boot_start: DateTime<Utc>) -> impl Iterator<Item = &Entry> {
        self.entries().iter().filter(move |entry| entry.at.is_some_and(|at| at >= boot_start))
    }

    fn began_after(&self, boot_start: DateTime<Utc>) -> bool {
        self.row.started_at.is_some_and(|at| at >= boot_start)
    }

    /// Tells whether the transcript holds a message that carries `key`.
    #[must_use]
    pub fn mentions(&self, key: &IdempotencyKey) -> bool {
        self.entries()
            .iter()
            .any(|entry| entry.author == Author::Comeback && entry.text.contains(key.as_str()))
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use rstest::rstest;
    use serde_json::{Value, json};

    use super::*;
    use crate::session::fake::{KEY, State, Story, at, row};
    use crate::session::last_sign_of_life;

    fn read(story: &Story, more: &Value) -> Evidence {
        let state = State::new();
        state.put_rows(&json!({KEY: row(more)}));
        state.put("s1.jsonl", story.lines());
        state.read().pop().unwrap()
    }

    /// A turn with a call that takes two minutes.
    fn worked() -> Story {
        let began = Story::new().user("u", "整理一下").says("a", "I look.", "toolUse").calls("b", &["sort"]);
        began.rests(120).result("r", "sort", Value::Null)
    }

    fn told(evidence: &Evidence) -> Vec<(&str, &str)> {
        let entries = evidence.entries().iter();
        entries.map(|entry| (entry.id.as_deref().unwrap_or_default(), entry.text.as_str())).collect()
    }

    #[test]
    fn of_a_session_that_rests_is_kept_who_spoke_and_when_it_was_at_work() {
        let story = worked().says("z", "Sorted.", "stop");
        let read = read(&story, &json!({"status": "done"}));
        assert_eq!(told(&read), [("u", "整理一下"), ("b", ""), ("r", ""), ("z", "")]);
        assert_eq!((read.last_entry_id(), read.last_entry_at()), (Some("z"), Some(story.now())));
        // It slept while the call ran.
        let slept = last_sign_of_life(&read, at(60)).unwrap();
        assert_eq!(slept, at(4));
        assert!(read.history.unwrap().last_turn().unwrap().calls.is_empty());
    }

    #[test]
    fn work_that_never_pauses_is_seen_every_minute() {
        let began = Story::new().user("u", "整理一下");
        let story = (0..20).fold(began, |story, at| story.rests(19).says(&format!("a{at}"), "…", "toolUse"));
        let read = read(&story.says("z", "Sorted.", "stop"), &json!({"status": "done"}));
        let times: Vec<_> = read.entries().iter().filter_map(|entry| entry.at).collect();
        assert!(times.windows(2).all(|pair| pair[1] - pair[0] <= chrono::TimeDelta::minutes(1)), "{times:?}");
        assert!(times.len() < 12, "{times:?}");
    }

    #[rstest]
    #[case::cut_off(worked(), json!({}))]
    #[case::not_delivered(worked().says("z", "Sorted.", "stop"), json!({"pendingFinalDelivery": {"text": "Sorted."}}))]
    #[case::a_command(worked().calls("c", &["build"]).backgrounded("d", "build", "swift-otter").answers("z"), json!({}))]
    #[case::without_leave(
        worked().calls("c", &["rm"]).result("d", "rm", json!({"details": {"status": "approval-pending"}})).answers("z"),
        json!({})
    )]
    fn of_one_in_which_something_is_open_all_is_kept(#[case] story: Story, #[case] more: Value) {
        let read = read(&story, &more);
        assert!(told(&read).contains(&("a", "I look.")) && told(&read).contains(&("r", "")));
        assert_eq!(read.history.unwrap().last_turn().unwrap().calls[0].arguments, json!({"command": "sort"}));
    }

    #[rstest]
    #[case::at_rest(worked().answers("z"), json!({}), true)]
    #[case::of_an_old_gateway(worked().answers("z"), json!({"status": null}), true)]
    #[case::cut_off(worked(), json!({}), false)]
    #[case::not_delivered(worked().answers("z"), json!({"pendingFinalDelivery": {"text": "Sorted."}}), false)]
    #[case::it_runs(worked().answers("z"), json!({"status": "running"}), false)]
    #[case::it_has_failed(worked().answers("z"), json!({"status": "failed"}), false)]
    #[case::stopped(worked().answers("z"), json!({"abortedLastRun": true}), false)]
    #[case::the_gateway_reports_a_run(worked().answers("z"), json!({"hasActiveRun": true}), false)]
    #[case::buried(worked().answers("z"), json!({"restartRecoveryStatus": "tombstoned"}), false)]
    #[case::changed_since(worked().answers("z"), json!({"updatedAt": at(500).timestamp_millis()}), false)]
    #[case::somebody_has_spoken_since(worked().answers("z").rests(500).user("n", "谢谢").answers("y"), json!({}), false)]
    #[case::nothing_was_said(Story::new(), json!({}), false)]
    fn over_is_what_had_come_to_rest_and_was_left_so(
        #[case] story: Story,
        #[case] more: Value,
        #[case] expected: bool,
    ) {
        let mut fields = json!({"status": "done"});
        fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(read(&story, &fields).is_over(at(400)), expected);
    }
}
