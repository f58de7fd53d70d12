//! What a scan costs as a whole process, beside a plain read of the same files and beside the way of boot-resume, which
//! is a shell and Python; and what it costs to start each. docs/benchmarks.md holds what was measured.
//!
//! `cargo bench --bench peers -- --large` measures ten thousand sessions with ten gigabytes as well.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot read its files has failed")]

mod support;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use support::figures::{median, tell};
use support::{BUDGET, NOW, Shape, Stores, peak, read_tails, read_whole, root};

/// So often each is measured, one after the other in each round.
const TIMES: usize = 5;
const STARTS: usize = 101;
const LARGE: Shape = Shape { sessions: 10_000, ..BUDGET };
const SHELL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/boot-resume.sh");
const PYTHON: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/boot-resume.py");

fn main() {
    let passing = tempfile::tempdir().unwrap();
    let root = root(&passing);
    starts();
    let stores = Stores::of(&root, BUDGET);
    let (python, cut) = scans(&stores);
    // Two processes a session: ten thousand sessions would take it minutes.
    let (time, shell) = timed(|| theirs("sh", &[SHELL], &stores.files));
    assert_eq!(shell, python, "they judge alike");
    let what = format!("shell and Python, {shell} of {cut}");
    tell(&about(&stores), &what, median(&mut [time]));
    if std::env::args().any(|argument| argument == "--large") {
        scans(&Stores::files_of(&root, LARGE));
    }
}

fn timed<T>(act: impl FnOnce() -> T) -> (Duration, T) {
    let begun = Instant::now();
    let done = act();
    (begun.elapsed(), done)
}

fn output(command: &mut Command) -> Vec<u8> {
    let output = command.stdin(Stdio::null()).stderr(Stdio::inherit()).output().unwrap();
    assert!(output.status.success(), "{command:?}");
    output.stdout
}

fn starts() {
    let programs: [(&str, &[&str]); 4] = [
        ("/bin/true", &[]),
        ("sh", &["-c", ":"]),
        ("python3", &["-c", "pass"]),
        (env!("CARGO_BIN_EXE_comeback"), &["--version"]),
    ];
    let mut times = [const { Vec::new() }; 4];
    for _ in 0..STARTS {
        for ((program, arguments), times) in programs.iter().zip(&mut times) {
            times.push(timed(|| output(Command::new(program).args(*arguments))).0);
        }
    }
    for ((program, _), times) in programs.iter().zip(&mut times) {
        let name = Path::new(program).file_name().unwrap().to_string_lossy();
        tell("peers/start", &name, median(times));
    }
}

/// The scan of the program, as JSON; returns how many cut off sessions it finds.
fn ours(state: &Path) -> usize {
    let mut command = Command::new(env!("CARGO_BIN_EXE_comeback"));
    command.args(["scan", "--json", "--offline", "--now", &NOW.to_rfc3339(), "--state-dir"]).arg(state);
    let report: Value = serde_json::from_slice(&output(&mut command)).unwrap();
    report["sessions"].as_array().unwrap().len()
}

/// Another way's; it prints a line for each session.
fn theirs(program: &str, arguments: &[&str], state: &Path) -> usize {
    let now = NOW.timestamp_millis().to_string();
    let printed = output(Command::new(program).args(arguments).arg(state).arg(now));
    printed.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()).count()
}

fn about(stores: &Stores) -> String {
    let Shape { sessions, bytes } = stores.shape;
    format!("peers/{sessions} of {} kB", bytes / 1_000)
}

/// Returns how many cuts the other way finds, and how many there are.
fn scans(stores: &Stores) -> (usize, usize) {
    let about = about(stores);
    let (transcripts, state) = (stores.transcripts(), stores.files.as_path());
    let [mut tails, mut whole, mut scan, mut python] = [const { Vec::new() }; 4];
    let mut found = [0; 2];
    for _ in 0..TIMES {
        tails.push(timed(|| read_tails(&transcripts)).0);
        whole.push(timed(|| read_whole(&transcripts)).0);
        let (time, cut) = timed(|| ours(state));
        scan.push(time);
        let (time, theirs) = timed(|| theirs("python3", &[PYTHON, "all"], state));
        python.push(time);
        found = [cut, theirs];
    }
    let cut = stores.verdicts()[0].1;
    assert_eq!(found[0], cut);
    tell(&about, "64 KiB from the end of each", median(&mut tails));
    tell(&about, "every byte", median(&mut whole));
    tell(&about, &format!("comeback scan, {} of {cut} cuts", found[0]), median(&mut scan));
    tell(&about, "its memory", format!("{} KiB", peak(state, &NOW.to_rfc3339())));
    tell(&about, &format!("one Python process, {} of {cut}", found[1]), median(&mut python));
    (found[1], cut)
}
