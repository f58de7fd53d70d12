//! What every room stands on: errors, files, the clock, Markdown, paths, redaction, text.

pub mod clock;
pub mod error;
pub mod fs;
pub mod markdown;
pub mod paths;
pub mod redact;
pub mod text;
