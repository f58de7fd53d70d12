//! What a clause does with the dangerous words in it: it orders them, reads about them, works on a thing of that name, tells
//! that they were done, or tells the session's own user.

use std::ops::Range;

use regex::Regex;

use super::Danger;
use super::clause::{Clause, Denial};
use super::grammar::Grammar;
use super::words::is_han;

/// Characters behind which a Chinese word is no verb.
const NOUN_FOLLOWS: [char; 12] = ['把', '的', '份', '篇', '个', '张', '该', '此', '这', '那', '封', '条'];

/// What a Chinese clause begins with when its verb comes later.
const FRONTED: [&str; 8] = ["给", "用", "为", "从", "按", "根据", "对", "照"];
/// What joins Chinese nouns: the verb comes behind it.
const JOINS_NOUNS: [&str; 3] = ["和", "及", "以及"];
/// Characters that follow a Chinese verb of a single one.
const COMPLEMENTS: [char; 20] = [
    '一', '二', '两', '三', '四', '五', '六', '七', '八', '九', '十', '几', '个', '上', '到', '成', '好',
    '齐', '出', '进',
];
/// Behind these a Chinese word says what a thing is for, or about.
const MEANT_FOR: [&str; 16] = [
    "适合",
    "便于",
    "方便",
    "用于",
    "用来",
    "提到",
    "谈到",
    "涉及",
    "关于",
    "有关",
    "讲到",
    "说到",
    "叫做",
    "所谓",
    "什么是",
    "名为",
];

/// Why a dangerous word is harmless where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excuse {
    Negation,
    Reading,
    Inside,
    Done,
}

impl Excuse {
    pub(super) const fn rule(self) -> &'static str {
        match self {
            Self::Negation => "negation",
            Self::Reading => "reading",
            Self::Inside => "own-user",
            Self::Done => "already-done",
        }
    }

    pub(super) const fn reason(self) -> &'static str {
        match self {
            Self::Negation => "It says that the dangerous thing is not to be done.",
            Self::Reading => "It reads or writes about the dangerous thing and does not do it.",
            Self::Inside => "It tells the session's own user something.",
            Self::Done => "It tells what was done and asks for nothing of the kind.",
        }
    }
}

/// Where a verb begins and ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verb {
    start: usize,
    end: usize,
}

impl Verb {
    fn of(found: &regex::Match<'_>, from: usize) -> Self {
        Self { start: from + found.start(), end: from + found.end() }
    }

    /// Tells whether a dangerous word is only a part of the verb.
    fn contains(self, word: &Range<usize>) -> bool {
        self.start <= word.start && word.end <= self.end && word.len() < self.end - self.start
    }
}

/// What a clause is, its dangerous words aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It reads, thinks or writes; the verb stands here, and what it speaks of behind it.
    Reads(Verb),
    /// It works on texts or code; the verb stands here.
    Makes(Verb),
    /// It works on things of one's own; the verb stands here.
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

