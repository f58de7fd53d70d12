//! Every way of writing, with the program killed or an error injected at each of its system calls in turn, from outside.
//!
//! `strace` counts the calls of a run that goes well, then takes each of them away in a world of its own. Without
//! `COMEBACK_SWEEP=all` a part of them is, the same one each time.
#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

mod files;
mod gateway;
mod simulated;
mod strace;
#[path = "../cli/world.rs"]
#[expect(dead_code, reason = "these tests need a part of it")]
mod world;
