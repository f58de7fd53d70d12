//! The words of the rules' file, and a step's text as the words that it has.
//!
//! A word is looked up in one table, the longest phrase first. English is inflected by rule: -s, -ing and -ed of a verb,
//! -s of a noun; Chinese is cut into the longest words that the table has.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use serde::Deserialize;
use serde::de::IntoDeserializer;
use serde::de::value::{Error, StrDeserializer};

pub(super) use super::forms::Form;
use super::forms::{WHOLE, verbs_of};
use super::reader::Unit;
use super::words::is_han;

/// No word of the file has more units than this.
const LONGEST: usize = 8;
/// What a word is in a sentence, or marks there. The lists of the rules' file bear these names, and explain them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Role {
    Look,
    Make,
    Craft,
    Own,
    Run,
    Tame,
    Onward,
    Begin,
    Thing,
    Part,
    Harmless,
    Shared,
    Other,
    Message,
    User,
    Outside,
    Direct,
    Lead,
    Join,
    Weak,
    Or,
    When,
    Not,
    HowThingsAre,
    Void,
    Between,
    Asking,
    Question,
    Determiner,
    Preposition,
    Towards,
    Purpose,
    HowTo,
    Modal,
    Relative,
    It,
    Same,
    Finite,
    Todo,
    Past,
    Adds,
    Feature,
    Done,
    Ago,
    All,
    Acts,
    ActsEnd,
    Front,
    Light,
    Complement,
    Counter,
    Texts,
    Naming,
    Spoken,
    /// "As it is": what is left alone.
    Still,
    /// What begins a condition.
    Condition,
    /// "Make sure": what is to be so.
    Ensure,
    /// A part of a text or of code: even removing it stays here.
    Piece,
    /// It says something: harmless unless others are told.
    Speak,
    /// A Chinese verb of one character that alone asks for something to be done.
    Bare,
    /// Behind a word of money it makes the name of a thing: "支付服务".
    Aspect,
    /// The user does it, and nobody else: "由用户自己来".
    Theirs,
    /// It may lead out of what is one's own, where nothing says what is done.
    Suspect,
}

impl Role {
    const VERBS: [Self; 8] =
        [Self::Speak, Self::Look, Self::Make, Self::Craft, Self::Own, Self::Run, Self::Onward, Self::Begin];

    /// Returns the role that a list of the file is named after.
    pub(super) fn named(name: &str) -> Self {
        let name: StrDeserializer<'_, Error> = name.into_deserializer();
        Self::deserialize(name).expect("a list of the rules' file, and read by every test of the rules")
    }

    const fn bit(self) -> u64 {
        1 << self as u64
    }
}

/// Everything that the file says of a word: its roles, and a bit for each rule of danger that lists it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tags {
    pub(super) roles: u64,
    pub(super) verbs: u32,
    pub(super) nouns: u32,
    pub(super) does: u32,
    pub(super) to: u32,
    pub(super) unless: u32,
}

impl Tags {
    pub(super) fn role(role: Role) -> Self {
        Self { roles: role.bit(), ..Self::default() }
    }

    pub(super) fn has(self, role: Role) -> bool {
        self.roles & role.bit() != 0
    }

    /// Tells whether a verb is among what the word is.
    pub(super) fn is_verb(self) -> bool {
        self.verbs | self.does != 0 || Role::VERBS.iter().any(|role| self.has(*role))
    }

    fn and(self, other: Self) -> Self {
        Self {
            roles: self.roles | other.roles,
            verbs: self.verbs | other.verbs,
            nouns: self.nouns | other.nouns,
            does: self.does | other.does,
            to: self.to | other.to,
            unless: self.unless | other.unless,
        }
    }

    /// Keeps what a verb is.
    fn as_verb(self) -> Self {
        let verbs = Role::VERBS.iter().fold(0, |bits, role| bits | role.bit()) | Role::Texts.bit();
        Self { roles: self.roles & verbs, verbs: self.verbs, does: self.does, ..Self::default() }
    }
}

