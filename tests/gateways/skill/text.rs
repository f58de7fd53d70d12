//! The skill's text, read as an agent reads it: sections, steps, blocks of commands.

use std::fs;
use std::path::Path;

/// The folder that the skill stands in.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The description in the front matter of a SKILL.md: all that an agent sees before it opens the file.
pub fn description(skill: &Path) -> String {
    let text = fs::read_to_string(skill).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("description: "));
    line.expect("SKILL.md has a description").trim().to_owned()
}

/// A part of a document.
#[derive(Clone, Copy)]
pub struct Part<'a>(pub &'a str);

impl<'a> Part<'a> {
    /// The section under a heading of level 2.
    pub fn section(self, heading: &str) -> Self {
        let title = format!("\n## {heading}\n");
        let (_, rest) =
            self.0.split_once(&title).unwrap_or_else(|| panic!("no section {heading}: {}", self.0));
        Self(rest.split_once("\n## ").map_or(rest, |(section, _)| section))
    }

    /// A step of a section, by its number.
    pub fn step(self, number: usize) -> Self {
        let (_, rest) = self.0.split_once(&format!("\n**{number}. ")).expect("the section has that step");
        Self(rest.split_once(&format!("\n**{}. ", number + 1)).map_or(rest, |(step, _)| step))
    }

    /// The blocks of commands, in their order.
    pub fn blocks(self) -> Vec<&'a str> {
        let mut blocks = Vec::new();
        let mut rest = self.0;
        while let Some((_, begun)) = rest.split_once("```sh\n") {
            let (block, after) = begun.split_once("\n```").expect("a block ends");
            blocks.push(block);
            rest = after;
        }
        blocks
    }

    /// The code in running text that begins so.
    pub fn code(self, begin: &str) -> Option<&'a str> {
        self.0.split('`').skip(1).step_by(2).find(|code| code.starts_with(begin))
    }
}

/// The lines of a block, without what explains them.
pub fn lines(block: &str) -> Vec<&str> {
    block.lines().map(|line| line.split(" # ").next().unwrap_or_default().trim_end()).collect()
}

/// Puts another value behind a flag, wherever that stands: the next word, or what is quoted.
pub fn with(command: &str, flag: &str, value: &str) -> String {
    let mut parts = command.split(flag);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let part = part.trim_start();
        let end = match part.strip_prefix('\'') {
            Some(quoted) => quoted.find('\'').map(|at| at + 2),
            None => part.find(char::is_whitespace),
        };
        text = format!("{text}{flag} {value}{}", &part[end.unwrap_or(part.len())..]);
    }
    text
}
