//! What every room stands on: errors, files, the clock, text, and how it is shown.
//!
//! [`error`] is the one error type, and the exit codes; [`mod@fs`] the one way to write a file, and the one lock;
//! [`document`] JSON files that keep the fields of newer versions; [`redact`] takes secrets out; [`run`] runs other
//! programs. Nothing here knows what the program is about.

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
