//! One record of a transcript: an entry of its tree, and what it says if it is a message.
//!
//! Gateways write more than is read here, and other versions write it differently: what has a strange form is left
//! out, and never stops the rest.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::author::Author;
use super::evidence::Entry;
use crate::model::Outcome;
use crate::support::clock::from_millis;

/// Models of assistant messages that no agent wrote: our own notices land there.
const MIRRORS: [&str; 2] = ["delivery-mirror", "gateway-injected"];
/// Records of the conversation that are no messages; unlike records of unknown types they become the branch's end.
const ASIDES: [&str; 8] = [
    "thinking_level_change",
    "model_change",
    "compaction",
    "branch_summary",
    "custom",
    "custom_message",
    "label",
    "session_info",
];
/// Of a tool's result, and of a command's output, no more than this is kept.
const MAX_RESULT: usize = 2_000;
/// The beginnings of results that no tool gave (2026.5.28 to 2026.9.6, read).
const APPROVAL: &str = "Approval required (id ";
const MISSING: &str = "[openclaw] missing tool result";
const BACKGROUND: &str = "Command still running (session ";

/// A line of a transcript that was understood.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub id: Option<String>,
    pub parent: Parent,
    /// It stands beside the branch, and does not become its end.
    pub side: bool,
    pub kind: Kind,
}

/// What a record says of the one before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Parent {
    /// Nothing: it follows whatever stands before it.
    Unsaid,
    /// It is the first.
    None,
    Of(String),
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Message(Box<Message>),
    /// A new window begins in the same session.
    Reset,
    /// The branch goes on from `target`, and what is appended from `append`.
    Leaf {
        target: Parent,
        append: Parent,
    },
    Aside,
    /// Of a type that is not known; it may stand between two records that are.
    Other,
}

/// A message: who said what, and what it asks of tools or answers from them.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub entry: Entry,
    pub said: Said,
}

#[derive(Clone, Debug)]
pub(super) enum Said {
    /// In the user's place.
    User,
    Assistant {
        calls: Vec<Asked>,
        stop: Stop,
    },
    Result(ToolResult),
    /// It decides nothing: a mirror of what was sent, a remark while the work goes on.
    Nothing,
}

/// How a message of the agent ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    Done,
    ForTools,
    /// In the middle: aborted, or by an error.
    Cut,
}

/// A call that the agent asked for.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub id: String,
    pub tool: String,
    pub arguments: Value,
}

#[derive(Clone, Debug)]
pub(super) struct ToolResult {
    pub call: String,
    pub tool: String,
    pub outcome: Outcome,
    pub process: Option<Process>,
}

/// What a result tells of a background command.
#[derive(Clone, Debug)]
pub(super) struct Process {
    /// The name that the gateway gave it.
    pub name: String,
    pub running: bool,
    pub pid: Option<u32>,
    pub started_at: Option<DateTime<Utc>>,
    pub cwd: Option<String>,
    pub output: Option<String>,
}

impl Record {
    /// Makes the record of a message that follows the last one.
    pub fn after_the_last(message: Message) -> Self {
        let id = message.entry.id.clone();
        Self { id, parent: Parent::Unsaid, side: false, kind: Kind::Message(Box::new(message)) }
    }

    /// Takes a line apart; `None` where it is no record of a conversation's tree.
    pub fn of(mut value: Value) -> Option<Self> {
        let text =
            |name: &str| value[name].as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned);
        let id = text("id");
        let parent = Parent::read(value.get("parentId"));
        let side = value["appendMode"] == "side";
        let kind = match value["type"].as_str()? {
            "session" => return None,
            "message" => {
                let at = value["timestamp"].as_str().and_then(|time| time.parse().ok());
                Kind::Message(Box::new(Message::of(value["message"].take(), id.clone(), at)?))
            }
            "reset" => Kind::Reset,
            "leaf" => {
                let target = Parent::read(value.get("targetId"));
                let append =
                    value.get("appendParentId").map_or_else(|| target.clone(), |id| Parent::read(Some(id)));
                Kind::Leaf { target, append }
            }
            kind if ASIDES.contains(&kind) => Kind::Aside,
            _ => Kind::Other,
        };
        Some(Self { id, parent, side, kind })
    }

    /// Tells whether it is a message in the user's place.
    pub fn opens_a_turn(&self) -> bool {
        matches!(&self.kind, Kind::Message(message) if matches!(message.said, Said::User))
    }
}

impl Parent {
    fn read(value: Option<&Value>) -> Self {
        match value {
            Some(Value::Null) => Self::None,
            Some(Value::String(id)) if !id.trim().is_empty() => Self::Of(id.clone()),
            _ => Self::Unsaid,
        }
    }
}

