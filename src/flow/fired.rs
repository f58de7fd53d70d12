//! Which triggers have fired, and when: an installed one that never does is found out by that.

use std::time::Duration;

use super::context::Context;
use super::recovery::{Source, Trigger};
use crate::ledger::{Event, Writer};
use crate::support::error::Result;

/// Another run that holds the lock has fired for the same start.
const PATIENCE: Duration = Duration::from_secs(5);

/// Writes down that a trigger has fired; where the policy has switched everything off, nothing is written.
///
/// # Errors
/// Where the ledger cannot be written; the recovery itself does not need it.
pub fn fired(context: &Context, source: Source, trigger: Trigger) -> Result<()> {
    if !context.policy.enabled {
        return Ok(());
    }
    let now = context.clock.now();
    let event = Event::Fired { source: source.name().to_owned(), trigger: trigger.name().to_owned() };
    Writer::open(&context.paths, PATIENCE, now)?.append(now, event)
}
