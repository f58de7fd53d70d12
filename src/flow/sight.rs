//! What is seen of the sessions at one moment: their files, and what the gateway says of them.

use std::collections::{HashMap, HashSet};
use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::candidates::{MAX_AGE, describe};
use super::context::{Context, PATIENCE};
use super::items::Job;
use super::pending::Waiting;
use crate::gateway::{Gateway, Scopes};
use crate::model::{AgentId, SessionKey};
use crate::session::{self, Evidence, Note, Row, Store, StoreKind, Wanted};
use crate::support::error::{Error, Kind, Result};

/// How long one of the gateway's own affairs may take: native recovery decides within 8 s of the start, and takes
/// sessions up one by one (measured).
const NATIVE_PATIENCE: Duration = Duration::from_secs(45);
/// How long all of them together may take.
const LONGEST: Duration = Duration::from_secs(600);
const NATIVE_POLL: Duration = Duration::from_millis(250);

/// All that is known of the sessions that matter: of most, which were at rest, nothing is kept.
#[derive(Debug, Default)]
pub(super) struct Sight {
    pub(super) stores: Vec<Store>,
    pub(super) sessions: Vec<Evidence>,
    /// The checkpoint's sessions of which the gateway could not be asked, with the reason.
    unread: Vec<(SessionKey, Error)>,
    /// The sessions in which something of the gateway's own has still to end, as long as that is worth waiting for.
    pub(super) open: Vec<SessionKey>,
    pub(super) last_sign_of_life: Option<DateTime<Utc>>,
    pub(super) warnings: Vec<String>,
}

/// Tells whether a session is kept.
type Keeps<'a> = &'a mut dyn FnMut(&Evidence) -> bool;

/// Looks at the sessions again and again, while something of the gateway's own has still to end in some that matter.
pub(super) struct Watch<'a> {
    context: &'a Context,
    waiting: Option<&'a Waiting>,
    job: Job<'a>,
    /// Of these sessions everything is kept.
    named: HashSet<SessionKey>,
    begun: Instant,
    /// When the number of sessions that are waited for last fell, and to how many.
    progress: (Instant, usize),
}

impl<'a> Watch<'a> {
    pub(super) fn new(
        context: &'a Context,
        waiting: Option<&'a Waiting>,
        job: Job<'a>,
        named: HashSet<SessionKey>,
    ) -> Self {
        let now = Instant::now();
        Self { context, waiting, job, named, begun: now, progress: (now, usize::MAX) }
    }

    /// Reads every session once; after a wake that is enough.
    ///
    /// # Errors
    /// Where the state directory cannot be read.
    pub(super) fn glance(&self, gateway: &mut Gateway, since: DateTime<Utc>) -> Result<Sight> {
        let mut keeps = |one: &Evidence| !one.is_over(since) || self.named.contains(&one.key);
        Sight::of_all(self.context, Some(gateway), since, &mut keeps)
    }

    /// Reads every session, and those of the checkpoint of which there is no file; once more only those that are open in
    /// `before`, the look before this one.
    ///
    /// # Errors
    /// Where the state directory cannot be read, or the gateway is lost.
    pub(super) fn look(&mut self, gateway: &mut Gateway, before: Option<Sight>) -> Result<Sight> {
        let start = gateway.boot().started_at;
        let mut sight = match before {
            Some(before) => before.again(self.context, gateway, start)?,
            None => self.glance(gateway, start)?,
        };
        sight.ask_for_blocks(self.context, gateway, self.waiting)?;
        let open = sight.sessions.iter().filter(|evidence| self.waits_for(evidence, start));
        sight.open = open.map(|evidence| evidence.key.clone()).collect();
        if sight.open.len() < self.progress.1 {
            self.progress = (Instant::now(), sight.open.len());
        }
        if self.progress.0.elapsed() > NATIVE_PATIENCE || self.begun.elapsed() > LONGEST {
            sight.open.clear();
        }
        Ok(sight)
    }

    /// Lets a moment pass; a look that takes long is not taken all the time.
    pub(super) fn pause(look: Duration) {
        thread::sleep(NATIVE_POLL.max(look));
    }

