//! Whatever happened in a session, its verdict is what the story says.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::oracle::{Teller, Waits};
use super::step::{By, Row, Words, by, gateway, step};
use super::tests::{Look, shown};
use crate::session::Evidence;
use crate::session::fake::{KEY, State};

/// How the story ends.
#[derive(Clone, Debug)]
struct Stop {
    /// From the last that happened in the session to the last that happened at all.
    rested_minutes: i64,
    /// From there to the next start.
    down_minutes: i64,
    /// The row knows nothing yet of the turn under way.
    row_lags: bool,
    /// The gateway still writes down that the answer breaks off.
    breaks_off: bool,
    then: Then,
    left: Left,
}

/// What happens after the start.
#[derive(Clone, Copy, Debug)]
enum Then {
    Nothing,
    OpenClawGivesUp,
    Resumed(By),
    PersonWrites,
}

/// What the crash leaves at the end of the file.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Left {
    Whole,
    /// So much of the record that was being written.
    Torn(usize),
    Zeros(usize),
    Windows,
    Marked,
    Megabytes,
}

prop_compose! {
    fn stop()(
        rested_minutes in prop_oneof![4 => 0..20_i64, 1 => 21..60_i64],
        down_minutes in prop_oneof![4 => 1..600_i64, 1 => 720..1_200_i64],
        row_lags in any::<bool>(),
        breaks_off in prop::bool::weighted(0.2),
        then in prop_oneof![
            3 => Just(Then::Nothing),
            3 => Just(Then::OpenClawGivesUp),
            1 => by().prop_map(Then::Resumed),
            1 => Just(Then::PersonWrites),
        ],
        left in prop_oneof![
            16 => Just(Left::Whole),
            8 => (1..90_usize).prop_map(Left::Torn),
            8 => (1..5_000_usize).prop_map(Left::Zeros),
            4 => Just(Left::Windows),
            4 => Just(Left::Marked),
            1 => Just(Left::Megabytes),
        ],
    ) -> Stop {
        Stop { rested_minutes, down_minutes, row_lags, breaks_off, then, left }
    }
}

/// A session as the stop left it, and what is true of it.
struct Outcome {
    row: Row,
    since: i64,
    last: i64,
    truth: String,
}

/// Ends the story.
fn end(teller: &mut Teller, stop: &Stop) -> Outcome {
    if stop.breaks_off {
        teller.breaks_off();
    }
    let last = teller.now() + 60 * stop.rested_minutes;
    let since = last + 60 * stop.down_minutes;
    let truth = truth(teller, last, since);
    let lags = stop.row_lags && teller.holds_a_lock() && teller.has_spoken;
    let row = if lags { teller.row_before } else { teller.row };
    let goes_on = match stop.then {
        Then::OpenClawGivesUp if row.status == "running" => {
            let row =
                Row { status: "failed", aborted: true, ended: Some(since + 6), updated: since + 6, ..row };
            return Outcome { row, since, last, truth };
        }
        Then::Resumed(_) => teller.open.as_ref().is_some_and(|open| open.waits == Waits::Somebody),
        Then::PersonWrites => true,
        Then::Nothing | Then::OpenClawGivesUp => false,
    };
    if !goes_on {
        return Outcome { row, since, last, truth };
    }
    teller.passes(since - teller.now() + 5);
    match stop.then {
        Then::Resumed(by) => teller.resumes(by),
        _ => teller.person_writes(Words::Request),
    }
    Outcome { row: teller.row, since, last, truth: "live".into() }
}

/// What is unfinished, as a verdict shows it.
struct Unfinished {
    shown: String,
    waits: Waits,
    is_turn: bool,
    fresh: bool,
}

