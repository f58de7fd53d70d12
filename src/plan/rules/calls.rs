//! What a tool call does: `OpenClaw`'s own tools, and the command lines that `exec` runs.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::Rules;
use super::code::{Code, CodeLists};
use super::command::{CommandLook, Finding, worst};
use super::place::{Addresses, Places};
use super::table::{Arguments, Class, Entry, Table, tables};
use super::words::is_han;
use crate::model::{Call, Effect, Outcome, Risk, Route};
use crate::support::redact::redact;
use crate::support::text::one_line;

/// A command of more bytes than this is not looked into.
const MAX_COMMAND: usize = 20_000;
/// Tools within tools, at most so deep.
const MAX_DEPTH: usize = 3;
const MAX_SUMMARY: usize = 120;

/// What a tool call does, and how dangerous it would be to do it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallAssessment {
    /// The tool that does it, also where another tool calls it.
    pub tool: String,
    /// What it does.
    pub effect: Effect,
    /// High: it must not run a second time unless a person says so.
    pub risk: Risk,
    /// The name of the rule that decided.
    pub rule: String,
    /// Why, in one sentence for people.
    pub reason: &'static str,
}

/// What must be looked into beside a tool's action.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ToolLook {
    /// It runs a command line.
    Line,
    /// It is told a step in words.
    Step,
    /// It opens an address.
    Address,
    /// It writes a file.
    Place,
    /// It changes the files that a patch names.
    Patch,
    /// It calls another tool.
    Tool,
}

/// The lists of the rules' file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CallLists {
    tools: Vec<Entry<ToolLook>>,
    commands: Vec<Entry<CommandLook>>,
    places: Places,
    addresses: Addresses,
    code: CodeLists,
    names: Names,
    /// Options that make a command only say what it would do.
    rehearsals: BTreeSet<String>,
    /// Options whose value is read, not written.
    inputs: BTreeSet<String>,
    /// Endings of scripts.
    scripts: BTreeSet<String>,
}

/// What the words in the name of a script or a target say.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Names {
    harmless: BTreeSet<String>,
    harmful: BTreeSet<String>,
}

/// Judges tool calls.
pub(super) struct Calls {
    tools: HashMap<String, Arc<Table<ToolLook>>>,
    pub(super) commands: HashMap<String, Arc<Table<CommandLook>>>,
    pub(super) places: Places,
    pub(super) addresses: Addresses,
    pub(super) code: Code,
    pub(super) names: Names,
    pub(super) rehearsals: BTreeSet<String>,
    pub(super) inputs: BTreeSet<String>,
    pub(super) scripts: BTreeSet<String>,
}

impl From<CallLists> for Calls {
    fn from(lists: CallLists) -> Self {
        Self {
            tools: tables(lists.tools),
            commands: tables(lists.commands),
            places: lists.places,
            addresses: lists.addresses,
            code: lists.code.into(),
            names: lists.names,
            rehearsals: lists.rehearsals,
            inputs: lists.inputs,
            scripts: lists.scripts,
        }
    }
}

impl Calls {
    /// Tells whether a name is that of a program which the tables know.
    pub(super) fn is_program(&self, name: &str) -> bool {
        self.commands.contains_key(name)
    }
}

impl Names {
    /// Judges a target or a script by its name: `lint`, `test:unit`, `deploy-prod`.
    pub(super) fn judge<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Finding {
        let class =
            if names.into_iter().all(|name| self.is_harmless(name)) { Class::Write } else { Class::Unknown };
        Finding::new(class, "name")
    }

    /// Tells whether a name begins or ends with a harmless word, and has no harmful one; folders and the ending do not count.
    pub(super) fn is_harmless(&self, name: &str) -> bool {
        let parts = parts(name);
        let ends = [parts.first(), parts.last()];
        ends.into_iter().flatten().any(|part| has(&self.harmless, part)) && !self.is_harmful(name)
    }

    pub(super) fn is_harmful(&self, name: &str) -> bool {
        parts(name).iter().any(|part| has(&self.harmful, part))
    }
}

/// Tells whether a list has a part of a name; Chinese ones have no spaces between their words.
fn has(list: &BTreeSet<String>, part: &str) -> bool {
    list.contains(part)
        || (part.contains(is_han)
            && list.iter().any(|word| word.starts_with(is_han) && part.contains(word.as_str())))
}

fn parts(name: &str) -> Vec<String> {
    name.to_lowercase()
        .split(|c: char| !c.is_alphabetic())
        .filter(|part| !part.is_empty())
        .map(str::to_owned)
        .collect()
}

impl Rules {
    /// Judges a tool call: what it does, and what doing it a second time could do.
    #[must_use]
    pub fn assess_call(&self, tool: &str, arguments: &Value) -> CallAssessment {
        let (tool, arguments) = self.unwrapped(tool, arguments);
        let Finding { class, rule } = self.tool(&tool, &arguments);
        let (effect, risk, reason) = match (class, rule.as_str()) {
            (Class::Read, _) => (Effect::Read, Risk::Normal, "It only looks at something."),
            (Class::Write, _) => (Effect::Write, Risk::Normal, "It writes here what it would write again."),
            (Class::Once, _) => {
                (Effect::Write, Risk::High, "It changes or destroys something on this machine.")
            }
            (Class::External, _) => {
                (Effect::External, Risk::High, "It changes something elsewhere, or reaches somebody.")
            }
            (Class::Unknown, "unreadable-command") => {
                (Effect::Unknown, Risk::High, "The rules cannot take its command line apart.")
            }
            (Class::Unknown, _) => (Effect::Unknown, Risk::High, "The rules cannot tell what it does."),
        };
        CallAssessment { tool: tool.into_owned(), effect, risk, rule, reason }
    }

