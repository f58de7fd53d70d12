//! What stands behind an English verb, phrase by phrase: what it acts on, and where that goes.

use super::kind::{OWN, is_adverb};
use super::lexicon::{Form, Role, Token};

/// A verb's object, or a preposition and what stands behind it.
pub(super) struct Phrase<'t> {
    pub(super) preposition: Option<&'t Token>,
    pub(super) words: &'t [Token],
}

impl Phrase<'_> {
    /// Returns the noun that it ends with.
    pub(super) fn head(&self) -> Option<&Token> {
        self.words.iter().rev().find(|word| !word.is(Role::Lead) && !is_adverb(word))
    }

    pub(super) fn has(&self, roles: &[Role]) -> bool {
        self.words.iter().any(|word| word.is_any(roles))
    }

    /// Tells whether what is done reaches what the phrase names.
    pub(super) fn is_reached(&self) -> bool {
        self.preposition.is_none_or(|word| word.is(Role::Towards))
    }
}

/// Returns what the verb of a clause acts on, without the clauses that depend on it.
pub(super) fn object(words: &[Token]) -> &[Token] {
    let depends = |at: &usize| {
        let number = words.get(at + 1).is_some_and(Token::is_number);
        let verb = words
            .get(at + 1)
            .is_some_and(|word| word.tags.is_verb() && word.form == Form::Base && !word.is_any(&OWN));
        (words[*at].is(Role::When) && !number)
            || words[*at].is(Role::Relative)
            || (words[*at].text == "to" && verb)
    };
    &words[..(0..words.len()).find(depends).unwrap_or(words.len())]
}

/// Parts what stands behind a verb at its prepositions.
pub(super) fn phrases(words: &[Token]) -> Vec<Phrase<'_>> {
    let mut phrases = Vec::new();
    let (mut preposition, mut start) = (None, 0);
    for (at, word) in words.iter().enumerate() {
        // "Table of" has its preposition with it.
        if word.text.ends_with(" of") {
            phrases.push(Phrase { preposition, words: &words[start..=at] });
            (preposition, start) = (Some(word), at + 1);
        } else if word.is(Role::Preposition) {
            phrases.push(Phrase { preposition, words: &words[start..at] });
            (preposition, start) = (Some(word), at + 1);
        }
    }
    phrases.push(Phrase { preposition, words: &words[start..] });
    phrases
}

/// Tells whether what a verb acts on, or where it puts it, is one's own.
pub(super) fn is_own(body: &[Token], own: &[Role]) -> bool {
    phrases(body).iter().any(|phrase| phrase.has(own))
}

/// Tells whether what an unknown verb acts on is one's own, and nobody else gets it.
pub(super) fn is_clearly_own(body: &[Token]) -> bool {
    let phrases = phrases(body);
    let own = |phrase: &Phrase<'_>| phrase.has(&OWN);
    let nobody = |phrase: &&Phrase<'_>| {
        ["to", "at", "over", "with", "for", "via", "through", "on", "by"]
            .contains(&phrase.preposition.map_or("", |word| word.text.as_str()))
    };
    let into = |phrase: &Phrase<'_>| {
        phrase.preposition.is_some_and(|word| ["in", "into"].contains(&word.text.as_str()))
            && phrase.words.first().is_some_and(|word| word.text == "xfile")
    };
    (phrases[0].has(&[Role::Part]) || (phrases[0].words.len() > 1 && phrases.iter().any(into)))
        && phrases.iter().filter(nobody).all(own)
}

/// Tells whether what a verb acts on, or where it puts it, belongs to others as well.
pub(super) fn is_shared(body: &[Token]) -> bool {
    let phrases = phrases(body);
    let own = phrases[0].head().is_some_and(|head| head.is_any(&OWN));
    let filed = phrases[1..].iter().any(|phrase| {
        phrase.preposition.is_some_and(|word| word.is(Role::Towards) || word.text == "from")
            && phrase.has(&[Role::Part])
    }) || puts_into_text(body);
    phrases.iter().any(|phrase| {
        let of = phrase.preposition.is_some_and(|word| word.text == "of") && !own;
        let object = phrase.preposition.is_none();
        let counted = phrase.words.first().is_some_and(Token::is_number);
        let other = phrase.head().is_some_and(|head| head.is(Role::Other)) && !counted;
        let whose = |word: &Token| word.text.ends_with("'s") && word.is(Role::Other);
        let theirs = object && phrase.words.iter().any(whose);
        (phrase.is_reached() || of) && !(object && filed) && (phrase.has(&[Role::Shared]) || other || theirs)
    })
}

