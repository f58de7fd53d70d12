//! The scripted model: `OpenAI`'s streaming chat completions, answered by a closure of the test.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::loopback::{Closing, Loopback};
use super::wait;

/// So long a command may take before the gateway puts it into the background; ten seconds, its default, are too few on
/// a busy machine.
const EXEC_YIELD_MS: u32 = 120_000;

/// What the model does when it is asked.
pub enum Reply {
    /// Ends the turn with a text.
    Text(String),
    /// Calls tools, by name and arguments.
    Tools(Vec<(String, Value)>),
    /// Calls tools and says something beside it.
    TextAndTools(String, Vec<(String, Value)>),
    /// Begins a text, then keeps the stream open.
    Partial(String),
    /// Says nothing and keeps the stream open until the model is dropped.
    Hang,
    /// An HTTP error.
    Status(u16),
}

impl Reply {
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// A single tool call.
    pub fn tool(name: &str, arguments: Value) -> Self {
        Self::Tools(vec![(name.to_owned(), arguments)])
    }

    /// A call of `exec`, which every version has.
    pub fn exec(command: &str) -> Self {
        Self::tool("exec", json!({ "command": command, "yieldMs": EXEC_YIELD_MS }))
    }
}

/// One message of a request, as the provider sees it.
#[derive(Clone, Debug)]
pub struct Message {
    /// `system`, `developer`, `user`, `assistant` or `tool`.
    pub role: String,
    pub text: String,
    /// Tools that an assistant called: name and arguments.
    pub tool_calls: Vec<(String, Value)>,
}

impl Message {
    fn new(raw: &Value) -> Self {
        let text = match &raw["content"] {
            Value::String(text) => text.clone(),
            Value::Array(parts) => {
                parts.iter().filter_map(|part| part["text"].as_str()).collect::<Vec<_>>().join("\n")
            }
            _ => String::new(),
        };
        let tool_calls = raw["tool_calls"].as_array().into_iter().flatten().map(|call| {
            let function = &call["function"];
            let arguments = function["arguments"].as_str().unwrap_or_default();
            (
                function["name"].as_str().unwrap_or_default().to_owned(),
                serde_json::from_str(arguments).unwrap_or_default(),
            )
        });
        Self {
            role: raw["role"].as_str().unwrap_or_default().to_owned(),
            text,
            tool_calls: tool_calls.collect(),
        }
    }
}

/// A request that reached the model.
#[derive(Clone, Debug)]
pub struct Request {
    pub messages: Vec<Message>,
    /// The whole body.
    pub raw: Value,
}

impl Request {
    fn new(raw: Value) -> Self {
        let messages = raw["messages"].as_array().into_iter().flatten().map(Message::new).collect();
        Self { messages, raw }
    }

    /// The names of the tools on offer.
    pub fn tools(&self) -> Vec<&str> {
        let tools = self.raw["tools"].as_array();
        tools.into_iter().flatten().filter_map(|tool| tool["function"]["name"].as_str()).collect()
    }

    /// The messages that the model has not answered yet.
    pub fn since_last_assistant(&self) -> &[Message] {
        let answered = self.messages.iter().rposition(|message| message.role == "assistant");
        &self.messages[answered.map_or(0, |at| at + 1)..]
    }

    /// What users – and the gateway in a user's role – said since the last answer. All of it, because from 2026.7.1 on a
    /// message of context comes after the real one. 2026.5.28 quotes its own last replies in front of the person's text.
    pub fn last_user_text(&self) -> String {
        self.said_since_last_assistant("user")
    }

    /// The results of the tools that were called last; empty when the turn begins with this request.
    pub fn last_tool_results(&self) -> String {
        self.said_since_last_assistant("tool")
    }

