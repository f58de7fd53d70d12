//! The seed's chain: what its files list is judged by the gate, and `execute --send` sends what passes.
//!
//! It is about the same checkpoint as a recovery and has the same keys, so that neither repeats the other.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};

use super::candidates::Standpoint;
use super::context::{Context, PATIENCE};
use super::due::{self, Matter};
use super::items::Job;
use super::pending::Waiting;
use super::recover;
use super::recovery::{ItemState, Outcome, Report, Request, Trigger};
use super::sight::Watch;
use crate::checkpoint::{Block, Checkpoint, Entry, Store};
use crate::dispatch::Dispatcher;
use crate::gateway::{Gateway, Scopes};
use crate::ledger::{self, Ledger, Writer};
use crate::model::{Decision, Risk, SessionKey};
use crate::plan::{self, Message, Ruling, Situation};
use crate::support::error::{Error, Kind, Result};

/// How long another run's lock is waited for.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);
/// `execute --send` is a recovery that somebody calls by hand.
const BY_HAND: Request =
    Request { trigger: Trigger::Manual, wait_gateway: false, wait: false, dry_run: false };

/// What a file of the chain lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct List {
    /// The checkpoint that it comes from, as the file names it.
    pub checkpoint: Option<String>,
    /// One for each session.
    pub messages: Vec<Message>,
}

/// What was found out about a list, or done with it.
#[derive(Clone, Debug)]
pub struct Chain {
    /// One for each message, in the same order.
    pub steps: Vec<Step>,
    /// What is worth knowing.
    pub warnings: Vec<String>,
}

/// One message, and what becomes of it.
#[derive(Clone, Debug)]
pub struct Step {
    /// The message, as the file has it.
    pub message: Message,
    /// Why.
    pub ruling: Ruling,
    /// What becomes of it; due is for the caller to send.
    pub state: ItemState,
    /// The code by which a person confirms it, where the ledger holds it.
    pub code: Option<String>,
}

/// Tells whether a checkpoint is used up, as the file or the ledger has it.
///
/// # Errors
/// Where the ledger cannot be read.
pub fn is_used(context: &Context, entry: &Entry) -> Result<bool> {
    let in_file = entry.checkpoint.as_ref().is_ok_and(Checkpoint::is_consumed);
    Ok(in_file || Ledger::read(&context.paths.ledger())?.consumed_at(&entry.id).is_some())
}

/// Judges a list by its words, by the checkpoint that it names, and by what the ledger knows; changes nothing.
///
/// # Errors
/// Where the ledger cannot be read, or the checkpoint is there and does not parse.
pub fn verify(context: &Context, list: &List) -> Result<Chain> {
    let ledger = Ledger::read(&context.paths.ledger())?;
    let mut warnings = Vec::new();
    let mut source = None;
    if let Some(named) = &list.checkpoint {
        match located(context, named)? {
            Some(entry) => source = Some(Waiting::of(entry, &ledger)?),
            None => warnings.push(format!("{}; the messages alone decide", not_found(context, named))),
        }
    }
    let steps = remembered(context, list, source.as_ref(), &ledger);
    Ok(Chain { steps, warnings })
}

/// Sends what passes the gate, each once, and holds the rest.
///
/// # Errors
/// [`Kind::Refused`] where the policy forbids it, the checkpoint was replaced, or the gateway has not restarted since;
/// [`Kind::Gateway`] where it cannot be reached; else where the checkpoint is not there or does not parse, or the ledger
/// or the gateway fails. Nothing was sent then that the ledger does not know.
pub fn send(context: &Context, list: &List) -> Result<Chain> {
    if !context.policy.enabled {
        let (machine, workspace) = (context.paths.policy(), context.paths.workspace_policy());
        let hint = format!("the operator sets enabled in {} or {}", machine.display(), workspace.display());
        return Err(refused("the policy has switched comeback off (enabled: false)").hint(hint));
    }
    let mut ledger = context.ledger(LOCK_PATIENCE)?;
    let waiting = Waiting::of(newest(context, list)?, ledger.ledger())?;
    if waiting.is_used(ledger.ledger()) {
        let steps = remembered(context, list, Some(&waiting), ledger.ledger());
        let warning = format!("{} is used up: nothing is sent", waiting.path.display());
        return Ok(Chain { steps, warnings: vec![warning] });
    }
    if let Some(meta) = &waiting.checkpoint.meta {
        // Its mark could not be set, so nothing of it is sent.
        meta.ensure_known(&waiting.path.display().to_string())?;
    }
    let mut gateway = context.connect(Scopes::TALK, PATIENCE)?;
    if !waiting.is_due(gateway.boot()) {
        let why = "the gateway has not restarted since the checkpoint was written: nothing is due";
        return Err(refused(why).hint("`comeback status` shows what waits"));
    }
    dispatched(context, list, &waiting, &mut gateway, &mut ledger)
}

