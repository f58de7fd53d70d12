//! A checkpoint from what somebody described, beside what is prepared already.

use std::path::PathBuf;

use chrono::Local;

use super::context::{Context, PATIENCE};
use super::{files, pending};
use crate::checkpoint::{Block, Checkpoint, Meta, SessionMark, Store};
use crate::ledger::Ledger;
use crate::model::{Boot, SessionKey};
use crate::support::error::Result;
use crate::support::fs::Lock;

/// A checkpoint that was built.
#[derive(Clone, Debug)]
pub struct Built {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// Where it stands; none where nothing was written.
    pub path: Option<PathBuf>,
    /// What is worth knowing.
    pub warnings: Vec<String>,
}

/// Writes a new checkpoint of the workspace. One that waits for a restart of this boot hands its session, its reason and
/// the blocks that the new one does not name on to it, because only the newest counts.
///
/// # Errors
/// Where a file cannot be written, or another run holds the lock.
pub fn build(context: &Context, blocks: Vec<Block>, dry_run: bool) -> Result<Built> {
    build_in(context, context.running_boot(), blocks, dry_run)
}

fn build_in(context: &Context, boot: Option<Boot>, blocks: Vec<Block>, dry_run: bool) -> Result<Built> {
    let _lock = if dry_run { None } else { Some(Lock::acquire(&context.paths.lock(), PATIENCE)?) };
    let ledger = Ledger::read(&context.paths.ledger())?;
    pending::check_nothing_is_due(context, &ledger, boot.as_ref())?;
    let earlier = pending::handing_on(&Store::new(context.paths.checkpoints()), &ledger, boot.as_ref())?;
    write(context, boot, &earlier, blocks, Vec::new(), dry_run)
}

/// Writes a checkpoint of new blocks and what earlier ones hand on to it; whoever calls holds the lock.
pub(super) fn write(
    context: &Context,
    boot: Option<Boot>,
    earlier: &[(PathBuf, Checkpoint)],
    blocks: Vec<Block>,
    marks: Vec<(SessionKey, SessionMark)>,
    dry_run: bool,
) -> Result<Built> {
    let store = Store::new(context.paths.checkpoints());
    let now = context.clock.now();
    let of_earlier = || earlier.iter().filter_map(|(_, checkpoint)| checkpoint.meta.as_ref());
    let meta = Meta {
        reason: of_earlier().find_map(|meta| meta.reason.clone()),
        session_key: of_earlier().find_map(|meta| meta.session_key.clone()),
        sessions: pending::marks(earlier, &blocks).into_iter().chain(marks).collect(),
        boot,
        ..Meta::new(&files::id(context), now)
    };
    let checkpoint = Checkpoint::new(meta, pending::joined(blocks, earlier));
    if dry_run {
        return Ok(Built { checkpoint, path: None, warnings: Vec::new() });
    }
    let path = store.write(&checkpoint, now.with_timezone(&Local).naive_local())?;
    let warnings = pending::supersede(&store, earlier, now);
    Ok(Built { checkpoint, path: Some(path), warnings })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use super::*;
    use crate::flow::Settings;
    use crate::support::clock::Clock;

    #[test]
    fn a_checkpoint_beside_a_prepared_one_takes_over_who_prepared_it_and_for_whom() {
        let dir = tempfile::tempdir().unwrap();
        let at = |now: &str| {
            let clock = Clock::new(Some(now.parse().unwrap()));
            let state_dir = Some(dir.path().to_owned());
            Context::load(Settings { state_dir, clock, ..Settings::default() }).unwrap()
        };
        let boot = Boot { started_at: "2026-11-20T11:00:00Z".parse().unwrap(), boot_id: None };
        let [caller, other, new]: [SessionKey; 3] =
            ["agent:a:x", "agent:b:x", "agent:c:x"].map(|key| key.parse().unwrap());
        let context = at("2026-11-20T12:00:00Z");
        let store = Store::new(context.paths.checkpoints());
        let meta = Meta {
            boot: Some(boot.clone()),
            session_key: Some(caller.clone()),
            reason: Some("new model".to_owned()),
            ..Meta::new("prepared", context.clock.now())
        };
        let prepared = Checkpoint::new(meta, [&caller, &other].map(|key| Block::new(key.clone())).to_vec());
        store.write(&prepared, context.clock.now().naive_utc()).unwrap();

        let fresh = Block { goal: "newer".to_owned(), ..Block::new(other.clone()) };
        let blocks = vec![fresh, Block::new(new.clone())];
        let built = build_in(&at("2026-11-20T12:01:00Z"), Some(boot), blocks, false).unwrap();
        assert!(built.warnings.is_empty());
        let entries = store.list().unwrap();
        let is_used = |at: usize| entries[at].checkpoint.as_ref().unwrap().is_consumed();
        assert!(!is_used(0) && is_used(1), "only the newest waits");
        let checkpoint = entries[0].checkpoint.as_ref().unwrap();
        let keys: Vec<_> = checkpoint.blocks.iter().map(|block| &block.session_key).collect();
        assert_eq!(keys, [&other, &new, &caller]);
        assert_eq!(checkpoint.blocks[0].goal, "newer");
        let meta = checkpoint.meta.as_ref().unwrap();
        assert_eq!((&meta.session_key, meta.reason.as_deref()), (&Some(caller), Some("new model")));
    }
}
