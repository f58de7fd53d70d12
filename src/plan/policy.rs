//! What the operator allows: the machine's policy, and the workspace's, which may only tighten it.

use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr;

use serde::Deserialize;

use crate::model::{AgentId, SessionKey};
use crate::support::error::{Error, Kind, Result};
use crate::support::text::ensure_shallow;

/// So many resumes go out in one boot without anybody confirming.
const MAX_UNATTENDED: usize = 10;

/// Says what may happen without a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Whether anything is resumed at all.
    pub enabled: bool,
    /// Agents that are never resumed.
    pub left_out: BTreeSet<AgentId>,
    /// Whether `prepare --restart` may restart the gateway; not unless the operator says so.
    pub allow_restart: bool,
    /// So many resumes go out in one boot; the rest is held.
    pub max_unattended: usize,
    /// Words that hold a next step, beside those of the rules.
    pub hold: BTreeSet<Word>,
    /// Whether an agent may be told to find out by itself what became of a call that must not happen twice; else that
    /// is held.
    pub verify_first: bool,
    /// The session whose chat hears of every recovery.
    pub operator: Option<SessionKey>,
}

/// A word that holds what speaks of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub struct Word(String);

impl FromStr for Word {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        match text.trim() {
            "" => Err(Error::new(Kind::User, "an empty word would hold everything; leave it out")),
            word => Ok(Self(word.to_lowercase())),
        }
    }
}

impl TryFrom<String> for Word {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl Word {
    /// Tells whether the word stands in a text that is in small letters: English alone, Chinese anywhere.
    fn stands_in(&self, text: &str) -> bool {
        let joins = |c: Option<char>, own: Option<char>| {
            c.zip(own).is_some_and(|(c, own)| c.is_ascii_alphanumeric() && own.is_ascii_alphanumeric())
        };
        text.match_indices(&self.0).any(|(start, word)| {
            let (before, after) = (&text[..start], &text[start + word.len()..]);
            !joins(before.chars().next_back(), word.chars().next())
                && !joins(after.chars().next(), word.chars().next_back())
        })
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            enabled: true,
            left_out: BTreeSet::new(),
            allow_restart: false,
            max_unattended: MAX_UNATTENDED,
            hold: BTreeSet::new(),
            verify_first: false,
            operator: None,
        }
    }
}

/// Holds what one policy file says; what it leaves open is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PolicyFile {
    enabled: Option<bool>,
    left_out: Option<BTreeSet<AgentId>>,
    allow_restart: Option<bool>,
    max_unattended: Option<usize>,
    hold: Option<BTreeSet<Word>>,
    verify_first: Option<bool>,
    operator: Option<SessionKey>,
}

impl From<PolicyFile> for Policy {
    /// Takes the machine's file at its word, and the defaults for what it leaves open.
    fn from(file: PolicyFile) -> Self {
        let default = Self::default();
        Self {
            enabled: file.enabled.unwrap_or(default.enabled),
            left_out: file.left_out.unwrap_or(default.left_out),
            allow_restart: file.allow_restart.unwrap_or(default.allow_restart),
            max_unattended: file.max_unattended.unwrap_or(default.max_unattended),
            hold: file.hold.unwrap_or(default.hold),
            verify_first: file.verify_first.unwrap_or(default.verify_first),
            operator: file.operator,
        }
    }
}

impl Policy {
    /// Reads a policy file; an empty one leaves everything open.
    ///
    /// # Errors
    /// Where the text is not YAML, or a field is unknown or of the wrong type: names the file, the line and the field.
    pub fn parse(text: &str, origin: &Path) -> Result<PolicyFile> {
        ensure_shallow(&origin.display().to_string(), text)?;
        let file = serde_yaml::from_str::<Option<PolicyFile>>(text).map_err(|error| {
            let line = error.location().map(|at| format!(", line {}", at.line())).unwrap_or_default();
            Error::new(Kind::User, format!("cannot read the policy in {}{line}", origin.display()))
                .because(error)
                .hint("its fields are enabled, leftOut, allowRestart, maxUnattended, hold, verifyFirst and operator; all may be left out")
        })?;
        Ok(file.unwrap_or_default())
    }

    /// Returns this policy with what the workspace's file forbids on top of it.
    #[must_use]
    pub fn tightened_by(mut self, workspace: PolicyFile) -> Self {
        self.enabled &= workspace.enabled.unwrap_or(true);
        self.left_out.extend(workspace.left_out.unwrap_or_default());
        self.allow_restart &= workspace.allow_restart.unwrap_or(true);
        self.max_unattended = self.max_unattended.min(workspace.max_unattended.unwrap_or(usize::MAX));
        self.hold.extend(workspace.hold.unwrap_or_default());
        self.verify_first &= workspace.verify_first.unwrap_or(true);
        self
    }

