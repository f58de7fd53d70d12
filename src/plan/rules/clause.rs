//! How the words of a clause stand to each other: what is denied, only spoken of, or told to the user.

use std::ops::Range;

use regex::Regex;
use serde::Deserialize;

use super::words::{Words, any_of, chinese, compiled, english, is_han};

/// Punctuation that ends a clause, and what joins commands in a shell.
const PUNCTUATION: &str = r"[,;:!?()\[\]…。、—–|&+→\n]|\.(?:\s|\p{Han}|$)|\s-{1,2}\s";
/// Whom or what a message goes to.
const ADDRESSED: &str = concat!(
    r"\b(?:to|with|via|on|in|into|at|by|from|for|through)\s+(?:(?:the|this|that|same|my|our|an?)\s+)*(\w+)",
    r"|(?:到|给|向|至)\s*([\p{Han}\w]{1,4})",
);

/// Why a dangerous word is harmless where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excuse {
    Negation,
    Reading,
    Inside,
}

impl Excuse {
    pub(super) const fn rule(self) -> &'static str {
        match self {
            Self::Negation => "negation",
            Self::Reading => "reading",
            Self::Inside => "own-user",
        }
    }

    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Negation => "It says that the dangerous thing is not to be done.",
            Self::Reading => "It reads or writes about the dangerous thing and does not do it.",
            Self::Inside => "It tells the session's own user something.",
        }
    }
}

/// A part of a step that says one thing; it begins with the word that joins it to the one before.
pub(super) struct Clause<'t> {
    pub(super) text: &'t str,
    /// Where the words after an "or" begin.
    or: Option<usize>,
}

/// A stretch of a clause in which dangerous words are harmless.
struct Scope {
    excuse: Excuse,
    from: usize,
    /// Words that end before this are excused outright, later ones unless they are plainly to be done.
    reach: usize,
    /// Whether later ones are excused at all.
    rest: bool,
}

