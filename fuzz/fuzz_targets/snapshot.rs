//! What `checkpoint build` takes on stdin.
#![no_main]

use comeback::checkpoint::read_snapshot;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(blocks) = read_snapshot(text) {
        assert!(!blocks.is_empty());
    }
});
