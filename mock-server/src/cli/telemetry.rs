//! Logs on stderr: refusals and worse by default.

use std::io::IsTerminal;

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::Log;

/// Turns logging on. `default` holds where the user said nothing.
pub(super) fn init(chosen: Option<Log>, default: LevelFilter) {
    let filter = chosen.map_or_else(|| Targets::new().with_target("mock_server", default), |Log(targets)| targets);
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal());
    tracing_subscriber::registry().with(lines).with(filter).init();
}
