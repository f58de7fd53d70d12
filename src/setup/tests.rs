//! Installs and removes with a fake `openclaw` that logs its arguments and swaps prepared configurations in.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

use std::fs;
use std::path::Path;

mod parts;

use super::*;
use crate::support::error::Kind;

const FAKE: &str = r#"echo "$*" >> "$OPENCLAW_STATE_DIR/calls"
case "$1 $2" in
  "hooks list") cat "$OPENCLAW_STATE_DIR/list.json" ;;
  "config get") cat "$OPENCLAW_STATE_DIR/hooks.json" 2>/dev/null || { echo "Config path not found: hooks" >&2; exit 1; } ;;
  "config set") cp "$OPENCLAW_STATE_DIR/set.json" "$OPENCLAW_CONFIG_PATH" ;;
  "config unset") cp "$OPENCLAW_STATE_DIR/unset.json" "$OPENCLAW_CONFIG_PATH" ;;
esac
"#;
const ON: &str = r"{hooks:{internal:{entries:{comeback:{enabled:true}}}}}";
const LIST: &str = r#"{"hooks":[{"name":"comeback","loadable":true},{"name":"boot-md","loadable":true},{"name":"off","loadable":false}]}"#;
const SET: &str =
    r#"config set --batch-json [{"path":"hooks.internal.entries.comeback.enabled","value":true}]"#;

struct Gateway {
    dir: tempfile::TempDir,
    paths: Paths,
    openclaw: Openclaw,
}

impl Gateway {
    fn new(config: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths { state: dir.path().join("state"), workspace: dir.path().join("ws") };
        fs::create_dir_all(&paths.state).unwrap();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/openclaw");
        let openclaw = Openclaw::new(&paths, &paths.state.join("openclaw.json")).with_program(program);
        let gateway = Self { dir, paths, openclaw };
        for (file, text) in [
            ("openclaw.json", config),
            ("list.json", LIST),
            ("set.json", ON),
            ("unset.json", "{}"),
            ("fake.sh", FAKE),
        ] {
            gateway.put(file, text);
        }
        fs::write(gateway.exe(), "").unwrap();
        gateway
    }

    fn exe(&self) -> PathBuf {
        self.dir.path().join("the binary")
    }

    fn put(&self, file: &str, text: &str) {
        fs::write(self.paths.state.join(file), text).unwrap();
    }

    fn calls(&self) -> Vec<String> {
        let calls = fs::read_to_string(self.paths.state.join("calls")).unwrap_or_default();
        calls.lines().map(str::to_owned).collect()
    }

    fn install(&self) -> Result<Report> {
        install_hook(&self.paths, &self.openclaw, &self.exe(), false)
    }

    fn remove(&self) -> Result<Report> {
        self.take_out(false)
    }

    fn take_out(&self, dry_run: bool) -> Result<Report> {
        let machine = machine(self.dir.path());
        remove(Place { paths: &self.paths, openclaw: &self.openclaw, machine: &machine }, false, dry_run)
    }

    fn installed(&self) -> bool {
        installed(&self.paths, &self.openclaw).unwrap().is_some()
    }

    fn tree(&self) -> Vec<(PathBuf, String)> {
        tree(&self.paths.state)
    }
}

/// Every file and folder below one, links with what they point to, but for the log of the fake `openclaw`.
fn tree(folder: &Path) -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if let Ok(to) = fs::read_link(&path) {
                found.push((path, to.display().to_string()));
            } else if path.is_dir() {
                found.push((path.clone(), "folder".to_owned()));
                folders.push(path);
            } else if path.file_name() != Some("calls".as_ref()) {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// A machine whose managers keep everything below one folder.
fn machine(dir: &Path) -> Machine {
    Machine {
        home: dir.to_owned(),
        user_units: vec![dir.join("units")],
        system_units: vec![dir.join("system")],
        launch_agents: dir.join("LaunchAgents"),
        passwd: dir.join("passwd"),
        systemctl: "true".into(),
        launchctl: "true".into(),
    }
}

fn outcomes(report: &Report) -> Vec<Outcome> {
    report.changes.iter().map(|change| change.outcome).collect()
}

#[test]
fn the_hook_is_listed_then_enabled_by_name_and_nothing_else() {
    let gateway = Gateway::new("{}");
    assert!(!gateway.installed());
    let report = gateway.install().unwrap();
    assert_eq!(gateway.calls(), ["hooks list --json", SET]);
    assert_eq!(outcomes(&report), [Outcome::Made; 4]);
    assert!(gateway.installed());
    let shown = show(&gateway.paths, &gateway.openclaw).unwrap().unwrap();
    assert_eq!(shown.enabled_by_us, ["comeback"]);
    let handler = fs::read_to_string(gateway.paths.state.join("hooks/comeback/handler.js")).unwrap();
    assert!(handler.contains(&format!("\"{}\"", gateway.exe().canonicalize().unwrap().display())));
}

#[test]
fn a_second_run_changes_no_byte_and_runs_no_command() {
    let gateway = Gateway::new("{}");
    gateway.install().unwrap();
    let (tree, calls) = (gateway.tree(), gateway.calls());
    assert_eq!(outcomes(&gateway.install().unwrap()), [Outcome::Already; 3]);
    assert_eq!(gateway.tree(), tree);
    assert_eq!(gateway.calls(), calls);
}

#[test]
fn an_open_selection_keeps_what_was_on_and_is_opened_again() {
    let gateway = Gateway::new("{hooks:{internal:{enabled:true}}}");
    let named =
        r#"{hooks:{internal:{enabled:true,entries:{comeback:{enabled:true},"boot-md":{enabled:true}}}}}"#;
    gateway.put("set.json", named);
    gateway.install().unwrap();
    let both = r#"[{"path":"hooks.internal.entries.comeback.enabled","value":true},{"path":"hooks.internal.entries.boot-md.enabled","value":true}]"#;
    assert_eq!(gateway.calls()[1], format!("config set --batch-json {both}"));
    gateway.remove().unwrap();
    assert_eq!(gateway.calls()[2..], ["config unset hooks.internal.entries"]);
}

#[test]
fn hooks_that_are_off_as_a_whole_stay_off() {
    let gateway = Gateway::new("{hooks:{internal:{enabled:false}}}");
    let tree = gateway.tree();
    let error = gateway.install().unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.to_string().contains("turned off"), "{error}");
    assert_eq!(gateway.tree(), tree);
    assert!(gateway.calls().is_empty());
}

