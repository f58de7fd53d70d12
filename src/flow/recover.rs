//! The way back: whoever calls, it resumes what the checkpoint names, once, and tells about it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::context::{Context, PATIENCE};
use super::due::{self, Matter};
use super::language;
use super::pending::{Waiting, left_to_the_job};
use super::recovery::{ItemReport, Outcome, Report, Request, Trigger};
use super::tell::{NO_CHAT, trouble};
use super::unreachable;
use super::way_back::{self, Wake};
use crate::checkpoint::Store;
use crate::dispatch::{self, Dispatcher};
use crate::gateway::{Gateway, Scopes};
use crate::ledger::{Event, Ledger, TOLD, Writer};
use crate::model::{Boot, IdempotencyKey, SessionKey};
use crate::notice::{Channel, Notice};
use crate::plan;
use crate::session;
use crate::support::error::Result;

/// How long the lock is waited for: another trigger's run of the same recovery is usually shorter.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);
/// How long `--wait-gateway` waits for a gateway that starts.
const START_PATIENCE: Duration = Duration::from_secs(180);
/// For how long after `prepare`, or after the start, the job is armed again while something is left to do.
const REARM_FOR: TimeDelta = TimeDelta::minutes(10);
/// How long after now the job is then due.
const REARM_DELAY: TimeDelta = TimeDelta::seconds(60);
/// How far a run puts the job off while it is at work: longer than it takes, so that the job never waits for it.
const PUT_OFF_FOR: TimeDelta = TimeDelta::minutes(5);

/// Recovers from a restart: at most once for each session, whoever calls and however often.
///
/// # Errors
/// [`Kind::Busy`](crate::support::error::Kind::Busy) where another run holds the lock,
/// [`Kind::Newer`](crate::support::error::Kind::Newer) where a newer program wrote the checkpoint; else where the newest
/// checkpoint does not parse, or the ledger or the gateway fails before anything was sent. What fails later is in
/// the report.
pub fn recover(context: &Context, request: Request) -> Result<Report> {
    if !context.policy.enabled {
        return Ok(Report::new(request, Outcome::Disabled));
    }
    let called_at = context.clock.now();
    let store = Store::new(context.paths.checkpoints());
    // Without the lock: a gateway may take minutes to start, and another trigger's run may find it first.
    let patience = if request.wait_gateway { START_PATIENCE } else { PATIENCE };
    let connection = context.connect(Scopes::TALK, patience);
    if request.dry_run {
        let ledger = Ledger::read(&context.paths.ledger())?;
        let waiting = Waiting::find(&store, &ledger)?;
        return rehearse(context, request, connection, waiting.as_ref(), &ledger);
    }
    let mut ledger = context.ledger(LOCK_PATIENCE)?;
    let waiting = Waiting::find(&store, ledger.ledger())?;
    if let Some((waiting, meta)) = waiting.as_ref().and_then(|one| Some((one, one.checkpoint.meta.as_ref()?)))
    {
        // Its mark could not be set, so nothing of it is sent.
        meta.ensure_known(&waiting.path.display().to_string())?;
    }
    let mut report = match (connection, &waiting) {
        (Err(error), Some(waiting)) => {
            let report = unreachable::report(context, request, waiting, ledger.ledger(), &error);
            if let Some(caller) = waiting.caller.as_ref().filter(|_| report.own.is_some()) {
                told(context, &mut ledger, &plan::key_of(&waiting.id, caller), caller)?;
            }
            report
        }
        (Err(error), None) => {
            let report = unreachable::of_cuts(context, request, ledger.ledger(), &error)?;
            left_over(context, request, &store, &mut ledger, report)?
        }
        (Ok(mut gateway), Some(waiting)) if waiting.is_due(gateway.boot()) => {
            with_the_job_put_off(context, request, &mut gateway, &mut ledger, waiting, called_at)?
        }
        // A machine that sleeps between `prepare` and the restart wakes in the boot that was to end.
        (Ok(mut gateway), Some(waiting)) if request.trigger != Trigger::Wake => {
            not_yet(context, request, &mut gateway, &mut ledger, waiting)?
        }
        (Ok(mut gateway), _) => {
            let matter = Matter::new(context, request, None, false).called_at(called_at);
            let report = due::recover(&matter, &mut gateway, &mut ledger)?;
            left_over(context, request, &store, &mut ledger, report)?
        }
    };
    report.warnings.extend_from_slice(context.templates.warnings());
    let id = waiting.as_ref().map(|waiting| waiting.id.clone());
    report.checkpoint = waiting.map(|waiting| (waiting.id, waiting.path));
    if report.outcome != Outcome::Nothing {
        write_down(context, request, &mut ledger, &mut report, id);
    }
    Ok(report)
}

