//! `comeback doctor`: what is wrong with an installation, and the command that mends it.

use std::process::ExitCode;

use super::{Globals, print, settings, shown};
use crate::flow::Context;
use crate::json::v1;
use crate::setup::{Finding, Machine, Status, diagnose};
use crate::support::error::{Error, Kind, Result};

#[derive(Debug, clap::Args)]
#[command(after_help = "Exits with 1 where something is wrong.\n\nExample:\n  comeback doctor --json")]
pub(crate) struct Args {}

pub(crate) fn run(_: Args, globals: &Globals) -> Result<ExitCode> {
    let exe = std::env::current_exe()
        .map_err(|error| Error::new(Kind::User, "cannot find the path of this program").because(error))?;
    let findings = match Context::examine(settings(globals)) {
        Ok((context, problems)) => diagnose(&context, &problems, &Machine::here(), &exe),
        // Without its configuration there is no gateway to look at.
        Err(error) => vec![Finding::of("configuration", &error, "openclaw config validate")],
    };
    print(globals, || v1::Doctor::new(&findings), || text(&findings))?;
    let wrong = findings.iter().any(|finding| finding.status == Status::Wrong);
    Ok(if wrong { Kind::User.into() } else { ExitCode::SUCCESS })
}

fn text(findings: &[Finding]) -> String {
    let mut lines = Vec::new();
    for Finding { check, status, text, fix } in findings {
        let status = match status {
            Status::Fine => "ok",
            Status::Note => "note",
            Status::Wrong => "wrong",
        };
        lines.push(format!("{status:<6}{check}: {}", shown(text)));
        lines.extend(fix.iter().map(|fix| format!("      -> {fix}")));
    }
    lines.join("\n")
}
