//! What a step would do, judged by its words, in English and Chinese.
//!
//! A step is split into clauses. A clause with a dangerous word is held, unless it denies the word ("do not delete"),
//! speaks of it ("read the delete log"), or tells the session's own user something. One dangerous clause holds the
//! whole step. What is neither dangerous nor known as ordinary work is unclear, and held as well: a wrong hold costs
//! a confirmation, a wrong send may cost money or data. The words stand in `rules.yaml`.

mod calls;
mod clause;
mod code;
mod command;
mod excuse;
mod grammar;
mod kind;
mod mention;
mod place;
mod shell;
mod table;
mod told;
mod words;

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::Deserialize;

pub use self::calls::CallAssessment;
use self::calls::{CallLists, Calls};
use self::clause::{Clause, Clauses, Denial, Negation, Splitter};
use self::excuse::{Excuse, Spot};
use self::grammar::{Grammar, Inside, Reading, Work};
use self::kind::{Heard, Kind};
use self::mention::Mentions;
use self::words::{Simplified, Words, any_of, compiled, is_han, normalised};
use crate::model::Risk;
use crate::support::text::plain;

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
    harmless: Vec<String>,
    clauses: Clauses,
    negation: Negation,
    reading: Reading,
    inside: Inside,
    work: Work,
    traditional: String,
    calls: CallLists,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DangerList {
    name: String,
    reason: String,
    #[serde(default)]
    inside: bool,
    #[serde(default)]
    strict: bool,
    #[serde(default)]
    texts: bool,
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
    strict: bool,
    texts: bool,
    says: Regex,
    does: Regex,
    to: Regex,
    unless: Regex,
}

impl Danger {
    fn new(list: DangerList) -> Self {
        Self {
            says: list.says.present(),
            does: list.does.present(),
            to: list.to.present(),
            unless: list.unless.present(),
            name: list.name,
            reason: list.reason,
            inside: list.inside,
            strict: list.strict,
            texts: list.texts,
        }
    }

    /// Returns where a clause has this rule's words.
    fn words(&self, clause: &str) -> Vec<Range<usize>> {
        if self.unless.is_match(clause) {
            return Vec::new();
        }
        let objects: Vec<_> = self.to.find_iter(clause).map(|word| word.range()).collect();
        let apart = |word: &regex::Match<'_>| {
            // A word is not its own object: "order" is only ordered together with something else.
            objects.iter().any(|object| *object != word.range())
        };
        let acts = self.does.find_iter(clause).filter(apart);
        self.says.find_iter(clause).chain(acts).map(|word| word.range()).collect()
    }
}

/// Judges steps by their words, and tool calls by what they do.
pub struct Rules {
    dangers: Vec<Danger>,
    splitter: Splitter,
    grammar: Grammar,
    mentions: Mentions,
    simplified: Simplified,
    foreign: Regex,
    harmless: Regex,
    calls: Calls,
}

/// What the clauses so far have said.
#[derive(Default)]
struct Story<'r> {
    denial: Option<Denial>,
    /// What excuses a clause that goes on with the last one.
    before: Option<Excuse>,
    /// A dangerous thing that was done or begun.
    begun: Option<&'r Danger>,
    /// What excused dangerous words.
    excuse: Option<Excuse>,
    kinds: Vec<Kind>,
}

impl Rules {
    /// The rule that holds what no other one knows.
    pub const UNCLEAR: &str = "unclear";
    /// The rule of a step that goes on and names nothing of its own: what is under way says what it does.
    pub(super) const GOES_ON: &str = "goes-on";

    /// Returns the rules that are compiled in.
    #[must_use]
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    fn new(lists: Lists) -> Self {
        let splitter = Splitter::new(&lists.clauses, &lists.negation);
        Self {
            dangers: lists.danger.into_iter().map(Danger::new).collect(),
            grammar: Grammar::new(&splitter, &lists.reading, &lists.inside, &lists.work),
            splitter,
            mentions: Mentions::default(),
            simplified: Simplified::from(lists.traditional.as_str()),
            foreign: compiled(r"[^\p{Latin}\p{Han}\p{Common}\p{Inherited}]"),
            harmless: compiled(&any_of(&lists.harmless)),
            calls: lists.calls.into(),
        }
    }

    /// Judges what doing `step` a second time could do.
    #[must_use]
    pub fn assess(&self, step: &str) -> Assessment {
        if step.len() > MAX_STEP {
            return Assessment::new(Risk::High, "too-long", "It is too long to be judged as one step.");
        }
        let step = normalised(&self.mentions.replaced(&plain(step), &self.calls), &self.simplified);
        if self.foreign.is_match(&step) {
            let reason = "It is written in letters that the rules cannot read.";
            return Assessment::new(Risk::High, "foreign-script", reason);
        }
        let mut story = Story::default();
        for clause in self.splitter.clauses(&step) {
            if let Err(danger) = self.judge(&clause, &mut story) {
                return Assessment::new(Risk::High, &danger.name, &danger.reason);
            }
        }
        story.ending()
    }