/// Writes down how a recovery ended. What it did is done: a failure here takes nothing back.
pub(super) fn write_down(
    context: &Context,
    request: Request,
    ledger: &mut Writer,
    report: &mut Report,
    checkpoint: Option<String>,
) {
    let event = Event::Recovery {
        checkpoint,
        boot: report.boot.clone(),
        trigger: request.trigger.name().to_owned(),
        outcome: report.outcome.name().to_owned(),
        items: report.items.iter().map(ItemReport::dealt).collect(),
    };
    report.warnings.extend(ledger.append(context.clock.now(), event).err().map(|error| error.full()));
}

/// Writes down that the agent which asks is told of its own work, unless it is already; tells whether it is new.
fn told(context: &Context, ledger: &mut Writer, key: &IdempotencyKey, session: &SessionKey) -> Result<bool> {
    let now = context.clock.now();
    let boot = context.running_boot().unwrap_or(Boot { started_at: now, boot_id: None });
    dispatch::settle(ledger, context.clock, key, session, &boot, TOLD)
}

/// Tells what a run would do; writes nothing, and takes no lock.
fn rehearse(
    context: &Context,
    request: Request,
    connection: Result<Gateway>,
    waiting: Option<&Waiting>,
    ledger: &Ledger,
) -> Result<Report> {
    let mut report = match (connection, waiting) {
        (Err(error), Some(waiting)) => unreachable::report(context, request, waiting, ledger, &error),
        (Err(error), None) => unreachable::of_cuts(context, request, ledger, &error)?,
        (Ok(gateway), Some(waiting))
            if !waiting.is_due(gateway.boot()) && request.trigger != Trigger::Wake =>
        {
            unrestarted(context, request, gateway.boot(), waiting)
        }
        (Ok(mut gateway), waiting) => {
            let due = waiting.filter(|waiting| waiting.is_due(gateway.boot()));
            due::rehearse(
                &Matter::new(context, request, due, false).called_at(context.clock.now()),
                &mut gateway,
                ledger,
            )?
        }
    };
    report.warnings.extend_from_slice(context.templates.warnings());
    Ok(Report { checkpoint: waiting.map(|waiting| (waiting.id.clone(), waiting.path.clone())), ..report })
}

/// Recovers what is due. The job is put off first and removed at the end, so that it comes back should this run be
/// killed; it is armed again, until ten minutes after the start, where a trigger's run did not get everything done.
fn with_the_job_put_off(
    context: &Context,
    request: Request,
    gateway: &mut Gateway,
    ledger: &mut Writer,
    waiting: &Waiting,
    called_at: DateTime<Utc>,
) -> Result<Report> {
    let (job_runs, trouble) = put_off(context, request, waiting);
    let mut result = due::recover(
        &Matter::new(context, request, Some(waiting), job_runs).called_at(called_at),
        gateway,
        ledger,
    );
    let is_incomplete = result.as_ref().map_or(true, |report| report.outcome == Outcome::Incomplete);
    // Its agent has still to ask for its own work, and may fail to.
    let is_left = waiting.caller.as_ref().is_some_and(|caller| {
        let key = plan::key_of(&waiting.id, caller);
        let ledger = ledger.ledger();
        let is_open = ledger.effect(&key).is_none() && !ledger.is_held(&key) && !ledger.is_rejected(&key);
        let waits = job_runs && request.trigger != Trigger::Job && waiting.block_of(caller).is_some();
        (is_open && waits) || (ledger.is_untold(&key) && request.trigger != Trigger::Job)
    });
    let settled = context.connect(Scopes::ADMIN, PATIENCE).and_then(|mut admin| {
        let is_early = context.clock.now() - admin.boot().started_at < REARM_FOR;
        match &waiting.caller {
            Some(caller) if is_incomplete && is_early => {
                wake(context, waiting, caller, REARM_DELAY).arm(&mut admin).map(drop)
            }
            Some(_) if is_left => Ok(()),
            _ => way_back::disarm(&mut admin).map(drop),
        }
    });
    let settled =
        settled.err().map(|error| format!("the recovery job is not as it should be: {}", error.full()));
    match &mut result {
        Ok(report) => report.warnings.extend(trouble.into_iter().chain(settled)),
        Err(_) => settled.iter().for_each(|why| context.step(why)),
    }
    result
}

