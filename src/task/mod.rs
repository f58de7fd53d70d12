//! Long tasks: the state file that outlives a timeout and a restart. Nothing here sends anything.
//!
//! The file has the State Contract of the seed smart-wake 1.0.0, with fields of our own behind it. What changes a task
//! is a pure step from one state to the next ([`Open`]); that nobody else holds it must be shown first ([`Vacant`]).

mod artifact;
mod holder;
mod id;
mod packet;
#[cfg(test)]
mod properties;
mod state;
mod store;
#[cfg(test)]
mod tests;
mod transition;

pub use artifact::{Found, Guarded, Measured, guard, measure};
pub use holder::{Seen, Turn, Vacant};
pub use id::TaskId;
pub use packet::Packet;
pub use state::{Blocked, Lease, Record, Status, Task, Wake, WakeReason};
pub use store::{Locked, Store};
pub use transition::{Draft, MAX_RETRIES, Open, Resumed, StepDone, Stepped, needs_smart_wake};
