//! The recovery of a checkpoint that is due: evidence, plan, gate, dispatch, holds, notice, and the mark.

use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::call::ToolCall;
use super::context::{Context, PATIENCE};
use super::items::{Job, carry_out};
use super::language;
use super::pending::{ATTENDED_FOR, Waiting};
use super::recovery::{ItemReport, ItemState, Outcome, Report, Request, Trigger};
use super::way_back;
use crate::checkpoint::{Block, Marked, PLACEHOLDER, Store};
use crate::dispatch::{Dispatcher, Sent};
use crate::gateway::{Gateway, Scopes, tools};
use crate::ledger::{self, Event, Ledger, Writer};
use crate::model::{AgentId, Boot, IdempotencyKey, Language, Route, SessionKey, Verdict};
use crate::notice::{self, Channel, Notice};
use crate::plan::{self, Candidate, Gated, Plan, Situation};
use crate::session::{self, Evidence, Judgement};
use crate::support::error::{Error, Result};

/// How long the gateway's own affairs may take: native recovery decides within 8 s of the start (measured).
const NATIVE_PATIENCE: Duration = Duration::from_secs(45);
const NATIVE_POLL: Duration = Duration::from_millis(250);
/// How long `--wait` follows one run.
const FOLLOW_FOR: Duration = Duration::from_secs(600);

/// Recovers a checkpoint that is due.
pub(super) fn recover(
    context: &Context,
    request: Request,
    gateway: &mut Gateway,
    ledger: &mut Writer,
    waiting: &Waiting,
) -> Result<Report> {
    let boot = gateway.boot().clone();
    let mut report = Report { boot: Some(boot.clone()), ..Report::new(request, Outcome::Recovered) };
    report.warnings.extend(gateway.warnings().iter().cloned());
    let job_runs = take_over(context, request, &mut report);
    let job = match &waiting.caller {
        Some(caller) if request.trigger == Trigger::Job => Job::Calls(caller),
        Some(caller) if job_runs => Job::Speaks(caller),
        _ => Job::None,
    };
    let sessions = read_settled(gateway, waiting, job, &boot)?;
    let route = caller_route(waiting, &sessions);
    let language = waiting.caller.as_ref().map_or(Language::En, |caller| {
        let row = sessions.iter().flatten().find(|evidence| evidence.key == *caller);
        language::of_session(row, waiting.block_of(caller))
    });
    let plan = plan(context, request, waiting, &boot, &sessions, job, tools::agents_are_open(gateway));
    for item in plan.items() {
        let ruling = &item.ruling;
        context.step(format_args!(
            "{}: {:?} by {}: {}",
            item.session_key, ruling.decision, ruling.rule, ruling.reason
        ));
    }
    if request.dry_run {
        report.items = plan.gated().into_iter().map(planned).collect();
        return Ok(report);
    }
    let mut dispatcher = Dispatcher::new(gateway, ledger, &boot, context.clock);
    dispatcher.reconcile()?;
    let mut gated = plan.gated();
    // The notice first: 2026.5.28 mirrors it into the caller's session, and a run that is under way there is then
    // not delivered any more (measured).
    let own = gated.iter().position(|one| is_sent_to_caller(one, waiting, job)).map(|at| gated.remove(at));
    for one in gated {
        let (item, told) = carry_out(&mut dispatcher, waiting, job, one)?;
        report.items.push(item);
        report.own = report.own.or(told);
    }
    if let (Some(caller), Some(route)) = (&waiting.caller, &route) {
        let say =
            |notice: &Notice<'_>| context.templates.notice(notice, language, Channel::of(&route.channel));
        tell(&mut dispatcher, waiting, caller, route, say, &mut report)?;
    }
    if let Some(own) = own {
        report.items.insert(0, carry_out(&mut dispatcher, waiting, job, own)?.0);
    }
    if request.wait {
        follow(&mut dispatcher, &mut report);
    }
    finish(context, ledger, waiting, &mut report)?;
    Ok(report)
}

fn is_sent_to_caller(gated: &Gated, waiting: &Waiting, job: Job<'_>) -> bool {
    let to = |key: &SessionKey| waiting.caller.as_ref() == Some(key) && !job.has(key);
    matches!(gated, Gated::Send(approved) if to(&approved.item().session_key))
}

/// Removes the jobs that have not fired; tells whether one has, and speaks to the caller's session now.
fn take_over(context: &Context, request: Request, report: &mut Report) -> bool {
    if request.dry_run {
        return request.trigger == Trigger::Job;
    }
    let removed = context.connect(Scopes::ADMIN, PATIENCE).and_then(|mut admin| way_back::disarm(&mut admin));
    match removed {
        Ok(running) => running || request.trigger == Trigger::Job,
        Err(error) => {
            report.warnings.push(format!("the recovery job could not be removed: {}", error.full()));
            request.trigger == Trigger::Job
        }
    }
}

