//! JSON5 and its `$include` directive.
//!
//! Rules as the product documents them: one file replaces the object it stands in, several are merged in their
//! order, keys beside the directive win; paths are relative to the including file and stay inside the
//! configuration's folder or the roots of `OPENCLAW_INCLUDE_ROOTS`; ten levels, 2 MB a file.

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use crate::support::error::{Error, Kind, Result};
use crate::support::fs;
use crate::support::text::ensure_shallow;

const DIRECTIVE: &str = "$include";
const MAX_DEPTH: usize = 10;
const MAX_BYTES: u64 = 2 << 20;

/// Reads a configuration with everything that it includes; a missing file is `None`.
pub(super) fn load(path: &Path, roots: &str) -> Result<Option<Value>> {
    let Some(text) = fs::read(path)? else { return Ok(None) };
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut allowed: Vec<PathBuf> = std::env::split_paths(roots).filter(|root| root.is_absolute()).collect();
    allowed.push(folder.to_owned());
    let allowed = allowed.iter().filter_map(|root| root.canonicalize().ok()).collect();
    let chain = [path.canonicalize().unwrap_or_else(|_| path.to_owned())];
    Includes { allowed }.expand(parse(path, &text)?, &chain).map(Some)
}

fn parse(path: &Path, text: &str) -> Result<Value> {
    ensure_shallow(&path.display().to_string(), text)?;
    json5::from_str(text).map_err(|error| {
        let place = error
            .position()
            .map(|at| format!(", line {}, column {}", at.line + 1, at.column + 1))
            .unwrap_or_default();
        let what = error.code().map_or_else(|| "it is not JSON5".to_owned(), |code| code.to_string());
        Error::new(Kind::User, format!("cannot parse {}{place}: {what}", path.display()))
            .hint("`openclaw doctor` shows what is wrong; the gateway does not start with this file either")
    })
}

struct Includes {
    allowed: Vec<PathBuf>,
}

impl Includes {
    /// Replaces every directive below `value`; `chain` is the files that led here, the innermost last.
    fn expand(&self, value: Value, chain: &[PathBuf]) -> Result<Value> {
        match value {
            Value::Array(items) => items
                .into_iter()
                .map(|item| self.expand(item, chain))
                .collect::<Result<_>>()
                .map(Value::Array),
            Value::Object(mut fields) => {
                let directive = fields.remove(DIRECTIVE);
                let own = fields
                    .into_iter()
                    .map(|(key, value)| Ok((key, self.expand(value, chain)?)))
                    .collect::<Result<Map<_, _>>>()?;
                match directive {
                    None => Ok(Value::Object(own)),
                    Some(directive) => {
                        let included = self.include(&directive, chain)?;
                        Ok(if own.is_empty() { included } else { merge(included, Value::Object(own)) })
                    }
                }
            }
            other => Ok(other),
        }
    }

    fn include(&self, directive: &Value, chain: &[PathBuf]) -> Result<Value> {
        match directive {
            Value::String(path) => self.file(path, chain),
            Value::Array(paths) => paths.iter().try_fold(Value::Object(Map::new()), |merged, path| {
                let path = path.as_str().ok_or_else(|| refused(chain, "its paths must be text"))?;
                Ok(merge(merged, self.file(path, chain)?))
            }),
            _ => Err(refused(chain, "it must be a path or a list of paths")),
        }
    }

    fn file(&self, path: &str, chain: &[PathBuf]) -> Result<Value> {
        if chain.len() > MAX_DEPTH {
            return Err(refused(chain, &format!("{path} is more than {MAX_DEPTH} levels deep")));
        }
        let here = chain.last().and_then(|file| file.parent()).unwrap_or(Path::new("."));
        let real =
            here.join(path).canonicalize().map_err(|error| fs::failed("include", &here.join(path), error))?;
        if !self.allowed.iter().any(|root| real.starts_with(root)) {
            return Err(refused(chain, &format!("{path} leaves the configuration's folder"))
                .hint("OPENCLAW_INCLUDE_ROOTS names further folders"));
        }
        if chain.contains(&real) {
            return Err(refused(chain, &format!("{path} includes itself")));
        }
        if std::fs::metadata(&real).is_ok_and(|meta| meta.len() > MAX_BYTES) {
            return Err(refused(chain, &format!("{path} is larger than 2 MB")));
        }
        let text = fs::read(&real)?.unwrap_or_default();
        let chain: Vec<_> = chain.iter().cloned().chain([real.clone()]).collect();
        self.expand(parse(&real, &text)?, &chain)
    }
}

fn refused(chain: &[PathBuf], why: &str) -> Error {
    let file = chain.last().map(|file| file.display().to_string()).unwrap_or_default();
    Error::new(Kind::User, format!("{file}: {DIRECTIVE}: {why}"))
}

/// Merges objects key by key and lists end to end; of anything else, `over` wins.
fn merge(under: Value, over: Value) -> Value {
    match (under, over) {
        (Value::Object(mut under), Value::Object(over)) => {
            for (key, value) in over {
                let merged = match under.remove(&key) {
                    Some(old) => merge(old, value),
                    None => value,
                };
                under.insert(key, merged);
            }
            Value::Object(under)
        }
        (Value::Array(mut under), Value::Array(over)) => {
            under.extend(over);
            Value::Array(under)
        }
        (_, over) => over,
    }
}
