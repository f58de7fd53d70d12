//! Checkpoints of the seed, of ours and of newer programs, read and written.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its text or files has failed")]

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use chrono::{DateTime, NaiveDateTime, Utc};
use rstest::rstest;

use super::*;
use crate::model::Boot;
use crate::support::error::Kind;

const SEED2: &str = include_str!("../../tests/fixtures/checkpoints/seed-level2.md");
const SEED3: &str = include_str!("../../tests/fixtures/checkpoints/seed-level3.md");
const OURS: &str = include_str!("../../tests/fixtures/checkpoints/ours-v1.md");
const CONSUMED: &str = include_str!("../../tests/fixtures/checkpoints/ours-v1-consumed.md");
const FUTURE: &str = include_str!("../../tests/fixtures/checkpoints/future-v2.md");

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn local() -> NaiveDateTime {
    "2026-03-09T16:22:00".parse().unwrap()
}

fn block(key: &str, fields: [&str; 5], message: Option<&str>, line: usize) -> Block {
    let [agent, goal, last_done, next_step, blockers] = fields.map(str::to_owned);
    let session_key = key.parse().unwrap();
    let resume_message = message.map(str::to_owned);
    Block { session_key, agent, goal, last_done, next_step, blockers, resume_message, line }
}

#[test]
fn the_seeds_files_are_read_and_written_as_they_are() {
    let checkpoint = parse("x.md", SEED2).unwrap();
    assert_eq!(checkpoint.meta, None);
    assert_eq!(checkpoint.warnings, Vec::<String>::new());
    let [one, two] = &checkpoint.blocks[..] else { panic!("{checkpoint:?}") };
    assert_eq!(
        *one,
        block(
            "agent:engineer:main",
            ["engineer", "完成回归验证", "401/幂等/时区/保留用例通过", "发布最终验收摘要", "无"],
            Some(
                "Continue where you left off. Last completed: 401/幂等/时区/保留用例通过. Next: 发布最终验收摘要."
            ),
            3,
        )
    );
    assert!(!one.is_blocked() && two.is_blocked());
    assert_eq!(two.line, 11);
    assert_eq!(render(&checkpoint, local()), SEED2);
}

#[test]
fn the_seeds_template_has_deeper_headings_and_fewer_fields() {
    let checkpoint = parse("x.md", SEED3).unwrap();
    let next = "Publish acceptance summary";
    assert_eq!(
        checkpoint.blocks,
        [
            block(
                "agent:engineer:main",
                ["engineer", "Finish the regression run", "timezone cases", next, "none"],
                None,
                6
            ),
            block(
                "unknown",
                ["unknown", "Retry write results to report", "(fill)", "(fill)", "none"],
                None,
                14
            ),
        ]
    );
}

#[test]
fn our_files_are_read_and_written_as_they_are() {
    let checkpoint = parse("x.md", OURS).unwrap();
    let meta = checkpoint.meta.as_ref().unwrap();
    assert_eq!(meta.format_version, FormatVersion::CURRENT);
    assert_eq!(meta.id, "5f0c2c7e9a41");
    assert_eq!(meta.created_at, utc("2026-03-09T08:22:00Z"));
    let started_at = utc("2026-03-08T21:00:00.250Z");
    assert_eq!(meta.boot, Some(Boot { started_at, boot_id: Some("b-17".to_owned()) }));
    assert_eq!(meta.session_key, Some("agent:main:main".parse().unwrap()));
    let marks: Vec<_> = meta.sessions.values().map(|mark| mark.last_entry_id.as_deref()).collect();
    assert_eq!(marks, [Some("9d1f03aa"), None]);
    assert_eq!(checkpoint.blocks[0].last_done, "timezone cases\nand idempotency");
    assert_eq!(checkpoint.blocks[1].goal, "Watch the release & answer R&D");
    assert_eq!(checkpoint.blocks[1].line, 27);
    assert!(!checkpoint.is_consumed());
    assert_eq!(render(&checkpoint, local()), OURS);

    let consumed = parse("x.md", CONSUMED).unwrap();
    assert!(consumed.is_consumed());
    assert_eq!(consumed.blocks.len(), 2);
}

#[test]
fn a_newer_file_is_read_where_it_can_be() {
    let checkpoint = parse("x.md", FUTURE).unwrap();
    assert!(checkpoint.meta.as_ref().unwrap().format_version.is_newer());
    assert!(checkpoint.is_consumed());
    assert_eq!(checkpoint.blocks[0].next_step, "Publish acceptance summary");
    for text in [FUTURE.replace("77aa01", "[7, 7]"), FUTURE.replace("## ", "#### ")] {
        assert_eq!(parse("x.md", &text).unwrap_err().kind(), Kind::Newer);
    }
}

