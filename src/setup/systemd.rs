//! Units of systemd: a drop-in that recovers after each start of the gateway, and a unit for the wakes of the machine.
//!
//! Measured with systemd 252 (docs/triggers.md): a drop-in's command that goes into the background holds up nothing, has
//! the gateway's own environment, and ends with the gateway. A user's systemd has no `sleep.target`; the machine's
//! reaches `suspend.target` and its like when the sleep is over (read).

use std::path::{Path, PathBuf};

use super::machine::Machine;
use super::manifest::{Manifest, Part, Placed};
use super::placed::{self, Wanted};
use super::report::Steps;
use super::unit::{self, Unit, argument};
use crate::support::error::{Error, Kind, Result};
use crate::support::paths::Paths;

const DROP_IN: &str = include_str!("../../templates/systemd/drop-in.conf");
const SERVICE: &str = include_str!("../../templates/systemd/wake.service");
const TIMER: &str = include_str!("../../templates/systemd/wake.timer");
/// What the machine's systemd reaches once a sleep is over.
const SLEEPS: [&str; 4] =
    ["suspend.target", "hibernate.target", "hybrid-sleep.target", "suspend-then-hibernate.target"];
const NO_MANAGER: &str =
    "the units take effect once systemd has read them, at the latest when it starts again";

/// Puts the drop-in and the units of the gateway's unit in place, and tells systemd.
///
/// # Errors
/// [`Kind::Refused`] where a file that is not ours stands in the way; else where a path cannot stand in a unit, or a file
/// cannot be written.
pub fn install(
    steps: &mut Steps<'_>,
    manifest: &mut Manifest,
    machine: &Machine,
    paths: &Paths,
    binary: &Path,
    unit: &Unit,
) -> Result<()> {
    let wanted = wanted(machine, paths, binary, unit)?;
    if !placed::put(steps, manifest, &wanted)? {
        return Ok(());
    }
    steps.tell(&machine.systemctl, &manager(unit.system, &["daemon-reload"]), NO_MANAGER);
    if !unit.system {
        steps.tell(&machine.systemctl, &manager(false, &["start", &timer(unit)]), NO_MANAGER);
    }
    Ok(())
}

/// Takes them away, and tells systemd.
///
/// # Errors
/// Where a file cannot be read or removed.
pub fn remove(steps: &mut Steps<'_>, machine: &Machine, record: &Placed) -> Result<()> {
    let timers = record.files.keys().filter(|path| path.extension().is_some_and(|end| end == "timer"));
    for timer in timers.filter_map(|path| path.file_name()?.to_str()) {
        steps.tell(&machine.systemctl, &manager(false, &["stop", timer]), NO_MANAGER);
    }
    placed::take(steps, record)?;
    steps.tell(&machine.systemctl, &manager(record.system, &["daemon-reload"]), NO_MANAGER);
    Ok(())
}

fn manager<'a>(system: bool, words: &[&'a str]) -> Vec<&'a str> {
    let program: &[&str] = if system { &["systemctl"] } else { &["systemctl", "--user"] };
    [program, words].concat()
}

fn timer(unit: &Unit) -> String {
    format!("comeback-wake-{}.timer", unit.stem())
}

fn wanted(machine: &Machine, paths: &Paths, binary: &Path, unit: &Unit) -> Result<Wanted> {
    let folder = folder(machine, unit.system)?;
    let name = format!("comeback-wake-{}.service", unit.stem());
    let after = if unit.system { format!("{} {}", unit.name, SLEEPS.join(" ")) } else { unit.name.clone() };
    let fill = |template: &str| -> Result<String> {
        Ok(template
            .replace("@BINARY@", &argument(plain(binary)?))
            .replace("@STATE@", &argument(plain(&paths.state)?))
            .replace("@UNIT@", &unit.name)
            .replace("@AFTER@", &after)
            .replace("@ENVIRONMENT@", &unit.environment()))
    };
    let mut service = fill(SERVICE)?;
    let mut files = vec![(folder.join(format!("{}.d/comeback.conf", unit.name)), fill(DROP_IN)?)];
    let mut links = Vec::new();
    if unit.system {
        service = format!("{service}\n[Install]\nWantedBy={}\n", SLEEPS.join(" "));
        for sleep in SLEEPS {
            links.push((folder.join(format!("{sleep}.wants/{name}")), Path::new("..").join(&name)));
        }
    } else {
        let timer = timer(unit);
        files.push((folder.join(&timer), fill(TIMER)?));
        links.push((folder.join(format!("timers.target.wants/{timer}")), Path::new("..").join(&timer)));
    }
    files.push((folder.join(&name), service));
    let of = Some(unit.name.clone());
    Ok(Wanted { part: Part::Systemd, binary: binary.to_owned(), of, system: unit.system, files, links })
}

fn folder(machine: &Machine, system: bool) -> Result<&PathBuf> {
    let folders = if system { &machine.system_units } else { &machine.user_units };
    folders.first().ok_or_else(|| Error::new(Kind::Bug, "this machine has no folder for units"))
}

/// A unit is text of lines.
fn plain(path: &Path) -> Result<&str> {
    let text = path.to_str().filter(|text| !text.contains(char::is_control));
    text.ok_or_else(|| {
        let message = format!("a unit of systemd cannot name {}", path.display());
        Error::new(Kind::User, message).hint("use a path of plain characters")
    })
}

/// Finds the gateway's unit, and says what to do where there is none of that name.
///
/// # Errors
/// Where no unit is there and one was asked for, or one cannot be read.
pub fn find(machine: &Machine, paths: &Paths, named: Option<&str>, asked: bool) -> Result<Option<Unit>> {
    let found = unit::find(machine, &paths.state, named)?;
    if found.is_some() || !asked {
        return Ok(found);
    }
    let message = named.map_or_else(
        || {
            let state = paths.state.display();
            format!("no unit openclaw-gateway….service of systemd starts a gateway on {state}")
        },
        |name| format!("there is no unit {name} of systemd"),
    );
    Err(Error::new(Kind::User, message)
        .hint("`systemctl --user list-unit-files 'openclaw*'` and `systemctl list-unit-files 'openclaw*'` list them")
        .hint("name another one with --unit; `openclaw gateway install` makes the usual one"))
}
