//! What stands between the fences of a checkpoint.
#![no_main]

use comeback::checkpoint::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|front: &str| {
    let _ = parse("x.md", &format!("---\n{front}\n---\n## agent:main:main\n- Goal: g\n"));
});
