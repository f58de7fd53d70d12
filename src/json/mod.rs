//! What the commands print as JSON, and the seed's files, which they read too.
//!
//! [`v1`] has a frozen struct for each command, made from the types behind it: those may change, and what is printed does
//! not. Removing or retyping a field makes a version 2. [`seed`] has the shapes of restart-task-recovery, which never change.

pub mod seed;
pub mod v1;
