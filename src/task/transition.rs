//! From one state of a task to the next; pure.

use chrono::{DateTime, Utc};
use serde_json::json;

use super::holder::Vacant;
use super::id::TaskId;
use super::state::{Blocked, Lease, Record, Status, Task, Wake};
use crate::model::{AgentId, SessionKey};
use crate::support::error::{Error, Kind, Result};

/// So often a task is resumed without a step done in between; then it is blocked.
pub const MAX_RETRIES: u32 = 5;
/// Smart-wake is for what takes more of the timeout than this.
const NEEDED_ABOVE_PERCENT: i64 = 70;

/// What a task begins with.
#[derive(Clone, Debug)]
pub struct Draft {
    /// What it is to reach.
    pub goal: String,
    /// Its steps, in their order.
    pub steps: Vec<String>,
    /// What must be true at the end.
    pub done_criteria: Vec<String>,
    /// The session that works on it.
    pub session_key: Option<SessionKey>,
    /// The agent, where no session is named.
    pub agent: Option<AgentId>,
    /// How long a turn may take, in seconds.
    pub timeout_seconds: i64,
    /// How long it will take, in seconds.
    pub estimate_seconds: i64,
}

/// A step that is done.
#[derive(Clone, Debug)]
pub struct StepDone {
    /// Its name.
    pub name: String,
    /// The files that it made, as they are now.
    pub artifacts: Vec<(String, Record)>,
    /// How far the task is; none is counted from its steps.
    pub progress: Option<u8>,
    /// What is to be done next; none is the steps that are left.
    pub next: Vec<String>,
}

/// Whether a step is news.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stepped {
    /// It was done now.
    Now,
    /// It had been done before; nothing changed.
    Before,
}

/// What became of an attempt to take up a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resumed {
    /// It goes on.
    Running,
    /// It was taken up too often without a step done, and is blocked now.
    Blocked(Blocked),
}

/// Tells by the seed's rule whether a piece of work needs smart-wake.
#[must_use]
pub fn needs_smart_wake(estimate_seconds: i64, timeout_seconds: i64) -> bool {
    i128::from(estimate_seconds) * 100 > i128::from(timeout_seconds) * i128::from(NEEDED_ABOVE_PERCENT)
}

impl Task {
    /// Begins a task; whoever does so holds it.
    ///
    /// # Errors
    /// Where the goal or a step is empty, or two steps have one name.
    pub fn begin(draft: Draft, lease: Lease, at: DateTime<Utc>) -> Result<Self> {
        if draft.goal.is_empty() || draft.steps.iter().any(String::is_empty) {
            return Err(Error::new(Kind::Usage, "a task needs a goal, and each of its steps a name"));
        }
        if draft.timeout_seconds <= 0 {
            return Err(Error::new(Kind::Usage, "a turn takes longer than no time")
                .hint("--timeout is how long one turn of yours may take, such as 30m"));
        }
        let task = Self {
            task_id: TaskId::new(&draft.goal, at),
            goal: draft.goal,
            status: Status::Running,
            current_step: draft.steps.first().cloned(),
            progress_pct: 0,
            last_completed: Vec::new(),
            next_actions: draft.steps.clone(),
            artifacts: Vec::new(),
            errors: Vec::new(),
            retry_count: 0,
            updated_at: at,
            created_at: Some(at),
            steps: draft.steps,
            done_criteria: draft.done_criteria,
            session_key: draft.session_key,
            agent: draft.agent,
            timeout_seconds: Some(draft.timeout_seconds),
            estimate_seconds: Some(draft.estimate_seconds),
            records: [].into(),
            lease: Some(lease),
            leases: 1,
            wake: None,
            wakes: 0,
            blocked: None,
        };
        task.validated("the task")
            .map_err(|error| error.of(Kind::Usage).hint("give each step a name of its own"))
    }

    /// Returns the task as one that is not finished: only such a one changes.
    ///
    /// # Errors
    /// [`Kind::User`] where it is done or was given up.
    pub fn open(&mut self) -> Result<Open<'_>> {
        if self.status.is_finished() {
            let message =
                format!("the task {} is {}: it takes no more steps", self.task_id, self.status.name());
            return Err(Error::new(Kind::User, message).hint("`comeback task start` begins another one"));
        }
        Ok(Open(self))
    }
}

/// A task that is not finished.
#[derive(Debug)]
pub struct Open<'a>(&'a mut Task);

