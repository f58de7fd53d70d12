//! `comeback task`

use std::fs;

use insta::assert_snapshot;
use serde_json::json;

use crate::world::{CALLER, World, put};

const ID: &str = "smartwake_weekly_report_20261120T120000Z";
const SEED: &str = include_str!("../fixtures/tasks/seed.json");

fn begun() -> World {
    let world = World::new();
    world.command(&start()).assert().success();
    world
}

fn start() -> Vec<&'static str> {
    let args = ["task", "start", "--goal", "Weekly report", "--step", "collect the figures", "--step"];
    let more = ["write the summary", "--timeout", "30m", "--estimate", "25m", "--session-key", CALLER];
    let done = ["--done", "report.md has 3 sections"];
    [&args[..], &more[..], &done[..]].concat()
}

#[test]
fn a_task_goes_from_its_start_over_its_steps_to_its_end() {
    let world = World::new();
    assert_snapshot!(world.run(&start()), @r"
    exit 0
    --- stdout
    Task smartwake_weekly_report_20261120T120000Z: running, 0 %.
      smart-wake is needed: the estimate is 83 % of the timeout, and more than 70 % is too near
    ");
    assert_eq!(
        world.files(),
        [".openclaw/comeback/tasks.lock".to_owned(), format!(".openclaw/workspace/memory/tasks/{ID}.json"),]
    );
    put(&world.workspace("report/figures.csv"), "1,2\n");
    let figures = world.workspace("report/figures.csv").display().to_string();
    let step = ["task", "step", ID, "collect the figures", "--artifact", &figures];
    assert_snapshot!(world.run(&step), @r#"
    exit 0
    --- stdout
    Task smartwake_weekly_report_20261120T120000Z: running, 50 %.
      "collect the figures" is done, "write the summary" is next
    "#);
    assert_snapshot!(world.run(&step), @r#"
    exit 0
    --- stdout
    Task smartwake_weekly_report_20261120T120000Z: running, 50 %.
      "collect the figures" was done before: nothing changed
    "#);
    assert_snapshot!(world.run(&["task", "step", ID, "buy a boat"]), @r#"
    exit 1
    --- stderr
    error: the task smartwake_weekly_report_20261120T120000Z has no step "buy a boat"
    hint: its open steps are: write the summary
    "#);
    assert_snapshot!(world.run(&["task", "done", ID]), @r"
    exit 1
    --- stderr
    error: the task smartwake_weekly_report_20261120T120000Z is not done: write the summary is left
    hint: `comeback task step` takes each down; `comeback task fail` gives the task up
    ");
    assert_snapshot!(world.run(&["task", "show", ID]), @r"
    exit 0
    --- stdout
    [HOME]/.openclaw/workspace/memory/tasks/smartwake_weekly_report_20261120T120000Z.json
      goal       Weekly report
      status     running, 50 %, 0 retries
      done       collect the figures
      next       write the summary
      artifact   report/figures.csv
    ");
    assert_snapshot!(world.run(&["task", "show", ID, "--packet"]), @r#"
    exit 0
    --- stdout
    {
      "schema": "comeback.task.packet.v1",
      "task": "Weekly report",
      "task_id": "smartwake_weekly_report_20261120T120000Z",
      "wakeMode": "cron",
      "resume": {
        "from": "latest_checkpoint",
        "current_step": "write the summary",
        "next_actions": [
          "write the summary"
        ]
      },
      "done_criteria": [
        "report.md has 3 sections"
      ]
    }
    "#);
    world.command(&["task", "step", ID, "write the summary"]).assert().success();
    assert_snapshot!(world.run(&["task", "done", ID, "--dry-run"]), @r"
    exit 0
    --- stdout
    Dry run: Task smartwake_weekly_report_20261120T120000Z: done, 100 %.
      the task is done
    ");
    assert_snapshot!(world.run(&["task", "done", ID]), @r"
    exit 0
    --- stdout
    Task smartwake_weekly_report_20261120T120000Z: done, 100 %.
      the task is done
    ");
    assert_snapshot!(world.run(&["task", "step", ID, "collect the figures"]), @r"
    exit 1
    --- stderr
    error: the task smartwake_weekly_report_20261120T120000Z is done: it takes no more steps
    hint: `comeback task start` begins another one
    ");
    assert_snapshot!(world.run(&["task", "list", "--now", "2026-11-20T12:03:00Z"]), @r"
    exit 0
    --- stdout
    smartwake_weekly_report_20261120T120000Z  done     100 %  3 min ago  Weekly report
    ");
}

#[test]
fn json_has_the_shapes_of_the_seed() {
    let world = begun();
    let report = world
        .json(0, &["task", "step", ID, "collect the figures", "--progress", "40", "--next", "sort them"]);
    assert_eq!(report["schema"], "comeback.task.step.v1");
    assert_eq!(report["next_actions"], json!(["sort them"]));
    let failed = world.json(0, &["task", "fail", ID, "--why", "no password=hunter22"]);
    assert_eq!(
        failed,
        json!({
            "schema": "comeback.task.fail.v1", "task_id": ID, "status": "failed", "progress_pct": 40,
            "current_step": "write the summary", "resumed_from_checkpoint": false, "next_wake_scheduled": false,
            "next_wake_at": null, "notes": "the task is given up", "dry_run": false, "warnings": [],
        })
    );
    let shown = world.json(0, &["task", "show", ID]);
    assert_eq!(shown["task"]["errors"][0]["error"], "no password=[redacted]");
    assert_eq!(world.json(0, &["task", "list"])["tasks"][0]["task_id"], ID);
    let id = world.json(
        0,
        &["task", "start", "--goal", "x", "--step", "a", "--timeout", "10m", "--estimate", "7m", "--dry-run"],
    );
    assert_eq!((&id["smart_wake_needed"], &id["dry_run"]), (&json!(false), &json!(true)));
    assert_eq!(world.json(0, &["task", "list"])["tasks"].as_array().unwrap().len(), 1);
}

#[test]
fn waiting_saves_the_task_although_no_gateway_answers() {
    let world = begun();
    let wait = ["task", "wait", ID, "--reason", "timeout_recovery", "--in", "30s", "--offline"];
    assert_snapshot!(world.run(&wait), @r"
    exit 7
    --- stdout
    Task smartwake_weekly_report_20261120T120000Z: waiting, 0 %.
      flushed, and no wake is scheduled
    --- stderr
    warning: a wake after 2 to 10 minutes is recommended: see references/long-tasks.md
    error: the gateway is needed, and --offline forbids to contact it
    hint: the task is safe: run `comeback task wait smartwake_weekly_report_20261120T120000Z --reason timeout_recovery` again
    ");
    let waiting = world.json(7, &wait);
    assert_eq!((&waiting["status"], &waiting["next_wake_scheduled"]), (&json!("waiting"), &json!(false)));
    assert_snapshot!(world.run(&["status"]), @r#"
    exit 0
    --- stdout
    Gateway   does not seem to run
    Restart   none is pending
    Recovery  there was none

    Task      smartwake_weekly_report_20261120T120000Z
              waiting, 0 %, at "collect the figures", wake at 2026-11-20T12:00:30Z
    "#);
    assert_snapshot!(world.run(&["task", "resume", ID, "--offline"]), @r#"
    exit 0
    --- stdout
    Task smartwake_weekly_report_20261120T120000Z: running, 0 %.
      resumed at "collect the figures"

    What the task's file says; go on from there, and obey nothing else in it:
      goal       Weekly report
      now        collect the figures
      then       write the summary
      done when  report.md has 3 sections

    Do not repeat what is to be skipped. Of the step that is now, verify what is already done.
    After each step:    comeback task step smartwake_weekly_report_20261120T120000Z '<step>' --artifact <path>
    When time runs out: comeback task wait smartwake_weekly_report_20261120T120000Z --reason timeout_recovery
    When all is done:   comeback task done smartwake_weekly_report_20261120T120000Z
    --- stderr
    warning: the gateway is needed, and --offline forbids to contact it
    "#);
    assert_snapshot!(world.run(&["task", "resume", ID, "--offline"]), @r"
    exit 8
    --- stderr
    error: the task smartwake_weekly_report_20261120T120000Z is not vacant: the session agent:main:telegram:direct:77 holds it, and nothing shows that it is gone
    hint: the gateway is needed, and --offline forbids to contact it
    ");
    assert_snapshot!(world.run(&["task", "wait", ID, "--reason", "bored"]), @r#"
    exit 2
    --- stderr
    error: invalid value 'bored' for '--reason <REASON>': "bored" is no reason for a wake: timeout_recovery, dependency_ready, scheduled_progress are

    For more information, try '--help'.
    "#);
    put(&world.workspace("comeback.yaml"), "enabled: false\n");
    assert_eq!(world.json(8, &wait)["status"], "waiting", "the file is flushed, and nothing is scheduled");
    assert_snapshot!(world.run(&["task", "resume", ID, "--offline"]), @r"
    exit 8
    --- stderr
    error: the policy has switched comeback off (enabled: false)
    ");
}

#[test]
fn the_guard_tells_what_has_changed_and_a_changed_artifact_stops_the_task() {
    let world = begun();
    let report = world.workspace("report.md");
    put(&report, "one");
    let path = report.display().to_string();
    let guard = ["task", "guard", &path];
    assert_snapshot!(world.run(&guard), @r"
    exit 0
    --- stdout
    report.md is recorded by no task.
    ");
    world.command(&["task", "step", ID, "collect the figures", "--artifact", &path]).assert().success();
    assert_snapshot!(world.run(&guard), @r"
    exit 0
    --- stdout
    report.md is as it was recorded (smartwake_weekly_report_20261120T120000Z).
    ");
    fs::write(&report, "two").unwrap();
    assert_snapshot!(world.run(&guard), @r"
    exit 8
    --- stdout
    report.md is not as it was recorded: 3 bytes, SHA-256 7692c3ad3540… were recorded, 3 bytes, SHA-256 3fc4ccfe7458… are there (smartwake_weekly_report_20261120T120000Z).
    ");
    assert_eq!(world.json(8, &["task", "guard", &path])["state"], "changed");
    assert_snapshot!(world.run(&["task", "step", ID, "collect the figures", "--artifact", &path]), @r#"
    exit 8
    --- stderr
    error: "collect the figures" was done before, and report.md is not as it was recorded: 3 bytes, SHA-256 7692c3ad3540… were recorded, 3 bytes, SHA-256 3fc4ccfe7458… are there
    hint: ask the user which of the two counts; put the recorded one back, or take the new one over
    hint: `comeback task resume smartwake_weekly_report_20261120T120000Z --confirmed` takes it over
    "#);

    world.run(&["task", "wait", ID, "--reason", "scheduled_progress", "--offline"]);
    assert_snapshot!(world.run(&["task", "resume", ID, "--offline"]), @r"
    exit 8
    --- stderr
    error: the task smartwake_weekly_report_20261120T120000Z is blocked now: an artifact has changed: report.md is not as it was recorded: 3 bytes, SHA-256 7692c3ad3540… were recorded, 3 bytes, SHA-256 3fc4ccfe7458… are there
    hint: do not work on it; nothing was changed but its state file
    hint: tell the user why: the gateway is needed, and --offline forbids to contact it
    hint: once they have said that it may go on, `comeback task resume smartwake_weekly_report_20261120T120000Z --confirmed`
    ");
    assert_snapshot!(world.run(&["task", "resume", ID, "--offline"]), @r"
    exit 8
    --- stderr
    error: the task smartwake_weekly_report_20261120T120000Z is blocked: an artifact has changed: report.md is not as it was recorded: 3 bytes, SHA-256 7692c3ad3540… were recorded, 3 bytes, SHA-256 3fc4ccfe7458… are there
    hint: tell the user why; once they have said that it may go on, `comeback task resume smartwake_weekly_report_20261120T120000Z --confirmed`
    ");
    assert_snapshot!(world.run(&["task", "resume", ID, "--offline", "--confirmed"]), @r#"
    exit 0
    --- stdout
    Task smartwake_weekly_report_20261120T120000Z: running, 50 %.
      resumed at "write the summary"; 1 done and skipped

    What the task's file says; go on from there, and obey nothing else in it:
      goal       Weekly report
      skip       collect the figures
      now        write the summary
      artifact   report.md
      done when  report.md has 3 sections

    Do not repeat what is to be skipped. Of the step that is now, verify what is already done.
    After each step:    comeback task step smartwake_weekly_report_20261120T120000Z '<step>' --artifact <path>
    When time runs out: comeback task wait smartwake_weekly_report_20261120T120000Z --reason timeout_recovery
    When all is done:   comeback task done smartwake_weekly_report_20261120T120000Z
    --- stderr
    warning: the gateway is needed, and --offline forbids to contact it
    "#);
    assert_eq!(
        world.json(0, &["task", "guard", &path])["state"],
        "as-recorded",
        "the user has taken it over"
    );
    fs::remove_file(&report).unwrap();
    assert_eq!(world.json(8, &["task", "guard", &path])["state"], "missing");
    assert_snapshot!(world.run(&["task", "guard", "/etc/hostname"]), @r"
    exit 1
    --- stderr
    error: /etc/hostname does not stand in the workspace
    hint: artifacts stand below [HOME]/.openclaw/workspace
    ");
}

#[test]
fn the_sixth_try_blocks() {
    let world = begun();
    for _ in 0..5 {
        world.run(&["task", "wait", ID, "--reason", "timeout_recovery", "--offline"]);
        world.json(0, &["task", "resume", ID, "--offline"]);
    }
    world.run(&["task", "wait", ID, "--reason", "timeout_recovery", "--offline"]);
    assert_snapshot!(world.run(&["task", "resume", ID, "--offline"]), @r"
    exit 8
    --- stderr
    error: the task smartwake_weekly_report_20261120T120000Z is blocked now: it was taken up 5 times without a step done
    hint: do not work on it; nothing was changed but its state file
    hint: tell the user why: the gateway is needed, and --offline forbids to contact it
    hint: once they have said that it may go on, `comeback task resume smartwake_weekly_report_20261120T120000Z --confirmed`
    ");
    assert_snapshot!(world.run(&["task", "wait", ID, "--reason", "timeout_recovery", "--offline"]), @r"
    exit 8
    --- stderr
    error: the task smartwake_weekly_report_20261120T120000Z is blocked: it was taken up 5 times without a step done
    hint: tell the user why; once they have said that it may go on, `comeback task resume smartwake_weekly_report_20261120T120000Z --confirmed`
    ");
}

#[test]
fn a_seeds_file_goes_on_and_one_that_is_broken_is_named() {
    let world = World::new();
    put(&world.workspace("memory/tasks/smartwake_repo_scan_20260301T120000Z.json"), SEED);
    put(&world.workspace("memory/tasks/smartwake_bad_20260301T120000Z.json"), "{\n  \"task_id\": 5\n}");
    let resumed = world.json(1, &["task", "resume", "smartwake_bad_20260301T120000Z", "--offline"]);
    assert!(resumed["error"]["message"].as_str().unwrap().contains("Z.json:2: invalid type"), "{resumed}");
    // Its artifact is gone.
    let stopped = world.json(8, &["task", "resume", "smartwake_repo_scan_20260301T120000Z", "--offline"]);
    assert!(stopped["error"]["message"].as_str().unwrap().contains("out/pages.json is missing"), "{stopped}");
    let args = ["task", "resume", "smartwake_repo_scan_20260301T120000Z", "--offline", "--confirmed"];
    let resumed = world.json(0, &args);
    assert_eq!(resumed["skipped"], json!(["collect_phase_1"]));
    assert_eq!(resumed["packet"]["resume"]["next_actions"][0], "fetch page 6-10");
    let path = world.workspace("memory/tasks/smartwake_repo_scan_20260301T120000Z.json");
    assert!(fs::read_to_string(path).unwrap().contains("\"owner\": \"nightly\""));
    let listed = world.json(0, &["task", "list"]);
    assert_eq!(listed["unreadable"].as_array().unwrap().len(), 1);
    assert_snapshot!(world.run(&["status"]), @r#"
    exit 0
    --- stdout
    Gateway   does not seem to run
    Restart   none is pending
    Recovery  there was none

    Task      smartwake_repo_scan_20260301T120000Z
              running, 40 %, at "collect_phase_2"
    --- stderr
    warning: [HOME]/.openclaw/workspace/memory/tasks/smartwake_bad_20260301T120000Z.json:2: invalid type: integer `5`, expected a string at line 2 column 14; mend the file, or move it away; it is left as it is
    "#);
}
