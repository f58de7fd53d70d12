//! What a gateway was at when it was killed: one chat each, each with a word of its own.

use std::fmt;

use crate::harness::model::Request;

/// What a person says while the work on their message is under way.
pub const STEERED: &str = "and the ivy work, too";
/// What they hear once that is done as well.
pub const STEERED_DONE: &str = "The ivy work is done.";

/// One chat and what happens in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Situation {
    Answering,
    FirstMessage,
    Reading,
    Destroying,
    TextAndCall,
    OneOfTwo,
    ResultRead,
    Approval,
    Steered,
    CommandKilled,
    BuildKilled,
    CommandSurvives,
    Idle,
    Stopped,
    Group,
    SecondAgent,
    Subagent,
    CommandEnded,
    Overnight,
    Twice,
}

use Situation::{
    Answering, Approval, BuildKilled, CommandEnded, CommandKilled, CommandSurvives, Destroying, FirstMessage,
    Group, Idle, OneOfTwo, Overnight, Reading, ResultRead, SecondAgent, Steered, Stopped, Subagent,
    TextAndCall, Twice,
};

impl Situation {
    /// Those that share one life of a gateway, and one kill.
    pub const TOGETHER: [Self; 17] = [
        Answering,
        FirstMessage,
        Reading,
        Destroying,
        TextAndCall,
        OneOfTwo,
        ResultRead,
        Approval,
        Steered,
        CommandKilled,
        BuildKilled,
        CommandSurvives,
        Idle,
        Stopped,
        Group,
        SecondAgent,
        Subagent,
    ];

    pub const ALL: [Self; 20] = [
        Answering,
        FirstMessage,
        Reading,
        Destroying,
        TextAndCall,
        OneOfTwo,
        ResultRead,
        Approval,
        Steered,
        CommandKilled,
        BuildKilled,
        CommandSurvives,
        Idle,
        Stopped,
        Group,
        SecondAgent,
        Subagent,
        CommandEnded,
        Overnight,
        Twice,
    ];

    /// What nothing else in the conversations contains.
    pub fn word(self) -> &'static str {
        match self {
            Answering => "alder",
            FirstMessage => "beech",
            Reading => "birch",
            Destroying => "cedar",
            TextAndCall => "damson",
            OneOfTwo => "elder",
            ResultRead => "fir",
            Approval => "gorse",
            Steered => "hazel",
            CommandKilled => "juniper",
            BuildKilled => "kale",
            CommandSurvives => "larch",
            CommandEnded => "tulip",
            Idle => "maple",
            Stopped => "nutmeg",
            Group => "olive",
            SecondAgent => "poplar",
            Subagent => "quince",
            Overnight => "rowan",
            Twice => "spruce",
        }
    }

    /// The chat; a group's id is negative.
    pub fn chat(self) -> i64 {
        let number = 201 + self as i64;
        if self == Group { -number } else { number }
    }

    pub fn agent(self) -> &'static str {
        match self {
            Approval => "careful",
            SecondAgent => "second",
            _ => "main",
        }
    }

    pub fn key(self) -> String {
        let kind = if self == Group { "group" } else { "direct" };
        format!("agent:{}:telegram:{kind}:{}", self.agent(), self.chat())
    }

    /// What the person asks for.
    pub fn request(self) -> String {
        format!("please do the {} work", self.word())
    }

    /// What the person hears once the work is done.
    pub fn done(self) -> String {
        format!("The {} work is done.", self.word())
    }

    /// A pipe in the workspace that nobody writes to: what reads it waits.
    pub fn pipe(self) -> String {
        format!("{}.pipe", self.word())
    }

    /// Whose request of the model this is; after a crash the message that named it may be lost.
    pub fn of(request: &Request) -> Option<Self> {
        let is_named = |one: &Self| request.remembers(&one.request()) || request.remembers(&one.task());
        let is_here = |one: &Self| request.is_from_chat(one.chat());
        Self::ALL.into_iter().find(is_named).or_else(|| Self::ALL.into_iter().find(is_here))
    }

    /// What a subagent is told.
    pub fn task(self) -> String {
        format!("{} task of a helper", self.word())
    }
}

impl fmt::Display for Situation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Answering => "the model was answering",
            FirstMessage => "the model was answering the first message of a chat",
            Reading => "a read-only call was in flight",
            Destroying => "a destructive call was in flight",
            TextAndCall => "text and a call in one message, the call in flight",
            OneOfTwo => "two calls, one of them had its result",
            ResultRead => "a tool result was with the model",
            Approval => "an approval was pending",
            Steered => "a message had been steered in mid-turn",
            CommandKilled => "a background command that only read ran after the turn, and was killed as well",
            BuildKilled => {
                "a background command that may have written ran after the turn, and was killed as well"
            }
            CommandSurvives => "a background command ran after the turn, and survives",
            CommandEnded => "a background command had ended, and its end was with the model",
            Idle => "nothing ran",
            Stopped => "the person had said /stop in mid-turn",
            Group => "in a group",
            SecondAgent => "in a second agent",
            Subagent => "in a subagent, the turn of its parent had ended",
            Overnight => "overnight: ten hours lie between the kill and the start",
            Twice => "twice in a row",
        })
    }
}
