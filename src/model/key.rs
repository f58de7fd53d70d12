//! The names of sessions, agents and effects.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::support::error::{Error, Kind};

/// Session keys longer than this are refused; the longest that gateways make are under 200 bytes.
const MAX_KEY: usize = 512;
const PREFIX: &str = "comeback-";
const HEX_DIGITS: usize = 32;

/// Names a session in a gateway: `agent:<agent>:…`, `hook:…`, `global`, or anything else on one line.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SessionKey(String);

impl SessionKey {
    /// Returns the key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Tells whether a person speaks to the agent alone there: `agent:<agent>:<channel>:direct:<peer>`.
    #[must_use]
    pub fn is_direct_chat(&self) -> bool {
        self.0.split(':').nth(3) == Some("direct")
    }

    /// Tells whether no person speaks there: a schedule, a subagent, another program, or a session that leaves no trace.
    #[must_use]
    pub fn is_of_a_machine(&self) -> bool {
        let machines = ["cron", "subagent", "acp", "hook", "incognito"];
        self.0.split(':').enumerate().any(|(at, part)| at != 1 && machines.contains(&part))
    }

    /// Returns the key of an agent's own session, which it has beside those of its chats.
    #[must_use]
    pub fn of_agent(agent: &AgentId) -> Self {
        Self(format!("agent:{agent}:main"))
    }

    /// Tells whether it is the one session of all an agent's chats. With `session.scope: "global"` each agent's has this key.
    #[must_use]
    pub fn is_global(&self) -> bool {
        self.0 == "global"
    }

    /// Returns the agent that the key names, where it names one.
    #[must_use]
    pub fn agent(&self) -> Option<AgentId> {
        let (agent, _) = self.0.strip_prefix("agent:")?.split_once(':')?;
        agent.parse().ok()
    }
}

