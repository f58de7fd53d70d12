//! What people are told after a recovery: at most one message a chat.
//!
//! Whoever prepared the restart hears of all that the checkpoint names. What a crash left concerns the people whose turns
//! it cut off: each chat hears of what is held or has failed there, and the operator, where one is named, of everything.

use super::due::Matter;
use super::pending::Waiting;
use super::recovery::{ItemReport, ItemState, Report};
use super::sight::Sight;
use crate::checkpoint::PLACEHOLDER;
use crate::dispatch::{Dispatcher, Sent};
use crate::ledger::LOST;
use crate::model::{IdempotencyKey, Language, Route, SessionKey, Verdict};
use crate::notice::{self, Channel, Notice};
use crate::plan::OUT_OF_REACH;
use crate::support::error::Result;

/// The warning where there is nobody to tell.
pub(super) const NO_CHAT: &str = "nobody was told: no chat is known of the session that prepared";

/// Whom a message may not have reached.
#[derive(Default)]
pub(super) struct Told {
    /// What the caller's user was to hear.
    pub(super) untold_caller: Option<String>,
    /// How many other chats were not reached; what they were to hear is nobody else's.
    untold_others: usize,
}

impl Told {
    pub(super) fn is_complete(&self) -> bool {
        self.untold_caller.is_none() && self.untold_others == 0
    }
}

/// A chat, whose session it is, and how it is spoken to.
struct Chat<'a> {
    session: &'a SessionKey,
    route: &'a Route,
    language: Language,
}

/// Tells everybody whom it concerns; returns the text where it may not have reached them. What was told in an earlier
/// run is not told again, unless something else is held or has failed now.
///
/// # Errors
/// Where the ledger cannot be written.
pub(super) fn all(
    matter: &Matter<'_>,
    dispatcher: &mut Dispatcher<'_>,
    sight: &Sight,
    (route, language): &(Option<Route>, Language),
    report: &mut Report,
) -> Result<Told> {
    let mut told = Told::default();
    if let Some(waiting) = matter.waiting {
        match (&waiting.caller, route) {
            (Some(session), Some(route)) => {
                let chat = Chat { session, route, language: *language };
                told.untold_caller = of_checkpoint(matter, dispatcher, waiting, &chat, report)?;
            }
            _ => report.warnings.push(NO_CHAT.to_owned()),
        }
    }
    told.untold_others = of_cuts(matter, dispatcher, sight, report)?;
    Ok(told)
}

/// Tells the caller's user that the gateway is back and what became of the checkpoint's sessions.
fn of_checkpoint(
    matter: &Matter<'_>,
    dispatcher: &mut Dispatcher<'_>,
    waiting: &Waiting,
    chat: &Chat<'_>,
    report: &mut Report,
) -> Result<Option<String>> {
    let items: Vec<&ItemReport> = report.items.iter().filter(|one| one.item.planned).collect();
    let key = key(&waiting.id, &items);
    let text = text(waiting, &items, chat, |notice| say(matter, chat, notice));
    told(dispatcher, &key, chat, text, &mut report.warnings)
}

/// Tells what became of what the stop cut off.
fn of_cuts(
    matter: &Matter<'_>,
    dispatcher: &mut Dispatcher<'_>,
    sight: &Sight,
    report: &mut Report,
) -> Result<usize> {
    let is_news = |one: &&ItemReport| !one.item.planned && (one.state != ItemState::Skipped || is_lost(one));
    let items: Vec<&ItemReport> = report.items.iter().filter(is_news).collect();
    let (mut untold, mut warnings) = (0, Vec::new());
    let chat_of = |session: &SessionKey| {
        let evidence = sight.of(session)?;
        let language = super::language::of_session(Some(evidence), None);
        Some((evidence.route()?.clone(), language))
    };
    let operator = matter.context.policy.operator.as_ref();
    let operators = operator.and_then(chat_of);
    if let (Some(session), Some((route, language)), false) = (operator, &operators, items.is_empty()) {
        let chat = Chat { session, route, language: *language };
        untold += usize::from(!are_told(matter, dispatcher, &items, &chat, &mut warnings)?);
    }
    let mut rest: Vec<&ItemReport> = items
        .into_iter()
        .filter(|one| matches!(one.state, ItemState::Held | ItemState::Failed(_)) || is_lost(one))
        .collect();
    if let Some((route, _)) = &operators {
        rest.retain(|one| one.item.route.as_ref() != Some(route));
    }
    while let Some(first) = rest.first() {
        let (session, route) = (&first.item.session_key, first.item.route.clone());
        let language = chat_of(session).map_or(Language::En, |(_, language)| language);
        let (of_chat, others) = rest.iter().partition::<Vec<&ItemReport>, _>(|one| one.item.route == route);
        if let Some(route) = &route {
            let chat = Chat { session, route, language };
            if are_told(matter, dispatcher, &of_chat, &chat, &mut warnings)? {
                settle_lost(dispatcher, &of_chat)?;
            } else {
                untold += 1;
            }
        } else {
            // There is no chat behind it: `comeback status` shows it.
            warnings.extend(of_chat.iter().map(|one| format!("nobody was told of {}", one.item.session_key)));
        }
        rest = others;
    }
    report.warnings.extend(counted(warnings));
    Ok(untold)
}

/// Says once what is the same for many chats.
fn counted(warnings: Vec<String>) -> Vec<String> {
    let mut times: Vec<(String, usize)> = Vec::new();
    for warning in warnings {
        match times.iter_mut().find(|(known, _)| *known == warning) {
            Some((_, times)) => *times += 1,
            None => times.push((warning, 1)),
        }
    }
    let say = |(warning, times)| if times == 1 { warning } else { format!("{warning} ({times} chats)") };
    times.into_iter().map(say).collect()
}

