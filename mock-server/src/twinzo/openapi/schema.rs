//! One value as a JSON Schema.

use serde_json::{Value, json};
use wire::contract::{Kind, Shape};

use super::names::Way;

/// Single precision reaches so far; rounded as it is written.
const SINGLE: f64 = 3.402_823_5e38;

/// Of a choice in a request. As a type of its own it would make every client's enumeration a union.
const OR_NUMBER: &str = "In any case; its number will do too.";

/// A component by its name.
pub(super) fn reference(of: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{of}/{name}") })
}

/// A value; contracts are whatever `contract` makes of them. In requests a null stands for nothing where a member is a
/// text, a list or may be missing.
pub(super) fn of(kind: Kind, way: Way, contract: &dyn Fn(&Shape) -> Value) -> Value {
    let is_request = way != Way::Answer;
    match kind {
        Kind::Bool => json!({ "type": "boolean" }),
        Kind::Integer(name) => integer(name),
        Kind::Single => json!({ "type": "number", "format": "float", "minimum": -SINGLE, "maximum": SINGLE }),
        Kind::Double => json!({ "type": "number", "format": "double" }),
        Kind::Text if is_request => or_null(text()),
        Kind::Text => text(),
        Kind::Guid => json!({ "type": "string", "format": "uuid" }),
        Kind::Choice(names) if is_request => json!({ "type": "string", "enum": names, "description": OR_NUMBER }),
        Kind::Choice(names) => json!({ "type": "string", "enum": names }),
        Kind::Link(_) if is_request => link(),
        Kind::Object(shape) | Kind::Link(shape) => contract(shape()),
        Kind::List(element) => {
            let list = json!({ "type": "array", "items": of(*element, way, contract) });
            if is_request { or_null(list) } else { list }
        }
        Kind::Nullable(inner) | Kind::Secret(inner) => {
            let inner = of(*inner, way, contract);
            if is_request { or_null(inner) } else { inner }
        }
        Kind::Anything => json!({}),
    }
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn integer(name: &str) -> Value {
    match name {
        "Byte" => json!({ "type": "integer", "format": "int32", "minimum": 0, "maximum": u8::MAX }),
        "Int32" => json!({ "type": "integer", "format": "int32", "minimum": i32::MIN, "maximum": i32::MAX }),
        _ => json!({ "type": "integer", "format": "int64", "minimum": i64::MIN, "maximum": i64::MAX }),
    }
}

/// Another row in a request.
fn link() -> Value {
    let id = integer("Int32");
    let row = json!({ "type": "object", "properties": { "Id": id }, "required": ["Id"] });
    json!({ "anyOf": [id, row], "description": "Number of the row, or an object with it." })
}

/// The same, or null.
fn or_null(schema: Value) -> Value {
    let mut schema = schema;
    // A null among the names of a choice would make an odd type of it in every client.
    if schema.get("$ref").is_some() || schema.get("enum").is_some() {
        return json!({ "anyOf": [schema, { "type": "null" }] });
    }
    // Else it is there already, or anything will do.
    if let Some(kind) = schema.get("type").filter(|kind| kind.is_string()).cloned() {
        schema["type"] = json!([kind, "null"]);
    }
    schema
}
