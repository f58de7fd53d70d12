//! The files of a planned restart: the checkpoint and NOW.md.

use std::path::{Path, PathBuf};

use chrono::Local;

use super::context::Context;
use super::pending;
use super::preparation::Request;
use crate::checkpoint::{Block, Checkpoint, Meta, SessionMark, Store};
use crate::ledger::Ledger;
use crate::model::{Boot, SessionKey};
use crate::now::{self, Changes, Updated};
use crate::support::clock::rfc3339;
use crate::support::error::{Error, Result};
use crate::support::fs;

/// What the caller's block says where the agent gave no work to do afterwards.
pub(super) const DEFAULT_AFTER: &str =
    "Tell the user that the gateway is back, then go on with what was under way";

/// What stands in front of the reason where the caller's block says what was done last.
pub(super) const PREPARED: &str = "prepared the restart: ";

/// The files, written, and what they took the place of.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) checkpoint: PathBuf,
    earlier: Vec<(PathBuf, Checkpoint)>,
    snapshot: Option<String>,
}

/// Makes a checkpoint's id: its time, to the millisecond, in a form that sorts.
#[must_use]
pub fn id(context: &Context) -> String {
    context.clock.now().format("%Y%m%dT%H%M%S%3fZ").to_string()
}

impl Files {
    /// Writes both, or neither. Blocks of an earlier checkpoint of this boot that the new one does not name are
    /// taken over: one restart has one checkpoint.
    pub(super) fn write(
        context: &Context,
        request: &Request,
        ledger: &Ledger,
        id: &str,
        boot: Option<&Boot>,
        last_entry: Option<&str>,
    ) -> Result<Self> {
        let store = Store::new(context.paths.checkpoints());
        let snapshot = now::read(&context.paths.now())?;
        let earlier = pending::handing_on(&store, ledger, boot)?;
        let blocks = blocks(request);
        let marks = pending::marks(&earlier, &blocks);
        let meta = meta(context, request, id, boot, last_entry, marks);
        let checkpoint = Checkpoint::new(meta, pending::joined(blocks, &earlier));
        let path = store.write(&checkpoint, context.clock.now().with_timezone(&Local).naive_local())?;
        if let Err(error) = now::update(&context.paths.now(), &changes(context, request)) {
            remove(&path)?;
            return Err(error);
        }
        Ok(Self { checkpoint: path, earlier, snapshot })
    }

    /// Marks the earlier checkpoints as used up; returns what went wrong with that.
    pub(super) fn supersede(&self, context: &Context) -> Vec<String> {
        pending::supersede(&Store::new(context.paths.checkpoints()), &self.earlier, context.clock.now())
    }

    /// Brings back what stood there before, because of `error` there will be no restart; what cannot be brought back
    /// becomes a hint of it.
    pub(super) fn take_back(&self, context: &Context, error: Error) -> Error {
        let now = context.paths.now();
        let snapshot = match &self.snapshot {
            Some(text) => fs::write(&now, text.as_bytes()),
            None => remove(&now),
        };
        let failures = [remove(&self.checkpoint), snapshot].into_iter().filter_map(Result::err);
        failures.fold(error, |error, failure| error.hint(format!("not taken back: {}", failure.full())))
    }
}

fn remove(path: &Path) -> Result<()> {
    std::fs::remove_file(path).map_err(|error| fs::failed("remove", path, error))
}

fn meta(
    context: &Context,
    request: &Request,
    id: &str,
    boot: Option<&Boot>,
    last_entry: Option<&str>,
    marks: Vec<(SessionKey, SessionMark)>,
) -> Meta {
    let entry = last_entry.map(|id| {
        (request.session_key.clone(), SessionMark { last_entry_id: Some(id.to_owned()), captured: None })
    });
    Meta {
        boot: boot.cloned(),
        reason: Some(request.reason.clone()),
        session_key: Some(request.session_key.clone()),
        sessions: marks.into_iter().chain(entry).collect(),
        ..Meta::new(id, context.clock.now())
    }
}

/// The agent's blocks, with one for the caller itself in front where the agent described others only.
fn blocks(request: &Request) -> Vec<Block> {
    let mut blocks = request.snapshot.clone();
    if blocks.iter().all(|block| block.session_key != request.session_key) {
        blocks.insert(0, own_block(request));
    }
    blocks
}

fn own_block(request: &Request) -> Block {
    let agent = request.session_key.agent();
    let or = |texts: &[String], default: &str| {
        if texts.is_empty() { default.to_owned() } else { texts.join("; ") }
    };
    let status = request.status.as_deref().unwrap_or(&request.reason);
    Block {
        agent: agent.map_or_else(|| "unknown".to_owned(), String::from),
        goal: or(&request.tasks, status),
        last_done: format!("{PREPARED}{}", request.reason),
        next_step: or(&request.after, DEFAULT_AFTER),
        ..Block::new(request.session_key.clone())
    }
}

