//! `comeback doctor`, where no gateway answers.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use insta::assert_snapshot;

use crate::world::{World, put};

/// A home in which no manager starts a gateway, and `openclaw` tells its version.
fn world() -> World {
    let world = World::new();
    put(&world.state("openclaw.json"), "{gateway:{port:1}}\n");
    put(&world.state("fake.sh"), "echo 'OpenClaw 2026.7.1 (abc)'\n");
    world
}

fn doctor(world: &World, args: &[&str]) -> String {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut command = world.std_command(env!("CARGO_BIN_EXE_comeback"), &[&["doctor"], args].concat());
    command.env("PATH", format!("{}:/usr/bin:/bin", data.display()));
    let exe = std::path::Path::new(env!("CARGO_BIN_EXE_comeback"));
    let bin = exe.parent().unwrap().to_str().unwrap();
    world.show(&command.output().unwrap()).replace(bin, "[BIN]")
}

#[test]
fn a_fresh_home_lacks_the_hook() {
    assert_snapshot!(doctor(&world(), &["--offline"]), @r#"
    exit 1
    --- stdout
    ok    openclaw: OpenClaw 2026.7.1: agents restart through the tool `gateway`; sessions stand in JSONL files; most cut turns are comeback's to resume.
    note  store: There are no sessions below [HOME]/.openclaw yet.
    note  gateway: The gateway was not asked: --offline forbids it.
    wrong hook: The startup hook is not installed: after a crash nobody comes back.
          -> comeback setup install --hook
    note  boot-resume: The slash command /boot-resume is not installed.
          -> comeback setup install --boot-resume
    ok    permissions: What stands in [HOME]/.openclaw/comeback is the owner's alone.
    ok    records: The ledger, the newest checkpoint, tasks and notes can be read.
    ok    policy: Recovery is on, by no file, so the defaults.
    ok    templates: Every message has a template that works.
    ok    skills: No other skill would resume the same work.
    note  skill: The skill comeback is in none of this gateway's folders of skills.
          -> openclaw skills install FOLDER-OF-COMEBACK
    note  skill: comeback is not on this PATH; agents need it on the gateway's: it is in [BIN].
          -> export PATH="[BIN]:$PATH"
    "#);
}

#[test]
fn json_says_the_same() {
    let report = world().json(1, &["doctor", "--offline"]);
    assert_eq!((&report["schema"], &report["ok"]), (&"comeback.doctor.v1".into(), &false.into()));
    let hook =
        report["findings"].as_array().unwrap().iter().find(|finding| finding["check"] == "hook").unwrap();
    assert_eq!((&hook["status"], &hook["fix"]), (&"wrong".into(), &"comeback setup install --hook".into()));
}

#[test]
fn everything_that_can_be_wrong_is_named_with_what_mends_it() {
    let world = world();
    put(&world.state("comeback/config.yaml"), "enabled: maybe\n");
    put(&world.state("comeback/device.json"), "{}");
    fs::set_permissions(world.state("comeback/device.json"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(world.state("comeback/config.yaml"), fs::Permissions::from_mode(0o644)).unwrap();
    fs::set_permissions(world.state("comeback"), fs::Permissions::from_mode(0o755)).unwrap();
    put(&world.workspace("comeback/templates/en/summary.hbs"), "{{nonsense}}");
    put(&world.workspace("state/restart-resume.json"), r#"{"pending":true,"sessionKey":"agent:main:main"}"#);
    put(&world.workspace("skills/seamless-restart/SKILL.md"), "---\nname: seamless-restart\n---\n");
    put(&world.workspace("AGENTS.md"), "# Rules\n- Always use the seamless-restart skill for any\n");
    put(&world.home().join(".config/systemd/user/boot-resume-wake.service"), "[Service]\n");
    put(&world.home().join(".config/systemd/user/openclaw-gateway.service"), "[Service]\n");
    put(&world.state("agents/main/sessions/sessions.json"), "{");
    assert_snapshot!(doctor(&world, &[]), @r#"
    exit 1
    --- stdout
    ok    openclaw: OpenClaw 2026.7.1: agents restart through the tool `gateway`; sessions stand in JSONL files; most cut turns are comeback's to resume.
    wrong store: cannot read the sessions of [HOME]/.openclaw/agents/main/sessions/sessions.json: EOF while parsing an object at line 1 column 1
          -> comeback scan --all
    wrong gateway: no gateway answers on port 1 of this machine: Connection refused (os error 111)
          -> `openclaw gateway status` shows whether it runs, `openclaw gateway start` starts it
    wrong hook: The startup hook is not installed: after a crash nobody comes back.
          -> comeback setup install --hook
    note  systemd: openclaw-gateway.service starts this gateway, and would bring it back after a sleep of the machine as well.
          -> comeback setup install --systemd
    note  boot-resume: The slash command /boot-resume is not installed.
          -> comeback setup install --boot-resume
    wrong permissions: [HOME]/.openclaw/comeback is open to other users.
          -> chmod go-rwx [HOME]/.openclaw/comeback
    wrong permissions: [HOME]/.openclaw/comeback/device.json is open to other users.
          -> chmod go-rwx [HOME]/.openclaw/comeback/device.json
    ok    records: The ledger, the newest checkpoint, tasks and notes can be read.
    wrong policy: cannot read the policy in [HOME]/.openclaw/comeback/config.yaml, line 1: enabled: invalid type: string "maybe", expected a boolean at line 1 column 10
          -> mend the line, or move the file away
    wrong templates: [HOME]/.openclaw/workspace/comeback/templates/en/summary.hbs:1:1: the value "nonsense" is unknown; known: resumed.count, resumed.more, resumed.rows, held.count, held.more, held.rows, manual.count, manual.more, manual.rows; it is not used
          -> mend the file, or move it away; it is left as it is
    wrong skills: The skill seamless-restart in [HOME]/.openclaw/workspace/skills/seamless-restart resumes and restarts in its own way.
          -> comeback setup import
    wrong skills: [HOME]/.config/systemd/user/boot-resume-wake.service starts the script of boot-resume, which resumes the same work.
          -> comeback setup import
    wrong skills: [HOME]/.openclaw/workspace/state/restart-resume.json claims a session for boot-resume, so that comeback leaves it alone.
          -> comeback setup import
    wrong skills: [HOME]/.openclaw/workspace/AGENTS.md, line 2, tells agents to restart with seamless-restart.
          -> take the rule out, then run comeback setup agents-md
    note  skill: The skill comeback is in none of this gateway's folders of skills.
          -> openclaw skills install FOLDER-OF-COMEBACK
    note  skill: comeback is not on this PATH; agents need it on the gateway's: it is in [BIN].
          -> export PATH="[BIN]:$PATH"
    "#);
}

#[test]
fn a_configuration_that_does_not_parse_is_all_that_is_found() {
    let world = world();
    put(&world.state("openclaw.json"), "{gateway:");
    assert_snapshot!(doctor(&world, &["--offline"]), @r"
    exit 1
    --- stdout
    wrong configuration: cannot parse [HOME]/.openclaw/openclaw.json, line 1, column 1: EOF parsing value
          -> `openclaw doctor` shows what is wrong; the gateway does not start with this file either
    ");
}
