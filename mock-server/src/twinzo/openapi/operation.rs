//! One operation of the document.

use http::StatusCode;
use serde_json::{Map, Value, json};
use wire::contract::Kind;

use super::super::endpoint::{Answers, Content, Endpoint, Parameter, Signers};
use super::contracts::Contracts;
use super::names::{self, Way};
use super::options::Shaped;
use super::{refusals, schema, words};
use crate::operation::Operation;

const JSON: &str = "application/json";
/// As the vendor's C++ devkit names it.
const PROTOBUF: &str = "application/x-protobuf";

pub(super) fn described(operation: Operation, endpoint: &Endpoint, contracts: &Contracts) -> Value {
    let shaped = Shaped::of(operation, endpoint);
    let mut parameters: Vec<Value> = variables(operation).collect();
    parameters.extend(endpoint.query.iter().map(parameter));
    if let (Some(shaped), Answers::Contract(content)) = (shaped, endpoint.answers) {
        parameters.extend(shaped.parameters(content.shape, endpoint.expands));
    }
    let mut described = json!({
        "tags": [names::controller(operation)],
        "operationId": names::operation_id(operation),
        "description": words::known_from(endpoint),
    });
    if !parameters.is_empty() {
        described["parameters"] = json!(parameters);
    }
    if let Some(content) = endpoint.takes {
        described["requestBody"] = body(operation, content, endpoint, contracts);
    }
    described["responses"] = responses(operation, endpoint, contracts, shaped);
    described["security"] = security(endpoint.signers);
    described
}

/// The variable segments of a path. An id is a routed integer.
fn variables(operation: Operation) -> impl Iterator<Item = Value> {
    let names = operation.route().split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    names.map(|name| {
        let schema = match name {
            "id" => schema::of(Kind::Integer("Int32"), Way::Answer, &|_| Value::Null),
            _ => json!({ "type": "string", "minLength": 1 }),
        };
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    })
}

fn parameter(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "in": "query",
        "required": parameter.is_needed,
        "description": parameter.about,
        "schema": schema::of(parameter.kind, Way::Answer, &|_| Value::Null),
    })
}

fn body(operation: Operation, content: Content, endpoint: &Endpoint, contracts: &Contracts) -> Value {
    let mut json = json!({ "schema": contracts.request(content, &endpoint.demands) });
    // A list that must be there is not null; within an object it may be.
    if let Some(kind) = json["schema"].get_mut("type").filter(|kind| kind.is_array()) {
        *kind = json!("array");
    }
    if let Some(example) = words::example(operation) {
        json["example"] = example;
    }
    json!({ "required": true, "content": media(content, json) })
}

fn responses(operation: Operation, endpoint: &Endpoint, contracts: &Contracts, shaped: Option<Shaped>) -> Value {
    let reason = StatusCode::from_u16(endpoint.status).ok().and_then(|status| status.canonical_reason());
    let mut good = json!({ "description": reason.unwrap_or_default() });
    if let Some(headers) = shaped.and_then(Shaped::headers) {
        good["headers"] = headers;
    }
    let in_json = |schema: Value| json!({ JSON: { "schema": schema } });
    match endpoint.answers {
        Answers::Nothing => {}
        Answers::Contract(content) => {
            good["content"] = media(content, json!({ "schema": contracts.answer(content) }));
        }
        Answers::Json("integer") => {
            let stamp = schema::of(Kind::Integer("Int64"), Way::Answer, &|_| Value::Null);
            good["content"] = in_json(stamp);
        }
        Answers::Json("text") => good["content"] = in_json(json!({ "type": "string" })),
        Answers::Json(_) => good["content"] = in_json(json!({})),
        Answers::Bytes => good["content"] = json!({ "application/octet-stream": { "schema": bytes() } }),
    }
    let mut responses = Map::from_iter([(endpoint.status.to_string(), good)]);
    responses.extend(refusals::of(operation, endpoint));
    Value::Object(responses)
}

/// A contract as JSON, and as protobuf if it has a message.
fn media(content: Content, in_json: Value) -> Value {
    let mut media = Map::from_iter([(JSON.to_owned(), in_json)]);
    if content.shape.has_message() {
        media.insert(PROTOBUF.to_owned(), json!({ "schema": bytes() }));
    }
    Value::Object(media)
}

fn bytes() -> Value {
    json!({ "type": "string", "contentMediaType": "application/octet-stream" })
}

/// Headers that go together, and the alternatives of them.
fn security(signers: Signers) -> Value {
    match signers {
        Signers::Nobody => json!([]),
        Signers::TokenAlone => json!([{ "Token": [] }]),
        Signers::Token => json!([{ "Client": [], "Branch": [], "Token": [] }]),
        Signers::TokenOrKey => json!([
            { "Client": [], "Branch": [], "Token": [] },
            { "Client": [], "Branch": [], "Api-Key": [] },
        ]),
    }
}

pub(super) fn security_schemes() -> Value {
    let header =
        |name: &str, about: &str| json!({ "type": "apiKey", "in": "header", "name": name, "description": about });
    json!({
        "Client": header("Client", "GUID of the client, as the login answers it."),
        "Branch": header("Branch", "GUID of the branch whose data is meant, as the login answers it."),
        "Token": header("Token", "The token as the login answers it, without a scheme word."),
        "Api-Key": header("Api-Key", "A static key, for middleware."),
    })
}
