//! What the user is told after a recovery, in one message.

use super::context::Context;
use super::pending::Waiting;
use super::recovery::{ItemReport, ItemState, Report};
use crate::checkpoint::PLACEHOLDER;
use crate::dispatch::{Dispatcher, Sent};
use crate::model::{IdempotencyKey, Language, Route, SessionKey, Verdict};
use crate::notice::{self, Channel, Notice};
use crate::support::error::Result;

/// The warning where there is nobody to tell.
pub(super) const NO_CHAT: &str = "nobody was told: no chat is known of the session that prepared";

/// Tells the caller's user that the gateway is back and what became of the sessions; returns the text where it may not
/// have reached them. What was told in an earlier run is not told again, unless something else is held or has failed now.
///
/// # Errors
/// Where the ledger cannot be written.
pub(super) fn tell(
    context: &Context,
    dispatcher: &mut Dispatcher<'_>,
    waiting: &Waiting,
    route: Option<&Route>,
    language: Language,
    report: &mut Report,
) -> Result<Option<String>> {
    let (Some(caller), Some(route)) = (&waiting.caller, route) else {
        report.warnings.push(NO_CHAT.to_owned());
        return Ok(None);
    };
    let key = key(&waiting.id, &report.items);
    let say = |notice: &Notice<'_>| context.templates.notice(notice, language, Channel::of(&route.channel));
    let text = text(waiting, caller, &report.items, language, say);
    let sent = dispatcher.notify(&key, caller, route, &text)?;
    let trouble = trouble(&sent);
    report.warnings.extend(trouble.map(|why| format!("the user could not be told: {why}")));
    Ok(trouble.is_some().then_some(text))
}

/// Says what went wrong with an effect, where something did.
pub(super) fn trouble(sent: &Sent) -> Option<&str> {
    match sent {
        Sent::Accepted(_) | Sent::Already | Sent::Overtaken(_) => None,
        Sent::Refused(why) | Sent::Unanswered(why) | Sent::Unknown(why) => Some(why),
    }
}

/// The message's key holds what waits for a person and what failed: a run that finds this changed tells it anew.
fn key(checkpoint: &str, items: &[ItemReport]) -> IdempotencyKey {
    let mut open: Vec<String> = items
        .iter()
        .filter_map(|one| match one.state {
            ItemState::Held => Some(format!("held {}", one.item.key)),
            ItemState::Failed(_) => Some(format!("failed {}", one.item.key)),
            ItemState::Resumed | ItemState::Finished(_) | ItemState::Skipped | ItemState::Due => None,
        })
        .collect();
    open.sort();
    let parts: Vec<&str> =
        ["summary", checkpoint].into_iter().chain(open.iter().map(String::as_str)).collect();
    IdempotencyKey::of(&parts)
}

fn text(
    waiting: &Waiting,
    caller: &SessionKey,
    items: &[ItemReport],
    language: Language,
    say: impl Fn(&Notice<'_>) -> String,
) -> String {
    let is_settled = |one: &ItemReport| !matches!(one.state, ItemState::Held | ItemState::Failed(_));
    let is_told = |one: &&ItemReport| one.item.session_key != *caller || !is_settled(one);
    let others: Vec<&ItemReport> = items.iter().filter(is_told).collect();
    if !others.is_empty() {
        return summary(&others, language, say);
    }
    let own = waiting.block_of(caller);
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
    say(&Notice::Summary { resumed: &resumed, held: &held, manual: &manual })
}
