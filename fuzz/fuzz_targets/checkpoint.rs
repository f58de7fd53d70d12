//! A checkpoint: what is read and written again is read as the same.
#![no_main]

use comeback::checkpoint::{Checkpoint, parse, render};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(read) = parse("x.md", text) else { return };
    let keys = |checkpoint: &Checkpoint| {
        checkpoint.blocks.iter().map(|block| block.session_key.clone()).collect::<Vec<_>>()
    };
    let newer = read.meta.as_ref().is_some_and(|meta| meta.ensure_known("x.md").is_err());
    if !newer {
        let again = parse("y.md", &render(&read, Default::default())).expect("what was written is read");
        assert_eq!(keys(&again), keys(&read));
    }
});
