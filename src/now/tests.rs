//! NOW.md read and spliced, whatever people have made of it.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;
use rstest::rstest;

use super::*;

const PAGE: &str = "\
# NOW.md - Current State Snapshot

## Last Updated
- **Time**: 2026-03-09 16:22
- **Session**: Discord #misc (1234)
- **Status**: applying a new key

## Active Tasks
- Build the release
- Answer R&D

## Recent Context
- none

## Post-Restart Action
- Tell the channel
";

fn list(items: &[&str]) -> Vec<String> {
    items.iter().map(|item| (*item).to_owned()).collect()
}

fn page() -> Now {
    let updated = Updated {
        time: "2026-03-09 16:22".to_owned(),
        session: "Discord #misc (1234)".to_owned(),
        status: "applying a new key".to_owned(),
    };
    let tasks = list(&["Build the release", "Answer R&D"]);
    Now { updated, tasks, context: Vec::new(), after: list(&["Tell the channel"]) }
}

fn all(now: &Now) -> Changes {
    let Now { updated, tasks, context, after } = now.clone();
    Changes { updated: Some(updated), tasks: Some(tasks), context: Some(context), after: Some(after) }
}

#[rstest]
#[case::html("## Active Tasks\n[a]: b\n</pre>\n---\n", "## Active Tasks\n- none\n\n[a]: b\n</pre>\n---\n")]
#[case::code(
    "## Active Tasks\n- x\n\n[a]: b\n    c\n---\n",
    "## Active Tasks\n- none\n\n[a]: b\n    c\n---\n"
)]
fn definitions_above_an_underlined_heading_stay_with_it(#[case] old: &str, #[case] new: &str) {
    let changes = Changes { tasks: Some(Vec::new()), ..Changes::default() };
    assert_eq!(splice(Some(old), &changes), new);
    assert_eq!(splice(Some(new), &changes), new);
}

#[test]
fn the_seeds_page_is_written_and_read() {
    assert_eq!(splice(None, &all(&page())), PAGE);
    assert_eq!(Now::parse(PAGE), page());
    assert_eq!(splice(Some(PAGE), &all(&page())), PAGE);
    assert_eq!(splice(Some(PAGE), &Changes::default()), PAGE);
}

#[test]
fn clearing_leaves_nothing_to_do() {
    assert_eq!(splice(Some(PAGE), &Changes::clear()), PAGE.replace("- Tell the channel", "- none"));
}

#[test]
fn what_people_write_is_read() {
    let text = "\u{feff}# Mine\r\n\r\n### last updated:\r\n* **Time:** noon\r\n* status: fine\r\n\r\n\
        Active Tasks\r\n---\r\nFix the\r\nbuild.\r\n\r\n1. Ship\r\n   it\r\n\r\n## Post-Restart Action\r\nNone.\r\n";
    let now = Now::parse(text);
    assert_eq!(now.updated, Updated { time: "noon".into(), session: String::new(), status: "fine".into() });
    assert_eq!(now.tasks, ["Fix the build.", "Ship it"]);
    assert_eq!(now.after, Vec::<String>::new());
}

