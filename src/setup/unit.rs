//! Units of systemd, as far as is needed: which gateway they start, as whom, and with which environment.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::machine::{Machine, usual_state};
use crate::gateway::boot::is_same;
use crate::support::error::Result;
use crate::support::fs;

const PREFIX: &str = "openclaw-gateway";
const SERVICE: &str = ".service";
/// What a unit of ours takes over of the gateway's, as it stands: who runs it.
const WHO: [&str; 3] = ["User", "Group", "EnvironmentFile"];
/// And which variables: those that this program reads and that are no secrets.
const VARIABLES: [&str; 6] = [
    "HOME",
    "PATH",
    "OPENCLAW_CONFIG_PATH",
    "OPENCLAW_GATEWAY_PORT",
    "OPENCLAW_WORKSPACE_DIR",
    "OPENCLAW_INCLUDE_ROOTS",
];

/// A gateway's unit.
#[derive(Debug)]
pub struct Unit {
    /// Its name, with `.service`.
    pub name: String,
    /// Whether it is one of the machine's.
    pub system: bool,
    /// The keys and values of its section `[Service]`, drop-ins included.
    service: Vec<(String, String)>,
}

/// Finds the unit of the gateway whose state directory this is: one of the usual name, or the one that is named.
///
/// # Errors
/// Where a unit is there and cannot be read.
pub fn find(machine: &Machine, state: &Path, named: Option<&str>) -> Result<Option<Unit>> {
    for (folders, system) in [(&machine.user_units, false), (&machine.system_units, true)] {
        for name in names(folders, named) {
            let Some(unit) = read(folders, &name, system)? else { continue };
            if named.is_some() || is_same(&unit.state(machine), state) {
                return Ok(Some(unit));
            }
        }
    }
    Ok(None)
}

fn names(folders: &[PathBuf], named: Option<&str>) -> Vec<String> {
    if let Some(name) = named {
        return vec![if name.ends_with(SERVICE) { name.to_owned() } else { format!("{name}{SERVICE}") }];
    }
    let entries = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten().flatten();
    let files = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let gateways: BTreeSet<String> = files.filter(|name| profile(name).is_some()).collect();
    gateways.into_iter().collect()
}

/// Returns the profile in a gateway's unit name, empty for the default one.
fn profile(name: &str) -> Option<&str> {
    let rest = name.strip_prefix(PREFIX)?.strip_suffix(SERVICE)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('-') }
}

/// Reads a unit, the first of its name, and what others have dropped in.
fn read(folders: &[PathBuf], name: &str, system: bool) -> Result<Option<Unit>> {
    let mut texts = Vec::new();
    for folder in folders {
        texts.extend(fs::read(&folder.join(name))?.filter(|_| texts.is_empty()));
    }
    if texts.is_empty() {
        return Ok(None);
    }
    for folder in folders.iter().rev() {
        let Ok(entries) = std::fs::read_dir(folder.join(format!("{name}.d"))) else { continue };
        let mut files: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        files.sort();
        for file in files.iter().filter(|file| file.extension().is_some_and(|end| end == "conf")) {
            texts.extend(fs::read(file)?);
        }
    }
    let service = texts.iter().flat_map(|text| service_section(text)).collect();
    Ok(Some(Unit { name: name.to_owned(), system, service }))
}

/// Returns the assignments below `[Service]`; a line that ends in a backslash goes on in the next.
fn service_section(text: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut section = String::new();
    let text = text.replace("\\\n", " ");
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])) {
        if line.starts_with('[') {
            line.clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once('=').filter(|_| section == "[Service]") {
            found.push((key.trim().to_owned(), value.trim().to_owned()));
        }
    }
    found
}

impl Unit {
    /// Returns the name without `.service`.
    #[must_use]
    pub fn stem(&self) -> &str {
        self.name.strip_suffix(SERVICE).unwrap_or(&self.name)
    }

    /// Returns the lines that give a unit of ours the same user and the same environment.
    #[must_use]
    pub fn environment(&self) -> String {
        let who = self.service.iter().filter(|(key, _)| WHO.contains(&key.as_str()));
        let who = who.map(|(key, value)| format!("{key}={value}\n"));
        let variables = VARIABLES.iter().filter_map(|name| {
            let value = self.variable(name)?;
            Some(format!("Environment={}\n", quoted(&format!("{name}={value}"))))
        });
        who.chain(variables).collect()
    }