#[test]
fn a_dry_run_only_tells() {
    let gateway = Gateway::new("{}");
    let tree = gateway.tree();
    let report = install_hook(&gateway.paths, &gateway.openclaw, &gateway.exe(), true).unwrap();
    assert_eq!(outcomes(&report), [Outcome::Planned; 4]);
    assert_eq!(gateway.tree(), tree);
    assert!(gateway.calls().is_empty());
    gateway.install().unwrap();
    let tree = gateway.tree();
    let report = gateway.take_out(true).unwrap();
    assert_eq!(outcomes(&report), [Outcome::Planned; 4]);
    assert_eq!(gateway.tree(), tree);
}

#[test]
fn removing_leaves_no_trace() {
    let gateway = Gateway::new("{}");
    let tree = gateway.tree();
    gateway.install().unwrap();
    let report = gateway.remove().unwrap();
    assert_eq!(report.changes[0].target, Target::Command("openclaw config unset hooks".to_owned()));
    assert_eq!(outcomes(&report), [Outcome::Made; 4]);
    assert_eq!(gateway.tree(), tree);
    assert!(!gateway.paths.state.join("hooks").exists() && !gateway.paths.own().exists());
    assert!(show(&gateway.paths, &gateway.openclaw).unwrap().is_none());
    assert_eq!(gateway.remove().unwrap(), Report::default());
}

#[test]
fn a_changed_file_is_neither_replaced_nor_removed() {
    let gateway = Gateway::new("{}");
    gateway.install().unwrap();
    let handler = gateway.paths.state.join("hooks/comeback/handler.js");
    fs::write(&handler, "mine").unwrap();
    assert!(!gateway.installed());
    let error = gateway.install().unwrap_err();
    assert_eq!(error.kind(), Kind::Refused);
    assert!(error.to_string().contains("handler.js"), "{error}");
    let report = gateway.remove().unwrap();
    assert_eq!(outcomes(&report), [Outcome::Made, Outcome::Made, Outcome::Left, Outcome::Made]);
    assert_eq!(fs::read_to_string(&handler).unwrap(), "mine");
}

#[test]
fn a_moved_program_is_followed_without_a_command() {
    let gateway = Gateway::new("{}");
    gateway.install().unwrap();
    let moved = gateway.dir.path().join("moved");
    fs::rename(gateway.exe(), &moved).unwrap();
    assert!(!gateway.installed(), "a hook without its program is no way back");
    let calls = gateway.calls();
    install_hook(&gateway.paths, &gateway.openclaw, &moved, false).unwrap();
    assert!(gateway.installed());
    assert_eq!(gateway.calls(), calls);
}

#[test]
fn a_run_that_failed_half_way_is_finished_by_the_next() {
    let gateway = Gateway::new("{}");
    gateway.put("list.json", r#"{"hooks":[]}"#);
    let error = gateway.install().unwrap_err();
    assert!(error.to_string().contains("does not find"), "{error}");
    assert!(!gateway.installed());
    gateway.put("list.json", LIST);
    assert_eq!(outcomes(&gateway.install().unwrap())[3], Outcome::Made);
    assert!(gateway.installed());
}

#[test]
fn a_hook_that_a_person_turned_off_is_no_way_back() {
    let gateway = Gateway::new("{}");
    gateway.install().unwrap();
    gateway.put("openclaw.json", "{hooks:{internal:{entries:{comeback:{enabled:false}}}}}");
    assert!(!gateway.installed());
}

#[test]
fn included_files_are_left_to_the_product_to_resolve() {
    let gateway = Gateway::new(r#"{$include:"./more.json"}"#);
    gateway.put("hooks.json", r#"{"internal":{"enabled":false}}"#);
    assert_eq!(gateway.install().unwrap_err().kind(), Kind::Refused);
    fs::remove_file(gateway.paths.state.join("hooks.json")).unwrap();
    gateway.install().unwrap();
    assert!(gateway.installed());
}

#[test]
fn a_newer_manifest_stops_both_before_anything_is_changed() {
    let gateway = Gateway::new("{}");
    gateway.install().unwrap();
    let manifest = gateway.paths.own().join("manifest.json");
    let newer =
        fs::read_to_string(&manifest).unwrap().replace("\"formatVersion\": 1", "\"formatVersion\": 9");
    fs::write(&manifest, newer).unwrap();
    let tree = gateway.tree();
    assert_eq!(gateway.install().unwrap_err().kind(), Kind::Newer);
    assert_eq!(gateway.remove().unwrap_err().kind(), Kind::Newer);
    assert_eq!(gateway.tree(), tree);
    assert!(gateway.installed(), "it can still be read");
}

#[test]
fn a_missing_program_is_named() {
    let gateway = Gateway::new("{}");
    let none = Path::new("/nonexistent/comeback");
    let error = install_hook(&gateway.paths, &gateway.openclaw, none, false).unwrap_err();
    assert!(error.full().contains("/nonexistent/comeback"), "{}", error.full());
}
