//! What proves to the gateway that we may talk to it.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use serde_json::Value;

use super::variables::Variables;
use crate::support::paths::expand_home;

/// Secret files larger than this are refused, as by the product.
const MAX_SECRET_FILE: u64 = 1 << 20;

/// Keeps a token or password out of every message: only [`Secret::expose`] shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    #[cfg(test)]
    pub(in crate::gateway) fn of(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// Returns the text; for the connect request and its signature, nothing else.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Says how the gateway wants to be convinced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Credential {
    /// A shared token.
    Token(Secret),
    /// A shared password.
    Password(Secret),
    /// Nothing is asked for.
    None,
    /// Only `openclaw` itself can connect; says why.
    Unresolvable(String),
}

/// Reads `gateway.auth`: what the file says first, then the environment.
///
/// That is how gateways of all three measured versions decide for plain values. A `SecretRef` beside a set
/// variable differs: the variable wins up to 2026.7, the reference from 2026.9 (read); here the reference does.
pub(super) fn resolve(tree: &Value, vars: &Variables<'_>) -> Credential {
    if tree.pointer("/gateway/tls/enabled") == Some(&Value::Bool(true)) {
        return Credential::Unresolvable("gateway.tls is on".to_owned());
    }
    let token = || input(tree, vars, "token", "OPENCLAW_GATEWAY_TOKEN");
    let password = || input(tree, vars, "password", "OPENCLAW_GATEWAY_PASSWORD");
    let (found, make): (_, fn(Secret) -> Credential) =
        match tree.pointer("/gateway/auth/mode").and_then(Value::as_str) {
            Some("none") => return Credential::None,
            Some("token") => (token(), Credential::Token),
            // Behind a trusted proxy, callers on the same machine may use the password (read).
            Some("password" | "trusted-proxy") => (password(), Credential::Password),
            Some(other) => return Credential::Unresolvable(format!("gateway.auth.mode is {other:?}")),
            None => match password() {
                Some(found) => (Some(found), Credential::Password),
                None => (token(), Credential::Token),
            },
        };
    match found {
        Some(Ok(secret)) => make(Secret(secret)),
        Some(Err(reason)) => Credential::Unresolvable(reason),
        None => Credential::Unresolvable(
            "neither gateway.auth nor the environment holds a token or password".to_owned(),
        ),
    }
}

/// Reads one field of `gateway.auth`, then its variable; `None` where neither is set.
fn input(
    tree: &Value,
    vars: &Variables<'_>,
    field: &str,
    variable: &str,
) -> Option<std::result::Result<String, String>> {
    let configured = match tree.pointer(&format!("/gateway/auth/{field}")) {
        Some(Value::String(text)) if !text.trim().is_empty() => Some(written(text.trim(), vars)),
        Some(reference @ Value::Object(_)) => Some(referred(reference, tree, vars)),
        _ => None,
    };
    let configured =
        configured.map(|found| found.map_err(|reason| format!("gateway.auth.{field}: {reason}")));
    match configured {
        Some(Ok(secret)) => Some(Ok(secret)),
        failed => vars.get(variable).map(Ok).or(failed),
    }
}

/// Resolves a string: itself, with `${NAME}` replaced, or the shorthand `$NAME`.
fn written(text: &str, vars: &Variables<'_>) -> std::result::Result<String, String> {
    let name = text.strip_prefix('$').filter(|name| is_variable(name));
    match name {
        Some(name) => vars.get(name).ok_or_else(|| unset(name)),
        None => vars.substitute(text).map_err(|name| unset(&name)),
    }
}

fn unset(name: &str) -> String {
    format!("the variable {name} is not set here")
}

fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
}

/// Resolves a `SecretRef`: `{source, provider, id}`.
fn referred(reference: &Value, tree: &Value, vars: &Variables<'_>) -> std::result::Result<String, String> {
    let (source, id) =
        (reference["source"].as_str().unwrap_or_default(), reference["id"].as_str().unwrap_or_default());
    match source {
        "env" => vars.get(id).ok_or_else(|| unset(id)),
        "file" => {
            let provider = reference["provider"].as_str().unwrap_or_default();
            let provider = &tree["secrets"]["providers"][provider];
            let path = provider["path"].as_str().ok_or("its file provider has no path")?;
            let single = provider["mode"] == "singleValue";
            secret_file(&expand_home(path), single, id)
        }
        other => Err(format!("only `openclaw` resolves secrets of the source {other:?}")),
    }
}

/// Reads a secret from a private file: the whole of it, or the text at a JSON pointer.
fn secret_file(path: &Path, single: bool, id: &str) -> std::result::Result<String, String> {
    let failed = |error: std::io::Error| format!("cannot read {}: {error}", path.display());
    let meta = path.symlink_metadata().map_err(failed)?;
    if !meta.is_file() || meta.nlink() != 1 || meta.mode() & 0o077 != 0 {
        return Err(format!("{} is not a private regular file", path.display()));
    }
    let mut text = String::new();
    File::open(path).and_then(|file| file.take(MAX_SECRET_FILE).read_to_string(&mut text)).map_err(failed)?;
    if single {
        return Ok(text.trim_end_matches(['\r', '\n']).to_owned());
    }
    let tree: Value = serde_json::from_str(&text).map_err(|_| format!("{} is not JSON", path.display()))?;
    tree.pointer(id)
        .and_then(Value::as_str)
        .map(str::to_owned)
        .ok_or_else(|| format!("{} has no text at {id}", path.display()))
}
