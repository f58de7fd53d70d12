//! When a gateway begins a new session by itself for the next message of a chat (`session.reset`).
//!
//! The rules are those of 2026.5.28, 2026.7.1 and 2026.9.6 (read in the packages). Up to 2026.7 a session ends daily at
//! 04:00 of the gateway's local time where nobody says otherwise; from 2026.8 on it does not.

use chrono::{DateTime, Days, Local, NaiveTime, TimeDelta, Utc};
use serde_json::Value;

const AT_HOUR: u32 = 4;

/// What `session` says of resets.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Resets {
    session: Value,
}

/// What decides whether a session has ended.
#[derive(Clone, Copy, Debug)]
pub struct Lifetime<'a> {
    /// The session's key.
    pub key: &'a str,
    /// Where its replies go.
    pub channel: Option<&'a str>,
    /// When it began.
    pub began_at: Option<DateTime<Utc>>,
    /// When a person last wrote.
    pub last_interaction_at: Option<DateTime<Utc>>,
}

/// When a session ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Rule {
    /// Daily, at this hour.
    daily_at: Option<u32>,
    /// After so long without a person's message.
    idle: Option<TimeDelta>,
}

impl Resets {
    /// Reads the section `session` of the configuration; what is not understood says nothing.
    pub(super) fn read(session: Option<&Value>) -> Self {
        Self { session: session.cloned().unwrap_or_default() }
    }

    /// Tells whether the next message begins a new session; `daily` is what this version does where nobody says.
    #[must_use]
    pub fn ends(&self, lifetime: Lifetime<'_>, daily: bool, now: DateTime<Utc>) -> bool {
        let Some(began) = lifetime.began_at else { return false };
        let rule = self.rule(lifetime, daily);
        let last = lifetime.last_interaction_at.unwrap_or(began);
        rule.daily_at.and_then(|hour| last_time(hour, now)).is_some_and(|reset| began < reset)
            || rule.idle.is_some_and(|idle| now > last + idle)
    }

    fn rule(&self, lifetime: Lifetime<'_>, daily: bool) -> Rule {
        let by_channel =
            lifetime.channel.map(|channel| &self.session["resetByChannel"][channel.to_lowercase()]);
        let by_channel = by_channel.filter(|own| own.is_object());
        let base = by_channel.unwrap_or(&self.session["reset"]);
        let by_type = match by_channel {
            Some(_) => &Value::Null,
            None => self.by_type(lifetime.key),
        };
        let said =
            |name: &str| [by_type, base].map(|at| &at[name]).into_iter().find(|value| !value.is_null());
        let idle = said("idleMinutes").or(Some(&self.session["idleMinutes"])).and_then(Value::as_i64);
        let mode = match said("mode").and_then(Value::as_str) {
            Some(mode) => mode,
            None if base.is_object() || self.session["resetByType"].is_object() => "daily",
            None if idle.is_some() => "idle",
            None if daily => "daily",
            None => "none",
        };
        let hour = said("atHour").and_then(Value::as_u64).and_then(|hour| u32::try_from(hour).ok());
        let minutes = idle.filter(|minutes| mode != "none" && *minutes > 0).and_then(TimeDelta::try_minutes);
        Rule { daily_at: (mode == "daily").then(|| hour.unwrap_or(AT_HOUR).min(23)), idle: minutes }
    }

    fn by_type(&self, key: &str) -> &Value {
        let types = &self.session["resetByType"];
        let is = |parts: &[&str]| key.split(':').skip(2).any(|part| parts.contains(&part));
        match () {
            () if is(&["thread", "topic"]) => &types["thread"],
            () if is(&["group", "channel"]) => &types["group"],
            () if types["direct"].is_null() => &types["dm"],
            () => &types["direct"],
        }
    }
}

/// Returns when it was last this hour here.
fn last_time(hour: u32, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let here = now.with_timezone(&Local);
    let at = |day: chrono::NaiveDate| {
        day.and_time(NaiveTime::from_hms_opt(hour, 0, 0)?).and_local_timezone(Local).earliest()
    };
    let today = at(here.date_naive())?;
    let last = if here < today { at(here.date_naive().checked_sub_days(Days::new(1))?)? } else { today };
    Some(last.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;
    use serde_json::json;

    use super::*;

    const DIRECT: &str = "agent:main:telegram:direct:7";

    /// Tells whether a session ends that began so many hours ago and was spoken to so many minutes ago, at 10 o'clock.
    fn ends(session: &Value, daily: bool, key: &str, began: i64, spoken: i64) -> bool {
        let now = Local::now()
            .date_naive()
            .and_hms_opt(10, 0, 0)
            .and_then(|at| at.and_local_timezone(Local).earliest());
        let now = now.expect("ten o'clock").with_timezone(&Utc);
        let lifetime = Lifetime {
            key,
            channel: Some("telegram"),
            began_at: Some(now - TimeDelta::hours(began)),
            last_interaction_at: Some(now - TimeDelta::minutes(spoken)),
        };
        Resets::read(Some(session)).ends(lifetime, daily, now)
    }

    #[rstest]
    #[case::of_this_morning(json!({}), true, DIRECT, 5, 0, false)]
    #[case::of_yesterday(json!({}), true, DIRECT, 7, 0, true)]
    #[case::of_yesterday_and_new(json!({}), false, DIRECT, 7, 0, false)]
    #[case::asked_for(json!({"reset": {}}), false, DIRECT, 7, 0, true)]
    #[case::at_another_hour(json!({"reset": {"mode": "daily", "atHour": 2}}), false, DIRECT, 7, 0, false)]
    #[case::switched_off(json!({"reset": {"mode": "none"}}), true, DIRECT, 100, 6_000, false)]
    #[case::idle(json!({"reset": {"mode": "idle", "idleMinutes": 30}}), true, DIRECT, 100, 31, true)]
    #[case::not_yet_idle(json!({"reset": {"mode": "idle", "idleMinutes": 30}}), true, DIRECT, 100, 29, false)]
    #[case::idle_of_old(json!({"idleMinutes": 30}), true, DIRECT, 100, 29, false)]
    #[case::by_type(json!({"resetByType": {"direct": {"mode": "idle", "idleMinutes": 30}}}), true, DIRECT, 100, 29, false)]
    #[case::by_the_old_type(json!({"resetByType": {"dm": {"mode": "idle", "idleMinutes": 30}}}), true, DIRECT, 100, 31, true)]
    #[case::of_another_type(json!({"resetByType": {"group": {"mode": "idle", "idleMinutes": 30}}}), true, DIRECT, 7, 0, true)]
    #[case::a_group(json!({"resetByType": {"group": {"mode": "idle", "idleMinutes": 30}}}), true, "agent:main:x:group:1", 100, 0, false)]
    #[case::by_channel(json!({"reset": {"mode": "none"}, "resetByChannel": {"telegram": {"mode": "daily"}}}), false, DIRECT, 7, 0, true)]
    fn the_next_message_begins_a_new_session(
        #[case] session: Value,
        #[case] daily: bool,
        #[case] key: &str,
        #[case] began: i64,
        #[case] spoken: i64,
        #[case] expected: bool,
    ) {
        assert_eq!(ends(&session, daily, key, began, spoken), expected);
    }
}
