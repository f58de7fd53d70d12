//! The forms of English words: -s, -ing and -ed by rule, the others from the rules' file.

use super::lexicon::Table;

/// English words that end in -s, -ing or -ed and are forms of no verb.
pub(super) const WHOLE: [&str; 34] = [
    "this",
    "is",
    "was",
    "has",
    "its",
    "us",
    "as",
    "yes",
    "thus",
    "always",
    "perhaps",
    "does",
    "bus",
    "gas",
    "plus",
    "during",
    "thing",
    "king",
    "ring",
    "string",
    "spring",
    "wing",
    "bring",
    "sing",
    "nothing",
    "something",
    "anything",
    "everything",
    "need",
    "feed",
    "seed",
    "speed",
    "red",
    "bed",
];

/// How an English word is inflected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Base,
    /// A plural, or what somebody does.
    S,
    Ing,
    /// A participle or a past.
    Ed,
}

/// Returns the verbs, or the singulars, that a word may be a form of.
pub(super) fn verbs_of(word: &str, irregular: &Table<&'static str>) -> Vec<(String, Form)> {
    let mut found = Vec::new();
    if WHOLE.contains(&word) || !word.is_ascii() {
        return found;
    }
    if let Some(base) = irregular.get(word).filter(|base| **base != word) {
        found.push(((*base).to_owned(), Form::Ed));
    }
    let mut add = |stem: &str, ending: &str, form| found.push((format!("{stem}{ending}"), form));
    if let Some(stem) = word.strip_suffix("ies").filter(|stem| stem.len() > 1) {
        add(stem, "y", Form::S);
    }
    if let Some(stem) = word.strip_suffix('s').filter(|stem| stem.len() > 2 && !stem.ends_with(['s', 'u'])) {
        add(stem, "", Form::S);
    }
    if let Some(stem) = word.strip_suffix("es").filter(|stem| stem.ends_with(['s', 'x', 'z', 'h', 'o'])) {
        add(stem, "", Form::S);
    }
    for (ending, form) in [("ing", Form::Ing), ("ed", Form::Ed)] {
        let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.len() > 1) else { continue };
        add(stem, "", form);
        add(stem, "e", form);
        let mut letters = stem.chars().rev();
        if letters.next() == letters.next() {
            add(&stem[..stem.len() - 1], "", form);
        }
        if let Some(stem) = stem.strip_suffix('i').filter(|_| form == Form::Ed) {
            add(stem, "y", form);
        }
        if let Some(stem) = stem.strip_suffix("ck") {
            add(stem, "c", form);
        }
    }
    found
}
