//! What a command line does.

use serde::Deserialize;

use super::calls::Calls;
use super::place::is_remote;
use super::shell::{self, Command, Input, OPAQUE};
use super::table::{Arguments, Class, Row, Table};

/// Commands within commands, at most so deep.
const MAX_DEPTH: usize = 6;

/// What must be looked into beside a program's subcommand and options.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CommandLook {
    /// What stands behind is a command on another machine.
    Far,
    /// What stands behind is a command line.
    Line,
    /// What stands behind is a command line on another machine.
    FarLine,
    /// What stands behind is the name of a target.
    Name,
    /// All words behind are names of targets.
    Names,
    /// It is a shell.
    Shell,
    /// It speaks SQL.
    Sql,
    /// It is an interpreter.
    Code,
    /// Its words are addresses.
    Address,
    /// It is `find`.
    Find,
    /// It is `sed`.
    Sed,
}

/// What a call does, and the rule that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) class: Class,
    pub(super) rule: String,
}

impl Finding {
    pub(super) fn new(class: Class, rule: impl Into<String>) -> Self {
        Self { class, rule: rule.into() }
    }

    /// Counts what changes something on another machine as what it is.
    fn far(self) -> Self {
        let class = if self.class == Class::Read { Class::Read } else { self.class.max(Class::External) };
        Self { class, ..self }
    }
}

/// Returns the most dangerous finding; of equal ones, the first.
pub(super) fn worst(findings: impl IntoIterator<Item = Finding>) -> Option<Finding> {
    findings.into_iter().reduce(|worst, next| if next.class > worst.class { next } else { worst })
}

impl Calls {
    /// Judges a command line.
    pub(super) fn line(&self, line: &str, depth: usize) -> Finding {
        let unread = || Finding::new(Class::Unknown, "unreadable-command");
        if depth > MAX_DEPTH {
            return unread();
        }
        let Some(commands) = shell::commands(line) else { return unread() };
        worst(commands.iter().map(|command| self.command(command, depth))).unwrap_or_else(unread)
    }

    fn command(&self, command: &Command, depth: usize) -> Finding {
        let Command { words, writes, input, group } = command;
        let empties = !group && matches!(words.first().map(String::as_str), None | Some(":" | "true"));
        let opened = writes.iter().map(|file| match self.places.write(&file.path) {
            Class::Write if file.append => Finding::new(Class::Once, ">>"),
            Class::Write if empties => Finding::new(Class::Once, "empty >"),
            class => Finding::new(class, ">"),
        });
        let program = (!words.is_empty()).then(|| self.program(words, input, depth));
        worst(program.into_iter().chain(opened)).unwrap_or_else(|| Finding::new(Class::Read, "nothing"))
    }

    fn program(&self, words: &[String], input: &Input, depth: usize) -> Finding {
        let name = words[0].rsplit('/').next().unwrap_or_default().to_lowercase();
        let Some(table) = self.commands.get(&name) else { return self.script(words) };
        let arguments = table.arguments(&words[1..]);
        let row = table.row(&arguments);
        let rule = format!("{name} {}", row.pattern).trim_end().to_owned();
        if let Some(taken) = table.behind(&arguments).filter(|_| row.pattern.is_empty()) {
            return self.behind(table, &arguments, taken, words, input, depth);
        }
        let runs_code = matches!(table.look, Some(CommandLook::Shell | CommandLook::Code));
        if !runs_code && self.is_rehearsal(&arguments) {
            return Finding::new(Class::Read, "rehearsal");
        }
        let finding = Finding::new(self.reach(table, &row, &arguments), rule.clone());
        match self.inside(table, &name, &row, words, &arguments, input, depth) {
            Some(inner) if row.pattern.is_empty() => inner,
            Some(inner) => worst([finding.clone(), inner]).unwrap_or(finding),
            None => finding,
        }
    }

