//! What a case can do: to the client, to the server, to the clock.

use serde_json::{Map, Value};

/// One step of a case.
#[derive(Clone, Debug)]
pub enum Step {
    /// Changes the server's settings before the client is opened.
    Settings {
        /// A merge patch.
        patch: Value,
    },
    /// Steers the server: one call of its admin API.
    Server {
        /// The method.
        method: &'static str,
        /// Below the sandbox.
        path: String,
        /// The body.
        body: Option<Value>,
    },
    /// Asks the client for something, and waits until it is done.
    Ask(Ask),
    /// Asks the client for several things at once, and waits until all are done.
    Together {
        /// What is asked for.
        asks: Vec<Ask>,
        /// How the answers that are held back are let go.
        release: Release,
    },
    /// Lets time pass. Timers that end meanwhile end at their time.
    Pass {
        /// How much.
        ms: i64,
    },
    /// Lets time pass, and records that nobody was asked for anything.
    Quiet {
        /// How much.
        ms: i64,
    },
}

/// How answers are let go that the server holds back on its clock.
#[derive(Clone, Copy, Debug)]
pub struct Release {
    /// The rule that holds them back.
    pub rule: &'static str,
    /// How far the clock must move after the last of them came.
    pub by_ms: i64,
}

/// One operation of the client.
#[derive(Clone, Debug)]
pub struct Ask {
    /// Its name in the driver protocol.
    pub op: &'static str,
    /// Its arguments.
    pub args: Map<String, Value>,
}

/// Milliseconds of an hour.
pub const HOUR: i64 = 60 * MINUTE;
/// Milliseconds of a minute.
pub const MINUTE: i64 = 60_000;

// === impl Ask ===

impl Ask {
    /// An operation without arguments.
    pub fn new(op: &'static str) -> Self {
        Self { op, args: Map::new() }
    }

    /// With an argument.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.args.insert(name.to_owned(), value.into());
        self
    }
}

impl From<Ask> for Step {
    fn from(ask: Ask) -> Self {
        Self::Ask(ask)
    }
}
