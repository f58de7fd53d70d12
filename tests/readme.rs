//! The two READMEs say the same, and every link of theirs leads somewhere.
#![expect(clippy::unwrap_used, reason = "a README that cannot be read has failed the test")]

use std::fs;
use std::path::Path;

const ENGLISH: &str = "README.md";
const CHINESE: &str = "README.zh-CN.md";

fn read(name: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(name)).unwrap()
}

/// What both must have alike, in its order: headings by their level, code, rows of tables, list items and links.
#[derive(Debug, Default, PartialEq, Eq)]
struct Shape {
    headings: Vec<usize>,
    commands: Vec<String>,
    columns: Vec<usize>,
    items: usize,
    code: Vec<String>,
    links: Vec<String>,
}

fn shape(text: &str) -> Shape {
    let mut shape = Shape::default();
    for line in text.lines() {
        if let Some(command) = line.strip_prefix("    ") {
            shape.commands.push(command.to_owned());
            continue;
        }
        match line.split_whitespace().next() {
            Some(mark) if mark.bytes().all(|byte| byte == b'#') => shape.headings.push(mark.len()),
            Some("|") => shape.columns.push(line.matches('|').count()),
            Some("-") => shape.items += 1,
            _ => {}
        }
        shape.code.extend(line.split('`').skip(1).step_by(2).map(str::to_owned));
    }
    shape.links = links(text).into_iter().map(|link| link.replace(".zh-CN", "")).collect();
    // One sentence may name two things in the other order.
    shape.code.sort();
    shape
}

/// The targets of links and pictures, in their order.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).map(|rest| rest.split_once(')').unwrap().0).collect()
}

/// The anchors that a page's headings have.
fn anchors(page: &str) -> Vec<String> {
    let heading =
        |line: &str| line.starts_with('#').then(|| line.trim_start_matches('#').trim().to_lowercase());
    let plain = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
    page.lines()
        .filter_map(heading)
        .map(|heading| heading.chars().filter(plain).collect::<String>().replace(' ', "-"))
        .collect()
}

#[test]
fn both_have_the_same_headings_commands_tables_and_links() {
    let (english, chinese) = (shape(&read(ENGLISH)), shape(&read(CHINESE)));
    assert_eq!(english, chinese);
    assert!(
        english.headings.len() > 4 && english.links.len() > 40 && english.commands.len() > 4,
        "{english:?}"
    );
    assert!(links(&read(ENGLISH)).contains(&CHINESE) && links(&read(CHINESE)).contains(&ENGLISH));
}

#[test]
fn every_link_leads_somewhere() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for name in [ENGLISH, CHINESE] {
        let text = read(name);
        for link in links(&text).into_iter().filter(|link| !link.starts_with("https://")) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            assert!(root.join(path).exists(), "{name} leads to {link}");
            let is_there = || anchors(&read(path)).iter().any(|one| one == anchor);
            assert!(anchor.is_empty() || is_there(), "{name} leads to {link}, and no heading is called so");
        }
    }
}

#[test]
fn another_shape_is_found_out() {
    let text = "# A\n\n[b](c.zh-CN.md) `x`\n\n    run it\n\n- one\n| a | b |\n";
    let same = "# 甲\n\n[乙](c.md) 的 `x`\n\n    run it\n\n- 一\n| 甲 | 乙 |\n";
    assert_eq!(shape(text), shape(same));
    for (from, to) in [
        ("# A", "## A"),
        ("(c.", "(d."),
        ("`x`", "`y`"),
        ("run it", "run"),
        ("- one", "one"),
        ("| b |", "b |"),
    ] {
        assert_ne!(shape(text), shape(&text.replace(from, to)), "{from}");
    }
    assert_eq!(anchors("# The `a_b` of it\ntext\n## 2026.7.1"), ["the-a_b-of-it", "202671"]);
}
