//! What was installed: `<state>/comeback/manifest.json`, so that it can be told apart and taken away.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::support::error::{Error, Kind, Result};
use crate::support::fs;
use crate::support::paths::Paths;

const FORMAT: u64 = 1;
const VERSION_KEY: &str = "formatVersion";

/// Names a part of what can be installed, and its record in the manifest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The startup hook, a [`HookRecord`].
    Hook,
    /// The units of systemd, a [`Placed`].
    Systemd,
    /// The agents of launchd, a [`Placed`].
    Launchd,
    /// The skill behind `/boot-resume`, a [`Placed`].
    Skill,
    /// The rule in AGENTS.md, a [`RuleRecord`].
    Rule,
    /// What the seeds left, a list of [`Moved`].
    Imported,
}

impl Part {
    const fn key(self) -> &'static str {
        match self {
            Self::Hook => "hook",
            Self::Systemd => "systemd",
            Self::Launchd => "launchd",
            Self::Skill => "bootResume",
            Self::Rule => "agentsMd",
            Self::Imported => "imported",
        }
    }
}

/// Records the installed startup hook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct HookRecord {
    /// The program that the hook starts.
    pub binary: PathBuf,
    /// Each file that we wrote, by its name in the hook's folder, with the SHA-256 of its content.
    pub files: BTreeMap<String, String>,
    /// The hooks that we enabled by name: our own, and those that had to be named to stay on.
    pub enabled: Vec<String>,
    /// Whether the selection had been open, so that it can be opened again.
    pub was_open: bool,
    /// The folders that we made for it, outermost first.
    #[serde(default)]
    pub folders: Vec<PathBuf>,
}

/// Records files and links that we put somewhere, whole and ours alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Placed {
    /// The program that they start; the skill finds it by its name.
    pub binary: PathBuf,
    /// The gateway's unit, or its label, that they belong to.
    #[serde(default)]
    pub of: Option<String>,
    /// Whether the manager is the machine's, not a user's.
    #[serde(default)]
    pub system: bool,
    /// Each file, with the SHA-256 of its content.
    pub files: BTreeMap<PathBuf, String>,
    /// Each link, with what it points to.
    #[serde(default)]
    pub links: BTreeMap<PathBuf, PathBuf>,
    /// The folders that we made, outermost first.
    #[serde(default)]
    pub folders: Vec<PathBuf>,
}

/// Records the rule that was put into a file of a person's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleRecord {
    /// The file.
    pub path: PathBuf,
    /// How it ended before.
    pub ended: Ended,
}

/// Tells how a file ended before something was added to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ended {
    /// There was no such file.
    Absent,
    /// It was empty, or its last line had an end.
    WithLineEnd,
    /// Its last line had no end.
    WithoutLineEnd,
}

/// Records something that was moved aside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Moved {
    /// Where it stood.
    pub from: PathBuf,
    /// Where it stands now.
    pub to: PathBuf,
}

/// Holds the file's content; fields that this version does not know survive a rewrite.
#[derive(Debug)]
pub struct Manifest {
    path: PathBuf,
    content: Map<String, Value>,
}

impl Manifest {
    /// Reads the manifest; a missing one is empty.
    ///
    /// # Errors
    /// Where the file cannot be read or is not a JSON object.
    pub fn read(paths: &Paths) -> Result<Self> {
        let path = paths.own().join("manifest.json");
        let content = match fs::read(&path)? {
            Some(text) => serde_json::from_str(&text).map_err(|error| unreadable(&path, error))?,
            None => Map::new(),
        };
        Ok(Self { path, content })
    }

    /// Makes sure that this version may rewrite the file.
    ///
    /// # Errors
    /// [`Kind::Newer`] where a newer version wrote it.
    pub fn check_writable(&self) -> Result<()> {
        let version = self.content.get(VERSION_KEY).and_then(Value::as_u64).unwrap_or(FORMAT);
        if version <= FORMAT {
            return Ok(());
        }
        let path = self.path.display();
        Err(Error::new(Kind::Newer, format!("{path} has format {version}, and this version writes {FORMAT}"))
            .hint("install the newer comeback again, and use that"))
    }

    /// Returns the record of the startup hook.
    ///
    /// # Errors
    /// Where the record has another shape.
    pub fn hook(&self) -> Result<Option<HookRecord>> {
        self.get(Part::Hook)
    }

    /// Returns the record of a part.
    ///
    /// # Errors
    /// Where the record has another shape.
    pub fn get<T: DeserializeOwned>(&self, part: Part) -> Result<Option<T>> {
        let record = self.content.get(part.key()).cloned();
        record.map(serde_json::from_value).transpose().map_err(|error| unreadable(&self.path, error))
    }

