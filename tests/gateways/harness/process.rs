//! Processes: bounded, in groups of their own, and all of them found again at the end.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use super::wait;

/// Runs a command to its end and panics, with what it printed, when that takes too long. It runs in a process group of
/// its own, so that its children end with it.
pub fn run_bounded(mut command: Command, scratch: &Path, timeout: Duration) -> Output {
    // Files, because a pipe that nobody reads would stop a talkative command.
    let (out, err) = (
        tempfile::NamedTempFile::new_in(scratch).unwrap(),
        tempfile::NamedTempFile::new_in(scratch).unwrap(),
    );
    let shown = format!("{command:?}");
    command.stdin(Stdio::null()).stdout(out.reopen().unwrap()).stderr(err.reopen().unwrap());
    let mut child = spawn_group(&mut command);
    let status = wait::poll(timeout, || child.try_wait().unwrap());
    if status.is_none() {
        kill_group(&mut child);
    }
    let (stdout, stderr) = (fs::read(out.path()).unwrap(), fs::read(err.path()).unwrap());
    let Some(status) = status else {
        panic!(
            "waited {timeout:?} in vain for the end of {shown}\n{}{}",
            String::from_utf8_lossy(&stdout),
            String::from_utf8_lossy(&stderr)
        );
    };
    Output { status, stdout, stderr }
}

/// Starts a command as the leader of a new process group.
pub fn spawn_group(command: &mut Command) -> Child {
    use std::os::unix::process::CommandExt;
    command.process_group(0).spawn().unwrap()
}

/// Kills the group that a child from [`spawn_group`] leads. The child has not been waited for, so its id is still its own.
pub fn kill_group(child: &mut Child) {
    signal("KILL", format!("-{}", child.id()));
    child.wait().unwrap();
}

/// Sends a signal to a process, or to a group by its negative id; one that is gone is no error.
pub fn signal(name: &str, target: impl AsRef<OsStr>) {
    let mut kill = Command::new("/bin/kill");
    kill.arg(format!("-{name}")).arg("--").arg(target).stderr(Stdio::null());
    kill.status().unwrap();
}

/// The processes whose environment mentions `home`, oldest first. A gateway runs each command in a session of its own,
/// out of reach of its process group; a temporary folder's name in the environment says whose they are. Needs Linux's
/// `/proc`; elsewhere nothing is found.
pub fn started_in(home: &Path) -> Vec<u32> {
    let home = home.to_str().unwrap().as_bytes();
    let mentions = |pid: &u32| {
        let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environment.windows(home.len()).any(|part| part == home)
    };
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let mut found: Vec<u32> = pids.filter(mentions).collect();
    found.sort_unstable();
    found
}

/// What a process was started with.
pub fn command_line(pid: u32) -> String {
    String::from_utf8_lossy(&fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()).replace('\0', " ")
}
