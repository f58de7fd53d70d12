//! What a person decides about held items.

use super::*;

#[test]
fn what_a_person_confirms_is_sent_once_as_it_was_shown() {
    let world = World::holding();
    let code = World::code();
    let shown = confirm(&world.context(), &code, Word::Show, &Person::Unnamed).unwrap();
    assert_eq!((shown.len(), &shown[0].state), (1, &AnswerState::Waits));
    let by = Person::Session(CALLER.parse().unwrap());
    let sent = confirm(&world.context(), &code, Word::Confirm, &by).unwrap();
    assert_eq!(sent[0].state, AnswerState::Sent);
    let params =
        world.gateway(|gateway| gateway.asked.iter().rfind(|(asked, _)| asked == "agent").unwrap().1.clone());
    assert_eq!((&params["sessionKey"], &params["message"]), (&json!(SECOND), &json!(shown[0].held.message)));
    let error = confirm(&world.context(), &code, Word::Confirm, &by).unwrap_err();
    assert!(error.hints()[0].contains("decided before"), "{error}");
    assert_eq!(world.gateway(|gateway| gateway.count("agent")), 3);
    let ledger = Ledger::read(&world.context().paths.ledger()).unwrap();
    let decided =
        |event: &Event| matches!(event, Event::Decided { confirmed: true, by: who, .. } if *who == by);
    assert!(ledger.records().iter().any(|record| decided(&record.event)));
}

#[test]
fn what_a_person_rejects_is_never_sent() {
    let world = World::holding();
    assert_eq!(world.say(Word::Reject, 0), [AnswerState::Rejected]);
    assert_eq!((world.held(), world.gateway(|gateway| gateway.count("agent"))), (0, 2));
    assert!(confirm(&world.context(), &World::code(), Word::Confirm, &Person::Unnamed).is_err());
    // As if the mark had got lost.
    let store = Store::new(world.context().paths.checkpoints());
    store.remove(&store.newest().unwrap().path).unwrap();
    world.prepare("delete the table");
    assert_eq!(world.recover(false).1[2], (SECOND.to_owned(), ItemState::Skipped));
    assert_eq!((world.held(), world.gateway(|gateway| gateway.count("agent"))), (0, 2));
}

#[test]
fn what_cannot_be_sent_stays_held() {
    let world = World::holding();
    let kept = |days| matches!(world.say(Word::Confirm, days).as_slice(), [AnswerState::Kept(_)]);
    assert!(kept(8), "it has expired");
    world.gateway(|gateway| gateway.active = Some(SECOND));
    assert!(kept(0), "a run is under way");
    world.gateway(|gateway| (gateway.active, gateway.refuses_turns) = (None, true));
    assert!(kept(0), "the gateway refused it");
    assert_eq!(world.held(), 1);
    world.gateway(|gateway| gateway.refuses_turns = false);
    assert_eq!(world.say(Word::Confirm, 0), [AnswerState::Sent]);
}

#[test]
fn an_agent_that_confirms_its_own_item_is_told_and_not_sent_to() {
    let world = World::holding();
    let by = Person::Session(SECOND.parse().unwrap());
    let answer =
        || confirm(&world.context(), &World::code(), Word::Confirm, &by).unwrap().pop().unwrap().state;
    world.gateway(|gateway| gateway.active = Some(SECOND));
    assert_eq!((answer(), world.held()), (AnswerState::Told, 0));
    assert_eq!(world.gateway(|gateway| gateway.count("agent")), 2, "its own turn is under way");

    let other = World::holding();
    let answers = confirm(&other.context(), &World::code(), Word::Confirm, &by).unwrap();
    assert_eq!(answers[0].state, AnswerState::Sent, "no run of its own: somebody named the wrong session");
}

#[test]
fn a_confirmation_that_was_cut_off_leaves_the_item_held() {
    let world = World::holding();
    world.leave_open(SECOND);
    assert_eq!((world.held(), world.say(Word::Confirm, 0)), (1, vec![AnswerState::Sent]));
    assert_eq!(world.gateway(|gateway| gateway.count("agent")), 3);
}
