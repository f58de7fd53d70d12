//! The templates that are in use: the built-in ones, and a workspace's own in their place.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::catalogue::{Reader, Template, shortened};
use super::channel::Channel;
use super::cut::{cut, length};
use super::template::{Fault, check, fill};
use super::trial;
use super::values::{Detail, Style, quoted};
use crate::model::Language;
use crate::support::error::{Error, Kind, Result};
use crate::support::paths::Paths;

/// A template of a workspace's own that is larger than this is none.
const MAX_TEMPLATE: u64 = 64 << 10;

/// Knows which text a message is made from.
#[derive(Clone, Debug, Default)]
pub struct Templates {
    own: BTreeMap<(&'static str, Language), String>,
    warnings: Vec<String>,
}

impl Templates {
    /// Loads the workspace's own templates; each that is not sound is passed over with a warning, and the built-in one
    /// stays in use.
    #[must_use]
    pub fn load(paths: &Paths) -> Self {
        let mut templates = Self::default();
        for folder in entries(&paths.templates()) {
            for file in entries(&folder) {
                match read(&paths.workspace, &folder, &file) {
                    Ok((template, language, text)) => {
                        templates.own.insert((template.name, language), text);
                    }
                    Err(fault) => templates.warnings.push(warning(&file, &fault)),
                }
            }
        }
        templates
    }

    /// Returns what was wrong with the workspace's own templates, each with its file and place.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Tells whether the workspace has a sound template of its own.
    #[must_use]
    pub fn is_own(&self, template: &Template, language: Language) -> bool {
        self.own.contains_key(&(template.name, language))
    }

    /// Renders a template with recorded values; a message to a person is made to fit its channel.
    ///
    /// # Errors
    /// Where a value is missing, unknown or of the wrong type: names it.
    pub fn render(
        &self,
        template: &Template,
        raw: &Value,
        language: Language,
        channel: Channel,
    ) -> Result<String> {
        match template.reader {
            Reader::Agent => {
                let style = Style { language, channel: None, detail: Detail::STEPS[0] };
                self.filled(template, raw, style)
            }
            Reader::Person => self.fitted(template, raw, language, channel),
        }
    }

    /// Says less and less until the message fits; what still does not is cut.
    fn fitted(
        &self,
        template: &Template,
        raw: &Value,
        language: Language,
        channel: Channel,
    ) -> Result<String> {
        let (note, limit) = (shortened(language), channel.limit());
        let mut message = String::new();
        for (step, detail) in Detail::STEPS.into_iter().enumerate() {
            message = self.filled(template, raw, Style { language, channel: Some(channel), detail })?;
            let whole = if step == 0 { message.clone() } else { format!("{message}\n\n{note}") };
            if length(&whole) <= limit {
                return Ok(whole);
            }
        }
        Ok(cut(&message, limit, note))
    }

    fn filled(&self, template: &Template, raw: &Value, style: Style) -> Result<String> {
        let values = quoted(template, raw, style)?;
        let own = self.own.get(&(template.name, style.language)).and_then(|text| fill(text, &values).ok());
        own.map_or_else(|| fill(template.text(style.language), &values), Ok).map_err(|error| {
            Error::new(Kind::Bug, format!("the built-in template {} cannot be filled", template.name))
                .because(error)
        })
    }
}

/// Lists a folder in order; one that is not there, or a file, has nothing in it.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let is_hidden =
        |path: &PathBuf| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).filter(|path| !is_hidden(path)).collect();
    paths.sort();
    paths
}

fn read(
    workspace: &Path,
    folder: &Path,
    file: &Path,
) -> std::result::Result<(&'static Template, Language, String), Fault> {
    let fault = |what: String| Fault { at: None, what };
    let name = |path: &Path| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let language = name(folder).parse::<Language>().map_err(|error| fault(error.to_string()))?;
    let template = name(file)
        .strip_suffix(".hbs")
        .and_then(Template::find)
        .ok_or_else(|| fault("there is no template of that name; `comeback render` lists them".to_owned()))?;
    let text = text(workspace, file).map_err(fault)?;
    check(template, &text)?;
    trial::run(template, &text, language).map_err(fault)?;
    Ok((template, language, text))
}

/// Reads a file that lies in the workspace also behind its links: what is elsewhere is nobody's template.
fn text(workspace: &Path, file: &Path) -> std::result::Result<String, String> {
    let read = || {
        let (real, workspace) = (fs::canonicalize(file)?, fs::canonicalize(workspace)?);
        let is_ours =
            real.starts_with(&workspace) && real.is_file() && fs::metadata(&real)?.len() <= MAX_TEMPLATE;
        if is_ours { fs::read_to_string(&real).map(Some) } else { Ok(None) }
    };
    match read() {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(format!("a file in the workspace of at most {} KiB is expected", MAX_TEMPLATE >> 10)),
        Err(error) => Err(format!("it cannot be read: {error}")),
    }
}

fn warning(file: &Path, fault: &Fault) -> String {
    let at = fault.at.map(|(line, column)| format!(":{line}:{column}")).unwrap_or_default();
    format!("{}{at}: {}; the built-in template is used", file.display(), fault.what)
}
