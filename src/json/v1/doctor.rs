//! What `comeback doctor` prints.

use serde::Serialize;

use crate::setup::{Finding, Status};

/// `comeback.doctor.v1`
#[derive(Debug, Serialize)]
pub struct Doctor<'a> {
    schema: &'static str,
    ok: bool,
    findings: Vec<FindingView<'a>>,
}

#[derive(Debug, Serialize)]
struct FindingView<'a> {
    check: &'a str,
    status: &'static str,
    text: &'a str,
    fix: Option<&'a str>,
}

impl<'a> Doctor<'a> {
    /// Shows what was found.
    #[must_use]
    pub fn new(findings: &'a [Finding]) -> Self {
        let view = |finding: &'a Finding| FindingView {
            check: finding.check,
            status: match finding.status {
                Status::Fine => "ok",
                Status::Note => "note",
                Status::Wrong => "wrong",
            },
            text: &finding.text,
            fix: finding.fix.as_deref(),
        };
        Self {
            schema: "comeback.doctor.v1",
            ok: findings.iter().all(|finding| finding.status != Status::Wrong),
            findings: findings.iter().map(view).collect(),
        }
    }
}
