//! A policy, which may only tighten another one.
#![no_main]

use std::path::Path;

use comeback::plan::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = Policy::parse(text, Path::new("comeback.yaml"));
});
