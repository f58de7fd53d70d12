//! The rehearsal by itself: it is well where the recovery is, and says so where it is not.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its gateway has failed")]

use super::acts::{PLOTS, Plot};
use super::*;
use crate::model::IdempotencyKey;

/// Plays an act in its own way, with the cast of another.
fn played(cast_of: &Plot, play: fn(&mut Stage<'_>) -> Result<()>) -> Act {
    let folder = tempfile::tempdir().unwrap();
    act(&Plot { play, ..*cast_of }, folder.path(), &|_| ()).unwrap()
}

fn troubles(act: &Act) -> Vec<String> {
    act.checks
        .iter()
        .filter_map(|check| Some(format!("{}: {}", check.what, check.trouble.as_ref()?)))
        .collect()
}

/// Begins as the crash does, with everybody at work when the gateway dies.
fn crashed(stage: &mut Stage<'_>) -> Result<()> {
    stage.simulator.pass(chrono::TimeDelta::seconds(-10));
    stage.simulator.start()?;
    stage.open()?;
    stage.simulator.kill();
    stage.simulator.pass(chrono::TimeDelta::seconds(8));
    stage.simulator.start()
}

#[test]
fn a_recovery_that_does_its_work_is_well_in_every_act() {
    let folder = tempfile::tempdir().unwrap();
    let rehearsal = rehearse(folder.path(), &|_| ()).unwrap();
    let troubles: Vec<_> = rehearsal.acts.iter().flat_map(troubles).collect();
    assert!(rehearsal.is_well() && troubles.is_empty(), "{troubles:#?}");
    let fates: Vec<_> =
        rehearsal.acts.iter().flat_map(|act| &act.played).filter_map(|played| played.fate).collect();
    for fate in [Fate::Resumed, Fate::Native, Fate::Held, Fate::Confirmed, Fate::Untouched] {
        assert!(fates.contains(&fate), "{fate:?} is not in the story");
    }
}

#[test]
fn work_that_nobody_brings_back_is_missed() {
    let act = played(&PLOTS[1], |stage| {
        crashed(stage)?;
        stage.settle()
    });
    insta::assert_snapshot!(troubles(&act).join("\n"), @r"
    what was cut off came back, is held, or was left alone, as it should: Eva: left alone, and should be: came back; 王芳: left alone, and should be: came back; Gita: left alone, and should be: held for a person
    ");
}

#[test]
fn a_recovery_that_does_not_reach_its_gateway_is_missed() {
    let act = played(&PLOTS[1], |stage| {
        crashed(stage)?;
        stage.simulator.kill();
        stage.context.offline = true;
        stage.recover()?;
        stage.settle()
    });
    let troubles = troubles(&act).join("\n");
    assert!(troubles.contains("Gita: left alone, and should be: held for a person"), "{troubles}");
}

#[test]
fn what_goes_twice_is_found_out() {
    let act = played(&PLOTS[1], |stage| {
        crashed(stage)?;
        stage.recover()?;
        let asked = stage.simulator.asked();
        let ours = asked.iter().find(|one| IdempotencyKey::find(&one.message).is_some()).unwrap();
        stage.simulator.person_says(&ours.session_key, &ours.message)?;
        stage.settle()
    });
    let troubles = troubles(&act).join("\n");
    assert!(troubles.contains("no message reached an agent twice: 1 did"), "{troubles}");
    assert!(troubles.contains("heard of it 2 times"), "{troubles}");
}

#[test]
fn a_folder_that_holds_something_is_not_played_in() {
    let folder = tempfile::tempdir().unwrap();
    assert!(empty_folder(&folder.path().join("new/one")).is_ok());
    let error = empty_folder(folder.path()).unwrap_err();
    assert!(error.full().contains("needs an empty folder"), "{error}");
}