#[rstest]
#[case::other_sections(
    "# T\n\ntext\n\n## Mine\n- a\n\n## Active Tasks\n\n- old\n  - sub\n\n### More\n\nx\n\n\n## Also mine\n```\n## Active Tasks\n```\n",
    "# T\n\ntext\n\n## Mine\n- a\n\n## Active Tasks\n\n- new\n\n\n## Also mine\n```\n## Active Tasks\n```\n"
)]
#[case::crlf("## Active Tasks\r\n- old\r\n\r\n## B\r\n", "## Active Tasks\r\n- new\r\n\r\n## B\r\n")]
#[case::a_stray_return("a\nb\r", "a\nb\r\n\n## Active Tasks\n- new\n")]
#[case::nothing_but_a_return("a\r", "a\r\r\n\r\n## Active Tasks\r\n- new\r\n")]
#[case::bom("\u{feff}## Active Tasks\n- old\n", "\u{feff}## Active Tasks\n- new\n")]
#[case::no_end("## Active Tasks", "## Active Tasks\n- new\n")]
#[case::empty_body("## Active Tasks\n\n## B\n", "## Active Tasks\n- new\n\n## B\n")]
#[case::no_gap("## Active Tasks\n```\nx\n```\nB\n===\n", "## Active Tasks\n- new\n\nB\n===\n")]
#[case::indented("## Active Tasks\nx\n\n  ## B\n", "## Active Tasks\n- new\n\n## B\n")]
#[case::twice(
    "## Active Tasks\n- a\n\n## Active Tasks\n- b\n",
    "## Active Tasks\n- new\n\n## Active Tasks\n- b\n"
)]
#[case::nested(
    "## Active Tasks\n- a\n\n### Recent Context\n- c\n",
    "## Active Tasks\n- new\n\n### Recent Context\n- c\n"
)]
#[case::title(
    "# Active Tasks\n\n## Mine\n- a\n",
    "# Active Tasks\n\n## Mine\n- a\n\n## Active Tasks\n- new\n"
)]
#[case::missing("hello", "hello\n\n## Active Tasks\n- new\n")]
#[case::missing_crlf("hello\r\n", "hello\r\n\r\n## Active Tasks\r\n- new\r\n")]
#[case::empty("", "## Active Tasks\n- new\n")]
#[case::open_fence("a\n\n~~~~ x\nb", "a\n\n~~~~ x\nb\n~~~~\n\n## Active Tasks\n- new\n")]
#[case::open_comment("<!--\n## Active Tasks\n", "<!--\n## Active Tasks\n-->\n\n## Active Tasks\n- new\n")]
fn only_the_sections_body_changes(#[case] old: &str, #[case] new: &str) {
    let changes = Changes { tasks: Some(list(&["new"])), ..Changes::default() };
    assert_eq!(splice(Some(old), &changes), new);
    assert_eq!(splice(Some(new), &changes), new);
}

#[test]
fn items_stay_items_and_lose_their_secrets() {
    let items = list(&["a\n## Recent Context\n- b", "---", "", "password=hunter22", "# c", "```"]);
    let text = splice(None, &Changes { tasks: Some(items), ..Changes::default() });
    assert!(text.ends_with(
        "## Active Tasks\n- a&#10;## Recent Context&#10;- b\n- &#45;--\n- password=[redacted]\n- # c\n- ```\n"
    ));
}

#[test]
fn the_file_keeps_its_mode_and_what_is_no_text_stays() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("NOW.md");
    update(&path, &all(&page())).unwrap();
    let mode = || std::fs::metadata(&path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
    update(&path, &Changes::clear()).unwrap();
    assert_eq!(mode(), 0o644);
    assert!(std::fs::read_to_string(&path).unwrap().ends_with("## Post-Restart Action\n- none\n"));

    std::fs::write(&path, b"## Active Tasks\n\xff").unwrap();
    let error = update(&path, &Changes::clear()).unwrap_err();
    assert!(error.full().contains("NOW.md") && error.full().contains("UTF-8"), "{}", error.full());
    assert_eq!(std::fs::read(&path).unwrap(), b"## Active Tasks\n\xff");
}

/// Lines of a page that somebody wrote, with everything that could mislead.
fn any_page() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "## Active Tasks",
        "## Recent Context",
        "# Post-Restart Action",
        "### Last Updated",
        "Active Tasks",
        "---",
        "===",
        "## Other",
        "# T",
        "",
        "",
        "  ",
        "- x",
        "  - y",
        "- **Time**: t",
        "text",
        "    code",
        "```",
        "~~~~",
        "<!--",
        "-->",
        "<pre>",
        "</pre>",
        "<div>",
        "<?",
        "<![CDATA[",
        "> q",
        "> ```",
        "- ```",
        "  ## Other",
        "1. n",
        "  B",
        "[a]: b",
        "é",
        "* * *",
        "- - -",
    ]);
    (prop::collection::vec(line, 0..14), any::<bool>(), any::<bool>()).prop_map(|(lines, crlf, end)| {
        let line_end = if crlf { "\r\n" } else { "\n" };
        let end = if end { line_end } else { "" };
        format!("{}{end}", lines.join(line_end))
    })
}

fn item() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(list(&[
            "---",
            "- -",
            "-",
            "# h",
            "## Active Tasks",
            "```",
            "<!--",
            "> q",
            "a\n## B",
            "1.",
            "===",
            "    c",
            "\u{85}",
            "&#10;",
            "[a]: b",
            "- **Time**: x",
            "none of it",
            "\u{a0}",
            "*",
            "***",
            "x\\",
        ])),
        r"\PC{1,8}",
    ]
    .prop_filter("it stands for an empty list", |item| !item.trim_end_matches('.').eq_ignore_ascii_case(NONE))
}

