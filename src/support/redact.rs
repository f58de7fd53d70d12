//! Removes secrets from text before it is written, logged or sent.
//!
//! A secret is known by its own form, or by the name in front of it (`kinds.rs`). What looks like neither stays: commits,
//! identifiers, keys of sessions. A wrong mark costs a word, a wrong silence a password, so that what is ambiguous goes.

mod kinds;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use memchr::memmem;
use regex::{Captures, Regex};

use self::kinds::{FORMS, Kind, NAMED, RUN};
use super::text::one_line;

/// What stands in a secret's place.
const MARK: &str = "[redacted]";

/// Replaces what looks like a secret by a mark; text without one is returned as it is.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    let small = text.to_ascii_lowercase();
    let may_hold = |kind: &&Kind| {
        kind.anchors.iter().any(|anchor| memmem::find(small.as_bytes(), anchor.as_bytes()).is_some())
    };
    let forms = if has_run(text) { &FORMS[..] } else { &[] };
    let mut text = Cow::Borrowed(text);
    for kind in forms.iter().chain(&NAMED).filter(may_hold) {
        if let Cow::Owned(redacted) =
            kind.regex().replace_all(&text, |found: &Captures<'_>| kind.shown(found))
        {
            text = Cow::Owned(redacted);
        }
    }
    text
}

/// Makes a text fit for a file: on one line of at most `max` characters, without what looks like a secret.
#[must_use]
pub fn recorded(text: &str, max: usize) -> String {
    one_line(&redact(text), max)
}

/// Redacts each string of a JSON text by itself, its form and the order of its fields stay.
#[must_use]
pub fn redact_json(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(start) = rest.find('"') {
        let (before, string) = rest.split_at(start);
        let end = end_of_string(string);
        out.push_str(before);
        match serde_json::from_str::<String>(&string[..end]) {
            Ok(text) if matches!(redact(&text), Cow::Owned(_)) => {
                out.push_str(&serde_json::json!(redact(&text)).to_string());
            }
            _ => out.push_str(&string[..end]),
        }
        rest = &string[end..];
    }
    out + rest
}

/// Returns where the string ends that begins at the start of a JSON text.
fn end_of_string(json: &str) -> usize {
    let mut escaped = true;
    for (at, byte) in json.bytes().enumerate() {
        match byte {
            b'"' if !escaped => return at + 1,
            b'\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    json.len()
}

/// Tells whether so much stands together as every secret with a form has.
fn has_run(text: &str) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    text.as_bytes().chunk_by(|a, b| is_part(a) && is_part(b)).any(|run| run.len() >= RUN)
}

impl Kind {
    fn regex(&self) -> &Regex {
        self.compiled.get_or_init(|| {
            Regex::new(&with_borders(self.pattern))
                .expect("a constant pattern, compiled by a test of this module")
        })
    }

    /// Returns what stands in the place of a match: what stays of it, and the mark; all of it, where it is no secret.
    fn shown(&self, found: &Captures<'_>) -> String {
        let whole = &found[0];
        let kept = found.iter().skip(1).flatten().next().map_or("", |group| group.as_str());
        let value = &whole[kept.len()..];
        if self.in_words && (is_placeholder(value) || is_prose(kept, value)) {
            return whole.to_owned();
        }
        let tail = if value.ends_with('@') { "@" } else { "" };
        format!("{kept}{MARK}{tail}")
    }
}

/// Spells out the borders of a pattern: words of Chinese stand beside what they speak of without a space, and in text
/// within JSON the letter before may belong to the escape of a line's end.
fn with_borders(pattern: &str) -> String {
    let begins = |rest: &str| format!(r"(?:(?-u:\b)|(\\[nrt])){rest}");
    let pattern = pattern.strip_prefix(r"\b").map_or_else(|| pattern.to_owned(), begins);
    pattern.replace(r"(\b", r"((?-u:\b)").replace(r"}\b", r"}(?-u:\b)")
}

/// Tells a name that stands for a value: `${TOKEN}`, `<token>`, `{{token}}`, `********`.
fn is_placeholder(value: &str) -> bool {
    let is_name = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || "_-. ".contains(c));
    let within = |open, close| value.strip_prefix(open).and_then(|rest| rest.strip_suffix(close));
    let framed = [("${", "}"), ("{{", "}}"), ("<", ">"), ("%", "%"), ("$(", ")")];
    framed.into_iter().any(|(open, close)| within(open, close).is_some_and(is_name))
        || value
            .strip_prefix('$')
            .is_some_and(|name| name.chars().all(|c| c.is_ascii_uppercase() || c == '_'))
        || value.chars().all(|c| matches!(c, '*' | '•' | 'x' | 'X' | '.'))
        || value == MARK
}

/// Tells what is no secret by what stands around it: words behind a name in a sentence, as in "the token is missing" or
/// "bearer of news", and the working directory.
fn is_prose(kept: &str, value: &str) -> bool {
    let name = kept.trim_end();
    let speaks = name.len() < kept.len() && !name.ends_with([':', '=', '：', '＝']);
    let is_option = ["--", "sshpass", "login"].iter().any(|start| kept.starts_with(start));
    let word = value.trim_end_matches(|c: char| c.is_ascii_punctuation());
    let is_word = word.chars().skip(1).all(|c| c.is_ascii_lowercase() || c == '-');
    let is_folder = value.starts_with(['/', '~']) && name.to_ascii_lowercase().contains("pwd");
    speaks && !is_option && is_word || is_folder
}
