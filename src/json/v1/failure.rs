//! What every command prints where it fails.

use serde::Serialize;

use crate::support::error::Error;

/// `comeback.error.v1`
#[derive(Debug, Serialize)]
pub struct Failure<'a> {
    schema: &'static str,
    error: FailureBody<'a>,
}

#[derive(Debug, Serialize)]
struct FailureBody<'a> {
    kind: &'static str,
    message: String,
    hints: &'a [String],
}

impl<'a> Failure<'a> {
    /// Shows an error.
    #[must_use]
    pub fn new(error: &'a Error) -> Self {
        let body = FailureBody { kind: error.kind().name(), message: error.full(), hints: error.hints() };
        Self { schema: "comeback.error.v1", error: body }
    }
}