/// Tells a chat of what a crash left; returns whether it may count as told.
fn are_told(
    matter: &Matter<'_>,
    dispatcher: &mut Dispatcher<'_>,
    items: &[&ItemReport],
    chat: &Chat<'_>,
    warnings: &mut Vec<String>,
) -> Result<bool> {
    let text = summary(items, chat.language, |notice| say(matter, chat, notice));
    Ok(told(dispatcher, &key("cuts", items), chat, text, warnings)?.is_none())
}

/// Tells work that nobody resumes: a subagent's, or that of a session which is out of reach.
fn is_lost(one: &ItemReport) -> bool {
    let is_out_of_reach = one.item.ruling.rule == OUT_OF_REACH && one.state == ItemState::Skipped;
    !one.item.planned && (one.item.verdict == Verdict::Excluded || is_out_of_reach)
}

/// Writes down that its user was told of work that is lost: that is all that is done about it.
fn settle_lost(dispatcher: &mut Dispatcher<'_>, items: &[&ItemReport]) -> Result<()> {
    for one in items.iter().filter(|one| is_lost(one)) {
        dispatcher.settle(&one.item, LOST)?;
    }
    Ok(())
}

fn say(matter: &Matter<'_>, chat: &Chat<'_>, notice: &Notice<'_>) -> String {
    matter.context.templates.notice(notice, chat.language, Channel::of(&chat.route.channel))
}

/// Sends one message; returns it where it may not have reached the chat.
fn told(
    dispatcher: &mut Dispatcher<'_>,
    key: &IdempotencyKey,
    chat: &Chat<'_>,
    text: String,
    warnings: &mut Vec<String>,
) -> Result<Option<String>> {
    let sent = dispatcher.notify(key, chat.session, chat.route, &text)?;
    let trouble = trouble(&sent);
    warnings.extend(trouble.map(|why| format!("the user could not be told: {why}")));
    Ok(trouble.is_some().then_some(text))
}

/// Says what went wrong with an effect, where something did.
pub(super) fn trouble(sent: &Sent) -> Option<&str> {
    match sent {
        Sent::Accepted(_) | Sent::Already | Sent::Overtaken(_) => None,
        Sent::Replaced(why)
        | Sent::Refused(why)
        | Sent::Unanswered(why)
        | Sent::Unknown(why)
        | Sent::Astray(why) => Some(why),
    }
}

/// The message's key holds what waits for a person and what failed: a run that finds this changed tells it anew.
fn key(about: &str, items: &[&ItemReport]) -> IdempotencyKey {
    let mut open: Vec<String> = items
        .iter()
        .filter_map(|one| match one.state {
            ItemState::Held => Some(format!("held {}", one.item.key)),
            ItemState::Failed(_) => Some(format!("failed {}", one.item.key)),
            // Each cut is news by itself; a checkpoint's sessions are told of together.
            ItemState::Resumed | ItemState::Finished(_) if !one.item.planned => {
                Some(format!("resumed {}", one.item.key))
            }
            ItemState::Skipped if is_lost(one) => Some(format!("lost {}", one.item.key)),
            ItemState::Resumed | ItemState::Finished(_) | ItemState::Skipped | ItemState::Due => None,
        })
        .collect();
    open.sort();
    let parts: Vec<&str> = ["summary", about].into_iter().chain(open.iter().map(String::as_str)).collect();
    IdempotencyKey::of(&parts)
}

fn text(
    waiting: &Waiting,
    items: &[&ItemReport],
    chat: &Chat<'_>,
    say: impl Fn(&Notice<'_>) -> String,
) -> String {
    let is_settled = |one: &ItemReport| !matches!(one.state, ItemState::Held | ItemState::Failed(_));
    let is_told = |one: &&ItemReport| one.item.session_key != *chat.session || !is_settled(one);
    let others: Vec<&ItemReport> = items.iter().copied().filter(is_told).collect();
    if !others.is_empty() {
        return summary(&others, chat.language, say);
    }
    let own = waiting.block_of(chat.session);
    say(&Notice::BackOnline { next: own.map(|own| own.goal.as_str()).filter(|goal| *goal != PLACEHOLDER) })
}

fn summary(others: &[&ItemReport], language: Language, say: impl Fn(&Notice<'_>) -> String) -> String {
    let reasons: Vec<_> = others
        .iter()
        .map(|one| notice::reason(&one.item.ruling.rule, &one.item.ruling.reason, language))
        .collect();
    let (mut resumed, mut held, mut manual) = (Vec::new(), Vec::new(), Vec::new());
    for (ItemReport { item, state }, reason) in others.iter().zip(&reasons) {
        let (session, about, key) = (&item.session_key, item.about.as_deref(), &item.key);
        let reason = reason.as_ref();
        match state {
            ItemState::Resumed | ItemState::Finished(_) => resumed.push(notice::Resumed { session, about }),
            ItemState::Held => held.push(notice::Held { session, about, key, reason }),
            ItemState::Skipped if item.verdict == Verdict::Live => {}
            ItemState::Failed(reason) => manual.push(notice::FollowUp { session, about, reason }),
            ItemState::Skipped | ItemState::Due => manual.push(notice::FollowUp { session, about, reason }),
        }
    }
    if resumed.is_empty() && manual.is_empty() && !others.iter().any(|one| one.item.planned) {
        return say(&Notice::ConfirmRequest { held: &held });
    }
    say(&Notice::Summary { resumed: &resumed, held: &held, manual: &manual })
}
