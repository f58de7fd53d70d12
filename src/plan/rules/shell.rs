//! A command line taken apart as a POSIX shell would: simple commands, where their input comes from, what they write.
//!
//! Nothing is expanded but the variables that the line itself sets. What this does not understand is no command line:
//! functions, `case`, arrays, arithmetic as a command, an unfinished quote.

mod word;

use std::collections::HashMap;

/// Stands in a word for what only the shell would know, such as `$1` or the output of a command.
pub(super) const OPAQUE: char = '\u{fffc}';
/// Substitutions within substitutions, at most so deep.
const MAX_DEPTH: usize = 8;
/// Words that group commands and are none.
const GROUPING: [&str; 12] =
    ["if", "then", "elif", "else", "fi", "while", "until", "do", "done", "{", "}", "!"];
/// Words that begin what is not understood.
const FOREIGN: [&str; 5] = ["case", "esac", "select", "function", "coproc"];

/// One program with its arguments; without words it is an assignment, or a redirect of a whole group.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    pub(super) words: Vec<String>,
    pub(super) writes: Vec<Redirect>,
    pub(super) input: Input,
    /// Whether it stands behind `done`, `fi`, `}` or `)`: its redirects belong to the commands before it.
    pub(super) group: bool,
}

/// A file that the shell itself opens for writing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Redirect {
    pub(super) path: String,
    pub(super) append: bool,
}

/// What a command reads as its standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Input {
    #[default]
    None,
    /// A text that stands in the line.
    Text(String),
    /// A file, or another command's output.
    Elsewhere,
    /// The here-document of this number, until its text is read.
    Here(usize),
}

/// Takes a command line apart; the commands come in the order in which they stand.
pub(super) fn commands(line: &str) -> Option<Vec<Command>> {
    let mut parser = Parser::new(line, HashMap::new(), 0);
    parser.list(None)?;
    parser.finished()
}

struct Here {
    end: String,
    tabs: bool,
    literal: bool,
}

struct Parser {
    chars: Vec<char>,
    at: usize,
    depth: usize,
    variables: HashMap<String, String>,
    commands: Vec<Command>,
    current: Command,
    /// Here-documents whose text has not come yet begin at `texts.len()`.
    heres: Vec<Here>,
    texts: Vec<String>,
}

impl Parser {
    fn new(text: &str, variables: HashMap<String, String>, depth: usize) -> Self {
        Self {
            chars: text.chars().collect(),
            at: 0,
            depth,
            variables,
            commands: Vec::new(),
            current: Command::default(),
            heres: Vec::new(),
            texts: Vec::new(),
        }
    }

