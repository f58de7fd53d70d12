//! The units and property lists, judged by the programs that read them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use comeback::gateway::Openclaw;
use comeback::setup::{self, Machine, Parts, Place};
use comeback::support::paths::Paths;
use rstest::rstest;
use tempfile::TempDir;

use crate::folder::said;

/// A machine of folders, with every character in its paths that a unit or a property list could trip over.
struct World {
    dir: TempDir,
    paths: Paths,
    machine: Machine,
}

impl World {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let odd = dir.path().join("it's a \"100%\" $HOME\\x <&> 家");
        let paths = Paths { state: odd.join("state"), workspace: odd.join("workspace") };
        fs::create_dir_all(&paths.state).unwrap();
        fs::write(odd.join("comeback"), "").unwrap();
        let machine = Machine {
            home: odd,
            user_units: vec![dir.path().join("user")],
            system_units: vec![dir.path().join("system")],
            launch_agents: dir.path().join("agents"),
            passwd: dir.path().join("passwd"),
            systemctl: "true".into(),
            launchctl: "true".into(),
        };
        Self { dir, paths, machine }
    }

    fn put(&self, path: &str, text: &str) {
        let path = self.dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn install(&self, parts: &Parts) {
        let openclaw = Openclaw::new(&self.paths, &self.paths.state.join("openclaw.json"));
        let place = Place { paths: &self.paths, openclaw: &openclaw, machine: &self.machine };
        setup::install(place, &self.machine.home.join("comeback"), parts, false).unwrap();
    }
}

#[rstest]
#[case::a_users("user", 3)]
#[case::the_machines("system", 2)]
fn systemd_finds_nothing_wrong_with_the_units(#[case] folder: &str, #[case] count: usize) {
    let world = World::new();
    world.put(
        &format!("{folder}/gw.service"),
        "[Service]\nExecStart=/bin/true\nUser=root\nEnvironment=PATH=/bin\n",
    );
    let is_root =
        fs::metadata(world.dir.path()).is_ok_and(|meta| std::os::unix::fs::MetadataExt::uid(&meta) == 0);
    if folder == "system" && !is_root {
        return assert!(Path::new("/proc").exists(), "only root installs units of the machine's");
    }
    world.install(&Parts { systemd: true, unit: Some("gw".to_owned()), ..Parts::default() });
    let entries = fs::read_dir(world.dir.path().join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let units: Vec<PathBuf> = entries.filter(|path| path.is_file()).collect();
    assert_eq!(units.len(), count, "{units:?}");
    let mut verify = Command::new("systemd-analyze");
    verify.args(["verify", "--man=no"]).args(&units);
    // What else the machine has may be wrong; the units are looked for here first.
    let path = format!("{}:", world.dir.path().join(folder).display());
    let output =
        verify.env("SYSTEMD_UNIT_PATH", path).output().expect("systemd-analyze is needed: install systemd");
    assert!(output.status.success() && said(&output).trim().is_empty(), "{}", said(&output));

    // It does look: a unit that names no program is found out.
    world.put(&format!("{folder}/gw.service.d/zz.conf"), "[Service]\nExecStartPost=relative\nNonsense=1\n");
    let output = verify.output().unwrap();
    assert!(said(&output).contains("Nonsense"), "{}", said(&output));
}

#[test]
fn property_lists_say_to_a_parser_what_they_should() {
    const PARSE: &str =
        "import json, plistlib, sys; print(json.dumps(plistlib.load(open(sys.argv[1], 'rb'))))";
    let world = World::new();
    world.put("agents/ai.openclaw.gateway.plist", "<plist/>");
    let unit = Some("ai.openclaw.gateway".to_owned());
    world.install(&Parts { launchd: true, unit, ..Parts::default() });
    let parsed = |kind: &str| -> serde_json::Value {
        let file = world.dir.path().join(format!("agents/comeback.ai.openclaw.gateway.{kind}.plist"));
        let output =
            Command::new("python3").args(["-c", PARSE]).arg(file).output().expect("python3 is needed");
        assert!(output.status.success(), "{}", said(&output));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let text = |path: &Path| path.canonicalize().unwrap().to_str().unwrap().to_owned();
    let (binary, state) = (text(&world.machine.home.join("comeback")), world.paths.state.to_str().unwrap());

    let start = parsed("start");
    let words = [
        &binary,
        "recover",
        "--trigger",
        "startup",
        "--wait-gateway",
        "--source",
        "launchd",
        "--state-dir",
        state,
    ];
    assert_eq!(start["ProgramArguments"], serde_json::json!(words));
    assert_eq!(
        (&start["Label"], &start["RunAtLoad"]),
        (&"comeback.ai.openclaw.gateway.start".into(), &true.into())
    );
    assert!(start.get("KeepAlive").is_none(), "it ends by itself, and is not to be started again for that");
    let watched = start["WatchPaths"].as_array().unwrap();
    assert!(
        watched.iter().any(|path| path.as_str().unwrap().starts_with(&format!("{state}/tmp/openclaw-"))),
        "{start}"
    );

    let wake = parsed("wake");
    let words = wake["ProgramArguments"].as_array().unwrap();
    assert_eq!(
        words[3..6],
        [binary.as_str().into(), "recover".into(), "--trigger".into()] as [serde_json::Value; 3]
    );
    assert!(wake.get("RunAtLoad").is_none() && wake.get("KeepAlive").is_none());
    assert_eq!(wake["StartCalendarInterval"].as_array().unwrap().len(), 12);
    for (woke, runs) in [(0, true), (300, true), (340, false), (90_000, false)] {
        assert_eq!(wakes(&world, words[2].as_str().unwrap(), woke), runs, "woken {woke} s ago");
    }
}

/// Runs the agent's script on a machine that woke so many seconds ago; tells whether it starts the program.
fn wakes(world: &World, script: &str, seconds: u64) -> bool {
    let bin = world.dir.path().join("bin");
    let sysctl =
        format!("#!/bin/sh\necho \"{{ sec = $(($(date +%s) - {seconds})), usec = 7 }} Sat Nov 28\"\n");
    world.put("bin/sysctl", &sysctl);
    world.put("bin/program", "#!/bin/sh\necho \"$*\"\n");
    for name in ["sysctl", "program"] {
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(bin.join(name), mode).unwrap();
    }
    let mut command = Command::new("dash");
    command.args(["-c", script]).arg(bin.join("program")).args(["recover", "--trigger", "wake"]);
    let output = command.env("PATH", format!("{}:/usr/bin:/bin", bin.display())).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    said(&output) == "recover --trigger wake\n"
}
