//! Where the four sections stand in a text.

use std::ops::Range;

use crate::support::markdown::{Part, PartKind, heading_text, is_space, outline};

/// The seed's sections, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Section {
    Updated,
    Tasks,
    Context,
    After,
}

impl Section {
    pub(super) const ALL: [Self; 4] = [Self::Updated, Self::Tasks, Self::Context, Self::After];

    /// Returns the text of the section's heading.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Updated => "Last Updated",
            Self::Tasks => "Active Tasks",
            Self::Context => "Recent Context",
            Self::After => "Post-Restart Action",
        }
    }

    fn named(title: &str) -> Option<Self> {
        let title = title.trim_matches(|c: char| c.is_whitespace() || "*_:".contains(c));
        Self::ALL.into_iter().find(|section| section.name().eq_ignore_ascii_case(title))
    }
}

/// One section in a text.
pub(super) struct Place {
    pub(super) section: Section,
    /// From the line below its heading to the heading that ends it.
    pub(super) range: Range<usize>,
    /// What stands there.
    pub(super) parts: Vec<Part>,
}

/// Finds the sections, from top to bottom. The first heading of a name counts, and a page's title never does: the
/// whole page would be its body. A section ends at the next heading that is not below its own, or at another
/// section wherever that stands.
pub(super) fn places(text: &str) -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    // The level of the heading whose section is being read.
    let mut open = None;
    for part in outline(text) {
        if let PartKind::Heading { level, .. } = part.kind {
            let section = Section::named(heading_text(&text[part.range.clone()]))
                .filter(|section| level > 1 && places.iter().all(|place| place.section != *section));
            let ends = section.is_some() || open.is_some_and(|above| level <= above);
            if let Some(place) = places.last_mut().filter(|_| ends && open.take().is_some()) {
                place.range.end = paragraph_start(text, place, &part);
            }
            if let Some(section) = section {
                let range = after_line(text, part.range.end)..text.len();
                places.push(Place { section, range, parts: Vec::new() });
                open = Some(level);
                continue;
            }
        }
        if let Some(place) = places.last_mut().filter(|_| open.is_some()) {
            place.parts.push(part);
        }
    }
    places
}

/// Returns where the paragraph begins that makes a heading, behind its indent. Definitions of links above an underlined
/// heading are no part, but of its paragraph: without them the rest may be code or HTML.
fn paragraph_start(text: &str, place: &Place, heading: &Part) -> usize {
    let end = heading.range.start;
    if matches!(heading.kind, PartKind::Heading { atx: true, .. }) {
        return end;
    }
    let above = place.parts.last().map_or(place.range.start, |part| part.range.end);
    let line = text[above..end].rfind('\n').map_or(above, |at| above + at + 1);
    let lines = text[above..line].split_inclusive('\n').rev();
    let filled =
        lines.take_while(|line| !line.trim_matches(is_space).is_empty()).map(str::len).sum::<usize>();
    let paragraph = &text[line - filled..end];
    end - paragraph.trim_start_matches(is_space).len()
}

/// Returns where the line ends that holds the byte before `at`.
fn after_line(text: &str, at: usize) -> usize {
    let rest = &text.as_bytes()[at - 1..];
    rest.iter().position(|byte| *byte == b'\n').map_or(text.len(), |more| at + more)
}
