//! install.sh, with a program that writes down how it was called.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use rstest::rstest;
use tempfile::TempDir;

use crate::folder::{platform, root, said, tree};

/// The program: it runs, and does nothing but write its arguments and the gateway's folder down.
const PROGRAM: &str = "#!/bin/sh\nprintf '%s|%s\\n' \"$*\" \"${OPENCLAW_STATE_DIR-}\" >>\"$HOME/calls\"\n\
                       [ ! -f \"$HOME/fails\" ] || [ \"$1\" = --version ]\n";
/// What install.sh needs of a machine; no cargo and no compiler among it.
const TOOLS: [&str; 16] = [
    "sh",
    "cat",
    "chmod",
    "cmp",
    "cp",
    "cut",
    "dirname",
    "mkdir",
    "mv",
    "rm",
    "rmdir",
    "sed",
    "sha256sum",
    "tr",
    "uname",
    "env",
];

/// A bundle as `ClawHub` delivers it, without run bits, in a folder with an awkward name; and an empty home.
struct World {
    dir: TempDir,
    shell: &'static str,
}

impl World {
    fn new(shell: &'static str) -> Self {
        let world = Self { dir: tempfile::tempdir().unwrap(), shell };
        for folder in [world.home(), world.tools(), world.bundle().join("prebuilt")] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::copy(root().join("install.sh"), world.bundle().join("install.sh")).unwrap();
        fs::set_permissions(world.bundle().join("install.sh"), fs::Permissions::from_mode(0o644)).unwrap();
        fs::write(world.prebuilt(), PROGRAM).unwrap();
        world.write_sums();
        for tool in TOOLS.iter().chain([&shell]) {
            let found = ["/usr/bin", "/bin"]
                .iter()
                .map(|folder| Path::new(folder).join(tool))
                .find(|path| path.exists());
            let found = found.unwrap_or_else(|| panic!("{tool} is missing: scripts/test.sh installs it"));
            symlink(found, world.tools().join(tool)).unwrap_or_default();
        }
        world
    }

    fn home(&self) -> PathBuf {
        self.dir.path().join("home of \"Ada\"")
    }

    fn bundle(&self) -> PathBuf {
        self.dir.path().join("it's a $bundle/comeback")
    }

    fn tools(&self) -> PathBuf {
        self.dir.path().join("tools")
    }

    fn prebuilt(&self) -> PathBuf {
        self.bundle().join(format!("prebuilt/comeback-{}", platform()))
    }

    fn program(&self) -> PathBuf {
        self.home().join(".local/bin/comeback")
    }

    fn write_sums(&self) {
        let output = Command::new("sha256sum").arg(self.prebuilt()).output().unwrap();
        let line = String::from_utf8(output.stdout).unwrap();
        let sum = line.trim_start_matches('\\').split(' ').next().unwrap();
        let sums = format!("{sum}  prebuilt/comeback-{}\n", platform());
        fs::write(self.bundle().join("SHA256SUMS"), sums).unwrap();
    }

    /// A program of the machine's that is none.
    fn tool(&self, name: &str, body: &str) {
        let path = self.tools().join(name);
        fs::write(&path, format!("#!/bin/sh\n{body}\n")).unwrap();
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(self.tools().join(self.shell));
        command.arg(self.bundle().join("install.sh")).args(args);
        command.env_clear().env("HOME", self.home()).env("PATH", self.tools()).current_dir(self.dir.path());
        command
    }

    fn run(&self, code: i32, args: &[&str]) -> String {
        ended(self.command(args).output().unwrap(), code)
    }

    /// How the program was called.
    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.home().join("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is used up")]
fn ended(output: Output, code: i32) -> String {
    assert_eq!(output.status.code(), Some(code), "{}", said(&output));
    said(&output)
}

#[rstest]
fn the_checked_program_is_installed_once_and_goes_without_a_trace(
    #[values("dash", "bash")] shell: &'static str,
) {
    let world = World::new(shell);
    let before = tree(world.dir.path());
    let text = world.run(0, &["--dry-run"]);
    assert!(text.contains("would check and take: ") && text.contains("setup install"), "{text}");
    assert_eq!(tree(world.dir.path()), before);

    let text = world.run(0, &[]);
    assert!(text.contains("installed: ") && text.contains("is not on PATH"), "{text}");
    assert_eq!(world.calls(), ["--version|", "setup install|"]);
    assert_eq!(fs::read_to_string(world.program()).unwrap(), PROGRAM);
    assert_eq!(fs::metadata(world.program()).unwrap().permissions().mode() & 0o777, 0o755);
    let with = tree(&world.home().join(".local"));
    assert!(world.run(0, &[]).contains("already there: "));
    assert_eq!(tree(&world.home().join(".local")), with);

    assert!(world.run(0, &["--uninstall", "--dry-run"]).contains("would remove: "));
    assert!(world.run(0, &["--uninstall"]).contains("removed: "));
    assert_eq!(world.calls().last().unwrap(), "setup remove --purge|");
    assert!(world.run(0, &["--uninstall"]).contains("not there: "));
    fs::remove_file(world.home().join("calls")).unwrap();
    assert_eq!(tree(world.dir.path()), before);
}