/// Reads the session of every block, and reads again while one is unsettled, but for the one that has the job's turn.
fn read_settled(
    gateway: &mut Gateway,
    waiting: &Waiting,
    job: Job<'_>,
    boot: &Boot,
) -> Result<Vec<Option<Evidence>>> {
    let deadline = Instant::now() + NATIVE_PATIENCE;
    let mut sessions = Vec::new();
    for block in &waiting.checkpoint.blocks {
        sessions.push(session::read(gateway, &block.session_key)?);
    }
    loop {
        let waits = |evidence: &&mut Evidence| !job.has(&evidence.key) && is_unsettled(evidence, boot);
        let mut waits = sessions.iter_mut().flatten().filter(waits).peekable();
        if waits.peek().is_none() || Instant::now() > deadline {
            return Ok(sessions);
        }
        for evidence in waits {
            if let Some(now) = session::read(gateway, &evidence.key)? {
                *evidence = now;
            }
        }
        thread::sleep(NATIVE_POLL);
    }
}

/// Tells whether something of the gateway's own has still to end before anybody can say how the session stands.
fn is_unsettled(evidence: &Evidence, boot: &Boot) -> bool {
    evidence.awaits_native_recovery(boot.started_at) || evidence.is_running_by_itself(boot.started_at)
}

fn caller_route(waiting: &Waiting, sessions: &[Option<Evidence>]) -> Option<Route> {
    let caller = waiting.caller.as_ref()?;
    let row = sessions.iter().flatten().find(|evidence| evidence.key == *caller);
    row.and_then(|evidence| evidence.route.clone()).or_else(|| waiting.route.clone())
}

fn plan(
    context: &Context,
    request: Request,
    waiting: &Waiting,
    boot: &Boot,
    sessions: &[Option<Evidence>],
    job: Job<'_>,
    open_by_default: bool,
) -> Plan {
    let blocks = waiting.checkpoint.blocks.iter().zip(sessions);
    let candidates: Vec<Candidate<'_>> =
        blocks.map(|(block, evidence)| candidate(block, evidence.as_ref(), job, boot)).collect();
    let may_address =
        |from: &AgentId, to: &AgentId| context.config.agent_to_agent.permits(from, to, open_by_default);
    plan::build(&candidates, &situation(context, request, waiting, boot.started_at, &may_address))
}

fn candidate<'a>(block: &'a Block, evidence: Option<&Evidence>, job: Job<'_>, boot: &Boot) -> Candidate<'a> {
    let key = &block.session_key;
    let by_the_job = |verdict| Judgement { verdict, reason: "the recovery job has woken it".to_owned() };
    let judgement = match job {
        Job::Calls(caller) if caller == key => by_the_job(Verdict::Complete),
        Job::Speaks(caller) if caller == key => by_the_job(Verdict::Live),
        _ => session::judge(evidence, boot.started_at),
    };
    let undecided = !job.has(key) && evidence.is_some_and(|evidence| is_unsettled(evidence, boot));
    Candidate {
        block,
        judgement,
        language: language::of_session(evidence, Some(block)),
        undecided,
        updated_at: evidence.and_then(|evidence| evidence.updated_at),
        route: evidence.and_then(|evidence| evidence.route.clone()),
    }
}

fn situation<'a>(
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

fn planned(gated: Gated) -> ItemReport {
    match gated {
        Gated::Send(approved) => ItemReport { item: approved.item().clone(), state: ItemState::Due },
        Gated::Hold(item) => ItemReport { item, state: ItemState::Held },
        Gated::Skip(item) => ItemReport { item, state: ItemState::Skipped },
    }
}

