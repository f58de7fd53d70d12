//! What the ledger knows of sessions over the lives of their gateway.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Effect, EffectState, Event, Ledger, Outcome};
use crate::model::{Boot, IdempotencyKey, SessionKey};

impl Ledger {
    /// Returns the key that is used for an effect of this key: its own, unless it is on record under another.
    #[must_use]
    pub fn used<'a>(&'a self, key: &'a IdempotencyKey) -> &'a IdempotencyKey {
        self.aliases.get(key).unwrap_or(key)
    }

    /// Returns the key under which an effect is on record, of all the keys that its causes give it; the first where it
    /// is on record under none.
    #[must_use]
    pub fn key_of<'a>(&'a self, keys: &'a [IdempotencyKey]) -> Option<&'a IdempotencyKey> {
        let known = keys.iter().find_map(|key| {
            let used = self.used(key);
            (self.effects.contains_key(used) || self.is_held(used) || self.is_rejected(used)).then_some(used)
        });
        known.or(keys.first())
    }

    /// Returns whose session an effect or a held item is about.
    #[must_use]
    pub fn session_of(&self, key: &IdempotencyKey) -> Option<&SessionKey> {
        let held = || {
            self.latest(|record| match &record.event {
                Event::Held(held) if held.key == *key => Some(&held.session_key),
                _ => None,
            })
        };
        self.effect(key).map(|state| &state.session_key).or_else(held)
    }

    /// Returns the sessions that effects of ours went to, or are about.
    pub fn sessions(&self) -> impl Iterator<Item = &SessionKey> {
        self.effects.values().map(|state| &state.session_key)
    }

    /// Tells whether an effect of ours had a session go on in this boot, since then.
    #[must_use]
    pub fn is_resumed(&self, session: &SessionKey, boot: &Boot, since: DateTime<Utc>) -> bool {
        self.resumes(session).any(|state| state.boot.is_same(boot) && state.intended_at >= since)
    }

    /// Counts the boots that ended within `soon` of a resume of the session that they had taken; a restart that was
    /// prepared does not count.
    #[must_use]
    pub fn deaths_after_resuming(&self, session: &SessionKey, soon: TimeDelta) -> usize {
        let boots: Vec<_> = self.records.iter().filter_map(|record| record.event.as_boot()).collect();
        let died = |(before, (next, last)): (&(&Boot, _), &(&Boot, Option<DateTime<Utc>>))| {
            let ended = |taken: &EffectState| {
                let ended_at =
                    last.map_or(next.started_at, |last| last.max(taken.intended_at)).min(next.started_at);
                let is_prepared = self.records.iter().any(|record| {
                    matches!(record.event, Event::Prepared { .. })
                        && (taken.intended_at..next.started_at).contains(&record.at)
                });
                taken.run_id.is_some()
                    && taken.boot.is_same(before.0)
                    && ended_at - taken.intended_at < soon
                    && !is_prepared
            };
            self.resumes(session).any(ended)
        };
        boots.iter().zip(boots.iter().skip(1)).filter(|pair| died(*pair)).count()
    }

    /// Returns the resumes of a session that a gateway took.
    fn resumes(&self, session: &SessionKey) -> impl Iterator<Item = &EffectState> {
        self.effects.values().filter(move |state| {
            state.effect == Effect::Resume
                && state.session_key == *session
                && state.outcome.is_some_and(Outcome::is_taken)
        })
    }

    /// Returns the sessions in which we started a run in a boot.
    pub fn resumed_in<'a>(&'a self, boot: &'a Boot) -> impl Iterator<Item = &'a SessionKey> {
        let of_boot = self.effects.values().filter(move |state| {
            state.effect == Effect::Resume && state.run_id.is_some() && state.boot.is_same(boot)
        });
        of_boot.map(|state| &state.session_key)
    }

    /// Tells whether a boot has been seen before.
    #[must_use]
    pub fn knows(&self, boot: &Boot) -> bool {
        self.records.iter().filter_map(|record| record.event.as_boot()).any(|(known, _)| known.is_same(boot))
    }
}
