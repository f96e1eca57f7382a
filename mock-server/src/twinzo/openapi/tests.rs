//! What must be true of the document as a whole.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

const BASE: &str = "http://127.0.0.1:8080";

/// Every object of a value, with its path.
fn each_object(value: &Value, path: &str, visit: &mut impl FnMut(&str, &Map<String, Value>)) {
    match value {
        Value::Object(members) => {
            visit(path, members);
            for (name, member) in members {
                each_object(member, &format!("{path}/{name}"), visit);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| each_object(element, path, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn references(document: &Value) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    each_object(document, "#", &mut |_, members| {
        if let Some(Value::String(target)) = members.get("$ref") {
            assert_eq!(members.len(), 1, "nothing stands beside a reference: {members:?}");
            found.insert(target.clone());
        }
    });
    found
}

#[test]
fn the_document_is_as_it_was() {
    let text = serde_json::to_string_pretty(&document(Dialect::Current, BASE)).unwrap();
    insta::assert_snapshot!("openapi-3.1", text);
}

#[test]
fn every_operation_is_there_once() {
    let document = document(Dialect::Current, BASE);
    let mut found = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let id = operation["operationId"].as_str().unwrap();
            assert!(found.insert(id.to_owned()), "{id} is there twice");
            let route = path.trim_start_matches('/');
            let known = Operation::all()
                .find(|known| known.route() == route && known.method().as_str().eq_ignore_ascii_case(method));
            assert!(matches!(known, Some(Operation::Twinzo(_))), "{method} {path}");
        }
    }
    assert_eq!(found.len(), TwinzoOperation::ALL.len());
}

#[test]
fn every_reference_leads_somewhere_and_every_component_is_referred_to() {
    for dialect in [Dialect::Current, Dialect::Older] {
        let document = document(dialect, BASE);
        let found = references(&document);
        for target in &found {
            assert!(document.pointer(target.trim_start_matches('#')).is_some(), "{target}");
        }
        for (kind, components) in document["components"].as_object().unwrap() {
            for name in components.as_object().unwrap().keys().filter(|_| kind != "securitySchemes") {
                assert!(found.contains(&format!("#/components/{kind}/{name}")), "nobody refers to {kind}/{name}");
            }
        }
    }
}

#[test]
fn a_contract_of_requests_has_one_meaning() {
    let operations = operations();
    let contracts = Contracts::of(&operations);
    let mut seen: Vec<(Value, String)> = Vec::new();
    for (operation, endpoint) in &operations {
        let Some(content) = endpoint.takes else { continue };
        let demands = format!("{:?}", endpoint.demands);
        let reference = contracts.request(content, &endpoint.demands);
        let reference = reference.get("items").unwrap_or(&reference).clone();
        for (known, other) in &seen {
            assert!(*known != reference || *other == demands, "{operation} asks something else of {reference}");
        }
        seen.push((reference, demands));
    }
}

#[test]
fn no_secret_comes_out_and_nothing_strange() {
    let document = document(Dialect::Current, BASE);
    for (name, schema) in document["components"]["schemas"].as_object().unwrap() {
        if schema["additionalProperties"] == false {
            assert!(schema["properties"].get("Password").is_none(), "{name}");
            assert!(!schema.to_string().contains("null"), "{name}");
        }
    }
    let made = &document["components"]["schemas"]["DeviceWriteContract"];
    assert_eq!(made["required"], json!(["Title", "Login"]));
    assert_eq!(made["properties"]["Title"], json!({ "type": "string", "minLength": 1, "maxLength": 50 }));
    assert_eq!(made["properties"]["Mac"], json!({ "type": ["string", "null"], "maxLength": 17 }));
    assert_eq!(made["properties"]["Password"], json!({ "type": ["string", "null"], "writeOnly": true }));
    assert_eq!(made["properties"].get("Id"), None);
    let changed = &document["components"]["schemas"]["DevicePatchContract"];
    assert_eq!(changed.get("required"), None);
    assert_eq!(changed["properties"], made["properties"]);
}

#[test]
fn the_older_document_has_no_newer_word() {
    let document = document(Dialect::Older, BASE);
    assert_eq!(document["openapi"], "3.0.3");
    each_object(&document, "#", &mut |path, members| {
        // Members of contracts, and what examples say, are no keywords.
        if path.ends_with("/properties") || path.contains("/example") {
            return;
        }
        for word in
            ["const", "examples", "contentMediaType", "contentEncoding", "$defs", "if", "webhooks", "prefixItems"]
        {
            assert!(members.get(word).is_none(), "{path} has {word}");
        }
        assert!(members.get("type").is_none_or(Value::is_string), "{path}");
        assert!(members.get("type").is_none_or(|kind| kind != "null"), "{path}");
        assert!(members.get("exclusiveMinimum").is_none_or(Value::is_boolean), "{path}");
    });
}

#[test]
fn the_server_is_whoever_was_asked() {
    for dialect in [Dialect::Current, Dialect::Older] {
        let document = document(dialect, "https://mock.test/sandbox/t1");
        assert_eq!(document["servers"], json!([{ "url": "https://mock.test/sandbox/t1/v3" }]));
    }
}
