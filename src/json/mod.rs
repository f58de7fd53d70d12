//! What the commands print as JSON, and the seed's files, which they read too.

pub mod seed;
pub mod v1;
