//! A checkpoint of what a restart is about to cut off, where nobody has written one.
//!
//! It reads the sessions' own files: while a gateway goes down, 2026.9.6 answers nobody any more (measured).

use super::build::{Built, write};
use super::context::{Context, PATIENCE};
use super::language;
use super::pending::{self, Waiting};
use crate::checkpoint::{Block, Captured, PLACEHOLDER, SessionMark, Store};
use crate::ledger::Ledger;
use crate::model::{Call, Language, Outcome, Risk, SessionKey};
use crate::plan::Rules;
use crate::session::{self, Cut, Evidence, Phase, RunStatus, spoken};
use crate::support::error::{Error, Kind, Result};
use crate::support::fs::Lock;
use crate::support::redact::redact;
use crate::support::text::one_line;

/// A request that is longer is cut.
const GOAL: usize = 300;
/// A call that is longer is cut.
const CALL: usize = 120;

/// Writes down what is under way in each session. Of a checkpoint that waits for this restart every block stays as it
/// is; only sessions that it does not name are added.
///
/// # Errors
/// Where the state directory cannot be read, a file cannot be written, another run holds the lock, or the policy has
/// switched comeback off.
pub fn capture(context: &Context, dry_run: bool) -> Result<Built> {
    if !context.policy.enabled {
        return Err(Error::new(Kind::Refused, "the policy has switched comeback off (enabled: false)"));
    }
    let (mut marked, mut unread) = (Vec::new(), Vec::new());
    let mut mark = |session: Evidence| {
        match &session.history {
            // Of what is out of reach its user is told after the restart, by its evidence.
            _ if session.key.is_of_a_machine() || session.out_of_reach => {}
            Ok(_) => marked.extend(block(&session)),
            Err(error) => unread.push(format!("{}: {}", session.key, error.full())),
        }
        None
    };
    let (stores, _) = session::read_some(&context.paths.state, &context.config, &|_| true, &mut mark)?;
    let mut warnings: Vec<String> = stores.iter().flat_map(|store| store.warnings.clone()).collect();
    warnings.extend(stores.into_iter().filter_map(|store| store.sessions.err()).map(|error| error.full()));
    warnings.extend(unread);
    let _lock = if dry_run || marked.is_empty() {
        None
    } else {
        Some(Lock::acquire(&context.paths.lock(), PATIENCE)?)
    };
    let boot = context.running_boot();
    let store = Store::new(context.paths.checkpoints());
    let ledger = Ledger::read(&context.paths.ledger())?;
    let waits = Waiting::find(&store, &ledger)?
        .filter(|waiting| boot.as_ref().is_some_and(|boot| waiting.is_due(boot)));
    if let Some(waiting) = waits.filter(|_| !marked.is_empty()) {
        // Its recovery has still to come, under its own keys: a newer checkpoint would take its place.
        warnings
            .push(format!("{} waits to be recovered: nothing is captured beside it", waiting.path.display()));
        marked.clear();
    }
    let earlier = pending::handing_on(&store, &ledger, boot.as_ref())?;
    let is_named = |key: &SessionKey| {
        earlier.iter().flat_map(|(_, checkpoint)| &checkpoint.blocks).any(|block| block.session_key == *key)
    };
    marked.retain(|(block, _)| !is_named(&block.session_key));
    let (blocks, marks): (Vec<Block>, Vec<_>) =
        marked.into_iter().map(|(block, mark)| (block.clone(), (block.session_key, mark))).unzip();
    let is_news = !blocks.is_empty();
    let built = write(context, boot, &earlier, blocks, marks, dry_run || !is_news)?;
    Ok(Built { warnings: warnings.into_iter().chain(built.warnings).collect(), ..built })
}

/// Describes a session whose turn, or whose background command, the restart cuts off; none has nothing to lose.
fn block(session: &Evidence) -> Option<(Block, SessionMark)> {
    let history = session.history.as_ref().ok()?;
    let route = session.row.route.as_ref();
    let describe = |tool: &str, arguments: &serde_json::Value, outcome| {
        Rules::builtin().call(tool, arguments, outcome, route)
    };
    // A turn that is under way says so, also where the gateway has marked it for its own recovery already (measured).
    // One that was stopped, or that recovery gave up on, has the mark as well, and is nobody's any more.
    let runs = session.row.status == Some(RunStatus::Running);
    let cuts = session::cuts(&session.agent, &session.row, history, &describe);
    let counts = |cut: &&Cut| match cut.phase {
        Phase::Command => true,
        // It may have been denied long ago; after the restart the window decides.
        Phase::Approval => false,
        _ => runs && cut.opened_by.as_ref().is_none_or(|entry| entry.author.is_waited_for()),
    };
    let cut = cuts.iter().find(counts)?;
    let request = history.last_request().map(|entry| one_line(&redact(spoken(&entry.text)), GOAL));
    let said = history.entries.iter().filter(|entry| entry.author == session::Author::Person);
    let language = language::of_texts(said.map(|entry| spoken(&entry.text)));
    let words = Words::of(language);
    let done = cut.calls.iter().rev().find(|call| call.outcome == Outcome::Done);
    let doubtful = cut.calls.iter().find(|call| call.outcome == Outcome::Unknown && call.risk == Risk::High);
    let waits = cut.calls.iter().find(|call| call.outcome == Outcome::ApprovalPending);
    let blockers = match (waits, doubtful) {
        (Some(call), _) => format!("{}{}", words.waits, shown(call)),
        (None, Some(call)) => format!("{}{}", words.doubtful, shown(call)),
        (None, None) => "none".to_owned(),
    };
    let block = Block {
        agent: session.agent.to_string(),
        goal: request.unwrap_or_else(|| PLACEHOLDER.to_owned()),
        last_done: done
            .map_or_else(|| PLACEHOLDER.to_owned(), |call| format!("{}{}", words.done, shown(call))),
        next_step: words.next(cut.phase).to_owned(),
        blockers,
        ..Block::new(session.key.clone())
    };
    let last_entry_id = history.entries.iter().rev().find_map(|entry| entry.id.clone());
    let captured = if cut.phase == Phase::Command { Captured::Command } else { Captured::Turn };
    Some((block, SessionMark { last_entry_id, captured: Some(captured) }))
}

fn shown(call: &Call) -> String {
    one_line(&call.summary, CALL)
}

/// What a captured block says, in the language of the session's user. The gate judges the steps by these words.
struct Words {
    done: &'static str,
    waits: &'static str,
    doubtful: &'static str,
    next: [&'static str; 4],
}

impl Words {
    const EN: Self = Self {
        done: "ran ",
        waits: "waits for leave to run ",
        doubtful: "nobody knows whether this has happened: ",
        next: [
            "Write the answer to the user's last message",
            "Continue the work from the results of the tools",
            "Finish the answer to the user",
            "Check whether the background command has ended, then tell the user",
        ],
    };
    const ZH: Self = Self {
        done: "已执行 ",
        waits: "等待批准执行 ",
        doubtful: "不确定是否已经执行：",
        next: [
            "回复用户的最后一条消息",
            "查看工具的结果，继续当前的工作",
            "写完给用户的回复",
            "检查后台命令是否已经结束，然后告诉用户",
        ],
    };

    const fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &Self::EN,
            Language::Zh => &Self::ZH,
        }
    }

    const fn next(&self, phase: Phase) -> &'static str {
        match phase {
            Phase::Message => self.next[0],
            Phase::ToolCall | Phase::ToolResult | Phase::Approval => self.next[1],
            Phase::Stream | Phase::Reply => self.next[2],
            Phase::Command => self.next[3],
        }
    }
}

#[cfg(test)]
mod tests;
