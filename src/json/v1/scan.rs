//! What `comeback scan` prints.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;

use super::{path, time};
use crate::flow::Scan as Seen;
use crate::model::{Call, Effect, Outcome, Route, Verdict};
use crate::session::{Cut, Evidence, Judgement, Phase, Store, StoreKind};

/// `comeback.scan.v1`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scan<'a> {
    schema: &'static str,
    generated_at: String,
    state_dir: String,
    gateway: GatewayView<'a>,
    stores: Vec<StoreView<'a>>,
    sessions: Vec<SessionView<'a>>,
    counts: &'a BTreeMap<Verdict, usize>,
    warnings: &'a [String],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct GatewayView<'a> {
    reachable: bool,
    version: Option<&'a str>,
    started_at: Option<String>,
    boot_id: Option<&'a str>,
    last_sign_of_life: Option<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct StoreView<'a> {
    agent_id: &'a str,
    kind: &'static str,
    path: Option<String>,
    sessions: usize,
    warnings: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct SessionView<'a> {
    session_key: &'a str,
    agent_id: &'a str,
    session_id: Option<&'a str>,
    verdict: Verdict,
    reason: &'a str,
    last_entry_id: Option<&'a str>,
    last_entry_at: Option<String>,
    age_seconds: Option<i64>,
    cuts: Vec<CutView<'a>>,
    route: Option<&'a Route>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct CutView<'a> {
    id: &'a str,
    phase: &'static str,
    opened_by: Option<&'a str>,
    calls: Vec<CallView<'a>>,
}

#[derive(Debug, Serialize)]
struct CallView<'a> {
    tool: &'a str,
    summary: &'a str,
    effect: Effect,
    outcome: Outcome,
}

impl<'a> Scan<'a> {
    /// Shows what was seen.
    #[must_use]
    pub fn new(seen: &'a Seen, state_dir: &Path) -> Self {
        let boot = seen.gateway.boot.as_ref();
        Self {
            schema: "comeback.scan.v1",
            generated_at: time(seen.at),
            state_dir: path(state_dir),
            gateway: GatewayView {
                reachable: seen.gateway.reachable,
                version: seen.gateway.version.as_deref(),
                started_at: boot.map(|boot| time(boot.started_at)),
                boot_id: boot.and_then(|boot| boot.boot_id.as_deref()),
                last_sign_of_life: seen.gateway.last_sign_of_life.map(time),
            },
            stores: seen.stores.iter().map(StoreView::new).collect(),
            sessions: seen
                .sessions
                .iter()
                .map(|(evidence, judgement)| session(evidence, judgement, seen))
                .collect(),
            counts: &seen.counts,
            warnings: &seen.warnings,
        }
    }
}

impl<'a> StoreView<'a> {
    fn new(store: &'a Store) -> Self {
        let kind = match store.kind {
            StoreKind::Jsonl => "jsonl",
            StoreKind::Sqlite => "sqlite",
            StoreKind::Gateway => "gateway",
        };
        let unreadable = store.sessions.as_ref().err().map(crate::support::error::Error::full);
        Self {
            agent_id: store.agent.as_str(),
            kind,
            path: (store.kind != StoreKind::Gateway).then(|| path(&store.path)),
            sessions: *store.sessions.as_ref().unwrap_or(&0),
            warnings: unreadable.into_iter().chain(store.warnings.clone()).collect(),
        }
    }
}

fn session<'a>(evidence: &'a Evidence, judgement: &'a Judgement, seen: &Seen) -> SessionView<'a> {
    let last = evidence.last_entry_at();
    SessionView {
        session_key: evidence.key.as_str(),
        agent_id: evidence.agent.as_str(),
        session_id: evidence.row.session_id.as_deref(),
        verdict: judgement.verdict,
        reason: &judgement.reason,
        last_entry_id: evidence.last_entry_id(),
        last_entry_at: last.map(time),
        age_seconds: last.map(|at| (seen.at - at).num_seconds().max(0)),
        cuts: judgement.cuts.iter().map(CutView::new).collect(),
        route: evidence.route(),
    }
}

impl<'a> CutView<'a> {
    fn new(cut: &'a Cut) -> Self {
        let phase = match cut.phase {
            Phase::Message => "message",
            Phase::ToolCall => "tool-call",
            Phase::ToolResult => "tool-result",
            Phase::Stream => "stream",
            Phase::Reply => "reply",
            Phase::Approval => "approval",
            Phase::Command => "command",
        };
        let call = |call: &'a Call| {
            let Call { tool, summary, effect, outcome, .. } = call;
            CallView { tool, summary, effect: *effect, outcome: *outcome }
        };
        Self {
            id: cut.id.as_str(),
            phase,
            opened_by: cut.opened_by.as_ref().and_then(|entry| entry.id.as_deref()),
            calls: cut.calls.iter().map(call).collect(),
        }
    }
}
