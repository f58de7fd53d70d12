//! Code that stands in a command line: SQL, and one-liners of an interpreter.

use std::collections::BTreeSet;
use std::path::Path;

use regex::Regex;
use serde::Deserialize;

use super::table::Class;
use super::words::compiled;

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
    languages: Vec<(Language, Regex, Regex)>,
    sql: Sql,
    /// Comments and texts of SQL.
    quoted: Regex,
}

impl From<CodeLists> for Code {
    fn from(lists: CodeLists) -> Self {
        let compile = |language: Language| {
            let imports = compiled(&language.imports);
            let changes = compiled(&language.changes.join("|"));
            (language, imports, changes)
        };
        Self {
            languages: lists.languages.into_iter().map(compile).collect(),
            sql: lists.sql,
            quoted: compiled(r"(?s)--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'"),
        }
    }
}

impl Code {
    /// Judges a program of the interpreter `name`.
    pub(super) fn program(&self, name: &str, text: &str) -> Class {
        let Some((language, imports, changes)) =
            self.languages.iter().find(|(language, ..)| language.names.iter().any(|known| known == name))
        else {
            return Class::Unknown;
        };
        let known = |module: &str| {
            let module = module.split_whitespace().next().unwrap_or_default();
            language.modules.iter().any(|known| known == module.split('.').next().unwrap_or_default())
                || Path::new(module).extension().is_some_and(|kind| kind == "json")
        };
        let loaded = imports.captures_iter(text).filter_map(|found| found.iter().skip(1).flatten().next());
        let computes = loaded.flat_map(|modules| modules.as_str().split(',')).all(known);
        if computes && !changes.is_match(text) { Class::Read } else { Class::Unknown }
    }

    /// Judges SQL, or the commands of a database's own shell; what changes something is `otherwise`.
    pub(super) fn sql(&self, text: &str, otherwise: Class) -> Class {
        let text = self.quoted.replace_all(text, "''").to_lowercase();
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
    fn programs_that_only_compute_are_told_from_all_others() {
        let code = &Rules::builtin().calls.code;
        for (name, text) in [
            ("python", "import json, sys\nprint(json.load(open('a.json'))['x'])"),
            ("python", "from collections import Counter as C; print(C('abc'))"),
            ("node", "console.log(require('./package.json').version)"),
            ("awk", "$3 > 100 {s += $3} END {print s}"),
        ] {
            assert_eq!(code.program(name, text), Class::Read, "{text}");
        }
        for (name, text) in [
            ("python", "import os; os.system('x')"),
            ("python", "import requests"),
            ("python", "import json, shutil"),
            ("python", "open('a', 'w').write('x')"),
            ("python", "open('a', mode='a')"),
            ("python", "__import__('os')"),
            ("python", "exec(open('x').read())"),
            ("node", "require('fs').writeFileSync('a', 'b')"),
            ("node", "require('child_process')"),
            ("node", "fetch('https://example.com')"),
            ("awk", "{print $1 > \"out\"}"),
            ("awk", "BEGIN {system(\"x\")}"),
            ("cobol", "1"),
        ] {
            assert_eq!(code.program(name, text), Class::Unknown, "{text}");
        }
    }
}
