//! What a session's transcript says of its last turns, read from its end as far as that takes.

use std::io;

use chrono::TimeDelta;

use super::author::Author;
use super::branch::Branch;
use super::command::{self, Command};
use super::damage::{Damages, parse};
use super::evidence::{Entry, RunStatus};
use super::record::{Kind, Process, Record, Said};
use super::row::{Row, is_silent};
use super::tail::{Line, Tail};
use super::turn::{self, Turn};

/// How far back a turn of a person's is looked for behind turns that nobody asked for, and the call of a command behind the
/// beginning of a turn, in bytes.
const LOOK_BACK: usize = 1 << 20;

/// What lies no further apart is one for whoever asks when a gateway was at work: what is reckoned with that is minutes.
const MOMENT: TimeDelta = TimeDelta::minutes(1);

/// The end of a transcript: what counts of it, since the last reset.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct History {
    /// The messages of the agent's branch as far as they were read, oldest first.
    pub entries: Vec<Entry>,
    /// Their turns, oldest first. The last one that a person opened is among them, unless many nobody asked for follow.
    pub turns: Vec<Turn>,
    /// The background commands that they tell of.
    pub commands: Vec<Command>,
    /// The id of the reset that all this follows, if it was read.
    pub reset: Option<String>,
    /// What was wrong with the transcript.
    pub damages: Damages,
}

impl History {
    /// Reads a transcript from its end.
    pub(super) fn read(tail: &mut impl Tail) -> io::Result<Self> {
        let mut damages = Damages::default();
        // Newest first.
        let mut records: Vec<Record> = Vec::new();
        let mut bytes = 0;
        loop {
            let Some(line) = tail.previous()? else {
                records.reverse();
                return Ok(Self::of(&records, true, damages));
            };
            bytes += line.as_ref().map_or(0, |line| line.len());
            let Some(record) = take(line, &mut damages) else { continue };
            let may_do = may_be_enough(&record);
            records.push(record);
            if may_do {
                records.reverse();
                let is_enough = is_enough(&records, bytes > LOOK_BACK);
                records.reverse();
                if is_enough {
                    break;
                }
            }
        }
        records.extend(background(tail, &mut damages)?);
        records.reverse();
        Ok(Self::of(&records, false, damages))
    }

    /// Makes the history of records, oldest first.
    pub(super) fn of(records: &[Record], from_start: bool, damages: Damages) -> Self {
        let Branch { messages, reset, whole } = Branch::of(records, from_start);
        // Where the branch's beginning is lost it begins with what is left.
        let turns = turn::turns(&messages, whole || from_start);
        Self {
            entries: messages.iter().map(|message| message.entry.clone()).collect(),
            turns,
            commands: command::commands(&messages),
            reset: reset.map(str::to_owned),
            damages,
        }
    }

