//! Which checkpoint a recovery is about.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};

use super::context::Context;
use super::language;
use super::recovery::Trigger;
use crate::checkpoint::{Block, Checkpoint, Entry, SessionMark, Store};
use crate::ledger::{Event, Ledger};
use crate::model::{Boot, IdempotencyKey, Route, SessionKey};
use crate::plan;
use crate::support::error::{Error, Kind, Result};

/// A checkpoint older than this at the gateway's start is not acted on by itself.
const MAX_AGE: TimeDelta = TimeDelta::hours(12);
/// A restart that comes this soon after `prepare` is one that its user is waiting for.
const ATTENDED_FOR: TimeDelta = TimeDelta::minutes(15);

/// The newest checkpoint that is not used up.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    pub(super) path: PathBuf,
    pub(super) id: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) checkpoint: Checkpoint,
    pub(super) caller: Option<SessionKey>,
    /// Where the caller's replies went when it prepared.
    pub(super) route: Option<Route>,
}

impl Waiting {
    /// Finds it; none where nothing was prepared, or the newest checkpoint is used up: what is older was replaced.
    ///
    /// # Errors
    /// Where the newest checkpoint does not parse.
    pub(super) fn find(store: &Store, ledger: &Ledger) -> Result<Option<Self>> {
        let Some(entry) = store.list()?.into_iter().next() else { return Ok(None) };
        let waiting = Self::of(entry, ledger).map_err(|error| match error.kind() {
            Kind::User => error.hint("an older checkpoint never takes its place"),
            _ => error,
        })?;
        Ok((!waiting.is_used(ledger)).then_some(waiting))
    }

    /// Takes a checkpoint for the one that waits.
    ///
    /// # Errors
    /// Where it does not parse.
    pub(super) fn of(entry: Entry, ledger: &Ledger) -> Result<Self> {
        let checkpoint = entry.checkpoint?;
        let caller = checkpoint.meta.as_ref().and_then(|meta| meta.session_key.clone());
        let route = ledger.latest(|record| match &record.event {
            Event::Prepared { session_key, route, .. } if Some(session_key) == caller.as_ref() => {
                Some(route.clone())
            }
            _ => None,
        });
        Ok(Self {
            path: entry.path,
            id: entry.id,
            created_at: entry.created_at,
            checkpoint,
            caller,
            route: route.flatten(),
        })
    }

    /// Tells whether the checkpoint is used up, as the file or the ledger has it.
    pub(super) fn is_used(&self, ledger: &Ledger) -> bool {
        self.checkpoint.is_consumed() || ledger.consumed_at(&self.id).is_some()
    }

    /// Returns what the checkpoint says of a session.
    pub(super) fn block_of(&self, session: &SessionKey) -> Option<&Block> {
        self.checkpoint.blocks.iter().find(|block| block.session_key == *session)
    }

    /// Tells whether a run of this boot has reached the gateway about it.
    pub(super) fn was_tried(&self, ledger: &Ledger, running: &Boot) -> bool {
        let tried = |event: &Event| match event {
            Event::Recovery { checkpoint, boot: Some(boot), .. } => {
                checkpoint.as_ref() == Some(&self.id) && !running.is_after(boot)
            }
            _ => false,
        };
        ledger.records().iter().any(|record| tried(&record.event))
    }

    /// Tells whether the boot that runs came after the checkpoint.
    pub(super) fn is_due(&self, running: &Boot) -> bool {
        match self.checkpoint.meta.as_ref().and_then(|meta| meta.boot.as_ref()) {
            Some(recorded) => running.is_after(recorded),
            None => running.started_at > self.created_at,
        }
    }

    /// Tells whether the restart, at `start`, came too long after the checkpoint for anybody to be sure of it.
    pub(super) fn is_stale(&self, start: DateTime<Utc>) -> bool {
        start - self.created_at > MAX_AGE
    }

    /// Tells whether the restart, at `start`, came so soon after the checkpoint that its user is waiting for it.
    pub(super) fn is_awaited(&self, start: DateTime<Utc>) -> bool {
        start - self.created_at < ATTENDED_FOR
    }
}

/// Refuses to take the place of a checkpoint whose restart has come and that nobody has tried to recover.
pub(super) fn check_nothing_is_due(context: &Context, ledger: &Ledger, boot: Option<&Boot>) -> Result<()> {
    let store = Store::new(context.paths.checkpoints());
    let Some(boot) = boot else { return Ok(()) };
    let due = Waiting::find(&store, ledger).ok().flatten().filter(|waiting| waiting.is_due(boot));
    let Some(waiting) = due.filter(|waiting| !waiting.was_tried(ledger, boot)) else { return Ok(()) };
    let message = format!("the recovery of {} is due and has not been done", waiting.path.display());
    Err(Error::new(Kind::Refused, message).hint("run `comeback recover` first, then prepare again"))
}

