//! A step as its words and signs. What it only names – quoted text, files, addresses, code – becomes a word of our own.

mod names;

use std::sync::LazyLock;

use self::names::{humps, is_address, is_code, is_mail, is_path, stem};
use super::calls::Calls;
use super::table::Class;
use super::words::{Simplified, half_width, is_han, is_invisible, is_latin};

/// Files whose name says that they can be run.
const SCRIPTS: &str = "sh bash py rb pl ps1 bat cmd sql exe";
/// Files of every other kind.
const FILES: &str = concat!(
    "md mdx txt rst adoc org tex bib csv tsv json jsonl ndjson yaml yml toml ini cfg conf xml htm html css scss sass less log",
    " pdf doc docx odt xls xlsx ods ppt pptx key epub png jpg jpeg gif svg webp heic psd ai fig mp3 mp4 wav flac m4a mov mkv",
    " srt vtt ts tsx js jsx mjs cjs vue svelte rs go java kt kts swift c cc cpp h hpp cs php lua r ipynb proto lock diff patch",
    " zip gz tar tgz env gradle ex exs dart scala hs clj elm graphql gql tf hcl parquet db sqlite feather pkl ics vcf gpx kml",
    " wxss wxml styl astro hbs ejs pug njk ass sbv nfo cls sty xlsm rds rdata arrow shp gpkg las tif tiff cr2 nef dng avif",
    " webm avi fbx glb gltf 3mf gcode kicad sch brd sv vhd vhdl asm wasm xliff tmx tbx mscz gp5 sgf pgn fen mbox eml",
    " geojson midi mid musicxml ged gramps mtl obj step stl blend dwg dxf plist service rmd qmd typ fasta fastq vcf sav dta po pot strings ttf woff",
);
/// What runs the file behind it.
const INTERPRETERS: &str = "python python3 node deno bun tsx ruby perl php lua julia rscript bash sh zsh";
/// Signs behind which a sentence begins.
const FULL_STOPS: &str = ".!?:;…。\n";
/// Folders that only a path begins with.
const FOLDERS: &str = concat!(
    "src doc docs test tests lib libs notes note scripts tools config configs assets public pages components packages app",
    " apps data tmp report reports draft drafts log logs example examples fixtures spec specs internal cmd pkg origin feature",
    " feat fix chore bugfix memory figures figs images img output out build dist templates content posts research plans",
    " exports archive inbox workspace home reviews recipes client server frontend backend web api",
);
/// What stands before a name in code.
const CODE_NOUNS: &str = "函数 方法 变量 类 组件 字段 常量 接口 function method class variable helper component field constant hook enum struct trait";

/// No quoted text has more letters, and no command in backticks.
const MAX_QUOTE: usize = 400;
/// Signs that end a clause wherever they stand.
const SIGNS: &str = ",;:!?()[]…。—–|&+→\n";
/// What a full stop does not end.
const SHORT_FORMS: &str =
    "dr mr mrs ms prof st vs approx etc fig figs eq vol pp ca resp no nr e.g i.e cf incl max min";

/// A word, a Chinese character or a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unit {
    pub(super) text: String,
    /// Whether it has a capital where no sentence begins.
    pub(super) is_name: bool,
}

/// Letters that the rules cannot read.
pub(super) struct Foreign;

/// Takes a step apart.
pub(super) fn units(
    step: &str,
    simplified: &Simplified,
    calls: &LazyLock<Calls>,
) -> Result<Vec<Unit>, Foreign> {
    let letters = step.chars().filter(|c| !is_invisible(*c));
    let letters = letters.map(|c| simplified.of(half_width(c))).collect();
    let mut reader = Reader { letters, at: 0, units: Vec::new(), simplified, calls };
    reader.read()?;
    Ok(reader.units)
}

/// Tells whether a quoted text is the name of a file that is no script.
fn names_file(text: &str) -> bool {
    let ending = text.rsplit_once('.').map_or("", |(_, ending)| ending);
    !text.contains([' ', ':']) && has(FILES, ending)
}

