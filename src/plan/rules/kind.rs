//! What a clause is, its dangerous words aside: it reads, works, goes on, tells how things are, or only adds to what was said.

use super::clause::{Clause, Denial};
use super::lexicon::{Form, Role, Token};
use super::phrase::{
    is_clearly_own, is_made_to, is_own, is_put_into_shared, is_said_to_others, is_shared, names_own_thing,
    object, phrases,
};

/// What a clause is. A number says where what the clause speaks of begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It reads, thinks or explains; what it speaks of stands behind the verb.
    Reads(usize),
    /// It writes texts or code.
    Makes(usize),
    /// It works on things of one's own.
    Works(usize),
    /// It changes what is shared.
    Shares(usize),
    /// It does what was under way, and may name it.
    GoesOn { names: bool },
    /// It tells how things are; the verb that tells stands here.
    Tells(usize),
    /// It says when, or on what condition.
    When,
    /// It adds to what was said.
    Adds,
    /// It asks for something that no rule knows.
    Unclear,
}

/// A clause beside what the gate knows of it already.
#[derive(Clone, Copy)]
pub(super) struct Heard<'a> {
    pub(super) clause: &'a Clause<'a>,
    pub(super) denial: Option<Denial>,
    /// Where its dangerous words stand.
    pub(super) dangers: &'a [usize],
    /// Whether its first word is a dangerous noun that it says something of.
    pub(super) names: bool,
    /// Whether an "it" in it is a thing that the clauses before worked on.
    pub(super) has_it: bool,
}

/// They end as adverbs do.
const NO_ADVERBS: [&str; 12] = [
    "apply", "reply", "supply", "multiply", "comply", "imply", "reapply", "family", "assembly", "anomaly",
    "monopoly", "tally",
];
pub(super) const OWN: [Role; 3] = [Role::Thing, Role::Part, Role::Piece];
/// What a question begins with that is no request.
const ASKS: [&str; 18] = [
    "is", "are", "was", "were", "do", "does", "did", "has", "have", "had", "am", "isn't", "aren't",
    "doesn't", "don't", "didn't", "hasn't", "should",
];
pub(super) const KNOWN: [Role; 6] = [Role::Speak, Role::Look, Role::Make, Role::Craft, Role::Own, Role::Run];

/// Says what a clause is.
pub(super) fn kind(heard: Heard<'_>) -> Kind {
    let words = heard.clause.words;
    if heard.denial.is_some_and(|denial| denial.at.is_none()) {
        return Kind::Adds;
    }
    if words.iter().any(Token::is_han) {
        return super::chinese::kind(heard);
    }
    // A name in a Chinese list: "level 3 和 level 9".
    let listed = heard.clause.joins.iter().any(Token::is_han) && heard.clause.goes_on;
    if listed && words.len() <= 3 && !words.iter().any(|word| word.tags.is_verb()) {
        return Kind::Adds;
    }
    let mut from = lead(words);
    let at = |at: usize| words.get(at);
    let keeps = at(from).is_some_and(|word| word.text == "keep")
        && at(from + 1).is_some_and(|word| word.form != Form::Ing);
    if at(from).is_some_and(|word| word.is(Role::Onward)) && !keeps {
        from += 1;
        from += words[from..]
            .iter()
            .take_while(|word| ["by", "to", "with", "on"].contains(&word.text.as_str()))
            .count();
        let small = words[from..].iter().take_while(|word| word.is(Role::Determiner)).count();
        if at(from + small).is_some_and(|word| word.is_any(&KNOWN) && word.form == Form::Ing) {
            from += small;
        }
        let verb = at(from).filter(|word| word.is_any(&KNOWN));
        if !verb.is_some_and(|verb| verb.form == Form::Ing || words[from - 1].text == "to") {
            return going_on(words, from);
        }
    } else if at(from).is_some_and(|word| word.is(Role::Begin)) {
        let then = from
            + 1
            + usize::from(
                at(from + 1).is_some_and(|word| ["by", "to", "with", "on"].contains(&word.text.as_str())),
            );
        // "Start the run", "start batch 7": what is started is a noun.
        let noun = |word: &Token| words[from].is(Role::Run) && then == from + 1 && word.form != Form::Ing;
        if at(then).is_some_and(|word| word.is_any(&KNOWN) && !noun(word)) {
            from = then;
        }
    }
    // "Use git blame to see …": what is done stands behind.
    if at(from).is_some_and(|word| word.text == "use") {
        let aim = |pair: &[Token]| pair[0].text == "to" && pair[1].is_any(&[Role::Speak, Role::Look]);
        from = words.windows(2).position(aim).map_or(from, |to| to + 1);
    }
    known(heard, from).unwrap_or_else(|| unknown(heard, from))
}

