//! What a path or an address says of a call: whether a write stays among one's own files, whether a look-up acts.

use serde::Deserialize;

use super::shell::OPAQUE;
use super::table::Class;

/// The lists of paths and addresses in the rules' file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Places {
    /// Paths that swallow what is written.
    nowhere: Vec<String>,
    /// Folders for passing things.
    scratch: Vec<String>,
    /// Folders that hold people's own folders.
    homes: Vec<String>,
    /// Hidden folders of a home that are a workspace.
    workspaces: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Addresses {
    /// Path segments behind which a name or a secret sets something off.
    hooks: Vec<String>,
    /// Words that say what an address does.
    acts: Vec<String>,
    /// Names of parameters whose value says what the address does.
    verbs: Vec<String>,
    /// Values that mean yes.
    yes: Vec<String>,
    /// Where an address with such words is only about them.
    about: Vec<String>,
}

impl Places {
    /// Judges writing to a path: repeatable among one's own files, not so elsewhere.
    pub(super) fn write(&self, path: &str) -> Class {
        let path = path.trim_start_matches("file://");
        if self.nowhere.iter().any(|nowhere| nowhere == path) {
            Class::Read
        } else if path.starts_with(OPAQUE) || path.is_empty() || !self.is_own(path) {
            Class::Once
        } else {
            Class::Write
        }
    }

    fn is_own(&self, path: &str) -> bool {
        let mut parts: Vec<&str> = path.split('/').collect();
        if parts.contains(&"..") {
            return !path.starts_with(['/', '~']) && parts.iter().filter(|part| **part == "..").count() == 1;
        }
        if !path.starts_with(['/', '~']) {
            return !is_hook(&parts);
        }
        if self.scratch.iter().any(|folder| path.starts_with(&format!("{folder}/"))) {
            return true;
        }
        let home = if parts[0] == "~" {
            1
        } else if self.homes.iter().any(|home| path.starts_with(&format!("{home}/"))) {
            3
        } else {
            return false;
        };
        let inside = parts.split_off(home.min(parts.len()));
        let workspace = self.workspaces.iter().any(|folder| inside.join("/").starts_with(folder.as_str()));
        let hidden = inside.iter().any(|part| part.starts_with('.') && part.len() > 1);
        !inside.is_empty() && !is_hook(&inside) && (workspace || !hidden)
    }
}

/// Tells whether git would run what stands at a path.
fn is_hook(parts: &[&str]) -> bool {
    parts.contains(&".git")
}

/// Tells whether a word names another machine: `host:path`, `oss://bucket`.
pub(super) fn is_remote(word: &str) -> bool {
    let before_slash = word.split('/').next().unwrap_or_default();
    before_slash.contains(':') && !word.starts_with("file:")
}

impl Addresses {
    /// Judges opening an address.
    pub(super) fn open(&self, address: &str) -> Class {
        let address = address.to_lowercase();
        let rest = address.split_once("://").map_or(address.as_str(), |(_, rest)| rest);
        let rest = rest.split('#').next().unwrap_or_default();
        let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
        let segments: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
        let has = |list: &[String], word: &str| list.iter().any(|entry| entry == word);
        if segments.iter().any(|part| part.split('.').any(|word| has(&self.about, word))) {
            return Class::Read;
        }
        let hook = segments.iter().position(|part| has(&self.hooks, part));
        let hooked = hook.is_some_and(|at| at + 1 < segments.len() || !query.is_empty());
        let last = segments.iter().skip(1).next_back().copied().unwrap_or_default();
        let acts = |text: &str| text.split(['-', '_', '.']).any(|word| has(&self.acts, word));
        let asked = query.split('&').filter_map(|pair| pair.split_once('=')).any(|(key, value)| {
            (has(&self.verbs, key) && acts(value)) || (acts(key) && has(&self.yes, value))
        });
        if hooked || asked || (acts(last) && !query.is_empty()) { Class::External } else { Class::Read }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Rules;
    use super::*;

    #[test]
    fn own_files_may_be_written_again() {
        let places = &Rules::builtin().calls.places;
        for path in [
            "notes/a.md",
            "报告.md",
            "./a",
            "../a",
            "/tmp/x",
            "~/notes/a",
            "/home/u/project/a",
            "~/.openclaw/workspace/NOW.md",
        ] {
            assert_eq!(places.write(path), Class::Write, "{path}");
        }
        for path in [
            "/etc/hosts",
            "/tmpx/a",
            "../../a",
            "/tmp/../etc/hosts",
            "~/.ssh/authorized_keys",
            "/home/u/.bashrc",
            "~",
            "/home/u",
            "\u{fffc}/x",
            ".git/hooks/post-commit",
            "/dev/sda",
            "",
        ] {
            assert_eq!(places.write(path), Class::Once, "{path}");
        }
        assert_eq!(places.write("/dev/null"), Class::Read);
    }

    #[test]
    fn addresses_that_act_are_told_from_pages() {
        let addresses = &Rules::builtin().calls.addresses;
        for address in [
            "https://example.com/",
            "https://docs.example.com/webhooks/deploy?x=1",
            "https://example.com/blog/how-to-delete-a-branch",
            "https://api.example.com/v1/orders?status=failed",
            "https://example.com/wiki/page?action=history",
            "example.com/deploy",
        ] {
            assert_eq!(addresses.open(address), Class::Read, "{address}");
        }
        for address in [
            "https://ci.example.com/hooks/deploy?env=production",
            "https://ci.example.com/webhook/8c1f",
            "https://news.example.com/unsubscribe?u=5",
            "https://shop.example.com/index.php?action=delete&id=4",
            "https://example.com/orders/5?confirm=yes",
        ] {
            assert_eq!(addresses.open(address), Class::External, "{address}");
        }
    }
}
