//! The words of the project as types: what is built from them cannot be malformed.
//!
//! A [`SessionKey`] is one line of text; an [`InterruptionId`] is the same for one cut from whichever reader and for ever; an
//! [`IdempotencyKey`] is made from it, and goes to the gateway and into the message; a [`Boot`] is one life of the gateway.

mod boot;
mod call;
mod decision;
mod key;
mod language;
mod route;
mod verdict;

pub use boot::Boot;
pub use call::{Call, Effect, Outcome};
pub use decision::{Decision, Risk};
pub use key::{AgentId, IdempotencyKey, InterruptionId, SessionKey};
pub use language::Language;
pub use route::Route;
pub use verdict::Verdict;
