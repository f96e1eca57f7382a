//! Bodies that cannot be read: docs/twinzo.md §4.4, for more contracts than localization's.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{API_KEY, BRATISLAVA, Reply, START_MS, Signature, TestServer, send};

const JSON: &str = "application/json";
const LOGIN: &str = "/v3/Authorization/Authenticate";

fn key() -> Signature {
    Signature::api_key(BRATISLAVA, API_KEY)
}

/// Sends bytes, whatever they are, signed by a device.
struct Sender {
    server: TestServer,
    signature: Signature,
}

// === impl Sender ===

impl Sender {
    async fn start() -> Self {
        let server = TestServer::start().await;
        let signature = server.signature_of("forklift-01").await;
        Self { server, signature }
    }

    async fn call(&self, method: Method, path: &str, media: &str, body: impl Into<String>) -> Reply {
        let request = self.signature.sign(self.server.request(method, path)).body(body.into());
        send(if media.is_empty() { request } else { request.header("content-type", media) }).await
    }

    async fn post(&self, path: &str, body: impl Into<String>) -> Reply {
        self.call(Method::POST, path, JSON, body).await
    }

    /// The errors of a body that is refused, in the frame of the framework.
    async fn errors(&self, path: &str, body: impl Into<String>) -> Value {
        let errors = assert_frame(self.post(path, body).await);
        assert_eq!(self.server.last_reason().await, "BodyInvalid");
        errors
    }

    /// A body that is refused because of one value, which could not be converted to a type.
    async fn assert_no(&self, expected: &str, at: &str, path: &str, body: &Value) {
        let errors = self.errors(path, body.to_string()).await;
        let message = errors[at][0].as_str().unwrap_or_else(|| panic!("{path} {body} → {errors}"));
        let start = format!(
            "The JSON value could not be converted to {expected}. Path: {at} | LineNumber: 0 | BytePositionInLine: "
        );
        assert!(message.starts_with(&start), "{path} {body} → {message}");
    }
}

#[track_caller]
fn assert_frame(reply: Reply) -> Value {
    let problem = reply.assert_problem(400);
    assert_eq!(problem["type"], "https://tools.ietf.org/html/rfc9110#section-15.5.1");
    assert_eq!(problem["title"], "One or more validation errors occurred.");
    assert_trace(&problem);
    let errors = problem["errors"].clone();
    assert!(errors.as_object().is_some_and(|errors| !errors.is_empty()), "{problem}");
    errors
}

#[track_caller]
fn assert_trace(problem: &Value) {
    let trace = problem["traceId"].as_str().unwrap();
    let lengths: Vec<usize> = trace.split('-').map(str::len).collect();
    assert_eq!(lengths, [2, 32, 16, 2], "{trace}");
    assert_eq!(problem.get("instance"), None);
}

#[tokio::test]
async fn a_value_of_the_wrong_type_is_named_by_its_path_and_the_type() {
    let sender = Sender::start().await;
    for (path, body, at, expected) in [
        ("areas", json!({ "SectorId": "1" }), "$.SectorId", "System.Int32"),
        ("areas", json!({ "SectorId": 1.5 }), "$.SectorId", "System.Int32"),
        ("areas", json!({ "Title": 5 }), "$.Title", "System.String"),
        ("areas", json!({ "Guid": "Ramp" }), "$.Guid", "System.Guid"),
        ("areas", json!({ "Created": "now" }), "$.Created", "System.Int64"),
        ("areas", json!({ "Coordinates": [{ "X": "0" }] }), "$.Coordinates[0].X", "System.Double"),
        ("areas", json!({ "coordinates": [{ "X": 0 }, { "y": [] }] }), "$.coordinates[1].y", "System.Double"),
        ("beacons", json!({ "Active": "yes" }), "$.Active", "System.Boolean"),
        ("beacons", json!({ "GeofenceRange": "5" }), "$.GeofenceRange", "System.Nullable`1[System.Double]"),
        ("devices", json!({ "X": "0" }), "$.X", "System.Nullable`1[System.Double]"),
        ("devices", json!({ "ValidX": "0" }), "$.ValidX", "System.Nullable`1[System.Single]"),
        ("devices", json!({ "LastTimeOnline": 0.5 }), "$.LastTimeOnline", "System.Nullable`1[System.Int64]"),
        ("devices", json!({ "IsMoving": 1 }), "$.IsMoving", "System.Boolean"),
        ("devices", json!({ "Password": 12_345_678 }), "$.Password", "System.String"),
        ("quantities", json!({ "Range": { "ranges": [{ "color": 5 }] } }), "$.Range.ranges[0].color", "System.String"),
        ("sectors", json!({ "GpsItems": [{ "Latitude": "48" }] }), "$.GpsItems[0].Latitude", "System.Double"),
        ("sectors", json!({ "Floor": "First" }), "$.Floor", "System.Nullable`1[System.Int32]"),
        ("sensors", json!({ "AreaId": true }), "$.AreaId", "System.Nullable`1[System.Int32]"),
        ("shifts", json!({ "StartTime": "06:00:00" }), "$.StartTime", "System.Int64"),
        ("logs", json!({ "AccountId": {} }), "$.AccountId", "System.Nullable`1[System.Int32]"),
        ("logs", json!({ "Level": 3 }), "$.Level", "System.String"),
        ("devices/man-down", json!({ "Timestamp": "0" }), "$.Timestamp", "System.Int64"),
        ("layers/localization", json!({ "Login": 1 }), "$.Login", "System.String"),
        ("Authorization/Authenticate", json!({ "Password": 1 }), "$.Password", "System.String"),
    ] {
        sender.assert_no(expected, at, &format!("/v3/{path}"), &body).await;
    }
}

