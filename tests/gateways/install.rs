//! From a fresh home to a working installation, and back: the bundle, install.sh, the hook, `/boot-resume`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rstest::rstest;
use serde_json::{Value, json};

use crate::comeback;
use crate::harness::World;
use crate::harness::gateway::Gateway;
use crate::harness::model::{Reply, Request};
use crate::harness::wait;
use crate::people::{ADA, BEN, LATER, SOON};

const ASKED: &str = "please watch the pipe";
const BEGUN: &str = "I watch it.";
/// What stands in every message of ours to a session.
const RESUMED: &str = "Idempotency key: comeback-";
/// The one command of the skill behind `/boot-resume`, as its text names it.
const MANUAL: &str = "comeback recover --trigger manual";

/// Ben's agent watches a pipe in the background and, when it is told that this has ended, says which time it is. Ada's
/// does what the skill says that her slash command names.
fn script(request: &Request) -> Reply {
    let (said, results) = (request.last_user_text(), request.last_tool_results());
    if results.contains(MANUAL) {
        return Reply::exec(MANUAL);
    }
    if results.contains("Back after the restart") || results.contains("Nothing to recover") {
        return Reply::text(format!("It said: {results}"));
    }
    if !results.is_empty() {
        return Reply::text(BEGUN);
    }
    if said.contains(RESUMED) {
        let is_ours = |text: &str| text.contains(RESUMED);
        let times = request.messages.iter().filter(|one| one.role == "user" && is_ours(&one.text)).count();
        return Reply::text(format!("Done, number {times}."));
    }
    if said.contains(ASKED) {
        return Reply::tool("exec", json!({"command": "cat work.pipe", "background": true}));
    }
    if said.contains("boot-resume") {
        return skill_file(request)
            .map_or_else(|| Reply::text("no such skill"), |file| Reply::exec(&format!("cat {file}")));
    }
    Reply::text("NO_REPLY")
}

/// Where the agent's prompt says that the skill stands.
fn skill_file(request: &Request) -> Option<String> {
    const END: &str = "boot-resume/SKILL.md";
    let texts = request.messages.iter().map(|message| message.text.as_str());
    texts.into_iter().find_map(|text| {
        let end = text.find(END)? + END.len();
        let start = text[..end].rfind(|c: char| !(c.is_ascii_alphanumeric() || "/~._-".contains(c)))?;
        Some(text[start + 1..end].to_owned())
    })
}

/// The bundle with the program under test in it, which is larger than ClawHub takes: it comes in afterwards.
fn bundle(gateway: &Gateway) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let bundle = gateway.tmp().join("comeback");
    let placeholder = gateway.tmp().join("placeholder");
    fs::write(&placeholder, "").unwrap();
    let mut package = Command::new(root.join("scripts/package.sh"));
    package.arg("--binary").arg(&placeholder).arg(&bundle);
    fine(&comeback::bounded(gateway, package));
    let prebuilt = fs::read_dir(bundle.join("prebuilt")).unwrap().next().unwrap().unwrap().path();
    let mut strip = Command::new("strip");
    strip.arg("-o").arg(&prebuilt).arg(env!("CARGO_BIN_EXE_comeback"));
    fine(&comeback::bounded(gateway, strip));
    let mut sum = Command::new("sha256sum");
    let sum = fine(&comeback::bounded(gateway, {
        sum.arg(&prebuilt);
        sum
    }));
    let name = prebuilt.file_name().unwrap().to_str().unwrap();
    let sums = fs::read_to_string(bundle.join("SHA256SUMS")).unwrap();
    let line = format!("{}  prebuilt/{name}", sum.split(' ').next().unwrap());
    let sums: Vec<&str> =
        sums.lines().map(|old| if old.ends_with(name) { line.as_str() } else { old }).collect();
    fs::write(bundle.join("SHA256SUMS"), sums.join("\n") + "\n").unwrap();
    bundle
}

