//! Processes of this machine.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

/// Clock ticks in a second, on every machine that Linux runs on.
const TICKS: i64 = 100;
/// The machine's start is told in whole seconds, and a command's name is recorded a moment after its start.
const START_SLACK: TimeDelta = TimeDelta::seconds(5);

/// Tells whether the process is there and, by its start in clock ticks, is still the same one.
///
/// Only Linux tells; elsewhere it is `true`.
#[must_use]
pub fn is_alive(pid: u32, start: Option<u64>) -> bool {
    if !Path::new("/proc/self/stat").exists() {
        return true;
    }
    let Ok(line) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    let started = start_of(&line);
    start.is_none() || started.is_none() || start == started
}

/// Tells whether the process is there and began at this time, as nearly as whoever started it can tell.
///
/// Only Linux tells when a process began; elsewhere nothing runs since any time.
#[must_use]
pub fn runs_since(pid: u32, began: DateTime<Utc>) -> bool {
    began_at(pid).is_some_and(|at| (at - began).abs() < START_SLACK)
}

fn began_at(pid: u32) -> Option<DateTime<Utc>> {
    let ticks = start_time(pid)?;
    let stat = fs::read_to_string("/proc/stat").ok()?;
    let boot: i64 = stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    let since_boot = TimeDelta::try_milliseconds(i64::try_from(ticks).ok()?.checked_mul(1_000 / TICKS)?)?;
    Some(DateTime::from_timestamp(boot, 0)? + since_boot)
}

/// Returns when a process started, in clock ticks; `None` where the system does not tell.
#[must_use]
pub fn start_time(pid: u32) -> Option<u64> {
    start_of(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Returns the number of the user that this process runs as.
#[must_use]
pub fn user_id() -> u32 {
    // Whoever makes a file owns it; that needs no system call of our own.
    tempfile::tempfile().and_then(|file| file.metadata()).map_or(u32::MAX, |meta| meta.uid())
}

/// Tells whether this process runs as root.
#[must_use]
pub fn is_root() -> bool {
    user_id() == 0
}

/// Finds the start: the 22nd field; the second is the command in parentheses and may hold anything.
fn start_of(stat: &str) -> Option<u64> {
    stat.rsplit_once(')').and_then(|(_, rest)| rest.split_whitespace().nth(19)?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_id_and_its_start() {
        let own = std::process::id();
        let stat = fs::read_to_string("/proc/self/stat").unwrap_or_default();
        let Some(begun) = start_of(&stat) else { return assert!(is_alive(own, Some(1)), "nobody can tell") };
        assert!(is_alive(own, None) && is_alive(own, Some(begun)));
        assert!(!is_alive(own, Some(begun + 1)), "the id was given to another process");
        assert!(!is_alive(u32::MAX, None));
    }

    #[test]
    fn a_process_began_when_it_was_started() {
        let now = Utc::now();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("a process");
        let (runs, ran_before) =
            (runs_since(child.id(), now), runs_since(child.id(), now - TimeDelta::minutes(1)));
        child.kill().and_then(|()| child.wait()).expect("it was there");
        assert_eq!((runs, ran_before), (Path::new("/proc/stat").exists(), false));
        assert!(!runs_since(child.id(), now), "it is gone");
    }

    #[test]
    fn a_commands_name_may_hold_anything() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4242 0 0";
        assert_eq!(start_of(stat), Some(4242));
        assert_eq!(start_of("7 (a"), None);
    }
}
