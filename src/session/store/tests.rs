//! State directories as gateways leave them.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::symlink;
use std::time::SystemTime;

use rstest::rstest;
use serde_json::{Map, Value, json};

use super::*;
use crate::session::fake::{KEY, State, Story, add_event, row};
use crate::session::{Phase, Writer, cuts};

fn story(text: &str) -> Story {
    Story::new().user("u1", text).calls("a1", &["c1"])
}

fn config(state: &Path, json: &Value) -> Config {
    fs::write(state.join("openclaw.json"), json.to_string()).unwrap();
    Config::load(state, &|_| None).unwrap()
}

fn read_with(state: &Path, settings: &Value) -> (Vec<Store>, Vec<Evidence>) {
    read_all(state, &config(state, settings)).unwrap()
}

/// Reads all, and shows each session with what was last asked there, or why it cannot be read.
fn seen(state: &Path, settings: &Value) -> Vec<String> {
    let (stores, sessions) = read_with(state, settings);
    let store = |store: &Store| match &store.sessions {
        Ok(count) => format!("{} {:?} {count}", store.agent, store.kind),
        Err(error) => format!("{} {:?} {}", store.agent, store.kind, error.full()),
    };
    let session = |session: &Evidence| {
        let asked = match &session.history {
            Ok(history) => history.last_request().map_or("-", |entry| entry.text.as_str()).to_owned(),
            Err(error) => error.full(),
        };
        format!("{} {}: {asked}", session.agent, session.key)
    };
    let state = state.display().to_string();
    let all = stores.iter().map(store).chain(sessions.iter().map(session));
    all.map(|line| line.replace(&state, "STATE")).collect()
}

/// Every file below a folder with its size, its time and its content.
fn files(folder: &Path) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap()) {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            let modified = entry.metadata().unwrap().modified().unwrap();
            found.insert(path.clone(), (modified, fs::read(path).unwrap()));
        }
    }
    found
}

#[test]
fn an_empty_state_directory_has_no_sessions() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(seen(dir.path(), &json!({})), [""; 0]);
}

#[test]
fn each_agent_has_a_store_in_its_own_form() {
    let state = State::new();
    drop(state.put_database(&json!({KEY: row(&json!({}))}), &[("s1", &story("sort"))], true));
    let work = state.path().join("agents/work/sessions");
    fs::create_dir_all(&work).unwrap();
    let rows = json!({"agent:work:main": row(&json!({})), "global": row(&json!({"sessionId": "s2"}))});
    fs::write(work.join("sessions.json"), rows.to_string()).unwrap();
    fs::write(work.join("s1.jsonl"), story("draw").lines()).unwrap();
    assert_eq!(
        seen(state.path(), &json!({"agents": {"list": [{"id": "main"}, {"id": "idle"}]}})),
        [
            "main Sqlite 1",
            "work Jsonl 2",
            "main agent:main:telegram:direct:7: sort",
            "work agent:work:main: draw",
            "work global: -",
        ]
    );
}

/// Each agent has one session for all its chats, of the same key.
#[test]
fn the_one_session_of_an_agent_is_known_by_a_key_of_its_own() {
    let state = State::new();
    let rows = json!({"global": row(&json!({}))});
    for agent in ["main", "work", "new"] {
        let sessions = state.path().join("agents").join(agent).join("sessions");
        fs::create_dir_all(&sessions).unwrap();
        fs::write(sessions.join("sessions.json"), rows.to_string()).unwrap();
        fs::write(sessions.join("s1.jsonl"), story(agent).lines()).unwrap();
    }
    let moved = State::new();
    drop(moved.put_database(&rows, &[("s1", &story("moved"))], true));
    fs::create_dir_all(state.path().join("agents/new/agent")).unwrap();
    fs::copy(moved.database(), state.path().join("agents/new/agent/openclaw-agent.sqlite")).unwrap();
    let told = |scope: &str| {
        let settings = json!({"session": {"scope": scope}, "agents": {"list": [{"id": "main"}, {"id": "new"}, {"id": "work"}]}});
        let told = |one: Evidence| {
            format!("{} {} {}", one.agent, one.key, if one.out_of_reach { "out" } else { "in" })
        };
        read_with(state.path(), &settings).1.into_iter().map(told).collect::<Vec<_>>()
    };
    assert_eq!(told("global"), ["main global in", "new agent:new:main in", "work agent:work:main out"]);
    assert_eq!(told("per-sender"), ["main global in", "new global in", "work global in"]);
}

