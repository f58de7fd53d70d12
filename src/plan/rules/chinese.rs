//! What a Chinese clause is. Its verb need not stand first, and one character is a verb only where one is expected.

use super::kind::{Heard, Kind};
use super::lexicon::{Role, Token};

/// What joins Chinese nouns: the verb comes behind it.
const JOINS_NOUNS: [&str; 3] = ["和", "及", "以及"];
/// Behind these a thing becomes what is said next, and was nothing before: "改成已完成".
const BECOMES: [char; 5] = ['为', '成', '设', '标', '改'];

/// Behind these a verb of one character may stand: "在文件里改".
const OPENS: [&str; 14] =
    ["里", "里面", "上", "中", "内", "来", "去", "只", "先", "再", "就", "也", "都", "全"];
/// Behind a verb of two characters these make a noun of it: "排名表".
const SUFFIXES: [&str; 22] = [
    "表", "榜", "图", "单", "稿", "卷", "书", "器", "员", "师", "者", "率", "法", "页", "框", "栏", "区",
    "版", "件", "费", "课", "群",
];

/// A verb that ends so is complete, and no noun.
const RESULTS: [char; 8] = ['成', '到', '出', '为', '好', '完', '下', '个'];
/// What alone makes a condition: "没有就…".
const CONDITIONS: [&str; 12] =
    ["没有", "有", "没", "不在", "不是", "不行", "失败", "没的话", "没问题", "可以", "还", "不"];

/// What asks for a yes or a no.
const YES_OR_NO: [&str; 10] =
    ["能不能", "是否", "有没有", "会不会", "要不要", "行不行", "可不可以", "能否", "可否", "是不是"];

/// Says what a Chinese clause is.
pub(super) fn kind(heard: Heard<'_>) -> Kind {
    let Heard { clause, denial, dangers, .. } = heard;
    let words = clause.words;
    let lead = lead(words);
    let changes =
        words.iter().position(|word| word.is_any(&[Role::Own, Role::Craft, Role::Run]) && word.is_han());
    let has = |role: Role| {
        (0..words.len()).find(|at| {
            let behind = !words[*at].is_han() && changes.is_some_and(|changes| changes < *at);
            words[*at].is(role) && !behind && is_verb(words, lead, *at, dangers)
        })
    };
    let any = |role: Role| words.iter().any(|word| word.is(role));
    let asked = words.iter().position(|word| word.is(Role::Question));
    let read = has(Role::Look).or_else(|| has(Role::Asking).filter(|_| asked.is_some()));
    let yes_or_no = words.iter().any(|word| YES_OR_NO.contains(&word.text.as_str()));
    let asks = (yes_or_no
        || (asked.is_some() && dangers.is_empty())
        || clause.next == "?"
        || ends(words, &["吗", "呢", "么", "没", "没有", "与否"]))
        && !asks_for(words);
    let then = clause.joins.iter().any(|join| ["就", "则", "再", "那就"].contains(&join.text.as_str()));
    let began = clause.joins.iter().any(|join| join.text == "并")
        && words.iter().take(3).any(|word| word.text == "了");
    let told = began
        || !then && is_over(words)
        || !then && (read.is_none() && ends(words, &["了", "过", "完毕", "成功", "失败", "没问题", "正常"]));
    let shared = any(Role::Shared) || others_are_reached(words);
    let bound = || {
        let own = has(Role::Own).filter(|_| any(Role::Thing) || any(Role::Part) || any(Role::Tame));
        own.or_else(|| has(Role::Run).filter(|_| any(Role::Tame)))
    };
    if words.len() <= 2 && words.iter().all(|word| CONDITIONS.contains(&word.text.as_str())) {
        return Kind::When;
    }
    if (told || is_past(words)) && !any(Role::Todo) && !acts(words) {
        Kind::Tells(0)
    } else if is_shown_to_others(words) {
        Kind::Shares(0)
    } else if let Some(read) = read {
        Kind::Reads(read + 1)
    } else if asks || (clause.goes_on && asked.is_some_and(|at| at <= lead)) {
        Kind::Reads(lead)
    } else if let Some(verb) = has(Role::Make) {
        if is_put_into_shared(words, verb) { Kind::Shares(verb) } else { Kind::Makes(verb + 1) }
    } else if let Some(verb) = has(Role::Craft).filter(|_| !shared) {
        Kind::Works(verb + 1)
    } else if let Some(verb) = bound().filter(|_| !shared) {
        Kind::Works(verb + 1)
    } else if let Some(verb) = has(Role::Own).or(has(Role::Craft)).filter(|_| shared) {
        Kind::Shares(verb)
    } else if !shared && any(Role::Part) && !acts(words) {
        Kind::Works(0)
    } else if let Some(verb) = has(Role::Onward).filter(|verb| *verb <= lead) {
        let rest: Vec<&Token> = words[verb + 1..].iter().filter(|word| !word.is(Role::Onward)).collect();
        let same = rest.first().is_none_or(|word| word.is(Role::Same));
        let letters: usize = rest.iter().map(|word| word.letters()).sum();
        Kind::GoesOn { names: letters > 2 && !same }
    } else if denial.is_some_and(|denial| denial.at.is_none_or(|at| at <= lead))
        || clause.is_label()
        || JOINS_NOUNS.contains(&clause.next)
    {
        Kind::Adds
    } else if words.first().is_some_and(|word| word.is(Role::When)) && !acts(words) {
        Kind::When
    } else if clause.goes_on && words[0].text == "让" && !shared && !any(Role::Other) {
        Kind::Adds
    } else if any(Role::Finite) && !any(Role::Todo) && !asks_for(words) && dangers.is_empty() {
        Kind::Tells(0)
    } else if unknown_is_asked(words) || (!clause.goes_on && clause.is_joined_by_word()) {
        Kind::Unclear
    } else {
        Kind::Adds
    }
}

