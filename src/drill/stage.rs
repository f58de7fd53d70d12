//! One gateway with its people, and the program that works on it; what happens is told, and looked at in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::TimeDelta;

use super::acts::Plot;
use super::cast::{Doing, Fate, GREETING, Person, READING, is_native};
use super::simulator::{Flavour, Pace, Setup, Simulator, Step as Next, is_native_notice};
use super::story::{Act, Check, Played, Step, Tell, Voice};
use crate::flow::{self, Context, ItemReport, ItemState, Outcome, RecoverRequest, Report, Settings, Trigger};
use crate::ledger::{Event, Ledger};
use crate::model::{IdempotencyKey, SessionKey};
use crate::support::clock::Clock;
use crate::support::error::{Error, Kind, Result};

/// How long the gateway may take to come to rest: much longer than it does.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long after each other people ask: what is newest comes back first, and a story has an order.
pub(super) const APART: TimeDelta = TimeDelta::milliseconds(200);
/// Not a secret: whoever may read the state directory finds it there.
const TOKEN: &str = "token-of-a-simulated-gateway";

/// Why there is nothing to do where the gateway's own recovery was first.
const NATIVE: &str = "OpenClaw's own recovery has it go on";

/// A gateway, its people, and all that they have heard.
pub(super) struct Stage<'a> {
    pub(super) simulator: Simulator,
    pub(super) context: Context,
    pub(super) cast: &'static [Person],
    state: PathBuf,
    tell: Tell<'a>,
    /// How much of each chat has been told.
    heard: BTreeMap<u32, usize>,
    rulings: BTreeMap<SessionKey, (String, String)>,
    checks: Vec<Check>,
}

impl<'a> Stage<'a> {
    /// Sets it up, with a gateway that is not started yet.
    pub(super) fn new(
        cast: &'static [Person],
        flavour: Flavour,
        state: &Path,
        tell: Tell<'a>,
    ) -> Result<Self> {
        let simulator = Simulator::new(Setup {
            flavour,
            state: state.to_owned(),
            token: TOKEN.to_owned(),
            pace: Pace { drain: Duration::from_millis(200), ..Pace::QUICK },
            clock: Clock::default(),
            script: Box::new(move |turn| {
                let person = cast.iter().find(|person| person.key() == turn.session);
                person.map_or_else(|| Next::answer("NO_REPLY"), |person| person.next(turn))
            }),
        })?;
        let settings = Settings { state_dir: Some(state.to_owned()), rehearsal: true, ..Settings::default() };
        Ok(Self {
            simulator,
            context: Context::load(settings)?,
            cast,
            state: state.to_owned(),
            tell,
            heard: BTreeMap::new(),
            rulings: BTreeMap::new(),
            checks: Vec::new(),
        })
    }

    pub(super) fn tell(&self, step: &Step) {
        (self.tell)(step);
    }

    pub(super) fn did(&self, what: impl Into<String>) {
        self.tell(&Step::Did(what.into()));
    }

    pub(super) fn runs(&self, command: impl Into<String>) {
        self.tell(&Step::Runs(command.into()));
    }

    pub(super) fn scene(&self, what: impl Into<String>) {
        self.tell(&Step::Scene(what.into()));
    }

    /// Has everybody ask for something, and their agents come as far as they come.
    pub(super) fn open(&mut self) -> Result<()> {
        for asks in [|_: &Person| GREETING, |person: &Person| person.asks] {
            for person in self.cast {
                self.simulator.person_says(&person.key(), asks(person))?;
                self.settle()?;
                self.simulator.pass(APART);
            }
        }
        for person in self.cast {
            self.heard.insert(person.chat, self.simulator.delivered(&person.key()).len());
            let Person { name: who, asks: text, stands, .. } = *person;
            self.tell(&Step::Asked { who, text, stands });
        }
        Ok(())
    }

    /// Waits until nothing moves.
    pub(super) fn settle(&self) -> Result<()> {
        if self.simulator.settles_within(PATIENCE) {
            return Ok(());
        }
        Err(Error::new(Kind::Failed, format!("the played gateway does not come to rest within {PATIENCE:?}")))
    }

