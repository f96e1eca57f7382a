//! The body of a request, within its limits of size and time; or why there is none.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, EXPECT};
use http::request::Parts;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;

use crate::config::{LimitsSection, Size};
use crate::reason::{Reason, Refused};

/// For a body that can change nothing any more.
const SHORT_PATIENCE: Duration = Duration::from_secs(1);
/// How much of a body beyond the limit is read and thrown away, so that the client can read the answer.
const DRAIN_LIMIT: usize = 16 << 20;

/// A body that did not arrive whole, or a head that is too long.
#[derive(Debug)]
pub(super) struct Unread {
    pub(super) status: StatusCode,
    pub(super) refused: Refused,
}

/// Reads a body. If it can change nothing any more, not for long.
pub(super) async fn read(parts: &Parts, body: Body, limits: &LimitsSection, matters: bool) -> Result<Bytes, Unread> {
    let patience = limits.body_timeout.unsigned();
    let patience = if matters { patience } else { SHORT_PATIENCE.min(patience) };
    let limit = limits.body.bytes();
    if is_announced_too_long(&parts.headers, limit) {
        return Err(too_large(limit));
    }
    match tokio::time::timeout(patience, read_body(body, limit)).await {
        Ok(read) => read,
        Err(_) => Err(Unread {
            status: StatusCode::REQUEST_TIMEOUT,
            refused: Reason::BodyTooSlow.because(format!("the body took longer than {}", limits.body_timeout)),
        }),
    }
}

/// Whether a client that waits for `100 Continue` can be told at once that its body is not wanted.
fn is_announced_too_long(headers: &HeaderMap, limit: usize) -> bool {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    headers.contains_key(EXPECT) && length.is_some_and(|length| length > limit)
}

fn too_large(limit: usize) -> Unread {
    let detail = format!("the body is longer than the {limit} bytes of limits.body");
    Unread { status: StatusCode::PAYLOAD_TOO_LARGE, refused: Reason::BodyTooLarge.because(detail) }
}

/// The whole body, or why there is none. Beyond the limit it is read on for a while, so that the client gets to read
/// the refusal.
async fn read_body(mut body: Body, limit: usize) -> Result<Bytes, Unread> {
    let mut first: Option<Bytes> = None;
    let mut more = BytesMut::new();
    let mut length = 0;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| Unread {
            status: StatusCode::BAD_REQUEST,
            refused: Reason::BodyIncomplete.because(format!("the body broke off: {error}")),
        })?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length += data.len();
        if length > limit.saturating_add(DRAIN_LIMIT) {
            break;
        }
        if length > limit {
            (first, more) = (None, BytesMut::new());
        } else if more.is_empty() && first.is_none() {
            // Most bodies come in one piece, which needs no copy.
            first = Some(data);
        } else {
            if let Some(first) = first.take() {
                more.extend_from_slice(&first);
            }
            more.extend_from_slice(&data);
        }
    }
    if length > limit {
        return Err(too_large(limit));
    }
    Ok(first.unwrap_or_else(|| more.freeze()))
}

/// hyper's own limit is a buffer that may hold twice as much.
pub(super) fn head_too_large(parts: &Parts, limit: Size) -> Option<Unread> {
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    // Each line has a colon, a blank and a line end beside its two parts.
    let lines: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    (target + lines > limit.bytes()).then(|| Unread {
        status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        refused: Reason::HeadTooLarge.because(format!("the head is longer than the {limit} of limits.head")),
    })
}

#[cfg(test)]
mod tests {
    use http::Request;

    use super::*;

    #[test]
    fn a_head_is_measured_as_it_was_on_the_wire() {
        let (parts, ()) = Request::get("/abc?d").header("name", "value").body(()).unwrap().into_parts();
        // "/abc?d", and "name: value" with its line end.
        assert!(head_too_large(&parts, Size::from_bytes(6 + 13)).is_none());
        let unread = head_too_large(&parts, Size::from_bytes(6 + 12)).unwrap();
        assert_eq!((unread.status.as_u16(), unread.refused.reason), (431, Reason::HeadTooLarge));
    }
}
