//! A gateway with very many sessions: two that it made itself, and copies of them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;

use ::comeback::drill::simulator::{Call, Flavour, Pace, Setup, Simulator, Step, Turn};
use ::comeback::model::SessionKey;
use ::comeback::support::clock::Clock;
use chrono::TimeDelta;
use rusqlite::Connection;
use serde_json::{Map, Value};
use tempfile::TempDir;

/// So many are cut off at once.
pub const CUT: usize = 200;
/// What the agent's command is whose turn or whose background is cut off.
const COMMAND: &str = "cat notes.md";
/// The sessions are spread over so many agents.
const AGENTS: usize = 100;
/// The chats of the two that are copied; no other number of a transcript is one of them.
const RESTING: usize = 700_000_001;
const BUSY: usize = 700_000_002;
const PATIENCE: Duration = Duration::from_secs(60);
/// Two starts that are closer than a second are one to gateways that do not name their lives.
const BETWEEN_LIVES: TimeDelta = TimeDelta::milliseconds(1_200);

/// A gateway that was killed while [`CUT`] of its sessions were at work, and runs again.
pub struct Crowd {
    pub simulator: Simulator,
    flavour: Flavour,
    folder: TempDir,
    /// The sessions that were cut off.
    pub cut: Vec<SessionKey>,
}

/// What a run of the program came to.
pub struct Run {
    pub code: i32,
    /// What it printed, as JSON.
    pub report: Value,
    /// The most memory that it held, in KiB.
    pub peak: u64,
}

/// A session that is copied.
struct Original {
    key: String,
    id: String,
    chat: usize,
}

impl Original {
    /// Makes a text of it one of its copy's.
    fn copied(&self, text: &str, agent: &str, chat: usize) -> String {
        let id = format!("{}{chat:012}", &self.id[..24]);
        let key = key(agent, chat).to_string();
        text.replace(&self.key, &key)
            .replace(&self.id, &id)
            .replace(&self.chat.to_string(), &chat.to_string())
            .replace("agents/main/", &format!("agents/{agent}/"))
    }
}

fn key(agent: &str, chat: usize) -> SessionKey {
    format!("agent:{agent}:telegram:direct:{chat}").parse().unwrap()
}

/// The session of whoever runs the gateway.
pub fn operator() -> SessionKey {
    key("main", RESTING)
}

fn agent(number: usize) -> String {
    format!("a{:02}", number % AGENTS)
}

fn script(turn: &Turn) -> Step {
    match turn.message.as_str() {
        said if said.contains("comeback-") => Step::answer("resumed"),
        _ if !turn.results.is_empty() => Step::answer("It runs."),
        "read it" => Step::call(Call::stuck(COMMAND)),
        "read it behind me" => Step::call(Call::background(COMMAND)),
        _ => Step::answer("Noted."),
    }
}

