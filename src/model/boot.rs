//! One life of the gateway.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// Two readings of one start may differ by this much.
const TOLERANCE: TimeDelta = TimeDelta::seconds(1);

/// Identifies one life of the gateway, from a start to the stop that ends it.
///
/// An in-process restart makes a new boot of the same process: its uptime goes on counting (measured on
/// 2026.5.28, 2026.7.1 and 2026.9.6), so `started_at` comes from the gateway's lock file where there is one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Boot {
    /// When it started.
    pub started_at: DateTime<Utc>,
    /// The gateway's own name for it, from 2026.9 on.
    pub boot_id: Option<String>,
}

impl Boot {
    /// Tells whether this boot came after `recorded`.
    #[must_use]
    pub fn is_after(&self, recorded: &Self) -> bool {
        match (&self.boot_id, &recorded.boot_id) {
            (Some(now), Some(then)) => now != then,
            _ => self.started_at > recorded.started_at + TOLERANCE,
        }
    }

    /// Tells whether both are the same life.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        !self.is_after(other) && !other.is_after(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn boot(seconds: i64, id: Option<&str>) -> Boot {
        Boot {
            started_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds),
            boot_id: id.map(str::to_owned),
        }
    }

    #[test]
    fn ids_decide_where_both_have_one_and_else_the_start() {
        assert!(boot(5, Some("b")).is_after(&boot(5, Some("a"))));
        assert!(!boot(50, Some("a")).is_after(&boot(5, Some("a"))));
        assert!(boot(50, None).is_after(&boot(5, Some("a"))));
        assert!(!boot(6, None).is_after(&boot(5, None)));
        assert!(!boot(4, None).is_after(&boot(5, None)));
    }
}
