//! What a step would do, judged by its words, in English and Chinese.
//!
//! A step is split into clauses. A clause with a dangerous word is held, unless it denies the word ("do not delete"),
//! speaks of it ("read the delete log"), or tells the session's own user something. One dangerous clause holds the
//! whole step. What is neither dangerous nor known as ordinary work is unclear, and held as well, unless nothing in it
//! leads outside (`beyond.rs`): a wrong hold costs a confirmation, a wrong send may cost money or data. The words stand
//! in `rules.yaml`.

mod beyond;
mod calls;
mod chinese;
mod clause;
mod code;
mod command;
mod excuse;
mod forms;
mod kind;
mod lexicon;
mod phrase;
mod place;
mod reader;
mod shell;
mod source;
mod story;
mod table;
mod told;
mod words;

use std::sync::LazyLock;

pub use self::calls::CallAssessment;
use self::calls::{CallLists, Calls};
use self::clause::Clause;
use self::excuse::{Excuse, Spot};
use self::kind::{Heard, Kind};
use self::lexicon::{Form, Lexicon, Role, Tags, Token};
use self::story::{After, Story};
use self::words::Simplified;
use crate::model::Risk;
use crate::support::text::plain;

/// A step of more bytes than this is no step, and judging it would take long.
const MAX_STEP: usize = 4_000;
const SOURCE: &str = include_str!("rules.yaml");
/// Begins the second part of the file: the words of steps come first, then the tables of calls.
const CALLS: &str = "\ncalls:\n";

static BUILTIN: Rules =
    Rules { steps: LazyLock::new(|| Steps::new(parts().0)), calls: LazyLock::new(|| Calls::from(tables())) };

/// Returns the words of steps, and the tables of calls.
fn parts() -> (&'static str, &'static str) {
    SOURCE.split_once(CALLS).unwrap_or((SOURCE, ""))
}

/// Reads the tables of calls.
fn tables() -> CallLists {
    serde_yaml::from_str(parts().1).expect("compiled in, and parsed by every test of this module")
}

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

    /// Says how much stands against the step: nothing, that no rule knows it, or that it is to be held.
    pub(super) fn doubt(&self) -> u8 {
        match self.risk {
            Risk::High => 2,
            Risk::Normal => u8::from(self.rule == Rules::UNCLEAR_LOCAL),
        }
    }

    /// Holds also what only may go out where its agent is asked to look first.
    #[must_use]
    pub(super) fn strictly(self) -> Self {
        if self.doubt() == 1 {
            Self { risk: Risk::High, rule: Rules::UNCLEAR.to_owned(), ..self }
        } else {
            self
        }
    }
}

/// A rule that holds; its words are marked with its place in the list.
#[derive(Debug, Default, PartialEq, Eq)]
struct Danger {
    name: &'static str,
    reason: &'static str,
    marks: Vec<Mark>,
}

/// What the file says of a rule; it explains the marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mark {
    Inside,
    Strict,
    Texts,
    Names,
    Shared,
}

impl Danger {
    fn is(&self, mark: Mark) -> bool {
        self.marks.contains(&mark)
    }
}

/// Judges steps by their words, and tool calls by what they do.
pub struct Rules {
    steps: LazyLock<Steps>,
    calls: LazyLock<Calls>,
}

/// What steps are judged by.
struct Steps {
    dangers: Vec<Danger>,
    lexicon: Lexicon,
    simplified: Simplified,
}

/// A word that a rule lists.
#[derive(Clone, Copy)]
struct Found<'r> {
    at: usize,
    danger: &'r Danger,
    noun: bool,
}

impl Rules {
    /// The rule that holds what no other one knows.
    pub const UNCLEAR: &str = "unclear";
    /// The rule of a step that no other one knows, and in which nothing reaches beyond the agent's own things.
    pub const UNCLEAR_LOCAL: &str = "unclear-local";
    /// The rule of a step that goes on and names nothing of its own: what is under way says what it does.
    pub(super) const GOES_ON: &str = "goes-on";

    /// Returns the rules that are compiled in; a part of their file is read when it is needed first.
    #[must_use]
    pub fn builtin() -> &'static Self {
        &BUILTIN
    }

    /// Judges what doing `step` a second time could do.
    #[must_use]
    pub fn assess(&self, step: &str) -> Assessment {
        if step.len() > MAX_STEP {
            return Assessment::new(Risk::High, "too-long", "It is too long to be judged as one step.");
        }
        let steps = &*self.steps;
        let Ok(units) = reader::units(&plain(step), &steps.simplified, &self.calls) else {
            let reason = "It is written in letters that the rules cannot read.";
            return Assessment::new(Risk::High, "foreign-script", reason);
        };
        let tokens = steps.lexicon.tokens(&units);
        let mut story = Story::default();
        for clause in clause::clauses(&tokens) {
            if let Err(danger) = steps.judge(&clause, &mut story) {
                return Assessment::new(Risk::High, danger.name, danger.reason);
            }
        }
        story.ending()
    }
}

