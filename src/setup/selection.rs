//! Which internal hooks a gateway loads: the `hooks.internal` part of its configuration.
//!
//! Measured on 2026.5.28, 2026.7.1 and 2026.9.6: named entries form an allowlist; `enabled: true` opens the
//! selection to every hook that is found – on 2026.9.6 only as long as no entry stands beside it, on the older
//! two always; extra folders open it on all three. `openclaw hooks enable` writes `enabled: true` too. So on the
//! older two it turns on every bundled hook, and on all three it turns on hooks that a person had turned off as
//! a whole: entries are written with `openclaw config set` instead.

use serde_json::{Map, Value, json};

use super::hook::NAME;
use crate::gateway::Openclaw;
use crate::support::error::{Error, Kind, Result};
use crate::support::fs;
use crate::support::text::ensure_shallow;

const INCLUDE: &str = "$include";
/// How all three versions begin to say that a path of the configuration is not set (measured).
const UNSET: &str = "Config path ";

/// Knows the `hooks` part of a gateway's configuration as it stands.
#[derive(Debug)]
pub struct Selection {
    hooks: Value,
}

impl Selection {
    /// Reads the configuration file, or asks `openclaw` where other files are included on the way.
    ///
    /// # Errors
    /// Where the file cannot be read or parsed, or the command fails.
    pub fn read(openclaw: &Openclaw) -> Result<Self> {
        let path = openclaw.config();
        let Some(text) = fs::read(path)? else {
            return Ok(Self { hooks: Value::Null });
        };
        ensure_shallow(&path.display().to_string(), &text)?;
        let config: Value = json5::from_str(&text).map_err(|error| {
            Error::new(Kind::User, format!("cannot parse {}", path.display()))
                .because(error)
                .hint("run `openclaw config validate`")
        })?;
        let on_the_way = ["", "/hooks", "/hooks/internal", "/hooks/internal/entries"];
        let included = |at: &&str| config.pointer(at).is_some_and(|part| part.get(INCLUDE).is_some());
        let hooks = if on_the_way.iter().any(included) {
            resolved(openclaw)?
        } else {
            config.get("hooks").cloned().unwrap_or_default()
        };
        Ok(Self { hooks })
    }

    /// Tells whether a person turned internal hooks off as a whole.
    #[must_use]
    pub fn is_off(&self) -> bool {
        self.master() == Some(false)
    }

    /// Tells whether an entry turns this hook on by name.
    #[must_use]
    pub fn names(&self, hook: &str) -> bool {
        let entry = self.entries().and_then(|entries| entries.get(hook));
        !self.is_off() && entry.is_some_and(|entry| entry.get("enabled") != Some(&json!(false)))
    }

    /// Tells whether the first entry would narrow the selection: it is open by the master flag alone.
    #[must_use]
    pub fn closes_with_an_entry(&self) -> bool {
        let named = |dir: &Value| dir.as_str().is_some_and(|dir| !dir.trim().is_empty());
        let folders = self.hooks.pointer("/internal/load/extraDirs").and_then(Value::as_array);
        self.master() == Some(true)
            && self.entries().is_none_or(Map::is_empty)
            && !folders.is_some_and(|dirs| dirs.iter().any(named))
    }

    /// Returns the command that takes our entries away and leaves the selection as it was.
    ///
    /// Names that we added to keep an open selection whole go only where nothing else has been added since:
    /// else taking them away would narrow what is on. A selection that was not open is not left open either.
    #[must_use]
    pub fn undo(&self, enabled: &[String], was_open: bool) -> Option<Vec<String>> {
        let entries = self.entries()?;
        entries.get(NAME)?;
        let ours = |(name, entry): (&String, &Value)| {
            name == NAME || enabled.contains(name) && *entry == json!({"enabled": true})
        };
        let alone =
            |pointer| self.hooks.pointer(pointer).and_then(Value::as_object).is_some_and(|o| o.len() == 1);
        let words: &[&str] = if !entries.iter().all(ours) {
            &["config", "unset", "hooks.internal.entries.comeback"]
        } else if self.master() == Some(true) && !was_open {
            &["config", "set", "hooks.internal.entries.comeback.enabled", "false"]
        } else if !alone("/internal") {
            &["config", "unset", "hooks.internal.entries"]
        } else if !alone("") {
            &["config", "unset", "hooks.internal"]
        } else {
            &["config", "unset", "hooks"]
        };
        Some(words.iter().map(|word| (*word).to_owned()).collect())
    }

    fn master(&self) -> Option<bool> {
        self.hooks.pointer("/internal/enabled").and_then(Value::as_bool)
    }

    fn entries(&self) -> Option<&Map<String, Value>> {
        self.hooks.pointer("/internal/entries").and_then(Value::as_object)
    }
}

