//! Lists of words as regular expressions, and text brought to the form that they expect.

use std::collections::HashMap;

use regex::Regex;
use serde::Deserialize;

use crate::support::text::plain;

/// Stands where a list is empty: matches nothing.
const NEVER: &str = r"[^\s\S]";
/// Between the words of a phrase.
const GAP: &str = r"[\s-]+";
/// What, before a participle, makes it something still to be done: "must be deleted", "have the table deleted".
const TO_BE: &str = concat!(
    r"(?:(?:be|being|get|gets|getting)\s+(?:\w+ly\s+)?",
    r"|(?:have|having|get|getting)\s+(?:the|an?|it|them|all|everything|this|that|my|our|his|her|their)\s+",
    r"(?:\w+\s+){0,3}?)",
);

/// Words of one meaning, as the rules' file lists them.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Words {
    verbs: Vec<String>,
    past: Vec<String>,
    phrases: Vec<String>,
    zh: Vec<String>,
}

impl Words {
    /// Compiles what says that the thing is done now or is to be done.
    pub(super) fn present(&self) -> Regex {
        compiled(&self.pattern())
    }

    /// Makes the pattern that [`Self::present`] compiles.
    pub(super) fn pattern(&self) -> String {
        let verbs = self.verbs.iter().map(|verb| inflected(verb, present));
        let phrases = self.phrases.iter().map(|words| format!("{}s?", phrase(words)));
        let (present, past) = (joined(verbs.chain(phrases)), self.participles());
        format!(r"(?:\b(?:{present}|{TO_BE}{past})\b|{})", chinese(&self.zh))
    }

    /// Makes the pattern of the Chinese words.
    pub(super) fn chinese(&self) -> String {
        chinese(&self.zh)
    }

    fn participles(&self) -> String {
        let regular = self.verbs.iter().map(|verb| inflected(verb, past));
        joined(regular.chain(self.past.iter().map(|word| phrase(word))))
    }
}

/// Compiles a pattern that the rules' file gave the words of.
pub(super) fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("escaped words in a fixed frame, compiled by every test of the rules")
}

/// Makes one pattern of words of both languages, without inflections but for a plural.
pub(super) fn any_of(list: &[String]) -> String {
    let (zh, en): (Vec<_>, Vec<_>) = list.iter().cloned().partition(|word| word.chars().any(is_han));
    format!(r"(?:\b(?:{})s?\b|{})", english(&en), chinese(&zh))
}

/// Makes one pattern of English words and phrases, without word boundaries.
pub(super) fn english(list: &[String]) -> String {
    joined(list.iter().map(|word| phrase(word)))
}

/// Makes one pattern of Chinese words; English ones among them stand alone.
pub(super) fn chinese(list: &[String]) -> String {
    joined(list.iter().map(|word| {
        let escaped = regex::escape(&word.to_lowercase());
        let edge = |is_ascii| if is_ascii { r"\b" } else { "" };
        let ascii = |c: char| c.is_ascii_alphanumeric();
        format!("{}{escaped}{}", edge(word.starts_with(ascii)), edge(word.ends_with(ascii)))
    }))
}

/// Joins alternatives, the longest first: the first that fits is what a regular expression takes.
fn joined(patterns: impl Iterator<Item = String>) -> String {
    let mut patterns: Vec<String> = patterns.collect();
    patterns.sort_by_key(|pattern| std::cmp::Reverse(pattern.len()));
    if patterns.is_empty() { NEVER.to_owned() } else { format!("(?:{})", patterns.join("|")) }
}

fn phrase(text: &str) -> String {
    text.split(' ').map(regex::escape).collect::<Vec<_>>().join(GAP)
}

/// Inflects the first word of a phrase.
fn inflected(verb: &str, form: fn(&str) -> String) -> String {
    match verb.split_once(' ') {
        Some((first, rest)) => format!("{}{GAP}{}", form(first), phrase(rest)),
        None => form(verb),
    }
}

fn present(verb: &str) -> String {
    let (stem, escaped) = (stem(verb), regex::escape(verb));
    match ending(verb) {
        Ending::E => format!("{stem}(?:e|es|ing)"),
        Ending::Y => format!("{stem}(?:y|ies|ying)"),
        Ending::Hiss => format!("{escaped}(?:es|ing)?"),
        Ending::Other(last) => format!("{escaped}(?:s|{last}?ing)?"),
    }
}

