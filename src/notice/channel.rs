//! What each channel makes of a message: how recorded text is kept from coming alive in it, and how long it may be.

use super::quote::code;

/// Keeps what stands around it from being read as an address or a mention, and is not seen.
const WORD_JOINER: char = '\u{2060}';

/// Tells apart the channels that messages are made for; `OpenClaw` takes Markdown for all of them and converts it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Channel {
    /// Discord.
    Discord,
    /// Telegram.
    Telegram,
    /// Slack.
    Slack,
    /// `WhatsApp`.
    Whatsapp,
    /// Feishu, also known as Lark.
    Feishu,
    /// Any other: code may be nothing there but a text between two marks.
    Plain,
}

impl Channel {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Discord, Self::Telegram, Self::Slack, Self::Whatsapp, Self::Feishu, Self::Plain];

    /// Finds the channel of a route's name; one that is not known is plain.
    #[must_use]
    pub fn of(name: &str) -> Self {
        let name = if name.eq_ignore_ascii_case("lark") { "feishu" } else { name };
        Self::ALL.into_iter().find(|channel| channel.name().eq_ignore_ascii_case(name)).unwrap_or(Self::Plain)
    }

    /// Returns the channel's name, as routes have it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Discord => "discord",
            Self::Telegram => "telegram",
            Self::Slack => "slack",
            Self::Whatsapp => "whatsapp",
            Self::Feishu => "feishu",
            Self::Plain => "plain",
        }
    }

    /// Returns how long a message may be that is to stay one message, in UTF-16 units.
    ///
    /// Discord itself allows 2,000 characters. Elsewhere `OpenClaw` parts a message at 4,000 units or more, which is below
    /// what the channels allow (`references/messages.md`).
    pub(super) const fn limit(self) -> usize {
        match self {
            Self::Discord => 2_000,
            Self::Telegram | Self::Slack | Self::Whatsapp | Self::Feishu | Self::Plain => 4_000,
        }
    }

    /// Shows a recorded text as code in which nothing is alive on this channel.
    pub(super) fn code(self, text: &str, max: usize) -> String {
        let shown = code(text, max);
        match self {
            // What stands in code is nothing but text there.
            Self::Discord | Self::Telegram => shown,
            // Slack's and Feishu's tags, and WhatsApp's mentions and addresses, are found in code as well; of the
            // others nobody knows.
            Self::Slack | Self::Whatsapp | Self::Feishu | Self::Plain => lifeless(&shown),
        }
    }
}

/// Breaks up what programs look for in text: tags in angle brackets, mentions, addresses.
fn lifeless(text: &str) -> String {
    let mut dead = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        let next_is_letter = letters.peek().is_some_and(|next| next.is_alphabetic());
        match c {
            '<' => dead.push('‹'),
            '>' => dead.push('›'),
            '@' | '＠' => dead.extend([c, WORD_JOINER]),
            ':' if letters.peek() == Some(&'/') => dead.extend([c, WORD_JOINER]),
            '.' if next_is_letter => dead.extend([c, WORD_JOINER]),
            _ => dead.push(c),
        }
    }
    dead
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_route_names_its_channel() {
        for channel in Channel::ALL {
            assert_eq!(Channel::of(channel.name()), channel);
        }
        assert_eq!(Channel::of("Lark"), Channel::Feishu);
        assert_eq!(Channel::of("Telegram"), Channel::Telegram);
        for unknown in ["signal", "sms", "", "telegram2"] {
            assert_eq!(Channel::of(unknown), Channel::Plain);
        }
    }

    #[test]
    fn what_is_alive_in_code_is_broken_up() {
        let text = "<!channel> @77 see https://example.org/a.md, 1.5 s";
        assert_eq!(Channel::Discord.code(text, 80), format!("`{text}`"));
        let broken = "`‹!channel› @\u{2060}77 see https:\u{2060}//example.\u{2060}org/a.\u{2060}md, 1.5 s`";
        for channel in [Channel::Slack, Channel::Whatsapp, Channel::Feishu, Channel::Plain] {
            assert_eq!(channel.code(text, 80), broken, "{channel:?}");
        }
    }
}
