//! Messages to the session's own user: they are the work itself.

use std::ops::Range;

use regex::Captures;

use super::grammar::Grammar;
use super::words::is_han;

impl Grammar {
    /// Returns how far a message reaches that begins with the word at `word`, if it goes to the session's own user and
    /// nowhere else.
    pub(super) fn told(&self, text: &str, word: &Range<usize>) -> Option<Range<usize>> {
        // "Help me" names nobody who is told.
        let text =
            &*self.helps_zh.replace_all(text, |found: &Captures<'_>| "〇".repeat(found[0].chars().count()));
        let named = |text: &str| self.people.is_match(text) || self.objects.is_match(text);
        let mut addressees =
            self.addressed.captures_iter(text).filter_map(|found| found.get(1).or_else(|| found.get(2)));
        if self.outside.is_match(text) || !named(text) || !addressees.all(|to| named(to.as_str())) {
            return None;
        }
        let direct = self.direct.is_match(&text[word.clone()]);
        let fits = if text[word.clone()].contains(is_han) {
            self.fits_zh(direct, &text[word.end..])
        } else {
            self.fits(direct, &text[word.end..])
        };
        let about = self.objects.is_match(text) || self.question.is_match(text);
        fits.then_some(word.start..if about { text.len() } else { word.end })
    }

    /// Tells whether what follows an English verb may be the user: "send Bob the summary" has two objects, and the first
    /// is whom it goes to.
    fn fits(&self, direct: bool, after: &str) -> bool {
        let object = &after[self.determined.find(after).map_or(0, |small| small.end())..];
        let (first, second) =
            object.split_at(self.doing.find(object).map_or(object.len(), |next| next.start()));
        let first = self.preposition.split(first).next().unwrap_or_default();
        let named = self.people.is_match(first) || (second.is_empty() && self.objects.is_match(first));
        first.trim().is_empty() || named || (second.is_empty() && !direct)
    }

    /// The same in Chinese, where whom one tells stands right behind the verb.
    fn fits_zh(&self, direct: bool, after: &str) -> bool {
        let near = |start: usize| after[..start].chars().count() <= 2;
        !direct
            || after.trim().is_empty()
            || self.people.find(after).is_some_and(|people| near(people.start()))
    }
}
