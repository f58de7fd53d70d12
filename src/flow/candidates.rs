//! Which sessions may have to go on: those that the checkpoint names, and those whose evidence says so.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::context::Context;
use super::items::Job;
use super::language;
use super::pending::Waiting;
use super::record::{OnRecord, claimed};
use super::sight::{Sight, is_unsettled};
use crate::checkpoint::Block;
use crate::gateway::Lifetime;
use crate::ledger::Ledger;
use crate::model::{Boot, Call, IdempotencyKey, Outcome, SessionKey, Verdict};
use crate::plan::{self, Candidate, Reach, Rules};
use crate::session::{self, Evidence, Judgement, Record, View, spoken};
use crate::support::redact::redact;
use crate::support::text::one_line;

/// How long before the last sign of life a turn may have rested and still count as cut off by the stop.
pub(super) const WINDOW: TimeDelta = TimeDelta::minutes(20);
/// How old a cut may be at the start.
pub(super) const MAX_AGE: TimeDelta = TimeDelta::hours(12);
/// A request that is longer is cut.
const REQUEST: usize = 300;

/// From where the sessions are judged.
pub(super) struct Standpoint<'a> {
    pub(super) context: &'a Context,
    pub(super) ledger: &'a Ledger,
    /// The gateway's present life; none where it does not run.
    pub(super) boot: Option<&'a Boot>,
    /// When the machine woke, where that is why somebody looks.
    pub(super) woken_at: Option<DateTime<Utc>>,
    pub(super) job: Job<'a>,
    pub(super) window: TimeDelta,
    pub(super) max_age: TimeDelta,
    /// The session that the seed has claimed.
    pub(super) claimed: Option<SessionKey>,
}

impl<'a> Standpoint<'a> {
    /// Stands where a recovery does.
    pub(super) fn new(context: &'a Context, ledger: &'a Ledger, boot: Option<&'a Boot>) -> Self {
        let claimed = claimed(context);
        Self {
            context,
            ledger,
            boot,
            woken_at: None,
            job: Job::None,
            window: WINDOW,
            max_age: MAX_AGE,
            claimed,
        }
    }

    pub(super) fn since(&self) -> DateTime<Utc> {
        self.woken_at.unwrap_or_else(|| self.start())
    }

    pub(super) fn start(&self) -> DateTime<Utc> {
        self.boot.map_or_else(|| self.context.clock.now(), |boot| boot.started_at)
    }

    /// Judges one session; `last_sign_of_life` is the last that any session tells of.
    pub(super) fn judge(&self, evidence: &Evidence, last_sign_of_life: Option<DateTime<Utc>>) -> Judgement {
        let view = View {
            since: self.since(),
            last_sign_of_life,
            window: self.window,
            max_age: self.max_age,
            describe: &describe(evidence),
            record: &self.on_record(),
        };
        session::judge(evidence, &view)
    }

