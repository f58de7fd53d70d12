//! What the evidence says of a session.

use serde::{Deserialize, Serialize};

/// The state of a session after a stop of its gateway; of several that fit, the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It cannot be read, or does not exist.
    Unreadable,
    /// No person speaks there, or none opened the turn that was cut off.
    Excluded,
    /// It runs, or has gone on since the restart.
    Live,
    /// Nothing may be sent to it without a person: it is buried, or resuming it kills the gateway.
    Quarantined,
    /// Somebody has taken its cuts already.
    Handled,
    /// It is unfinished, but the stop did not end it, or too long ago.
    Stale,
    /// The stop cut its turn off.
    Interrupted,
    /// Its turn had ended; a background command of its own died with the gateway.
    Orphaned,
    /// Its user's last message needs no answer.
    Trivial,
    /// Its last turn had ended.
    Complete,
}
