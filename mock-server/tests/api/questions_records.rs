//! The open questions of docs/twinzo.md §8 about records: whose, when, where, and how they are written.

use reqwest::Method;
use serde_json::{Value, json};

use crate::questions::set;
use crate::support::{API_KEY, BRATISLAVA, START_MS, Signature, TestServer};

const ONE: &str = "/v3/localization";
const BATCH: &str = "/v3/localization/batch";

/// A record so many milliseconds after the start.
fn record(ms: i64) -> Value {
    json!({ "Timestamp": START_MS + ms })
}

/// The records that a device of Bratislava has.
async fn history(server: &TestServer, device: u8) -> Value {
    let path = format!("/v3/devices/locations/?deviceId={device}");
    server.get(&path, &Signature::api_key(BRATISLAVA, API_KEY)).await.assert(200).json()
}

/// §8.7.
#[tokio::test]
async fn api_key_alone_on_localization() {
    let server = TestServer::start().await;
    let key = Signature::api_key(BRATISLAVA, API_KEY);
    let body = json!([record(0)]);
    let told = r#"{"Login":"","Success":false,"ErrorMessage":"An API key names no device.","Locations":[]}"#;
    for setting in [None, Some("401"), Some("error-message")] {
        set(&server, json!({ "records": { "api_key": setting } })).await;
        let reply = server.post(ONE, &key, &body).await;
        assert_eq!(server.last_reason().await, "TokenRequired", "{setting:?}");
        if setting == Some("error-message") {
            assert_eq!(reply.assert(200).text, told);
        } else {
            reply.assert_problem(401);
        }
        // A dead token beside it has a cause of its own.
        server.post(ONE, &key.with("Token", Some("made-up")), &body).await.assert_problem(401);
        assert_eq!(server.last_reason().await, "TokenUnknown", "{setting:?}");
        server.post(BATCH, &key, &json!([])).await.assert(200);
    }
}

/// §8.8.
#[tokio::test]
async fn device_token_on_batch_for_other_logins() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-01").await;
    let own = json!([{ "Login": "forklift-01", "Locations": [record(0)] }]);
    let both =
        json!([{ "Login": "forklift-01", "Locations": [record(1)] }, { "Login": "agv-07", "Locations": [record(1)] }]);
    set(&server, json!({ "records": { "other_logins": "refuse" } })).await;
    server.post(BATCH, &token, &own).await.assert(200);
    let problem = server.post(BATCH, &token, &both).await.assert_problem(403);
    assert_eq!(
        (&problem["title"], server.last_reason().await.as_str()),
        (&json!("ForbiddenException"), "LoginOfOther")
    );
    assert_eq!(
        (history(&server, 1).await, history(&server, 3).await),
        (json!([record(0)]), json!([])),
        "nothing is stored"
    );
    server.post(BATCH, &Signature::api_key(BRATISLAVA, API_KEY), &both).await.assert(200);
    for setting in [None, Some("accept")] {
        set(&server, json!({ "records": { "other_logins": setting } })).await;
        let results = server.post(BATCH, &token, &both).await.assert(200).json();
        assert_eq!((&results[0]["Success"], &results[1]["Success"]), (&json!(true), &json!(true)), "{setting:?}");
    }
}

/// §8.8.
#[tokio::test]
async fn device_token_for_other_logins_elsewhere() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-01").await;
    let fall = json!({ "Login": "agv-07", "Timestamp": START_MS, "FallType": 1 });
    let sensor = json!([{ "Login": "dock-thermometer", "SensorData": [] }]);
    for (setting, is_taken) in [(None, true), (Some("accept"), true), (Some("refuse"), false)] {
        set(&server, json!({ "records": { "other_logins": setting } })).await;
        let one = server.post("/v3/devices/man-down", &token, &fall).await.assert(200).json();
        let many = server.post("/v3/devices/man-down/batch", &token, &json!([fall])).await.assert(200).json();
        let sensors = server.post("/v3/sensors/batch", &token, &sensor).await.assert(200).json();
        for result in [&one, &many[0], &sensors[0]] {
            assert_eq!(
                (&result["Success"], result.get("ErrorMessage").is_none()),
                (&json!(is_taken), is_taken),
                "{result}"
            );
        }
        assert_eq!(server.last_reason().await, if is_taken { "none" } else { "LoginOfOther" });
    }
}

