//! Files: ours and who may read them, the policies, the templates, and what other skills left.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::Finding;
use crate::checkpoint;
use crate::flow::Context;
use crate::ledger::Ledger;
use crate::note;
use crate::setup::{Leftover, Machine, Trace, seeds};
use crate::support::document::{Listed, MEND};
use crate::support::error::{Error, Result};
use crate::support::run::display;
use crate::support::{fs, process};
use crate::task;

/// Nobody else may read or write what is ours.
const OTHERS: u32 = 0o077;

pub(super) fn look(context: &Context, problems: &[Error], machine: &Machine, exe: &Path) -> Vec<Finding> {
    let mut found = permissions(context);
    found.extend(records(context));
    found.extend(policy(context, problems));
    found.extend(templates(context));
    found.extend(others(context, machine));
    found.extend(skill(context, machine, exe));
    found
}

fn permissions(context: &Context) -> Vec<Finding> {
    let folder = context.paths.own();
    let entries = std::fs::read_dir(&folder).into_iter().flatten().flatten();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.path()).collect();
    if folder.exists() {
        paths.push(folder.clone());
    }
    paths.sort();
    let found: Vec<Finding> = paths.iter().filter_map(|path| badly_kept(path)).collect();
    if !found.is_empty() {
        return found;
    }
    vec![Finding::fine("permissions", format!("What stands in {} is the owner's alone.", folder.display()))]
}

fn badly_kept(path: &Path) -> Option<Finding> {
    let meta = std::fs::symlink_metadata(path).ok()?;
    let shown = path.display();
    let path = path.to_string_lossy();
    let user = process::user_id();
    if meta.uid() != user && user != 0 {
        let fix = display(&["sudo", "chown", &user.to_string(), &path]);
        return Some(Finding::wrong("permissions", format!("{shown} belongs to another user."), fix));
    }
    // The policy holds no secret; anybody who can write it decides, though.
    let forbidden = if path.ends_with("config.yaml") { 0o022 } else { OTHERS };
    (meta.permissions().mode() & forbidden != 0).then(|| {
        let fix = display(&["chmod", "go-rwx", &path]);
        Finding::wrong("permissions", format!("{shown} is open to other users."), fix)
    })
}

/// What a recovery reads, and would stop at or pass over.
fn records(context: &Context) -> Vec<Finding> {
    // Only the newest is ever recovered.
    let newest = checkpoint::Store::new(context.paths.checkpoints()).list();
    let newest = newest.map(|all| all.into_iter().next().and_then(|newest| newest.checkpoint.err()));
    let mut errors: Vec<Error> = newest.unwrap_or_else(Some).into_iter().collect();
    errors.extend(unread(task::Store::new(&context.paths).list()));
    errors.extend(unread(note::Store::new(&context.paths).list()));
    let path = context.paths.ledger();
    let ledger = Ledger::read(&path).and_then(|ledger| ledger.ensure_known(&path).map(|()| ledger));
    let lost = match ledger {
        Ok(ledger) => ledger.complaint(&path),
        Err(error) => {
            errors.push(error);
            Vec::new()
        }
    };
    let mut found: Vec<Finding> = errors.iter().map(|error| Finding::of("records", error, MEND)).collect();
    let note =
        |text| Finding::note("records", format!("{text}: what they said is lost, all else counts."), None);
    found.extend(lost.into_iter().map(note));
    if found.is_empty() {
        found.push(Finding::fine(
            "records",
            "The ledger, the newest checkpoint, tasks and notes can be read.",
        ));
    }
    found
}

/// Why files of a folder, or the folder itself, cannot be read.
fn unread<T>(listed: Result<Vec<Listed<T>>>) -> Vec<Error> {
    match listed {
        Ok(listed) => listed.into_iter().filter_map(|one| one.content.err()).collect(),
        Err(error) => vec![error],
    }
}

