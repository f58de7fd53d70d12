//! What the clauses of a step say together.

use super::beyond::{Reach, is_of_others};
use super::clause::{Clause, Denial};
use super::excuse::Excuse;
use super::kind::Kind;
use super::lexicon::Role;
use super::{Assessment, Danger, Rules};
use crate::model::Risk;

/// What the last clause was, as far as it matters for the next one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum After {
    /// It only introduced what follows: "Next:".
    Label,
    /// It was a condition.
    Condition,
    /// It worked on things.
    Work,
    #[default]
    Other,
}

/// What the clauses so far have said.
#[derive(Default)]
pub(super) struct Story<'r> {
    pub(super) denial: Option<Denial>,
    /// What excuses a clause that goes on with the last one.
    pub(super) before: Option<Excuse>,
    /// A dangerous thing that was done or begun.
    pub(super) begun: Option<&'r Danger>,
    /// What excused dangerous words.
    pub(super) excuse: Option<Excuse>,
    pub(super) kinds: Vec<Kind>,
    /// Whether there was something of one's own that an "it" may mean.
    pub(super) has_it: bool,
    pub(super) after: After,
    /// Whether the last clause named a part of a text, and nothing that others have.
    pub(super) pieces: bool,
    /// What the clauses may reach.
    pub(super) reach: Reach,
}

impl Story<'_> {
    /// Adds a clause in which no danger is left.
    pub(super) fn add(&mut self, clause: &Clause<'_>, kind: Kind, spoken: Option<Excuse>, is_told: bool) {
        let denied = spoken == Some(Excuse::Negation);
        let tells = self.denial.is_some_and(|denial| denial.tells);
        if !denied || !tells {
            self.excuse = self.excuse.or(spoken);
        }
        self.before = match kind {
            Kind::Reads(_) | Kind::Makes(_) | Kind::Works(_) => Some(Excuse::Reading),
            Kind::Tells(_) => Some(Excuse::Done),
            Kind::Adds if clause.goes_on => self.before,
            Kind::Adds | Kind::When | Kind::GoesOn { .. } | Kind::Shares(_) | Kind::Unclear => spoken,
        };
        let own = clause.words.iter().any(|word| word.is_any(&[Role::Thing, Role::Part]));
        let shared = (0..clause.words.len()).any(|at| is_of_others(clause.words, at));
        self.has_it = match kind {
            Kind::Reads(_) | Kind::Makes(_) | Kind::Works(_) => true,
            _ => (self.has_it && clause.goes_on) || (own && !shared),
        };
        let others = [Role::Shared, Role::Other, Role::Outside, Role::Suspect];
        self.pieces = clause.words.iter().any(|word| word.is(Role::Piece))
            && !clause.words.iter().any(|word| word.is_any(&others));
        let forbids = denied || self.denial.is_some_and(|denial| !denial.tells);
        self.reach.hear(clause, kind, forbids, self.after == After::Condition);
        self.after = match kind {
            Kind::Adds if clause.is_label() => After::Label,
            Kind::Adds if clause.goes_on && self.after == After::Work => After::Work,
            Kind::When if clause.words[0].is(Role::Condition) || clause.words[0].is_han() => After::Condition,
            Kind::Works(_) => After::Work,
            _ => After::Other,
        };
        let kind = if matches!(kind, Kind::Shares(_)) { Kind::Adds } else { kind };
        self.kinds.push(if is_told || denied { Kind::Adds } else { kind });
    }

    /// Judges a step without a danger.
    pub(super) fn ending(&self) -> Assessment {
        let any = |of: fn(&Kind) -> bool| self.kinds.iter().any(of);
        let normal = |rule, reason| Assessment::new(Risk::Normal, rule, reason);
        let unclear = any(|kind| *kind == Kind::Unclear);
        let works = any(|kind| {
            matches!(kind, Kind::Reads(_) | Kind::Makes(_) | Kind::Works(_) | Kind::GoesOn { names: true })
        });
        match self.excuse {
            _ if unclear => {}
            Some(Excuse::Reading) if !works => {}
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
        if self.reach.is_local(unclear) {
            let why = "The rules cannot tell what it would do, but nothing in it leads beyond what is the agent's own: it looks first.";
            return normal(Rules::UNCLEAR_LOCAL, why);
        }
        Assessment::new(Risk::High, Rules::UNCLEAR, "The rules cannot tell what it would do.")
    }
}
