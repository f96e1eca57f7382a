//! What callers learn of a call that did not succeed.

use serde::Serialize;

/// A call that did not succeed. Serializes as the `err` of the driver protocol.
#[derive(Clone, Debug, Serialize, thiserror::Error)]
#[error("{message}")]
pub(crate) struct ApiError {
    pub(crate) kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) retry_after_ms: Option<u64>,
    /// How often it was tried.
    pub(crate) attempts: u32,
    pub(crate) message: String,
}

/// What kind of failure it was.
#[derive(Clone, Copy, Debug, Eq, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// A status that means failure.
    Http,
    /// 401: the credentials are not good.
    Auth,
    /// The time limit is over.
    Timeout,
    /// No connection, or it broke.
    Connect,
    /// The answer makes no sense.
    Parse,
    /// The caller asked for something impossible.
    Other,
}

// === impl ApiError ===

impl ApiError {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, status: None, retry_after_ms: None, attempts: 1, message: message.into() }
    }

    /// Whether another attempt may help.
    pub(crate) fn is_passing(&self) -> bool {
        matches!(self.kind, Kind::Connect | Kind::Timeout)
            || matches!(self.status, Some(408 | 429 | 500 | 502 | 503 | 504))
    }
}