/// Returns the command that enables hooks by name in one write, and touches nothing else.
#[must_use]
pub fn enable(hooks: &[String]) -> Vec<String> {
    let changes: Vec<Value> = hooks
        .iter()
        .map(|hook| json!({"path": format!("hooks.internal.entries{}.enabled", step(hook)), "value": true}))
        .collect();
    let args = ["config", "set", "--batch-json", &Value::from(changes).to_string()];
    args.map(str::to_owned).to_vec()
}

/// A path takes names with dots and blanks in brackets (measured).
fn step(name: &str) -> String {
    if name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
        format!(".{name}")
    } else {
        format!("[{}]", Value::from(name))
    }
}

fn resolved(openclaw: &Openclaw) -> Result<Value> {
    match openclaw.run(&["config", "get", "hooks", "--json"]) {
        Ok(text) => parse(&text, "openclaw config get hooks --json"),
        Err(error) if error.full().contains(UNSET) => Ok(Value::Null),
        Err(error) => Err(error),
    }
}

/// Parses what a command printed, past any line that stands before the object.
///
/// # Errors
/// Where there is no JSON object in it.
pub fn parse(text: &str, command: &str) -> Result<Value> {
    let start = text.find('{').unwrap_or_default();
    serde_json::from_str(text.get(start..).unwrap_or_default()).map_err(|error| {
        Error::new(Kind::User, format!("cannot read what `{command}` printed")).because(error)
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use super::*;

    fn selection(internal: &Value) -> Selection {
        Selection { hooks: json!({"internal": internal}) }
    }

    #[test]
    fn only_the_bare_master_flag_is_narrowed_by_an_entry() {
        for (internal, closes) in [
            (json!({"enabled": true}), true),
            (json!({"enabled": true, "entries": {}}), true),
            (json!({"enabled": true, "load": {"extraDirs": [" "]}}), true),
            (json!({"enabled": true, "load": {"extraDirs": ["/hooks"]}}), false),
            (json!({"enabled": true, "entries": {"a": {"enabled": false}}}), false),
            (json!({"entries": {"a": {}}}), false),
            (json!({"enabled": false}), false),
            (json!(null), false),
        ] {
            assert_eq!(selection(&internal).closes_with_an_entry(), closes, "{internal}");
        }
    }

    #[test]
    fn an_entry_is_on_unless_it_or_the_master_flag_says_no() {
        for (internal, on) in [
            (json!({"entries": {"comeback": {"enabled": true}}}), true),
            (json!({"entries": {"comeback": {}}}), true),
            (json!({"entries": {"comeback": {"enabled": false}}}), false),
            (json!({"enabled": false, "entries": {"comeback": {"enabled": true}}}), false),
            (json!({"enabled": true}), false),
        ] {
            assert_eq!(selection(&internal).names(NAME), on, "{internal}");
        }
    }

    #[test]
    fn undoing_takes_away_what_is_ours_and_nothing_else() {
        let on = json!({"enabled": true});
        let enabled = ["comeback".to_owned(), "kept".to_owned()];
        for (internal, was_open, expected) in [
            (json!({"entries": {"comeback": on}}), false, "unset hooks"),
            (json!({"load": {}, "entries": {"comeback": on}}), false, "unset hooks.internal.entries"),
            (json!({"entries": {"comeback": on, "x": on}}), false, "unset hooks.internal.entries.comeback"),
            (
                json!({"enabled": true, "entries": {"comeback": on, "kept": on}}),
                true,
                "unset hooks.internal.entries",
            ),
            (
                json!({"enabled": true, "entries": {"comeback": on, "kept": on, "x": on}}),
                true,
                "unset hooks.internal.entries.comeback",
            ),
            (
                json!({"enabled": true, "entries": {"comeback": on, "kept": {"enabled": false}}}),
                true,
                "unset hooks.internal.entries.comeback",
            ),
            (
                json!({"enabled": true, "entries": {"comeback": on}}),
                false,
                "set hooks.internal.entries.comeback.enabled false",
            ),
        ] {
            let command = selection(&internal).undo(&enabled, was_open).unwrap();
            assert_eq!(command.join(" "), format!("config {expected}"), "{internal}");
        }
        assert_eq!(selection(&json!({"entries": {"x": on}})).undo(&enabled, false), None);
    }

    #[test]
    fn one_write_enables_all_and_odd_names_stand_in_brackets() {
        let args = enable(&["comeback".to_owned(), "a.b c".to_owned()]);
        assert_eq!(args[..3], ["config", "set", "--batch-json"]);
        let changes: Value = serde_json::from_str(&args[3]).unwrap();
        assert_eq!(changes[0], json!({"path": "hooks.internal.entries.comeback.enabled", "value": true}));
        assert_eq!(changes[1]["path"], r#"hooks.internal.entries["a.b c"].enabled"#);
    }

    #[test]
    fn lines_before_the_object_do_no_harm() {
        assert_eq!(parse("Config warnings:\n- x\n{\"a\":1}\n", "openclaw x").unwrap(), json!({"a": 1}));
        assert!(parse("", "openclaw x").unwrap_err().to_string().contains("openclaw x"));
    }
}
