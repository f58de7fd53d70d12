//! The lists of the rules' file that tell what a clause is, as regular expressions.

use regex::Regex;
use serde::Deserialize;

use super::clause::Splitter;
use super::words::{Words, any_of, chinese, compiled, english};

/// Whom or what a message goes to.
const ADDRESSED: &str = concat!(
    r"\b(?:to|with|via|on|in|into|at|by|from|for|through)\s+(?:(?:the|this|that|same|my|our|an?)\s+)*(\w+(?:\s+\w+){0,3})",
    r"|(?:到|给|向|至|跟)\s*([\p{Han}\w]{1,4})",
);
/// The prepositions behind which a thing is only named: "a test for the refund".
const NAMING: &str = r"\b(?:of|for|about|on|per|regarding|around|behind|against)\s+(?:\w+\s+){0,3}$";
/// Small words before a noun.
const DETERMINED: &str = r"^\s*(?:(?:to|back|the|this|that|my|our|your|a|an|his|her|their)\s+)*";
/// In Chinese, what is said of a deed makes a noun of it: "付款失败", "删除的文件".
const OF_A_NAME: &str = r"^(?:了的|的)[\p{Han}\w]|^(?:超过|超|率|中的|于|额)";

/// The lists of the rules' file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reading {
    lead: Vec<String>,
    lead_zh: Vec<String>,
    says: Words,
    between_zh: Vec<String>,
    asking: Vec<String>,
    question: Vec<String>,
    doing: Vec<String>,
    purpose: Vec<String>,
    purpose_asked: Vec<String>,
    parts_zh: Vec<String>,
    past_zh: Vec<String>,
    done_zh: Vec<String>,
    all_zh: Vec<String>,
    todo_zh: Vec<String>,
    when_zh: Vec<String>,
    no_verb_zh: Vec<String>,
    light_zh: Vec<String>,
    tells: Vec<String>,
    todo: Vec<String>,
    irregular: Vec<String>,
    no_past: Vec<String>,
    adds: Vec<String>,
    objects: Vec<String>,
    acts_zh: Vec<String>,
    acts_end_zh: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Inside {
    objects: Vec<String>,
    people: Vec<String>,
    outside: Vec<String>,
    told: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Work {
    shared: Vec<String>,
    texts: Words,
    parts: Vec<String>,
    documents: Vec<String>,
    free: Words,
    onward: Words,
    same: Vec<String>,
    bound: Vec<Bound>,
}

/// Verbs that are ordinary only with some things.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Bound {
    verbs: Words,
    things: Vec<String>,
}

/// The lists as regular expressions.
pub(super) struct Grammar {
    pub(super) lead: Regex,
    pub(super) reads: Regex,
    pub(super) reads_zh: Regex,
    pub(super) free: Regex,
    pub(super) free_zh: Regex,
    pub(super) onward: Regex,
    pub(super) onward_zh: Regex,
    pub(super) same: Regex,
    pub(super) bound: Vec<(Regex, Regex, Regex)>,
    pub(super) texts: Regex,
    pub(super) parts: Regex,
    pub(super) documents: Regex,
    pub(super) of_part: Regex,
    pub(super) start: Regex,
    pub(super) gerund: Regex,
    pub(super) helps_zh: Regex,
    pub(super) it: Regex,
    pub(super) light_zh: Regex,
    pub(super) shared: Regex,
    pub(super) subordinate: Regex,
    pub(super) asks: Regex,
    pub(super) asking: Regex,
    pub(super) question: Regex,
    pub(super) doing: Regex,
    pub(super) purpose: Regex,
    pub(super) purpose_asked: Regex,
    pub(super) spoken_zh: Regex,
    pub(super) part_zh: Regex,
    pub(super) part_of_zh: Regex,
    pub(super) relative: Regex,
    pub(super) past_zh: Regex,
    pub(super) done_zh: Regex,
    pub(super) all_zh: Regex,
    pub(super) todo_zh: Regex,
    pub(super) tells: Regex,
    pub(super) over_zh: Regex,
    pub(super) no_verb_zh: Regex,
    pub(super) determines: Regex,
    pub(super) verb: Regex,
    pub(super) tells_end_zh: Regex,
    pub(super) past: Regex,
    pub(super) no_past: Regex,
    pub(super) todo: Regex,
    pub(super) adds: Regex,
    pub(super) acted: Regex,
    pub(super) acts_zh: Regex,
    pub(super) modifies: Regex,
    pub(super) thing_next: Regex,
    pub(super) naming: Regex,
    pub(super) name_zh: Regex,
    pub(super) objects: Regex,
    pub(super) people: Regex,
    pub(super) outside: Regex,
    pub(super) direct: Regex,
    pub(super) preposition: Regex,
    pub(super) when_zh: Regex,
    pub(super) determined: Regex,
    pub(super) addressed: Regex,
}

