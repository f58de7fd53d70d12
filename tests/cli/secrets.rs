//! A secret of each kind, in everything that people and agents write: it reaches no file of ours and no output.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::world::{CALLER, World, put};

#[path = "../../src/support/redact/samples.rs"]
mod samples;

use samples::{Sample, samples};

/// What of a secret nobody may see: its lines, but for those that only say what it is.
fn parts(sample: &Sample) -> impl Iterator<Item = &str> {
    sample.secret.lines().filter(|line| !line.starts_with("-----"))
}

/// Everything that the program has said and written.
#[derive(Default)]
struct Seen(BTreeMap<String, String>);

impl Seen {
    /// Runs a command, whatever comes of it, as text and as JSON.
    fn run(&mut self, world: &World, args: &[&str], stdin: &str) {
        for json in [&[][..], &["--json"]] {
            let args = [args, json].concat();
            let output = world.command(&args).write_stdin(stdin).output().unwrap();
            assert_ne!(output.status.code(), Some(70), "{args:?}");
            for (name, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
                let text = String::from_utf8(bytes.clone()).unwrap();
                if json.contains(&"--json") && name == "stdout" {
                    assert!(serde_json::from_str::<Value>(&text).is_ok(), "{args:?}: {text}");
                }
                *self.0.entry(format!("{name} of {}", args[0])).or_default() += &text;
            }
        }
    }

    /// Adds the files below a folder, but for those that the test has planted.
    fn files(&mut self, folder: &Path, planted: &[PathBuf]) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                self.files(&path, planted);
            } else if !planted.contains(&path) {
                let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
                self.0.insert(path.display().to_string(), text);
            }
        }
    }

    /// Says where a secret can be read.
    fn leaks(&self, samples: &[Sample]) -> Vec<String> {
        let mut leaks = Vec::new();
        for (place, text) in &self.0 {
            for sample in samples {
                let escaped = |part: &str| json!(part).to_string().trim_matches('"').to_owned();
                if parts(sample).any(|part| text.contains(part) || text.contains(&escaped(part))) {
                    leaks.push(format!("{}: {place}", sample.kind));
                }
            }
        }
        leaks
    }
}

/// The texts of the samples, so many in one that a few runs of the program see all of them.
fn together(samples: &[Sample], between: &str) -> Vec<String> {
    let text =
        |samples: &[Sample]| samples.iter().map(|sample| &*sample.text).collect::<Vec<_>>().join(between);
    samples.chunks(16).map(text).collect()
}

fn chat(number: usize) -> String {
    format!("agent:main:telegram:direct:{}", 1000 + number)
}

/// For each sample a session that was cut off: its user, its tool call and its background command tell the secret.
fn plant_sessions(world: &World, samples: &[Sample]) -> Vec<PathBuf> {
    let folder = world.state("agents/main/sessions");
    let (mut rows, mut planted) = (json!({}), Vec::new());
    for (number, Sample { text, .. }) in samples.iter().enumerate() {
        let id = format!("s{number}");
        rows[chat(number)] = json!({"sessionId": id, "status": "running", "pendingFinalDelivery": number % 3 == 0,
            "pendingFinalDeliveryText": text, "startedAt": 1_795_175_880_000_i64,
            "deliveryContext": {"channel": "telegram", "to": format!("telegram:{}", 1000 + number)}});
        let call = |id: &str, command: &str| {
            json!({"role": "assistant", "stopReason": "toolUse", "content":
            [{"type": "text", "text": text}, {"type": "toolCall", "id": id, "name": "exec", "arguments": {"command": command}}]})
        };
        let left = json!({"role": "toolResult", "toolCallId": "c1", "toolName": "exec", "isError": false, "content": text,
            "details": {"status": "running", "sessionId": "fox", "pid": 4_000_000_000_u32, "cwd": "/w", "tail": text}});
        let messages = [
            json!({"role": "user", "content": text}),
            call("c1", &format!("make # {text}")),
            left,
            call("c2", &format!("run {text}")),
        ];
        let line = |(at, message): (usize, &Value)| {
            format!(
                "{}\n",
                json!({"type": "message", "id": format!("m{at}"), "message": message,
                "timestamp": format!("2026-11-20T11:58:{at:02}Z")})
            )
        };
        // Of every second one the last call was made, and nothing is known of it.
        let last = if number % 2 == 0 { 4 } else { 3 };
        let path = folder.join(format!("{id}.jsonl"));
        put(&path, &messages[..last].iter().enumerate().map(line).collect::<String>());
        planted.push(path);
    }
    planted.push(folder.join("sessions.json"));
    put(&folder.join("sessions.json"), &rows.to_string());
    planted
}

/// A checkpoint that somebody wrote by hand.
fn plant_checkpoint(world: &World, samples: &[Sample]) -> PathBuf {
    let block = |(number, Sample { text, .. }): (usize, &Sample)| {
        let text = text.replace('\n', "&#10;");
        format!(
            "## {}\n- Goal: {text}\n- Last done: {text}\n- Next: read {text}\n- Blockers: {text}\n\n",
            chat(number)
        )
    };
    let blocks: String = samples.iter().enumerate().map(block).collect();
    world.checkpoint("2026-11-20/115500", &format!("# Restart checkpoint\n\n{blocks}"))
}

