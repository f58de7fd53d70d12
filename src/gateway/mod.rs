//! Talks to the gateway on this machine: its configuration, its life, its methods.
//!
//! [`Config`] says where it is and how to convince it; [`Gateway`] is one connection, over a loopback WebSocket or
//! through `openclaw gateway call`; [`boot`] tells one life of it from the next; [`jobs`] and [`tools`] are the
//! two things about it that need more than one call. What is "measured" was run against 2026.5.28, 2026.7.1 and
//! 2026.9.6.

mod access;
pub mod boot;
mod cli;
mod client;
mod config;
mod failure;
mod frames;
mod identity;
pub mod jobs;
mod listener;
pub mod openclaw;
pub mod tools;
mod ws;

#[cfg(test)]
pub(crate) mod fake;
#[cfg(test)]
mod tests;

pub use access::{Access, Scopes};
pub use client::Gateway;
pub use config::{AgentToAgent, Config, Credential, Env, Lifetime, Resets, Secret};
pub use failure::CallError;
pub use frames::{Hello, Refusal};
pub use openclaw::Openclaw;

/// Reads a frame and what it may hold, for the fuzzer.
#[cfg(fuzzing)]
pub fn read_frame(text: &str) {
    if let Some(frames::Frame::Response { outcome: Ok(payload), .. }) = frames::Frame::parse(text) {
        let _ = Hello::read(&payload);
    }
}