    /// Returns the first of the policy's words that stands in a text.
    #[must_use]
    pub fn held_word(&self, text: &str) -> Option<&str> {
        let text = text.to_lowercase();
        self.hold.iter().find(|word| word.stands_in(&text)).map(|word| word.0.as_str())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(text: &str) -> Result<PolicyFile> {
        Policy::parse(text, Path::new("comeback.yaml"))
    }

    fn policy(enabled: bool, agents: &[&str], allow_restart: bool, max_unattended: usize) -> Policy {
        let left_out = agents.iter().map(|agent| agent.parse().unwrap()).collect();
        Policy { enabled, left_out, allow_restart, max_unattended, ..Policy::default() }
    }

    #[test]
    fn what_a_file_leaves_open_is_the_default() {
        for (text, expected) in [
            ("", policy(true, &[], false, 10)),
            ("# nothing\n", policy(true, &[], false, 10)),
            ("enabled: false", policy(false, &[], false, 10)),
            ("leftOut: [ops, 研究]\nallowRestart: true", policy(true, &["ops", "研究"], true, 10)),
            ("maxUnattended: 0", policy(true, &[], false, 0)),
            ("leftOut:\nmaxUnattended: 30", policy(true, &[], false, 30)),
        ] {
            assert_eq!(Policy::from(parse(text).unwrap()), expected, "{text}");
        }
    }

    #[test]
    fn an_error_names_the_file_the_line_and_the_field() {
        for (text, line, said) in [
            ("enabled: true\nallowRestarts: true", "line 2", "unknown field `allowRestarts`"),
            ("\n\nenabled: maybe", "line 3", "enabled: invalid type"),
            ("maxUnattended: -1", "line 1", "maxUnattended: invalid type"),
            ("leftOut: ops", "line 1", "leftOut: invalid type"),
            ("leftOut:\n  - a\n  - 'b:c'", "line 2", "is no agent id"),
            ("enabled: true\nenabled: false", "line 1", "duplicate field `enabled`"),
            ("leftOut: [", "line 2", "did not find expected"),
            ("hold:\n  - a\n  - ' '", "line 2", "an empty word"),
        ] {
            let error = parse(text).unwrap_err();
            let full = error.full();
            assert_eq!(error.kind(), Kind::User);
            assert!(
                full.contains("comeback.yaml") && full.contains(line) && full.contains(said),
                "{text}: {full}"
            );
        }
    }

    #[test]
    fn the_stricter_of_two_files_wins() {
        let machine = || policy(true, &["a"], true, 5);
        for (workspace, expected) in [
            ("", machine()),
            ("enabled: false", policy(false, &["a"], true, 5)),
            ("leftOut: [b]", policy(true, &["a", "b"], true, 5)),
            ("hold: [x]", Policy { hold: ["x".parse().unwrap()].into(), ..machine() }),
            ("leftOut: []\nmaxUnattended: 50", machine()),
            ("allowRestart: false\nmaxUnattended: 2", policy(true, &["a"], false, 2)),
        ] {
            assert_eq!(machine().tightened_by(parse(workspace).unwrap()), expected, "{workspace}");
        }
        let closed = policy(false, &[], false, 0);
        let open = parse("enabled: true\nallowRestart: true\nmaxUnattended: 9").unwrap();
        assert_eq!(closed.clone().tightened_by(open), closed);
    }

    #[test]
    fn a_word_holds_what_speaks_of_it() {
        let hold = parse("hold: [Acme, 甲方, c++, roll out]").unwrap().hold.unwrap();
        let policy = Policy { hold, ..Policy::default() };
        for (text, word) in [
            ("read ACME's report", Some("acme")),
            ("整理甲方的资料", Some("甲方")),
            ("compile the c++ part", Some("c++")),
            ("Roll out", Some("roll out")),
            ("read the acmeist poem", None),
            ("pacme", None),
            ("", None),
        ] {
            assert_eq!(policy.held_word(text), word, "{text}");
        }
        assert_eq!(Policy::default().held_word("acme"), None);
    }

    fn files() -> impl Strategy<Value = PolicyFile> {
        let agents = proptest::collection::btree_set("[a-d]".prop_map(|name| name.parse().unwrap()), 0..4);
        let words = proptest::collection::btree_set("[w-z]".prop_map(|word| word.parse().unwrap()), 0..4);
        let (flag, cap) = (proptest::option::of(any::<bool>()), proptest::option::of(0_usize..20));
        (flag.clone(), proptest::option::of(agents), flag, cap, proptest::option::of(words)).prop_map(
            |(enabled, left_out, allow_restart, max_unattended, hold)| PolicyFile {
                enabled,
                left_out,
                allow_restart,
                max_unattended,
                hold,
                ..PolicyFile::default()
            },
        )
    }

    proptest! {
        #[test]
        fn tightening_never_loosens(machine in files(), workspace in files()) {
            let before = Policy::from(machine);
            let after = before.clone().tightened_by(workspace.clone());
            prop_assert!(before.enabled || !after.enabled);
            prop_assert!(before.allow_restart || !after.allow_restart);
            prop_assert!(after.max_unattended <= before.max_unattended);
            prop_assert!(after.left_out.is_superset(&before.left_out));
            prop_assert!(after.hold.is_superset(&before.hold));
            prop_assert_eq!(after.clone().tightened_by(workspace), after);
        }
    }
}