    /// Adds a clause to the story, or returns the danger in it.
    fn judge<'r>(&'r self, clause: &Clause<'_>, story: &mut Story<'r>) -> Result<(), &'r Danger> {
        let text = clause.text;
        story.denial = self.splitter.denial(clause, story.denial);
        let found = self.found(text);
        let words: Vec<_> = found.iter().map(|(word, _)| word.clone()).collect();
        let has_it = story.before == Some(Excuse::Reading);
        let kind = self.grammar.kind(Heard { clause, denial: story.denial, words: &words, has_it });
        let denied = story.denial.and_then(|denial| self.splitter.denied(text, denial, &words));
        let told = found.iter().find(|(_, danger)| danger.inside);
        let told = told.and_then(|(word, _)| self.grammar.told(text, word));
        let (mut spoken, mut end) = (None, 0);
        for (word, danger) in &found {
            let joined = if danger.texts { end } else { 0 };
            let spot = Spot { clause, word, danger, earlier: story.before, joined };
            let excuse = match (&denied, &told) {
                (Some(denied), _) if self.grammar.is_denied(denied, spot) => Some(Excuse::Negation),
                (_, Some(told)) if told.contains(&word.start) => Some(Excuse::Inside),
                _ => self.grammar.excuse(kind, spot),
            };
            spoken = spoken.or(Some(excuse.ok_or(*danger)?));
            end = if danger.texts { 0 } else { word.end };
            if excuse == Some(Excuse::Done) {
                story.begun = story.begun.or(Some(danger));
            }
        }
        match story.begun {
            Some(begun) if kind == (Kind::GoesOn { names: false }) => Err(begun),
            _ => {
                story.add(clause, kind, spoken, told.is_some());
                Ok(())
            }
        }
    }

    /// Finds the dangerous words of a clause, in order.
    fn found(&self, text: &str) -> Vec<(Range<usize>, &Danger)> {
        // Of the same length, so that what is found stands at the same place.
        let masked = self.harmless.replace_all(text, |found: &Captures<'_>| {
            found[0].chars().map(|c| if is_han(c) { '〇' } else { 'x' }).collect::<String>()
        });
        let words_of = |danger| Danger::words(danger, &masked).into_iter().map(move |word| (word, danger));
        let mut found: Vec<_> = self.dangers.iter().flat_map(words_of).collect();
        found.sort_by_key(|(word, _)| word.start);
        found
    }
}

impl Story<'_> {
    /// Adds a clause in which no danger is left.
    fn add(&mut self, clause: &Clause<'_>, kind: Kind, spoken: Option<Excuse>, is_told: bool) {
        let denied = spoken == Some(Excuse::Negation);
        let tells = self.denial.is_some_and(|denial| denial.tells);
        if !denied || !tells {
            self.excuse = self.excuse.or(spoken);
        }
        self.before = match kind {
            Kind::Reads(_) | Kind::Makes(_) | Kind::Works(_) => Some(Excuse::Reading),
            Kind::Tells(_) => Some(Excuse::Done),
            Kind::Adds if clause.goes_on => self.before,
            Kind::Adds | Kind::GoesOn { .. } | Kind::Unclear => spoken,
        };
        self.kinds.push(if is_told || denied { Kind::Adds } else { kind });
    }

    /// Judges a step without a danger.
    fn ending(&self) -> Assessment {
        let any = |of: fn(&Kind) -> bool| self.kinds.iter().any(of);
        let normal = |rule, reason| Assessment::new(Risk::Normal, rule, reason);
        let unclear = any(|kind| *kind == Kind::Unclear);
        let works = any(|kind| {
            matches!(kind, Kind::Reads(_) | Kind::Makes(_) | Kind::Works(_) | Kind::GoesOn { names: true })
        });
        match self.excuse {
            _ if unclear => {}
            Some(excuse) if excuse != Excuse::Done => return normal(excuse.rule(), excuse.reason()),
            _ if works => return normal("ordinary-work", "It is ordinary work that harms nothing twice."),
            _ if any(|kind| matches!(kind, Kind::GoesOn { .. })) => {
                return normal(Rules::GOES_ON, "It goes on with what was under way.");
            }
            _ if !self.kinds.is_empty() && self.kinds.iter().all(|kind| matches!(kind, Kind::Tells(_))) => {
                return normal(Excuse::Done.rule(), "It tells what was done and asks for nothing.");
            }
            _ => {}
        }
        Assessment::new(Risk::High, Rules::UNCLEAR, "The rules cannot tell what it would do.")
    }
}

#[cfg(test)]
mod tests;
