//! From OpenAPI 3.1 to 3.0.3, as far as the document needs it: a test finds what this does not know.

use serde_json::{Map, Value, json};

/// The same document in the older version.
pub(super) fn translated(document: &Value) -> Value {
    let mut translated = value(document);
    translated["openapi"] = json!("3.0.3");
    translated
}

fn value(current: &Value) -> Value {
    match current {
        Value::Object(members) => object(members),
        Value::Array(elements) => elements.iter().map(value).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => current.clone(),
    }
}

fn object(members: &Map<String, Value>) -> Value {
    let mut object = Map::new();
    for (name, member) in members {
        match (name.as_str(), member) {
            // What an example says is no schema.
            ("example", _) => {
                object.insert(name.clone(), member.clone());
            }
            ("type", Value::Array(kinds)) => {
                object.extend(kinds.iter().filter(|kind| **kind != "null").map(|kind| (name.clone(), kind.clone())));
                object.insert("nullable".to_owned(), json!(true));
            }
            ("anyOf", Value::Array(schemas)) if schemas.contains(&json!({ "type": "null" })) => {
                let others = schemas.iter().filter(|schema| **schema != json!({ "type": "null" }));
                object.extend(or_null(others.map(value).collect()));
            }
            ("contentMediaType", Value::String(_)) => {
                object.insert("format".to_owned(), json!("binary"));
            }
            _ => {
                object.insert(name.clone(), value(member));
            }
        }
    }
    Value::Object(object)
}

/// What may be null beside these. A reference has no place for more, and a choice must have null among its names.
fn or_null(schemas: Vec<Value>) -> Map<String, Value> {
    let mut object = Map::from_iter([("nullable".to_owned(), json!(true))]);
    match <[Value; 1]>::try_from(schemas) {
        Ok([Value::Object(choice)]) if choice.contains_key("enum") => {
            object.extend(choice);
            if let Some(Value::Array(names)) = object.get_mut("enum") {
                names.push(Value::Null);
            }
        }
        Ok(schemas) => {
            object.insert("allOf".to_owned(), schemas.into_iter().collect());
        }
        Err(schemas) => {
            object.insert("anyOf".to_owned(), schemas.into());
        }
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(current: &Value, expected: &Value) {
        assert_eq!(value(current), *expected);
    }

    #[test]
    fn null_is_a_flag() {
        check(
            &json!({ "type": ["string", "null"], "maxLength": 17 }),
            &json!({ "type": "string", "nullable": true, "maxLength": 17 }),
        );
        check(
            &json!({ "anyOf": [{ "type": "string", "enum": ["a"] }, { "type": "null" }] }),
            &json!({ "type": "string", "nullable": true, "enum": ["a", null] }),
        );
        check(
            &json!({ "anyOf": [{ "type": "string" }, { "type": "integer" }, { "type": "null" }] }),
            &json!({ "nullable": true, "anyOf": [{ "type": "string" }, { "type": "integer" }] }),
        );
        check(
            &json!({ "anyOf": [{ "$ref": "#/components/schemas/A" }, { "type": "null" }] }),
            &json!({ "nullable": true, "allOf": [{ "$ref": "#/components/schemas/A" }] }),
        );
        check(
            &json!({ "items": { "type": ["integer", "null"] } }),
            &json!({ "items": { "type": "integer", "nullable": true } }),
        );
    }

    #[test]
    fn bytes_are_a_format() {
        check(
            &json!({ "type": "string", "contentMediaType": "application/octet-stream" }),
            &json!({ "type": "string", "format": "binary" }),
        );
    }

    #[test]
    fn a_member_may_be_named_like_a_keyword() {
        let same = json!({ "properties": { "type": { "type": "string" } }, "anyOf": [{ "type": "integer" }] });
        check(&same, &same);
        let same = json!({ "example": { "type": ["a", "null"] } });
        check(&same, &same);
    }

    #[test]
    fn the_version_is_the_older_one() {
        assert_eq!(translated(&json!({ "openapi": "3.1.0" })), json!({ "openapi": "3.0.3" }));
    }
}
