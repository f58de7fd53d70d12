//! Where a dangerous word is a noun, or the name of a thing.

use super::super::beyond;
use super::super::chinese;
use super::super::kind::{adds, lead};
use super::super::lexicon::{Form, Role, Token};
use super::super::phrase::{is_made_to, puts_into_text, starts_with_own};
use super::{Mark, REACHES, Spot};

/// Behind a Chinese verb these make the name of a thing: "报价单".
const NOMINAL: [&str; 20] = [
    "单", "件", "表", "人", "方", "率", "量", "额", "期", "日", "码", "号", "者", "员", "价", "组合", "史",
    "信", "函", "书",
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
        let of = first.text.starts_with('的') && !rest.is_empty();
        let far = || {
            let of = after.iter().take(6).position(|word| word.text == "的");
            of.is_some_and(|of| after[of + 1..].iter().take(3).any(|word| word.is(Role::Feature)))
        };
        let topic = !self.own().is_han()
            && self.at == 0
            && self.danger.is(Mark::Texts)
            && self.after().iter().any(|word| word.is_han() && word.is_any(&[Role::Make, Role::Look]));
        let english = topic || !self.own().is_han() && first.is_any(&[Role::Thing, Role::Part]);
        let noun = self.noun && first.is_any(&[Role::Thing, Role::Part]);
        let verb = self.own().text.ends_with(REACHES);
        let aspect = self.danger.is(Mark::Names) && first.is(Role::Aspect);
        let inside = self.noun
            && after.iter().take(4).any(|word| ["里", "中", "内", "里面"].contains(&word.text.as_str()));
        of || english
            || inside
            || noun
            || aspect
            || (first.is(Role::Feature) && !verb)
            || (self.danger.is(Mark::Texts) && far())
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
                let texts = self.danger.is(Mark::Texts) && is(counter, &["条", "封", "份", "个", "张", "则"]);
                (texts || is(counter, &["笔", "次"]))
                    && (number.is_number() || number.is_any(&[Role::Complement, Role::Counter]))
            }
            _ => false,
        } || self
            .before()
            .last()
            .is_some_and(|word| is(word, &["那次", "这次", "那笔", "这笔", "每笔", "每次"]));
        let suffix = self.own().letters() > 1
            && is(first, &NOMINAL)
            && !["deletion", "submit", "database", "retry"].contains(&self.danger.name);
        let state = rest.first().is_none_or(|next| next.text != "的")
            && is(first, &["还没", "前后", "期间", "失败", "成功", "那次", "那笔"]);
        let inner = self.at > chinese::lead(self.words())
            && first.is_any(&[Role::Feature, Role::Thing])
            && self.before().last().is_some_and(|word| word.text == "的");
        let listed = self.noun && rest.iter().chain([first]).any(|word| is(word, &["的", "在", "是", "有"]));
        counted || suffix || state || inner || listed
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
            return self.is_of_text_zh();
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
        let removes = self.danger.name == "deletion" && self.own().text.starts_with(['删', '去']);
        removes
            && self.before().iter().any(|word| word.is(Role::Front))
            && (piece || (inside && text))
            && !words.iter().any(others)
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
