//! Worlds in which a command makes sense: a simulated gateway, its chats, and what has happened to them.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Output;

use ::comeback::drill::simulator::Simulator;
use ::comeback::model::SessionKey;
use serde_json::Value;

use crate::simulated::{self, BETWEEN_LIVES, PATIENCE};
use crate::world::{CALLER, World, put};

/// A chat whose work harms nothing when it is done twice.
const HARMLESS: &str = "agent:main:telegram:direct:78";
/// A chat whose work a person must confirm.
const RISKY: &str = "agent:main:telegram:direct:79";
const SNAPSHOT: &str = r#"{"sessions":[
    {"sessionKey":"agent:main:telegram:direct:78","agentId":"main","goal":"weekly report","lastDone":"figures collected",
     "nextStep":"write the summary","blockers":"none"},
    {"sessionKey":"agent:main:telegram:direct:79","agentId":"main","goal":"free disk space","lastDone":"old backups listed",
     "nextStep":"delete the old backups","blockers":"none"}]}"#;
const FIGURES: &str = "report/figures.csv";

/// A world, and what the documents' placeholders stand for in it.
pub struct Scene {
    pub world: World,
    values: Vec<(&'static str, String)>,
    simulator: Simulator,
}

impl Scene {
    /// A gateway that runs, and three people who have written to it.
    pub fn calm() -> Self {
        Self::spoken("hello", "hello")
    }

    fn spoken(harmless: &str, risky: &str) -> Self {
        let world = World::machine();
        let simulator = simulated::gateway(world.state(""));
        simulator.pass(-BETWEEN_LIVES);
        simulator.start().unwrap();
        for (key, text) in [(CALLER, "hello"), (HARMLESS, harmless), (RISKY, risky)] {
            simulator.person_says(&key.parse::<SessionKey>().unwrap(), text).unwrap();
        }
        assert!(
            simulator.settles_within(PATIENCE) && simulator.faults().is_empty(),
            "{:?}",
            simulator.faults()
        );
        put(&world.state("comeback/config.yaml"), "allowRestart: true\n");
        fs::set_permissions(world.state("comeback"), fs::Permissions::from_mode(0o700)).unwrap();
        put(&world.workspace("snapshot.json"), SNAPSHOT);
        put(&world.workspace(FIGURES), "1,2\n");
        fs::create_dir(world.home().join("bin")).unwrap();
        symlink(env!("CARGO_BIN_EXE_comeback"), world.home().join("bin/comeback")).unwrap();
        let values = [
            ("PATH", FIGURES),
            ("NAME", "summary"),
            ("ACTIONS.json", "actions.json"),
            ("VERIFIED.json", "verified.json"),
            ("my-gateway.service", "openclaw-gateway.service"),
        ];
        let values = values.map(|(name, value)| (name, value.to_owned())).to_vec();
        Self { world, values, simulator }
    }

    /// Everything is installed that brings agents back.
    pub fn installed() -> Self {
        let scene = Self::calm();
        scene.does("comeback setup install");
        scene
    }

    /// The seeds of this skill have left something behind.
    pub fn seeds() -> Self {
        let scene = Self::calm();
        let claim = r#"{"pending":true,"sessionKey":"agent:main:main"}"#;
        put(&scene.world.workspace("state/restart-resume.json"), claim);
        put(&scene.world.workspace("skills/boot-resume/SKILL.md"), "---\nname: boot-resume\n---\n");
        scene
    }

    /// An agent has left a note.
    pub fn noted() -> Self {
        let scene = Self::calm();
        scene.does("comeback note write --agent main --task 'weekly report' --progress '2 of 5'");
        scene
    }

    /// Two agents are at work.
    pub fn busy() -> Self {
        Self::spoken("read it", "push it")
    }

    /// The caller has prepared a restart.
    pub fn prepared() -> Self {
        let scene = Self::calm();
        scene.does(&format!(
            "comeback prepare --session-key {CALLER} --reason 'new model settings' --after 'tell the user' -"
        ));
        scene
    }

    /// The gateway has restarted since.
    pub fn restarted() -> Self {
        let scene = Self::prepared();
        scene.restart();
        scene
    }

