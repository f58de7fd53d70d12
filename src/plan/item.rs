//! What can be resumed: one item a session, with what was decided about it and why.

use chrono::{DateTime, Utc};

use crate::checkpoint::{Block, Captured};
use crate::model::{Call, Decision, IdempotencyKey, Language, Risk, Route, SessionKey, Verdict};
use crate::note::Note;
use crate::session::{Cut, Judgement, Phase};
use crate::task::{Task, TaskId};

/// A session that may have to go on, by what the checkpoint says, by what the evidence says, or by both.
#[derive(Clone, Debug)]
pub struct Candidate<'a> {
    /// The session.
    pub session_key: SessionKey,
    /// The keys that its causes give its effect; it goes out under the first.
    pub keys: Vec<IdempotencyKey>,
    /// What the checkpoint says.
    pub block: Option<&'a Block>,
    /// What the evidence says.
    pub judgement: Judgement,
    /// What a person last asked for there.
    pub request: Option<String>,
    /// The language that its users write in.
    pub language: Language,
    /// Whether something of the gateway's own has still to end in it: a turn, or native recovery.
    pub unsettled: bool,
    /// Where a message to it would go.
    pub reach: Reach,
    /// When the session was last active.
    pub updated_at: Option<DateTime<Utc>>,
    /// Where the session's replies go.
    pub route: Option<Route>,
    /// Its transcript's id.
    pub session_id: Option<String>,
    /// What was under way, where nobody has written the block.
    pub captured: Option<Captured>,
    /// The long tasks that nobody works on, and that no wake will take up.
    pub tasks: Vec<&'a Task>,
    /// Whether there is no session for its task: it goes on in a fresh one.
    pub fresh: bool,
    /// What its agent wrote down before the stop.
    pub note: Option<LastWords<'a>>,
}

/// Where a message to a session goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Into the session.
    Session,
    /// Into a new one, which the gateway would begin for it.
    NewSession,
    /// Perhaps into another agent's: nobody can look before; see [`Evidence`](crate::session::Evidence).
    Elsewhere,
}

/// An agent's note, and whether it was written shortly before the stop.
#[derive(Clone, Copy, Debug)]
pub struct LastWords<'a> {
    /// The note.
    pub note: &'a Note,
    /// Whether nobody can say what has happened since it was written.
    pub stale: bool,
}

impl<'a> Candidate<'a> {
    /// Takes a session of which nothing but this judgement is known.
    #[must_use]
    pub fn new(
        session_key: SessionKey,
        keys: Vec<IdempotencyKey>,
        judgement: Judgement,
        language: Language,
    ) -> Self {
        Self {
            session_key,
            keys,
            block: None,
            judgement,
            request: None,
            language,
            unsettled: false,
            reach: Reach::Session,
            updated_at: None,
            route: None,
            session_id: None,
            captured: None,
            tasks: Vec::new(),
            fresh: false,
            note: None,
        }
    }

    /// Takes a block of a checkpoint, of whose session nothing but this judgement is known.
    #[must_use]
    pub fn of_block(
        block: &'a Block,
        keys: Vec<IdempotencyKey>,
        judgement: Judgement,
        language: Language,
    ) -> Self {
        Self { block: Some(block), ..Self::new(block.session_key.clone(), keys, judgement, language) }
    }

    /// Tells whether all that was cut off is a message that nobody wrote down.
    pub(super) fn was_never_written(&self) -> bool {
        let is_unwritten = |cut: &Cut| cut.phase == Phase::Message && cut.opened_by.is_none();
        !self.judgement.cuts.is_empty() && self.judgement.cuts.iter().all(is_unwritten)
    }

    /// Returns the answer that was finished and not delivered.
    pub(super) fn answer(&self) -> Option<&str> {
        self.judgement.cuts.iter().find_map(|cut| cut.reply.as_deref())
    }

    /// Returns the tool calls of what was cut off, in their order.
    pub(super) fn calls(&self) -> impl DoubleEndedIterator<Item = &Call> {
        self.judgement.cuts.iter().flat_map(|cut| &cut.calls)
    }
}

/// One session's item.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// The session.
    pub session_key: SessionKey,
    /// The id of the transcript that was read; none where nothing was.
    pub session_id: Option<String>,
    /// The agent that the checkpoint names; text, because a person may have written it.
    pub agent: String,
    /// The key that its effect has.
    pub key: IdempotencyKey,
    /// Other keys of the same effect.
    pub also: Vec<IdempotencyKey>,
    /// Whether a checkpoint asks for it; else only evidence does.
    pub planned: bool,
    /// What is left to do.
    pub left: Left,
    /// What it is about, where that is known.
    pub about: Option<String>,
    /// The whole message that would be sent.
    pub message: String,
    /// Where the session's replies go; none: they are not delivered.
    pub route: Option<Route>,
    /// What the evidence says.
    pub verdict: Verdict,
    /// What the gate decided.
    pub ruling: Ruling,
    /// Whether a person has confirmed it, by its code.
    pub confirmed: bool,
    /// The task that a job takes up in a fresh session, in place of a message to the session.
    pub wakes: Option<TaskId>,
}

/// What is left to do of an item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Left {
    /// The work itself.
    Work,
    /// To deliver an answer, also one that native recovery got.
    Answer,
    /// Long tasks alone: the session may have gone on with something else.
    Tasks,
}

impl Candidate<'_> {
    /// Tells whether nothing but long tasks is left.
    pub(super) fn has_only_tasks(&self) -> bool {
        self.block.is_none() && self.judgement.cuts.is_empty() && !self.tasks.is_empty()
    }
}

/// The gate's decision about an item, and its grounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ruling {
    /// What becomes of it.
    pub decision: Decision,
    /// How dangerous its next step is.
    pub risk: Risk,
    /// The rule that decided.
    pub rule: String,
    /// One sentence for people.
    pub reason: String,
}

/// An item that the gate lets pass. Only [`Plan::gated`] makes one: what is sent has been decided here.
#[derive(Clone, Debug, PartialEq)]
pub struct Approved(Item);

impl Approved {
    /// Returns the item.
    #[must_use]
    pub fn item(&self) -> &Item {
        &self.0
    }
}

/// The items of one recovery, in the order in which they are sent.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    items: Vec<Item>,
}

/// An item after the gate.
#[derive(Clone, Debug, PartialEq)]
pub enum Gated {
    /// It may be sent.
    Send(Approved),
    /// A person must confirm it.
    Hold(Item),
    /// There is nothing to do.
    Skip(Item),
}

impl Gated {
    /// Returns the item.
    #[must_use]
    pub fn item(&self) -> &Item {
        match self {
            Self::Send(approved) => approved.item(),
            Self::Hold(item) | Self::Skip(item) => item,
        }
    }
}

impl Plan {
    pub(super) fn new(items: Vec<Item>) -> Self {
        Self { items }
    }

    /// Returns the items.
    #[must_use]
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Parts the items by what was decided about them.
    #[must_use]
    pub fn gated(self) -> Vec<Gated> {
        let part = |item: Item| match item.ruling.decision {
            Decision::Send => Gated::Send(Approved(item)),
            Decision::Hold => Gated::Hold(item),
            Decision::Skip => Gated::Skip(item),
        };
        self.items.into_iter().map(part).collect()
    }
}
