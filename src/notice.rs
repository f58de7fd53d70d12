//! What people and agents are told, from one template each.
//!
//! Whatever was recorded is a value and never part of a template. People see it as code, on one line; agents see it
//! in a fence that it cannot close. It is redacted here, field by field: a secret that ran on over a field's end
//! would take the text behind it along.

mod quote;

use std::path::Path;
use std::sync::LazyLock;

use handlebars::{Handlebars, no_escape};
use serde_json::{Value, json};

pub use self::quote::fence;
use self::quote::{code, field};
use crate::model::{IdempotencyKey, SessionKey};

/// A list of a summary shows so many rows.
const MAX_ROWS: usize = 10;
/// So many characters of a recorded text appear in a message to a person.
const SHORT: usize = 100;
/// So many characters of a reason or a path do.
const LONG: usize = 200;

/// The templates by name; a language is a folder of the same names.
const ENGLISH: [(&str, &str); 7] = [
    ("before", include_str!("../templates/en/before.hbs")),
    ("back-online", include_str!("../templates/en/back-online.hbs")),
    ("summary", include_str!("../templates/en/summary.hbs")),
    ("never-happened", include_str!("../templates/en/never-happened.hbs")),
    ("resume", include_str!("../templates/en/resume.hbs")),
    ("resume-own", include_str!("../templates/en/resume-own.hbs")),
    ("job", include_str!("../templates/en/job.hbs")),
];

static TEMPLATES: LazyLock<Handlebars<'_>> = LazyLock::new(|| {
    let mut templates = Handlebars::new();
    templates.register_escape_fn(no_escape);
    templates.set_strict_mode(true);
    for (name, text) in ENGLISH {
        templates.register_template_string(name, text).expect("compiled in, and rendered by a test each");
    }
    templates
});

/// Tells a person something about a restart.
#[derive(Clone, Copy, Debug)]
pub enum Notice<'a> {
    /// The gateway is about to restart.
    Before {
        /// Why.
        reason: Option<&'a str>,
    },
    /// It is back, and only the session that asked for the restart was concerned.
    BackOnline {
        /// What that session goes on with.
        next: Option<&'a str>,
    },
    /// It is back: what was resumed, what waits for a person, and what a person must do.
    Summary {
        /// What goes on.
        resumed: &'a [Resumed<'a>],
        /// What waits to be confirmed.
        held: &'a [Held<'a>],
        /// What cannot go on by itself.
        manual: &'a [FollowUp<'a>],
    },
    /// It never restarted.
    NeverHappened {
        /// Where the checkpoint stays.
        checkpoint: &'a Path,
    },
}

/// Names a session that goes on.
#[derive(Clone, Copy, Debug)]
pub struct Resumed<'a> {
    /// The session.
    pub session: &'a SessionKey,
    /// What it is about: its goal or its next step.
    pub about: Option<&'a str>,
}

/// Names a session that goes on when a person confirms it.
#[derive(Clone, Copy, Debug)]
pub struct Held<'a> {
    /// The session.
    pub session: &'a SessionKey,
    /// What it is about: its goal or its next step.
    pub about: Option<&'a str>,
    /// The effect that is held; its code confirms it.
    pub key: &'a IdempotencyKey,
    /// Why it is held.
    pub reason: &'a str,
}

/// Names a session that a person must see to.
#[derive(Clone, Copy, Debug)]
pub struct FollowUp<'a> {
    /// The session.
    pub session: &'a SessionKey,
    /// What it is about: its goal or its next step.
    pub about: Option<&'a str>,
    /// Why it cannot go on by itself.
    pub reason: &'a str,
}

/// Holds what was recorded of a session before the restart, as a checkpoint's block has it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Record<'a> {
    /// What the session is to reach.
    pub goal: Option<&'a str>,
    /// What it did last.
    pub last_done: Option<&'a str>,
    /// What it was to do next.
    pub next_step: Option<&'a str>,
    /// What stood in its way.
    pub blockers: Option<&'a str>,
    /// The message that somebody wrote for it.
    pub message: Option<&'a str>,
}

impl Record<'_> {
    /// Returns the fields that are there, each on a line of its own, in a fence.
    fn fenced(&self) -> Option<String> {
        let fields = [
            ("Goal", self.goal),
            ("Last done", self.last_done),
            ("Next", self.next_step),
            ("Blockers", self.blockers),
            ("Message", self.message),
        ];
        let lines: Vec<String> =
            fields.iter().filter_map(|(name, text)| Some(format!("{name}: {}", field((*text)?)))).collect();
        (!lines.is_empty()).then(|| fence(&lines.join("\n")))
    }
}

/// Renders a notice, on channels that know Markdown and on those that do not.
#[must_use]
pub fn render(notice: &Notice<'_>) -> String {
    match *notice {
        Notice::Before { reason } => filled("before", &json!({"reason": about(reason)})),
        Notice::BackOnline { next } => filled("back-online", &json!({"next": about(next)})),
        Notice::Summary { resumed, held, manual } => filled("summary", &summary(resumed, held, manual)),
        Notice::NeverHappened { checkpoint } => {
            filled("never-happened", &json!({"checkpoint": code(&checkpoint.to_string_lossy(), LONG)}))
        }
    }
}

/// Renders the message that has an agent go on; `from` is the session that recorded what it says.
#[must_use]
pub fn resume_message(record: &Record<'_>, from: Option<&SessionKey>, key: &IdempotencyKey) -> String {
    let from = from.map(|session| code(session.as_str(), SHORT));
    filled("resume", &json!({"record": record.fenced(), "from": from, "key": key}))
}

/// Renders the message to the session that prepared the restart.
#[must_use]
pub fn resume_own_message(record: &Record<'_>, key: &IdempotencyKey) -> String {
    filled("resume-own", &json!({"record": record.fenced(), "key": key}))
}

/// Renders the recovery job's message.
#[must_use]
pub fn job_message() -> String {
    filled("job", &Value::Null)
}

fn filled(name: &str, values: &Value) -> String {
    let text =
        TEMPLATES.render(name, values).expect("the values that the template names, rendered by a test each");
    text.trim_end().to_owned()
}

fn summary(resumed: &[Resumed<'_>], held: &[Held<'_>], manual: &[FollowUp<'_>]) -> Value {
    let row =
        |session: &SessionKey, text| json!({"session": code(session.as_str(), SHORT), "about": about(text)});
    json!({
        "count": resumed.len() + held.len() + manual.len(),
        "resumed": list(resumed, |item| row(item.session, item.about)),
        "held": list(held, |item| {
            let mut row = row(item.session, item.about);
            row["code"] = json!(code(&item.key.code(), SHORT));
            row["reason"] = json!(code(item.reason, LONG));
            row
        }),
        "manual": list(manual, |item| {
            let mut row = row(item.session, item.about);
            row["reason"] = json!(code(item.reason, LONG));
            row
        }),
    })
}

fn list<T>(items: &[T], row: impl Fn(&T) -> Value) -> Value {
    let rows: Vec<Value> = items.iter().take(MAX_ROWS).map(row).collect();
    json!({"count": items.len(), "more": items.len().saturating_sub(MAX_ROWS), "rows": rows})
}

fn about(text: Option<&str>) -> Option<String> {
    text.filter(|text| !text.trim().is_empty()).map(|text| code(text, SHORT))
}

#[cfg(test)]
mod tests;
