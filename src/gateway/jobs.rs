//! One-shot jobs of the gateway's scheduler: the second way back after a restart, and the wakes of long tasks.
//!
//! A job is an `agentTurn` into `session:<key>`: the one form that runs in the interrupted session, with its
//! history, on all three versions (measured). It is never removed while it runs: 2026.9.6 then ends its turn, and
//! the reply never arrives (measured; 2026.5.28 and 2026.7.1 let it finish).

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::client::Gateway;
use super::failure::CallError;
use crate::model::{AgentId, Route, SessionKey};
use crate::support::clock::{from_millis, rfc3339};
use crate::support::error::{Error, Kind, Result};

/// How many jobs are asked for at a time; gateways give up to 200.
const PAGE: u64 = 100;
/// A list that never ends is no list.
const MAX_PAGES: u64 = 100;

/// A job as the gateway has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The gateway's id for it.
    pub id: String,
    /// The name, which need not be unique.
    pub name: String,
    /// Whether it will run. A one-shot job that failed stays in the list without this.
    pub enabled: bool,
    /// When it is due, where it is a one-shot job.
    pub at: Option<DateTime<Utc>>,
    /// The session it runs in.
    pub session_key: Option<SessionKey>,
    /// Whether it runs in a fresh session.
    pub isolated: bool,
    /// Since when it has been running, if it is.
    pub running_since: Option<DateTime<Utc>>,
}

/// Where a job's turn runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'a> {
    /// In this session, with its history.
    Session(&'a SessionKey),
    /// In a fresh session.
    Isolated,
}

/// What a one-shot job shall do.
#[derive(Clone, Debug)]
pub struct Spec<'a> {
    /// The name by which it is found again.
    pub name: &'a str,
    /// When it is due; gateways refuse a time that has passed (measured).
    pub at: DateTime<Utc>,
    /// The agent that runs it.
    pub agent: &'a AgentId,
    /// Where it runs.
    pub target: Target<'a>,
    /// What the agent is told.
    pub message: &'a str,
    /// Where the reply goes; without one it stays in the session.
    pub route: Option<&'a Route>,
}

impl Spec<'_> {
    /// Returns the job as `cron.add` takes it, and the agent's scheduling tool too.
    #[must_use]
    pub fn params(&self) -> Value {
        let mut params = json!({
            "name": self.name,
            "enabled": true,
            "deleteAfterRun": true,
            "schedule": {"kind": "at", "at": rfc3339(self.at)},
            "agentId": self.agent,
            "sessionTarget": "isolated",
            "wakeMode": "now",
            "payload": {"kind": "agentTurn", "message": self.message},
            "delivery": self.route.map_or_else(|| json!({"mode": "none"}), announce),
        });
        if let Target::Session(key) = self.target {
            params["sessionKey"] = json!(key);
            params["sessionTarget"] = json!(format!("session:{key}"));
        }
        params
    }

    /// Tells whether the gateway holds the job as it was meant; times to the millisecond, as gateways keep them.
    fn is_held_by(&self, job: &Job) -> bool {
        job.enabled
            && job.name == self.name
            && job.at.map(|at| at.timestamp_millis()) == Some(self.at.timestamp_millis())
            && match (self.target, &job.session_key) {
                (Target::Session(meant), Some(key)) => {
                    key.as_str().eq_ignore_ascii_case(meant.as_str()) && !job.isolated
                }
                (Target::Session(_), None) => false,
                (Target::Isolated, _) => job.isolated,
            }
    }
}

/// Says where the reply goes; `bestEffort` keeps a failed delivery from failing the turn (accepted by all three).
fn announce(route: &Route) -> Value {
    let mut delivery =
        json!({"mode": "announce", "channel": route.channel, "to": route.to, "bestEffort": true});
    for (field, value) in [("accountId", &route.account_id), ("threadId", &route.thread_id)] {
        if let Some(value) = value {
            delivery[field] = json!(value);
        }
    }
    delivery
}

