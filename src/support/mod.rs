//! What every room stands on: errors, files, the clock, paths, redaction.

pub mod clock;
pub mod error;
pub mod fs;
pub mod paths;
pub mod redact;
