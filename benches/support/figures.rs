//! How a benchmark without Criterion tells what it measured.

use std::fmt::Display;
use std::io::{self, Write};
use std::time::Duration;

/// Prints a figure in a line of its own.
pub fn tell(about: &str, what: &str, figure: impl Display) {
    writeln!(io::stdout().lock(), "{about}/{what}: {figure}").unwrap();
}

/// The middle of several times.
pub fn median(times: &mut [Duration]) -> String {
    times.sort_unstable();
    shown(times[times.len() / 2])
}

pub fn shown(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
