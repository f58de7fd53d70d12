//! The checkpoint read back, as the program or the seed wrote it, or a person edited it.

use super::{Block, Checkpoint, meta};
use crate::model::SessionKey;
use crate::support::error::{Error, Kind, Result};
use crate::support::markdown::{PartKind, decode, heading_text, item_text, name_value, outline};

/// Reads a checkpoint; `origin` names the file in errors and warnings.
///
/// A block is a heading of level 2 or 3 with at least one of the seed's fields in a list below it. Fields that
/// are missing get the seed's defaults.
///
/// # Errors
/// Where the front matter is not valid, a block's heading is no session key, or there is no block at all;
/// [`Kind::Newer`] where a newer program wrote what cannot be read.
pub fn parse(origin: &str, text: &str) -> Result<Checkpoint> {
    if let Some(at) = text.find('\0') {
        let line = text[..at].matches('\n').count() + 1;
        let message = format!("{origin}:{line}: zeros, as a loss of power leaves them, stand in the file");
        return Err(Error::new(Kind::User, message).hint("put a copy in its place, or take the zeros out"));
    }
    let halves = meta::split(origin, text)?;
    let meta = halves.front.map(|front| meta::parse(origin, front)).transpose()?;
    let above = text[..text.len() - halves.body.len()].matches('\n').count();
    let mut reader = Reader { origin, above, blocks: Vec::new(), warnings: Vec::new(), open: None };
    if meta.is_some() && !text.ends_with('\n') {
        reader.warn(text.matches('\n').count() + 1, "the file ends within a line: it may be cut off");
    }
    match (reader.read(halves.body), &meta) {
        (Ok(()), _) => Ok(Checkpoint { meta, blocks: reader.blocks, warnings: reader.warnings }),
        (Err(error), Some(meta)) if meta.format_version.is_newer() => {
            Err(meta::newer(origin, meta.format_version).because(error))
        }
        (Err(error), _) => Err(error),
    }
}

/// The seed's fields.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Field {
    Agent,
    Goal,
    LastDone,
    Next,
    Blockers,
    ResumeMessage,
}

/// A heading that may turn out to be a block's.
struct Draft<'a> {
    title: &'a str,
    line: usize,
    fields: Vec<(Field, String)>,
}

struct Reader<'a> {
    origin: &'a str,
    /// The lines of the file above the body.
    above: usize,
    blocks: Vec<Block>,
    warnings: Vec<String>,
    open: Option<Draft<'a>>,
}

impl<'a> Reader<'a> {
    fn read(&mut self, body: &'a str) -> Result<()> {
        for part in outline(body) {
            let (source, line) = (&body[part.range], self.above + part.line);
            match part.kind {
                PartKind::Heading { atx: true, level: level @ 1..=3 } => {
                    self.close()?;
                    if level > 1 {
                        self.open = Some(Draft { title: heading_text(source), line, fields: Vec::new() });
                    }
                }
                PartKind::Item => self.item(source, line),
                _ => {}
            }
        }
        self.close()?;
        if self.blocks.is_empty() {
            let message =
                "expected at least one block: a heading `## <sessionKey>` with `- Goal: …` below it";
            return Err(Error::new(Kind::User, format!("{}:{}: {message}", self.origin, self.above + 1))
                .hint(
                    "mend the file, or move it away; `comeback checkpoint build` writes one of this form",
                ));
        }
        Ok(())
    }

    fn item(&mut self, source: &str, line: usize) {
        let text = item_text(source);
        let Some((field, value)) = field(&text) else { return };
        match &mut self.open {
            None => self.warn(line, "a field above the first block is ignored"),
            Some(open) if open.fields.iter().any(|(known, _)| *known == field) => {
                self.warn(line, "the block has this field already; the first one counts");
            }
            Some(open) => open.fields.push((field, decode(value).into_owned())),
        }
    }

    fn close(&mut self) -> Result<()> {
        let Some(draft) = self.open.take() else { return Ok(()) };
        if draft.fields.is_empty() {
            if draft.title.starts_with("agent:") {
                self.warn(draft.line, "the session has no field below it and is ignored");
            }
            return Ok(());
        }
        let key: SessionKey = decode(draft.title)
            .parse()
            .map_err(|error| Error::new(Kind::User, format!("{}:{}: {error}", self.origin, draft.line)))?;
        if self.blocks.iter().any(|block| block.session_key == key) {
            self.warn(draft.line, "the session has a block already; both count");
        }
        let mut block = Block { line: draft.line, ..Block::new(key) };
        for (field, value) in draft.fields {
            match field {
                Field::Agent => block.agent = value,
                Field::Goal => block.goal = value,
                Field::LastDone => block.last_done = value,
                Field::Next => block.next_step = value,
                Field::Blockers => block.blockers = value,
                Field::ResumeMessage => block.resume_message = Some(value),
            }
        }
        self.blocks.push(block);
        Ok(())
    }

    fn warn(&mut self, line: usize, reason: &str) {
        self.warnings.push(format!("{}:{line}: {reason}", self.origin));
    }
}

/// Reads one of the seed's fields, however its name is spelled.
fn field(text: &str) -> Option<(Field, &str)> {
    let (name, value) = name_value(text)?;
    let name: String = name.chars().filter(|c| !matches!(c, ' ' | '_' | '-')).collect();
    let field = match name.to_lowercase().as_str() {
        "agent" | "agentid" => Field::Agent,
        "goal" => Field::Goal,
        "lastdone" => Field::LastDone,
        "next" | "nextstep" => Field::Next,
        "blockers" | "blocker" => Field::Blockers,
        "resumemessage" => Field::ResumeMessage,
        _ => return None,
    };
    Some((field, value))
}
