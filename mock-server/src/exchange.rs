//! One exchange with a vendor, from its head to its place in the journal.
//!
//! Read the body within its limits, read the clock once, find the operation, let the vendor answer, stamp, record. All
//! that waits is in [`serve`]; the vendors' code is plain functions.

use std::time::Duration;

use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http::header::{CONNECTION, CONTENT_LENGTH, DATE, EXPECT};
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use jiff::Timestamp;
use wire::problem::Problem;

use crate::answer::{Answer, Outcome};
use crate::app::App;
use crate::call::Call;
use crate::config::Size;
use crate::journal::{Entry, PackedHeaders};
use crate::operation::{Operation, Route, Vendor};
use crate::reason::{Reason, Refused};
use crate::sandbox::Sandbox;
use crate::{clock, timbr, twinzo};

const X_MOCK_REASON: HeaderName = HeaderName::from_static("x-mock-reason");
/// For a body that can change nothing any more.
const SHORT_PATIENCE: Duration = Duration::from_secs(1);
/// How much of a body beyond the limit is read and thrown away, so that the client can read the answer.
const DRAIN_LIMIT: usize = 16 << 20;

/// A body that did not arrive whole.
#[derive(Debug)]
struct Unread {
    status: StatusCode,
    refused: Refused,
}

/// Answers whatever is not the admin API's.
pub(crate) async fn serve(app: &App, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let route = Route::find(&parts.method, parts.uri.path());
    let patience = match route {
        Route::To(..) => app.limits.body_timeout.unsigned(),
        // The answer is clear already; the body is for the journal.
        Route::WrongMethod(..) | Route::Unknown(_) | Route::Outside => {
            SHORT_PATIENCE.min(app.limits.body_timeout.unsigned())
        }
    };
    let limit = app.limits.body.bytes();
    let read = if is_announced_too_long(&parts.headers, limit) {
        Err(too_large(limit))
    } else {
        match tokio::time::timeout(patience, read_body(body, limit)).await {
            Ok(read) => read,
            Err(_) => Err(Unread {
                status: StatusCode::REQUEST_TIMEOUT,
                refused: Reason::BodyTooSlow.because(format!("the body took longer than {}", app.limits.body_timeout)),
            }),
        }
    };
    answer(app, &parts, route, read)
}

