//! The files of restart-task-recovery, frozen.
//!
//! They are read as its scripts write them, and written so that its scripts read them. What they do not have is added behind
//! their own fields, and missed by nobody when it is absent.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::checkpoint::{Block, Checkpoint};
use crate::flow::{Chain, ItemState, List, Step};
use crate::model::{Decision, Risk, SessionKey};
use crate::plan::{Message, Ruling};
use crate::support::clock::rfc3339;
use crate::support::error::{Error, Kind, Result};
use crate::support::redact::redact;

/// The seed's two reasons. Scripts compare them, so they stand for what the words of a message say, letter by letter.
const RISKY: &str = "Potential non-idempotent external write";
const SAFE: &str = "Safe to resume";
/// The tool that the calls are for.
const TOOL: &str = "sessions_send";
/// What stands in the place of a file's name where it came from stdin.
const STDIN: &str = "-";

/// `plan`: what the blocks of a checkpoint ask for.
#[derive(Debug, Serialize)]
pub struct Plan {
    schema: &'static str,
    count: usize,
    items: Vec<PlanItem>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct PlanItem {
    session_key: SessionKey,
    agent: String,
    goal: String,
    resume_message: String,
}

impl Plan {
    /// Shows a checkpoint.
    #[must_use]
    pub fn new(checkpoint: &Checkpoint) -> Self {
        let item = |block: &Block| PlanItem {
            session_key: block.session_key.clone(),
            agent: redact(&block.agent).into_owned(),
            goal: redact(&block.goal).into_owned(),
            resume_message: redact(&block.resume_message()).into_owned(),
        };
        let items: Vec<_> = checkpoint.blocks.iter().map(item).collect();
        Self { schema: "comeback.plan.v1", count: items.len(), items }
    }
}

/// `actions`: a call of `sessions_send` for each block.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActionList {
    schema: &'static str,
    generated_at: String,
    checkpoint: String,
    count: usize,
    actions: Vec<Action>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Action {
    tool: &'static str,
    params: Params,
    next_step: Option<String>,
    blockers: Option<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Params {
    session_key: SessionKey,
    message: String,
}

impl ActionList {
    /// Lists the calls for these blocks of the checkpoint `origin`.
    #[must_use]
    pub fn new(now: DateTime<Utc>, origin: &str, blocks: &[Block]) -> Self {
        let action = |block: &Block| {
            let Message { session_key, text: message, next_step, blockers, .. } = Message::of(block);
            Action { tool: TOOL, params: Params { session_key, message }, next_step, blockers }
        };
        let actions: Vec<_> = blocks.iter().map(action).collect();
        Self {
            schema: "comeback.actions.v1",
            generated_at: rfc3339(now),
            checkpoint: origin.to_owned(),
            count: actions.len(),
            actions,
        }
    }
}

/// `verify`: which of the calls may be made without a person.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct VerifiedList<'a> {
    schema: &'static str,
    generated_at: String,
    source: &'a str,
    checkpoint: Option<&'a str>,
    count: usize,
    verified: Vec<VerifiedView<'a>>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct VerifiedView<'a> {
    session_key: &'a SessionKey,
    message: &'a str,
    risk: Risk,
    requires_manual_confirm: bool,
    decision: Decision,
    reason: &'a str,
    rule: &'a str,
    detail: &'a str,
}

impl<'a> VerifiedList<'a> {
    /// Shows what was found out about the list in the file `source`.
    #[must_use]
    pub fn new(now: DateTime<Utc>, source: &'a str, list: &'a List, chain: &'a Chain) -> Self {
        let view = |step: &'a Step| {
            let is_sent = step.state == ItemState::Due;
            VerifiedView {
                session_key: &step.message.session_key,
                message: &step.message.text,
                risk: step.ruling.risk,
                requires_manual_confirm: !is_sent,
                decision: if is_sent { Decision::Send } else { Decision::Hold },
                reason: reason(step),
                rule: &step.ruling.rule,
                detail: &step.ruling.reason,
            }
        };
        let verified: Vec<_> = chain.steps.iter().map(view).collect();
        Self {
            schema: "comeback.verify.v1",
            generated_at: rfc3339(now),
            source,
            checkpoint: list.checkpoint.as_deref(),
            count: verified.len(),
            verified,
        }
    }
}

/// Returns the seed's reason where its own question, how risky the words are, decided; else ours.
fn reason(step: &Step) -> &str {
    match (&step.state, step.ruling.risk) {
        (ItemState::Due, _) => SAFE,
        (_, Risk::High) => RISKY,
        (_, Risk::Normal) => &step.ruling.reason,
    }
}

/// `execute`: what the caller is to send, what a person must confirm, and what we have dealt with.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Execution<'a> {
    schema: &'static str,
    send_count: usize,
    hold_count: usize,
    send_actions: Vec<SendView>,
    hold_for_manual_confirm: Vec<HeldView<'a>>,
    handled: Vec<HandledView<'a>>,
}