#[tokio::test]
async fn in_a_list_the_path_says_which_element_it_is() {
    let sender = Sender::start().await;
    let good = json!({ "Timestamp": START_MS });
    let guid = "a72f352b-a079-4533-9cb0-4203fa685794";
    let of = |name: &str, record: Value| json!([{ "Login": "forklift-01", name: [good, record] }]);
    for (path, body, at, expected) in [
        ("localization", json!([{ "SectorId": guid }]), "$[0].SectorId", "System.Nullable`1[System.Int32]"),
        ("localization", json!([good, { "Battery": 87.5 }]), "$[1].Battery", "System.Nullable`1[System.Byte]"),
        ("localization", json!([{ "Distances": [{ "RSSI": "-60" }] }]), "$[0].Distances[0].RSSI", "System.Int32"),
        ("localization", json!([{ "NoGoAreas": [1, "a"] }]), "$[0].NoGoAreas[1]", "System.Int32"),
        (
            "localization/batch",
            of("Locations", json!({ "X": "0" })),
            "$[0].Locations[1].X",
            "System.Nullable`1[System.Single]",
        ),
        ("sensors/batch", of("SensorData", json!({ "Value": 5 })), "$[0].SensorData[1].Value", "System.String"),
        (
            "sensors/batch",
            of("SensorData", json!({ "ValueOK": 1 })),
            "$[0].SensorData[1].ValueOK",
            "System.Nullable`1[System.Boolean]",
        ),
        ("sensors/sensor-data", json!([good, { "Timestamp": "0" }]), "$[1].Timestamp", "System.Int64"),
        ("devices/man-down/batch", json!([good, { "Login": [] }]), "$[1].Login", "System.String"),
    ] {
        sender.assert_no(expected, at, &format!("/v3/{path}"), &body).await;
    }
    let history = sender.server.get("/v3/devices/locations?deviceId=1", &key()).await.json();
    assert_eq!(history, json!([]), "a refused list stores nothing");
}

#[tokio::test]
async fn null_has_no_place_where_the_contract_has_none_for_it() {
    let sender = Sender::start().await;
    for (path, body, at, expected) in [
        ("localization", json!([{ "Timestamp": null }]), "$[0].Timestamp", "System.Int64"),
        ("areas", json!({ "SectorId": null }), "$.SectorId", "System.Int32"),
        ("areas", json!({ "Coordinates": [{ "X": 1, "Y": null }] }), "$.Coordinates[0].Y", "System.Double"),
        ("beacons", json!({ "UseGps": null }), "$.UseGps", "System.Boolean"),
        ("devices", json!({ "IsMoving": null }), "$.IsMoving", "System.Boolean"),
        ("layers", json!({ "IsNoGo": null }), "$.IsNoGo", "System.Boolean"),
        ("sectors", json!({ "SectorWidth": null }), "$.SectorWidth", "System.Single"),
        ("shifts", json!({ "StopTime": null }), "$.StopTime", "System.Int64"),
        ("sensor-datas", json!({ "Timestamp": null }), "$.Timestamp", "System.Int64"),
    ] {
        sender.assert_no(expected, at, &format!("/v3/{path}"), &body).await;
    }
}