fn past(verb: &str) -> String {
    match ending(verb) {
        Ending::E => format!("{}ed", stem(verb)),
        Ending::Y => format!("{}ied", stem(verb)),
        Ending::Hiss => format!("{}ed", regex::escape(verb)),
        Ending::Other(last) => format!("{}{last}?ed", regex::escape(verb)),
    }
}

enum Ending {
    E,
    Y,
    Hiss,
    Other(char),
}

fn ending(verb: &str) -> Ending {
    let mut letters = verb.chars().rev();
    match (letters.next(), letters.next()) {
        (Some('e'), _) => Ending::E,
        (Some('y'), Some(before)) if !"aeiou".contains(before) => Ending::Y,
        (Some('s' | 'x' | 'z'), _) | (Some('h'), Some('c' | 's')) => Ending::Hiss,
        (last, _) => Ending::Other(last.unwrap_or_default()),
    }
}

/// Returns the escaped verb without its last letter.
fn stem(verb: &str) -> String {
    let mut letters = verb.chars();
    letters.next_back();
    regex::escape(letters.as_str())
}

/// Tells Chinese characters from all others.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Traditional characters and the simplified ones that the rules are written in.
pub(super) struct Simplified(HashMap<char, char>);

impl From<&str> for Simplified {
    /// Reads pairs of characters, the traditional one first.
    fn from(pairs: &str) -> Self {
        let letters: Vec<char> = pairs.chars().filter(|c| !c.is_whitespace()).collect();
        Self(letters.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
    }
}

/// Brings a step to one form: small letters, half width, simplified characters, spaces between words and none in Chinese,
/// nothing invisible.
pub(super) fn normalised(step: &str, simplified: &Simplified) -> String {
    let mut out = String::with_capacity(step.len());
    let mut before = ' ';
    for raw in plain(step).chars().filter(|c| !is_invisible(*c)) {
        let c = half_width(raw);
        let c = simplified.0.get(&c).copied().unwrap_or(c);
        if is_han(c) && out.trim_end_matches(' ').ends_with(is_han) {
            out.truncate(out.trim_end_matches(' ').len());
        } else if begins_word(before, c) {
            out.push(' ');
        }
        out.extend(c.to_lowercase());
        before = c;
    }
    out
}

fn begins_word(before: char, c: char) -> bool {
    let hump = before.is_lowercase() && c.is_uppercase();
    hump || (before.is_alphanumeric() && c.is_alphanumeric() && is_han(before) != is_han(c))
}

fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '’' | '‘' => '\'',
        '_' | '`' | '*' | '"' | '“' | '”' | '\u{3000}' => ' ',
        _ if c.is_whitespace() && c != '\n' => ' ',
        _ => c,
    }
}

fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn verbs_are_found_in_every_form() {
        let words = Words {
            verbs: ["delete", "drop", "pay", "copy", "push"].map(str::to_owned).into(),
            ..Words::default()
        };
        let present = words.present();
        for text in [
            "delete",
            "deletes",
            "deleting",
            "drop",
            "dropping",
            "pays",
            "copies",
            "pushes",
            "be dropped",
            "be fully deleted",
            "have the old table dropped",
        ] {
            assert!(present.is_match(text), "{text}");
        }
        for text in ["deleted", "dropped", "copied", "pushed", "deleterious", "payment", "pushy", "droplet"] {
            assert!(!present.is_match(text), "{text}");
        }
    }

    #[test]
    fn steps_come_to_one_form() {
        for (step, expected) in [
            ("部署to生产", "部署 to 生产"),
            ("轉帳給客戶", "转帐给客户"),
            ("删 除 表", "删除表"),
            ("call deleteUser_rows", "call delete user rows"),
            ("ｄｅｌｅｔｅ，now", "delete,now"),
            ("de\u{200b}lete\tit", "delete it"),
        ] {
            assert_eq!(normalised(step, &Simplified::from("轉转帳帐給给戶户")), expected);
        }
    }
}