/// Returns the newest checkpoint, which is the one that a list must be about: what is older was replaced.
fn newest(context: &Context, list: &List) -> Result<Entry> {
    let newest = Store::new(context.paths.checkpoints()).newest()?;
    let Some(named) = &list.checkpoint else { return Ok(newest) };
    let Some(entry) = located(context, named)? else {
        return Err(Error::new(Kind::User, not_found(context, named)));
    };
    if entry.path != newest.path {
        let why = format!("{named} is not the newest checkpoint: that is {}", newest.path.display());
        return Err(refused(&why).hint("begin again with `comeback actions`"));
    }
    Ok(newest)
}

fn refused(why: &str) -> Error {
    Error::new(Kind::Refused, why)
}

/// Finds the checkpoint that a file names, inside of the workspace or the state directory; the seed names it as seen
/// from where it ran, which is the workspace.
fn located(context: &Context, named: &str) -> Result<Option<Entry>> {
    let roots = [&context.paths.workspace, &context.paths.state].map(|root| root.canonicalize().ok());
    let inside = |path: &PathBuf| path.is_file() && roots.iter().flatten().any(|root| path.starts_with(root));
    let real = |base: &Path| base.join(named).canonicalize().ok().filter(inside);
    let Some(path) = real(Path::new(".")).or_else(|| real(&context.paths.workspace)) else { return Ok(None) };
    let store = Store::new(context.paths.checkpoints());
    // The folder's own entry has the id that a recovery knows the file by.
    let own = store.list()?.into_iter().find(|entry| entry.path.canonicalize().is_ok_and(|own| own == path));
    Ok(Some(own.unwrap_or_else(|| store.entry(path))))
}

fn not_found(context: &Context, named: &str) -> String {
    let (workspace, state) = (context.paths.workspace.display(), context.paths.state.display());
    format!(
        "the checkpoint {named:?}, which the file names, is not there, or not inside of {workspace} or {state}"
    )
}

/// Judges each message as if the caller were to send it. A list that names no checkpoint may still be about the newest:
/// what the ledger knows of that one's sessions counts.
fn remembered(context: &Context, list: &List, source: Option<&Waiting>, ledger: &Ledger) -> Vec<Step> {
    let start = context.running_boot().map_or_else(|| context.clock.now(), |boot| boot.started_at);
    let newest = Store::new(context.paths.checkpoints()).newest().ok();
    let newest = newest.and_then(|entry| Waiting::of(entry, ledger).ok());
    let step = |message: &Message| {
        let ruling = judged(context, list, message, source, start);
        let names = |newest: &&Waiting| !blocks_of(newest, &message.session_key).is_empty();
        let (ruling, state, code) = match source.or(newest.as_ref().filter(names)) {
            Some(source) => known(source, ledger, message, ruling),
            None => (ruling.clone(), state_of(&ruling), None),
        };
        Step { message: message.clone(), ruling, state, code }
    };
    list.messages.iter().map(step).collect()
}

fn judged(
    context: &Context,
    list: &List,
    message: &Message,
    source: Option<&Waiting>,
    start: DateTime<Utc>,
) -> Ruling {
    if source.is_some_and(|source| is_callers(source, message)) {
        let reason = "it prepared the restart: `comeback recover` has it go on";
        return Ruling { decision: Decision::Skip, ..hold(Risk::Normal, "own-session", reason) };
    }
    let blocks = source.map(|source| blocks_of(source, &message.session_key)).unwrap_or_default();
    let twice = list.messages.iter().filter(|other| other.session_key == message.session_key).count() > 1;
    let situation = Situation {
        caller: None,
        attended: true,
        stale: source.is_some_and(|source| source.is_stale(start)),
        sent_before: 0,
        policy: &context.policy,
        templates: &context.templates,
        may_address: &|_, _| true,
    };
    plan::judge(message, &blocks, twice, &situation)
}

/// Tells whether a message goes to the session that prepared the restart: that is no target, it may be who calls.
fn is_callers(source: &Waiting, message: &Message) -> bool {
    source.caller.as_ref() == Some(&message.session_key)
}

fn blocks_of<'a>(source: &'a Waiting, session: &SessionKey) -> Vec<&'a Block> {
    source.checkpoint.blocks.iter().filter(|block| block.session_key == *session).collect()
}

