//! The parameters of the two calls that have effects.

use serde_json::{Value, json};

use crate::model::{IdempotencyKey, Route, SessionKey};

/// The parameters that address a chat.
pub(super) fn route_params(route: &Route) -> Value {
    let mut params = json!({ "channel": route.channel, "to": route.to });
    if let Some(account) = &route.account_id {
        params["accountId"] = json!(account);
    }
    if let Some(thread) = &route.thread_id {
        params["threadId"] = json!(thread);
    }
    params
}

/// The parameters of a message to an agent.
pub(super) fn agent_params(
    session: &SessionKey,
    message: &str,
    key: &IdempotencyKey,
    route: Option<&Route>,
) -> Value {
    let mut params = route.map_or_else(|| json!({}), route_params);
    params["message"] = json!(message);
    params["sessionKey"] = json!(session);
    params["idempotencyKey"] = json!(key);
    params["deliver"] = json!(route.is_some());
    if route.is_some() {
        params["bestEffortDeliver"] = json!(true);
    }
    params
}