/// §8.14.
#[tokio::test]
async fn duplicate_timestamp() {
    for (setting, action, kept) in [
        (None, "Update", 2),
        (Some("update"), "Update", 2),
        (Some("create"), "Create", 2),
        (Some("no-action"), "NoAction", 1),
    ] {
        let server = TestServer::start().await;
        set(&server, json!({ "records": { "duplicate": setting } })).await;
        let token = server.signature_of("forklift-01").await;
        let at = |x: i32| json!({ "Timestamp": START_MS, "X": x });
        let reply = server.post(ONE, &token, &json!([at(1), record(1), at(2)])).await.assert(200).json();
        let results = reply["Locations"].as_array().unwrap();
        let actions: Vec<_> = results.iter().map(|result| (&result["Action"], &result["Success"])).collect();
        assert_eq!(json!(actions), json!([["Create", true], ["Create", true], [action, true]]), "{setting:?}");
        assert_eq!(history(&server, 1).await, json!([at(kept), record(1)]), "{setting:?}");
    }
}

/// §8.15.
#[tokio::test]
async fn timestamp_in_seconds_or_zero_or_missing_or_far_away() {
    for (odd, reason) in [
        (json!({ "Timestamp": START_MS / 1000 }), "StampInSeconds"),
        (json!({ "Timestamp": 0 }), "StampMissing"),
        (json!({ "X": 1 }), "StampMissing"),
        (record(-300_001), "StampTooFar"),
        (record(300_001), "StampTooFar"),
    ] {
        let server = TestServer::start().await;
        let token = server.signature_of("forklift-01").await;
        let body = json!([record(0), odd]);
        set(&server, json!({ "records": { "far_stamps": "refuse" } })).await;
        let problem = server.post(ONE, &token, &body).await.assert_problem(400);
        assert!(problem["errors"]["[1].Timestamp"].is_array(), "{problem}");
        assert_eq!((server.last_reason().await.as_str(), history(&server, 1).await), (reason, json!([])), "{odd}");
        server.post(ONE, &token, &json!([record(-300_000), record(300_000)])).await.assert(200);
        for setting in [None, Some("accept")] {
            set(&server, json!({ "records": { "far_stamps": setting } })).await;
            server.post(ONE, &token, &body).await.assert(200);
            let entry = server.last_entry().await;
            assert_eq!((&entry["reason"], entry["hints"].as_array().unwrap().len()), (&Value::Null, 1), "{odd}");
        }
        assert_eq!(history(&server, 1).await.as_array().unwrap().len(), 4, "{odd}");
    }
}

/// §8.16.
#[tokio::test]
async fn sector_id_that_does_not_exist() {
    for (setting, lost) in [(None, false), (Some("accept"), false), (Some("refuse"), true)] {
        let server = TestServer::start().await;
        set(&server, json!({ "records": { "unknown_sector": setting } })).await;
        let token = server.signature_of("forklift-01").await;
        let at = |ms: i64, sector: Value| json!({ "Timestamp": START_MS + ms, "SectorId": sector });
        // Its own, one of another branch, none, one of another client, one of nobody.
        let body = json!([at(0, json!(1)), at(1, json!(3)), at(2, json!(null)), at(3, json!(4)), at(4, json!(99))]);
        let results = server.post(ONE, &token, &body).await.assert(200).json();
        assert_eq!(results["Success"], true);
        let refused = json!({ "Timestamp": START_MS + 4, "Action": "NoAction", "Success": false,
                              "ErrorMessage": "Sector 99 does not exist." });
        let stored = json!({ "Timestamp": START_MS + 4, "Action": "Create", "Success": true });
        assert_eq!(results["Locations"][4], if lost { refused } else { stored }, "{setting:?}");
        let successes: Vec<_> = (0..5_usize).map(|index| results["Locations"][index]["Success"].clone()).collect();
        assert_eq!(json!(successes), json!([true, true, true, !lost, !lost]), "{setting:?}");
        assert_eq!(history(&server, 1).await.as_array().unwrap().len(), if lost { 3 } else { 5 });
    }
}

