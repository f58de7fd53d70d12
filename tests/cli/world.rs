//! A home of its own for each test, and the program in it.

use std::fmt::Write;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The time of every run that does not say otherwise.
pub const NOW: &str = "2026-11-20T12:00:00Z";
/// The caller of the tests.
pub const CALLER: &str = "agent:main:telegram:direct:77";

/// The product's command line, as far as `setup` needs it.
const OPENCLAW: &str = r#"case "$1 $2" in
  "hooks list") echo '{"hooks":[{"name":"comeback","loadable":true}]}' ;;
  "config set") sed -i '1s/{/{hooks:{internal:{entries:{comeback:{enabled:true}}}},/' "$OPENCLAW_CONFIG_PATH" ;;
  "config unset") sed -i '1s/hooks:{.*}}}},//' "$OPENCLAW_CONFIG_PATH" ;;
esac
"#;

/// Writes a file, its folders too.
pub fn put(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A temporary home with a state directory and a workspace.
pub struct World {
    dir: TempDir,
}

impl World {
    pub fn new() -> Self {
        let world = Self { dir: tempfile::tempdir().unwrap() };
        fs::create_dir_all(world.workspace("")).unwrap();
        world
    }

    /// The same with a gateway that systemd starts; `tests/data` has stand-ins for the product and for systemd.
    pub fn machine() -> Self {
        let world = Self::new();
        put(&world.state("fake.sh"), OPENCLAW);
        let unit = world.home().join(".config/systemd/user/openclaw-gateway.service");
        put(&unit, "[Service]\nExecStart=/bin/true\n");
        put(&world.state("openclaw.json"), "{}\n");
        put(&world.home().join("managers"), "");
        world
    }

    pub fn home(&self) -> &Path {
        self.dir.path()
    }

    pub fn state(&self, below: &str) -> PathBuf {
        self.home().join(".openclaw").join(below)
    }

    pub fn workspace(&self, below: &str) -> PathBuf {
        self.state("workspace").join(below)
    }

    /// Writes a checkpoint of the workspace, such as `2026-11-20/115500`.
    pub fn checkpoint(&self, name: &str, text: &str) -> PathBuf {
        let path = self.workspace(&format!("memory/restart-checkpoints/{name}.md"));
        put(&path, text);
        path
    }

    /// The program in an environment that has nothing of ours.
    pub fn command(&self, args: &[&str]) -> assert_cmd::Command {
        assert_cmd::Command::from_std(self.std_command(env!("CARGO_BIN_EXE_comeback"), args))
    }

    /// Another program in the same environment.
    pub fn std_command(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.args(args).env_clear().current_dir(self.home());
        command.envs([("TZ", "UTC"), ("COMEBACK_NOW", NOW), ("PATH", "/usr/bin:/bin")]);
        command.envs([("HOME", self.home()), ("TMPDIR", self.home())]);
        command
    }

    /// Runs the program and shows the exit code, stdout and stderr as one text, paths as `[HOME]`.
    pub fn run(&self, args: &[&str]) -> String {
        self.pipe(args, "")
    }

    /// The same, with something on stdin.
    pub fn pipe(&self, args: &[&str], stdin: &str) -> String {
        self.show(&self.command(args).write_stdin(stdin).output().unwrap())
    }

    pub fn show(&self, output: &Output) -> String {
        let mut text = format!("exit {}\n", output.status.code().unwrap());
        for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
            if !bytes.is_empty() {
                write!(text, "--- {name}\n{}", String::from_utf8(bytes.clone()).unwrap()).unwrap();
            }
        }
        text.replace(self.home().to_str().unwrap(), "[HOME]").trim_end().to_owned()
    }

    /// Runs the program with `--json`, expects this exit code and nothing else on stdout, and returns the object.
    pub fn json(&self, code: i32, args: &[&str]) -> Value {
        let output = self.command(&[args, &["--json"]].concat()).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// Every file below the home, sorted, with its mode where it is not private.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.home().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
                    let name = path.strip_prefix(self.home()).unwrap().display().to_string();
                    found.push(if mode == 0o600 { name } else { format!("{name} {mode:o}") });
                }
            }
        }
        found.sort();
        found
    }

    /// The kinds of the ledger's lines.
    pub fn ledger(&self) -> Vec<String> {
        let text = fs::read_to_string(self.state("comeback/ledger.jsonl")).unwrap_or_default();
        let kind = |line: &str| serde_json::from_str::<Value>(line).unwrap()["event"]["kind"].clone();
        text.lines().map(|line| kind(line).as_str().unwrap().to_owned()).collect()
    }
}
