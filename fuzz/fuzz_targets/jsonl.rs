//! A transcript of lines, as bytes: it is read, and what is wrong with it is counted.
#![no_main]

use std::cell::RefCell;
use std::fs;

use comeback::gateway::Config;
use comeback::session::read_all;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

thread_local! {
    static STATE: RefCell<TempDir> = RefCell::new(state());
}

fn state() -> TempDir {
    let state = tempfile::tempdir().expect("a temporary folder");
    let folder = state.path().join("agents/main/sessions");
    fs::create_dir_all(&folder).expect("a folder in it");
    let rows = r#"{"agent:main:telegram:direct:7": {"sessionId": "s1", "status": "running"}}"#;
    fs::write(folder.join("sessions.json"), rows).expect("a file in it");
    state
}

fuzz_target!(|data: &[u8]| {
    STATE.with_borrow(|state| {
        fs::write(state.path().join("agents/main/sessions/s1.jsonl"), data).expect("a file");
        let config = Config::load(state.path(), &|_| None).expect("no configuration");
        let (_, sessions) = read_all(state.path(), &config).expect("a store");
        assert!(sessions[0].history.is_ok());
    });
});
