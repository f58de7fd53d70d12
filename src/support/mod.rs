//! What every room stands on: errors, files, the clock, Markdown, paths, processes, redaction, other programs, text, and how
//! it is shown.

pub mod clock;
pub mod document;
pub mod error;
pub mod fs;
pub mod markdown;
pub mod paint;
pub mod paths;
pub mod process;
pub mod progress;
pub mod redact;
pub mod run;
pub mod table;
pub mod text;
