//! Messages to the session's own user: they are the work itself.

use super::lexicon::{Role, Token};

/// What leads to somebody beside the user.
const ALSO_TO: [&str; 16] =
    ["to", "and", "or", "with", "via", "cc", "on", "plus", "给", "向", "跟", "和", "到", "在", "并", "与"];
/// "Help me" in Chinese.
const HELPS: [&str; 4] = ["帮我", "替我", "为我", "帮咱"];
/// Words that lead to whom or what a message goes.
const TO: [&str; 5] = ["to", "via", "on", "into", "through"];
const TO_ZH: [&str; 5] = ["到", "给", "向", "至", "跟"];

/// Returns where a message ends that begins with the word at `at`, if it goes to the session's own user and nowhere
/// else.
pub(super) fn told(words: &[Token], at: usize) -> Option<usize> {
    // "Help me" names nobody who is told.
    let names =
        |word: &Token| word.is_any(&[Role::User, Role::Message]) && !HELPS.contains(&word.text.as_str());
    let outsider = |at: usize| words[at].is_any(&[Role::Outside, Role::Shared, Role::Other]);
    let leads = |word: &&Token| !word.is(Role::Determiner);
    let reached = |to: usize| {
        words[at + 1..to.max(at + 1)]
            .iter()
            .rev()
            .find(leads)
            .is_some_and(|word| ALSO_TO.contains(&word.text.as_str()))
    };
    let straight = words[at].is(Role::Direct) && straight_to_user(&words[at + 1..]);
    let outside = (0..words.len()).any(|to| outsider(to) && (!straight || reached(to)));
    let written = (1..words.len()).any(|to| {
        let into = ["in", "into"].contains(&words[to - 1].text.as_str()) && words[to].text == "xfile";
        // "With the texts in replies.md" tells where they come from.
        let from = words[..to - 1].iter().rev().find(|word| word.is(Role::Preposition));
        into && !from.is_some_and(|word| ["with", "from", "by"].contains(&word.text.as_str()))
    });
    if written && !words.iter().any(|word| word.is(Role::Shared)) {
        return Some(words.len());
    }
    let answers = ["answer", "回答", "作答", "汇报", "report back"].contains(&words[at].text.as_str());
    if outside
        || !(answers || words.iter().any(names))
        || !(straight || addressees(words).all(|to| to.iter().any(names)))
    {
        return None;
    }
    let direct = words[at].is(Role::Direct);
    let after = &words[at + 1..];
    let fits =
        if words[at].is_han() { fits_zh(direct, after) } else { fits(direct, after) || is_said_here(words) };
    let about = words.iter().any(|word| word.is_any(&[Role::Message, Role::Question]));
    fits.then_some(if about { words.len() } else { at + 1 })
}

/// Returns the words behind each word that leads to an addressee.
fn addressees(words: &[Token]) -> impl Iterator<Item = &[Token]> {
    let leads = |word: &Token| TO.contains(&word.text.as_str()) || TO_ZH.contains(&word.text.as_str());
    (0..words.len()).filter(move |at| leads(&words[*at])).map(|at| {
        let behind = &words[at + 1..];
        let small =
            behind.iter().take_while(|word| word.is(Role::Determiner) && !word.is(Role::User)).count();
        &behind[small..behind.len().min(small + 4)]
    })
}

/// Tells whether the user stands right behind the verb: "tell me", "告诉用户".
fn straight_to_user(after: &[Token]) -> bool {
    let small = |word: &&Token| (word.is(Role::Determiner) || word.text == "to") && !word.is(Role::User);
    let first = after.iter().find(|word| !small(word));
    first.is_some_and(|word| word.is(Role::User) || ["question", "questions"].contains(&word.text.as_str()))
}

/// Tells whether it is said in the session's own chat, whoever is spoken to.
fn is_said_here(words: &[Token]) -> bool {
    words
        .iter()
        .any(|word| ["chat", "conversation", "session", "thread", "here"].contains(&word.text.as_str()))
}

/// Tells whether what follows an English verb may be the user: "send Bob the summary" has two objects, and the first
/// is whom it goes to.
fn fits(direct: bool, after: &[Token]) -> bool {
    let small = |word: &&Token| {
        (word.is(Role::Determiner) || ["to", "back"].contains(&word.text.as_str())) && !word.is(Role::User)
    };
    let object = &after[after.iter().take_while(small).count()..];
    let apart = |word: &Token| word.is_any(&[Role::Preposition, Role::Question, Role::When, Role::Relative]);
    let object = object.split(apart).next().unwrap_or_default();
    let doing = object.iter().skip(1).position(|word| word.is(Role::Determiner)).map(|at| at + 1);
    let (first, second) = object.split_at(doing.unwrap_or(object.len()));
    let has = |role: Role| first.iter().any(|word| word.is(role));
    let named = has(Role::User) || (second.is_empty() && has(Role::Message));
    first.is_empty() || named || (second.is_empty() && !direct)
}

/// The same in Chinese, where whom one tells stands right behind the verb.
fn fits_zh(direct: bool, after: &[Token]) -> bool {
    !direct || after.is_empty() || after.iter().take(3).any(|word| word.is(Role::User))
}
