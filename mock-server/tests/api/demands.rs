//! What the C# devkit demands of a server: the numbered list of docs/twinzo.md §7, one test for each number.

use reqwest::Method;
use serde_json::{Value, json};

use crate::raw;
use crate::support::{API_KEY, BRATISLAVA, CLIENT, PUNE, Reply, START_MS, Signature, TestServer, send};

/// Members that are integers in every contract that has them.
const INTEGERS: [&str; 31] = [
    "BranchId",
    "Created",
    "Date",
    "DeviceTypeId",
    "Duration",
    "Expiration",
    "Floor",
    "Heartbeat",
    "Id",
    "Index",
    "Interval",
    "ItemCount",
    "LastTimeOnline",
    "LayerId",
    "Modified",
    "Occurrences",
    "OrderId",
    "PathId",
    "SectorId",
    "SensorId",
    "SensorTypeId",
    "Size",
    "Start",
    "Status",
    "Stop",
    "Timestamp",
    "TypeId",
    "Update",
    "Updated",
    "ValidLastTimeOnline",
    "ValidSectorId",
];
/// The only names that begin with a small letter.
const SMALL: [&str; 4] = ["color", "ranges", "type", "value"];

fn key() -> Signature {
    Signature::api_key(BRATISLAVA, API_KEY)
}

async fn call(server: &TestServer, method: Method, path: &str) -> Reply {
    send(key().sign(server.request(method, path))).await
}

/// A world in which something has happened.
async fn lively() -> TestServer {
    let server = TestServer::start().await;
    let record = json!({ "Timestamp": START_MS, "SectorId": 1, "X": 12500.5, "Y": 8300, "Z": 0, "Interval": 1000,
        "Battery": 87, "IsMoving": true, "LocalizationAreas": [1], "NoGoAreas": null,
        "Distances": [{ "BeaconId": 1, "Distance": 2.5, "RSSI": -60 }] });
    let forklift = server.signature_of("forklift-01").await;
    server.post("/v3/localization", &forklift, &json!([record])).await.assert(200);
    let fall = json!({ "Login": "forklift-01", "Timestamp": START_MS, "FallType": "ManDown" });
    server.post("/v3/devices/man-down", &forklift, &fall).await.assert(200);
    // Whatever may be missing of a row is missing of these.
    for path in ["areas", "beacons", "layers", "quantities", "sectors", "shifts"] {
        server.post(&format!("/v3/{path}"), &key(), &json!({ "Title": "x" })).await.assert(201);
    }
    server
}

