//! A recovery: evidence, plan, gate, dispatch, holds, notices, and the checkpoint's mark.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::candidates::Standpoint;
use super::context::Context;
use super::items::{Job, carry_out};
use super::language;
use super::lost;
use super::named::named;
use super::pending::Waiting;
use super::recovery::{ItemReport, ItemState, Outcome, Report, Request, Trigger};
use super::sight::{Sight, Watch};
use super::task::{self, DueTasks};
use super::{joined, tell};
use crate::checkpoint::{Marked, Store};
use crate::dispatch::Dispatcher;
use crate::gateway::{Gateway, tools};
use crate::ledger::{self, Event, Ledger, Writer};
use crate::model::{AgentId, Boot, Language, Route, Verdict};
use crate::note::Note;
use crate::plan::{self, Candidate, Gated, Plan, Situation};
use crate::support::error::Result;

/// How long `--wait` follows one run.
const FOLLOW_FOR: Duration = Duration::from_secs(600);

/// What a recovery is about.
#[derive(Clone, Copy)]
pub(super) struct Matter<'a> {
    pub(super) context: &'a Context,
    pub(super) request: Request,
    /// The checkpoint that is due.
    pub(super) waiting: Option<&'a Waiting>,
    /// The session that the recovery job speaks to.
    pub(super) job: Job<'a>,
    /// When the machine woke, where that is why somebody looks.
    woken_at: Option<DateTime<Utc>>,
}

impl<'a> Matter<'a> {
    /// `job_runs` tells whether the recovery job has fired and not ended.
    pub(super) fn new(
        context: &'a Context,
        request: Request,
        waiting: Option<&'a Waiting>,
        job_runs: bool,
    ) -> Self {
        let job = match waiting.and_then(|waiting| waiting.caller.as_ref()) {
            Some(caller) if request.trigger == Trigger::Job => Job::Calls(caller),
            Some(caller) if job_runs => Job::Speaks(caller),
            _ => Job::None,
        };
        Self { context, request, waiting, job, woken_at: None }
    }

    /// Says when somebody called: after a wake, what began before that is dead.
    pub(super) fn called_at(self, at: DateTime<Utc>) -> Self {
        Self { woken_at: (self.request.trigger == Trigger::Wake).then_some(at), ..self }
    }

    /// Plans all that may have to go on.
    fn plan(&self, gateway: &Gateway, sight: &Sight, ledger: &Ledger, left: &Left) -> Plan {
        let standpoint = Standpoint {
            woken_at: self.woken_at,
            job: self.job,
            ..Standpoint::new(self.context, ledger, Some(gateway.boot()))
        };
        let candidates = standpoint.candidates(sight, self.waiting);
        let candidates = standpoint.with_tasks(sight, candidates, &left.tasks.due);
        let candidates = standpoint.with_notes(sight, candidates, &left.notes);
        self.plan_of(gateway, ledger, &candidates)
    }

    pub(super) fn plan_of(&self, gateway: &Gateway, ledger: &Ledger, candidates: &[Candidate<'_>]) -> Plan {
        let open_by_default = tools::agents_are_open(gateway);
        let may_address = |from: &AgentId, to: &AgentId| {
            self.context.config.agent_to_agent.permits(from, to, open_by_default)
        };
        // One that goes on already is counted here, and not among those that are to go out.
        let is_other = |session: &&_| {
            let goes_out = |candidate: &Candidate<'_>| candidate.judgement.verdict != Verdict::Live;
            !candidates.iter().any(|candidate| candidate.session_key == **session && goes_out(candidate))
        };
        let situation = Situation {
            sent_before: ledger.resumed_in(gateway.boot()).filter(is_other).count(),
            ..self.situation(gateway.boot().started_at, &may_address)
        };
        let plan = plan::build(candidates, &situation);
        for item in plan.items() {
            let ruling = &item.ruling;
            self.context.step(format_args!(
                "{}: {:?} by {}: {}",
                item.session_key, ruling.decision, ruling.rule, ruling.reason
            ));
        }
        plan
    }

    pub(super) fn situation<'b>(
        &'b self,
        start: DateTime<Utc>,
        may_address: &'b dyn Fn(&AgentId, &AgentId) -> bool,
    ) -> Situation<'b> {
        let is_awaited = self.waiting.is_some_and(|waiting| waiting.is_awaited(start));
        Situation {
            caller: self.waiting.and_then(|waiting| waiting.caller.as_ref()),
            attended: self.request.trigger == Trigger::Manual || is_awaited,
            stale: self.waiting.is_some_and(|waiting| waiting.is_stale(start)),
            sent_before: 0,
            policy: &self.context.policy,
            templates: &self.context.templates,
            may_address,
        }
    }

    fn dispatcher<'b>(
        &self,
        gateway: &'b mut Gateway,
        ledger: &'b mut Writer,
        boot: &'b Boot,
    ) -> Dispatcher<'b>
    where
        'a: 'b,
    {
        let dispatcher =
            Dispatcher::new(gateway, ledger, boot, self.context.clock).with_jobs(self.context.access());
        match self.woken_at {
            Some(at) => dispatcher.after_wake(at),
            None => dispatcher,
        }
    }

    /// Tells whether an item has the caller itself go on, and nothing is in the way of that.
    fn is_own(&self, gated: &Gated, dispatcher: &Dispatcher<'_>) -> bool {
        let Gated::Send(approved) = gated else { return false };
        let item = approved.item();
        self.waiting.and_then(|waiting| waiting.caller.as_ref()) == Some(&item.session_key)
            && !dispatcher.is_held(&item.key)
            && !dispatcher.is_rejected(&item.key)
    }

    /// Returns where the caller's user is told, and in which language.
    fn caller_chat(&self, sight: &Sight) -> (Option<Route>, Language) {
        let Some((waiting, caller)) =
            self.waiting.and_then(|waiting| Some((waiting, waiting.caller.as_ref()?)))
        else {
            return (None, Language::En);
        };
        let evidence = sight.of(caller);
        let route = evidence.and_then(|evidence| evidence.route().cloned()).or_else(|| waiting.route.clone());
        (route, language::of_session(evidence, waiting.block_of(caller)))
    }
}

