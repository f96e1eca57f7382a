//! Errors of the admin API: RFC 9457 problem details.

use axum::body::Body;
use axum::response::IntoResponse;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;
use serde_json::{Map, Value};

/// One error.
#[derive(Debug, Serialize)]
pub(super) struct AdminProblem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    /// JSON path of the offending member.
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<String>,
    /// What was probably meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    suggestion: Option<String>,
    /// Facts for machines, by name; boxed, for few problems have any.
    #[serde(flatten)]
    facts: Option<Box<Map<String, Value>>>,
}

// === impl AdminProblem ===

impl AdminProblem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Unknown"),
            status: status.as_u16(),
            detail: detail.into(),
            field: None,
            suggestion: None,
            facts: None,
        }
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(super) fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "the path exists, but not with this method; see the Allow header")
    }

    pub(super) fn internal(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }

    pub(super) fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    pub(super) fn at(mut self, field: Option<impl Into<String>>) -> Self {
        self.field = field.map(Into::into);
        self
    }

    /// At a JSON path that may be empty, or end in a member that could not be read.
    pub(super) fn at_path(self, path: &str) -> Self {
        let path = path.trim_end_matches('?').trim_end_matches('.');
        self.at(Some(path).filter(|path| !path.is_empty()))
    }

    /// Adds a fact for machines.
    pub(super) fn with(mut self, name: &str, fact: &impl Serialize) -> Self {
        self.facts.get_or_insert_default().insert(name.to_owned(), serde_json::to_value(fact).unwrap_or_default());
        self
    }

    pub(super) fn suggest(mut self, suggestion: Option<impl Into<String>>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }
}

impl IntoResponse for AdminProblem {
    fn into_response(self) -> Response<Body> {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
