//! The gateway's configuration.
#![no_main]

use std::cell::RefCell;
use std::fs;

use comeback::gateway::Config;
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

thread_local! {
    static STATE: RefCell<TempDir> = RefCell::new(tempfile::tempdir().expect("a temporary folder"));
}

fuzz_target!(|data: &[u8]| {
    STATE.with_borrow(|state| {
        fs::write(state.path().join("openclaw.json"), data).expect("a file");
        if let Err(error) = Config::load(state.path(), &|_| None) {
            assert!(!error.to_string().is_empty());
        }
    });
});
