//! Where the rooms meet: a planned restart, and the way back from it.

mod call;
mod context;
mod due;
mod files;
mod pending;
mod prepare;
mod recover;
mod status;
mod way_back;

pub use call::ToolCall;
pub use context::{Context, Settings};
pub use files::id as checkpoint_id;
pub use prepare::{Mode, Prepared, Request as PrepareRequest, Restart, prepare};
pub use recover::{ItemReport, ItemState, Outcome, Report, Request as RecoverRequest, Trigger, recover};
pub use status::{LastRecovery, Pending, Status, status};
