//! What `comeback report` prints.

use serde::Serialize;

use super::{BootView, time};
use crate::flow::{self, Grounds, Moment, Stop, Story};
use crate::model::{Decision, Verdict};

/// `comeback.report.v1`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report<'a> {
    schema: &'static str,
    generated_at: String,
    stops: Vec<StopView<'a>>,
    warnings: &'a [String],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StopView<'a> {
    boot: Option<BootView>,
    last_sign_of_life: Option<String>,
    prepared: Option<PreparedView<'a>>,
    recoveries: Vec<RecoveryView<'a>>,
    sessions: Vec<SessionView<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PreparedView<'a> {
    at: String,
    session_key: &'a str,
}

#[derive(Debug, Serialize)]
struct RecoveryView<'a> {
    at: String,
    trigger: &'a str,
    outcome: &'a str,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionView<'a> {
    session_key: &'a str,
    about: Option<&'a str>,
    fate: &'static str,
    verdict: Option<Verdict>,
    decision: Option<Decision>,
    rule: Option<&'a str>,
    reason: Option<&'a str>,
    code: Option<&'a str>,
    message: Option<&'a str>,
    moments: Vec<MomentView<'a>>,
}

#[derive(Debug, Serialize)]
struct MomentView<'a> {
    at: String,
    what: &'static str,
    note: Option<&'a str>,
}

impl<'a> Report<'a> {
    /// Shows what happened.
    #[must_use]
    pub fn new(history: &'a flow::History) -> Self {
        Self {
            schema: "comeback.report.v1",
            generated_at: time(history.at),
            stops: history.stops.iter().map(StopView::new).collect(),
            warnings: &history.warnings,
        }
    }
}

impl<'a> StopView<'a> {
    fn new(stop: &'a Stop) -> Self {
        let prepared = |prepared: &'a flow::Forewarning| PreparedView {
            at: time(prepared.at),
            session_key: prepared.by.as_str(),
        };
        let recovery = |run: &'a flow::Run| RecoveryView {
            at: time(run.at),
            trigger: &run.trigger,
            outcome: &run.outcome,
        };
        Self {
            boot: stop.boot.as_ref().map(BootView::new),
            last_sign_of_life: stop.down_at.map(time),
            prepared: stop.prepared.as_ref().map(prepared),
            recoveries: stop.runs.iter().map(recovery).collect(),
            sessions: stop.sessions.iter().map(SessionView::new).collect(),
        }
    }
}

impl<'a> SessionView<'a> {
    fn new(story: &'a Story) -> Self {
        let ruling = story.ruling.as_ref();
        let moment = |moment: &'a Moment| MomentView {
            at: time(moment.at),
            what: moment.what.name(),
            note: moment.note.as_deref(),
        };
        Self {
            session_key: story.session_key.as_str(),
            about: story.about.as_deref(),
            fate: story.fate.name(),
            verdict: ruling.and_then(|ruling| ruling.verdict),
            decision: ruling.map(|ruling| ruling.decision),
            rule: ruling.map(|Grounds { rule, .. }| rule.as_str()),
            reason: ruling.map(|Grounds { reason, .. }| reason.as_str()),
            code: story.code.as_deref(),
            message: story.message.as_deref(),
            moments: story.moments.iter().map(moment).collect(),
        }
    }
}
