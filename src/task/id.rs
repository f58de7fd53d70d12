//! The names of tasks.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::support::error::{Error, Kind};

const PREFIX: &str = "smartwake_";
/// What the names of its wakes begin with.
const JOB: &str = "smart-wake:";
/// So many characters of the goal stand in the name.
const SLUG: usize = 40;
/// Longer names are refused; ours have at most 67 characters.
const LONGEST: usize = 120;

/// Names a task, and its file: `smartwake_<slug>_<YYYYMMDDTHHMMSSZ>`, or what a seed's file has.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaskId(String);

impl TaskId {
    /// Names a new task by its goal and the time.
    #[must_use]
    pub fn new(goal: &str, at: DateTime<Utc>) -> Self {
        Self::numbered(goal, at, 1)
    }

    /// Names the task of this number, counted from 1, of those that have one goal and begin within one second.
    #[must_use]
    pub(super) fn numbered(goal: &str, at: DateTime<Utc>, number: u32) -> Self {
        let mut slug = String::new();
        for c in goal.to_ascii_lowercase().chars() {
            match c {
                'a'..='z' | '0'..='9' => slug.push(c),
                _ if slug.is_empty() || slug.ends_with('_') => {}
                _ => slug.push('_'),
            }
        }
        slug.truncate(SLUG);
        let slug = slug.trim_end_matches('_');
        let slug = if slug.is_empty() { "task" } else { slug };
        let slug = if number > 1 { format!("{slug}_{number}") } else { slug.to_owned() };
        Self(format!("{PREFIX}{slug}_{}", at.format("%Y%m%dT%H%M%SZ")))
    }

    /// Returns the name of the jobs that wake it.
    #[must_use]
    pub fn job_name(&self) -> String {
        format!("{JOB}{}", self.0)
    }

    /// Returns the task that a job of this name wakes.
    #[must_use]
    pub fn of_job(name: &str) -> Option<Self> {
        name.strip_prefix(JOB)?.parse().ok()
    }

    /// Returns the name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for TaskId {
    type Err = Error;

    /// Takes letters, digits, `_` and `-`: a name is a file's name, and a word of a command.
    fn from_str(text: &str) -> Result<Self, Error> {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
        if text.is_empty() || text.len() > LONGEST || text.starts_with('-') || !text.chars().all(is_plain) {
            return Err(Error::new(Kind::User, format!("{text:?} is no task's id"))
                .hint("`comeback task list` shows the ids, such as smartwake_repo_scan_20260301T120000Z"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl TryFrom<String> for TaskId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl From<TaskId> for String {
    fn from(id: TaskId) -> Self {
        id.0
    }
}

impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_name_tells_of_the_goal_and_the_time() {
        let at = "2026-03-01T12:00:00Z".parse().unwrap();
        for (goal, id) in [
            ("Repo scan", "smartwake_repo_scan_20260301T120000Z"),
            ("  Scan: all (47) tables! ", "smartwake_scan_all_47_tables_20260301T120000Z"),
            ("整理表格", "smartwake_task_20260301T120000Z"),
            (&"long ".repeat(20), "smartwake_long_long_long_long_long_long_long_long_20260301T120000Z"),
        ] {
            assert_eq!(TaskId::new(goal, at).as_str(), id);
        }
        assert_eq!(TaskId::numbered("Scan", at, 2).as_str(), "smartwake_scan_2_20260301T120000Z");
    }

    proptest! {
        #[test]
        fn a_name_is_one_word_whatever_the_goal(goal in any::<String>(), seconds in 0_i64..4_000_000_000) {
            let id = TaskId::new(&goal, DateTime::from_timestamp(seconds, 0).unwrap());
            prop_assert_eq!(id.as_str().parse::<TaskId>().unwrap(), id);
        }

        #[test]
        fn no_name_leads_anywhere_else(text in "[./~a-z$ -]{0,12}") {
            if let Ok(id) = text.parse::<TaskId>() {
                prop_assert!(!id.as_str().contains(['.', '/', '~', ' ', '$']) && !id.as_str().starts_with('-'));
            }
        }
    }
}
