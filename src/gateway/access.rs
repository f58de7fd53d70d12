//! What is needed to reach a gateway, and what a connection may do there.

use super::config::Config;
use crate::support::paths::Paths;

/// Names what a connection may do; a turn started over an admin connection runs as the owner (read).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(pub(super) &'static str);

impl Scopes {
    /// Reading, and what chats do: turns, notices.
    pub const TALK: Self = Self("operator.read,operator.write");
    /// All of it: jobs and restarts too.
    pub const ADMIN: Self = Self("operator.read,operator.write,operator.admin");

    pub(super) fn list(self) -> Vec<&'static str> {
        self.0.split(',').collect()
    }
}

/// What is needed to reach a gateway.
#[derive(Clone, Copy, Debug)]
pub struct Access<'a> {
    /// Where its state and our identity stand.
    pub paths: &'a Paths,
    /// Where it listens and what convinces it.
    pub config: &'a Config,
}
