//! The skill behind `/boot-resume`: a skill's slash command is its name, so that this one needs a folder of its own.
//!
//! A `SKILL.md` below another skill's folder is not discovered (measured on 2026.7.1 and 2026.9.6), so it stands in
//! the state directory's `skills`, where all agents of the gateway see it.

use std::path::PathBuf;

use super::manifest::{Manifest, Part};
use super::placed::{self, Wanted};
use super::report::Steps;
use crate::support::error::Result;
use crate::support::paths::Paths;

/// The skill's name, and its slash command.
pub const NAME: &str = "boot-resume";
const SKILL_MD: &str = include_str!("../../templates/boot-resume.md");

/// Puts the skill in place.
///
/// # Errors
/// [`crate::support::error::Kind::Refused`] where a skill of that name stands there which is not ours.
pub fn install(steps: &mut Steps<'_>, manifest: &mut Manifest, paths: &Paths) -> Result<()> {
    let wanted = Wanted {
        part: Part::Skill,
        binary: PathBuf::new(),
        of: None,
        system: false,
        files: vec![(paths.state.join("skills").join(NAME).join("SKILL.md"), SKILL_MD.to_owned())],
        links: Vec::new(),
    };
    placed::put(steps, manifest, &wanted).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_skill_has_its_name_and_the_one_command() {
        assert!(SKILL_MD.starts_with(&format!("---\nname: {NAME}\n")));
        assert!(SKILL_MD.contains("\n   comeback recover --trigger manual\n"));
        assert!(SKILL_MD.contains("\"/boot-resume\" as plain text"));
    }
}