#[rstest]
#[case::other_marker("## k:1\n* Goal: g\n+ Next: n\n")]
#[case::numbered("## k:1\n1. Goal: g\n2. Next: n\n")]
#[case::bold_inside("## k:1\n- **Goal**: g\n- __Next__: n\n")]
#[case::bold_around("## k:1\n- **Goal:** g\n- **Next:** n\n")]
#[case::lower_case("## k:1\n- goal: g\n- next step: n\n")]
#[case::chinese_colon("## k:1\n- Goal：g\n- Next： n\n")]
#[case::paragraphs("Hello.\n\n## k:1\n\nThis one.\n\n- Goal: g\n\nAnd then\n\n- Next: n\n\nBye.\n")]
#[case::unknown_bullets("## k:1\n- Label: l\n- Goal: g\n- just text\n- Next: n\n- http://x\n")]
#[case::crlf("\u{feff}## k:1\r\n- Goal: g\r\n- Next: n\r\n")]
#[case::bom("\u{feff}# T\n## k:1\n- Goal: g\n- Next: n")]
#[case::closed_heading("## k:1 ##\n- Goal: g\n- Next: n\n")]
#[case::code("## k:1\n- Goal: g\n- Next: n\n\n```\n## k:2\n- Goal: x\n```\n")]
#[case::code_in_item("## k:1\n- Goal: g\n- Next: n\n- Log:\n  ```\n## k:2\n  ```\n")]
#[case::comment("## k:1\n<!--\n## k:2\n- Goal: x\n-->\n- Goal: g\n- Next: n\n")]
#[case::quote("## k:1\n- Goal: g\n- Next: n\n\n> ## k:2\n> - Goal: x\n")]
#[case::notes("## Notes\n- remember this\n\n## k:1\n- Goal: g\n- Next: n\n\n### More\ntext\n")]
#[case::rules("## k:1\n\na note\n---\n\n- Goal: g\n- Next: n\n\n---\n")]
#[case::deeper_heading("## k:1\n#### Fields\n- Goal: g\n- Next: n\n")]
#[case::title_after("## k:1\n- Goal: g\n- Next: n\n\n# End\n- Blockers: x\n")]
fn what_people_edit_is_still_read(#[case] text: &str) {
    let checkpoint = parse("x.md", text).unwrap();
    let [block] = &checkpoint.blocks[..] else { panic!("{checkpoint:?}") };
    assert_eq!(block.session_key.as_str(), "k:1");
    assert_eq!([&block.goal, &block.next_step, &block.blockers], ["g", "n", "none"]);
}

#[rstest]
#[case::wrapped("one\n  two\nthree", "one two three")]
#[case::paragraphs("one\n\n  two", "one\ntwo")]
#[case::reference("one&#10;two &amp; three", "one\ntwo &amp; three")]
#[case::empty("", "")]
#[case::colons("12:30 *now*: go", "12:30 *now*: go")]
fn values_are_taken_as_written(#[case] written: &str, #[case] read: &str) {
    let checkpoint = parse("x.md", &format!("## global\n- Goal: {written}\n")).unwrap();
    assert_eq!(checkpoint.blocks[0].goal, read);
}

#[test]
fn what_is_passed_over_is_said() {
    let text = "- Goal: early\n\n## agent:a:1\nno field\n\n## k\n- Goal: g\n- Goal: h\n\n## k\n- Next: n\n";
    let checkpoint = parse("x.md", text).unwrap();
    assert_eq!(checkpoint.blocks[0].goal, "g");
    assert_eq!(
        checkpoint.warnings,
        [
            "x.md:1: a field above the first block is ignored",
            "x.md:3: the session has no field below it and is ignored",
            "x.md:8: the block has this field already; the first one counts",
            "x.md:10: the session has a block already; both count",
        ]
    );
}

#[rstest]
#[case("", "x.md:1: expected at least one block")]
#[case("# Restart checkpoint\n\n## Notes\ntext\n", "x.md:1: expected at least one block")]
#[case("---\nformatVersion: 1\n", "x.md:1: expected the front matter to end")]
#[case("---\ntags: [a]\n---\n## k\n- Goal: g\n", "x.md:2: front matter: missing field `formatVersion`")]
#[case("---\nformatVersion: 1\nid: a: b\n---\n", "x.md:3: front matter: ")]
#[case("---\r\nformatVersion: 1\r\nid: a\r\ncreatedAt: soon\r\n---\r\n", "x.md:4: front matter: createdAt: ")]
#[case("# T\n\n## a&#10;b\n- Goal: g\n", "x.md:3: \"a\\nb\" is no session key")]
#[case("##\n- Goal: g\n", "x.md:1: \"\" is no session key")]
fn what_cannot_be_read_names_its_line(#[case] text: &str, #[case] message: &str) {
    let error = parse("x.md", text).unwrap_err();
    assert_eq!(error.kind(), Kind::User);
    assert!(error.to_string().starts_with(message), "{error}");
}

