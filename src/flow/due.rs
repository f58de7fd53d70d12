//! The recovery of a checkpoint that is due: evidence, plan, gate, dispatch, holds, notice, and the mark.

use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::context::{Context, PATIENCE};
use super::items::{Job, carry_out};
use super::language;
use super::pending::Waiting;
use super::recovery::{ItemReport, ItemState, Outcome, Report, Request, Trigger};
use super::tell::tell;
use crate::checkpoint::{Block, Marked, Store};
use crate::dispatch::Dispatcher;
use crate::gateway::{Gateway, Scopes, tools};
use crate::ledger::{self, Event, Ledger, Writer};
use crate::model::{AgentId, Language, Route, SessionKey, Verdict};
use crate::plan::{self, Candidate, Gated, Plan, Situation};
use crate::session::{self, Evidence, Judgement};
use crate::support::error::{Error, Kind, Result};

/// How long the gateway's own affairs may take: native recovery decides within 8 s of the start (measured).
const NATIVE_PATIENCE: Duration = Duration::from_secs(45);
const NATIVE_POLL: Duration = Duration::from_millis(250);
/// How long `--wait` follows one run.
const FOLLOW_FOR: Duration = Duration::from_secs(600);

/// The session of one block; `None` is one that the gateway does not know.
pub(super) type Look = Result<Option<Evidence>>;

/// Recovers a checkpoint that is due; `job_runs` tells whether the recovery job has fired and not ended.
pub(super) fn recover(
    context: &Context,
    request: Request,
    gateway: &mut Gateway,
    ledger: &mut Writer,
    waiting: &Waiting,
    job_runs: bool,
) -> Result<Report> {
    let boot = gateway.boot().clone();
    let mut report = Report { boot: Some(boot.clone()), ..Report::new(request, Outcome::Recovered) };
    report.warnings.extend(gateway.warnings().iter().cloned());
    let job = job_of(request, waiting, job_runs);
    let looks = look_when_settled(context, gateway, waiting, job)?;
    let plan = plan(context, request, waiting, gateway, &looks, job);
    let mut dispatcher = Dispatcher::new(gateway, ledger, &boot, context.clock);
    dispatcher.reconcile()?;
    let mut gated = plan.gated();
    // The notice first: 2026.5.28 mirrors it into the caller's session, and a run that is under way there is then
    // not delivered any more (measured). And what the calling agent is told is printed at the very end.
    let own = gated.iter().position(|one| is_own(one, waiting, &dispatcher)).map(|at| gated.remove(at));
    for one in gated {
        let (item, told) = carry_out_read(&mut dispatcher, waiting, job, &looks, one)?;
        report.items.push(item);
        report.own = report.own.or(told);
    }
    let (route, language) = (caller_route(waiting, &looks), caller_language(waiting, &looks));
    let mut untold = tell(context, &mut dispatcher, waiting, route.as_ref(), language, &mut report)?;
    if let Some(own) = own {
        let (item, told) = carry_out(&mut dispatcher, waiting, job, own)?;
        let is_news = matches!(item.state, ItemState::Held | ItemState::Failed(_));
        report.items.insert(0, item);
        report.own = told;
        if is_news {
            untold = tell(context, &mut dispatcher, waiting, route.as_ref(), language, &mut report)?;
        }
    }
    if request.wait {
        follow(&mut dispatcher, &mut report);
    }
    // Whoever speaks to a person tells them.
    if matches!(request.trigger, Trigger::Job | Trigger::Manual) {
        report.say = untold.take();
    }
    finish(context, ledger, waiting, untold.is_none(), &mut report)?;
    Ok(report)
}

/// Plans without changing or sending anything.
pub(super) fn rehearse(
    context: &Context,
    request: Request,
    gateway: &mut Gateway,
    waiting: &Waiting,
    ledger: &Ledger,
) -> Result<Report> {
    let job = job_of(request, waiting, false);
    let looks = look_when_settled(context, gateway, waiting, job)?;
    let plan = plan(context, request, waiting, gateway, &looks, job);
    let boot = Some(gateway.boot().clone());
    let items = plan.gated().into_iter().map(|gated| planned(gated, ledger)).collect();
    let warnings = gateway.warnings().to_vec();
    Ok(Report { boot, items, warnings, ..Report::new(request, Outcome::Recovered) })
}

fn job_of(request: Request, waiting: &Waiting, job_runs: bool) -> Job<'_> {
    match &waiting.caller {
        Some(caller) if request.trigger == Trigger::Job => Job::Calls(caller),
        Some(caller) if job_runs => Job::Speaks(caller),
        _ => Job::None,
    }
}

