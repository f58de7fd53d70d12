//! `comeback setup`, with stand-ins for the product's command line and for the machine's managers.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;

use crate::world::{World, put};

fn run(world: &World, args: &[&str]) -> String {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut command = world.std_command(env!("CARGO_BIN_EXE_comeback"), args);
    command.env("PATH", format!("{}:/usr/bin:/bin", data.display()));
    let exe = fs::canonicalize(env!("CARGO_BIN_EXE_comeback")).unwrap();
    world.show(&command.output().unwrap()).replace(exe.to_str().unwrap(), "[EXE]")
}

fn managers(world: &World) -> String {
    fs::read_to_string(world.home().join("managers")).unwrap()
}

#[test]
fn what_this_machine_has_a_use_for_comes_and_goes() {
    let world = World::machine();
    let before = world.files();
    assert_snapshot!(run(&world, &["setup", "install"]), @r#"
    exit 0
    --- stdout
    done: [HOME]/.openclaw/hooks/comeback/HOOK.md
    done: [HOME]/.openclaw/hooks/comeback/handler.js
    done: [HOME]/.openclaw/hooks/comeback/package.json
    done: openclaw config set --batch-json '[{"path":"hooks.internal.entries.comeback.enabled","value":true}]'
    done: [HOME]/.openclaw/skills/boot-resume/SKILL.md
    done: [HOME]/.config/systemd/user/openclaw-gateway.service.d/comeback.conf
    done: [HOME]/.config/systemd/user/comeback-wake-openclaw-gateway.timer
    done: [HOME]/.config/systemd/user/comeback-wake-openclaw-gateway.service
    done: [HOME]/.config/systemd/user/timers.target.wants/comeback-wake-openclaw-gateway.timer
    done: systemctl --user daemon-reload
    done: systemctl --user start comeback-wake-openclaw-gateway.timer
    "#);
    assert_snapshot!(managers(&world), @r"
    systemctl --user daemon-reload
    systemctl --user start comeback-wake-openclaw-gateway.timer
    ");
    assert_snapshot!(run(&world, &["setup", "show"]), @r"
    exit 0
    --- stdout
    The startup hook works. It starts [EXE].
      [HOME]/.openclaw/hooks/comeback/HOOK.md: as installed
      [HOME]/.openclaw/hooks/comeback/handler.js: as installed
      [HOME]/.openclaw/hooks/comeback/package.json: as installed
    What systemd starts with openclaw-gateway.service works. It starts [EXE].
      [HOME]/.config/systemd/user/timers.target.wants/comeback-wake-openclaw-gateway.timer: as installed
      [HOME]/.config/systemd/user/comeback-wake-openclaw-gateway.service: as installed
      [HOME]/.config/systemd/user/comeback-wake-openclaw-gateway.timer: as installed
      [HOME]/.config/systemd/user/openclaw-gateway.service.d/comeback.conf: as installed
    The skill behind /boot-resume works.
      [HOME]/.openclaw/skills/boot-resume/SKILL.md: as installed
    ");
    assert_snapshot!(run(&world, &["setup", "install"]), @r"
    exit 0
    --- stdout
    already: [HOME]/.openclaw/hooks/comeback/HOOK.md
    already: [HOME]/.openclaw/hooks/comeback/handler.js
    already: [HOME]/.openclaw/hooks/comeback/package.json
    already: [HOME]/.openclaw/skills/boot-resume/SKILL.md
    already: [HOME]/.config/systemd/user/openclaw-gateway.service.d/comeback.conf
    already: [HOME]/.config/systemd/user/comeback-wake-openclaw-gateway.timer
    already: [HOME]/.config/systemd/user/comeback-wake-openclaw-gateway.service
    already: [HOME]/.config/systemd/user/timers.target.wants/comeback-wake-openclaw-gateway.timer
    ");
    assert_snapshot!(run(&world, &["setup", "remove"]), @r"
    exit 0
    --- stdout
    done: openclaw config unset hooks
    done: [HOME]/.openclaw/hooks/comeback/HOOK.md
    done: [HOME]/.openclaw/hooks/comeback/handler.js
    done: [HOME]/.openclaw/hooks/comeback/package.json
    done: systemctl --user stop comeback-wake-openclaw-gateway.timer
    done: [HOME]/.config/systemd/user/timers.target.wants/comeback-wake-openclaw-gateway.timer
    done: [HOME]/.config/systemd/user/comeback-wake-openclaw-gateway.service
    done: [HOME]/.config/systemd/user/comeback-wake-openclaw-gateway.timer
    done: [HOME]/.config/systemd/user/openclaw-gateway.service.d/comeback.conf
    done: systemctl --user daemon-reload
    done: [HOME]/.openclaw/skills/boot-resume/SKILL.md
    ");
    assert_eq!(world.files(), before);
    assert_snapshot!(run(&world, &["setup", "remove"]), @r"
    exit 0
    --- stdout
    Nothing to do.
    ");
}

#[test]
fn a_dry_run_only_tells_and_json_shows_each_part() {
    let world = World::machine();
    let before = world.files();
    assert_snapshot!(run(&world, &["setup", "install", "--dry-run"]), @r#"
    exit 0
    --- stdout
    would: [HOME]/.openclaw/hooks/comeback/HOOK.md
    would: [HOME]/.openclaw/hooks/comeback/handler.js
    would: [HOME]/.openclaw/hooks/comeback/package.json
    would: openclaw config set --batch-json '[{"path":"hooks.internal.entries.comeback.enabled","value":true}]'
    would: [HOME]/.openclaw/skills/boot-resume/SKILL.md
    would: [HOME]/.config/systemd/user/openclaw-gateway.service.d/comeback.conf
    would: [HOME]/.config/systemd/user/comeback-wake-openclaw-gateway.timer
    would: [HOME]/.config/systemd/user/comeback-wake-openclaw-gateway.service
    would: [HOME]/.config/systemd/user/timers.target.wants/comeback-wake-openclaw-gateway.timer
    would: systemctl --user daemon-reload
    would: systemctl --user start comeback-wake-openclaw-gateway.timer
    "#);
    assert_eq!(world.files(), before);
    run(&world, &["setup", "install"]);
    assert_snapshot!(run(&world, &["setup", "show", "--json"]), @r#"
    exit 0
    --- stdout
    {
      "schema": "comeback.setup.show.v1",
      "hook": {
        "works": true,
        "enabled": true,
        "binary": "[EXE]",
        "files": [
          "[HOME]/.openclaw/hooks/comeback/HOOK.md",
          "[HOME]/.openclaw/hooks/comeback/handler.js",
          "[HOME]/.openclaw/hooks/comeback/package.json"
        ]
      },
      "systemd": {
        "works": true,
        "of": "openclaw-gateway.service",
        "binary": "[EXE]",
        "files": [
          "[HOME]/.config/systemd/user/timers.target.wants/comeback-wake-openclaw-gateway.timer",
          "[HOME]/.config/systemd/user/comeback-wake-openclaw-gateway.service",
          "[HOME]/.config/systemd/user/comeback-wake-openclaw-gateway.timer",
          "[HOME]/.config/systemd/user/openclaw-gateway.service.d/comeback.conf"
        ]
      },
      "launchd": null,
      "bootResume": {
        "works": true,
        "of": null,
        "binary": null,
        "files": [
          "[HOME]/.openclaw/skills/boot-resume/SKILL.md"
        ]
      },
      "agentsMd": null,
      "imported": []
    }
    "#);
}

#[test]
fn a_part_without_anything_to_belong_to_is_an_error_with_the_way_out() {
    let world = World::machine();
    assert_snapshot!(run(&world, &["setup", "install", "--launchd"]), @r"
    exit 1
    --- stderr
    error: no agent of launchd in [HOME]/Library/LaunchAgents starts a gateway on [HOME]/.openclaw
    hint: name its label with --unit; `openclaw gateway install` makes the usual one
    ");
    assert_snapshot!(run(&world, &["setup", "install", "--systemd", "--unit", "gw"]), @r"
    exit 1
    --- stderr
    error: there is no unit gw of systemd
    hint: `systemctl --user list-unit-files 'openclaw*'` and `systemctl list-unit-files 'openclaw*'` list them
    hint: name another one with --unit; `openclaw gateway install` makes the usual one
    ");
}

#[test]
fn the_units_say_what_they_do() {
    let world = World::machine();
    run(&world, &["setup", "install", "--systemd"]);
    let exe = fs::canonicalize(env!("CARGO_BIN_EXE_comeback")).unwrap();
    let unit = |path: &str| {
        let text = fs::read_to_string(world.home().join(".config/systemd/user").join(path)).unwrap();
        text.replace(exe.to_str().unwrap(), "[EXE]").replace(world.home().to_str().unwrap(), "[HOME]")
    };
    assert_snapshot!(unit("openclaw-gateway.service.d/comeback.conf"), @r#"
    # Written by comeback; `comeback setup remove` takes it away again.
    # It goes on in the background: a gateway counts as started only when this command has ended, and one that takes
    # longer than TimeoutStartSec is killed. What it printed stands in the journal of this unit.
    [Service]
    ExecStartPost=-/bin/sh -c '"$$0" "$$@" &' "[EXE]" recover --trigger startup --wait-gateway --source systemd --state-dir "[HOME]/.openclaw"
    "#);
    assert_snapshot!(unit("comeback-wake-openclaw-gateway.service"), @r#"
    # Written by comeback; `comeback setup remove` takes it away again.
    [Unit]
    Description=comeback: resumes what a sleep of the machine cut off in openclaw-gateway.service
    Requisite=openclaw-gateway.service
    After=openclaw-gateway.service

    [Service]
    Type=oneshot
    TimeoutStartSec=15min
    ExecStart=/bin/sh -c 'exec "$$0" "$$@"' "[EXE]" recover --trigger wake --source systemd --state-dir "[HOME]/.openclaw"
    "#);
    assert_snapshot!(unit("comeback-wake-openclaw-gateway.timer"), @r"
    # Written by comeback; `comeback setup remove` takes it away again.
    # A user's systemd knows no sleep.target. It does see the clock jump when the machine wakes.
    [Unit]
    Description=comeback: notices that the machine has slept, for openclaw-gateway.service

    [Timer]
    OnClockChange=true

    [Install]
    WantedBy=timers.target
    ");
}

#[test]
fn a_manager_that_is_not_there_is_a_warning() {
    let world = World::machine();
    let mut command = world.std_command(env!("CARGO_BIN_EXE_comeback"), &["setup", "install", "--systemd"]);
    command.env("PATH", world.home());
    assert_snapshot!(world.show(&command.output().unwrap()), @r"
    exit 0
    --- stdout
    done: [HOME]/.config/systemd/user/openclaw-gateway.service.d/comeback.conf
    done: [HOME]/.config/systemd/user/comeback-wake-openclaw-gateway.timer
    done: [HOME]/.config/systemd/user/comeback-wake-openclaw-gateway.service
    done: [HOME]/.config/systemd/user/timers.target.wants/comeback-wake-openclaw-gateway.timer
    failed: systemctl --user daemon-reload
    failed: systemctl --user start comeback-wake-openclaw-gateway.timer
    --- stderr
    warning: `systemctl --user daemon-reload`: No such file or directory (os error 2); the units take effect once systemd has read them, at the latest when it starts again
    warning: `systemctl --user start comeback-wake-openclaw-gateway.timer`: No such file or directory (os error 2); the units take effect once systemd has read them, at the latest when it starts again
    ");
}

#[test]
fn the_rule_for_agents_comes_and_goes() {
    let world = World::machine();
    let agents = world.workspace("AGENTS.md");
    put(&agents, "# Agents\n");
    assert_snapshot!(run(&world, &["setup", "agents-md"]), @r"
    exit 0
    --- stdout
    done: [HOME]/.openclaw/workspace/AGENTS.md
    ");
    assert_snapshot!(fs::read_to_string(&agents).unwrap(), @r"
    # Agents

    <!-- comeback:begin, written by `comeback setup agents-md` -->
    - **Gateway restart protocol**: Always use the skill `comeback` for any gateway restart, and for any change of
      configuration that restarts it. Three steps: (1) `comeback prepare` saves the work, tells the user and schedules the
      way back, (2) restart exactly as it printed, (3) when you are woken, run `comeback recover --trigger job`. Never
      restart without step 1.
    <!-- comeback:end -->
    ");
    assert_snapshot!(run(&world, &["setup", "agents-md", "--remove", "--json"]), @r#"
    exit 0
    --- stdout
    {
      "schema": "comeback.setup.agents-md.v1",
      "changes": [
        {
          "target": "[HOME]/.openclaw/workspace/AGENTS.md",
          "kind": "file",
          "outcome": "made"
        }
      ],
      "notes": [],
      "warnings": []
    }
    "#);
    assert_eq!(fs::read_to_string(&agents).unwrap(), "# Agents\n");
}

#[test]
fn what_the_seeds_left_is_taken_over_and_given_back() {
    let world = World::machine();
    put(
        &world.home().join(".config/systemd/user/openclaw-gateway.service.d/boot-resume.conf"),
        "[Service]\n",
    );
    put(&world.home().join(".config/systemd/user/boot-resume-wake.service"), "[Service]\n");
    put(&world.workspace("state/restart-resume.json"), r#"{"pending":true,"sessionKey":"agent:main:main"}"#);
    put(&world.workspace("skills/boot-resume/SKILL.md"), "---\nname: boot-resume\n---\n");
    put(&world.workspace("NOW.md"), "# NOW.md\n\n## Active Tasks\n- the report\n");
    world.checkpoint("2026-11-20/113000", "# Restart checkpoint\n\n## agent:main:main\n- Agent: main\n");
    let before = world.files();
    assert_snapshot!(run(&world, &["setup", "import"]), @r"
    exit 0
    --- stdout
    done: [HOME]/.openclaw/workspace/skills/boot-resume
    done: [HOME]/.config/systemd/user/openclaw-gateway.service.d/boot-resume.conf
    done: [HOME]/.config/systemd/user/boot-resume-wake.service
    done: [HOME]/.openclaw/workspace/state/restart-resume.json
    done: systemctl --user daemon-reload
    Checkpoints of restart-task-recovery, read as they stand: 1
    [HOME]/.openclaw/workspace/memory/restart-checkpoints/2026-11-20/113000.md waits for the next restart; `comeback plan` shows what it asks for
    [HOME]/.openclaw/workspace/NOW.md is read as it stands: active tasks 1, actions after a restart 0
    ");
    assert_snapshot!(run(&world, &["setup", "show"]), @r"
    exit 0
    --- stdout
    The startup hook is not installed: `comeback setup install` does it.
    Moved aside: [HOME]/.openclaw/workspace/skills/boot-resume to [HOME]/.openclaw/workspace/skills.before-comeback/boot-resume
    Moved aside: [HOME]/.config/systemd/user/openclaw-gateway.service.d/boot-resume.conf to [HOME]/.config/systemd/user/openclaw-gateway.service.d/boot-resume.conf.before-comeback
    Moved aside: [HOME]/.config/systemd/user/boot-resume-wake.service to [HOME]/.config/systemd/user/boot-resume-wake.service.before-comeback
    Moved aside: [HOME]/.openclaw/workspace/state/restart-resume.json to [HOME]/.openclaw/workspace/state/restart-resume.json.before-comeback
    ");
    assert_snapshot!(run(&world, &["setup", "remove"]), @r"
    exit 0
    --- stdout
    done: [HOME]/.openclaw/workspace/state/restart-resume.json
    done: [HOME]/.config/systemd/user/boot-resume-wake.service
    done: [HOME]/.config/systemd/user/openclaw-gateway.service.d/boot-resume.conf
    done: [HOME]/.openclaw/workspace/skills/boot-resume
    done: systemctl --user daemon-reload
    ");
    assert_eq!(world.files(), before);
}
