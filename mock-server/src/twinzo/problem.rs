//! Refusals in the vendor's shapes, §4.4 and §5.

use std::collections::BTreeMap;

use http::header::{CACHE_CONTROL, EXPIRES, PRAGMA};
use http::{HeaderValue, StatusCode};
use serde::Serialize;
use wire::collection::{ManDown, ManDownResult, SensorBatch, SensorBatchResult, SensorRecord, SensorRecordResult};
use wire::contract::{Contract, Loose};
use wire::localization::{Action, DeviceLocations, LocalizationResult};
use wire::problem::Problem;

use super::media::{self, Invalid};
use crate::answer::{Answer, JSON};
use crate::call::Call;
use crate::config::{BadLogin, ErrorBody};
use crate::fault::Shape;
use crate::operation::TwinzoOperation;
use crate::reason::{Reason, Refused};
use crate::sandbox::Sandbox;

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static(wire::problem::MEDIA_TYPE);

/// The only code that was ever seen, §5.
const CODE_NOT_FOUND: &str = "13";

/// Why a call gets no answer of its own.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// 401: a signing header or the credential in it is not good.
    NotAuthorized(Refused),
    /// 401: client, login or password of a login is wrong. The same answer for all three.
    BadCredentials(Refused),
    /// 403: the signature is good, and does not go that far.
    Forbidden(Refused),
    /// 409: what is to be made is there already, or there is no room for it.
    Conflict(Refused),
    /// 400: a header or parameter cannot be read.
    BadRequest(Refused, BTreeMap<String, Vec<String>>),
    /// 400: the body cannot be read.
    BadBody(Invalid),
    /// 404: the entity is not there, or not in this branch.
    NotFound(Refused),
    /// 415: the body is not JSON.
    UnsupportedMediaType(Refused),
    /// 500: our own fault.
    Internal(anyhow::Error),
}

// === impl Refusal ===

impl Refusal {
    /// A parameter or header that cannot be read, in the words of the framework.
    pub(super) fn bad_value(reason: Reason, name: &str, value: &str) -> Self {
        let message = format!("The value '{value}' is not valid.");
        let errors = BTreeMap::from([(name.to_owned(), vec![message])]);
        Self::BadRequest(reason.because(format!("{name} {value:?} is not valid")), errors)
    }

    /// The answer that the client gets, and the cause that the journal gets.
    pub(super) fn into_answer(self, sandbox: &Sandbox, call: &Call<'_>) -> (Answer, Option<Refused>) {
        match self {
            Self::NotAuthorized(refused) => (not_authorized(call, &refused), Some(refused)),
            Self::BadCredentials(refused) => (bad_credentials(call), Some(refused)),
            Self::Forbidden(refused) => {
                let problem = Problem {
                    title: "ForbiddenException".to_owned(),
                    detail: Some("Access is denied.".to_owned()),
                    ..of_status(StatusCode::FORBIDDEN)
                };
                (exception(problem, call), Some(refused))
            }
            Self::Conflict(refused) => {
                let problem = Problem {
                    title: "ConflictException".to_owned(),
                    detail: Some(refused.detail.clone()),
                    ..of_status(StatusCode::CONFLICT)
                };
                (exception(problem, call), Some(refused))
            }
            Self::NotFound(refused) => {
                let problem = Problem {
                    title: "NotFoundException".to_owned(),
                    detail: Some(refused.detail.clone()),
                    code: Some(CODE_NOT_FOUND.to_owned()),
                    ..of_status(StatusCode::NOT_FOUND)
                };
                (exception(problem, call), Some(refused))
            }
            Self::BadRequest(refused, errors) => (validation(sandbox, errors), Some(refused)),
            Self::BadBody(invalid) => {
                let refused = Reason::BodyInvalid.because(invalid.summary());
                (validation(sandbox, invalid.errors), Some(refused))
            }
            Self::UnsupportedMediaType(refused) => {
                let problem = of_status(StatusCode::UNSUPPORTED_MEDIA_TYPE);
                (framework(sandbox, problem), Some(refused))
            }
            Self::Internal(error) => (Answer::internal(&error), Some(Reason::Internal.because("see the server's log"))),
        }
    }
}