    fn said_since_last_assistant(&self, role: &str) -> String {
        let said = self.since_last_assistant().iter().filter(|message| message.role == role);
        said.map(|message| message.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// Whether this is the session of a Telegram chat: each version names the chat somewhere, none at the same place.
    pub fn is_from_chat(&self, chat: i64) -> bool {
        let named = |text: &str, form: &str| {
            let mut rests = text.match_indices(form).map(|(at, _)| &text[at + form.len()..]);
            rests.any(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
        };
        let forms = [format!("telegram:{chat}"), format!("telegram:direct:{chat}")];
        self.messages.iter().any(|message| forms.iter().any(|form| named(&message.text, form)))
    }

    /// Whether any message but the instructions holds this text: does the session remember?
    pub fn remembers(&self, text: &str) -> bool {
        let mut talk =
            self.messages.iter().filter(|message| !matches!(message.role.as_str(), "system" | "developer"));
        talk.any(|message| message.text.contains(text))
    }
}

/// The server, with everything that it was asked.
pub struct Model {
    server: Loopback,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Model {
    /// The script runs in a thread of each request and may block, for instance to hold an answer back.
    pub fn new(script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let requests = Arc::new(Mutex::new(Vec::new()));
        let record = Arc::clone(&requests);
        let server = Loopback::serve(move |mut http, closing| {
            let Ok(body) = serde_json::from_reader(http.as_reader()) else {
                // Not a completion: a look at the list of models.
                let _ = http.respond(tiny_http::Response::from_string(r#"{"object":"list","data":[]}"#));
                return;
            };
            let request = Request::new(body);
            record.lock().unwrap().push(request.clone());
            let reply = script(&request);
            // The gateway may be gone: tests kill it.
            let _ = answer(http, reply, closing);
        });
        Self { server, requests }
    }

    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.server.port())
    }

    pub fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// The first request that fits, already there or yet to come.
    pub fn wait_for(&self, what: &str, timeout: Duration, fits: impl Fn(&Request) -> bool) -> Request {
        wait::until(&format!("a model request: {what}"), timeout, || {
            self.requests.lock().unwrap().iter().find(|request| fits(request)).cloned()
        })
    }
}

fn answer(http: tiny_http::Request, reply: Reply, closing: &Closing) -> io::Result<()> {
    let (text, tools, hang) = match reply {
        Reply::Status(status) => return http.respond(tiny_http::Response::empty(status)),
        Reply::Text(text) => (text, vec![], false),
        Reply::Tools(tools) => (String::new(), tools, false),
        Reply::TextAndTools(text, tools) => (text, tools, false),
        Reply::Partial(text) => (text, vec![], true),
        Reply::Hang => (String::new(), vec![], true),
    };
    let mut stream = Stream::begin(http)?;
    stream.delta(&json!({ "role": "assistant", "content": text }), None)?;
    if hang {
        // A stream has no way to notice that its reader is gone but to write to it.
        while !closing.is_set() {
            wait::poll(Duration::from_secs(1), || closing.is_set().then_some(()));
            stream.send(": still there\n\n")?;
        }
        return Ok(());
    }
    let calls: Vec<Value> = tools.iter().enumerate().map(|(index, call)| tool_call(index, call)).collect();
    let finish = if calls.is_empty() { "stop" } else { "tool_calls" };
    if !calls.is_empty() {
        stream.delta(&json!({ "tool_calls": calls }), None)?;
    }
    stream.delta(&json!({}), Some(finish))?;
    stream.send("data: [DONE]\n\n")?;
    stream.end()
}

fn tool_call(index: usize, (name, arguments): &(String, Value)) -> Value {
    static CALLS: AtomicU64 = AtomicU64::new(1);
    let id = format!("call_{}", CALLS.fetch_add(1, Ordering::Relaxed));
    json!({ "index": index, "id": id, "type": "function", "function": { "name": name, "arguments": arguments.to_string() } })
}

/// Server-sent events in HTTP chunks, flushed one by one; `tiny_http`'s own responses are buffered.
struct Stream(Box<dyn Write + Send>);

impl Stream {
    fn begin(http: tiny_http::Request) -> io::Result<Self> {
        let mut writer = http.into_writer();
        writer.write_all(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n",
        )?;
        Ok(Self(writer))
    }

    fn delta(&mut self, delta: &Value, finish: Option<&str>) -> io::Result<()> {
        let mut chunk = json!({
            "id": "completion", "object": "chat.completion.chunk", "created": 0, "model": "mock",
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
        });
        if finish.is_some() {
            chunk["usage"] = json!({ "prompt_tokens": 10, "completion_tokens": 10, "total_tokens": 20 });
        }
        self.send(&format!("data: {chunk}\n\n"))
    }

    fn send(&mut self, event: &str) -> io::Result<()> {
        write!(self.0, "{:x}\r\n{event}\r\n", event.len())?;
        self.0.flush()
    }

    fn end(mut self) -> io::Result<()> {
        self.0.write_all(b"0\r\n\r\n")?;
        self.0.flush()
    }
}
