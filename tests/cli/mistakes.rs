//! What people and agents get wrong, and what they are told: what was attempted, on what, and what to do next.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::symlink;

use insta::assert_snapshot;

use crate::world::{CALLER, World, put};

/// Runs each command line, and shows what it says.
fn said(world: &World, lines: &[&[&str]]) -> String {
    let mut text = String::new();
    for args in lines {
        let output = world.run(args);
        let (exit, said) = output.split_once('\n').unwrap_or((&output, ""));
        let said = said.replace("--- stderr\n", "").replace("\n\nFor more information, try '--help'.", "");
        writeln!(text, "$ {}\n{said}\n({exit})", args.join(" ")).unwrap();
    }
    text
}

#[test]
fn an_argument_that_is_wrong_says_what_is_expected() {
    let world = World::new();
    assert_snapshot!(said(&world, &[
        &["prepare", "--reason", " ", "--session-key", CALLER],
        &["prepare", "--session-key", CALLER, "--reason", "x", "sessions.json"],
        &["prepare", "--session-key", "", "--reason", "x"],
        &["task", "step", "weekly report", "collect"],
        &["task", "step", "ID", "collect", "--progress", "much"],
        &["task", "wait", "ID", "--reason", "tired"],
        &["task", "start", "--goal", "x", "--step", "a", "--timeout", "0m", "--estimate", "45m"],
        &["task", "start", "--goal", "x", "--step", "a", "--step", "a", "--timeout", "30m", "--estimate", "45m"],
        &["checkpoint", "prune", "--keep", "some"],
        &["note", "write", "--agent", "main"],
        &["scan", "--window", "20"],
        &["status", "--now", "yesterday"],
        &["report", "--since", "yesterday"],
    ]), @r#"
    $ prepare --reason   --session-key agent:main:telegram:direct:77
    error: invalid value ' ' for '--reason <TEXT>': some words are expected
    (exit 2)
    $ prepare --session-key agent:main:telegram:direct:77 --reason x sessions.json
    error: invalid value 'sessions.json' for '[-]': only `-` is expected here: a file comes by `- < FILE`
    (exit 2)
    $ prepare --session-key  --reason x
    error: invalid value '' for '--session-key <KEY>': "" is no session key: 1 to 512 bytes on one line are expected
    (exit 2)
    $ task step weekly report collect
    error: invalid value 'weekly report' for '<ID>': "weekly report" is no task's id; `comeback task list` shows the ids, such as smartwake_repo_scan_20260301T120000Z
    (exit 2)
    $ task step ID collect --progress much
    error: invalid value 'much' for '--progress <N>': a whole number from 0 to 100 is expected
    (exit 2)
    $ task wait ID --reason tired
    error: invalid value 'tired' for '--reason <REASON>': "tired" is no reason for a wake: timeout_recovery, dependency_ready, scheduled_progress are
    (exit 2)
    $ task start --goal x --step a --timeout 0m --estimate 45m
    error: a turn takes longer than no time
    hint: --timeout is how long one turn of yours may take, such as 30m
    (exit 2)
    $ task start --goal x --step a --step a --timeout 30m --estimate 45m
    error: the task: steps: "a" stands there twice
    hint: give each step a name of its own
    (exit 2)
    $ checkpoint prune --keep some
    error: invalid value 'some' for '--keep <N>': a whole number such as 30 is expected
    (exit 2)
    $ note write --agent main
    error: the note says nothing
    hint: say what is under way with --task, --progress, --last-action or --note-to-self
    (exit 2)
    $ scan --window 20
    error: invalid value '20' for '--window <DURATION>': "20" is no duration: expected a number and a unit, such as 90s, 5m or 2h
    (exit 2)
    $ status --now yesterday
    error: invalid value 'yesterday' for '--now <RFC 3339>': a time such as 2026-11-20T12:00:00Z is expected
    (exit 2)
    $ report --since yesterday
    error: invalid value 'yesterday' for '--since <WHEN>': "yesterday" is no time: expected 90m, 24h or 7d, a date such as 2026-11-20, or RFC 3339
    (exit 2)
    "#);
    assert!(world.files().is_empty(), "nothing is written");
}

#[test]
fn a_path_that_is_wrong_is_named_with_where_it_was_looked_for() {
    let world = World::new();
    put(&world.home().join("letter.md"), "Dear Ada,\n");
    let old = fs::read(world.home().join("letter.md")).unwrap();
    assert_snapshot!(said(&world, &[
        &["status", "--workspace", "workspcae"],
        &["plan", "none.md"],
        &["verify", "/none.json"],
        &["plan", "letter.md"],
        &["verify", "letter.md"],
        &["checkpoint", "show", "letter.md"],
        &["task", "show", "smartwake_none_20260301T120000Z"],
        &["task", "guard", "letter.md"],
    ]), @r"
    $ status --workspace workspcae
    error: there is no workspace workspcae
    hint: leave --workspace out for the one of the configuration, or name a folder that is there
    (exit 1)
    $ plan none.md
    error: there is no file none.md
    hint: it was looked for in [HOME]
    (exit 1)
    $ verify /none.json
    error: there is no file /none.json
    hint: name a file that is there, or `-` for stdin
    (exit 1)
    $ plan letter.md
    error: letter.md:1: expected at least one block: a heading `## <sessionKey>` with `- Goal: …` below it
    hint: mend the file, or move it away; `comeback checkpoint build` writes one of this form
    (exit 1)
    $ verify letter.md
    error: letter.md:1: expected a list of actions: expected value at line 1 column 1
    hint: `comeback actions` writes one
    (exit 1)
    $ checkpoint show letter.md
    error: letter.md:1: expected at least one block: a heading `## <sessionKey>` with `- Goal: …` below it
    hint: mend the file, or move it away; `comeback checkpoint build` writes one of this form
    (exit 1)
    $ task show smartwake_none_20260301T120000Z
    error: there is no task smartwake_none_20260301T120000Z: [HOME]/.openclaw/workspace/memory/tasks/smartwake_none_20260301T120000Z.json is missing
    hint: `comeback task list` shows the tasks of this workspace
    (exit 1)
    $ task guard letter.md
    error: [HOME]/letter.md does not stand in the workspace
    hint: artifacts stand below [HOME]/.openclaw/workspace
    (exit 1)
    ");
    let sessions = format!(r#"{{"sessions":[{{"sessionKey":"{CALLER}","goal":"x"}}]}}"#);
    assert_snapshot!(world.pipe(&["checkpoint", "build", "letter.md"], &sessions), @r"
    exit 1
    --- stderr
    error: letter.md:1: expected at least one block: a heading `## <sessionKey>` with `- Goal: …` below it
    hint: mend the file, or move it away; `comeback checkpoint build` writes one of this form
    hint: nothing was written: letter.md would be replaced; name another file
    ");
    assert_eq!(fs::read(world.home().join("letter.md")).unwrap(), old);
    world
        .command(&["task", "start", "--goal", "x", "--step", "a", "--timeout", "30m", "--estimate", "45m"])
        .assert()
        .success();
    assert_snapshot!(said(&world, &[
        &["task", "step", "smartwake_x_20261120T120000Z", "a", "--artifact", "report.md"],
        &["task", "step", "smartwake_x_20261120T120000Z", "a", "--artifact", "letter.md"],
    ]), @r"
    $ task step smartwake_x_20261120T120000Z a --artifact report.md
    error: cannot find the artifact report.md: No such file or directory (os error 2)
    hint: give its path from the folder that you are in, or from /; the workspace is [HOME]/.openclaw/workspace
    (exit 1)
    $ task step smartwake_x_20261120T120000Z a --artifact letter.md
    error: [HOME]/letter.md does not stand in the workspace
    hint: artifacts stand below [HOME]/.openclaw/workspace
    (exit 1)
    ");
    let home = World::new();
    fs::remove_dir_all(home.state("")).unwrap();
    put(&home.home().join(".openclaw"), "");
    assert_snapshot!(said(&home, &[&["status"]]), @r"
    $ status
    error: the state directory [HOME]/.openclaw is no directory
    hint: name the gateway's with --state-dir
    (exit 1)
    ");
}

#[test]
fn what_cannot_be_read_is_told_by_status_and_doctor_with_what_to_do() {
    let world = World::new();
    put(
        &world.state("comeback/ledger.jsonl"),
        "torn\n{\"v\":9,\"at\":\"2026-11-20T11:00:00Z\",\"event\":{}}\n",
    );
    put(&world.workspace("memory/tasks/x.json"), "{");
    put(&world.workspace("memory/notes/main.json"), "[]");
    put(&world.workspace("NOW.md"), "");
    world.checkpoint("2026-11-20/115500", "Dear Ada,\n");
    fs::create_dir_all(world.state("agents/main")).unwrap();
    // Of itself: nobody looks behind it.
    symlink("sessions", world.state("agents/main/sessions")).unwrap();
    assert_snapshot!(said(&world, &[&["status"], &["scan"], &["recover"], &["checkpoint", "list"]]), @r"
    $ status
    --- stdout
    Gateway   does not seem to run
    Restart   not known: the newest checkpoint cannot be read, and `comeback
              recover` refuses it
    Recovery  there was none
    warning: one line of [HOME]/.openclaw/comeback/ledger.jsonl cannot be read
    warning: [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/115500.md:1: expected at least one block: a heading `## <sessionKey>` with `- Goal: …` below it; mend the file, or move it away; `comeback checkpoint build` writes one of this form; an older checkpoint never takes its place
    warning: [HOME]/.openclaw/workspace/memory/tasks/x.json:1: EOF while parsing an object at line 1 column 1; mend the file, or move it away; it is left as it is
    (exit 0)
    $ scan
    --- stdout
    The gateway does not seem to run.
    No sessions below [HOME]/.openclaw.
    warning: cannot find [HOME]/.openclaw/agents/main/sessions/sessions.json: Too many levels of symbolic links (os error 40)
    (exit 0)
    $ recover
    error: [HOME]/.openclaw/comeback/ledger.jsonl was written by a newer version of comeback
    hint: install that version again, or move the file away to start afresh
    (exit 5)
    $ checkpoint list
    --- stdout
    [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/115500.md:1: expected at least one block: a heading `## <sessionKey>` with `- Goal: …` below it
    (exit 0)
    ");
    let doctor = world.run(&["doctor"]);
    let found = |check: &str| {
        let mut lines = doctor.lines().skip_while(|line| !line.contains(check)).peekable();
        let mut text = String::new();
        while let Some(line) = lines.next_if(|line| line.contains(check) || line.starts_with("      ->")) {
            writeln!(text, "{line}").unwrap();
        }
        text
    };
    assert_snapshot!(found(" store: ") + &found(" records: "), @r"
    wrong store: cannot find [HOME]/.openclaw/agents/main/sessions/sessions.json: Too many levels of symbolic links (os error 40)
          -> comeback scan --all
    wrong records: [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/115500.md:1: expected at least one block: a heading `## <sessionKey>` with `- Goal: …` below it
          -> mend the file, or move it away; `comeback checkpoint build` writes one of this form
    wrong records: [HOME]/.openclaw/workspace/memory/tasks/x.json:1: EOF while parsing an object at line 1 column 1
          -> mend the file, or move it away; it is left as it is
    wrong records: [HOME]/.openclaw/workspace/memory/notes/main.json:1: invalid length 0, expected struct Note with 8 elements at line 1 column 2
          -> mend the file, or move it away; it is left as it is
    wrong records: [HOME]/.openclaw/comeback/ledger.jsonl was written by a newer version of comeback
          -> install that version again, or move the file away to start afresh
    ");
}
