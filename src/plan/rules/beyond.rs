//! What a clause may reach beyond what is the agent's own, where its verb alone does not tell.

use super::chinese;
use super::clause::Clause;
use super::kind::{KNOWN, Kind, OWN, lead};
use super::lexicon::{Form, Role, Tags, Token};
use super::phrase::{Phrase, object, phrases};

/// What the clauses of a step may reach, as far as it has been heard.
#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is heard by itself, and every mix of them may occur")]
pub(super) struct Reach {
    /// Whether what was told names what others have.
    around: bool,
    /// Whether anything names what may lead out of what is one's own.
    named: bool,
    /// The same of what was told, or only added.
    suspects: bool,
    /// Whether a clause that no rule understands reaches beyond what is one's own, or says nothing of it.
    beyond: bool,
    /// Whether anything was one's own.
    local: bool,
}

impl Reach {
    /// Hears a clause. `forbids` says that nothing in it is to be done, `condition` that it stands behind an "if".
    pub(super) fn hear(&mut self, clause: &Clause<'_>, kind: Kind, forbids: bool, condition: bool) {
        let words = clause.words;
        let han = words.iter().any(Token::is_han);
        let suspicious = |kind| (0..words.len()).any(|at| is_suspect(words, at, kind));
        let understood = matches!(kind, Kind::Reads(_) | Kind::Makes(_) | Kind::Works(_));
        let onward = words.iter().any(|word| word.is_any(&[Role::Onward, Role::Begin]));
        let known = if han {
            chinese::is_bound(words)
        } else {
            is_bound(words) && !(self.named && words.iter().any(|word| word.is(Role::Onward)))
        };
        self.named |= suspicious(Kind::Adds);
        let runs = is_run(words) && !words.iter().any(|word| word.is(Role::Tame));
        let brought = || (1..=words.len()).any(|from| chinese::is_brought(words, from));
        let may_do_anything =
            kind == Kind::Unclear && (runs || (han && brought()) || chinese::may_do_anything(words));
        let suspect = may_do_anything || (!understood && !forbids && suspicious(kind));
        let local = is_local(words) || chinese::becomes(words);
        let follows = known && self.local && !self.suspects && (!condition || chinese::mends(words));
        self.beyond |= match kind {
            Kind::Unclear => suspect || (onward && (self.around || self.named)) || !(local || follows),
            // A Chinese clause without a known verb may ask for anything.
            Kind::Adds => suspect && han,
            _ => false,
        };
        self.suspects |= suspect;
        self.local |= local || matches!(kind, Kind::Makes(_) | Kind::Works(_));
        if !understood && !forbids && kind != Kind::Unclear {
            self.around |= (0..words.len()).any(|at| is_of_others(words, at));
        }
    }

    /// Tells whether all that was heard stays among one's own things; `unclear` says whether a clause asks for something
    /// that no rule knows.
    pub(super) fn is_local(&self, unclear: bool) -> bool {
        self.local && !self.beyond && (unclear || !self.suspects)
    }
}

/// Tells whether a clause names something of one's own, and not only what it goes by.
fn is_local(words: &[Token]) -> bool {
    let by = |at: usize| at > 0 && ["by", "per", "from", "with"].contains(&words[at - 1].text.as_str());
    let own = (0..words.len()).filter(|at| words[*at].is_any(&LOCAL) && !by(*at)).count();
    own > usize::from(chinese::is_by_rule(words))
}

/// Takes back that a clause is understood, where what it acts on may be others'.
pub(super) fn doubted(kind: Kind, words: &[Token], reach: &Reach) -> Kind {
    let kind = match kind {
        Kind::Works(from) | Kind::Reads(from) if does_the_rest(words, from) => Kind::GoesOn { names: false },
        kind => kind,
    };
    let doubtful = match kind {
        Kind::Works(from) => {
            chinese::does_more(words, from)
                || chinese::is_brought(words, from)
                || (reach.around && !is_clearly_ones_own(words, from))
                || leads_out(words, from)
                || takes_it(words, from, reach.named)
        }
        Kind::GoesOn { names } => reach.around || goes_on_beyond(words, names),
        Kind::Reads(from) => {
            looks_for_help(words, from) || alters(words, from) || chinese::ends_with_more(words, from)
        }
        Kind::Makes(from) => {
            alters(words, from) || chinese::ends_with_more(words, from) || chinese::is_brought(words, from)
        }
        Kind::Shares(_) | Kind::Tells(_) | Kind::When | Kind::Adds | Kind::Unclear => false,
    };
    if doubtful { Kind::Unclear } else { kind }
}

