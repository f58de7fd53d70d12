//! An `OpenClaw` that `scripts/fetch-openclaw.sh` has installed.

use std::env;
use std::path::{Path, PathBuf};

/// One version: which Node runs which package.
#[derive(Clone, Debug)]
pub struct OpenClaw {
    pub version: String,
    pub node: PathBuf,
    pub package: PathBuf,
    /// Compiled code that all instances share; without it each would compile for itself.
    pub compile_cache: PathBuf,
}

impl OpenClaw {
    pub fn installed(version: &str) -> Self {
        let folder = env::var_os("COMEBACK_OPENCLAW_DIR")
            .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join(".openclaw"), PathBuf::from);
        let found = Self {
            version: version.to_owned(),
            node: folder.join("node/node_modules/node/bin/node"),
            package: folder.join(version).join("node_modules/openclaw"),
            compile_cache: folder.join("compile-cache"),
        };
        assert!(
            found.node.exists() && found.entry().exists(),
            "{version} is not there: run scripts/fetch-openclaw.sh"
        );
        found
    }

    pub fn entry(&self) -> PathBuf {
        self.package.join("openclaw.mjs")
    }
}
