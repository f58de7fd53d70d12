//! Code that stands in a command line: SQL, and one-liners of an interpreter.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::LazyLock;

use regex::{Captures, Regex};
use serde::Deserialize;

use super::place::Places;
use super::table::Class;

/// The lists of the rules' file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CodeLists {
    languages: Vec<Language>,
    sql: Sql,
}

/// An interpreter, and what its programs may do and still only look and compute.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Language {
    names: Vec<String>,
    /// Finds the modules that a program loads; a group holds their names.
    imports: String,
    modules: Vec<String>,
    /// What only programs have that change something.
    changes: Vec<String>,
    /// How a file is written whose name stands there; a group holds the name.
    #[serde(default)]
    writes: String,
    /// What writes into a file that is open.
    #[serde(default)]
    fills: String,
}

impl Language {
    /// Takes out what writes files of one's own, and tells whether anything does.
    fn without_own_writes<'t>(&self, text: &'t str, places: &Places) -> (Cow<'t, str>, bool) {
        if self.writes.is_empty() {
            return (Cow::Borrowed(text), false);
        }
        let writes = compiled(&self.writes);
        let mut any = false;
        let own = |found: &Captures<'_>| {
            let path = found.iter().skip(1).flatten().next().map_or("", |path| path.as_str());
            if places.write(path) != Class::Write {
                return found[0].to_owned();
            }
            any = true;
            String::new()
        };
        let rest = writes.replace_all(text, own).into_owned();
        let rest = if any { compiled(&self.fills).replace_all(&rest, "").into_owned() } else { rest };
        (Cow::Owned(rest), any)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sql {
    /// Words that a statement which only reads begins with.
    reads: BTreeSet<String>,
    /// Words that no such statement has.
    changes: BTreeSet<String>,
}

/// Judges code by the lists.
pub(super) struct Code {
    languages: Vec<Language>,
    sql: Sql,
}

/// Comments and texts of SQL.
static QUOTED: LazyLock<Regex> = LazyLock::new(|| compiled(r"(?s)--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'"));

fn compiled(pattern: &str) -> Regex {
    Regex::new(pattern).expect("of the rules' file, and compiled by the tests of this module")
}

impl From<CodeLists> for Code {
    fn from(lists: CodeLists) -> Self {
        Self { languages: lists.languages, sql: lists.sql }
    }
}

impl Code {
    /// Judges a program of the interpreter `name`.
    pub(super) fn program(&self, name: &str, text: &str, places: &Places) -> Class {
        let Some(language) =
            self.languages.iter().find(|language| language.names.iter().any(|known| known == name))
        else {
            return Class::Unknown;
        };
        // A session has few programs, and a pattern costs more than a look at one.
        let (imports, changes) = (compiled(&language.imports), compiled(&language.changes.join("|")));
        let known = |module: &str| {
            let module = module.split_whitespace().next().unwrap_or_default();
            language.modules.iter().any(|known| known == module.split('.').next().unwrap_or_default())
                || Path::new(module).extension().is_some_and(|kind| kind == "json")
        };
        let loaded = imports.captures_iter(text).filter_map(|found| found.iter().skip(1).flatten().next());
        let computes = loaded.flat_map(|modules| modules.as_str().split(',')).all(known);
        if !computes {
            return Class::Unknown;
        }
        let (rest, writes) = language.without_own_writes(text, places);
        match (changes.is_match(&rest), writes) {
            (true, _) => Class::Unknown,
            (false, true) => Class::Write,
            (false, false) => Class::Read,
        }
    }

