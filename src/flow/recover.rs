//! The way back: whoever calls, it resumes what the checkpoint names, once, and tells about it.

use std::time::Duration;

use chrono::TimeDelta;

use super::context::{Context, PATIENCE};
use super::due;
use super::language;
use super::pending::Waiting;
use super::recovery::{Outcome, Report, Request, Trigger};
use super::way_back::{self, Wake};
use crate::checkpoint::Store;
use crate::dispatch::{self, Dispatcher};
use crate::gateway::{Gateway, Scopes};
use crate::ledger::{Event, Ledger, Writer};
use crate::model::{Boot, IdempotencyKey};
use crate::notice::{Channel, Notice};
use crate::session;
use crate::support::error::Result;

/// How long the lock is waited for: another trigger's run of the same recovery is usually shorter.
const LOCK_PATIENCE: Duration = Duration::from_secs(60);
/// How long `--wait-gateway` waits for a gateway that starts.
const START_PATIENCE: Duration = Duration::from_secs(180);
/// For how long after `prepare` the job is armed again while the restart has not come.
const REARM_FOR: TimeDelta = TimeDelta::minutes(10);
/// How long after now the job is then due.
const REARM_DELAY: TimeDelta = TimeDelta::seconds(60);

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
    let store = Store::new(context.paths.checkpoints());
    let ledger = Ledger::read(&context.paths.ledger())?;
    if Waiting::find(&store, &ledger)?.is_none() {
        if due::left_to_the_job(context, request.trigger, &store, &ledger)?.is_none() {
            return Ok(Report::new(request, Outcome::Nothing));
        }
        let mut ledger = Writer::open(&context.paths, LOCK_PATIENCE, context.clock.now())?;
        return nothing(context, request, &store, &mut ledger);
    }
    // Without the lock: a gateway may take minutes to start, and another trigger's run may find it first.
    let patience = if request.wait_gateway { START_PATIENCE } else { PATIENCE };
    let connection = context.connect(Scopes::TALK, patience);
    let mut ledger = Writer::open(&context.paths, LOCK_PATIENCE, context.clock.now())?;
    let Some(waiting) = Waiting::find(&store, ledger.ledger())? else {
        return nothing(context, request, &store, &mut ledger);
    };
    if let Some(meta) = &waiting.checkpoint.meta {
        // Its mark could not be set, so nothing of it is sent.
        meta.ensure_known(&waiting.path.display().to_string())?;
    }
    let mut report = match connection {
        Err(error) => due::unreachable(context, request, &waiting, ledger.ledger(), &error),
        Ok(mut gateway) if waiting.is_due(gateway.boot()) => {
            let result = due::recover(context, request, &mut gateway, &mut ledger, &waiting);
            if result.as_ref().map_or(true, |report| report.outcome == Outcome::Incomplete) {
                arm_again(context, request, &waiting, gateway.boot());
            }
            result?
        }
        Ok(mut gateway) => not_yet(context, request, &mut gateway, &mut ledger, &waiting)?,
    };
    report.warnings.extend_from_slice(context.templates.warnings());
    report.checkpoint = Some((waiting.id.clone(), waiting.path.clone()));
    if !request.dry_run {
        let event = Event::Recovery {
            checkpoint: Some(waiting.id),
            boot: report.boot.clone(),
            trigger: request.trigger.name().to_owned(),
            outcome: report.outcome.name().to_owned(),
        };
        ledger.append(context.clock.now(), event)?;
    }
    Ok(report)
}

/// Has the job try once more where a trigger's run did not get everything done; what fails here has been reported as
/// failed before. Stops ten minutes after the start.
fn arm_again(context: &Context, request: Request, waiting: &Waiting, boot: &Boot) {
    let (now, is_attended) = (context.clock.now(), request.trigger == Trigger::Manual);
    let Some(caller) = waiting.caller.as_ref().filter(|_| !request.dry_run && !is_attended) else { return };
    if now - boot.started_at < REARM_FOR {
        let language = language::of_session(None, waiting.block_of(caller));
        let wake = Wake::new(context, caller, waiting.route.as_ref(), now + REARM_DELAY, language);
        if let Err(error) =
            context.connect(Scopes::ADMIN, PATIENCE).and_then(|mut admin| wake.arm(&mut admin))
        {
            context.step(format_args!("the job could not be armed again: {}", error.full()));
        }
    }
}

/// There is no checkpoint to recover; an agent that the job woke may still have its own work to do, once.
fn nothing(context: &Context, request: Request, store: &Store, ledger: &mut Writer) -> Result<Report> {
    let mut report = Report::new(request, Outcome::Nothing);
    let left = due::left_to_the_job(context, request.trigger, store, ledger.ledger())?;
    if let Some((key, session, message)) = left.filter(|_| !request.dry_run) {
        let now = context.clock.now();
        let boot = context.running_boot().unwrap_or(Boot { started_at: now, boot_id: None });
        let how = "told to the agent that the job woke";
        report.own = dispatch::settle(ledger, context.clock, &key, &session, &boot, how)?.then_some(message);
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
    let awaited = context.clock.now() - waiting.created_at < REARM_FOR;
    let outcome = if awaited { Outcome::NotYet } else { Outcome::NeverHappened };
    let mut report = Report { boot: Some(boot.clone()), ..Report::new(request, outcome) };
    let Some(caller) = waiting.caller.as_ref().filter(|_| !request.dry_run) else { return Ok(report) };
    let evidence = session::read(gateway, caller)?;
    let language = language::of_session(evidence.as_ref(), waiting.block_of(caller));
    let route = evidence.and_then(|evidence| evidence.route).or(waiting.route.clone());
    let mut admin = context.connect(Scopes::ADMIN, PATIENCE)?;
    if awaited {
        if request.trigger == Trigger::Job || !way_back::is_armed(&mut admin)? {
            let at = context.clock.now() + REARM_DELAY;
            Wake::new(context, caller, route.as_ref(), at, language).arm(&mut admin)?;
        }
        return Ok(report);
    }
    way_back::disarm(&mut admin)?;
    if let Some(route) = route {
        let notice = Notice::NeverHappened { checkpoint: &waiting.path };
        let text = context.templates.notice(&notice, language, Channel::of(&route.channel));
        let key = IdempotencyKey::of(&["never-happened", &waiting.id]);
        let sent =
            Dispatcher::new(gateway, ledger, &boot, context.clock).notify(&key, caller, &route, &text)?;
        report.warnings.extend(due::trouble(&sent).map(|why| format!("the user could not be told: {why}")));
    }
    Ok(report)
}
