//! From a fresh home to a working installation, and back: the bundle, install.sh, the hook, `/boot-resume`.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rstest::rstest;
use serde_json::{Value, json};

use crate::comeback;
use crate::harness::World;
use crate::harness::gateway::Gateway;
use crate::harness::model::{Message, Reply, Request};
use crate::harness::wait;
use crate::people::{ADA, BEN, LATER, SOON, key};

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
    // What the gateway quotes of the chat's past is in a message of its own, and nothing to be done.
    let is_said = |one: &&Message| one.role == "user" && !one.text.contains("OPENCLAW_INTERNAL_CONTEXT");
    let is_now = |words: &str| {
        request.since_last_assistant().iter().filter(is_said).any(|one| one.text.contains(words))
    };
    if is_now(RESUMED) {
        let times = request.messages.iter().filter(is_said).filter(|one| one.text.contains(RESUMED)).count();
        return Reply::text(format!("Done, number {times}."));
    }
    if is_now(ASKED) {
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

/// The bundle with the program under test in it, which is larger than `ClawHub` takes: it comes in afterwards.
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
    sum.arg(&prebuilt);
    let sum = fine(&comeback::bounded(gateway, sum));
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
    command.arg(gateway.workspace().join("skills/comeback/install.sh")).arg("--prefix").arg(home(gateway));
    command.args(args).env_clear().envs(gateway.environment());
    fine(&comeback::bounded(gateway, command))
}

fn home(gateway: &Gateway) -> PathBuf {
    gateway.bin().parent().unwrap().to_owned()
}

/// Every file below the gateway's home, but for what only the tests have.
fn tree(gateway: &Gateway) -> BTreeMap<PathBuf, Vec<u8>> {
    let home = home(gateway);
    let mut found = BTreeMap::new();
    let mut folders = vec![home.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(&home).unwrap().to_owned();
            let kind = fs::symlink_metadata(&path).unwrap().file_type();
            if kind.is_dir() && name != Path::new("tmp") {
                found.insert(name, b"folder".to_vec());
                folders.push(path);
            } else if kind.is_file() {
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
    let is_begun = || world.telegram.sent_since(mark, BEN).contains(&BEGUN.to_owned()).then_some(());
    wait::poll(SOON, is_begun).unwrap_or_else(|| {
        let asked = world.model.requests().last().map(|request| request.since_last_assistant().to_vec());
        panic!("no work: the chat shows {:?}, the model was last asked {asked:?}", world.telegram.sent(BEN))
    });
    wait::until("the end of Ben's turn", SOON, || {
        let row = comeback::call(&world.gateway, "sessions.describe", &json!({"key": key(BEN)}));
        (row["session"]["status"] == "done").then_some(())
    });
    world.gateway.sigkill_all();
}

/// A fresh home with a gateway that systemd would start, and the skill in it, as an operator puts it there.
fn fresh_home(version: &str) -> (World, BTreeMap<PathBuf, Vec<u8>>) {
    let world = World::new(version, script);
    let gateway = &world.gateway;
    let mut pipe = Command::new("mkfifo");
    pipe.arg(gateway.workspace().join("work.pipe"));
    fine(&comeback::bounded(gateway, pipe));
    let units = home(gateway).join(".config/systemd/user");
    fs::create_dir_all(&units).unwrap();
    let state = gateway.state_dir().display().to_string();
    let unit = format!("[Service]\nExecStart=/bin/true\nEnvironment=OPENCLAW_STATE_DIR={state}\n");
    fs::write(units.join("openclaw-gateway.service"), unit).unwrap();
    fine(&gateway.cli(["skills", "install", bundle(gateway).to_str().unwrap()]));
    let fresh = tree(gateway);
    (world, fresh)
}

/// Those of the paths that would be ours; the skill's own folder is what `OpenClaw` put there.
fn of_ours<'a>(paths: impl Iterator<Item = &'a PathBuf>) -> Vec<&'a PathBuf> {
    let is_ours = |path: &&PathBuf| {
        let name = path.to_string_lossy();
        ["comeback", "boot-resume", "systemd", "hooks"].iter().any(|part| name.contains(part))
    };
    paths.filter(is_ours).collect()
}

/// Has each run of the installed program written down when it has ended, with its arguments and exit code.
fn note_calls(gateway: &Gateway) -> PathBuf {
    let (program, noted) = (gateway.bin().join("comeback"), gateway.tmp().join("calls"));
    fs::rename(&program, gateway.bin().join("comeback-itself")).unwrap();
    let (itself, file) = (gateway.bin().join("comeback-itself"), noted.display());
    let body = format!("'{}' \"$@\"; code=$?; echo \"$*: $code\" >>'{file}'; exit $code", itself.display());
    gateway.place_script("comeback", &body);
    noted
}