#[test]
fn aliases_cannot_fill_the_memory() {
    let front =
        format!("---\nformatVersion: 1\nid: &a {}\ncreatedAt: 2026-03-09T08:22:00Z\n", "x".repeat(9999));
    let text = format!("{front}sessions:\n  a: {{lastEntryId: *a}}\n---\n## k\n- Goal: g\n");
    assert!(parse("x.md", &text).unwrap_err().to_string().contains("an entry's id of at most 512 bytes"));
}

#[test]
fn secrets_are_not_written() {
    let mut block = Block::new("global".parse().unwrap());
    block.last_done = "set password=hunter22".to_owned();
    let mut checkpoint = parse("x.md", OURS).unwrap();
    checkpoint.meta.as_mut().unwrap().reason = Some("rotate\npassword=hunter22".to_owned());
    checkpoint.blocks.push(block);
    let text = render(&checkpoint, local());
    assert!(!text.contains("hunter22"), "{text}");
    let reason = parse("x.md", &text).unwrap().meta.unwrap().reason;
    assert_eq!(reason.as_deref(), Some("rotate\npassword=[redacted]"));
}

#[test]
fn the_store_names_files_by_their_second_and_lists_the_newest_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path().join("restart-checkpoints"));
    assert!(store.list().unwrap().is_empty());
    let checkpoint = parse("x.md", OURS).unwrap();
    let paths: Vec<_> = (0..3).map(|_| store.write(&checkpoint, local()).unwrap()).collect();
    let day = dir.path().join("restart-checkpoints/2026-03-09");
    assert_eq!(paths, ["162200.md", "162200-2.md", "162200-3.md"].map(|name| day.join(name)));
    assert_eq!(fs::metadata(&paths[0]).unwrap().permissions().mode() & 0o777, 0o600);

    let old = dir.path().join("restart-checkpoints/2024-01-01");
    fs::create_dir_all(old.join("folder.md")).unwrap();
    fs::write(old.join("010203.md"), SEED2).unwrap();
    fs::write(old.join("010202.md"), "nothing here").unwrap();
    for name in [".hidden.md", "notes.txt"] {
        fs::write(old.join(name), SEED2).unwrap();
    }
    fs::write(dir.path().join("outside.md"), SEED2).unwrap();
    symlink(dir.path().join("outside.md"), old.join("link.md")).unwrap();
    symlink(dir.path(), dir.path().join("restart-checkpoints/2025-01-01")).unwrap();

    let entries = store.list().unwrap();
    let names: Vec<_> = entries.iter().map(|entry| entry.path.file_name().unwrap()).collect();
    assert_eq!(names, ["162200-3.md", "162200-2.md", "162200.md", "010203.md", "010202.md"]);
    assert_eq!(entries[0].id, "5f0c2c7e9a41");
    assert_eq!(entries[0].created_at, utc("2026-03-09T08:22:00Z"));
    assert_eq!(entries[3].id, "2024-01-01/010203");
    assert_eq!(entries[3].checkpoint.as_ref().unwrap().blocks.len(), 2);
    assert!(entries[4].checkpoint.as_ref().unwrap_err().to_string().contains("010202.md:1: expected"));
    assert_eq!(store.load(&old.join("none.md")).unwrap_err().kind(), Kind::User);
}

#[test]
fn marking_changes_the_front_matter_alone() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::new(dir.path());
    let at = utc("2026-03-09T08:24:10.5Z");
    let mark = |path: &Path, text: &str| {
        fs::write(path, text).unwrap();
        (store.mark_consumed(path, at), fs::read_to_string(path).unwrap())
    };
    let path = dir.path().join("a.md");
    let line = "consumedAt: 2026-03-09T08:24:10.500Z";
    // Comments, unknown fields, a null, CRLF and a BOM all stay as they are.
    let edited = OURS.replace("id: 5f", "mine: {a: 1} # hi\nconsumedAt: null\nid: 5f").replace('\n', "\r\n");
    for (text, expected) in [
        (OURS.to_owned(), OURS.replacen("\n---\n", &format!("\n{line}\n---\n"), 1)),
        (format!("\u{feff}{edited}"), format!("\u{feff}{}", edited.replace("consumedAt: null", line))),
        (CONSUMED.to_owned(), CONSUMED.to_owned()),
    ] {
        let (marked, written) = mark(&path, &text);
        assert_eq!((marked.unwrap(), &written), (Marked::InFile, &expected));
        assert!(store.load(&path).unwrap().is_consumed());
    }

    let (marked, written) = mark(&path, SEED2);
    assert_eq!((marked.unwrap(), written.as_str()), (Marked::Elsewhere, SEED2));
    let (marked, written) = mark(&path, FUTURE);
    assert_eq!((marked.unwrap_err().kind(), written.as_str()), (Kind::Newer, FUTURE));
    let flow = "---\n{formatVersion: 1, id: a, createdAt: 2026-03-09T08:22:00Z}\n---\n";
    let (marked, written) = mark(&path, flow);
    assert_eq!((marked.unwrap_err().kind(), written.as_str()), (Kind::User, flow));
    let newer = parse("x.md", FUTURE).unwrap();
    assert_eq!(store.write(&newer, local()).unwrap_err().kind(), Kind::Newer);
}

