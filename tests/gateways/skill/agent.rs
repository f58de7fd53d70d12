//! An agent that does what it reads: all that it runs is taken from the skill's text, from a message of ours, or from what
//! a command of ours has printed.

use regex::Regex;
use serde_json::json;

use super::text::{Part, lines, with};
use crate::harness::model::{Message, Reply, Request};

/// What Ada asks for.
pub const RESTART: &str = "please restart the gateway";
/// Said behind it: nobody else has work under way.
pub const ALONE: &str = "only I am at work";
pub const HELD: &str = "what is held?";
pub const CONFIRM: &str = "let this go on: ";
pub const REJECT: &str = "drop this: ";
pub const LONG: &str = "please write the long report";
/// The sections of SKILL.md about it.
const PLANNED: &str = "A planned restart: three steps";
const SECTIONS: [(&str, &str); 5] = [
    (RESTART, PLANNED),
    (HELD, "When something is held"),
    (CONFIRM, "When something is held"),
    (REJECT, "When something is held"),
    (LONG, "Long work"),
];
/// Why the gateway is to restart.
pub const REASON: &str = "a new model";
/// What the agent ends its turn with behind the restart call.
const UNDER_WAY: &str = "The restart is under way.";
/// What an agent says whose work may go on.
pub const DONE: &str = "It is done.";
/// What it says when the task is done.
pub const WRITTEN: &str = "The long report is written.";
/// The work that the task's first step names.
const WORK: &str = "mkdir -p report && echo 1 > report/figures.csv";
/// What every message of ours to a session ends with.
const KEY: &str = "Idempotency key: comeback-";

/// One request, as the agent understands it.
struct Turn<'a> {
    request: &'a Request,
    /// What opened the turn: the last message of a person's, of a job's, or of ours.
    opened: &'a str,
    /// The tool that it has called last, and what that said.
    called: Option<(&'a str, &'a str)>,
    /// It has made the restart call, and has said so.
    has_ended: bool,
    /// SKILL.md, where it has been read.
    skill: Option<&'a str>,
}

/// Does the next step of a turn.
pub fn script(request: &Request) -> Reply {
    if request.tools() == ["openclaw"] {
        return system_agent(request);
    }
    // What the gateway tells of the chat's past is in a message of its own, behind the real one, and nothing to be done.
    let is_said =
        |message: &Message| message.role == "user" && !message.text.contains("OPENCLAW_INTERNAL_CONTEXT");
    let is_opening = |message: &Message| is_said(message) && opens(&message.text);
    let opened = request.messages.iter().rposition(is_opening).unwrap_or(0);
    let behind = &request.messages[opened..];
    let tool = behind.iter().rev().find_map(|message| message.tool_calls.first());
    let result = behind.iter().rfind(|message| message.role == "tool");
    let turn = Turn {
        request,
        opened: &request.messages[opened].text,
        called: tool.zip(result).map(|((tool, _), result)| (tool.as_str(), result.text.as_str())),
        has_ended: behind.iter().any(|message| message.role == "assistant" && message.text == UNDER_WAY),
        skill: tool_result(request, "\n# comeback\n"),
    };
    turn.next()
}

/// The gateway's own agent of 2026.9.6, to which the tool `openclaw` hands on what it is told.
fn system_agent(request: &Request) -> Reply {
    if request.last_tool_results().is_empty() {
        return Reply::tool("openclaw", json!({"action": "gateway_restart"}));
    }
    Reply::text("The host decides.")
}

fn opens(text: &str) -> bool {
    SECTIONS.iter().any(|(ask, _)| text.contains(ask))
        || text.contains("comeback recover")
        || text.contains(KEY)
}

/// The last result of a tool in which this stands.
fn tool_result<'a>(request: &'a Request, text: &str) -> Option<&'a str> {
    let results = request.messages.iter().rev().filter(|message| message.role == "tool");
    results.map(|message| message.text.as_str()).find(|result| result.contains(text))
}