/// Returns the open checkpoints that hand their blocks on to a new one: those of the boot that runs. While none runs, it
/// is the newest, as long as nothing of it was sent or held: under another checkpoint's id it would go out again.
///
/// # Errors
/// Where the newest was acted on and no gateway tells whether it is still due.
pub(super) fn handing_on(
    store: &Store,
    ledger: &Ledger,
    boot: Option<&Boot>,
) -> Result<Vec<(PathBuf, Checkpoint)>> {
    if boot.is_some() {
        return Ok(of_this_boot(store, boot));
    }
    let Some(Waiting { path, id, checkpoint, .. }) = Waiting::find(store, ledger).ok().flatten() else {
        return Ok(Vec::new());
    };
    let is_touched = |block: &Block| {
        let key = plan::key_of(&id, &block.session_key);
        ledger.effect(&key).is_some() || ledger.is_held(&key) || ledger.is_rejected(&key)
    };
    if checkpoint.blocks.iter().any(is_touched) {
        let message = format!("the recovery of {} has begun and is not done", path.display());
        return Err(
            Error::new(Kind::Refused, message).hint("start the gateway and run `comeback recover` first")
        );
    }
    Ok(vec![(path, checkpoint)])
}

/// Returns what earlier checkpoints marked of the sessions that new blocks do not name.
pub(super) fn marks(earlier: &[(PathBuf, Checkpoint)], blocks: &[Block]) -> Vec<(SessionKey, SessionMark)> {
    let metas = earlier.iter().filter_map(|(_, checkpoint)| checkpoint.meta.as_ref());
    let marks = metas.flat_map(|meta| meta.sessions.clone());
    marks.filter(|(key, _)| blocks.iter().all(|block| block.session_key != *key)).collect()
}

/// Joins to new blocks those of earlier checkpoints whose sessions they do not name: one restart has one checkpoint.
pub(super) fn joined(mut blocks: Vec<Block>, earlier: &[(PathBuf, Checkpoint)]) -> Vec<Block> {
    for old in earlier.iter().flat_map(|(_, checkpoint)| &checkpoint.blocks) {
        if blocks.iter().all(|block| block.session_key != old.session_key) {
            blocks.push(old.clone());
        }
    }
    blocks
}

/// Marks earlier checkpoints as used up, now that a new one stands; returns what went wrong with that, which does no
/// harm: only the newest checkpoint counts.
pub(super) fn supersede(store: &Store, earlier: &[(PathBuf, Checkpoint)], at: DateTime<Utc>) -> Vec<String> {
    let mark = |(old, _): &(PathBuf, Checkpoint)| store.mark_consumed(old, at).err();
    earlier.iter().filter_map(mark).map(|error| error.full()).collect()
}

/// Returns the open checkpoints that were prepared in the boot that still runs; those that cannot be read are left.
pub(super) fn of_this_boot(store: &Store, boot: Option<&Boot>) -> Vec<(PathBuf, Checkpoint)> {
    let Some(boot) = boot else { return Vec::new() };
    let entries = store.list().unwrap_or_default().into_iter();
    let readable = entries.filter_map(|entry| Some((entry.path, entry.checkpoint.ok()?)));
    let same = |checkpoint: &Checkpoint| {
        let recorded = checkpoint.meta.as_ref().and_then(|meta| meta.boot.as_ref());
        recorded.is_some_and(|recorded| boot.is_same(recorded))
    };
    readable.filter(|(_, checkpoint)| !checkpoint.is_consumed() && same(checkpoint)).collect()
}

