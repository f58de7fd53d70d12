//! Finds the commands that documents name: in blocks, in running text, in the examples of `--help`.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};
use regex::Regex;

use crate::world::World;

/// What a command begins with where a text does not say that it is one.
const BEGIN: &str =
    r"^(comeback |echo .*\| comeback |cargo |openclaw |sh |\w+=\S* cargo |\./install\.sh|scripts/[\w-]+\.sh)";
/// Languages of blocks in which every line is a command.
const SHELLS: [&str; 3] = ["sh", "bash", "shell"];

/// What begins a here-document; its last line is its name.
const DOCUMENT: &str = "<<'JSON'";

/// A command, and where it stands.
#[derive(Clone, Debug)]
pub struct Found {
    /// File and line.
    pub place: String,
    /// What a shell would be given.
    pub script: String,
}

impl Found {
    /// Whether it is a command of the program's, perhaps behind a pipe.
    pub fn is_ours(&self) -> bool {
        invocation(&self.script).is_some()
    }
}

/// Returns the words behind the last `comeback` that a script runs, up to the end of that command.
pub fn invocation(script: &str) -> Option<Vec<String>> {
    let (command, _) = script.split_once(DOCUMENT).unwrap_or((script, ""));
    let (_, rest) = command.rmatch_indices("comeback ").find_map(|(at, name)| {
        let before = command[..at].trim_end();
        (before.is_empty() || before.ends_with(['|', ';'])).then_some((at, &command[at + name.len()..]))
    })?;
    let words = rest.split_whitespace().take_while(|word| !["|", ">", "<", ";"].contains(word));
    Some(words.map(str::to_owned).collect())
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below a folder, sorted.
pub fn files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

/// All commands of a file: Markdown by its blocks and code, anything else by what stands between backticks.
pub fn commands(path: &Path) -> Vec<Found> {
    let is_markdown = path.extension().is_some_and(|extension| extension == "md" || extension == "hbs");
    in_file(path, if is_markdown { markdown } else { quoted })
}

/// What a file says that a command answers: the code in the first column of tables about what somebody "says".
pub fn answers(path: &Path) -> Vec<Found> {
    in_file(path, |text| {
        let mut is_about_answers = false;
        let mut found = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let first = line.strip_prefix('|').and_then(|line| line.split('|').next());
            let Some(first) = first else {
                is_about_answers = false;
                continue;
            };
            is_about_answers |= first.trim().ends_with(" says");
            let code = first.split('`').skip(1).step_by(2);
            found.extend(code.filter(|_| is_about_answers).map(|code| (number + 1, code.to_owned())));
        }
        // The head names who speaks.
        found.into_iter().filter(|(_, code)| code != "recover").collect()
    })
}

fn in_file(path: &Path, find: fn(&str) -> Vec<(usize, String)>) -> Vec<Found> {
    let text = fs::read_to_string(path).unwrap();
    let name = path.strip_prefix(root()).unwrap().display().to_string();
    let found = find(&text).into_iter();
    found.map(|(line, script)| Found { place: format!("{name}:{line}"), script }).collect()
}

/// Returns lines and scripts of a Markdown text.
fn markdown(text: &str) -> Vec<(usize, String)> {
    let options = Options::ENABLE_TABLES | Options::ENABLE_YAML_STYLE_METADATA_BLOCKS;
    let mut found = Vec::new();
    let mut block: Option<(usize, bool, String)> = None;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        let line = text[..range.start].matches('\n').count() + 1;
        match event {
            Event::Code(code) if is_command(&code) => found.push((line, code.trim().to_owned())),
            Event::Start(Tag::CodeBlock(kind)) => {
                let is_shell = matches!(&kind, CodeBlockKind::Fenced(name) if SHELLS.contains(&&**name));
                // The fence itself is a line.
                let first = line + usize::from(matches!(kind, CodeBlockKind::Fenced(_)));
                block = Some((first, is_shell, String::new()));
            }
            Event::Text(piece) => {
                if let Some((_, _, content)) = &mut block {
                    content.push_str(&piece);
                }
            }
            Event::End(TagEnd::CodeBlock) => {
                let (first, is_shell, content) = block.take().unwrap();
                let scripts = scripts(&content).into_iter();
                let commands = scripts.filter(|(_, script)| is_shell || is_command(script));
                found.extend(commands.map(|(line, script)| (first + line, script)));
            }
            _ => {}
        }
    }
    found
}

/// Returns lines and scripts that stand between backticks.
fn quoted(text: &str) -> Vec<(usize, String)> {
    let code = Regex::new("`([^`\n]+)`").unwrap();
    let found = code.captures_iter(text).filter(|code| is_command(&code[1]));
    found
        .map(|code| (text[..code.get(0).unwrap().start()].matches('\n').count() + 1, code[1].to_owned()))
        .collect()
}