/// Tells whether a clause without a known verb asks for something all the same.
fn unknown_is_asked(words: &[Token]) -> bool {
    let english = !words[0].is_han() && words[0].tags.is_verb();
    // What may be a verb where nothing else is one must be taken for it.
    let shared = words.iter().any(|word| word.is(Role::Shared));
    let changes = |word: &Token| word.is(Role::Own) && word.text.ends_with(RESULTS) && word.letters() > 1;
    let verb = words.iter().any(|word| {
        word.is(Role::Bare) || changes(word) || (shared && word.is_any(&[Role::Own, Role::Make, Role::Craft]))
    });
    english || verb || is_bare(words) || acts(words) || is_put_into_shared(words, 0)
}

/// Returns how many small words a clause begins with.
pub(super) fn lead(words: &[Token]) -> usize {
    words.iter().take_while(|word| word.is(Role::Lead) || word.is(Role::Not) || word.is_number()).count()
}

/// Tells whether a word that a list has is the verb where it stands.
fn is_verb(words: &[Token], lead: usize, at: usize, dangers: &[usize]) -> bool {
    let word = &words[at];
    let rest = &words[at + 1..];
    let complements = rest.iter().take_while(|word| word.is(Role::Complement)).count();
    let completed = complements > 0;
    let behind = at.checked_sub(1).is_some_and(|before| OPENS.contains(&words[before].text.as_str()));
    let counted = at
        .checked_sub(1)
        .is_some_and(|before| words[before].is(Role::Complement) || words[before].is_number());
    let last =
        rest.is_empty() && !counted && words.iter().any(|word| ["把", "将"].contains(&word.text.as_str()));
    let expected = at <= lead || words[0].is(Role::Front) || behind || last;
    let whole = word.letters() > 1 || completed || expected;
    let thing = rest.first().is_some_and(|next| {
        next.is_any(&[Role::Thing, Role::Part, Role::Spoken])
            || next.is_number()
            || ["第", "这", "那", "每"].contains(&next.text.as_str())
    });
    let light = word.is(Role::Light) && !completed && !rest.is_empty() && !thing;
    let attribute = completed
        && rest.get(complements).is_some_and(|word| word.text == "的")
        && rest.len() > complements + 1;
    let noun = at.checked_sub(1).is_some_and(|before| words[before].is(Role::Counter));
    let compound = word.letters() > 1
        && !word.text.ends_with(RESULTS)
        && rest.first().is_some_and(|next| SUFFIXES.contains(&next.text.as_str()));
    whole && !compound && !light && !attribute && !noun && !dangers.contains(&at)
}

