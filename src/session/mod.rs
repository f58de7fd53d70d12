//! What is known of a session without asking its agent, and what that says of it.
//!
//! [`read_some`] reads the sessions of a state directory, from files or databases; [`read`] one, from the gateway. Either way
//! a session is [`Evidence`]: its [`Row`], and a [`History`] of its last turns. [`cuts`] finds what may have been cut off
//! in it, and [`judge`], a pure function, says by that, by what the ledger knows ([`Record`]) and by the gateway's start
//! what the [`Verdict`](crate::model::Verdict) is. What is broken is counted, and the rest decides; a session that cannot be
//! read says why, and is never the end of a scan.

mod author;
mod branch;
mod command;
mod cut;
mod damage;
mod evidence;
#[cfg(test)]
pub(crate) mod fake;
mod fields;
mod gateway;
mod history;
mod jsonl;
#[cfg(test)]
mod power;
#[cfg(test)]
mod properties;
mod reader;
mod record;
mod row;
mod scanner;
mod smalltalk;
mod snapshot;
mod sqlite;
mod store;
mod tail;
#[cfg(test)]
mod tests;
mod turn;
mod verdict;

pub use author::{Author, spoken};
pub use command::{Command, End};
pub use cut::{Cut, Describe, cuts};
pub use damage::{Damage, Damages};
pub use evidence::{Entry, Evidence, RunStatus};
pub use gateway::{Sessions, read, read_from, row_of, rows};
pub use history::History;
pub use reader::{Listed, Reader, Writer};
pub use row::{Note, Row};
pub use sqlite::TABLES;
pub use store::{Keep, Store, StoreKind, Wanted, read_all, read_some};
pub use turn::{Phase, ToolCall, Turn};
pub use verdict::{Age, Judgement, OUT_OF_REACH, Record, View, judge, last_sign_of_life, unfinished};
