//! What a clause is, its dangerous words aside: it reads, works, goes on, tells how things are, or only adds to what was said.

use std::ops::Range;

use regex::{Match, Regex};

use super::clause::{Clause, Denial};
use super::grammar::Grammar;
use super::words::is_han;

/// Characters behind which a Chinese word is no verb.
const NOUN_FOLLOWS: [char; 12] = ['把', '的', '份', '篇', '个', '张', '该', '此', '这', '那', '封', '条'];
/// What a Chinese clause begins with when its verb comes later.
pub(super) const FRONTED: [&str; 8] = ["给", "用", "为", "从", "按", "根据", "对", "照"];
/// What joins Chinese nouns: the verb comes behind it.
const JOINS_NOUNS: [&str; 3] = ["和", "及", "以及"];
/// Characters that complete a Chinese verb.
const COMPLEMENTS: &[char] = &[
    '一', '二', '两', '三', '四', '五', '六', '七', '八', '九', '十', '几', '个', '上', '到', '成', '好',
    '齐', '出', '进', '下', '清', '明', '完', '得', '段',
];

/// Where a verb begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verb {
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Verb {
    fn of(found: Match<'_>, from: usize) -> Self {
        Self { start: from + found.start(), end: from + found.end() }
    }

    /// A verb that no list names.
    const fn unnamed(at: usize) -> Self {
        Self { start: at, end: at }
    }

    /// Tells whether a dangerous word is only a part of the verb.
    pub(super) fn contains(self, word: &Range<usize>) -> bool {
        self.start <= word.start && word.end <= self.end && word.len() < self.end - self.start
    }
}

/// What a clause is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It reads, thinks or writes; what it speaks of stands behind the verb.
    Reads(Verb),
    /// It works on texts or code.
    Makes(Verb),
    /// It works on things of one's own.
    Works(Verb),
    /// It does what was under way, and may name it.
    GoesOn { names: bool },
    /// It tells how things are; the verb that tells begins here.
    Tells(usize),
    /// It adds to what was said.
    Adds,
    /// It asks for something that no rule knows.
    Unclear,
}

/// A clause beside what the gate knows of it already.
#[derive(Clone, Copy)]
pub(super) struct Heard<'a> {
    pub(super) clause: &'a Clause<'a>,
    pub(super) denial: Option<Denial>,
    /// Its dangerous words.
    pub(super) words: &'a [Range<usize>],
    /// Whether an "it" in it is a thing that the clauses before worked on.
    pub(super) has_it: bool,
}

impl Grammar {
    /// Says what a clause is.
    pub(super) fn kind(&self, heard: Heard<'_>) -> Kind {
        if heard.clause.text.contains(is_han) {
            return self.kind_zh(heard);
        }
        let text = heard.clause.text;
        let mut from = self.lead_of(text);
        if let Some(verb) = self.onward.find(&text[from..]) {
            from += verb.end();
            if !self.verb.is_match(&text[from..]) {
                return self.going_on(text, from);
            }
        } else if let Some(start) = self.start.find(&text[from..]) {
            let then = from + start.end();
            from = if self.verb.is_match(&text[then..]) { then } else { from };
        }
        let body = text[from..].trim_end();
        self.known(heard, from, body).unwrap_or_else(|| self.unknown(heard, from, body))
    }

    fn going_on(&self, text: &str, rest: usize) -> Kind {
        let names = !self.same.is_match(text[rest..].trim_end());
        if names && self.shared.is_match(text) { Kind::Unclear } else { Kind::GoesOn { names } }
    }

    /// What a clause is that begins with a known verb, or asks something.
    fn known(&self, heard: Heard<'_>, from: usize, body: &str) -> Option<Kind> {
        if let Some(read) = self.reads.find(body) {
            return Some(Kind::Reads(Verb::of(read, from)));
        }
        if let Some(verb) = self.free.find(body) {
            return Some(Kind::Makes(Verb::of(verb, from)));
        }
        if heard.clause.next == "?" && self.adds.is_match(body) {
            return Some(Kind::Reads(Verb::unnamed(from)));
        }
        let (verb, things) =
            self.bound.iter().find_map(|(verbs, _, things)| Some((verbs.find(body)?, things)))?;
        let object = self.object(body);
        let own = things.is_match(object)
            || self.is_own(object)
            || self.texts.is_match(body)
            || (heard.has_it && self.it.is_match(&body[verb.end()..]));
        let own = own && !self.shared.is_match(object);
        Some(if own { Kind::Works(Verb::of(verb, from)) } else { Kind::Unclear })
    }

