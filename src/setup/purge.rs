//! Removes this program's own records: the ledger, the device key, the lock.

use std::time::Duration;

use super::hook::FileState;
use super::report::Steps;
use crate::ledger::Ledger;
use crate::support::error::Result;
use crate::support::fs::Lock;
use crate::support::paths::Paths;

/// How long a recovery that is under way is waited for.
const PATIENCE: Duration = Duration::from_secs(30);

/// Removes the records, unless something is held in them: that is somebody's work. The policy is the operator's, and
/// what stands in the workspace is the agents': both stay.
///
/// # Errors
/// [`crate::support::error::Kind::Busy`] where a recovery runs; else where a file cannot be read or removed.
pub fn purge(steps: &mut Steps<'_>, paths: &Paths) -> Result<()> {
    if !paths.own().exists() {
        return Ok(());
    }
    let held = Ledger::read(&paths.ledger())?.held().len();
    if held > 0 {
        let warning = format!(
            "{} stays: somebody has to decide about {held} in it; `comeback confirm` shows what is held",
            paths.ledger().display()
        );
        steps.report.warnings.push(warning);
        steps.leave(paths.ledger());
        return Ok(());
    }
    let _lock = if steps.dry_run { None } else { Some(Lock::acquire(&paths.lock(), PATIENCE)?) };
    for path in [paths.ledger(), paths.device(), paths.lock()] {
        if path.exists() {
            steps.remove(path, FileState::Unchanged)?;
        }
    }
    steps.remove_folders(&[paths.own()]);
    Ok(())
}
