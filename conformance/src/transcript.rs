//! What happened in a case, as both witnesses saw it: the server its exchanges, the client its calls.

mod exchange;
mod label;
mod render;

pub(crate) use exchange::Entry;
pub use exchange::{Body, Exchange};
pub use label::Labels;
pub use render::{render, view};

use serde_json::Value;

use crate::manifest::ClockClass;

/// Everything that checks may look at.
#[derive(Clone, Debug)]
pub struct Transcript {
    /// The virtual time at which the case began, in unix milliseconds.
    pub t0_ms: i64,
    /// What kind of clock the client has.
    pub clock: ClockClass,
    /// What the client was told when it was opened.
    pub given: Given,
    /// What came to the server, in the order of arrival.
    pub exchanges: Vec<Exchange>,
    /// What the client was asked to do.
    pub calls: Vec<Call>,
    /// Times in which nobody asked for anything.
    pub quiets: Vec<Quiet>,
    /// How often the client was taken for idle after a pause, because its glue cannot say.
    pub assumed_quiescent: u32,
    /// What the driver printed beside the protocol, bounded.
    pub log: Vec<String>,
    /// The driver or its clock went wrong.
    pub fault: Option<DriverFault>,
}

/// What a client is told when it is opened: the `cfg` of the driver protocol.
#[derive(Clone, Debug, Default)]
pub struct Given {
    /// The members of `cfg`.
    pub cfg: serde_json::Map<String, Value>,
}

/// One operation of the client.
#[derive(Clone, Debug)]
pub struct Call {
    /// Counted from 1.
    pub number: usize,
    /// Its name in the driver protocol.
    pub op: &'static str,
    /// Its arguments.
    pub args: Value,
    /// When it began.
    pub began: Moment,
    /// When it ended, if it did.
    pub ended: Option<Moment>,
    /// What the client said of it.
    pub outcome: Outcome,
}

/// A point of the case.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Moment {
    /// Virtual unix milliseconds.
    pub at_ms: i64,
    /// How many exchanges had arrived.
    pub exchanges: usize,
}

/// What the client said of a call.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// It succeeded.
    Ok(Value),
    /// It failed.
    Err(CallError),
    /// The driver does not know it.
    Unsupported,
    /// It never ended.
    Unfinished(Endless),
}

/// How a call failed to end.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Endless {
    /// It waits for something that cannot happen any more.
    Hung,
    /// It goes on and on.
    Looping,
    /// It took longer than the manifest's limit, on the real clock.
    TimedOut,
}

/// The error of a call, as the client gives it to its caller.
#[derive(Clone, Debug, serde::Deserialize, serde::Serialize)]
pub struct CallError {
    /// `http`, `auth`, `timeout`, …
    pub kind: String,
    /// The HTTP status, where the client kept it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// What the server asked for, where the client kept it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// How often the client tried, where it says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// Words for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
}

/// A time in which nobody asked the client for anything.
#[derive(Clone, Copy, Debug)]
pub struct Quiet {
    /// Counted from 1.
    pub number: usize,
    /// Its beginning.
    pub from: Moment,
    /// Its end.
    pub to: Moment,
    /// How long it should have been, in milliseconds.
    pub asked_ms: i64,
}

/// Whose fault it is that a case cannot be judged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum DriverFault {
    /// The driver breaks the protocol, or does not answer.
    Glue(String),
    /// The server did what it must not.
    Referee(String),
}

// === impl Transcript ===

impl Transcript {
    /// The calls of one operation.
    pub fn calls_of<'a>(&'a self, op: &'a str) -> impl Iterator<Item = &'a Call> {
        self.calls.iter().filter(move |call| call.op == op)
    }

    /// The exchanges that came while a call ran; of calls that overlap, those of all of them.
    pub fn during(&self, call: &Call) -> &[Exchange] {
        let end = call.ended.map_or(self.exchanges.len(), |ended| ended.exchanges);
        self.exchanges.get(call.began.exchanges..end).unwrap_or_default()
    }

    /// The exchanges of one operation of the server.
    pub fn exchanges_of<'a>(&'a self, operation: &'a str) -> impl Iterator<Item = &'a Exchange> {
        self.exchanges.iter().filter(move |exchange| exchange.is(operation))
    }

    /// A text that the client was told when it was opened.
    pub fn told(&self, key: &str) -> Option<&str> {
        self.given.cfg.get(key)?.as_str()
    }

    /// A number that the client was told when it was opened.
    pub fn told_number(&self, key: &str) -> Option<i64> {
        self.given.cfg.get(key)?.as_i64()
    }
}

// === impl Call ===

impl Call {
    /// Whether the client says that it succeeded.
    pub fn is_ok(&self) -> bool {
        matches!(self.outcome, Outcome::Ok(_))
    }

    /// The error that the client gave to its caller.
    pub fn error(&self) -> Option<&CallError> {
        match &self.outcome {
            Outcome::Err(error) => Some(error),
            Outcome::Ok(_) | Outcome::Unsupported | Outcome::Unfinished(_) => None,
        }
    }
}
