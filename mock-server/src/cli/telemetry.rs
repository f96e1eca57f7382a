//! Logs on stderr: refusals and worse by default.

use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// Turns logging on. `default` holds where the user said nothing.
pub(super) fn init(chosen: Option<Targets>, default: LevelFilter) {
    let filter = chosen.unwrap_or_else(|| Targets::new().with_target("mock_server", default));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_target(false);
    tracing_subscriber::registry().with(lines).with(filter).init();
}
