//! The sections put into a text that belongs to somebody else.

use super::sections::{Place, Section, places};
use super::{BOM, Changes, NONE, Updated};
use crate::support::markdown::{PartKind, encode, encode_item, is_space, outline};
use crate::support::redact::redact;

const TITLE: &str = "# NOW.md - Current State Snapshot";

/// Replaces the bodies of the sections that `changes` names, and appends those that are missing; all other text
/// stays byte for byte. Without an old text, a page with those sections is made.
#[must_use]
pub fn splice(old: Option<&str>, changes: &Changes) -> String {
    let old = old.unwrap_or(TITLE);
    let text = old.strip_prefix(BOM).unwrap_or(old);
    // The first line decides: a stray return at the end becomes a line's end with the one that is put behind it.
    let first = text.find('\n').map_or(text, |end| &text[..end]);
    let line_end = if first.ends_with('\r') { "\r\n" } else { "\n" };
    let places = places(text);
    let mut new = String::new();
    let mut copied = 0;
    for place in &places {
        if let Some(lines) = lines(changes, place.section) {
            new.push_str(&text[copied..place.range.start]);
            push_body(&mut new, text, place, &lines, line_end);
            copied = place.range.end;
        }
    }
    new.push_str(&text[copied..]);
    let missing: Vec<_> = Section::ALL
        .into_iter()
        .filter(|section| places.iter().all(|place| place.section != *section))
        .filter_map(|section| Some((section, lines(changes, section)?)))
        .collect();
    let new = append(new, &missing, line_end);
    if text.len() < old.len() { format!("{BOM}{new}") } else { new }
}

/// Writes a section's new body with the old one's empty lines around it.
fn push_body(new: &mut String, text: &str, place: &Place, lines: &[String], line_end: &str) {
    let body = &text[place.range.clone()];
    let inner = body.trim_start_matches(is_space);
    let (above, below) = match inner.trim_end_matches(is_space).len() {
        0 => (0, body),
        len => (breaks(&body[..body.len() - inner.len()]), &inner[len..]),
    };
    if !new.ends_with('\n') {
        new.push_str(line_end);
    }
    new.push_str(&line_end.repeat(above));
    new.push_str(&lines.join(line_end));
    // Without an empty line, an underlined heading would continue the last item.
    let least = if place.range.end < text.len() { 2 } else { 1 };
    new.push_str(&line_end.repeat(breaks(below).max(least)));
}

fn breaks(text: &str) -> usize {
    text.matches('\n').count()
}

/// Appends sections. A fence or a comment that the text leaves open would swallow them, and is closed first.
fn append(text: String, missing: &[(Section, Vec<String>)], line_end: &str) -> String {
    if missing.is_empty() {
        return text;
    }
    let sections: Vec<_> = missing
        .iter()
        .map(|(section, lines)| format!("## {}{line_end}{}{line_end}", section.name(), lines.join(line_end)))
        .collect();
    let sections = sections.join(line_end);
    let page = format!("{}{sections}", with_gap(&text, line_end));
    if missing.iter().all(|(section, _)| places(&page).iter().any(|place| place.section == *section)) {
        return page;
    }
    let closed = format!("{}{}", with_line_end(&text, line_end), closing(&text));
    format!("{}{sections}", with_gap(&closed, line_end))
}

fn with_line_end(text: &str, line_end: &str) -> String {
    let end = if text.is_empty() || text.ends_with('\n') { "" } else { line_end };
    format!("{text}{end}")
}

/// Returns a text with an empty line below it.
fn with_gap(text: &str, line_end: &str) -> String {
    let mut text = with_line_end(text, line_end);
    if !text.is_empty() && breaks(&text[text.trim_end_matches(is_space).len()..]) < 2 {
        text.push_str(line_end);
    }
    text
}

/// Returns what closes the block that a text leaves open at its end.
fn closing(text: &str) -> String {
    let last = outline(text).into_iter().rfind(|part| part.kind == PartKind::Other);
    let source = last.map_or("", |part| &text[part.range]);
    match source.chars().next() {
        Some(fence @ ('`' | '~')) => source.chars().take_while(|c| *c == fence).collect(),
        _ if source.starts_with("<?") => "?>".to_owned(),
        _ if source.starts_with("<![CDATA[") => "]]>".to_owned(),
        _ if source.starts_with("<!") => "-->".to_owned(),
        _ => "</pre>".to_owned(),
    }
}

/// Returns a section's new lines, where it is to change.
fn lines(changes: &Changes, section: Section) -> Option<Vec<String>> {
    match section {
        Section::Updated => changes.updated.as_ref().map(updated),
        Section::Tasks => changes.tasks.as_deref().map(items),
        Section::Context => changes.context.as_deref().map(items),
        Section::After => changes.after.as_deref().map(items),
    }
}

fn updated(updated: &Updated) -> Vec<String> {
    [("Time", &updated.time), ("Session", &updated.session), ("Status", &updated.status)]
        .map(|(name, value)| format!("- **{name}**: {}", encode(&redact(value))))
        .to_vec()
}

fn items(items: &[String]) -> Vec<String> {
    let lines: Vec<_> = items
        .iter()
        .filter(|item| !item.is_empty())
        .map(|item| format!("- {}", encode_item(&redact(item))))
        .collect();
    if lines.is_empty() { vec![format!("- {NONE}")] } else { lines }
}