/// What agents have left behind beside their sessions.
struct Left {
    tasks: DueTasks,
    notes: Vec<Note>,
}

impl Left {
    /// Reads it; what cannot be read is told.
    fn find(
        context: &Context,
        gateway: &mut Gateway,
        sight: &Sight,
        warnings: &mut Vec<String>,
    ) -> Result<Self> {
        let (tasks, (notes, unread)) = (task::find(context, gateway, sight)?, joined::notes(context)?);
        for warning in tasks.warnings.iter().chain(&unread) {
            if !warnings.contains(warning) {
                warnings.push(warning.clone());
            }
        }
        Ok(Self { tasks, notes })
    }
}

/// Recovers what is due, and what was cut off: each session as soon as nothing of the gateway's own goes on in it.
pub(super) fn recover(matter: &Matter<'_>, gateway: &mut Gateway, ledger: &mut Writer) -> Result<Report> {
    let Matter { context, request, waiting, job, .. } = *matter;
    let boot = gateway.boot().clone();
    let mut report = Report { boot: Some(boot.clone()), ..Report::new(request, Outcome::Recovered) };
    report.warnings.extend(gateway.warnings().iter().cloned());
    let mut watch = Watch::new(context, waiting, job, named(context, waiting, ledger.ledger())?);
    let waits = context.waits("reading the sessions");
    let mut before = None;
    let (sight, own) = loop {
        let begun = Instant::now();
        let sight = match matter.woken_at {
            Some(at) => watch.glance(gateway, at)?,
            None => watch.look(gateway, before)?,
        };
        let own = round(matter, gateway, ledger, &sight, &mut report)?;
        if sight.open.is_empty() {
            break (sight, own);
        }
        waits.now(|| sight.awaited());
        Watch::pause(begun.elapsed());
        before = Some(sight);
    };
    drop(waits);
    report.warnings.extend(sight.warnings.iter().cloned().chain(sight.unreadable()));
    report.warnings.extend(task::settle(context, gateway, ledger)?);
    let mut dispatcher = matter.dispatcher(gateway, ledger, &boot);
    let chat = matter.caller_chat(&sight);
    // The notice first: 2026.5.28 mirrors it into the caller's session, and a run that is under way there is then
    // not delivered any more (measured). And what the calling agent is told is printed at the very end.
    let mut told = tell::all(matter, &mut dispatcher, &sight, &chat, &mut report)?;
    if let Some(own) = own {
        let (item, own) = carry_out(&mut dispatcher, waiting, job, own)?;
        let is_news = matches!(item.state, ItemState::Held | ItemState::Failed(_));
        report.items.insert(0, item);
        report.own = own;
        if is_news {
            told = tell::all(matter, &mut dispatcher, &sight, &chat, &mut report)?;
        }
    }
    if request.wait {
        follow(context, &mut dispatcher, &mut report);
    }
    // Whoever speaks to the caller's user tells them, and nobody else's.
    if matches!(request.trigger, Trigger::Job | Trigger::Manual) {
        report.say = told.untold_caller.take();
    }
    let is_whole = told.is_complete() && sight.unreadable().next().is_none();
    finish(context, ledger, waiting, is_whole, &mut report)?;
    Ok(report)
}