#[test]
fn only_real_blockers_block() {
    let blocked = |blockers: &str| {
        let mut block = Block::new("global".parse().unwrap());
        blockers.clone_into(&mut block.blockers);
        block.is_blocked()
    };
    for text in ["none", "None.", "无", "无。", "n/a", "N/A", "-", "—", "", "  ", "(none)", "no", "没有"]
    {
        assert!(!blocked(text), "{text:?}");
    }
    for text in ["waiting for the review", "none of the tests run", "等待审批", "no access yet", "?"] {
        assert!(blocked(text), "{text:?}");
    }
}

#[test]
fn the_message_is_made_where_none_is_written() {
    let mut block = Block::new("global".parse().unwrap());
    "tests".clone_into(&mut block.last_done);
    "publish".clone_into(&mut block.next_step);
    let made = "Continue where you left off. Last completed: tests. Next: publish.";
    assert_eq!(block.resume_message(), made);
    block.resume_message = Some(" ".to_owned());
    assert_eq!(block.resume_message(), made);
    block.resume_message = Some("Go on.".to_owned());
    assert_eq!(block.resume_message(), "Go on.");
}

#[test]
fn a_message_counts_as_written_only_where_somebody_wrote_it() {
    let mut block = Block::new("agent:main:main".parse().unwrap());
    assert_eq!(block.written_message(), None);
    block.resume_message = Some(block.resume_message().into_owned());
    block.next_step = "something newer".to_owned();
    assert_eq!(block.written_message(), None, "made from the fields, before they were edited");
    block.resume_message = Some(" Ask Ada first. ".to_owned());
    assert_eq!(block.written_message(), Some("Ask Ada first."));
}

#[rstest]
#[case("a", "b")]
#[case("", "")]
#[case("Ends with dots...", "and so does this.")]
#[case("幂等用例通过", "发布摘要")]
fn the_steps_are_read_back_from_a_message(#[case] last_done: &str, #[case] next_step: &str) {
    let block = block("agent:a:b", ["a", "g", last_done, next_step, "none"], None, 0);
    assert_eq!(steps_of(&block.resume_message()), Some((last_done, next_step)));
}

#[test]
fn a_message_of_another_form_has_no_steps() {
    for message in ["", "Go on.", "Continue where you left off. Last completed: a", "Next: b. Next: c."] {
        assert_eq!(steps_of(message), None, "{message}");
    }
    let two = "Continue where you left off. Last completed: a. Next: b. Next: c.";
    assert_eq!(steps_of(two), Some(("a", "b. Next: c")), "nothing that may be work to do is left out");
}

/// Our own writes leave the old file or the new one. A disk that lies may leave a part: it is read as far as it goes, or
/// named with its line, and never as a block that nobody wrote.
#[test]
fn a_checkpoint_cut_off_at_any_byte_is_read_or_named() {
    let whole = parse("x.md", OURS).unwrap();
    for (end, _) in OURS.char_indices() {
        for zeros in [0, 512 - end % 512] {
            let text = format!("{}{}", &OURS[..end], "\0".repeat(zeros));
            match parse("x.md", &text) {
                Ok(read) => {
                    assert_eq!(zeros, 0, "zeros are no text");
                    let warned = read.warnings.iter().any(|warning| warning.contains("cut off"));
                    assert_eq!(warned, !text.ends_with('\n'), "{end}: {:?}", read.warnings);
                    let last = read.blocks.len() - 1;
                    for (read, whole) in read.blocks.iter().zip(&whole.blocks).take(last) {
                        assert_eq!(read, whole, "{end}");
                    }
                }
                Err(error) => assert!(error.to_string().starts_with("x.md:"), "{end}: {error}"),
            }
        }
    }
}