/// Tells whether an item has the caller itself go on, and nothing is in the way of that.
fn is_own(gated: &Gated, waiting: &Waiting, dispatcher: &Dispatcher<'_>) -> bool {
    let Gated::Send(approved) = gated else { return false };
    let item = approved.item();
    waiting.caller.as_ref() == Some(&item.session_key)
        && !dispatcher.is_held(&item.key)
        && !dispatcher.is_rejected(&item.key)
}

/// Reads the session of every block, and reads again while one is unsettled, but for the one that has the job's turn.
pub(super) fn look_when_settled(
    context: &Context,
    gateway: &mut Gateway,
    waiting: &Waiting,
    job: Job<'_>,
) -> Result<Vec<Look>> {
    let start = gateway.boot().started_at;
    let deadline = Instant::now() + NATIVE_PATIENCE;
    let mut looks = Vec::new();
    for block in &waiting.checkpoint.blocks {
        looks.push(look(context, gateway, &block.session_key)?);
    }
    loop {
        let mut waits = false;
        for (seen, block) in looks.iter_mut().zip(&waiting.checkpoint.blocks) {
            let is_open = matches!(seen, Ok(Some(evidence)) if is_unsettled(evidence, start));
            if is_open && !job.has(&block.session_key) {
                waits = true;
                *seen = look(context, gateway, &block.session_key)?;
            }
        }
        if !waits || Instant::now() > deadline {
            return Ok(looks);
        }
        thread::sleep(NATIVE_POLL);
    }
}

/// Reads one session. Where that fails, the connection may have gone with it: the others are read over a new one.
fn look(context: &Context, gateway: &mut Gateway, key: &SessionKey) -> Result<Look> {
    let look = session::read(gateway, key);
    if look.is_err() {
        let again = context.connect(Scopes::TALK, PATIENCE)?;
        if again.boot().is_after(gateway.boot()) {
            return Err(Error::new(Kind::Gateway, "the gateway restarted while it was asked about sessions"));
        }
        *gateway = again;
    }
    Ok(look)
}

/// Sends, holds or settles an item; one that was left because its session could not be read has failed.
pub(super) fn carry_out_read(
    dispatcher: &mut Dispatcher<'_>,
    waiting: &Waiting,
    job: Job<'_>,
    looks: &[Look],
    gated: Gated,
) -> Result<(ItemReport, Option<String>)> {
    let (mut item, told) = carry_out(dispatcher, waiting, job, gated)?;
    if let Some(why) = unread(waiting, looks, &item.item.session_key)
        && item.state == ItemState::Skipped
    {
        item.state = ItemState::Failed(why);
    }
    Ok((item, told))
}

/// Says why the session of a block could not be read, where it could not.
fn unread(waiting: &Waiting, looks: &[Look], key: &SessionKey) -> Option<String> {
    let mut pairs = waiting.checkpoint.blocks.iter().zip(looks);
    pairs.find_map(|(block, look)| look.as_ref().err().filter(|_| block.session_key == *key)).map(Error::full)
}

/// Tells whether something of the gateway's own has still to end before anybody can say how the session stands.
fn is_unsettled(evidence: &Evidence, start: DateTime<Utc>) -> bool {
    evidence.awaits_native_recovery(start) || evidence.is_running_by_itself(start)
}

fn caller_route(waiting: &Waiting, looks: &[Look]) -> Option<Route> {
    let seen = seen(looks, waiting.caller.as_ref()?);
    seen.and_then(|evidence| evidence.route.clone()).or_else(|| waiting.route.clone())
}

fn caller_language(waiting: &Waiting, looks: &[Look]) -> Language {
    waiting
        .caller
        .as_ref()
        .map_or(Language::En, |caller| language::of_session(seen(looks, caller), waiting.block_of(caller)))
}

fn seen<'a>(looks: &'a [Look], session: &SessionKey) -> Option<&'a Evidence> {
    looks.iter().flatten().flatten().find(|evidence| evidence.key == *session)
}

pub(super) fn plan(
    context: &Context,
    request: Request,
    waiting: &Waiting,
    gateway: &Gateway,
    looks: &[Look],
    job: Job<'_>,
) -> Plan {
    let start = gateway.boot().started_at;
    let open_by_default = tools::agents_are_open(gateway);
    let blocks = waiting.checkpoint.blocks.iter().zip(looks);
    let candidates: Vec<Candidate<'_>> =
        blocks.map(|(block, look)| candidate(waiting, block, look, job, start)).collect();
    let may_address =
        |from: &AgentId, to: &AgentId| context.config.agent_to_agent.permits(from, to, open_by_default);
    let plan = plan::build(&candidates, &situation(context, request, waiting, start, &may_address));
    for item in plan.items() {
        let ruling = &item.ruling;
        context.step(format_args!(
            "{}: {:?} by {}: {}",
            item.session_key, ruling.decision, ruling.rule, ruling.reason
        ));
    }
    plan
}

