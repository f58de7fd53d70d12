//! `comeback render`: one message, in a language and for a channel.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use serde_json::Value;

use super::{Globals, context, input, parsed, print, warn};
use crate::json::v1;
use crate::model::Language;
use crate::notice::{self, Channel, Template};
use crate::support::error::{Error, Kind, Result};

const EXAMPLE: &str = "\
Examples:
  comeback render                                     list the templates
  comeback render summary --lang zh --channel feishu  one of them, with its sample values
  echo '{\"reason\":\"new model\"}' | comeback render before -

A template of your own stands in <workspace>/comeback/templates/<LANG>/<NAME>.hbs.";

#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(crate) struct Args {
    /// The template [default: list them]
    #[arg(value_parser = template)]
    name: Option<&'static Template>,
    /// The values as JSON, `-` for stdin [default: the template's sample values]
    #[arg(value_name = "VALUES.json")]
    values: Option<PathBuf>,
    /// The language, en or zh
    #[arg(long, default_value = "en", value_parser = parsed::<Language>)]
    lang: Language,
    /// The channel of a message to a person; one that is not known is plain
    #[arg(long, value_name = "NAME", default_value = "plain")]
    channel: String,
    /// List the templates
    #[arg(long, conflicts_with = "name")]
    list: bool,
}

fn template(name: &str) -> std::result::Result<&'static Template, String> {
    Template::find(name).ok_or_else(|| "there is no such template; `comeback render` lists them".to_owned())
}

pub(crate) fn run(args: &Args, globals: &Globals) -> Result<ExitCode> {
    match args.name {
        Some(template) => show(template, args, globals)?,
        None => print(globals, || v1::RenderList::new(&notice::ALL), list)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn list() -> String {
    let line = |template: &&Template| format!("{:<20} {}", template.name, template.about);
    notice::ALL.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn show(template: &Template, args: &Args, globals: &Globals) -> Result<()> {
    let templates = context(globals)?.templates;
    let values = match &args.values {
        Some(path) => read_values(path)?,
        None => notice::sample(template, args.lang),
    };
    let channel = Channel::of(&args.channel);
    let message = templates.render(template, &values, args.lang, channel)?;
    let rendered = v1::Rendered {
        template,
        language: args.lang,
        channel,
        own: templates.is_own(template, args.lang),
        values: &values,
        message: &message,
        warnings: templates.warnings(),
    };
    print(globals, || v1::Render::new(&rendered), || message.clone())?;
    warn(templates.warnings());
    Ok(())
}

fn read_values(path: &Path) -> Result<Value> {
    let (origin, text) = input(path)?;
    serde_json::from_str(&text).map_err(|error| {
        Error::new(Kind::User, format!("cannot read the values in {origin}"))
            .because(error)
            .hint("they are one JSON object; `comeback render NAME --json` shows sample values")
    })
}
