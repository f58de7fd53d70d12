//! How a step falls into clauses, and what a clause denies.

use std::ops::Range;

use regex::Regex;
use serde::Deserialize;

use super::words::{any_of, chinese, compiled, english};

/// Punctuation that ends a clause, and what joins commands in a shell.
const PUNCTUATION: &str = r"[,;:!?()\[\]…。、—–|&+→\n]|\.(?:\s|\p{Han}|$)|\s-{1,2}\s";
/// Punctuation behind which something else begins.
const FULL_STOPS: &str = ".;!?…。\n→|&";

/// A part of a step that says one thing; it begins with the word that joins it to the one before.
pub(super) struct Clause<'t> {
    pub(super) text: &'t str,
    /// What joins it to the clause before; empty for the first.
    pub(super) join: &'t str,
    /// Whether it may go on with what the clause before said.
    pub(super) goes_on: bool,
    /// What joins the next clause to it; empty for the last.
    pub(super) next: &'t str,
    /// Where the words after an "or" begin.
    or: Option<usize>,
}

impl Clause<'_> {
    /// Tells whether a word joins it to the clause before, and not punctuation.
    pub(super) fn is_joined_by_word(&self) -> bool {
        self.join.chars().any(char::is_alphanumeric)
    }

    /// Tells whether it only introduces what follows: "Next:".
    pub(super) fn is_label(&self) -> bool {
        self.next == ":" && self.text.split_whitespace().count() <= 4
    }
}

/// The lists of the rules' file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Clauses {
    en: Vec<String>,
    zh: Vec<String>,
    weak: Vec<String>,
    whole: Vec<String>,
    or: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Negation {
    en: Vec<String>,
    zh: Vec<String>,
    whole: Vec<String>,
    between: Between,
    void: Vec<String>,
    telling: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Between {
    en: Vec<String>,
    zh: Vec<String>,
    zh_before_object: Vec<String>,
}

/// A clause's negation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Denial {
    /// Where its words begin and end.
    pub(super) start: usize,
    pub(super) end: usize,
    /// Whether it tells how things are, and forbids nothing.
    pub(super) tells: bool,
}

/// Splits steps and finds negations.
pub(super) struct Splitter {
    split: Regex,
    or: Regex,
    weak: Regex,
    /// The words that join clauses, as a pattern.
    pub(super) joins: String,
    negator: Regex,
    between: Regex,
    void: Regex,
    telling: Regex,
}

impl Splitter {
    pub(super) fn new(clauses: &Clauses, negation: &Negation) -> Self {
        let (joins, joins_zh) = (english(&clauses.en), chinese(&clauses.zh));
        let Between { en, zh, zh_before_object } = &negation.between;
        let between = [
            format!(r"(?:{})\b\s*", english(en)),
            chinese(zh),
            format!(r"{}\S{{0,8}}?", chinese(zh_before_object)),
        ];
        let exactly = |list: &[String]| compiled(&format!("^{}$", any_of(list)));
        Self {
            split: compiled(&format!(r"{}|({PUNCTUATION}|\b{joins}\b|{joins_zh})", chinese(&clauses.whole))),
            or: exactly(&clauses.or),
            weak: exactly(&clauses.weak),
            joins: format!(r"(?:{joins}\b|{joins_zh})"),
            negator: compiled(&format!(
                r"{}|(\b{}\b|{})",
                chinese(&negation.whole),
                english(&negation.en),
                chinese(&negation.zh)
            )),
            between: compiled(&format!(r"^\s*(?:{})*\s*$", between.join("|"))),
            void: compiled(&any_of(&negation.void)),
            telling: exactly(&negation.telling),
        }
    }

    /// Splits a step before every word or sign that joins clauses.
    pub(super) fn clauses<'t>(&self, step: &'t str) -> Vec<Clause<'t>> {
        let joins: Vec<_> = self.split.captures_iter(step).filter_map(|found| found.get(1)).collect();
        let starts = std::iter::once((0, "")).chain(joins.iter().map(|join| (join.start(), join.as_str())));
        let ends = joins.iter().map(|join| (join.start(), join.as_str())).chain([(step.len(), "")]);
        let mut clauses: Vec<Clause<'t>> = Vec::new();
        let mut before = String::new();
        for ((start, join), (end, next)) in starts.zip(ends) {
            let text = step[start..end].trim_start_matches(|c: char| !c.is_alphanumeric());
            let is_word = join.chars().any(char::is_alphanumeric);
            before = if is_word || text.is_empty() { before + join } else { join.to_owned() };
            let stops = before.contains(|c| FULL_STOPS.contains(c)) || before.is_empty();
            let goes_on = !stops && (!is_word || self.weak.is_match(join));
            if !text.is_empty() {
                let or = self.or.is_match(join).then_some(join.len());
                clauses.push(Clause { text, join, goes_on, next, or });
                before = String::new();
            }
        }
        clauses
    }

    /// Returns a clause's negation, if it has one that holds; "or" carries on the one `before`.
    pub(super) fn denial(&self, clause: &Clause<'_>, before: Option<Denial>) -> Option<Denial> {
        if self.void.is_match(clause.text) {
            return None;
        }
        let found = self.negator.captures_iter(clause.text).filter_map(|found| found.get(1));
        match found.collect::<Vec<_>>()[..] {
            [] => before.and_then(|before| Some(Denial { start: 0, end: clause.or?, ..before })),
            [word] => {
                let tells = self.telling.is_match(word.as_str());
                Some(Denial { start: word.start(), end: word.end(), tells })
            }
            _ => None,
        }
    }

    /// Returns the first dangerous word right behind the negation.
    pub(super) fn denied(&self, text: &str, denial: Denial, words: &[Range<usize>]) -> Option<Range<usize>> {
        let adjacent = |word: &&Range<usize>| {
            word.start >= denial.end && self.between.is_match(&text[denial.end..word.start])
        };
        words.iter().find(adjacent).cloned()
    }
}
