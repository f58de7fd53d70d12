//! Which Chinese word is the verb of a clause, and which may be one.

use super::super::lexicon::{Role, Tags, Token};
use super::{acts, is_put_into_shared, lead};

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

/// Tells whether a word that a list has is the verb where it stands.
pub(super) fn is_verb(words: &[Token], lead: usize, at: usize, dangers: &[usize]) -> bool {
    let word = &words[at];
    let rest = &words[at + 1..];
    let complements = rest.iter().take_while(|word| word.is(Role::Complement)).count();
    let completed = complements > 0;
    let behind = at.checked_sub(1).is_some_and(|before| OPENS.contains(&words[before].text.as_str()));
    let before = at.checked_sub(1).map(|before| &words[before]);
    let put = before.is_some_and(|before| ["进", "到", "入", "里"].contains(&before.text.as_str()));
    let place = word.is(Role::Thing) && put;
    // "统一发货", "照旧结钱", "分三次转": what is done stands behind.
    let asked = words.iter().any(|word| word.is(Role::Question));
    let later =
        |after: usize| after > at && !asked && (dangers.contains(&after) || may_do_anything_at(words, after));
    let small = (word.is(Role::Lead) && (at + 1..words.len()).any(later))
        || (word.letters() == 1 && words.len() > at + 1 && later(words.len() - 1))
        || (word.is(Role::Still) && word.is(Role::Look) && !rest.is_empty());
    let by = ["对照", "参照", "比照", "参考"].contains(&word.text.as_str())
        && dangers.iter().any(|danger| *danger > at);
    let counted = at
        .checked_sub(1)
        .is_some_and(|before| words[before].is(Role::Complement) || words[before].is_number());
    let last = rest.is_empty() && !counted && words.iter().any(Token::fronts);
    // "用大白话讲".
    let last = last
        || (rest.is_empty() && word.is(Role::Look) && before.is_some_and(|before| before.is(Role::Lead)));
    // "把稿子改自然些": nothing but how it is to be stands behind.
    let how = word.is_any(&[Role::Own, Role::Craft])
        && !word.is(Role::Bare)
        && rest.len() <= 3
        && words.iter().any(Token::fronts)
        && rest.iter().all(|word| word.is_han() && word.tags.roles == 0);
    let last = last || how;
    let expected = at <= lead || words[0].is(Role::Front) || behind || last;
    let whole = word.letters() > 1 || completed || expected;
    let thing = rest.first().is_some_and(|next| {
        next.is_any(&[Role::Thing, Role::Part, Role::Spoken])
            || next.is_number()
            || ["第", "这", "那", "每"].contains(&next.text.as_str())
    });
    let light = word.is(Role::Light) && !completed && !rest.is_empty() && !thing;
    let attribute = rest.len() > complements + 1
        && rest.get(complements).is_some_and(|word| word.text == "好的" || (completed && word.text == "的"));
    let noun = word.letters() < 3 && at.checked_sub(1).is_some_and(|before| words[before].is(Role::Counter));
    let apart = |next: &Token| {
        !next.is_han() || next.is_any(&[Role::Counter, Role::Own, Role::Look, Role::Complement])
    };
    let compound = word.letters() > 1
        && !word.text.ends_with(RESULTS)
        && rest.first().is_some_and(|next| SUFFIXES.contains(&next.text.as_str()))
        && rest.get(1).is_none_or(apart);
    whole && !small && !place && !by && !compound && !light && !attribute && !noun && !dangers.contains(&at)
}

/// Tells whether a word is a noun for what stands before it: "从 batch 17", "删除测试账号".
pub(super) fn is_noun_behind(words: &[Token], at: usize, dangers: &[usize]) -> bool {
    let Some(before) = at.checked_sub(1) else { return false };
    let acts = dangers.contains(&before) || words[before].tags.does != 0;
    let named = words[at].text == "测试" && acts && at + 1 < words.len();
    named
        || (!words[at].is_han()
            && ["从", "的", "第", "这", "那", "个"].contains(&words[before].text.as_str()))
}

/// Tells whether a verb of one character may ask here: not in "还是", "没转".
pub(super) fn is_bare_verb(words: &[Token], at: usize) -> bool {
    let small = ["是", "在", "没", "有", "要", "差", "缺", "能", "需", "不", "没有", "需要", "得", "剩"];
    let still =
        words[at].text == "还" && words.get(at + 1).is_none_or(|next| small.contains(&next.text.as_str()));
    let denied = at.checked_sub(1).is_some_and(|before| words[before].is(Role::HowThingsAre));
    let counts = at.checked_sub(1).is_some_and(|before| {
        words[before].is_number() || ["太", "很"].contains(&words[before].text.as_str())
    });
    // "拍得糊" tells how something is.
    let how = words.get(at + 1).is_some_and(|next| next.text.starts_with('得')) && at + 2 < words.len();
    words[at].is(Role::Bare) && !still && !denied && !counts && !how
}

/// Tells whether a verb of one character in it may do anything: "都发了", "挨个约".
pub(in super::super) fn may_do_anything(words: &[Token]) -> bool {
    (0..words.len()).any(|at| may_do_anything_at(words, at))
}

fn may_do_anything_at(words: &[Token], at: usize) -> bool {
    let word = &words[at];
    let tame = word.is_any(&[Role::Look, Role::Craft]) || ["补", "留"].contains(&word.text.as_str());
    let turns = word.text == "转" && words.get(at + 1).is_some_and(|next| next.is(Role::Thing));
    is_bare_verb(words, at) && !tame && !turns
}

