//! What the evidence says of every session; nothing is sent or written.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::candidates::{MAX_AGE, Standpoint, WINDOW};
use super::context::Context;
use super::sight::Sight;
use crate::gateway::Scopes;
use crate::ledger::Ledger;
use crate::model::{AgentId, Boot, Verdict};
use crate::session::{Evidence, Judgement, Store};
use crate::support::error::Result;

/// Which sessions are looked at, and how old a cut may be.
#[derive(Clone, Debug)]
pub struct Request {
    /// Sessions that are complete are returned, too, and not only counted.
    pub all: bool,
    /// One agent's sessions; none is every agent's.
    pub agent: Option<AgentId>,
    /// How long before the last sign of life a turn may have rested and still count as cut off by the stop.
    pub window: TimeDelta,
    /// How old a cut may be at the gateway's start.
    pub max_age: TimeDelta,
}

impl Default for Request {
    /// Looks at everything as a recovery does.
    fn default() -> Self {
        Self { all: false, agent: None, window: WINDOW, max_age: MAX_AGE }
    }
}

/// What a scan saw: the gateway, the stores, each session with its verdict.
#[derive(Debug)]
pub struct Scan {
    /// When.
    pub at: DateTime<Utc>,
    /// The gateway that answered, or whose lock shows that it runs.
    pub gateway: Gateway,
    /// Where the sessions stand.
    pub stores: Vec<Store>,
    /// Each session that is asked for, with its verdict, the last active first.
    pub sessions: Vec<(Evidence, Judgement)>,
    /// How often each verdict was given.
    pub counts: BTreeMap<Verdict, usize>,
    /// What is worth knowing.
    pub warnings: Vec<String>,
}

/// What is known of the gateway.
#[derive(Clone, Debug, Default)]
pub struct Gateway {
    /// Whether it answered.
    pub reachable: bool,
    /// Its version, where it answered over its socket.
    pub version: Option<String>,
    /// Its present life.
    pub boot: Option<Boot>,
    /// When the life before it was last known to be at work.
    pub last_sign_of_life: Option<DateTime<Utc>>,
}

/// Judges every session; a gateway that does not answer is done without.
///
/// # Errors
/// Where the state directory or the ledger cannot be read.
pub fn scan(context: &Context, request: &Request) -> Result<Scan> {
    let ledger = Ledger::read(&context.paths.ledger())?;
    let mut connection = context.connect(Scopes::TALK, Duration::ZERO);
    let at = context.clock.now();
    let boot = match &connection {
        Ok(gateway) => Some(gateway.boot().clone()),
        Err(_) => context.running_boot(),
    };
    let start = boot.as_ref().map_or(at, |boot| boot.started_at);
    let waits = context.waits("reading the sessions");
    let standpoint = Standpoint {
        window: request.window,
        max_age: request.max_age,
        ..Standpoint::new(context, &ledger, boot.as_ref())
    };
    let is_meant = |agent: &AgentId| request.agent.as_ref().is_none_or(|meant| meant == agent);
    // No last sign of life is needed for that; what is not over is judged by it, and once, when all have been read.
    let is_complete = |evidence: &Evidence| {
        evidence.is_over(start) && standpoint.judge(evidence, None).verdict == Verdict::Complete
    };
    let mut counts = BTreeMap::new();
    let mut is_shown = |evidence: &Evidence| {
        let is_meant = is_meant(&evidence.agent);
        let is_counted = !request.all && is_meant && is_complete(evidence);
        if is_counted {
            *counts.entry(Verdict::Complete).or_default() += 1;
        }
        is_meant && !is_counted
    };
    let sight = Sight::of_all(context, connection.as_mut().ok(), start, &mut is_shown)?;
    drop(waits);
    let gateway = Gateway {
        reachable: connection.is_ok(),
        version: connection.as_ref().ok().and_then(|gateway| gateway.version()).map(str::to_owned),
        boot: boot.clone(),
        last_sign_of_life: sight.last_sign_of_life,
    };
    let mut sessions: Vec<(Evidence, Judgement)> = Vec::new();
    for evidence in sight.sessions {
        let judgement = standpoint.judge(&evidence, sight.last_sign_of_life);
        *counts.entry(judgement.verdict).or_default() += 1;
        if request.all || judgement.verdict != Verdict::Complete {
            sessions.push((evidence, judgement));
        }
    }
    sessions.sort_by_key(|(evidence, _)| std::cmp::Reverse(evidence.last_entry_at()));
    let mut stores = sight.stores;
    stores.retain(|store| is_meant(&store.agent));
    Ok(Scan { at, gateway, stores, sessions, counts, warnings: sight.warnings })
}
