//! What is known of a session without asking its agent, and what that says of it.

mod evidence;
mod gateway;
mod verdict;

pub use evidence::{Author, Entry, Evidence, RunStatus};
pub use gateway::read;
pub use verdict::{Judgement, judge};
