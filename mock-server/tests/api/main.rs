//! The server through its sockets, and the program through its processes.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests stop at the first surprise")]

mod admin;
mod collections;
mod documents;
mod faults;
mod journal;
mod limits;
mod localization;
mod login;
mod process;
mod signing;
mod support;
mod timbr;
