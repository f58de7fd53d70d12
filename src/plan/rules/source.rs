//! The words of the rules' file, read without a YAML parser.
//!
//! A parser takes longer for them than a process has to begin in. Of YAML, they use two levels of keys, plain values and folded
//! texts. A test has the parser read the same.

/// A key of the file's first part, and its text as it stands there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// `danger` or `words`, or the key itself if it stands by itself.
    pub(super) part: &'static str,
    pub(super) key: &'static str,
    pub(super) text: &'static str,
}

/// Reads the keys of the first part, in their order.
pub(super) fn entries(source: &'static str) -> Vec<Entry> {
    let mut entries: Vec<Entry> = Vec::new();
    let (mut part, mut at) = ("", 0);
    let mut folded: Option<(usize, usize)> = None;
    for line in source.split_inclusive('\n') {
        let start = at;
        at += line.len();
        let text = line.trim();
        let indent = line.len() - line.trim_start().len();
        if let Some((key_indent, from)) = folded {
            if text.is_empty() || indent > key_indent {
                if let Some(entry) = entries.last_mut() {
                    entry.text = source[from..at].trim();
                }
                continue;
            }
            folded = None;
        }
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        let (key, value) = text.strip_prefix("- ").unwrap_or(text).split_once(':').unwrap_or((text, ""));
        if indent == 0 {
            part = key;
        }
        let value = value.trim();
        if value == ">-" {
            folded = Some((indent, at));
        }
        if !value.is_empty() {
            entries.push(Entry {
                part,
                key,
                text: if value == ">-" { &source[start..start] } else { value },
            });
        }
    }
    entries
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "what cannot be read has failed the test")]
mod tests {
    use serde_yaml::Value;

    use super::super::parts;
    use super::*;

    fn flat(part: &str, value: &Value, out: &mut Vec<(String, String, String)>) {
        for (key, value) in value.as_mapping().unwrap() {
            let (key, text) = (key.as_str().unwrap(), value.as_str());
            let text = text.map_or_else(|| serde_yaml::to_string(value).unwrap(), str::to_owned);
            out.push((
                part.to_owned(),
                key.to_owned(),
                text.split_whitespace().collect::<Vec<_>>().join(" "),
            ));
        }
    }

    #[test]
    fn a_yaml_parser_reads_the_same() {
        let first = parts().0;
        let parsed: Value = serde_yaml::from_str(first).unwrap();
        let mut expected = Vec::new();
        for (part, value) in parsed.as_mapping().unwrap() {
            let part = part.as_str().unwrap();
            match value {
                Value::Sequence(rules) => rules.iter().for_each(|rule| flat(part, rule, &mut expected)),
                Value::Mapping(_) => flat(part, value, &mut expected),
                _ => {
                    let text = value.as_str().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
                    expected.push((part.to_owned(), part.to_owned(), text));
                }
            }
        }
        let found: Vec<_> = entries(first)
            .into_iter()
            .map(|entry| {
                let text = entry.text.split_whitespace().collect::<Vec<_>>().join(" ");
                (entry.part.to_owned(), entry.key.to_owned(), text)
            })
            .collect();
        assert_eq!(found, expected);
    }
}
