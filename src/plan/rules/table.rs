//! The tables of the rules' file: what a program or a tool does, by its subcommand and its options.

use std::collections::HashMap;
use std::sync::Arc;

use serde::Deserialize;

/// What a call does, from harmless to dangerous.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Class {
    /// It only looks.
    Read,
    /// It writes here, and doing it again leaves the same.
    Write,
    /// It changes or destroys something here that doing it again may change or destroy further.
    Once,
    /// Nobody can tell.
    Unknown,
    /// It acts elsewhere, or reaches somebody.
    External,
}

/// Programs or tools of one kind; `L` is what else must be looked into.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry<L> {
    names: Vec<String>,
    /// Options that are followed by a value; for a tool, the arguments that are its words.
    #[serde(default)]
    values: Vec<String>,
    #[serde(default)]
    read: Vec<String>,
    #[serde(default)]
    write: Vec<String>,
    #[serde(default)]
    once: Vec<String>,
    #[serde(default)]
    unknown: Vec<String>,
    #[serde(default)]
    external: Vec<String>,
    /// Patterns behind which another command, the name of a target, and the like stand.
    #[serde(default)]
    behind: Vec<String>,
    /// What no pattern fits.
    #[serde(rename = "else")]
    otherwise: Option<Class>,
    look: Option<L>,
    /// The options or arguments that hold what is looked into.
    #[serde(default)]
    given: Vec<String>,
    /// Whether only the last word names what is written.
    #[serde(default)]
    last: bool,
}

/// An entry, its patterns taken apart.
pub(super) struct Table<L> {
    pub(super) values: Vec<String>,
    /// What no pattern fits, where the file says so.
    pub(super) otherwise: Option<Class>,
    pub(super) look: Option<L>,
    pub(super) given: Vec<String>,
    pub(super) last: bool,
    patterns: Vec<(Pattern, Class)>,
    behind: Vec<Pattern>,
}

/// What a table says of a call.
pub(super) struct Row<'t> {
    pub(super) class: Class,
    /// The words of the pattern that fits; none for `else`.
    pub(super) pattern: &'t str,
}

/// Words that come first, and options that stand anywhere.
struct Pattern {
    text: String,
    words: Vec<String>,
    options: Vec<(String, Option<String>)>,
}

/// A call's words and options, as a table looks at them.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Arguments {
    /// The words, each with its place among the arguments.
    pub(super) words: Vec<(usize, String)>,
    pub(super) options: Vec<(String, Option<String>)>,
    /// Where a `--` stands.
    pub(super) dashes: Option<usize>,
}

/// Makes the entries' tables, to be found by name.
pub(super) fn tables<L>(entries: Vec<Entry<L>>) -> HashMap<String, Arc<Table<L>>> {
    let named = |mut entry: Entry<L>| {
        let names = std::mem::take(&mut entry.names);
        let table = Arc::new(Table::from(entry));
        names.into_iter().map(move |name| (name, Arc::clone(&table)))
    };
    entries.into_iter().flat_map(named).collect()
}

impl<L> From<Entry<L>> for Table<L> {
    fn from(entry: Entry<L>) -> Self {
        let lists = [
            (entry.read, Class::Read),
            (entry.write, Class::Write),
            (entry.once, Class::Once),
            (entry.unknown, Class::Unknown),
            (entry.external, Class::External),
        ];
        let rows = |(list, class): (Vec<String>, Class)| {
            list.into_iter().map(move |text| (Pattern::new(text), class))
        };
        Self {
            values: entry.values,
            otherwise: entry.otherwise,
            look: entry.look,
            given: entry.given,
            last: entry.last,
            patterns: lists.into_iter().flat_map(rows).collect(),
            behind: entry.behind.into_iter().map(Pattern::new).collect(),
        }
    }
}

