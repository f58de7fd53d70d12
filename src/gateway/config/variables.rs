//! The variables that a configuration may refer to.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde_json::Value;

use crate::support::error::Result;
use crate::support::fs;

/// Looks up an environment variable: `&|name| std::env::var(name).ok()`, or a test's own.
pub type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(\$?)\$\{([A-Z_][A-Z0-9_]*)\}").expect("a constant pattern, compiled by every test here")
});

/// Returns a variable that is set to more than blanks.
pub(super) fn set(env: Env<'_>, name: &str) -> Option<String> {
    env(name).map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// Knows the process's variables and those that the gateway adds where they are missing.
///
/// The process, then `<state>/.env`, then the configuration's `env` block (read). A login shell is never asked.
pub(super) struct Variables<'a> {
    env: Env<'a>,
    added: BTreeMap<String, String>,
}

impl<'a> Variables<'a> {
    pub fn new(env: Env<'a>, state: &Path, tree: &Value) -> Result<Self> {
        let mut added = BTreeMap::new();
        for block in [tree.pointer("/env"), tree.pointer("/env/vars")] {
            for (name, value) in block.and_then(Value::as_object).into_iter().flatten() {
                if let Value::String(value) = value {
                    added.insert(name.clone(), value.clone());
                }
            }
        }
        let dotenv = fs::read(&state.join(".env"))?.unwrap_or_default();
        added.extend(dotenv.lines().filter_map(assignment));
        Ok(Self { env, added })
    }

    /// Returns a variable of this process alone.
    pub fn process(&self, name: &str) -> Option<String> {
        set(self.env, name)
    }

    /// Returns a variable as the gateway sees it.
    pub fn get(&self, name: &str) -> Option<String> {
        self.process(name).or_else(|| {
            let value = self.added.get(name)?.trim();
            (!value.is_empty()).then(|| value.to_owned())
        })
    }

    /// Replaces `${NAME}`, and `$${NAME}` by a literal `${NAME}`; the error is a name that is not set.
    pub fn substitute(&self, text: &str) -> std::result::Result<String, String> {
        let mut missing = None;
        let replaced = REFERENCE.replace_all(text, |found: &Captures<'_>| {
            let (escaped, name) = (!found[1].is_empty(), &found[2]);
            if escaped {
                return format!("${{{name}}}");
            }
            self.get(name).unwrap_or_else(|| {
                missing.get_or_insert_with(|| name.to_owned());
                String::new()
            })
        });
        let replaced = replaced.into_owned();
        missing.map_or(Ok(replaced), Err)
    }
}

/// Reads a line of a `.env` file: `NAME=value`, `export NAME="value"`.
fn assignment(line: &str) -> Option<(String, String)> {
    let line = line.trim();
    let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    let quoted = ['"', '\'', '`'].iter().find_map(|quote| value.strip_prefix(*quote)?.split(*quote).next());
    let plain = || value.split(" #").next().unwrap_or_default().trim_end();
    (!name.starts_with('#')).then(|| (name.to_owned(), quoted.unwrap_or_else(plain).to_owned()))
}
