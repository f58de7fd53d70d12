//! What a step would do, judged by its words, in English and Chinese.
//!
//! A step is split into clauses. A clause with a dangerous word is held, unless it denies the word ("do not delete"),
//! speaks of it ("read the delete log"), or tells the session's own user something. One dangerous clause holds the
//! whole step. What is neither dangerous nor known as ordinary work is unclear, and held as well: a wrong hold costs
//! a confirmation, a wrong send may cost money or data. The words stand in `rules.yaml`.

mod clause;
mod words;

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;
use serde::Deserialize;

use self::clause::{Clause, Clauses, Excuse, Grammar, Inside, Negation, Reading};
use self::words::{Words, compiled, normalised};
use crate::model::Risk;

/// A step of more bytes than this is no step, and judging it would take long.
const MAX_STEP: usize = 4_000;
const SOURCE: &str = include_str!("rules.yaml");

static BUILTIN: LazyLock<Rules> = LazyLock::new(|| {
    let lists = serde_yaml::from_str(SOURCE).expect("compiled in, and parsed by every test of this module");
    Rules::new(lists)
});

/// Says how dangerous a step would be to do twice, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assessment {
    /// High: hold it.
    pub risk: Risk,
    /// The name of the rule that decided.
    pub rule: String,
    /// Why, in one sentence for people.
    pub reason: String,
}

impl Assessment {
    fn new(risk: Risk, rule: &str, reason: &str) -> Self {
        Self { risk, rule: rule.to_owned(), reason: reason.to_owned() }
    }
}

/// The rules' file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    danger: Vec<DangerList>,
    clauses: Clauses,
    negation: Negation,
    reading: Reading,
    inside: Inside,
    work: Words,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DangerList {
    name: String,
    reason: String,
    #[serde(default)]
    inside: bool,
    #[serde(default)]
    says: Words,
    #[serde(default)]
    does: Words,
    #[serde(default)]
    to: Words,
    #[serde(default)]
    unless: Words,
}

/// Words that may do harm.
struct Danger {
    name: String,
    reason: String,
    inside: bool,
    says: Regex,
    does: Regex,
    to: Regex,
    unless: Regex,
    done: [Regex; 2],
}

impl Danger {
    fn new(list: DangerList) -> Self {
        Self {
            says: list.says.present(),
            does: list.does.present(),
            to: list.to.present(),
            unless: list.unless.present(),
            done: [list.says.past(), list.does.past()],
            name: list.name,
            reason: list.reason,
            inside: list.inside,
        }
    }

    /// Returns where a clause has this rule's words.
    fn words(&self, clause: &str) -> Vec<Range<usize>> {
        if self.unless.is_match(clause) {
            return Vec::new();
        }
        let acts = self.to.is_match(clause).then(|| self.does.find_iter(clause));
        self.says.find_iter(clause).chain(acts.into_iter().flatten()).map(|word| word.range()).collect()
    }
}

/// Judges steps by their words.
pub struct Rules {
    dangers: Vec<Danger>,
    grammar: Grammar,
    /// Ordinary work and reading, in every form.
    work: [Regex; 4],
    foreign: Regex,
}

impl Rules {
    /// The rule that holds what no other one knows.
    pub const UNCLEAR: &str = "unclear";

    /// Returns the rules that are compiled in.
    #[must_use]
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    fn new(lists: Lists) -> Self {
        let (work, reading) = (&lists.work, &lists.reading.says);
        Self {
            dangers: lists.danger.into_iter().map(Danger::new).collect(),
            grammar: Grammar::new(&lists.clauses, &lists.negation, &lists.reading, &lists.inside),
            work: [work.present(), work.past(), reading.present(), reading.past()],
            foreign: compiled(r"[^\p{Latin}\p{Han}\p{Common}\p{Inherited}]"),
        }
    }

    /// Judges what doing `step` a second time could do.
    #[must_use]
    pub fn assess(&self, step: &str) -> Assessment {
        if step.len() > MAX_STEP {
            return Assessment::new(Risk::High, "too-long", "It is too long to be judged as one step.");
        }
        let step = normalised(step);
        if self.foreign.is_match(&step) {
            let reason = "It is written in letters that the rules cannot read.";
            return Assessment::new(Risk::High, "foreign-script", reason);
        }
        let mut excuse = None;
        let mut negation = None;
        for clause in self.grammar.clauses(&step) {
            negation = self.grammar.negation(&clause, negation);
            match self.judge(&clause, negation) {
                Err(danger) => return Assessment::new(Risk::High, &danger.name, &danger.reason),
                Ok(found) => excuse = excuse.or(found),
            }
        }
        match excuse {
            Some(excuse) => Assessment::new(Risk::Normal, excuse.rule(), excuse.reason()),
            None => self.undangerous(&step),
        }
    }

    /// Returns the danger in a clause, or else what excused its dangerous words, if it has any.
    fn judge(&self, clause: &Clause<'_>, negation: Option<usize>) -> Result<Option<Excuse>, &Danger> {
        let words_of =
            |danger| Danger::words(danger, clause.text).into_iter().map(move |word| (word, danger));
        let mut found: Vec<_> = self.dangers.iter().flat_map(words_of).collect();
        found.sort_by_key(|(word, _)| word.start);
        let words: Vec<_> = found.iter().map(|(word, _)| word.clone()).collect();
        let inside = found.iter().find(|(_, danger)| danger.inside).map(|(word, _)| word);
        let excuses = self.grammar.excuses(clause, negation, &words, inside);
        match found.iter().zip(&excuses).find(|(_, excuse)| excuse.is_none()) {
            Some(((_, danger), _)) => Err(danger),
            None => Ok(excuses.first().copied().flatten()),
        }
    }

    /// Judges a step without a dangerous word.
    fn undangerous(&self, step: &str) -> Assessment {
        let done = self.dangers.iter().any(|danger| danger.done.iter().any(|done| done.is_match(step)));
        if done {
            Assessment::new(Risk::Normal, "already-done", "It tells what was done and asks for nothing.")
        } else if self.work.iter().any(|work| work.is_match(step)) {
            Assessment::new(Risk::Normal, "ordinary-work", "It is ordinary work that harms nothing twice.")
        } else {
            Assessment::new(Risk::High, Self::UNCLEAR, "The rules cannot tell what it would do.")
        }
    }
}

#[cfg(test)]
mod tests;
