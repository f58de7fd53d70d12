//! Runs against real `OpenClaw` gateways of three versions, with a scripted model and a stand-in for Telegram.
//!
//! `scripts/fetch-openclaw.sh` installs the versions. A test here is for what only a real gateway can show; everything
//! else is tested closer to its code.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod chain;
mod chinese;
mod comeback;
mod conformance;
mod crash;
mod fallback;
mod global;
mod harness;
mod install;
mod late;
mod once;
mod people;
mod planned;
mod skill;
mod smoke;
mod tasks;
mod unprepared;