fn policy(context: &Context, problems: &[Error]) -> Vec<Finding> {
    if !problems.is_empty() {
        let fix = "mend the line, or move the file away";
        return problems.iter().map(|error| Finding::wrong("policy", error.full(), fix)).collect();
    }
    let files = [context.paths.policy(), context.paths.workspace_policy()];
    let there: Vec<String> =
        files.iter().filter(|path| path.exists()).map(|path| path.display().to_string()).collect();
    let from = if there.is_empty() { "no file, so the defaults".to_owned() } else { there.join(" and ") };
    if context.policy.enabled {
        return vec![Finding::fine("policy", format!("Recovery is on, by {from}."))];
    }
    let text = format!("Recovery is switched off (enabled: false), by {from}.");
    vec![Finding::note("policy", text, Some("set enabled: true there".to_owned()))]
}

fn templates(context: &Context) -> Vec<Finding> {
    let warnings = context.templates.warnings();
    if warnings.is_empty() {
        return vec![Finding::fine("templates", "Every message has a template that works.")];
    }
    let wrong = |warning: &String| Finding::wrong("templates", warning.clone(), MEND);
    warnings.iter().map(wrong).collect()
}

fn others(context: &Context, machine: &Machine) -> Vec<Finding> {
    let found = match seeds::find(&context.paths, machine) {
        Ok(found) => found,
        Err(error) => return vec![Finding::of("skills", &error, "comeback setup import --dry-run")],
    };
    let mut findings: Vec<Finding> = found.iter().map(leftover).collect();
    let agents_md = context.paths.workspace.join("AGENTS.md");
    let text = fs::read(&agents_md).ok().flatten().unwrap_or_default();
    if let Some(line) = text.lines().position(|line| line.contains("seamless-restart skill")) {
        let text = format!(
            "{}, line {}, tells agents to restart with seamless-restart.",
            agents_md.display(),
            line + 1
        );
        let fix = "take the rule out, then run comeback setup agents-md";
        findings.push(Finding::wrong("skills", text, fix));
    }
    if findings.is_empty() {
        findings.push(Finding::fine("skills", "No other skill would resume the same work."));
    }
    findings
}

fn leftover(leftover: &Leftover) -> Finding {
    let (seed, path) = (leftover.seed.name(), leftover.path.display());
    let text = match leftover.trace {
        Trace::Skill => format!("The skill {seed} in {path} resumes and restarts in its own way."),
        Trace::Unit => format!("{path} starts the script of {seed}, which resumes the same work."),
        Trace::Claim => format!("{path} claims a session for {seed}, so that comeback leaves it alone."),
    };
    Finding::wrong("skills", text, "comeback setup import")
}

/// Agents see the skill where the gateway finds both: its folder, and the program on PATH.
fn skill(context: &Context, machine: &Machine, exe: &Path) -> Vec<Finding> {
    let name = env!("CARGO_PKG_NAME");
    let mut found = Vec::new();
    if seeds::skill_folders(&context.paths, machine, name).is_empty() {
        let text = "The skill comeback is in none of this gateway's folders of skills.";
        found.push(Finding::note(
            "skill",
            text,
            Some("openclaw skills install FOLDER-OF-COMEBACK".to_owned()),
        ));
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let first = std::env::split_paths(&path).map(|folder| folder.join(name)).find(|file| file.is_file());
    match first {
        None => {
            let folder = exe.parent().unwrap_or(exe).display();
            let text =
                format!("comeback is not on this PATH; agents need it on the gateway's: it is in {folder}.");
            found.push(Finding::note("skill", text, Some(format!("export PATH=\"{folder}:$PATH\""))));
        }
        Some(first) if first.canonicalize().ok() != exe.canonicalize().ok() => {
            let text = format!("Another comeback comes first on this PATH: {}.", first.display());
            found.push(Finding::note("skill", text, None));
        }
        Some(_) if found.is_empty() => {
            found.push(Finding::fine("skill", "Agents have the skill and the program."));
        }
        Some(_) => {}
    }
    found
}