impl Turn<'_> {
    fn next(&self) -> Reply {
        match self.called {
            None => self.begin(),
            Some(("read" | "session_status", result)) => {
                self.task_begins(result).unwrap_or_else(|| self.do_as_the_skill_says())
            }
            Some(("exec", result)) => self.go_on(result),
            // The restart call; step 2 ends the turn with it.
            Some(_) if !self.has_ended => Reply::text(UNDER_WAY),
            // The gateway's own turn about the restart.
            Some(_) => Reply::text("NO_REPLY"),
        }
    }

    /// Begins with what opened the turn.
    fn begin(&self) -> Reply {
        match (told_to_run(self.opened), self.step(3)) {
            (Some(command), Some(step)) if command.starts_with("comeback recover") => {
                return self.exec(step.blocks()[0]);
            }
            (Some(command), _) => return self.exec(&command),
            (None, _) => {}
        }
        match self.asked() {
            Some(_) if self.skill.is_some() => self.do_as_the_skill_says(),
            Some(_) => read(&self.location()),
            None if self.opened.contains(KEY) => Reply::text(DONE),
            None => Reply::text("Noted."),
        }
    }

    /// What was asked for, and the section of SKILL.md about it.
    fn asked(&self) -> Option<(&'static str, Part<'_>)> {
        // Some versions quote what was said before, in front of the message.
        let asked = SECTIONS.into_iter().filter(|(ask, _)| self.opened.contains(ask));
        let (ask, section) = asked.max_by_key(|(ask, _)| self.opened.rfind(ask))?;
        Some((ask, self.skill.map_or(Part(""), |skill| Part(skill).section(section))))
    }

    /// A step of the planned restart.
    fn step(&self, number: usize) -> Option<Part<'_>> {
        self.skill.map(|skill| Part(skill).section(PLANNED).step(number))
    }

    fn do_as_the_skill_says(&self) -> Reply {
        let (ask, section) = self.asked().expect("somebody has asked for something");
        if ask == LONG {
            let reference = section.code("references/").expect("the section names a reference");
            return read(&self.location().replace("SKILL.md", reference));
        }
        let Some(key) = self.session_key() else { return Reply::tool("session_status", json!({})) };
        let code =
            self.opened.split(ask).nth(1).and_then(|rest| rest.split_whitespace().next()).unwrap_or_default();
        let command = match ask {
            RESTART => {
                let [alone, with_others] = section.step(1).blocks()[..] else {
                    panic!("step 1 has two blocks")
                };
                let block = if self.opened.contains(ALONE) { alone } else { with_others };
                with(block, "--reason", &format!("'{REASON}'"))
            }
            HELD => lines(section.blocks()[0])[0].to_owned(),
            CONFIRM => with(lines(section.blocks()[0])[1], "confirm", code),
            _ => with(lines(section.blocks()[0])[2], "confirm", code),
        };
        self.exec(&with(&command, "--session-key", &key))
    }

    /// Goes on from what a command has printed.
    fn go_on(&self, printed: &str) -> Reply {
        if let Some((_, call)) = printed.split_once("Restart with this call, then end your turn") {
            let line = call.lines().nth(1).expect("the call stands in the next line");
            let (tool, arguments) = line.split_once(' ').expect("a tool and what it is given");
            return Reply::tool(tool, serde_json::from_str(arguments).expect("the call is JSON"));
        }
        if printed.contains("Now go on with your own work:") {
            let step = self.step(3).expect("it has been read");
            return self.exec(step.code("comeback now clear").expect("step 3 ends with it"));
        }
        if printed.contains("NOW.md written.") {
            let own = tool_result(self.request, "Now go on with your own work:").expect("it was printed");
            let next = own.lines().find_map(|line| line.trim().strip_prefix("Next: "));
            return Reply::text(format!("As planned: {}.", next.expect("the record names the next step")));
        }
        if printed.contains("answer NO_REPLY") {
            return Reply::text("NO_REPLY");
        }
        self.task_goes_on(printed).unwrap_or_else(|| Reply::text(format!("It says: {printed}")))
    }

    /// The blocks of `references/long-tasks.md` under "A task, command by command".
    fn task_blocks(&self) -> Option<[&str; 2]> {
        let reference = tool_result(self.request, "# Long tasks and last words\n")?;
        Part(reference).section("A task, command by command").blocks().try_into().ok()
    }

    /// Begins the task once the reference has been read.
    fn task_begins(&self, read: &str) -> Option<Reply> {
        let [start, _] = self.task_blocks().filter(|_| self.opened.contains(LONG))?;
        let is_ready =
            read.contains("# Long tasks") || self.called.is_some_and(|(tool, _)| tool == "session_status");
        let key = self.session_key().filter(|_| is_ready);
        Some(key.map_or_else(
            || Reply::tool("session_status", json!({})),
            |key| self.exec(&with(start, "--session-key", &key)),
        ))
    }

    fn task_goes_on(&self, printed: &str) -> Option<Reply> {
        let [_, others] = self.task_blocks()?;
        let [step, wait, _, done, _] = lines(others)[..] else { panic!("the block has five lines") };
        let id = Regex::new(r"smartwake_\w+").unwrap().find(printed)?.as_str();
        let of_task = |command: &str| command.replace(" ID", &format!(" {id}"));
        if printed.contains("smart-wake is needed") {
            return Some(self.exec(&format!("{WORK} && {}", of_task(step))));
        }
        if printed.contains(": waiting, ") {
            return Some(Reply::text("I go on later."));
        }
        if printed.contains(": done, 100 %") {
            return Some(Reply::text(WRITTEN));
        }
        if printed.contains("no step is left") {
            return Some(self.exec(&of_task(done)));
        }
        if self.opened.contains(LONG) {
            return Some(self.exec(&of_task(wait)));
        }
        let next = Regex::new(r#"(?:is done, |resumed at )"([^"]+)""#).unwrap();
        let next = &next.captures(printed)?[1];
        let (begin, _) = step.split_once(" --artifact").expect("the step has an artifact");
        Some(self.exec(&with(&of_task(begin), id, &format!("'{next}'"))))
    }

    /// Runs a command as the skill says that commands are run.
    fn exec(&self, command: &str) -> Reply {
        let patience = Regex::new(r"`?yieldMs`? (\d+)").unwrap();
        let text = [self.skill.unwrap_or_default(), self.opened].join("\n");
        let milliseconds: u64 = patience.captures(&text).expect("it is said how")[1].parse().unwrap();
        Reply::tool("exec", json!({"command": command, "yieldMs": milliseconds}))
    }

    /// Where the agent's prompt says that the skill stands.
    fn location(&self) -> String {
        let location = Regex::new(r"<location>([^<]*/comeback/SKILL\.md)</location>").unwrap();
        let mut texts = self.request.messages.iter().map(|message| message.text.as_str());
        let found = texts.find_map(|text| Some(location.captures(text)?[1].to_owned()));
        found.unwrap_or_else(|| panic!("no such skill in {:#?}", self.request.messages.first()))
    }

    /// The session's key, from where SKILL.md says that it stands.
    fn session_key(&self) -> Option<String> {
        let prompt = Regex::new(r"session=(agent:[^\s|]+)").unwrap();
        let in_prompt = self.request.messages.iter().find_map(|message| prompt.captures(&message.text));
        let status = Regex::new(r"(agent:main:telegram:direct:\d+)").unwrap();
        let result = self.called.filter(|(tool, _)| *tool == "session_status");
        let named = in_prompt.or_else(|| status.captures(result?.1));
        named.map(|found| found[1].to_owned())
    }
}

/// The command that a message of ours has its agent run: in a block, or behind "Run".
fn told_to_run(message: &str) -> Option<String> {
    let command =
        Regex::new(r"(?s)```\n(comeback [^`]+)\n```|Run `?(comeback task resume \S+?)`? through exec")
            .unwrap();
    let found = command.captures(message)?;
    found.get(1).or(found.get(2)).map(|command| command.as_str().to_owned())
}

fn read(path: &str) -> Reply {
    Reply::tool("read", json!({ "path": path }))
}
