//! What a step only names: quoted text, files, addresses, code. It is no word of the step's own.

use regex::{Captures, Regex};

use super::calls::Calls;
use super::table::Class;
use super::words::compiled;

/// Files whose name says that they can be run.
const SCRIPTS: &str = "sh|bash|py|rb|pl|ps1|bat|cmd|sql|exe";
/// Files of every other kind.
const FILES: &str = concat!(
    "md|mdx|txt|rst|adoc|tex|csv|tsv|json|jsonl|ya?ml|toml|ini|cfg|conf|xml|html?|css|scss|less|log|pdf|docx?|xlsx?|pptx?",
    "|png|jpe?g|gif|svg|webp|mp[34]|wav|m4a|mov|srt|ts|tsx|js|jsx|mjs|vue|rs|go|java|kts?|swift|c|cc|cpp|h|hpp|cs|php|lua",
    "|r|ipynb|proto|lock|diff|patch|zip|gz|tar|tgz|env|gradle|ex|exs|dart|scala|graphql|tf|parquet|db|sqlite"
);
/// Folders that only a path begins with.
const FOLDERS: &str = concat!(
    "src|docs?|tests?|lib|libs|notes|scripts|tools|config|configs|assets|public|pages|components|packages|apps?|data|tmp",
    "|reports?|drafts?|logs?|examples?|fixtures|spec|specs|internal|cmd|pkg|origin|feature|feat|fix|chore|bugfix|memory"
);

/// What stands before a name in code.
const CODE_NOUNS: &str =
    "函数|方法|变量|类|组件|字段|常量|function|method|class|variable|helper|component|field|constant|hook";

/// How names of types in code end.
const CODE_ENDS: &str = concat!(
    "Service|Controller|Manager|Handler|Test|Tests|Client|Model|View|Page|Button|Dialog|Form|Rules|Component|Helper",
    "|Utils|Repository|Factory|Provider|Error|Exception|Request|Response|Config|Store|Hook|Context|Builder|Parser"
);

/// Puts a word of our own in the place of everything that is only named.
pub(super) struct Mentions {
    patterns: Vec<(Regex, &'static str)>,
    code: Regex,
}

impl Default for Mentions {
    fn default() -> Self {
        let path = r"(?:[A-Za-z0-9_~.@-]*/)+[A-Za-z0-9_.@\p{Han}-]*?|[A-Za-z0-9_.@-]+?";
        let patterns = [
            (
                r"“[^”\n]{0,400}”|「[^」\n]{0,400}」|『[^』\n]{0,400}』|《[^》\n]{0,200}》".to_owned(),
                " xquote ",
            ),
            (r#""[^"\n]{0,400}""#.to_owned(), " xquote "),
            (r"(?i)\bhttps?://[^\s\p{Han}，。；）)]+".to_owned(), " xlink "),
            (format!(r"(?i)(?:{path})\.(?:{SCRIPTS})\b"), " xscript "),
            (format!(r"(?i)(?:{path})\.(?:{FILES})\b(?:#L\d+)?"), " xfile "),
            (format!(r"(?m)(?:^|\s)\p{{Han}}+\.(?:{FILES})\b"), " xfile "),
            (format!(r"\b(?:{FOLDERS})/[A-Za-z0-9_./@\p{{Han}}-]*"), " xfile "),
            (r"(?:^|\s)(?:~|\.{1,2})?/[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*/?".to_owned(), " xfile "),
            (r"\b[A-Za-z_][\w.]*\(\)".to_owned(), " xcode "),
            (format!("(?i)({CODE_NOUNS})(\\s*)[A-Za-z_]+(?-i:[A-Z_])\\w*"), "$1 xcode "),
            (r"\b[a-z]{2,}[a-z0-9]*(?:[A-Z][a-z0-9]+)+\b|\b[a-z]+(?:_[a-z0-9]+)+\b".to_owned(), " xcode "),
            (format!(r"\b(?:[A-Z][a-z0-9]+)+(?:{CODE_ENDS})\b"), " xcode "),
            (r"(\d),(\d{3})\b".to_owned(), "$1$2"),
        ];
        Self {
            patterns: patterns.into_iter().map(|(pattern, word)| (compiled(&pattern), word)).collect(),
            code: compiled(r"`([^`\n]{1,400})`"),
        }
    }
}

impl Mentions {
    /// Replaces what is named; a quoted command that is not harmless stays one.
    pub(super) fn replaced(&self, step: &str, calls: &Calls) -> String {
        let command = |found: &Captures<'_>| {
            let text = found[1].trim();
            let known = calls.commands.contains_key(text.split(' ').next().unwrap_or_default());
            match calls.line(text, 0).class {
                _ if !known && !text.contains(' ') => format!(" {} ", self.named(text)),
                Class::Read | Class::Write => " xcommand ".to_owned(),
                _ => " xrun ".to_owned(),
            }
        };
        self.named(&self.code.replace_all(step, command))
    }

    fn named(&self, text: &str) -> String {
        let replace =
            |text: String, (pattern, word): &(Regex, &str)| pattern.replace_all(&text, *word).into_owned();
        self.patterns.iter().fold(text.to_owned(), replace)
    }
}
