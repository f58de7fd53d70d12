//! The values of a template, made from what was recorded: checked, cleaned, cut and quoted.

use serde_json::{Map, Value, json};

use super::catalogue::{Field, Kind, Part, Template, guard, listed_elsewhere};
use super::channel::Channel;
use super::quote::{code, fence, field, lines};
use crate::model::{IdempotencyKey, Language};
use crate::support::error::{Error, Kind as ErrorKind, Result};

/// So many calls are shown in a fence.
const MAX_CALLS: usize = 20;
/// Of more held items than this nobody picks codes that do not say what they are of.
const MAX_CODES: usize = 40;

/// Says how values are shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    pub(super) language: Language,
    /// None: the message goes to an agent.
    pub(super) channel: Option<Channel>,
    pub(super) detail: Detail,
}

/// Says how much of a list, and of each text, is shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Detail {
    rows: usize,
    held: usize,
    text: usize,
}

impl Detail {
    /// From everything to the codes of held items alone: a message that does not fit is made with less, and what
    /// confirms a held item goes last.
    pub(super) const STEPS: [Self; 4] = [
        Self { rows: 10, held: 10, text: usize::MAX },
        Self { rows: 10, held: 10, text: 40 },
        Self { rows: 3, held: 10, text: 40 },
        Self { rows: 0, held: 0, text: 40 },
    ];
}

/// Makes the values that a template is filled with.
///
/// # Errors
/// Where a value is missing, unknown or of the wrong type; the values that this program makes itself never are.
pub(super) fn quoted(template: &Template, raw: &Value, style: Style) -> Result<Value> {
    Quoting { template: template.name, style }.object(template.fields, raw, "").map(Value::Object)
}

struct Quoting {
    template: &'static str,
    style: Style,
}

impl Quoting {
    fn object(&self, fields: &[Field], raw: &Value, at: &str) -> Result<Map<String, Value>> {
        let names = || fields.iter().map(|field| field.name);
        let raw = self.checked(raw, names, at)?;
        let mut values = Map::new();
        for field in fields {
            let at = below(at, field.name);
            let value = raw.get(field.name).filter(|value| !is_missing(value, field.optional));
            let value = match (value, &field.kind) {
                (Some(value), kind) => self.value(kind, value, &at)?,
                (None, Kind::Rows(fields)) => Some(self.rows(fields, &[], &at)?),
                (None, _) if field.optional => None,
                (None, _) => return Err(self.error(&at, "is missing")),
            };
            let nothing = || if field.optional { Value::Null } else { json!(self.guarded("")) };
            let value = value.unwrap_or_else(nothing);
            values.insert(field.name.to_owned(), value);
        }
        Ok(values)
    }

    /// Shows a value; `None` is a fence with nothing in it.
    fn value(&self, kind: &Kind, raw: &Value, at: &str) -> Result<Option<Value>> {
        let list = || raw.as_array().ok_or_else(|| self.error(at, "is no list"));
        Ok(match kind {
            Kind::Code(max) => {
                Some(json!(self.code(self.text(raw, at)?, (*max).min(self.style.detail.text))))
            }
            Kind::Confirm => Some(json!(self.code(self.text(raw, at)?, usize::MAX))),
            Kind::Key => Some(json!(self.key(raw, at)?)),
            Kind::Rows(fields) => Some(self.rows(fields, list()?, at)?),
            Kind::Fence(parts) => self.fence(parts, raw, at)?.map(Value::String),
            Kind::Calls => self.calls(list()?, at)?.map(Value::String),
        })
    }

