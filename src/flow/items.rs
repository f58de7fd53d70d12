//! What becomes of one item after the gate.

use super::pending::Waiting;
use super::recovery::{ItemReport, ItemState};
use crate::dispatch::{Dispatcher, Sent};
use crate::ledger::{Held, TOLD};
use crate::model::{SessionKey, Verdict};
use crate::plan::{Approved, Gated, Item};
use crate::support::error::Result;
use crate::task::TaskId;

/// The session that the recovery job speaks to, where it does.
#[derive(Clone, Copy, Debug)]
pub(super) enum Job<'a> {
    /// No job runs.
    None,
    /// Its agent has not called yet, and another trigger's run comes first.
    Speaks(&'a SessionKey),
    /// Its agent is who calls: it is told what it would be sent.
    Calls(&'a SessionKey),
}

impl Job<'_> {
    /// Tells whether the job speaks to this session.
    pub(super) fn has(self, key: &SessionKey) -> bool {
        match self {
            Self::None => false,
            Self::Speaks(caller) | Self::Calls(caller) => caller == key,
        }
    }

    fn calls_for(self, key: &SessionKey) -> bool {
        matches!(self, Self::Calls(caller) if caller == key)
    }
}

/// Sends, holds or settles an item; returns with it what the calling agent is told in place of a message.
///
/// # Errors
/// Where the ledger cannot be written.
pub(super) fn carry_out(
    dispatcher: &mut Dispatcher<'_>,
    waiting: Option<&Waiting>,
    job: Job<'_>,
    gated: Gated,
) -> Result<(ItemReport, Option<String>)> {
    let (item, state, told) = match gated {
        gated if dispatcher.is_rejected(&gated.item().key) => {
            let mut item = gated.item().clone();
            "a person has rejected it".clone_into(&mut item.ruling.reason);
            (item, ItemState::Skipped, None)
        }
        Gated::Skip(item) | Gated::Hold(item) if dispatcher.is_taken(&item.key) => {
            (item, ItemState::Resumed, None)
        }
        Gated::Skip(item) => {
            // A later boot would not see any more that it has gone on.
            if item.verdict == Verdict::Live && !job.has(&item.session_key) && !dispatcher.is_held(&item.key)
            {
                dispatcher.settle(&item, &item.ruling.reason)?;
            }
            (item, ItemState::Skipped, None)
        }
        Gated::Hold(item) => {
            dispatcher.hold(held(waiting, &item))?;
            (item, ItemState::Held, None)
        }
        // What was held once is not sent by a run that judges otherwise: only a person lifts a hold.
        Gated::Send(approved) if dispatcher.is_held(&approved.item().key) => {
            (approved.item().clone(), ItemState::Held, None)
        }
        Gated::Send(approved) if job.calls_for(&approved.item().session_key) => {
            let mut item = approved.item().clone();
            match dispatcher.hand_over(&item, TOLD) {
                Ok(Sent::Accepted(_)) => {
                    let told = item.message.clone();
                    (item, ItemState::Resumed, Some(told))
                }
                Ok(Sent::Unknown(why)) => {
                    hold_by(dispatcher, waiting, &mut item, "unknown-outcome", why)?;
                    (item, ItemState::Held, None)
                }
                Ok(_) => (item, ItemState::Resumed, None),
                Err(error) => (item, ItemState::Failed(error.full()), None),
            }
        }
        Gated::Send(approved) => {
            let (item, state) = send(dispatcher, waiting, job, &approved)?;
            (item, state, None)
        }
    };
    Ok((ItemReport { item, state }, told))
}

fn send(
    dispatcher: &mut Dispatcher<'_>,
    waiting: Option<&Waiting>,
    job: Job<'_>,
    approved: &Approved,
) -> Result<(Item, ItemState)> {
    let mut item = approved.item().clone();
    let state = match dispatcher.resume(approved) {
        Ok(Sent::Accepted(_) | Sent::Already) => ItemState::Resumed,
        Ok(Sent::Overtaken(how)) => {
            if !job.has(&item.session_key) {
                dispatcher.settle(&item, &how)?;
            }
            item.verdict = Verdict::Live;
            item.ruling.reason = how;
            ItemState::Skipped
        }
        Ok(Sent::Refused(why) | Sent::Unanswered(why) | Sent::Astray(why)) => ItemState::Failed(why),
        Ok(Sent::Replaced(why)) => {
            hold_by(dispatcher, waiting, &mut item, "expired", why)?;
            ItemState::Held
        }
        Ok(Sent::Unknown(why)) => {
            hold_by(dispatcher, waiting, &mut item, "unknown-outcome", why)?;
            ItemState::Held
        }
        Err(error) => ItemState::Failed(error.full()),
    };
    Ok((item, state))
}

/// Holds what the dispatcher would not send.
fn hold_by(
    dispatcher: &mut Dispatcher<'_>,
    waiting: Option<&Waiting>,
    item: &mut Item,
    rule: &str,
    why: String,
) -> Result<()> {
    rule.clone_into(&mut item.ruling.rule);
    item.ruling.reason = why;
    dispatcher.hold(held(waiting, item))
}

