//! Transcripts with the records that gateways write, the same in every run.
//!
//! A session's turns are numbered from its end, and a turn is made of its session's number and its own: a longer
//! transcript has the same tail.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};

/// The last record of one session in a hundred holds so much.
const LARGE: usize = 1_200_000;
/// How much the tools answer.
const RESULTS: [usize; 6] = [80, 300, 700, 1_500, 4_000, 12_000];
/// One session in so many is cut off.
const CUT: usize = 10;
const WORDS: [&str; 16] = [
    "error",
    "line",
    "\"src/main.rs\"",
    "42",
    "warning",
    "drwxr-xr-x",
    "the",
    "of",
    "photos",
    "2026-11-20",
    "done",
    "\n",
    "{\"id\":7}",
    "ok",
    "/home/openclaw/workspace",
    "unused",
];

/// Text to cut pieces from.
pub struct Texts {
    words: String,
    picture: String,
}

impl Texts {
    pub fn new() -> Self {
        let mut random = 7;
        let mut words = String::new();
        while words.len() < 4 * LARGE {
            words.push_str(WORDS[next(&mut random) % WORDS.len()]);
            words.push(' ');
        }
        let letters = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let letter = |_| char::from(letters[next(&mut random) % letters.len()]);
        Self { words, picture: (0..LARGE).map(letter).collect() }
    }

    fn piece(&self, length: usize, random: &mut u64) -> &str {
        let start = next(random) % (self.words.len() - length);
        &self.words[start..start + length]
    }
}

/// A step of a linear congruential generator, with Knuth's constants for MMIX.
fn next(random: &mut u64) -> usize {
    *random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    usize::try_from(*random >> 33).expect("31 bits fit")
}

/// Tells whether a session is cut off.
pub fn is_cut(session: usize) -> bool {
    session % CUT == CUT - 1
}

pub fn id(session: usize) -> String {
    format!("5b0c3f5e-0000-4000-8000-{session:012}")
}

/// Returns a session's records, oldest first: at least `bytes` of them, the last from about `end`.
pub fn records(texts: &Texts, session: usize, bytes: usize, end: DateTime<Utc>) -> Vec<String> {
    let mut turns: Vec<Vec<String>> = Vec::new();
    let mut length = 0;
    while length < bytes {
        let turn = Turn::new(texts, session, turns.len(), end).told();
        length += turn.iter().map(String::len).sum::<usize>();
        turns.push(turn);
    }
    let mut records = beginning(session, turns.len(), end);
    records.extend(turns.into_iter().rev().flatten());
    records
}

/// What stands before the first message, up to the record that turn number `first` names.
fn beginning(session: usize, first: usize, end: DateTime<Utc>) -> Vec<String> {
    let at = time(end, first);
    let header = json!({"type": "session", "version": 3, "id": id(session), "timestamp": at, "cwd": "/home/openclaw/workspace"});
    let model = json!({"type": "model_change", "id": "0a1", "parentId": null, "timestamp": at, "provider": "mock", "modelId": "mock"});
    let snapshot = json!({"type": "custom", "customType": "model-snapshot", "id": last_of(first), "parentId": "0a1",
        "timestamp": at, "data": {"provider": "mock", "modelApi": "openai-completions", "modelId": "mock"}});
    [header, model, snapshot].map(|record| record.to_string()).to_vec()
}

/// The id of a turn's last record.
fn last_of(turn: usize) -> String {
    format!("{turn:06x}ff")
}

fn time(end: DateTime<Utc>, turn: usize) -> String {
    let minutes = i64::try_from(turn).expect("no transcript has so many turns");
    (end - TimeDelta::minutes(minutes)).to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A turn that is being told.
struct Turn<'a> {
    texts: &'a Texts,
    session: usize,
    number: usize,
    random: u64,
    at: String,
    parent: String,
    records: Vec<String>,
}

impl<'a> Turn<'a> {
    fn new(texts: &'a Texts, session: usize, number: usize, end: DateTime<Utc>) -> Self {
        let random = (session as u64) << 32 | number as u64;
        let (at, parent) = (time(end, number), last_of(number + 1));
        Self { texts, session, number, random, at, parent, records: Vec::new() }
    }

