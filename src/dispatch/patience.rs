//! How long a gateway is waited for that asks to come again later.

use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::gateway::{CallError, Gateway};

/// The pause before a refused call is tried again, where the gateway names none, and the shortest.
const PAUSE: Duration = Duration::from_millis(500);
const SHORTEST: Duration = Duration::from_millis(50);

/// What is left of it: a gateway that takes nothing is not waited for once more with each effect.
pub(super) struct Patience {
    limit: Duration,
    /// Since when it has taken nothing.
    since: Option<Instant>,
}

impl Patience {
    pub const fn of(limit: Duration) -> Self {
        Self { limit, since: None }
    }

    /// Calls a method, again and again as long as the gateway asks for that.
    pub fn call(&mut self, gateway: &mut Gateway, method: &str, params: &Value) -> Result<Value, CallError> {
        loop {
            let answer = gateway.call(method, params);
            let refusal = answer.as_ref().err().and_then(CallError::refusal);
            let Some(refusal) = refusal.filter(|refusal| refusal.retryable) else {
                self.since = None;
                return answer;
            };
            let pause = refusal.retry_after.unwrap_or(PAUSE).max(SHORTEST);
            if self.since.get_or_insert_with(Instant::now).elapsed() + pause > self.limit {
                return answer;
            }
            thread::sleep(pause);
        }
    }
}