fn going_on(words: &[Token], rest: usize) -> Kind {
    let same = words.get(rest).is_none_or(|word| word.is(Role::Same));
    let place = words.get(rest).is_some_and(|word| word.is(Role::Preposition));
    let shared = phrases(&words[rest..])
        .iter()
        .any(|phrase| phrase.has(&[Role::Shared]) || phrase.head().is_some_and(|head| head.is(Role::Other)));
    let own = words[rest..].iter().any(|word| word.is_any(&OWN) || word.is_number());
    match (same, own && !shared) {
        (true, _) => Kind::GoesOn { names: false },
        (false, own) if place => Kind::GoesOn { names: own },
        (false, true) => Kind::Works(rest),
        (false, false) => Kind::Unclear,
    }
}

/// What a clause is that begins with a known verb, or asks something.
fn known(heard: Heard<'_>, from: usize) -> Option<Kind> {
    let words = heard.clause.words;
    let verb = words.get(from)?;
    let alone = words.get(from + 1).is_none_or(|word| word.is(Role::Preposition));
    let plural = (verb.form == Form::S || (verb.is_any(&OWN) && alone)) && heard.clause.goes_on;
    if heard.dangers.contains(&from) || verb.form == Form::Ed || plural {
        return None;
    }
    if verb.form == Form::Ing && heard.clause.goes_on {
        return Some(Kind::Adds);
    }
    let body = object(&words[from + 1..]);
    // "Leave no comments on the pull request".
    let none = body.first().is_some_and(|word| ["no", "nothing"].contains(&word.text.as_str()));
    let leaves = ["leave", "make", "add", "create", "write"].contains(&verb.text.as_str());
    if none && leaves && heard.dangers.is_empty() {
        return Some(Kind::Adds);
    }
    let puts = verb.is(Role::Make) && is_put_into_shared(body, true);
    if verb.is(Role::Look) && !puts {
        return Some(Kind::Reads(from + 1));
    }
    if verb.is(Role::Speak) {
        let on = verb.text.ends_with(" on") && body.iter().any(|word| word.is(Role::Shared));
        return Some(if on || is_said_to_others(body) { Kind::Shares(from) } else { Kind::Reads(from + 1) });
    }
    if verb.is(Role::Make) {
        let addressed = [
            "draft", "redraft", "compose", "phrase", "word", "rewrite", "rephrase", "polish", "shorten",
            "tighten",
        ]
        .contains(&verb.text.as_str());
        return Some(if is_put_into_shared(body, addressed) {
            Kind::Shares(from)
        } else {
            Kind::Makes(from + 1)
        });
    }
    if heard.clause.next == "?"
        && (verb.is_any(&[Role::Adds, Role::Question]) || ASKS.contains(&verb.text.as_str()))
    {
        return Some(Kind::Reads(from));
    }
    if verb.is(Role::Ensure) {
        let others = body.iter().any(|word| word.is_any(&[Role::Other, Role::Outside, Role::Suspect]));
        let plain = heard.dangers.is_empty() && !is_shared(body) && !others;
        return Some(if plain { Kind::Works(from + 1) } else { Kind::Unclear });
    }
    if ["let", "make", "have"].contains(&verb.text.as_str()) && is_made_to(body) {
        return Some(Kind::Works(from + 1));
    }
    let still = body.iter().any(|word| word.is(Role::Still));
    let craft = verb.is(Role::Craft) && body.first().is_some_and(|word| !word.is(Role::Preposition));
    if still && verb.is_any(&[Role::Own, Role::Craft]) {
        return Some(Kind::Works(from + 1));
    }
    if craft {
        return Some(if is_shared(body) { Kind::Shares(from) } else { Kind::Works(from + 1) });
    }
    let bound = verb.is_any(&[Role::Own, Role::Run, Role::Craft]);
    if !bound {
        return None;
    }
    let it = heard.has_it && !verb.is(Role::Run) && words.get(from + 1).is_some_and(|word| word.is(Role::It));
    let tame = body.iter().any(|word| word.is(Role::Tame));
    let listed = listed(heard.clause);
    let own = verb.is_any(&[Role::Own, Role::Craft])
        && (it || verb.is(Role::Texts) || is_own(body, &OWN) || is_own(listed, &[Role::Part]));
    Some(if is_shared(body) || is_shared(listed) {
        Kind::Shares(from)
    } else if own || tame {
        Kind::Works(from + 1)
    } else {
        Kind::Unclear
    })
}