/// §8.17.
#[tokio::test]
async fn empty_array() {
    let server = TestServer::start().await;
    let (device, sensor) = (server.signature_of("forklift-01").await, server.signature_of("dock-thermometer").await);
    for (path, signature, text, parameter) in [
        (ONE, &device, r#"{"Login":"forklift-01","Success":true,"Locations":[]}"#, "locationContract"),
        (BATCH, &device, "[]", "deviceLocationContract"),
        ("/v3/sensors/sensor-data", &sensor, "[]", "sensorDataBatchContract"),
        ("/v3/sensors/batch", &device, "[]", "sensorBatchContract"),
    ] {
        for setting in [None, Some("accept")] {
            set(&server, json!({ "records": { "empty": setting } })).await;
            assert_eq!(server.post(path, signature, &json!([])).await.assert(200).text, text, "{path}");
        }
        set(&server, json!({ "records": { "empty": "refuse" } })).await;
        let problem = server.post(path, signature, &json!([])).await.assert_problem(400);
        assert!(problem["errors"][parameter].is_array(), "{path}: {problem}");
        assert_eq!(server.last_reason().await, "BodyInvalid", "{path}");
    }
    // An element without records is no empty list.
    let element = json!([{ "Login": "forklift-01", "Locations": [] }]);
    server.post(BATCH, &device, &element).await.assert(200);
}

/// §8.18.
#[tokio::test]
async fn object_for_array() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-01").await;
    let batch = json!({ "Login": "agv-07", "Locations": [record(0)] });
    let nested = json!({ "Login": "agv-07", "Locations": record(1) });
    for setting in [None, Some("refuse")] {
        set(&server, json!({ "records": { "object": setting } })).await;
        let problem = server.post(ONE, &token, &record(0)).await.assert_problem(400);
        assert_eq!(problem["errors"]["locationContract"], json!(["The locationContract field is required."]));
        assert!(problem["errors"]["$"].is_array(), "{problem}");
        server.post(BATCH, &token, &batch).await.assert_problem(400);
        assert_eq!(server.last_reason().await, "BodyInvalid");
    }
    set(&server, json!({ "records": { "object": "accept" } })).await;
    let one = server.post(ONE, &token, &record(0)).await.assert(200).json();
    assert_eq!((&one["Login"], &one["Locations"][0]["Action"]), (&json!("forklift-01"), &json!("Create")));
    let many = server.post(BATCH, &token, &batch).await.assert(200).json();
    assert_eq!((&many[0]["Login"], &many[0]["Success"]), (&json!("agv-07"), &json!(true)));
    for (path, body) in [(ONE, json!("x")), (ONE, Value::Null), (ONE, json!({ "Timestamp": "x" })), (BATCH, nested)] {
        server.post(path, &token, &body).await.assert_problem(400);
    }
    assert_eq!((history(&server, 1).await, history(&server, 3).await), (json!([record(0)]), json!([record(0)])));
}

/// §8.19.
#[tokio::test]
async fn rate_limits_and_oversized_bodies() {
    let server = TestServer::with(|config| config.limits.body = "1KiB".parse().unwrap()).await;
    let token = server.signature_of("forklift-01").await;
    for _ in 0..100 {
        let reply = server.get("/v3/clients", &token).await.assert(200);
        assert_eq!(reply.header("x-ratelimit-limit"), "", "there is none of its own");
    }
    let long = json!([{ "Timestamp": START_MS, "Note": "x".repeat(2048) }]);
    server.post(ONE, &token, &long).await.assert_problem(413);
    let limit = json!({ "per": "account", "fixed": { "limit": 1, "window": "1m" } });
    server.admin(Method::POST, "/limits", Some(limit)).await.assert(201);
    server.get("/v3/clients", &token).await.assert(200);
    let refused = server.get("/v3/clients", &token).await;
    assert_eq!(refused.header("retry-after"), "60");
    refused.assert_problem(429);
    assert_eq!(server.last_reason().await, "RateLimited");
}
