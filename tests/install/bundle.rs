//! The bundle: scripts/package.sh, what it refuses, and what SKILL.md declares.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rstest::rstest;
use tempfile::TempDir;

use crate::folder::{copy, platform, root, said};

const PARTS: [&str; 15] = [
    "SKILL.md",
    "README.md",
    "README.zh-CN.md",
    "SECURITY.md",
    "LICENSE",
    "CHANGELOG.md",
    "install.sh",
    "Cargo.toml",
    "Cargo.lock",
    "docs",
    "references",
    "templates",
    "scripts",
    "src",
    "benches",
];

/// A copy of the repository, as far as the bundle is made of it.
pub struct Sources {
    dir: TempDir,
}

impl Sources {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for part in PARTS {
            copy(&root().join(part), &dir.path().join("source").join(part));
        }
        // A program that is small, and runs.
        fs::write(dir.path().join("program"), "#!/bin/sh\necho \"$*\" >>\"$HOME/calls\"\n").unwrap();
        Self { dir }
    }

    fn path(&self, below: &str) -> PathBuf {
        self.dir.path().join("source").join(below)
    }

    pub fn bundle(&self) -> PathBuf {
        self.path("dist/comeback")
    }

    pub fn package(&self, shell: &str) -> Output {
        let mut command = Command::new(shell);
        command.arg(self.path("scripts/package.sh")).arg("--binary").arg(self.dir.path().join("program"));
        command.output().unwrap()
    }

    fn edit(&self, file: &str, edit: impl Fn(String) -> String) {
        let path = self.path(file);
        fs::write(&path, edit(fs::read_to_string(&path).unwrap())).unwrap();
    }
}

#[rstest]
fn the_bundle_is_whole_and_its_sums_are_right(#[values("dash", "bash")] shell: &str) {
    let sources = Sources::new();
    for _again in 0..2 {
        let output = sources.package(shell);
        assert!(output.status.success(), "{}", said(&output));
    }
    let bundle = sources.bundle();
    let check = Command::new("sha256sum")
        .args(["--check", "--quiet", "--strict", "SHA256SUMS"])
        .current_dir(&bundle)
        .output();
    let check = check.unwrap();
    assert!(check.status.success(), "{}", said(&check));
    let sums = fs::read_to_string(bundle.join("SHA256SUMS")).unwrap();
    let listed: BTreeSet<&str> = sums.lines().map(|line| line.split_once("  ").unwrap().1).collect();
    let prebuilt = format!("prebuilt/comeback-{}", platform());
    for file in ["SKILL.md", "install.sh", "Cargo.lock", "src/main.rs", "templates/boot-resume.md", &prebuilt]
    {
        assert!(listed.contains(file), "{file}: {sums}");
    }
    assert!(bundle.join(".clawhubignore").is_file() && !listed.contains(".clawhubignore"));
}

#[test]
fn a_bundle_that_would_not_be_taken_is_refused() {
    type Break = fn(&Sources);
    let cases: [(&str, Break); 9] = [
        ("the name other is not the folder's", |it| {
            it.edit("SKILL.md", |text| text.replace("name: comeback", "name: other"));
        }),
        ("the description has 2 characters", |it| {
            it.edit("SKILL.md", |text| {
                text.lines()
                    .map(|line| if line.starts_with("description: ") { "description: x." } else { line })
                    .collect::<Vec<_>>()
                    .join("\n")
            });
        }),
        ("the description's first sentence has", |it| {
            it.edit("SKILL.md", |text| {
                text.replacen("description: ", &format!("description: {}", "very ".repeat(40)), 1)
            });
        }),
        ("fewer than 500 are read", |it| it.edit("SKILL.md", |text| text + &"\n".repeat(500))),
        ("does not use references/odd.md", |it| fs::write(it.path("references/odd.md"), "").unwrap()),
        ("references/gone.md is named and not there", |it| {
            it.edit("SKILL.md", |text| text + "\n`references/gone.md`\n");
        }),
        ("links are not taken", |it| symlink("SKILL.md", it.path("references/../templates/link")).unwrap()),
        ("hidden files are not taken", |it| fs::write(it.path("templates/.hidden"), "").unwrap()),
        ("which ClawHub does not take", |it| {
            fs::write(it.path("templates/large"), vec![0; 10_485_761]).unwrap();
        }),
    ];
    for (complaint, break_it) in cases {
        let sources = Sources::new();
        break_it(&sources);
        let output = sources.package("dash");
        assert!(
            !output.status.success() && said(&output).contains(complaint),
            "{complaint}: {}",
            said(&output)
        );
    }
}