/// A word or a sign of a step.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub(super) text: String,
    pub(super) tags: Tags,
    pub(super) form: Form,
    /// Whether it is written as a name is.
    pub(super) is_name: bool,
}

impl Token {
    pub(super) fn is(&self, role: Role) -> bool {
        self.tags.has(role)
    }

    pub(super) fn is_any(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.is(*role))
    }

    pub(super) fn is_han(&self) -> bool {
        self.text.contains(is_han)
    }

    /// Tells a sign from a word.
    pub(super) fn is_sign(&self) -> bool {
        !self.text.contains(char::is_alphanumeric)
    }

    /// Tells whether what is worked on stands behind it: "把稿子改短".
    pub(super) fn fronts(&self) -> bool {
        ["把", "将"].contains(&self.text.as_str())
    }

    pub(super) fn is_number(&self) -> bool {
        self.text.starts_with(|c: char| c.is_ascii_digit())
    }

    pub(super) fn letters(&self) -> usize {
        self.text.chars().count()
    }
}

pub(super) type Table<T> = HashMap<&'static str, T, BuildHasherDefault<Fnv>>;

/// FNV-1a: of so short words it makes a hash sooner than what guards against chosen keys; these stand in our own file.
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Self {
        Self(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The table of words.
#[derive(Default)]
pub(super) struct Lexicon {
    words: Table<Tags>,
    /// How many units the longest phrase has that begins with a word.
    longest: Table<usize>,
    /// Participles and past tenses that no rule makes, each with its verb.
    irregular: Table<&'static str>,
}

impl Lexicon {
    /// Adds a list of words, separated by commas.
    pub(super) fn add(&mut self, list: &'static str, tags: Tags) {
        for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let length = units(word);
            if length > 1 {
                let longest = self.longest.entry(first_unit(word)).or_default();
                *longest = length.max(*longest);
            }
            let known = self.words.entry(word).or_default();
            *known = known.and(tags);
        }
    }

    /// Adds verbs, each with its irregular forms behind it: `pay paid`.
    pub(super) fn add_irregular(&mut self, list: &'static str) {
        for verb in list.split(',') {
            let mut forms = verb.split_whitespace();
            let Some(base) = forms.next() else { continue };
            self.irregular.extend(forms.map(|form| (form, base)));
        }
    }

    /// Cuts a step into words: at every place the longest one that the table has.
    pub(super) fn tokens(&self, units: &[Unit]) -> Vec<Token> {
        let mut tokens = Vec::new();
        let mut at = 0;
        while at < units.len() {
            let (token, length) = self.token(&units[at..]);
            tokens.push(token);
            at += length;
        }
        tokens
    }

    fn token(&self, units: &[Unit]) -> (Token, usize) {
        let first = units[0].text.as_str();
        let verb = verbs_of(first, &self.irregular);
        let firsts = std::iter::once(first).chain(verb.iter().map(|(verb, _)| verb.as_str()));
        let most = firsts.filter_map(|first| self.longest.get(first)).max().copied().unwrap_or(1);
        for length in (2..=most.min(LONGEST).min(units.len())).rev() {
            let text = joined(&units[..length]);
            if self.is_cut_wrongly(&units[..length], units) {
                continue;
            }
            let bare = text.strip_suffix("'s").unwrap_or(&text);
            if let Some((tags, form)) = self.phrase(bare, first, &verb) {
                return (Token { text, tags, form, is_name: false }, length);
            }
        }
        let (tags, form) = self.word(first, &verb);
        (Token { text: first.to_owned(), tags, form, is_name: units[0].is_name }, 1)
    }

    /// Tells whether two Chinese characters are a dangerous word only because the second one is the end of it and not the
    /// beginning of the next: "拿去|年" for "拿|去年".
    fn is_cut_wrongly(&self, cut: &[Unit], units: &[Unit]) -> bool {
        let [first, second] = cut else { return false };
        let harms = |tags: &Tags| tags.verbs | tags.nouns != 0;
        let known = |word: &str| self.words.get(word);
        let Some(alone) = known(&first.text).filter(|tags| !harms(tags) && !tags.has(Role::Bare)) else {
            return false;
        };
        let next = |length: usize| {
            let word = joined(units.get(1..=length)?);
            known(&word).filter(|tags| {
                !harms(tags)
                    && [Role::Thing, Role::Part, Role::Ago, Role::Tame].iter().any(|role| tags.has(*role))
            })
        };
        alone.roles != 0
            && first.text.contains(is_han)
            && second.text.contains(is_han)
            && known(&joined(cut)).is_some_and(harms)
            && (2..=4).any(|length| next(length).is_some())
    }

    /// Looks up words that belong together: as they stand, with the first inflected, or with the last one a plural.
    fn phrase(&self, text: &str, first: &str, verbs: &[(String, Form)]) -> Option<(Tags, Form)> {
        if let Some(tags) = self.words.get(text) {
            return Some((*tags, Form::Base));
        }
        let rest = &text[first.len()..];
        for (verb, form) in verbs {
            if let Some(tags) = self.words.get(format!("{verb}{rest}").as_str()).filter(|tags| tags.is_verb())
            {
                return Some((tags.as_verb(), *form));
            }
        }
        let (head, last) = text.rsplit_once(' ')?;
        verbs_of(last, &self.irregular).into_iter().find_map(|(verb, form)| {
            let tags = *self.words.get(format!("{head} {verb}").as_str())?;
            match form {
                Form::S => Some((tags, Form::S)),
                _ if tags.is_verb() => Some((tags.as_verb(), form)),
                _ => None,
            }
        })
    }

    fn word(&self, word: &str, verbs: &[(String, Form)]) -> (Tags, Form) {
        // "Let's" is a word of the table, "the table's" is not.
        let bare = word.strip_suffix("'s").filter(|noun| noun.len() > 2 && !WHOLE.contains(noun));
        let word = bare.filter(|_| !self.words.contains_key(word)).unwrap_or(word);
        let own = self.words.get(word).copied();
        let inflected = verbs.iter().find_map(|(verb, form)| {
            let tags = *self.words.get(verb.as_str())?;
            let tags = if *form == Form::S { tags } else { tags.as_verb() };
            (tags != Tags::default()).then_some((tags, *form))
        });
        match (own, inflected) {
            (Some(own), Some((tags, Form::S))) => (own.and(tags), Form::S),
            (Some(own), Some((tags, form))) if tags.is_verb() => (own.and(tags.as_verb()), form),
            (Some(own), _) => (own, Form::Base),
            (None, Some(found)) => found,
            (None, None) if word.len() > 4 && word.ends_with("ed") && !WHOLE.contains(&word) => {
                (Tags::default(), Form::Ed)
            }
            (None, None) if word.len() > 4 && word.ends_with("ing") && !WHOLE.contains(&word) => {
                (Tags::default(), Form::Ing)
            }
            (None, None) => (Tags::default(), Form::Base),
        }
    }
}

fn first_unit(word: &str) -> &str {
    let mut letters = word.char_indices();
    match letters.next() {
        Some((_, c)) if is_han(c) => &word[..c.len_utf8()],
        _ => word.split(|c: char| c == ' ' || is_han(c)).next().unwrap_or_default(),
    }
}

fn units(word: &str) -> usize {
    word.split(' ')
        .map(|part| {
            let han = part.chars().filter(|c| is_han(*c)).count();
            han + usize::from(part.contains(|c: char| !is_han(c)))
        })
        .sum()
}

/// Joins units as the file writes them: a space between words, none between Chinese characters.
fn joined(units: &[Unit]) -> String {
    let mut text = String::new();
    for unit in units {
        let both_han = text.ends_with(is_han) && unit.text.starts_with(is_han);
        if !text.is_empty() && !both_han {
            text.push(' ');
        }
        text.push_str(&unit.text);
    }
    text
}
