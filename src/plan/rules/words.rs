//! Characters: brought to one form, and told apart.

use std::collections::HashMap;

/// Tells Chinese characters from all others.
pub(super) fn is_han(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// Tells Latin letters beside those of ASCII, and Chinese characters, from all others.
pub(super) fn is_latin(c: char) -> bool {
    c.is_alphabetic() && matches!(c, 'a'..='z' | 'A'..='Z' | '\u{aa}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
}

/// Traditional characters and the simplified ones that the rules are written in.
#[derive(Default)]
pub(super) struct Simplified(HashMap<char, char>);

impl Simplified {
    /// Returns the simplified character, or the character itself.
    pub(super) fn of(&self, c: char) -> char {
        self.0.get(&c).copied().unwrap_or(c)
    }
}

impl From<&str> for Simplified {
    /// Reads pairs of characters, the traditional one first.
    fn from(pairs: &str) -> Self {
        let letters: Vec<char> = pairs.chars().filter(|c| !c.is_whitespace()).collect();
        Self(letters.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
    }
}

/// Brings a character to half width, and marks of emphasis to spaces.
pub(super) fn half_width(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '’' | '‘' => '\'',
        '*' | '\u{3000}' => ' ',
        _ if c.is_whitespace() && c != '\n' => ' ',
        _ => c,
    }
}

/// Tells characters that nobody sees.
pub(super) fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
