//! What `openclaw.json` says that this program needs to know.
//!
//! The file belongs to `OpenClaw` and is never written here. Where a rule has changed between versions, the
//! field's comment names them; "read" marks what the product's documentation says and nothing here has run.

mod credential;
mod include;
mod reset;
mod variables;

use std::path::{Path, PathBuf};

use serde_json::Value;

pub use credential::{Credential, Secret};
pub use reset::{Lifetime, Resets};
pub use variables::Env;
use variables::Variables;

use crate::model::{AgentId, SessionKey};
use crate::support::error::{Error, Kind, Result};
use crate::support::paths::expand_home;

/// The port of a gateway that was told none.
const DEFAULT_PORT: u16 = 18789;

/// Holds the settings of one gateway, with includes, variables and credentials resolved.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file that was read, whether or not it exists.
    pub path: PathBuf,
    /// The default agent's workspace, where it is set.
    pub workspace: Option<PathBuf>,
    /// The configured agents; never empty.
    pub agents: Vec<AgentId>,
    /// The agent that is meant where none is named.
    pub default_agent: AgentId,
    /// The gateway's port on this machine.
    pub port: u16,
    /// What proves to the gateway that we may talk to it.
    pub auth: Credential,
    /// Whether the gateway runs on another machine, out of our reach.
    pub remote: bool,
    /// `commands.restart`: whether chats and agents may restart the gateway.
    pub restart_allowed: bool,
    /// Which agents may act on each other's sessions.
    pub agent_to_agent: AgentToAgent,
    /// `session.scope: "global"`: each agent has one session for all its chats, and the key of each is `global`.
    pub one_session: bool,
    /// `session.store`: where the sessions are kept if not below the state directory; `{agentId}` stands for each agent.
    pub session_store: Option<String>,
    /// When a chat's next message begins a new session.
    pub resets: Resets,
}

impl Config {
    /// Reads the configuration of the gateway whose state stands in `state`; a missing file means defaults.
    ///
    /// # Errors
    /// Where a file cannot be read or parsed, an include breaks its rules, or a value is of the wrong type.
    pub fn load(state: &Path, env: Env<'_>) -> Result<Self> {
        let path = match variables::set(env, "OPENCLAW_CONFIG_PATH") {
            Some(path) => expand_home(&path),
            None => state.join("openclaw.json"),
        };
        let roots = variables::set(env, "OPENCLAW_INCLUDE_ROOTS").unwrap_or_default();
        let tree = include::load(&path, &roots)?.unwrap_or_default();
        let vars = Variables::new(env, state, &tree)?;
        let file = File { path: &path, tree: &tree, vars: &vars };
        let (agents, default_agent) = file.agents()?;
        Ok(Self {
            workspace: file.workspace(&default_agent)?,
            port: file.port(),
            auth: credential::resolve(&tree, &vars),
            remote: file.text("/gateway/mode")?.as_deref() == Some("remote"),
            restart_allowed: tree.pointer("/commands/restart") != Some(&Value::Bool(false)),
            agent_to_agent: AgentToAgent::read(tree.pointer("/tools/agentToAgent")),
            one_session: tree.pointer("/session/scope").is_some_and(|scope| scope == "global"),
            session_store: file.text("/session/store")?,
            resets: Resets::read(tree.pointer("/session")),
            agents,
            default_agent,
            path,
        })
    }

    /// Tells whether several agents have a session of the same key each.
    #[must_use]
    pub fn agents_share_a_key(&self) -> bool {
        self.one_session && self.agents.len() > 1
    }

    /// Returns the key by which gateways know a session that an agent's store has under `key`.
    ///
    /// Where each agent has one session, gateways take `global` for the default agent's. An agent's own key leads to that of
    /// another on gateways from 2026.9 on (read); 2026.5.28 and 2026.7.1 show the default agent's for it (measured).
    #[must_use]
    pub fn key_of(&self, agent: &AgentId, key: SessionKey) -> SessionKey {
        if self.one_session && key.is_global() && *agent != self.default_agent {
            SessionKey::of_agent(agent)
        } else {
            key
        }
    }
}

/// A parsed file on its way to becoming a [`Config`].
struct File<'a> {
    path: &'a Path,
    tree: &'a Value,
    vars: &'a Variables<'a>,
}

