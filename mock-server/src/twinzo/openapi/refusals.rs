//! Refusals: which ones an operation has, and what they look like (§4.4, §5).

use serde_json::{Value, json};

use super::super::endpoint::{Endpoint, Signers};
use super::schema::reference;
use crate::operation::Operation;

/// Status, name and description of each.
const ALL: [(u16, &str, &str); 6] = [
    (400, "BadRequest", "A header, a parameter or the body cannot be read, or something is missing in it."),
    (401, "Unauthorized", "What signs the request, or logs in, is missing or not good."),
    (404, "NotFound", "There is no such thing in the branch. Without a body: a number in the path is none."),
    (409, "Conflict", "The login is taken, or there is no room for more."),
    (413, "PayloadTooLarge", "The body is too long."),
    (415, "UnsupportedMediaType", "The body is of a type that its contract does not come in."),
];

/// References to those of an operation, by status.
pub(super) fn of(operation: Operation, endpoint: &Endpoint) -> impl Iterator<Item = (String, Value)> {
    let has_variable = operation.route().contains('{');
    let (signers, takes, refusals) = (endpoint.signers, endpoint.takes.is_some(), endpoint.refusals);
    let occurs = move |status: u16| match status {
        // A header that is no GUID is one of the two that a log out does without.
        400 => takes || signers != Signers::TokenAlone,
        401 => true,
        404 => has_variable || refusals.contains(&status),
        413 | 415 => takes,
        _ => refusals.contains(&status),
    };
    let known = ALL.into_iter().filter(move |(status, ..)| occurs(*status));
    known.map(|(status, name, _)| (status.to_string(), reference("responses", name)))
}

pub(super) fn components() -> Value {
    let problem = json!({ wire::problem::MEDIA_TYPE: { "schema": reference("schemas", "Problem") } });
    let responses = ALL.iter().map(|(_, name, about)| {
        let response = json!({ "description": about, "content": problem });
        ((*name).to_owned(), response)
    });
    Value::Object(responses.collect())
}

/// The one shape of all of them.
pub(super) fn problem() -> Value {
    let text = |about: &str| json!({ "type": "string", "description": about });
    json!({
        "type": "object",
        "properties": {
            "type": text("Link to the definition of the status."),
            "title": text("Name of the server's exception, or the framework's sentence."),
            "status": { "type": "integer", "format": "int32", "minimum": 400, "maximum": 599 },
            "detail": text("A sentence for people."),
            "instance": text("Path of the request."),
            "code": text("Number of the error, as a text."),
            "errors": {
                "type": "object",
                "additionalProperties": { "type": "array", "items": { "type": "string" } },
                "description": "What is wrong, by JSON path or name.",
            },
            "traceId": text("W3C trace context."),
        },
        "required": ["type", "title", "status"],
        "additionalProperties": false,
    })
}
