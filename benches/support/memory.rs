//! How much memory the program takes.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};

/// Runs `comeback scan` and returns the most memory that it held at once, in KiB.
///
/// The program is asked when the first byte of its output is there: all is done then, and it waits, because what it has
/// to say fits into no pipe.
pub fn peak(state: &Path, now: &str) -> u64 {
    let mut child = Command::new(env!("CARGO_BIN_EXE_comeback"))
        .args(["scan", "--all", "--json", "--offline", "--now", now, "--state-dir"])
        .arg(state)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut out = child.stdout.take().unwrap();
    out.read_exact(&mut [0]).unwrap();
    let status = fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap();
    out.read_to_end(&mut Vec::new()).unwrap();
    assert!(child.wait().unwrap().success());
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
