//! Where each command is run, and what it must do there.

use std::collections::BTreeMap;
use std::fs;

use regex::Regex;
use serde_json::Value;

use crate::found::invocation;
use crate::scenes::Scene;

/// How a command is staged.
struct Stage {
    /// The subcommand, and words that must stand behind it; of the stages that fit, the one with the most words is taken.
    command: &'static str,
    scene: fn() -> Scene,
    /// What an ellipsis stands for, and what a command lacks that is only named.
    rest: &'static str,
    /// What it prints, or writes where its output is redirected.
    says: &'static [&'static str],
}

const fn stage(command: &'static str, scene: fn() -> Scene, says: &'static [&'static str]) -> Stage {
    Stage { command, scene, rest: "", says }
}

impl Stage {
    const fn with(self, rest: &'static str) -> Self {
        Self { rest, ..self }
    }
}

const PREPARE: &str = "--session-key agent:main:telegram:direct:77 --reason 'new model settings'";
const START: &str = "--goal report --step 'write the summary' --timeout 30m --estimate 45m";
const NOTE: &str = "--agent main --task 'weekly report' --progress '2 of 5'";

/// All of them; each ends with exit code 0.
const STAGES: &[Stage] = &[
    stage(
        "prepare",
        Scene::calm,
        &["Checkpoint ", "Way back: recovery job", "The user was told.", "Restart with this call"],
    )
    .with(PREPARE),
    stage(
        "prepare --tool-calls",
        Scene::calm,
        &["Call now: cron", "Call now: message", "Restart with this call"],
    )
    .with(PREPARE),
    stage("prepare --restart", Scene::calm, &["Way back: recovery job", "Restart requested."]).with(PREPARE),
    stage(
        "recover",
        Scene::restarted,
        &["resumed agent:main:telegram:direct:78", "direct:79: It may destroy data."],
    ),
    stage(
        "recover --dry-run",
        Scene::restarted,
        &["Dry run: ", "due agent:main:telegram:direct:78", "held ["],
    ),
    stage(
        "recover --trigger job",
        Scene::restarted,
        &["Now go on with your own work:", "comeback now clear"],
    ),
    stage(
        "recover --trigger startup",
        Scene::restarted,
        &["resumed agent:main:telegram:direct:77", "held ["],
    ),
    stage("recover --trigger manual", Scene::crashed, &["resumed agent:main:telegram:direct:78", "held ["]),
    stage(
        "scan",
        Scene::crashed,
        &["interrupted agent:main:telegram:direct:79", "unknown outcome: exec git push"],
    ),
    stage("scan --all", Scene::crashed, &["interrupted", "complete"]),
    stage("confirm", Scene::recovered, &["Next: delete the old backups", "It waits: "]),
    stage("confirm a1b2c3", Scene::recovered, &["Next: delete the old backups", "Sent."]),
    stage("confirm CODE", Scene::recovered, &["Sent."]),
    stage("confirm a1b2c3 --reject", Scene::recovered, &["Dropped: it will not be sent."]),
    stage("confirm CODE --reject", Scene::recovered, &["Dropped: it will not be sent."]),
    stage("status", Scene::recovered, &["Recovery  ", "HELD", "It may destroy data."]),
    stage("report", Scene::recovered, &["Planned restart", "held for a person", "resumed, answered"]),
    stage("report --html", Scene::recovered, &["Written to "]),
    stage("drill", Scene::calm, &["A PLANNED RESTART", "A CRASH", "IN SHORT"]),
    stage("doctor", Scene::installed, &["ok    gateway: It answers", "ok    hook: The startup hook works"]),
    stage("checkpoint build", Scene::calm, &["Wrote checkpoint: "]),
    stage("checkpoint capture", Scene::busy, &["Wrote checkpoint: "]),
    stage(
        "checkpoint capture --dry-run",
        Scene::busy,
        &["## agent:main:telegram:direct:78", "captured: turn"],
    ),
    stage("checkpoint show", Scene::prepared, &["weekly report"]),
    stage("checkpoint list", Scene::prepared, &["memory/restart-checkpoints", "open, 3 sessions"]),
    stage("checkpoint prune", Scene::prepared, &["0 removed, 1 kept."]),
    stage("now show", Scene::prepared, &["## Post-Restart Action\n- tell the user"]),
    stage("now set", Scene::prepared, &["NOW.md written."]),
    stage("now clear", Scene::prepared, &["NOW.md written."]),
    stage("render", Scene::calm, &["asks the user which held items may go on"]),
    stage("render before", Scene::calm, &["`new model`"]),
    stage("render summary", Scene::calm, &["已恢复"]),
    stage("render NAME", Scene::calm, &["已恢复"]),
    stage("task start", Scene::calm, &["smart-wake is needed"]).with(START),
    stage("task step", Scene::working, &["\"collect the figures\" is done"]),
    stage("task wait", Scene::stepped, &[": waiting, "]),
    stage("task resume", Scene::waiting, &["resumed at \"write the summary\""]),
    stage("task resume --confirmed", Scene::blocked, &["resumed at \"write the summary\""]),
    stage("task done", Scene::finished, &[": done, 100 %"]),
    stage("task fail", Scene::stepped, &[": failed, "]),
    stage("task list", Scene::stepped, &["running", "weekly report"]),
    stage("task show", Scene::stepped, &["weekly report", "write the summary"]),
    stage("task guard", Scene::stepped, &["is as it was recorded"]),
    stage("note write", Scene::calm, &["memory/notes/main.json"]).with(NOTE),
    stage("note list", Scene::noted, &["main", "weekly report"]),
    stage("setup install", Scene::calm, &["done: "]),
    stage("setup remove", Scene::installed, &["done: "]),
    stage("setup remove --dry-run", Scene::installed, &["would: "]),
    stage("setup show", Scene::installed, &["The startup hook works."]),
    stage("setup import", Scene::seeds, &["state/restart-resume.json", "skills/boot-resume"]),
    stage("setup agents-md", Scene::calm, &["AGENTS.md"]),
    stage("plan", Scene::chain, &["\"goal\": \"weekly report\""]),
    stage("actions", Scene::chain, &["\"tool\": \"sessions_send\""]),
    stage("verify", Scene::chain, &["Safe to resume", "Potential non-idempotent external write"]),
    stage("execute", Scene::chain, &["\"sendCount\": 1", "\"holdCount\": 1"]),
    stage("execute --send", Scene::chain, &["\"state\": \"resumed\"", "\"holdCount\": 1"]),
];

/// What changes nothing, whatever it is told.
const LOOKS: [&str; 12] = [
    "scan",
    "status",
    "checkpoint show",
    "checkpoint list",
    "now show",
    "render",
    "task list",
    "task show",
    "task guard",
    "note list",
    "setup show",
    "doctor",
];

/// Runs a command in its scene, and tells what was not as it should be.
pub fn run(script: &str, names: &[Vec<String>]) -> Result<(), String> {
    let optional = Regex::new(r"(^|\s)\[(-?-?[\w.-]+)\]").unwrap();
    let script = &*optional.replace_all(script, "$1$2");
    let words = invocation(script).unwrap();
    let path =
        (1..=words.len()).rev().map(|length| &words[..length]).find(|path| names.contains(&path.to_vec()));
    let path = path.ok_or("there is no such command")?;
    let (name, rest) = (path.join(" "), &words[path.len()..]);
    let stage = stage_of(&name, rest).ok_or("stage it in tests/documents/stages.rs")?;
    let script = complete(script, stage, rest.is_empty());
    let has = |flag: &str| rest.iter().any(|word| word == flag);

    let scene = (stage.scene)();
    let before = contents(&scene);
    let output = scene.run(&script);
    let told = format!("{script}\n{}", scene.world.show(&output));
    if !output.status.success() {
        return Err(told);
    }
    if has("--dry-run") || LOOKS.contains(&name.as_str()) && !has("--html") {
        let after = contents(&scene);
        let names = before.keys().chain(after.keys());
        let changed: Vec<_> = names.filter(|name| before.get(*name) != after.get(*name)).collect();
        if !changed.is_empty() {
            return Err(format!("it changes {changed:?}: {told}"));
        }
    }
    if has("--json") {
        let printed =
            serde_json::from_slice::<Value>(&output.stdout).map_err(|error| format!("{error}: {told}"))?;
        let begin = format!("comeback.{}.", path[0]);
        let is_ours = printed["schema"].as_str().is_some_and(|schema| schema.starts_with(&begin));
        return if is_ours { Ok(()) } else { Err(format!("{:?} is its schema: {told}", printed["schema"])) };
    }
    let mut said = String::from_utf8(output.stdout).unwrap();
    if let Some(redirected) = Regex::new(r" > (\S+)\s*$").unwrap().captures(&script) {
        said += &fs::read_to_string(scene.world.workspace(&redirected[1])).unwrap();
    }
    match stage.says.iter().find(|text| !said.contains(**text)) {
        Some(text) => Err(format!("{text:?} is not said: {told}")),
        None => Ok(()),
    }
}

/// Finds the stage with the most words that the command has.
fn stage_of(name: &str, rest: &[String]) -> Option<&'static Stage> {
    let words = |stage: &Stage| stage.command.split(' ').count();
    let fits = |stage: &&Stage| {
        let needed = stage.command.strip_prefix(name);
        needed.is_some_and(|needed| {
            needed.split_terminator(' ').all(|word| word.is_empty() || rest.iter().any(|one| one == word))
        })
    };
    STAGES.iter().filter(fits).max_by_key(|stage| words(stage))
}

/// Puts in what the text leaves out.
fn complete(script: &str, stage: &Stage, is_bare: bool) -> String {
    if is_bare {
        return format!("{script} {}", stage.rest);
    }
    let ellipsis = Regex::new(r"(^|\s)…(\s|$)").unwrap();
    ellipsis.replace(script, format!("${{1}}{}${{2}}", stage.rest)).into_owned()
}

/// The files of a scene with what is in them, but the key that a connection makes itself.
fn contents(scene: &Scene) -> BTreeMap<String, Vec<u8>> {
    let names = scene.world.files().into_iter();
    let names = names.map(|name| name.split(' ').next().unwrap().to_owned());
    let names = names.filter(|name| !name.ends_with("comeback/device.json"));
    names.map(|name| (name.clone(), fs::read(scene.world.home().join(&name)).unwrap())).collect()
}