impl Crowd {
    /// Makes so many sessions, kills the gateway and starts it again.
    pub fn of(flavour: Flavour, sessions: usize, pace: Pace) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let setup = Setup {
            flavour,
            state: folder.path().join("state"),
            token: "token-of-a-simulated-gateway".to_owned(),
            pace: Pace { native: Duration::from_millis(1), drain: Duration::ZERO, ..pace },
            clock: Clock::default(),
            script: Box::new(script),
        };
        let simulator = Simulator::new(setup).unwrap();
        simulator.pass(-BETWEEN_LIVES * 2);
        simulator.start().unwrap();
        // From 2026.8 on native recovery has every turn go on, and commands die with their gateway.
        let busy = if flavour == Flavour::V2026_9_6 { "read it behind me" } else { "read it" };
        for (chat, said) in [(RESTING, "hello"), (BUSY, busy)] {
            simulator.person_says(&key("main", chat), said).unwrap();
        }
        assert!(simulator.settles_within(PATIENCE), "{:?}", simulator.faults());
        simulator.kill();
        let mut crowd = Self { simulator, flavour, folder, cut: vec![key("main", BUSY)] };
        crowd.copy(sessions);
        crowd.starts_again();
        crowd
    }

    /// Starts the gateway after a kill.
    pub fn starts_again(&self) {
        self.simulator.pass(BETWEEN_LIVES);
        self.simulator.start().unwrap();
    }

    pub fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn copy(&mut self, sessions: usize) {
        let mut chats: BTreeMap<String, Vec<(usize, bool)>> = BTreeMap::new();
        for number in 0..sessions - 2 {
            let is_cut = number < CUT - 1;
            chats.entry(agent(number)).or_default().push((number + 1, is_cut));
            if is_cut {
                self.cut.push(key(&agent(number), number + 1));
            }
        }
        for (agent, chats) in chats {
            match self.flavour {
                Flavour::V2026_9_6 => self.copy_rows(&agent, &chats),
                Flavour::V2026_5_28 | Flavour::V2026_7_1 => self.copy_files(&agent, &chats),
            }
        }
    }

    fn copy_files(&self, agent: &str, chats: &[(usize, bool)]) {
        let of = |agent: &str| self.state().join("agents").join(agent).join("sessions");
        let (from, to) = (of("main"), of(agent));
        fs::create_dir_all(&to).unwrap();
        let rows: Value = serde_json::from_slice(&fs::read(from.join("sessions.json")).unwrap()).unwrap();
        let originals = originals(|key| rows[key]["sessionId"].as_str().unwrap().to_owned());
        let texts = originals.each_ref().map(|original| {
            let read = |ending| fs::read_to_string(from.join(format!("{}.{ending}", original.id))).ok();
            (rows[&original.key].to_string(), read("jsonl").unwrap(), read("jsonl.lock"))
        });
        let mut copies = Map::new();
        for (chat, is_cut) in chats {
            let (original, (row, transcript, lock)) =
                (&originals[usize::from(*is_cut)], &texts[usize::from(*is_cut)]);
            let row: Value = serde_json::from_str(&original.copied(row, agent, *chat)).unwrap();
            let path = to.join(row["sessionId"].as_str().unwrap());
            fs::write(path.with_extension("jsonl"), original.copied(transcript, agent, *chat)).unwrap();
            if let Some(lock) = lock {
                fs::write(path.with_extension("jsonl.lock"), lock).unwrap();
            }
            copies.insert(key(agent, *chat).to_string(), row);
        }
        fs::write(to.join("sessions.json"), Value::Object(copies).to_string()).unwrap();
    }

    fn copy_rows(&self, agent: &str, chats: &[(usize, bool)]) {
        let of = |agent: &str| self.state().join("agents").join(agent).join("agent");
        let (from, to) = (of("main").join("openclaw-agent.sqlite"), of(agent));
        fs::create_dir_all(&to).unwrap();
        let to = to.join("openclaw-agent.sqlite");
        let mut database = copy_of(&from, &to);
        let text = |column: &str, key: &str| -> String {
            let query = format!("SELECT {column} FROM session_nodes WHERE session_key = ?1");
            database.query_row(&query, [key], |row| row.get(0)).unwrap()
        };
        let originals = originals(|key| text("current_session_id", key));
        let rows = originals.each_ref().map(|original| text("entry_json", &original.key));
        let events = originals.each_ref().map(|original| events(&database, &original.id));
        let transaction = database.transaction().unwrap();
        for (chat, is_cut) in chats {
            let at = usize::from(*is_cut);
            let copied = |text: &str| originals[at].copied(text, agent, *chat);
            let (row, id) = (copied(&rows[at]), copied(&originals[at].id));
            let node = "INSERT INTO session_nodes SELECT ?1, ?2, ?3, updated_at, status, archived_at, last_interaction_at
                FROM session_nodes WHERE session_key = ?4";
            let key = key(agent, *chat).to_string();
            transaction.prepare(node).unwrap().execute((&key, &id, row, &originals[at].key)).unwrap();
            let event = "INSERT INTO transcript_events VALUES (?1, ?2, ?3, ?4, NULL, ?5, NULL)";
            let mut event = transaction.prepare(event).unwrap();
            for (seq, (text, created_at)) in (0_i64..).zip(&events[at]) {
                let text = copied(text);
                let bytes = i64::try_from(text.len()).unwrap();
                event.execute((&id, seq, text, created_at, bytes)).unwrap();
            }
        }
        for original in &originals {
            transaction.execute("DELETE FROM session_nodes WHERE session_key = ?1", [&original.key]).unwrap();
            transaction
                .execute("DELETE FROM transcript_events WHERE session_id = ?1", [&original.id])
                .unwrap();
        }
        transaction.commit().unwrap();
    }

    /// Writes the policy.
    pub fn policy(&self, yaml: &str) {
        fs::create_dir_all(self.state().join("comeback")).unwrap();
        fs::write(self.state().join("comeback/config.yaml"), yaml).unwrap();
    }

    /// Runs the program to its end, and looks how much memory it takes meanwhile.
    pub fn run(&self, args: &[&str]) -> Run {
        let out = tempfile::NamedTempFile::new_in(self.folder.path()).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_comeback"));
        command.args(args).args(["--json", "--state-dir"]).arg(self.state());
        command.env_clear().env("HOME", self.folder.path()).env("TMPDIR", self.folder.path());
        command.stdin(Stdio::null()).stdout(out.reopen().unwrap()).stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let mut peak = 0;
        let status = loop {
            peak = peak.max(held_by(child.id()).unwrap_or_default());
            if let Some(status) = child.try_wait().unwrap() {
                break status;
            }
            thread::sleep(Duration::from_millis(2));
        };
        let report = serde_json::from_slice(&fs::read(out.path()).unwrap()).unwrap();
        Run { code: status.code().unwrap(), report, peak }
    }

    pub fn settle(&self) {
        assert!(self.simulator.settles_within(PATIENCE));
        assert!(self.simulator.faults().is_empty(), "{:?}", self.simulator.faults());
    }
}

/// The most memory that a process has held, in KiB; where there is no `/proc` nobody tells.
fn held_by(pid: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").parse().ok()
}

fn originals(id: impl Fn(&str) -> String) -> [Original; 2] {
    [RESTING, BUSY].map(|chat| {
        let key = key("main", chat).to_string();
        Original { id: id(&key), key, chat }
    })
}

/// Copies a database with its `-wal`.
fn copy_of(from: &Path, to: &Path) -> Connection {
    let original = Connection::open(from).unwrap();
    original.execute("VACUUM INTO ?1", [to.to_str().unwrap()]).unwrap();
    let copy = Connection::open(to).unwrap();
    copy.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;").unwrap();
    copy
}

fn events(database: &Connection, session: &str) -> Vec<(String, i64)> {
    let query = "SELECT event_json, created_at FROM transcript_events WHERE session_id = ?1 ORDER BY seq";
    let mut statement = database.prepare(query).unwrap();
    let rows = statement.query_map([session], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.map(Result::unwrap).collect()
}
