//! The teller of a session's story, who knows what happened and how it stands; the records are told along the way, and
//! never looked at.

#![expect(clippy::unwrap_used, reason = "a step is told only where it fits")]

use serde_json::json;

use super::step::{Answer, By, Found, Gateway, Row, Step, Words};
use crate::model::{IdempotencyKey, Outcome};
use crate::session::fake::{Story, at};

/// Who waits for the end of a turn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Waits {
    Somebody,
    Nobody,
}

/// The turn under way.
#[derive(Clone, Debug)]
pub(super) struct Open {
    pub by: String,
    pub waits: Waits,
    /// How it stands, as a verdict shows it.
    pub phase: &'static str,
    /// The calls without a result.
    pending: Vec<String>,
    pub small_talk: bool,
    /// What the agent had asked, of a yes to it.
    pub asked: bool,
}

/// A command in the background of whose end the agent has not heard.
#[derive(Clone, Debug)]
pub(super) struct Command {
    pub call: String,
    pub by: String,
    pub waits: Waits,
    pub began: i64,
}

/// The story so far, and how the session stands.
pub(super) struct Teller {
    pub gateway: Gateway,
    pub story: Story,
    /// What happened, for people.
    pub told: Vec<String>,
    pub open: Option<Open>,
    /// The calls of this turn and of those before it that got no answer.
    pub calls: Vec<(String, Outcome)>,
    pub commands: Vec<Command>,
    /// The last turn, which ended, where a call of its waits for leave: who waits for it, and how it is shown.
    pub without_leave: Option<(Waits, String)>,
    /// Nobody has answered what was last asked.
    unanswered: bool,
    /// The agent's last words were a question.
    asked: bool,
    /// The agent has said something, ever.
    pub has_spoken: bool,
    /// Seconds after the beginning: when the last message was written.
    pub last_message: Option<i64>,
    pub row: Row,
    /// The row before the turn under way began.
    pub row_before: Row,
    ids: usize,
}

impl Teller {
    pub(super) fn new(gateway: Gateway) -> Self {
        Self {
            gateway,
            story: Story::new(),
            told: Vec::new(),
            open: None,
            calls: Vec::new(),
            commands: Vec::new(),
            without_leave: None,
            unanswered: false,
            asked: false,
            has_spoken: false,
            last_message: None,
            row: Row::default(),
            row_before: Row::default(),
            ids: 0,
        }
    }

    pub(super) fn now(&self) -> i64 {
        (self.story.now() - at(0)).num_seconds()
    }

    fn id(&mut self, letter: char) -> String {
        self.ids += 1;
        format!("{letter}{}", self.ids)
    }

    /// Tells something, and adds what the gateway writes of it.
    fn say(&mut self, what: String, write: impl FnOnce(Story) -> Story) {
        self.told.push(what);
        self.story = write(std::mem::take(&mut self.story));
        self.last_message = Some(self.now());
    }

    /// Tells what happens next, if it can.
    pub(super) fn tell(&mut self, step: &Step) {
        let waiting = self.open.as_ref().map(|open| open.pending.len());
        match (step, waiting) {
            (Step::PersonWrites(words), None | Some(0)) => self.person_writes(*words),
            (Step::AgentCalls(many), Some(0)) => self.agent_calls(*many),
            (Step::ToolAnswers(which, outcome), Some(1..)) => self.tool_answers(*which, *outcome),
            (Step::GoesIntoBackground(which), Some(1..)) => self.goes_into_background(*which),
            (Step::AgentLooksAfterCommand(which, found), Some(0)) => self.agent_looks(*which, *found),
            (Step::AgentAnswers(answer), Some(0)) => self.agent_answers(*answer),
            (Step::AgentYields, Some(0)) => self.agent_yields(),
            // What a stopped turn leaves looks, behind a turn that nobody asked for, as what a crash leaves.
            (Step::CommandEnds(which), None) if !self.unanswered => self.command_ends(*which),
            // The first message that was never written counts as a person's.
            (Step::Heartbeat, None) if !self.unanswered && self.has_spoken => {
                self.opens('h', Waits::Nobody, "[OpenClaw heartbeat poll]");
            }
            // Without a status nothing tells of such an end.
            (Step::PersonStopsIt | Step::ProviderFails, _) if self.gateway == Gateway::BeforeStatus => {}
            (Step::PersonStopsIt, Some(_)) => self.person_stops_it(),
            (Step::ProviderFails, Some(0)) => self.provider_fails(),
            (Step::PersonResets, None) => self.person_resets(),
            (Step::CrashAndResume(by), Some(_)) => self.crash_and_resume(*by),
            (Step::Notice, _) => {
                let id = self.id('m');
                let said = json!({"role": "assistant", "model": "delivery-mirror", "content": "x", "stopReason": "stop"});
                self.say("a notice".into(), |story| story.message(&id, said));
            }
            (Step::Aside, _) => {
                let id = self.id('x');
                let record = json!({"type": "custom", "customType": "model-snapshot"});
                self.story = std::mem::take(&mut self.story).record(&id, record);
            }
            (Step::Minutes(minutes), _) => self.passes(i64::from(*minutes) * 60),
            _ => {}
        }
    }