    /// Tells what each chat has heard since it was last told.
    pub(super) fn chats(&mut self) {
        for person in self.cast {
            let all = self.simulator.delivered(&person.key());
            let told = self.heard.insert(person.chat, all.len()).unwrap_or_default();
            for text in all.into_iter().skip(told) {
                let from = match &person.agent {
                    _ if text == person.says => Voice::Agent,
                    Doing::Answered(answer) if text == *answer => Voice::Agent,
                    _ if is_native_notice(&text) => Voice::Native,
                    _ => Voice::Ours,
                };
                self.tell(&Step::Heard { who: person.name, from, text: named(self.cast, &text) });
            }
        }
    }

    /// Recovers as the startup hook does, and tells what came of it.
    pub(super) fn recover(&mut self) -> Result<()> {
        self.runs("comeback recover --trigger startup");
        let report = self.recovery(Trigger::Startup)?;
        // They went out as each session came to rest, which is another order every time.
        for person in self.cast {
            if self.is_native(person) {
                // It may have ended before anybody looked, or still be under way.
                self.did(format!("{}: left alone: {NATIVE}", person.name));
                continue;
            }
            let Some(one) = report.items.iter().find(|one| one.item.session_key == person.key()) else {
                continue;
            };
            let ruling = (one.item.ruling.rule.clone(), one.item.ruling.reason.clone());
            self.rulings.insert(person.key(), ruling);
            self.did(told(person.name, one));
        }
        report.warnings.iter().for_each(|warning| self.did(format!("warning: {warning}")));
        let is_whole = report.outcome == Outcome::Recovered;
        let trouble = (!is_whole).then(|| format!("it ended as {}", report.outcome.name()));
        self.check("the recovery says that it has done everything", trouble);
        self.settle()?;
        self.chats();
        Ok(())
    }

    /// Runs another recovery, as a person might, who is not sure.
    pub(super) fn recover_again(&mut self) -> Result<()> {
        let before = self.simulator.asked().len();
        self.runs("comeback recover");
        self.recovery(Trigger::Manual)?;
        self.settle()?;
        let sent = self.simulator.asked().len() - before;
        self.did(match sent {
            0 => "nothing is left to do: nothing was sent".to_owned(),
            more => format!("{more} messages were sent"),
        });
        self.check("a second recovery sends nothing", (sent > 0).then(|| format!("it sent {sent}")));
        self.chats();
        Ok(())
    }

    fn recovery(&self, trigger: Trigger) -> Result<Report> {
        let request = RecoverRequest { trigger, wait_gateway: true, wait: true, dry_run: false };
        flow::recover(&self.context, request)
    }

    /// Tells whether the gateway's own recovery had somebody's agent go on.
    fn is_native(&self, person: &Person) -> bool {
        let (asked, key) = (self.simulator.asked(), person.key());
        asked.iter().any(|one| one.session_key == key && is_native(&one.message))
    }

    fn name(&self, key: &SessionKey) -> String {
        let person = self.cast.iter().find(|person| person.key() == *key);
        person.map_or_else(|| key.to_string(), |person| person.name.to_owned())
    }

