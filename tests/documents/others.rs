//! The commands of other programs, and the test that runs each.

use std::fs;

use crate::found::{files, root};

/// What runs a command.
enum By {
    /// A file that is a test, or is run by one, has this in it.
    File(&'static str, &'static str),
    /// `cargo test` in `scripts/test.sh` runs it with all else: its targets and filters must be there.
    CargoTest,
    /// Nothing does: it takes an hour, or needs what a test has not. This must be there for it to be run by hand.
    Hand(&'static str, &'static str),
}

/// What commands begin with; the longest beginning counts.
const OTHERS: &[(&str, By)] = &[
    (
        "cargo run --release -- drill",
        By::File("scripts/test.sh", "cargo run --release --quiet --locked -- drill"),
    ),
    ("cargo test", By::CargoTest),
    ("COMEBACK_SWEEP=all cargo test", By::CargoTest),
    ("cargo bench --bench scan", By::Hand("Cargo.toml", "[[bench]]\nname = \"scan\"")),
    ("scripts/bench.sh", By::Hand("scripts/bench.sh", "cargo bench")),
    ("scripts/test.sh", By::File(".ci/run", "scripts/test.sh")),
    ("scripts/fetch-openclaw.sh", By::File("scripts/test.sh", "\n    scripts/fetch-openclaw.sh")),
    ("scripts/package.sh", By::File("tests/install/bundle.rs", "scripts/package.sh")),
    ("scripts/fuzz.sh", By::Hand("scripts/fuzz.sh", "cargo +nightly fuzz run")),
    ("./install.sh", By::File("tests/install/script.rs", "fn the_checked_program_is_installed_once")),
    ("sh {baseDir}/install.sh", By::File("tests/gateways/install.rs", "skills/comeback/install.sh")),
    ("sh {baseDir}/install.sh --uninstall", By::File("tests/gateways/install.rs", "--uninstall")),
    (
        "openclaw skills install ./dist/comeback",
        By::File("tests/gateways/install.rs", "\"skills\", \"install\""),
    ),
    ("openclaw --version", By::File(OPERATOR, "[\"--version\"]")),
    ("openclaw config validate", By::File(OPERATOR, "[\"config\", \"validate\"]")),
    ("openclaw gateway status", By::File(OPERATOR, "[\"gateway\", \"status\"]")),
    ("openclaw gateway restart", By::File(OPERATOR, "[\"gateway\", \"restart\", \"--help\"]")),
    ("openclaw gateway run", By::File("tests/gateways/harness/gateway.rs", "[\"gateway\", \"run\"")),
    ("openclaw logs", By::File(OPERATOR, "[\"logs\"")),
];

/// Where the operator's commands are run, on real gateways.
const OPERATOR: &str = "tests/gateways/smoke.rs";

/// Tells where a command is run by no test.
pub fn check(script: &str) -> Result<(), String> {
    let fits = |(begin, _): &&(&str, By)| script.starts_with(begin);
    let found = OTHERS.iter().filter(fits).max_by_key(|(begin, _)| begin.len());
    match found.ok_or("name the test that runs it in tests/documents/others.rs")?.1 {
        By::File(file, text) | By::Hand(file, text) => {
            let content =
                fs::read_to_string(root().join(file)).map_err(|error| format!("{file}: {error}"))?;
            content.contains(text).then_some(()).ok_or(format!("{file} has no {text:?} any more"))
        }
        By::CargoTest => script.split(';').try_for_each(|command| has_tests(command.trim())),
    }
}

/// Tells where `cargo test …` would find nothing: a target that is not there, or a filter that fits no test.
fn has_tests(command: &str) -> Result<(), String> {
    let words: Vec<&str> = command.split_whitespace().skip_while(|word| *word != "test").skip(1).collect();
    let target = words.iter().position(|word| *word == "--test").map(|at| words[at + 1]);
    let home = target.map_or("src".to_owned(), |target| format!("tests/{target}"));
    let file = root().join(format!("{home}.rs"));
    let sources = match (root().join(&home).is_dir(), file.is_file()) {
        (true, _) => files(&home),
        (false, true) => vec![file],
        (false, false) => return Err(format!("there is no {home}")),
    };
    let filters = words.iter().filter(|word| !word.starts_with("--") && target != Some(word));
    for filter in filters {
        let is_there = sources.iter().any(|path| {
            let is_module = path.file_stem().unwrap().to_str().unwrap().contains(filter);
            let text = || fs::read_to_string(path).unwrap();
            let names = |text: String| text.lines().any(|line| line.contains("fn ") && line.contains(filter));
            is_module || names(text())
        });
        if !is_there {
            return Err(format!("no test in {home} is called {filter:?}"));
        }
    }
    Ok(())
}
