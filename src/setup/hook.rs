//! The files of the startup hook: their content, and what has become of them on disk.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::manifest::HookRecord;
use crate::support::error::{Error, Kind, Result};
use crate::support::fs;
use crate::support::paths::Paths;

/// The hook's name, its folder's name, and its key in the gateway's configuration.
pub const NAME: &str = "comeback";

const HOOK_MD: &str = include_str!("../../templates/hook/HOOK.md");
const HANDLER: &str = include_str!("../../templates/hook/handler.js");
/// Without it a `package.json` of type `commonjs` in the state directory keeps the handler from loading, and the
/// gateway says so in its log only (measured on 2026.5.28 and 2026.7.1).
const PACKAGE: &str = include_str!("../../templates/hook/package.json");
/// Stands in the handler where the program's path goes, quotes included.
const BINARY_MARK: &str = "\"@BINARY@\"";

/// The names of the hook's files; no other file is ever written or removed.
pub const FILES: [&str; 3] = ["HOOK.md", "handler.js", "package.json"];

/// Tells what has become of a file that we wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// It stands as we wrote it.
    Unchanged,
    /// Someone changed it.
    Changed,
    /// It is not there.
    Missing,
}

/// Returns the folder of the hook, where gateways look for managed hooks (2026.5.28 to 2026.9.6).
#[must_use]
pub fn folder(paths: &Paths) -> PathBuf {
    paths.state.join("hooks").join(NAME)
}

/// Returns the content of each file, for a hook that starts `binary`.
///
/// # Errors
/// Where the path is not UTF-8: a script cannot name it.
pub fn render(binary: &Path) -> Result<[(&'static str, String); 3]> {
    let Some(path) = binary.to_str() else {
        let message = format!("the path of this program is not UTF-8: {}", binary.display());
        return Err(Error::new(Kind::User, message).hint("install it at another path"));
    };
    let literal = serde_json::Value::from(path).to_string();
    let [hook_md, handler, package] = FILES;
    Ok([
        (hook_md, HOOK_MD.to_owned()),
        (handler, HANDLER.replacen(BINARY_MARK, &literal, 1)),
        (package, PACKAGE.to_owned()),
    ])
}

/// Compares a file of the hook with what `record` says that we wrote.
///
/// # Errors
/// Where the file is there and cannot be read.
pub fn state(paths: &Paths, record: &HookRecord, file: &str) -> Result<FileState> {
    let Some(content) = fs::read(&folder(paths).join(file))? else {
        return Ok(FileState::Missing);
    };
    let ours = record.files.get(file).is_some_and(|hash| *hash == sha256(&content));
    Ok(if ours { FileState::Unchanged } else { FileState::Changed })
}

/// Returns the SHA-256 of a text as lower-case hex.
#[must_use]
pub fn sha256(text: &str) -> String {
    Sha256::digest(text).iter().fold(String::new(), |mut hex, byte| {
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use super::*;

    #[test]
    fn the_handler_names_the_program_as_a_string_whatever_its_path() {
        for (path, literal) in [
            ("/opt/comeback", r#"const BINARY = "/opt/comeback";"#),
            ("/a b/it's \"it\"\\/$x`y`", r#"const BINARY = "/a b/it's \"it\"\\/$x`y`";"#),
            ("/家/comeback", r#"const BINARY = "/家/comeback";"#),
            ("/new\nline", r#"const BINARY = "/new\nline";"#),
        ] {
            let [_, (_, handler), _] = render(Path::new(path)).unwrap();
            assert!(handler.lines().any(|line| line == literal), "{handler}");
            assert!(!handler.contains("@BINARY@"));
        }
    }

    #[test]
    fn the_handler_does_what_a_gateway_needs_and_no_more() {
        let [_, (_, handler), _] = render(Path::new("/opt/comeback")).unwrap();
        for part in [
            "export default async function handler(event)",
            r#"if (event.type !== "gateway") return;"#,
            r#"if (event.action === "startup") start(RECOVER);"#,
            r#"if (event.action === "pre-restart") {"#,
            r#"["recover", "--trigger", "startup", "--wait-gateway", "--source", "hook"]"#,
            r#"["checkpoint", "capture"]"#,
            "setTimeout(done, CAPTURE_MS).unref()",
            "detached: true",
            r#"stdio: "ignore""#,
            "child.unref()",
            r#"child.on("error""#,
        ] {
            assert!(handler.contains(part), "{part} is missing in {handler}");
        }
        for absent in ["shell", "exec(", "Sync("] {
            assert!(!handler.contains(absent), "{absent} stands in {handler}");
        }
    }

    #[test]
    fn the_front_matter_names_the_hook_and_its_events() {
        let [(_, hook_md), ..] = render(Path::new("/opt/comeback")).unwrap();
        let front = hook_md.split("---\n").nth(1).unwrap();
        let front: serde_yaml::Value = serde_yaml::from_str(front).unwrap();
        assert_eq!(front["name"], NAME);
        let events = &front["metadata"]["openclaw"]["events"];
        assert_eq!((&events[0], &events[1]), (&"gateway:startup".into(), &"gateway:pre-restart".into()));
    }
}
