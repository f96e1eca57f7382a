//! What sensors measure, on its way in and out: docs/twinzo.md §6.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{API_KEY, BRATISLAVA, PUNE, START_MS, Signature, TestServer, send};

const DATA: &str = "/v3/sensors/sensor-data";
const BATCH: &str = "/v3/sensors/batch";
const SENSOR: &str = "dock-thermometer";

fn key() -> Signature {
    Signature::api_key(BRATISLAVA, API_KEY)
}

fn record(seconds: i64, quantity: &str, value: &str) -> Value {
    json!({ "Timestamp": START_MS + 1000 * seconds, "Quantity": quantity, "Value": value, "Unit": "°C",
            "DataType": "Single", "ValueOK": null })
}

fn result(seconds: i64, quantity: &str, action: &str) -> Value {
    json!({ "Quantity": quantity, "Timestamp": START_MS + 1000 * seconds, "Success": true, "Action": action })
}

/// The newest values of the thermometer: quantity, value and time.
async fn newest(server: &TestServer) -> Value {
    let sensor = server.get("/v3/sensors/1", &key()).await.assert(200).json();
    let values = sensor["SensorData"].as_array().unwrap().iter();
    let seconds = |data: &Value| (data["Timestamp"].as_i64().unwrap() - START_MS) / 1000;
    values.map(|data| json!([data["Quantity"], data["Value"], seconds(data)])).collect()
}

#[tokio::test]
async fn of_each_quantity_the_newest_value_is_kept() {
    let server = TestServer::start().await;
    let signature = server.signature_of(SENSOR).await;
    // The world has a temperature of second 0.
    assert_eq!(newest(&server).await, json!([["Temperature", "4.5", 0]]));
    let body = json!([
        record(10, "Temperature", "5"),
        record(9, "Temperature", "1"),
        record(10, "Temperature", "6"),
        record(3, "Humidity", "40"),
    ]);
    let reply = server.post(DATA, &signature, &body).await.assert(200);
    let expected = json!([
        result(10, "Temperature", "Update"),
        result(9, "Temperature", "NoAction"),
        result(10, "Temperature", "Update"),
        result(3, "Humidity", "Create"),
    ]);
    assert_eq!(reply.json(), expected);
    assert_eq!(newest(&server).await, json!([["Temperature", "6", 10], ["Humidity", "40", 3]]));
    let list = server.get("/v3/sensor-datas", &key()).await.assert(200).json();
    let of_sensor = server.get("/v3/sensors/1", &key()).await.assert(200).json()["SensorData"].clone();
    assert_eq!(list, of_sensor);
    let humidity = json!({ "SensorId": 1, "Quantity": "Humidity", "Value": "40", "Unit": "°C", "DataType": "Single",
        "Timestamp": START_MS + 3000 });
    for (name, value) in humidity.as_object().unwrap() {
        assert_eq!(list[1][name], *value, "{name}");
    }
}

#[tokio::test]
async fn sensor_data_needs_the_token_of_a_sensor() {
    let server = TestServer::start().await;
    let body = json!([record(1, "Temperature", "5"), record(2, "Humidity", "40")]);
    server.post(DATA, &key(), &body).await.assert_problem(401);
    assert_eq!(server.last_reason().await, "TokenRequired");
    let of_device = server.signature_of("forklift-01").await;
    let reply = server.post(DATA, &of_device, &body).await.assert(200).json();
    for (sent, told) in body.as_array().unwrap().iter().zip(reply.as_array().unwrap()) {
        assert_eq!((&told["Quantity"], &told["Timestamp"]), (&sent["Quantity"], &sent["Timestamp"]));
        assert_eq!((&told["Success"], &told["Action"]), (&json!(false), &json!("NoAction")));
        assert_eq!(told["ErrorMessage"], "Sensor forklift-01 does not exist.");
    }
    assert_eq!(server.last_reason().await, "SensorNotInBranch");
    let elsewhere = server.signature_of(SENSOR).await.with("Branch", Some(PUNE));
    assert_eq!(server.post(DATA, &elsewhere, &body).await.assert(200).json()[0]["Success"], false);
    assert_eq!(newest(&server).await, json!([["Temperature", "4.5", 0]]));
    let signature = server.signature_of(SENSOR).await;
    assert_eq!(server.post(DATA, &signature, &json!([])).await.assert(200).text, "[]");
}

