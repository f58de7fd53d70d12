//! What a Chinese clause is. Its verb need not stand first, and one character is a verb only where one is expected.

mod statement;
mod verb;

pub(super) use self::statement::ago;
use self::statement::{asks_by_its_end, ends, is_over, is_past, is_past_first, lacks, somebody_did, states};
pub(super) use self::verb::{
    becomes, does_more, ends_with_more, is_bound, is_brought, may_do_anything, mends,
};
use self::verb::{is_bare_verb, is_noun_behind, is_verb, unknown_is_asked};
use super::clause::Clause;
use super::kind::{Heard, Kind};
use super::lexicon::{Role, Tags, Token};

/// What joins Chinese nouns: the verb comes behind it.
const JOINS_NOUNS: [&str; 3] = ["和", "及", "以及"];

/// What alone makes a condition: "没有就…".
const CONDITIONS: [&str; 12] =
    ["没有", "有", "没", "不在", "不是", "不行", "失败", "没的话", "没问题", "可以", "还", "不"];

/// Says what a Chinese clause is.
pub(super) fn kind(heard: Heard<'_>) -> Kind {
    let words = heard.clause.words;
    let changes = |word: &Token| word.is_any(&[Role::Own, Role::Craft, Role::Run]) && word.is_han();
    let reading = Reading { heard, words, lead: lead(words), changes: words.iter().position(changes) };
    reading.of_statement().or_else(|| reading.of_verb()).unwrap_or_else(|| reading.without_verb())
}

/// A Chinese clause as it is read.
struct Reading<'a> {
    heard: Heard<'a>,
    words: &'a [Token],
    /// How many small words it begins with.
    lead: usize,
    /// Where its first verb of change stands.
    changes: Option<usize>,
}

