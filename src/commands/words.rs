//! The words for people in which status, report and its page tell of a stop of the gateway.

use chrono::{DateTime, Local, TimeDelta, Utc};

use crate::flow::{Fate, Stop, What};
use crate::support::paint::Tone;

/// Names a stop.
pub(super) fn title(stop: &Stop) -> String {
    let kind = match (&stop.prepared, &stop.boot) {
        (Some(_), _) => "Planned restart",
        (None, Some(_)) => "Unplanned stop",
        (None, None) => "No start of the gateway was seen",
    };
    let back = |at: DateTime<Utc>| at.with_timezone(&Local).format(", back on %Y-%m-%d at %H:%M").to_string();
    format!("{kind}{}", stop.boot.as_ref().map(|boot| back(boot.started_at)).unwrap_or_default())
}

/// Says what became of a session.
pub(super) const fn fate(fate: Fate) -> (&'static str, Tone) {
    match fate {
        Fate::Failed => ("failed", Tone::Bad),
        Fate::Held => ("held for a person", Tone::Waiting),
        Fate::Resumed => ("resumed", Tone::Good),
        Fate::Answered => ("resumed, answered", Tone::Good),
        Fate::Native => ("resumed by OpenClaw", Tone::Good),
        Fate::WentOn => ("went on without comeback", Tone::Good),
        Fate::Dropped => ("dropped by a person", Tone::Plain),
        Fate::LeftAlone => ("left alone", Tone::Plain),
    }
}

/// Says what happened in a moment.
pub(super) const fn what(what: What) -> &'static str {
    match what {
        What::Resumed => "resumed by comeback",
        What::WentOn => "went on without comeback",
        What::Native => "resumed by OpenClaw",
        What::Answered => "answered",
        What::Failed => "failed",
        What::Held => "held for a person",
        What::Told => "its user was told",
        What::Confirmed => "confirmed by a person",
        What::Dropped => "dropped by a person",
    }
}

/// Says who called a recovery.
pub(super) fn trigger(name: &str) -> &str {
    match name {
        "startup" => "by the startup hook",
        "job" => "by the recovery job",
        "wake" => "after a wake of the machine",
        "manual" => "by hand",
        other => other,
    }
}

/// Says how a recovery ended.
pub(super) fn outcome(name: &str) -> &str {
    match name {
        "recovered" => "all was done",
        "nothing" => "there was nothing to recover",
        "incomplete" => "not everything worked",
        "unreachable" => "the gateway did not answer",
        "not-yet" => "the restart had not come yet",
        "never-happened" => "the restart never came",
        other => other,
    }
}

/// Shows the time of day, where this machine is.
pub(super) fn clock(at: DateTime<Utc>) -> String {
    at.with_timezone(&Local).format("%H:%M:%S").to_string()
}

/// Says how long something took.
pub(super) fn span(time: TimeDelta) -> String {
    let millis = time.num_milliseconds().max(0);
    match millis {
        0..10_000 => format!("{}.{} s", millis / 1_000, millis % 1_000 / 100),
        10_000..120_000 => format!("{} s", millis / 1_000),
        120_000..7_200_000 => format!("{} min", millis / 60_000),
        _ => format!("{} h", millis / 3_600_000),
    }
}
