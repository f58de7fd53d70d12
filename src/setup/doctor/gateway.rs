//! `OpenClaw` itself: its version, its store, the gateway, the device.

use std::time::Duration;

use super::Finding;
use crate::flow::Context;
use crate::gateway::{Gateway, Scopes};
use crate::session::{self, StoreKind};
use crate::support::error::Error;

/// How long a gateway is waited for that does not answer: a person waits, too.
const PATIENCE: Duration = Duration::from_secs(5);
/// From here on agents restart through a tool that asks the operator, and sessions stand in a database.
const NEW_ERA: (u32, u32) = (2026, 8);

pub(super) fn look(context: &Context) -> Vec<Finding> {
    let connection = context.connect(Scopes::TALK, PATIENCE);
    let mut found = vec![version(context, connection.as_ref().ok())];
    found.extend(stores(context));
    match connection {
        _ if context.offline => {
            found.push(Finding::note("gateway", "The gateway was not asked: --offline forbids it.", None));
        }
        Ok(gateway) => found.extend(reached(context, &gateway)),
        Err(error) => found.push(Finding::of("gateway", &error, "openclaw gateway status")),
    }
    found
}

fn version(context: &Context, gateway: Option<&Gateway>) -> Finding {
    let known = gateway.and_then(Gateway::version).map(str::to_owned);
    let version = match known {
        Some(version) => version,
        None => match context.openclaw().run(&["--version"]) {
            Ok(text) => number(&text),
            Err(error) => return Finding::of("openclaw", &error, "put the folder of `openclaw` on PATH"),
        },
    };
    let mut parts = version.split('.').map_while(|part| part.parse::<u32>().ok());
    let era = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let meaning = if era >= NEW_ERA {
        "agents restart through the tool `openclaw`, which may ask the operator; sessions stand in a database; it \
         resumes most cut turns by itself, and comeback the rest"
    } else {
        "agents restart through the tool `gateway`; sessions stand in JSONL files; most cut turns are comeback's to resume"
    };
    Finding::fine("openclaw", format!("OpenClaw {version}: {meaning}."))
}

/// Finds the version in what `openclaw --version` prints, such as `OpenClaw 2026.7.1 (abc)`.
fn number(text: &str) -> String {
    let is_version = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    text.split_whitespace().find(is_version).unwrap_or(text.trim()).to_owned()
}

fn stores(context: &Context) -> Vec<Finding> {
    let stores = match session::read_some(&context.paths.state, &context.config, &|_| true, &mut |_| None) {
        Ok((stores, _)) => stores,
        Err(error) => return vec![Finding::of("store", &error, "ls -ld the folder: it must be readable")],
    };
    if stores.is_empty() {
        let text = format!("There are no sessions below {} yet.", context.paths.state.display());
        return vec![Finding::note("store", text, None)];
    }
    let one = |store: session::Store| {
        let kind = match store.kind {
            StoreKind::Jsonl => "JSONL files",
            StoreKind::Sqlite => "a database",
            StoreKind::Gateway => "the gateway",
        };
        match &store.sessions {
            Ok(count) if store.warnings.is_empty() => {
                Finding::fine("store", format!("Agent {}: {count} sessions, in {kind}.", store.agent))
            }
            Ok(count) => {
                let text = format!(
                    "Agent {}: {count} sessions, in {kind}; {} places cannot be read.",
                    store.agent,
                    store.warnings.len()
                );
                Finding::note("store", text, Some("comeback scan --all".to_owned()))
            }
            Err(error) => Finding::of("store", error, "comeback scan --all"),
        }
    };
    stores.into_iter().map(one).collect()
}

fn reached(context: &Context, gateway: &Gateway) -> Vec<Finding> {
    let way =
        if gateway.hello().is_some() { "over its WebSocket" } else { "through `openclaw gateway call`" };
    let mut found =
        vec![Finding::fine("gateway", format!("It answers {way}, on port {}.", context.config.port))];
    let notes = gateway.warnings().iter().map(|warning| Finding::note("gateway", warning.clone(), None));
    found.extend(notes);
    found.push(match context.connect(Scopes::ADMIN, PATIENCE) {
        Ok(_) if gateway.hello().is_none() => {
            Finding::note("device", "Calls go out as the device of the `openclaw` command.", None)
        }
        Ok(_) => Finding::fine("device", "Paired, with operator.read, operator.write and operator.admin."),
        Err(error) => without_admin(&error),
    });
    found
}

/// Resumes go out all the same; the recovery job and the restart need more.
fn without_admin(error: &Error) -> Finding {
    let finding = Finding::of("device", error, "openclaw devices list");
    let text = format!("Paired with operator.read and operator.write only: {}", finding.text);
    Finding { text, ..finding }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_found_in_what_the_command_prints() {
        for text in ["2026.7.1", "OpenClaw 2026.7.1 (0cf1ab2)\n", "v openclaw 2026.7.1"] {
            assert_eq!(number(text), "2026.7.1");
        }
        assert_eq!(number("nightly"), "nightly");
    }
}
