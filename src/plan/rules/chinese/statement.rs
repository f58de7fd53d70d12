//! How a Chinese clause tells what was done, says how things are, or asks.

use super::super::lexicon::{Role, Token};
use super::asks_for;

/// Behind these a thing becomes what is said next, and was nothing before: "改成已完成".
const BECOMES: [char; 5] = ['为', '成', '设', '标', '改'];

/// What asks for a yes or a no.
const YES_OR_NO: [&str; 10] =
    ["能不能", "是否", "有没有", "会不会", "要不要", "行不行", "可不可以", "能否", "可否", "是不是"];

/// Tells whether what it says was done before it says what to: "运维已经把集群下线".
pub(super) fn is_past_first(words: &[Token]) -> bool {
    let acts = words.iter().position(|word| word.is(Role::Acts)).unwrap_or(words.len());
    let over = || words[acts..].iter().any(|word| word.text == "了");
    let already = |word: &Token| ["已经", "已", "早已", "都已经", "刚刚"].contains(&word.text.as_str());
    let ago = |word: &Token| word.is(Role::Ago) && over();
    words[..acts].iter().any(|word| already(word) || ago(word))
}

/// Tells whether a clause says that something was done already.
pub(super) fn is_past(words: &[Token]) -> bool {
    ago(words).next().is_some()
}

/// Returns where words like "已经" stand.
pub(in super::super) fn ago(words: &[Token]) -> impl Iterator<Item = usize> {
    (0..words.len()).filter(|at| {
        let of = words.get(at + 1).is_some_and(|next| {
            ["的", "那", "这", "那条", "这条", "那个", "这个", "那封", "那笔", "那单"]
                .contains(&next.text.as_str())
        });
        // "按去年的位次".
        let by = at.checked_sub(1).is_some_and(|before| {
            ["按", "照", "按照", "比", "跟", "用", "拿"].contains(&words[before].text.as_str())
        });
        let attribute = words[*at + 1..].iter().take(4).any(|word| word.text == "的")
            && words[*at].text.starts_with('已');
        // "下周三早上".
        let ahead = at.checked_sub(1).is_some_and(|before| {
            words[before].text.starts_with(['明', '下', '后']) && words[before].is(Role::Lead)
        });
        words[*at].is(Role::Ago)
            && !of
            && !attribute
            && !ahead
            && !by
            && !at.checked_sub(1).is_some_and(|before| words[before].text.ends_with(BECOMES))
    })
}

/// Tells whether it says how things are: "报价单是 PDF", "清单共 9 项".
pub(super) fn states(words: &[Token]) -> bool {
    let says = ["是", "共", "一共", "被", "卡在", "只有", "只写到", "算错", "出自", "位于", "属于", "叫"];
    let has = words.windows(2).any(|pair| {
        (pair[0].text == "有" && (pair[1].is_number() || pair[1].is(Role::Complement)))
            || (["里", "中"].contains(&pair[0].text.as_str()) && pair[1].text == "有")
            || (pair[0].text == "卡" && pair[1].text == "在")
            || (pair[0].text == "在" && pair[1].is(Role::Part))
    });
    // "减到 0 时不消失" tells what goes wrong.
    let goes_wrong = words.windows(2).skip(1).any(|pair| {
        pair[0].text == "时"
            && (pair[1].is(Role::Not)
                || pair[1].is(Role::Finite)
                || ["会", "却", "就"].contains(&pair[1].text.as_str()))
    });
    let attribute = |at: usize| words[at + 1..].iter().take(4).any(|word| word.text.starts_with('的'));
    has || goes_wrong
        || (1..words.len())
            .any(|at| says.contains(&words[at].text.as_str()) && !(words[at].text == "被" && attribute(at)))
}

/// Tells whether somebody is quoted who lacks something: "用户说密码重置邮件没收到".
pub(super) fn lacks(words: &[Token]) -> bool {
    let says = words
        .iter()
        .take(4)
        .position(|word| ["说", "反馈", "反映", "抱怨", "称", "报", "报告"].contains(&word.text.as_str()));
    says.is_some_and(|says| {
        let who = |word: &Token| {
            word.is_any(&[Role::User, Role::Other, Role::Outside])
                || ["组", "方", "部", "队", "们"].contains(&word.text.as_str())
        };
        let theirs =
            words[says..].windows(2).any(|pair| pair[0].text.ends_with('们') || pair[1].text == "会");
        says > 0
            && words[..says].iter().any(who)
            && (theirs
                || words[says..].iter().any(|word| word.is(Role::HowThingsAre) || word.is(Role::Finite)))
    })
}