    /// Tells whether a process holds the transcript for a turn.
    pub(super) fn holds_a_lock(&self) -> bool {
        self.gateway == Gateway::WithLocks && self.open.is_some()
    }

    /// Tells whether nothing was written yet of what was said.
    pub(super) fn is_unwritten(&self) -> bool {
        self.gateway == Gateway::WithLocks && !self.has_spoken
    }

    /// Tells whether the turn under way was opened by small talk, and by nothing else.
    pub(super) fn needs_no_answer(&self) -> bool {
        let is_small_talk = |open: &Open| open.small_talk && open.phase == "message";
        self.open.as_ref().is_some_and(is_small_talk) && !self.is_unwritten()
    }

    /// Shows the turn under way as a verdict does.
    pub(super) fn shows_turn(&self, open: &Open) -> String {
        let calls = self.calls.iter().map(|(call, outcome)| format!(" {call}={outcome:?}").to_lowercase());
        let asked = if open.asked { " asked" } else { "" };
        if self.is_unwritten() {
            return "- message".into();
        }
        format!("{} {}{}{asked}", open.by, open.phase, calls.collect::<String>())
    }

    /// Lets so many seconds pass.
    pub(super) fn passes(&mut self, seconds: i64) {
        self.told.push(format!("{seconds} seconds pass"));
        self.story = std::mem::take(&mut self.story).rests(seconds);
    }

    /// Opens a turn, also in the middle of another one.
    fn opens(&mut self, letter: char, waits: Waits, text: &str) {
        let id = self.id(letter);
        self.say(format!("{id}: {text}"), |story| match waits {
            Waits::Somebody => story.user(&id, text),
            Waits::Nobody => story.system(&id, text),
        });
        let small_talk = false;
        self.open =
            Some(Open { by: id, waits, phase: "message", pending: Vec::new(), small_talk, asked: false });
        self.without_leave = None;
        self.unanswered |= waits == Waits::Somebody;
        self.row_before = self.row;
        self.row = Row {
            status: "running",
            aborted: false,
            started: Some(self.now()),
            ended: None,
            updated: self.now(),
        };
    }

    pub(super) fn person_writes(&mut self, words: Words) {
        let text = match words {
            Words::Request => "sort the photos",
            Words::Thanks => "thanks!",
            Words::Yes => "可以",
        };
        let was_open = self.open.is_some();
        let row_before = self.row_before;
        let small_talk = words == Words::Thanks && !self.unanswered;
        let asked = words == Words::Yes && self.asked;
        self.opens('u', Waits::Somebody, text);
        if was_open {
            // It is steered into a run that goes on.
            self.row_before = row_before;
        }
        if let Some(open) = &mut self.open {
            (open.small_talk, open.asked) = (small_talk, asked);
        }
    }

    /// The agent says something in the turn under way.
    fn agent_speaks(&mut self, what: String, phase: &'static str, write: impl FnOnce(Story) -> Story) {
        self.say(what, write);
        (self.has_spoken, self.asked) = (true, false);
        self.open.as_mut().unwrap().phase = phase;
    }

    fn agent_calls(&mut self, many: u8) {
        let id = self.id('a');
        let calls: Vec<String> = (0..many).map(|_| self.id('c')).collect();
        let names: Vec<&str> = calls.iter().map(String::as_str).collect();
        self.agent_speaks(format!("{id}: the agent calls {names:?}"), "toolcall", |story| {
            story.calls(&id, &names)
        });
        self.calls.extend(calls.iter().map(|call| (call.clone(), Outcome::Unknown)));
        self.open.as_mut().unwrap().pending = calls;
    }

    /// One of the calls gets its result.
    fn answered(&mut self, which: u8) -> (String, String) {
        let id = self.id('r');
        let open = self.open.as_mut().unwrap();
        let call = open.pending.remove(usize::from(which) % open.pending.len());
        open.phase = if open.pending.is_empty() { "toolresult" } else { "toolcall" };
        (id, call)
    }

    fn tool_answers(&mut self, which: u8, outcome: Outcome) {
        let (id, call) = self.answered(which);
        let more = match outcome {
            Outcome::Failed => json!({"isError": true}),
            Outcome::ApprovalPending => json!({"details": {"status": "approval-pending"}}),
            Outcome::Done | Outcome::Unknown => json!({}),
        };
        self.say(format!("{id}: the result of {call}: {outcome:?}"), |story| story.result(&id, &call, more));
        self.calls.iter_mut().find(|(known, _)| *known == call).unwrap().1 = outcome;
    }

    fn goes_into_background(&mut self, which: u8) {
        let (id, call) = self.answered(which);
        let Open { by, waits, .. } = self.open.clone().unwrap();
        self.commands.push(Command { call: call.clone(), by, waits, began: self.now() });
        self.say(format!("{id}: {call} goes into the background"), |story| {
            story.backgrounded(&id, &call, &format!("{call}-fox"))
        });
    }

