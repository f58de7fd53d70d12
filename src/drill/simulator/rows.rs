//! Rows of sessions as gateways keep them, and as they tell of them.

use serde_json::{Value, json};

use super::flavour::Flavour;
use super::world::{Setup, World, route_of};
use crate::model::Route;
use crate::support::error::Result;

/// What a row holds that only matters while a turn runs, from 2026.7 on.
const RECOVERY: [&str; 2] = ["restartRecoveryDeliveryContext", "restartRecoveryDeliveryRunId"];
/// What a row holds that the gateway tells nobody.
const UNTOLD: [&str; 5] = ["sessionFile", "delivery", "route", RECOVERY[0], RECOVERY[1]];

impl World {
    /// Returns the row of a session, and makes it where there is none.
    pub fn row_or_new(&mut self, key: &str) -> Result<Value> {
        if let Some(row) = self.store.row(key)? {
            return Ok(row);
        }
        let (session, now) = (self.uuid(), self.now().timestamp_millis());
        let mut row = json!({"sessionId": session, "sessionStartedAt": now, "updatedAt": now,
            "systemSent": true, "abortedLastRun": false, "modelProvider": "mock", "model": "mock"});
        if key.contains(":direct:") {
            row["chatType"] = json!("direct");
        }
        let route = route_of(key);
        if let Some(file) = self.store.file(key, &session) {
            row["sessionFile"] = json!(file);
            if let Some(route) = &route {
                row["deliveryContext"] = context(route);
                row["lastChannel"] = json!(route.channel);
                row["lastTo"] = json!(route.to);
                row["lastAccountId"] = json!(route.account_id);
            }
        } else {
            row["delivery"] = match &route {
                Some(route) => json!({"kind": "external", "context": context(route)}),
                None => json!({"kind": "none"}),
            };
        }
        self.store.put(key, &row)?;
        Ok(row)
    }
}

fn context(route: &Route) -> Value {
    json!({"channel": route.channel, "to": route.to, "accountId": route.account_id})
}

/// Notes in a row that a turn begins.
pub(super) fn begin(setup: &Setup, row: &mut Value, now: i64, run: &str) {
    row["status"] = json!("running");
    row["abortedLastRun"] = json!(false);
    row["startedAt"] = json!(now);
    row["updatedAt"] = json!(now);
    let context = context_in(row);
    if let Some(fields) = row.as_object_mut() {
        fields.remove("endedAt");
        fields.remove("runtimeMs");
        if setup.flavour != Flavour::V2026_5_28 && !context.is_null() {
            fields.insert(RECOVERY[0].to_owned(), context);
            fields.insert(RECOVERY[1].to_owned(), json!(run));
        }
    }
}

/// Notes in a row that its turn has ended.
pub(super) fn end(row: &mut Value, now: i64, status: &str) {
    row["status"] = json!(status);
    row["endedAt"] = json!(now);
    row["updatedAt"] = json!(now);
    row["runtimeMs"] = json!(now - row["startedAt"].as_i64().unwrap_or(now));
    if let Some(fields) = row.as_object_mut() {
        for field in RECOVERY {
            fields.remove(field);
        }
    }
}

fn context_in(row: &Value) -> Value {
    let context = &row["deliveryContext"];
    if context.is_null() { row["delivery"]["context"].clone() } else { context.clone() }
}

/// Returns where a row says that replies go.
pub(super) fn route_in(row: &Value) -> Option<Route> {
    let context = context_in(row);
    let text = |name: &str| context[name].as_str().map(str::to_owned);
    Some(Route {
        channel: text("channel")?,
        to: text("to")?,
        account_id: text("accountId"),
        thread_id: text("threadId"),
    })
}

/// Takes out of a row where its replies go: one that a notice made does not know, up to 2026.7.
pub(super) fn forget_route(row: &mut Value) {
    if let Some(fields) = row.as_object_mut() {
        for field in ["deliveryContext", "lastChannel", "lastTo", "lastAccountId"] {
            fields.remove(field);
        }
    }
}

/// Shows a row as `sessions.describe` does.
pub(super) fn told(key: &str, row: &Value) -> Value {
    let mut told = row.clone();
    let context = context_in(row);
    if let Some(fields) = told.as_object_mut() {
        for field in UNTOLD {
            fields.remove(field);
        }
        if !context.is_null() {
            fields.insert("deliveryContext".to_owned(), context);
        }
    }
    told["key"] = json!(key);
    told["kind"] = json!(if key.contains(":direct:") { "direct" } else { "other" });
    told
}
