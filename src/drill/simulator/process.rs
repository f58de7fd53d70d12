//! Processes that do nothing, for a gateway and its commands to be found alive or dead by.

use std::process::{Child, Command, Stdio};

use crate::support::error::{Error, Kind, Result};

/// A process in the gateway's place, or a command's: it waits, and ends with this one at the latest.
pub(super) struct Standin(Child);

impl Standin {
    /// Starts one. It reads from a pipe that nobody writes to, and whose end comes with our own.
    pub fn start() -> Result<Self> {
        let mut command = Command::new("cat");
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map(Self).map_err(|error| {
            Error::new(Kind::User, "cannot start `cat`, which stands in for the gateway's process")
                .because(error)
                .hint("see that `cat` is on the PATH")
        })
    }

    pub fn pid(&self) -> u32 {
        self.0.id()
    }
}

impl Drop for Standin {
    /// Kills it; without a wait it would stay in the list of processes.
    fn drop(&mut self) {
        // One that has ended by itself is no trouble.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}
