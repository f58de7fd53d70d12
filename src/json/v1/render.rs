//! What `comeback render` prints.

use serde::Serialize;
use serde_json::Value;

use crate::model::Language;
use crate::notice::{Channel, Reader, Template};

/// What was rendered, and from what.
#[derive(Clone, Copy, Debug)]
pub struct Rendered<'a> {
    /// The template.
    pub template: &'a Template,
    /// The language.
    pub language: Language,
    /// The channel that a message to a person was made for.
    pub channel: Channel,
    /// Whether the text is the workspace's own.
    pub own: bool,
    /// The values that it was filled with.
    pub values: &'a Value,
    /// The message.
    pub message: &'a str,
    /// What was wrong with the workspace's own templates.
    pub warnings: &'a [String],
}

/// `comeback.render.v1`
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Render<'a> {
    schema: &'static str,
    name: &'a str,
    reader: &'static str,
    language: Language,
    channel: Option<&'static str>,
    own: bool,
    values: &'a Value,
    message: &'a str,
    warnings: &'a [String],
}

impl<'a> Render<'a> {
    /// Shows a message; one to an agent has no channel.
    #[must_use]
    pub fn new(rendered: &Rendered<'a>) -> Self {
        let Rendered { template, language, channel, own, values, message, warnings } = *rendered;
        Self {
            schema: "comeback.render.v1",
            name: template.name,
            reader: reader(template),
            language,
            channel: (template.reader == Reader::Person).then(|| channel.name()),
            own,
            values,
            message,
            warnings,
        }
    }
}

/// `comeback.render.list.v1`
#[derive(Debug, Serialize)]
pub struct RenderList {
    schema: &'static str,
    templates: Vec<TemplateView>,
}

#[derive(Debug, Serialize)]
struct TemplateView {
    name: &'static str,
    reader: &'static str,
    about: &'static str,
    values: Vec<ValueView>,
}

#[derive(Debug, Serialize)]
struct ValueView {
    name: &'static str,
    optional: bool,
}

impl RenderList {
    /// Shows what templates there are, and the values of each.
    #[must_use]
    pub fn new(templates: &[&'static Template]) -> Self {
        let values = |template: &Template| {
            template
                .fields
                .iter()
                .map(|field| ValueView { name: field.name, optional: field.optional })
                .collect()
        };
        let view = |template: &&'static Template| TemplateView {
            name: template.name,
            reader: reader(template),
            about: template.about,
            values: values(template),
        };
        Self { schema: "comeback.render.list.v1", templates: templates.iter().map(view).collect() }
    }
}

const fn reader(template: &Template) -> &'static str {
    match template.reader {
        Reader::Person => "person",
        Reader::Agent => "agent",
    }
}
