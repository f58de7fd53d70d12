//! The system calls of a run, and what is done to one of them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::process::Output;

use crate::world::World;

/// What changes files, or sends.
const CHANGING: [&str; 17] = [
    "openat",
    "write",
    "fsync",
    "fdatasync",
    "rename",
    "renameat",
    "renameat2",
    "unlink",
    "unlinkat",
    "link",
    "linkat",
    "fchmod",
    "mkdir",
    "rmdir",
    "ftruncate",
    "flock",
    "sendto",
];
/// How many faults of a story are tried where not all are.
const SOME: usize = 16;

/// What happens at a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The program is killed as it enters the call.
    Kill,
    /// The call fails with this error.
    Error(&'static str),
}

impl Fault {
    pub const ALL: [Self; 4] = [Self::Kill, Self::Error("ENOSPC"), Self::Error("EIO"), Self::Error("EACCES")];
}

/// One call of a run that changes something, by its name and its number among those of that name.
#[derive(Clone, Debug)]
pub struct Call {
    name: String,
    number: usize,
    line: String,
}

impl fmt::Display for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.name, self.number, self.line)
    }
}

impl Call {
    /// Tells whether what fails is the answer on stdout or stderr, or a lock or a message: no file is concerned.
    pub fn concerns_a_file(&self) -> bool {
        !["write(1,", "write(2,", "flock(", "sendto("].iter().any(|start| self.line.starts_with(start))
    }
}

/// A run of the program.
#[derive(Clone, Copy)]
pub struct Run<'a> {
    pub args: &'a [&'a str],
    pub stdin: &'a str,
    /// Changes of its environment: `NAME=value`, or `NAME`, which it then does not have.
    pub env: &'a [&'a str],
}

impl Run<'_> {
    /// Runs it as it is.
    pub fn undisturbed(self, world: &World) -> Output {
        let mut command = world.command(self.args);
        for change in self.env {
            match change.split_once('=') {
                Some((name, value)) => command.env(name, value),
                None => command.env_remove(change),
            };
        }
        command.write_stdin(self.stdin).output().unwrap()
    }

    /// Runs it under `strace`, with more options of that.
    fn traced(self, world: &World, options: &[&str]) -> Output {
        let log = world.home().join("strace.log");
        let names = format!("trace={}", CHANGING.join(","));
        let base = ["-o", log.to_str().unwrap(), "-e", &names, "-e", "signal=none"];
        let env: Vec<&str> = self.env.iter().flat_map(|change| ["-E", change]).collect();
        let program = ["--", env!("CARGO_BIN_EXE_comeback")];
        let command = world.std_command("strace", &[&base, &env[..], options, &program, self.args].concat());
        let output = assert_cmd::Command::from_std(command).write_stdin(self.stdin).output();
        output.expect("strace is there: scripts/test.sh installs it")
    }

    /// Runs it to its end, and lists the calls that change something.
    pub fn calls(self, world: &World) -> (Output, Vec<Call>) {
        let output = self.traced(world, &[]);
        let log = world.home().join("strace.log");
        let text = fs::read_to_string(&log).unwrap();
        fs::remove_file(log).unwrap();
        let mut calls: Vec<Call> = Vec::new();
        let mut counted: BTreeMap<String, usize> = BTreeMap::new();
        for line in text.lines() {
            let Some((name, _)) = line.split_once('(') else { continue };
            let number = counted.entry(name.to_owned()).or_default();
            *number += 1;
            let only_reads = name == "openat" && !line.contains("O_CREAT") && !line.contains("O_WRONLY");
            if !only_reads {
                calls.push(Call { name: name.to_owned(), number: *number, line: line.to_owned() });
            }
        }
        (output, calls)
    }

    /// Runs it until it is done with, or stopped by, what happens at one call.
    pub fn strike(self, world: &World, call: &Call, fault: Fault) -> Output {
        let what = match fault {
            Fault::Kill => "signal=KILL".to_owned(),
            Fault::Error(name) => format!("error={name}"),
        };
        let inject = format!("inject={}:{what}:when={}", call.name, call.number);
        let output = self.traced(world, &["-e", &inject]);
        fs::remove_file(world.home().join("strace.log")).unwrap();
        output
    }
}

/// Chooses among the faults of a story: all of them, or so many, spread evenly.
pub fn chosen(calls: &[Call], faults: &[Fault]) -> Vec<(Call, Fault)> {
    let all: Vec<(Call, Fault)> = calls
        .iter()
        .flat_map(|call| faults.iter().map(move |fault| (call.clone(), *fault)))
        .filter(|(call, fault)| *fault == Fault::Kill || call.concerns_a_file())
        .collect();
    if std::env::var("COMEBACK_SWEEP").is_ok_and(|which| which == "all") {
        return all;
    }
    let many = all.len();
    let some = SOME.min(many);
    (0..some).map(|at| all[at * many / some].clone()).collect()
}

/// Says how far a sweep has gone, to whoever runs it with `--nocapture`.
#[expect(clippy::print_stdout, reason = "what a test says is shown on demand")]
pub fn tell(args: &[&str], calls: &[Call], faults: &[(Call, Fault)]) {
    println!("{}: {} calls that change something, {} faults", args.join(" "), calls.len(), faults.len());
}
