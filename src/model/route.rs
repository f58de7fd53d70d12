//! Where a session's replies go.

use serde::{Deserialize, Serialize};

/// Addresses a chat: the channel, the peer in it, the account we speak as, and the thread.
///
/// Taken from a session's row only, never from a checkpoint or a transcript.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Route {
    /// The channel's id, such as `telegram`.
    pub channel: String,
    /// The peer, in the channel's own form.
    pub to: String,
    /// The account of ours, where the channel has several.
    pub account_id: Option<String>,
    /// The thread or topic, as text.
    pub thread_id: Option<String>,
}
