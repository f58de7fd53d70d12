//! What is written without a gateway: each file is the old one or the new one, and the next run goes well.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rstest::rstest;
use serde_json::Value;

use crate::strace::{Fault, Run, chosen, tell};
use crate::world::{CALLER, World, put};

const SNAPSHOT: &str =
    r#"{"sessions":[{"sessionKey":"agent:engineer:main","agentId":"engineer","goal":"g","nextStep":"n"}]}"#;

/// The content of every file below the home.
type Files = BTreeMap<PathBuf, Vec<u8>>;

fn files(world: &World) -> Files {
    fn add(folder: &Path, home: &Path, files: &mut Files) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                add(&path, home, files);
            } else {
                // Some name the place that they stand in.
                let content = String::from_utf8(fs::read(&path).unwrap()).unwrap();
                let content = content.replace(home.to_str().unwrap(), "[HOME]");
                files.insert(path.strip_prefix(home).unwrap().to_owned(), content.into_bytes());
            }
        }
    }
    let mut files = Files::new();
    add(world.home(), world.home(), &mut files);
    files
}

fn is_temporary(path: &Path) -> bool {
    path.file_name().unwrap().to_str().unwrap().starts_with(".comeback-")
}

/// Compares what is there with what was there before and what a whole run leaves.
fn check(found: &Files, old: &Files, new: &Files, told: &str) {
    for path in found.keys().chain(old.keys()).chain(new.keys()).filter(|path| !is_temporary(path)) {
        let [found, old, new] = [found, old, new].map(|files| files.get(path).map(Vec::as_slice));
        let is_log = path.ends_with("ledger.jsonl");
        // What is appended may be there in part: the next run reads the lines that are whole.
        // It is written before the settings change and after that, whole each time.
        let is_step = path.ends_with("manifest.json")
            && found.is_some_and(|found| serde_json::from_slice::<Value>(found).is_ok());
        let is_part = is_log && new.unwrap_or_default().starts_with(found.unwrap_or_default());
        assert!(
            found == old || found == new || is_part || is_step,
            "{}: {:?}\n{told}",
            path.display(),
            found.map(String::from_utf8_lossy)
        );
    }
}

/// What a crash left lies there for a day; no run that might still need it goes on for so long.
fn a_day_passes(world: &World) {
    let yesterday = SystemTime::now() - Duration::from_secs(86_400);
    for path in files(world).into_keys().filter(|path| is_temporary(path)) {
        File::options().write(true).open(world.home().join(path)).unwrap().set_modified(yesterday).unwrap();
    }
}

fn used_checkpoint(world: &World, name: &str, day: u32) {
    let front = format!(
        "---\nformatVersion: 1\nid: c{day}\ncreatedAt: 2026-09-{day:02}T00:00:00Z\nconsumedAt: 2026-09-30T00:00:00Z\n---\n"
    );
    world.checkpoint(name, &format!("{front}\n## agent:main:main\n- Goal: g\n"));
}

fn with_files(world: &World) {
    put(&world.workspace("NOW.md"), "# Mine\n\n## Active Tasks\n- old\n\n## Other\ntext\n");
}

fn with_old_checkpoints(world: &World) {
    for day in 1..4 {
        used_checkpoint(world, &format!("2026-09-0{day}/000000"), day);
    }
}

fn with_a_checkpoint(world: &World) {
    with_files(world);
    let output = world.pipe(&["checkpoint", "build"], SNAPSHOT);
    assert!(output.starts_with("exit 0"), "{output}");
}

fn nothing(_: &World) {}

const TASK: &str = "smartwake_report_20261120T120000Z";
const START: &[&str] = &[
    "task",
    "start",
    "--goal",
    "report",
    "--step",
    "a",
    "--step",
    "b",
    "--timeout",
    "30m",
    "--estimate",
    "25m",
];
const NOTE: &[&str] = &["note", "write", "--agent", "main", "--task", "tidy up", "--progress", "15/47"];

fn with_a_task(world: &World) {
    put(&world.workspace("figures.csv"), "1,2\n");
    world.command(START).assert().success();
}

fn with_a_note(world: &World) {
    world.command(&["note", "write", "--agent", "main", "--task", "before"]).assert().success();
}

const PREPARE: &[&str] = &[
    "prepare",
    "--offline",
    "--tool-calls",
    "--session-key",
    CALLER,
    "--reason",
    "new model",
    "--task",
    "t",
];