    fn agent_looks(&mut self, which: u8, found: Found) {
        let Some(at) = usize::from(which).checked_rem(self.commands.len()) else { return };
        let (id, call, result) = (self.id('a'), self.id('c'), self.id('r'));
        let name = format!("{}-fox", self.commands[at].call);
        let status = if found == Found::Running { "running" } else { "completed" };
        let asks = json!({"action": "poll", "sessionId": name, "command": call});
        let told = json!({"toolName": "process", "details": {"status": status, "sessionId": name}});
        self.agent_speaks(format!("{id}: the agent looks after {name}: {status}"), "toolresult", |story| {
            story.calls_tool(&id, &call, "process", &asks).result(&result, &call, told)
        });
        self.calls.push((call, Outcome::Done));
        if found == Found::Ended {
            self.commands.remove(at);
        }
    }

    /// The turn under way ends, with or without an answer.
    fn ends(&mut self, status: &'static str, answered: bool) {
        let ended = self.open.take().unwrap();
        if answered {
            if self.calls.iter().any(|(_, outcome)| *outcome == Outcome::ApprovalPending) {
                let shown = self.shows_turn(&Open { phase: "approval", ..ended.clone() });
                self.without_leave = Some((ended.waits, shown));
            }
            self.calls.clear();
            self.unanswered = false;
        }
        self.row = Row {
            status,
            aborted: status == "killed",
            ended: Some(self.now()),
            updated: self.now(),
            ..self.row
        };
    }

    fn agent_answers(&mut self, answer: Answer) {
        let id = self.id('a');
        let text = match answer {
            Answer::Done => "done",
            Answer::Silence => "no_reply",
            Answer::Question => "Shall I delete the rest?",
        };
        self.agent_speaks(format!("{id}: the agent answers {text}"), "", |story| {
            story.says(&id, text, "stop")
        });
        self.asked = answer == Answer::Question;
        self.ends("done", true);
    }

    fn agent_yields(&mut self) {
        let (id, call, result) = (self.id('a'), self.id('c'), self.id('r'));
        self.agent_speaks(format!("{id}: the agent waits for a helper"), "", |story| {
            story.calls_tool(&id, &call, "sessions_yield", &json!({"command": call})).result(
                &result,
                &call,
                json!({"toolName": "sessions_yield"}),
            )
        });
        self.calls.push((call, Outcome::Done));
        self.ends("done", true);
    }

    fn command_ends(&mut self, which: u8) {
        let Some(at) = usize::from(which).checked_rem(self.commands.len()) else { return };
        let Command { call, .. } = self.commands.remove(at);
        let short: String = format!("{call}-fox").chars().take(8).collect();
        let event = format!("System: [1] Exec completed ({short}, code 0)\n\n[OpenClaw exec completion]");
        self.opens('e', Waits::Somebody, &event);
    }

    fn person_stops_it(&mut self) {
        // 2026.5 has the calls end, 2026.9 leaves them.
        while self.gateway == Gateway::WithLocks && !self.open.as_ref().unwrap().pending.is_empty() {
            let (id, call) = self.answered(0);
            let said = json!([{"type": "text", "text": "Command aborted by signal SIGTERM"}]);
            self.say(format!("{id}: {call} is aborted"), |story| {
                story.result(&id, &call, json!({"content": said, "details": {"status": "failed"}}))
            });
        }
        self.told.push("the person stops it".into());
        self.leaves_unanswered();
        self.ends("killed", false);
    }

    fn provider_fails(&mut self) {
        let id = self.id('a');
        self.agent_speaks(format!("{id}: the provider fails"), "", |story| story.says(&id, "", "error"));
        self.leaves_unanswered();
        self.ends("failed", false);
    }

    fn leaves_unanswered(&mut self) {
        self.unanswered |= self.open.as_ref().is_some_and(|open| matches!(open.waits, Waits::Somebody));
    }

    /// The gateway is told to stop while the agent speaks, and writes that down.
    pub(super) fn breaks_off(&mut self) {
        if self.open.as_ref().is_some_and(|open| open.pending.is_empty()) {
            let id = self.id('a');
            self.agent_speaks(format!("{id}: the agent is cut off"), "stream", |story| {
                story.says(&id, "I", "aborted")
            });
        }
    }

    fn person_resets(&mut self) {
        let id = self.id('z');
        self.told.push("the person resets the session".into());
        self.story = std::mem::take(&mut self.story).record(&id, json!({"type": "reset", "reason": "new"}));
        self.calls.clear();
        self.commands.clear();
        self.without_leave = None;
        (self.unanswered, self.asked, self.last_message) = (false, false, None);
    }

    fn crash_and_resume(&mut self, by: By) {
        if self.open.as_ref().is_some_and(|open| open.waits == Waits::Nobody) {
            return;
        }
        self.told.push("the gateway crashes, and starts".into());
        self.resumes(by);
    }

    pub(super) fn resumes(&mut self, by: By) {
        match by {
            By::OpenClaw => {
                let text = "[System] Your previous turn was interrupted by a gateway restart. Continue.";
                self.opens('n', Waits::Somebody, text);
            }
            By::Comeback => {
                let text = format!("Go on.\n\n{}", IdempotencyKey::of(&["x"]));
                self.opens('o', Waits::Somebody, &text);
            }
        }
    }
}