impl Grammar {
    /// Says what a clause is; `words` are its dangerous words.
    ///
    /// `of_what_was_said` tells whether an "it" in it is a thing that the clauses before worked on.
    pub(super) fn kind(
        &self,
        clause: &Clause<'_>,
        denial: Option<Denial>,
        words: &[Range<usize>],
        of_what_was_said: bool,
    ) -> Kind {
        let text = clause.text;
        if text.contains(is_han) {
            return self.kind_zh(clause, denial, words);
        }
        let mut from = self.lead.find(text).map_or(0, |lead| lead.end());
        if let Some(verb) = self.onward.find(&text[from..]) {
            let rest = from + verb.end();
            if !self.verb.is_match(&text[rest..]) {
                let names = !self.same.is_match(text[rest..].trim_end());
                return if names && self.shared.is_match(text) {
                    Kind::Unclear
                } else {
                    Kind::GoesOn { names }
                };
            }
            from = rest;
        }
        let body = text[from..].trim_end();
        if let Some(read) = self.reads.find(body) {
            return Kind::Reads(Verb::of(&read, from));
        }
        if let Some(verb) = self.free.find(body) {
            return Kind::Makes(Verb::of(&verb, from));
        }
        if clause.next == "?" && self.adds.is_match(body) {
            return Kind::Reads(Verb { start: from, end: from });
        }
        let bound = self.bound.iter().find_map(|(verbs, _, things)| Some((verbs.find(body)?, things)));
        if let Some((verb, things)) = bound {
            let object = self.subordinate.split(body).next().unwrap_or_default();
            let own = things.is_match(object)
                || self.texts.is_match(body)
                || (of_what_was_said && self.it.is_match(&body[verb.end()..]));
            return if own && !self.shared.is_match(object) {
                Kind::Works(Verb::of(&verb, from))
            } else {
                Kind::Unclear
            };
        }
        let dangerous = words.iter().any(|word| word.start == from);
        let denied = denial.is_some_and(|denial| denial.start <= from.max(1) || denial.end <= from);
        let past = self.past.is_match(body) && !self.no_past.is_match(body);
        let tells = self.tells.captures(body).and_then(|found| found.get(1)).map(|verb| from + verb.start());
        let ordered = self.acted.is_match(body) && !self.adds.is_match(body);
        let told = if past {
            Some(from)
        } else {
            tells.filter(|_| !ordered && !(clause.goes_on && self.asks_en.is_match(body)))
        };
        if denied || clause.is_label() || body.ends_with(" only") {
            Kind::Adds
        } else if let Some(at) = told.filter(|_| !dangerous) {
            if !self.todo.is_match(body) {
                Kind::Tells(at)
            } else if self.bound.iter().any(|(.., things)| things.is_match(body)) {
                Kind::Works(Verb { start: from, end: from })
            } else {
                Kind::Unclear
            }
        } else if self.adds.is_match(body) {
            Kind::Adds
        } else if !clause.goes_on || self.acted.is_match(body) {
            Kind::Unclear
        } else {
            Kind::Adds
        }
    }