/// Puts the job off; tells whether it has fired and speaks to the caller's session now, and what went wrong. A job
/// that cannot be put off is removed: it would wait for this run, and this run for its turn.
fn put_off(context: &Context, request: Request, waiting: &Waiting) -> (bool, Option<String>) {
    let calls = request.trigger == Trigger::Job;
    let Some(caller) = &waiting.caller else { return (calls, None) };
    let mut admin = match context.connect(Scopes::ADMIN, PATIENCE) {
        Ok(admin) => admin,
        Err(error) => return (calls, Some(format!("the recovery job cannot be put off: {}", error.full()))),
    };
    match way_back::put_off(&mut admin, &wake(context, waiting, caller, PUT_OFF_FOR)) {
        Ok(runs) => (runs || calls, None),
        Err(error) => {
            let runs = way_back::disarm(&mut admin).unwrap_or(false);
            (runs || calls, Some(format!("the recovery job was not put off: {}", error.full())))
        }
    }
}

fn wake<'a>(context: &Context, waiting: &'a Waiting, caller: &'a SessionKey, delay: TimeDelta) -> Wake<'a> {
    let language = language::of_session(None, waiting.block_of(caller));
    Wake::new(context, caller, waiting.route.as_ref(), context.clock.now() + delay, language)
}

/// There is no checkpoint to recover; an agent that the job woke may still have its own work to do, once.
fn left_over(
    context: &Context,
    request: Request,
    store: &Store,
    ledger: &mut Writer,
    mut report: Report,
) -> Result<Report> {
    let left = left_to_the_job(context, request.trigger, store, ledger.ledger())?;
    if let Some((key, session, message)) = left {
        let is_new = told(context, ledger, &key, &session)? || ledger.ledger().is_untold(&key);
        report.own = is_new.then_some(message);
        let disarmed =
            context.connect(Scopes::ADMIN, PATIENCE).and_then(|mut admin| way_back::disarm(&mut admin));
        report.warnings.extend(disarmed.err().map(|error| error.full()));
        // Last: the agent counts as told from here on.
        write_down(context, request, ledger, &mut report, None);
    }
    Ok(report)
}

/// The gateway still lives the life in which the restart was prepared: nothing is sent to a session, nothing is used up.
fn not_yet(
    context: &Context,
    request: Request,
    gateway: &mut Gateway,
    ledger: &mut Writer,
    waiting: &Waiting,
) -> Result<Report> {
    let boot = gateway.boot().clone();
    let mut report = unrestarted(context, request, &boot, waiting);
    let Some(caller) = &waiting.caller else { return Ok(report) };
    let evidence = session::read(gateway, caller)?;
    let language = language::of_session(evidence.as_ref(), waiting.block_of(caller));
    let route = evidence.and_then(|evidence| evidence.row.route).or(waiting.route.clone());
    let mut admin = context.connect(Scopes::ADMIN, PATIENCE)?;
    if report.outcome == Outcome::NotYet {
        if request.trigger == Trigger::Job || !way_back::is_armed(&mut admin)? {
            let at = context.clock.now() + REARM_DELAY;
            Wake::new(context, caller, route.as_ref(), at, language).arm(&mut admin)?;
        }
        return Ok(report);
    }
    match route {
        Some(route) => {
            let notice = Notice::NeverHappened { checkpoint: &waiting.path };
            let text = context.templates.notice(&notice, language, Channel::of(&route.channel));
            let key = IdempotencyKey::of(&["never-happened", &waiting.id]);
            let sent =
                Dispatcher::new(gateway, ledger, &boot, context.clock).notify(&key, caller, &route, &text)?;
            if let Some(why) = trouble(&sent) {
                report.warnings.push(format!("the user could not be told: {why}"));
                report.say = Some(text);
            }
        }
        None => report.warnings.push(NO_CHAT.to_owned()),
    }
    way_back::disarm(&mut admin)?;
    Ok(report)
}

fn unrestarted(context: &Context, request: Request, boot: &Boot, waiting: &Waiting) -> Report {
    let awaited = context.clock.now() - waiting.created_at < REARM_FOR;
    let outcome = if awaited { Outcome::NotYet } else { Outcome::NeverHappened };
    Report { boot: Some(boot.clone()), ..Report::new(request, outcome) }
}
