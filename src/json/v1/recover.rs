//! What `comeback recover` prints.

use serde::Serialize;

use super::{BootView, CheckpointRef, path};
use crate::flow::{self, ToolCall};
use crate::model::{Decision, Risk, Verdict};

/// `comeback.recover.v1`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Recover<'a> {
    schema: &'static str,
    outcome: &'static str,
    dry_run: bool,
    checkpoint: Option<CheckpointRef>,
    boot: Option<BootView>,
    items: Vec<ItemView<'a>>,
    own: Option<&'a str>,
    say: Option<&'a str>,
    calls: &'a [ToolCall],
    warnings: &'a [String],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemView<'a> {
    session_key: &'a str,
    agent: &'a str,
    verdict: Verdict,
    risk: Risk,
    decision: Decision,
    rule: &'a str,
    reason: &'a str,
    state: &'static str,
    detail: Option<&'a str>,
    code: String,
    key: &'a str,
    message: &'a str,
}

impl<'a> ItemView<'a> {
    fn new(one: &'a flow::ItemReport) -> Self {
        let item = &one.item;
        Self {
            session_key: item.session_key.as_str(),
            agent: &item.agent,
            verdict: item.verdict,
            risk: item.ruling.risk,
            decision: item.ruling.decision,
            rule: &item.ruling.rule,
            reason: &item.ruling.reason,
            state: one.state.name(),
            detail: one.state.detail(),
            code: item.key.code(),
            key: item.key.as_str(),
            message: &item.message,
        }
    }
}

impl<'a> Recover<'a> {
    /// Shows what a recovery did.
    #[must_use]
    pub fn new(report: &'a flow::Report) -> Self {
        let checkpoint =
            report.checkpoint.as_ref().map(|(id, file)| CheckpointRef { id: id.clone(), path: path(file) });
        Self {
            schema: "comeback.recover.v1",
            outcome: report.outcome.name(),
            dry_run: report.dry_run,
            checkpoint,
            boot: report.boot.as_ref().map(BootView::new),
            items: report.items.iter().map(ItemView::new).collect(),
            own: report.own.as_deref(),
            say: report.say.as_deref(),
            calls: &report.calls,
            warnings: &report.warnings,
        }
    }
}