/// Tells whether somebody else is told: "explain it to the customer", "show the client the draft".
pub(super) fn is_said_to_others(body: &[Token]) -> bool {
    let ends = |word: &Token| word.is(Role::Question) || ["about", "regarding"].contains(&word.text.as_str());
    let asked = body.iter().position(ends).unwrap_or(body.len());
    let body = &body[..asked];
    let others = |word: &Token| word.is_any(&[Role::Other, Role::Outside]);
    let to = phrases(body).iter().any(|phrase| {
        let to =
            phrase.preposition.is_some_and(|word| ["to", "with", "in", "on"].contains(&word.text.as_str()));
        let any = phrase.words.first().is_some_and(|word| ["a", "an"].contains(&word.text.as_str()));
        if any {
            return false;
        }
        let whole =
            phrase.preposition.is_some_and(|word| word.text == "to") && phrase.words.iter().any(others);
        whole || (to && phrase.head().is_some_and(others))
    });
    let first = body.iter().position(|word| !word.is(Role::Determiner) || word.is(Role::User)).unwrap_or(0);
    let second = body.get(first + 1).is_some_and(|word| word.is_any(&[Role::Determiner, Role::Question]));
    to || (second && others(&body[first]))
}

/// Tells whether a text is written where others have it.
pub(super) fn is_put_into_shared(body: &[Token], addressed: bool) -> bool {
    phrases(body).iter().any(|phrase| {
        let into = phrase
            .preposition
            .is_some_and(|word| ["to", "into", "onto", "in", "on"].contains(&word.text.as_str()));
        let other = !addressed && phrase.head().is_some_and(|head| head.is(Role::Other));
        let whose = |word: &Token| word.text.ends_with("'s") && word.is_any(&[Role::Other, Role::Suspect]);
        let other = other || (!addressed && phrase.words.iter().any(whose));
        into && (phrase.has(&[Role::Shared]) || other)
    })
}

/// Tells whether a text has no verb and names something to be made: "a diagram of the family", "five quotes from it".
pub(super) fn names_own_thing(body: &[Token]) -> bool {
    let phrases = phrases(body);
    let counted = body[0].is(Role::Determiner) || body[0].is_number();
    let thing = phrases[0].head().is_some_and(|head| head.is_any(&[Role::Thing, Role::Part]));
    counted
        && thing
        && phrases[0].words.len() > 1
        && !is_shared(body)
        && !body.iter().any(|word| word.is(Role::Todo))
}

/// Tells whether a text begins with a thing of one's own: "the function", "each of the tests".
pub(super) fn starts_with_own(words: &[Token]) -> bool {
    let determined = words
        .first()
        .is_some_and(|word| word.is(Role::Determiner) && !word.is(Role::It) && !word.is(Role::User));
    let near = words.iter().skip(1).take(3).take_while(|word| !word.is(Role::Determiner));
    determined && near.into_iter().any(|word| word.is_any(&OWN))
}

/// Tells whether what stands behind "let", "make" or "have" is a thing of one's own that is to do something harmless:
/// "the example server print what it receives".
pub(super) fn is_made_to(words: &[Token]) -> bool {
    let verbs = [Role::Look, Role::Make, Role::Craft, Role::Own, Role::Speak];
    let does =
        ["end", "begin", "return", "fail", "pass", "wait", "sound", "stand", "accept", "handle", "look"];
    let others =
        |word: &Token| word.is_any(&[Role::Shared, Role::Suspect, Role::Other, Role::Outside, Role::User]);
    let Some(own) = words.iter().take(4).rposition(|word| word.is_any(&OWN) && word.form != Form::Ing) else {
        return false;
    };
    let made = words.get(own + 1).is_some_and(|verb| {
        (verb.is_any(&verbs) || does.contains(&verb.text.as_str()))
            && verb.form == Form::Base
            && !["go", "come", "do", "leave", "out"].contains(&verb.text.as_str())
    });
    let asked =
        words.iter().position(|word| word.is_any(&[Role::Question, Role::Relative])).unwrap_or(words.len());
    starts_with_own(words) && made && !words[..asked].iter().any(others)
}

/// Tells whether words put something into a text or a table of one's own: "as a line in the budget sheet".
pub(super) fn puts_into_text(words: &[Token]) -> bool {
    let into = |word: &Token| ["in", "into", "to", "under"].contains(&word.text.as_str());
    let others = |word: &Token| word.is_any(&[Role::Shared, Role::Suspect, Role::Outside]);
    let text = |word: &Token| {
        word.is(Role::Part)
            || ["sheet", "table", "spreadsheet", "csv", "column", "log", "journal", "diary", "cashbook"]
                .contains(&word.text.as_str())
    };
    let Some(start) = words.iter().position(into) else { return false };
    let Some(end) = words[start..].iter().rposition(text).map(|at| start + at + 1) else { return false };
    let ends = words.get(end).is_none_or(|next| next.is_any(&[Role::Preposition, Role::When]));
    ends && !words[start..].iter().any(others)
}