impl Reading<'_> {
    /// Returns where a verb of this role stands.
    fn verb(&self, role: Role) -> Option<usize> {
        (0..self.words.len()).find(|at| {
            let behind = !self.words[*at].is_han() && self.changes.is_some_and(|changes| changes < *at);
            let noun = behind || is_noun_behind(self.words, *at, self.heard.dangers);
            self.words[*at].is(role) && !noun && is_verb(self.words, self.lead, *at, self.heard.dangers)
        })
    }

    fn any(&self, role: Role) -> bool {
        self.words.iter().any(|word| word.is(role))
    }

    fn joined_by(&self, list: &[&str]) -> bool {
        self.heard.clause.joins.iter().any(|join| list.contains(&join.text.as_str()))
    }

    fn question(&self) -> Option<usize> {
        self.words.iter().position(|word| word.is(Role::Question))
    }

    fn read(&self) -> Option<usize> {
        let asked = || self.question().is_some();
        self.verb(Role::Look).or_else(|| self.verb(Role::Asking).filter(|_| asked()))
    }

    fn asks(&self) -> bool {
        let Heard { clause, dangers, .. } = self.heard;
        let harmless = dangers.is_empty();
        let asks = statement::asks(self.words)
            || (harmless && (self.question().is_some() || statement::confirms(self.words, self.lead)))
            || clause.next == "?"
            || statement::asks_how(self.words, dangers);
        let whom = harmless && ends(self.words, &["谁", "什么", "哪里", "多少", "几个"]);
        asks && (!asks_for(self.words) || whom)
    }

    /// Tells whether it says that something was done.
    fn is_told(&self) -> bool {
        let began = self.joined_by(&["并"]) && self.words.iter().take(3).any(|word| word.text == "了");
        let ended = self.read().is_none()
            && ends(self.words, &["了", "过", "完毕", "成功", "失败", "没问题", "正常"]);
        let then = self.joined_by(&["就", "则", "再", "那就"]);
        let told = began || (!then && (is_over(self.words) || ended)) || somebody_did(self.words);
        told && !(is_last(self.heard.clause) && asks_by_its_end(self.words))
    }

    /// What it is where it tells how things are, or only says when.
    fn of_statement(&self) -> Option<Kind> {
        let words = self.words;
        let todo = self.any(Role::Todo);
        let reads = self.verb(Role::Make).is_some() || self.read().is_some() || self.asks();
        if (states(words) && !acts(words) && !todo && !reads) || (lacks(words) && !acts(words)) {
            return Some(Kind::Tells(0));
        }
        if let [only] = words
            && only.is(Role::Harmless)
            && !only.is_any(&[Role::Own, Role::Look, Role::Make])
        {
            return Some(Kind::Adds);
        }
        if words.len() <= 2 && words.iter().all(|word| CONDITIONS.contains(&word.text.as_str())) {
            return Some(Kind::When);
        }
        let told = self.is_told();
        if words[0].is(Role::Condition) && told && !acts(words) {
            return Some(Kind::When);
        }
        let over = !acts(words) || is_past_first(words) || somebody_did(words);
        ((told || is_past(words)) && !todo && over).then_some(Kind::Tells(0))
    }

    /// What it is by its verb.
    fn of_verb(&self) -> Option<Kind> {
        let words = self.words;
        let shared = self.any(Role::Shared) || others_are_reached(words);
        if is_shown_to_others(words) {
            return Some(Kind::Shares(0));
        }
        if !self.heard.clause.goes_on && has_others_do(words) {
            return Some(Kind::Shares(0));
        }
        if let Some(out) = put_out(words) {
            return Some(Kind::Shares(out));
        }
        if let Some(read) = self.read() {
            return Some(Kind::Reads(read + 1));
        }
        if self.asks() || (self.heard.clause.goes_on && self.question().is_some_and(|at| at <= self.lead)) {
            return Some(Kind::Reads(self.lead));
        }
        if let Some(verb) = self.verb(Role::Make) {
            let own = [Role::Thing, Role::Part, Role::Piece, Role::Tame].iter().any(|role| self.any(*role));
            let into = words[verb].text.ends_with(['进', '到', '入', '给']);
            let beyond = |word: &Token| word.is_any(&[Role::Other, Role::Suspect, Role::Outside]);
            let some = words[verb].text.ends_with(['两', '个', '几'])
                && (shared || words.iter().any(beyond) || may_do_anything(words));
            let into = (into || some) && !own;
            return Some(match is_put_into_shared(words, verb) {
                true => Kind::Shares(verb),
                false if into && verb + 1 < words.len() => Kind::Unclear,
                false => Kind::Makes(verb + 1),
            });
        }
        let own = [Role::Thing, Role::Part, Role::Piece, Role::Tame].iter().any(|role| self.any(*role));
        let bound = || {
            let own = self.verb(Role::Own).filter(|_| own);
            own.or_else(|| self.verb(Role::Run).filter(|_| self.any(Role::Tame)))
        };
        if let Some(verb) = self.verb(Role::Craft).or_else(bound).filter(|_| !shared) {
            return Some(Kind::Works(verb + 1));
        }
        if let Some(verb) = self.verb(Role::Own).or(self.verb(Role::Craft)).filter(|_| shared) {
            return Some(Kind::Shares(verb));
        }
        let bare = self.lead < words.len() && is_bare_verb(words, self.lead);
        if !shared && self.any(Role::Part) && !acts(words) && !bare {
            return Some(Kind::Works(0));
        }
        self.verb(Role::Onward).filter(|verb| *verb <= self.lead).map(|verb| self.going_on(verb))
    }

    fn going_on(&self, verb: usize) -> Kind {
        let rest: Vec<&Token> = self.words[verb + 1..].iter().filter(|word| !word.is(Role::Onward)).collect();
        let same = rest.first().is_none_or(|word| word.is(Role::Same));
        let letters: usize = rest.iter().map(|word| word.letters()).sum();
        let bare = rest.first().is_some_and(|word| word.is(Role::Bare)) && !self.any(Role::Thing);
        let known = rest.iter().any(|word| word.tags != Tags::default() || word.is_number());
        if !same && (bare || !known) { Kind::Unclear } else { Kind::GoesOn { names: letters > 2 && !same } }
    }

    /// What it is where no verb of it is known.
    fn without_verb(&self) -> Kind {
        let Heard { clause, denial, dangers, .. } = self.heard;
        let words = self.words;
        let denied = denial.is_some_and(|denial| denial.at.is_none_or(|at| at <= self.lead));
        let lets =
            clause.goes_on && words[0].text == "让" && !self.any(Role::Shared) && !self.any(Role::Other);
        // "退款页面…", "email 格式…".
        let named = |at: &usize| {
            let next = words.get(at + 1);
            next.is_some_and(|next| next.is(Role::Feature) || (next.is(Role::Thing) && !words[*at].is_han()))
        };
        let finite = self.any(Role::Finite) && !self.any(Role::Todo) && !asks_for(words);
        // "把那份草稿接着…": what is done with it stands in the next clause.
        let fronted = words
            .iter()
            .find(|word| !word.is(Role::Lead) || word.is(Role::Acts))
            .is_some_and(Token::fronts)
            && ["接着", "再", "继续"].contains(&clause.next)
            && words.last().is_some_and(|word| word.is_any(&[Role::Thing, Role::Part, Role::Piece]))
            && !words.iter().any(|word| word.is_any(&[Role::Shared, Role::Other, Role::Suspect, Role::Bare]));
        if denied || fronted || clause.is_label() || JOINS_NOUNS.contains(&clause.next) {
            Kind::Adds
        } else if words[0].is(Role::When) && !acts(words) {
            Kind::When
        } else if lets {
            Kind::Adds
        } else if finite && dangers.iter().all(named) {
            Kind::Tells(0)
        } else if unknown_is_asked(words) || (begins_another(clause) && !is_name(clause)) {
            Kind::Unclear
        } else {
            Kind::Adds
        }
    }
}

