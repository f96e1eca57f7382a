//! Envelopes of Timbr, §2 and §5.

use serde::{Deserialize, Serialize};

/// Answer of every route under `/timbr/api`: `data` first, then `status`, as the vendor's samples show.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct Envelope<T> {
    /// The payload; on errors a TEXT, for clients join it to others.
    pub data: T,
    /// `success` or `error`.
    pub status: Status,
}

/// Whether an envelope holds an answer or an error.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// `data` is the answer.
    Success,
    /// `data` is the error's text.
    Error,
}

/// Body of `POST /timbr/api/query/`, §5.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
pub struct QueryRequest {
    /// Name of the ontology.
    pub ontology_name: String,
    /// The SQL text.
    pub query: String,
}

// === impl Envelope ===

impl<T> Envelope<T> {
    /// An answer.
    pub fn success(data: T) -> Self {
        Self { data, status: Status::Success }
    }
}

impl Envelope<String> {
    /// An error with its text.
    pub fn error(text: impl Into<String>) -> Self {
        Self { data: text.into(), status: Status::Error }
    }
}
