//! What brings agents back by itself: is it there, does it work, when has it last fired.

use chrono::{DateTime, TimeDelta, Utc};

use super::Finding;
use crate::flow::{Context, Source, Trigger};
use crate::ledger::{Event, Ledger};
use crate::setup::{Installed, Machine, Shown, launchd, show_all, systemd};
use crate::support::clock::rfc3339;
use crate::support::error::Result;

/// A gateway that started longer ago than this has had its triggers: 2026.9.6 fires its hooks last of all.
const DUE: TimeDelta = TimeDelta::minutes(3);

/// What is known of the triggers' past.
struct Past<'a> {
    ledger: Ledger,
    context: &'a Context,
    /// When something was last installed.
    installed_at: Option<DateTime<Utc>>,
}

pub(super) fn look(context: &Context, machine: &Machine) -> Vec<Finding> {
    findings(context, machine)
        .unwrap_or_else(|error| vec![Finding::of("triggers", &error, "comeback setup install")])
}

fn findings(context: &Context, machine: &Machine) -> Result<Vec<Finding>> {
    let shown = show_all(&context.paths, &context.openclaw())?;
    let manifest = context.paths.own().join("manifest.json");
    let past = Past {
        ledger: Ledger::read(&context.paths.ledger())?,
        context,
        installed_at: manifest.metadata().and_then(|meta| meta.modified()).ok().map(DateTime::from),
    };
    let mut found = vec![hook(&shown, &past)];
    let unit = systemd::find(machine, &context.paths, None, false)?;
    let unit = unit.map(|unit| format!("{} starts this gateway", unit.name));
    found.extend(part("systemd", shown.systemd.as_ref(), unit, &past, Source::Systemd));
    let agent = launchd::find(machine, &context.paths, None, false)?;
    let agent = agent.map(|label| format!("launchd's {label} starts this gateway"));
    found.extend(part("launchd", shown.launchd.as_ref(), agent, &past, Source::Launchd));
    found.push(match &shown.boot_resume {
        Some(skill) if skill.works() => {
            Finding::fine("boot-resume", "The slash command /boot-resume is there.")
        }
        Some(_) => Finding::wrong(
            "boot-resume",
            "The skill behind /boot-resume was changed or is gone.",
            "comeback setup install --boot-resume",
        ),
        None => Finding::note(
            "boot-resume",
            "The slash command /boot-resume is not installed.",
            Some("comeback setup install --boot-resume".to_owned()),
        ),
    });
    Ok(found)
}

fn hook(shown: &Shown, past: &Past<'_>) -> Finding {
    const FIX: &str = "comeback setup install --hook";
    let Some(hook) = &shown.hook else {
        return Finding::wrong(
            "hook",
            "The startup hook is not installed: after a crash nobody comes back.",
            FIX,
        );
    };
    if !hook.works() {
        let why = if hook.enabled {
            "one of its files or its program was changed or is gone"
        } else {
            "the configuration does not turn it on"
        };
        return Finding::wrong("hook", format!("The startup hook does not work: {why}."), FIX);
    }
    match past.missed(Source::Hook) {
        Some(text) => Finding::wrong(
            "hook",
            format!("The startup hook {text}"),
            "openclaw hooks list, then openclaw logs",
        ),
        None => Finding::fine(
            "hook",
            format!("The startup hook works; {}.", past.last(Source::Hook, Trigger::Startup)),
        ),
    }
}

fn part(
    check: &'static str,
    installed: Option<&Installed>,
    manager: Option<String>,
    past: &Past<'_>,
    source: Source,
) -> Option<Finding> {
    let fix = format!("comeback setup install --{check}");
    let Some(installed) = installed else {
        let text =
            |manager| format!("{manager}, and would bring it back after a sleep of the machine as well.");
        return manager.map(|manager| Finding::note(check, text(manager), Some(fix)));
    };
    let of = installed.of.as_deref().unwrap_or_default();
    if !installed.works() {
        return Some(Finding::wrong(
            check,
            format!("What was installed for {of} was changed or is gone."),
            fix,
        ));
    }
    if let Some(text) = past.missed(source) {
        return Some(Finding::wrong(check, format!("What was installed for {of} {text}"), fix));
    }
    let (start, wake) = (past.last(source, Trigger::Startup), past.last(source, Trigger::Wake));
    Some(Finding::fine(
        check,
        format!("Installed for {of}; at its starts {start}; at wakes of the machine {wake}."),
    ))
}

impl Past<'_> {
    fn at(&self, source: Source, trigger: Trigger) -> Option<DateTime<Utc>> {
        self.ledger.latest(|record| match &record.event {
            Event::Fired { source: by, trigger: why } if by == source.name() && why == trigger.name() => {
                Some(record.at)
            }
            _ => None,
        })
    }

    fn last(&self, source: Source, trigger: Trigger) -> String {
        self.at(source, trigger).map_or_else(
            || "it has not fired yet".to_owned(),
            |at| format!("it last fired at {}", rfc3339(at)),
        )
    }

    /// Tells where a trigger was in place when the gateway started, and did not fire.
    fn missed(&self, source: Source) -> Option<String> {
        let started = self.context.running_boot()?.started_at;
        let was_there = self.installed_at.is_some_and(|at| at < started);
        let is_due = self.context.policy.enabled && self.context.clock.now() - started > DUE;
        let has_fired = self.at(source, Trigger::Startup).is_some_and(|at| at >= started);
        (was_there && is_due && !has_fired)
            .then(|| format!("has not fired since the gateway started at {}.", rfc3339(started)))
    }
}
