//! What whoever takes up a task is handed, in the seed's shape.

use serde::Serialize;

use super::state::Task;

/// The seed's resume packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Packet<'a> {
    task: &'a str,
    task_id: &'a str,
    #[serde(rename = "wakeMode")]
    wake_mode: &'static str,
    resume: From<'a>,
    done_criteria: &'a [String],
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
struct From<'a> {
    #[serde(rename = "from")]
    point: &'static str,
    current_step: Option<&'a str>,
    next_actions: Vec<&'a str>,
}

impl<'a> Packet<'a> {
    /// Makes the packet of a task; nothing in it names a step that is done.
    #[must_use]
    pub fn new(task: &'a Task) -> Self {
        Self {
            task: &task.goal,
            task_id: task.task_id.as_str(),
            wake_mode: "cron",
            resume: From {
                point: "latest_checkpoint",
                current_step: task.next_step(),
                next_actions: task.to_do(),
            },
            done_criteria: &task.done_criteria,
        }
    }
}
