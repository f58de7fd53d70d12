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

    /// Returns the time, to the millisecond: what is written and read back is then the same time.
    #[must_use]
    pub fn now(self) -> DateTime<Utc> {
        self.fixed.unwrap_or_else(|| Utc::now().trunc_subsecs(3))
    }
}

/// Formats a time as RFC 3339 in UTC, with a fraction only where there is one.
#[must_use]
pub fn rfc3339(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// Reads milliseconds since 1970, as gateways write times.
#[must_use]
pub fn from_millis(millis: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_systems_time_is_the_same_after_it_was_written_and_read() {
        let now = Clock::default().now();
        assert_eq!(rfc3339(now).parse(), Ok(now));
        assert_eq!(now.timestamp_subsec_nanos() % 1_000_000, 0);
    }
}