/// Tells whether nothing of the step follows it in its sentence.
fn is_last(clause: &Clause<'_>) -> bool {
    ["", ".", "。", "!", "\n"].contains(&clause.next)
}

/// Tells whether a word before a clause says that something else is done in it.
fn begins_another(clause: &Clause<'_>) -> bool {
    let after = |join: &Token| ["后", "完", "并", "就", "再"].contains(&join.text.as_str());
    clause.is_joined_by_word() && (!clause.goes_on || clause.joins.iter().any(after))
}

/// Tells whether what stands behind a "后" is only the name of something of one's own: "入住后常见问答".
fn is_name(clause: &Clause<'_>) -> bool {
    let own = [Role::Thing, Role::Part, Role::Spoken, Role::Feature];
    clause.joins.iter().all(|join| join.text == "后")
        && clause
            .words
            .iter()
            .all(|word| word.is_any(&own) && !word.tags.is_verb() && !word.is(Role::Suspect))
}

/// Tells whether a thing in it is only what it goes by: "照清单…".
pub(super) fn is_by_rule(words: &[Token]) -> bool {
    let by = ["照", "照着", "按", "按照", "根据", "依据", "依照", "对照"];
    words.iter().any(|word| by.contains(&word.text.as_str()))
}

/// Returns how many small words a clause begins with.
pub(super) fn lead(words: &[Token]) -> usize {
    words.iter().take_while(|word| word.is(Role::Lead) || word.is(Role::Not) || word.is_number()).count()
}

/// Tells whether a clause asks for something to be done, whatever its verb is: "把…", "…吧".
pub(super) fn acts(words: &[Token]) -> bool {
    words.iter().any(|word| word.is(Role::Acts)) || words.last().is_some_and(|word| word.is(Role::ActsEnd))
}

fn asks_for(words: &[Token]) -> bool {
    words.iter().any(|word| ["把", "将", "帮", "替", "给", "让", "叫", "请"].contains(&word.text.as_str()))
}

/// Tells whether others are shown something: "给客户看草稿".
fn is_shown_to_others(words: &[Token]) -> bool {
    words.windows(3).enumerate().any(|(at, three)| {
        // "给医生讲的要点".
        let of = words.get(at + 3).is_some_and(|next| next.text.starts_with('的'));
        let looks = ["看", "听", "过目", "审", "确认", "检查", "看看", "看一下", "讲", "说"]
            .contains(&three[2].text.as_str());
        three[0].text == "给" && three[1].is(Role::Other) && looks && !of
    })
}