#[rstest]
#[case::rows("sessions", "sessions.json", "Jsonl")]
#[case::a_database("agent", "openclaw-agent.sqlite", "Sqlite")]
fn what_is_no_file_in_a_stores_place_is_refused(
    #[case] folder: &str,
    #[case] name: &str,
    #[case] kind: &str,
) {
    let state = State::new();
    let socket = state.folder(folder).join(name);
    drop(std::os::unix::net::UnixListener::bind(&socket).unwrap());
    let told = format!("main {kind} cannot read STATE/agents/main/{folder}/{name}: it is no file");
    assert_eq!(seen(state.path(), &json!({})), [told]);
}

#[test]
fn what_is_no_file_beside_a_database_is_refused() {
    let state = State::new();
    drop(state.put_database(&json!({KEY: row(&json!({}))}), &[("s1", &story("sort"))], true));
    let journal = state.database().with_extension("sqlite-journal");
    drop(std::os::unix::net::UnixListener::bind(journal).unwrap());
    let told = "main Sqlite cannot read STATE/agents/main/agent/openclaw-agent.sqlite-journal: it is no file";
    assert_eq!(seen(state.path(), &json!({})), [told]);
}

#[test]
fn files_beside_the_database_that_they_were_moved_into_are_not_current() {
    let state = State::new();
    drop(state.put_database(&json!({KEY: row(&json!({}))}), &[("s1", &story("new"))], false));
    state.put_rows(&json!({KEY: row(&json!({})), "agent:main:gone": row(&json!({}))}));
    state.put("s1.jsonl", story("old").lines());
    assert_eq!(seen(state.path(), &json!({})), ["main Sqlite 1", "main agent:main:telegram:direct:7: new"]);
}

#[test]
fn a_database_without_sessions_is_for_something_else() {
    let state = State::new();
    let connection = rusqlite::Connection::open(state.database()).unwrap();
    connection.execute_batch("CREATE TABLE memory_chunks (id)").unwrap();
    drop(connection);
    state.put_rows(&json!({KEY: row(&json!({}))}));
    state.put("s1.jsonl", story("sort").lines());
    assert_eq!(seen(state.path(), &json!({})), ["main Jsonl 1", "main agent:main:telegram:direct:7: sort"]);
}

#[rstest]
#[case::a_folder_an_agent("{agentId}.json", &["main.json", "work.json"])]
#[case::one_for_all("all.json", &["all.json"])]
fn a_store_elsewhere_is_read_there_alone(#[case] name: &str, #[case] made: &[&str]) {
    let state = State::new();
    state.put_rows(&json!({"agent:main:old": row(&json!({}))}));
    let elsewhere = tempfile::tempdir().unwrap();
    for name in made {
        let rows = json!({format!("agent:main:{name}"): row(&json!({}))});
        fs::write(elsewhere.path().join(name), rows.to_string()).unwrap();
    }
    fs::write(elsewhere.path().join("s1.jsonl"), story("there").lines()).unwrap();
    let settings = json!({
        "session": {"store": elsewhere.path().join(name)}, "agents": {"list": [{"id": "main"}, {"id": "work"}]},
    });
    let sessions = seen(state.path(), &settings).split_off(made.len());
    let expected: Vec<_> = made.iter().map(|name| format!("main agent:main:{name}: there")).collect();
    assert_eq!(sessions, expected);
}

#[rstest]
#[case("/x/sessions.json", "/x/openclaw-agent.sqlite", "/x/openclaw-agent.work.sqlite")]
#[case("/x/my.json", "/x/my.sqlite", "/x/my.work.sqlite")]
#[case("/x/my.sqlite", "/x/my.sqlite", "/x/my.work.sqlite")]
#[case(
    "/x/agents/work/sessions/sessions.json",
    "/x/agents/work/agent/openclaw-agent.sqlite",
    "/x/agents/work/agent/openclaw-agent.work.sqlite"
)]
fn a_store_elsewhere_is_moved_into_a_database_beside_it(
    #[case] store: &str,
    #[case] database: &str,
    #[case] named: &str,
) {
    let place = Place::elsewhere("work".parse().unwrap(), store);
    assert_eq!(place.databases, [Path::new(database), Path::new(named)]);
}