impl Job {
    fn read(job: &Value) -> Option<Self> {
        let key =
            job["sessionKey"].as_str().or_else(|| job["sessionTarget"].as_str()?.strip_prefix("session:"));
        Some(Self {
            id: job["id"].as_str()?.to_owned(),
            name: job["name"].as_str().unwrap_or_default().to_owned(),
            enabled: job["enabled"].as_bool().unwrap_or(true),
            at: job["schedule"]["at"].as_str().and_then(|at| at.parse().ok()),
            session_key: key.and_then(|key| key.parse().ok()),
            isolated: job["sessionTarget"] == "isolated",
            running_since: job["state"]["runningAtMs"].as_i64().and_then(from_millis),
        })
    }
}

/// Lists the jobs of a name, those that are disabled too.
///
/// # Errors
/// Where the gateway does not answer.
pub fn list(gateway: &mut Gateway, name: &str) -> std::result::Result<Vec<Job>, CallError> {
    let mut jobs = all(gateway)?;
    jobs.retain(|job| job.name == name);
    Ok(jobs)
}

/// Lists all jobs, those that are disabled too.
///
/// # Errors
/// Where the gateway does not answer.
pub fn all(gateway: &mut Gateway) -> std::result::Result<Vec<Job>, CallError> {
    let mut jobs = Vec::new();
    let mut offset = 0;
    for _ in 0..MAX_PAGES {
        let page =
            gateway.call("cron.list", &json!({"includeDisabled": true, "limit": PAGE, "offset": offset}))?;
        jobs.extend(page["jobs"].as_array().into_iter().flatten().filter_map(Job::read));
        match page["nextOffset"].as_u64() {
            Some(next) if next > offset => offset = next,
            _ => break,
        }
    }
    Ok(jobs)
}

/// Adds a job and returns its id; needs [`Scopes::ADMIN`](super::Scopes::ADMIN), as every change does.
///
/// # Errors
/// Where the gateway does not take it. After [`CallError::Lost`] it may be there: [`replace`] sorts that out.
pub fn add(gateway: &mut Gateway, spec: &Spec<'_>) -> std::result::Result<String, CallError> {
    let answer = gateway.call("cron.add", &spec.params())?;
    let id = answer["id"].as_str().or_else(|| answer["job"]["id"].as_str());
    id.map(str::to_owned).ok_or_else(|| CallError::Lost("the answer names no job".to_owned()))
}

/// Removes a job; one that is gone already is no error.
///
/// # Errors
/// Where the gateway declines, or does not answer.
pub fn remove(gateway: &mut Gateway, id: &str) -> std::result::Result<(), CallError> {
    match gateway.call("cron.remove", &json!({"id": id})) {
        Err(CallError::Refused(refusal))
            if refusal.detail.as_deref() == Some("CRON_JOB_NOT_FOUND")
                || refusal.message.contains("not found") =>
        {
            Ok(())
        }
        outcome => outcome.map(drop),
    }
}

/// Removes every job that is not running; tells whether one is.
///
/// # Errors
/// Where the gateway declines, or does not answer.
pub fn clear(gateway: &mut Gateway, jobs: &[Job]) -> std::result::Result<bool, CallError> {
    for job in jobs.iter().filter(|job| job.running_since.is_none()) {
        remove(gateway, &job.id)?;
    }
    Ok(jobs.iter().any(|job| job.running_since.is_some()))
}

/// Adds a job, reads it back, then removes every other of its name that is not running; returns what was read.
///
/// The new one comes first, so that there is a way back at every moment; what an earlier run left, also one whose
/// answer was lost, goes.
///
/// # Errors
/// Where the gateway does not take the job, or does not hold it as it was meant.
pub fn replace(gateway: &mut Gateway, spec: &Spec<'_>) -> Result<Job> {
    let id = add(gateway, spec)?;
    let all = list(gateway, spec.name)?;
    let (new, others): (Vec<_>, Vec<_>) = all.into_iter().partition(|job| job.id == id);
    let job = new.into_iter().next().filter(|job| spec.is_held_by(job)).ok_or_else(|| {
        Error::new(
            Kind::Gateway,
            format!("the gateway took the job {:?} and does not hold it as it was meant", spec.name),
        )
        .hint("`openclaw cron list --all` shows what it holds")
    })?;
    clear(gateway, &others)?;
    Ok(job)
}