impl Steps {
    /// Reads the words of the rules' file.
    fn new(source: &'static str) -> Self {
        let mut steps =
            Self { dangers: Vec::new(), lexicon: Lexicon::default(), simplified: Simplified::default() };
        for entry in source::entries(source) {
            match (entry.part, entry.key) {
                ("danger", key) => steps.add_to_danger(key, entry.text),
                ("irregular", _) => steps.lexicon.add_irregular(entry.text),
                ("traditional", _) => steps.simplified = Simplified::from(entry.text),
                (_, key) => steps.lexicon.add(entry.text, Tags::role(Role::named(key))),
            }
        }
        steps
    }

    fn add_to_danger(&mut self, key: &str, text: &'static str) {
        if key == "name" {
            self.dangers.push(Danger { name: text, ..Danger::default() });
        }
        let Some((place, danger)) = self.dangers.iter_mut().enumerate().next_back() else { return };
        let bit = 1 << place;
        let tags = match key {
            "verbs" => Tags { verbs: bit, ..Tags::default() },
            "nouns" => Tags { nouns: bit, ..Tags::default() },
            "does" => Tags { does: bit, ..Tags::default() },
            "to" => Tags { to: bit, ..Tags::default() },
            "unless" => Tags { unless: bit, ..Tags::default() },
            "reason" => return danger.reason = text,
            "inside" => return danger.marks.push(Mark::Inside),
            "strict" => return danger.marks.push(Mark::Strict),
            "texts" => return danger.marks.push(Mark::Texts),
            "shared" => return danger.marks.push(Mark::Shared),
            "names" => return danger.marks.push(Mark::Names),
            _ => return,
        };
        self.lexicon.add(text, tags);
    }

    /// Adds a clause to the story, or returns the danger in it.
    fn judge<'r>(&'r self, clause: &Clause<'_>, story: &mut Story<'r>) -> Result<(), &'r Danger> {
        story.denial = clause.denial(story.denial);
        let found = self.found(clause.words);
        let part = |found: &Found<'_>| {
            let spot = Spot {
                clause,
                at: found.at,
                danger: found.danger,
                noun: found.noun,
                earlier: None,
                joined: 0,
                trims: story.pieces && clause.goes_on,
            };
            !found.danger.is(Mark::Strict) && spot.is_of_part()
        };
        let theirs = clause.words.iter().any(|word| word.is(Role::Theirs)) || clause.is_done_by_themselves();
        let found: Vec<Found<'_>> = found.into_iter().filter(|found| !theirs && !part(found)).collect();
        let dangers: Vec<usize> = found.iter().map(|found| found.at).collect();
        let kind = if theirs { Kind::Adds } else { kind_of(clause, story, &found, &dangers) };
        let denied = story.denial.and_then(|denial| clause.denied(denial, &dangers));
        let told = found.iter().find(|found| found.danger.is(Mark::Inside));
        let told = told.and_then(|found| Some(found.at..told::told(clause.words, found.at)?));
        let shares = match kind {
            Kind::Shares(at) if story.denial.is_none_or(|denial| denial.at.is_some_and(|no| no >= at)) => {
                self.dangers.iter().find(|danger| danger.is(Mark::Shared))
            }
            _ => None,
        };
        if let Some(shares) = shares.filter(|_| found.iter().all(|found| found.danger.is(Mark::Strict))) {
            return Err(shares);
        }
        // What was begun is not gone on with: "settled four of seven fines; do the other three".
        if matches!(kind, Kind::Tells(_) | Kind::Adds) && !clause.words.iter().any(Token::is_han) {
            story.begun = story.begun.or_else(|| self.past(clause.words));
        }
        let (mut spoken, mut end) = (None, 0);
        for Found { at, danger, noun } in found {
            let joined = if danger.is(Mark::Texts) { end } else { 0 };
            let spot = Spot { clause, at, danger, noun, earlier: story.before, joined, trims: false };
            let excuse = match (denied, &told) {
                (Some(denied), _) if spot.is_denied(denied) => Some(Excuse::Negation),
                (_, Some(told)) if told.contains(&at) => Some(Excuse::Inside),
                _ => spot.excuse(kind),
            };
            spoken = spoken.or(Some(excuse.ok_or(danger)?));
            end = if danger.is(Mark::Texts) { 0 } else { at + 1 };
            if excuse == Some(Excuse::Done) {
                story.begun = story.begun.or(Some(danger));
            }
        }
        match (kind, shares.or(story.begun)) {
            (Kind::Shares(_), Some(shares)) => Err(shares),
            (Kind::GoesOn { names: false }, Some(begun)) => Err(begun),
            (Kind::GoesOn { .. }, Some(begun)) if story.excuse == Some(Excuse::Done) => Err(begun),
            _ => {
                story.add(clause, kind, spoken, told.is_some());
                Ok(())
            }
        }
    }

    /// Returns the danger that an English clause says was done.
    fn past(&self, words: &[Token]) -> Option<&Danger> {
        let to = words.iter().fold(0, |bits, word| bits | word.tags.to);
        let done = words
            .iter()
            .find(|word| word.form == Form::Ed && word.tags.verbs | (word.tags.does & to) != 0)?;
        let bits = done.tags.verbs | (done.tags.does & to);
        self.dangers.get(bits.trailing_zeros() as usize)
    }

    /// Finds the dangerous words of a clause, in order.
    fn found(&self, words: &[Token]) -> Vec<Found<'_>> {
        let unless = words.iter().fold(0, |bits, word| bits | word.tags.unless);
        let mut found = Vec::new();
        for (at, word) in words.iter().enumerate() {
            // "Make them bold", but not "make them admins".
            let makes = word.text == "make"
                && !words.iter().any(|word| word.is_any(&[Role::Other, Role::Suspect, Role::Shared]));
            // A word is not its own object: "order" is only ordered together with something else.
            let to = words
                .iter()
                .enumerate()
                .filter(|(other, it)| *other != at && !(makes && it.text == "them"))
                .fold(0, |bits, (_, word)| bits | word.tags.to);
            let verbs = word.tags.verbs | (word.tags.does & to);
            let verbs = if word.form == Form::Ed && !is_to_be(&words[..at]) { 0 } else { verbs };
            for (place, danger) in self.dangers.iter().enumerate() {
                let has = |bits: u32| (bits & !unless) & (1 << place) != 0;
                if has(verbs | word.tags.nouns) {
                    found.push(Found { at, danger, noun: !has(verbs) });
                }
            }
        }
        found
    }
}

