//! How a step falls into clauses, and what a clause denies.

use super::lexicon::{Form, Role, Token};

/// Signs behind which something else begins.
const FULL_STOPS: &str = ".;!?…。\n→|&";
/// A verb before a comma shares the negation of the list that it begins, if it is so short.
const SHORT: usize = 4;

/// A part of a step that says one thing.
pub(super) struct Clause<'t> {
    pub(super) words: &'t [Token],
    /// What joins it to the clause before; empty for the first.
    pub(super) joins: &'t [Token],
    /// Whether it may go on with what the clause before said.
    pub(super) goes_on: bool,
    /// What joins the next clause to it; empty for the last.
    pub(super) next: &'t str,
    /// What follows it, up to the next full stop.
    pub(super) rest: &'t [Token],
    /// Whether it carries on a negation: "do not delete or send".
    or: bool,
}

impl Clause<'_> {
    /// Tells whether a word joins it to the clause before, and not only signs.
    pub(super) fn is_joined_by_word(&self) -> bool {
        self.joins.iter().any(|join| !join.is_sign())
    }

    /// Tells whether its subject does it, and not who is asked: "I pay it myself".
    pub(super) fn is_done_by_themselves(&self) -> bool {
        let is =
            |word: Option<&Token>, list: &[&str]| word.is_some_and(|word| list.contains(&word.text.as_str()));
        let calls = self.words.len() > 3
            && is(self.words.first(), &["i"])
            && is(self.words.get(1), &["do"])
            && self.words.last().is_some_and(|word| word.form == Form::Ing);
        calls
            || is(
                self.words.first(),
                &["i", "she", "he", "they", "user", "the", "she'll", "he'll", "they'll"],
            ) && is(self.words.last(), &["myself", "herself", "himself", "themselves"])
    }

    /// Tells whether it only introduces what follows: "Next:".
    pub(super) fn is_label(&self) -> bool {
        let noun = self.words.get(1).is_some_and(|word| !word.is(Role::Determiner));
        self.next == ":" && (self.words.len() <= 4 || (noun && self.words.len() <= 8))
    }
}

/// A clause's negation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Denial {
    /// Where its word stands; none if an earlier clause has it.
    pub(super) at: Option<usize>,
    /// Whether it tells how things are, and forbids nothing.
    pub(super) tells: bool,
}

impl Denial {
    /// Returns the first word that it may deny.
    pub(super) fn end(self) -> usize {
        self.at.map_or(0, |at| at + 1)
    }
}

fn joins(token: &Token) -> bool {
    token.is_sign() || token.is(Role::Join)
}

/// Splits a step at every word or sign that joins clauses.
pub(super) fn clauses(tokens: &[Token]) -> Vec<Clause<'_>> {
    let mut clauses: Vec<Clause<'_>> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let start = at + tokens[at..].iter().take_while(|token| joins(token)).count();
        let end = start + tokens[start..].iter().take_while(|token| !joins(token)).count();
        let joined = &tokens[at..start];
        let stops = clauses.is_empty() || joined.iter().any(|join| FULL_STOPS.contains(join.text.as_str()));
        let word = joined.iter().rev().find(|join| !join.is_sign());
        if start < end {
            clauses.push(Clause {
                words: &tokens[start..end],
                joins: joined,
                goes_on: !stops && word.is_none_or(|word| word.is(Role::Weak)),
                rest: rest(&tokens[end..]),
                next: tokens.get(end).map_or("", |next| next.text.as_str()),
                or: word.is_some_and(|word| word.is(Role::Or)),
            });
        }
        at = end;
    }
    let lists: Vec<bool> = (0..clauses.len()).map(|at| begins_list(&clauses, at)).collect();
    for (clause, lists) in clauses.iter_mut().zip(lists) {
        clause.or |= lists;
    }
    clauses
}

fn rest(tokens: &[Token]) -> &[Token] {
    let end = tokens.iter().position(|token| FULL_STOPS.contains(token.text.as_str()));
    &tokens[..end.unwrap_or(tokens.len())]
}

/// Tells whether a clause belongs to a list that an "or" ends: "do not send, book or pay".
fn begins_list(clauses: &[Clause<'_>], at: usize) -> bool {
    let comma =
        |clause: &Clause<'_>| clause.goes_on && clause.joins.len() == 1 && clause.joins[0].text == ",";
    let short = |clause: &Clause<'_>| comma(clause) && clause.words.len() <= SHORT;
    let rest = clauses[at..].iter().skip_while(|clause| short(clause)).map(|clause| clause.or);
    short(&clauses[at]) && rest.take(1).any(|or| or)
}

impl Clause<'_> {
    /// Returns its negation, if it has one that holds; "or" carries on the one `before`.
    pub(super) fn denial(&self, before: Option<Denial>) -> Option<Denial> {
        let found: Vec<usize> = (0..self.words.len()).filter(|at| self.words[*at].is(Role::Not)).collect();
        // "只比不买" denies, "不只发邮件" does not.
        let only = |at: usize| {
            ["只", "仅"].contains(&self.words[at].text.as_str()) && found.first().is_some_and(|no| at < *no)
        };
        if (0..self.words.len()).any(|at| self.words[at].is(Role::Void) && !only(at)) {
            return None;
        }
        match found[..] {
            [] => before.filter(|_| self.or).map(|before| Denial { at: None, ..before }),
            [at] => Some(Denial { at: Some(at), tells: self.words[at].is(Role::HowThingsAre) }),
            _ => None,
        }
    }

    /// Returns the first of the dangerous words that stands right behind the negation.
    pub(super) fn denied(&self, denial: Denial, dangers: &[usize]) -> Option<usize> {
        let gap = |at: usize| self.words.get(denial.end()..at).unwrap_or_default();
        let adjacent = |gap: &[Token]| {
            let front = gap.iter().position(|word| word.is(Role::Front)).unwrap_or(gap.len());
            gap[..front].iter().all(|word| word.is(Role::Between)) && gap.len() - front <= 6
        };
        // "No advice on buying".
        let about = |at: usize| {
            let no = denial.at.is_some_and(|no| self.words[no].text == "no");
            no && self.words[at].form == Form::Ing && self.words[at - 1].is(Role::Preposition)
        };
        dangers.iter().copied().find(|at| *at >= denial.end() && (adjacent(gap(*at)) || about(*at)))
    }
}
