//! The rule about restarts in the workspace's `AGENTS.md`, between two marks.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::manifest::{Ended, Manifest, Part, RuleRecord};
use super::report::Steps;
use crate::support::error::{Error, Kind, Result};
use crate::support::fs;
use crate::support::paths::Paths;

const RULE: &str = include_str!("../../templates/agents-md/rule.md");
const BEGIN: &str = "<!-- comeback:begin";
const END: &str = "<!-- comeback:end -->";

/// Returns the file that agents read.
pub(super) fn file(paths: &Paths) -> PathBuf {
    paths.workspace.join("AGENTS.md")
}

/// Puts the rule at the end of the file, or in place of an older one.
///
/// # Errors
/// Where the marks are not a pair, or the file cannot be read or written.
pub fn add(steps: &mut Steps<'_>, manifest: &mut Manifest, paths: &Paths) -> Result<()> {
    manifest.check_writable()?;
    let path = file(paths);
    let old = fs::read(&path)?;
    let text = old.as_deref().unwrap_or_default();
    let new = if let Some(place) = place(text, &path)? {
        format!("{}{RULE}{}", &text[..place.start], &text[place.end..])
    } else {
        let ended = match &old {
            None => Ended::Absent,
            Some(text) if text.is_empty() || text.ends_with('\n') => Ended::WithLineEnd,
            Some(_) => Ended::WithoutLineEnd,
        };
        if !steps.dry_run {
            manifest.set(Part::Rule, Some(&RuleRecord { path: path.clone(), ended }))?;
        }
        format!("{text}{}{RULE}", before(ended, text.is_empty()))
    };
    steps.write(path, &new)
}

/// Takes the rule out again: what stood there before is there again, byte for byte.
///
/// # Errors
/// Where the marks are not a pair, or the file cannot be read or written.
pub fn remove(steps: &mut Steps<'_>, manifest: &mut Manifest, paths: &Paths) -> Result<()> {
    manifest.check_writable()?;
    let record: Option<RuleRecord> = manifest.get(Part::Rule)?;
    let path = record.as_ref().map_or_else(|| file(paths), |record| record.path.clone());
    let ended = record.map_or(Ended::WithLineEnd, |record| record.ended);
    let text = fs::read(&path)?.unwrap_or_default();
    if let Some(place) = place(&text, &path)? {
        let (above, below) = (&text[..place.start], &text[place.end..]);
        // What stands below it now keeps its distance.
        let blank = if below.is_empty() { before(ended, false) } else { "" };
        let above = above.strip_suffix(blank).unwrap_or(above);
        if ended == Ended::Absent && above.is_empty() && below.is_empty() {
            steps.remove(path, super::FileState::Unchanged)?;
        } else {
            steps.write(path, &format!("{above}{below}"))?;
        }
    }
    if steps.dry_run { Ok(()) } else { manifest.set(Part::Rule, None::<&RuleRecord>) }
}

/// What stands between a text and the rule.
fn before(ended: Ended, is_empty: bool) -> &'static str {
    match ended {
        Ended::Absent => "",
        Ended::WithLineEnd if is_empty => "",
        Ended::WithLineEnd => "\n",
        Ended::WithoutLineEnd => "\n\n",
    }
}

/// Finds the rule, from the line of its first mark to that of its last one.
fn place(text: &str, path: &Path) -> Result<Option<Range<usize>>> {
    let lines_with = |mark: &str| -> Vec<(usize, Range<usize>)> {
        let mut at = 0;
        let mut found = Vec::new();
        for (number, line) in text.split_inclusive('\n').enumerate() {
            if line.trim_start().starts_with(mark) {
                found.push((number + 1, at..at + line.len()));
            }
            at += line.len();
        }
        found
    };
    match (lines_with(BEGIN).as_slice(), lines_with(END).as_slice()) {
        ([], []) => Ok(None),
        ([(_, begin)], [(_, end)]) if begin.end <= end.start => Ok(Some(begin.start..end.end)),
        (begins, ends) => {
            let line = begins.iter().chain(ends).map(|(line, _)| *line).max().unwrap_or_default();
            let message =
                format!("{}, line {line}: the marks of comeback's rule are not one pair", path.display());
            Err(Error::new(Kind::User, message)
                .hint("take the lines with `comeback:begin` and `comeback:end` out by hand"))
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::gateway::Openclaw;

    struct Rig {
        _dir: tempfile::TempDir,
        paths: Paths,
    }

    impl Rig {
        fn new(text: Option<&str>) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let paths = Paths { state: dir.path().join("state"), workspace: dir.path().join("ws") };
            fs::create_dir(&paths.workspace).unwrap();
            if let Some(text) = text {
                fs::write(&file(&paths), text.as_bytes()).unwrap();
            }
            Self { _dir: dir, paths }
        }

        fn run(
            &self,
            change: fn(&mut Steps<'_>, &mut Manifest, &Paths) -> Result<()>,
        ) -> Result<Option<String>> {
            let openclaw = Openclaw::new(&self.paths, Path::new("none"));
            let mut manifest = Manifest::read(&self.paths)?;
            change(&mut Steps::new(&openclaw, false), &mut manifest, &self.paths)?;
            fs::read(&file(&self.paths))
        }
    }

    #[rstest]
    #[case::absent(None)]
    #[case::empty(Some(""))]
    #[case::ended(Some("# Agents\n"))]
    #[case::not_ended(Some("# Agents"))]
    #[case::blank_lines(Some("# Agents\n\n\n"))]
    #[case::windows(Some("# Agents\r\n- one\r\n"))]
    fn the_rule_comes_once_and_goes_without_a_trace(#[case] before: Option<&str>) {
        let rig = Rig::new(before);
        let with = rig.run(add).unwrap().unwrap();
        assert!(with.starts_with(before.unwrap_or_default()) && with.ends_with(RULE), "{with}");
        assert_eq!(rig.run(add).unwrap().unwrap(), with);
        assert_eq!(rig.run(remove).unwrap().as_deref(), before);
        assert!(!rig.paths.own().exists());
        assert_eq!(rig.run(remove).unwrap().as_deref(), before);
    }

    #[test]
    fn what_people_write_around_it_stays_and_an_older_rule_is_replaced() {
        let rig = Rig::new(Some("# Agents\n"));
        let with = rig.run(add).unwrap().unwrap();
        let edited = with.replace("Never\n", "Always\n") + "- more\n";
        fs::write(&file(&rig.paths), edited.as_bytes()).unwrap();
        assert_eq!(rig.run(add).unwrap().unwrap(), with + "- more\n");
        assert_eq!(rig.run(remove).unwrap().unwrap(), "# Agents\n\n- more\n");
    }

    #[rstest]
    #[case::no_end("a\n<!-- comeback:begin -->\nb\n", 2)]
    #[case::no_begin("<!-- comeback:end -->\n", 1)]
    #[case::turned_round("<!-- comeback:end -->\n<!-- comeback:begin -->\n", 2)]
    #[case::twice("<!-- comeback:begin -->\n<!-- comeback:begin -->\n<!-- comeback:end -->\n", 3)]
    fn marks_that_are_no_pair_are_named_and_left(#[case] text: &str, #[case] line: usize) {
        let rig = Rig::new(Some(text));
        for change in [add, remove] {
            let error = rig.run(change).unwrap_err().to_string();
            assert!(error.contains(&format!("AGENTS.md, line {line}")), "{error}");
        }
        assert_eq!(fs::read(&file(&rig.paths)).unwrap().unwrap(), text);
    }
}
