//! The rehearsal: what a restart does to the work of agents, without an `OpenClaw`.

pub mod simulator;