    fn on_record(&self) -> OnRecord<'_> {
        OnRecord::new(self.ledger, self.boot, self.since(), self.claimed.as_ref())
    }

    /// Tells whether something of the gateway's own has still to end in a session that somebody waits for. A wake has no
    /// native recovery.
    fn is_unsettled(&self, evidence: &Evidence) -> bool {
        let is_nobodys = evidence.key.is_of_a_machine() || self.job.has(&evidence.key);
        self.woken_at.is_none() && !is_nobodys && is_unsettled(evidence, self.start())
    }

    /// Finds all candidates: the checkpoint's blocks in their order, then the other sessions.
    pub(super) fn candidates<'b>(&self, sight: &Sight, waiting: Option<&'b Waiting>) -> Vec<Candidate<'b>> {
        let is_named =
            |evidence: &Evidence| waiting.is_some_and(|waiting| waiting.block_of(&evidence.key).is_some());
        let others = sight.sessions.iter().filter(|evidence| !is_named(evidence));
        let mut candidates = waiting.map_or_else(Vec::new, |waiting| self.of_blocks(sight, waiting));
        candidates.extend(others.filter_map(|evidence| self.of_evidence(sight, evidence)));
        candidates
    }

    /// Finds what a checkpoint names.
    pub(super) fn of_blocks<'b>(&self, sight: &Sight, waiting: &'b Waiting) -> Vec<Candidate<'b>> {
        waiting.checkpoint.blocks.iter().map(|block| self.of_block(sight, waiting, block)).collect()
    }

    fn of_block<'b>(&self, sight: &Sight, waiting: &Waiting, block: &'b Block) -> Candidate<'b> {
        let mark = waiting.checkpoint.meta.as_ref().and_then(|meta| meta.sessions.get(&block.session_key));
        let key = &block.session_key;
        let evidence = sight.of(key);
        let by_the_job = |verdict| Judgement::of(verdict, "the recovery job has woken it");
        let judgement = match (self.job, evidence) {
            (Job::Calls(caller), _) if caller == key => by_the_job(Verdict::Complete),
            (Job::Speaks(caller), _) if caller == key => by_the_job(Verdict::Live),
            (_, Some(evidence)) => self.judge(evidence, sight.last_sign_of_life),
            (_, None) => {
                let why = sight.unread(key).unwrap_or_else(|| "the gateway knows no such session".to_owned());
                Judgement::of(Verdict::Unreadable, why)
            }
        };
        let keys = self.keys(Some(plan::key_of(&waiting.id, key)), &judgement);
        let language = language::of_session(evidence, Some(block));
        Candidate {
            captured: mark.and_then(|mark| mark.captured),
            ..self.completed(sight, Candidate::of_block(block, keys, judgement, language), evidence)
        }
    }

    /// Makes a candidate of a session that the stop cut off; `None` where nobody waits for it.
    fn of_evidence<'b>(&self, sight: &Sight, evidence: &Evidence) -> Option<Candidate<'b>> {
        let mut judgement = self.judge(evidence, sight.last_sign_of_life);
        if self.is_unsettled(evidence) && judgement.verdict == Verdict::Live {
            // A turn of the gateway's own hides what was cut off before it.
            judgement = session::unfinished(evidence, self.since(), &describe(evidence));
            judgement.cuts.retain(|cut| !self.is_decided(cut));
        }
        if self.woken_at.is_some() && evidence.is_held_for_a_turn() {
            return None;
        }
        let is_news = match judgement.verdict {
            Verdict::Interrupted | Verdict::Orphaned | Verdict::Quarantined => true,
            // What waits for a person is told again until it has reached one.
            Verdict::Stale => {
                !judgement.age.is_history() || judgement.cuts.iter().any(|cut| self.is_held(cut))
            }
            Verdict::Excluded => self.is_lost(sight, evidence, &judgement),
            Verdict::Unreadable | Verdict::Live | Verdict::Handled | Verdict::Trivial | Verdict::Complete => {
                false
            }
        };
        if !is_news || judgement.cuts.is_empty() {
            return None;
        }
        // What waits under a hold of its own goes on waiting there.
        if judgement.cuts.iter().any(|cut| !self.is_held(cut)) {
            judgement.cuts.retain(|cut| !self.is_held(cut));
        }
        let (keys, language) = (self.keys(None, &judgement), language::of_session(Some(evidence), None));
        let candidate = Candidate {
            request: request_of(evidence),
            ..Candidate::new(evidence.key.clone(), keys, judgement, language)
        };
        Some(self.completed(sight, candidate, Some(evidence)))
    }

    /// Tells work that the stop ended, that nobody can resume, and of which its user has not been told: a subagent's, or that
    /// of a session which is out of reach. From 2026.8 on `OpenClaw` itself tells that a subagent's task was lost (measured
    /// on 2026.9.6).
    fn is_lost(&self, sight: &Sight, evidence: &Evidence, judgement: &Judgement) -> bool {
        let is_open = |cut: &session::Cut| {
            let is_fresh = cut.active_at.is_none_or(|at| self.since() - at < self.max_age);
            cut.phase != session::Phase::Command && is_fresh && !self.is_decided(cut)
        };
        evidence.out_of_reach
            || evidence.row.parent.is_some()
                && sight.keeps_files(&evidence.agent)
                && evidence.gone_on(self.since()).is_none()
                && judgement.cuts.iter().any(is_open)
    }

    fn is_held(&self, cut: &session::Cut) -> bool {
        self.ledger.is_held(self.ledger.used(&cut.key()))
    }

    /// Tells whether a cut was taken, or rejected by a person.
    fn is_decided(&self, cut: &session::Cut) -> bool {
        self.on_record().took(&cut.id)
    }

    /// Fills in what the row says.
    pub(super) fn completed<'b>(
        &self,
        sight: &Sight,
        candidate: Candidate<'b>,
        evidence: Option<&Evidence>,
    ) -> Candidate<'b> {
        let Some(evidence) = evidence else { return candidate };
        let lifetime = Lifetime {
            key: evidence.key.as_str(),
            channel: evidence.route().map(|route| route.channel.as_str()),
            began_at: evidence.row.session_started_at.or(evidence.row.updated_at),
            last_interaction_at: evidence.row.last_interaction_at,
        };
        let now = self.context.clock.now();
        // Gateways up to 2026.7 do so where nobody says otherwise.
        let daily = sight.keeps_files(&evidence.agent);
        Candidate {
            unsettled: self.is_unsettled(evidence),
            reach: match () {
                () if evidence.out_of_reach => Reach::Elsewhere,
                () if self.context.config.resets.ends(lifetime, daily, now) => Reach::NewSession,
                () => Reach::Session,
            },
            updated_at: evidence.row.updated_at,
            route: evidence.route().cloned(),
            session_id: evidence.row.session_id.clone(),
            ..candidate
        }
    }

    /// Returns the keys of an effect with these causes, first the one under which it goes out.
    fn keys(&self, of_block: Option<IdempotencyKey>, judgement: &Judgement) -> Vec<IdempotencyKey> {
        let of_cuts = judgement.cuts.iter().map(session::Cut::key);
        self.ordered(of_block.into_iter().chain(of_cuts).collect())
    }

    /// Puts the key first under which an effect is on record already.
    pub(super) fn ordered(&self, keys: Vec<IdempotencyKey>) -> Vec<IdempotencyKey> {
        let Some(used) = self.ledger.key_of(&keys).cloned() else { return keys };
        let others = keys.into_iter().filter(|key| *key != used).collect::<Vec<_>>();
        [vec![used], others].concat()
    }
}

/// Returns what a person last asked for in a session.
pub(super) fn request_of(evidence: &Evidence) -> Option<String> {
    let request = evidence.history.as_ref().ok().and_then(session::History::last_request);
    request.map(|entry| one_line(&redact(spoken(&entry.text)), REQUEST))
}

/// Describes the calls of a session: what each does, and whether it may run again.
pub(super) fn describe(evidence: &Evidence) -> impl Fn(&str, &Value, Outcome) -> Call {
    let route = evidence.route();
    move |tool, arguments, outcome| Rules::builtin().call(tool, arguments, outcome, route)
}
