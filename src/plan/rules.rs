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
mod grammar;
mod mention;
mod place;
mod said;
mod shell;
mod table;
mod words;

use std::ops::Range;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::Deserialize;

pub use self::calls::CallAssessment;
use self::calls::{CallLists, Calls};
use self::clause::{Clause, Clauses, Denial, Negation, Splitter};
use self::grammar::{Grammar, Inside, Reading, Work};
use self::mention::Mentions;
use self::said::{Excuse, Kind};
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
        // Of the same length, so that what is found stands at the same place.
        let masked = self.harmless.replace_all(text, |found: &Captures<'_>| {
            found[0].chars().map(|c| if is_han(c) { '〇' } else { 'x' }).collect::<String>()
        });
        let words_of = |danger: &'r Danger| danger.words(&masked).into_iter().map(move |word| (word, danger));
        let mut found: Vec<(Range<usize>, &Danger)> = self.dangers.iter().flat_map(words_of).collect();
        found.sort_by_key(|(word, _)| word.start);
        let words: Vec<_> = found.iter().map(|(word, _)| word.clone()).collect();
        let kind = self.grammar.kind(clause, story.denial, &words, story.before == Some(Excuse::Reading));
        let denied = story.denial.and_then(|denial| self.splitter.denied(text, denial, &words));
        let told = found.iter().find(|(_, danger)| danger.inside);
        let told = told.and_then(|(word, _)| self.grammar.told(text, word));
        let is_told = told.is_some();
        let (mut spoken, mut after) = (None, 0);
        for (word, danger) in &found {
            let excuse = match (&denied, &told) {
                (Some(denied), _) if self.grammar.is_denied(text, denied, word, danger) => {
                    Some(Excuse::Negation)
                }
                (_, Some(told)) if told.contains(&word.start) => Some(Excuse::Inside),
                _ => self.grammar.excuse(
                    kind,
                    danger,
                    clause,
                    word,
                    story.before,
                    if danger.texts { after } else { 0 },
                ),
            };
            spoken = spoken.or(Some(excuse.ok_or(*danger)?));
            after = if danger.texts { 0 } else { word.end };
            if excuse == Some(Excuse::Done) {
                story.begun = story.begun.or(Some(danger));
            }
        }
        if let (Kind::GoesOn { names: false }, Some(begun)) = (kind, story.begun) {
            return Err(begun);
        }
        let tells = story.denial.is_some_and(|denial| denial.tells);
        if spoken != Some(Excuse::Negation) || !tells {
            story.excuse = story.excuse.or(spoken);
        }
        story.before = match kind {
            Kind::Reads(_) | Kind::Makes(_) | Kind::Works(_) => Some(Excuse::Reading),
            Kind::Tells(_) => Some(Excuse::Done),
            Kind::Adds if clause.goes_on => story.before,
            Kind::Adds | Kind::GoesOn { .. } | Kind::Unclear => spoken,
        };
        story.kinds.push(if is_told || spoken == Some(Excuse::Negation) { Kind::Adds } else { kind });
        Ok(())
    }
}

impl Story<'_> {
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
