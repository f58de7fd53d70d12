//! Installs the startup hook without changing which other hooks are on.

use std::path::Path;

use serde_json::Value;

use super::hook::{self, FileState, NAME};
use super::manifest::{HookRecord, Manifest, Part};
use super::report::{Report, Steps};
use super::selection::{self, Selection};
use crate::gateway::Openclaw;
use crate::support::error::{Error, Kind, Result};
use crate::support::fs;
use crate::support::paths::Paths;

/// Installs the startup hook, which starts `exe`, and enables it by name.
///
/// First the files, then the manifest, then the configuration: whatever stops us, a second run goes on from there,
/// and no gateway finds an entry without its hook. A run that finds all in place changes nothing and starts nothing.
///
/// # Errors
/// [`Kind::Refused`] where internal hooks are turned off as a whole, or a file that is not ours stands in the way;
/// [`Kind::Newer`] where a newer version installed it; else where a file or a command fails.
pub fn install_hook(paths: &Paths, openclaw: &Openclaw, exe: &Path, dry_run: bool) -> Result<Report> {
    let binary = exe.canonicalize().map_err(|error| fs::failed("find", exe, error))?;
    let mut manifest = Manifest::read(paths)?;
    manifest.check_writable()?;
    let selection = Selection::read(openclaw)?;
    refuse_where_off(&selection, openclaw)?;
    let files = hook::render(&binary)?;
    let known = manifest.hook()?;
    refuse_foreign_files(paths, known.as_ref(), &files)?;

    let folders = fs::missing_folders(&hook::folder(paths));
    let mut steps = Steps::new(openclaw, dry_run);
    for (file, content) in &files {
        steps.write(hook::folder(paths).join(file), content)?;
    }
    let known_names = known.as_ref().map(|known| known.enabled.clone()).unwrap_or_default();
    let mut record = HookRecord {
        binary,
        files: files.iter().map(|(file, content)| ((*file).to_owned(), hook::sha256(content))).collect(),
        enabled: known_names.clone(),
        was_open: known.as_ref().is_some_and(|known| known.was_open),
        folders: known.map_or(folders, |known| known.folders),
    };
    save(&mut manifest, &record, dry_run)?;
    if !selection.names(NAME) {
        let open = selection.closes_with_an_entry();
        let names = to_enable(paths, openclaw, open, dry_run)?;
        record.was_open |= open;
        record.enabled.extend(names.iter().filter(|name| !known_names.contains(name)).cloned());
        save(&mut manifest, &record, dry_run)?;
        steps.command(&selection::enable(&names))?;
        if !dry_run {
            check_enabled(openclaw)?;
        }
    }
    Ok(steps.report)
}

fn save(manifest: &mut Manifest, record: &HookRecord, dry_run: bool) -> Result<()> {
    if dry_run { Ok(()) } else { manifest.set(Part::Hook, Some(record)) }
}

fn refuse_where_off(selection: &Selection, openclaw: &Openclaw) -> Result<()> {
    if !selection.is_off() {
        return Ok(());
    }
    let config = openclaw.config().display();
    Err(Error::new(
        Kind::Refused,
        format!("internal hooks are turned off in {config}, so nothing was changed"),
    )
    .hint("to allow them, run `openclaw config unset hooks.internal.enabled`, then this command again")
    .hint("without the hook, only the recovery job that `comeback prepare` makes brings an agent back"))
}

/// A file may be replaced where we wrote it, or where it says the same already.
fn refuse_foreign_files(paths: &Paths, known: Option<&HookRecord>, files: &[(&str, String)]) -> Result<()> {
    for (file, content) in files {
        let path = hook::folder(paths).join(file);
        let unchanged = match known {
            Some(record) => hook::state(paths, record, file)? != FileState::Changed,
            None => false,
        };
        if !unchanged && fs::read(&path)?.is_some_and(|found| found != *content) {
            let message = format!("{} was not written by this program, or was changed since", path.display());
            return Err(Error::new(Kind::Refused, message).hint("move it away, then run this command again"));
        }
    }
    Ok(())
}

/// Names our hook, and in an open selection each one that is on: the first entry would turn them off.
fn to_enable(paths: &Paths, openclaw: &Openclaw, open: bool, dry_run: bool) -> Result<Vec<String>> {
    let mut names = vec![NAME.to_owned()];
    if dry_run && !open {
        return Ok(names);
    }
    let list = selection::parse(&openclaw.run(&["hooks", "list", "--json"])?, "openclaw hooks list --json")?;
    let hooks = list.get("hooks").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let name = |hook: &Value| hook.get("name").and_then(Value::as_str).map(str::to_owned);
    if !dry_run && !hooks.iter().any(|hook| name(hook).as_deref() == Some(NAME)) {
        let message = format!("`openclaw hooks list` does not find {}", hook::folder(paths).display());
        return Err(Error::new(Kind::Failed, message).hint(
            "check that OPENCLAW_STATE_DIR (or --state-dir) names the state directory of this gateway",
        ));
    }
    if open {
        let on = hooks.iter().filter(|hook| hook.get("loadable") == Some(&Value::Bool(true)));
        names.extend(on.filter_map(name).filter(|name| name != NAME));
    }
    Ok(names)
}

fn check_enabled(openclaw: &Openclaw) -> Result<()> {
    if Selection::read(openclaw)?.names(NAME) {
        return Ok(());
    }
    let config = openclaw.config().display();
    Err(Error::new(Kind::Failed, format!("`openclaw config set` ended well, but {config} does not show it"))
        .hint("check that OPENCLAW_CONFIG_PATH names this gateway's configuration"))
}