impl File<'_> {
    /// Returns the text at a JSON pointer, its variables replaced.
    fn text(&self, pointer: &str) -> Result<Option<String>> {
        let problem = match self.tree.pointer(pointer) {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(text)) => match self.vars.substitute(text) {
                Ok(text) => return Ok(Some(text)),
                Err(name) => format!("uses ${{{name}}}, which is not set"),
            },
            Some(_) => "is not text".to_owned(),
        };
        let field = pointer.trim_start_matches('/').replace('/', ".");
        Err(Error::new(Kind::User, format!("{}: {field} {problem}", self.path.display())))
    }

    /// Returns the port: the environment's, the file's, or the usual one.
    fn port(&self) -> u16 {
        let named = self.vars.process("OPENCLAW_GATEWAY_PORT").and_then(|text| text.parse().ok());
        let configured = || self.tree.pointer("/gateway/port")?.as_u64()?.try_into().ok();
        named.or_else(configured).unwrap_or(DEFAULT_PORT)
    }

    /// Returns the agents, and which of them is the default.
    ///
    /// `agents.list` with a `default` flag up to 2026.7, `agents.entries` without one from 2026.9 (read).
    fn agents(&self) -> Result<(Vec<AgentId>, AgentId)> {
        let mut ids = Vec::new();
        let mut flagged = None;
        if let Some(Value::Object(entries)) = self.tree.pointer("/agents/entries") {
            ids.extend(entries.keys().map(String::as_str));
        } else if let Some(Value::Array(list)) = self.tree.pointer("/agents/list") {
            for agent in list {
                let Some(id) = agent["id"].as_str() else { continue };
                if agent["default"] == Value::Bool(true) {
                    flagged = flagged.or(Some(id));
                }
                ids.push(id);
            }
        }
        let main = ids.iter().copied().find(|id| *id == AgentId::MAIN && self.by_entries());
        let default = flagged.or(main).or(ids.first().copied()).unwrap_or(AgentId::MAIN);
        if ids.is_empty() {
            ids.push(AgentId::MAIN);
        }
        let agents = ids.into_iter().map(|id| self.agent(id)).collect::<Result<_>>()?;
        Ok((agents, self.agent(default)?))
    }

    /// Reads an agent's id; gateways fold its case before it becomes part of a session key (read).
    fn agent(&self, id: &str) -> Result<AgentId> {
        id.to_lowercase().parse().map_err(|error: Error| {
            Error::new(Kind::User, format!("{}: agents names {id:?}", self.path.display())).because(error)
        })
    }

    fn by_entries(&self) -> bool {
        self.tree.pointer("/agents/entries").is_some_and(Value::is_object)
    }

    /// Returns the workspace of the default agent: its own, the shared one, or the environment's.
    ///
    /// In a roster of several `agents.entries`, the shared one holds a folder an agent (read, 2026.9).
    fn workspace(&self, agent: &AgentId) -> Result<Option<PathBuf>> {
        if let Some(pointer) = self.pointer_to(agent)
            && let Some(own) = self.text(&format!("{pointer}/workspace"))?
        {
            return Ok(Some(expand_home(&own)));
        }
        let several =
            self.tree.pointer("/agents/entries").and_then(Value::as_object).is_some_and(|e| e.len() > 1);
        if let Some(shared) = self.text("/agents/defaults/workspace")? {
            let shared = expand_home(&shared);
            return Ok(Some(if several { shared.join(agent.as_str()) } else { shared }));
        }
        Ok(self.vars.process("OPENCLAW_WORKSPACE_DIR").map(|path| expand_home(&path)))
    }

    /// Returns where the file describes an agent.
    fn pointer_to(&self, agent: &AgentId) -> Option<String> {
        let is = |id: &str| id.to_lowercase() == agent.as_str();
        if let Some(Value::Object(entries)) = self.tree.pointer("/agents/entries") {
            let id = entries.keys().find(|id| is(id))?;
            return Some(format!("/agents/entries/{}", id.replace('~', "~0").replace('/', "~1")));
        }
        let list = self.tree.pointer("/agents/list")?.as_array()?;
        let at = list.iter().position(|entry| entry["id"].as_str().is_some_and(is))?;
        Some(format!("/agents/list/{at}"))
    }
}

/// Says which agents may act on each other's sessions, as `tools.agentToAgent` has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AgentToAgent {
    /// The switch, where it is set. Unset means off up to 2026.7 and on in 2026.9 (read).
    pub enabled: Option<bool>,
    /// Ids and `*` patterns of which both sides must match one; empty means everybody.
    pub allow: Vec<String>,
}

impl AgentToAgent {
    fn read(setting: Option<&Value>) -> Self {
        let Some(setting) = setting else { return Self::default() };
        let allow = setting["allow"].as_array().into_iter().flatten();
        Self {
            enabled: setting["enabled"].as_bool(),
            allow: allow.filter_map(Value::as_str).map(|id| id.trim().to_owned()).collect(),
        }
    }

    /// Tells whether `from` may act on a session of `to`; `open` is what an unset switch means.
    #[must_use]
    pub fn permits(&self, from: &AgentId, to: &AgentId, open: bool) -> bool {
        let listed = |agent: &AgentId| self.allow.iter().any(|pattern| matches(pattern, agent.as_str()));
        from == to
            || (self.enabled.unwrap_or(open) && (self.allow.is_empty() || (listed(from) && listed(to))))
    }
}

/// Matches an id against itself, or a pattern in which `*` stands for anything and case does not count.
fn matches(pattern: &str, id: &str) -> bool {
    let Some((head, tail)) = pattern.split_once('*') else { return pattern == id };
    let (head, tail, id) = (head.to_lowercase(), tail.to_lowercase(), id.to_lowercase());
    let Some(rest) = id.strip_prefix(&head) else { return false };
    rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| matches(&tail, &rest[at..]))
}

#[cfg(test)]
mod tests;
