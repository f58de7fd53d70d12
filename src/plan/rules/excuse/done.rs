//! Whether a dangerous word is to be done all the same where it is spoken of, or was done already.

use super::super::chinese;
use super::super::kind::lead;
use super::super::lexicon::{Form, Role, Token};
use super::{COMPLETED, Excuse, Mark, PRONOUNS, REACHES, Spot, has, has_of};

/// A Chinese clause that ends so tells how something went.
const ENDED: [&str; 8] = ["失败", "成功", "超时", "报错", "完毕", "异常", "出错", "中断"];
/// What asks at the end of a verb; the Chinese ones last.
const ASKING: [&str; 13] = [
    "whether",
    "if",
    "how",
    "what",
    "which",
    "why",
    "when",
    "where",
    "who",
    "有没有",
    "是否",
    "能不能",
    "什么",
];
/// Words by which somebody, or a text, says something.
const SAYS: [&str; 13] =
    ["规定", "讲", "介绍", "说", "反馈", "反映", "抱怨", "显示", "表明", "写着", "报", "报告", "称"];

impl Spot<'_> {
    /// Tells whether a clause that tells how things are says that it was done.
    pub(super) fn was_done(self, at: usize) -> bool {
        if self.is_zh() {
            return self.was_done_zh();
        }
        let object = at <= lead(self.words());
        let asked = self.words()[at..self.at.max(at)].iter().any(|word| word.is(Role::Question));
        let last = self.before().last();
        let passive = last.is_some_and(|word| ["was", "were", "been"].contains(&word.text.as_str()));
        let theirs = last.is_some_and(|word| word.text == "will")
            && self.before().iter().rev().nth(1).is_some_and(|word| word.is(Role::Other));
        // "The test for accepting an offer is flaky", "the validation accepts an empty number".
        let about = self.own().form == Form::Ing && self.is_about();
        let describes = self.own().form == Form::S && at == self.at && self.words()[0].is(Role::Determiner);
        if passive || theirs || about || describes {
            return true;
        }
        (object || asked || self.is_noun()) && !self.is_purpose() && !self.is_followed_by_object()
    }

    fn was_done_zh(self) -> bool {
        let words = self.words();
        let ended = self.words().last().is_some_and(|word| ENDED.contains(&word.text.as_str()));
        let named = self.is_named_zh() && !self.danger.is(Mark::Strict);
        let over =
            self.own().text.ends_with('了') || self.after().first().is_some_and(|word| word.text == "了");
        let chained = self.clause.goes_on || self.clause.joins.iter().any(|join| join.text == "并");
        let too = over && chained && self.earlier == Some(Excuse::Done);
        let scene = self.before().first().is_some_and(|word| word.is(Role::Thing))
            && self.before().iter().any(|word| word.text == "是");
        let asked = scene
            || self.own().text == "问"
                && self.before().last().is_some_and(|word| word.is_any(&[Role::Other, Role::User]));
        if self.noun
            || ended
            || asked
            || too
            || named
            || has(self.before(), Role::Question)
            || self.is_reported()
        {
            return true;
        }
        let all = has(self.before(), Role::All) || has(self.before(), Role::Ago);
        let tells =
            |past: usize| past > self.at || !words[past..self.at].iter().any(|word| word.text == "的");
        let past = chinese::ago(words).any(tells);
        past || ((all || self.after().first().is_none_or(|word| word.text != "了")) && self.is_over())
    }

    /// Tells whether a Chinese clause repeats what somebody, or a log, says that happened: "日志显示 3 点有重启".
    pub(super) fn is_reported(self) -> bool {
        let before = self.before();
        let Some(says) = before.iter().position(|word| SAYS.contains(&word.text.as_str())) else {
            return false;
        };
        let subject = |word: &Token| {
            word.is_any(&[Role::User, Role::Other, Role::Outside, Role::Thing])
                || ["节", "章", "条", "页", "组", "部", "们", "志"].contains(&word.text.as_str())
        };
        // "按规定缴费", "跟房东说退租".
        let by = before[..says].iter().any(|word| word.is_any(&[Role::Front, Role::Towards]))
            || chinese::is_by_rule(before);
        let subject = before[..says].iter().any(subject);
        let done = before.get(says + 1).is_some_and(|next| ["好", "的", "过"].contains(&next.text.as_str()));
        subject && !by && !done && !chinese::acts(self.words())
    }

    /// Tells whether it is to be done all the same within what is read: "read the log delete the table".
    pub(super) fn is_done(self, from: usize) -> bool {
        let gap = self.words().get(from..self.at).unwrap_or_default();
        let verb_asks = from.checked_sub(1).is_some_and(|verb| asks(&self.words()[verb].text));
        let ends = self
            .words()
            .last()
            .is_some_and(|word| ["没有", "没", "吗", "了没"].contains(&word.text.as_str()));
        let asked = verb_asks || has(gap, Role::Question) || (ends && !self.noun);
        if self.own().is_han() || gap.iter().any(Token::is_han) {
            return self.is_done_zh(from, gap, asked);
        }
        // "With the live key" is a way to do it.
        let with = |word: &&Token| ["with", "using"].contains(&word.text.as_str());
        if self.danger.is(Mark::Strict) && self.before().iter().rev().take(2).any(|word| with(&word)) {
            return true;
        }
        if self.noun || self.own().form == Form::S {
            return false;
        }
        let before = self.before().last();
        let relative = before.is_some_and(|word| word.is(Role::Relative));
        if relative || (self.own().form == Form::Ing && !before.is_some_and(|word| word.is(Role::Purpose))) {
            return false;
        }
        let told =
            self.before().iter().rev().nth(1).is_some_and(|word| PRONOUNS.contains(&word.text.as_str()));
        let modal = before.is_some_and(|word| word.is(Role::Modal)) && !told;
        let free = !before.is_some_and(|word| word.is_any(&[Role::Determiner, Role::Preposition]));
        let phrase =
            self.own().text.contains(' ') && self.own().form == Form::Base && !gap.is_empty() && free;
        !asked && (self.is_purpose() || modal || phrase || (self.is_followed_by_object() && free))
            || (asked
                && !verb_asks
                && before.is_some_and(|word| word.text == "to")
                && self.is_purpose()
                && !has(gap, Role::HowTo)
                && !is_asked_purpose(gap))
    }

    fn is_done_zh(self, from: usize, gap: &[Token], asked: bool) -> bool {
        let named = self.is_named_zh() && !self.danger.is(Mark::Strict);
        let completed = from > 0 && self.words()[from - 1].text.ends_with(COMPLETED);
        // "找家酒店定了": what is looked for is used.
        let then = from > 0 && matches!(self.after(), [word] if word.text == "了") && !self.noun;
        // What is tried out on a system that others use is done to it.
        let tried =
            from > 0 && ["测", "试", "跑"].iter().any(|start| self.words()[from - 1].text.starts_with(start));
        let joined = self.own().text.starts_with('并');
        if !asked && (joined || then || (tried && self.danger.is(Mark::Strict))) {
            return true;
        }
        // "发给" is never the name of a thing.
        let verb = self.own().text.ends_with(REACHES) && !has_of(self.after());
        let spoken = is_spoken_of(gap) && !(completed && gap.is_empty()) && !verb;
        // "写小区团购的格式模板": a thing is written that is of it.
        let of_thing = !completed
            && !verb
            && has_of(self.after())
            && self.after().last().is_some_and(|word| word.is_any(&[Role::Thing, Role::Part, Role::Feature]))
            && !chinese::does_more(self.words(), self.at + 1);
        let asked = asked || has(self.after(), Role::Question);
        !(self.noun || asked || named || of_thing || spoken)
    }
}

/// Tells whether a verb has the word with it that asks: "find out how".
fn asks(verb: &str) -> bool {
    let last = verb.rsplit(' ').next().unwrap_or_default();
    ASKING.contains(&last) || ASKING.iter().skip(9).any(|word| verb.ends_with(word))
}

/// Tells whether a purpose is what is asked: "whether to delete", "how we could delete".
fn is_asked_purpose(gap: &[Token]) -> bool {
    gap.iter().rev().take(3).any(|word| word.is(Role::Question))
}

/// Tells whether a Chinese verb of reading and a word behind these have nothing else between them: "查看最近删除的文件".
fn is_spoken_of(gap: &[Token]) -> bool {
    let of = gap.iter().rposition(|word| word.text == "的").map_or(0, |of| of + 1);
    gap[of..].iter().all(|word| word.is(Role::Spoken) || word.is_number() || word.is_sign())
}