/// Tells the caller's user, in one message, that the gateway is back and what became of the sessions.
fn tell(
    dispatcher: &mut Dispatcher<'_>,
    waiting: &Waiting,
    caller: &SessionKey,
    route: &Route,
    say: impl Fn(&Notice<'_>) -> String,
    report: &mut Report,
) -> Result<()> {
    let is_settled = |one: &&ItemReport| !matches!(one.state, ItemState::Held | ItemState::Failed(_));
    let others: Vec<&ItemReport> =
        report.items.iter().filter(|one| one.item.session_key != *caller || !is_settled(one)).collect();
    let text = if others.is_empty() {
        let own = waiting.block_of(caller);
        say(&Notice::BackOnline {
            next: own.map(|own| own.goal.as_str()).filter(|goal| *goal != PLACEHOLDER),
        })
    } else {
        summary(&others, say)
    };
    let key = IdempotencyKey::of(&["summary", &waiting.id]);
    let sent = dispatcher.notify(&key, caller, route, &text)?;
    report.warnings.extend(trouble(&sent).map(|why| format!("the user could not be told: {why}")));
    Ok(())
}

fn summary(others: &[&ItemReport], say: impl Fn(&Notice<'_>) -> String) -> String {
    let (mut resumed, mut held, mut manual) = (Vec::new(), Vec::new(), Vec::new());
    for ItemReport { item, state } in others {
        let (session, about, key) = (&item.session_key, item.about.as_deref(), &item.key);
        let reason = item.ruling.reason.as_str();
        match state {
            ItemState::Resumed | ItemState::Finished(_) => resumed.push(notice::Resumed { session, about }),
            ItemState::Held => held.push(notice::Held { session, about, key, reason }),
            ItemState::Skipped if item.verdict == Verdict::Live => {}
            ItemState::Failed(reason) => manual.push(notice::FollowUp { session, about, reason }),
            ItemState::Skipped | ItemState::Due => manual.push(notice::FollowUp { session, about, reason }),
        }
    }
    say(&Notice::Summary { resumed: &resumed, held: &held, manual: &manual })
}

/// Says what went wrong with an effect, where something did.
pub(super) fn trouble(sent: &Sent) -> Option<&str> {
    match sent {
        Sent::Accepted(_) | Sent::Already | Sent::Overtaken(_) => None,
        Sent::Refused(why) | Sent::Unanswered(why) | Sent::Unknown(why) => Some(why),
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

/// Marks the checkpoint as used up, unless something failed that the next run may mend.
fn finish(context: &Context, ledger: &mut Writer, waiting: &Waiting, report: &mut Report) -> Result<()> {
    if report.items.iter().any(|one| matches!(one.state, ItemState::Failed(_))) {
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

/// Plans without evidence, for an agent that can reach the sessions although we cannot reach the gateway.
pub(super) fn unreachable(
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
    let start = boot.map_or_else(|| context.clock.now(), |boot| boot.started_at);
    let woken = waiting.caller.as_ref().filter(|_| request.trigger == Trigger::Job);
    let unseen =
        || Judgement { verdict: Verdict::Complete, reason: "the gateway could not be asked".to_owned() };
    let blocks = waiting.checkpoint.blocks.iter();
    let candidates = blocks.map(|block| Candidate {
        judgement: unseen(),
        language: language::of_session(None, Some(block)),
        undecided: false,
        updated_at: None,
        route: None,
        block,
    });
    let candidates: Vec<Candidate<'_>> = candidates.collect();
    let may_address = |from: &AgentId, to: &AgentId| context.config.agent_to_agent.permits(from, to, false);
    let plan = plan::build(&candidates, &situation(context, request, waiting, start, &may_address));
    report.items = plan.gated().into_iter().map(planned).collect();
    for ItemReport { item, state } in &report.items {
        let is_held = ledger.is_held(&item.key);
        if *state != ItemState::Due || is_held || ledger.effect(&item.key).is_some() {
            continue;
        }
        if woken == Some(&item.session_key) {
            report.own = Some(item.message.clone());
        } else {
            report.calls.push(ToolCall::resume(&item.session_key, &item.message));
        }
    }
    report
}

/// What is left to the agent that the job woke, where another trigger has recovered everything but its session.
pub(super) fn left_to_the_job(
    context: &Context,
    trigger: Trigger,
    store: &Store,
    ledger: &Ledger,
) -> Result<Option<(IdempotencyKey, SessionKey, String)>> {
    let newest = store.list()?.into_iter().next().filter(|_| trigger == Trigger::Job);
    let Some(entry) = newest else { return Ok(None) };
    let checkpoint = entry.checkpoint?;
    let Some(meta) = &checkpoint.meta else { return Ok(None) };
    if meta.consumed_at.is_none_or(|at| context.clock.now() - at > ATTENDED_FOR) {
        return Ok(None);
    }
    let caller = meta.session_key.as_ref();
    let block = checkpoint.blocks.iter().find(|block| caller == Some(&block.session_key));
    Ok(block.and_then(|block| {
        let key = plan::key_of(&entry.id, &block.session_key);
        let is_held = ledger.is_held(&key);
        let language = language::of_session(None, Some(block));
        let message = plan::own_message(block, &key, &context.templates, language);
        (!is_held && ledger.effect(&key).is_none()).then(|| (key, block.session_key.clone(), message))
    }))
}
