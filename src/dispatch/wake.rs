//! Wakes: jobs that have a task taken up. Doing one again does no harm: a task has one job, and its lease is given once.

use std::time::Duration;

use super::intent::{intent, intent_of};
use super::{Before, Dispatcher, Sent};
use crate::gateway::jobs::{self, Job, Spec, Target};
use crate::gateway::{Access, Gateway, Scopes};
use crate::ledger::{Effect, Event, Outcome};
use crate::model::{AgentId, IdempotencyKey, SessionKey};
use crate::plan::Item;
use crate::support::error::{Error, Kind, Result};
use crate::task::TaskId;

/// How long the gateway is waited for: another connection to it is open.
const PATIENCE: Duration = Duration::from_secs(10);
/// How soon a fresh session takes up a task; gateways refuse a time that has passed (measured).
const SOON: chrono::TimeDelta = chrono::TimeDelta::seconds(10);

impl<'a> Dispatcher<'a> {
    /// Lets it schedule jobs, over connections of their own that hold `operator.admin`.
    #[must_use]
    pub fn with_jobs(self, access: Access<'a>) -> Self {
        Self { jobs: Some(access), ..self }
    }

    /// Schedules a task's wake in place of every other of its, and reads it back; `session` is whose task it is.
    ///
    /// # Errors
    /// Where the ledger cannot be written (nothing is scheduled then), or the gateway does not take the job.
    pub fn wake(&mut self, key: &IdempotencyKey, session: &SessionKey, spec: &Spec<'_>) -> Result<Job> {
        let intent = intent(key, session, Effect::Wake, self.boot);
        self.schedule(key, intent, spec)
    }

    /// Has a fresh session take up a task.
    pub(super) fn take_up(&mut self, item: &Item, task: &TaskId) -> Result<Sent> {
        if self.before(&item.key) == Before::Taken {
            return Ok(Sent::Already);
        }
        let agent: AgentId = item.agent.parse().unwrap_or_default();
        let spec = Spec {
            name: &task.job_name(),
            at: self.clock.now() + SOON,
            agent: &agent,
            target: Target::Isolated,
            message: &item.message,
            route: item.route.as_ref(),
        };
        match self.schedule(&item.key, intent_of(item, self.boot), &spec) {
            Ok(_) => Ok(Sent::Accepted(None)),
            Err(error) if error.kind() == Kind::Gateway => Ok(Sent::Refused(error.full())),
            Err(error) => Err(error),
        }
    }

    fn schedule(&mut self, key: &IdempotencyKey, intent: Event, spec: &Spec<'_>) -> Result<Job> {
        let Some(access) = &self.jobs else {
            return Err(Error::new(Kind::Bug, "a wake was asked of a dispatcher that schedules none"));
        };
        let mut admin = Gateway::connect(access, Scopes::ADMIN, PATIENCE)?;
        self.ledger.append(self.clock.now(), intent)?;
        match jobs::replace(&mut admin, spec) {
            Ok(job) => {
                self.record(key, Outcome::Accepted, Some(&format!("job {}", job.id)), None)?;
                Ok(job)
            }
            Err(error) => {
                self.record(key, Outcome::Refused, Some(&error.full()), None)?;
                Err(error)
            }
        }
    }
}
