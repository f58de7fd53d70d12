//! Where a dangerous word is a noun, or the name of a thing.

use super::super::beyond;
use super::super::chinese;
use super::super::kind::{adds, lead};
use super::super::lexicon::{Form, Role, Token};
use super::super::phrase::{is_made_to, puts_into_text, starts_with_own};
use super::{Mark, REACHES, Spot};

/// Behind a Chinese verb these make the name of a thing: "报价单".
const NOMINAL: [&str; 24] = [
    "单", "件", "表", "人", "方", "率", "量", "额", "期", "日", "码", "号", "者", "员", "价", "组合", "史",
    "信", "函", "书", "语", "词", "稿", "牌",
];

impl Spot<'_> {
    /// Tells whether a Chinese word is a part of a name: "转账页面".
    pub(super) fn is_named_zh(self) -> bool {
        let after = self.after();
        let [first, rest @ ..] = after else { return false };
        if self.is_nominal_zh() {
            return true;
        }
        // "删除测试账号": the account is deleted.
        if first.text == "测试"
            && rest
                .first()
                .is_some_and(|next| next.text != "的" && !next.is_any(&[Role::Feature, Role::Thing]))
        {
            return false;
        }
        // "删除文档": the whole document.
        if self.danger.name == "deletion"
            && self.at <= chinese::lead(self.words())
            && rest.is_empty()
            && first.is(Role::Thing)
        {
            return false;
        }
        // "跑一下补发脚本": what is named is run.
        let runs = self.words().iter().any(|word| word.is(Role::Run));
        let tame = after.iter().any(|word| word.is(Role::Tame) && !word.is(Role::Run));
        if runs
            && !tame
            && ["脚本", "任务", "作业", "流程", "程序", "接口", "命令"].contains(&first.text.as_str())
        {
            return false;
        }
        let of = first.text.starts_with('的') && !rest.is_empty();
        let far = || {
            let of = after.iter().take(6).position(|word| word.text == "的");
            let text = |word: &Token| {
                word.is(Role::Feature)
                    || word.is(Role::Part)
                    || ["信", "邮件", "短信", "消息", "回复", "话"].contains(&word.text.as_str())
            };
            of.is_some_and(|of| after[of + 1..].iter().take(3).any(text))
        };
        let topic = !self.own().is_han()
            && self.at == 0
            && self.danger.is(Mark::Texts)
            && self.after().iter().any(|word| word.is_han() && word.is_any(&[Role::Make, Role::Look]));
        // "邮件只写草稿".
        let drafted = self.noun
            && self.at <= chinese::lead(self.words())
            && self.danger.is(Mark::Texts)
            && after.iter().any(|word| {
                word.text.ends_with('稿') || ["模板", "标题", "正文", "格式"].contains(&word.text.as_str())
            });
        let topic = topic || drafted;
        let english = topic || !self.own().is_han() && first.is_any(&[Role::Thing, Role::Part]);
        let noun = self.noun && first.is_any(&[Role::Thing, Role::Part]);
        // "订票系统的单元测试".
        let system = ["booking", "payment", "transfer", "binding"].contains(&self.danger.name)
            && ["系统", "平台", "网站", "软件", "小程序", "程序"].contains(&first.text.as_str())
            && matches!(rest, [of, thing, ..] if of.text == "的" && thing.is_any(&[Role::Thing, Role::Part]));
        let verb = self.own().text.ends_with(REACHES);
        let aspect = self.danger.is(Mark::Names) && first.is(Role::Aspect);
        let inside = self.noun
            && after.iter().take(4).any(|word| ["里", "中", "内", "里面"].contains(&word.text.as_str()));
        of || english
            || system
            || inside
            || noun
            || aspect
            || (first.is(Role::Feature) && !verb)
            || (self.danger.is(Mark::Texts) && far())
    }

    /// Tells whether an English word stands in a text that a Chinese clause speaks of: "日志里 payment timeout 出现了几次".
    pub(super) fn is_cited_zh(self) -> bool {
        let text = |pair: &[Token]| {
            pair[0].is(Role::Thing)
                && (pair[0].text.ends_with(['里', '中']) || ["里", "中"].contains(&pair[1].text.as_str()))
        };
        !self.own().is_han()
            && !self.danger.is(Mark::Strict)
            && self.words()[..=self.at].windows(2).any(text)
            && !chinese::acts(self.words())
            && !self.words().iter().any(|word| word.is_any(&[Role::Shared, Role::Suspect]))
    }

    /// Tells whether a clause that asks for nothing has the Chinese word in the name of a thing that it says something of:
    /// "商店购买界面溢出了".
    pub(super) fn is_name_zh(self) -> bool {
        let Some(first) = self.after().first() else { return false };
        let words = self.words();
        // At the beginning "付款页面" may be where it is done, unless something is said of it.
        let begins = self.at <= chinese::lead(words);
        let told = |word: &Token| word.is_any(&[Role::Finite, Role::HowThingsAre, Role::Question]);
        let named = first.is(Role::Feature) || (first.is(Role::Thing) && !begins);
        let ends = self.own().is_han() && self.own().text.ends_with(REACHES);
        named
            && first.text != "测试"
            && (!begins || self.after().iter().any(told))
            && !first.is_any(&[Role::Shared, Role::Other, Role::Suspect, Role::Own])
            && !ends
            && !self.danger.is(Mark::Strict)
            && !chinese::acts(words)
            && !chinese::does_more(words, 0)
            && !words.iter().any(|word| word.is(Role::Run))
    }

    /// Tells whether a Chinese verb is a noun where it stands: "报价单", "三笔转账", "投票还没开始", "小程序的下单按钮".
    pub(super) fn is_nominal_zh(self) -> bool {
        let [first, rest @ ..] = self.after() else { return false };
        if self.danger.is(Mark::Strict) || self.own().text.ends_with(REACHES) {
            return false;
        }
        let is = |word: &Token, list: &[&str]| list.contains(&word.text.as_str());
        let counted = match self.before() {
            [.., number, counter] => {
                let texts = self.danger.is(Mark::Texts)
                    && is(counter, &["条", "封", "份", "个", "张", "则", "段", "篇", "句"]);
                (texts || is(counter, &["笔", "次"]))
                    && (number.is_number() || number.is_any(&[Role::Complement, Role::Counter]))
            }
            _ => false,
        } || self
            .before()
            .last()
            .is_some_and(|word| is(word, &["那次", "这次", "那笔", "这笔", "每笔", "每次"]));
        // "第二问".
        let ordinal = match self.before() {
            [.., th, number] if th.text == "第" => number.is_number() || number.is(Role::Complement),
            [.., number] => number.text.starts_with('第'),
            [] => false,
        };
        let counted = counted || (self.own().letters() == 1 && ordinal);
        let suffix = self.own().letters() > 1
            && is(first, &NOMINAL)
            && !["deletion", "submit", "database", "retry"].contains(&self.danger.name);
        let state = rest.first().is_none_or(|next| next.text != "的")
            && is(first, &["还没", "前后", "期间", "失败", "成功", "那次", "那笔"]);
        let inner = self.at > chinese::lead(self.words())
            && first.is_any(&[Role::Feature, Role::Thing])
            && self.before().last().is_some_and(|word| word.text == "的");
        // "英文邮件读不懂", "收费标准的公示看不懂".
        let of = self.own().letters() > 1 && self.before().last().is_some_and(|word| word.text == "的");
        let told = (self.noun || of) && first.is_any(&[Role::Finite, Role::HowThingsAre]);
        // "学生的回答标上…".
        let worked_on = of
            && self.danger.is(Mark::Texts)
            && first.letters() > 1
            && first.is_any(&[Role::Look, Role::Craft, Role::Make]);
        // "三份报价里的口径".
        let among = self.own().letters() > 1
            && is(first, &["里", "里面", "中", "的"])
            && matches!(self.before(), [.., number, by] if is(by, &["份", "张", "条", "封"])
                && (number.is_number() || number.is_any(&[Role::Complement, Role::Spoken])));
        let listed = self.noun && rest.iter().chain([first]).any(|word| is(word, &["的", "在", "是", "有"]));
        counted || suffix || state || inner || listed || told || worked_on || among
    }

    /// Tells whether a thing before it is of it, or for it: "a test for refunds".
    pub(super) fn is_about(self) -> bool {
        let before = self.before();
        let naming = before.iter().rev().take(4).any(|word| word.is(Role::Naming));
        naming && before.iter().any(|word| word.is_any(&[Role::Thing, Role::Part, Role::Tame]))
    }

    /// Tells whether an English word is a part of a name, or what a thing is about: "the checkout bug", "a test for refunds".
    pub(super) fn is_named(self) -> bool {
        let after = self.after();
        let thing = |words: &[Token]| {
            words.iter().any(|word| word.is_any(&[Role::Thing, Role::Part, Role::Tame, Role::Piece]))
        };
        let follows = !adds(after) && !after[0].is(Role::Lead);
        let about = self.is_about();
        let text_itself = self.danger.is(Mark::Texts) && self.is_noun() && thing(self.words());
        let goes_on =
            self.own().form == Form::Ing && self.before().last().is_some_and(|word| word.is(Role::Onward));
        let done = goes_on || self.is_purpose() || (self.is_followed_by_object() && !self.is_noun());
        // "Sort the invoices in the folder".
        let sorted = self.noun
            && thing(self.words())
            && self.before().iter().any(|word| word.is(Role::Craft) && !beyond::takes(word));
        // "Label the whale calls".
        let labelled = self.danger.is(Mark::Texts)
            && self.own().form == Form::S
            && self.before().iter().any(|word| word.is(Role::Texts) || word.text.starts_with("label"))
            && !self.words().iter().any(|word| word.is_any(&[Role::Shared, Role::Other]));
        let sorted = sorted || labelled || self.is_noted();
        // "So that a refund of zero is covered".
        let within = self.is_noun()
            && self.before().iter().any(|word| word.text == "so that" || word.is(Role::Relative));
        // "Tidy up how we describe the release".
        let asked = self.is_noun()
            && self.own().form == Form::Base
            && self.before().iter().any(|word| word.is(Role::Question))
            && self.before().last().is_some_and(|word| word.is(Role::Determiner));
        !done && (asked || sorted || within || follows || about || text_itself)
    }

    /// Tells whether it is only written into a text or a table: "put the deposit as a line in the sheet".
    fn is_noted(self) -> bool {
        let verb = self.words().get(lead(self.words())).map_or("", |word| word.text.as_str());
        let puts = [
            "put", "add", "enter", "note", "record", "log", "include", "insert", "copy", "list", "paste",
            "type", "key in",
        ];
        self.noun && puts.contains(&verb) && puts_into_text(self.after())
    }

    /// Tells whether it stands where only a noun does: "the order", "a large transfer".
    pub(super) fn is_noun(self) -> bool {
        let noun = self.noun || self.own().form == Form::S;
        let before = self.before();
        // "The reset mail".
        let named = matches!(before, [.., first, second] if first.is(Role::Determiner) && second.is(Role::Own) && !second.is(Role::It));
        let determined = named
            || before
                .iter()
                .rev()
                .take(4)
                .take_while(|word| !word.tags.is_verb() || word.is(Role::Determiner))
                .any(|word| word.is_any(&[Role::Determiner, Role::Preposition]) && !word.is(Role::Purpose));
        noun || determined || self.own().form == Form::Ed
    }

    /// Tells whether a part of a text or of code is what it is done to: "remove the second paragraph".
    pub(in super::super) fn is_of_part(self) -> bool {
        if self.is_zh() {
            return self.is_of_text_zh() || self.is_put_into_text_zh() || self.begins_name_zh();
        }
        if self.is_given_to_thing() || self.is_renamed() {
            return true;
        }
        if !self.stays_in_text() {
            return false;
        }
        let skipped = self.after().iter().take_while(|word| word.is(Role::Determiner)).count();
        let rest = &self.after()[skipped..];
        let at = rest
            .iter()
            .take(3)
            .take_while(|word| !word.is(Role::Preposition))
            .position(|word| word.is(Role::Piece));
        let Some(at) = at else { return self.is_taken_out_of_text() };
        // "The watermark layer".
        let own = |next: &Token| next.is_any(&[Role::Thing, Role::Piece]) && !next.is(Role::Suspect);
        let end = at + 1 + usize::from(rest.get(at + 1).is_some_and(own));
        rest.get(end).is_none_or(|next| {
            next.is_any(&[Role::Preposition, Role::When, Role::Relative, Role::Lead]) || next.is_number()
        })
    }

    /// Tells whether a thing of one's own is given something, or is made to do something: "give it a title", "let the tests
    /// use a fixed date".
    fn is_given_to_thing(self) -> bool {
        let others = |word: &Token| {
            word.is_name
                || word.text == "to"
                || word.is_any(&[Role::Shared, Role::Suspect, Role::Other, Role::Outside, Role::User])
        };
        let after = self.after();
        let own = |word: &Token| word.is_any(&[Role::Thing, Role::Part, Role::Piece]);
        let it = after.first().is_some_and(|word| word.text == "it") && after.iter().any(own);
        let first = self.at == lead(self.words());
        match self.own().text.as_str() {
            "give" => first && (it || starts_with_own(after)) && !after.iter().any(others),
            "let" => first && is_made_to(after),
            // "Check in the log whether".
            "check in" => {
                let asks = after.iter().any(|word| word.is_any(&[Role::Question, Role::Tame]) || own(word));
                let until = after.iter().position(|word| word.is(Role::Question)).unwrap_or(after.len());
                after.first().is_some_and(|word| word.is(Role::Determiner))
                    && asks
                    && !after[..until].iter().any(others)
            }
            _ => false,
        }
    }

    /// Tells whether it is a name that is changed in code: "after renaming Booking to Reservation".
    fn is_renamed(self) -> bool {
        self.own().is_name
            && self
                .before()
                .iter()
                .any(|word| ["rename", "renaming", "renamed"].contains(&word.text.as_str()))
    }

    /// Tells whether what it does to a part of a text goes no further: a chapter is removed, and not published.
    fn stays_in_text(self) -> bool {
        let verb = self.own().text.as_str();
        let toggles = ["enable", "disable", "toggle", "flip", "activate", "deactivate", "turn", "switch"];
        let says = ["give", "answer", "let", "comment", "reorder"];
        match self.danger.name {
            "deletion" | "database" | "booking" | "device" => true,
            "deploy" => toggles.contains(&verb) || verb.starts_with("turn o") || verb.starts_with("switch o"),
            _ => says.contains(&verb),
        }
    }

    /// Tells whether it takes something out of a text of one's own: "把话术里的语气词删掉".
    fn is_of_text_zh(self) -> bool {
        let words = self.words();
        let others = |word: &Token| word.is_any(&[Role::Shared, Role::Suspect]);
        let inside = self.before().windows(2).any(|pair| {
            ["里", "中", "里面"].contains(&pair[0].text.as_str()) && pair[1].text.starts_with('的')
        });
        let text = self.before().iter().any(|word| word.is_any(&[Role::Part, Role::Piece]));
        let piece = self.before().last().is_some_and(|word| word.is(Role::Piece));
        let removes =
            self.danger.name == "deletion" && self.own().text.starts_with(['删', '去', '砍', '剔', '裁']);
        // "删去重复的台词", "砍掉两个景点".
        let last = self.after().last().is_some_and(|word| word.is(Role::Piece))
            && !chinese::does_more(words, self.at + 1);
        let front = self.before().iter().any(|word| word.is(Role::Front));
        // "水印删掉".
        let topic = piece && self.after().is_empty();
        // "Emoji 太多，删掉一半".
        let small = |word: &Token| {
            word.is_any(&[Role::Complement, Role::Spoken, Role::Counter])
                || word.is_number()
                || word.text == "半"
        };
        let some = self.trims && self.at <= chinese::lead(words) && self.after().iter().all(small);
        removes
            && (some || last || topic || (front && (piece || (inside && text))))
            && !words.iter().any(others)
    }

    /// Tells whether it begins the name of a thing that the clause works on a part of: "上线文档的注释补一下".
    fn begins_name_zh(self) -> bool {
        let [first, of, rest @ ..] = self.after() else { return false };
        let inside = first.text.ends_with('里') && first.is(Role::Thing);
        let named = first.is(Role::Feature) && (of.text == "的" || ["里", "中"].contains(&of.text.as_str()));
        let verb = |word: &Token| {
            word.is_any(&[Role::Look, Role::Make, Role::Craft, Role::Own, Role::Finite])
                && !word.is_any(&[Role::Thing, Role::Part])
        };
        self.own().letters() > 1
            && self.at <= chinese::lead(self.words())
            && !self.own().text.ends_with(REACHES)
            && first.text != "测试"
            && (inside || named)
            && (inside || rest.len() > 1)
            && rest.iter().any(verb)
            && !chinese::does_more(self.words(), 0)
            && !self.words().iter().any(|word| word.is(Role::Run) && !word.is(Role::Own))
    }

    /// Tells whether it puts something into a text of one's own: "贴到笔记里".
    fn is_put_into_text_zh(self) -> bool {
        let others = [Role::Shared, Role::Other, Role::Outside, Role::Suspect];
        ["贴到", "贴在", "贴上", "挂到"].contains(&self.own().text.as_str())
            && self.after().iter().take(3).any(|word| word.is(Role::Part))
            && !self.words().iter().any(|word| word.is_any(&others))
    }

    /// Tells whether it takes something out of a text of one's own: "delete the reminder from todo.md".
    fn is_taken_out_of_text(self) -> bool {
        let after = self.after();
        let Some(from) = after.iter().position(|word| ["from", "in"].contains(&word.text.as_str())) else {
            return false;
        };
        let others = |word: &Token| word.is_any(&[Role::Shared, Role::Suspect, Role::Other, Role::Outside]);
        let text = after[from + 1..].iter().take(3).any(|word| word.is(Role::Part));
        self.danger.name == "deletion" && text && from > 0 && !after.iter().any(others)
    }
}