    /// Returns the names of those of these sessions that have one.
    pub(super) fn names<'b>(&self, keys: impl IntoIterator<Item = &'b SessionKey>) -> String {
        keys.into_iter().map(|key| self.name(key)).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn check(&mut self, what: &'static str, trouble: Option<String>) {
        self.checks.push(Check { what, trouble });
    }

    /// Looks at what is left, from the gateway's side and in the ledger; `broken` is what ended the act too early.
    pub(super) fn close(mut self, plot: &Plot, broken: Option<Error>) -> Act {
        self.check("every command did its work", broken.map(|error| error.full()));
        let ledger = Ledger::read(&self.context.paths.ledger()).unwrap_or_default();
        let played: Vec<Played> = self.cast.iter().map(|person| self.played(person, &ledger)).collect();
        let wrong = played.iter().filter(|one| one.fate != Some(one.person.should));
        let wrong: Vec<String> = wrong.map(wrong_fate).collect();
        self.check("what was cut off came back, is held, or was left alone, as it should", joined(&wrong));
        let unheard: Vec<String> = played.iter().filter_map(|one| self.unheard(one)).collect();
        self.check("whoever's work came back has heard of it once", joined(&unheard));
        let keys: Vec<_> =
            self.simulator.asked().iter().filter_map(|one| IdempotencyKey::find(&one.message)).collect();
        let twice = keys.len() - keys.iter().collect::<BTreeSet<_>>().len();
        self.check("no message reached an agent twice", (twice > 0).then(|| format!("{twice} did")));
        let is_repeated = |(call, times): &(String, usize)| *times > 1 && call != READING;
        let effects = self.simulator.effects().into_iter().filter(is_repeated);
        let repeated: Vec<String> =
            effects.map(|(call, times)| format!("{call} ran {times} times")).collect();
        self.check("no command was run twice that does more than read", joined(&repeated));
        let faults = self.simulator.faults();
        self.check("the played gateway had no faults", joined(&faults));
        Act {
            title: plot.title,
            version: plot.flavour.version(),
            store: plot.store,
            state: self.state,
            played,
            checks: self.checks,
        }
    }

    fn played(&self, person: &'static Person, ledger: &Ledger) -> Played {
        let session_key = person.key();
        let held = ledger.held().into_iter().find(|held| held.session_key == session_key);
        let asked = self.simulator.asked();
        let messages: Vec<&str> = asked
            .iter()
            .filter(|one| one.session_key == session_key)
            .map(|one| one.message.as_str())
            .collect();
        let ours = messages.iter().find_map(|message| IdempotencyKey::find(message));
        let is_confirmed = |key: &IdempotencyKey| {
            let confirms =
                |event: &Event| matches!(event, Event::Decided { key: of, confirmed: true, .. } if of == key);
            ledger.records().iter().any(|record| confirms(&record.event))
        };
        let is_native = self.is_native(person);
        let fate = match (&ours, &held, is_native) {
            // Two of them are one too many.
            (Some(_), Some(_), _) | (Some(_), _, true) | (_, Some(_), true) => None,
            (Some(key), None, false) if is_confirmed(key) => Some(Fate::Confirmed),
            (Some(_), None, false) => Some(Fate::Resumed),
            (None, Some(_), false) => Some(Fate::Held),
            (None, None, true) => Some(Fate::Native),
            (None, None, false) => Some(Fate::Untouched),
        };
        let code = held.map(|held| held.key.code());
        Played { person, ruling: self.rulings.get(&session_key).cloned(), session_key, fate, code }
    }

    /// Says what is wrong with what a chat has heard of its work.
    fn unheard(&self, one: &Played) -> Option<String> {
        let went_on = match one.fate? {
            Fate::Resumed | Fate::Native | Fate::Confirmed => 1,
            Fate::Held | Fate::Untouched => 0,
        };
        let chat = self.simulator.delivered(&one.session_key);
        let times = chat.iter().filter(|text| **text == one.person.says).count();
        (times != went_on).then(|| format!("{} heard of it {times} times", one.person.name))
    }
}

fn told(who: &str, one: &ItemReport) -> String {
    let reason = &one.item.ruling.reason;
    match &one.state {
        ItemState::Resumed | ItemState::Finished(_) => {
            format!("{who}: sent the agent one message to go on")
        }
        ItemState::Held => format!("{who}: held [{}]: {reason}", one.item.key.code()),
        ItemState::Skipped => format!("{who}: left alone: {reason}"),
        ItemState::Failed(why) => format!("{who}: failed: {why}"),
        ItemState::Due => format!("{who}: not sent"),
    }
}

fn wrong_fate(one: &Played) -> String {
    let became = one.fate.map_or_else(|| "was dealt with twice".to_owned(), |fate| fate.to_string());
    format!("{}: {became}, and should be: {}", one.person.name, one.person.should)
}

fn joined(troubles: &[String]) -> Option<String> {
    (!troubles.is_empty()).then(|| troubles.join("; "))
}

/// Puts names in the place of sessions' keys, for whoever reads along.
fn named(cast: &[Person], text: &str) -> String {
    cast.iter().fold(text.to_owned(), |text, person| text.replace(person.key().as_str(), person.name))
}