/// A stand-in for the product's command line, with its configuration before and after.
fn with_openclaw(world: &World) {
    let fake = r#"case "$1 $2" in
      "hooks list") echo '{"hooks":[{"name":"comeback","loadable":true}]}' ;;
      "config get") cat "$OPENCLAW_STATE_DIR/hooks.json" 2>/dev/null || { echo "Config path not found: hooks" >&2; exit 1; } ;;
      "config set") echo '{hooks:{internal:{entries:{comeback:{enabled:true}}}}}' > "$OPENCLAW_CONFIG_PATH" ;;
      "config unset") echo '{}' > "$OPENCLAW_CONFIG_PATH" ;;
    esac
    "#;
    put(&world.state("fake.sh"), fake);
    put(&world.state("openclaw.json"), "{}\n");
}

fn with_a_hook(world: &World) {
    with_openclaw(world);
    let output =
        Run { args: &["setup", "install", "--hook"], stdin: "", env: &[OPENCLAW] }.undisturbed(world);
    assert!(output.status.success(), "{output:?}");
}

/// Where the stand-in is found.
const OPENCLAW: &str = concat!("PATH=", env!("CARGO_MANIFEST_DIR"), "/tests/data:/usr/bin:/bin");

#[rstest]
#[case::a_first_checkpoint(&["checkpoint", "build"], SNAPSHOT, nothing)]
#[case::another_checkpoint(&["checkpoint", "build"], SNAPSHOT, with_a_checkpoint)]
#[case::a_first_now_md(&["now", "set", "--task", "new"], "", nothing)]
#[case::a_changed_now_md(&["now", "set", "--task", "new"], "", with_files)]
#[case::a_cleared_now_md(&["now", "clear"], "", with_files)]
#[case::prepared(PREPARE, "", nothing)]
#[case::prepared_over_a_checkpoint(PREPARE, "", with_a_checkpoint)]
#[case::pruned(&["checkpoint", "prune", "--keep", "1"], "", with_old_checkpoints)]
#[case::a_task_that_is_begun(START, "", nothing)]
#[case::a_step_that_is_done(&["task", "step", TASK, "a", "--artifact", ".openclaw/workspace/figures.csv"], "", with_a_task)]
#[case::a_task_that_is_given_up(&["task", "fail", TASK, "--why", "gone"], "", with_a_task)]
#[case::a_first_note(NOTE, "", nothing)]
#[case::another_note(NOTE, "", with_a_note)]
fn files_are_old_or_new_and_the_next_run_goes_well(
    #[case] args: &[&str],
    #[case] stdin: &str,
    #[case] setup: fn(&World),
) {
    sweep(Run { args, stdin, env: &[] }, setup);
}

#[rstest]
#[case::installed(&["setup", "install", "--hook"], with_openclaw)]
#[case::removed(&["setup", "remove"], with_a_hook)]
fn a_hook_is_there_or_not_and_the_next_run_goes_well(#[case] args: &[&str], #[case] setup: fn(&World)) {
    sweep(Run { args, stdin: "", env: &[OPENCLAW] }, setup);
}

fn sweep(run: Run<'_>, setup: fn(&World)) {
    let args = run.args;
    let world = |setup: fn(&World)| {
        let world = World::new();
        setup(&world);
        world
    };
    let clean = world(setup);
    let old = files(&clean);
    let (output, calls) = run.calls(&clean);
    assert!(output.status.success(), "{}", clean.show(&output));
    let new = files(&clean);
    let chosen = chosen(&calls, &Fault::ALL);
    assert!(!chosen.is_empty());
    for (call, fault) in &chosen {
        let world = world(setup);
        let output = run.strike(&world, call, *fault);
        let told = format!("{args:?}, {fault:?} at {call}\n{output:?}");
        check(&files(&world), &old, &new, &told);
        if *fault != Fault::Kill {
            let code = output.status.code().unwrap();
            assert!(code == 0 || code == 1, "{told}");
            let stderr = String::from_utf8_lossy(&output.stderr);
            let names = stderr.contains(world.home().to_str().unwrap());
            assert!(code == 0 || stderr.contains("error: cannot ") && names, "{told}");
        }
        assert!(world.run(&["status"]).starts_with("exit 0"), "{told}");
        let listed = world.json(0, &["checkpoint", "list"]);
        let listed = listed["checkpoints"].as_array().unwrap();
        assert!(listed.iter().all(|one| one["error"] == Value::Null), "{listed:?}\n{told}");
        a_day_passes(&world);
        let again = run.undisturbed(&world);
        assert!(again.status.success(), "{again:?}\n{told}");
        let written = files(&world);
        let left: Vec<_> = written.keys().filter(|path| is_temporary(path)).collect();
        assert!(left.is_empty(), "{left:?} is left\n{told}");
    }
    tell(args, &calls, &chosen);
}