#[test]
fn one_file_for_all_is_moved_into_a_database_each() {
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("all.json");
    let agents = || ["main", "work"].map(|agent| agent.parse().unwrap()).into_iter().collect();
    let places = |made: &str| {
        fs::write(dir.path().join(made), "").unwrap();
        let places = Place::shared(agents(), &"main".parse().unwrap(), store.to_str().unwrap());
        places.into_iter().map(|place| (place.rows.is_some(), place.databases.len())).collect::<Vec<_>>()
    };
    assert_eq!(places("all.json"), [(true, 2), (false, 1)]);
    assert_eq!(places("all.work.sqlite"), [(false, 2), (false, 1)], "the file is what was moved");
}

#[rstest]
#[case::a_row_that_is_none(json!("x"), "cannot read the row of session")]
#[case::a_file_elsewhere(json!({"sessionId": "s1", "sessionFile": "OUTSIDE/s1.jsonl"}), "it leads out of ")]
#[case::a_way_out(json!({"sessionId": "s1", "sessionFile": "../../../../OUT/s1.jsonl"}), "it leads out of ")]
#[case::a_link_elsewhere(json!({"sessionId": "link"}), "it leads out of ")]
#[case::a_strange_id(json!({"sessionId": "../s2"}), "no file name")]
#[case::a_trajectory(json!({"sessionId": "s1", "sessionFile": "s2.trajectory.jsonl"}), "no transcript by its name")]
#[case::a_folder(json!({"sessionId": "folder"}), "it is no file")]
fn a_session_that_cannot_be_read_says_why_and_is_not_the_end(#[case] bad: Value, #[case] why: &str) {
    let state = State::new();
    let outside = tempfile::tempdir_in(state.path().parent().unwrap()).unwrap();
    fs::write(outside.path().join("s1.jsonl"), story("not ours").lines()).unwrap();
    symlink(outside.path().join("s1.jsonl"), state.folder("sessions").join("link.jsonl")).unwrap();
    fs::create_dir(state.folder("sessions").join("folder.jsonl")).unwrap();
    state.put("s2.jsonl", story("sort").lines());
    state.put("s2.trajectory.jsonl", "{}\n");
    let name = outside.path().file_name().unwrap().to_str().unwrap();
    let bad = bad.to_string().replace("OUTSIDE", outside.path().to_str().unwrap()).replace("OUT", name);
    let rows =
        format!(r#"{{"agent:main:bad":{bad},"agent:main:good":{}}}"#, row(&json!({"sessionId": "s2"})));
    state.put("sessions.json", rows);
    let seen = seen(state.path(), &json!({}));
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert!(seen[1].starts_with("main agent:main:bad: ") && seen[1].contains(why), "{}", seen[1]);
    assert_eq!(seen[2], "main agent:main:good: sort");
}

#[test]
fn a_file_that_is_named_and_not_there_is_looked_for_under_its_usual_name() {
    let state = State::new();
    state.put_rows(&json!({
        "agent:main:moved": row(&json!({"sessionFile": "/home/openclaw/agents/main/sessions/s1.jsonl"})),
        "agent:main:topic": row(&json!({"sessionFile": state.folder("sessions").join("s1-topic-5.jsonl")})),
    }));
    state.put("s1.jsonl", story("sort").lines());
    state.put("s1-topic-5.jsonl", story("draw").lines());
    assert_eq!(
        seen(state.path(), &json!({})),
        ["main Jsonl 2", "main agent:main:moved: sort", "main agent:main:topic: draw"]
    );
}

#[test]
fn a_state_directory_may_itself_be_a_link() {
    let state = State::new();
    state.put_rows(&json!({KEY: row(&json!({"sessionFile": state.folder("sessions").join("s1.jsonl")}))}));
    state.put("s1.jsonl", story("sort").lines());
    let dir = tempfile::tempdir().unwrap();
    symlink(state.path(), dir.path().join("link")).unwrap();
    assert_eq!(seen(&dir.path().join("link"), &json!({}))[1], "main agent:main:telegram:direct:7: sort");
}

#[rstest]
#[case::torn_rows("sessions/sessions.json", "{\"agent:main:a\": {", "cannot read the sessions of STATE")]
#[case::zeros_for_rows("sessions/sessions.json", "\0\0\0\0", "cannot read the sessions of STATE")]
#[case::no_database(
    "agent/openclaw-agent.sqlite",
    "this is no database at all, but long enough to look like one",
    "cannot look at the tables of STATE"
)]
fn a_store_that_cannot_be_read_says_why_and_is_not_the_end(
    #[case] file: &str,
    #[case] content: &str,
    #[case] why: &str,
) {
    let state = State::new();
    fs::write(state.path().join("agents/main").join(file), content).unwrap();
    let work = state.path().join("agents/work/sessions");
    fs::create_dir_all(&work).unwrap();
    fs::write(work.join("sessions.json"), "\u{feff}{}").unwrap();
    let seen = seen(state.path(), &json!({}));
    assert!(seen[0].contains(why), "{}", seen[0]);
    assert_eq!(seen[1], "work Jsonl 0");
}

