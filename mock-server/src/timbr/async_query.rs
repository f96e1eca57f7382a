//! Asynchronous queries, §6.1: submitted on one route, fetched from another, and over when the sandbox's clock says so.

mod store;

use std::sync::Arc;

use http::StatusCode;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use uuid::Uuid;
use wire::header;

use super::error::{JSON, Refusal};
use super::query;
use super::work::Work;
use crate::answer::Answer;
use crate::config::Span;
use crate::directory::TimbrUser;
use crate::reason::{Reason, Refused};

pub(super) use store::AsyncQueries;
use store::{Lost, Query, Seen, StoreLimits};

/// One text for every cause: the client sees no more than that it comes too late.
const NOT_FOUND: &str = "Async result not found (expired or already fetched)";

#[derive(Serialize)]
struct Submitted<'a> {
    r#async: bool,
    response_id: Uuid,
    poll_url: &'a str,
    message: &'static str,
}

/// A client takes any 200 for an answer: "not yet" is one too.
#[derive(Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
enum Polled<'a> {
    Running { response_id: Uuid, message: &'static str },
    Completed { response: &'a RawValue, original_status_code: u16 },
    Error { error: &'a str, error_type: &'static str },
}

/// `POST /timbr/openapi/ontology/{ontology}/query`, with `x-async: true` or without.
pub(super) fn submit_or_answer(work: &mut Work<'_>, user: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    let (call, ontology) = (work.call, work.segment(0));
    if !call.header(header::X_ASYNC).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        return query::bare(call, ontology, user);
    }
    let result = match query::rows(call, ontology, query::sql(call)?, user) {
        Ok(rows) => Ok(rows),
        // What the engine says is part of the result; what is wrong with the request itself is said at once.
        Err(Refusal::Engine(refused)) => Err(refused),
        Err(other) => return Err(other),
    };
    let settings = work.settings();
    let id = uuid::Builder::from_random_bytes(work.sandbox.entropy.bytes()).into_uuid();
    let ends = after(call.now, settings.async_duration);
    let query = Query { owner: owner(work, user), ends, expires: after(ends, Some(settings.async_ttl)), result };
    work.sandbox.timbr.queries.put(id, query, call.now, &StoreLimits::of(settings));
    let poll_url = format!("{}/timbr/openapi/get-async-results/{id}", call.prefix);
    let message = "Query submitted; fetch its result from poll_url";
    let body = Submitted { r#async: true, response_id: id, poll_url: &poll_url, message };
    Ok(Answer::json(StatusCode::ACCEPTED, JSON, &body))
}

/// `GET /timbr/openapi/get-async-results/{id}`.
pub(super) fn result(work: &mut Work<'_>, user: &Arc<TimbrUser>) -> Result<Answer, Refusal> {
    let now = work.call.now;
    let lost = |refused: Refused| Refusal::AsyncLost(refused);
    let text = work.segment(0);
    let id = Uuid::try_parse(text)
        .map_err(|_| lost(Reason::AsyncUnknown.because(format!("{text:?} is no id that this server gave out"))))?;
    let once = work.settings().async_once;
    let seen =
        work.sandbox.timbr.queries.look(id, &owner(work, user), now, once).map_err(|cause| lost(explain(id, cause)))?;
    let body = match &seen {
        Seen::Running { ends } => {
            work.outcome.until = Some(*ends);
            Polled::Running { response_id: id, message: "Query is still running" }
        }
        Seen::Over(Ok(rows)) => Polled::Completed { response: rows, original_status_code: StatusCode::OK.as_u16() },
        Seen::Over(Err(refused)) => {
            // A 200 to the client, and the same cause for the journal as if it had not been asynchronous.
            work.outcome.refused = Some(refused.clone());
            Polled::Error { error: &refused.detail, error_type: "ExecutionError" }
        }
    };
    Ok(Answer::json(StatusCode::OK, JSON, &body))
}

fn explain(id: Uuid, lost: Lost) -> Refused {
    match lost {
        Lost::Unknown => Reason::AsyncUnknown.because(format!("no asynchronous query has the id {id}")),
        Lost::OfOther => Reason::AsyncOfOther.because("the query was submitted with another token"),
        Lost::Fetched => Reason::AsyncFetched.because("the result was fetched before, and timbr.async_once is true"),
        Lost::Expired(end) => {
            Reason::AsyncExpired.because(format!("the result was kept until {end}, as timbr.async_ttl says"))
        }
        Lost::Evicted => {
            Reason::AsyncEvicted.because("newer queries took its place: timbr.async_queries or timbr.async_bytes")
        }
    }
}

/// Whose query it is: the token's, of which only a hash is kept; with a JWT the user's, for a JWT does not live long.
fn owner(work: &Work<'_>, user: &TimbrUser) -> [u8; 32] {
    let hash = Sha256::new();
    match work.call.header(header::X_API_KEY) {
        Some(key) => hash.chain_update("key ").chain_update(key),
        None => hash.chain_update("user ").chain_update(&*user.name),
    }
    .finalize()
    .into()
}

fn after(time: Timestamp, span: Option<Span>) -> Timestamp {
    let span = span.map_or(SignedDuration::ZERO, Span::signed);
    time.checked_add(span).unwrap_or(Timestamp::MAX)
}

/// The 404 of a result that is not there.
pub(super) fn not_found() -> Answer {
    super::envelope_error(StatusCode::NOT_FOUND, NOT_FOUND)
}