/// Makes the hold of an item.
pub(super) fn held(waiting: Option<&Waiting>, item: &Item) -> Held {
    Held {
        key: item.key.clone(),
        session_key: item.session_key.clone(),
        also: item.also.clone(),
        checkpoint: waiting.filter(|_| item.planned).map(|waiting| waiting.id.clone()),
        rule: item.ruling.rule.clone(),
        reason: item.ruling.reason.clone(),
        message: item.message.clone(),
        task: item.wakes.as_ref().map(TaskId::to_string),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test that cannot set up its gateway has failed")]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::checkpoint::{Block, Checkpoint, Meta};
    use crate::gateway::fake;
    use crate::ledger::{Event, Writer};
    use crate::model::{Boot, Decision, Language};
    use crate::notice::Templates;
    use crate::plan::{self, Candidate, Policy, Situation};
    use crate::session::Judgement;
    use crate::support::clock::Clock;
    use crate::support::fs::GIVEN_UP;
    use crate::support::paths::Paths;

    const CALLER: &str = "agent:main:telegram:direct:77";
    const OTHER: &str = "agent:main:telegram:direct:78";

    /// Carries one block out on a gateway that nobody may ask for anything.
    fn run(
        paths: &Paths,
        key: &str,
        verdict: Verdict,
        attended: bool,
        job: bool,
    ) -> (ItemState, Option<String>) {
        let port = fake::serve(|_, mut peer| {
            peer.welcome(&["agent"]);
            assert!(peer.request().is_none(), "nothing may be sent");
        });
        let at = DateTime::UNIX_EPOCH;
        let (caller, block) = (CALLER.parse().unwrap(), Block::new(key.parse().unwrap()));
        let block = Block { next_step: "run the tests".to_owned(), ..block };
        let keys = vec![plan::key_of("c", &block.session_key)];
        let judgement = Judgement::of(verdict, "so it is");
        let candidate = Candidate::of_block(&block, keys, judgement, Language::En);
        let situation = Situation {
            caller: Some(&caller),
            attended,
            stale: false,
            sent_before: 0,
            policy: &Policy::default(),
            templates: &Templates::default(),
            may_address: &|_, _| true,
        };
        let gated = plan::build(&[candidate], &situation).gated().pop().unwrap();
        let waiting = Waiting {
            path: paths.checkpoints().join("c.md"),
            id: "c".to_owned(),
            created_at: at,
            checkpoint: Checkpoint::new(Meta::new("c", at), Vec::new()),
            caller: Some(caller.clone()),
            route: None,
        };
        let mut gateway = fake::connect(paths, port);
        let mut ledger = Writer::open(paths, GIVEN_UP, at).unwrap();
        let boot = Boot { started_at: at, boot_id: None };
        let mut dispatcher = Dispatcher::new(&mut gateway, &mut ledger, &boot, Clock::new(Some(at)));
        let job = if job { Job::Calls(&caller) } else { Job::None };
        let (report, told) = carry_out(&mut dispatcher, Some(&waiting), job, gated).unwrap();
        assert!(report.state != ItemState::Held || report.item.ruling.decision != Decision::Skip);
        (report.state, told)
    }

    fn paths() -> (tempfile::TempDir, Paths) {
        let dir = tempfile::tempdir().unwrap();
        let paths = Paths { state: dir.path().to_owned(), workspace: dir.path().join("workspace") };
        (dir, paths)
    }

    #[test]
    fn the_woken_agent_is_told_its_own_work_once() {
        let (_dir, paths) = paths();
        let (state, told) = run(&paths, CALLER, Verdict::Complete, true, true);
        assert!(state == ItemState::Resumed && told.unwrap().contains("You restarted the gateway"));
        let again = run(&paths, CALLER, Verdict::Complete, true, true);
        assert!(again.1.is_some(), "whoever was to say so may have been killed before");
        let at = DateTime::UNIX_EPOCH;
        let said = Event::Recovery {
            checkpoint: None,
            boot: None,
            trigger: "job".into(),
            outcome: "x".into(),
            items: Vec::new(),
        };
        Writer::open(&paths, GIVEN_UP, at).unwrap().append(at, said).unwrap();
        assert_eq!(run(&paths, CALLER, Verdict::Complete, true, true), (ItemState::Resumed, None));
        assert_eq!(
            run(&paths, CALLER, Verdict::Complete, true, false),
            (ItemState::Resumed, None),
            "nor by the hook"
        );
    }

    #[test]
    fn what_was_held_once_stays_held_when_a_later_run_would_send_it() {
        let (_dir, paths) = paths();
        assert_eq!(run(&paths, OTHER, Verdict::Complete, false, false).0, ItemState::Held);
        assert_eq!(run(&paths, OTHER, Verdict::Complete, true, false).0, ItemState::Held);
    }

    #[test]
    fn a_session_that_went_on_by_itself_is_not_resumed_by_a_later_run() {
        let (_dir, paths) = paths();
        assert_eq!(run(&paths, OTHER, Verdict::Live, true, false).0, ItemState::Skipped);
        assert_eq!(run(&paths, OTHER, Verdict::Complete, true, false).0, ItemState::Resumed);
    }
}
