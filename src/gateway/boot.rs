//! When this life of the gateway began.
//!
//! `uptimeMs` counts the process, and an in-process restart (`SIGUSR1` up to 2026.7, `SIGUSR2` in 2026.9) keeps the
//! process. The gateway's lock file is made anew at every start of either kind (measured), so its `createdAt` is
//! the start: `<state>/tmp/openclaw-<uid>/gateway.*.lock` in 2026.9, `<tmp>/openclaw-<uid>/…` before.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::frames::Hello;
use crate::model::Boot;
use crate::support::process::is_alive;

/// Lock files hold a few hundred bytes, and padding in 2026.9; a larger file is none.
const MAX_LOCK: u64 = 64 << 10;
/// The lock may be made this long before the process's own idea of its start, and clocks may differ by it.
const SLACK: TimeDelta = TimeDelta::seconds(5);

/// What a lock file says of the gateway that made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// When that life of the gateway began.
    pub started_at: DateTime<Utc>,
    /// The gateway's process.
    pub pid: u32,
    /// Whether the process is still there; a crash leaves its lock behind. Only Linux tells, elsewhere it is `true`.
    pub alive: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Content {
    pid: u32,
    created_at: DateTime<Utc>,
    config_path: PathBuf,
    start_time: Option<u64>,
}

/// Reads the newest lock of the gateway that runs on this state and configuration.
#[must_use]
pub fn lock(state: &Path, config: &Path) -> Option<Lock> {
    lock_among(&roots(state), state, config)
}

/// Returns the running gateway's boot from its lock file alone, without its `bootId`.
#[must_use]
pub fn running_boot(state: &Path, config: &Path) -> Option<Boot> {
    let lock = lock(state, config).filter(|lock| lock.alive)?;
    Some(Boot { started_at: lock.started_at, boot_id: None })
}

/// Combines what the gateway said with its lock; the warning says why the lock was not used.
pub(super) fn boot(hello: &Hello, lock: Option<&Lock>, now: DateTime<Utc>) -> (Boot, Option<String>) {
    let uptime = TimeDelta::from_std(hello.uptime).unwrap_or_default();
    let process = now - uptime;
    let fits = |lock: &&Lock| lock.started_at >= process - SLACK && lock.started_at <= now + SLACK;
    let (started_at, warning) = match lock.filter(fits) {
        Some(lock) => (lock.started_at, None),
        None => (process, Some(
            "the gateway's lock file was not found: its start is that of its process, and a restart within the \
             process goes unnoticed where the gateway names no bootId".to_owned(),
        )),
    };
    (Boot { started_at, boot_id: hello.boot_id.clone() }, warning)
}

/// The folders that gateways keep their locks in.
fn roots(state: &Path) -> Vec<PathBuf> {
    let mut roots = vec![state.join("tmp"), std::env::temp_dir(), PathBuf::from("/tmp")];
    roots.dedup();
    roots
}

/// Returns the folders in which a gateway of this state directory may make its lock file, whether or not they exist.
#[must_use]
pub fn lock_folders(state: &Path) -> Vec<PathBuf> {
    let Ok(meta) = fs::metadata(state) else { return Vec::new() };
    folders_among(&roots(state), meta.uid())
}

fn folders_among(roots: &[PathBuf], owner: u32) -> Vec<PathBuf> {
    roots.iter().map(|root| root.join(format!("openclaw-{owner}"))).collect()
}

fn lock_among(roots: &[PathBuf], state: &Path, config: &Path) -> Option<Lock> {
    let owner = fs::metadata(state).ok()?.uid();
    folders_among(roots, owner)
        .iter()
        .filter_map(|folder| fs::read_dir(folder).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(|path| is_lock_name(path))
        .filter_map(|path| read(&path, owner))
        .filter(|content| is_same(&content.config_path, config))
        .max_by_key(|content| content.created_at)
        .map(|content| Lock {
            started_at: content.created_at,
            pid: content.pid,
            alive: is_alive(content.pid, content.start_time),
        })
}

/// Tells whether two spellings mean one path, links resolved; a path that is not there equals itself alone.
#[must_use]
pub fn is_same(one: &Path, other: &Path) -> bool {
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    real(one) == real(other)
}

fn is_lock_name(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| {
        name.starts_with("gateway.") && Path::new(name).extension().is_some_and(|e| e == "lock")
    })
}

