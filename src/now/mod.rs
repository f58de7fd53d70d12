//! NOW.md: the workspace's one page that an agent reads first after a restart.
//!
//! Four sections of it are ours, as in the seed; everything else belongs to whoever wrote it.

mod sections;
mod splice;
#[cfg(test)]
mod tests;

use std::path::Path;

use sections::{Section, places};
pub use splice::splice;

use crate::support::error::Result;
use crate::support::fs;
use crate::support::markdown::{Part, PartKind, decode, heading_text, item_text, joined, name_value};

/// What stands in a list that has no items.
const NONE: &str = "none";
const BOM: char = '\u{feff}';

/// Holds what the four sections say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// When, where and in what state the snapshot was taken.
    pub updated: Updated,
    /// What is being worked on.
    pub tasks: Vec<String>,
    /// What the next session needs to know.
    pub context: Vec<String>,
    /// What to do after the restart.
    pub after: Vec<String>,
}

/// Holds the section Last Updated; what is missing there is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Updated {
    /// The time, as written.
    pub time: String,
    /// The chat that the user is in.
    pub session: String,
    /// What was happening.
    pub status: String,
}

/// Names the sections to replace, and what by; an empty list is written as `none`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// The section Last Updated.
    pub updated: Option<Updated>,
    /// The section Active Tasks.
    pub tasks: Option<Vec<String>>,
    /// The section Recent Context.
    pub context: Option<Vec<String>>,
    /// The section Post-Restart Action.
    pub after: Option<Vec<String>>,
}

impl Changes {
    /// Makes the change that follows a restart: nothing is left to do after it.
    #[must_use]
    pub fn clear() -> Self {
        Self { after: Some(Vec::new()), ..Self::default() }
    }
}

impl Now {
    /// Reads the four sections; what is missing is empty, and so is a list that only says `none`.
    ///
    /// Each list item is one entry, and so is each paragraph that somebody wrote instead of a list.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut now = Self::default();
        let text = text.strip_prefix(BOM).unwrap_or(text);
        for place in places(text) {
            let lines: Vec<String> =
                place.parts.iter().map(|part| line(text, part)).filter(|line| !line.is_empty()).collect();
            match place.section {
                Section::Updated => now.updated = updated(&lines),
                Section::Tasks => now.tasks = entries(&lines),
                Section::Context => now.context = entries(&lines),
                Section::After => now.after = entries(&lines),
            }
        }
        now
    }
}

/// Returns a part's text, not decoded yet.
fn line(text: &str, part: &Part) -> String {
    let source = &text[part.range.clone()];
    match part.kind {
        PartKind::Item => item_text(source),
        PartKind::Heading { .. } => heading_text(source).to_owned(),
        PartKind::Other => joined(source),
    }
}

fn entries(lines: &[String]) -> Vec<String> {
    match lines {
        [only] if only.trim_end_matches('.').eq_ignore_ascii_case(NONE) => Vec::new(),
        _ => lines.iter().map(|line| decode(line).into_owned()).collect(),
    }
}

fn updated(lines: &[String]) -> Updated {
    let value = |wanted: &str| {
        lines
            .iter()
            .filter_map(|line| name_value(line))
            .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            .map_or_else(String::new, |(_, value)| decode(value).into_owned())
    };
    Updated { time: value("time"), session: value("session"), status: value("status") }
}

/// Reads the file, which need not exist. Agents can put a link in its place: what that leads to, outside of the
/// workspace, is none of theirs to read.
///
/// # Errors
/// Where the file cannot be read, is not UTF-8, or lies elsewhere.
pub fn read(path: &Path) -> Result<Option<String>> {
    fs::read_inside(path.parent().unwrap_or(Path::new(".")), path)
}

/// Applies changes to the file, which need not exist; it is written only where they change something.
///
/// # Errors
/// Where the file cannot be read, is not UTF-8, or cannot be written; it is then as it was.
pub fn update(path: &Path, changes: &Changes) -> Result<()> {
    let old = read(path)?;
    let new = splice(old.as_deref(), changes);
    if old.is_some_and(|old| old == new) {
        return Ok(());
    }
    fs::write(path, new.as_bytes())
}