impl Grammar {
    pub(super) fn new(splitter: &Splitter, reading: &Reading, inside: &Inside, work: &Work) -> Self {
        let first = |words: &Words| compiled(&format!("^{}", words.pattern()));
        let anywhere = |words: &Words| compiled(&words.chinese());
        let bound =
            |bound: &Bound| (first(&bound.verbs), anywhere(&bound.verbs), compiled(&any_of(&bound.things)));
        let (objects, adds) = (english(&reading.objects), english(&reading.adds));
        let (acts, ends) = (chinese(&reading.acts_zh), chinese(&reading.acts_end_zh));
        Self {
            lead: compiled(&format!(
                r"^(?:(?:{}|\w+ly)\b[\s']*|{}\s*|(?:{})\s*|\d+[.)]?\s+)*",
                english(&reading.lead),
                splitter.joins,
                chinese(&reading.lead_zh)
            )),
            reads: first(&reading.says),
            reads_zh: anywhere(&reading.says),
            free: first(&work.free),
            free_zh: anywhere(&work.free),
            onward: compiled(&format!(r"^{}(?:\s+(?:by|to|with|and|on)\b)?\s*", work.onward.pattern())),
            onward_zh: anywhere(&work.onward),
            same: compiled(&format!(r"^\s*(?:$|{})", any_of(&work.same))),
            bound: work.bound.iter().map(bound).collect(),
            texts: first(&work.texts),
            parts: compiled(&any_of(&work.parts)),
            documents: compiled(&any_of(&work.documents)),
            of_part: compiled(&format!(
                r"^\s+(?:the|an?|this|that|all|each|any|one|two)?\s*(?:[\w-]+\s+){{0,2}}?{}\s*(?:$|\d|(?:in|from|of|on|about|that|which|at|and|so)\b)",
                any_of(&work.parts)
            )),
            start: compiled(r"^(?:start|begin)(?:s|n?ing)?(?:\s+(?:by|to|with))?\s+"),
            gerund: compiled(
                r"\b(?:of|about|for|against|when|while|than|from|like|is|are|worth|consider|risks?)\s+$",
            ),
            helps_zh: compiled("帮我|替我|为我|帮忙"),
            it: compiled(r"^\s+(?:it|them|that|those|these|all of it|all of them|each)\b"),
            light_zh: compiled(&format!("^(?:{})$", chinese(&reading.light_zh))),
            shared: compiled(&any_of(&work.shared)),
            subordinate: compiled(
                r"\b(?:now that|because|since|so that|when|if|which|while|until|that|as soon as)\b",
            ),
            asks: compiled(r"^(?:what|when|why|how|which|who|where|whether|if)\b"),
            asking: compiled(&any_of(&reading.asking)),
            question: compiled(&any_of(&reading.question)),
            doing: compiled(&format!(r"^\s+(?:{}|\d+)\b", english(&reading.doing))),
            purpose: compiled(&format!(r"\b{}\s+$", english(&reading.purpose))),
            purpose_asked: compiled(&format!(r"\b{}\s+$", english(&reading.purpose_asked))),
            spoken_zh: compiled(&format!("^(?:.*的)?(?:{}|\\s|\\d)*$", chinese(&reading.between_zh))),
            part_of_zh: compiled(&format!(
                r"^[^的,]{{0,8}}的[那这]?[个段条份张]?(?:{})",
                chinese(&reading.parts_zh)
            )),
            relative: compiled(r"\b(?:that|which|who|whose|where|to which)\s+(?:\w+ly\s+)?$"),
            part_zh: compiled(&format!("^的?(?:{})", chinese(&reading.parts_zh))),
            past_zh: compiled(&format!("(?:^|[^为成设标改])(?:{})", chinese(&reading.past_zh))),
            done_zh: compiled(&format!("^(?:{})", chinese(&reading.done_zh))),
            all_zh: compiled(&chinese(&reading.all_zh)),
            todo_zh: compiled(&chinese(&reading.todo_zh)),
            tells: compiled(&format!(r"^(?:[\w'#%./-]+\s+){{0,7}}?({})\b", english(&reading.tells))),
            over_zh: compiled("(?:完|过|好)了$"),
            no_verb_zh: compiled(&format!("^(?:{})", chinese(&reading.no_verb_zh))),
            determines: compiled(
                r"\b(?:the|an?|this|that|these|those|our|my|your|his|her|their|its|last|all)\s+(?:[\w'-]+\s+){0,3}$",
            ),
            verb: compiled(&format!(
                "^(?:{}|{}|{})",
                reading.says.pattern(),
                work.free.pattern(),
                work.bound.iter().map(|bound| bound.verbs.pattern()).collect::<Vec<_>>().join("|")
            )),
            tells_end_zh: compiled("(?:了|过|完毕|成功|失败|没问题|正常)$"),
            past: compiled(&format!(
                r"^(?:\w+ed|{}|\w+\s+(?:\w+ed|{}))\b",
                english(&reading.irregular),
                english(&reading.irregular)
            )),
            no_past: compiled(&format!(r"^(?:{})\b", english(&reading.no_past))),
            todo: compiled(&format!(r"\b(?:{})\b", english(&reading.todo))),
            adds: compiled(&format!(r"^(?:(?:{adds})\b|\w+ing\b|\d|'|$)")),
            acted: compiled(&format!(r"^[\w'-]+\s+(?:(?:{objects})\b|\d|\w*\d)")),
            acts_zh: compiled(&format!("{acts}|(?:{ends})$")),
            modifies: compiled(r"^[\s-]+[a-z][\w-]+"),
            thing_next: compiled(&format!(
                r"^[\s-]+{}",
                any_of(&work.bound.iter().flat_map(|bound| bound.things.clone()).collect::<Vec<_>>())
            )),
            naming: compiled(NAMING),
            name_zh: compiled(OF_A_NAME),
            objects: compiled(&any_of(&inside.objects)),
            people: compiled(&any_of(&inside.people)),
            outside: compiled(&any_of(&inside.outside)),
            direct: compiled(&any_of(&inside.told)),
            preposition: compiled(
                r"\b(?:about|of|that|when|whether|if|on|regarding|with|for|in|at|how|why|what)\b",
            ),
            when_zh: compiled(&chinese(&reading.when_zh)),
            determined: compiled(DETERMINED),
            addressed: compiled(ADDRESSED),
        }
    }
}