/// The lists that `rules.yaml` gives this module, as they stand there.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Clauses {
    en: Vec<String>,
    zh: Vec<String>,
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
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Between {
    en: Vec<String>,
    zh: Vec<String>,
    zh_before_object: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reading {
    lead: Vec<String>,
    lead_zh: Vec<String>,
    pub(super) says: Words,
    between_zh: Vec<String>,
    asking: Vec<String>,
    question: Vec<String>,
    doing: Vec<String>,
    purpose: Vec<String>,
    purpose_asked: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inside {
    objects: Vec<String>,
    people: Vec<String>,
    outside: Vec<String>,
}

/// The lists as regular expressions.
pub(super) struct Grammar {
    split: Regex,
    or: Regex,
    negator: Regex,
    between: Regex,
    void: Regex,
    reading: Regex,
    asking: Regex,
    question: Regex,
    doing: Regex,
    purpose: Regex,
    purpose_asked: Regex,
    spoken_zh: Regex,
    objects: Regex,
    people: Regex,
    outside: Regex,
    addressed: Regex,
}

impl Grammar {
    pub(super) fn new(clauses: &Clauses, negation: &Negation, reading: &Reading, inside: &Inside) -> Self {
        let (joins, joins_zh) = (english(&clauses.en), chinese(&clauses.zh));
        let lead = format!(
            r"^(?:(?:{}|{joins})\b\s*|(?:{}|{joins_zh})\s*|\d+[.)]?\s*)*",
            english(&reading.lead),
            chinese(&reading.lead_zh)
        );
        let Between { en, zh, zh_before_object } = &negation.between;
        let between = [
            format!(r"(?:{})\b\s*", english(en)),
            chinese(zh),
            format!(r"{}\S{{0,8}}?", chinese(zh_before_object)),
        ];
        Self {
            split: compiled(&format!(r"{}|({PUNCTUATION}|\b{joins}\b|{joins_zh})", chinese(&clauses.whole))),
            or: compiled(&format!("^{}$", any_of(&clauses.or))),
            negator: compiled(&format!(
                r"{}|(\b{}\b|{})",
                chinese(&negation.whole),
                english(&negation.en),
                chinese(&negation.zh)
            )),
            between: compiled(&format!(r"^\s*(?:{})*\s*$", between.join("|"))),
            void: compiled(&any_of(&negation.void)),
            reading: compiled(&format!(r"{lead}{}", reading.says.pattern())),
            asking: compiled(&format!("{lead}{}", chinese(&reading.asking))),
            question: compiled(&any_of(&reading.question)),
            doing: compiled(&format!(r"^\s+(?:{}|\d+)\b", english(&reading.doing))),
            purpose: compiled(&format!(r"\b{}\s+$", english(&reading.purpose))),
            purpose_asked: compiled(&format!(r"\b{}\s+$", english(&reading.purpose_asked))),
            spoken_zh: compiled(&format!("^(?:.*的)?{}*$", chinese(&reading.between_zh))),
            objects: compiled(&any_of(&inside.objects)),
            people: compiled(&any_of(&inside.people)),
            outside: compiled(&any_of(&inside.outside)),
            addressed: compiled(ADDRESSED),
        }
    }

    /// Splits a step before every word or sign that joins clauses.
    pub(super) fn clauses<'t>(&self, step: &'t str) -> Vec<Clause<'t>> {
        let joins: Vec<_> = self.split.captures_iter(step).filter_map(|found| found.get(1)).collect();
        let starts = std::iter::once((0, "")).chain(joins.iter().map(|join| (join.start(), join.as_str())));
        let ends = joins.iter().map(regex::Match::start).chain([step.len()]);
        let mut clauses = Vec::new();
        for ((start, join), end) in starts.zip(ends) {
            let text = step[start..end].trim_start_matches(|c: char| !c.is_alphanumeric());
            clauses.push(Clause { text, or: self.or.is_match(join).then_some(join.len()) });
        }
        clauses
    }

    /// Returns where a clause's negation ends, if it has one that holds; "or" carries on the one `before`.
    pub(super) fn negation(&self, clause: &Clause<'_>, before: Option<usize>) -> Option<usize> {
        if self.void.is_match(clause.text) {
            return None;
        }
        let found = self.negator.captures_iter(clause.text).filter_map(|found| found.get(1));
        match found.map(|negator| negator.end()).collect::<Vec<_>>()[..] {
            [] => before.and(clause.or),
            [end] => Some(end),
            _ => None,
        }
    }

    /// Returns why the dangerous word at `word` is harmless, given all such words of its clause in order.
    ///
    /// `inside` is the first of them that may go to the session's own user.
    pub(super) fn excuses(
        &self,
        clause: &Clause<'_>,
        negation: Option<usize>,
        words: &[Range<usize>],
        inside: Option<&Range<usize>>,
    ) -> Vec<Option<Excuse>> {
        let denied = negation.and_then(|end| self.denied(clause.text, end, words));
        let told = inside.and_then(|word| self.told(clause.text, word));
        let scopes: Vec<Scope> = [denied, self.spoken_of(clause.text), told].into_iter().flatten().collect();
        let excuse = |word: &Range<usize>| {
            scopes.iter().find(|scope| self.covers(scope, clause.text, word)).map(|scope| scope.excuse)
        };
        words.iter().map(excuse).collect()
    }

    /// The first dangerous word right behind the negation, and what follows.
    fn denied(&self, clause: &str, end: usize, words: &[Range<usize>]) -> Option<Scope> {
        let adjacent =
            |word: &&Range<usize>| word.start >= end && self.between.is_match(&clause[end..word.start]);
        let word = words.iter().find(adjacent)?;
        Some(Scope { excuse: Excuse::Negation, from: word.start, reach: word.end, rest: true })
    }

    /// What follows a verb of reading or writing that opens the clause.
    fn spoken_of(&self, clause: &str) -> Option<Scope> {
        let asking = || self.asking.find(clause).filter(|_| self.question.is_match(clause));
        let end = self.reading.find(clause).or_else(asking)?.end();
        Some(Scope { excuse: Excuse::Reading, from: end, reach: end, rest: true })
    }

    /// A message that goes to the session's own user and nowhere else.
    fn told(&self, clause: &str, word: &Range<usize>) -> Option<Scope> {
        let named = |text: &str| self.people.is_match(text) || self.objects.is_match(text);
        let mut addressees =
            self.addressed.captures_iter(clause).filter_map(|found| found.get(1).or_else(|| found.get(2)));
        if self.outside.is_match(clause) || !named(clause) || !addressees.all(|to| named(to.as_str())) {
            return None;
        }
        let rest = self.objects.is_match(clause);
        Some(Scope { excuse: Excuse::Inside, from: word.start, reach: word.end, rest })
    }

    fn covers(&self, scope: &Scope, clause: &str, word: &Range<usize>) -> bool {
        let within = word.start >= scope.from;
        within && (word.end <= scope.reach || (scope.rest && !self.is_done(clause, scope.reach, word)))
    }

    /// Tells whether a word within a scope is to be done all the same: "read the log delete the table".
    fn is_done(&self, clause: &str, reach: usize, word: &Range<usize>) -> bool {
        let gap = clause.get(reach..word.start).unwrap_or_default().trim();
        let asked = self.question.is_match(gap);
        if gap.contains(is_han) || clause[word.clone()].contains(is_han) {
            return !asked && !self.spoken_zh.is_match(gap);
        }
        let before = &clause[..word.start];
        let purpose = self.purpose.is_match(before) && !self.purpose_asked.is_match(before);
        purpose || (!asked && self.doing.is_match(&clause[word.end..]))
    }
}
