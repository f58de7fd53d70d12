//! The rooms and what they may import, checked on the source.
#![expect(clippy::unwrap_used, reason = "a source that cannot be read has failed the test")]

use std::fs;
use std::path::{Path, PathBuf};

/// The rooms from top to bottom. Imports point down; rooms on one line never import each other.
const ROOMS: [&[&str]; 13] = [
    &["cli"],
    &["commands"],
    &["json"],
    &["setup", "drill"],
    &["flow"],
    &["dispatch"],
    &["plan"],
    &["checkpoint", "task", "now", "note", "notice"],
    &["session"],
    &["ledger"],
    &["gateway"],
    &["model"],
    &["support"],
];
/// What a room must not know although it stands below.
const STRANGERS: [(&str, &str); 2] = [("plan", "ledger"), ("plan", "gateway")];
const MAX_LINES: usize = 400;
const MAX_MAIN: usize = 10;

fn level(room: &str) -> Option<usize> {
    ROOMS.iter().position(|line| line.contains(&room))
}

/// Returns what breaks the rule of imports in one file; `path` is below `src`.
fn broken_imports(path: &Path, source: &str) -> Vec<String> {
    let modules = modules(path);
    let Some(room) = modules.first().filter(|name| !["main", "lib"].contains(&name.as_str())) else {
        return Vec::new();
    };
    let Some(own) = level(room) else { return vec![format!("{}: no room is called {room}", path.display())] };
    let code = without_comments(source);
    let mut broken = Vec::new();
    for (at, import) in imports(&code, modules.len()) {
        let complaint = match level(&import) {
            _ if import == *room => continue,
            None => "is no room",
            Some(level) if level < own => "stands above",
            Some(level) if level == own => "stands beside",
            Some(_) if STRANGERS.contains(&(room, &import)) => "must stay unknown",
            Some(_) => continue,
        };
        let line = code[..at].matches('\n').count() + 1;
        broken.push(format!("{}:{line}: {room} imports {import}, which {complaint}", path.display()));
    }
    broken
}

/// Returns the modules that a file is in, the room first: `flow/due.rs` is `flow`, `due`.
fn modules(path: &Path) -> Vec<String> {
    let mut modules: Vec<String> =
        path.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    modules.pop_if(|last| last == "mod");
    modules
}

/// Blanks line comments, so that links in documentation are no imports.
fn without_comments(source: &str) -> String {
    let code = |line: &str| line.split_once("//").map_or(line, |(code, _)| code).to_owned();
    source.lines().map(code).collect::<Vec<_>>().join("\n")
}

/// Finds the names behind `crate::`, and behind as many `super::` as lead out of the room.
fn imports(code: &str, depth: usize) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for (at, prefix) in code.match_indices("crate::") {
        found.extend(heads(&code[at + prefix.len()..]).map(|name| (at, name)));
    }
    let out = "super::".repeat(depth);
    for (at, prefix) in code.match_indices(&out) {
        // Without an inline module around it, this is the root; within one, only names of rooms matter.
        let names = heads(code[at + prefix.len()..].trim_start_matches("super::"));
        found.extend(names.filter(|name| level(name).is_some()).map(|name| (at, name)));
    }
    found
}