    /// Looks until nothing is open any more.
    ///
    /// # Errors
    /// Where the state directory cannot be read, or the gateway is lost.
    pub(super) fn settled(mut self, gateway: &mut Gateway) -> Result<Sight> {
        let waits = self.context.waits("reading the sessions");
        let mut before = None;
        loop {
            let begun = Instant::now();
            let sight = self.look(gateway, before)?;
            if sight.open.is_empty() {
                return Ok(sight);
            }
            self.context.step(sight.awaited());
            waits.now(|| sight.awaited());
            Self::pause(begun.elapsed());
            before = Some(sight);
        }
    }

    fn waits_for(&self, evidence: &Evidence, start: DateTime<Utc>) -> bool {
        let is_named = || self.waiting.is_some_and(|waiting| waiting.block_of(&evidence.key).is_some());
        let matters = || is_named() || (!evidence.key.is_of_a_machine() && is_open(evidence, start));
        let is_unheard = evidence.is_running_unheard(start);
        !self.job.has(&evidence.key) && (is_unheard || (is_unsettled(evidence, start) && matters()))
    }
}

impl Sight {
    /// Reads every session from its files, and asks the gateway, where there is one, which of them are at work; `keeps`
    /// tells of which something is to be known.
    ///
    /// # Errors
    /// Where the state directory cannot be read.
    pub(super) fn of_all(
        context: &Context,
        gateway: Option<&mut Gateway>,
        since: DateTime<Utc>,
        keeps: Keeps<'_>,
    ) -> Result<Self> {
        let mut sight = Self::default();
        sight.read(context, gateway, since, &|_| true, keeps)?;
        Ok(sight)
    }

    /// Reads the open sessions once more. Of the others nothing is news: whoever has to go on is dealt with, and what ends
    /// in this life of the gateway was not cut off by the stop.
    fn again(mut self, context: &Context, gateway: &mut Gateway, since: DateTime<Utc>) -> Result<Self> {
        let open: HashSet<SessionKey> = std::mem::take(&mut self.open).into_iter().collect();
        self.sessions.retain(|evidence| !open.contains(&evidence.key));
        (self.unread, self.warnings) = Default::default();
        self.read(context, Some(gateway), since, &|key| open.contains(key), &mut |_| true)?;
        Ok(self)
    }

    /// Reads the sessions that are `wanted`, in place of which nothing is there yet.
    ///
    /// The gateway's rows come first: what ends in between then stands in the transcript, and none looks as if it had
    /// ended before somebody resumed it.
    fn read(
        &mut self,
        context: &Context,
        mut gateway: Option<&mut Gateway>,
        since: DateTime<Utc>,
        wanted: Wanted<'_>,
        keeps: Keeps<'_>,
    ) -> Result<()> {
        let config = &context.config;
        let rows =
            self.ask(context, gateway.as_deref_mut(), |gateway| session::rows(gateway, config, since))?;
        let mut rows: HashMap<SessionKey, Row> = rows.unwrap_or_default().into_iter().collect();
        let mutters = gateway.as_ref().is_some_and(|gateway| gateway.mutters());
        let mut last_sign_of_life = self.last_sign_of_life;
        let mut keep = |rows: &mut HashMap<SessionKey, Row>, mut evidence: Evidence| {
            let Evidence { key, row, .. } = &mut evidence;
            if let Some(said) = rows.remove(key).filter(|said| said.may_be_of(row.session_id.as_deref())) {
                row.update(said);
            }
            row.recovery_route |= !mutters;
            last_sign_of_life = last_sign_of_life.max(session::last_sign_of_life(&evidence, since));
            keeps(&evidence).then_some(evidence)
        };
        let (stores, mut sessions) =
            session::read_some(&context.paths.state, config, wanted, &mut |one| keep(&mut rows, one))?;
        self.stores = stores;
        if self.stores.is_empty() {
            let asked = self.ask(context, gateway, |gateway| {
                // With rows that are newer.
                session::read_from(gateway, config, wanted, &mut |one| keep(&mut HashMap::new(), one))
            })?;
            if let Some((store, asked)) = asked {
                self.stores.push(store);
                sessions = asked;
            }
        }
        self.last_sign_of_life = last_sign_of_life;
        self.sessions.extend(sessions);
        Ok(())
    }