#[derive(Debug, Serialize)]
struct SendView {
    tool: &'static str,
    params: Params,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HeldView<'a> {
    session_key: &'a SessionKey,
    reason: &'a str,
    message: &'a str,
    rule: &'a str,
    detail: &'a str,
    code: Option<&'a str>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HandledView<'a> {
    session_key: &'a SessionKey,
    state: &'static str,
    detail: Option<&'a str>,
}

impl<'a> Execution<'a> {
    /// Parts the messages by what becomes of them.
    #[must_use]
    pub fn new(chain: &'a Chain) -> Self {
        let (mut send_actions, mut held, mut handled) = (Vec::new(), Vec::new(), Vec::new());
        for step in &chain.steps {
            let Step { message, ruling, state, code } = step;
            let session_key = &message.session_key;
            let mut handle = |state, detail| handled.push(HandledView { session_key, state, detail });
            match state {
                ItemState::Due => {
                    let params = Params { session_key: session_key.clone(), message: message.text.clone() };
                    send_actions.push(SendView { tool: TOOL, params });
                }
                ItemState::Held => held.push(HeldView {
                    session_key,
                    reason: reason(step),
                    message: &message.text,
                    rule: &ruling.rule,
                    detail: &ruling.reason,
                    code: code.as_deref(),
                }),
                ItemState::Resumed => handle("resumed", None),
                ItemState::Finished(how) => handle("finished", Some(how)),
                ItemState::Skipped => handle("skipped", Some(&ruling.reason)),
                ItemState::Failed(why) => handle("failed", Some(why)),
            }
        }
        Self {
            schema: "comeback.execute.v1",
            send_count: send_actions.len(),
            hold_count: held.len(),
            send_actions,
            hold_for_manual_confirm: held,
            handled,
        }
    }
}

#[derive(Deserialize)]
struct ActionsFile {
    checkpoint: Option<String>,
    actions: Vec<ActionEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ActionEntry {
    params: Params,
    next_step: Option<String>,
    blockers: Option<String>,
}

/// Reads what `actions` or the seed's fourth script wrote; `origin` names it in errors.
///
/// # Errors
/// Where it is no such file: names the line.
pub fn read_actions(origin: &str, text: &str) -> Result<List> {
    let file: ActionsFile = parsed(origin, text, "a list of actions", "actions")?;
    let message = |entry: ActionEntry| Message {
        next_step: entry.next_step,
        blockers: entry.blockers,
        ..Message::new(entry.params.session_key, &entry.params.message)
    };
    Ok(List {
        checkpoint: file.checkpoint.filter(|named| named != STDIN),
        messages: file.actions.into_iter().map(message).collect(),
    })
}

#[derive(Deserialize)]
struct VerifiedFile {
    checkpoint: Option<String>,
    source: Option<String>,
    verified: Vec<VerifiedEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct VerifiedEntry {
    session_key: SessionKey,
    message: String,
    risk: Option<String>,
    #[serde(default)]
    requires_manual_confirm: bool,
    decision: Option<String>,
    reason: Option<String>,
    rule: Option<String>,
    detail: Option<String>,
}

/// Reads what `verify` or the seed's fifth script wrote; `origin` names it in errors.
///
/// What does not say of itself in every field that it may be sent is held.
///
/// # Errors
/// Where it is no such file: names the line.
pub fn read_verified(origin: &str, text: &str) -> Result<List> {
    let file: VerifiedFile = parsed(origin, text, "a list of verified actions", "verify")?;
    let is_checkpoint = |source: &String| Path::new(source).extension().is_some_and(|end| end == "md");
    let source = file.source.filter(is_checkpoint);
    Ok(List {
        checkpoint: file.checkpoint.or(source).filter(|named| named != STDIN),
        messages: file.verified.into_iter().map(VerifiedEntry::into_message).collect(),
    })
}

impl VerifiedEntry {
    fn into_message(self) -> Message {
        let is_risky = self.risk.is_some_and(|risk| risk != "normal");
        let may_go = self.decision.as_deref() == Some("send") && !is_risky && !self.requires_manual_confirm;
        let held = (!may_go).then(|| Ruling {
            decision: Decision::Hold,
            risk: if is_risky { Risk::High } else { Risk::Normal },
            rule: self.rule.unwrap_or_else(|| "file".to_owned()),
            reason: redact(&self.detail.or(self.reason).unwrap_or_else(|| "the file holds it".to_owned()))
                .into_owned(),
        });
        Message { held, ..Message::new(self.session_key, &self.message) }
    }
}

fn parsed<'de, T: Deserialize<'de>>(origin: &str, text: &'de str, what: &str, maker: &str) -> Result<T> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    serde_json::from_str(text).map_err(|error| {
        Error::new(Kind::User, format!("{origin}:{}: expected {what}", error.line()))
            .because(error)
            .hint(format!("`comeback {maker}` writes one"))
    })
}

#[cfg(test)]
mod tests;
