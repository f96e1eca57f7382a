//! Refusals in the vendor's shape: an envelope whose `data` is a text, §5, §7 and §8.

use http::header::WWW_AUTHENTICATE;
use http::{HeaderValue, StatusCode};
use wire::timbr::Envelope;

use super::{async_query, platform};
use crate::answer::Answer;
use crate::fault::Shape;
use crate::reason::{Reason, Refused};

/// Timbr answers JSON without a charset, §8.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Clients lose the status and look for these words in the text, §7.
const UNAUTHORIZED: &str = "Unauthorized: HTTP Response code: 401, the token is not valid";
/// One text for every cause, so that nobody learns which part of a bearer is wrong, §4.
const BAD_BEARER: &str = "Unauthorized: invalid authorization bearer";

/// Why a call gets no answer of its own.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// 401 on `get_token`.
    BadBearer(Refused),
    /// 401 everywhere else.
    NotAuthorized(Refused),
    /// 400: the request cannot be read.
    BadRequest(Refused),
    /// 401 where agents report.
    BadBasic(Refused),
    /// 401 at the login page.
    BadForm(Refused),
    /// 302 to the login page.
    NotLoggedIn { refused: Refused, login: String },
    /// 404: the path is there, but not what it names.
    NotFound(Refused),
    /// 404: there is no such result, or not any more.
    AsyncLost(Refused),
    /// 415, where the documented content type is asked for.
    MediaType(Refused),
    /// 500: the engine refuses the query; its text is shown.
    Engine(Refused),
    /// 500: our own fault.
    Internal(anyhow::Error),
}

// === impl Refusal ===

impl Refusal {
    /// The answer that the client gets, and the cause that the journal gets.
    pub(super) fn into_answer(self) -> (Answer, Option<Refused>) {
        match self {
            Self::BadBearer(refused) => {
                let answer = envelope_error(StatusCode::UNAUTHORIZED, BAD_BEARER);
                (answer.with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")), Some(refused))
            }
            Self::NotAuthorized(refused) => (envelope_error(StatusCode::UNAUTHORIZED, UNAUTHORIZED), Some(refused)),
            Self::BadRequest(refused) => (envelope_error(StatusCode::BAD_REQUEST, &refused.detail), Some(refused)),
            Self::MediaType(refused) => {
                (envelope_error(StatusCode::UNSUPPORTED_MEDIA_TYPE, &refused.detail), Some(refused))
            }
            Self::Engine(refused) => {
                (envelope_error(StatusCode::INTERNAL_SERVER_ERROR, &refused.detail), Some(refused))
            }
            Self::BadBasic(refused) => {
                let answer = envelope_error(StatusCode::UNAUTHORIZED, UNAUTHORIZED);
                (answer.with_header(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"timbr\"")), Some(refused))
            }
            Self::BadForm(refused) => (platform::refused_page(), Some(refused)),
            Self::NotLoggedIn { refused, login } => (platform::redirect(&login), Some(refused)),
            Self::NotFound(refused) => (envelope_error(StatusCode::NOT_FOUND, &refused.detail), Some(refused)),
            Self::AsyncLost(refused) => (async_query::not_found(), Some(refused)),
            Self::Internal(error) => (Answer::internal(&error), Some(Reason::Internal.because("see the server's log"))),
        }
    }
}

/// An error text in its envelope.
pub(crate) fn envelope_error(status: StatusCode, text: &str) -> Answer {
    Answer::json(status, JSON, &Envelope::error(text))
}

/// How this vendor words what it does not say by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimbrShape;

impl Shape for TimbrShape {
    fn status(&self, status: StatusCode) -> Answer {
        match status {
            StatusCode::UNAUTHORIZED => envelope_error(status, UNAUTHORIZED),
            status if status.is_client_error() || status.is_server_error() => {
                let name = status.canonical_reason().unwrap_or("Unknown");
                envelope_error(status, &format!("{name}: HTTP Response code: {}", status.as_u16()))
            }
            status => Answer::empty(status),
        }
    }

    fn in_band(&self, message: &str) -> Answer {
        envelope_error(StatusCode::OK, message)
    }
}
