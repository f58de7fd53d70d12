//! Tables for people: columns that fit a terminal of 80 columns, whatever script the text is in.

use unicode_width::UnicodeWidthStr;

use super::paint::{Paint, Tone};
use super::text::{plain, whole_letter};

/// So many columns a line may take.
pub const WIDTH: usize = 80;
/// What stands between two columns.
const GAP: &str = "  ";
/// No column is made narrower than this.
const NARROWEST: usize = 10;

/// A cell, and the tone of its text.
pub type Cell = (String, Tone);

/// Lays out rows below a heading, or without one where it is empty; every line ends with a line feed.
#[must_use]
pub fn table(heading: &[&str], rows: &[Vec<Cell>], paint: Paint) -> String {
    let heading: Vec<Cell> = heading.iter().map(|text| ((*text).to_owned(), Tone::Strong)).collect();
    let rows: Vec<&Vec<Cell>> = [&heading].into_iter().filter(|row| !row.is_empty()).chain(rows).collect();
    let widths = widths(&rows);
    let mut text = String::new();
    for row in rows {
        let cells: Vec<Vec<String>> =
            row.iter().zip(&widths).map(|((text, _), width)| wrapped(text, *width)).collect();
        for line in 0..cells.iter().map(Vec::len).max().unwrap_or_default() {
            let mut pieces = Vec::new();
            for (at, cell) in cells.iter().enumerate() {
                let piece = cell.get(line).map_or("", String::as_str);
                let fill = " ".repeat(widths[at].saturating_sub(piece.width()));
                pieces.push(paint.paint(row[at].1, piece) + &fill);
            }
            text.push_str(pieces.join(GAP).trim_end());
            text.push('\n');
        }
    }
    text
}

/// Gives each column what its widest line needs. Where that is too much, the widest gives way: at first only one that
/// has no word as wide as itself.
fn widths(rows: &[&Vec<Cell>]) -> Vec<usize> {
    let columns = rows.iter().map(|row| row.len()).max().unwrap_or_default();
    let cells = |at: usize| rows.iter().filter_map(move |row| row.get(at)).map(|cell| cell.0.as_str());
    let widest =
        |texts: &mut dyn Iterator<Item = &str>| texts.map(UnicodeWidthStr::width).max().unwrap_or_default();
    let words: Vec<usize> =
        (0..columns).map(|at| widest(&mut cells(at).flat_map(str::split_whitespace))).collect();
    let mut widths: Vec<usize> = (0..columns).map(|at| widest(&mut cells(at).flat_map(str::lines))).collect();
    let room = WIDTH.saturating_sub(GAP.len() * columns.saturating_sub(1));
    while widths.iter().sum::<usize>() > room {
        let splits_no_word = |at: &usize| widths[*at] > words[*at].max(NARROWEST);
        let last = |at: &usize| widths[*at] > NARROWEST;
        let width = |at: &usize| widths[*at];
        let by_words = (0..columns).filter(splits_no_word).max_by_key(width);
        let Some(at) = by_words.or_else(|| (0..columns).filter(last).max_by_key(width)) else { break };
        widths[at] -= 1;
    }
    widths
}

/// Breaks text into lines of at most `width` columns: between words, and within one that is longer than a line or is
/// written without spaces.
#[must_use]
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in plain(text).lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            let is_wide = word.width() > word.chars().count();
            let needed = if is_wide { whole_letter(word).width() } else { word.width() };
            if !line.is_empty() && line.width() + 1 + needed > width {
                lines.push(std::mem::take(&mut line));
            }
            if !line.is_empty() {
                line.push(' ');
            }
            let mut rest = word;
            while !rest.is_empty() {
                let (letter, more) = rest.split_at(whole_letter(rest).len());
                if !line.is_empty() && line.width() + letter.width() > width {
                    lines.push(std::mem::take(&mut line));
                }
                line.push_str(letter);
                rest = more;
            }
        }
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn row(cells: &[&str]) -> Vec<Cell> {
        cells.iter().map(|text| ((*text).to_owned(), Tone::Plain)).collect()
    }

    #[test]
    fn wide_letters_align() {
        let rows = [row(&["李华", "跑一遍测试", "x"]), row(&["Ada", "tests", "y"])];
        insta::assert_snapshot!(table(&["who", "what", ""], &rows, Paint::Off), @r"
        who   what
        李华  跑一遍测试  x
        Ada   tests       y
        ");
    }

    #[test]
    fn long_cells_are_wrapped_and_the_widest_column_gives_way() {
        let why = "its user has not answered yet, and nothing tells whether the payment has gone out";
        let rows = [row(&["a1b2c3", "agent:main:telegram:direct:1234567890:thread:42", why])];
        insta::assert_snapshot!(table(&[], &rows, Paint::Off), @r"
        a1b2c3  agent:main:telegram:direct:1234567890:thread:42  its user has not
                                                                 answered yet, and
                                                                 nothing tells whether
                                                                 the payment has gone
                                                                 out
        ");
    }

    #[test]
    fn colour_takes_no_column() {
        let rows = [vec![("no".to_owned(), Tone::Bad), ("x".to_owned(), Tone::Plain)]];
        let painted = table(&["abc", ""], &rows, Paint::On);
        assert_eq!(painted, "\x1b[1mabc\x1b[0m\n\x1b[31mno\x1b[0m   x\n");
    }

    proptest! {
        #[test]
        fn no_line_is_too_wide_and_no_letter_is_lost(
            rows in proptest::collection::vec(proptest::collection::vec("[a-z 李华👩e\u{301}:]{0,120}", 3), 1..4)
        ) {
            let rows: Vec<Vec<Cell>> =
                rows.into_iter().map(|row| row.into_iter().map(|text| (text, Tone::Plain)).collect()).collect();
            let text = table(&[], &rows, Paint::Off);
            prop_assert!(text.lines().all(|line| line.width() <= WIDTH), "{text}");
            let letters = |text: &str| {
                let mut letters: Vec<char> = text.chars().filter(|c| !c.is_whitespace()).collect();
                letters.sort_unstable();
                letters
            };
            let all: String = rows.iter().flatten().map(|cell| cell.0.as_str()).collect();
            prop_assert_eq!(letters(&text), letters(&all));
        }
    }
}