    fn key<'a>(&self, raw: &'a Value, at: &str) -> Result<&'a str> {
        let key = self.text(raw, at)?;
        let is_whole = IdempotencyKey::find(key).is_some_and(|found| found.as_str() == key);
        let wrong = || self.error(at, "is no key: comeback- and 32 hex digits are expected");
        is_whole.then_some(key).ok_or_else(wrong)
    }

    /// Shows the first rows; of the others, the codes that confirm them, or where these are too many what lists them.
    fn rows(&self, fields: &[Field], raw: &[Value], at: &str) -> Result<Value> {
        let code = fields.iter().find(|field| matches!(field.kind, Kind::Confirm));
        let Detail { rows, held, .. } = self.style.detail;
        let shown = raw.len().min(if code.is_some() { held } else { rows });
        let (mut rows, mut codes) = (Vec::new(), Vec::new());
        for (index, row) in raw.iter().enumerate() {
            let at = format!("{at}[{index}]");
            if index < shown {
                rows.push(self.object(fields, row, &at)?);
            } else if let Some(code) = code {
                let at = below(&at, code.name);
                codes.push(self.code(self.text(&row[code.name], &at)?, usize::MAX));
            }
        }
        let codes = match codes.len() {
            0..=MAX_CODES => codes.join(", "),
            _ => listed_elsewhere(self.style.language).to_owned(),
        };
        Ok(json!({"count": raw.len(), "more": raw.len() - shown, "rows": rows, "codes": codes}))
    }

    fn fence(&self, parts: &[Part], raw: &Value, at: &str) -> Result<Option<String>> {
        let raw = self.checked(raw, || parts.iter().map(|part| part.name), at)?;
        let mut text = Vec::new();
        for part in parts {
            let Some(value) = raw.get(part.name).filter(|value| !is_missing(value, true)) else { continue };
            let value = self.text(value, &below(at, part.name))?;
            let label = part.label(self.style.language);
            text.push(if part.is_text {
                format!("{label}:{}", lines(value))
            } else {
                format!("{label}: {}", field(value))
            });
        }
        Ok((!text.is_empty()).then(|| self.guarded(&text.join("\n"))))
    }

    fn calls(&self, raw: &[Value], at: &str) -> Result<Option<String>> {
        let mut text = Vec::new();
        for (index, call) in raw.iter().take(MAX_CALLS).enumerate() {
            let at = format!("{at}[{index}]");
            let call = self.checked(call, || ["tool", "summary"].into_iter(), &at)?;
            let part = |name: &str| {
                let value = call.get(name).ok_or_else(|| self.error(&below(&at, name), "is missing"))?;
                self.text(value, &below(&at, name)).map(field)
            };
            text.push(format!("{}: {}", part("tool")?, part("summary")?));
        }
        if raw.len() > MAX_CALLS {
            text.push(format!("… +{}", raw.len() - MAX_CALLS));
        }
        Ok((!text.is_empty()).then(|| self.guarded(&text.join("\n"))))
    }

    /// Fences a text, under a line that says what it is; no template can leave that line out.
    fn guarded(&self, text: &str) -> String {
        format!("{}\n\n{}", guard(self.style.language), fence(text))
    }

    fn code(&self, text: &str, max: usize) -> String {
        self.style.channel.map_or_else(|| code(text, max), |channel| channel.code(text, max))
    }

    fn text<'a>(&self, raw: &'a Value, at: &str) -> Result<&'a str> {
        raw.as_str().ok_or_else(|| self.error(at, "is no text"))
    }

    /// Returns an object that has no other names than these.
    fn checked<'a, I: Iterator<Item = &'static str>>(
        &self,
        raw: &'a Value,
        names: impl Fn() -> I,
        at: &str,
    ) -> Result<&'a Map<String, Value>> {
        let raw = raw.as_object().ok_or_else(|| self.error(at, "is no object"))?;
        match raw.keys().find(|key| names().all(|name| name != key.as_str())) {
            None => Ok(raw),
            Some(unknown) => {
                let known: Vec<&str> = names().collect();
                let known = if known.is_empty() { "there are none".to_owned() } else { known.join(", ") };
                Err(self.error(&below(at, unknown), "is unknown").hint(format!("known here: {known}")))
            }
        }
    }

    fn error(&self, at: &str, what: &str) -> Error {
        let value = if at.is_empty() { "the whole".to_owned() } else { format!("the value {at}") };
        Error::new(ErrorKind::User, format!("cannot fill the template {}: {value} {what}", self.template))
    }
}

/// Tells what counts as missing: nothing, and where the value is optional a blank text.
fn is_missing(value: &Value, is_optional: bool) -> bool {
    value.is_null() || is_optional && value.as_str().is_some_and(|text| text.trim().is_empty())
}

fn below(at: &str, name: &str) -> String {
    if at.is_empty() { name.to_owned() } else { format!("{at}.{name}") }
}
