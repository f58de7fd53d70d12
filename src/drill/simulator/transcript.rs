//! Transcripts as gateways write them, and as `chat.history` shows them.

use chrono::SecondsFormat;
use serde_json::{Value, json};

use super::flavour::Flavour;
use super::script::{Call, name_of};
use super::turns::{Origin, SILENT};
use super::world::{Setup, World};
use crate::support::error::Result;

/// The models of assistant messages that no agent wrote.
const MIRROR: &str = "delivery-mirror";

/// A transcript that is written to: its session, and the id of the file or window.
pub(super) struct Page<'a> {
    pub setup: &'a Setup,
    pub key: &'a str,
    pub session: &'a str,
}

impl Page<'_> {
    /// Writes what came in the user's place.
    pub fn user(&self, world: &mut World, text: &str, origin: &Origin, run: &str) -> Result<()> {
        let (flavour, at) = (self.setup.flavour, world.now());
        let content = match (flavour, origin) {
            (Flavour::V2026_5_28, Origin::Agent | Origin::Native) => {
                parts(&format!("[{}] {text}", at.format("%a %Y-%m-%d %H:%M UTC")))
            }
            (Flavour::V2026_5_28, Origin::Job(_)) => parts(text),
            _ => json!(text),
        };
        let mut message = json!({"role": "user", "content": content, "timestamp": at.timestamp_millis()});
        if flavour == Flavour::V2026_9_6 {
            message["idempotencyKey"] = json!(format!("{run}:user"));
            let tool = match origin {
                Origin::Person | Origin::Agent => None,
                Origin::Job(_) => Some("cron"),
                Origin::Native => Some("main_session_restart_recovery"),
            };
            if let Some(tool) = tool {
                message["provenance"] =
                    json!({"kind": "internal_system", "sourceTool": tool, "sourceSessionKey": self.key});
            }
        }
        self.write(world, &message, false)
    }

    /// Writes what the agent said, and called; returns the ids of the calls.
    pub fn assistant(
        &self,
        world: &mut World,
        text: Option<&str>,
        calls: &[Call],
        stop: &str,
    ) -> Result<Vec<String>> {
        let ids: Vec<String> = calls.iter().map(|_| format!("call_{}", world.short_id())).collect();
        let mut content: Vec<Value> =
            text.map(|text| json!({"type": "text", "text": text})).into_iter().collect();
        content.extend(calls.iter().zip(&ids).map(|(call, id)| {
            json!({"type": "toolCall", "id": id, "name": call.tool, "arguments": call.arguments})
        }));
        let message = said(world, &content, "mock", stop);
        self.write(world, &message, false)?;
        Ok(ids)
    }

    /// Writes a call's result.
    pub fn result(
        &self,
        world: &mut World,
        call: &Call,
        id: &str,
        text: &str,
        details: &Value,
    ) -> Result<()> {
        let message = json!({"role": "toolResult", "toolCallId": id, "toolName": call.tool, "isError": false,
            "content": parts(text), "details": details, "timestamp": world.now().timestamp_millis()});
        self.write(world, &message, false)
    }

    /// Writes what was sent to the session's chat.
    pub fn mirror(&self, world: &mut World, text: &str, key: Option<&str>) -> Result<()> {
        let mut message = said(world, &[json!({"type": "text", "text": text})], MIRROR, "stop");
        if let Some(key) = key {
            message["idempotencyKey"] = json!(key);
        }
        self.write(world, &message, true)
    }

    /// Adds a message behind the last record; the first one comes with what a transcript begins with.
    fn write(&self, world: &mut World, message: &Value, mirrored: bool) -> Result<()> {
        let records = world.store.records(self.key, self.session)?;
        let second_era = self.setup.flavour.is_of_the_second_era();
        let time = world.now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let mut last = records.last().map(|record| record["id"].clone());
        if last.is_none() {
            let version = if second_era { 4 } else { 3 };
            let cwd = self.setup.state.join("workspace");
            let first = json!({"type": "session", "version": version, "id": self.session, "timestamp": time, "cwd": cwd});
            world.store.append(self.key, self.session, &first)?;
            if !second_era {
                let id = world.short_id();
                let model = json!({"type": "model_change", "id": id, "parentId": null, "timestamp": time,
                    "provider": "mock", "modelId": "mock"});
                world.store.append(self.key, self.session, &model)?;
                last = Some(json!(id));
            }
        } else if records.len() == 1 && second_era {
            last = None;
        }
        let id = if second_era || mirrored { world.uuid() } else { world.short_id() };
        let record =
            json!({"type": "message", "id": id, "parentId": last, "timestamp": time, "message": message});
        world.store.append(self.key, self.session, &record)
    }
}