#[tokio::test]
async fn a_batch_answers_for_each_sensor() {
    let server = TestServer::start().await;
    let body = json!([
        { "Login": SENSOR, "SensorData": [record(5, "Temperature", "7"), record(4, "Temperature", "0")] },
        { "Login": "ghost-1", "SensorData": [record(5, "Temperature", "7")] },
        { "Login": "forklift-01", "SensorData": [] },
        { "Login": SENSOR, "SensorData": null },
    ]);
    let reply = server.post(BATCH, &key(), &body).await.assert(200).json();
    let failed = |login: &str| {
        json!({ "Login": login, "Success": false, "ErrorMessage": format!("Sensor {login} does not exist."),
                "SensorData": [] })
    };
    let good = [result(5, "Temperature", "Update"), result(4, "Temperature", "NoAction")];
    let expected = json!([
        { "Login": SENSOR, "Success": true, "SensorData": good },
        failed("ghost-1"),
        failed("forklift-01"),
        { "Login": SENSOR, "Success": true, "SensorData": [] },
    ]);
    assert_eq!(reply, expected);
    assert_eq!(server.last_reason().await, "SensorNotInBranch");
    assert_eq!(newest(&server).await, json!([["Temperature", "7", 5]]));
    assert_eq!(server.post(BATCH, &key(), &json!([])).await.assert(200).text, "[]");
    let problem = server.post(BATCH, &key(), &json!([body[0], { "SensorData": [] }])).await.assert_problem(400);
    assert_eq!(problem["errors"], json!({ "[1].Login": ["The Login field is required."] }));
}

#[tokio::test]
async fn bodies_that_are_no_lists_of_texts_are_refused_and_nothing_is_stored() {
    let server = TestServer::start().await;
    let signature = server.signature_of(SENSOR).await;
    let number = json!({ "Timestamp": START_MS + 9000, "Quantity": "Temperature", "Value": 5 });
    for (path, body, member) in [
        (DATA, json!([record(9, "Temperature", "9"), number]), "$[1].Value"),
        (DATA, record(9, "Temperature", "9"), "$"),
        (BATCH, json!([{ "Login": SENSOR, "SensorData": [number] }]), "$[0].SensorData[0].Value"),
        (BATCH, json!([{ "Login": SENSOR, "SensorData": number }]), "$[0].SensorData"),
        (BATCH, json!({ "Login": SENSOR, "SensorData": [] }), "$"),
    ] {
        let problem = server.post(path, &signature, &body).await.assert_problem(400);
        assert!(problem["errors"][member].is_array(), "{body} → {problem}");
    }
    assert_eq!(newest(&server).await, json!([["Temperature", "4.5", 0]]));
}

#[tokio::test]
async fn a_sensor_is_found_by_its_login_within_its_branch() {
    let server = TestServer::start().await;
    let sensor = server.get("/v3/sensors/login/dock-thermometer", &key()).await.assert(200).json();
    assert_eq!(sensor, server.get("/v3/sensors/1", &key()).await.assert(200).json());
    assert_eq!((&sensor["Id"], &sensor["Login"], &sensor["SectorId"]), (&json!(1), &json!(SENSOR), &json!(1)));
    let pune = Signature::api_key(PUNE, API_KEY);
    for (login, signature) in [(SENSOR, pune), ("ghost-1", key()), ("forklift-01", key())] {
        let problem = server.get(&format!("/v3/sensors/login/{login}"), &signature).await.assert_problem(404);
        assert_eq!(problem["code"], "13");
    }
}

#[tokio::test]
async fn a_value_that_was_patched_is_what_its_sensor_shows() {
    let server = TestServer::start().await;
    let patch = key().sign(server.request(Method::PATCH, "/v3/sensor-datas/1")).json(&json!({ "Value": "8" }));
    let patched = send(patch).await.assert(200).json();
    assert_eq!(
        (&patched["Value"], &patched["Unit"], &patched["Timestamp"]),
        (&json!("8"), &json!("°C"), &json!(START_MS))
    );
    assert_eq!(newest(&server).await, json!([["Temperature", "8", 0]]));
}

#[tokio::test]
async fn the_app_for_sensors_is_described() {
    let server = TestServer::start().await;
    for signature in [key(), server.signature_of(SENSOR).await] {
        let reply = server.get("/v3/sensors/app-info", &signature).await.assert(200);
        assert_eq!(reply.text, r#"{"Version":"1.3.0","Size":48213}"#);
    }
}

#[tokio::test]
async fn a_failure_in_a_good_answer_has_a_result_for_each_element() {
    let server = TestServer::start().await;
    let signature = Signature::api_key(BRATISLAVA, API_KEY);
    for (operation, path, body) in [
        ("sensors.batch", "/v3/sensors/batch", json!([{ "Login": "a", "SensorData": [] }, { "Login": "b" }])),
        ("devices.man_down_batch", "/v3/devices/man-down/batch", json!([{ "Login": "a" }, { "Login": "b" }])),
    ] {
        let rule = json!({ "match": { "operation": operation }, "effect": { "in_band": "no" } });
        server.admin(Method::POST, "/faults", Some(rule)).await.assert(201);
        let results = server.post(path, &signature, &body).await.assert(200).json();
        let of = |index: usize| (&results[index]["Login"], &results[index]["Success"], &results[index]["ErrorMessage"]);
        assert_eq!(of(0), (&json!("a"), &json!(false), &json!("no")), "{operation}");
        assert_eq!(of(1), (&json!("b"), &json!(false), &json!("no")), "{operation}");
    }
}
