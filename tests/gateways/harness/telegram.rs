//! Telegram's Bot API, as much of it as a private chat with the gateway takes.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};

use super::loopback::{Closing, Loopback};
use super::wait;

/// The gateway's bot token; the first half is the bot's id.
pub const BOT_TOKEN: &str = "123456:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

pub struct Telegram {
    server: Loopback,
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    updates: Vec<Value>,
    last_id: i64,
    /// By message id, so in the order in which they were sent. Edits change the text, deletions take it away.
    sent: BTreeMap<i64, (i64, String)>,
    calls: BTreeMap<String, usize>,
}

impl Telegram {
    pub fn new() -> Self {
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let server = Loopback::serve(move |mut http, closing| {
            let method = http
                .url()
                .split('?')
                .next()
                .and_then(|path| path.rsplit('/').next())
                .unwrap_or_default()
                .to_owned();
            let parameters = serde_json::from_reader(http.as_reader()).unwrap_or_default();
            let result = call(&shared, &method, &parameters, closing);
            let body = json!({ "ok": true, "result": result }).to_string();
            let json = "Content-Type: application/json".parse::<tiny_http::Header>().unwrap();
            // The gateway may be gone: tests kill it.
            let _ = http.respond(tiny_http::Response::from_string(body).with_header(json));
        });
        Self { server, state }
    }

    pub fn api_root(&self) -> String {
        format!("http://127.0.0.1:{}", self.server.port())
    }

    /// A person writes to the bot in a private chat. Kept until the gateway acknowledges it, as Telegram does.
    pub fn say(&self, chat: i64, name: &str, text: &str) {
        let place = json!({ "id": chat, "type": "private", "first_name": name });
        self.update(&place, chat, name, text);
    }

    /// The same in a group; its id is negative.
    pub fn say_in_group(&self, group: i64, person: i64, name: &str, text: &str) {
        let place = json!({ "id": group, "type": "supergroup", "title": "The group" });
        self.update(&place, person, name, text);
    }

    fn update(&self, chat: &Value, person: i64, name: &str, text: &str) {
        let mut state = self.lock();
        let id = state.next_id();
        state.updates.push(json!({ "update_id": id, "message": {
            "message_id": id, "date": unix_time(), "text": text, "chat": chat,
            "from": { "id": person, "is_bot": false, "first_name": name },
        }}));
    }

    /// A point in time: [`Self::sent_since`] tells what came after it.
    pub fn mark(&self) -> i64 {
        self.lock().last_id
    }

    /// The texts that came after the mark and still stand in the chat.
    pub fn sent_since(&self, mark: i64, chat: i64) -> Vec<String> {
        let state = self.lock();
        let later = state.sent.range(mark + 1..).filter(|(_, (to, _))| *to == chat);
        later.map(|(_, (_, text))| text.clone()).collect()
    }

    /// Whether the gateway has acknowledged all that people wrote.
    pub fn is_read(&self) -> bool {
        self.lock().updates.is_empty()
    }

    /// The texts that the chat shows now, in the order in which they were sent.
    pub fn sent(&self, chat: i64) -> Vec<String> {
        self.lock().sent.values().filter(|(to, _)| *to == chat).map(|(_, text)| text.clone()).collect()
    }

    /// Those of them that fit: `assert_eq!(telegram.matching(1, |t| …).len(), 1)`.
    pub fn matching(&self, chat: i64, fits: impl Fn(&str) -> bool) -> Vec<String> {
        self.sent(chat).into_iter().filter(|text| fits(text)).collect()
    }

    /// The first text in the chat that fits, already there or yet to come.
    pub fn wait_for_message(
        &self,
        chat: i64,
        what: &str,
        timeout: Duration,
        fits: impl Fn(&str) -> bool,
    ) -> String {
        let awaited = format!("a message in chat {chat}: {what}");
        let found = wait::poll(timeout, || self.matching(chat, &fits).into_iter().next());
        found.unwrap_or_else(|| {
            panic!("waited {timeout:?} in vain for {awaited}; the chat shows {:?}", self.sent(chat))
        })
    }

    /// How often each method was called.
    pub fn calls(&self) -> BTreeMap<String, usize> {
        self.lock().calls.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }
}

impl State {
    fn next_id(&mut self) -> i64 {
        self.last_id += 1;
        self.last_id
    }

    fn updates_from(&mut self, offset: i64) -> Option<Value> {
        self.updates.retain(|update| update["update_id"].as_i64().unwrap() >= offset);
        (!self.updates.is_empty()).then(|| json!(self.updates))
    }
}

fn call(state: &Mutex<State>, method: &str, parameters: &Value, closing: &Closing) -> Value {
    *state.lock().unwrap().calls.entry(method.to_owned()).or_default() += 1;
    match method {
        "getMe" => json!({ "id": 123_456, "is_bot": true, "first_name": "Bot", "username": "comeback_bot" }),
        "getUpdates" => {
            let (offset, seconds) = (integer(&parameters["offset"]), integer(&parameters["timeout"]));
            let timeout = Duration::from_secs(seconds.try_into().unwrap_or(0));
            let found = wait::poll(timeout, || {
                if closing.is_set() { Some(json!([])) } else { state.lock().unwrap().updates_from(offset) }
            });
            found.unwrap_or_else(|| json!([]))
        }
        "sendMessage" => {
            let mut state = state.lock().unwrap();
            let id = state.next_id();
            let (chat, text) = (integer(&parameters["chat_id"]), text(parameters));
            state.sent.insert(id, (chat, text.clone()));
            sent_message(id, chat, &text)
        }
        "editMessageText" => {
            let id = integer(&parameters["message_id"]);
            let (chat, text) = (integer(&parameters["chat_id"]), text(parameters));
            state.lock().unwrap().sent.insert(id, (chat, text.clone()));
            sent_message(id, chat, &text)
        }
        "deleteMessage" => {
            state.lock().unwrap().sent.remove(&integer(&parameters["message_id"]));
            json!(true)
        }
        _ => json!(true),
    }
}

fn sent_message(id: i64, chat: i64, text: &str) -> Value {
    json!({ "message_id": id, "date": unix_time(), "chat": { "id": chat, "type": "private" }, "text": text })
}

fn text(parameters: &Value) -> String {
    parameters["text"].as_str().unwrap_or_default().to_owned()
}

/// Clients send numbers as strings, too.
fn integer(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or(0)
}

fn unix_time() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs()
}
