//! Cross-origin requests, as the Fetch standard has them: whether a page of another origin may call, and read.

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};

use crate::answer::Answer;
use crate::config::Cors;

/// How long a browser may remember leave, in seconds.
const REMEMBERED: HeaderValue = HeaderValue::from_static("600");

/// The answer to a preflight.
pub(super) fn preflight(cors: &Cors, method: &Method, headers: &HeaderMap) -> Option<Answer> {
    if *cors == Cors::Off || method != Method::OPTIONS {
        return None;
    }
    let wanted = headers.get(ACCESS_CONTROL_REQUEST_METHOD)?;
    let mut answer = Answer::empty(StatusCode::NO_CONTENT);
    if origin(cors, headers).is_some() {
        answer.headers.insert(ACCESS_CONTROL_ALLOW_METHODS, wanted.clone());
        if let Some(names) = headers.get(ACCESS_CONTROL_REQUEST_HEADERS) {
            answer.headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, names.clone());
        }
        answer.headers.insert(ACCESS_CONTROL_MAX_AGE, REMEMBERED);
    }
    Some(answer)
}

/// Lets a page read an answer, if its origin may.
pub(super) fn allow(cors: &Cors, asked: &HeaderMap, headers: &mut HeaderMap) {
    if *cors == Cors::Off {
        return;
    }
    if matches!(cors, Cors::Origins(_)) {
        headers.append(VARY, HeaderValue::from_static("Origin"));
    }
    if let Some(origin) = origin(cors, asked) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static("*"));
    }
}

/// Who is let in; whoever asks without an origin is no page.
fn origin(cors: &Cors, headers: &HeaderMap) -> Option<HeaderValue> {
    let asking = headers.get(ORIGIN)?;
    match cors {
        Cors::Off => None,
        Cors::Any => Some(HeaderValue::from_static("*")),
        Cors::Origins(origins) => {
            let is_known = origins.iter().any(|origin| asking.as_bytes().eq_ignore_ascii_case(origin.as_bytes()));
            is_known.then(|| asking.clone())
        }
    }
}