impl<L> Table<L> {
    /// Finds the row: the pattern that says most; of equal ones, the more dangerous.
    pub(super) fn row(&self, arguments: &Arguments) -> Row<'_> {
        let fitting = self.patterns.iter().filter(|(pattern, _)| pattern.fits(arguments));
        match fitting.max_by_key(|(pattern, class)| (pattern.weight(), *class)) {
            Some((pattern, class)) => Row { class: *class, pattern: &pattern.text },
            None => Row { class: self.otherwise.unwrap_or(Class::Unknown), pattern: "" },
        }
    }

    /// Returns how many words the longest fitting `behind` pattern takes.
    pub(super) fn behind(&self, arguments: &Arguments) -> Option<usize> {
        self.behind.iter().filter(|pattern| pattern.fits(arguments)).map(|pattern| pattern.words.len()).max()
    }

    /// Parts a program's arguments into words and options.
    pub(super) fn arguments(&self, list: &[String]) -> Arguments {
        let mut found = Arguments::default();
        // Behind the first word of what runs another command, everything is that command's.
        let leads = self.look.is_none() && self.behind.iter().any(|pattern| pattern.words.is_empty());
        let mut rest = list.iter().enumerate();
        while let Some((place, argument)) = rest.next() {
            let mut next = || rest.next().map(|(_, value)| value.clone());
            if argument == "--" {
                found.dashes = Some(place);
                found.words.extend(rest.by_ref().map(|(place, word)| (place, word.clone())));
            } else if !argument.starts_with('-') || argument.len() == 1 || (leads && !found.words.is_empty())
            {
                found.words.push((place, argument.clone()));
            } else if self.takes_value(argument) {
                let value = next();
                found.options.push((argument.clone(), value));
            } else if let Some((name, value)) =
                argument.split_once('=').filter(|(name, _)| name.len() > 2 || self.is_option(name))
            {
                found.options.push((name.to_owned(), Some(value.to_owned())));
            } else if argument.starts_with("--") || self.is_option(argument) {
                found.options.push((argument.clone(), None));
            } else {
                self.cluster(argument, &mut next, &mut found);
            }
        }
        found
    }

    /// Parts `-xvf file`, or `-XPOST`.
    fn cluster(&self, argument: &str, next: &mut dyn FnMut() -> Option<String>, found: &mut Arguments) {
        let mut letters = argument.chars().skip(1);
        while let Some(letter) = letters.next() {
            let name = format!("-{letter}");
            if self.takes_value(&name) {
                let attached: String = letters.by_ref().collect();
                let value = if attached.is_empty() { next() } else { Some(attached) };
                found.options.push((name, value));
            } else {
                found.options.push((name, None));
            }
        }
    }

    fn takes_value(&self, option: &str) -> bool {
        self.values.iter().any(|name| name == option)
    }

    fn is_option(&self, option: &str) -> bool {
        let in_pattern = |pattern: &Pattern| pattern.options.iter().any(|(name, _)| name == option);
        self.takes_value(option)
            || self.patterns.iter().map(|(pattern, _)| pattern).chain(&self.behind).any(in_pattern)
    }
}

impl Pattern {
    fn new(text: String) -> Self {
        let parts = text.split_whitespace();
        let (options, words): (Vec<_>, Vec<_>) = parts.partition(|part| part.starts_with('-'));
        let option = |option: &str| match option.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (option.to_owned(), None),
        };
        let (words, options) =
            (words.into_iter().map(str::to_owned).collect(), options.into_iter().map(option).collect());
        Self { text, words, options }
    }

    fn fits(&self, arguments: &Arguments) -> bool {
        let has = |(name, value): &(String, Option<String>)| {
            arguments.options.iter().any(|(option, given)| {
                option == name
                    && value.as_ref().is_none_or(|value| {
                        glob(&value.to_lowercase(), &given.as_deref().unwrap_or_default().to_lowercase())
                    })
            })
        };
        self.words.len() <= arguments.words.len()
            && self
                .words
                .iter()
                .zip(&arguments.words)
                .all(|(word, (_, given))| glob(word, &given.to_lowercase()))
            && self.options.iter().all(has)
    }

    /// How much the pattern says: a star says less than a word.
    fn weight(&self) -> usize {
        let values = self.options.iter().filter_map(|(_, value)| value.as_ref());
        let of = |text: &String| if text.contains('*') { 1 } else { 3 };
        self.words.iter().chain(values).map(of).sum::<usize>() + 3 * self.options.len()
    }
}

/// Tells whether a pattern of alternatives (`a|b`), in which a star stands for anything, fits a text.
fn glob(pattern: &str, text: &str) -> bool {
    pattern.split('|').any(|pattern| {
        let mut parts = pattern.split('*');
        let Some(mut rest) = parts.next().and_then(|start| text.strip_prefix(start)) else { return false };
        let Some(end) = parts.next_back() else { return rest.is_empty() };
        for part in parts {
            let Some((_, after)) = rest.split_once(part) else { return false };
            rest = after;
        }
        rest.ends_with(end)
    })
}