    /// Puts the record of a part into the file, or takes it out; writes only what changes. With the last record the file
    /// goes, and its folder where nothing else stands in it.
    ///
    /// # Errors
    /// Where a newer version wrote the file, or it cannot be written.
    pub fn set<T: Serialize>(&mut self, part: Part, record: Option<&T>) -> Result<()> {
        self.check_writable()?;
        let mut content = self.content.clone();
        match record.map(serde_json::to_value).transpose() {
            Ok(Some(Value::Object(fields))) => {
                let slot = content.entry(part.key()).or_insert_with(|| Value::Object(Map::new()));
                slot.as_object_mut().into_iter().for_each(|known| known.extend(fields.clone()));
            }
            Ok(Some(value)) => drop(content.insert(part.key().to_owned(), value)),
            Ok(None) => drop(content.remove(part.key())),
            Err(error) => return Err(unreadable(&self.path, error)),
        }
        if content == self.content {
            return Ok(());
        }
        if content.keys().all(|key| key == VERSION_KEY) {
            std::fs::remove_file(&self.path).map_err(|error| fs::failed("remove", &self.path, error))?;
            // It holds more than this file once anything was recovered, and then it stays.
            let _ = std::fs::remove_dir(self.path.parent().unwrap_or(&self.path));
            self.content.clear();
            return Ok(());
        }
        content.insert(VERSION_KEY.to_owned(), FORMAT.into());
        let text = serde_json::to_string_pretty(&content).map_err(|error| unreadable(&self.path, error))?;
        fs::write(&self.path, format!("{text}\n").as_bytes())?;
        self.content = content;
        Ok(())
    }
}

fn unreadable(path: &Path, error: serde_json::Error) -> Error {
    Error::new(Kind::User, format!("{} is not a manifest of comeback", path.display()))
        .because(error)
        .hint("move the file away, then run `comeback setup install` again")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use super::*;

    fn paths(dir: &tempfile::TempDir) -> Paths {
        Paths { state: dir.path().to_owned(), workspace: dir.path().join("ws") }
    }

    fn record() -> HookRecord {
        HookRecord {
            binary: "/opt/comeback".into(),
            files: BTreeMap::from([("HOOK.md".to_owned(), "00".to_owned())]),
            enabled: vec!["comeback".to_owned()],
            was_open: false,
            folders: Vec::new(),
        }
    }

    #[test]
    fn a_record_comes_back_and_unknown_fields_survive() {
        let dir = tempfile::tempdir().unwrap();
        let paths = paths(&dir);
        let path = paths.own().join("manifest.json");
        fs::write(&path, br#"{"formatVersion":1,"other":{"a":1},"hook":{"binary":"/old","files":{},"enabled":[],"wasOpen":false,"later":true}}"#).unwrap();
        Manifest::read(&paths).unwrap().set(Part::Hook, Some(&record())).unwrap();
        assert_eq!(Manifest::read(&paths).unwrap().hook().unwrap(), Some(record()));
        let content: Value = serde_json::from_str(&fs::read(&path).unwrap().unwrap()).unwrap();
        assert_eq!(content["other"]["a"], 1);
        assert_eq!(content["hook"]["later"], true);
        Manifest::read(&paths).unwrap().set(Part::Hook, None::<&HookRecord>).unwrap();
        assert_eq!(
            fs::read(&path).unwrap().unwrap(),
            "{\n  \"formatVersion\": 1,\n  \"other\": {\n    \"a\": 1\n  }\n}\n"
        );
    }

    #[test]
    fn a_missing_manifest_is_empty_and_taking_nothing_out_writes_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let mut manifest = Manifest::read(&paths(&dir)).unwrap();
        assert_eq!(manifest.hook().unwrap(), None);
        manifest.set(Part::Hook, None::<&HookRecord>).unwrap();
        assert!(!paths(&dir).own().exists());
    }

    #[test]
    fn a_newer_manifest_is_read_and_never_rewritten() {
        let dir = tempfile::tempdir().unwrap();
        let paths = paths(&dir);
        let path = paths.own().join("manifest.json");
        let text = r#"{"formatVersion":2,"hook":{"binary":"/opt/comeback","files":{"HOOK.md":"00"},"enabled":["comeback"],"wasOpen":false,"new":1}}"#;
        fs::write(&path, text.as_bytes()).unwrap();
        let mut manifest = Manifest::read(&paths).unwrap();
        assert_eq!(manifest.hook().unwrap(), Some(record()));
        assert_eq!(manifest.set(Part::Hook, None::<&HookRecord>).unwrap_err().kind(), Kind::Newer);
        assert_eq!(fs::read(&path).unwrap().unwrap(), text);
    }

    #[test]
    fn a_torn_manifest_is_named_and_left_alone() {
        let dir = tempfile::tempdir().unwrap();
        let paths = paths(&dir);
        fs::write(&paths.own().join("manifest.json"), b"{").unwrap();
        assert!(Manifest::read(&paths).unwrap_err().to_string().contains("manifest.json"));
    }
}
