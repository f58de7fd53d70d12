//! The language of templates: values, `if`, `unless` and `each`; what a template may name is checked before it is used.

use std::sync::LazyLock;

use handlebars::template::{HelperTemplate, Parameter, TemplateElement};
use handlebars::{Handlebars, Template as Parsed, TemplateErrorReason, no_escape};
use serde_json::Value;

use super::catalogue::{Field, Kind, Template};

/// What is wrong with the text of a template, and where: the line and the column, from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) at: Option<(usize, usize)>,
    pub(super) what: String,
}

static ENGINE: LazyLock<Handlebars<'_>> = LazyLock::new(|| {
    let mut engine = Handlebars::new();
    engine.register_escape_fn(no_escape);
    engine.set_strict_mode(true);
    engine
});

/// Fills a text with values.
pub(super) fn fill(text: &str, values: &Value) -> Result<String, handlebars::RenderError> {
    ENGINE.render_template(text, values).map(|message| message.trim_end().to_owned())
}

/// Checks that a text parses, and names nothing but the values of its template.
pub(super) fn check(template: &Template, text: &str) -> Result<(), Fault> {
    let parsed =
        Parsed::compile(text).map_err(|error| Fault { at: error.pos(), what: unparsed(error.reason()) })?;
    elements(&parsed, &Scope { fields: template.fields, is_row: false })
}

fn unparsed(reason: &TemplateErrorReason) -> String {
    match reason {
        // Its text lists the rules of a grammar that nobody knows.
        TemplateErrorReason::InvalidSyntax(_) => "it does not parse from here on".to_owned(),
        reason => format!("it does not parse: {reason}"),
    }
}

/// The values that may be named at one place.
struct Scope<'a> {
    fields: &'a [Field],
    is_row: bool,
}

impl Scope<'_> {
    fn find(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// Tells whether a name stands for something that can be shown or asked for.
    fn knows(&self, path: &str) -> bool {
        let (name, below) = path.split_once('.').map_or((path, None), |(name, below)| (name, Some(below)));
        match (self.find(name).map(|field| &field.kind), below) {
            (Some(Kind::Rows(fields)), Some(below)) => match below {
                "count" | "more" => true,
                "codes" => fields.iter().any(|field| matches!(field.kind, Kind::Confirm)),
                _ => false,
            },
            (Some(Kind::Rows(_)) | None, _) | (Some(_), Some(_)) => false,
            (Some(_), None) => true,
        }
    }

    fn rows(&self, path: &str) -> Option<&[Field]> {
        match &self.find(path.strip_suffix(".rows")?)?.kind {
            Kind::Rows(fields) => Some(fields),
            _ => None,
        }
    }

    fn names(&self) -> String {
        let mut names = Vec::new();
        for Field { name, kind, .. } in self.fields {
            match kind {
                Kind::Rows(_) => {
                    names.extend(["count", "more", "rows"].map(|below| format!("{name}.{below}")));
                }
                _ => names.push((*name).to_owned()),
            }
        }
        let place = if self.is_row { " in a row" } else { "" };
        if names.is_empty() {
            "it has none".to_owned()
        } else {
            format!("known{place}: {}", names.join(", "))
        }
    }
}

fn elements(parsed: &Parsed, scope: &Scope<'_>) -> Result<(), Fault> {
    for (index, element) in parsed.elements.iter().enumerate() {
        let at = parsed.mapping.get(index).map(|at| (at.0, at.1));
        let fault = |what: String| Err(Fault { at, what });
        match element {
            TemplateElement::RawString(_) | TemplateElement::Comment(_) => {}
            TemplateElement::Expression(shown) | TemplateElement::HtmlExpression(shown) => {
                let name = shown.name.as_name().unwrap_or_default();
                if !shown.params.is_empty() || !shown.hash.is_empty() {
                    return fault(format!(
                        "{name:?} is no helper: if, unless and each are, with a # in front"
                    ));
                }
                if !scope.knows(name) {
                    return fault(format!("the value {name:?} is unknown; {}", scope.names()));
                }
            }
            TemplateElement::HelperBlock(block) => helper(block, scope, at)?,
            TemplateElement::PartialExpression(other) | TemplateElement::PartialBlock(other) => {
                let name = other.name.as_name().unwrap_or_default();
                return fault(format!("the template {name:?} is unknown here: no template takes in another"));
            }
            _ => return fault("decorators are not known here".to_owned()),
        }
    }
    Ok(())
}

fn helper(block: &HelperTemplate, scope: &Scope<'_>, at: Option<(usize, usize)>) -> Result<(), Fault> {
    let fault = |what: String| Err(Fault { at, what });
    let name = block.name.as_name().unwrap_or_default();
    let [Parameter::Path(_)] = block.params.as_slice() else {
        return fault(format!("{name:?} takes the name of one value"));
    };
    let path = block.params[0].as_name().unwrap_or_default();
    let row = match name {
        "if" | "unless" if scope.knows(path) => Scope { fields: scope.fields, is_row: scope.is_row },
        "each" => match scope.rows(path) {
            Some(fields) => Scope { fields, is_row: true },
            None => return fault(format!("{path:?} has no rows; {}", scope.names())),
        },
        "if" | "unless" => return fault(format!("the value {path:?} is unknown; {}", scope.names())),
        _ => return fault(format!("{name:?} is no helper: if, unless and each are")),
    };
    if !block.hash.is_empty() || block.block_param.is_some() {
        return fault(format!("{name:?} takes the name of one value, and nothing else"));
    }
    block.template.iter().try_for_each(|inner| elements(inner, &row))?;
    block.inverse.iter().try_for_each(|inner| elements(inner, scope))
}