    /// Judges what stands behind a program that runs it.
    fn behind(
        &self,
        table: &Table<CommandLook>,
        arguments: &Arguments,
        taken: usize,
        words: &[String],
        input: &Input,
        depth: usize,
    ) -> Finding {
        let is_setting = |word: &str| word.split_once('=').is_some_and(|(name, _)| !name.contains('/'));
        let mut rest = arguments.words.iter().skip(taken).skip_while(|(_, word)| is_setting(word));
        let Some((place, first)) = rest.next() else {
            return Finding::new(table.otherwise.unwrap_or(Class::Unknown), words[0].clone());
        };
        let behind = &words[1 + place..];
        match table.look {
            Some(CommandLook::Line) => self.line(&behind.join(" "), depth + 1),
            Some(CommandLook::FarLine) => self.line(&behind.join(" "), depth + 1).far(),
            Some(CommandLook::Far) => self.program(behind, input, depth).far(),
            Some(CommandLook::Name) => self.names.judge([first.as_str()]),
            Some(CommandLook::Names) => {
                let end = arguments.dashes.unwrap_or(usize::MAX);
                let names = rest.filter(|(place, word)| *place < end && !is_setting(word));
                self.names.judge(std::iter::once(first.as_str()).chain(names.map(|(_, word)| word.as_str())))
            }
            _ if depth > MAX_DEPTH => Finding::new(Class::Unknown, "unreadable-command"),
            _ => self.program(behind, input, depth + 1),
        }
    }

