//! What is to be resumed, and whether it may go out by itself; pure.

pub mod policy;
pub mod rules;
