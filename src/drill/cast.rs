//! Who is in the story: people, what their agents are at when the gateway stops, and what should become of it.

use std::time::Duration;

use super::simulator::{Call, Course, Step, Turn};
use crate::checkpoint::Block;
use crate::model::{IdempotencyKey, SessionKey};

/// Somebody who talks with an agent in a chat.
#[derive(Debug)]
pub struct Person {
    /// Their name.
    pub name: &'static str,
    /// Their chat's number.
    pub(super) chat: u32,
    /// What they ask for.
    pub(super) asks: &'static str,
    /// How far that has come, for the audience.
    pub stands: &'static str,
    /// What their agent does about it.
    pub(super) agent: Doing,
    /// What another agent tells of it before a restart: goal, last step, next step, what stands in the way.
    pub(super) described: Option<[&'static str; 4]>,
    /// What their agent runs when it goes on.
    pub(super) runs: Option<&'static str>,
    /// What it says then.
    pub(super) says: &'static str,
    /// What should become of it.
    pub should: Fate,
}

/// What an agent is at.
#[derive(Debug)]
pub(super) enum Doing {
    /// It has answered.
    Answered(&'static str),
    /// It has not said anything yet.
    Thinking,
    /// It runs a command that takes long.
    Running(&'static str),
    /// A command has run, and it thinks about the result.
    Reading(&'static str, &'static str),
}

/// What becomes of the work in a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// A message of ours had it go on.
    Resumed,
    /// The gateway's own recovery had it go on.
    Native,
    /// It waits for a person.
    Held,
    /// It waited for a person, who had it go on.
    Confirmed,
    /// Nothing was to be done.
    Untouched,
}

/// Who is there when a restart is planned. The first one asks for it.
pub(super) static PLANNED: [Person; 5] = [
    Person {
        name: "Ada",
        chat: 101,
        asks: "Please use the new model from now on.",
        stands: "for that, her agent has to restart the gateway",
        agent: Doing::Answered("That needs a restart of the gateway. I prepare it."),
        described: None,
        runs: None,
        says: "The new model is in use.",
        should: Fate::Resumed,
    },
    Person {
        name: "Ben",
        chat: 102,
        asks: "Write the weekly report.",
        stands: "the figures are collected, the summary is still to be written",
        agent: Doing::Answered("The figures are collected. The summary comes next."),
        described: Some(["weekly report", "figures collected", "write the summary", "none"]),
        runs: None,
        says: "The summary is written, and the report is done.",
        should: Fate::Resumed,
    },
    Person {
        name: "Cleo",
        chat: 103,
        asks: "I need more disk space.",
        stands: "the next step deletes her old backups",
        agent: Doing::Answered("There are 40 GB of old backups. I delete them next."),
        described: Some(["free disk space", "old backups listed", "delete the old backups", "none"]),
        runs: Some("rm -r backups/2024"),
        says: "The old backups are deleted.",
        should: Fate::Confirmed,
    },
    Person {
        name: "Dora",
        chat: 104,
        asks: "File the contract once it is signed.",
        stands: "nobody has signed yet",
        agent: Doing::Answered("The draft is out. I wait for the signature."),
        described: Some(["contract", "draft sent", "file the contract", "waiting for the signature"]),
        runs: None,
        says: "The contract is filed.",
        should: Fate::Held,
    },
    Person {
        name: "李华",
        chat: 105,
        asks: "请运行全部测试",
        stands: "(run all tests) the command is running at this moment",
        agent: Doing::Running("cargo test"),
        described: None,
        runs: Some("tail -n 5 tests.log"),
        says: "测试全部通过。",
        should: Fate::Native,
    },
];

/// Who is there when the gateway crashes.
pub(super) static CRASH: [Person; 5] = [
    Person {
        name: "Eva",
        chat: 201,
        asks: "Which TODOs are left in the code?",
        stands: "a command that only reads is running",
        agent: Doing::Running(READING),
        described: None,
        runs: Some(READING),
        says: "Three TODOs are left.",
        should: Fate::Resumed,
    },
    Person {
        name: "王芳",
        chat: 202,
        asks: "请总结昨天的会议",
        stands: "(sum up yesterday's meeting) the agent has not answered yet",
        agent: Doing::Thinking,
        described: None,
        runs: None,
        says: "昨天的会议决定了三件事。",
        should: Fate::Resumed,
    },
    Person {
        name: "Gita",
        chat: 203,
        asks: "Pay invoice 4711.",
        stands: "the payment is on its way, and no answer is there yet",
        agent: Doing::Running("curl -X POST https://bank.example/payments -d invoice=4711"),
        described: None,
        runs: None,
        says: "The invoice is paid.",
        should: Fate::Held,
    },
    Person {
        name: "Hugo",
        chat: 204,
        asks: "Which tests fail?",
        stands: "the tests have run, and the agent reads the result",
        agent: Doing::Reading("cargo test", "2 tests failed"),
        described: None,
        runs: Some("tail -n 5 tests.log"),
        says: "Two tests fail.",
        should: Fate::Native,
    },
    Person {
        name: "Ivy",
        chat: 205,
        asks: "What time is it in Tokyo?",
        stands: "she has her answer",
        agent: Doing::Answered("It is nine in the evening there."),
        described: None,
        runs: None,
        says: "",
        should: Fate::Untouched,
    },
];

/// How long a command takes that an agent runs when it goes on: a turn that is over at once is none that anybody sees.
const TAKES: Duration = Duration::from_millis(400);
/// A command that only reads: to run it again harms nothing, and is what its agent is asked to do.
pub(super) const READING: &str = "grep -rn TODO src";
/// What everybody says first, so that each session has a beginning.
pub(super) const GREETING: &str = "Hello.";

impl Person {
    /// Returns the session of their chat.
    pub(super) fn key(&self) -> SessionKey {
        let key = format!("agent:main:telegram:direct:{}", self.chat);
        key.parse().expect("a chat's number makes a well formed key, and a test plays them all")
    }

    /// Says of their session what an agent says that describes it before a restart.
    pub(super) fn block(&self) -> Option<Block> {
        let [goal, last_done, next_step, blockers] = self.described?.map(str::to_owned);
        Some(Block {
            agent: "main".to_owned(),
            goal,
            last_done,
            next_step,
            blockers,
            ..Block::new(self.key())
        })
    }

    /// Does what their agent does next in a turn.
    pub(super) fn next(&self, turn: &Turn) -> Step {
        let is_resumed = is_ours(&turn.message) || is_native(&turn.message);
        match (&self.agent, self.runs.filter(|_| turn.results.is_empty())) {
            (_, _) if turn.message == GREETING => Step::answer("Hello."),
            (_, Some(command)) if is_resumed => Step::call(Call {
                course: Course::Ends(TAKES, "done".to_owned()),
                ..Call::exec(command, "done")
            }),
            (_, _) if is_resumed => Step::answer(self.says),
            (Doing::Answered(answer), _) => Step::answer(*answer),
            (Doing::Running(command), _) => Step::call(Call::stuck(command)),
            (Doing::Reading(command, output), _) if turn.results.is_empty() => {
                Step::call(Call::exec(command, output))
            }
            (Doing::Thinking | Doing::Reading(..), _) => Step::Hang,
        }
    }
}

/// Tells a message of this program's.
pub(super) fn is_ours(message: &str) -> bool {
    IdempotencyKey::find(message).is_some()
}

/// Tells a message of the gateway's own recovery.
pub(super) fn is_native(message: &str) -> bool {
    message.starts_with("[System]")
}
