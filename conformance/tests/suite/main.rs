//! The harness against itself: real sockets, real processes.
#![expect(clippy::unwrap_used, reason = "tests")]

mod cheats;
mod cli;
mod gates;
mod snapshots;
mod support;
mod universe;
