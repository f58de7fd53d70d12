//! The program as people and agents call it: arguments, output, exit codes and files. No gateway runs.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

mod attackers;
mod capture;
mod chain;
mod checkpoint;
mod confirm;
mod doctor;
mod drill;
mod errors;
mod help;
mod mistakes;
mod note;
mod now;
mod prepare;
mod recover;
mod render;
mod report;
mod scan;
mod secrets;
mod setup;
mod status;
mod task;
mod terminal;
mod world;