/// Looks at every member, however deep.
fn walk(value: &Value, visit: &mut impl FnMut(&str, &Value)) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                visit(name, member);
                walk(member, visit);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| walk(element, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// Looks at every object, however deep.
fn each_object(value: &Value, visit: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(members) => {
            visit(value);
            members.values().for_each(|member| each_object(member, visit));
        }
        Value::Array(elements) => elements.iter().for_each(|element| each_object(element, visit)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// §7.1: exact `PascalCase`; integers without quotes or decimals; no null.
#[tokio::test]
async fn members_are_named_and_written_as_the_devkit_reads_them() {
    let server = lively().await;
    let occurrence = format!("areas/grid-area-occurrence/?start={START_MS}&stop={}", START_MS + 1000);
    let lists = "areas,beacons,branches,clients,devices,layers,paths,quantities,sectors,sensor-datas,sensors,shifts,\
        paths/?$expand=PathPoints,sectors/?$expand=GpsItems,layers/localization/forklift-01,layers/device/forklift-01,\
        devices/locations/?deviceId=1,aos/v2/data/orders,utils/demo-files-info";
    for path in lists.split(',').chain([occurrence.as_str()]) {
        let list = call(&server, Method::GET, &format!("/v3/{path}")).await.assert(200).json();
        assert!(list.as_array().is_some_and(|list| !list.is_empty()), "{path} → {list}");
        walk(&list, &mut |name, member| {
            assert!(
                name.starts_with(|first: char| first.is_ascii_uppercase()) || SMALL.contains(&name),
                "{path}: {name}"
            );
            assert!(!member.is_null(), "{path}: {name} is null");
            assert!(!INTEGERS.contains(&name) || member.is_i64(), "{path}: {name} is {member}");
        });
    }
}

/// §7.2: on success no `ErrorMessage`, not even an empty one; on failure a text.
#[tokio::test]
async fn success_comes_without_an_error_message() {
    let server = TestServer::start().await;
    let record = json!({ "Timestamp": START_MS });
    let value = json!({ "Timestamp": START_MS, "Quantity": "Noise", "Value": "1" });
    let of = |name: &str, records: &Value| {
        json!([{ "Login": "forklift-01", name: [records] },
        { "Login": "dock-thermometer", name: [records] }, { "Login": "ghost-1", name: [records] }])
    };
    let fall = |login: &str| json!({ "Login": login, "Timestamp": START_MS, "FallType": 1 });
    let (device, sensor) = (server.signature_of("forklift-01").await, server.signature_of("dock-thermometer").await);
    let (mut good, mut bad) = (0, 0);
    for (path, signature, body) in [
        ("localization", &device, json!([record])),
        ("localization/batch", &device, of("Locations", &record)),
        ("devices/man-down", &device, fall("forklift-01")),
        ("devices/man-down", &device, fall("ghost-1")),
        ("devices/man-down/batch", &device, json!([fall("forklift-01"), fall("ghost-1")])),
        ("sensors/sensor-data", &sensor, json!([value])),
        ("sensors/sensor-data", &device, json!([value])),
        ("sensors/batch", &key(), of("SensorData", &value)),
    ] {
        let answer = server.post(&format!("/v3/{path}"), signature, &body).await.assert(200).json();
        each_object(&answer, &mut |object| match object["Success"].as_bool() {
            Some(true) => {
                good += 1;
                assert!(object.get("ErrorMessage").is_none(), "{path} → {object}");
            }
            Some(false) => {
                bad += 1;
                assert!(object["ErrorMessage"].as_str().is_some_and(|text| !text.is_empty()), "{path} → {object}");
            }
            None => panic!("{path} → {object}"),
        });
    }
    // One for each record and each frame around records; of the unknown ones the frame alone.
    assert_eq!((good, bad), (2 + 2 + 1 + 1 + 1 + 2, 2 + 1 + 1 + 1 + 2));
    let login = server.login_as("forklift-01").await.assert(200).json();
    assert!(login.get("ErrorMessage").is_none(), "{login}");
}

/// §7.3: an object from `localization`, a list from its batch, each with a body.
#[tokio::test]
async fn localization_answers_an_object_and_its_batch_a_list() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    for records in [json!([]), json!([{ "Timestamp": START_MS }])] {
        let one = server.post("/v3/localization", &signature, &records).await.assert(200).json();
        assert!(one.is_object() && one["Locations"].is_array(), "{one}");
        let body = json!([{ "Login": "forklift-01", "Locations": records }]);
        let batch = server.post("/v3/localization/batch", &signature, &body).await.assert(200).json();
        assert!(batch.is_array() && batch[0]["Locations"].is_array(), "{batch}");
    }
    assert!(server.post("/v3/localization/batch", &signature, &json!([])).await.assert(200).json().is_array());
}

/// §7.4: a token is a text, its times are integers.
#[tokio::test]
async fn a_token_is_a_text_and_its_times_are_integers() {
    let server = TestServer::start().await;
    let login = server.login_as("forklift-01").await.assert(200).json();
    let refreshed = server.get("/v3/Authorization/Token", &Signature::token(&login)).await.assert(200).json();
    for contract in [login, refreshed] {
        assert!(contract["Token"].is_string(), "{contract}");
        assert!(contract["Expiration"].is_i64() && contract["Created"].is_i64(), "{contract}");
    }
}

/// §7.5: the delete of a sector answers a JSON text, the other deletes nothing.
#[tokio::test]
async fn the_delete_of_a_sector_alone_has_a_body() {
    let server = lively().await;
    let reply = call(&server, Method::DELETE, "/v3/sectors/2").await.assert(200);
    assert_eq!((reply.json(), reply.header("content-type")), (json!(""), "application/json; charset=utf-8"));
    for path in ["areas", "beacons", "devices", "layers", "quantities", "sensor-datas", "sensors", "shifts"] {
        let reply = call(&server, Method::DELETE, &format!("/v3/{path}/1")).await.assert(204);
        assert_eq!((reply.text.as_str(), reply.header("content-type")), ("", ""), "{path}");
    }
}

/// §7.6: `Action` is a number in answers to man-down, and a name in those to localization.
#[tokio::test]
async fn the_action_of_a_fall_is_a_number() {
    let server = TestServer::start().await;
    let fall = |login: &str| json!({ "Login": login, "Timestamp": START_MS, "FallType": 1 });
    let body = json!([fall("forklift-01"), fall("ghost-1")]);
    let batch = server.post("/v3/devices/man-down/batch", &key(), &body).await.assert(200).json();
    let one = server.post("/v3/devices/man-down", &key(), &fall("forklift-01")).await.assert(200).json();
    for result in [&batch[0], &batch[1], &one] {
        assert!(result["Action"].as_i64().is_some_and(|action| (0..=3).contains(&action)), "{result}");
    }
    let body = json!([{ "Login": "forklift-01", "Locations": [{ "Timestamp": START_MS }] }]);
    let located = server.post("/v3/localization/batch", &key(), &body).await.assert(200).json();
    assert_eq!(located[0]["Locations"][0]["Action"], "Create");
}

/// §7.7: in dynamic locations `FallStatus` is a number and `Id` a text; elsewhere it is the other way round.
#[tokio::test]
async fn dynamic_locations_have_a_number_for_the_fall_and_a_text_for_the_id() {
    let server = lively().await;
    let long = call(&server, Method::GET, "/v3/devices/dynamic-locations").await.assert(200).json();
    let short = call(&server, Method::GET, "/v3/devices/dynamic-locations-short").await.assert(200).json();
    for place in [&long[0], &short[0]["Locations"][0]] {
        assert_eq!((&place["Id"], &place["FallStatus"]), (&json!("1"), &json!(1)));
    }
    let device = call(&server, Method::GET, "/v3/devices/1").await.assert(200).json();
    assert_eq!((&device["Id"], &device["FallStatus"]), (&json!(1), &json!("ManDown")));
}

/// §7.8: GUIDs are well formed, with hyphens.
#[tokio::test]
async fn guids_are_in_lower_case_with_hyphens() {
    let server = lively().await;
    for path in ["clients", "branches", "sectors", "areas", "paths"] {
        let list = call(&server, Method::GET, &format!("/v3/{path}")).await.assert(200).json();
        for row in list.as_array().unwrap() {
            let guid = row["Guid"].as_str().unwrap();
            let lengths: Vec<usize> = guid.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{path}: {guid}");
            let is_digit = |digit: char| digit.is_ascii_digit() || ('a'..='f').contains(&digit) || digit == '-';
            assert!(guid.chars().all(is_digit) && guid.chars().any(|digit| digit != '0' && digit != '-'), "{guid}");
        }
    }
}

/// §7.9: three calls of the devkit fail whatever a server does; other clients can still use the routes.
#[tokio::test]
async fn what_the_devkit_cannot_use_others_can() {
    let server = TestServer::start().await;
    let forklift = server.signature_of("forklift-01").await;
    for (path, is_fit) in [
        ("branch/map-theme", Value::is_object as fn(&Value) -> bool),
        ("account/map-theme", Value::is_object),
        ("map-theme/last-change", Value::is_i64),
    ] {
        let answer = server.get(&format!("/v3/configuration/{path}"), &forklift).await.assert(200).json();
        assert!(is_fit(&answer), "{path} → {answer}");
    }
}

/// §7.10: the devkit glues a query to the value of `to`, which is then no integer.
#[tokio::test]
async fn a_query_that_is_glued_to_a_time_is_refused_by_name() {
    let server = lively().await;
    let range = format!("/v3/devices/locations/?deviceId=1&from={START_MS}&to={START_MS}");
    assert_eq!(call(&server, Method::GET, &range).await.assert(200).json()[0]["Timestamp"], START_MS);
    let glued = format!("{range}/?$orderby=Timestamp");
    let problem = call(&server, Method::GET, &glued).await.assert_problem(400);
    assert!(problem["errors"]["to"].is_array(), "{problem}");
    assert_eq!(server.last_reason().await, "QueryInvalid");
}

/// §7.11: a content type with a charset, and neither `Accept` nor `User-Agent`.
#[tokio::test]
async fn the_devkits_bare_requests_are_answered_in_json() {
    let server = TestServer::start().await;
    let post = |path: &str, headers: &str, body: &Value| {
        let body = body.to_string();
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\
             Content-Type: application/json; charset=utf-8\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let login = json!({ "Client": "acme-logistics", "Login": "forklift-01", "Password": "forklift-01-pass" });
    let signed = format!("Client: {CLIENT}\r\nBranch: {PUNE}\r\nApi-Key: {API_KEY}\r\n");
    for (request, status, start) in [
        (post("/v3/Authorization/Authenticate", "", &login), "200 OK", r#"{"Client":""#),
        (post("/v3/shifts", &signed, &json!({ "Title": "Night" })), "201 Created", r#"{"Id":"#),
    ] {
        let (answer, _) = raw::exchange(server.server.addresses()[0], request).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with(&format!("HTTP/1.1 {status}\r\n")), "{answer}");
        assert!(head.contains("\r\nContent-Type: application/json; charset=utf-8"), "{answer}");
        assert!(body.starts_with(start), "{answer}");
    }
}

/// §7.12: `POST sensors` answers a list.
#[tokio::test]
async fn a_sensor_that_was_made_comes_back_in_a_list() {
    let server = TestServer::start().await;
    let body = json!({ "Title": "Scale", "Login": "scale-01", "Password": null, "SectorId": 1, "SensorData": null });
    let made = server.post("/v3/sensors", &key(), &body).await.assert(201).json();
    assert_eq!((made.as_array().map(Vec::len), &made[0]["Login"]), (Some(1), &json!("scale-01")));
}

/// §7.13: every layer that a device is located by has a list of areas, be it empty.
#[tokio::test]
async fn layers_of_a_device_have_their_areas() {
    let server = lively().await;
    let empty = json!({ "Title": "Empty", "Localization": true, "Areas": null });
    server.post("/v3/layers", &key(), &empty).await.assert(201);
    let by_get = call(&server, Method::GET, "/v3/layers/localization/walker-01").await.assert(200).json();
    let body = json!({ "Login": "walker-01" });
    let by_post = server.post("/v3/layers/localization", &key(), &body).await.assert(200).json();
    for layers in [by_get, by_post] {
        let counts: Vec<usize> =
            layers.as_array().unwrap().iter().map(|layer| layer["Areas"].as_array().unwrap().len()).collect();
        assert_eq!(counts, [1, 0], "{layers}");
    }
}