    /// Returns what a person last asked for; [`spoken`](super::spoken) tells the words.
    #[must_use]
    pub fn last_request(&self) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.author == Author::Person)
    }

    /// Returns the answer of a turn that native recovery resumed, where the row knows no chat for it.
    #[must_use]
    pub fn unheard_answer(&self, row: &Row) -> Option<&str> {
        let turn = self.turns.last().filter(|turn| turn.opened_by.author == Author::NativeRecovery)?;
        let answer = self.entries.last().filter(|last| last.author == Author::Agent)?;
        let is_ended = turn.cut.is_none() && row.status == Some(RunStatus::Ended);
        (is_ended && !row.recovery_route && row.route.is_some() && !is_silent(&answer.text))
            .then_some(answer.text.as_str())
    }

    /// Tells whether nothing in it is open: no turn was cut off, no call waits for leave, no command may have died, and
    /// somebody has heard the last answer.
    pub(super) fn rests(&self) -> bool {
        let is_over = |turn: &Turn| {
            turn.opened_by.author != Author::NativeRecovery && !turn.left_a_call_without_leave()
        };
        self.cut_turn().is_none()
            && self.last_turn().is_some_and(is_over)
            && !self.commands.iter().any(|command| command.end.may_be_an_orphans())
    }

    /// Drops what is asked only where something is open: what the agent said and called, and each of its steps between two
    /// entries that are less than a moment apart, for it says no more of who spoke and of when the gateway was at work.
    pub(super) fn drop_details(&mut self) {
        let last_named = self.entries.iter().rposition(|entry| entry.id.is_some());
        let is_of_work = |entry: &Entry| matches!(entry.author, Author::Agent | Author::Tool);
        let mut entries = std::mem::take(&mut self.entries).into_iter().enumerate().peekable();
        let mut kept_at = None;
        while let Some((at, mut entry)) = entries.next() {
            if is_of_work(&entry) {
                entry.text = String::new();
                let next = entries.peek().map(|(_, next)| next).filter(|next| is_of_work(next));
                let since_kept = next.and_then(|next| Some(next.at? - kept_at?));
                let is_near = since_kept.is_some_and(|since| (TimeDelta::zero()..MOMENT).contains(&since));
                if is_near && Some(at) != last_named {
                    continue;
                }
            }
            kept_at = entry.at;
            self.entries.push(entry);
        }
        self.entries.shrink_to_fit();
        for turn in &mut self.turns {
            turn.calls = Vec::new();
            // By its text alone a message of ours is told from another.
            if turn.opened_by.author != Author::Comeback {
                turn.opened_by.text = String::new();
            }
        }
        self.turns.shrink_to_fit();
        self.commands = Vec::new();
    }

    /// Returns the last turn, whoever opened it.
    #[must_use]
    pub fn last_turn(&self) -> Option<&Turn> {
        self.turns.last()
    }

    /// Returns the turn that was cut off and not gone on with: turns that nobody asked for do not hide it.
    #[must_use]
    pub fn cut_turn(&self) -> Option<&Turn> {
        let last = self.turns.iter().rposition(Turn::is_for_a_person);
        let own = last.map(|at| &self.turns[at]).filter(|turn| turn.cut.is_some());
        own.or_else(|| self.turns[last.map_or(0, |at| at + 1)..].iter().rev().find(|turn| turn.cut.is_some()))
    }
}

/// Reads a record, or counts what is wrong with it.
fn take(line: Line<'_>, damages: &mut Damages) -> Option<Record> {
    match line {
        Ok(line) => parse(line, damages, Record::read)?,
        Err(damage) => {
            damages.count(damage);
            None
        }
    }
}

/// Tells whether a turn may begin behind this record.
fn may_be_enough(record: &Record) -> bool {
    match &record.kind {
        Kind::Message(message) => message.ends_a_turn(),
        Kind::Reset => true,
        Kind::Leaf { .. } | Kind::Aside | Kind::Other => false,
    }
}

/// Tells whether the records, oldest first, tell all of the last turn of a person's.
pub(super) fn is_enough(records: &[Record], any_author: bool) -> bool {
    let branch = Branch::of(records, false);
    branch.whole || turn::is_enough(&branch.messages, any_author)
}

/// Reads on, as far as it costs nothing, and goes on to the beginning of a turn if a command was begun in the
/// background there, and to the call that began it; newest first.
fn background(tail: &mut impl Tail, damages: &mut Damages) -> io::Result<Vec<Record>> {
    let mut records = Vec::new();
    if !tail.may_tell_of_commands()? {
        return Ok(records);
    }
    while let Some(line) = tail.previous_at_hand()? {
        records.extend(take(line, damages));
    }
    let mut bytes = 0;
    while !records.last().is_some_and(Record::opens_a_turn) || bytes < LOOK_BACK && lacks_a_call(&records) {
        let Some(line) = tail.previous()? else { break };
        bytes += line.as_ref().map_or(0, |line| line.len());
        records.extend(take(line, damages));
    }
    Ok(records)
}

/// Tells whether a command was begun by a call that is not among the records: its turn was broken into.
fn lacks_a_call(records: &[Record]) -> bool {
    let messages = || records.iter().filter_map(Record::message);
    let is_called = |call: &str| {
        messages().any(|message| match &message.said {
            Said::Assistant { calls, .. } => calls.iter().any(|asked| asked.id == call),
            Said::User | Said::Result(_) | Said::Nothing => false,
        })
    };
    messages().any(|message| match &message.said {
        Said::Result(result) => {
            result.process.as_ref().is_some_and(Process::begins) && !is_called(&result.call)
        }
        Said::User | Said::Assistant { .. } | Said::Nothing => false,
    })
}