    /// Returns the state directory that the unit's gateway uses.
    fn state(&self, machine: &Machine) -> PathBuf {
        let user = self.service.iter().rfind(|(key, _)| key == "User").filter(|_| self.system);
        let home = match (self.variable("HOME"), user) {
            (Some(home), _) => PathBuf::from(home),
            (None, Some((_, user))) => machine.home_of(user),
            (None, None) => machine.home.clone(),
        };
        if let Some(state) = self.variable("OPENCLAW_STATE_DIR") {
            return match state.strip_prefix("~/").or_else(|| state.strip_prefix("%h/")) {
                Some(below) => home.join(below),
                None => state.into(),
            };
        }
        let named = self.variable("OPENCLAW_PROFILE");
        usual_state(&home, named.as_deref().or_else(|| profile(&self.name)))
    }

    /// Returns a variable of the environment; a later assignment replaces an earlier one.
    fn variable(&self, name: &str) -> Option<String> {
        let values = self.service.iter().filter(|(key, _)| key == "Environment");
        let assignments = values.flat_map(|(_, value)| words(value));
        assignments
            .filter_map(|word| Some(word.strip_prefix(name)?.strip_prefix('=')?.to_owned()))
            .next_back()
    }
}

/// Splits a value into its words: quotes hold words together, a backslash takes what follows as it stands.
fn words(value: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quote = None;
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => word.get_or_insert_default().extend(chars.next()),
            '%' if chars.as_str().starts_with('%') => word.get_or_insert_default().extend(chars.next()),
            _ if quote == Some(c) => quote = None,
            '"' | '\'' if quote.is_none() => {
                word.get_or_insert_default();
                quote = Some(c);
            }
            _ if quote.is_none() && c.is_whitespace() => words.extend(word.take()),
            _ => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

/// Quotes a value that systemd splits into words: no blank, quote, `%` or backslash means anything any more.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', r"\\").replace('"', "\\\"").replace('%', "%%"))
}