    /// Judges SQL, or the commands of a database's own shell; what changes something is `otherwise`.
    pub(super) fn sql(&self, text: &str, otherwise: Class) -> Class {
        let text = QUOTED.replace_all(text, "''").to_lowercase();
        let reads = |statement: &str| {
            let mut words = statement.split(|c: char| !(c.is_alphanumeric() || "_\\.".contains(c)));
            words.clone().find(|word| !word.is_empty()).is_some_and(|word| self.sql.reads.contains(word))
                && !words.any(|word| self.sql.changes.contains(word))
        };
        let mut statements = text.split([';', '\n']).filter(|text| !text.trim().is_empty()).peekable();
        let whole = text.split(';').filter(|text| !text.trim().is_empty());
        if statements.peek().is_some_and(|first| first.trim_start().starts_with(['\\', '.'])) {
            return if statements.all(reads) { Class::Read } else { otherwise };
        }
        let mut any = false;
        let all = whole.inspect(|_| any = true).all(reads);
        if all && any { Class::Read } else { otherwise }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rules;
    use super::*;

    #[test]
    fn statements_that_only_read_are_told_from_all_others() {
        let code = &Rules::builtin().calls.code;
        for text in [
            "SELECT 1",
            "select * from t where name = 'delete; drop'; -- update\nEXPLAIN SELECT 2;",
            "WITH a AS (SELECT 1) SELECT * FROM a",
            "\\dt",
            ".tables\n.schema users",
            "show tables",
        ] {
            assert_eq!(code.sql(text, Class::External), Class::Read, "{text}");
        }
        for text in [
            "UPDATE t SET a = 1",
            "SELECT 1; DELETE FROM t",
            "WITH a AS (DELETE FROM t RETURNING *) SELECT * FROM a",
            "SELECT * INTO copy FROM t",
            "EXPLAIN ANALYZE UPDATE t SET a = 1",
            "select pg_terminate_backend(5)",
            "\\i x.sql",
            ".tables\n.read x.sql",
            "",
            ";",
        ] {
            assert_eq!(code.sql(text, Class::External), Class::External, "{text}");
        }
    }

    #[test]
    fn programs_that_write_files_of_ones_own_are_told_from_all_others() {
        let (code, places) = (&Rules::builtin().calls.code, &Rules::builtin().calls.places);
        for text in [
            "open('a.txt', 'w').write('x')",
            "import pandas as pd\npd.read_csv('a.csv').to_csv('out/b.csv', index=False)",
            "import json\nwith open(\"b.json\", \"w\") as f:\n    json.dump({}, f)",
            "from pathlib import Path\nPath('a.md').write_text('x')",
        ] {
            assert_eq!(code.program("python", text, places), Class::Write, "{text}");
        }
        for text in [
            "open('a', 'a').write('x')",
            "open(name, 'w').write('x')",
            "df.to_csv('/etc/passwd')",
            "df.to_sql('orders', engine)",
            "f.write('x')",
        ] {
            assert_eq!(code.program("python", text, places), Class::Unknown, "{text}");
        }
    }

    #[test]
    fn programs_that_only_compute_are_told_from_all_others() {
        let (code, places) = (&Rules::builtin().calls.code, &Rules::builtin().calls.places);
        for (name, text) in [
            ("python", "import json, sys\nprint(json.load(open('a.json'))['x'])"),
            ("python", "from collections import Counter as C; print(C('abc'))"),
            ("node", "console.log(require('./package.json').version)"),
            ("awk", "$3 > 100 {s += $3} END {print s}"),
        ] {
            assert_eq!(code.program(name, text, places), Class::Read, "{text}");
        }
        for (name, text) in [
            ("python", "import os; os.system('x')"),
            ("python", "import requests"),
            ("python", "import json, shutil"),
            ("python", "open('/etc/hosts', 'w').write('x')"),
            ("python", "open('a', mode='a')"),
            ("python", "__import__('os')"),
            ("python", "exec(open('x').read())"),
            ("node", "require('fs').writeFileSync('a', 'b')"),
            ("node", "require('child_process')"),
            ("node", "fetch('https://example.com')"),
            ("awk", "{print $1 > \"out\"}"),
            ("awk", "BEGIN {system(\"x\")}"),
            ("python", "df = open('a', 'w'); import subprocess"),
            ("cobol", "1"),
        ] {
            assert_eq!(code.program(name, text, places), Class::Unknown, "{text}");
        }
    }
}