    fn told(mut self) -> Vec<String> {
        if self.number == 0 && is_cut(self.session) {
            self.cut_off(self.session / CUT);
            return self.records;
        }
        self.asks();
        for _ in 0..=next(&mut self.random) % 4 {
            let call = self.calls(1).remove(0);
            let length = RESULTS[next(&mut self.random) % RESULTS.len()];
            self.answers(&call, length);
        }
        self.says("stop");
        let text = self.text(400);
        let mirror = json!({"role": "assistant", "content": [{"type": "text", "text": text}], "api": "openai-responses",
            "provider": "openclaw", "model": "delivery-mirror", "usage": {"input": 0, "output": 0}, "stopReason": "stop"});
        self.message(last_of(self.number), mirror);
        self.records
    }

    /// Tells a turn without an end: each in another way, one in ten in a record of more than a megabyte.
    fn cut_off(&mut self, which: usize) {
        if which % 20 == 10 {
            let picture = json!([{"type": "text", "text": "what is this"},
                {"type": "image", "mimeType": "image/png", "data": self.texts.picture}]);
            return self.add(json!({"role": "user", "content": picture}));
        }
        self.asks();
        match which % 5 {
            0 => {
                let call = self.calls(1).remove(0);
                let length = if which.is_multiple_of(20) { LARGE / 2 } else { 1_500 };
                self.answers(&call, length);
            }
            1 => {}
            2 => drop(self.calls(1)),
            3 => {
                let calls = self.calls(2);
                self.answers(&calls[0], 700);
            }
            _ => self.says("aborted"),
        }
    }

    fn text(&mut self, length: usize) -> &'a str {
        self.texts.piece(length, &mut self.random)
    }

    fn asks(&mut self) {
        let words = self.text(80);
        let text = format!(
            "Conversation info (untrusted metadata):\n```json\n{{\n  \"message_id\": \"12\",\n  \"sender\": \"U{}\"\n}}\n```\n\nplease look: {words}",
            self.session
        );
        self.add(json!({"role": "user", "content": text}));
    }

    /// The agent says a word and calls `exec`; returns the ids of the calls.
    fn calls(&mut self, count: usize) -> Vec<String> {
        let ids: Vec<String> = (0..count).map(|_| format!("call_{:08x}", next(&mut self.random))).collect();
        let text = self.text(60);
        let mut content = vec![json!({"type": "text", "text": text})];
        for id in &ids {
            let command = format!("grep -rn {:?} src", self.text(30));
            content.push(
                json!({"type": "toolCall", "id": id, "name": "exec", "arguments": {"command": command},
                "partialArgs": json!({"command": command}).to_string()}),
            );
        }
        self.agent(json!(content), "toolUse");
        ids
    }

    fn answers(&mut self, call: &str, length: usize) {
        let text = self.text(length);
        self.add(json!({"role": "toolResult", "toolCallId": call, "toolName": "exec", "isError": false,
            "content": [{"type": "text", "text": text}],
            "details": {"status": "completed", "exitCode": 0, "durationMs": 35, "aggregated": text, "cwd": "/home/openclaw/workspace"}}));
    }

    fn says(&mut self, stop: &str) {
        let text = self.text(400);
        self.agent(json!([{"type": "text", "text": text}]), stop);
    }

    fn agent(&mut self, content: Value, stop: &str) {
        let mut message = json!({"role": "assistant", "api": "openai-completions", "provider": "mock", "model": "mock",
            "usage": {"input": 1, "output": 1, "cacheRead": 0, "cacheWrite": 0, "totalTokens": 2,
                "cost": {"input": 0, "output": 0, "cacheRead": 0, "cacheWrite": 0, "total": 0}},
            "stopReason": stop, "responseId": "x"});
        message["content"] = content;
        self.add(message);
    }

    fn add(&mut self, message: Value) {
        self.message(format!("{:06x}{:02x}", self.number, self.records.len()), message);
    }

    fn message(&mut self, id: String, message: Value) {
        let mut record = json!({"type": "message", "id": id, "parentId": self.parent, "timestamp": self.at});
        record["message"] = message;
        self.records.push(record.to_string());
        self.parent = id;
    }
}
