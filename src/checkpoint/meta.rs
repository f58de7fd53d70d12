//! The front matter: what the program itself remembers of a checkpoint.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use crate::model::{Boot, SessionKey};
use crate::support::clock::rfc3339;
use crate::support::error::{Error, Kind, Result};
use crate::support::text::ensure_shallow;

/// The line before and after the front matter.
const FENCE: &str = "---";
const CONSUMED_AT: &str = "consumedAt:";
/// Entry ids longer than this are refused, which also bounds what YAML aliases can repeat.
const MAX_ENTRY_ID: usize = 512;

/// Counts the formats of checkpoint files: a newer one is read where possible, and never rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FormatVersion(u32);

impl FormatVersion {
    /// The version that this program writes.
    pub const CURRENT: Self = Self(1);

    /// Tells whether a newer program wrote it.
    #[must_use]
    pub fn is_newer(self) -> bool {
        self > Self::CURRENT
    }
}

/// Holds the front matter's fields that this version knows; others are ignored, and survive in the file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meta {
    /// The file's format.
    pub format_version: FormatVersion,
    /// Names the checkpoint for ever.
    pub id: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// The gateway's life in which it was written; it is due only in a later one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub boot: Option<Boot>,
    /// Why the restart was planned.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "one_line")]
    pub reason: Option<String>,
    /// The session that prepared the restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_key: Option<SessionKey>,
    /// When the checkpoint was used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consumed_at: Option<DateTime<Utc>>,
    /// What was known of the sessions.
    #[serde(default)]
    pub sessions: BTreeMap<SessionKey, SessionMark>,
}

impl Meta {
    /// Refuses to change what a newer program wrote; `origin` names it.
    ///
    /// # Errors
    /// [`Kind::Newer`] where the format is newer than this program's.
    pub fn ensure_known(&self, origin: &str) -> Result<()> {
        if self.format_version.is_newer() { Err(newer(origin, self.format_version)) } else { Ok(()) }
    }

    /// Makes the front matter of a new checkpoint.
    #[must_use]
    pub fn new(id: &str, created_at: DateTime<Utc>) -> Self {
        Self {
            format_version: FormatVersion::CURRENT,
            id: id.to_owned(),
            created_at,
            boot: None,
            reason: None,
            session_key: None,
            consumed_at: None,
            sessions: BTreeMap::new(),
        }
    }
}

/// Marks how far a session had come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SessionMark {
    /// The transcript's last entry.
    #[serde(default, deserialize_with = "entry_id")]
    pub last_entry_id: Option<String>,
    /// What was under way, where the block was captured and nobody wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub captured: Option<Captured>,
}

/// Says what was under way in a session whose block was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Captured {
    /// A turn.
    Turn,
    /// A background command; the turn had ended.
    Command,
}

fn entry_id<'de, D: Deserializer<'de>>(deserializer: D) -> std::result::Result<Option<String>, D::Error> {
    let id = Option::<String>::deserialize(deserializer)?;
    match id {
        Some(id) if id.len() > MAX_ENTRY_ID => Err(serde::de::Error::custom(format!(
            "expected an entry's id of at most {MAX_ENTRY_ID} bytes, found {}",
            id.len()
        ))),
        id => Ok(id),
    }
}

/// Free text in the front matter obeys the same rules as in the blocks: no secrets, one line.
mod one_line {
    use serde::{Deserialize, Deserializer, Serializer};

    use crate::support::markdown::{decode, encode};
    use crate::support::redact::redact;

    #[expect(clippy::ref_option, reason = "serde asks for this signature")]
    pub(super) fn serialize<S: Serializer>(text: &Option<String>, to: S) -> Result<S::Ok, S::Error> {
        match text {
            Some(text) => to.serialize_str(&encode(&redact(text))),
            None => to.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
        Ok(Option::<String>::deserialize(from)?.map(|text| decode(&text).into_owned()))
    }
}

/// The two halves of a checkpoint file.
pub(super) struct Halves<'a> {
    /// The front matter with the fence above it and without the one below, so that YAML counts the file's lines.
    pub(super) front: Option<&'a str>,
    /// Everything after the front matter.
    pub(super) body: &'a str,
}

/// Splits a file; lines are looked at one by one, because to a Markdown parser a front matter without an end is
/// a rule, and a paragraph between rules is a front matter.
pub(super) fn split<'a>(origin: &str, text: &'a str) -> Result<Halves<'a>> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut lines = text.split_inclusive('\n');
    let is_fence = |line: &str| line.trim_end() == FENCE;
    let Some(first) = lines.next().filter(|line| is_fence(line)) else {
        return Ok(Halves { front: None, body: text });
    };
    let mut end = first.len();
    for line in lines {
        if is_fence(line) {
            return Ok(Halves { front: Some(&text[..end]), body: &text[end + line.len()..] });
        }
        end += line.len();
    }
    Err(Error::new(Kind::User, format!("{origin}:1: expected the front matter to end with a line `{FENCE}`")))
}

/// Reads the front matter.
pub(super) fn parse(origin: &str, front: &str) -> Result<Meta> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Version {
        format_version: FormatVersion,
    }
    ensure_shallow(origin, front)?;
    let version = serde_yaml::from_str::<Version>(front).map_err(|error| invalid(origin, &error))?;
    serde_yaml::from_str(front).map_err(|error| match version.format_version {
        version if version.is_newer() => newer(origin, version).because(error),
        _ => invalid(origin, &error),
    })
}

fn invalid(origin: &str, error: &serde_yaml::Error) -> Error {
    let line = error.location().map_or(1, |location| location.line());
    Error::new(Kind::User, format!("{origin}:{line}: front matter: {error}"))
        .hint("it is YAML with formatVersion, id and createdAt, times as in 2026-03-09T16:22:00Z")
}

/// Makes the error for a file that only a newer program may handle.
pub(super) fn newer(origin: &str, version: FormatVersion) -> Error {
    Error::new(
        Kind::Newer,
        format!("{origin} was written by a newer version of comeback (format {})", version.0),
    )
    .hint("install the newer version; the file is left as it is")
}

/// Returns the file with `consumedAt` set, all else byte for byte; `None` where it is set already.
///
/// The line is put in as text, which keeps comments, unknown fields and their order; reading it back tells
/// whether a front matter that is laid out otherwise took it.
pub(super) fn consumed(origin: &str, text: &str, front: &str, at: DateTime<Utc>) -> Result<Option<String>> {
    let meta = parse(origin, front)?;
    meta.ensure_known(origin)?;
    if meta.consumed_at.is_some() {
        return Ok(None);
    }
    let mut range = front.len()..front.len();
    let mut offset = 0;
    for line in front.split_inclusive('\n') {
        if line.starts_with(CONSUMED_AT) {
            range = offset..offset + line.len();
        }
        offset += line.len();
    }
    let end = if front.contains("\r\n") { "\r\n" } else { "\n" };
    let mut marked = front.to_owned();
    marked.replace_range(range, &format!("{CONSUMED_AT} {}{end}", rfc3339(at)));
    match parse(origin, &marked) {
        Ok(meta) if meta.consumed_at == Some(at) => Ok(Some(text.replacen(front, &marked, 1))),
        _ => Err(Error::new(
            Kind::User,
            format!("{origin}:1: cannot note in the front matter that the checkpoint is used"),
        )
        .hint("write the front matter with one `name: value` a line")),
    }
}

/// Writes the front matter with both fences.
pub(super) fn render(meta: &Meta) -> String {
    let yaml = serde_yaml::to_string(meta).expect("text, times and a map of them are YAML");
    format!("{FENCE}\n{yaml}{FENCE}\n\n")
}