fn changes(context: &Context, request: &Request) -> Changes {
    let status =
        request.status.clone().unwrap_or_else(|| format!("Restarting the gateway: {}", request.reason));
    let after = if request.after.is_empty() { vec![DEFAULT_AFTER.to_owned()] } else { request.after.clone() };
    Changes {
        updated: Some(Updated {
            time: rfc3339(context.clock.now()),
            session: request.session_key.to_string(),
            status,
        }),
        tasks: Some(request.tasks.clone()),
        context: Some(request.context.clone()),
        after: Some(after),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::flow::{Mode, Settings};
    use crate::support::clock::Clock;
    use crate::support::error::Kind;

    struct Rig {
        dir: tempfile::TempDir,
        boot: Boot,
    }

    impl Rig {
        fn new() -> Self {
            let boot = Boot { started_at: "2026-11-20T11:00:00Z".parse().unwrap(), boot_id: None };
            Self { dir: tempfile::tempdir().unwrap(), boot }
        }

        fn context(&self, now: &str) -> Context {
            Context::load(Settings {
                state_dir: Some(self.dir.path().to_owned()),
                clock: Clock::new(Some(now.parse().unwrap())),
                offline: true,
                ..Settings::default()
            })
            .unwrap()
        }

        fn write(&self, context: &Context, other: &str) -> Files {
            let request = Request {
                session_key: "agent:main:main".parse().unwrap(),
                reason: format!("because of {other}"),
                delay: TimeDelta::seconds(60),
                status: None,
                tasks: Vec::new(),
                context: Vec::new(),
                after: Vec::new(),
                snapshot: vec![Block::new(other.parse().unwrap())],
                hook: false,
                mode: Mode::Prepare,
                dry_run: false,
            };
            Files::write(context, &request, &Ledger::default(), &id(context), Some(&self.boot), None).unwrap()
        }

        /// The sessions of the open checkpoints, the newest first.
        fn open(&self, context: &Context) -> Vec<Vec<String>> {
            let open = super::super::pending::of_this_boot(
                &Store::new(context.paths.checkpoints()),
                Some(&self.boot),
            );
            let keys = |checkpoint: Checkpoint| {
                checkpoint.blocks.into_iter().map(|block| block.session_key.to_string()).collect()
            };
            open.into_iter().map(|(_, checkpoint)| keys(checkpoint)).collect()
        }
    }

    /// Takes files back and returns what that said beside the cause.
    fn take_back(files: &Files, context: &Context) -> Vec<String> {
        files.take_back(context, Error::new(Kind::Refused, "no way back")).hints().to_vec()
    }

    #[test]
    fn a_second_checkpoint_of_a_boot_takes_over_the_sessions_of_the_first() {
        let rig = Rig::new();
        rig.write(&rig.context("2026-11-20T12:00:00Z"), "agent:a:x");
        let context = rig.context("2026-11-20T12:01:00Z");
        let files = rig.write(&context, "agent:b:x");
        assert!(files.supersede(&context).is_empty());
        assert_eq!(rig.open(&context), [["agent:main:main", "agent:b:x", "agent:a:x"]]);
    }

    #[test]
    fn what_is_taken_back_leaves_everything_as_it_was() {
        let rig = Rig::new();
        let context = rig.context("2026-11-20T12:00:00Z");
        assert!(take_back(&rig.write(&context, "agent:a:x"), &context).is_empty());
        assert!(rig.open(&context).is_empty() && !context.paths.now().exists());

        rig.write(&context, "agent:a:x");
        let before = fs::read(&context.paths.now()).unwrap();
        let later = rig.context("2026-11-20T12:01:00Z");
        assert!(take_back(&rig.write(&later, "agent:b:x"), &later).is_empty());
        assert_eq!(rig.open(&later), [["agent:main:main", "agent:a:x"]], "the first one waits as before");
        assert_eq!(fs::read(&later.paths.now()).unwrap(), before);
    }

    #[test]
    fn what_cannot_be_taken_back_is_named_beside_the_cause() {
        let rig = Rig::new();
        let context = rig.context("2026-11-20T12:00:00Z");
        let files = rig.write(&context, "agent:a:x");
        std::fs::remove_file(&files.checkpoint).unwrap();
        let hints = take_back(&files, &context);
        let path = files.checkpoint.display().to_string();
        assert!(hints.len() == 1 && hints[0].contains(&path), "{hints:?}");
        assert!(!context.paths.now().exists(), "the rest is taken back all the same");
    }
}
