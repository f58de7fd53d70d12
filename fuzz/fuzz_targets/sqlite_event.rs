//! An event of a database: the first byte says whether it is text or a frame of Zstd.
#![no_main]

use std::cell::RefCell;
use std::fs;

use comeback::gateway::Config;
use comeback::session::{TABLES, read_all};
use libfuzzer_sys::fuzz_target;
use rusqlite::Connection;
use tempfile::TempDir;

thread_local! {
    static STATE: RefCell<TempDir> = RefCell::new(state());
}

fn state() -> TempDir {
    let state = tempfile::tempdir().expect("a temporary folder");
    fs::create_dir_all(state.path().join("agents/main/agent")).expect("a folder in it");
    let connection = open(&state);
    connection.execute_batch("PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;").expect("a pragma");
    connection.execute_batch(TABLES).expect("the tables");
    connection
        .execute(
            "INSERT INTO session_nodes VALUES ('agent:main:telegram:direct:7', 's1', ?1, 0, NULL, NULL, NULL)",
            [r#"{"sessionId": "s1", "status": "running"}"#],
        )
        .expect("a row");
    state
}

fn open(state: &TempDir) -> Connection {
    Connection::open(state.path().join("agents/main/agent/openclaw-agent.sqlite")).expect("a database")
}

fuzz_target!(|data: &[u8]| {
    let Some((kind, event)) = data.split_first() else { return };
    STATE.with_borrow(|state| {
        let connection = open(state);
        let (text, packed) = if kind % 2 == 0 { (Some(String::from_utf8_lossy(event)), None) } else { (None, Some(event)) };
        connection
            .execute("INSERT OR REPLACE INTO transcript_events VALUES ('s1', 1, ?1, 0, ?2, 1, NULL)", (text, packed))
            .expect("an event");
        drop(connection);
        let config = Config::load(state.path(), &|_| None).expect("no configuration");
        let (_, sessions) = read_all(state.path(), &config).expect("a store");
        assert!(sessions[0].history.is_ok());
    });
});
