//! What is to be resumed, and whether it may go out by itself; pure.

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
pub use gate::Situation;
pub use item::{Approved, Candidate, Gated, Item, LastWords, Left, Plan, Ruling};
pub use message::own_message;
pub use policy::{Policy, PolicyFile};
pub use rules::{Assessment, CallAssessment, Rules};
pub use task::task_message;
