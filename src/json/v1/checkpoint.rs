//! What `comeback checkpoint` prints.

use std::path::Path;

use serde::Serialize;

use super::{path, time};
use crate::checkpoint;
use crate::flow;
use crate::model::SessionKey;
use crate::support::error::Error;

/// `comeback.checkpoint.v1`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Checkpoint<'a> {
    schema: &'static str,
    path: Option<String>,
    id: Option<&'a str>,
    created_at: Option<String>,
    consumed_at: Option<String>,
    reason: Option<&'a str>,
    session_key: Option<&'a str>,
    sessions: Vec<BlockView<'a>>,
    warnings: &'a [String],
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct BlockView<'a> {
    session_key: &'a str,
    agent_id: &'a str,
    goal: &'a str,
    last_done: &'a str,
    next_step: &'a str,
    blockers: &'a str,
    resume_message: String,
}

impl<'a> Checkpoint<'a> {
    /// Shows a checkpoint, and the file that it stands in, if it does.
    #[must_use]
    pub fn new(file: Option<&Path>, checkpoint: &'a checkpoint::Checkpoint) -> Self {
        let meta = checkpoint.meta.as_ref();
        let block = |block: &'a checkpoint::Block| BlockView {
            session_key: block.session_key.as_str(),
            agent_id: &block.agent,
            goal: &block.goal,
            last_done: &block.last_done,
            next_step: &block.next_step,
            blockers: &block.blockers,
            resume_message: block.resume_message().into_owned(),
        };
        Self {
            schema: "comeback.checkpoint.v1",
            path: file.map(path),
            id: meta.map(|meta| meta.id.as_str()),
            created_at: meta.map(|meta| time(meta.created_at)),
            consumed_at: meta.and_then(|meta| meta.consumed_at).map(time),
            reason: meta.and_then(|meta| meta.reason.as_deref()),
            session_key: meta.and_then(|meta| meta.session_key.as_ref()).map(SessionKey::as_str),
            sessions: checkpoint.blocks.iter().map(block).collect(),
            warnings: &checkpoint.warnings,
        }
    }
}

/// `comeback.checkpoint.list.v1`
#[derive(Debug, Serialize)]
pub struct CheckpointList<'a> {
    schema: &'static str,
    checkpoints: Vec<EntryView<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct EntryView<'a> {
    id: &'a str,
    path: String,
    created_at: String,
    consumed: Option<bool>,
    sessions: Option<usize>,
    error: Option<String>,
}

impl<'a> CheckpointList<'a> {
    /// Shows a list of checkpoints.
    #[must_use]
    pub fn new(entries: &'a [checkpoint::Entry]) -> Self {
        let view = |entry: &'a checkpoint::Entry| {
            let readable = entry.checkpoint.as_ref();
            EntryView {
                id: &entry.id,
                path: path(&entry.path),
                created_at: time(entry.created_at),
                consumed: readable.ok().map(checkpoint::Checkpoint::is_consumed),
                sessions: readable.ok().map(|checkpoint| checkpoint.blocks.len()),
                error: readable.err().map(Error::full),
            }
        };
        Self { schema: "comeback.checkpoint.list.v1", checkpoints: entries.iter().map(view).collect() }
    }
}

/// `comeback.checkpoint.prune.v1`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckpointPrune {
    schema: &'static str,
    dry_run: bool,
    removed: Vec<String>,
    kept: usize,
}

impl CheckpointPrune {
    /// Shows what pruning did.
    #[must_use]
    pub fn new(pruned: &flow::Pruned, dry_run: bool) -> Self {
        let removed = pruned.removed.iter().map(|file| path(file)).collect();
        Self { schema: "comeback.checkpoint.prune.v1", dry_run, removed, kept: pruned.kept }
    }
}