fn fine(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// install.sh of the installed skill, without run bits, for the gateway's own PATH.
fn install(gateway: &Gateway, args: &[&str]) -> String {
    let mut command = Command::new("/bin/sh");
    command
        .arg(gateway.workspace().join("skills/comeback/install.sh"))
        .arg("--prefix")
        .arg(gateway.bin().parent().unwrap());
    command.args(args).env_clear().envs(gateway.environment());
    fine(&comeback::bounded(gateway, command))
}

/// Every file below the gateway's home, but for what only the tests have.
fn tree(gateway: &Gateway) -> BTreeMap<PathBuf, Vec<u8>> {
    let home = gateway.bin().parent().unwrap().to_owned();
    let mut found = BTreeMap::new();
    let mut folders = vec![home.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&home).unwrap().to_owned();
            if path.is_symlink() || name == Path::new("tmp") {
                continue;
            }
            if path.is_dir() {
                found.insert(name, b"folder".to_vec());
                folders.push(path);
            } else {
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

/// The paths at which two trees differ.
fn changed(one: &BTreeMap<PathBuf, Vec<u8>>, other: &BTreeMap<PathBuf, Vec<u8>>) -> Vec<PathBuf> {
    let paths = one.keys().chain(other.keys());
    let mut changed: Vec<PathBuf> =
        paths.filter(|path| one.get(*path) != other.get(*path)).cloned().collect();
    changed.sort();
    changed.dedup();
    changed
}

/// Ben has work in the background, and the machine loses its power.
fn cut_off(world: &mut World) {
    let mark = world.telegram.mark();
    world.telegram.say(BEN, "Ben", ASKED);
    wait::until("the work", SOON, || {
        world.telegram.sent_since(mark, BEN).contains(&BEGUN.to_owned()).then_some(())
    });
    wait::until("the end of Ben's turn", SOON, || {
        let row =
            comeback::call(&world.gateway, "sessions.describe", &json!({"key": crate::people::key(BEN)}));
        (row["session"]["status"] == "done").then_some(())
    });
    world.gateway.sigkill_all();
}

#[rstest]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn a_fresh_home_is_set_up_in_one_command_and_left_without_a_trace(#[case] version: &str) {
    let mut world = World::new(version, script);
    let gateway = &world.gateway;
    fine(&comeback::bounded(gateway, {
        let mut pipe = Command::new("mkfifo");
        pipe.arg(gateway.workspace().join("work.pipe"));
        pipe
    }));
    let units = gateway.bin().parent().unwrap().join(".config/systemd/user");
    fs::create_dir_all(&units).unwrap();
    let unit = format!(
        "[Service]\nExecStart=/bin/true\nEnvironment=OPENCLAW_STATE_DIR={}\n",
        gateway.state_dir().display()
    );
    fs::write(units.join("openclaw-gateway.service"), unit).unwrap();
    let bundle = bundle(gateway);
    fine(&gateway.cli(["skills", "install", bundle.to_str().unwrap()]));
    let fresh = tree(gateway);

    // In and out again before anything runs: what differs is what OpenClaw itself wrote.
    install(gateway, &[]);
    let skill: Value = parse(&fine(&gateway.cli(["skills", "info", "comeback", "--json"])));
    assert_eq!(skill["eligible"], true, "{skill}");
    install(gateway, &["--uninstall"]);
    let foreign = changed(&fresh, &tree(gateway));
    let is_ours = |path: &&PathBuf| {
        ["comeback", "boot-resume", "systemd", "hooks"]
            .iter()
            .any(|name| path.to_string_lossy().contains(name))
    };
    assert_eq!(foreign.iter().filter(is_ours).collect::<Vec<_>>(), Vec::<&PathBuf>::new());
    println!("{version}: {foreign:?}");

    install(gateway, &[]);
    let installed = tree(gateway);
    install(gateway, &[]);
    assert_eq!(
        changed(&installed, &tree(gateway)),
        Vec::<PathBuf>::new(),
        "installing again changes nothing"
    );

    world.gateway.start();
    world.gateway.wait_ready();
    cut_off(&mut world);
    world.gateway.start();
    // The units' trigger, beside the hook: one start, one recovery.
    let mut unit = comeback::command(
        &world.gateway,
        &["recover", "--trigger", "startup", "--wait-gateway", "--source", "systemd"],
    );
    let unit = unit.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().unwrap();
    world.gateway.wait_ready();
    world.telegram.wait_for_message(BEN, "the resumed work", LATER, |text| text == "Done, number 1.");
    wait::until("both triggers to have fired", LATER, || {
        (comeback::ledger(&world.gateway, "fired").len() == 2).then_some(())
    });
    drop({
        let mut unit = unit;
        wait::until("its end", LATER, || unit.try_wait().unwrap())
    });

    // Switched off, a crash stays as it is; the slash command brings the work back once it is on again.
    let policy = world.gateway.state_dir().join("comeback/config.yaml");
    cut_off(&mut world);
    fs::write(&policy, "enabled: false\n").unwrap();
    world.gateway.start();
    world.gateway.wait_ready();
    assert_eq!(
        comeback::json(&world.gateway, 0, &["recover", "--trigger", "startup"])["outcome"],
        "disabled"
    );
    fs::remove_file(&policy).unwrap();
    world.telegram.say(ADA, "Ada", "/boot-resume");
    world.telegram.wait_for_message(ADA, "what was resumed", LATER, |text| {
        text.contains("It said: ") && text.contains("resumed agent:main:telegram:direct:102")
    });
    world.telegram.wait_for_message(BEN, "the work again", LATER, |text| text == "Done, number 2.");
    let heard = |number| world.telegram.matching(BEN, |text| text == format!("Done, number {number}.")).len();
    assert_eq!((heard(1), heard(2), heard(3)), (1, 1, 0), "{:?}", world.telegram.sent(BEN));

    let findings = comeback::json(&world.gateway, 0, &["doctor"]);
    assert_eq!(findings["ok"], true, "{findings}");
    world.gateway.stop();
    install(&world.gateway, &["--uninstall"]);
    let left = tree(&world.gateway);
    let ours: Vec<&PathBuf> = left.keys().filter(|path| !fresh.contains_key(*path)).filter(is_ours).collect();
    assert_eq!(ours, Vec::<&PathBuf>::new());
    let config: Value = parse(&String::from_utf8(left[Path::new("openclaw.json")].clone()).unwrap());
    assert_eq!(config.get("hooks"), None, "{config}");
}

/// Parses what a command printed, past lines in front of it.
fn parse(text: &str) -> Value {
    serde_json::from_str(&text[text.find('{').unwrap_or_default()..])
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}
