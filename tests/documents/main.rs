//! Every command that the documents name, run: in the README, SKILL.md, `references/`, the templates and `--help`.
//!
//! A command of the program's is run in a world in which it makes sense (`stages.rs`), any other is run by the test that
//! `others.rs` names. One that stands in neither fails, with its file and line.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

mod found;
mod others;
mod scenes;
#[path = "../faults/simulated.rs"]
mod simulated;
mod stages;
mod triggers;
#[path = "../cli/world.rs"]
#[expect(dead_code, reason = "these tests need a part of it")]
mod world;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::thread;

use regex::Regex;

use crate::found::{Found, answers, commands, files, help, root};

/// Each command takes a second, and most of that it waits.
const WORKERS: usize = 4;

/// The pages and folders whose commands are run; the Chinese one is the README.
const PAGES: [&str; 4] = ["README.md", "README.zh-CN.md", "SKILL.md", "docs/guarantees.md"];
const FOLDERS: [&str; 2] = ["references", "templates"];

fn in_documents(find: fn(&Path) -> Vec<Found>) -> Vec<Found> {
    let pages = PAGES.iter().map(|page| root().join(page)).filter(|path| path.exists());
    let folders = FOLDERS.iter().flat_map(|folder| files(folder));
    pages.chain(folders).flat_map(|path| find(&path)).collect()
}

#[test]
fn each_command_that_a_document_names_does_what_it_says() {
    let help = help();
    let names: Vec<_> = help.iter().map(|help| help.words.clone()).collect();
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for one in in_documents(commands).into_iter().chain(help.into_iter().flat_map(|help| help.examples)) {
        if one.is_ours() {
            places.entry(one.script).or_default().push(one.place);
        }
    }
    assert!(places.len() > 50, "the documents are here");
    let (queue, wrong) = (Mutex::new(places.iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some((script, places)) = { queue.lock().unwrap().next() } {
                    if let Err(why) = stages::run(script, &names) {
                        wrong.lock().unwrap().push(format!("{}: {script}\n  {why}", places.join(", ")));
                    }
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), places.len(), wrong.join("\n"));
}

/// Whoever looks an answer up finds it in the words that they were given.
#[test]
fn what_a_table_says_that_a_command_says_is_what_it_says() {
    let sources = ["src", "templates/en"].iter().flat_map(|folder| files(folder));
    let sources: Vec<_> = sources.map(|path| fs::read_to_string(path).unwrap()).collect();
    let joined = Regex::new(r"\\\n\s*").unwrap().replace_all(&sources.join("\n"), "").into_owned();
    let answers = in_documents(answers);
    assert!(answers.len() > 15, "{answers:?}");
    let unknown: Vec<_> = answers
        .iter()
        .filter(|one| one.script.split('…').map(str::trim).any(|part| !joined.contains(part)))
        .map(|one| format!("{}: {}", one.place, one.script))
        .collect();
    assert!(unknown.is_empty(), "{}", unknown.join("\n"));
}

#[test]
fn each_command_has_an_example() {
    for help in help() {
        let name = help.words.join(" ");
        assert!(!help.examples.is_empty(), "comeback {name} --help has no example");
        assert!(help.examples.iter().all(Found::is_ours), "comeback {name} --help: {:?}", help.examples);
    }
}

#[test]
fn each_command_of_another_program_is_run_by_a_test() {
    let others = in_documents(commands).into_iter().filter(|one| !one.is_ours());
    let wrong: Vec<_> = others
        .filter_map(|one| {
            others::check(&one.script).err().map(|why| format!("{}: {}\n  {why}", one.place, one.script))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
