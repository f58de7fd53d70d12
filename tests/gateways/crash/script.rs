//! The model of all the chats: it gets each into its situation, and finishes the work when it is asked again.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::{Value, json};

use super::situations::{STEERED, STEERED_DONE, Situation};
use crate::harness::model::{Reply, Request};

/// Longer than any test.
const NEVER_MS: u32 = 900_000;
/// Which life of the gateway this is, counted from 1.
pub type Life = Arc<AtomicUsize>;

/// What it answers to small talk.
pub const HELLO: &str = "Hello, Ada.";
/// What it tells a user whose message was lost.
pub const LOST: &str = "Your last message was lost.";

/// What the command prints of whose end the model hears.
pub const RESULT: &str = "the figures of May";

/// What the model answers, by chat and life.
pub fn model(life: &Life) -> impl Fn(&Request) -> Reply + Send + Sync + 'static {
    let life = Arc::clone(life);
    move |request| match (Situation::of(request), life.load(Ordering::SeqCst)) {
        (Some(situation), 1) => work(situation, request),
        (Some(Situation::Twice), 2) => Reply::Hang,
        (Some(situation), _) => finish(situation, request),
        (None, _) => Reply::text("NO_REPLY"),
    }
}

/// The first life: as far as the kill.
fn work(situation: Situation, request: &Request) -> Reply {
    let is_begun = !request.last_tool_results().is_empty();
    let wait = exec(&format!("cat {}", situation.pipe()));
    match situation {
        Situation::Answering if !request.remembers(&situation.request()) => Reply::text(HELLO),
        Situation::Answering | Situation::FirstMessage => {
            Reply::Partial(format!("The {} work goes on and on", situation.word()))
        }
        Situation::Idle => begun(situation),
        Situation::ResultRead if is_begun => Reply::Hang,
        Situation::ResultRead => Reply::Tools(vec![exec("cat notes.txt")]),
        Situation::Subagent if request.remembers(&situation.task()) => Reply::Tools(vec![wait]),
        Situation::CommandEnded if tells_of_an_end(request) => Reply::Hang,
        Situation::Approval
        | Situation::CommandEnded
        | Situation::CommandKilled
        | Situation::BuildKilled
        | Situation::CommandSurvives
        | Situation::Subagent
            if is_begun =>
        {
            begun(situation)
        }
        Situation::Subagent => Reply::tool("sessions_spawn", json!({"task": situation.task()})),
        Situation::CommandKilled | Situation::CommandEnded => {
            background(&format!("cat {}", situation.pipe()))
        }
        Situation::BuildKilled | Situation::CommandSurvives => {
            background(&format!("build-report {}", situation.pipe()))
        }
        Situation::Approval => Reply::Tools(vec![exec("rm -rf old-build")]),
        Situation::Destroying if !is_begun => {
            Reply::Tools(vec![exec(&format!("rm -rf build && cat {}", situation.pipe()))])
        }
        Situation::TextAndCall if !is_begun => Reply::TextAndTools("I look it up.".to_owned(), vec![wait]),
        Situation::OneOfTwo if !is_begun => Reply::Tools(vec![exec("cat notes.txt"), wait]),
        _ if !is_begun => Reply::Tools(vec![wait]),
        _ => finish(situation, request),
    }
}

/// Later lives: answers whatever was asked and has no answer yet. Who is asked to go on with the destructive work does
/// it again first, unless told to look before.
fn finish(situation: Situation, request: &Request) -> Reply {
    let said = request.last_user_text();
    let is_warned = said.contains("check the current state") || said.contains("erify");
    if situation == Situation::Destroying && request.last_tool_results().is_empty() && !is_warned {
        return Reply::Tools(vec![exec("rm -rf build")]);
    }
    if said.contains("finished and never delivered") {
        return Reply::text(situation.done());
    }
    if !request.remembers(&situation.request()) {
        return Reply::text(LOST);
    }
    let asked = [(situation.request(), situation.done()), (STEERED.to_owned(), STEERED_DONE.to_owned())];
    let open = asked.iter().filter(|(asked, done)| request.remembers(asked) && !request.remembers(done));
    let done: Vec<&str> = open.map(|(_, done)| done.as_str()).collect();
    Reply::text(if done.is_empty() { "NO_REPLY".to_owned() } else { done.join(" ") })
}

/// Whether the gateway tells the model that a command has ended: with its output on 2026.9.6, before that by a heartbeat
/// that does not say why.
pub fn tells_of_an_end(request: &Request) -> bool {
    [RESULT, "[OpenClaw heartbeat poll]"].iter().any(|part| request.last_user_text().contains(part))
}

fn begun(situation: Situation) -> Reply {
    Reply::text(format!("The {} work has begun.", situation.word()))
}

fn background(command: &str) -> Reply {
    Reply::tool("exec", json!({"command": command, "background": true}))
}

fn exec(command: &str) -> (String, Value) {
    ("exec".to_owned(), json!({"command": command, "yieldMs": NEVER_MS}))
}
