//! State directories to measure on.
#![allow(dead_code, unused_imports, reason = "a kit: each benchmark takes what it needs")]

pub mod figures;
mod memory;
mod store;
mod tails;
mod transcript;

use std::path::PathBuf;

pub use memory::peak;
pub use store::{NOW, Shape, Stores, database, wal};
pub use tails::{TAIL, read_tails, read_whole};
use tempfile::TempDir;

/// Where the state directories stay, for the next run; without it they go with this one.
const KEEP: &str = "COMEBACK_BENCH_DIR";
/// The shape of the budget: a gigabyte.
pub const BUDGET: Shape = Shape { sessions: 1_000, bytes: 1_000_000 };

/// Returns where the state directories are made.
pub fn root(passing: &TempDir) -> PathBuf {
    std::env::var_os(KEEP).map_or_else(|| passing.path().to_owned(), PathBuf::from)
}