/// Puts what the ledger knows of a message before what the gate says.
fn known(
    source: &Waiting,
    ledger: &Ledger,
    message: &Message,
    ruling: Ruling,
) -> (Ruling, ItemState, Option<String>) {
    let key = plan::key_of(&source.id, &message.session_key);
    let hold = |rule, reason: &str| hold(ruling.risk, rule, reason);
    if ledger.is_taken(&key) {
        return (hold("already-sent", "it was dealt with before"), ItemState::Resumed, None);
    }
    if ledger.is_rejected(&key) {
        return (hold("rejected", "a person has rejected it"), ItemState::Skipped, None);
    }
    if let Some(held) = ledger.held().into_iter().find(|held| held.key == key) {
        return (hold(&held.rule, &held.reason), ItemState::Held, Some(key.code()));
    }
    if ledger.effect(&key).is_some_and(|effect| effect.outcome != Some(ledger::Outcome::Refused)) {
        return (hold("unknown-outcome", "it may have been sent before"), ItemState::Held, None);
    }
    if source.is_used(ledger) {
        return (hold("used-up", "the checkpoint was used before"), ItemState::Held, None);
    }
    let state = state_of(&ruling);
    (ruling, state, None)
}

fn hold(risk: Risk, rule: &str, reason: &str) -> Ruling {
    Ruling { decision: Decision::Hold, risk, rule: rule.to_owned(), reason: reason.to_owned() }
}

fn state_of(ruling: &Ruling) -> ItemState {
    match ruling.decision {
        Decision::Send => ItemState::Due,
        Decision::Hold => ItemState::Held,
        Decision::Skip => ItemState::Skipped,
    }
}

fn dispatched(
    context: &Context,
    list: &List,
    waiting: &Waiting,
    gateway: &mut Gateway,
    ledger: &mut Writer,
) -> Result<Chain> {
    let boot = gateway.boot().clone();
    let mut report = Report { boot: Some(boot.clone()), ..Report::new(BY_HAND, Outcome::Recovered) };
    report.warnings.extend(gateway.warnings().iter().cloned());
    let chosen = chosen(waiting, list);
    let named = chosen.checkpoint.blocks.iter().map(|block| block.session_key.clone()).collect();
    let sight = Watch::new(context, Some(&chosen), Job::None, named).settled(gateway)?;
    let standpoint = Standpoint::new(context, ledger.ledger(), Some(&boot));
    let candidates = standpoint.of_blocks(&sight, &chosen);
    let plan =
        Matter::new(context, BY_HAND, Some(&chosen), false).plan_of(gateway, ledger.ledger(), &candidates);
    let mut dispatcher = Dispatcher::new(gateway, ledger, &boot, context.clock);
    dispatcher.reconcile()?;
    for gated in plan.gated() {
        let session = gated.item().session_key.clone();
        let of_session = list.messages.iter().filter(|message| message.session_key == session);
        let rulings = of_session.map(|message| {
            if blocks_of(waiting, &session).is_empty() {
                return hold(Risk::Normal, "not-in-checkpoint", "the checkpoint does not name the session");
            }
            judged(context, list, message, Some(waiting), boot.started_at)
        });
        let gated = rulings.fold(gated, plan::tightened);
        report.items.push(due::carry_out_read(&mut dispatcher, Some(&chosen), Job::None, &sight, gated)?.0);
    }
    if waiting.checkpoint.blocks.iter().all(|block| is_dealt_with(block, waiting, &report, ledger.ledger())) {
        due::finish(context, ledger, Some(waiting), true, &mut report)?;
    } else {
        report.outcome = Outcome::Incomplete;
    }
    recover::write_down(context, BY_HAND, ledger, &mut report, Some(waiting.id.clone()));
    let step = |message: &Message| {
        let message = message.clone();
        let Some(one) = report.items.iter().find(|one| one.item.session_key == message.session_key) else {
            let ruling = judged(context, list, &message, Some(waiting), boot.started_at);
            return Step { message, state: state_of(&ruling), ruling, code: None };
        };
        let code = (one.state == ItemState::Held).then(|| one.item.key.code());
        Step { message, ruling: one.item.ruling.clone(), state: one.state.clone(), code }
    };
    let steps = list.messages.iter().map(step).collect();
    Ok(Chain { steps, warnings: report.warnings })
}

/// Returns the checkpoint with the list's sessions and messages in place of its blocks.
fn chosen(waiting: &Waiting, list: &List) -> Waiting {
    let others = list.messages.iter().filter(|message| !is_callers(waiting, message));
    let block = |message: &Message| message.over(blocks_of(waiting, &message.session_key).first().copied());
    let blocks = others.map(block).collect();
    Waiting { checkpoint: Checkpoint { blocks, ..waiting.checkpoint.clone() }, ..waiting.clone() }
}

/// Tells whether nothing of a block is left for a recovery.
fn is_dealt_with(block: &Block, waiting: &Waiting, report: &Report, ledger: &Ledger) -> bool {
    report.deals_with(&block.session_key) || ledger.is_taken(&plan::key_of(&waiting.id, &block.session_key))
}

#[cfg(test)]
mod tests;