/// Everything after the body, without waiting for anything.
fn answer(app: &App, parts: &Parts, route: Route, read: Result<Bytes, Unread>) -> Response<Body> {
    let sandbox = &*app.sandbox;
    let now = sandbox.clock.now();
    let id = sandbox.journal.next_id();
    let (vendor, operation) = match &route {
        Route::To(operation, _) => (Some(operation.vendor()), Some(*operation)),
        Route::WrongMethod(vendor, _) | Route::Unknown(vendor) => (Some(*vendor), None),
        Route::Outside => (None, None),
    };
    let whole = read.is_ok();
    let (body, unread) = match read {
        Ok(body) => (body, head_too_large(parts, app.limits.head)),
        Err(unread) => (Bytes::new(), Some(unread)),
    };
    let call = Call {
        id,
        now,
        method: &parts.method,
        path: parts.uri.path(),
        query: parts.uri.query(),
        headers: &parts.headers,
        body: &body,
    };
    let mut outcome = match (route, unread) {
        (Route::To(_, _), Some(unread)) => unreadable(vendor, &call, unread),
        (Route::To(Operation::Twinzo(operation), segment), None) => {
            twinzo::answer(sandbox, &call, operation, segment.as_deref())
        }
        (Route::To(Operation::Timbr(operation), segment), None) => {
            timbr::answer(sandbox, &call, operation, segment.as_deref())
        }
        (Route::WrongMethod(_, allowed), _) => {
            let refused = Reason::MethodNotAllowed.because(format!("the path knows {} only", names(&allowed)));
            Outcome::anonymous(Answer::method_not_allowed(&allowed), Some(refused))
        }
        (Route::Unknown(vendor), _) => unknown(vendor, &call),
        (Route::Outside, _) => outside(&call),
    };
    if let Some(refused) = &mut outcome.refused {
        // Details quote what the client sent, and clients put secrets into the strangest places.
        refused.detail = sandbox.redactor.text(&refused.detail).into_owned();
    }
    if !whole {
        // hyper closes after this; a client that is not told may send its next request into the void.
        outcome.answer.headers.insert(CONNECTION, HeaderValue::from_static("close"));
    }
    stamp(sandbox, &mut outcome, now, app.explain);
    log(sandbox, &call, operation, &outcome);
    let entry = entry(sandbox, &call, parts, vendor, operation, &mut outcome);
    sandbox.journal.record(entry);
    outcome.answer.into_response()
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
fn head_too_large(parts: &Parts, limit: Size) -> Option<Unread> {
    let target = parts.uri.path_and_query().map_or(0, |target| target.as_str().len());
    // Each line has a colon, a blank and a line end beside its two parts.
    let lines: usize = parts.headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
    (target + lines > limit.bytes()).then(|| Unread {
        status: StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
        refused: Reason::HeadTooLarge.because(format!("the head is longer than the {limit} of limits.head")),
    })
}

fn unreadable(vendor: Option<Vendor>, call: &Call<'_>, unread: Unread) -> Outcome {
    let Unread { status, refused } = unread;
    let answer = match vendor {
        Some(Vendor::Timbr) => timbr::envelope_error(status, &refused.detail),
        Some(Vendor::Twinzo) | None => twinzo::plain_problem(status, call),
    };
    Outcome::anonymous(answer, Some(refused))
}

fn names(methods: &[Method]) -> String {
    methods.iter().map(Method::as_str).collect::<Vec<_>>().join(" and ")
}

fn unknown(vendor: Vendor, call: &Call<'_>) -> Outcome {
    let refused = Reason::RouteUnknown.because(format!("{} has no path {}", vendor.name(), call.path));
    let answer = match vendor {
        Vendor::Twinzo => twinzo::not_found(),
        Vendor::Timbr => timbr::envelope_error(StatusCode::NOT_FOUND, &format!("Not found: {}", call.path)),
    };
    Outcome::anonymous(answer, Some(refused))
}

/// Outside both vendors' paths a wrong base URL is likely: say where they are.
fn outside(call: &Call<'_>) -> Outcome {
    let detail = format!("no vendor answers {}; twinzo is under /v3, /v3.0 and /api/v3, Timbr under /timbr", call.path);
    let problem = Problem {
        kind: "about:blank".to_owned(),
        title: "Not Found".to_owned(),
        status: 404,
        detail: Some(detail.clone()),
        ..Problem::default()
    };
    let media_type = HeaderValue::from_static(wire::problem::MEDIA_TYPE);
    let answer = Answer::json(StatusCode::NOT_FOUND, media_type, &problem);
    Outcome::anonymous(answer, Some(Reason::RouteUnknown.because(detail)))
}

/// What every answer carries: the sandbox's time, and on request the true cause.
fn stamp(sandbox: &Sandbox, outcome: &mut Outcome, now: Timestamp, explain: bool) {
    let headers = &mut outcome.answer.headers;
    // hyper would write the machine's time.
    headers.insert(DATE, sandbox.dates.of(now));
    if let (true, Some(refused)) = (explain, &outcome.refused) {
        // Details may quote what the client sent: a header value holds visible ASCII only.
        let text: String = format!("{}: {}", refused.reason, refused.detail)
            .chars()
            .map(|c| if c.is_ascii_graphic() || c == ' ' { c } else { '?' })
            .collect();
        if let Ok(value) = HeaderValue::try_from(text) {
            headers.insert(X_MOCK_REASON, value);
        }
    }
}

fn log(sandbox: &Sandbox, call: &Call<'_>, operation: Option<Operation>, outcome: &Outcome) {
    let status = outcome.answer.status.as_u16();
    let operation = operation.map_or("-", Operation::name);
    let (id, method) = (call.id, call.method);
    let path = || sandbox.redactor.text(call.path).into_owned();
    if let Some(refused) = &outcome.refused {
        tracing::info!(id, operation, "{method} {} → {status} {}: {}", path(), refused.reason, refused.detail);
    } else {
        tracing::debug!(id, operation, "{method} {} → {status}", path());
    }
}

fn entry(
    sandbox: &Sandbox,
    call: &Call<'_>,
    parts: &Parts,
    vendor: Option<Vendor>,
    operation: Option<Operation>,
    outcome: &mut Outcome,
) -> Entry {
    let target = parts.uri.path_and_query().map_or(call.path, http::uri::PathAndQuery::as_str);
    Entry {
        id: call.id,
        at: call.now,
        real: clock::real_now(),
        vendor,
        operation,
        method: call.method.clone(),
        target: target.into(),
        headers: PackedHeaders::pack(call.headers),
        body: sandbox.journal.capture(call.body),
        status: outcome.answer.status.as_u16(),
        answer_headers: PackedHeaders::pack(&outcome.answer.headers),
        answer_body: sandbox.journal.capture_own(&outcome.answer.body),
        refused: outcome.refused.take(),
        account: outcome.account.take(),
        token_generation: outcome.token_generation,
        faults: std::mem::take(&mut outcome.faults),
    }
}

#[cfg(test)]
mod tests {
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
