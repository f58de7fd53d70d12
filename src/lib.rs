//! Carries an `OpenClaw` agent's work across gateway restarts.

pub mod checkpoint;
pub mod gateway;
pub mod model;
pub mod notice;
pub mod now;
pub mod plan;
pub mod setup;
pub mod support;