/// Returns the first name of a path, or those of a group in braces.
fn heads(path: &str) -> impl Iterator<Item = String> {
    let name = |text: &str| -> String {
        text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let mut names = Vec::new();
    if let Some(group) = path.strip_prefix('{') {
        let (mut depth, mut start) = (0, 0);
        for (at, c) in group.char_indices() {
            match c {
                '{' => depth += 1,
                ',' | '}' if depth == 0 => {
                    names.push(name(&group[start..at]));
                    start = at + 1;
                    if c == '}' {
                        break;
                    }
                }
                '}' => depth -= 1,
                _ => {}
            }
        }
    } else {
        names.push(name(path));
    }
    names.into_iter().filter(|name| !name.is_empty())
}

fn sources() -> Vec<(PathBuf, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut folders = vec![root.clone()];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files
                    .push((path.strip_prefix(&root).unwrap().to_owned(), fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(files.len() > 50, "the sources are here");
    files
}

/// Counts the lines above a file's own tests; a file of nothing else has none.
fn lines_of_code(path: &Path, source: &str) -> usize {
    let is_test = ["tests.rs", "properties.rs", "fake.rs"].iter().any(|name| path.ends_with(name));
    let code = source.rfind("\nmod tests {").map_or(source, |at| &source[..at]);
    if is_test { 0 } else { code.lines().count() }
}

#[test]
fn imports_point_down() {
    let broken: Vec<_> = sources().iter().flat_map(|(path, source)| broken_imports(path, source)).collect();
    assert!(broken.is_empty(), "{}", broken.join("\n"));
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    for (path, source) in sources() {
        assert!(source.starts_with("//! "), "{} begins with a //! line", path.display());
        let max = if path == Path::new("main.rs") { MAX_MAIN } else { MAX_LINES };
        let lines = lines_of_code(&path, &source);
        assert!(lines < max, "{} has {lines} lines; fewer than {max} are expected", path.display());
    }
}

#[test]
fn a_bad_source_is_found_out() {
    let broken = |path: &str, source: &str| broken_imports(Path::new(path), source).join("\n");
    for (path, source, expected) in [
        ("plan/gate.rs", "use crate::gateway::Gateway;", "plan imports gateway, which must stay unknown"),
        ("plan/mod.rs", "\nfn f() -> crate::ledger::Ledger {}", "plan/mod.rs:2: plan imports ledger"),
        (
            "ledger.rs",
            "use crate::{model::{Boot, Route}, plan::Item};",
            "ledger imports plan, which stands above",
        ),
        ("ledger.rs", "use super::flow;", "ledger imports flow"),
        ("now/splice.rs", "use super::super::notice::render;", "now imports notice, which stands beside"),
        ("session/mod.rs", "mod tests {\n    use super::super::dispatch::Sent;\n}", "session/mod.rs:2:"),
        ("gateway/config/mod.rs", "pub use super::super::{session, model};", "gateway imports session"),
        ("model/key.rs", "use crate::attic::Box;", "model imports attic, which is no room"),
        ("attic.rs", "", "no room is called attic"),
    ] {
        let found = broken(path, source);
        assert!(found.contains(expected), "{path}: {source}: {found:?}");
    }
    for (path, source) in [
        ("flow/due.rs", "use super::recover::Outcome;\nuse crate::plan::{self, gate::{cli, Situation}};"),
        ("gateway/config/mod.rs", "use super::super::client; // not crate::flow\n/// [`crate::flow`]"),
        ("plan/gate.rs", "use crate::session::Judgement;\nmod tests { use super::super::build; }"),
        ("lib.rs", "use crate::json::v1;"),
    ] {
        assert_eq!(broken(path, source), "", "{path}");
    }
}

#[test]
fn only_code_counts_as_lines() {
    let source = "//! A.\nfn a() {}\n#[cfg(test)]\nmod tests {\n    fn b() {}\n}\n";
    assert_eq!(lines_of_code(Path::new("a.rs"), source), 3);
    assert_eq!(lines_of_code(Path::new("now/tests.rs"), source), 0);
}

/// Finds the tests that a document names as `[`name`](path)`, each with the path as seen from the document.
fn named_tests(document: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    for part in document.split("[`").skip(1) {
        let Some((name, rest)) = part.split_once("`](") else { continue };
        let is_test = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
        if let Some((path, _)) = rest.split_once(')').filter(|_| is_test) {
            found.push((name, path));
        }
    }
    found
}

#[test]
fn every_test_that_a_promise_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = 0;
    for document in ["SECURITY.md", "docs/guarantees.md"] {
        let text = fs::read_to_string(root.join(document)).unwrap();
        for (name, path) in named_tests(&text) {
            let path = root.join(document).parent().unwrap().join(path);
            let source = fs::read_to_string(&path)
                .unwrap_or_else(|error| panic!("{document} names {}: {error}", path.display()));
            assert!(source.contains(&format!("fn {name}(")), "{document}: {} has no {name}", path.display());
            named += 1;
        }
    }
    assert!(named > 30, "{named} tests are named");
    assert_eq!(named_tests("a [`one_test`](a/b.rs) and [`Type`](c) [`x`]"), [("one_test", "a/b.rs")]);
}

/// Finds the paths that a document names in backticks: with a folder, and an ending or a slash at the end.
fn named_paths(document: &str) -> Vec<&str> {
    let is_path = |text: &&str| {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
        text.contains('/') && !text.starts_with(['/', '.', '-']) && text.chars().all(is_plain)
    };
    document.split('`').skip(1).step_by(2).filter(is_path).collect()
}

#[test]
fn every_path_that_a_guide_through_the_sources_names_is_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut named = 0;
    for document in ["docs/architecture.md", "docs/questions.md"] {
        let text = fs::read_to_string(root.join(document)).unwrap();
        for path in named_paths(&text) {
            let file = format!("{path}.rs");
            let places = [root.join(path), root.join("src").join(path), root.join("src").join(file)];
            let is_there = places.iter().any(|path| path.exists());
            assert!(is_there, "{document} names {path}, which is not there");
            named += 1;
        }
    }
    assert!(named > 100, "{named} paths are named");
    assert_eq!(named_paths("in `src/a.rs`, `b/`, not `a b/c`, `/d/e`, `f`"), ["src/a.rs", "b/"]);
}
