//! The server through its sockets, and the program through its processes.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests stop at the first surprise")]

mod accounts;
mod admin;
mod areas;
mod bodies;
mod collections;
mod delays;
mod demands;
mod documents;
mod edge;
mod effects;
mod endings;
mod faults;
mod holders;
mod http2;
mod isolation;
mod journal;
mod library;
mod limits;
mod listeners;
mod localization;
mod login;
mod messages;
mod openapi;
mod process;
mod protobuf;
mod queries;
mod questions;
mod questions_records;
mod questions_signing;
mod quirks;
mod rate_limits;
mod raw;
mod sandboxes;
mod sensing;
mod signing;
mod special;
#[cfg(feature = "engine")]
mod sql;
mod strict;
mod support;
mod timbr;
mod timbr_agents;
mod timbr_async;
mod timbr_cli;
mod timbr_jwt;
mod timbr_objects;
mod timbr_platform;
mod time;
mod tls;
mod tokens;
mod wire;
mod worlds;
