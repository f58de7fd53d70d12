//! One record of a transcript: an entry of its tree, and what it says if it is a message.
//!
//! What has a strange form is left out, and never stops the rest.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::author::Author;
use super::evidence::Entry;
use super::fields::{Content, Details, Item, MessageFields, RecordFields};
use super::scanner::{Broken, Read, Scalar, Scanner};
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
/// Of a tool's result no more than this is looked at, and of a command's output no more kept.
const MAX_RESULT: usize = 2_000;
/// Few secrets are longer.
const MAX_SECRET: usize = 256;
/// The beginnings of results that no tool gave (2026.5.28 to 2026.9.6, read).
const APPROVAL: &str = "Approval required (id ";
const MISSING: &str = "[openclaw] missing tool result";
const BACKGROUND: &str = "Command still running (session ";
/// The tools that say so, alone or for another; an answer of any other may quote it.
const RUN_COMMANDS: [&str; 4] = ["", "bash", "exec", "tool_call"];
/// What an answer about a command says of one that goes on.
const STILL_RUNNING: &str = "still running";

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
    /// Its text says that a command goes on.
    pub tells_of_a_run: bool,
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

    /// Reads a line's JSON object; `None` where it is no record of a conversation's tree.
    pub fn read(json: &str) -> Read<Option<Self>> {
        let fields = Scanner::whole(json, RecordFields::read)?;
        fields.map(Self::of).ok_or(Broken)
    }

    fn of(fields: RecordFields<'_>) -> Option<Self> {
        let id = fields.id.said();
        let kind = match &*fields.kind.text()? {
            "session" => return None,
            "message" => {
                let at = fields.timestamp.text().and_then(|time| time_of(&time));
                Kind::Message(Box::new(Message::of(fields.message?, id.clone(), at)?))
            }
            "reset" => Kind::Reset,
            "leaf" => {
                let target = Parent::of(fields.target);
                let append = match fields.append_parent {
                    Scalar::Absent => target.clone(),
                    parent => Parent::of(parent),
                };
                Kind::Leaf { target, append }
            }
            kind if ASIDES.contains(&kind) => Kind::Aside,
            _ => Kind::Other,
        };
        let (parent, side) = (Parent::of(fields.parent), fields.append_mode.is("side"));
        Some(Self { id, parent, side, kind })
    }

    /// Returns the message that it is.
    pub fn message(&self) -> Option<&Message> {
        if let Kind::Message(message) = &self.kind { Some(message) } else { None }
    }

    /// Tells whether it is a message in the user's place.
    pub fn opens_a_turn(&self) -> bool {
        self.message().is_some_and(|message| matches!(message.said, Said::User))
    }
}

/// Reads a time; the form that gateways write it in is read faster by itself.
fn time_of(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).map(|time| time.to_utc()).or_else(|_| text.parse()).ok()
}

impl Parent {
    fn of(field: Scalar<'_>) -> Self {
        match field {
            Scalar::Null => Self::None,
            field => field.said().map_or(Self::Unsaid, Self::Of),
        }
    }
}

impl Message {
    /// Takes a message apart; the id and the time of its entry are used where the message has none of its own.
    pub fn of(fields: MessageFields<'_>, id: Option<String>, at: Option<DateTime<Utc>>) -> Option<Self> {
        let text = || texts_of(&fields.content, usize::MAX);
        let (author, text, said) = match &*fields.role.text()? {
            "user" => {
                let text = text();
                (Author::of_user_message(&text, Some(&fields.provenance)), text, Said::User)
            }
            "assistant" if fields.model.text().is_some_and(|model| MIRRORS.contains(&&*model)) => {
                (Author::System, text(), Said::Nothing)
            }
            "assistant" if is_remark(&fields) => (Author::Agent, text(), Said::Nothing),
            "assistant" => {
                let (text, calls) = (text(), fields.content.calls);
                let stop = match fields.stop_reason.text().as_deref() {
                    Some("aborted" | "error") => Stop::Cut,
                    Some("toolUse") => Stop::ForTools,
                    _ if calls.is_empty() => Stop::Done,
                    _ => Stop::ForTools,
                };
                (Author::Agent, text, Said::Assistant { calls, stop })
            }
            // Nobody reads its text again, and there is most of it.
            "toolResult" => (Author::Tool, String::new(), Said::Result(ToolResult::of(&fields)?)),
            _ => (Author::System, text(), Said::Nothing),
        };
        let at = at.or_else(|| fields.timestamp.integer().and_then(from_millis));
        Some(Self { entry: Entry { id, at, author, text }, said })
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
fn is_remark(message: &MessageFields<'_>) -> bool {
    let names_an_item = |item: &Item<'_>| item.id.text().is_some_and(|id| !id.is_empty());
    message.stop_reason.text().is_none_or(|stop| stop == "stop")
        && (message.phase.is("commentary")
            || names_an_item(&message.async_delivery)
            || (message.stream_fallback.source.is("segment") && names_an_item(&message.stream_fallback)))
}

/// Joins the texts of a message's content, up to so many bytes.
fn texts_of(content: &Content<'_>, most: usize) -> String {
    let mut joined = String::new();
    for (at, text) in content.texts.iter().enumerate() {
        if joined.len() >= most {
            break;
        }
        if at > 0 {
            joined.push('\n');
        }
        joined.push_str(&text.start(most - joined.len()));
    }
    joined
}

/// Returns the end of an output that is kept. A word that is cut goes with what stood before it: of a secret without its
/// beginning, nobody could tell that it is one.
fn end_of(output: &str) -> &str {
    let start = output.len().saturating_sub(MAX_RESULT);
    let start = (start..=output.len()).find(|at| output.is_char_boundary(*at)).unwrap_or(0);
    let end = &output[start..];
    let word = end.bytes().take_while(u8::is_ascii_graphic).count();
    if start == 0 { end } else { &end[word.min(MAX_SECRET)..] }
}

impl ToolResult {
    fn of(message: &MessageFields<'_>) -> Option<Self> {
        let text = texts_of(&message.content, MAX_RESULT);
        let tool = message.tool.text().unwrap_or_default().into_owned();
        // The words tell where the details do not, and a command may have printed a log with such words in it.
        let is_told = message.details.status.text().is_none() && RUN_COMMANDS.contains(&&*tool);
        let told = || if is_told { Process::of_text(&text) } else { None };
        let process = Process::of(&message.details).or_else(told);
        Some(Self {
            call: message.call.text()?.into_owned(),
            tool,
            outcome: outcome(message, &text, process.as_ref()),
            process,
            tells_of_a_run: text.contains(STILL_RUNNING),
        })
    }
}

fn outcome(message: &MessageFields<'_>, text: &str, process: Option<&Process>) -> Outcome {
    let details = &message.details;
    let invented =
        details.reason.is("missing_tool_result") || details.invented.is_true() || text.starts_with(MISSING);
    let failed = message.is_error.is_true() || details.status.is("failed");
    if details.status.is("approval-pending") || text.starts_with(APPROVAL) {
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
    fn of(details: &Details<'_>) -> Option<Self> {
        Some(Self {
            name: details.session_id.some_text()?,
            running: details.status.text()? == "running",
            pid: details.pid.integer().and_then(|pid| pid.try_into().ok()),
            started_at: details.started_at.integer().and_then(from_millis),
            cwd: details.cwd.some_text(),
            output: [details.tail, details.aggregated]
                .into_iter()
                .find_map(Scalar::some_text)
                .map(|output| end_of(&output).to_owned()),
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