fn truth(teller: &Teller, last: i64, since: i64) -> String {
    let young = |active: i64| since - active <= 12 * 3_600;
    let mut unfinished = Vec::new();
    let is_fresh = || {
        let active = teller.last_message.max(teller.row.started).unwrap_or_default();
        last - active <= 20 * 60 && young(active)
    };
    if let Some(open) = &teller.open {
        unfinished.push(Unfinished {
            shown: teller.shows_turn(open),
            waits: open.waits,
            is_turn: true,
            fresh: is_fresh(),
        });
    }
    unfinished.extend(teller.without_leave.iter().map(|(waits, shown)| Unfinished {
        shown: shown.clone(),
        waits: *waits,
        is_turn: true,
        fresh: is_fresh(),
    }));
    unfinished.extend(teller.commands.iter().map(|command| Unfinished {
        shown: format!("{} command {}=unknown", command.by, command.call),
        waits: command.waits,
        is_turn: false,
        fresh: young(command.began),
    }));
    if unfinished.is_empty() {
        return "complete".into();
    }
    unfinished.retain(|one| one.waits == Waits::Somebody);
    if unfinished.is_empty() {
        return "excluded".into();
    }
    let (fresh, stale): (Vec<_>, Vec<_>) = unfinished.into_iter().partition(|one| one.fresh);
    let show = |ones: &[Unfinished]| ones.iter().map(|one| one.shown.as_str()).collect::<Vec<_>>().join("; ");
    match fresh.as_slice() {
        [] => format!("stale: {}", show(&stale)),
        [one] if one.is_turn && teller.needs_no_answer() => "trivial".into(),
        [one, ..] if one.is_turn => format!("interrupted: {}", show(&fresh)),
        _ => format!("orphaned: {}", show(&fresh)),
    }
}

/// Writes the session into a store of files, as the crash leaves it.
fn files(teller: &Teller, row: &Value, left: Left) -> State {
    let state = State::new();
    state.put_rows(&json!({KEY: row}));
    if teller.holds_a_lock() {
        state.put_lock(false);
    }
    if teller.is_unwritten() {
        return state;
    }
    let lines = teller.story.lines();
    let begun = r#"{"type":"message","id":"t","message":{"role":"assistant","content":"整理好了。整理好了。整理好了。"}}"#;
    let bytes = match left {
        Left::Whole | Left::Megabytes => lines.into_bytes(),
        Left::Torn(at) => [lines.as_bytes(), &begun.as_bytes()[..at.min(begun.len() - 1)]].concat(),
        Left::Zeros(many) => [lines.as_bytes(), &vec![0; many]].concat(),
        Left::Windows => lines.replace('\n', "\r\n").into_bytes(),
        Left::Marked => format!("\u{feff}{lines}").into_bytes(),
    };
    state.put("s1.jsonl", bytes);
    state
}

fn database(teller: &Teller, row: &Value, left: Left) -> State {
    let state = State::new();
    let stories = if teller.is_unwritten() { vec![] } else { vec![("s1", &teller.story)] };
    drop(state.put_database(&json!({KEY: row}), &stories, left != Left::Megabytes));
    state
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(320))]
    #[test]
    fn a_verdict_says_what_happened(
        gateway in gateway(),
        steps in prop::collection::vec(step(), 0..48),
        stop in stop(),
    ) {
        let mut teller = Teller::new(gateway);
        for step in &steps {
            teller.tell(step);
        }
        let Outcome { row, since, last, truth } = end(&mut teller, &stop);
        // Commands are looked for no further back than costs nothing.
        if stop.left == Left::Megabytes && teller.commands.is_empty() {
            teller.story = std::mem::take(&mut teller.story).swells(2 << 20);
        }
        let look = Look { since, last: Some(last), ..Look::default() };
        let lags = row.updated < teller.row.updated;
        let row = row.json(gateway);
        let told = teller.told.join("\n");

        let in_files = files(&teller, &row, stop.left).read();
        prop_assert_eq!(&shown(&look.judge(&in_files[0])), &truth, "in files:\n{}\n{}", told, row);
        let is_left = |evidence: &Evidence| evidence.is_over(crate::session::fake::at(since));
        prop_assert!(truth == "complete" || !is_left(&in_files[0]), "in files:\n{}\n{}", told, row);
        let damages = in_files[0].history.as_ref().map_or(0, |history| history.damages.total());
        let is_broken = matches!(stop.left, Left::Torn(_) | Left::Zeros(_)) && !teller.is_unwritten();
        prop_assert_eq!(damages > 0, is_broken);

        // A database has no locks, by which a row that lags is known.
        if !(lags && teller.holds_a_lock()) {
            let in_database = database(&teller, &row, stop.left).read();
            prop_assert_eq!(&shown(&look.judge(&in_database[0])), &truth, "in the database:\n{}\n{}", told, row);
            prop_assert!(truth == "complete" || !is_left(&in_database[0]), "in the database:\n{}\n{}", told, row);
        }
    }
}