    /// What a clause is that begins with no known verb.
    fn unknown(&self, heard: Heard<'_>, from: usize, body: &str) -> Kind {
        let Heard { clause, denial, words, .. } = heard;
        let denied = denial.is_some_and(|denial| denial.start <= from.max(1) || denial.end <= from);
        if denied || clause.is_label() || body.ends_with(" only") {
            return Kind::Adds;
        }
        let adds = self.adds.is_match(body);
        let acts = self.acted.is_match(body) && !adds;
        let orders = words.iter().any(|word| word.start == from);
        let asks = clause.goes_on && self.asks.is_match(body);
        let verb = self.tells.captures(body).and_then(|found| found.get(1)).filter(|_| !acts && !asks);
        let past = self.past.is_match(body) && !self.no_past.is_match(body);
        let told = if past { Some(from) } else { verb.map(|verb| from + verb.start()) };
        let own = |text: &str| self.is_own(text) && !self.shared.is_match(text);
        match told.filter(|_| !orders) {
            Some(at) if !self.todo.is_match(body) => Kind::Tells(at),
            None if adds || (clause.goes_on && !acts) => Kind::Adds,
            Some(_) if own(body) => Kind::Works(Verb::unnamed(from)),
            None if own(self.object(body)) => Kind::Works(Verb::unnamed(from)),
            _ => Kind::Unclear,
        }
    }

    fn kind_zh(&self, heard: Heard<'_>) -> Kind {
        let Heard { clause, denial, words, .. } = heard;
        let text = clause.text.trim_end();
        let lead = self.lead_of(text);
        let has =
            |pattern: &Regex| pattern.find_iter(text).find(|found| self.is_verb(text, lead, *found, words));
        let asks = |_: &Match<'_>| self.question.is_match(text);
        let read = has(&self.reads_zh).or_else(|| has(&self.asking).filter(asks));
        let over = self.over_zh.is_match(text) || (read.is_none() && self.tells_end_zh.is_match(text));
        let tells = over || self.past_zh.is_match(text);
        let own = !self.shared.is_match(text);
        let bound = || {
            let fits = |(_, verbs, things): &(_, Regex, Regex)| has(verbs).filter(|_| things.is_match(text));
            self.bound.iter().find_map(fits).filter(|_| own)
        };
        if tells && !self.todo_zh.is_match(text) && !self.acts_zh.is_match(text) {
            Kind::Tells(0)
        } else if let Some(read) = read {
            Kind::Reads(Verb::of(read, 0))
        } else if clause.goes_on && self.question.find(text).is_some_and(|word| word.start() <= lead) {
            Kind::Reads(Verb::unnamed(lead))
        } else if let Some(verb) = has(&self.free_zh) {
            Kind::Makes(Verb::of(verb, 0))
        } else if let Some(verb) = bound() {
            Kind::Works(Verb::of(verb, 0))
        } else if own && self.is_own(text) {
            Kind::Works(Verb::unnamed(0))
        } else if let Some(verb) = has(&self.onward_zh).filter(|verb| verb.start() <= lead) {
            let rest = self.onward_zh.replace_all(&text[verb.end()..], "");
            Kind::GoesOn { names: rest.chars().count() > 2 && !self.same.is_match(&rest) }
        } else if denial.is_some_and(|denial| denial.start <= lead)
            || clause.is_label()
            || JOINS_NOUNS.contains(&clause.next)
        {
            Kind::Adds
        } else if self.acts_zh.is_match(text) || (!clause.goes_on && clause.is_joined_by_word()) {
            Kind::Unclear
        } else {
            Kind::Adds
        }
    }

    /// Tells whether a Chinese word that a list has is the verb where it stands.
    fn is_verb(&self, text: &str, lead: usize, found: Match<'_>, words: &[Range<usize>]) -> bool {
        let (before, after) = (&text[..found.start()], &text[found.end()..]);
        let completed = after.starts_with(COMPLEMENTS);
        // A single character is a verb only where one is expected; elsewhere it is a part of any word.
        let expected = found.start() <= lead || FRONTED.iter().any(|word| text.starts_with(word));
        let whole = found.as_str().chars().count() > 1 || completed || expected;
        let light = self.light_zh.is_match(found.as_str()) && !completed && !after.is_empty();
        let attribute = completed
            && after.trim_start_matches(COMPLEMENTS).strip_prefix('的').is_some_and(|rest| !rest.is_empty());
        let apart = |word: &Range<usize>| {
            found.end() <= word.start || word.end <= found.start() || Verb::of(found, 0).contains(word)
        };
        whole
            && !light
            && !attribute
            && words.iter().all(apart)
            && !before.trim_end().ends_with(NOUN_FOLLOWS)
            && !self.no_verb_zh.is_match(&text[found.start()..])
    }

    /// Returns where the small words end that a clause begins with.
    pub(super) fn lead_of(&self, text: &str) -> usize {
        self.lead.find(text).map_or(0, |lead| lead.end())
    }

    /// Returns what the verb of a clause acts on, without the clauses that depend on it.
    fn object<'t>(&self, body: &'t str) -> &'t str {
        self.subordinate.split(body).next().unwrap_or_default()
    }

    /// Tells whether something in a text is one's own, whatever is done to it.
    fn is_own(&self, text: &str) -> bool {
        self.parts.is_match(text) || self.documents.is_match(text)
    }
}