    /// Looks at where a write goes.
    fn reach<'a>(&self, table: &Table<CommandLook>, row: &Row<'_>, arguments: &'a Arguments) -> Class {
        if row.class != Class::Write {
            return row.class;
        }
        let words = arguments.words.iter().map(|(_, word)| word.as_str());
        let values = arguments.options.iter().filter(|(name, _)| !self.inputs.contains(name));
        let values =
            values.filter_map(|(_, value)| value.as_deref()).filter(|value| value.starts_with(['/', '~']));
        let target = |word: &str| {
            if table.last && is_remote(word) { Class::External } else { self.places.write(word) }
        };
        let last = if table.last { words.clone().count().saturating_sub(1) } else { 0 };
        let path = |word: &'a str| match word.split_once("=/") {
            Some((name, _)) => (!self.inputs.contains(name)).then(|| &word[name.len() + 1..]),
            None => Some(word).filter(|word| table.last || word.starts_with(['/', '~', OPAQUE])),
        };
        let paths = words.skip(last).filter_map(path);
        paths.chain(values).map(target).fold(Class::Write, Ord::max)
    }

    fn is_rehearsal(&self, arguments: &Arguments) -> bool {
        let meant = |value: &Option<String>| {
            value.as_ref().is_none_or(|value| !["false", "none", "no", "off", "0"].contains(&value.as_str()))
        };
        arguments.options.iter().any(|(name, value)| self.rehearsals.contains(name) && meant(value))
    }

    /// Judges a script, or a program that the tables do not know, by its name.
    fn script(&self, words: &[String]) -> Finding {
        let unknown = || Finding::new(Class::Unknown, "unknown-command");
        let is_option = |word: &&String| word.starts_with("--");
        let (options, given): (Vec<_>, Vec<_>) = words[1..].iter().partition(is_option);
        if options.iter().any(|option| self.rehearsals.contains(option.as_str())) {
            return Finding::new(Class::Read, "rehearsal");
        }
        // A program of the project's own: "./bench".
        let own = words[0].starts_with("./") && !words[0][2..].contains('.');
        let (stem, kind) = words[0].rsplit_once('.').filter(|_| !own).unwrap_or((&words[0], ""));
        if !own && !self.scripts.contains(&kind.to_lowercase()) {
            return unknown();
        }
        let file = stem.rsplit('/').next().unwrap_or_default();
        // "data/plates.csv" is read or written, and says nothing of what is done.
        let is_file =
            |word: &str| word.contains('/') && word.rsplit_once('.').is_some_and(|(_, kind)| kind.len() < 6);
        let harmful = |word: &&String| !is_file(word) && self.names.is_harmful(word);
        if given.into_iter().chain(options).any(|word| harmful(&word)) {
            unknown()
        } else {
            self.names.judge([file])
        }
    }

    /// Judges what a program is given to run, open or edit.
    #[expect(clippy::too_many_arguments, reason = "all that is known of one command")]
    fn inside(
        &self,
        table: &Table<CommandLook>,
        name: &str,
        row: &Row<'_>,
        words: &[String],
        arguments: &Arguments,
        input: &Input,
        depth: usize,
    ) -> Option<Finding> {
        let given = arguments.options.iter().filter(|(name, _)| table.given.contains(name));
        let given: Vec<&str> = given.filter_map(|(_, value)| value.as_deref()).collect();
        let stated = (!given.is_empty()).then(|| given.join(";\n"));
        let piped = || match input {
            Input::Text(text) => Some(text.clone()),
            _ => None,
        };
        let first = arguments.words.first().map(|(place, word)| (*place, word.as_str()));
        let opaque = || Finding::new(Class::Unknown, "unknown-input");
        Some(match table.look? {
            CommandLook::Shell | CommandLook::Sql | CommandLook::Code if !row.pattern.is_empty() => {
                return None;
            }
            CommandLook::Sed if row.pattern.is_empty() => return None,
            CommandLook::Shell => match (stated, first) {
                (Some(line), _) => self.line(&line, depth + 1),
                (None, Some((place, _))) => self.script(&words[1 + place..]),
                (None, None) => piped().map_or_else(opaque, |line| self.line(&line, depth + 1)),
            },
            CommandLook::Sql => {
                let second = arguments.words.get(1).map(|(_, word)| word.clone());
                match stated.or(second).or_else(piped) {
                    Some(text) => Finding::new(self.code.sql(&text, row.class), format!("{name} sql")),
                    None => opaque(),
                }
            }
            CommandLook::Code => {
                let is_text = row.class == Class::Read;
                match (stated, first) {
                    (Some(text), _) => {
                        Finding::new(self.code.program(name, &text, &self.places), format!("{name} code"))
                    }
                    (None, Some((_, text))) if is_text => {
                        Finding::new(self.code.program(name, text, &self.places), format!("{name} code"))
                    }
                    (None, Some((place, word))) if word != "-" => self.script(&words[1 + place..]),
                    _ => piped().map_or_else(opaque, |text| {
                        Finding::new(self.code.program(name, &text, &self.places), format!("{name} code"))
                    }),
                }
            }
            CommandLook::Address => {
                let open = |(_, word): &(usize, String)| Finding::new(self.addresses.open(word), "address");
                let opened =
                    worst(arguments.words.iter().map(open)).filter(|found| found.class > Class::Read)?;
                return Some(opened);
            }
            CommandLook::Find => self.found(words, depth),
            CommandLook::Sed => Finding::new(sed(arguments), "sed -i"),
            CommandLook::Far
            | CommandLook::Line
            | CommandLook::FarLine
            | CommandLook::Name
            | CommandLook::Names => {
                return None;
            }
        })
    }

    /// Judges what `find` runs for each file.
    fn found(&self, words: &[String], depth: usize) -> Finding {
        let runs = |word: &String| ["-exec", "-execdir", "-ok", "-okdir"].contains(&word.as_str());
        let mut findings = vec![Finding::new(Class::Read, "find")];
        let mut rest = words;
        while let Some(start) = rest.iter().position(runs) {
            let length = rest[start + 1..].iter().position(|word| word == ";" || word == "+");
            // An unquoted ";" has ended the command for the shell.
            let command = &rest[start + 1..length.map_or(rest.len(), |length| start + 1 + length)];
            if command.is_empty() || depth > MAX_DEPTH {
                return Finding::new(Class::Unknown, "unreadable-command");
            }
            findings.push(self.program(command, &Input::None, depth + 1));
            rest = &rest[start + 1 + command.len()..];
        }
        worst(findings).unwrap_or_else(|| Finding::new(Class::Unknown, "unreadable-command"))
    }
}

/// Judges an edit in place: a replacement that finds nothing of itself changes nothing more the second time.
fn sed(arguments: &Arguments) -> Class {
    let given = arguments.options.iter().filter(|(name, _)| name == "-e" || name == "--expression");
    let mut scripts: Vec<&str> = given.filter_map(|(_, value)| value.as_deref()).collect();
    if scripts.is_empty() {
        scripts.extend(arguments.words.iter().map(|(_, word)| word.as_str()).find(|word| !word.is_empty()));
    }
    let settles = |script: &&str| {
        let mut letters = script.chars();
        let Some(mark) = letters.next().filter(|c| *c == 's').and_then(|_| letters.next()) else {
            return false;
        };
        let parts: Vec<&str> = letters.as_str().split(mark).collect();
        let [pattern, replacement, flags] = parts[..] else { return false };
        let plain = pattern.trim_start_matches('^').trim_end_matches('$');
        !plain.is_empty()
            && !replacement.contains(plain)
            && !replacement.contains('&')
            && !flags.contains(['e', 'w'])
    };
    if !scripts.is_empty() && scripts.iter().all(settles) { Class::Write } else { Class::Once }
}
