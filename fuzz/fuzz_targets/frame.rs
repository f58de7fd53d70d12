//! A frame of the gateway's.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| comeback::gateway::read_frame(text));
