//! What the people in the chats saw after the crash, and what they must have seen.

use std::collections::BTreeSet;
use std::{fmt, fs};

use super::life::{Side, Stage, survives_its_gateway};
use super::script::LOST;
use super::situations::{STEERED_DONE, Situation};
use crate::comeback;

/// What one chat saw.
#[derive(Debug)]
pub struct Seen {
    pub situation: Situation,
    /// How often the answer came.
    answered: usize,
    /// How often the steered message was answered.
    answered_steered: usize,
    /// How often `OpenClaw` asked the user to send the message again.
    sent_back: usize,
    /// How often it said that it goes on.
    announced: usize,
    /// How often it said that a subagent failed.
    failed: usize,
    /// How often our agent said that the message was lost.
    lost: usize,
    /// How often we asked for a confirmation.
    asked: usize,
    /// How often we named what needs a follow-up by hand.
    reported: usize,
    /// Whether the model answered in a later life, whoever heard it.
    worked: bool,
    /// Whether the destructive call ran again.
    again: bool,
    /// The keys of our messages that reached the model.
    keys: BTreeSet<String>,
    /// What else the chat shows.
    other: Vec<String>,
}

impl Seen {
    pub fn by(situation: Situation, stage: &Stage) -> Self {
        let texts = stage.world.telegram.sent_since(stage.mark, situation.chat());
        let count = |part: &str| texts.iter().filter(|text| text.contains(part)).count();
        let requests = stage.requests();
        let ours = requests.iter().filter(|request| Situation::of(request) == Some(situation));
        let (done, known) = (
            situation.done(),
            ["Please send that last request again", "continuing your interrupted", FAILED],
        );
        let is_known = |text: &str| {
            known.iter().any(|part| text.contains(part))
                || [done.as_str(), STEERED_DONE, LOST, REPORTED].iter().any(|part| text.contains(part))
                || is_question(text)
        };
        Self {
            situation,
            answered: count(&done),
            answered_steered: count(STEERED_DONE),
            sent_back: count(known[0]),
            announced: count(known[1]),
            failed: count(FAILED),
            lost: count(LOST),
            asked: texts.iter().filter(|text| is_question(text)).count(),
            reported: count(REPORTED),
            worked: ours.clone().next().is_some(),
            again: situation == Situation::Destroying
                && !stage.world.gateway.workspace().join("build").exists(),
            keys: ours.flat_map(|request| keys(&request.last_user_text())).collect(),
            other: texts.iter().filter(|text| !is_known(text)).cloned().collect(),
        }
    }

    /// What is wrong with it, where `comeback` is installed.
    pub fn complaints(&self, version: &str) -> Vec<String> {
        let expected = Expected::of(self.situation, version);
        let is_met = match expected {
            Expected::Answer => (self.answered, self.asked) == (1, 0),
            Expected::OpenClawsAnswer => (self.answered, self.asked, self.keys.len()) == (1, 0, 0),
            Expected::Question => (self.answered, self.asked, self.again) == (0, 1, false),
            Expected::SentBack => (self.answered, self.asked) == (0, 0) && self.sent_back + self.lost == 1,
            Expected::Nothing => (self.answered, self.asked, self.keys.len()) == (0, 0, 0),
            Expected::OpenClawsReport => self.answered <= 1 && (self.asked, self.keys.len()) == (0, 0),
        };
        let kills = if self.situation == Situation::Twice { 2 } else { 1 };
        let rules = [
            (is_met, format!("expected {expected:?}")),
            (self.answered <= 1 && self.keys.len() <= kills, "something happened twice".to_owned()),
            (self.other.is_empty(), "the chat shows what nobody expected".to_owned()),
        ];
        let broken = rules.into_iter().filter(|(holds, _)| !holds);
        broken.map(|(_, rule)| format!("{}: {rule}: {self:?}", self.situation)).collect()
    }
}

