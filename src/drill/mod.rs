//! The rehearsal: what a restart does to the work of agents, without an `OpenClaw`.
//!
//! Two gateways are played by the simulator, and their agents by a script. All else is the program itself: what it finds,
//! decides, sends and writes down is only watched here, and compared with what it should have done.

mod acts;
mod cast;
pub mod simulator;
mod stage;
mod story;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

pub use self::cast::{Fate, Person};
use self::stage::Stage;
pub use self::story::{Act, Check, Played, Step, Tell, Voice};
use crate::support::error::{Error, Kind, Result};
use crate::support::fs;

/// What came of a rehearsal.
#[derive(Debug)]
pub struct Rehearsal {
    /// The acts, in their order.
    pub acts: Vec<Act>,
}

impl Rehearsal {
    /// Tells whether everything was as it should be.
    #[must_use]
    pub fn is_well(&self) -> bool {
        self.acts.iter().flat_map(|act| &act.checks).all(|check| check.trouble.is_none())
    }
}

/// Plays all acts in `folder`, each with a state directory of its own, and tells each step as it happens.
///
/// # Errors
/// Where a gateway cannot be played here. What goes wrong with the recovery is in the rehearsal.
pub fn rehearse(folder: &Path, tell: Tell<'_>) -> Result<Rehearsal> {
    let mut acts = Vec::new();
    for plot in &acts::PLOTS {
        acts.push(act(plot, folder, tell)?);
    }
    Ok(Rehearsal { acts })
}

fn act(plot: &acts::Plot, folder: &Path, tell: Tell<'_>) -> Result<Act> {
    let mut stage = Stage::new(plot.cast, plot.flavour, &folder.join(plot.name), tell)?;
    stage.tell(&Step::Act { title: plot.title, version: plot.flavour.version(), store: plot.store });
    let played = (plot.play)(&mut stage);
    Ok(stage.close(plot, played.err()))
}

/// Makes the folder that is played in; where something stands already, it is not to be played with.
///
/// # Errors
/// Where something stands in the folder, or it cannot be made.
pub fn empty_folder(folder: &Path) -> Result<PathBuf> {
    fs::create_dir(folder)?;
    // What a gateway writes into its lock is the real path.
    let folder = folder.canonicalize().map_err(|error| fs::failed("resolve", folder, error))?;
    let mut entries = std::fs::read_dir(&folder).map_err(|error| fs::failed("look into", &folder, error))?;
    if entries.next().is_some() {
        let message = format!("the drill needs an empty folder, and {} is not", folder.display());
        return Err(Error::new(Kind::User, message).hint("name one that does not exist yet"));
    }
    Ok(folder)
}
