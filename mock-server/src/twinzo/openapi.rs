//! The API as an OpenAPI document: every operation and every contract, made from their descriptions. It says what is
//! true of a server with default settings.

mod contracts;
mod names;
mod older;
mod operation;
mod options;
mod refusals;
mod schema;
mod words;

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::endpoint::{Endpoint, describe};
use crate::operation::{Operation, TwinzoOperation};
use contracts::Contracts;

/// A version of OpenAPI.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Dialect {
    /// 3.1.
    Current,
    /// 3.0, for generators that know no other.
    Older,
}

/// The document, for clients of a base URL without a version segment.
pub fn document(dialect: Dialect, base_url: &str) -> Value {
    static CURRENT: LazyLock<Value> = LazyLock::new(made);
    static OLDER: LazyLock<Value> = LazyLock::new(|| older::translated(&CURRENT));
    let mut document = match dialect {
        Dialect::Current => CURRENT.clone(),
        Dialect::Older => OLDER.clone(),
    };
    document["servers"] = json!([{ "url": format!("{base_url}/v3") }]);
    document
}

const ABOUT: &str = "twinzo's REST API v3 as mock-server answers it with default settings. Made from the code of \
    mock-server, which is not affiliated with the vendor; SDK, CPP, DOC and OBS say where an operation is known from \
    (docs/twinzo.md). In requests names of members match in any case, and unknown members are skipped; answers leave \
    nulls out.";

fn made() -> Value {
    let operations = operations();
    let contracts = Contracts::of(&operations);
    json!({
        "openapi": "3.1.0",
        "info": { "title": "twinzo REST API v3, mocked", "description": ABOUT, "version": "v3" },
        "servers": [],
        "tags": tags(&operations),
        "paths": paths(&operations, &contracts),
        "components": {
            "schemas": contracts.schemas(&operations),
            "parameters": options::components(),
            "responses": refusals::components(),
            "headers": options::headers(),
            "securitySchemes": operation::security_schemes(),
        },
    })
}

/// Every operation of twinzo with its description, in the order of the documentation.
fn operations() -> Vec<(Operation, Endpoint)> {
    let described = |operation: &Operation| match *operation {
        Operation::Twinzo(twinzo) => Some((*operation, describe(twinzo))),
        Operation::Timbr(_) => None,
    };
    TwinzoOperation::ALL.iter().filter_map(described).collect()
}

fn tags(operations: &[(Operation, Endpoint)]) -> Vec<Value> {
    let mut tags: Vec<String> = Vec::new();
    for (operation, _) in operations {
        let tag = names::controller(*operation);
        if !tags.contains(&tag) {
            tags.push(tag);
        }
    }
    tags.into_iter().map(|name| json!({ "name": name })).collect()
}

fn paths(operations: &[(Operation, Endpoint)], contracts: &Contracts) -> Value {
    let mut paths = Map::new();
    for (operation, endpoint) in operations {
        let item = paths.entry(format!("/{}", operation.route())).or_insert_with(|| json!({}));
        let method = operation.method().as_str().to_ascii_lowercase();
        item[method] = operation::described(*operation, endpoint, contracts);
    }
    Value::Object(paths)
}

#[cfg(test)]
mod tests;