/// A status with nothing but its own name: what injected faults and limits answer.
pub(crate) fn plain(status: StatusCode, call: &Call<'_>) -> Answer {
    if status.is_client_error() || status.is_server_error() {
        exception(of_status(status), call)
    } else {
        Answer::empty(status)
    }
}

/// How this vendor words what it does not say by itself.
#[derive(Debug)]
pub(crate) struct TwinzoShape<'a> {
    pub(crate) call: &'a Call<'a>,
    pub(crate) operation: Option<TwinzoOperation>,
}

/// An exception as the API worded it before 2024, §5.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ExceptionContent<'a> {
    code: &'a str,
    message: &'a str,
}

/// A failure inside a 200.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failed<'a> {
    success: bool,
    error_message: &'a str,
}

impl Shape for TwinzoShape<'_> {
    fn status(&self, status: StatusCode) -> Answer {
        plain(status, self.call)
    }

    fn legacy(&self, status: StatusCode) -> Answer {
        let number = status.as_u16().to_string();
        let code = match status {
            StatusCode::UNAUTHORIZED => &self.call.setup.settings.twinzo.refusals.code,
            StatusCode::NOT_FOUND => CODE_NOT_FOUND,
            _ => &number,
        };
        let message = status.canonical_reason().unwrap_or("Unknown");
        Answer::json(status, JSON, &ExceptionContent { code, message })
    }

    fn in_band(&self, message: &str) -> Answer {
        let listed = match self.operation {
            Some(TwinzoOperation::LocalizationBatch) => self.each(|device: &DeviceLocations| LocalizationResult {
                login: device.login.clone().unwrap_or_default(),
                error_message: Some(message.to_owned()),
                ..LocalizationResult::default()
            }),
            Some(TwinzoOperation::SensorsBatch) => self.each(|sensor: &SensorBatch| SensorBatchResult {
                login: sensor.login.clone().unwrap_or_default(),
                error_message: Some(message.to_owned()),
                ..SensorBatchResult::default()
            }),
            Some(TwinzoOperation::SensorsData) => self.each(|record: &SensorRecord| SensorRecordResult {
                quantity: record.quantity.clone(),
                timestamp: record.timestamp,
                error_message: Some(message.to_owned()),
                ..SensorRecordResult::default()
            }),
            Some(TwinzoOperation::DevicesManDownBatch) => self.each(|event: &ManDown| ManDownResult {
                login: event.login.clone().unwrap_or_default(),
                timestamp: event.timestamp,
                action: Loose(Action::NoAction.number().into()),
                success: false,
                error_message: Some(message.to_owned()),
            }),
            _ => None,
        };
        listed.unwrap_or_else(|| Answer::json(StatusCode::OK, JSON, &Failed { success: false, error_message: message }))
    }
}

impl TwinzoShape<'_> {
    /// One result for each element of a body that is a list.
    fn each<T: Contract, R: Serialize>(&self, result: impl Fn(&T) -> R) -> Option<Answer> {
        let elements = media::peek::<Vec<T>>(self.call.headers, self.call.body).ok()?;
        Some(Answer::json(StatusCode::OK, JSON, &elements.iter().map(result).collect::<Vec<_>>()))
    }
}

/// The same status for every cause, and by default a sentence of its own for an expired token (§8, questions 1 and 2).
fn not_authorized(call: &Call<'_>, refused: &Refused) -> Answer {
    let settings = &call.setup.settings.twinzo.refusals;
    let is_told = settings.tell_expired && refused.reason == Reason::TokenExpired;
    let detail = if is_told { "Token is expired." } else { "Token is not valid." };
    match settings.body {
        ErrorBody::Problem => {
            let problem = Problem {
                detail: Some(detail.to_owned()),
                code: Some(settings.code.clone()),
                ..unauthorized("NotAuthorizedException")
            };
            exception(problem, call)
        }
        ErrorBody::Empty => Answer::empty(StatusCode::UNAUTHORIZED),
        ErrorBody::Legacy => {
            let content = ExceptionContent { code: &settings.code, message: detail };
            Answer::json(StatusCode::UNAUTHORIZED, JSON, &content)
        }
    }
}

