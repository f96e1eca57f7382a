//! Error bodies of twinzo: RFC 9457 problem details, §5 and §4.4.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Media type of the error bodies.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// An error of the API itself (§5) or of the framework below it (§4.4). Members are lower case, unlike in the contracts.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Problem {
    /// Link to the RFC section of the status.
    #[serde(rename = "type")]
    pub kind: String,
    /// Name of the server's exception, or the framework's sentence.
    pub title: String,
    /// The HTTP status again.
    pub status: u16,
    /// A sentence for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Path of the request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instance: Option<String>,
    /// Number of the error, as TEXT; only `13` (not found) is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Validation only: what is wrong, by JSON path or member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<BTreeMap<String, Vec<String>>>,
    /// Framework errors only: W3C trace context.
    #[serde(rename = "traceId", default, skip_serializing_if = "Option::is_none")]
    pub trace_id: Option<String>,
}
