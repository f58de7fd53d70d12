//! Why a dangerous word is harmless where it stands.

use std::ops::Range;

use super::Danger;
use super::clause::Clause;
use super::grammar::Grammar;
use super::kind::{FRONTED, Kind};
use super::words::is_han;

/// Behind these a Chinese word says what a thing is for, or about.
const MEANT_FOR: &str = "适合|便于|方便|用于|用来|提到|谈到|涉及|关于|有关|讲到|说到|叫做|所谓|什么是|名为";

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

/// A dangerous word in its clause.
#[derive(Clone, Copy)]
pub(super) struct Spot<'a> {
    pub(super) clause: &'a Clause<'a>,
    pub(super) word: &'a Range<usize>,
    pub(super) danger: &'a Danger,
    /// What excused the clause that this one goes on with.
    pub(super) earlier: Option<Excuse>,
    /// Where the excused word before this one ends, if the two may be one name: "付款邮件".
    pub(super) joined: usize,
}

impl<'a> Spot<'a> {
    fn text(self) -> &'a str {
        self.clause.text
    }

    fn before(self) -> &'a str {
        &self.text()[..self.word.start]
    }

    fn after(self) -> &'a str {
        &self.text()[self.word.end..]
    }

    fn own(self) -> &'a str {
        &self.text()[self.word.clone()]
    }

    fn is_zh(self) -> bool {
        self.own().contains(is_han) || self.before().contains(is_han)
    }
}

impl Grammar {
    /// Returns why a dangerous word is harmless in a clause of this kind.
    pub(super) fn excuse(&self, kind: Kind, spot: Spot<'_>) -> Option<Excuse> {
        let works = matches!(kind, Kind::Reads(_) | Kind::Makes(_) | Kind::Works(_));
        if !spot.danger.strict && (self.is_part(spot) || (works && FRONTED.contains(&spot.before()))) {
            return Some(Excuse::Reading);
        }
        let reading = match kind {
            Kind::Reads(_) => self.is_read(kind, spot),
            Kind::Makes(_) | Kind::Works(_) => !spot.danger.strict && self.is_read(kind, spot),
            Kind::Tells(at) => return self.was_done(at, spot).then_some(Excuse::Done),
            Kind::Adds if spot.clause.goes_on && spot.earlier.is_some() => {
                return spot.earlier.filter(|_| self.adds_to(spot));
            }
            Kind::GoesOn { .. } | Kind::Adds | Kind::Unclear => {
                let (before, after) = (spot.before(), spot.after());
                let all = self.all_zh.is_match(before) && !self.acts_zh.is_match(before);
                return (spot.is_zh() && all && self.done_zh.is_match(after)).then_some(Excuse::Done);
            }
        };
        reading.then_some(Excuse::Reading)
    }

    /// Tells whether a word belongs to the name of a thing, or is done to a part of a text: "the checkout button".
    fn is_part(&self, spot: Spot<'_>) -> bool {
        let (before, after) = (spot.before(), spot.after());
        if spot.is_zh() {
            return MEANT_FOR.split('|').any(|verb| before.ends_with(verb));
        }
        (self.determines.is_match(before) && self.thing_next.is_match(after)) || self.of_part.is_match(after)
    }

    /// Tells whether a clause that reads or works only speaks of the word.
    fn is_read(&self, kind: Kind, spot: Spot<'_>) -> bool {
        match kind {
            Kind::Reads(verb) | Kind::Makes(verb) | Kind::Works(verb) if verb.contains(spot.word) => true,
            Kind::Reads(verb) if verb.end <= spot.word.start => {
                !self.is_done(verb.end.max(spot.joined), spot)
            }
            Kind::Makes(verb) if verb.end <= spot.word.start && !spot.is_zh() => {
                !self.is_done(verb.end, spot)
            }
            _ if spot.is_zh() => self.is_named_zh(spot),
            Kind::Works(_) => self.is_named(spot),
            _ => false,
        }
    }

    /// Tells whether a clause that tells how things are says that it was done.
    fn was_done(&self, at: usize, spot: Spot<'_>) -> bool {
        let (before, after) = (spot.before(), spot.after());
        if spot.is_zh() {
            let all = self.all_zh.is_match(before) || self.when_zh.is_match(before);
            let tells = |start: usize, end: usize| {
                start > spot.word.start
                    || spot.text().get(end..spot.word.start).is_some_and(|gap| !gap.contains('的'))
            };
            let past = self.past_zh.find_iter(spot.text()).any(|past| tells(past.start(), past.end()));
            return past || ((all || !after.starts_with('了')) && self.done_zh.is_match(after));
        }
        let object = at <= self.lead_of(spot.text());
        let noun = self.determines.is_match(before) || self.naming.is_match(before);
        (object || noun) && !self.purpose.is_match(before) && !self.doing.is_match(after)
    }

    /// Tells whether the word is of a list or a clause that goes on with what was read or told.
    fn adds_to(&self, spot: Spot<'_>) -> bool {
        if !spot.is_zh() {
            return spot.word.start > self.lead_of(spot.text()) && !self.is_done(0, spot);
        }
        let listed = !spot.clause.is_joined_by_word()
            && spot.clause.join != ","
            && !self.acts_zh.is_match(spot.text());
        listed || self.question.is_match(spot.before()) || self.is_named_zh(spot)
    }

    /// Tells whether a word is the one that is denied, or stands behind it and is not to be done all the same.
    pub(super) fn is_denied(&self, denied: &Range<usize>, spot: Spot<'_>) -> bool {
        spot.word == denied || (spot.word.start > denied.start && !self.is_done(denied.end, spot))
    }

    /// Tells whether a word within what is read is to be done all the same: "read the log delete the table".
    fn is_done(&self, from: usize, spot: Spot<'_>) -> bool {
        let (before, after) = (spot.before(), spot.after());
        let gap = spot.text().get(from..spot.word.start).unwrap_or_default().trim();
        let asked = self.question.is_match(gap);
        if gap.contains(is_han) || spot.own().contains(is_han) {
            let named = self.is_named_zh(spot) && !spot.danger.strict;
            return !(asked || named || self.question.is_match(after) || self.spoken_zh.is_match(gap));
        }
        if self.relative.is_match(before) || (self.gerund.is_match(before) && spot.own().ends_with("ing")) {
            return false;
        }
        let asked_for = self.purpose_asked.is_match(before) || before.trim_start().starts_with("from ");
        let purpose = self.purpose.is_match(before) && !asked_for;
        purpose || (!asked && self.doing.is_match(after))
    }

    /// Tells whether a Chinese word is a part of a name: "转账页面".
    fn is_named_zh(&self, spot: Spot<'_>) -> bool {
        let after = spot.after().trim_start();
        self.part_zh.is_match(after)
            || self.name_zh.is_match(after)
            || (spot.danger.texts && self.part_of_zh.is_match(after))
    }

    /// Tells whether an English word is a part of a name, or what a thing is about: "the checkout bug", "a test for refunds".
    fn is_named(&self, spot: Spot<'_>) -> bool {
        let (before, after) = (spot.before(), spot.after());
        let thing = |text: &str| self.bound.iter().any(|(.., things)| things.is_match(text));
        let next = self.modifies.find(after).map(|next| next.as_str().trim_start_matches([' ', '-']));
        let follows = next.is_some_and(|next| !self.adds.is_match(next));
        let about = self.naming.is_match(before) && thing(before);
        let text_itself = spot.danger.texts && self.determines.is_match(before) && thing(spot.text());
        let done = self.doing.is_match(after) || self.purpose.is_match(before);
        !done && (follows || about || text_itself)
    }
}
