//! What `comeback note` prints; field names as in the discussion that the notes come from.

use std::path::Path;

use serde::Serialize;

use super::{Unreadable, path};
use crate::note;
use crate::support::document::Listed;

/// `comeback.note.write.v1`
#[derive(Debug, Serialize)]
pub struct Note<'a> {
    schema: &'static str,
    path: String,
    dry_run: bool,
    #[serde(rename = "note")]
    content: &'a note::Note,
}

impl<'a> Note<'a> {
    /// Shows a note and where it stands.
    #[must_use]
    pub fn new(file: &Path, note: &'a note::Note, dry_run: bool) -> Self {
        Self { schema: "comeback.note.write.v1", path: path(file), dry_run, content: note }
    }
}

/// `comeback.note.list.v1`
#[derive(Debug, Serialize)]
pub struct NoteList<'a> {
    schema: &'static str,
    notes: Vec<&'a note::Note>,
    unreadable: Vec<Unreadable>,
}

impl<'a> NoteList<'a> {
    /// Shows the notes of a workspace.
    #[must_use]
    pub fn new(listed: &'a [Listed<note::Note>]) -> Self {
        Self {
            schema: "comeback.note.list.v1",
            notes: listed.iter().filter_map(|one| one.content.as_ref().ok()).collect(),
            unreadable: listed.iter().filter_map(Unreadable::of).collect(),
        }
    }
}
