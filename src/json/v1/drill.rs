//! What `comeback drill` prints.

use serde::Serialize;

use super::path;
use crate::drill::{self, Fate};

/// `comeback.drill.v1`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Drill<'a> {
    schema: &'static str,
    passed: bool,
    acts: Vec<ActView<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ActView<'a> {
    title: &'a str,
    version: &'a str,
    state_dir: Option<String>,
    sessions: Vec<SessionView<'a>>,
    checks: Vec<CheckView<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionView<'a> {
    session_key: &'a str,
    name: &'a str,
    stands: &'a str,
    fate: Option<&'static str>,
    expected: &'static str,
    rule: Option<&'a str>,
    reason: Option<&'a str>,
    code: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct CheckView<'a> {
    what: &'a str,
    passed: bool,
    trouble: Option<&'a str>,
}

impl<'a> Drill<'a> {
    /// Shows what came of a rehearsal; `kept` says that its files are still there.
    #[must_use]
    pub fn new(rehearsal: &'a drill::Rehearsal, kept: bool) -> Self {
        let act = |act: &'a drill::Act| ActView {
            title: act.title,
            version: act.version,
            state_dir: kept.then(|| path(&act.state)),
            sessions: act.played.iter().map(SessionView::new).collect(),
            checks: act.checks.iter().map(CheckView::new).collect(),
        };
        Self {
            schema: "comeback.drill.v1",
            passed: rehearsal.is_well(),
            acts: rehearsal.acts.iter().map(act).collect(),
        }
    }
}

impl<'a> SessionView<'a> {
    fn new(one: &'a drill::Played) -> Self {
        let (rule, reason) =
            one.ruling.as_ref().map(|(rule, reason)| (rule.as_str(), reason.as_str())).unzip();
        Self {
            session_key: one.session_key.as_str(),
            name: one.person.name,
            stands: one.person.stands,
            fate: one.fate.map(Fate::name),
            expected: one.person.should.name(),
            rule,
            reason,
            code: one.code.as_deref(),
        }
    }
}

impl<'a> CheckView<'a> {
    fn new(check: &'a drill::Check) -> Self {
        Self { what: check.what, passed: check.trouble.is_none(), trouble: check.trouble.as_deref() }
    }
}