/// What a clause is that begins with no known verb.
fn unknown(heard: Heard<'_>, from: usize) -> Kind {
    let Heard { clause, denial, dangers, .. } = heard;
    let words = clause.words;
    let body = &words[from..];
    let denied = denial.is_some_and(|denial| denial.at.is_none_or(|at| at <= from));
    let only = body.last().is_some_and(|word| word.text == "only");
    if denied || clause.is_label() || only || body.is_empty() {
        return Kind::Adds;
    }
    let adds = adds(body);
    let acts = !adds
        && body.get(1).is_some_and(|word| {
            word.is(Role::Determiner)
                || (word.is_number() && body.len() > 2 && !body.iter().any(|word| word.is(Role::Finite)))
        });
    let orders = dangers.contains(&from) && !heard.names;
    let asks = clause.goes_on && body[0].is(Role::Question);
    let told_of = |at: usize| {
        let word = &body[at];
        let subject =
            at > 1 && (body[0].is(Role::Determiner) || heard.names) && !body[at - 1].is(Role::Determiner);
        subject
            && word.form == Form::S
            && word.tags.is_verb()
            && !word.is_any(&OWN)
            && !body[at - 1].text.ends_with("'s")
    };
    let is_finite = |at: &usize| body[*at].is(Role::Finite) || told_of(*at);
    let finite = (0..body.len().min(8)).find(is_finite).filter(|_| !acts && !asks);
    let ordered = body.len() > 1 && body[0].tags.is_verb() && body[0].form == Form::Base;
    let past = body
        .iter()
        .take(if ordered { 1 } else { 2 })
        .any(|word| word.form == Form::Ed && !word.is(Role::Not) || word.is(Role::Past));
    let told = if past && !body[0].is(Role::Determiner) { Some(from) } else { finite.map(|at| from + at) };
    let done = body.get(1).is_some_and(|word| word.form == Form::Ed || word.is_any(&[Role::Past, Role::Not]));
    let has_done = body[0].text == "have" && !done;
    let theirs = others_will(body).map(|at| from + at);
    let told = told.or(theirs).filter(|_| !orders && !has_done);
    if let (Some(told), Some(_)) = (told, theirs) {
        return Kind::Tells(told);
    }
    if told.is_none() && !clause.goes_on && dangers.is_empty() && names_own_thing(body) {
        return Kind::Works(from);
    }
    // "Ticket prices of the six zoos in a table".
    let table = |word: &Token| ["table", "list", "chart", "spreadsheet", "csv"].contains(&word.text.as_str());
    let tabled = match body {
        [.., last] if last.text == "in a table" => body.len() > 2,
        [_, .., place, a, last] => {
            ["in", "as"].contains(&place.text.as_str())
                && ["a", "one"].contains(&a.text.as_str())
                && table(last)
        }
        _ => false,
    };
    if tabled && !clause.goes_on && !orders && told.is_none() && !body[0].tags.is_verb() && !is_shared(body) {
        return Kind::Works(from);
    }
    let todo = body.iter().any(|word| word.is(Role::Todo));
    let own = is_clearly_own(object(body)) && !is_shared(object(body));
    if body[0].is(Role::When) && !todo {
        return Kind::When;
    }
    let begins = !clause.goes_on || clause.joins.iter().any(|join| join.text == ":");
    // "Which services start at boot".
    let which = body[0].text == "which"
        && body.get(1).is_some_and(|word| word.form == Form::S)
        && body.get(2).is_some_and(|word| word.tags.is_verb() && word.form == Form::Base);
    let counted = dangers.iter().all(|at| words[*at].form == Form::S || (which && *at == from + 2));
    if (which || asks_something(body)) && begins && counted {
        return Kind::Reads(from);
    }
    let aside = clause.joins.last().is_some_and(|join| ["(", "[", "so"].contains(&join.text.as_str()))
        && !acts
        && dangers.is_empty();
    let rest = from > 0 && words[from - 1].text.ends_with(" is");
    let plain = dangers.is_empty() && !is_shared(body);
    match told {
        None if rest && plain && body.iter().any(|word| word.is_any(&OWN)) => Kind::Works(from),
        None if aside && !is_shared(body) => Kind::Adds,
        Some(at) if !todo => Kind::Tells(at),
        None if adds || (clause.goes_on && !acts) => Kind::Adds,
        _ if own && !orders => Kind::Works(from),
        Some(_) if plain && body.iter().any(|word| word.is_any(&OWN)) => Kind::Works(from),
        _ => Kind::Unclear,
    }
}

