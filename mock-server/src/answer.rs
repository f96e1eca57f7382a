//! An answer before it becomes a response, and what the journal wants to know beside it.

use std::sync::Arc;

use axum::body::Body;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode};
use jiff::Timestamp;
use serde::Serialize;
use wire::problem::Problem;

use crate::connection::Tamper;
use crate::fault::{Items, Wait};
use crate::reason::Refused;

/// JSON as the vendors label it.
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json; charset=utf-8");

/// Status, headers and body of one answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// An answer with the facts that led to it.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) answer: Answer,
    pub(crate) refused: Option<Refused>,
    pub(crate) account: Option<Arc<str>>,
    pub(crate) token_generation: Option<u32>,
    /// Ids of the fault rules that fired.
    pub(crate) faults: Vec<String>,
    /// What each of them did.
    pub(crate) injected: Vec<String>,
    /// Items of the request that rules refuse; whoever stores items asks.
    pub(crate) items: Vec<Items>,
    /// How long it waits before it goes out.
    pub(crate) wait: Wait,
    /// What looks odd without being wrong.
    pub(crate) hints: Vec<String>,
    /// When there will be what the client asked for in vain, on the sandbox's clock.
    pub(crate) until: Option<Timestamp>,
    /// What the connection does to the answer.
    pub(crate) tamper: Option<Tamper>,
}

// === impl Answer ===

impl Answer {
    /// A status and nothing else.
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self { status, headers: HeaderMap::new(), body: Bytes::new() }
    }

    /// A value as JSON, under a media type.
    pub(crate) fn json(status: StatusCode, media_type: HeaderValue, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(body) => {
                let mut headers = HeaderMap::with_capacity(4);
                headers.insert(CONTENT_TYPE, media_type);
                Self { status, headers, body: body.into() }
            }
            Err(error) => Self::internal(&error.into()),
        }
    }

    /// An answer of our own failure: logged with its causes, and unlike anything that a vendor says.
    pub(crate) fn internal(error: &anyhow::Error) -> Self {
        tracing::error!("internal error: {error:#}");
        let mut answer = Self::empty(StatusCode::INTERNAL_SERVER_ERROR);
        answer.headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        answer.body = Bytes::from_static(b"mock-server: internal error, see its log\n");
        answer
    }

    /// An answer of this server's own, about its own business: problem details.
    pub(crate) fn problem(status: StatusCode, detail: String) -> Self {
        let problem = Problem {
            kind: "about:blank".to_owned(),
            title: status.canonical_reason().unwrap_or("Unknown").to_owned(),
            status: status.as_u16(),
            detail: Some(detail),
            ..Problem::default()
        };
        Self::json(status, HeaderValue::from_static(wire::problem::MEDIA_TYPE), &problem)
    }

    /// The empty 405 that both vendors' frameworks give.
    pub(crate) fn method_not_allowed(allowed: &[Method]) -> Self {
        let mut answer = Self::empty(StatusCode::METHOD_NOT_ALLOWED);
        let names: Vec<&str> = allowed.iter().map(Method::as_str).collect();
        if let Ok(value) = HeaderValue::from_str(&names.join(", ")) {
            answer.headers.insert(ALLOW, value);
        }
        answer
    }

    pub(crate) fn with_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response
    }
}

// === impl Outcome ===

impl Outcome {
    /// An answer to somebody whom nobody identified.
    pub(crate) fn anonymous(answer: Answer, refused: Option<Refused>) -> Self {
        Self {
            answer,
            refused,
            account: None,
            token_generation: None,
            faults: Vec::new(),
            injected: Vec::new(),
            items: Vec::new(),
            wait: Wait::default(),
            hints: Vec::new(),
            until: None,
            tamper: None,
        }
    }
}
