//! The words of a command line: quotes, variables, substitutions.

use super::{MAX_DEPTH, OPAQUE, Parser};

impl Parser {
    pub(super) fn word(&mut self) -> Option<String> {
        let mut word = String::new();
        while let Some(c) = self.peek(0) {
            if c.is_whitespace() || ";&|<>()".contains(c) {
                break;
            }
            self.at += 1;
            match c {
                '\\' => match self.peek(0) {
                    Some('\n') => self.at += 1,
                    escaped => {
                        word.push(escaped?);
                        self.at += 1;
                    }
                },
                '\'' => word.push_str(&self.until('\'')?),
                '"' => word.push_str(&self.interpolated(Some('"'))?),
                '$' if self.take("'") => word.push_str(&self.until('\'')?),
                '$' if self.take("\"") => word.push_str(&self.interpolated(Some('"'))?),
                '$' => {
                    // The shell would split it into words, and words may be options.
                    let value = self.dollar()?;
                    word.push_str(Some(value).filter(|value| !value.contains(char::is_whitespace))?.as_str());
                }
                '`' => word.push(self.backquoted()?),
                _ => word.push(c),
            }
        }
        Some(word)
    }

    fn until(&mut self, end: char) -> Option<String> {
        let rest = self.chars.get(self.at..)?;
        let length = rest.iter().position(|c| *c == end)?;
        let text = rest[..length].iter().collect();
        self.at += length + 1;
        Some(text)
    }

    /// Reads text in which only `$`, `` ` `` and `\` mean something, as between double quotes.
    pub(super) fn interpolated(&mut self, end: Option<char>) -> Option<String> {
        let mut text = String::new();
        loop {
            let Some(c) = self.peek(0) else { return end.is_none().then_some(text) };
            self.at += 1;
            match c {
                c if Some(c) == end => return Some(text),
                '\\' if matches!(self.peek(0), Some('$' | '`' | '"' | '\\')) => {
                    text.extend(self.peek(0));
                    self.at += 1;
                }
                '$' => text.push_str(&self.dollar()?),
                '`' => text.push(self.backquoted()?),
                _ => text.push(c),
            }
        }
    }

    /// Reads what follows a `$`.
    fn dollar(&mut self) -> Option<String> {
        if self.take("((") {
            while !self.take("))") {
                self.peek(0).filter(|c| !"$`".contains(*c))?;
                self.at += 1;
            }
            return Some(OPAQUE.to_string());
        }
        if self.take("(") {
            self.substitution(')')?;
            return Some(OPAQUE.to_string());
        }
        if self.take("{") {
            let inside = self.until('}').filter(|text| !text.contains(['$', '`', '{']))?;
            let name: String = inside.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            return Some(self.value(&name));
        }
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let name: String = rest.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == '_').collect();
        self.at += name.len();
        if !name.is_empty() {
            return Some(self.value(&name));
        }
        let special = self.peek(0).is_some_and(|c| "?#@*!$-".contains(c));
        self.at += usize::from(special);
        Some(if special { OPAQUE } else { '$' }.to_string())
    }

    fn value(&self, name: &str) -> String {
        let known = match name {
            "HOME" => Some("~"),
            "PWD" => Some("."),
            "TMPDIR" => Some("/tmp"),
            _ => None,
        };
        let set = self.variables.get(name).map(String::as_str);
        set.or(known).map_or_else(|| OPAQUE.to_string(), str::to_owned)
    }

    fn backquoted(&mut self) -> Option<char> {
        let inside = self.until('`').filter(|text| !text.contains('\\'))?;
        self.inner(&inside)
    }

    /// Reads the commands of a substitution that ends with `end`.
    pub(super) fn substitution(&mut self, end: char) -> Option<()> {
        let rest: String = self.chars.get(self.at..)?.iter().collect();
        let mut inner = self.nested(&rest)?;
        inner.list(Some(end))?;
        self.at += inner.at;
        self.commands.extend(inner.finished()?);
        Some(())
    }

    fn inner(&mut self, text: &str) -> Option<char> {
        let mut inner = self.nested(text)?;
        inner.list(None)?;
        self.commands.extend(inner.finished()?);
        Some(OPAQUE)
    }

    fn nested(&self, text: &str) -> Option<Self> {
        (self.depth < MAX_DEPTH).then(|| Self::new(text, self.variables.clone(), self.depth + 1))
    }
}
