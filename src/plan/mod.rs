//! What is to be resumed, and whether it may go out by itself; pure.
//!
//! [`build`] makes one [`Item`] of each [`Candidate`], whatever the causes are that it goes on for, and has the gate rule on
//! it: send, hold or skip, with the name of the rule ([`Ruling`]). The gate goes by evidence, by the operator's
//! [`Policy`], and by the [`Rules`] of words and calls. [`Plan::gated`] is the only way to an [`Approved`], and nothing else
//! can be sent. Nothing here reads a file, asks a gateway or knows the ledger: the same input gives the same plan.

mod build;
mod chain;
mod confirm;
mod gate;
mod item;
mod message;
mod policy;
mod rules;
mod task;

pub use build::{build, key_of};
pub use chain::{Message, judge, tightened};
pub use confirm::{Confirmation, confirmed};
pub use gate::{OUT_OF_REACH, Situation};
pub use item::{Approved, Candidate, Gated, Item, LastWords, Left, Plan, Reach, Ruling};
pub use message::own_message;
pub use policy::{Policy, PolicyFile};
pub use rules::{Assessment, CallAssessment, Rules};
pub use task::task_message;
