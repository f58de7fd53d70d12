//! The checkpoint as Markdown.

use std::fmt::Write as _;

use chrono::NaiveDateTime;

use super::{Block, Checkpoint, meta};
use crate::support::markdown::{encode, encode_heading};
use crate::support::redact::redact;

/// Writes a checkpoint in the seed's layout; `local` is the time that its title tells.
///
/// Fields lose what looks like a secret, and can neither end their line nor start another block.
#[must_use]
pub fn render(checkpoint: &Checkpoint, local: NaiveDateTime) -> String {
    let mut text = checkpoint.meta.as_ref().map(meta::render).unwrap_or_default();
    writeln!(text, "# Restart checkpoint ({})", local.format("%Y-%m-%d %H:%M:%S"))
        .expect("a String takes everything");
    for block in &checkpoint.blocks {
        push_block(&mut text, block);
    }
    text
}

fn push_block(text: &mut String, block: &Block) {
    // The key is no secret: redacted, it would name no session.
    text.push_str("\n## ");
    text.push_str(&encode_heading(block.session_key.as_str()));
    text.push('\n');
    for (name, value) in [
        ("Agent", block.agent.as_str()),
        ("Goal", &block.goal),
        ("Last done", &block.last_done),
        ("Next", &block.next_step),
        ("Blockers", &block.blockers),
        ("Resume message", &block.resume_message()),
    ] {
        writeln!(text, "- {name}: {}", encode(&redact(value))).expect("a String takes everything");
    }
}