/// Verbs of reading and writing that change what they are about.
const ALTERS: [&str; 14] = [
    "triage",
    "prioritise",
    "prioritize",
    "classify",
    "categorise",
    "categorize",
    "flag",
    "index the",
    "segment the",
    "anonymise",
    "anonymize",
    "deduplicate",
    "recompute",
    "recalculate",
];
const ALTERS_ZH: [&str; 22] = [
    "整理", "归类", "分类", "标注", "测试", "试", "排", "监控", "记", "抄", "生成", "制作", "做", "补录",
    "补写", "写回", "打", "建", "出", "装", "录", "填",
];

/// English verbs that may do anything with what they are given.
const TAKES: [&str; 26] = [
    "make",
    "create",
    "keep",
    "drop",
    "take",
    "get",
    "record",
    "pick",
    "choose",
    "select",
    "fetch",
    "collect",
    "clear",
    "retrieve",
    "pass",
    "put",
    "bring",
    "move",
    "switch",
    "label the",
    "set",
    "do",
    "go with",
    "go for",
    "change",
    "leave",
];

/// Returns the verb of what a clause works on from the word at `from` on.
fn verb_before(words: &[Token], from: usize) -> Option<&Token> {
    words.get(from.checked_sub(1)?)
}

/// Tells whether what a clause works on, from the word at `from` on, may lead out of what is one's own.
fn leads_out(words: &[Token], from: usize) -> bool {
    if words.iter().any(Token::is_han) {
        let named = |at: usize| {
            words
                .get(at + 1)
                .is_some_and(|next| next.is_any(&[Role::Thing, Role::Part, Role::Feature, Role::Aspect]))
        };
        return (0..words.len()).any(|at| words[at].is(Role::Suspect) && !named(at));
    }
    let verb = verb_before(words, from);
    if !verb.is_some_and(takes) && verb.is_some_and(|verb| verb.is_any(&[Role::Craft, Role::Texts])) {
        return false;
    }
    let body = object(words.get(from..).unwrap_or_default());
    // "Take the checkout page down", "put the pictures up on their page", "bump everyone to the new build".
    let is =
        |word: Option<&Token>, list: &[&str]| word.is_some_and(|word| list.contains(&word.text.as_str()));
    let text = body.iter().any(|word| word.is_any(&[Role::Part, Role::Piece]));
    let away = body.iter().skip(1).any(|word| is(Some(word), &["down", "offline", "online", "live"]));
    let up = body.iter().any(|word| word.text == "up on");
    if (is(verb, &["take", "bring", "put"]) && away && !text)
        || (is(verb, &["put", "get", "stick", "bring"]) && up && !text)
        || is(body.first(), &["everyone", "everybody"])
    {
        return true;
    }
    let counted = |phrase: &Phrase<'_>| phrase.words.first().is_some_and(Token::is_number);
    let ends = |phrase: &Phrase<'_>| {
        phrase.head().is_some_and(|head| head.is(Role::Suspect) && !head.is(Role::Part)) && !counted(phrase)
    };
    let object = phrases(body);
    let name = matches!(object[0].words, [name] if name.is_name && name.tags == Tags::default());
    name || object.iter().any(|phrase| phrase.is_reached() && ends(phrase))
}

