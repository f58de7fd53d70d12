//! What every room stands on: errors, files, the clock, Markdown, paths, processes, redaction, text.

pub mod clock;
pub mod error;
pub mod fs;
pub mod markdown;
pub mod paths;
pub mod process;
pub mod redact;
pub mod text;