/// Tells whether a verb that may do anything stands behind what is understood: "改完投那家".
pub(in super::super) fn does_more(words: &[Token], from: usize) -> bool {
    (from..words.len()).any(|at| may_do_anything_at(words, at))
}

/// Tells whether a clause that reads or writes something ends with what is to be done with it: "照片挑十张冲印".
pub(in super::super) fn ends_with_more(words: &[Token], from: usize) -> bool {
    let Some(last) = words.len().checked_sub(1) else { return false };
    // "给校对发酬劳".
    if words[0].text == "给"
        && from < 4
        && !words[1..from.clamp(1, words.len())].iter().any(|word| word.is(Role::Thing))
        && does_more(words, from)
    {
        return true;
    }
    let small = ["的", "和", "被", "未", "够", "再", "已", "与", "及", "或", "又", "自动"];
    let before = &words[last.saturating_sub(1)];
    let over = before.letters() > 1 && before.text.ends_with(['好', '完', '版', '成', '了', '过']);
    (last > from || (last == from && over))
        && may_do_anything_at(words, last)
        && (before.tags != Tags::default() || before.is_number())
        && !small.contains(&before.text.as_str())
        && !before.is_any(&[Role::Not, Role::Naming, Role::Spoken, Role::Todo, Role::Finite])
        && !words.iter().any(|word| word.is(Role::Question))
}

/// Tells whether a clause brings what it works on to a place that is not known as one's own: "把模型放到 hub 上".
pub(in super::super) fn is_brought(words: &[Token], from: usize) -> bool {
    let Some(verb) = from.checked_sub(1).and_then(|at| words.get(at)) else { return false };
    let front = words[..from].iter().any(Token::fronts);
    let placed = ["贴", "挂", "放", "传", "存"].contains(&verb.text.as_str())
        || (verb.is_any(&[Role::Own, Role::Craft, Role::Make])
            && verb.text.ends_with(['到', '进', '至', '入'])
            && verb.letters() > 1);
    let rest = &words[from..];
    let near = |word: &Token| {
        word.is_any(&[Role::Thing, Role::Part, Role::Piece, Role::Tame, Role::Feature, Role::Spoken])
            || (word.is(Role::Complement) && !["上", "出", "进", "下", "到"].contains(&word.text.as_str()))
            || word.is_number()
            || word.text.starts_with('第')
    };
    placed && front && !rest.is_empty() && !rest.iter().any(near)
}

/// Tells whether a clause makes something into something else, and names nothing that is booked, bought or others':
/// "把 hash 路由改成 history 路由".
pub(in super::super) fn becomes(words: &[Token]) -> bool {
    let verb = |word: &Token| {
        word.letters() > 1
            && word.text.ends_with('成')
            && word.is_any(&[Role::Own, Role::Craft, Role::Look, Role::Make])
    };
    let others = |word: &Token| {
        let of = [Role::Shared, Role::Other, Role::Outside, Role::Suspect];
        (word.tags.to != 0 && !word.is(Role::Thing)) || word.is_any(&of)
    };
    let Some(at) = words.iter().position(verb) else { return false };
    let into = words.get(at + 1).is_some_and(|next| !next.is_number() && !next.is(Role::Lead));
    into && !words.iter().any(others) && !may_do_anything(words)
}

/// Tells whether a clause has a verb that is harmless where nothing of others is near, and none that may be another.
pub(in super::super) fn is_bound(words: &[Token]) -> bool {
    let known = |word: &Token| word.is_any(&[Role::Own, Role::Craft, Role::Look, Role::Make]);
    let it = words.windows(2).any(|pair| pair[0].text == "让" && pair[1].text == "它");
    it || words.iter().any(known)
}

/// Tells whether all that a clause asks for is to mend something: "有就修".
pub(in super::super) fn mends(words: &[Token]) -> bool {
    words.iter().all(|word| {
        ["修", "改", "标", "记", "修掉", "改掉", "标出", "它", "它们", "上", "下来"]
            .contains(&word.text.as_str())
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

/// Tells whether a clause without a known verb asks for something all the same.
pub(super) fn unknown_is_asked(words: &[Token]) -> bool {
    let runs = words.get(lead(words)).is_some_and(|word| word.is(Role::Run));
    let english = runs || !words[0].is_han() && words[0].tags.is_verb();
    // What may be a verb where nothing else is one must be taken for it.
    let shared = words.iter().any(|word| word.is(Role::Shared));
    let changes = |word: &Token| word.is(Role::Own) && word.text.ends_with(RESULTS) && word.letters() > 1;
    let verb = words.iter().enumerate().any(|(at, word)| {
        is_bare_verb(words, at)
            || changes(word)
            || (shared && word.is_any(&[Role::Own, Role::Make, Role::Craft]))
    });
    let whom = |word: &Token| word.is_any(&[Role::Suspect, Role::Other, Role::Outside]);
    let helps =
        words.iter().take(2).any(|word| ["替我", "帮我", "帮忙", "麻烦", "请"].contains(&word.text.as_str()));
    english
        || verb
        || (helps && words.iter().any(whom))
        || is_bare(words)
        || acts(words)
        || is_put_into_shared(words, 0)
}
