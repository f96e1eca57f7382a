//! Positions in and out: docs/twinzo.md §4.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{API_KEY, BRATISLAVA, PUNE, START_MS, Signature, TestServer, send};

const ONE: &str = "/v3/localization";
const BATCH: &str = "/v3/localization/batch";

fn record(seconds: i64) -> Value {
    json!({ "Timestamp": START_MS + 1000 * seconds, "SectorId": 1, "X": 12500.5, "Y": 8300, "Z": 0, "Interval": 1000,
            "Battery": 87, "IsMoving": true })
}

#[tokio::test]
async fn a_device_posts_and_is_seen_where_it_said() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    server.advance("5s").await;
    let reply = server.post(ONE, &signature, &json!([record(1), record(2)])).await.assert(200);
    assert_eq!(
        reply.text,
        format!(
            r#"{{"Login":"forklift-01","Success":true,"Locations":[{{"Timestamp":{},"Action":"Create","Success":true}},{{"Timestamp":{},"Action":"Create","Success":true}}]}}"#,
            START_MS + 1000,
            START_MS + 2000
        )
    );
    let expected = format!(
        r##"{{"Id":1,"Mac":"02:00:00:00:00:01","BranchId":1,"SectorId":1,"Title":"Forklift 01","LastTimeOnline":{},"X":12500.5,"Y":8300,"IsMoving":true,"FallStatus":"OK","Battery":87,"DeviceTypeId":1,"Login":"forklift-01","Position":true,"Geofence":false,"Layers":[],"DeviceStatus":"[]","Heartbeat":{},"Color":"#f59e0b","Z":0}}"##,
        START_MS + 2000,
        START_MS + 5000
    );
    for path in ["/v3/devices/1", "/v3/devices/login/forklift-01", "/v3/devices/login/forklift-01/?$expand=Account"] {
        assert_eq!(server.get(path, &signature).await.assert(200).text, expected, "{path}");
    }
}

#[tokio::test]
async fn the_same_time_again_is_an_update_and_the_history_has_it_once() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    server.post(ONE, &signature, &json!([record(1), record(3)])).await.assert(200);
    let changed = json!({ "Timestamp": START_MS + 1000, "SectorId": null, "X": 1 });
    let reply = server.post(ONE, &signature, &json!([changed, record(2)])).await.assert(200).json();
    assert_eq!(
        (&reply["Locations"][0]["Action"], &reply["Locations"][1]["Action"]),
        (&json!("Update"), &json!("Create"))
    );
    let history = server.get("/v3/devices/locations/?deviceId=1", &signature).await.assert(200).json();
    assert_eq!(history, json!([{ "Timestamp": START_MS + 1000, "X": 1 }, record(2), record(3)]));
}

#[tokio::test]
async fn every_member_comes_back_as_it_was_sent() {
    let server = TestServer::start().await;
    let signature = server.signature_of("walker-01").await;
    let full = json!({
        "Timestamp": 1, "SectorId": 2, "X": -0.25, "Y": 119_999.5, "Z": 1.5, "Interval": 100, "Battery": 255, "IsMoving": false,
        "LocalizationAreas": [1, 2], "NoGoAreas": [], "Distances": [{ "BeaconId": 7, "Distance": 2.5, "RSSI": -60 }],
    });
    let mut sent = full.clone();
    sent["Latitude"] = json!(48.1);
    server.post(ONE, &signature, &json!([sent])).await.assert(200);
    let history = server.get("/v3/devices/locations?deviceId=2", &signature).await.assert(200).json();
    assert_eq!(history, json!([full]));
}

#[tokio::test]
async fn a_range_includes_both_ends_and_bad_ones_are_named() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    let records: Vec<Value> = (0..10).map(record).collect();
    server.post(ONE, &signature, &json!(records)).await.assert(200);
    let path = format!("/v3/devices/locations/?deviceId=1&from={}&to={}", START_MS + 2000, START_MS + 4000);
    assert_eq!(server.get(&path, &signature).await.assert(200).json(), json!([record(2), record(3), record(4)]));
    for (query, name) in [("", "deviceId"), ("?deviceId=one", "deviceId"), ("?deviceId=1&from=now", "from")] {
        let problem = server.get(&format!("/v3/devices/locations{query}"), &signature).await.assert_problem(400);
        assert!(problem["errors"][name].is_array(), "{query} → {problem}");
    }
    let problem = server.get("/v3/devices/locations/?deviceId=4", &signature).await.assert_problem(404);
    assert_eq!(problem["detail"], "Entity 4 does not exist.");
}