/// Returns where something is brought to where others have it: "把排名表扔进家长群", "列个单子给供应商".
fn put_out(words: &[Token]) -> Option<usize> {
    let of = |from: usize| words[from..].iter().any(|word| word.text.starts_with('的'));
    let whom = |word: &Token| word.is_any(&[Role::Other, Role::Outside, Role::Suspect]);
    let offers = |at: &usize| words[*at].text == "给" && words.get(at + 1).is_some_and(whom) && !of(0);
    let given = (1..words.len()).find(offers).or_else(|| gives_to_users(words));
    let front = words.iter().position(Token::fronts).unwrap_or(words.len());
    let leads = |at: &usize| {
        let others = |word: &Token| word.is_any(&[Role::Shared, Role::Other]);
        ["进", "到", "给", "至", "往", "向"].iter().any(|end| words[*at].text.ends_with(end))
            && !of(at + 1)
            && words[at + 1..].iter().take(5).any(others)
    };
    given.or_else(|| (front + 1..words.len()).find(|at| leads(at) || is_handed(words, *at)))
}

/// Tells whether somebody who is not the user is to do something: "让仓库先出两托".
fn has_others_do(words: &[Token]) -> bool {
    let lead = words.iter().take_while(|word| word.is(Role::Lead) && !word.is(Role::Acts)).count();
    let has = words.get(lead).is_some_and(|word| ["让", "叫", "喊"].contains(&word.text.as_str()));
    let whom =
        |word: &Token| word.is_any(&[Role::Other, Role::Suspect, Role::Outside]) && !word.is(Role::User);
    has && words.get(lead + 1).is_some_and(whom)
        && words.get(lead + 2).is_some_and(|next| !next.text.starts_with('的'))
}

/// Tells whether what stands before it is handed to somebody who is not the user: "把图纸给施工队", "把表格拿给会计".
fn is_handed(words: &[Token], at: usize) -> bool {
    let Some(next) = words.get(at + 1) else { return false };
    let own = next.is_any(&[Role::User, Role::Thing, Role::Part, Role::Piece])
        || next.text == "自己"
        || next.is_number();
    let verb = |word: &Token| word.tags.is_verb() && !["听", "看"].contains(&word.text.as_str());
    words[at].text.ends_with('给') && !own && !words[at + 1..].iter().any(verb) && words.len() - at <= 6
}

/// Returns where several users get something: "给内测用户".
fn gives_to_users(words: &[Token]) -> Option<usize> {
    let users = words.iter().rposition(|word| word.text == "用户")?;
    let give = words[..users].iter().rposition(|word| word.text == "给")?;
    (give > 0 && (1..4).contains(&(users - give - 1)) && !words.iter().any(|word| word.text == "的"))
        .then_some(give)
}

/// Tells whether others are not only spoken of, but get or have what is done.
fn others_are_reached(words: &[Token]) -> bool {
    words.iter().enumerate().any(|(at, word)| {
        let towards = at.checked_sub(1).is_some_and(|before| words[before].is(Role::Towards));
        let of = words.get(at + 1).is_some_and(|next| next.text == "的");
        word.is(Role::Other) && !of && (towards || at + 1 == words.len() || is_led_to(words, at))
    })
}

/// Tells whether a verb of change leads to the word: "更新到招聘网站上".
fn is_led_to(words: &[Token], at: usize) -> bool {
    let leads = |word: &Token| {
        word.is_any(&[Role::Own, Role::Craft]) && word.text.ends_with(['到', '进', '给', '至', '入'])
    };
    words[at.saturating_sub(4)..at].iter().any(leads)
        && words.get(at + 1).is_none_or(|next| ["上", "里", "中"].contains(&next.text.as_str()))
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
    let inside = words.windows(2).any(|pair| {
        pair[0].is(Role::Shared)
            && ["里", "里面", "上", "中", "内", "底下", "下面"].contains(&pair[1].text.as_str())
    });
    (into && behind.clone().any(shared)) || towards || inside || (given && !of)
}