/// Tells whether a clause works on what is one's own although others were named before it.
fn is_clearly_ones_own(words: &[Token], from: usize) -> bool {
    let clearly = |word: &Token| word.is_any(&[Role::Part, Role::Piece, Role::Tame]);
    if words.iter().any(clearly) {
        return true;
    }
    let verb = verb_before(words, from);
    let onward = verb.is_some_and(|verb| verb.is_any(&[Role::Onward, Role::Begin]) || verb.text == "do");
    let it = words.get(from).is_some_and(|word| word.is(Role::It));
    !words.iter().any(Token::is_han) && !onward && !it && words.iter().any(|word| word.is(Role::Thing))
}

/// Tells whether an "it" that a clause works on may be what others have, or goes to them: "and take it", "pass it on to
/// security". `named` says whether anything of the kind was named before.
fn takes_it(words: &[Token], from: usize, named: bool) -> bool {
    let [it, rest @ ..] = words.get(from..).unwrap_or_default() else { return false };
    let away = |phrase: &Phrase<'_>| {
        let leads = phrase
            .preposition
            .is_some_and(|word| ["to", "on", "up", "out", "over", "with"].contains(&word.text.as_str()));
        leads && !phrase.words.is_empty() && !phrase.has(&OWN) && !phrase.has(&[Role::User, Role::Message])
    };
    let at = |phrase: &Phrase<'_>| {
        phrase.preposition.is_some_and(|word| word.text == "at")
            && !phrase.has(&OWN)
            && !phrase.words.iter().any(Token::is_number)
    };
    let takes = verb_before(words, from).is_some_and(takes) && (named || phrases(rest).iter().any(away));
    it.is(Role::It) && (takes || phrases(rest).iter().any(at))
}

/// Tells whether a clause does the rest of something and does not say of what: "do the other three", "go through the
/// remaining 14".
fn does_the_rest(words: &[Token], from: usize) -> bool {
    let verb = verb_before(words, from).map_or("", |verb| verb.text.as_str());
    let body = object(words.get(from..).unwrap_or_default());
    let rest = |word: &Token| {
        word.is(Role::Same) || ["other", "others", "remaining", "rest", "next"].contains(&word.text.as_str())
    };
    let own = body.iter().any(|word| word.is_any(&OWN));
    let through =
        ["do", "go through", "work through", "go over", "run through", "get through"].contains(&verb);
    through && !own && body.iter().take(3).any(rest)
}

/// Tells whether a verb that reads or writes changes here what others have: "整理收件箱", "生成收款码", "triage the inbox".
fn alters(words: &[Token], from: usize) -> bool {
    let verb = verb_before(words, from).map_or("", |verb| verb.text.as_str());
    let others = |word: &Token| word.is_any(&[Role::Shared, Role::Suspect]);
    let body = words.get(from..).unwrap_or_default();
    if words.iter().any(Token::is_han) {
        let own = |word: &Token| word.is_any(&OWN) || word.is(Role::Feature) || word.text.starts_with('的');
        let Some(at) = body.iter().position(others) else { return false };
        return ALTERS_ZH.iter().any(|start| verb.starts_with(start)) && !body[at + 1..].iter().any(own);
    }
    let object = object(body);
    let head = phrases(object)[0].head().is_some_and(others);
    ALTERS.contains(&verb) && head
}

/// Tells whether a clause looks for somebody who is to do something, or works its way through what others wait for.
fn looks_for_help(words: &[Token], from: usize) -> bool {
    let verb = verb_before(words, from).map_or("", |verb| verb.text.as_str());
    let body = words.get(from..).unwrap_or_default();
    let others = |word: &Token| word.is_any(&[Role::Other, Role::Shared, Role::Suspect]);
    let head = phrases(body)[0].head().is_some_and(others);
    let to = phrases(body).get(1).is_some_and(|phrase| {
        phrase.preposition.is_some_and(|word| word.text == "to")
            && phrase.words.first().is_some_and(|word| word.tags.is_verb())
    });
    let through = ["work through", "work off", "process", "get through", "plough through"].contains(&verb);
    head && (through || (to && ["find", "look for", "get", "search"].contains(&verb)))
}