#[tokio::test]
async fn a_device_under_another_branch_is_told_in_a_200() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await.with("Branch", Some(PUNE));
    let reply = server.post(ONE, &signature, &json!([record(1)])).await.assert(200);
    assert_eq!(
        reply.text,
        r#"{"Login":"forklift-01","Success":false,"ErrorMessage":"Device forklift-01 does not exist.","Locations":[]}"#
    );
    assert_eq!(server.last_reason().await, "DeviceNotInBranch");
    let own = server.signature_of("forklift-01").await;
    assert_eq!(server.get("/v3/devices/locations/?deviceId=1", &own).await.json(), json!([]));
}

#[tokio::test]
async fn an_api_key_names_no_device() {
    let server = TestServer::start().await;
    server.post(ONE, &Signature::api_key(BRATISLAVA, API_KEY), &json!([record(1)])).await.assert_problem(401);
    assert_eq!(server.last_reason().await, "TokenRequired");
}

#[tokio::test]
async fn a_batch_answers_for_each_device() {
    let server = TestServer::start().await;
    let body = json!([
        { "Login": "agv-07", "Locations": [record(1)] },
        { "Login": "ghost-1", "Locations": [record(1)] },
        { "Login": "agv-27", "Locations": [record(1)] },
        { "Login": "walker-01", "Locations": null },
    ]);
    for signature in [Signature::api_key(BRATISLAVA, API_KEY), server.signature_of("forklift-01").await] {
        let reply = server.post(BATCH, &signature, &body).await.assert(200).json();
        let outcomes: Vec<_> = reply.as_array().unwrap().iter().map(|one| (&one["Login"], &one["Success"])).collect();
        assert_eq!(
            json!(outcomes),
            json!([["agv-07", true], ["ghost-1", false], ["agv-27", false], ["walker-01", true]])
        );
        assert_eq!(reply[1]["ErrorMessage"], "Device ghost-1 does not exist.");
        assert_eq!(server.last_reason().await, "DeviceNotInBranch");
    }
    let seen = server.get("/v3/devices/3", &Signature::api_key(BRATISLAVA, API_KEY)).await.assert(200).json();
    assert_eq!(seen["LastTimeOnline"], START_MS + 1000);
}

#[tokio::test]
async fn empty_lists_are_fine() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    let reply = server.post(ONE, &signature, &json!([])).await.assert(200);
    assert_eq!(reply.text, r#"{"Login":"forklift-01","Success":true,"Locations":[]}"#);
    assert_eq!(server.post(BATCH, &signature, &json!([])).await.assert(200).text, "[]");
}

#[tokio::test]
async fn malformed_bodies_name_their_path_and_store_nothing() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    for (path, body, member) in [
        (ONE, json!({ "Timestamp": 1 }), "$"),
        (
            ONE,
            json!([record(1), { "Timestamp": 2, "SectorId": "a72f352b-a079-4533-9cb0-4203fa685794" }]),
            "$[1].SectorId",
        ),
        (ONE, json!([{ "Timestamp": 1, "Battery": 87.5 }]), "$[0].Battery"),
        (ONE, json!([{ "Timestamp": "1" }]), "$[0].Timestamp"),
        (ONE, json!([{ "Timestamp": 1, "X": 1e39 }]), "$[0].X"),
        (ONE, json!([{ "Distances": [{ "Distance": -1e39 }] }]), "$[0].Distances[0].Distance"),
        (BATCH, json!({ "Login": "agv-07", "Locations": [] }), "$"),
        (BATCH, json!([{ "Locations": [record(1)] }]), "[0].Login"),
    ] {
        let problem = server.post(path, &signature, &body).await.assert_problem(400);
        assert!(problem["errors"][member].is_array(), "{body} → {problem}");
        assert_eq!(server.last_reason().await, "BodyInvalid");
    }
    assert_eq!(server.get("/v3/devices/locations/?deviceId=1", &signature).await.json(), json!([]));
}

#[tokio::test]
async fn the_check_order_is_media_then_signature_then_body() {
    let server = TestServer::start().await;
    let request = || server.request(Method::POST, ONE).header("content-type", "text/plain").body("{");
    send(request()).await.assert_problem(415);
    let request = || server.request(Method::POST, ONE).header("content-type", "application/json").body("{");
    send(request()).await.assert_problem(401);
}

#[tokio::test]
async fn the_history_is_bounded() {
    let server = TestServer::with(|config| config.positions.per_device = "3".parse().unwrap()).await;
    let signature = server.signature_of("forklift-01").await;
    let records: Vec<Value> = (0..5).map(record).collect();
    server.post(ONE, &signature, &json!(records)).await.assert(200);
    let history = server.get("/v3/devices/locations/?deviceId=1", &signature).await.json();
    assert_eq!(history, json!([record(2), record(3), record(4)]));
}
