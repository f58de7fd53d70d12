//! Carries an `OpenClaw` agent's work across gateway restarts.

pub mod model;
pub mod support;