fn candidate<'a>(
    waiting: &Waiting,
    block: &'a Block,
    look: &Look,
    job: Job<'_>,
    start: DateTime<Utc>,
) -> Candidate<'a> {
    let mark = waiting.checkpoint.meta.as_ref().and_then(|meta| meta.sessions.get(&block.session_key));
    let captured = mark.and_then(|mark| mark.captured);
    let key = &block.session_key;
    let judgement = |verdict, reason: String| Judgement { verdict, reason };
    let by_the_job = |verdict| judgement(verdict, "the recovery job has woken it".to_owned());
    let evidence = look.as_ref().ok().and_then(Option::as_ref);
    let judgement = match (job, look) {
        (Job::Calls(caller), _) if caller == key => by_the_job(Verdict::Complete),
        (Job::Speaks(caller), _) if caller == key => by_the_job(Verdict::Live),
        (_, Err(error)) => judgement(Verdict::Unreadable, error.full()),
        (_, Ok(evidence)) => session::judge(evidence.as_ref(), start),
    };
    Candidate {
        block,
        judgement,
        language: language::of_session(evidence, Some(block)),
        unsettled: !job.has(key) && evidence.is_some_and(|evidence| is_unsettled(evidence, start)),
        updated_at: evidence.and_then(|evidence| evidence.updated_at),
        route: evidence.and_then(|evidence| evidence.route.clone()),
        calls: Vec::new(),
        captured,
    }
}

pub(super) fn situation<'a>(
    context: &'a Context,
    request: Request,
    waiting: &'a Waiting,
    start: DateTime<Utc>,
    may_address: &'a dyn Fn(&AgentId, &AgentId) -> bool,
) -> Situation<'a> {
    Situation {
        checkpoint: &waiting.id,
        caller: waiting.caller.as_ref(),
        attended: request.trigger == Trigger::Manual || waiting.is_awaited(start),
        stale: waiting.is_stale(start),
        policy: &context.policy,
        templates: &context.templates,
        may_address,
    }
}

/// Says what would become of an item, by what the ledger knows already.
pub(super) fn planned(gated: Gated, ledger: &Ledger) -> ItemReport {
    let key = &gated.item().key;
    if ledger.is_taken(key) || ledger.is_rejected(key) || ledger.is_held(key) {
        let state = match () {
            () if ledger.is_taken(key) => ItemState::Resumed,
            () if ledger.is_rejected(key) => ItemState::Skipped,
            () => ItemState::Held,
        };
        return ItemReport { item: gated.item().clone(), state };
    }
    match gated {
        Gated::Send(approved) => ItemReport { item: approved.item().clone(), state: ItemState::Due },
        Gated::Hold(item) => ItemReport { item, state: ItemState::Held },
        Gated::Skip(item) => ItemReport { item, state: ItemState::Skipped },
    }
}

/// Follows the runs to their end; what cannot be followed has been sent all the same.
fn follow(dispatcher: &mut Dispatcher<'_>, report: &mut Report) {
    for one in report.items.iter_mut().filter(|one| one.state == ItemState::Resumed) {
        let Some(run) = dispatcher.run_of(&one.item.key) else { continue };
        match dispatcher.follow(&one.item.key, &run, FOLLOW_FOR) {
            Ok(Some(ledger::Outcome::Done)) => one.state = ItemState::Finished("done".to_owned()),
            Ok(Some(_)) => one.state = ItemState::Failed("its run ended in an error".to_owned()),
            Ok(None) => {}
            Err(error) => {
                report.warnings.push(format!(
                    "{} cannot be followed: {}",
                    one.item.session_key,
                    error.full()
                ));
            }
        }
    }
}

/// Marks the checkpoint as used up, unless something is left that the next run may mend.
pub(super) fn finish(
    context: &Context,
    ledger: &mut Writer,
    waiting: &Waiting,
    is_told: bool,
    report: &mut Report,
) -> Result<()> {
    if !is_told || report.items.iter().any(|one| matches!(one.state, ItemState::Failed(_))) {
        report.outcome = Outcome::Incomplete;
        return Ok(());
    }
    let at = context.clock.now();
    let store = Store::new(context.paths.checkpoints());
    match store.mark_consumed(&waiting.path, at) {
        Ok(Marked::InFile) => return Ok(()),
        Ok(Marked::Elsewhere) => {}
        // What was sent is sent: the ledger remembers it in the file's place.
        Err(error) => report.warnings.push(error.full()),
    }
    ledger.append(at, Event::Consumed { checkpoint: waiting.id.clone() })
}
