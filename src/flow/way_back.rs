//! The recovery job: one at a time, read back, removed afterwards.

use chrono::{DateTime, Utc};

use super::context::Context;
use crate::gateway::Gateway;
use crate::gateway::jobs::{self, Job, Spec, Target};
use crate::model::{AgentId, Language, Route, SessionKey};
use crate::support::error::Result;

/// The job's name, the same as the seed's, so that an older one of its is replaced.
const NAME: &str = "restart-recovery";

/// The job that wakes a session.
#[derive(Debug)]
pub(super) struct Wake<'a> {
    pub(super) session: &'a SessionKey,
    pub(super) agent: AgentId,
    pub(super) route: Option<&'a Route>,
    pub(super) at: DateTime<Utc>,
    message: String,
}

impl<'a> Wake<'a> {
    /// Describes the job that wakes `session` at `at`.
    pub(super) fn new(
        context: &Context,
        session: &'a SessionKey,
        route: Option<&'a Route>,
        at: DateTime<Utc>,
        language: Language,
    ) -> Self {
        let agent = session.agent().unwrap_or_else(|| context.config.default_agent.clone());
        Self { session, agent, route, at, message: context.templates.job(language) }
    }

    pub(super) fn spec(&self) -> Spec<'_> {
        Spec {
            name: NAME,
            at: self.at,
            agent: &self.agent,
            target: Target::Session(self.session),
            message: &self.message,
            route: self.route,
        }
    }

    /// Schedules the job in place of every other of its name, and reads it back.
    pub(super) fn arm(&self, gateway: &mut Gateway) -> Result<Job> {
        jobs::replace(gateway, &self.spec())
    }
}

/// Puts the job off to the time of `wake`: should the run that does so be killed, there is still a way back. Tells
/// whether one has fired and is running in the session of `wake`.
pub(super) fn put_off(gateway: &mut Gateway, wake: &Wake<'_>) -> Result<bool> {
    wake.arm(gateway)?;
    let is_of = |job: &Job| {
        job.session_key.as_ref().is_some_and(|key| key.as_str().eq_ignore_ascii_case(wake.session.as_str()))
    };
    Ok(jobs::list(gateway, NAME)?.iter().any(|job| job.running_since.is_some() && is_of(job)))
}

/// Removes every job of the name that is not running, disabled leftovers too; tells whether one is running.
pub(super) fn disarm(gateway: &mut Gateway) -> Result<bool> {
    let jobs = jobs::list(gateway, NAME)?;
    Ok(jobs::clear(gateway, &jobs)?)
}

/// Tells whether a job of the name waits for its time.
pub(super) fn is_armed(gateway: &mut Gateway) -> Result<bool> {
    let jobs = jobs::list(gateway, NAME)?;
    Ok(jobs.iter().any(|job| job.enabled && job.running_since.is_none()))
}