/// What a chat must have seen where `comeback` is installed.
#[derive(Clone, Copy, Debug)]
enum Expected {
    /// The answer, once, whoever had it sent.
    Answer,
    /// The answer, once, without a message of ours.
    OpenClawsAnswer,
    /// One request to confirm.
    Question,
    /// One request to send the message again, because nobody has it.
    SentBack,
    /// Nothing.
    Nothing,
    /// Whatever `OpenClaw` says about its subagents, and no message of ours.
    OpenClawsReport,
}

impl Expected {
    fn of(situation: Situation, version: &str) -> Self {
        let recovers_all = version == "2026.9.6";
        match situation {
            Situation::Idle | Situation::Stopped => Self::Nothing,
            Situation::CommandKilled => Self::Answer,
            Situation::CommandSurvives if survives_its_gateway(version) => Self::Nothing,
            Situation::CommandSurvives | Situation::BuildKilled => Self::Question,
            Situation::Subagent => Self::OpenClawsReport,
            _ if recovers_all => Self::OpenClawsAnswer,
            Situation::FirstMessage => Self::SentBack,
            // Before 2026.8 the night ends the session: what goes on would go on without its history.
            Situation::Destroying | Situation::Approval | Situation::Overnight => Self::Question,
            Situation::Answering
            | Situation::Reading
            | Situation::TextAndCall
            | Situation::OneOfTwo
            | Situation::ResultRead
            | Situation::CommandEnded
            | Situation::Steered
            | Situation::Group
            | Situation::SecondAgent
            | Situation::Twice => Self::Answer,
        }
    }
}

/// What the document says.
impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let times = |count: usize, what: &str| match count {
            0 => None,
            1 => Some(what.to_owned()),
            2 => Some(format!("{what} twice")),
            more => Some(format!("{what} {more} times")),
        };
        // Whether it looks before Telegram has brought the steered message again is chance.
        let sent_back = if self.situation == Situation::Steered { 0 } else { self.sent_back };
        let unheard = self.worked && self.answered + self.lost + self.failed == 0;
        let answered = match self.answered {
            1 => Some("answered once".to_owned()),
            count => times(count, "answered"),
        };
        let said = [
            times(self.announced, "told that the work goes on"),
            answered,
            times(self.answered_steered, "the steered message as well"),
            times(sent_back, "told to send it again"),
            times(self.lost, "told by the agent that the message was lost"),
            times(self.asked, "asked to confirm"),
            times(self.failed, "told that a delegated task failed"),
            times(self.reported, "told what needs a follow-up by hand"),
            times(self.other.len(), "something else"),
            unheard.then(|| "nothing: the model answered, and the chat did not hear it".to_owned()),
            self.again.then(|| "**the call ran again**".to_owned()),
        ];
        let said: Vec<String> = said.into_iter().flatten().collect();
        f.write_str(&if said.is_empty() { "nothing".to_owned() } else { said.join(", ") })
    }
}

/// What 2026.9.6 says of a subagent that was cut off.
const FAILED: &str = "A delegated task failed";

/// What we say of work that we leave to people.
const REPORTED: &str = "Needs manual follow-up (";

/// Whether this asks for a confirmation, alone or in the summary.
fn is_question(text: &str) -> bool {
    text.contains("held, and nothing of it was sent") || text.contains("Held (")
}

/// The keys that messages of ours carry.
fn keys(text: &str) -> BTreeSet<String> {
    let keys = text.split("Idempotency key: ").skip(1);
    keys.filter_map(|rest| rest.split_whitespace().next().map(str::to_owned)).collect()
}

/// Where `comeback` is installed, what everybody saw is what they must see.
pub fn check(stage: &Stage, seen: &[Seen]) {
    if stage.side == Side::Comeback {
        let complaints: Vec<_> = seen.iter().flat_map(|one| one.complaints(&stage.version)).collect();
        let gateway = &stage.world.gateway;
        assert!(
            complaints.is_empty(),
            "{}\n--- ledger\n{}\n--- scan\n{}",
            complaints.join("\n"),
            fs::read_to_string(gateway.state_dir().join("comeback/ledger.jsonl")).unwrap_or_default(),
            String::from_utf8_lossy(&comeback::run(gateway, &["scan", "--json"]).stdout)
        );
    }
}