/// Says what a clause is behind those that were heard before it.
fn kind_of(clause: &Clause<'_>, story: &Story<'_>, found: &[Found<'_>], dangers: &[usize]) -> Kind {
    let first = kind::lead(clause.words);
    let says = |next: &Token| next.is_any(&[Role::Finite, Role::Past]) || next.form == Form::Ed;
    let names = found.iter().any(|found| found.at == first)
        && match clause.words.get(first + 1..).unwrap_or_default() {
            // "Migration 0042 adds a column".
            [number, verb, ..] if number.is_number() => verb.form == Form::S || says(verb),
            // "Deploy notes are messy".
            [thing, verb, ..] if thing.is(Role::Thing) && verb.is(Role::Finite) => true,
            [next, ..] => says(next),
            [] => false,
        };
    let mut kind = kind::kind(Heard { clause, denial: story.denial, dangers, names, has_it: story.has_it });
    if story.after == After::Condition
        && kind == Kind::Adds
        && clause.words.iter().all(|word| !word.tags.is_verb() || word.form == Form::S)
    {
        kind = Kind::Unclear;
    }
    let own = |word: &Token| word.is_any(&[Role::Thing, Role::Part]);
    if story.after == After::Label
        && kind == Kind::Adds
        && clause.words.iter().any(own)
        && !phrase::is_shared(clause.words)
    {
        kind = Kind::Works(0);
    }
    kind = beyond::doubted(kind, clause.words, &story.reach);
    let reached =
        !clause.words.iter().any(Token::is_han) && clause.goes_on && phrase::is_shared(clause.words);
    if story.after == After::Work && kind == Kind::Adds && reached {
        kind = Kind::Shares(0);
    }
    kind
}

/// Tells whether what stands before a participle makes it something still to be done: "must be deleted", "have the
/// table deleted".
fn is_to_be(before: &[Token]) -> bool {
    let is = |word: &Token, list: &[&str]| list.contains(&word.text.as_str());
    let near = |word: &&Token| is(word, &["be", "being", "get", "gets", "getting"]);
    let have =
        |pair: &[Token]| is(&pair[0], &["have", "having", "get", "getting"]) && pair[1].is(Role::Determiner);
    before.iter().rev().take(2).any(|word| near(&word))
        || before[before.len().saturating_sub(6)..].windows(2).any(have)
}

#[cfg(test)]
mod tests;
