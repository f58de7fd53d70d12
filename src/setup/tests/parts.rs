//! The parts beside the hook, on a machine whose managers are folders.

use std::os::unix::fs::symlink;

use chrono::{DateTime, TimeDelta};
use rstest::rstest;

use super::*;
use crate::ledger::{Event, Held, Ledger, Writer};
use crate::support::clock::Clock;
use crate::support::fs::GIVEN_UP;

const SYSTEMD: Parts = Parts { hook: false, systemd: true, launchd: false, boot_resume: false, unit: None };
const LAUNCHD: Parts = Parts { hook: false, systemd: false, launchd: true, boot_resume: false, unit: None };

/// A gateway with its unit, or its agent, on a machine of its own.
struct Rig {
    gateway: Gateway,
    machine: Machine,
}

impl Rig {
    fn new() -> Self {
        let gateway = Gateway::new("{}");
        let machine = machine(gateway.dir.path());
        Self { gateway, machine }
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.gateway.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn unit(&self, folder: &str) {
        let state = unit::quoted(&format!("OPENCLAW_STATE_DIR={}", self.gateway.paths.state.display()));
        let text = format!("[Service]\nExecStart=/bin/true\nEnvironment={state}\nUser=root\n");
        self.put(&format!("{folder}/openclaw-gateway.service"), &text);
    }

    fn place(&self) -> Place<'_> {
        Place { paths: &self.gateway.paths, openclaw: &self.gateway.openclaw, machine: &self.machine }
    }

    fn install(&self, parts: &Parts) -> Result<Report> {
        install(self.place(), &self.gateway.exe(), parts, false)
    }

    fn remove(&self) -> Report {
        remove(self.place(), false, false).unwrap()
    }

    fn tree(&self) -> Vec<(PathBuf, String)> {
        tree(self.gateway.dir.path())
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.gateway.dir.path().join(path)).unwrap()
    }
}

fn commands(report: &Report) -> Vec<String> {
    let command = |change: &Change| match &change.target {
        Target::Command(command) => Some(command.clone()),
        Target::File(_) => None,
    };
    report.changes.iter().filter_map(command).collect()
}

#[rstest]
#[case::users("units", true)]
#[case::machines("system", false)]
fn units_come_once_and_go_without_a_trace(#[case] folder: &str, #[case] is_users: bool) {
    let rig = Rig::new();
    rig.unit(folder);
    let before = rig.tree();
    let report = rig.install(&SYSTEMD).unwrap();
    let reload = if is_users { "systemctl --user daemon-reload" } else { "systemctl daemon-reload" };
    assert_eq!(commands(&report)[0], reload);
    let with = rig.tree();
    let report = rig.install(&SYSTEMD).unwrap();
    assert!(report.changes.iter().all(|change| change.outcome == Outcome::Already), "{report:?}");
    assert_eq!(rig.tree(), with);
    let shown = show_all(&rig.gateway.paths, &rig.gateway.openclaw).unwrap().systemd.unwrap();
    assert!(shown.works() && shown.of.as_deref() == Some("openclaw-gateway.service"));
    rig.remove();
    assert_eq!(rig.tree(), before);
}