    /// And is back, with one item held.
    pub fn recovered() -> Self {
        let mut scene = Self::restarted();
        scene.does("comeback recover");
        scene.know_the_code();
        scene
    }

    /// The gateway was killed while two agents made calls, and runs again.
    pub fn crashed() -> Self {
        let scene = Self::busy();
        scene.restart();
        scene
    }

    /// A file of each step of restart-task-recovery.
    pub fn chain() -> Self {
        let mut scene = Self::restarted();
        scene.does("comeback actions > actions.json");
        scene.does("comeback verify actions.json verified.json");
        let listed = scene.does("comeback checkpoint list --json");
        let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
        scene.knows(
            &["CHECKPOINT", "memory/restart-checkpoints/2026-03-09/162200.md"],
            listed["checkpoints"][0]["path"].as_str().unwrap(),
        );
        scene
    }

    /// A task of the caller's, whose first step has made a file.
    pub fn working() -> Self {
        let mut scene = Self::calm();
        let started = scene.does(&format!(
            "comeback task start --goal 'weekly report' --timeout 30m --estimate 45m --step 'collect the figures' \
             --step 'write the summary' --session-key {CALLER} --json"
        ));
        let id = serde_json::from_slice::<Value>(&started.stdout).unwrap()["task_id"].clone();
        scene.knows(&["ID"], id.as_str().unwrap());
        scene
    }

    /// Its artifact is taken down, too.
    pub fn stepped() -> Self {
        let scene = Self::working();
        scene.does(&format!("comeback task step ID 'collect the figures' --artifact {FIGURES}"));
        scene
    }

    /// It waits to be woken.
    pub fn waiting() -> Self {
        let scene = Self::stepped();
        scene.does("comeback task wait ID --reason timeout_recovery --in 5m");
        scene
    }

    /// Somebody has changed its artifact, and it goes no further.
    pub fn blocked() -> Self {
        let scene = Self::waiting();
        put(&scene.world.workspace(FIGURES), "3,4\n");
        assert_eq!(scene.run("comeback task resume ID").status.code(), Some(8));
        scene
    }

    /// All its steps are done.
    pub fn finished() -> Self {
        let scene = Self::stepped();
        scene.does("comeback task step ID 'write the summary'");
        scene
    }

    fn restart(&self) {
        simulated::crash(&self.simulator);
        assert!(self.simulator.settles_within(PATIENCE));
    }

    fn knows(&mut self, placeholders: &[&'static str], value: &str) {
        self.values.extend(placeholders.iter().map(|name| (*name, value.to_owned())));
    }

    fn know_the_code(&mut self) {
        let held = self.does("comeback confirm --json");
        let held: Value = serde_json::from_slice(&held.stdout).unwrap();
        self.knows(&["a1b2c3", "CODE"], held["items"][0]["code"].as_str().unwrap());
    }

    /// Runs a script in the workspace, as an agent's `exec` does, with a snapshot on stdin.
    pub fn run(&self, script: &str) -> Output {
        let mut script = script.replace("/tmp/", &format!("{}/", self.world.home().display()));
        for (placeholder, value) in &self.values {
            script = replace_word(&script, placeholder, value);
        }
        let stand_ins = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
        let path =
            format!("{}:{}:/usr/bin:/bin", self.world.home().join("bin").display(), stand_ins.display());
        let mut command = self.world.std_command("/bin/sh", &["-c", &script]);
        command.env_remove("COMEBACK_NOW").env("PATH", path).env("OPENCLAW_STATE_DIR", self.world.state(""));
        command.stdin(File::open(self.world.workspace("snapshot.json")).unwrap());
        command.current_dir(self.world.workspace("")).output().unwrap()
    }

    /// The same, where it must succeed.
    fn does(&self, script: &str) -> Output {
        let output = self.run(script);
        assert!(output.status.success(), "{script}: {output:?}");
        output
    }
}

/// Replaces what stands between blanks.
fn replace_word(text: &str, word: &str, by: &str) -> String {
    let word = regex::Regex::new(&format!(r"(^|\s){}(\s|$)", regex::escape(word))).unwrap();
    word.replace_all(text, |found: &regex::Captures<'_>| format!("{}{by}{}", &found[1], &found[2]))
        .into_owned()
}