#[tokio::test]
async fn a_number_must_fit() {
    let sender = Sender::start().await;
    let (above, below) = (i64::from(i32::MAX) + 1, i64::from(i32::MIN) - 1);
    for (path, body, at, expected) in [
        ("areas", json!({ "SectorId": above }), "$.SectorId", "System.Int32"),
        ("areas", json!({ "SectorId": below }), "$.SectorId", "System.Int32"),
        ("areas", json!({ "Created": 1_u64 << 63 }), "$.Created", "System.Int64"),
        ("sectors", json!({ "SectorWidth": 1e39 }), "$.SectorWidth", "System.Single"),
        ("sectors", json!({ "GpsItems": [{ "Y": -1e39 }] }), "$.GpsItems[0].Y", "System.Single"),
        ("sectors", json!({ "Floor": above }), "$.Floor", "System.Nullable`1[System.Int32]"),
        ("localization", json!([{ "Battery": 256 }]), "$[0].Battery", "System.Nullable`1[System.Byte]"),
        ("localization", json!([{ "Battery": -1 }]), "$[0].Battery", "System.Nullable`1[System.Byte]"),
        ("localization", json!([{ "Z": 1e39 }]), "$[0].Z", "System.Nullable`1[System.Single]"),
    ] {
        sender.assert_no(expected, at, &format!("/v3/{path}"), &body).await;
    }
    let most = json!({ "SectorId": i32::MAX, "Coordinates": [{ "X": 1e39, "Y": -1e39 }] });
    let made = sender.post("/v3/areas", most.to_string()).await.assert(201).json();
    assert_eq!((&made["SectorId"], &made["Coordinates"]), (&most["SectorId"], &most["Coordinates"]));
    sender.post("/v3/localization", r#"[{"Timestamp":-9223372036854775808,"Battery":255}]"#).await.assert(200);
}

#[tokio::test]
async fn a_list_is_no_object_and_an_object_is_no_list() {
    let sender = Sender::start().await;
    for (path, body, at) in [
        ("localization", r#"{"Timestamp":1}"#, "$"),
        ("localization", "[[1,1]]", "$[0]"),
        ("localization", r#"["forklift-01"]"#, "$[0]"),
        ("localization/batch", r#"{"Login":"agv-07","Locations":[]}"#, "$"),
        ("localization/batch", r#"[{"Login":"agv-07","Locations":{}}]"#, "$[0].Locations"),
        ("sensors/batch", "{}", "$"),
        ("sensors/sensor-data", "{}", "$"),
        ("devices/man-down/batch", r#"{"Login":"agv-07"}"#, "$"),
        ("devices/man-down", "[]", "$"),
        ("areas", r#"[{"Title":"Ramp"}]"#, "$"),
        ("areas", r#"{"Coordinates":{"X":1}}"#, "$.Coordinates"),
        ("areas", r#"{"Coordinates":[1]}"#, "$.Coordinates[0]"),
        ("quantities", r#"{"Range":[]}"#, "$.Range"),
        ("sensors", r#"[{"Title":"Scale"}]"#, "$"),
        ("shifts", r#""Night""#, "$"),
        ("users", "[]", "$"),
        ("Authorization/Authenticate", r#"["acme-logistics"]"#, "$"),
    ] {
        let errors = sender.errors(&format!("/v3/{path}"), body).await;
        assert!(errors[at].is_array(), "{path} {body} → {errors}");
        let parameter = match path {
            "localization" => "locationContract",
            "areas" => "areaContract",
            _ => continue,
        };
        assert_eq!(errors[parameter], json!([format!("The {parameter} field is required.")]), "{body}");
    }
}

#[tokio::test]
async fn a_body_must_be_there_and_be_json() {
    let sender = Sender::start().await;
    for path in ["/v3/areas", "/v3/devices", "/v3/localization", "/v3/sensors/batch", "/v3/shifts", LOGIN] {
        for body in ["", "  \r\n", "null"] {
            assert_frame(sender.post(path, body).await);
        }
        for body in ["{", "[", "{]", "[{}] x", r#"{"Title":"a",}"#, r#"{"Title":"a"} x"#, "{'Title':'a'}", "Ramp"] {
            let errors = sender.errors(path, body).await;
            assert!(errors.as_object().unwrap().keys().any(|name| name.starts_with('$')), "{path} {body} → {errors}");
        }
    }
    let errors = sender.errors("/v3/localization", "").await;
    assert_eq!(errors["locationContract"], json!(["The locationContract field is required."]));
    sender.errors("/v3/areas", r#"{"Title":"a","title":"b"}"#).await;
}

#[tokio::test]
async fn a_refused_change_changes_nothing() {
    let sender = Sender::start().await;
    let before = sender.server.get("/v3/areas/1", &key()).await.assert(200).text;
    sender.server.advance("5s").await;
    for body in ["", "null", "[]", "{", r#"{"Title":"Ramp","SectorId":"1"}"#, r#"{"Title":"Ramp","Guid":null}"#] {
        assert_frame(sender.call(Method::PATCH, "/v3/areas/1", JSON, body).await);
    }
    sender.call(Method::PATCH, "/v3/areas/1", "text/plain", r#"{"Title":"Ramp"}"#).await.assert_problem(415);
    assert_eq!(sender.server.get("/v3/areas/1", &key()).await.assert(200).text, before);
}

#[tokio::test]
async fn strangers_a_mark_and_another_case_are_passed_over() {
    let sender = Sender::start().await;
    let body = "\u{feff}{\"TITLE\":\"Ramp\",\"stranger\":[{\"Title\":5}],\"sectorID\":2}";
    let made = sender.post("/v3/areas", body).await.assert(201).json();
    assert_eq!((&made["Title"], &made["SectorId"]), (&json!("Ramp"), &json!(2)));
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_413_before_anything_else_is_looked_at() {
    let server = TestServer::with(|config| config.limits.body = "1KiB".parse().unwrap()).await;
    let signature = key();
    let sender = Sender { server, signature };
    let long = |length: usize| format!(r#"{{"Title":"{}"}}"#, "x".repeat(length - 12));
    assert_eq!(long(1024).len(), 1024);
    sender.post("/v3/areas", long(1024)).await.assert(201);
    for (method, path) in [(Method::POST, "/v3/areas"), (Method::PATCH, "/v3/areas/1"), (Method::PATCH, "/v3/areas/99")]
    {
        for media in [JSON, "application/x-protobuf", "text/plain", ""] {
            let reply = sender.call(method.clone(), path, media, long(1025)).await;
            assert_eq!(reply.header("connection"), "close");
            assert_eq!(reply.assert_problem(413)["instance"], path);
            assert_eq!(sender.server.last_reason().await, "BodyTooLarge");
        }
    }
    let unsigned = sender.server.request(Method::POST, "/v3/areas").body(long(1025));
    send(unsigned).await.assert_problem(413);
    sender.post("/v3/plants", long(1025)).await.assert(404);
    sender.call(Method::PUT, "/v3/areas/1", JSON, long(1025)).await.assert(405);
    let titles = sender.server.get("/v3/areas", &key()).await.assert(200).json();
    assert_eq!(titles.as_array().map(Vec::len), Some(3), "{titles}");
}

#[tokio::test]
async fn another_kind_of_body_is_415_before_the_signature_is_looked_at() {
    let sender = Sender::start().await;
    for media in ["", "text/plain", "text/json", "application/xml", "application/jsonp", "multipart/form-data"] {
        for (method, path) in [(Method::POST, "/v3/areas"), (Method::PATCH, "/v3/areas/99"), (Method::POST, LOGIN)] {
            let problem = sender.call(method, path, media, "{").await.assert_problem(415);
            assert_eq!(problem["type"], "https://tools.ietf.org/html/rfc9110#section-15.5.16", "{media}");
            assert_eq!(problem["title"], "Unsupported Media Type");
            assert_trace(&problem);
            assert_eq!(sender.server.last_reason().await, "MediaTypeUnsupported");
        }
    }
    let unsigned = sender.server.request(Method::POST, "/v3/areas").header("content-type", "text/plain").body("{");
    send(unsigned).await.assert_problem(415);
    for media in ["application/json; charset=utf-8", "APPLICATION/JSON", "application/json;charset=UTF-8"] {
        sender.call(Method::POST, "/v3/areas", media, r#"{"Title":"Ramp"}"#).await.assert(201);
    }
    // What has no use for a body does not look at its kind.
    sender.call(Method::GET, "/v3/areas/1", "text/plain", "").await.assert(200);
    sender.call(Method::DELETE, "/v3/areas/1", "text/plain", "").await.assert(204);
}

#[tokio::test]
async fn a_type_that_the_contract_cannot_come_in_is_415_before_anybody_is_asked_for_a_signature() {
    let server = TestServer::start().await;
    for media_type in ["text/xml", "application/x-protobuf"] {
        let request = server.request(Method::POST, "/v3/quantities").header("content-type", media_type).body("x");
        send(request).await.assert_problem(415);
    }
}
