//! What the gate decides about a plan item.

use serde::{Deserialize, Serialize};

/// What becomes of a plan item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Decision {
    /// It goes out.
    Send,
    /// A person must confirm it.
    Hold,
    /// There is nothing to do.
    Skip,
}

/// How dangerous it would be to do an item's next step twice; the seed's two words.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Risk {
    /// Doing it again harms nothing.
    Normal,
    /// Something outside may happen twice.
    High,
}
