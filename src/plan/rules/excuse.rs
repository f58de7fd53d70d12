//! Why a dangerous word is harmless where it stands.

mod done;
mod named;

use super::chinese;
use super::clause::Clause;
use super::kind::{Kind, lead};
use super::lexicon::{Form, Role, Token};
use super::{Danger, Mark};

/// A Chinese word that ends so is a verb with its complement.
const REACHES: [char; 9] = ['给', '到', '出', '去', '掉', '上', '里', '下', '了'];
/// Behind a Chinese verb that ends so, the next thing to do may stand.
const COMPLETED: [char; 4] = ['完', '好', '过', '了'];

/// Before a verb they tell of somebody, and ask for nothing: "ways I could answer him".
const PRONOUNS: [&str; 7] = ["i", "we", "you", "they", "he", "she", "it"];

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
    pub(super) at: usize,
    pub(super) danger: &'a Danger,
    /// Whether the rule lists it as a noun.
    pub(super) noun: bool,
    /// What excused the clause that this one goes on with.
    pub(super) earlier: Option<Excuse>,
    /// Where the words go on behind the excused one before it, if the two may be one name: "付款邮件".
    pub(super) joined: usize,
    /// Whether the clause goes on with one about a part of a text.
    pub(super) trims: bool,
}

impl<'a> Spot<'a> {
    fn words(self) -> &'a [Token] {
        self.clause.words
    }

    fn before(self) -> &'a [Token] {
        &self.words()[..self.at]
    }

    fn after(self) -> &'a [Token] {
        &self.words()[self.at + 1..]
    }

    fn own(self) -> &'a Token {
        &self.words()[self.at]
    }

    fn is_zh(self) -> bool {
        self.words().iter().any(Token::is_han)
    }

    /// Returns why it is harmless in a clause of this kind.
    pub(super) fn excuse(self, kind: Kind) -> Option<Excuse> {
        let works = matches!(kind, Kind::Reads(_) | Kind::Makes(_) | Kind::Works(_));
        let fronted = works && matches!(self.before(), [word] if word.is(Role::Front));
        if !self.danger.is(Mark::Strict) && (self.is_part() || fronted) {
            return Some(Excuse::Reading);
        }
        let reading = match kind {
            Kind::Reads(_) => self.is_read(kind),
            Kind::Makes(_) | Kind::Works(_) => !self.danger.is(Mark::Strict) && self.is_read(kind),
            Kind::Tells(at) => return self.was_done(at).then_some(Excuse::Done),
            Kind::When => return self.is_condition().then_some(Excuse::Done),
            Kind::Adds | Kind::Unclear
                if self.is_zh() && self.is_nominal_zh() && !chinese::acts(self.words()) =>
            {
                return Some(Excuse::Done);
            }
            Kind::Adds if self.is_zh() && self.is_reported() => return Some(Excuse::Done),
            // "这张发票和订单…".
            Kind::Adds if self.is_paired_zh() => return Some(Excuse::Done),
            Kind::Adds if self.is_zh() && (self.is_name_zh() || self.is_cited_zh()) => {
                return Some(Excuse::Done);
            }
            Kind::Adds if self.clause.goes_on && self.earlier.is_some() => {
                return self.earlier.filter(|_| self.adds_to());
            }
            Kind::Adds
                if !self.is_zh() && self.own().form == Form::S && has(self.before(), Role::Question) =>
            {
                return Some(Excuse::Done);
            }
            // "In the novel the heir signs the contract".
            Kind::Adds
                if self.own().form == Form::S
                    && matches!(self.words(), [place, the, text, ..]
                        if place.text.starts_with("in the ")
                            || place.text == "in" && the.is(Role::Determiner) && text.is_any(&[Role::Thing, Role::Part])) =>
            {
                return Some(Excuse::Done);
            }
            Kind::Adds if !self.is_zh() && self.words()[0].is(Role::Determiner) => {
                return (self.is_noun() && self.is_about()).then_some(Excuse::Done);
            }
            Kind::GoesOn { .. } | Kind::Adds | Kind::Unclear | Kind::Shares(_) => {
                let all = has(self.before(), Role::All) && !has(self.before(), Role::Acts);
                return (self.is_zh() && all && self.is_over()).then_some(Excuse::Done);
            }
        };
        reading.then_some(Excuse::Reading)
    }

    /// Tells whether it belongs to the name of a thing, or is done to a part of a text: "the checkout button".
    fn is_part(self) -> bool {
        if self.is_zh() {
            let counts = |word: &&Token| {
                word.is_number()
                    || word.is_any(&[Role::Complement, Role::Spoken, Role::Counter])
                    || ["千", "百", "万", "次"].contains(&word.text.as_str())
            };
            return self
                .before()
                .iter()
                .rev()
                .find(|word| !counts(word))
                .is_some_and(|word| word.is(Role::Naming));
        }
        let thing = |word: &&Token| word.is_any(&[Role::Thing, Role::Part]);
        let named = self.after().first().as_ref().is_some_and(thing) && !self.is_order();
        named || self.is_of_part()
    }

    /// Tells whether a clause that reads or works only speaks of it.
    fn is_read(self, kind: Kind) -> bool {
        match kind {
            Kind::Reads(from) if from <= self.at => !self.is_done(from.max(self.joined)),
            Kind::Makes(from) if from <= self.at && (!self.is_zh() || self.is_topic(from)) => {
                !self.is_done(from)
            }
            _ if self.is_zh() => self.is_named_zh(),
            Kind::Works(_) => self.is_named(),
            _ => false,
        }
    }

    /// Tells whether a Chinese clause writes something of the word: "写一封婉拒的信".
    fn is_topic(self, from: usize) -> bool {
        let of = self.after().iter().any(|word| word.text == "的");
        let named =
            self.after().first().is_none_or(|word| word.is_any(&[Role::Thing, Role::Part, Role::Feature]));
        let light = from > 0
            && from == self.at
            && ["做", "统一", "搞", "弄", "做个"].contains(&self.words()[from - 1].text.as_str());
        from > 0 && !light && !self.words()[from - 1].text.ends_with(COMPLETED) && (of || named)
    }

    /// Tells whether it is only named in a clause that says when.
    fn is_condition(self) -> bool {
        if self.is_zh() {
            return self.is_over() || self.is_named_zh();
        }
        let told = self.before().last().is_some_and(|word| PRONOUNS.contains(&word.text.as_str()));
        told || (self.is_noun() && !self.is_followed_by_object())
    }

    /// Tells whether a Chinese clause is the noun alone, which another one is joined to.
    fn is_paired_zh(self) -> bool {
        let small =
            |word: &Token| word.is_any(&[Role::Spoken, Role::Counter, Role::Complement]) || word.is_number();
        let of = self.before().last().is_some_and(|word| word.text == "的");
        let joined =
            self.is_zh() && ["和", "与", "及", "以及"].contains(&self.clause.next) && self.after().is_empty();
        // "把账单里的转账和…".
        if of && joined {
            return !self.danger.is(Mark::Strict);
        }
        self.noun && joined && self.before().iter().all(small) && !chinese::acts(self.words())
    }

    /// Tells whether it is of a list or a clause that goes on with what was read or told.
    fn adds_to(self) -> bool {
        if !self.is_zh() {
            let first = self.at <= lead(self.words());
            return !(self.is_done(0) || first && self.is_order());
        }
        let listed = !self.clause.is_joined_by_word()
            && self.clause.joins.iter().all(|join| join.text != ",")
            && !chinese::acts(self.words());
        let joined = self
            .clause
            .joins
            .iter()
            .all(|join| ["和", "与", "及", "以及", "或"].contains(&join.text.as_str()));
        let noun = self.noun && joined && !chinese::acts(self.words());
        listed || noun || has(self.before(), Role::Question) || self.is_named_zh()
    }

    /// Tells whether it is the word that is denied, or stands behind it and is not to be done all the same.
    pub(super) fn is_denied(self, denied: usize) -> bool {
        self.at == denied || (self.at > denied && !self.is_done(denied + 1))
    }

    /// Tells whether it is what the clause asks for.
    fn is_order(self) -> bool {
        let form = self.own().form;
        let orders = form == Form::Base || (form == Form::S && !self.clause.goes_on);
        // "Deploy notes are messy".
        let told =
            matches!(self.after(), [thing, verb, ..] if thing.is(Role::Thing) && verb.is(Role::Finite));
        !self.noun && !told && orders && self.at == lead(self.words())
    }

    fn is_followed_by_object(self) -> bool {
        !self.noun && self.after().first().is_some_and(|word| word.is(Role::Determiner) || word.is_number())
    }

    /// Tells whether a word before it makes it a purpose: "check the list to delete what is old".
    fn is_purpose(self) -> bool {
        let before = self.before();
        let how = before.iter().rev().take(3).any(|word| word.is(Role::HowTo));
        !how && !self.noun && before.last().is_some_and(|word| word.is(Role::Purpose))
    }

    fn is_over(self) -> bool {
        self.after().first().is_some_and(|word| word.is(Role::Done))
    }
}

fn has_of(words: &[Token]) -> bool {
    words.iter().any(|word| word.text == "的")
}

fn has(words: &[Token], role: Role) -> bool {
    words.iter().any(|word| word.is(role))
}