impl FromStr for SessionKey {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim_matches(' ');
        if text.is_empty() || text.len() > MAX_KEY || text.chars().any(is_line_breaking) {
            return Err(Error::new(
                Kind::User,
                format!("{text:?} is no session key: 1 to {MAX_KEY} bytes on one line are expected"),
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Control characters, and what some readers take for the end of a line.
fn is_line_breaking(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// Names an agent of the gateway.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AgentId(String);

impl AgentId {
    /// The agent of a gateway that names none.
    pub const MAIN: &str = "main";

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for AgentId {
    fn default() -> Self {
        Self(Self::MAIN.to_owned())
    }
}

impl FromStr for AgentId {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let text = text.trim_matches(' ');
        if text.is_empty() || text.len() > MAX_KEY || text.chars().any(|c| is_line_breaking(c) || c == ':') {
            return Err(Error::new(
                Kind::User,
                format!("{text:?} is no agent id: a short name without a colon is expected"),
            ));
        }
        Ok(Self(text.to_owned()))
    }
}

/// Names one effect for ever: the gateway refuses to do the same key twice in one boot, the ledger in all.
///
/// Written `comeback-<32 hex digits>`; it stands in the resume message too, so that the transcript tells
/// whether a message arrived.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// Derives the key of an effect from what makes it the same effect; the same from every caller.
    #[must_use]
    pub fn of(parts: &[&str]) -> Self {
        Self(PREFIX.to_owned() + &digest(parts))
    }

    /// Returns the key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Finds the first key that stands in a text.
    #[must_use]
    pub fn find(text: &str) -> Option<Self> {
        text.match_indices(PREFIX).find_map(|(start, _)| {
            let hex = text.get(start + PREFIX.len()..)?.get(..HEX_DIGITS)?;
            let is_key = hex.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
            is_key.then(|| Self(format!("{PREFIX}{hex}")))
        })
    }

    /// Returns the six letters by which a person confirms a held item.
    #[must_use]
    pub fn code(&self) -> String {
        self.0.trim_start_matches(PREFIX).chars().take(6).collect()
    }
}

/// Names a cut for ever: one turn, or one background command, that a stop of the gateway ended.
///
/// Made from what every reader of a session sees alike, so that all of them mean the same cut.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InterruptionId(String);

impl InterruptionId {
    /// Derives the id from the entry that opened the cut turn; of a command, from the id of its tool call.
    #[must_use]
    pub fn of(agent: &AgentId, session_id: &str, opened_by: &str) -> Self {
        Self(digest(&[agent.as_str(), session_id, opened_by]))
    }

    /// Returns the id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the key of the message that resumes the cut; it holds the id.
    #[must_use]
    pub fn key(&self) -> IdempotencyKey {
        IdempotencyKey(PREFIX.to_owned() + &self.0)
    }
}

/// Returns the first hex digits of the SHA-256 of the parts, each with its length before it.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    let mut digits = String::with_capacity(HEX_DIGITS);
    for byte in hash.finalize().iter().take(HEX_DIGITS / 2) {
        write!(digits, "{byte:02x}").expect("a String takes everything");
    }
    digits
}

macro_rules! text_type {
    ($($name:ident),*) => {$(
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> Self {
                value.0
            }
        }
    )*};
}
text_type!(SessionKey, AgentId, IdempotencyKey, InterruptionId);

impl TryFrom<String> for SessionKey {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

impl TryFrom<String> for AgentId {
    type Error = Error;

    fn try_from(text: String) -> Result<Self, Error> {
        text.parse()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "the literals are well formed")]
mod tests {
    use super::*;

    #[test]
    fn keys_tell_their_agent() {
        let agent = |key: &str| key.parse::<SessionKey>().unwrap().agent().map(String::from);
        assert_eq!(agent("agent:main:telegram:direct:77"), Some("main".to_owned()));
        assert_eq!(agent("agent:main:main"), Some("main".to_owned()));
        assert_eq!(agent("agent:main"), None);
        assert_eq!(agent("global"), None);
        assert_eq!(agent("hook:github"), None);
        let direct = |key: &str| key.parse::<SessionKey>().unwrap().is_direct_chat();
        assert!(direct("agent:main:telegram:direct:77") && direct("agent:main:telegram:direct:77:thread:5"));
        assert!(!direct("agent:main:telegram:group:77") && !direct("agent:main:main") && !direct("direct"));
    }

    #[test]
    fn keys_tell_whether_a_person_speaks_there() {
        let of_a_machine = |key: &str| key.parse::<SessionKey>().unwrap().is_of_a_machine();
        for key in ["agent:main:cron:6c52:run:1", "agent:main:subagent:x", "agent:main:acp:x", "hook:github"]
        {
            assert!(of_a_machine(key), "{key}");
        }
        for key in ["agent:main:telegram:direct:77", "agent:main:main", "agent:cron:main", "global"] {
            assert!(!of_a_machine(key), "{key}");
        }
    }

    #[test]
    fn what_breaks_lines_is_no_key() {
        for text in ["", "  ", "a\nb", "a\r", "\u{85}x", "a\u{2028}b", "a\0b", &"x".repeat(513)] {
            assert!(text.parse::<SessionKey>().is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_same_parts_make_the_same_key_and_no_others_do() {
        let key = IdempotencyKey::of(&["checkpoint", "session"]);
        assert_eq!(key, IdempotencyKey::of(&["checkpoint", "session"]));
        assert_ne!(key, IdempotencyKey::of(&["checkpoints", "ession"]));
        assert_eq!(key.as_str().len(), PREFIX.len() + HEX_DIGITS);
        assert_eq!(key.code().len(), 6);
    }

    #[test]
    fn a_cut_has_one_id_and_one_key() {
        let (main, work): (AgentId, AgentId) = ("main".parse().unwrap(), "work".parse().unwrap());
        let id = InterruptionId::of(&main, "s1", "e1");
        assert_eq!(id, InterruptionId::of(&main, "s1", "e1"));
        for other in [("s1", "e2"), ("s2", "e1"), ("s1e", "1")] {
            assert_ne!(id, InterruptionId::of(&main, other.0, other.1));
        }
        assert_ne!(id, InterruptionId::of(&work, "s1", "e1"));
        assert_eq!(id.key().as_str(), format!("comeback-{id}"));
        assert_eq!(IdempotencyKey::find(&format!("go on, {}", id.key())), Some(id.key()));
        // It stands in ledgers and transcripts: no later version may make another one of the same parts.
        assert_eq!(id.as_str(), "d3b5a471148cfe0a54969fb77b93a80b");
    }

    #[test]
    fn a_key_is_found_in_text_and_words_like_it_are_not() {
        let key = IdempotencyKey::of(&["x"]);
        assert_eq!(IdempotencyKey::find(&format!("run comeback-scan, then {key}.")), Some(key));
        assert_eq!(IdempotencyKey::find("comeback-0123456789abcdef, comeback-é"), None);
    }
}