/// What is left to the agent that the job woke, where another trigger has recovered everything but its session.
pub(super) fn left_to_the_job(
    context: &Context,
    trigger: Trigger,
    store: &Store,
    ledger: &Ledger,
) -> Result<Option<(IdempotencyKey, SessionKey, String)>> {
    let newest = store.list()?.into_iter().next().filter(|_| trigger == Trigger::Job);
    let Some(entry) = newest else { return Ok(None) };
    let checkpoint = entry.checkpoint?;
    let Some(meta) = &checkpoint.meta else { return Ok(None) };
    let consumed_at = meta.consumed_at.or_else(|| ledger.consumed_at(&entry.id));
    if consumed_at.is_none_or(|at| context.clock.now() - at > ATTENDED_FOR) {
        return Ok(None);
    }
    let caller = meta.session_key.as_ref();
    let block = checkpoint.blocks.iter().find(|block| caller == Some(&block.session_key));
    Ok(block.and_then(|block| {
        let key = plan::key_of(&entry.id, &block.session_key);
        let is_closed = ledger.is_held(&key) || ledger.is_rejected(&key);
        let is_open = ledger.effect(&key).is_none() || ledger.is_untold(&key);
        let language = language::of_session(None, Some(block));
        let message = plan::own_message(block, &key, &context.templates, language);
        (is_open && !is_closed).then(|| (key, block.session_key.clone(), message))
    }))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::checkpoint::Meta;
    use crate::ledger::Writer;
    use crate::support::fs::GIVEN_UP;
    use crate::support::paths::Paths;

    const CREATED: i64 = 100_000;

    struct Rig {
        _dir: tempfile::TempDir,
        paths: Paths,
        store: Store,
    }

    impl Rig {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let paths = Paths { state: dir.path().join("state"), workspace: dir.path().join("workspace") };
            let store = Store::new(paths.checkpoints());
            Self { _dir: dir, paths, store }
        }

        /// Writes a checkpoint of the boot that began at `boot`, or of one that is not known.
        fn prepare(&self, created: i64, boot: Option<i64>) -> PathBuf {
            let meta = Meta { boot: boot.map(started), ..Meta::new(&created.to_string(), at(created)) };
            let block = Block::new("agent:main:main".parse().unwrap());
            self.store.write(&Checkpoint::new(meta, vec![block]), at(created).naive_utc()).unwrap()
        }

        fn waiting(&self) -> Option<Waiting> {
            Waiting::find(&self.store, &Ledger::read(&self.paths.ledger()).unwrap()).unwrap()
        }
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn started(seconds: i64) -> Boot {
        Boot { started_at: at(seconds), boot_id: None }
    }

    #[rstest]
    #[case::the_same_boot(Some(50), 50, false)]
    #[case::the_same_boot_read_otherwise(Some(50), 51, false)]
    #[case::a_later_boot(Some(50), CREATED + 5, true)]
    #[case::an_earlier_boot(Some(50), 40, false)]
    #[case::a_later_boot_than_the_checkpoint(None, CREATED + 5, true)]
    #[case::a_boot_before_the_checkpoint(None, CREATED - 5, false)]
    fn a_checkpoint_is_due_in_a_later_boot(
        #[case] recorded: Option<i64>,
        #[case] running: i64,
        #[case] due: bool,
    ) {
        let rig = Rig::new();
        rig.prepare(CREATED, recorded);
        assert_eq!(rig.waiting().unwrap().is_due(&started(running)), due);
    }

    #[rstest]
    #[case::at_once(5, true, false)]
    #[case::within_a_quarter_of_an_hour(899, true, false)]
    #[case::later(900, false, false)]
    #[case::half_a_day(43_200, false, false)]
    #[case::more(43_201, false, true)]
    fn the_time_to_the_restart_tells_who_waits(
        #[case] after: i64,
        #[case] awaited: bool,
        #[case] stale: bool,
    ) {
        let rig = Rig::new();
        rig.prepare(CREATED, Some(50));
        let waiting = rig.waiting().unwrap();
        let start = at(CREATED + after);
        assert_eq!((waiting.is_awaited(start), waiting.is_stale(start)), (awaited, stale));
    }

    #[test]
    fn only_the_newest_checkpoint_waits_and_only_until_it_is_used() {
        let rig = Rig::new();
        assert!(rig.waiting().is_none());
        rig.prepare(CREATED, Some(50));
        let newest = rig.prepare(CREATED + 60, Some(50));
        assert_eq!(rig.waiting().unwrap().path, newest);
        rig.store.mark_consumed(&newest, at(CREATED + 90)).unwrap();
        assert!(rig.waiting().is_none(), "what is older was replaced");
    }

    #[test]
    fn the_ledger_can_say_that_a_checkpoint_is_used() {
        let rig = Rig::new();
        rig.prepare(CREATED, Some(50));
        let id = rig.waiting().unwrap().id;
        let mut writer = Writer::open(&rig.paths, GIVEN_UP, at(CREATED)).unwrap();
        writer.append(at(CREATED), Event::Consumed { checkpoint: id }).unwrap();
        assert!(rig.waiting().is_none());
    }

    #[test]
    fn the_open_checkpoints_of_this_boot_are_found() {
        let rig = Rig::new();
        let open = rig.prepare(CREATED, Some(50));
        rig.prepare(CREATED + 1, Some(10));
        rig.prepare(CREATED + 2, None);
        let used = rig.prepare(CREATED + 3, Some(50));
        rig.store.mark_consumed(&used, at(CREATED + 4)).unwrap();
        let found = |boot: Option<&Boot>| -> Vec<PathBuf> {
            of_this_boot(&rig.store, boot).into_iter().map(|(path, _)| path).collect()
        };
        assert_eq!(found(Some(&started(50))), [open]);
        assert!(found(None).is_empty() && found(Some(&started(CREATED + 9))).is_empty());
    }
}