#[test]
fn every_variable_and_program_that_the_code_touches_is_declared_and_no_other() {
    let skill = fs::read_to_string(root().join("SKILL.md")).unwrap();
    let front = skill.split("---\n").nth(1).unwrap();
    let front: serde_yaml::Value = serde_yaml::from_str(front).unwrap();
    let openclaw = &front["metadata"]["openclaw"];
    let list = |value: &serde_yaml::Value| value.as_sequence().unwrap().clone();
    let text = |value: &serde_yaml::Value| value.as_str().unwrap().to_owned();
    let variables: BTreeSet<String> =
        list(&openclaw["envVars"]).iter().map(|one| text(&one["name"])).collect();
    assert!(
        list(&openclaw["envVars"]).iter().all(|one| one["required"].as_bool() == Some(false)),
        "it runs without any"
    );
    let mut touched = BTreeSet::new();
    for file in sources(&root().join("src")) {
        touched.extend(variables_in(&code_of(&file)));
    }
    touched.extend(variables_in(&fs::read_to_string(root().join("install.sh")).unwrap()));
    // It is taken out of the environment of the commands that we run, and never read.
    assert!(touched.remove("OPENCLAW_GATEWAY_URL"));
    assert_eq!(variables, touched);

    // It is ready where its own program is there; the others are used where they are.
    let programs =
        |key: &str| -> BTreeSet<String> { list(&openclaw["requires"][key]).iter().map(text).collect() };
    assert_eq!(programs("bins"), BTreeSet::from(["comeback".to_owned()]));
    let started = ["comeback", "openclaw", "systemctl", "launchctl", "cat"].map(str::to_owned);
    assert_eq!(programs("anyBins"), BTreeSet::from(started));
    let files = sources(&root().join("src"));
    let starting = files.iter().filter(|file| code_of(file).contains("Command::new("));
    let starting: BTreeSet<_> = starting.map(|file| file.strip_prefix(root()).unwrap().to_owned()).collect();
    // `setup` starts the two managers, by the names that `Machine` gives them; the drill's agents wait with `cat`.
    let known = ["src/drill/simulator/process.rs", "src/gateway/openclaw.rs", "src/setup/report.rs"]
        .map(PathBuf::from);
    assert_eq!(starting, BTreeSet::from(known), "whoever starts another program declares it");
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let found = entries.flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] });
    found.filter(|path| path.extension().is_some_and(|extension| extension == "rs")).collect()
}

/// A source without its tests and comments.
fn code_of(file: &Path) -> String {
    let name = file.to_string_lossy().into_owned();
    let is_test = ["tests", "properties", "fake", "oracle"].iter().any(|part| name.contains(part));
    let text = fs::read_to_string(file).unwrap();
    let code = text.split("\n#[cfg(test)]\n").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//") && !is_test);
    lines.collect::<Vec<_>>().join("\n")
}

/// The variables of the environment that the code names: those with a name of `OpenClaw`'s or ours, and any other that
/// it reads, but for the two that every program is given.
fn variables_in(code: &str) -> Vec<String> {
    let words = code.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let is_one =
        |word: &&str| ["OPENCLAW_", "COMEBACK_", "XDG_"].iter().any(|prefix| word.starts_with(prefix));
    let read = code
        .split("env::var")
        .skip(1)
        .filter_map(|rest| rest.split('"').nth(1).filter(|_| rest.find('"') < Some(6)));
    let given = |name: &&str| ["PATH", "TERM"].contains(name);
    words.filter(is_one).chain(read.filter(|name| !given(name))).map(str::to_owned).collect()
}