#[rstest]
fn a_program_that_is_not_the_listed_one_is_neither_run_nor_installed(
    #[values("dash", "bash")] shell: &'static str,
) {
    let world = World::new(shell);
    fs::write(world.prebuilt(), format!("{PROGRAM}# changed\n")).unwrap();
    assert!(world.run(1, &[]).contains("is not what SHA256SUMS says"));
    fs::write(world.bundle().join("SHA256SUMS"), "0000  prebuilt/comeback-another\n").unwrap();
    assert!(world.run(1, &[]).contains("does not list prebuilt/comeback-"));
    fs::remove_file(world.bundle().join("SHA256SUMS")).unwrap();
    assert!(world.run(1, &[]).contains("to check the program by"));
    assert!(world.calls().is_empty() && !world.home().join(".local").exists());
}

#[rstest]
fn where_nothing_is_built_for_this_machine_cargo_builds_it(#[values("dash", "bash")] shell: &'static str) {
    let world = World::new(shell);
    fs::remove_file(world.prebuilt()).unwrap();
    assert!(world.run(1, &[]).contains("https://rustup.rs"));
    let build = format!(
        "[ \"$1 $2 $3 $4\" = 'build --release --locked --target-dir' ] || exit 9\n\
         mkdir -p \"$5/release\"\ncat >\"$5/release/comeback\" <<'EOT'\n{PROGRAM}EOT\nchmod +x \"$5/release/comeback\""
    );
    world.tool("cargo", &build);
    assert!(world.run(1, &[]).contains("C compiler"));
    world.tool("cc", "exit 0");
    let text = world.run(0, &["--no-triggers"]);
    assert!(text.contains("building in "), "{text}");
    assert_eq!(world.calls(), ["--version|"]);
    assert!(world.run(0, &["--uninstall", "--no-triggers"]).contains("left: "));
    assert!(!world.program().exists());
    world.tool("cargo", "exit 1");
    assert!(world.run(1, &[]).contains("the build failed"));
}

#[rstest]
fn what_cannot_be_done_is_told_by_the_exit_code(#[values("dash", "bash")] shell: &'static str) {
    let world = World::new(shell);
    fs::write(world.home().join("fails"), "").unwrap();
    assert!(world.run(3, &[]).contains("Once that is solved, run: "));
    assert!(world.program().exists());
    assert!(world.run(1, &["--uninstall"]).contains("the triggers were not removed"));
    assert!(world.program().exists(), "a trigger would start a program that is gone");
    assert!(world.run(2, &["--nonsense"]).contains("unknown argument: --nonsense"));
    assert!(world.run(2, &["--prefix"]).contains("--prefix needs a folder"));
    assert!(world.run(0, &["--help"]).contains("--uninstall"));
    fs::write(world.prebuilt(), "#!/no/such/interpreter\n").unwrap();
    world.write_sums();
    assert!(world.run(1, &["--prefix", "elsewhere"]).contains("does not run on this machine"));
    assert!(!world.dir.path().join("elsewhere/bin/comeback").exists());
}

#[rstest]
fn a_profile_and_a_prefix_lead_elsewhere(#[values("dash", "bash")] shell: &'static str) {
    let world = World::new(shell);
    let mut command = world.command(&["--prefix=pre fix"]);
    ended(command.env("OPENCLAW_PROFILE", "ops").output().unwrap(), 0);
    let state = world.home().join(".openclaw-ops");
    assert_eq!(world.calls()[1], format!("setup install|{}", state.display()));
    assert!(world.dir.path().join("pre fix/bin/comeback").exists());
    let mut command = world.command(&["--prefix=pre fix"]);
    ended(command.envs([("OPENCLAW_PROFILE", "ops"), ("OPENCLAW_STATE_DIR", "/data")]).output().unwrap(), 0);
    assert_eq!(world.calls().last().unwrap(), "setup install|/data");
}

/// Where the tests run as root, a user of no rights installs too.
#[test]
fn an_ordinary_user_needs_no_root() {
    let world = World::new("dash");
    let mut command = world.command(&[]);
    if fs::metadata("/proc/self")
        .map(|meta| std::os::unix::fs::MetadataExt::uid(&meta))
        .is_ok_and(|uid| uid == 0)
    {
        for path in [world.dir.path(), &world.home()] {
            chown(path, Some(65_534), Some(65_534)).unwrap();
        }
        let inner = command;
        command = Command::new("/usr/bin/setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command.arg(inner.get_program()).args(inner.get_args());
        command.env_clear().env("HOME", world.home()).env("PATH", world.tools());
    }
    ended(command.output().unwrap(), 0);
    assert_eq!(world.calls(), ["--version|", "setup install|"]);
}
