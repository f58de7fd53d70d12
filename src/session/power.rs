//! Transcripts as a loss of power leaves them: cut off at every byte of their last records, or zeros in whole blocks.
//!
//! The oracle is the story as it was before the record that was lost: nothing else may be told, nothing of it be lost,
//! and what is broken is counted.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

use std::fs;

use rstest::rstest;
use serde_json::json;

use super::damage::Damage;
use super::fake::{KEY, State, Story, add_event, from_file, key, row};
use super::history::History;
use super::reader::Reader;
use super::sqlite::Sqlite;
use crate::support::error::{Error, Kind};

/// What a disk loses at once.
const BLOCKS: [usize; 2] = [512, 4_096];
/// A `-wal` of `SQLite`: what stands before its frames, and before the page of each.
const WAL_HEADER: usize = 32;
const FRAME: usize = 24 + 4_096;

fn asked() -> Story {
    Story::new().user("u0", "hello").answers("a0").user("u1", "sort 照片")
}

fn called() -> Story {
    asked().calls("a1", &["c1", "c2"]).result("r1", "c1", json!({}))
}

fn answered() -> Story {
    called().result("r2", "c2", json!({})).says("a2", "整理好了 🪃", "stop")
}

fn left_running() -> Story {
    asked().calls("a1", &["c1"]).backgrounded("b1", "c1", "fox").says("a2", "it runs", "stop")
}

/// What of a history nothing may change.
fn told(history: &History) -> String {
    format!("{:?} {:?} {:?} {:?}", history.entries, history.turns, history.commands, history.reset)
}

/// The story without its last records.
fn without(story: &Story, lost: usize) -> Story {
    let mut story = story.clone();
    story.records.truncate(story.records.len() - lost);
    story
}

#[rstest]
#[case::a_message(asked())]
#[case::some_results(called())]
#[case::an_answer(answered())]
#[case::a_command(left_running())]
fn a_file_cut_off_at_any_byte_tells_all_that_is_whole(#[case] story: Story) {
    let lines = story.lines();
    let bytes = lines.as_bytes();
    for lost in 1..=2 {
        let whole = without(&story, lost - 1).lines().len();
        let start = without(&story, lost).lines().len();
        let (before, after) = (told(&from_file(&bytes[..start])), told(&from_file(&bytes[..whole])));
        for end in start..=whole {
            let history = from_file(&bytes[..end]);
            // Its last byte is the line's end, which it does not need.
            let is_whole = end + 1 >= whole;
            assert_eq!(
                told(&history),
                *(if is_whole { &after } else { &before }),
                "cut off at {end} of {whole}"
            );
            let torn = usize::from(!is_whole && end > start);
            assert_eq!(history.damages.of(Damage::Torn), torn, "cut off at {end} of {whole}");
        }
    }
}

#[rstest]
#[case::a_message(asked())]
#[case::some_results(called())]
#[case::an_answer(answered())]
#[case::a_command(left_running())]
fn a_file_with_zeros_in_its_last_blocks_tells_all_that_is_whole(
    #[case] story: Story,
    #[values(BLOCKS[0], BLOCKS[1])] block: usize,
    // Where in a block the last records stand.
    #[values(0, 1, 100, 300, 511)] shift: usize,
) {
    let story = story.swells(shift).user("u8", "and then").swells(block / 2).user("u9", "and at last");
    let lines = story.lines();
    let bytes = lines.as_bytes();
    let first = bytes.len().saturating_sub(3 * block) / block;
    for from in first..=bytes.len() / block {
        let zeroed = [&bytes[..from * block], &vec![0; bytes.len() - from * block]].concat();
        let history = from_file(&zeroed);
        let end = bytes[..from * block].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        // A record whose line's end alone is gone is whole.
        let end = if lines[end..].find('\n').is_some_and(|line| end + line == from * block) {
            from * block
        } else {
            end
        };
        assert_eq!(told(&history), told(&from_file(&bytes[..end])), "zeros from block {from}");
        assert_eq!(history.damages.of(Damage::Zeros), 1, "zeros from block {from}");
    }
}