fn parts(text: &str) -> Value {
    json!([{"type": "text", "text": text}])
}

fn said(world: &World, content: &[Value], model: &str, stop: &str) -> Value {
    let (api, provider) =
        if model == MIRROR { ("openclaw-transcript", "openclaw") } else { ("openai-completions", "mock") };
    json!({"role": "assistant", "content": content, "api": api, "provider": provider, "model": model,
        "usage": {"input": 10, "output": 10, "cacheRead": 0, "cacheWrite": 0, "totalTokens": 20},
        "stopReason": stop, "timestamp": world.now().timestamp_millis()})
}

/// What a transcript tells an agent that goes on with it.
#[derive(Default)]
pub(super) struct Memory {
    /// What came in the user's place.
    pub earlier: Vec<String>,
    /// The names of the calls that have results.
    pub done: Vec<String>,
    /// Whether the last word has the tools: their results were not seen yet.
    pub has_results: bool,
    /// Whether a message carries this run's key.
    keys: Vec<String>,
}

impl Memory {
    pub fn of(records: &[Value]) -> Self {
        let mut memory = Self::default();
        let mut open: Vec<(String, String)> = Vec::new();
        for message in records.iter().map(|record| &record["message"]).filter(|one| one["model"] != MIRROR) {
            match message["role"].as_str() {
                Some("user") => {
                    memory.earlier.push(text_of(&message["content"]));
                    memory.keys.extend(message["idempotencyKey"].as_str().map(str::to_owned));
                    memory.has_results = false;
                }
                Some("assistant") => {
                    let parts = message["content"].as_array().into_iter().flatten();
                    let calls = parts.filter(|part| part["type"] == "toolCall");
                    let named = |call: &Value| {
                        let name = name_of(call["name"].as_str()?, &call["arguments"]);
                        Some((call["id"].as_str()?.to_owned(), name))
                    };
                    open = calls.filter_map(named).collect();
                    memory.has_results = false;
                }
                Some("toolResult") => {
                    if let Some(at) = open.iter().position(|(id, _)| message["toolCallId"] == id.as_str()) {
                        memory.done.push(open.swap_remove(at).1);
                    }
                    memory.has_results = open.is_empty();
                }
                _ => {}
            }
        }
        memory
    }

    /// Tells whether a run's message stands in the transcript.
    pub fn knows(&self, run: &str) -> bool {
        self.keys.iter().any(|key| key.strip_suffix(":user") == Some(run))
    }
}

fn text_of(content: &Value) -> String {
    match content {
        Value::String(text) => text.clone(),
        content => content[0]["text"].as_str().unwrap_or_default().to_owned(),
    }
}

/// Shows the last messages of a transcript as `chat.history` does: without details, times before words, silent replies.
pub(super) fn shown(records: &[Value], limit: usize) -> Vec<Value> {
    let mut messages: Vec<Value> = Vec::new();
    for record in records.iter().filter(|record| record["type"] == "message") {
        let mut message = record["message"].clone();
        // A job's, which only 2026.9.6 says so of: it shows it as if the agent had said it.
        if message["provenance"]["sourceTool"] == "cron" {
            let text = text_of(&message["content"]);
            message["role"] = json!("assistant");
            message["content"] = json!(text.split_once("] ").map_or(text.as_str(), |(_, words)| words));
        }
        if let Some(fields) = message.as_object_mut() {
            fields.remove("details");
        }
        if message["role"] == "user"
            && let Some(text) = message["content"][0]["text"].as_str()
            && let Some((_, words)) = text.split_once(" UTC] ").filter(|(time, _)| time.len() < 24)
        {
            message["content"] = parts(words);
        }
        // Calls beside a text are not shown.
        if let Some(said) = message["content"].as_array_mut()
            && said.iter().any(|part| part["type"] == "text")
        {
            said.retain(|part| part["type"] == "text");
        }
        if message["role"] == "assistant" && text_of(&message["content"]).eq_ignore_ascii_case(SILENT) {
            continue;
        }
        let at = record["timestamp"].as_str().and_then(|at| at.parse::<chrono::DateTime<chrono::Utc>>().ok());
        message["__openclaw"] = json!({"id": record["id"], "seq": messages.len() + 1,
            "recordTimestampMs": at.map(|at| at.timestamp_millis())});
        messages.push(message);
    }
    messages.split_off(messages.len().saturating_sub(limit))
}
