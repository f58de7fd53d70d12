//! Where the rooms meet: a planned restart, the way back from it, and all that is asked about either.
//!
//! [`prepare`] goes before a restart that is planned, [`capture`] before one that is not, [`recover`] after both and after a
//! crash; [`confirm`] sends what was held. [`scan`], [`status`] and [`report`] only look. The functions whose names end in
//! `_task` are those of long tasks. All take a [`Context`], which holds the settings of one invocation, and return a
//! report that the command prints.

mod build;
mod call;
mod candidates;
mod capture;
mod chain;
mod confirm;
mod context;
mod due;
mod files;
mod fired;
mod history;
mod items;
mod joined;
mod language;
mod lost;
mod named;
mod pending;
mod preparation;
mod prepare;
mod prune;
mod record;
mod recover;
mod recovery;
mod report;
mod scan;
mod sight;
mod status;
mod task;
mod tell;
#[cfg(test)]
mod tests;
mod unreachable;
mod way_back;

pub use build::{Built, build};
pub use call::ToolCall;
pub use capture::capture;
pub use chain::{Chain, List, Step, is_used, send, verify};
pub use confirm::{AnswerState, Answered, Chosen, Word, confirm};
pub use context::{Context, Settings, Tells};
pub use files::id as checkpoint_id;
pub use fired::fired;
pub use history::{Fate, Forewarning, Grounds, History, Moment, Run, Stop, Story, What};
pub use preparation::{Mode, Prepared, Request as PrepareRequest, Restart};
pub use prepare::prepare;
pub use prune::{Limits, Pruned, prune};
pub use recover::recover;
pub use recovery::{ItemReport, ItemState, Outcome, Report, Request as RecoverRequest, Source, Trigger};
pub use report::{Span, report};
pub use scan::{Request as ScanRequest, Scan, scan};
pub use status::{LastRecovery, Pending, Status, Waits, status};
pub use task::{
    Changed as ChangedTask, End as TaskEnd, GuardReport, StepReport, finish as finish_task,
    guard as guard_file, resume as resume_task, start as start_task, step as step_task, wait as wait_task,
};
