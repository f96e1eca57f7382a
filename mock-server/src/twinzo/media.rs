//! Bodies in both media types: which one a request has, which one its answer gets, and from bytes to contracts.

mod invalid;
mod json;
mod protobuf;

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::Value;
use wire::contract::{Contract, Payload, Shape};

use super::problem::Refusal;
use crate::answer::{Answer, JSON};
use crate::call::Call;
use crate::config::{Fidelity, Reception, Refused as Refusing};
use crate::json::Names;
use crate::reason::Reason;

pub(super) use invalid::Invalid;

/// As the vendor's C++ devkit names it.
const PROTOBUF: HeaderValue = HeaderValue::from_static("application/x-protobuf");

/// How a body is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Media {
    Json,
    Protobuf,
}

/// A contract that came in, with the names of the members that its sender gave.
#[derive(Debug)]
pub(super) struct Given<T> {
    pub(super) value: T,
    pub(super) names: Vec<&'static str>,
}

// === impl Media ===

impl Media {
    /// What the body of a request is, by its `Content-Type`.
    pub(super) fn of_body(call: &Call<'_>) -> Result<Self, Refusal> {
        let given = call.header(CONTENT_TYPE.as_str()).unwrap_or_default();
        let refusal = match essence(given) {
            text if text.eq_ignore_ascii_case("application/json") => return Ok(Self::Json),
            text if is_protobuf(text) => return Ok(Self::Protobuf),
            "" => "the request has no Content-Type; send application/json or application/x-protobuf".to_owned(),
            _ => format!("Content-Type {given:?} is not supported; send application/json or application/x-protobuf"),
        };
        let answers = &call.setup.settings.twinzo.answers;
        if answers.other_media == Refusing::Accept {
            return Ok(Self::Json);
        }
        Err(Refusal::UnsupportedMediaType(Reason::MediaTypeUnsupported.because(refusal)))
    }

    /// What an answer is to be, by `Accept`: the first type in it that there is, and JSON where it says nothing.
    pub(super) fn of_answer(call: &Call<'_>) -> Self {
        let accepted = call.header(ACCEPT.as_str()).unwrap_or_default();
        for range in accepted.split(',') {
            let is_refused = range.split(';').skip(1).any(|parameter| {
                let weight = parameter.trim().strip_prefix("q=").and_then(|weight| weight.trim().parse::<f32>().ok());
                weight == Some(0.0)
            });
            match essence(range) {
                _ if is_refused => {}
                text if is_protobuf(text) => return Self::Protobuf,
                text if text.eq_ignore_ascii_case("application/json") || text == "*/*" || text == "application/*" => {
                    return Self::Json;
                }
                _ => {}
            }
        }
        Self::Json
    }
}

/// Whether the body of a request is of a type that its contract can come in.
pub(super) fn readable(call: &Call<'_>, shape: &Shape) -> Result<(), Refusal> {
    match Media::of_body(call)? {
        Media::Protobuf if !shape.has_message() => {
            let detail = format!("{} has no protobuf message; send application/json", shape.name);
            Err(Refusal::UnsupportedMediaType(Reason::MediaTypeUnsupported.because(detail)))
        }
        Media::Json | Media::Protobuf => Ok(()),
    }
}

/// Reads the body of a request.
pub(super) fn take<T: Payload>(call: &Call<'_>) -> Result<Given<T>, Refusal> {
    let is_strict = call.setup.settings.twinzo.fidelity == Fidelity::Strict;
    readable(call, T::SHAPE)?;
    match Media::of_body(call)? {
        Media::Json => {
            json::given(call.body, if is_strict { Names::Known } else { Names::AnyCase }).map_err(Refusal::BadBody)
        }
        Media::Protobuf => protobuf::given(call.body, is_strict).map_err(Refusal::BadBody),
    }
}

/// Reads a body that is a list of contracts. Where the settings have it so, one contract counts as a list of it, and an
/// empty list is refused (§8, questions 17 and 18).
pub(super) fn take_list<T: Contract>(call: &Call<'_>) -> Result<Vec<T>, Refusal>
where
    Vec<T>: Payload,
{
    let records = &call.setup.settings.twinzo.records;
    let list = match take::<Vec<T>>(call) {
        Ok(given) => given.value,
        Err(refusal) if records.object == Refusing::Accept => match take::<T>(call) {
            Ok(given) => vec![given.value],
            Err(_) => return Err(refusal),
        },
        Err(refusal) => return Err(refusal),
    };
    if list.is_empty() && records.empty == Reception::Refuse {
        let parameter = json::parameter(<Vec<T> as Payload>::SHAPE.name);
        let message = format!("The field {parameter} must be a list with a minimum length of 1.");
        return Err(Refusal::BadBody(Invalid::one(parameter, message)));
    }
    Ok(list)
}

/// Reads a body for what may be known of it, whether or not it will be accepted.
pub(crate) fn peek<T: Payload>(headers: &HeaderMap, body: &[u8]) -> Result<T, Invalid> {
    let given = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if is_protobuf(essence(given)) && T::SHAPE.has_message() {
        return protobuf::given(body, false).map(|given| given.value);
    }
    json::given(body, Names::AnyCase).map(|given| given.value)
}

/// Writes an answer. What has no message is JSON, whatever was asked for.
pub(super) fn answer<T: Payload>(call: &Call<'_>, status: StatusCode, value: &T) -> Answer {
    match Media::of_answer(call) {
        Media::Protobuf if T::SHAPE.has_message() => {
            let mut answer = Answer::empty(status).with_header(CONTENT_TYPE, PROTOBUF);
            answer.body = value.to_message().into();
            answer
        }
        Media::Json | Media::Protobuf => Answer::json(status, JSON, value),
    }
}

/// The same with some members alone: JSON would write also those that have nothing to say.
pub(super) fn answer_part<T: Payload>(call: &Call<'_>, status: StatusCode, value: &T, members: &[&str]) -> Answer {
    if Media::of_answer(call) == Media::Protobuf && T::SHAPE.has_message() {
        return answer(call, status, value);
    }
    let retain = |row: &mut Value| {
        if let Value::Object(row) = row {
            row.retain(|name, _| members.contains(&name.as_str()));
        }
    };
    match serde_json::to_value(value) {
        Ok(mut value) => {
            if let Value::Array(rows) = &mut value {
                rows.iter_mut().for_each(retain);
            } else {
                retain(&mut value);
            }
            Answer::json(status, JSON, &value)
        }
        Err(error) => Answer::internal(&error.into()),
    }
}

fn essence(media_type: &str) -> &str {
    media_type.split(';').next().unwrap_or_default().trim()
}

fn is_protobuf(essence: &str) -> bool {
    ["application/x-protobuf", "application/protobuf"].iter().any(|known| essence.eq_ignore_ascii_case(known))
}