/// Whether a text is a command, and not the name of a program or a file.
fn is_command(text: &str) -> bool {
    Regex::new(BEGIN).unwrap().is_match(text)
}

/// Parts a block into scripts, each with the number of its first line: what a backslash, a quotation or a here-document
/// holds together is one.
pub fn scripts(block: &str) -> Vec<(usize, String)> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut lines = block.lines().enumerate();
    while let Some((number, line)) = lines.next() {
        if line.trim().is_empty() || line.trim_start().starts_with('#') {
            continue;
        }
        let mut script = line.to_owned();
        while let Some(kept) = unfinished(&script) {
            let Some((_, next)) = lines.next() else { break };
            script = if kept.ends_with(' ') { kept + next.trim_start() } else { kept + next };
        }
        found.push((number, without_comment(&script).to_owned()));
    }
    found
}

/// Returns what the next line is put behind, where a script goes on in it.
fn unfinished(script: &str) -> Option<String> {
    let is_document = script.contains(DOCUMENT) && !script.ends_with("\nJSON");
    if is_document || !script.matches('\'').count().is_multiple_of(2) {
        return Some(format!("{script}\n"));
    }
    script.strip_suffix('\\').map(|begun| format!("{} ", begun.trim_end()))
}

/// Cuts off what explains a command: behind ` # ` in a block, behind two blanks in an example of `--help`.
fn without_comment(script: &str) -> &str {
    let is_outside =
        |at: usize| script[..at].matches('\'').count().is_multiple_of(2) && !script[..at].trim().is_empty();
    let marks = script.match_indices("  ").chain(script.match_indices(" # ")).map(|(at, _)| at);
    let end = marks.filter(|at| is_outside(*at) && !script[..*at].contains('\n')).min();
    script[..end.unwrap_or(script.len())].trim()
}

/// A subcommand, by its words, and the examples of its help.
#[derive(Debug)]
pub struct Help {
    pub words: Vec<String>,
    pub examples: Vec<Found>,
}

/// The help of the program and of all its subcommands.
pub fn help() -> Vec<Help> {
    let world = World::new();
    let mut found = Vec::new();
    let mut names: Vec<Vec<String>> = vec![Vec::new()];
    while let Some(words) = names.pop() {
        let mut args: Vec<&str> = words.iter().map(String::as_str).collect();
        args.push("--help");
        let output = world.command(&args).output().unwrap();
        assert!(output.status.success(), "{args:?}");
        let text = String::from_utf8(output.stdout).unwrap();
        let below: BTreeSet<String> = subcommands(&text);
        let place = format!("comeback {}", args.join(" "));
        let examples = scripts(&examples(&text)).into_iter();
        let examples = examples.map(|(_, script)| Found { place: place.clone(), script }).collect();
        found.push(Help { words: words.clone(), examples });
        names.extend(below.into_iter().map(|name| [&words[..], &[name]].concat()));
    }
    found
}

/// The lines of a section, without what they are set in by.
fn section(text: &str, is_title: impl Fn(&str) -> bool) -> impl Iterator<Item = &str> {
    let lines = text.lines().skip_while(move |line| !is_title(line)).skip(1);
    lines.take_while(|line| line.starts_with("  ")).map(|line| &line[2..])
}

fn subcommands(text: &str) -> BTreeSet<String> {
    let listed = section(text, |line| line == "Commands:");
    let listed = listed.chain(section(text, |line| line.starts_with("Compatibility")));
    // What stands further in goes on with a description.
    let names = listed.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(' ').next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn examples(text: &str) -> String {
    section(text, |line| line == "Example:" || line == "Examples:").collect::<Vec<_>>().join("\n")
}

#[test]
fn a_text_names_these_commands() {
    let text = "Run `comeback status` in `comeback`, but no `comeback.yaml`.\n\n| a | `comeback scan`, `cargo test` |\n\
                | --- | --- |\n\n    what comeback is\n    cargo bench\n\n```sh\n# first\ncomeback confirm   # shows\n\
                echo '{\n\"a\":1}' \\\n  | comeback note write -\nls\n```\n\n```yaml\nenabled: true\n```\n";
    let found = markdown(text);
    let scripts: Vec<_> = found.iter().map(|(line, script)| (*line, script.as_str())).collect();
    assert_eq!(
        scripts,
        [
            (1, "comeback status"),
            (3, "comeback scan"),
            (3, "cargo test"),
            (7, "cargo bench"),
            (11, "comeback confirm"),
            (12, "echo '{\n\"a\":1}' | comeback note write -"),
            (15, "ls"),
        ]
    );
    assert_eq!(invocation(scripts[5].1).unwrap(), ["note", "write", "-"]);
    assert_eq!(invocation("cargo test"), None);
}
