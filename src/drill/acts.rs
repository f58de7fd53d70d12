//! The acts: a restart that was prepared, and a crash that nobody saw coming.

use chrono::TimeDelta;

use super::cast::{CRASH, Fate, PLANNED, Person};
use super::simulator::Flavour;
use super::stage::{APART, Stage};
use crate::flow::{self, AnswerState, Chosen, Mode, PrepareRequest, Word};
use crate::ledger::{Ledger, Person as By};
use crate::model::SessionKey;
use crate::support::error::{Error, Kind, Result};

/// How an act is played.
pub(super) struct Plot {
    /// Its folder's name.
    pub name: &'static str,
    pub title: &'static str,
    pub flavour: Flavour,
    pub store: &'static str,
    pub cast: &'static [Person],
    pub play: fn(&mut Stage<'_>) -> Result<()>,
}

/// All of them; between them they have both forms in which gateways keep their sessions.
pub(super) static PLOTS: [Plot; 2] = [
    Plot {
        name: "planned",
        title: "A planned restart",
        flavour: Flavour::V2026_9_6,
        store: "a database",
        cast: &PLANNED,
        play: planned,
    },
    Plot {
        name: "crash",
        title: "A crash",
        flavour: Flavour::V2026_7_1,
        store: "files",
        cast: &CRASH,
        play: crash,
    },
];

/// How long the crashed gateway is down.
const DOWN: TimeDelta = TimeDelta::minutes(2);

/// For how long people speak, twice each.
fn talk(cast: &[Person]) -> TimeDelta {
    cast.iter().fold(TimeDelta::zero(), |time, _| time + APART * 2)
}

fn planned(stage: &mut Stage<'_>) -> Result<()> {
    stage.simulator.pass(-talk(stage.cast));
    stage.simulator.start()?;
    stage.open()?;
    let [ada, ..] = stage.cast else { return Ok(()) };
    prepare(stage, ada)?;
    stage.scene(
        "The gateway is about to restart. A hook in it runs comeback, which looks at what is under way.",
    );
    capture(stage)?;
    stage.simulator.restart()?;
    stage.scene("The gateway stops, and what runs is cut off. It starts again, and the hook runs comeback.");
    stage.recover()?;
    stage.scene("Cleo is asked, and she agrees. Ada tells the code to her agent, which runs:");
    confirm(stage, ada)?;
    stage.scene("Somebody is not sure whether all is well, and runs it once more.");
    stage.recover_again()
}

fn prepare(stage: &mut Stage<'_>, caller: &Person) -> Result<()> {
    stage.scene(format!(
        "{}'s agent prepares the restart, and says what it knows of the other chats.",
        caller.name
    ));
    stage.runs(format!(
        "comeback prepare --session-key {} --reason 'a new model' --after 'tell Ada that it is in use' -",
        caller.key()
    ));
    let snapshot: Vec<_> = stage.cast.iter().filter_map(Person::block).collect();
    let request = PrepareRequest {
        session_key: caller.key(),
        reason: "a new model".to_owned(),
        delay: TimeDelta::seconds(60),
        status: None,
        tasks: Vec::new(),
        context: Vec::new(),
        after: vec!["tell Ada that it is in use".to_owned()],
        snapshot,
        hook: false,
        mode: Mode::Prepare,
        dry_run: false,
    };
    let prepared = flow::prepare(&stage.context, &request)?;
    let waits = flow::status(&stage.context)?.pending.map_or(0, |pending| pending.sessions);
    stage.did(format!(
        "wrote down what {waits} chats are about (the checkpoint), and NOW.md for agents to read"
    ));
    if let Some(job) = &prepared.job {
        stage.did(format!(
            "set a job in the gateway that wakes the agent, should the hook fail ({})",
            job.name
        ));
    }
    let trouble = prepared.job.is_none().then(|| "no job was set".to_owned());
    stage.check("the restart has a way back", trouble);
    stage.chats();
    Ok(())
}

fn capture(stage: &mut Stage<'_>) -> Result<()> {
    stage.runs("comeback checkpoint capture");
    let built = flow::capture(&stage.context, false)?;
    let marks = built.checkpoint.meta.iter().flat_map(|meta| &meta.sessions);
    let captured: Vec<_> = marks.filter(|(_, mark)| mark.captured.is_some()).map(|(key, _)| key).collect();
    stage.did(format!("added to the checkpoint what is about to be cut off: {}", stage.names(captured)));
    Ok(())
}

/// Has a person in the chat of `by` confirm what is held of somebody whose work may go on.
fn confirm(stage: &mut Stage<'_>, by: &Person) -> Result<()> {
    let ledger = Ledger::read(&stage.context.paths.ledger())?;
    let may_go_on =
        |key: &SessionKey| stage.cast.iter().any(|one| one.key() == *key && one.should == Fate::Confirmed);
    let Some(held) = ledger.held().into_iter().find(|held| may_go_on(&held.session_key)).cloned() else {
        return Err(Error::new(Kind::Failed, "nothing is held that a person could agree to"));
    };
    let code = held.key.code();
    stage.runs(format!("comeback confirm {code}"));
    let by = By::Session(by.key());
    for answered in flow::confirm(&stage.context, &Chosen::Codes(vec![code]), Word::Confirm, &by)? {
        let who = stage.names([&answered.held.session_key]);
        stage.did(match answered.state {
            AnswerState::Sent => format!("{who}: sent the agent the message that was held, once"),
            AnswerState::Kept(why) => format!("{who}: still held: {why}"),
            AnswerState::Waits | AnswerState::Told | AnswerState::Rejected => format!("{who}: not sent"),
        });
    }
    stage.settle()?;
    stage.chats();
    Ok(())
}

fn crash(stage: &mut Stage<'_>) -> Result<()> {
    stage.simulator.pass(-talk(stage.cast) - DOWN);
    stage.simulator.start()?;
    stage.open()?;
    stage.simulator.kill();
    stage.scene("The gateway is killed. Nobody has prepared anything: all that is left are its files.");
    stage.simulator.pass(DOWN);
    stage.simulator.start()?;
    stage.scene("Two minutes later it starts again, and the hook runs comeback.");
    stage.recover()?;
    stage.scene("Somebody is not sure whether all is well, and runs it once more.");
    stage.recover_again()
}