/// A wrong client, login or password (§8, question 3).
fn bad_credentials(call: &Call<'_>) -> Answer {
    const DETAIL: &str = "Invalid credentials.";
    let settings = &call.setup.settings.twinzo.refusals;
    let status = match settings.bad_login {
        BadLogin::Unauthorized => StatusCode::UNAUTHORIZED,
        BadLogin::BadRequest => StatusCode::BAD_REQUEST,
        BadLogin::Forbidden => StatusCode::FORBIDDEN,
        BadLogin::ErrorMessage => {
            return Answer::json(StatusCode::OK, JSON, &Failed { success: false, error_message: DETAIL });
        }
    };
    match settings.body {
        ErrorBody::Problem => {
            let title = "Authentication failed".to_owned();
            exception(Problem { title, detail: Some(DETAIL.to_owned()), ..of_status(status) }, call)
        }
        ErrorBody::Empty => Answer::empty(status),
        ErrorBody::Legacy => Answer::json(status, JSON, &ExceptionContent { code: &settings.code, message: DETAIL }),
    }
}

fn unauthorized(title: &str) -> Problem {
    Problem { title: title.to_owned(), ..of_status(StatusCode::UNAUTHORIZED) }
}

/// An exception of the API: it names the path, and may not be cached.
fn exception(problem: Problem, call: &Call<'_>) -> Answer {
    let problem = Problem { instance: Some(call.path.to_owned()), ..problem };
    respond(&problem)
        .with_header(CACHE_CONTROL, HeaderValue::from_static("no-cache,no-store"))
        .with_header(EXPIRES, HeaderValue::from_static("-1"))
        .with_header(PRAGMA, HeaderValue::from_static("no-cache"))
}

fn validation(sandbox: &Sandbox, errors: BTreeMap<String, Vec<String>>) -> Answer {
    let title = "One or more validation errors occurred.".to_owned();
    framework(sandbox, Problem { title, errors: Some(errors), ..of_status(StatusCode::BAD_REQUEST) })
}

/// An error of the framework below the API: it carries a trace context instead of a path.
fn framework(sandbox: &Sandbox, problem: Problem) -> Answer {
    let trace = u128::from_be_bytes(sandbox.entropy.bytes());
    let span = u64::from_be_bytes(sandbox.entropy.bytes());
    respond(&Problem { trace_id: Some(format!("00-{trace:032x}-{span:016x}-00")), ..problem })
}

fn of_status(status: StatusCode) -> Problem {
    Problem {
        kind: section(status)
            .map_or_else(|| "about:blank".to_owned(), |section| format!("https://tools.ietf.org/html/{section}")),
        title: status.canonical_reason().unwrap_or("Unknown").to_owned(),
        status: status.as_u16(),
        ..Problem::default()
    }
}

fn respond(problem: &Problem) -> Answer {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    Answer::json(status, PROBLEM_JSON, problem)
}

/// Where RFC 9110, or the RFC that adds a status to it, defines it.
fn section(status: StatusCode) -> Option<&'static str> {
    Some(match status.as_u16() {
        400 => "rfc9110#section-15.5.1",
        401 => "rfc9110#section-15.5.2",
        402 => "rfc9110#section-15.5.3",
        403 => "rfc9110#section-15.5.4",
        404 => "rfc9110#section-15.5.5",
        405 => "rfc9110#section-15.5.6",
        406 => "rfc9110#section-15.5.7",
        408 => "rfc9110#section-15.5.9",
        409 => "rfc9110#section-15.5.10",
        410 => "rfc9110#section-15.5.11",
        412 => "rfc9110#section-15.5.13",
        413 => "rfc9110#section-15.5.14",
        415 => "rfc9110#section-15.5.16",
        422 => "rfc9110#section-15.5.21",
        429 => "rfc6585#section-4",
        431 => "rfc6585#section-5",
        500 => "rfc9110#section-15.6.1",
        501 => "rfc9110#section-15.6.2",
        502 => "rfc9110#section-15.6.3",
        503 => "rfc9110#section-15.6.4",
        504 => "rfc9110#section-15.6.5",
        _ => return None,
    })
}