/// Reads a lock file, if it is a regular file of the state directory's owner: `/tmp` is everybody's.
fn read(path: &Path, owner: u32) -> Option<Content> {
    let meta = fs::symlink_metadata(path).ok()?;
    if !meta.is_file() || meta.uid() != owner || meta.len() > MAX_LOCK {
        return None;
    }
    let mut text = String::new();
    File::open(path).ok()?.take(MAX_LOCK).read_to_string(&mut text).ok()?;
    serde_json::from_str(text.trim()).ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use std::time::Duration;

    use super::*;

    struct Rig {
        dir: tempfile::TempDir,
        folder: PathBuf,
        config: PathBuf,
    }

    impl Rig {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            let owner = fs::metadata(dir.path()).unwrap().uid();
            let folder = dir.path().join(format!("tmp/openclaw-{owner}"));
            fs::create_dir_all(&folder).unwrap();
            let config = dir.path().join("openclaw.json");
            fs::write(&config, "{}").unwrap();
            Self { dir, folder, config }
        }

        fn put(&self, name: &str, pid: u32, at: &str, config: &Path) {
            let text = serde_json::json!({"pid": pid, "createdAt": at, "configPath": config, "port": 1});
            fs::write(self.folder.join(name), format!("{text}\n\t \t\t ")).unwrap();
        }

        fn lock(&self) -> Option<Lock> {
            lock_among(&[self.dir.path().join("tmp")], self.dir.path(), &self.config)
        }
    }

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn hello(uptime: u64) -> Hello {
        let mut hello = Hello::read(&serde_json::json!({"server": {"version": "2026.7.1"}})).unwrap();
        hello.uptime = Duration::from_secs(uptime);
        hello
    }

    #[test]
    fn the_newest_lock_of_this_configuration_counts() {
        let rig = Rig::new();
        assert_eq!(rig.lock(), None);
        let other = rig.dir.path().join("other.json");
        rig.put("gateway.1.lock", std::process::id(), "2026-11-20T23:49:48.839Z", &rig.config);
        rig.put("gateway.state.2.lock", std::process::id(), "2026-11-20T23:49:48.841Z", &rig.config);
        rig.put("gateway.3.lock", std::process::id(), "2026-11-20T23:59:00Z", &other);
        rig.put("other.lock", std::process::id(), "2026-11-20T23:59:00Z", &rig.config);
        fs::write(rig.folder.join("gateway.4.lock"), "{torn").unwrap();
        let lock = rig.lock().unwrap();
        assert_eq!(lock.started_at, time("2026-11-20T23:49:48.841Z"));
        assert!(lock.alive);
    }

    #[test]
    fn a_link_is_no_lock_and_a_dead_process_left_its_own_behind() {
        let rig = Rig::new();
        rig.put("planted", std::process::id(), "2026-11-20T23:59:00Z", &rig.config);
        std::os::unix::fs::symlink(rig.folder.join("planted"), rig.folder.join("gateway.1.lock")).unwrap();
        assert_eq!(rig.lock(), None);
        rig.put("gateway.2.lock", u32::MAX, "2026-11-20T23:49:00Z", &rig.config);
        assert_eq!(rig.lock().unwrap().alive, !Path::new("/proc/self/stat").exists());
    }

    #[test]
    fn a_lock_within_the_process_s_life_is_the_start() {
        let now = time("2026-11-20T12:00:00Z");
        let lock = |at: &str| Lock { started_at: time(at), pid: 1, alive: true };
        let restarted = lock("2026-11-20T11:59:00Z");
        let (at, warning) = boot(&hello(3600), Some(&restarted), now);
        assert_eq!((at.started_at, warning), (restarted.started_at, None));
        for stray in [None, Some(lock("2026-11-20T10:00:00Z")), Some(lock("2026-11-20T12:01:00Z"))] {
            let (at, warning) = boot(&hello(3600), stray.as_ref(), now);
            assert_eq!(at.started_at, time("2026-11-20T11:00:00Z"));
            assert!(warning.is_some());
        }
    }
}