#[test]
fn a_drop_in_starts_the_program_behind_the_gateway_with_every_word_whole() {
    let rig = Rig::new();
    rig.unit("units");
    rig.install(&SYSTEMD).unwrap();
    let drop_in = rig.read("units/openclaw-gateway.service.d/comeback.conf");
    let line = drop_in.lines().find_map(|line| line.strip_prefix("ExecStartPost=-")).unwrap();
    let binary = rig.gateway.exe().canonicalize().unwrap();
    assert!(line.starts_with(r#"/bin/sh -c '"$$0" "$$@" &' "#), "{line}");
    let rest = format!(
        "\"{}\" recover --trigger startup --wait-gateway --source systemd --state-dir \"{}\"",
        binary.display(),
        rig.gateway.paths.state.display()
    );
    assert!(line.ends_with(&rest), "{line}");
}

#[test]
fn a_unit_for_wakes_runs_as_the_gateway_does_when_the_machine_has_slept() {
    let rig = Rig::new();
    rig.unit("system");
    rig.install(&SYSTEMD).unwrap();
    let service = rig.read("system/comeback-wake-openclaw-gateway.service");
    assert!(service.contains("\nUser=root\nExecStart="), "{service}");
    assert!(
        service.contains("\nAfter=openclaw-gateway.service suspend.target hibernate.target"),
        "{service}"
    );
    let link =
        rig.gateway.dir.path().join("system/suspend.target.wants/comeback-wake-openclaw-gateway.service");
    assert_eq!(fs::read_to_string(link).unwrap(), service);
    assert!(service.contains(" recover --trigger wake --source systemd --state-dir "), "{service}");
}

#[test]
fn what_this_machine_has_is_installed_and_what_it_has_not_is_missed_only_where_it_was_asked_for() {
    let rig = Rig::new();
    let before = rig.tree();
    let report = rig.install(&Parts::default()).unwrap();
    let shown = show_all(&rig.gateway.paths, &rig.gateway.openclaw).unwrap();
    assert!(shown.hook.unwrap().works() && shown.boot_resume.unwrap().works());
    assert!(shown.systemd.is_none() && shown.launchd.is_none() && report.warnings.is_empty());
    for (parts, said) in [(SYSTEMD, "no unit openclaw-gateway"), (LAUNCHD, "no agent of launchd")] {
        let error = rig.install(&parts).unwrap_err();
        assert!(error.to_string().contains(said) && error.hints().iter().any(|hint| hint.contains("--unit")));
        let named = rig.install(&Parts { unit: Some("gw".to_owned()), ..parts }).unwrap_err();
        assert_eq!(named.kind(), Kind::User);
    }
    rig.unit("units");
    rig.install(&Parts::default()).unwrap();
    assert!(show_all(&rig.gateway.paths, &rig.gateway.openclaw).unwrap().systemd.unwrap().works());
    rig.remove();
    fs::remove_dir_all(rig.gateway.dir.path().join("units")).unwrap();
    assert_eq!(rig.tree(), before);
}

#[test]
fn a_unit_of_another_name_takes_the_place_of_the_first() {
    let rig = Rig::new();
    rig.unit("units");
    rig.install(&SYSTEMD).unwrap();
    rig.put("units/gw.service", "[Service]\nExecStart=/bin/true\n");
    rig.install(&Parts { unit: Some("gw".to_owned()), ..SYSTEMD }).unwrap();
    let units = rig.gateway.dir.path().join("units");
    assert!(units.join("gw.service.d/comeback.conf").is_file());
    assert!(!units.join("openclaw-gateway.service.d/comeback.conf").exists());
    assert!(!units.join("comeback-wake-openclaw-gateway.timer").exists());
    rig.remove();
    let left: Vec<_> = fs::read_dir(&units).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn what_somebody_else_wrote_is_neither_replaced_nor_removed() {
    let rig = Rig::new();
    rig.unit("units");
    rig.put("units/openclaw-gateway.service.d/comeback.conf", "mine");
    let before = rig.tree();
    assert_eq!(rig.install(&SYSTEMD).unwrap_err().kind(), Kind::Refused);
    assert_eq!(rig.tree(), before);
    rig.put("state/skills/boot-resume/SKILL.md", "---\nname: boot-resume\n---\n");
    fs::remove_dir_all(rig.gateway.dir.path().join("units")).unwrap();
    let report = rig.install(&Parts::default()).unwrap();
    assert!(report.warnings[0].contains("boot-resume/SKILL.md"), "{report:?}");
    rig.remove();
    assert_eq!(rig.read("state/skills/boot-resume/SKILL.md"), "---\nname: boot-resume\n---\n");
}

#[test]
fn agents_of_launchd_come_once_and_go_without_a_trace() {
    let rig = Rig::new();
    let state = rig.gateway.paths.state.display();
    let plist =
        format!("<plist><dict><key>OPENCLAW_STATE_DIR</key>\n<string>{state}</string></dict></plist>");
    rig.put("LaunchAgents/ai.openclaw.gateway.plist", "<plist/>");
    rig.put("LaunchAgents/ai.openclaw.ops.plist", &plist);
    let before = rig.tree();
    let report = rig.install(&LAUNCHD).unwrap();
    let user = crate::support::process::user_id();
    let agents = rig.gateway.dir.path().join("LaunchAgents");
    let start = agents.join("comeback.ai.openclaw.ops.start.plist");
    assert_eq!(commands(&report)[0], format!("launchctl bootstrap gui/{user} {}", start.display()));
    let (text, with) = (fs::read_to_string(start).unwrap(), rig.tree());
    assert!(text.contains(&format!("<string>{state}</string>")) && !text.contains('@'), "{text}");
    rig.install(&LAUNCHD).unwrap();
    assert_eq!(rig.tree(), with);
    let moved = rig.gateway.dir.path().join("moved");
    fs::write(&moved, "").unwrap();
    let report = install(rig.place(), &moved, &LAUNCHD, false).unwrap();
    assert_eq!(commands(&report)[0], format!("launchctl bootout gui/{user}/comeback.ai.openclaw.ops.start"));
    rig.remove();
    fs::remove_file(moved).unwrap();
    assert_eq!(rig.tree(), before);
}

fn now() -> DateTime<chrono::Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

#[test]
fn what_the_seeds_left_is_moved_aside_and_given_back() {
    let rig = Rig::new();
    rig.unit("units");
    rig.put("units/openclaw-gateway.service.d/boot-resume.conf", "[Service]\n");
    rig.put("units/boot-resume-wake.service", "[Service]\n");
    let wants = rig.gateway.dir.path().join("units/sleep.target.wants");
    fs::create_dir(&wants).unwrap();
    symlink("../boot-resume-wake.service", wants.join("boot-resume-wake.service")).unwrap();
    rig.put("ws/state/restart-resume.json", r#"{"pending":true,"sessionKey":"agent:main:main"}"#);
    for seed in ["restart-task-recovery", "seamless-restart", "smart-wake", "boot-resume"] {
        rig.put(&format!("ws/skills/{seed}/SKILL.md"), &format!("---\nname: {seed}\n---\n"));
    }
    rig.put("ws/skills/other/SKILL.md", "---\nname: other\n---\n");
    rig.put("ws/NOW.md", "# NOW.md\n\n## Active Tasks\n- the report\n");
    rig.put(
        "ws/memory/restart-checkpoints/2020-01-01/100000.md",
        "# Restart checkpoint (2020-01-01 10:00:00)\n\n## agent:main:main\n- Agent: main\n",
    );
    let before = rig.tree();

    let dry = import(rig.place(), Clock::new(Some(now())), true).unwrap();
    assert_eq!(rig.tree(), before);
    let report = import(rig.place(), Clock::new(Some(now())), false).unwrap();
    assert_eq!(dry.changes.len(), report.changes.len());
    assert_eq!(commands(&report), ["systemctl --user daemon-reload"]);
    assert!(seeds::find(&rig.gateway.paths, &rig.machine).unwrap().is_empty());
    assert!(!wants.join("boot-resume-wake.service").exists());
    assert_eq!(rig.read("units/openclaw-gateway.service.d/boot-resume.conf.before-comeback"), "[Service]\n");
    assert_eq!(rig.read("ws/skills.before-comeback/smart-wake/SKILL.md"), "---\nname: smart-wake\n---\n");
    assert!(rig.gateway.dir.path().join("ws/skills/other/SKILL.md").exists());
    let notes = report.notes.join("\n");
    assert!(notes.contains("as they stand: 1") && notes.contains("counts as used"), "{notes}");
    assert!(notes.contains("active tasks 1"), "{notes}");
    let ledger = Ledger::read(&rig.gateway.paths.ledger()).unwrap();
    assert!(ledger.consumed_at("2020-01-01/100000").is_some());

    let again = import(rig.place(), Clock::new(Some(now())), false).unwrap();
    assert!(again.changes.is_empty(), "{again:?}");
    remove(rig.place(), true, false).unwrap();
    assert_eq!(rig.tree(), before);
}

#[test]
fn our_own_boot_resume_is_no_leftover() {
    let rig = Rig::new();
    rig.install(&Parts { boot_resume: true, ..Parts::default() }).unwrap();
    assert!(seeds::find(&rig.gateway.paths, &rig.machine).unwrap().is_empty());
}

#[test]
fn records_go_on_demand_unless_something_is_held_in_them() {
    let rig = Rig::new();
    let before = rig.tree();
    let held = Held {
        key: crate::model::IdempotencyKey::of(&["c1"]),
        session_key: "agent:main:main".parse().unwrap(),
        checkpoint: None,
        rule: "payment".to_owned(),
        reason: "It pays somebody.".to_owned(),
        message: "Go on.".to_owned(),
        also: Vec::new(),
        task: None,
    };
    let paths = &rig.gateway.paths;
    Writer::open(paths, GIVEN_UP, now()).unwrap().append(now(), Event::Held(held)).unwrap();
    let with = rig.tree();
    let report = remove(rig.place(), true, false).unwrap();
    assert_eq!((outcomes(&report).as_slice(), rig.tree()), (&[Outcome::Left][..], with));
    assert!(report.warnings[0].contains("about 1 in it"), "{report:?}");
    fs::remove_file(paths.ledger()).unwrap();
    remove(rig.place(), true, false).unwrap();
    assert_eq!(rig.tree(), before);
}

#[test]
fn root_does_not_write_into_the_state_directory_of_somebody_else() {
    if !crate::support::process::is_root() {
        return assert!(!Machine::is_foreign(&Rig::new().gateway.paths.state), "one's own is nobody else's");
    }
    let rig = Rig::new();
    rig.unit("system");
    std::os::unix::fs::chown(&rig.gateway.paths.state, Some(65_534), None).unwrap();
    let before = rig.tree();
    for parts in [Parts { hook: true, ..Parts::default() }, Parts { boot_resume: true, ..Parts::default() }] {
        assert_eq!(rig.install(&parts).unwrap_err().kind(), Kind::Refused);
    }
    assert_eq!(rig.tree(), before);
    let report = rig.install(&Parts::default()).unwrap();
    assert!(report.warnings[0].contains("another user than root"), "{report:?}");
    let shown = show_all(&rig.gateway.paths, &rig.gateway.openclaw).unwrap();
    assert!(shown.hook.is_none() && shown.boot_resume.is_none() && shown.systemd.unwrap().works());
    let manifest = rig.gateway.paths.own().join("manifest.json").metadata().unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&manifest), 65_534);
    assert!(rig.remove().warnings[0].contains("another user than root"));
    assert_eq!(rig.tree(), before);
}

#[test]
fn a_run_that_was_stopped_between_record_and_file_is_finished_by_the_next() {
    let rig = Rig::new();
    rig.unit("units");
    rig.install(&SYSTEMD).unwrap();
    let drop_in = rig.gateway.dir.path().join("units/openclaw-gateway.service.d/comeback.conf");
    // The program has moved, so that the files say something else; a file in the place of a folder stops the run at its link.
    let moved = rig.gateway.dir.path().join("moved");
    fs::write(&moved, "").unwrap();
    let units = rig.gateway.dir.path().join("units");
    fs::remove_dir_all(units.join("timers.target.wants")).unwrap();
    fs::write(units.join("timers.target.wants"), "").unwrap();
    install(rig.place(), &moved, &SYSTEMD, false).unwrap_err();
    assert!(fs::read_to_string(&drop_in).unwrap().contains("moved"));
    fs::remove_file(units.join("timers.target.wants")).unwrap();
    install(rig.place(), &moved, &SYSTEMD, false).unwrap();
    assert!(fs::read_to_string(drop_in).unwrap().contains("moved"));
    rig.remove();
    assert_eq!(fs::read_dir(units).unwrap().count(), 1);
}