/// Deals with every session that is settled and has not been dealt with; returns the caller's own work, which comes last.
fn round(
    matter: &Matter<'_>,
    gateway: &mut Gateway,
    ledger: &mut Writer,
    sight: &Sight,
    report: &mut Report,
) -> Result<Option<Gated>> {
    let boot = gateway.boot().clone();
    if !ledger.ledger().knows(&boot) {
        let last_sign_of_life = sight.last_sign_of_life;
        ledger.append(matter.context.clock.now(), Event::Boot { boot: boot.clone(), last_sign_of_life })?;
    }
    let lost = lost::hold(matter.context, ledger, &boot, sight)?;
    let left = Left::find(matter.context, gateway, sight, &mut report.warnings)?;
    let mut gated = matter.plan(gateway, sight, ledger.ledger(), &left).gated();
    gated.retain(|one| {
        let key = &one.item().session_key;
        !sight.open.contains(key) && !report.deals_with(key)
    });
    let mut dispatcher = matter.dispatcher(gateway, ledger, &boot);
    dispatcher.reconcile()?;
    let own = gated.iter().position(|one| matter.is_own(one, &dispatcher)).map(|at| gated.remove(at));
    for one in gated {
        if !task::prepare(matter.context, &dispatcher, &left.tasks.due, &one)? {
            continue;
        }
        let (item, told) = carry_out_read(&mut dispatcher, matter.waiting, matter.job, sight, one)?;
        let watched = task::watch_over(matter.context, &mut dispatcher, sight, &left.tasks.due, &item);
        report.warnings.extend(watched.err().map(|error| error.full()));
        report.items.push(item);
        report.own = report.own.take().or(told);
    }
    for one in lost {
        if !report.deals_with(&one.item.session_key) {
            report.items.push(one);
        }
    }
    Ok(own)
}

/// Plans without changing or sending anything.
pub(super) fn rehearse(matter: &Matter<'_>, gateway: &mut Gateway, ledger: &Ledger) -> Result<Report> {
    let named = named(matter.context, matter.waiting, ledger)?;
    let watch = Watch::new(matter.context, matter.waiting, matter.job, named);
    let sight = match matter.woken_at {
        Some(at) => watch.glance(gateway, at)?,
        None => watch.settled(gateway)?,
    };
    let mut unread = Vec::new();
    let left = Left::find(matter.context, gateway, &sight, &mut unread)?;
    let plan = matter.plan(gateway, &sight, ledger, &left);
    let boot = Some(gateway.boot().clone());
    let items: Vec<ItemReport> = plan.gated().into_iter().map(|gated| planned(gated, ledger)).collect();
    let warnings = gateway.warnings().iter().chain(&sight.warnings).chain(&unread).cloned().collect();
    let mut report = Report { boot, items, warnings, ..Report::new(matter.request, Outcome::Recovered) };
    report.outcome = outcome(matter.waiting, &report);
    Ok(report)
}

/// Sends, holds or settles an item; one that was left because its session could not be read has failed.
pub(super) fn carry_out_read(
    dispatcher: &mut Dispatcher<'_>,
    waiting: Option<&Waiting>,
    job: Job<'_>,
    sight: &Sight,
    gated: Gated,
) -> Result<(ItemReport, Option<String>)> {
    let (mut item, told) = carry_out(dispatcher, waiting, job, gated)?;
    if let Some(why) = sight.unread(&item.item.session_key)
        && item.state == ItemState::Skipped
    {
        item.state = ItemState::Failed(why);
    }
    Ok((item, told))
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
fn follow(context: &Context, dispatcher: &mut Dispatcher<'_>, report: &mut Report) {
    let _waits = context.waits("following what was resumed to its end");
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
    waiting: Option<&Waiting>,
    is_told: bool,
    report: &mut Report,
) -> Result<()> {
    if !is_told || report.items.iter().any(|one| matches!(one.state, ItemState::Failed(_))) {
        report.outcome = Outcome::Incomplete;
        return Ok(());
    }
    report.outcome = outcome(waiting, report);
    let Some(waiting) = waiting else { return Ok(()) };
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

/// Says how a recovery ended that did all it could; without a checkpoint, and with nothing cut off, it was for nothing.
fn outcome(waiting: Option<&Waiting>, report: &Report) -> Outcome {
    let is_idle = report.items.iter().all(|one| one.state == ItemState::Skipped);
    if waiting.is_none() && is_idle { Outcome::Nothing } else { Outcome::Recovered }
}