/// Tells whether what a clause goes on with is others', or nothing that is known as one's own.
fn goes_on_beyond(words: &[Token], names: bool) -> bool {
    let beyond = |word: &Token| {
        word.is_any(&[Role::Suspect, Role::Shared, Role::Other])
            || (word.tags.does != 0 && !word.is(Role::Onward) && !word.is_any(&KNOWN))
    };
    let own = |word: &Token| {
        word.text == "step"
            || word.is_any(&OWN)
            || word.is_any(&[Role::Tame, Role::Look, Role::Make])
            || word.is_number()
    };
    words.iter().any(beyond) || (names && !words.iter().any(own))
}

/// Tells whether a verb may do anything with what it is given.
pub(super) fn takes(word: &Token) -> bool {
    TAKES.contains(&word.text.as_str())
}

/// Tells whether an English clause begins with a verb that is harmless where nothing of others is near.
fn is_bound(words: &[Token]) -> bool {
    let verb = words.get(lead(words));
    verb.is_some_and(|verb| {
        let may = !takes(verb) || verb.text == "keep";
        verb.is_any(&[Role::Own, Role::Craft, Role::Onward]) && verb.tags.verbs == 0 && may
    })
}

/// Tells whether its verb, or any Chinese verb in it, runs something.
fn is_run(words: &[Token]) -> bool {
    let runs = |word: &Token| word.is(Role::Run) && !word.is(Role::Own);
    let verb = lead(words);
    let begins =
        words.get(verb + 1).is_some_and(|next| next.is(Role::Preposition) && words[verb].is(Role::Begin));
    (words.get(verb).is_some_and(runs) && !begins) || words.iter().any(|word| word.is_han() && runs(word))
}

/// Behind a Chinese verb: it leaves, or is gone.
const OUTWARD: [&str; 5] = ["出去", "上去", "过去", "下去", "掉"];

/// What a word of danger may be besides.
const MAY: [Role; 10] = [
    Role::Own,
    Role::Craft,
    Role::Look,
    Role::Make,
    Role::Run,
    Role::Onward,
    Role::Thing,
    Role::Part,
    Role::Harmless,
    Role::Lead,
];

/// What an agent has for itself.
const LOCAL: [Role; 4] = [Role::Thing, Role::Part, Role::Piece, Role::Tame];

/// Tells whether a word names what is shared, and not only whose something is: "the client's brief", "客户发来的文档".
pub(super) fn is_of_others(words: &[Token], at: usize) -> bool {
    let of = words[at + 1..].iter().take(3).any(|word| word.text == "的");
    let inside = words[at].is(Role::Suspect)
        && words.get(at + 1).is_some_and(|next| ["里", "上", "中", "那边"].contains(&next.text.as_str()));
    (inside || words[at].is_any(&[Role::Shared, Role::Other])) && !words[at].text.ends_with("'s") && !of
}

/// Tells whether a word names what others have or notice.
fn is_suspect(words: &[Token], at: usize, kind: Kind) -> bool {
    let word = &words[at];
    // "Pick up where it stopped".
    if word.is(Role::Onward) && at == lead(words) {
        return false;
    }
    let about =
        at.checked_sub(1).is_some_and(|before| words[before].is(Role::Naming) && words[before].text != "for");
    // "表妹的作文".
    let whose = words.get(at + 1).is_some_and(|next| next.text == "的")
        && words.get(at + 2).is_some_and(|next| next.is_any(&LOCAL));
    let topic = ["原因", "规则", "政策", "说明", "逻辑", "指南", "文案", "标准", "条款"];
    let whose = whose || words.get(at + 1).is_some_and(|next| topic.contains(&next.text.as_str()));
    let whose = whose || (kind != Kind::Unclear && word.text.ends_with("'s"));
    let counted =
        word.form == Form::S && at > 0 && (words[at - 1].is_number() || words[at - 1].is(Role::Determiner));
    (word.is_any(&[Role::Shared, Role::Other, Role::Outside, Role::Suspect]) && !whose)
        || (word.tags.does != 0 && !word.is_any(&MAY) && !counted)
        || (kind == Kind::Unclear && OUTWARD.contains(&word.text.as_str()))
        || (kind == Kind::Unclear && word.is_name && word.tags == Tags::default() && !about)
}
