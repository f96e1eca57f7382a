//! The harness against itself: real sockets, real processes.
#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "tests")]

mod cheats;
mod cli;
mod gates;
mod snapshots;
mod support;
