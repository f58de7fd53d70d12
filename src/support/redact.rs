//! Removes secrets from text before it is written, logged or sent.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;

use super::text::one_line;

/// What stands in a secret's place.
const MARK: &str = "[redacted]";

/// Shapes that are secrets by themselves: the prefixes and forms that their issuers document.
const TOKENS: &str = concat!(
    r"sk-(?:ant-|proj-|live-|test-)?[A-Za-z0-9_-]{20,}", // OpenAI, Anthropic
    r"|(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{16,}",     // Stripe
    r"|gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{30,}",
    r"|glpat-[A-Za-z0-9_-]{20,}",
    r"|xox[abeprs]-[A-Za-z0-9-]{10,}", // Slack
    r"|(?:AKIA|ASIA)[A-Z0-9]{16}",     // AWS
    r"|AIza[A-Za-z0-9_-]{35}",         // Google
    r"|npm_[A-Za-z0-9]{36}|hf_[A-Za-z0-9]{30,}",
    r"|\b[0-9]{8,10}:[A-Za-z0-9_-]{35}\b", // Telegram bot
    r"|eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}", // JSON Web Token
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|\z)",
);

/// Values that a name in front of them makes secret; the first group stays.
const NAMED: &str = concat!(
    r#"(?i)(\b[a-z0-9_-]*(?:api[_-]?key|access[_-]?key|secret|passw(?:or)?d|token)["']?\s*[:=]\s*["']?)"#,
    r#"[^\s"',;&]{6,}"#,
    r"|(\bbearer\s+)[A-Za-z0-9._~+/=-]{12,}",
    r"|(://[^\s/:@]+:)[^\s/@]+@",
);

static TOKEN: LazyLock<Regex> = LazyLock::new(|| compiled(TOKENS));
static NAMED_VALUE: LazyLock<Regex> = LazyLock::new(|| compiled(NAMED));

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("a constant pattern, compiled by every test of this module")
}

/// Replaces what looks like a secret by a mark; text without one is returned as it is.
#[must_use]
pub fn redact(text: &str) -> Cow<'_, str> {
    match TOKEN.replace_all(text, MARK) {
        Cow::Borrowed(text) => named(text),
        Cow::Owned(text) => Cow::Owned(named(&text).into_owned()),
    }
}

/// Makes a text fit for a file: on one line of at most `max` characters, without what looks like a secret.
#[must_use]
pub fn recorded(text: &str, max: usize) -> String {
    one_line(&redact(text), max)
}

fn named(text: &str) -> Cow<'_, str> {
    NAMED_VALUE.replace_all(text, |found: &regex::Captures<'_>| {
        let kept = (1..=3).find_map(|group| found.get(group)).map_or("", |group| group.as_str());
        let tail = if kept.starts_with("://") { "@" } else { "" };
        format!("{kept}{MARK}{tail}")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_go_and_the_words_around_them_stay() {
        for (text, expected) in [
            ("use sk-ant-abcdefghijklmnopqrstuvwxyz now", "use [redacted] now"),
            ("bot 123456789:AAAAAAAAAABBBBBBBBBBCCCCCCCCCCDDDDD", "bot [redacted]"),
            ("password=hunter22 and more", "password=[redacted] and more"),
            (r#"{"api_key": "abcdef123"}"#, r#"{"api_key": "[redacted]"}"#),
            ("Authorization: Bearer abcdef.ghijkl.mnopqr", "Authorization: Bearer [redacted]"),
            ("git clone https://me:hunter2@host/x", "git clone https://me:[redacted]@host/x"),
            ("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nok", "[redacted]\nok"),
        ] {
            assert_eq!(redact(text), expected);
        }
    }

    #[test]
    fn harmless_text_stays_whole() {
        for text in [
            "Publish the acceptance summary",
            "401, idempotency and timezone cases pass",
            "the token budget is 4096",
            "agent:main:telegram:direct:77",
            "sort by key: ascending order",
            "https://example.org/a:b@c",
            "发布最终验收摘要",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