/// Tells whether somebody has brought something about: "用户把旧账单发来了".
fn brought_it(words: &[Token]) -> bool {
    words.get(1).is_some_and(|word| word.text == "把") && words.last().is_some_and(|word| word.text == "了")
}

/// Tells whether the user or somebody else has done it: "用户贴了一句…".
pub(super) fn somebody_did(words: &[Token]) -> bool {
    words[0].is_any(&[Role::User, Role::Other])
        && words[0].text != "我"
        && (words.iter().take(4).any(|word| word.text == "了") || asks_us(words) || brought_it(words))
        && (!words.iter().take(3).any(|word| word.is_any(&[Role::Front, Role::Towards])) || brought_it(words))
}

/// Tells whether somebody else asks something: "客户问为什么…".
fn asks_us(words: &[Token]) -> bool {
    words.get(1).is_some_and(|verb| verb.text == "问")
        && words[2..].iter().any(|word| word.is(Role::Question))
}

/// Tells whether its end asks as often as it tells, where nothing says when it was: "热水器关了".
pub(super) fn asks_by_its_end(words: &[Token]) -> bool {
    let others = |word: &Token| word.is_any(&[Role::Suspect, Role::Shared]);
    !is_past(words)
        && ends(words, &["了"])
        && (words.iter().any(others) || ends_with_order(words))
        && !words.iter().any(|word| word.is(Role::User))
}

/// Tells whether a verb that may do anything stands before the "了" at the end: "那套定了".
fn ends_with_order(words: &[Token]) -> bool {
    let verb = words.len().checked_sub(2).map(|at| &words[at]);
    verb.is_some_and(|verb| verb.is(Role::Bare) || (verb.tags.does != 0 && !verb.is(Role::Own)))
}

/// Tells whether its words ask.
pub(super) fn asks(words: &[Token]) -> bool {
    words.iter().any(|word| YES_OR_NO.contains(&word.text.as_str()))
        || asks_by_denial(words)
        || ends(words, &["什么意思", "怎么写的", "怎么回事", "是什么", "怎么算", "怎么说"])
        || ends(words, &["吗", "呢", "么", "没", "没有", "与否"])
}

/// Tells whether it is asked how or why something dangerous is as it is: "社保缴费基数怎么算的".
pub(super) fn asks_how(words: &[Token], dangers: &[usize]) -> bool {
    let how = ["怎么", "为什么", "为啥", "为何", "怎样", "怎么算", "有什么", "有哪些", "是什么", "如何"];
    let asked = words.iter().rposition(|word| how.contains(&word.text.as_str()));
    asked.is_some_and(|how| dangers.iter().all(|danger| *danger < how))
        && !words.iter().any(|word| word.is(Role::Acts))
}

/// Tells whether it asks by a verb and its denial: "退没退", "行不行".
fn asks_by_denial(words: &[Token]) -> bool {
    words
        .windows(3)
        .any(|three| three[0].text == three[2].text && ["没", "不"].contains(&three[1].text.as_str()))
}

/// Tells whether it is to be confirmed how things are: "确认是绿的", "确认挡得住".
pub(super) fn confirms(words: &[Token], lead: usize) -> bool {
    let how = ["得", "能", "是", "为", "都", "绿", "一致", "正确", "正常", "无误", "没有", "没", "等于"];
    words.iter().position(|word| word.text == "确认").is_some_and(|at| {
        at <= lead + 3
            && words[at + 1..].iter().any(|word| how.contains(&word.text.as_str()))
            && !asks_for(words)
    })
}

pub(super) fn is_over(words: &[Token]) -> bool {
    let text = last_letters(words);
    ["完了", "过了", "好了"].iter().any(|end| text.ends_with(end))
}

pub(super) fn ends(words: &[Token], ends: &[&str]) -> bool {
    let text = last_letters(words);
    ends.iter().any(|end| text.ends_with(end))
}

fn last_letters(words: &[Token]) -> String {
    words[words.len().saturating_sub(3)..].iter().map(|word| word.text.as_str()).collect()
}
