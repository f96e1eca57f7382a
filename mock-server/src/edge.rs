//! What is done to vendors' answers last of all: compression where a client asks for it, and leave for pages of other
//! origins.

mod compression;
mod cors;

use axum::body::Body;
use http::{HeaderMap, Method, Response};

use crate::answer::Answer;
use crate::config::{Cors, ServerSection};
use crate::operation::Vendor;

/// The settings of both.
#[derive(Clone, Debug)]
pub(crate) struct Edge {
    cors: Cors,
    compresses: bool,
}

// === impl Edge ===

impl Edge {
    pub(crate) fn of(section: &ServerSection) -> Self {
        Self { cors: section.cors.clone(), compresses: section.compression }
    }

    /// The answer to a browser that asks for leave (a preflight), if that is what a request is.
    pub(crate) fn preflight(&self, method: &Method, headers: &HeaderMap) -> Option<Answer> {
        cors::preflight(&self.cors, method, headers)
    }

    /// Finishes an answer to a request with these headers.
    pub(crate) fn finish(&self, vendor: Option<Vendor>, asked: &HeaderMap, answer: Answer) -> Response<Body> {
        let mut answer = answer;
        cors::allow(&self.cors, asked, &mut answer.headers);
        // Of Timbr nothing is known that says so.
        if self.compresses && vendor == Some(Vendor::Twinzo) {
            compression::compress(asked, &mut answer);
        }
        answer.into_response()
    }
}