/// The same for a word of a command, in which `$` begins a variable, too.
pub(super) fn argument(text: &str) -> String {
    quoted(text).replace('$', "$$")
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn unit(name: &str, service: &str, system: bool) -> Unit {
        let service = service_section(&format!("[Unit]\nUser=nobody\n[Service]\n{service}"));
        Unit { name: name.to_owned(), system, service }
    }

    fn machine(dir: &Path) -> Machine {
        let passwd = dir.join("passwd");
        std::fs::write(&passwd, "root:x:0:0::/root:/bin/sh\nclaw:x:7:7:The claw:/srv/claw:/bin/sh\n")
            .unwrap();
        Machine {
            home: "/home/ada".into(),
            user_units: vec![dir.join("user"), dir.join("etc-user")],
            system_units: vec![dir.join("system")],
            launch_agents: dir.join("agents"),
            passwd,
            systemctl: "true".into(),
            launchctl: "true".into(),
        }
    }

    #[rstest]
    #[case::default("openclaw-gateway", "", "/home/ada/.openclaw")]
    #[case::profile_in_the_name("openclaw-gateway-rescue", "", "/home/ada/.openclaw-rescue")]
    #[case::profile("gw", "Environment=OPENCLAW_PROFILE=ops", "/home/ada/.openclaw-ops")]
    #[case::named("openclaw-gateway", "Environment=A=1 OPENCLAW_STATE_DIR=/data/x B=2", "/data/x")]
    #[case::quoted("openclaw-gateway", "Environment=\"OPENCLAW_STATE_DIR=/a b\\\\c\"", "/a b\\c")]
    #[case::percent("openclaw-gateway", "Environment=OPENCLAW_STATE_DIR=/100%%", "/100%")]
    #[case::home("openclaw-gateway", "Environment=OPENCLAW_STATE_DIR=%h/claw", "/home/ada/claw")]
    #[case::tilde("openclaw-gateway", "Environment='OPENCLAW_STATE_DIR=~/claw'", "/home/ada/claw")]
    #[case::last("x", "Environment=OPENCLAW_STATE_DIR=/a\nEnvironment=OPENCLAW_STATE_DIR=/b", "/b")]
    #[case::goes_on("x", "Environment=A=1 \\\n  OPENCLAW_STATE_DIR=/a", "/a")]
    #[case::comment("openclaw-gateway", "#Environment=OPENCLAW_STATE_DIR=/a", "/home/ada/.openclaw")]
    fn the_state_directory_is_the_one_that_its_gateway_uses(
        #[case] name: &str,
        #[case] service: &str,
        #[case] state: &str,
    ) {
        let dir = tempfile::tempdir().unwrap();
        let unit = unit(&format!("{name}.service"), service, false);
        assert_eq!(unit.state(&machine(dir.path())), Path::new(state));
    }

    #[test]
    fn a_system_unit_lives_in_the_home_of_its_user() {
        let dir = tempfile::tempdir().unwrap();
        let state = |service| unit("openclaw-gateway.service", service, true).state(&machine(dir.path()));
        assert_eq!(state("User=claw"), Path::new("/srv/claw/.openclaw"));
        assert_eq!(state("User=claw\nEnvironment=HOME=/x"), Path::new("/x/.openclaw"));
    }

    #[test]
    fn a_unit_of_ours_gets_the_user_and_the_environment_and_no_secret() {
        let unit = unit(
            "openclaw-gateway.service",
            "User=claw\nEnvironmentFile=-/srv/gateway.env\nEnvironment=OPENCLAW_GATEWAY_TOKEN=s3cret \"PATH=/a b\"\n\
             Environment=OPENCLAW_GATEWAY_PORT=1\nRestart=always",
            true,
        );
        let expected = "User=claw\nEnvironmentFile=-/srv/gateway.env\nEnvironment=\"PATH=/a b\"\n\
                        Environment=\"OPENCLAW_GATEWAY_PORT=1\"\n";
        assert_eq!(unit.environment(), expected);
    }

    #[test]
    fn the_unit_of_the_state_directory_is_found_among_others_and_the_users_first() {
        let dir = tempfile::tempdir().unwrap();
        let machine = machine(dir.path());
        let put = |path: &str, text: &str| fs::write(&dir.path().join(path), text.as_bytes()).unwrap();
        put("user/openclaw-gateway.service", "[Service]\nExecStart=/x\n");
        put(
            "user/openclaw-gateway.service.d/90-state.conf",
            "[Service]\nEnvironment=OPENCLAW_STATE_DIR=/data/a\n",
        );
        put("user/openclaw-gateway-b.service", "[Service]\nEnvironment=OPENCLAW_STATE_DIR=/data/b\n");
        put("user/openclaw-gatewayish.service", "[Service]\nEnvironment=OPENCLAW_STATE_DIR=/data/c\n");
        put("system/openclaw-gateway-c.service", "[Service]\nEnvironment=OPENCLAW_STATE_DIR=/data/c\n");
        put("system/openclaw-gateway-b.service", "[Service]\nEnvironment=OPENCLAW_STATE_DIR=/data/b\n");
        put("etc-user/claw.service", "[Service]\n");
        let found = |state: &str, named: Option<&str>| {
            find(&machine, Path::new(state), named).unwrap().map(|unit| (unit.name, unit.system))
        };
        assert_eq!(found("/data/a", None), Some(("openclaw-gateway.service".to_owned(), false)));
        assert_eq!(found("/data/b", None), Some(("openclaw-gateway-b.service".to_owned(), false)));
        assert_eq!(found("/data/c", None), Some(("openclaw-gateway-c.service".to_owned(), true)));
        assert_eq!(found("/data/d", None), None);
        assert_eq!(found("/data/d", Some("claw")), Some(("claw.service".to_owned(), false)));
        assert_eq!(found("/data/d", Some("none.service")), None);
    }

    proptest! {
        #[test]
        fn what_is_quoted_is_one_word_again(text in "[^\r\n]{0,40}") {
            prop_assert_eq!(words(&quoted(&text)), [text]);
        }
    }
}