impl Open<'_> {
    /// Takes down that a step is done, once; `lease` is what its agent holds from now on, where it holds the task.
    ///
    /// # Errors
    /// Where the task has no such step.
    pub fn step(self, done: StepDone, lease: Option<Lease>, at: DateTime<Utc>) -> Result<Stepped> {
        let task = self.0;
        if task.is_completed(&done.name) {
            return Ok(Stepped::Before);
        }
        if !task.steps.is_empty() && !task.steps.contains(&done.name) {
            let open: Vec<&str> = task.open_steps().collect();
            return Err(Error::new(
                Kind::User,
                format!("the task {} has no step {:?}", task.task_id, done.name),
            )
            .hint(format!("its open steps are: {}", open.join(", "))));
        }
        task.last_completed.push(done.name);
        for (path, record) in done.artifacts {
            if !task.artifacts.contains(&path) {
                task.artifacts.push(path.clone());
            }
            task.records.insert(path, record);
        }
        let counted = (task.last_completed.len() * 100).checked_div(task.steps.len());
        let counted = counted.and_then(|percent| u8::try_from(percent.min(100)).ok());
        task.progress_pct = done.progress.or(counted).unwrap_or(task.progress_pct);
        task.next_actions = done.next;
        task.next_actions = task.to_do().into_iter().map(str::to_owned).collect();
        let next = task.open_steps().next().or(task.to_do().first().copied()).map(str::to_owned);
        task.current_step = next;
        task.retry_count = 0;
        if task.status == Status::Running {
            task.lease = lease.or(task.lease.take());
        }
        task.updated_at = at;
        Ok(Stepped::Now)
    }

    /// Gives the task back until it is woken.
    ///
    /// # Errors
    /// Where only a person lets it go on.
    pub fn wait(self, wake: Wake, at: DateTime<Utc>) -> Result<()> {
        let task = self.0;
        if let Some(blocked) = &task.blocked {
            return Err(is_blocked(&task.task_id, blocked));
        }
        task.status = Status::Waiting;
        task.lease = None;
        task.wake = Some(wake);
        task.wakes += 1;
        task.updated_at = at;
        Ok(())
    }

    /// Takes down that a wake is to come although nobody has given the task back.
    pub fn expect(self, wake: Wake) {
        self.0.wake = Some(wake);
        self.0.wakes += 1;
    }

    /// Takes the task up, or blocks it where that was tried too often; `vacant` shows that nobody holds it.
    ///
    /// # Errors
    /// Where only a person lets it go on, and `confirmed` does not say that one has.
    pub fn resume(self, _: Vacant, lease: Lease, confirmed: bool, at: DateTime<Utc>) -> Result<Resumed> {
        let task = self.0;
        match &task.blocked {
            Some(blocked) if !confirmed => return Err(is_blocked(&task.task_id, blocked)),
            _ => task.blocked = None,
        }
        if confirmed {
            task.retry_count = 0;
        }
        if task.retry_count >= MAX_RETRIES {
            let reason = format!("it was taken up {MAX_RETRIES} times without a step done");
            return Ok(Resumed::Blocked(Open(task).block("task-retries", &reason, at)));
        }
        task.retry_count += 1;
        task.status = Status::Running;
        task.lease = Some(lease);
        task.leases += 1;
        task.wake = None;
        task.updated_at = at;
        Ok(Resumed::Running)
    }

    /// Takes artifacts as they are now, because a person has seen to them; one that is gone is none any more.
    pub fn accept(self, artifacts: Vec<(String, Option<Record>)>) {
        for (path, record) in artifacts {
            if let Some(record) = record {
                self.0.records.insert(path, record);
            } else {
                self.0.records.remove(&path);
                self.0.artifacts.retain(|artifact| *artifact != path);
            }
        }
    }

    /// Stops the task until a person lets it go on.
    #[must_use]
    pub fn block(self, rule: &str, reason: &str, at: DateTime<Utc>) -> Blocked {
        let task = self.0;
        let blocked = Blocked { at, rule: rule.to_owned(), reason: reason.to_owned() };
        task.errors.push(json!({ "at": at, "error": reason }));
        task.status = Status::Blocked;
        task.lease = None;
        task.wake = None;
        task.blocked = Some(blocked.clone());
        task.updated_at = at;
        blocked
    }

    /// Takes down that the task has reached its goal.
    ///
    /// # Errors
    /// Where a step is left.
    pub fn done(self, at: DateTime<Utc>) -> Result<()> {
        let open: Vec<&str> = self.0.open_steps().collect();
        if !open.is_empty() {
            let message = format!("the task {} is not done: {} is left", self.0.task_id, open.join(", "));
            return Err(Error::new(Kind::User, message)
                .hint("`comeback task step` takes each down; `comeback task fail` gives the task up"));
        }
        self.0.progress_pct = 100;
        self.0.current_step = None;
        self.0.next_actions.clear();
        self.finish(Status::Done, at);
        Ok(())
    }

    /// Gives the task up.
    pub fn fail(self, why: Option<String>, at: DateTime<Utc>) {
        self.0.errors.extend(why.map(|why| json!({ "at": at, "error": why })));
        self.finish(Status::Failed, at);
    }

    fn finish(self, status: Status, at: DateTime<Utc>) {
        let task = self.0;
        task.status = status;
        task.lease = None;
        task.wake = None;
        task.blocked = None;
        task.updated_at = at;
    }
}

fn is_blocked(id: &TaskId, blocked: &Blocked) -> Error {
    Error::new(Kind::Refused, format!("the task {id} is blocked: {}", blocked.reason)).hint(format!(
        "tell the user why; once they have said that it may go on, `comeback task resume {id} --confirmed`"
    ))
}