    /// Makes the record of a call from what a transcript holds of it; `route` is where the session's replies go.
    #[must_use]
    pub fn call(&self, tool: &str, arguments: &Value, outcome: Outcome, route: Option<&Route>) -> Call {
        let assessment = self.assess_call(tool, arguments);
        let (_, inner) = self.unwrapped(tool, arguments);
        let replies = assessment.tool == "message" && route.is_some_and(|route| replies_to(&inner, route));
        let said = ["command", "action", "path", "url", "task", "query"]
            .iter()
            .find_map(|name| inner.get(name)?.as_str())
            .unwrap_or_default();
        Call {
            summary: one_line(&redact(&format!("{} {said}", assessment.tool)), MAX_SUMMARY),
            tool: assessment.tool,
            effect: assessment.effect,
            risk: assessment.risk,
            outcome,
            replies,
        }
    }

    /// Returns the tool that really runs, where another one calls it.
    fn unwrapped<'a>(&self, tool: &'a str, arguments: &'a Value) -> (Cow<'a, str>, Cow<'a, Value>) {
        let (mut tool, mut arguments) = (Cow::Borrowed(tool), Cow::Borrowed(arguments));
        for _ in 0..MAX_DEPTH {
            let table = self.calls.tools.get(tool.as_ref());
            let wrapper = table.filter(|table| table.look == Some(ToolLook::Tool));
            let Some([id, inner]) = wrapper.map(|table| table.given.as_slice()) else { break };
            let Some(name) = arguments.get(id).and_then(Value::as_str) else { break };
            let name = name.rsplit(':').next().unwrap_or_default().to_owned();
            // Flattened arguments stand beside the tool's name.
            let given = arguments.get(inner).unwrap_or(&arguments).clone();
            (tool, arguments) = (Cow::Owned(name), Cow::Owned(given));
        }
        (tool, arguments)
    }

    fn tool(&self, tool: &str, arguments: &Value) -> Finding {
        let Some(table) = self.calls.tools.get(&tool.to_lowercase()) else {
            return Finding::new(Class::Unknown, "unknown-tool");
        };
        let row = table.row(&as_words(arguments, &table.values));
        let decided = Finding::new(row.class, format!("{tool} {}", row.pattern).trim_end());
        let given: Vec<&str> = table.given.iter().filter_map(|name| at(arguments, name)?.as_str()).collect();
        let looked = given.iter().filter_map(|text| self.look(table.look, text));
        match worst(looked) {
            Some(inner) if row.pattern.is_empty() && table.otherwise.is_none() => inner,
            Some(inner) => worst([decided.clone(), inner]).unwrap_or(decided),
            None => decided,
        }
    }

    fn look(&self, look: Option<ToolLook>, text: &str) -> Option<Finding> {
        Some(match look? {
            ToolLook::Line if text.len() > MAX_COMMAND => Finding::new(Class::Unknown, "unreadable-command"),
            ToolLook::Line => self.calls.line(text, 0),
            ToolLook::Step => {
                let step = self.assess(text).strictly();
                let class = if step.risk == Risk::High { Class::External } else { Class::Write };
                Finding::new(class, step.rule)
            }
            ToolLook::Address => Finding::new(self.calls.addresses.open(text), "address"),
            ToolLook::Place => Finding::new(self.calls.places.write(text), "path"),
            ToolLook::Patch => self.patch(text),
            ToolLook::Tool => Finding::new(Class::Unknown, "unknown-tool"),
        })
    }

    fn patch(&self, text: &str) -> Finding {
        let file = |line: &str| {
            let (head, path) = line.strip_prefix("*** ")?.split_once(": ")?;
            let class = self.calls.places.write(path.trim());
            match head {
                "Delete File" => Some(Finding::new(Class::Once, "delete-file")),
                "Add File" | "Update File" | "Move to" => Some(Finding::new(class, "path")),
                _ => None,
            }
        };
        worst(text.lines().filter_map(file)).unwrap_or_else(|| Finding::new(Class::Unknown, "no-patch"))
    }
}

/// Finds an argument; a dot leads into an object.
fn at<'v>(arguments: &'v Value, name: &str) -> Option<&'v Value> {
    name.split('.').try_fold(arguments, |value, part| value.get(part))
}

/// Takes a tool's action and the like as words, and its other plain arguments as options.
fn as_words(arguments: &Value, names: &[String]) -> Arguments {
    let words = names.iter().filter_map(|name| at(arguments, name)?.as_str());
    let plain = |(name, value): (&String, &Value)| {
        let value = match value {
            Value::String(text) => text.clone(),
            Value::Array(_) | Value::Object(_) | Value::Null => return None,
            plain => plain.to_string(),
        };
        Some((format!("-{name}"), Some(value)))
    };
    Arguments {
        words: words.map(str::to_owned).enumerate().collect(),
        options: arguments.as_object().into_iter().flatten().filter_map(plain).collect(),
        dashes: None,
    }
}

/// Tells whether a message goes where the session's replies go.
fn replies_to(arguments: &Value, route: &Route) -> bool {
    let text = |names: &[&str]| {
        names.iter().find_map(|name| match arguments.get(name)? {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => None,
        })
    };
    let peer = |text: &str| text.rsplit(':').next().unwrap_or_default().to_owned();
    text(&["action"]).is_some_and(|action| action == "send")
        && text(&["channel"]).is_none_or(|channel| channel == route.channel)
        && text(&["target", "to"]).is_none_or(|to| peer(&to) == peer(&route.to))
        && text(&["accountId"]).is_none_or(|account| route.account_id.as_ref() == Some(&account))
        && text(&["threadId"]).is_none_or(|thread| route.thread_id.as_ref() == Some(&thread))
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests;
