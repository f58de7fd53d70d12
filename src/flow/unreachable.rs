//! What is left to do where the gateway cannot be reached: a report with the calls that an agent can make itself.

use super::call::ToolCall;
use super::context::Context;
use super::due;
use super::language;
use super::pending::Waiting;
use super::recovery::{ItemReport, ItemState, Outcome, Report, Request, Trigger};
use crate::ledger::Ledger;
use crate::model::{AgentId, Verdict};
use crate::plan::{self, Candidate};
use crate::session::Judgement;
use crate::support::error::Error;

/// Plans without evidence, for an agent that can reach the sessions although we cannot reach the gateway.
pub(super) fn report(
    context: &Context,
    request: Request,
    waiting: &Waiting,
    ledger: &Ledger,
    error: &Error,
) -> Report {
    let mut report = Report::new(request, Outcome::Unreachable);
    report.warnings.push(error.full());
    report.warnings.extend(error.hints().iter().cloned());
    let boot = context.running_boot();
    if boot.as_ref().is_some_and(|boot| !waiting.is_due(boot)) {
        report.warnings.push("the gateway has not restarted since the checkpoint was written".to_owned());
        return report;
    }
    report.boot.clone_from(&boot);
    let start = boot.map_or_else(|| context.clock.now(), |boot| boot.started_at);
    let woken = waiting.caller.as_ref().filter(|_| request.trigger == Trigger::Job);
    let unseen =
        || Judgement { verdict: Verdict::Complete, reason: "the gateway could not be asked".to_owned() };
    let blocks = waiting.checkpoint.blocks.iter();
    let candidates = blocks.map(|block| Candidate {
        judgement: unseen(),
        language: language::of_session(None, Some(block)),
        unsettled: false,
        updated_at: None,
        route: None,
        calls: Vec::new(),
        captured: None,
        block,
    });
    let candidates: Vec<Candidate<'_>> = candidates.collect();
    let may_address = |from: &AgentId, to: &AgentId| context.config.agent_to_agent.permits(from, to, false);
    let plan = plan::build(&candidates, &due::situation(context, request, waiting, start, &may_address));
    report.items = plan.gated().into_iter().map(|gated| due::planned(gated, ledger)).collect();
    for ItemReport { item, state } in &report.items {
        let is_own = woken == Some(&item.session_key);
        let is_open = *state == ItemState::Due && ledger.effect(&item.key).is_none();
        if is_own && (is_open || ledger.is_untold(&item.key)) {
            report.own = Some(item.message.clone());
        } else if is_open {
            report.calls.push(ToolCall::resume(&item.session_key, &item.message));
        }
    }
    report
}
