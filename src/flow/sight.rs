//! What is seen of the sessions at one moment: their files, and what the gateway says of them.

use std::thread;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};

use super::context::{Context, PATIENCE};
use super::items::Job;
use super::pending::Waiting;
use crate::gateway::{Gateway, Scopes};
use crate::model::{AgentId, SessionKey};
use crate::session::{self, Evidence, Note, Store, StoreKind};
use crate::support::error::{Error, Kind, Result};

/// How long the gateway's own affairs may take: native recovery decides within 8 s of the start (measured).
const NATIVE_PATIENCE: Duration = Duration::from_secs(45);
const NATIVE_POLL: Duration = Duration::from_millis(250);

/// All that is known of all sessions.
#[derive(Debug)]
pub(super) struct Sight {
    pub(super) stores: Vec<Store>,
    pub(super) sessions: Vec<Evidence>,
    /// The checkpoint's sessions of which the gateway could not be asked, with the reason.
    unread: Vec<(SessionKey, Error)>,
    pub(super) last_sign_of_life: Option<DateTime<Utc>>,
    pub(super) warnings: Vec<String>,
}

impl Sight {
    /// Reads every session from its files, and asks the gateway, where there is one, which of them are at work.
    ///
    /// # Errors
    /// Where the state directory cannot be read.
    pub(super) fn of_all(
        context: &Context,
        gateway: Option<&mut Gateway>,
        since: DateTime<Utc>,
    ) -> Result<Self> {
        let (stores, sessions) = session::read_all(&context.paths.state, &context.config)?;
        let mut sight =
            Self { stores, sessions, unread: Vec::new(), last_sign_of_life: None, warnings: Vec::new() };
        if let Some(gateway) = gateway {
            sight.ask_all(context, gateway);
        }
        sight.last_sign_of_life = session::last_sign_of_life(&sight.sessions, since);
        Ok(sight)
    }

    /// Reads every session, and those of a checkpoint of which there is no file, from the gateway; reads again while
    /// something of the gateway's own has still to end in one that matters.
    ///
    /// # Errors
    /// Where the state directory cannot be read, or the gateway is lost.
    pub(super) fn when_settled(
        context: &Context,
        gateway: &mut Gateway,
        waiting: Option<&Waiting>,
        job: Job<'_>,
    ) -> Result<Self> {
        let start = gateway.boot().started_at;
        let deadline = Instant::now() + NATIVE_PATIENCE;
        loop {
            let mut sight = Self::of_all(context, Some(gateway), start)?;
            sight.ask_for_blocks(context, gateway, waiting)?;
            let matters = |evidence: &Evidence| {
                let is_named = waiting.is_some_and(|waiting| waiting.block_of(&evidence.key).is_some());
                is_named || (!evidence.key.is_of_a_machine() && is_open(evidence, start))
            };
            let waits = |evidence: &&Evidence| {
                is_unsettled(evidence, start) && !job.has(&evidence.key) && matters(evidence)
            };
            let Some(open) = sight.sessions.iter().find(waits) else { return Ok(sight) };
            if Instant::now() > deadline {
                return Ok(sight);
            }
            context.step(format_args!("waiting for the gateway's own affairs in {}", open.key));
            thread::sleep(NATIVE_POLL);
        }
    }

    /// Returns what is known of a session.
    pub(super) fn of(&self, key: &SessionKey) -> Option<&Evidence> {
        self.sessions.iter().find(|evidence| evidence.key == *key)
    }

    /// Tells whether gateways with such a store end an agent's sessions daily where nobody says otherwise: those up to
    /// 2026.7 do, and keep files.
    pub(super) fn resets_daily(&self, agent: &AgentId) -> bool {
        self.stores.iter().any(|store| store.agent == *agent && store.kind == StoreKind::Jsonl)
    }

    /// Says why the gateway could not be asked about a session, where it could not.
    pub(super) fn unread(&self, key: &SessionKey) -> Option<String> {
        self.unread.iter().find(|(unread, _)| unread == key).map(|(_, error)| error.full())
    }

    /// Takes over what only the gateway knows: who is at work, and how its rows stand now.
    fn ask_all(&mut self, context: &Context, gateway: &mut Gateway) {
        let asked = if self.stores.is_empty() {
            session::read_from(gateway, &context.config.default_agent).map(|(store, sessions)| {
                self.stores.push(store);
                self.sessions = sessions;
            })
        } else {
            session::rows(gateway).map(|rows| {
                for (key, row) in rows {
                    if let Some(session) = self.sessions.iter_mut().find(|session| session.key == key) {
                        session.row.update(row);
                    }
                }
            })
        };
        // The last look at each session asks again.
        self.warnings.extend(asked.err().map(|error| error.full()));
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
    let turn = evidence.history.as_ref().ok().and_then(session::History::cut_turn);
    let began =
        turn.is_some_and(|turn| turn.is_for_a_person() && turn.opened_by.at.is_none_or(|at| at < start));
    began || evidence.awaits_native_recovery(start)
}
