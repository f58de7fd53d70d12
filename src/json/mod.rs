//! What the commands print with `--json`.

pub mod v1;
