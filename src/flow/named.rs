//! The sessions that something of ours names: what is known of them is asked for, also where they are at rest.

use std::collections::HashSet;

use super::context::Context;
use super::pending::Waiting;
use crate::ledger::Ledger;
use crate::model::SessionKey;
use crate::support::error::Result;
use crate::task::Store;

/// Finds the sessions that the checkpoint, an effect in the ledger, a long task or the policy names.
///
/// # Errors
/// Where the tasks cannot be listed; one that cannot be read names none.
pub(super) fn named(
    context: &Context,
    waiting: Option<&Waiting>,
    ledger: &Ledger,
) -> Result<HashSet<SessionKey>> {
    let mut named: HashSet<SessionKey> = ledger.sessions().cloned().collect();
    named.extend(context.policy.operator.clone());
    if let Some(waiting) = waiting {
        named.extend(waiting.checkpoint.blocks.iter().map(|block| block.session_key.clone()));
        named.extend(waiting.caller.clone());
    }
    for task in Store::new(&context.paths).list()?.into_iter().filter_map(|listed| listed.content.ok()) {
        let holder = task.lease.and_then(|lease| lease.session_key);
        named.extend(task.session_key.into_iter().chain(holder));
    }
    Ok(named)
}
