//! What the evidence says of a session: one pure function.

use chrono::{DateTime, Utc};

use super::author::Author;
use super::evidence::{Evidence, RunStatus};
use crate::model::Verdict;

/// A verdict and the sentence that explains it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The verdict.
    pub verdict: Verdict,
    /// One sentence for people.
    pub reason: String,
}

/// Judges a session by its evidence, seen from the boot that began at `boot_start`.
///
/// `None` is a session that the gateway does not know.
#[must_use]
pub fn judge(evidence: Option<&Evidence>, boot_start: DateTime<Utc>) -> Judgement {
    let (verdict, reason) = match evidence {
        None => (Verdict::Unreadable, "the gateway knows no such session"),
        Some(evidence) => weigh(evidence, boot_start),
    };
    Judgement { verdict, reason: reason.to_owned() }
}

fn weigh(evidence: &Evidence, boot_start: DateTime<Utc>) -> (Verdict, &'static str) {
    if evidence.is_running(boot_start) {
        return (Verdict::Live, "a run is under way");
    }
    for entry in evidence.since(boot_start) {
        match entry.author {
            Author::Person => return (Verdict::Live, "its user has written since the restart"),
            Author::NativeRecovery => return (Verdict::Live, "OpenClaw's own recovery has resumed it"),
            Author::Comeback => return (Verdict::Live, "it has been resumed since the restart"),
            Author::Agent | Author::Tool | Author::System => {}
        }
    }
    match evidence.status {
        RunStatus::Running => (Verdict::Interrupted, "its turn was under way when the gateway stopped"),
        RunStatus::Failed if evidence.aborted => {
            (Verdict::Interrupted, "its turn was cut off and OpenClaw's own recovery gave up on it")
        }
        RunStatus::Failed | RunStatus::Ended => {
            (Verdict::Complete, "its last turn had ended before the restart")
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use rstest::rstest;

    use super::*;
    use crate::session::Entry;

    const BOOT: i64 = 1_000;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[rstest]
    #[case::idle(RunStatus::Ended, false, false, 500, None, Verdict::Complete)]
    #[case::failed_by_the_provider(RunStatus::Failed, false, false, 500, None, Verdict::Complete)]
    #[case::native_gave_up(RunStatus::Failed, true, false, 500, None, Verdict::Interrupted)]
    #[case::cut(RunStatus::Running, true, false, 500, None, Verdict::Interrupted)]
    #[case::running_since_the_start(RunStatus::Running, false, false, 1_001, None, Verdict::Live)]
    #[case::reported_as_running(RunStatus::Ended, false, true, 500, None, Verdict::Live)]
    #[case::a_person_wrote(RunStatus::Ended, false, false, 500, Some((1_002, Author::Person)), Verdict::Live)]
    #[case::a_person_wrote_before(RunStatus::Ended, false, false, 500, Some((999, Author::Person)), Verdict::Complete)]
    #[case::native_resumed(RunStatus::Ended, false, false, 500, Some((1_002, Author::NativeRecovery)), Verdict::Live)]
    #[case::we_resumed(RunStatus::Ended, false, false, 500, Some((1_002, Author::Comeback)), Verdict::Live)]
    #[case::a_heartbeat(RunStatus::Ended, false, false, 500, Some((1_002, Author::System)), Verdict::Complete)]
    #[case::our_notice_was_mirrored(RunStatus::Failed, true, false, 500, Some((1_002, Author::System)), Verdict::Interrupted)]
    fn each_state_has_its_verdict(
        #[case] status: RunStatus,
        #[case] aborted: bool,
        #[case] active: bool,
        #[case] started: i64,
        #[case] entry: Option<(i64, Author)>,
        #[case] expected: Verdict,
    ) {
        let entry = entry.map(|(seconds, author)| Entry {
            id: Some("e".into()),
            at: Some(at(seconds)),
            author,
            text: String::new(),
        });
        let evidence = Evidence {
            key: "agent:main:main".parse().expect("a key"),
            session_id: None,
            status,
            aborted,
            active,
            started_at: Some(at(started)),
            updated_at: None,
            route: None,
            entries: entry.into_iter().collect(),
        };
        assert_eq!(judge(Some(&evidence), at(BOOT)).verdict, expected);
    }

    #[test]
    fn an_unknown_session_is_unreadable() {
        assert_eq!(judge(None, at(BOOT)).verdict, Verdict::Unreadable);
    }
}
