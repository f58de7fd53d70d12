//! What the evidence says of a session.

use serde::{Deserialize, Serialize};

/// The state of a session after a restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It cannot be read, or does not exist.
    Unreadable,
    /// It runs, or has run since the restart.
    Live,
    /// The stop cut its turn off.
    Interrupted,
    /// Its last turn had ended.
    Complete,
}