/// Returns where it is said what others are going to do: "the data team will drop the table".
fn others_will(body: &[Token]) -> Option<usize> {
    let will = body.iter().take(6).position(|word| word.text == "will")?;
    let subject = &body[..will];
    let theirs = subject.first().is_some_and(|word| word.is(Role::Determiner))
        && subject.last().is_some_and(|word| word.is(Role::Other));
    theirs.then_some(will)
}

/// Tells whether a text is a question, also without its mark: "how much flooring for 23 m²".
fn asks_something(body: &[Token]) -> bool {
    let which = ["which", "who"].contains(&body[0].text.as_str())
        && body.iter().take(4).any(|word| ASKS.contains(&word.text.as_str()));
    which
        || body[0].is(Role::Question) && !["what", "what's", "who", "which"].contains(&body[0].text.as_str())
}

/// Tells whether a text begins with no command: it goes on with what was said.
pub(super) fn adds(body: &[Token]) -> bool {
    body.first().is_none_or(|word| {
        word.is_any(&[Role::Adds, Role::Question])
            || word.form == Form::Ing
            || word.is_number()
            || word.text.starts_with('\'')
    })
}

/// Returns how many small words a clause begins with.
pub(super) fn lead(words: &[Token]) -> usize {
    let small = |(at, word): &(usize, &Token)| {
        word.is(Role::Lead) || is_adverb(word) || (*at == 0 && word.is_number() && words.len() > 1)
    };
    words.iter().enumerate().take_while(small).count()
}

pub(super) fn is_adverb(word: &Token) -> bool {
    !NO_ADVERBS.contains(&word.text.as_str())
        && word.text.len() > 4
        && word.text.ends_with("ly")
        && word.tags == super::lexicon::Tags::default()
}

/// Returns the rest of a list that a clause begins: "put rice, oil and salt on the list".
fn listed<'t>(clause: &Clause<'t>) -> &'t [Token] {
    let joins = |word: &Token| word.is_sign() || word.is(Role::Join);
    let verb = |pair: &[Token]| joins(&pair[0]) && pair[1].tags.is_verb() && pair[1].form != Form::S;
    let end = clause.rest.windows(2).position(verb).unwrap_or(clause.rest.len());
    let comma = [",", "and"].contains(&clause.next);
    if comma { object(&clause.rest[..end]) } else { &[] }
}