fn items() -> impl Strategy<Value = Option<Vec<String>>> {
    prop::option::of(prop::collection::vec(item(), 0..4))
}

prop_compose! {
    fn any_changes()(
        updated in prop::option::of((item(), item(), item())), tasks in items(), context in items(), after in items(),
    ) -> Changes {
        let updated = updated.map(|(time, session, status)| Updated { time, session, status });
        Changes { updated, tasks, context, after }
    }
}

/// The text that is in none of the sections that change; line ends at the edges belong to the sections.
fn outside<'a>(text: &'a str, changes: &Changes) -> Vec<&'a str> {
    let mut rest = 0;
    let mut outside = Vec::new();
    for place in places(text) {
        let replaced = match place.section {
            Section::Updated => changes.updated.is_some(),
            Section::Tasks => changes.tasks.is_some(),
            Section::Context => changes.context.is_some(),
            Section::After => changes.after.is_some(),
        };
        if replaced {
            outside.push(text[rest..place.range.start].trim_end_matches(['\r', '\n']));
            rest = place.range.end;
        }
    }
    outside.push(&text[rest..]);
    outside
}

proptest! {
    #[test]
    fn changes_arrive_and_nothing_else_moves(old in any_page(), changes in any_changes()) {
        let new = splice(Some(&old), &changes);
        let (before, now) = (Now::parse(&old), Now::parse(&new));
        prop_assert_eq!(&now.updated, changes.updated.as_ref().unwrap_or(&before.updated));
        for (now, change, before) in [
            (&now.tasks, &changes.tasks, &before.tasks),
            (&now.context, &changes.context, &before.context),
            (&now.after, &changes.after, &before.after),
        ] {
            match change {
                Some(change) => prop_assert_eq!(now, change),
                // What was left open at the end may have been closed.
                None => prop_assert!(now.join("\n").starts_with(&before.join("\n"))),
            }
        }
        prop_assert_eq!(splice(Some(&new), &changes), new.as_str());

        let (kept, found) = (outside(&old, &changes), outside(&new, &changes));
        for (index, text) in kept.iter().enumerate() {
            prop_assert!(found[index].starts_with(text), "{text:?} is no more in {new:?}");
        }
    }

    #[test]
    fn any_text_can_be_taken_apart_and_put_back(text in r"([^\r]|[#\-\n`<>*]){0,60}") {
        let once = splice(Some(&text), &all(&Now::parse(&text)));
        prop_assert_eq!(splice(Some(&once), &all(&Now::parse(&once))), once.as_str());
    }
}

/// Agents write the page as well, and not as we do: a loss of power may leave a part of it, and zeros.
#[test]
fn a_page_cut_off_at_any_byte_or_zeroed_says_nothing_new_and_is_written_whole_again() {
    let whole = format!("{PAGE}\n## Mine\n整理 🪃\n").replace("- none", "- 第四十七个表格");
    let said = |now: &Now| [now.tasks.clone(), now.context.clone(), now.after.clone()].concat();
    let before = said(&Now::parse(&whole));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("NOW.md");
    for end in 0..=whole.len() {
        for zeros in [0, 512] {
            let left = [&whole.as_bytes()[..end], &vec![0; zeros]].concat();
            std::fs::write(&path, &left).unwrap();
            let Ok(text) = std::str::from_utf8(&left) else {
                let error = update(&path, &all(&page())).unwrap_err().full();
                assert!(error.contains("NOW.md"), "{error}");
                assert_eq!(std::fs::read(&path).unwrap(), left, "{end}: it is left as it is");
                continue;
            };
            for one in said(&Now::parse(text)) {
                // A mark of Markdown whose text is lost says nothing.
                let is_no_word = |c: char| matches!(c, '\0' | '\u{fffd}' | '-' | '#') || c.is_whitespace();
                let one = one.trim_matches(is_no_word);
                assert!(before.iter().any(|item| item.starts_with(one)), "{end}: {one:?}");
            }
            update(&path, &all(&page())).unwrap();
            let new = std::fs::read_to_string(&path).unwrap();
            assert_eq!(Now::parse(&new), page(), "{end}, {zeros} zeros: {new:?}");
            let mine = whole.find("## Mine").filter(|start| *start < end);
            assert!(mine.is_none_or(|start| new.contains(&whole[start..end])), "{end}: {new:?}");
        }
    }
}
