//! Tries a workspace's own template with hostile values: what it must show is shown, and nothing comes alive.

use pulldown_cmark::{Event, Parser, Tag, TagEnd};
use serde_json::Value;

use super::catalogue::{Field, Kind, Reader, Template, guard};
use super::channel::Channel;
use super::samples::sample;
use super::template::fill;
use super::values::{Detail, Style, quoted};
use crate::model::Language;

/// A word that stands in every hostile value, and nowhere else.
const MARK: &str = "zqzq";
/// What would end a quotation, were it not escaped; each part of it holds the mark.
const HOSTILE: &str = "zqzq`zqzq\n```\nzqzq\n~~~~\n{{key}} [zqzq](https://zqzq.example) <zqzq> @zqzq";
/// What a gateway takes for a command or for a message of its own.
const BEGINNINGS: [&str; 3] = ["/", "[", "System:"];

/// Renders a template with every choice of the values that may be missing, and says what is wrong with a message.
pub(super) fn run(template: &Template, text: &str, language: Language) -> Result<(), String> {
    let channel = (template.reader == Reader::Person).then_some(Channel::Discord);
    let style = Style { language, channel, detail: Detail::STEPS[0] };
    for raw in choices(template, language) {
        let values = quoted(template, &raw, style).map_err(|error| error.full())?;
        let message = fill(text, &values).map_err(|error| error.to_string())?;
        if message.is_empty() {
            return Err("it says nothing".to_owned());
        }
        if let Some(start) = BEGINNINGS.iter().find(|start| message.trim_start().starts_with(**start)) {
            return Err(format!("a message must not begin with {start:?}"));
        }
        shows_what_it_must(template, &values, &message)?;
        keeps_quotations_closed(template, &values, &message, language)?;
    }
    Ok(())
}

/// Makes the hostile values of a template, once for each choice of those that may be missing.
fn choices(template: &Template, language: Language) -> Vec<Value> {
    let optional: Vec<&Field> = template.fields.iter().filter(|field| field.optional).collect();
    let all = hostile(sample(template, language));
    let mut choices = Vec::new();
    for mask in 0..1_u32 << optional.len() {
        let mut raw = all.clone();
        for (index, field) in optional.iter().enumerate() {
            if mask & (1 << index) != 0 {
                raw[field.name] = Value::Null;
            }
        }
        choices.push(without_details(template.fields, &raw));
        choices.push(raw);
    }
    choices
}

/// Puts the hostile text in the place of every recorded one.
fn hostile(raw: Value) -> Value {
    match raw {
        Value::String(_) => Value::String(HOSTILE.to_owned()),
        Value::Array(list) => list.into_iter().map(hostile).collect(),
        Value::Object(object) => {
            let value = |(name, value): (String, Value)| match name.as_str() {
                "key" | "code" => (name, value),
                _ => (name, hostile(value)),
            };
            Value::Object(object.into_iter().map(value).collect())
        }
        other => other,
    }
}

/// Leaves out what may be missing in a row.
fn without_details(fields: &[Field], raw: &Value) -> Value {
    let mut raw = raw.clone();
    for field in fields {
        let (Kind::Rows(details), Some(rows)) = (&field.kind, raw[field.name].as_array_mut()) else {
            continue;
        };
        for row in rows {
            details.iter().filter(|detail| detail.optional).for_each(|detail| row[detail.name] = Value::Null);
        }
    }
    raw
}

fn shows_what_it_must(template: &Template, values: &Value, message: &str) -> Result<(), String> {
    for field in template.fields {
        let value = &values[field.name];
        match &field.kind {
            Kind::Key if !value.as_str().is_some_and(|key| message.contains(key)) => {
                return Err("every message must show {{key}}: by it a message is found again".to_owned());
            }
            Kind::Rows(details) => {
                let Some(code) = details.iter().find(|detail| matches!(detail.kind, Kind::Confirm)) else {
                    continue;
                };
                let mut codes =
                    value["rows"].as_array().into_iter().flatten().filter_map(|row| row[code.name].as_str());
                if codes.any(|code| !message.contains(code)) {
                    return Err(format!(
                        "every row of {}.rows must show {{{{{}}}}}: by it an item is confirmed",
                        field.name, code.name
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(())
}

/// Reads the message as Markdown: a value stands in code, or in its own fence with our line above it.
fn keeps_quotations_closed(
    template: &Template,
    values: &Value,
    message: &str,
    language: Language,
) -> Result<(), String> {
    let guard = format!("{}\n\n", guard(language));
    let is_fence = |field: &&Field| matches!(field.kind, Kind::Fence(_) | Kind::Calls);
    let quotations = template.fields.iter().filter(is_fence).filter_map(|field| values[field.name].as_str());
    let fences: Vec<&str> = quotations.filter_map(|value| value.strip_prefix(&guard)).collect();
    let mut block = None;
    for (event, range) in Parser::new(message).into_offset_iter() {
        let is_open = match event {
            Event::Start(Tag::CodeBlock(_)) => {
                block = Some(range);
                false
            }
            Event::End(TagEnd::CodeBlock) => {
                block = None;
                false
            }
            Event::Text(text) if text.contains(MARK) => match &block {
                Some(at) => {
                    let is_ours = fences.contains(&message[at.clone()].trim_end());
                    !is_ours || !message[..at.start].ends_with(&guard)
                }
                None => true,
            },
            Event::Html(text) | Event::InlineHtml(text) => text.contains(MARK),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => dest_url.contains(MARK),
            _ => false,
        };
        if is_open {
            return Err(
                "a value comes out of its quotation: one in a fence needs lines of its own, and none may \
                        have backticks beside it"
                    .to_owned(),
            );
        }
    }
    Ok(())
}
