//! Where this machine keeps what starts gateways, and which of it belongs to a state directory.

use std::path::{Path, PathBuf};

use crate::support::fs;
use crate::support::process;

/// Folders of the managers, ours to write first.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The caller's home.
    pub home: PathBuf,
    /// Where a user's units of systemd stand.
    pub user_units: Vec<PathBuf>,
    /// Where the machine's stand.
    pub system_units: Vec<PathBuf>,
    /// Where the user's agents of launchd stand.
    pub launch_agents: PathBuf,
    /// Where users and their homes are listed.
    pub passwd: PathBuf,
    /// The command that tells systemd.
    pub systemctl: PathBuf,
    /// The command that tells launchd.
    pub launchctl: PathBuf,
}

impl Machine {
    /// Returns this machine, as its environment names it.
    #[must_use]
    pub fn here() -> Self {
        let home = std::env::home_dir().unwrap_or_default();
        let config = std::env::var_os("XDG_CONFIG_HOME").filter(|dir| !dir.is_empty());
        let config = config.map_or_else(|| home.join(".config"), PathBuf::from);
        let folders = |folders: &[&str]| folders.iter().map(PathBuf::from).collect::<Vec<_>>();
        let mut user_units = vec![config.join("systemd/user")];
        user_units.extend(folders(&["/etc/systemd/user", "/usr/lib/systemd/user"]));
        Self {
            user_units,
            system_units: folders(&[
                "/etc/systemd/system",
                "/usr/local/lib/systemd/system",
                "/usr/lib/systemd/system",
                "/lib/systemd/system",
            ]),
            launch_agents: home.join("Library/LaunchAgents"),
            passwd: "/etc/passwd".into(),
            systemctl: "systemctl".into(),
            launchctl: "launchctl".into(),
            home,
        }
    }

    /// Returns a user's home; the caller's where the user is not listed here.
    pub(super) fn home_of(&self, user: &str) -> PathBuf {
        let list = fs::read(&self.passwd).ok().flatten().unwrap_or_default();
        let line = list.lines().find(|line| line.split(':').next() == Some(user));
        line.and_then(|line| line.split(':').nth(5)).map_or_else(|| self.home.clone(), PathBuf::from)
    }

    /// Tells whether root runs this for somebody else's gateway: what it wrote there would lock them out.
    pub(super) fn is_foreign(state: &Path) -> bool {
        use std::os::unix::fs::MetadataExt;
        process::is_root() && std::fs::metadata(state).is_ok_and(|meta| meta.uid() != 0)
    }
}

/// Returns the state directory that a gateway uses which is named by its profile and told nothing else.
pub(super) fn usual_state(home: &Path, profile: Option<&str>) -> PathBuf {
    match profile.filter(|profile| !profile.is_empty() && *profile != "default") {
        Some(profile) => home.join(format!(".openclaw-{profile}")),
        None => home.join(".openclaw"),
    }
}
