//! The exit code, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    comeback::run(std::env::args_os())
}