    /// Asks the gateway, where there is one. What it does not answer is done without: the last look at each session asks
    /// again, and a gateway that is gone has taken the recovery with it.
    fn ask<T>(
        &mut self,
        context: &Context,
        gateway: Option<&mut Gateway>,
        question: impl FnOnce(&mut Gateway) -> Result<T>,
    ) -> Result<Option<T>> {
        let Some(gateway) = gateway else { return Ok(None) };
        match question(gateway) {
            Ok(answer) => Ok(Some(answer)),
            Err(error) => {
                reconnect(context, gateway)?;
                self.warnings.push(error.full());
                Ok(None)
            }
        }
    }

    /// Says, for a person, what is waited for.
    pub(super) fn awaited(&self) -> String {
        match self.open.as_slice() {
            [one] => format!("waiting for the gateway's own affairs in {one}"),
            more => format!("waiting for the gateway's own affairs in {} sessions", more.len()),
        }
    }

    /// Says which stores could not be read, and why.
    pub(super) fn unreadable(&self) -> impl Iterator<Item = String> {
        self.stores.iter().filter_map(|store| store.sessions.as_ref().err()).map(Error::full)
    }

    /// Returns what is known of a session: nothing of one that was at rest, unless something of ours names it.
    pub(super) fn of(&self, key: &SessionKey) -> Option<&Evidence> {
        self.sessions.iter().find(|evidence| evidence.key == *key)
    }

    /// Tells whether an agent's sessions are in files, as those of gateways up to 2026.7 are.
    pub(super) fn keeps_files(&self, agent: &AgentId) -> bool {
        self.stores.iter().any(|store| store.agent == *agent && store.kind == StoreKind::Jsonl)
    }

    /// Says why the gateway could not be asked about a session, where it could not.
    pub(super) fn unread(&self, key: &SessionKey) -> Option<String> {
        self.unread.iter().find(|(unread, _)| unread == key).map(|(_, error)| error.full())
    }

    fn ask_for_blocks(
        &mut self,
        context: &Context,
        gateway: &mut Gateway,
        waiting: Option<&Waiting>,
    ) -> Result<()> {
        for block in waiting.iter().flat_map(|waiting| &waiting.checkpoint.blocks) {
            if self.of(&block.session_key).is_some() {
                continue;
            }
            match session::read(gateway, &block.session_key) {
                Ok(evidence) => self.sessions.extend(evidence),
                Err(error) => {
                    reconnect(context, gateway)?;
                    self.unread.push((block.session_key.clone(), error));
                }
            }
        }
        Ok(())
    }
}

/// Connects anew: where a session cannot be read the connection may have gone with it, and the others are still read.
fn reconnect(context: &Context, gateway: &mut Gateway) -> Result<()> {
    let again = context.connect(Scopes::TALK, PATIENCE)?;
    if again.boot().is_after(gateway.boot()) {
        return Err(Error::new(Kind::Gateway, "the gateway restarted while it was asked about sessions"));
    }
    *gateway = again;
    Ok(())
}

/// Tells whether something of the gateway's own has still to end before anybody can say how the session stands.
pub(super) fn is_unsettled(evidence: &Evidence, start: DateTime<Utc>) -> bool {
    evidence.awaits_native_recovery(start)
        || evidence.row.note == Some(Note::Claimed)
        || evidence.is_running_by_itself(start)
}

/// Tells whether a turn that began before the start may not have come to its end.
fn is_open(evidence: &Evidence, start: DateTime<Utc>) -> bool {
    let left = session::unfinished(evidence, start, &describe(evidence));
    let is_fresh = |at: Option<DateTime<Utc>>| at.is_none_or(|at| start - at < MAX_AGE);
    left.cuts.iter().any(|cut| is_fresh(cut.active_at))
        || (evidence.awaits_native_recovery(start) && is_fresh(evidence.row.started_at))
}
