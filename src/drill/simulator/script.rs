//! What the agents do: a script in the model's place, asked for one step after the other.

use std::time::Duration;

use serde_json::{Value, json};

use crate::model::SessionKey;

/// Decides the next step of a turn.
pub type Script = Box<dyn Fn(&Turn) -> Step + Send + Sync>;

/// A turn, as the agent sees it.
#[derive(Clone, Debug)]
pub struct Turn {
    /// The session.
    pub session: SessionKey,
    /// The message that opened it.
    pub message: String,
    /// What was said before in the user's place, oldest first.
    pub earlier: Vec<String>,
    /// The names of all calls of the session whose results are there, in earlier turns too.
    pub done: Vec<String>,
    /// The results of this turn's calls.
    pub results: Vec<String>,
}

/// What the agent does next.
#[derive(Clone, Debug)]
pub enum Step {
    /// Ends the turn with a text; `NO_REPLY` is not delivered.
    Answer(String),
    /// Calls tools, one after the other, perhaps with a text beside it.
    Work(Option<String>, Vec<Call>),
    /// Says nothing more, for ever.
    Hang,
    /// Ends the turn with an error of the model's.
    Fail(String),
}

/// A call of a tool, and how it goes.
#[derive(Clone, Debug)]
pub struct Call {
    /// The tool.
    pub tool: String,
    /// What it is given.
    pub arguments: Value,
    /// How it goes.
    pub course: Course,
}

/// How a call goes.
#[derive(Clone, Debug)]
pub enum Course {
    /// It takes a while and has this result.
    Ends(Duration, String),
    /// It never ends.
    Hangs,
    /// It goes on in the background, and is answered at once.
    Background,
}

impl Step {
    /// Ends the turn.
    pub fn answer(text: impl Into<String>) -> Self {
        Self::Answer(text.into())
    }

    /// Makes one call.
    #[must_use]
    pub fn call(call: Call) -> Self {
        Self::Work(None, vec![call])
    }
}

impl Call {
    /// Runs a command that ends at once.
    #[must_use]
    pub fn exec(command: &str, output: &str) -> Self {
        Self::command(command, Course::Ends(Duration::ZERO, output.to_owned()))
    }

    /// Runs a command that never ends.
    #[must_use]
    pub fn stuck(command: &str) -> Self {
        Self::command(command, Course::Hangs)
    }

    /// Runs a command in the background.
    #[must_use]
    pub fn background(command: &str) -> Self {
        let mut call = Self::command(command, Course::Background);
        call.arguments["background"] = json!(true);
        call
    }

    fn command(command: &str, course: Course) -> Self {
        Self { tool: "exec".to_owned(), arguments: json!({ "command": command }), course }
    }

    /// Returns the name by which it is counted.
    #[must_use]
    pub fn name(&self) -> String {
        name_of(&self.tool, &self.arguments)
    }
}

/// Names a call: a command by its line, any other by its tool and what it was given.
pub(super) fn name_of(tool: &str, arguments: &Value) -> String {
    arguments["command"].as_str().map_or_else(|| format!("{tool} {arguments}"), str::to_owned)
}