/// Tells whether a clause asks for something to be done, whatever its verb is: "把…", "…吧".
pub(super) fn acts(words: &[Token]) -> bool {
    words.iter().any(|word| word.is(Role::Acts)) || words.last().is_some_and(|word| word.is(Role::ActsEnd))
}

fn asks_for(words: &[Token]) -> bool {
    words.iter().any(|word| ["把", "将", "帮", "替", "给", "让", "叫", "请"].contains(&word.text.as_str()))
}

/// Tells whether a clause says that something was done already.
pub(super) fn is_past(words: &[Token]) -> bool {
    ago(words).next().is_some()
}

/// Returns where words like "已经" stand.
pub(super) fn ago(words: &[Token]) -> impl Iterator<Item = usize> {
    (0..words.len()).filter(|at| {
        let of = words.get(at + 1).is_some_and(|next| next.text == "的");
        words[*at].is(Role::Ago)
            && !of
            && !at.checked_sub(1).is_some_and(|before| words[before].text.ends_with(BECOMES))
    })
}

/// Tells whether others are shown something: "给客户看草稿".
fn is_shown_to_others(words: &[Token]) -> bool {
    words.windows(3).any(|three| {
        let looks = ["看", "听", "过目", "审", "确认", "检查", "看看", "看一下", "讲", "说"]
            .contains(&three[2].text.as_str());
        three[0].text == "给" && three[1].is(Role::Other) && looks
    })
}

/// Tells whether a clause ends with a verb of one character: "直接转".
fn is_bare(words: &[Token]) -> bool {
    let end = words
        .iter()
        .rposition(|word| !word.is(Role::ActsEnd) && !["了", "给", "到", "去"].contains(&word.text.as_str()));
    end.is_some_and(|at| {
        words[at].is(Role::Bare) && at.checked_sub(1).is_none_or(|before| words[before].text != "的")
    })
}

fn is_over(words: &[Token]) -> bool {
    let text = last_letters(words);
    ["完了", "过了", "好了"].iter().any(|end| text.ends_with(end))
}

fn ends(words: &[Token], ends: &[&str]) -> bool {
    let text = last_letters(words);
    ends.iter().any(|end| text.ends_with(end))
}

fn last_letters(words: &[Token]) -> String {
    words[words.len().saturating_sub(3)..].iter().map(|word| word.text.as_str()).collect()
}

/// Tells whether others are not only spoken of, but get or have what is done.
fn others_are_reached(words: &[Token]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let towards = at.checked_sub(1).is_some_and(|before| words[before].is(Role::Towards));
        let of = words.get(at + 1).is_some_and(|next| next.text == "的");
        word.is(Role::Other) && !of && (towards || at + 1 == words.len())
    })
}

/// Tells whether a text is written where others have it: "写到群公告里".
fn is_put_into_shared(words: &[Token], verb: usize) -> bool {
    let into = words[verb].text.ends_with(['到', '进', '入', '给', '在']);
    let shared = |word: &Token| word.is_any(&[Role::Shared, Role::Other]);
    let behind = words[verb + 1..].iter().take(4);
    let towards = (1..words.len()).any(|at| {
        let of = words.get(at + 1).is_some_and(|next| next.text == "的");
        words[at].is(Role::Shared) && words[at - 1].is(Role::Towards) && !of
    });
    let given = words[verb + 1..].windows(2).any(|pair| pair[0].text == "给" && pair[1].is(Role::Other));
    let of = words.last().is_some_and(|_| words[verb + 1..].iter().any(|word| word.text == "的"));
    (into && behind.clone().any(shared)) || towards || (given && !of)
}
