//! What is on record beside a session's own evidence: our ledger, and the claim of a seed.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::context::Context;
use crate::ledger::Ledger;
use crate::model::{Boot, InterruptionId, SessionKey};
use crate::session::{Evidence, Record};
use crate::support::fs;

/// A gateway that dies this soon after a resume may have died of it.
const SOON: TimeDelta = TimeDelta::minutes(2);
/// So many deaths in a row are no accident.
const DEATHS: usize = 2;

/// The ledger's and the seed's word about sessions.
pub(super) struct OnRecord<'a> {
    ledger: &'a Ledger,
    boot: Option<&'a Boot>,
    since: DateTime<Utc>,
    claimed: Option<&'a SessionKey>,
}

/// `state/restart-resume.json` of the seed boot-resume, which resumes that one session itself.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Claim {
    #[serde(default)]
    pending: bool,
    session_key: Option<SessionKey>,
}

impl<'a> OnRecord<'a> {
    /// Takes what is on record; `since` is the start of the gateway, or the wake.
    pub(super) fn new(
        ledger: &'a Ledger,
        boot: Option<&'a Boot>,
        since: DateTime<Utc>,
        claimed: Option<&'a SessionKey>,
    ) -> Self {
        Self { ledger, boot, since, claimed }
    }
}

/// Returns the session that the seed has claimed.
pub(super) fn claimed(context: &Context) -> Option<SessionKey> {
    // What does not parse claims nothing.
    let text = fs::read_inside(&context.paths.workspace, &context.paths.seed_claim()).ok().flatten()?;
    let claim: Claim = serde_json::from_str(&text).ok()?;
    claim.session_key.filter(|_| claim.pending)
}

impl Record for OnRecord<'_> {
    fn took(&self, cut: &InterruptionId) -> bool {
        let key = cut.key();
        let used = self.ledger.used(&key);
        self.ledger.is_taken(used) || self.ledger.is_rejected(used)
    }

    fn resumed(&self, evidence: &Evidence) -> bool {
        self.boot.is_some_and(|boot| self.ledger.is_resumed(&evidence.key, boot, self.since))
    }

    fn kills(&self, evidence: &Evidence) -> bool {
        self.ledger.deaths_after_resuming(&evidence.key, SOON) >= DEATHS
    }

    fn claimed(&self, evidence: &Evidence) -> bool {
        self.claimed == Some(&evidence.key)
    }
}
