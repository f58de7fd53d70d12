//! What is left to do where the gateway cannot be reached: a report with the calls that an agent can make itself.

use super::call::ToolCall;
use super::candidates::Standpoint;
use super::context::Context;
use super::due::{self, Matter};
use super::language;
use super::pending::Waiting;
use super::recovery::{ItemReport, ItemState, Outcome, Report, Request, Trigger};
use super::sight::Sight;
use crate::ledger::Ledger;
use crate::model::{AgentId, Verdict};
use crate::plan::{self, Candidate};
use crate::session::Judgement;
use crate::support::error::{Error, Result};

/// Plans without evidence, for an agent that can reach the sessions although we cannot reach the gateway.
pub(super) fn report(
    context: &Context,
    request: Request,
    waiting: &Waiting,
    ledger: &Ledger,
    error: &Error,
) -> Report {
    let mut report = unreached(request, error);
    let boot = context.running_boot();
    if boot.as_ref().is_some_and(|boot| !waiting.is_due(boot)) {
        report.warnings.push("the gateway has not restarted since the checkpoint was written".to_owned());
        return report;
    }
    report.boot.clone_from(&boot);
    let start = boot.map_or_else(|| context.clock.now(), |boot| boot.started_at);
    let woken = waiting.caller.as_ref().filter(|_| request.trigger == Trigger::Job);
    let candidates = waiting.checkpoint.blocks.iter().map(|block| {
        let unseen = Judgement::of(Verdict::Complete, "the gateway could not be asked");
        let keys = vec![plan::key_of(&waiting.id, &block.session_key)];
        Candidate::of_block(block, keys, unseen, language::of_session(None, Some(block)))
    });
    let matter = Matter::new(context, request, Some(waiting), false);
    let candidates: Vec<Candidate<'_>> = candidates.collect();
    let may_address = |from: &AgentId, to: &AgentId| context.config.agent_to_agent.permits(from, to, false);
    let plan = plan::build(&candidates, &matter.situation(start, &may_address));
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

/// Tells what the files say was cut off, for whoever starts the gateway again; without a checkpoint.
///
/// # Errors
/// Where the state directory cannot be read.
pub(super) fn of_cuts(context: &Context, request: Request, ledger: &Ledger, error: &Error) -> Result<Report> {
    let boot = context.running_boot();
    let start = boot.as_ref().map_or_else(|| context.clock.now(), |boot| boot.started_at);
    let sight = Sight::of_all(context, None, start, &mut |one| !one.is_over(start))?;
    let candidates = Standpoint::new(context, ledger, boot.as_ref()).candidates(&sight, None);
    if candidates.is_empty() {
        return Ok(Report::new(request, Outcome::Nothing));
    }
    let mut report = Report { boot, ..unreached(request, error) };
    let may_address = |_: &AgentId, _: &AgentId| true;
    let matter = Matter::new(context, request, None, false);
    let plan = plan::build(&candidates, &matter.situation(start, &may_address));
    report.items = plan.gated().into_iter().map(|gated| due::planned(gated, ledger)).collect();
    let due = report.items.iter().filter(|one| one.state == ItemState::Due);
    report.calls = due.map(|one| ToolCall::resume(&one.item.session_key, &one.item.message)).collect();
    Ok(report)
}

fn unreached(request: Request, error: &Error) -> Report {
    let warnings = [error.full()].into_iter().chain(error.hints().iter().cloned()).collect();
    Report { warnings, ..Report::new(request, Outcome::Unreachable) }
}
