//! What stands around the program, with the tools that judge it: install.sh under dash and bash, the units with systemd,
//! the property lists with a parser, the bundle with `ClawHub`'s own command line.
//!
//! A tool that is missing fails its test; `scripts/test.sh` installs them.
#![expect(clippy::unwrap_used, reason = "a test that cannot set up its files has failed")]

mod bundle;
mod clawhub;
mod folder;
mod script;
mod units;