    fn finished(mut self) -> Option<Vec<Command>> {
        if self.texts.len() < self.heres.len() {
            return None;
        }
        for command in &mut self.commands {
            if let Input::Here(number) = command.input {
                command.input = Input::Text(self.texts.get(number)?.clone());
            }
        }
        Some(self.commands)
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn take(&mut self, text: &str) -> bool {
        let found = text.chars().enumerate().all(|(ahead, c)| self.peek(ahead) == Some(c));
        self.at += if found { text.chars().count() } else { 0 };
        found
    }

    /// Reads commands up to `end`, or to the end of the text.
    fn list(&mut self, end: Option<char>) -> Option<()> {
        loop {
            while self.take(" ") || self.take("\t") || self.take("\r") || self.take("\\\n") {}
            match self.peek(0) {
                None if end.is_none() => break,
                None => return None,
                found if found == end => {
                    self.at += 1;
                    break;
                }
                Some('#') => {
                    while self.peek(0).is_some_and(|c| c != '\n') {
                        self.at += 1;
                    }
                }
                Some('\n') => {
                    self.at += 1;
                    self.end_command(false);
                    self.here_texts()?;
                }
                Some('(') => self.subshell()?,
                Some(')') => return None,
                Some(_) if self.separator()? || self.redirect()? => {}
                Some(_) => self.argument()?,
            }
        }
        self.end_command(false);
        Some(())
    }

    fn end_command(&mut self, piped: bool) {
        let input = if piped { piped_text(&self.current) } else { Input::None };
        let command = std::mem::replace(&mut self.current, Command { input, ..Command::default() });
        if !command.words.is_empty() || !command.writes.is_empty() {
            self.commands.push(command);
        }
    }

    fn subshell(&mut self) -> Option<()> {
        if !self.current.words.is_empty() || self.peek(1) == Some('(') || self.depth == MAX_DEPTH {
            return None;
        }
        self.at += 1;
        self.depth += 1;
        self.list(Some(')'))?;
        self.depth -= 1;
        self.current.group = true;
        Some(())
    }

    /// Passes over what stands between two commands.
    fn separator(&mut self) -> Option<bool> {
        if self.take(";;") {
            return None;
        }
        if self.peek(0) == Some('&') && self.peek(1) == Some('>') {
            return Some(false);
        }
        if self.take("&&") || self.take("||") || self.take(";") || self.take("&") {
            self.end_command(false);
        } else if self.take("|&") || self.take("|") {
            self.end_command(true);
        } else {
            return Some(false);
        }
        Some(true)
    }

    fn redirect(&mut self) -> Option<bool> {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let digits = rest.iter().take_while(|c| c.is_ascii_digit()).count();
        let both = digits == 0 && self.peek(0) == Some('&');
        if !both && !matches!(self.peek(digits), Some('<' | '>')) {
            return Some(false);
        }
        self.at += digits;
        if self.take("<(") || self.take(">(") {
            self.substitution(')')?;
            self.current.words.push(OPAQUE.to_string());
        } else if self.take("<<<") {
            self.current.input = Input::Text(self.target()?);
        } else if self.take("<<") {
            self.here()?;
        } else if self.take("<>") {
            return None;
        } else if self.take("<&") {
            self.target()?;
        } else if self.take("<") {
            self.target()?;
            self.current.input = Input::Elsewhere;
        } else {
            let both = self.take("&");
            let append = self.take(">>");
            let duplicates = !append && self.take(">&") && !both;
            if !append && !duplicates && !self.take(">|") && !self.take(">") {
                return None;
            }
            let path = self.target()?;
            if !(duplicates && path.chars().all(|c| c.is_ascii_digit() || c == '-')) {
                self.current.writes.push(Redirect { path, append });
            }
        }
        Some(true)
    }

    fn target(&mut self) -> Option<String> {
        while self.take(" ") || self.take("\t") {}
        self.word().filter(|word| !word.is_empty())
    }

    fn here(&mut self) -> Option<()> {
        let tabs = self.take("-");
        while self.take(" ") || self.take("\t") {}
        let start = self.at;
        let end = self.word().filter(|word| !word.is_empty())?;
        let literal = self.chars[start..self.at].iter().any(|c| matches!(c, '\'' | '"' | '\\'));
        self.current.input = Input::Here(self.heres.len());
        self.heres.push(Here { end, tabs, literal });
        Some(())
    }

    /// Reads the here-documents that the line before announced.
    fn here_texts(&mut self) -> Option<()> {
        while self.texts.len() < self.heres.len() {
            let Here { end, tabs, literal } = &self.heres[self.texts.len()];
            let (end, tabs, literal) = (end.clone(), *tabs, *literal);
            let mut text = String::new();
            loop {
                let line = self.line()?;
                let line = if tabs { line.trim_start_matches('\t') } else { &line };
                if line == end {
                    break;
                }
                text.push_str(line);
                text.push('\n');
            }
            if !literal {
                let mut inner = Self::new(&text, self.variables.clone(), self.depth + 1);
                text = inner.interpolated(None)?;
                self.commands.extend(inner.finished()?);
            }
            self.texts.push(text);
        }
        Some(())
    }

    fn line(&mut self) -> Option<String> {
        let rest = self.chars.get(self.at..).filter(|rest| !rest.is_empty())?;
        let length = rest.iter().position(|c| *c == '\n').unwrap_or(rest.len());
        let line = rest[..length].iter().collect();
        self.at += length + 1;
        Some(line)
    }

    /// Reads a word into the current command.
    fn argument(&mut self) -> Option<()> {
        let word = self.word()?;
        if !self.current.words.is_empty() {
            self.current.words.push(word);
        } else if FOREIGN.contains(&word.as_str()) {
            return None;
        } else if word == "for" {
            self.each()?;
        } else if word == "[[" {
            self.condition()?;
        } else if GROUPING.contains(&word.as_str()) {
            self.current.group = matches!(word.as_str(), "fi" | "done" | "}");
        } else if let Some((name, value)) = assignment(&word) {
            if value.is_empty() && self.peek(0) == Some('(') {
                return None;
            }
            self.variables.insert(name.to_owned(), value.to_owned());
        } else {
            self.current.words.push(word);
        }
        Some(())
    }

    /// `[[ … ]]`, which asks and changes nothing.
    fn condition(&mut self) -> Option<()> {
        while !self.take("]]") {
            self.peek(0).filter(|c| !"`\n".contains(*c))?;
            if self.take("$(") {
                return None;
            }
            self.at += 1;
        }
        Some(())
    }

    /// `for name in words`: the name stands for the first of them.
    fn each(&mut self) -> Option<()> {
        let name = self.target()?;
        let mut first = None;
        loop {
            while self.take(" ") || self.take("\t") || self.take("\\\n") {}
            if matches!(self.peek(0), None | Some(';' | '\n')) {
                break;
            }
            let word = self.word().filter(|word| !word.is_empty())?;
            first = first.or(Some(word).filter(|word| word != "in"));
        }
        self.variables.insert(name, first.unwrap_or_else(|| OPAQUE.to_string()));
        Some(())
    }
}

fn assignment(word: &str) -> Option<(&str, &str)> {
    let (name, value) = word.split_once('=')?;
    let name = name.trim_end_matches('+');
    let mut letters = name.chars();
    let first = letters.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_');
    (first && letters.all(|c| c.is_ascii_alphanumeric() || c == '_')).then_some((name, value))
}

/// Returns what a command hands on through a pipe, where the line itself says it.
fn piped_text(command: &Command) -> Input {
    let words: Vec<&str> = command.words.iter().map(String::as_str).collect();
    match (words.as_slice(), &command.input) {
        (["echo" | "printf", text @ ..], _) if command.writes.is_empty() => Input::Text(text.join(" ")),
        (["cat"], input @ (Input::Text(_) | Input::Here(_))) => input.clone(),
        _ => Input::Elsewhere,
    }
}
