//! What `comeback now` prints.

use std::path::Path;

use serde::Serialize;

use super::path;
use crate::now;

/// `comeback.now.v1`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Now<'a> {
    schema: &'static str,
    path: String,
    exists: bool,
    time: Option<&'a str>,
    session: Option<&'a str>,
    status: Option<&'a str>,
    active_tasks: &'a [String],
    recent_context: &'a [String],
    post_restart_action: &'a [String],
}

impl<'a> Now<'a> {
    /// Shows a NOW.md, or that there is none.
    #[must_use]
    pub fn new(file: &Path, now: Option<&'a now::Now>) -> Self {
        let text = |field: fn(&'a now::Updated) -> &'a str| {
            now.map(|now| field(&now.updated)).filter(|text| !text.is_empty())
        };
        Self {
            schema: "comeback.now.v1",
            path: path(file),
            exists: now.is_some(),
            time: text(|updated| &updated.time),
            session: text(|updated| &updated.session),
            status: text(|updated| &updated.status),
            active_tasks: now.map_or(&[], |now| &now.tasks),
            recent_context: now.map_or(&[], |now| &now.context),
            post_restart_action: now.map_or(&[], |now| &now.after),
        }
    }
}