impl Message {
    /// Takes a message apart; the id and the time of its entry are used where the message has none of its own.
    pub fn of(mut value: Value, id: Option<String>, at: Option<DateTime<Utc>>) -> Option<Self> {
        let said_at = value["timestamp"].as_i64().and_then(from_millis);
        let content = value["content"].take();
        let mut text = text_of(&content);
        let (author, said) = match value["role"].as_str()? {
            "user" => (Author::of_user_message(&text, value.get("provenance")), Said::User),
            "assistant" if value["model"].as_str().is_some_and(|model| MIRRORS.contains(&model)) => {
                (Author::System, Said::Nothing)
            }
            "assistant" if is_remark(&value) => (Author::Agent, Said::Nothing),
            "assistant" => {
                let calls = asked(content);
                let stop = match value["stopReason"].as_str() {
                    Some("aborted" | "error") => Stop::Cut,
                    Some("toolUse") => Stop::ForTools,
                    _ if calls.is_empty() => Stop::Done,
                    _ => Stop::ForTools,
                };
                (Author::Agent, Said::Assistant { calls, stop })
            }
            "toolResult" => {
                clip(&mut text);
                (Author::Tool, Said::Result(ToolResult::of(&value, &text)?))
            }
            _ => (Author::System, Said::Nothing),
        };
        Some(Self { entry: Entry { id, at: at.or(said_at), author, text }, said })
    }

    /// Tells whether the agent's turn ends with this message.
    pub fn ends_a_turn(&self) -> bool {
        match &self.said {
            Said::Assistant { stop, .. } => *stop == Stop::Done,
            // The agent waits for something else than its user, and has said so.
            Said::Result(result) => result.tool == "sessions_yield" && result.outcome == Outcome::Done,
            Said::User | Said::Nothing => false,
        }
    }
}

/// Tells a remark that the agent makes while it works from an answer (2026.9.6, read).
fn is_remark(message: &Value) -> bool {
    let names_an_item = |part: &Value| part["itemId"].as_str().is_some_and(|id| !id.is_empty());
    message["stopReason"].as_str().is_none_or(|stop| stop == "stop")
        && (message["phase"] == "commentary"
            || names_an_item(&message["openclawAsyncDelivery"])
            || (message["openclawStreamFallback"]["source"] == "segment"
                && names_an_item(&message["openclawStreamFallback"])))
}

/// Joins the text parts of a message's content, which is a string or a list of parts.
pub(super) fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part["text"].as_str()).collect();
            texts.join("\n")
        }
        _ => String::new(),
    }
}

fn asked(content: Value) -> Vec<Asked> {
    let Value::Array(parts) = content else { return Vec::new() };
    let call = |mut part: Value| {
        let text = |name: &str| part[name].as_str().unwrap_or_default().to_owned();
        matches!(part["type"].as_str()?, "toolCall" | "toolUse" | "tool_use").then_some(())?;
        let (id, tool) = (text("id"), text("name"));
        let arguments =
            if part["arguments"].is_null() { part["input"].take() } else { part["arguments"].take() };
        Some(Asked { id, tool, arguments })
    };
    parts.into_iter().filter_map(call).collect()
}

/// Shortens a result's text to what is kept, between two characters.
fn clip(text: &mut String) {
    let end = (0..=MAX_RESULT.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.truncate(end);
    text.shrink_to_fit();
}

/// Returns the end of an output that is kept.
fn end_of(output: &str) -> &str {
    let start = output.len().saturating_sub(MAX_RESULT);
    let start = (start..=output.len()).find(|at| output.is_char_boundary(*at)).unwrap_or(0);
    &output[start..]
}

impl ToolResult {
    fn of(message: &Value, text: &str) -> Option<Self> {
        let details = &message["details"];
        let process = Process::of(details).or_else(|| Process::of_text(text));
        Some(Self {
            call: message["toolCallId"].as_str()?.to_owned(),
            tool: message["toolName"].as_str().unwrap_or_default().to_owned(),
            outcome: outcome(message, text, process.as_ref()),
            process,
        })
    }
}

fn outcome(message: &Value, text: &str, process: Option<&Process>) -> Outcome {
    let details = &message["details"];
    let invented = details["reason"] == "missing_tool_result"
        || details.get("openclawSyntheticMissingToolResult").is_some()
        || text.starts_with(MISSING);
    let failed = message["isError"] == true || details["status"] == "failed";
    if details["status"] == "approval-pending" || text.starts_with(APPROVAL) {
        Outcome::ApprovalPending
    } else if invented || process.is_some_and(Process::begins) {
        Outcome::Unknown
    } else if failed && text.to_lowercase().contains("abort") {
        // It was stopped in the middle: nobody knows how far it had come.
        Outcome::Unknown
    } else if failed {
        Outcome::Failed
    } else {
        Outcome::Done
    }
}

impl Process {
    /// Reads a result's `details`, of the call that began the command or of one that asked after it.
    fn of(details: &Value) -> Option<Self> {
        let text = |name: &str| details[name].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        Some(Self {
            name: text("sessionId")?,
            running: details["status"].as_str()? == "running",
            pid: details["pid"].as_u64().and_then(|pid| pid.try_into().ok()),
            started_at: details["startedAt"].as_i64().and_then(from_millis),
            cwd: text("cwd"),
            output: text("tail").or_else(|| text("aggregated")).map(|output| end_of(&output).to_owned()),
        })
    }

    /// Tells whether a command went into the background here; later answers do not tell of its process.
    pub fn begins(&self) -> bool {
        self.running && (self.pid.is_some() || self.started_at.is_some())
    }

    /// Reads what the agent was told, where the details were left out: `chat.history` does so.
    fn of_text(text: &str) -> Option<Self> {
        let (_, told) = text.split_once(BACKGROUND)?;
        let (name, rest) = told.split_once(", pid ")?;
        let pid = rest.split(')').next()?.parse().ok();
        Some(Self { name: name.to_owned(), running: true, pid, started_at: None, cwd: None, output: None })
    }
}