struct Reader<'r> {
    letters: Vec<char>,
    at: usize,
    units: Vec<Unit>,
    simplified: &'r Simplified,
    calls: &'r LazyLock<Calls>,
}

impl Reader<'_> {
    fn read(&mut self) -> Result<(), Foreign> {
        while let Some(c) = self.peek(0) {
            if let Some((text, length)) = self.quoted() {
                let word = if c == '`' {
                    self.command(&text)
                } else {
                    Some(if names_file(&text) { "xfile" } else { "xquote" })
                };
                self.at += length;
                if let Some(word) = word {
                    self.push(word);
                } else {
                    let inner = units(&text, self.simplified, self.calls)?;
                    self.units.extend(inner);
                }
            } else if let Some(length) = self.enumerator() {
                self.push("\n");
                self.at += length;
            } else if is_han(c) {
                if !self.han_file() {
                    self.push(c.to_string());
                    self.at += 1;
                }
            } else if c.is_ascii_alphanumeric() || self.opens_path() {
                self.chunk();
            } else if is_latin(c) {
                let word: String = self.letters[self.at..].iter().take_while(|c| is_latin(**c)).collect();
                self.at += word.chars().count();
                self.push_word(&word);
            } else if c.is_alphabetic() {
                return Err(Foreign);
            } else {
                self.sign(c);
                self.at += 1;
            }
        }
        Ok(())
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.letters.get(self.at + ahead).copied()
    }

    fn before(&self) -> Option<char> {
        self.at.checked_sub(1).and_then(|at| self.letters.get(at)).copied()
    }

    fn push(&mut self, text: impl Into<String>) {
        self.units.push(Unit { text: text.into(), is_name: false });
    }

    /// Pushes a word; a capital where no sentence begins makes it a name.
    fn push_word(&mut self, word: &str) {
        let begins = self.units.last().is_none_or(|unit| FULL_STOPS.contains(&unit.text) || unit.text == "(");
        let mut letters = word.chars();
        let is_name = !begins
            && letters.next().is_some_and(char::is_uppercase)
            && letters.all(|c| c.is_lowercase() || c == '\'');
        self.units.push(Unit { text: word.to_lowercase(), is_name });
    }

    fn sign(&mut self, c: char) {
        let spaced = |c: Option<char>| c.is_none_or(char::is_whitespace);
        let next = self.peek(1);
        let ends = match c {
            '.' => {
                (spaced(next) && !self.units.last().is_some_and(|unit| has(SHORT_FORMS, &unit.text)))
                    || next.is_some_and(is_han)
            }
            '-' => spaced(self.before()) && (spaced(next) || (next == Some('-') && spaced(self.peek(2)))),
            '–' | '—' => {
                !(self.before().is_some_and(|c| c.is_ascii_digit())
                    && next.is_some_and(|c| c.is_ascii_digit()))
            }
            '+' => !next.is_some_and(|c| c.is_ascii_digit()),
            '>' => matches!(self.before(), Some('-' | '=')),
            _ => SIGNS.contains(c),
        };
        match c {
            _ if !ends => {}
            '>' => self.push('→'),
            '&' => self.push("and"),
            _ => self.push(c),
        }
    }

    /// Returns how long the number of a list's entry is: "1)", "②".
    fn enumerator(&self) -> Option<usize> {
        let digits = (0..3).take_while(|at| self.peek(*at).is_some_and(|c| c.is_ascii_digit())).count();
        let starts = self.before().is_none_or(char::is_whitespace);
        match self.peek(0) {
            Some('①'..='⑳') => Some(1),
            _ if starts && (1..3).contains(&digits) && self.peek(digits) == Some(')') => Some(digits + 1),
            _ => None,
        }
    }

    /// Returns what is quoted here, and how long it is with its quotes.
    fn quoted(&self) -> Option<(String, usize)> {
        let open = self.peek(0)?;
        let close = match open {
            '“' => '”',
            '「' => '」',
            '『' => '』',
            '《' => '》',
            '"' | '`' => open,
            '\'' if self.before().is_none_or(|c| !c.is_alphanumeric()) => '\'',
            _ => return None,
        };
        let rest = &self.letters[self.at + 1..];
        let ends = |at: &usize| {
            open != '\'' || rest.get(at + 1).is_none_or(|c| !c.is_alphanumeric()) && rest[at - 1] != ' '
        };
        let end = (1..rest.len().min(MAX_QUOTE)).filter(|at| rest[*at] == close).find(ends)?;
        let text: String = rest[..end].iter().collect();
        (!text.contains('\n')).then_some((text, end + 2))
    }

    /// Tells what a command in backticks does; none if it is no command.
    fn command(&self, text: &str) -> Option<&'static str> {
        let text = text.trim();
        let known = self.calls.is_program(text.split(' ').next().unwrap_or_default());
        match self.calls.line(text, 0).class {
            _ if !known && !text.contains(' ') => None,
            Class::Read | Class::Write => Some("xcommand"),
            _ => Some("xrun"),
        }
    }

    /// Takes a file with a Chinese name: it stands alone, or behind folders.
    fn han_file(&mut self) -> bool {
        let starts = self.before().is_none_or(|c| c.is_whitespace() || ",:;(".contains(c));
        let named = |c: &&char| is_han(**c) || c.is_ascii_alphanumeric() || "/_-".contains(**c);
        let name = self.letters[self.at..].iter().take_while(named).count();
        let dot = self.peek(name) == Some('.');
        let end: String =
            self.letters.iter().skip(self.at + name + 1).take_while(|c| c.is_ascii_alphanumeric()).collect();
        let is_file = starts && dot && has(FILES, &end);
        if is_file {
            self.at += name + 1 + end.len();
            self.push("xfile");
        }
        is_file
    }

    fn opens_path(&self) -> bool {
        let named = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || "./~_".contains(c));
        let starts = self.before().is_none_or(|c| c.is_whitespace() || is_han(c) || "(,:;".contains(c));
        match self.peek(0) {
            Some('/') => starts && named(self.peek(1)),
            Some('~' | '.') => {
                starts && (self.peek(1) == Some('/') || self.peek(1) == Some('.') || named(self.peek(1)))
            }
            Some('@' | '#' | '$' | '_') => self.peek(1).is_some_and(|c| c.is_ascii_alphanumeric()),
            _ => false,
        }
    }

    /// Takes letters that belong together: a word, a name, a path, an address.
    fn chunk(&mut self) {
        let rest = &self.letters[self.at..];
        let path_like = |at: usize| rest[..at].iter().any(|c| "/_".contains(*c));
        let mut end = 0;
        while let Some(&c) = rest.get(end) {
            let digits = || {
                end > 0
                    && rest[end - 1].is_ascii_digit()
                    && rest.get(end + 1).is_some_and(char::is_ascii_digit)
            };
            let inside = match c {
                _ if c.is_ascii_alphanumeric() || is_latin(c) => true,
                '_' | '/' | '@' | '~' | '#' | '%' | '=' | '$' | '*' => true,
                '.' | '-' | '\'' => {
                    rest.get(end + 1)
                        .is_some_and(|c| c.is_alphanumeric() && !is_han(*c) || "/_*".contains(*c))
                        || (c == '.' && end == 0)
                }
                ':' if digits() => true,
                ':' | '?' | '&' | '+' => {
                    rest.get(end + 1).is_some_and(|c| c.is_ascii_alphanumeric() || *c == '/')
                        && (c != '+' || end > 0)
                        && (c == ':' && !is_address(&rest[..end]) && rest.get(end + 1) == Some(&'/')
                            || is_address(&rest[..end]))
                }
                ',' => digits() || is_address(&rest[..end]),
                _ => is_han(c) && path_like(end),
            };
            if !inside {
                break;
            }
            end += 1;
        }
        let text: String = rest[..end.max(1)].iter().collect();
        let text = text.trim_end_matches(['\'', '=', '#']).to_owned();
        let called = rest.get(end) == Some(&'(') && rest.get(end + 1) == Some(&')');
        self.at += end.max(1) + if called { 2 } else { 0 };
        if called {
            self.push("xcode");
        } else {
            self.name(&text);
        }
    }

    /// Pushes what a chunk names, or the words that it is made of.
    fn name(&mut self, text: &str) {
        let lower = text.to_lowercase();
        let kind = lower.split(['#', ':']).next().unwrap_or_default().rsplit_once('.');
        let kind = kind.filter(|(stem, _)| !stem.is_empty()).map_or("", |(_, kind)| kind);
        let folder = lower.split_once('/').map(|(folder, _)| folder);
        let after_noun = self.units.iter().rev().take(1).any(|unit| has(CODE_NOUNS, &unit.text))
            || self.units.len() > 1
                && has(
                    CODE_NOUNS,
                    &format!(
                        "{}{}",
                        self.units[self.units.len() - 2].text,
                        self.units[self.units.len() - 1].text
                    ),
                );
        let named = if lower.contains("://") || lower.starts_with("www.") {
            "xlink"
        } else if is_mail(&lower) {
            "xmail"
        } else if lower.len() > 1 && lower.starts_with('@') && !lower.contains('/') {
            "xhandle"
        } else if self.is_run_here(&lower, kind) {
            "xrun"
        } else if has(SCRIPTS, kind) && self.calls.names.is_harmless(stem(&lower)) {
            "xtest"
        } else if has(SCRIPTS, kind) {
            "xscript"
        } else if has(FILES, kind) || folder.is_some_and(|folder| has(FOLDERS, folder)) || is_path(&lower) {
            "xfile"
        } else if is_code(text)
            || (after_noun && text.chars().skip(1).any(|c| c.is_ascii_uppercase() || c == '_'))
        {
            "xcode"
        } else {
            self.words(text);
            return;
        };
        self.push(named);
    }

    /// Tells whether a file is run by its name alone, or by the interpreter before it: "./deploy", "lua sync.lua".
    fn is_run_here(&self, file: &str, kind: &str) -> bool {
        let before = self.units.last().map_or("\n", |unit| unit.text.as_str());
        let alone = file.starts_with("./") && kind.is_empty() && FULL_STOPS.contains(before);
        let run = has(INTERPRETERS, before) && (has(SCRIPTS, kind) || has(FILES, kind));
        (alone || run) && !self.calls.names.is_harmless(stem(file))
    }

    fn words(&mut self, text: &str) {
        let number = text.starts_with(|c: char| c.is_ascii_digit());
        if number {
            self.push(text.to_lowercase().replace(',', ""));
            return;
        }
        if matches!(text.to_lowercase().as_str(), "e.g" | "i.e" | "a.m" | "p.m") {
            self.push(text.to_lowercase());
            return;
        }
        if let Some(name) =
            text.strip_prefix('#').filter(|name| name.starts_with(|c: char| c.is_ascii_alphabetic()))
        {
            self.push(if name.is_empty() { "" } else { "xhandle" });
            return;
        }
        for part in text.split(|c: char| !(c.is_alphanumeric() || c == '\'')) {
            for word in humps(part) {
                if word.starts_with(is_han) {
                    word.chars().for_each(|c| self.push(c));
                } else if word.len() < part.len() {
                    self.push(word.to_lowercase());
                } else if !word.is_empty() {
                    self.push_word(word);
                }
            }
        }
    }
}

fn has(list: &str, word: &str) -> bool {
    !word.is_empty() && list.split(' ').any(|entry| entry == word)
}
