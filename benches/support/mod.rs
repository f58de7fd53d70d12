//! State directories to measure on.

mod memory;
mod store;
mod transcript;

pub use memory::peak;
pub use store::{NOW, Shape, Stores, database, wal};
