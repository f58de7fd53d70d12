//! The fields of a record that are read.
//!
//! Gateways write more than is read here, and other versions write it differently: a field of a strange type is as if it
//! were not there.

use serde_json::Value;

use super::record::Asked;
use super::scanner::{Read, Scalar, Scanner, Text};

/// What a part is called that asks for a tool.
const CALLS: [&str; 3] = ["toolCall", "toolUse", "tool_use"];

/// A line of a transcript.
#[derive(Default)]
pub(super) struct RecordFields<'a> {
    pub kind: Scalar<'a>,
    pub id: Scalar<'a>,
    pub parent: Scalar<'a>,
    pub append_mode: Scalar<'a>,
    pub timestamp: Scalar<'a>,
    pub target: Scalar<'a>,
    pub append_parent: Scalar<'a>,
    pub message: Option<MessageFields<'a>>,
}

/// Its message.
#[derive(Default)]
pub(super) struct MessageFields<'a> {
    pub role: Scalar<'a>,
    pub timestamp: Scalar<'a>,
    pub content: Content<'a>,
    pub provenance: Value,
    pub model: Scalar<'a>,
    pub stop_reason: Scalar<'a>,
    pub phase: Scalar<'a>,
    pub async_delivery: Item<'a>,
    pub stream_fallback: Item<'a>,
    pub call: Scalar<'a>,
    pub tool: Scalar<'a>,
    pub is_error: Scalar<'a>,
    pub details: Details<'a>,
}

/// What a message says: its text, or the texts and the calls among its parts.
#[derive(Default)]
pub(super) struct Content<'a> {
    pub texts: Vec<Text<'a>>,
    pub calls: Vec<Asked>,
}

/// What marks a message as a remark.
#[derive(Default)]
pub(super) struct Item<'a> {
    pub id: Scalar<'a>,
    pub source: Scalar<'a>,
}

/// What a tool's result tells beside its text.
#[derive(Default)]
pub(super) struct Details<'a> {
    pub status: Scalar<'a>,
    pub reason: Scalar<'a>,
    pub session_id: Scalar<'a>,
    pub pid: Scalar<'a>,
    pub started_at: Scalar<'a>,
    pub cwd: Scalar<'a>,
    pub tail: Scalar<'a>,
    pub aggregated: Scalar<'a>,
    pub invented: Scalar<'a>,
}

impl<'a> RecordFields<'a> {
    /// Reads an object; `None` where it is something else.
    pub fn read(json: &mut Scanner<'a>) -> Read<Option<Self>> {
        let mut fields = Self::default();
        let is_object = json.members(|name, json| {
            let field = match name {
                "type" => &mut fields.kind,
                "id" => &mut fields.id,
                "parentId" => &mut fields.parent,
                "appendMode" => &mut fields.append_mode,
                "timestamp" => &mut fields.timestamp,
                "targetId" => &mut fields.target,
                "appendParentId" => &mut fields.append_parent,
                "message" => {
                    fields.message = MessageFields::read(json)?;
                    return Ok(());
                }
                _ => return json.skip(),
            };
            *field = json.scalar()?;
            Ok(())
        })?;
        Ok(is_object.then_some(fields))
    }
}

impl<'a> MessageFields<'a> {
    /// Reads an object; `None` where it is something else.
    pub fn read(json: &mut Scanner<'a>) -> Read<Option<Self>> {
        let mut fields = Self::default();
        let is_object = json.members(|name, json| {
            let field = match name {
                "role" => &mut fields.role,
                "timestamp" => &mut fields.timestamp,
                "model" => &mut fields.model,
                "stopReason" => &mut fields.stop_reason,
                "phase" => &mut fields.phase,
                "toolCallId" => &mut fields.call,
                "toolName" => &mut fields.tool,
                "isError" => &mut fields.is_error,
                "content" => return Content::read(json).map(|content| fields.content = content),
                "provenance" => return json.value_into(&mut fields.provenance),
                "openclawAsyncDelivery" => return Item::read(json).map(|item| fields.async_delivery = item),
                "openclawStreamFallback" => {
                    return Item::read(json).map(|item| fields.stream_fallback = item);
                }
                "details" => return Details::read(json).map(|details| fields.details = details),
                _ => return json.skip(),
            };
            *field = json.scalar()?;
            Ok(())
        })?;
        Ok(is_object.then_some(fields))
    }
}

impl<'a> Content<'a> {
    fn read(json: &mut Scanner<'a>) -> Read<Self> {
        let mut content = Self::default();
        if json.peek()? == b'"' {
            content.texts.extend(json.scalar()?.into_text());
        } else {
            json.elements(|json| content.add_part(json))?;
        }
        Ok(content)
    }

    fn add_part(&mut self, json: &mut Scanner<'a>) -> Read<()> {
        let [mut kind, mut text, mut id, mut tool] = [Scalar::default(); 4];
        let (mut arguments, mut input) = ("null", "null");
        json.members(|name, json| {
            match name {
                "type" => kind = json.scalar()?,
                "text" => text = json.scalar()?,
                "id" => id = json.scalar()?,
                "name" => tool = json.scalar()?,
                "arguments" => arguments = json.raw()?,
                "input" => input = json.raw()?,
                _ => json.skip()?,
            }
            Ok(())
        })?;
        self.texts.extend(text.into_text());
        if CALLS.iter().any(|call| kind.is(call)) {
            let given = if arguments == "null" { input } else { arguments };
            let arguments = Scanner::whole(given, Scanner::value)?;
            let text = |field: Scalar<'_>| field.text().unwrap_or_default().into_owned();
            self.calls.push(Asked { id: text(id), tool: text(tool), arguments });
        }
        Ok(())
    }
}

impl<'a> Item<'a> {
    fn read(json: &mut Scanner<'a>) -> Read<Self> {
        let mut item = Self::default();
        json.members(|name, json| {
            match name {
                "itemId" => item.id = json.scalar()?,
                "source" => item.source = json.scalar()?,
                _ => json.skip()?,
            }
            Ok(())
        })?;
        Ok(item)
    }
}

impl<'a> Details<'a> {
    fn read(json: &mut Scanner<'a>) -> Read<Self> {
        let mut details = Self::default();
        json.members(|name, json| {
            let field = match name {
                "status" => &mut details.status,
                "reason" => &mut details.reason,
                "sessionId" => &mut details.session_id,
                "pid" => &mut details.pid,
                "startedAt" => &mut details.started_at,
                "cwd" => &mut details.cwd,
                "tail" => &mut details.tail,
                "aggregated" => &mut details.aggregated,
                "openclawSyntheticMissingToolResult" => &mut details.invented,
                _ => return json.skip(),
            };
            *field = json.scalar()?;
            Ok(())
        })?;
        Ok(details)
    }
}
