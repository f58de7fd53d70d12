//! The phrases that should make an agent open SKILL.md, and those that should not, against the skill's description.

use std::collections::BTreeSet;
use std::fs;

use serde::Deserialize;

use crate::found::root;

/// So many words a phrase shares with the description where it should fire.
const SHARED: usize = 2;
/// So many phrases there are each way, at least.
const ENOUGH: usize = 25;

#[derive(Deserialize)]
struct Triggers {
    everyday: Vec<String>,
    should_fire: Phrases,
    should_not_fire: Phrases,
}

#[derive(Deserialize)]
struct Phrases {
    en: Vec<String>,
    zh: Vec<String>,
}

impl Phrases {
    fn all(&self) -> Vec<&String> {
        self.en.iter().chain(&self.zh).collect()
    }
}

/// Whether a character can be part of a Chinese word; 的 and 或 part words.
fn is_han(c: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&c) && !['的', '或'].contains(&c)
}

/// The words of a text by their stems; of Chinese, each two characters that stand together.
fn words(text: &str) -> BTreeSet<String> {
    let han: Vec<char> = text.chars().map(|c| if is_han(c) { c } else { ' ' }).collect();
    let pairs = han.windows(2).filter(|pair| !pair.contains(&' ')).map(|pair| pair.iter().collect());
    let latin = text.to_lowercase();
    let latin = latin.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| word.len() > 1);
    pairs.chain(latin.map(stem)).collect()
}

/// Takes an English word's ending off.
fn stem(word: &str) -> String {
    let endings = ["ing", "ed", "es", "s"];
    let stem = endings.iter().find_map(|ending| word.strip_suffix(ending).filter(|stem| stem.len() > 3));
    stem.unwrap_or(word).trim_end_matches('e').to_owned()
}

#[test]
fn the_description_names_what_people_say() {
    let read = |name: &str| fs::read_to_string(root().join(name)).unwrap();
    let triggers: Triggers = serde_yaml::from_str(&read("tests/fixtures/skill/triggers.yaml")).unwrap();
    let skill = read("SKILL.md");
    let description = skill.lines().find_map(|line| line.strip_prefix("description: ")).unwrap();
    let everyday: BTreeSet<String> = triggers.everyday.iter().map(|word| stem(word)).collect();
    let named: BTreeSet<String> = words(description).difference(&everyday).cloned().collect();

    let mut wrong = Vec::new();
    for (phrases, fires) in [(&triggers.should_fire, true), (&triggers.should_not_fire, false)] {
        assert!(phrases.all().len() >= ENOUGH && phrases.zh.len() > 10, "both languages have phrases");
        for phrase in phrases.all() {
            let shared: Vec<_> = words(phrase).intersection(&named).cloned().collect();
            if (shared.len() >= SHARED) != fires {
                wrong.push(format!("should fire: {fires}, shares {shared:?}: {phrase}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{named:?}\n{}", wrong.join("\n"));
}