#[test]
fn no_secret_of_any_kind_reaches_a_file_or_an_output() {
    let (world, samples) = (World::new(), samples());
    let mut planted = plant_sessions(&world, &samples);
    planted.push(plant_checkpoint(&world, &samples));
    let mut seen = Seen::default();
    for args in [
        &["scan", "--all", "--offline"][..],
        &["checkpoint", "capture"],
        &["checkpoint", "capture", "--dry-run"],
        &["checkpoint", "show", planted.last().unwrap().to_str().unwrap()],
        &["checkpoint", "list"],
        &["recover", "--offline", "--dry-run"],
        &["recover", "--offline"],
        &["actions", planted.last().unwrap().to_str().unwrap()],
        &["plan", planted.last().unwrap().to_str().unwrap()],
        &["status"],
        &["confirm"],
    ] {
        seen.run(&world, args, "");
    }
    let actions = world.run(&["actions", planted.last().unwrap().to_str().unwrap()]);
    let actions = &actions[actions.find('{').unwrap()..];
    // What another program has written, with the secrets in it.
    let message = |sample: &Sample| json!({"tool": "sessions_send", "params": {"sessionKey": chat(0), "message": sample.text}});
    let foreign = json!({"count": 1, "actions": samples.iter().map(message).collect::<Vec<_>>()}).to_string();
    for actions in [actions, &foreign] {
        seen.run(&world, &["verify", "-"], actions);
        let verified = world.command(&["verify", "-"]).write_stdin(actions).output().unwrap().stdout;
        seen.run(&world, &["execute", "-"], &String::from_utf8(verified).unwrap());
    }
    seen.files(world.home(), &planted);
    assert!(seen.0.len() > 10, "{:?}", seen.0.keys());
    assert!(seen.0.values().any(|text| text.contains("[redacted]")));
    assert_eq!(seen.leaks(&samples), Vec::<String>::new());
}

#[test]
fn no_secret_that_is_typed_reaches_a_file_or_an_output() {
    let (world, samples) = (World::new(), samples());
    let mut seen = Seen::default();
    let session = |(number, Sample { text, .. }): (usize, &Sample)| {
        json!({"sessionKey": chat(number), "agentId": text, "goal": text, "lastDone": text, "nextStep": text,
            "blockers": text, "resumeMessage": text})
    };
    let snapshot =
        json!({"sessions": samples.iter().enumerate().map(session).collect::<Vec<_>>()}).to_string();
    seen.run(&world, &["checkpoint", "build"], &snapshot);
    seen.run(&world, &["checkpoint", "build", "--dry-run"], &snapshot);
    for name in ["--task", "--context", "--after", "--status"] {
        let given = samples.iter().map(|sample| format!("{name}={}", sample.text));
        let given: Vec<String> = if name == "--status" { given.take(1).collect() } else { given.collect() };
        let given: Vec<&str> = given.iter().map(String::as_str).collect();
        seen.run(&world, &[&["now", "set"][..], &given].concat(), "");
        let caller = ["prepare", "--offline", "--tool-calls", "--session-key", CALLER, "--reason", "r"];
        seen.run(&world, &[&caller[..], &given].concat(), "");
    }
    for reason in together(&samples, "\n") {
        seen.run(
            &world,
            &["prepare", "--offline", "--tool-calls", "--session-key", CALLER, "--reason", &reason],
            "",
        );
    }
    seen.run(&world, &["now", "show"], "");
    seen.files(world.home(), &[]);
    assert!(seen.0.values().any(|text| text.contains("[redacted]")));
    assert_eq!(seen.leaks(&samples), Vec::<String>::new());
}

/// Errors quote what was wrong.
#[test]
fn no_secret_in_what_cannot_be_read_reaches_an_output() {
    let samples = samples();
    let mut seen = Seen::default();
    let world = World::new();
    for text in together(&samples, " ") {
        let quoted = json!(text);
        seen.run(&world, &["status", &format!("--{text}")], "");
        let snapshot = json!({"sessions": [{"sessionKey": format!("a\n{text}")}]});
        seen.run(&world, &["checkpoint", "build"], &snapshot.to_string());
        for (file, content) in [
            ("comeback/config.yaml", format!("maxUnattended: {quoted}\n")),
            ("openclaw.json", format!("{{\"gateway\": {{\"port\": {quoted}}}}}")),
            (
                "workspace/memory/restart-checkpoints/2026-11-20/115500.md",
                format!("---\nformatVersion: {quoted}\n---\n"),
            ),
        ] {
            put(&world.state(file), &content);
            seen.run(&world, &["checkpoint", "list"], "");
            fs::remove_file(world.state(file)).unwrap();
        }
    }
    assert!(seen.0.values().any(|text| text.contains("[redacted]")), "{:?}", seen.0);
    assert_eq!(seen.leaks(&samples), Vec::<String>::new());
}
