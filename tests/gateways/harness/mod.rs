//! What a test needs around a real gateway: the gateway, the model behind it, the chat in front of it.
#![allow(dead_code, reason = "a kit: each test takes what it needs")]

pub mod gateway;
pub mod loopback;
pub mod model;
pub mod openclaw;
pub mod process;
pub mod telegram;
pub mod wait;

use gateway::Gateway;
use model::{Model, Reply, Request};
use openclaw::OpenClaw;
use telegram::Telegram;

/// A gateway with a model and a Telegram of its own. Fields drop in this order: the gateway goes first.
pub struct World {
    pub gateway: Gateway,
    pub model: Model,
    pub telegram: Telegram,
}

impl World {
    /// Wires the three together; the gateway is configured but not started.
    pub fn new(version: &str, script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let model = Model::new(script);
        let telegram = Telegram::new();
        let gateway = Gateway::new(OpenClaw::installed(version), &model.base_url(), &telegram.api_root());
        Self { gateway, model, telegram }
    }

    /// The same, with the gateway up.
    pub fn started(version: &str, script: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let mut world = Self::new(version, script);
        world.gateway.start();
        world.gateway.wait_ready();
        world
    }
}
