//! The time of day: the system's, or one that the caller fixed.

use chrono::{DateTime, SecondsFormat, SubsecRound, Utc};

/// Tells the time; fixed in tests and rehearsals by `--now`.
///
/// Durations of waits are measured by `Instant`, never by this clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct Clock {
    fixed: Option<DateTime<Utc>>,
}

impl Clock {
    /// Makes a clock that stands still at `now`, or follows the system's.
    #[must_use]
    pub const fn new(now: Option<DateTime<Utc>>) -> Self {
        Self { fixed: now }
    }

    /// Returns the time.
    #[must_use]
    pub fn now(self) -> DateTime<Utc> {
        self.fixed.unwrap_or_else(Utc::now)
    }
}

/// Formats a time as RFC 3339 in UTC with milliseconds only where they are not zero.
#[must_use]
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.trunc_subsecs(3).to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Reads milliseconds since 1970, as gateways write times.
#[must_use]
pub fn from_millis(millis: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis)
}
