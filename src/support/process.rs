//! Processes of this machine.

use std::fs;
use std::path::Path;

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

/// Returns when a process started, in clock ticks; `None` where the system does not tell.
#[must_use]
pub fn start_time(pid: u32) -> Option<u64> {
    start_of(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
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
    fn a_commands_name_may_hold_anything() {
        let stat = "7 (a) b (c)) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 4242 0 0";
        assert_eq!(start_of(stat), Some(4242));
        assert_eq!(start_of("7 (a"), None);
    }
}
