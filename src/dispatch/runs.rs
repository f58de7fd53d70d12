//! What became of the runs that sent effects have started.

use std::time::Duration;

use serde_json::{Value, json};

use super::Dispatcher;
use crate::ledger::Outcome;
use crate::model::{IdempotencyKey, SessionKey};
use crate::session;
use crate::support::error::{Kind, Result};

/// How much longer than asked an answer to `agent.wait` may take.
const FOLLOW_MARGIN: Duration = Duration::from_secs(10);

impl Dispatcher<'_> {
    /// Follows a run to its end, for at most `patience`; `None` is a run that goes on.
    ///
    /// # Errors
    /// Where the gateway or the ledger fails.
    pub fn follow(&mut self, key: &IdempotencyKey, run: &str, patience: Duration) -> Result<Option<Outcome>> {
        let params = json!({ "runId": run, "timeoutMs": patience.as_millis() });
        let answer = self.gateway.call_within("agent.wait", &params, patience + FOLLOW_MARGIN)?;
        let outcome = match answer.get("status").and_then(Value::as_str) {
            Some("ok") => Outcome::Done,
            Some("error") => Outcome::Failed,
            _ => return Ok(None),
        };
        let detail = answer.get("error").and_then(Value::as_str);
        self.record(key, outcome, detail, Some(run.to_owned()))?;
        Ok(Some(outcome))
    }

    /// Returns the run that an effect started.
    #[must_use]
    pub fn run_of(&self, key: &IdempotencyKey) -> Option<String> {
        self.ledger.ledger().effect(key)?.run_id.clone()
    }

    /// Learns what became of the runs that an earlier run of this program started in this boot; what the gateway
    /// does not tell stays open, and stops nothing.
    ///
    /// # Errors
    /// Where the ledger fails.
    pub fn reconcile(&mut self) -> Result<()> {
        let open = self.ledger.ledger().open_runs().filter(|(_, _, state)| !self.boot.is_after(&state.boot));
        let open: Vec<_> =
            open.map(|(key, run, state)| (key.clone(), run.to_owned(), state.clone())).collect();
        for (key, run, state) in open {
            match self.follow(&key, &run, Duration::from_millis(1)) {
                Ok(None) if state.outcome == Some(Outcome::Accepted) => {
                    self.note_start(&key, &state.session_key)?;
                }
                Err(error) if error.kind() != Kind::Gateway => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// Writes down that an accepted run has begun, where the transcript shows its message: `agent.wait` does not tell a
    /// run that goes on from one that has not begun (measured on 2026.9.6).
    fn note_start(&mut self, key: &IdempotencyKey, session: &SessionKey) -> Result<()> {
        match session::read(self.gateway, session) {
            Ok(Some(evidence)) if evidence.mentions(key) => {
                self.record(key, Outcome::Started, Some("found in the transcript"), None)
            }
            _ => Ok(()),
        }
    }
}
