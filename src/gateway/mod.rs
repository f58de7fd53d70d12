//! Talks to the gateway on this machine: its configuration, its life, its methods.

mod config;

pub use config::{AgentToAgent, Config, Credential, Env, Secret};