/// Puts the bytes of a database and its `-wal` into a state directory, and reads them.
fn from_database(database: &[u8], wal: &[u8]) -> Result<History, String> {
    let state = State::new();
    fs::write(state.database(), database).unwrap();
    fs::write(state.database().with_extension("sqlite-wal"), wal).unwrap();
    let nothing = || Error::new(Kind::User, "nothing");
    let read = || {
        let mut reader = Sqlite::open(&state.database())?.ok_or_else(nothing)?;
        let row = reader.more()?.pop().ok_or_else(nothing)?.row?;
        reader.history(&key(), &row)
    };
    read().map_err(|error| error.full())
}

/// A database whose last record stands in its `-wal` alone, with the bytes of both; and how long the `-wal` was before.
fn last_in_the_wal(story: &Story, packed: bool) -> (Vec<u8>, Vec<u8>, usize) {
    let state = State::new();
    let before = without(story, 1);
    let connection = state.put_database(&json!({KEY: row(&json!({}))}), &[("s1", &before)], packed);
    let wal = state.database().with_extension("sqlite-wal");
    let length = fs::metadata(&wal).unwrap().len();
    add_event(&connection, "s1", story.records.len(), &story.records.last().unwrap().to_string(), packed);
    (fs::read(state.database()).unwrap(), fs::read(&wal).unwrap(), usize::try_from(length).unwrap())
}

#[rstest]
#[case::a_message(asked(), false)]
#[case::an_answer(answered(), true)]
fn a_wal_cut_off_or_zeroed_tells_the_moment_before(#[case] story: Story, #[case] packed: bool) {
    let (database, wal, begun) = last_in_the_wal(&story, packed);
    let (before, after) = (told(&from_file(without(&story, 1).lines())), told(&from_file(story.lines())));
    assert_eq!(told(&from_database(&database, &wal).unwrap()), after);
    // Its file may be as long before as after, where it is written from its beginning again.
    let last = (wal.len() - WAL_HEADER) / FRAME * FRAME + WAL_HEADER - FRAME;
    let start = last.min(begun.max(WAL_HEADER));
    let places = (last..last + 40).chain((start..wal.len()).step_by(97)).chain(wal.len() - 8..wal.len());
    for end in places {
        let torn = &wal[..end];
        let zeroed = [torn, &vec![0; wal.len() - end]].concat();
        for (what, wal) in [("cut off", torn), ("zeros from", &zeroed)] {
            let told = told(&from_database(&database, wal).unwrap());
            assert!(told == before || told == after && end > last, "{what} {end}: {told}");
        }
    }
}

#[test]
fn a_database_with_zeros_in_a_page_is_read_or_named() {
    let story = answered();
    let state = State::new();
    let connection = state.put_database(&json!({KEY: row(&json!({}))}), &[("s1", &story)], false);
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    drop(connection);
    let whole = fs::read(state.database()).unwrap();
    let after = told(&from_file(story.lines()));
    assert_eq!(told(&from_database(&whole, &[]).unwrap()), after);
    let mut complaints = 0;
    for page in 0..whole.len() / BLOCKS[1] {
        let mut zeroed = whole.clone();
        zeroed[page * BLOCKS[1]..(page + 1) * BLOCKS[1]].fill(0);
        let torn = &whole[..page * BLOCKS[1] + 100];
        for bytes in [&zeroed[..], torn] {
            match from_database(bytes, &[]) {
                // A page that nothing needs, or the transcript's: what is left is told.
                Ok(history) => assert!(after.starts_with(told(&history).split('[').next().unwrap())),
                Err(complaint) => {
                    complaints += 1;
                    assert!(
                        complaint.contains("openclaw-agent.sqlite") || complaint == "nothing",
                        "{complaint}"
                    );
                }
            }
        }
    }
    assert!(complaints > 0);
}