    fn kind_zh(&self, clause: &Clause<'_>, denial: Option<Denial>, words: &[Range<usize>]) -> Kind {
        let text = clause.text;
        let lead = self.lead.find(text).map_or(0, |lead| lead.end());
        let is_verb = |found: &regex::Match<'_>| {
            let apart = |word: &Range<usize>| {
                found.end() <= word.start || word.end <= found.start() || Verb::of(found, 0).contains(word)
            };
            // A single character is a verb only where the clause begins; elsewhere it is a part of any word.
            let behind = text[found.end()..].trim_start_matches(COMPLEMENTS);
            let attribute = behind.starts_with('的')
                && !behind.ends_with('的')
                && behind.len() < text[found.end()..].len();
            let leads = found.as_str().chars().count() > 1
                || FRONTED.iter().any(|word| text.starts_with(word))
                || found.start() <= lead
                || text[found.end()..].starts_with(COMPLEMENTS);
            let light = !self.light_zh.is_match(found.as_str())
                || text[found.end()..].is_empty()
                || text[found.end()..].starts_with(COMPLEMENTS);
            leads
                && light
                && !attribute
                && words.iter().all(apart)
                && !text[..found.start()].trim_end().ends_with(NOUN_FOLLOWS)
                && !self.no_verb_zh.is_match(&text[found.start()..])
        };
        let has = |pattern: &Regex| pattern.find_iter(text).find(is_verb);
        let read = has(&self.reads_zh).or_else(|| has(&self.asking).filter(|_| self.question.is_match(text)));
        let bound = || {
            let own =
                |(_, verbs, things): &(Regex, Regex, Regex)| has(verbs).filter(|_| things.is_match(text));
            self.bound.iter().find_map(own).filter(|_| !self.shared.is_match(text))
        };
        let ends = |pattern: &Regex| pattern.is_match(text.trim_end());
        let tells = self.past_zh.is_match(text)
            || ends(&self.over_zh)
            || (read.is_none() && ends(&self.tells_end_zh));
        if tells && !self.todo_zh.is_match(text) && !self.acts_zh.is_match(text) {
            Kind::Tells(0)
        } else if let Some(read) = read {
            Kind::Reads(Verb::of(&read, 0))
        } else if clause.goes_on && self.question.find(text).is_some_and(|word| word.start() <= lead) {
            Kind::Reads(Verb { start: lead, end: lead })
        } else if let Some(verb) = has(&self.free_zh) {
            Kind::Makes(Verb::of(&verb, 0))
        } else if let Some(verb) = bound() {
            Kind::Works(Verb::of(&verb, 0))
        } else if let Some(verb) = has(&self.onward_zh).filter(|verb| verb.start() <= lead) {
            let rest = self.onward_zh.replace_all(&text[verb.end()..], "");
            Kind::GoesOn { names: rest.chars().count() > 2 && !self.same.is_match(&rest) }
        } else if denial.is_some_and(|denial| denial.start < 6)
            || clause.is_label()
            || JOINS_NOUNS.contains(&clause.next)
        {
            Kind::Adds
        } else if self.acts_zh.is_match(text.trim_end())
            || !(clause.goes_on || clause.join.is_empty() || !is_word(clause.join))
        {
            Kind::Unclear
        } else {
            Kind::Adds
        }
    }

    /// Returns why the dangerous word at `word` is harmless in a clause of this kind.
    ///
    /// `before` excuses the words of a clause that goes on with the one before; `after` is where the last excused word of
    /// this one ends.
    pub(super) fn excuse(
        &self,
        kind: Kind,
        danger: &Danger,
        clause: &Clause<'_>,
        word: &Range<usize>,
        before: Option<Excuse>,
        after: usize,
    ) -> Option<Excuse> {
        let (text, strict) = (clause.text, danger.strict);
        let zh = text[word.clone()].contains(is_han) || text[..word.start].contains(is_han);
        let named = !zh
            && self.determines.is_match(&text[..word.start])
            && self.thing_next.is_match(&text[word.end..]);
        let meant = zh && MEANT_FOR.iter().any(|verb| text[..word.start].ends_with(verb));
        if (named || meant) && !strict {
            return Some(Excuse::Reading);
        }
        let reading = match kind {
            Kind::Makes(_) | Kind::Works(_) if strict => false,
            Kind::Works(verb) if verb.contains(word) => true,
            Kind::Makes(verb) if zh && verb.end <= word.start => self.names_zh(text, word, danger.texts),
            Kind::Reads(verb) | Kind::Makes(verb) if verb.contains(word) => true,
            Kind::Reads(verb) | Kind::Makes(verb) if verb.end > word.start => {
                zh && self.names_zh(text, word, danger.texts)
            }
            Kind::Reads(verb) | Kind::Makes(verb) => !self.is_done(text, verb.end.max(after), word, danger),
            Kind::Works(_) if zh => self.names_zh(text, word, danger.texts),
            Kind::Works(_) => self.is_named(text, word, danger.texts),
            Kind::Tells(at) => {
                let (before, after) = (&text[..word.start], &text[word.end..]);
                let done = if zh {
                    let all = self.all_zh.is_match(before) || self.when_zh.is_match(before);
                    let has = |past: regex::Match<'_>| {
                        past.start() > word.start || !text[past.end()..word.start].contains('的')
                    };
                    self.past_zh.find_iter(text).any(has)
                        || (all || !after.starts_with('了')) && self.done_zh.is_match(after)
                } else {
                    let ordered = self.purpose.is_match(before) || self.doing.is_match(after);
                    let object = at <= self.lead.find(text).map_or(0, |lead| lead.end());
                    let noun = self.determines.is_match(before) || self.naming.is_match(before);
                    !ordered && (object || noun)
                };
                return done.then_some(Excuse::Done);
            }
            Kind::Adds if clause.goes_on && before.is_some() => {
                let asked = self.question.is_match(&text[..word.start]);
                let listed = zh
                    && (asked
                        || self.names_zh(text, word, danger.texts)
                        || (!is_word(clause.join) && ",".ne(clause.join) && !self.acts_zh.is_match(text)));
                let told = !zh
                    && word.start > self.lead.find(text).map_or(0, |lead| lead.end())
                    && !self.is_done(text, 0, word, danger);
                return before.filter(|_| listed || told);
            }
            Kind::GoesOn { .. } | Kind::Adds | Kind::Unclear => {
                let before = &text[..word.start];
                let told = zh
                    && self.done_zh.is_match(&text[word.end..])
                    && self.all_zh.is_match(before)
                    && !self.acts_zh.is_match(before);
                return told.then_some(Excuse::Done);
            }
        };
        reading.then_some(Excuse::Reading)
    }

    /// Tells whether a word is the one that is denied, or stands behind it and is not to be done all the same.
    pub(super) fn is_denied(
        &self,
        text: &str,
        denied: &Range<usize>,
        word: &Range<usize>,
        danger: &Danger,
    ) -> bool {
        word == denied || word.start > denied.start && !self.is_done(text, denied.end, word, danger)
    }

    /// Tells whether a word within what is read is to be done all the same: "read the log delete the table".
    fn is_done(&self, text: &str, from: usize, word: &Range<usize>, danger: &Danger) -> bool {
        let gap = text.get(from..word.start).unwrap_or_default().trim();
        let asked = self.question.is_match(gap);
        if gap.contains(is_han) || text[word.clone()].contains(is_han) {
            let named = self.names_zh(text, word, danger.texts) && !danger.strict;
            return !asked
                && !named
                && !self.question.is_match(&text[word.end..])
                && !self.spoken_zh.is_match(gap);
        }
        let before = &text[..word.start];
        if self.relative.is_match(before) {
            return false;
        }
        let range = before.trim_start().starts_with("from ");
        let purpose = !range && self.purpose.is_match(before) && !self.purpose_asked.is_match(before);
        purpose || (!asked && self.doing.is_match(&text[word.end..]))
    }

    /// Tells whether a Chinese word is a part of a name: "转账页面".
    fn names_zh(&self, text: &str, word: &Range<usize>, texts: bool) -> bool {
        let after = text[word.end..].trim_start();
        self.part_zh.is_match(after)
            || self.name_zh.is_match(after)
            || texts && self.part_of_zh.is_match(after)
    }

    /// Tells whether an English word is a part of a name, or what a thing is about: "the checkout bug", "a test for refunds".
    fn is_named(&self, text: &str, word: &Range<usize>, texts: bool) -> bool {
        let (before, after) = (&text[..word.start], &text[word.end..]);
        let done = self.doing.is_match(after) || self.purpose.is_match(before);
        let follows = self
            .modifies
            .find(after)
            .is_some_and(|next| !self.adds.is_match(next.as_str().trim_start_matches([' ', '-'])));
        let thing = |text: &str| self.bound.iter().any(|(.., things)| things.is_match(text));
        let about = self.naming.is_match(before) && thing(before);
        let text_itself = texts && self.determines.is_match(before) && thing(text);
        !done && (follows || about || text_itself)
    }

    /// Returns where a message that begins with the word at `word` ends, if it goes to the session's own user and nowhere else.
    pub(super) fn told(&self, text: &str, word: &Range<usize>) -> Option<Range<usize>> {
        let end = if self.objects.is_match(text) { text.len() } else { word.end };
        let named = |text: &str| self.people.is_match(text) || self.objects.is_match(text);
        let mut addressees =
            self.addressed.captures_iter(text).filter_map(|found| found.get(1).or_else(|| found.get(2)));
        if self.outside.is_match(text) || !named(text) || !addressees.all(|to| named(to.as_str())) {
            return None;
        }
        let after = &text[word.end..];
        if text[word.clone()].contains(is_han) {
            let direct = self.direct.is_match(&text[word.clone()]) && !after.trim().is_empty();
            let to_people =
                self.people.find(after).is_some_and(|people| after[..people.start()].chars().count() <= 2);
            return (!direct || to_people).then_some(word.start..end);
        }
        // "Send Bob the summary" has two objects; the first is whom it goes to.
        let object = &after[self.determined.find(after).map_or(0, |small| small.end())..];
        let (first, second) =
            object.split_at(self.doing.find(object).map_or(object.len(), |next| next.start()));
        let first = self.preposition.split(first).next().unwrap_or_default();
        let direct = self.direct.is_match(&text[word.clone()]);
        let fits = if second.is_empty() { !direct || named(first) } else { self.people.is_match(first) };
        (fits || first.trim().is_empty()).then_some(word.start..end)
    }
}

fn is_word(join: &str) -> bool {
    join.chars().any(char::is_alphanumeric)
}