#[rstest]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn what_is_installed_is_ready_stays_as_it_is_and_goes_without_a_trace(#[case] version: &str) {
    let (world, fresh) = fresh_home(version);
    let gateway = &world.gateway;
    install(gateway, &[]);
    let installed = tree(gateway);
    install(gateway, &[]);
    assert_eq!(
        changed(&installed, &tree(gateway)),
        Vec::<PathBuf>::new(),
        "installing again changes nothing"
    );
    for name in ["comeback", "boot-resume"] {
        let skill = parse(&fine(&gateway.cli(["skills", "info", name, "--json"])));
        assert_eq!(skill["eligible"], true, "{skill}");
    }
    install(gateway, &["--uninstall"]);
    // OpenClaw writes its configuration anew, keeps copies of it, and logs.
    let is_openclaws = |path: &PathBuf| {
        let name = path.to_string_lossy();
        name.starts_with("openclaw.")
            || ["state/", ".cache", ".npm"].iter().any(|folder| name.starts_with(folder))
    };
    let differs = changed(&fresh, &tree(gateway));
    assert_eq!(of_ours(differs.iter()), Vec::<&PathBuf>::new());
    assert!(differs.iter().all(is_openclaws), "{differs:?}");
    let config: Value = parse(&fs::read_to_string(gateway.config_path()).unwrap());
    assert_eq!(config.get("hooks"), None, "{config}");
}

#[rstest]
#[case::v2026_7_1("2026.7.1")]
#[case::v2026_9_6("2026.9.6")]
fn the_hook_alone_brings_the_agent_back_and_the_slash_command_does_too(#[case] version: &str) {
    let (mut world, fresh) = fresh_home(version);
    install(&world.gateway, &[]);
    world.gateway.start();
    world.gateway.wait_ready();
    cut_off(&mut world);
    world.gateway.start();
    // The trigger of the units, beside the hook: one start, one recovery.
    let arguments = ["recover", "--trigger", "startup", "--wait-gateway", "--source", "systemd"];
    let mut unit = comeback::command(&world.gateway, &arguments);
    let mut unit = unit.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    world.gateway.wait_ready();
    world.telegram.wait_for_message(BEN, "the resumed work", LATER, |text| text == "Done, number 1.");
    wait::until("both triggers to have fired", LATER, || {
        let fired = comeback::ledger(&world.gateway, "fired");
        let by = |source: &str| fired.iter().filter(|fired| fired["source"] == source).count();
        // The hook has fired for the first start, too.
        ((by("hook"), by("systemd")) == (2, 1)).then_some(())
    });
    wait::until("the end of the unit's trigger", LATER, || unit.try_wait().unwrap());

    let findings = comeback::json(&world.gateway, 0, &["doctor"]);
    assert_eq!(findings["ok"], true, "{findings}");

    // Switched off, a crash stays as it is; the slash command brings the work back once it is on again.
    let policy = world.gateway.state_dir().join("comeback/config.yaml");
    cut_off(&mut world);
    fs::write(&policy, "enabled: false\n").unwrap();
    let noted = note_calls(&world.gateway);
    world.gateway.start();
    world.gateway.wait_ready();
    wait::until("the end of the hook's run", LATER, || {
        let calls = fs::read_to_string(&noted).unwrap_or_default();
        calls.contains("recover --trigger startup --wait-gateway --source hook: 0\n").then_some(())
    });
    fs::remove_file(&policy).unwrap();
    world.telegram.say(ADA, "Ada", "/boot-resume");
    let is_report =
        |text: &str| text.contains("It said: ") && text.contains(&format!("resumed {}", key(BEN)));
    world.telegram.wait_for_message(ADA, "what was resumed", LATER, is_report);
    world.telegram.wait_for_message(BEN, "the work again", LATER, |text| text == "Done, number 2.");
    let heard = |number| world.telegram.matching(BEN, |text| text == format!("Done, number {number}.")).len();
    assert_eq!((heard(1), heard(2), heard(3)), (1, 1, 0), "{:?}", world.telegram.sent(BEN));

    world.gateway.stop();
    fs::rename(world.gateway.bin().join("comeback-itself"), world.gateway.bin().join("comeback")).unwrap();
    install(&world.gateway, &["--uninstall"]);
    let left = tree(&world.gateway);
    assert_eq!(of_ours(left.keys().filter(|path| !fresh.contains_key(*path))), Vec::<&PathBuf>::new());
}

/// Parses what a command printed, past lines in front of it.
fn parse(text: &str) -> Value {
    serde_json::from_str(&text[text.find('{').unwrap_or_default()..])
        .unwrap_or_else(|error| panic!("{error}: {text}"))
}