#[test]
fn a_key_that_is_none_and_damages_are_told_as_warnings() {
    let state = State::new();
    state.put_rows(&json!({"a\nb": row(&json!({})), KEY: row(&json!({}))}));
    state.put("s1.jsonl", story("sort").lines() + "{\"type\":\"mess");
    let (stores, sessions) = read_with(state.path(), &json!({}));
    assert_eq!(sessions.len(), 1);
    assert_eq!(stores[0].warnings.len(), 2, "{:?}", stores[0].warnings);
    assert!(stores[0].warnings[0].contains("no session key"));
    assert_eq!(stores[0].warnings[1], format!("{KEY}: 1 × a line that is no JSON was left out"));
}

#[test]
fn the_writer_of_a_turn_is_alive_or_dead() {
    let state = State::new();
    state.put_rows(&json!({KEY: row(&json!({}))}));
    let writer = |content: Option<&str>| {
        let lock = state.folder("sessions").join("s1.jsonl.lock");
        match content {
            Some(content) => fs::write(lock, content).unwrap(),
            None => drop(fs::remove_file(lock)),
        }
        read_with(state.path(), &json!({})).1[0].writer
    };
    let own = std::process::id();
    assert_eq!(writer(None), None);
    assert_eq!(writer(Some("{torn")), None);
    assert_eq!(writer(Some(&format!(r#"{{"pid":{own}}}"#))), Some(Writer { pid: own, alive: true }));
    if Path::new("/proc/self/stat").exists() {
        let of_another_process =
            format!(r#"{{"pid":{own},"createdAt":"2026-11-21T03:39:37.006Z","starttime":1}}"#);
        assert_eq!(writer(Some(&of_another_process)), Some(Writer { pid: own, alive: false }));
        assert_eq!(writer(Some(r#"{"pid":4294967295}"#)), Some(Writer { pid: u32::MAX, alive: false }));
    }
}

/// With and without a `-wal` beside it, what is read is all that was written, and nothing is left behind.
#[rstest]
#[case::live(true)]
#[case::closed(false)]
fn a_database_is_read_without_a_trace(#[case] is_live: bool) {
    let state = State::new();
    let connection = state.put_database(&json!({KEY: row(&json!({}))}), &[("s1", &story("sort"))], false);
    let late = story("sort").user("u2", "late").records.pop().unwrap();
    add_event(&connection, "s1", 9, &late.to_string(), true);
    let connection = is_live.then_some(connection);
    let config = config(state.path(), &json!({}));
    let before = files(state.path());
    assert_eq!(before.keys().any(|path| path.ends_with("openclaw-agent.sqlite-wal")), is_live);
    let (_, sessions) = read_all(state.path(), &config).unwrap();
    assert_eq!(sessions[0].history.as_ref().unwrap().last_request().unwrap().text, "late");
    assert!(files(state.path()) == before, "something was written");
    drop(connection);
}

#[test]
fn a_database_that_is_written_while_it_is_read_is_read_as_it_is_then() {
    let state = State::new();
    drop(state.put_database(&json!({KEY: row(&json!({}))}), &[("s1", &story("sort"))], false));
    let mut reader = Sqlite::open(&state.database()).unwrap().unwrap();
    let listed = reader.more().unwrap();
    let connection = rusqlite::Connection::open(state.database()).unwrap();
    let late = story("sort").user("u2", "late").records.pop().unwrap();
    add_event(&connection, "s1", 9, &late.to_string(), false);
    let history = reader.history(&KEY.parse().unwrap(), listed[0].row.as_ref().unwrap()).unwrap();
    assert_eq!(history.last_request().unwrap().text, "late");
}

/// Whatever the gateway does meanwhile, what is read was there at one moment.
#[test]
fn a_database_in_use_is_read_whole() {
    let state = State::new();
    let connection = state.put_database(&json!({KEY: row(&json!({}))}), &[("s1", &story("sort"))], false);
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let connection = connection;
            for seq in 10..200 {
                let aside = json!({"type": "custom", "parentId": "a1", "data": "x".repeat(3_000)});
                let record = Story::new().record("m", aside).records.pop().unwrap();
                add_event(&connection, "s1", seq, &record.to_string(), seq % 2 == 0);
                if seq % 9 == 0 {
                    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
                }
                std::thread::sleep(std::time::Duration::from_millis(3));
            }
        });
        while !writer.is_finished() {
            let mut reader = Sqlite::open(&state.database()).unwrap().unwrap();
            let listed = reader.more().unwrap();
            let history = reader.history(&KEY.parse().unwrap(), listed[0].row.as_ref().unwrap()).unwrap();
            assert_eq!(history.last_request().unwrap().text, "sort");
            assert_eq!(history.damages.total(), 0);
        }
    });
}

#[rstest]
#[case::no_frame(b"not compressed".to_vec())]
#[case::torn(zstd::bulk::compress(&vec![b'x'; 100_000], 1).unwrap()[..12].to_vec())]
#[case::a_bomb(zstd::bulk::compress(&vec![b' '; 5 << 20], 1).unwrap())]
fn an_event_that_cannot_be_unpacked_is_counted(#[case] packed: Vec<u8>) {
    let state = State::new();
    let connection = state.put_database(&json!({KEY: row(&json!({}))}), &[("s1", &story("sort"))], false);
    connection
        .execute("INSERT INTO transcript_events VALUES ('s1', 9, NULL, 0, ?1, 1, NULL)", [packed])
        .unwrap();
    let (_, sessions) = read_with(state.path(), &json!({}));
    let history = sessions[0].history.as_ref().unwrap();
    assert_eq!(history.last_request().unwrap().text, "sort");
    assert_eq!((history.damages.total(), history.damages.of(crate::session::Damage::Packed)), (1, 1));
}

#[test]
fn a_database_without_compression_is_read_too() {
    let state = State::new();
    let connection = rusqlite::Connection::open(state.database()).unwrap();
    connection
        .execute_batch(
            "CREATE TABLE session_nodes (entry_json TEXT, session_key TEXT);
             CREATE TABLE transcript_events (seq INTEGER, session_id TEXT, event_json TEXT);",
        )
        .unwrap();
    connection
        .execute("INSERT INTO session_nodes VALUES (?1, ?2)", (row(&json!({})).to_string(), KEY))
        .unwrap();
    for (seq, record) in story("sort").records.iter().enumerate() {
        let seq = i64::try_from(seq).unwrap();
        connection
            .execute("INSERT INTO transcript_events VALUES (?1, 's1', ?2)", (seq, record.to_string()))
            .unwrap();
    }
    drop(connection);
    assert_eq!(seen(state.path(), &json!({}))[1], "main agent:main:telegram:direct:7: sort");
}

#[test]
fn a_database_of_a_form_that_is_not_known_is_said_to_be() {
    let state = State::new();
    let connection = rusqlite::Connection::open(state.database()).unwrap();
    connection.execute_batch("CREATE TABLE session_nodes (key TEXT)").unwrap();
    drop(connection);
    state.put_rows(&json!({KEY: row(&json!({}))}));
    let (stores, sessions) = read_with(state.path(), &json!({}));
    assert_eq!((stores.len(), sessions.len()), (1, 0));
    assert!(stores[0].sessions.as_ref().unwrap_err().hints()[0].contains("newer comeback"));
}

/// One frozen state directory for each form that was released; they must be read for ever.
#[rstest]
#[case::files("2026.7.1", StoreKind::Jsonl)]
#[case::database("2026.9.6", StoreKind::Sqlite)]
fn frozen_stores_tell_what_they_always_told(#[case] version: &str, #[case] kind: StoreKind) {
    let state = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stores").join(version);
    let config = Config::load(&state, &|_| None).unwrap();
    let (stores, sessions) = read_all(&state, &config).unwrap();
    assert_eq!((stores.len(), stores[0].kind), (1, kind));
    assert_eq!(*stores[0].sessions.as_ref().unwrap(), 6);
    let describe = |tool: &str, _: &Value, outcome| crate::model::Call {
        tool: tool.to_owned(),
        summary: String::new(),
        effect: crate::model::Effect::Unknown,
        risk: crate::model::Risk::High,
        outcome,
        replies: false,
    };
    let mut told = String::new();
    for session in &sessions {
        let history = session.history.as_ref().unwrap();
        assert_eq!(history.damages.total(), 0);
        let cuts = cuts(&session.agent, &session.row, history, &describe);
        for cut in cuts {
            let opened = cut.opened_by.as_ref().map_or("-", |entry| crate::session::spoken(&entry.text));
            let calls: Vec<_> =
                cut.calls.iter().map(|call| format!("{}={:?}", call.tool, call.outcome)).collect();
            let line = format!("{} {} {:?} {opened:?} {}", session.key, cut.id, cut.phase, calls.join(" "));
            told += line.trim_end();
            told.push('\n');
            assert_eq!(cut.command.is_some(), cut.phase == Phase::Command);
        }
    }
    let telegram = |session: &Evidence| session.row.route.as_ref().map(|route| route.to.clone());
    let to = sessions.iter().find(|session| session.key.as_str() == KEY).and_then(telegram);
    assert_eq!(to.as_deref(), Some("telegram:7"));
    match kind {
        StoreKind::Jsonl => insta::assert_snapshot!(told, @r#"
        agent:main:telegram:direct:7 13450c122c74d1bdfcebe2b13e56eef1 ToolCall "sort the photos in ~/pictures by year" exec=Done exec=Unknown
        agent:main:telegram:direct:9 6c38afecb73a2409c5852974d52e48ca Command "build it and tell me when it is done" exec=Unknown
        agent:main:telegram:direct:10 15f5c50e536c96f85f7d4623e5c80261 Message "-"
        agent:main:telegram:direct:11 cfbaca0a292d5e120cee5ffb25fc0d92 ToolCall "post the minutes" message=Unknown
        "#),
        StoreKind::Sqlite => insta::assert_snapshot!(told, @r#"
        agent:main:main 578c4f6ce32c6bfaa3bc31e1cfcec09d ToolCall "[OpenClaw heartbeat poll]" exec=Unknown
        agent:main:telegram:direct:10 17aa22627e3761a75cc02c7ce78e38b3 Message "draw me a plan"
        agent:main:telegram:direct:11 84996e3f7622b6b8b96eee0099e4a601 Message "-"
        agent:main:telegram:direct:7 13450c122c74d1bdfcebe2b13e56eef1 ToolCall "sort the photos in ~/pictures by year" exec=Done exec=Unknown
        agent:main:telegram:direct:9 6c38afecb73a2409c5852974d52e48ca Command "build it and tell me when it is done" exec=Unknown
        "#),
        StoreKind::Gateway => panic!("there are files"),
    }
}

#[test]
fn a_folder_that_cannot_be_looked_into_is_named_and_is_not_an_empty_one() {
    let state = State::new();
    let folder = state.folder("sessions");
    fs::remove_dir(&folder).unwrap();
    // Of itself: not even root looks behind it.
    symlink("sessions", &folder).unwrap();
    let seen = seen(state.path(), &json!({}));
    assert!(seen.len() == 1 && seen[0].starts_with("main Jsonl cannot find "), "{seen:?}");
}

fn many(count: usize) -> Value {
    (0..count).map(|at| (format!("agent:main:{at:04}"), row(&json!({})))).collect::<Map<_, _>>().into()
}

#[rstest]
fn of_many_sessions_each_is_read_once(#[values(true, false)] in_files: bool) {
    let state = State::new();
    let told = story("sort");
    if in_files {
        state.put_rows(&many(1_300));
        state.put("s1.jsonl", told.lines());
    } else {
        let connection = state.put_database(&many(1_300), &[("s1", &told)], true);
        // One whose key is no text stands where the first part of the list ends.
        let odd = "UPDATE session_nodes SET session_key = CAST(x'6167656e743a6d61696e3a30353131ff' AS TEXT)
            WHERE session_key = 'agent:main:0511'";
        connection.execute(odd, []).unwrap();
    }
    let (stores, sessions) = read_with(state.path(), &json!({}));
    let keys: BTreeSet<&str> = sessions.iter().map(|one| one.key.as_str()).collect();
    assert_eq!((*stores[0].sessions.as_ref().unwrap(), sessions.len(), keys.len()), (1_300, 1_300, 1_300));
    assert!(sessions.iter().all(|one| one.history.as_ref().unwrap().last_request().unwrap().text == "sort"));
}

#[test]
fn of_a_list_that_is_torn_nothing_is_kept() {
    let state = State::new();
    let rows = many(1_300).to_string();
    state.put("sessions.json", &rows[..rows.len() / 2]);
    let (stores, sessions) = read_with(state.path(), &json!({}));
    let why = stores[0].sessions.as_ref().unwrap_err().full();
    assert!(why.starts_with("cannot read the sessions of ") && why.contains("EOF"), "{why}");
    // Who knows which sessions stood there: when the gateway was last at work nobody could tell.
    assert_eq!(sessions.len(), 0);
}
