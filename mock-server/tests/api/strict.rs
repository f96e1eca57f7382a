//! `twinzo.fidelity = "strict"` refuses what the vendor's documents do not allow, and says why. By default the same
//! requests pass, as far as is known of the vendor's server.

use reqwest::Method;
use serde_json::{Value, json};

use crate::questions::set;
use crate::support::{API_KEY, BRATISLAVA, PUNE, Reply, START_MS, Signature, TestServer, send};

const AUTHENTICATE: &str = "/v3/Authorization/Authenticate";
const TOKEN: &str = "/v3/Authorization/Token";
const ONE: &str = "/v3/localization";
const BATCH: &str = "/v3/localization/batch";
const PROTOBUF: &str = "application/x-protobuf";
const HOUR_MS: i64 = 3_600_000;
/// 2026-07-01T00:00:00Z.
const SUMMER_MS: i64 = 1_782_864_000_000;

/// A record so many milliseconds after the start.
fn record(ms: i64) -> Value {
    json!({ "Timestamp": START_MS + ms })
}

fn credential() -> Value {
    json!({ "Client": "acme-logistics", "Login": "agv-07", "Password": "agv-07-pass" })
}

async fn set_strict(server: &TestServer) {
    set(server, json!({ "fidelity": "strict" })).await;
}

/// Posts twice: by default, which must pass, and strictly.
async fn post(server: &TestServer, path: &str, signature: &Signature, body: &Value) -> Reply {
    set(server, json!({ "fidelity": null })).await;
    let passed = server.post(path, signature, body).await;
    assert!(passed.status < 300, "{body} → {}", passed.text);
    set_strict(server).await;
    server.post(path, signature, body).await
}

/// The same with a protobuf message.
async fn post_message(server: &TestServer, path: &str, signature: &Signature, body: &[u8]) -> Reply {
    let request = || {
        let request = server.request(Method::POST, path).header("content-type", PROTOBUF);
        signature.sign(request).body(body.to_vec())
    };
    set(server, json!({ "fidelity": null })).await;
    send(request()).await.assert(200);
    set_strict(server).await;
    send(request()).await
}

/// What is said of a path in a body, and the journal's reason.
async fn complaint(server: &TestServer, reply: Reply, path: &str) -> (String, String) {
    let problem = reply.assert_problem(400);
    let text = problem["errors"][path][0].as_str().unwrap_or_else(|| panic!("nothing of {path:?} in {problem}"));
    (text.to_owned(), server.last_reason().await)
}

/// The records that a device of Bratislava has.
async fn history(server: &TestServer, device: u8) -> Value {
    let path = format!("/v3/devices/locations/?deviceId={device}");
    server.get(&path, &Signature::api_key(BRATISLAVA, API_KEY)).await.assert(200).json()
}

// === Time ===

#[tokio::test]
async fn a_time_is_in_milliseconds_and_near_the_clock() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-01").await;
    for (odd, reason, words) in [
        (json!({ "Timestamp": START_MS / 1000 }), "StampInSeconds", "it takes milliseconds, 1767225600000"),
        (json!({ "Timestamp": 0 }), "StampMissing", "missing or 0"),
        (json!({ "SectorId": 1, "X": 1 }), "StampMissing", "missing or 0"),
        (record(300_001), "StampTooFar", "300001 ms ahead of the clock"),
        (record(-300_001), "StampTooFar", "300001 ms behind the clock"),
        (json!({ "Timestamp": 5 }), "StampTooFar", "behind the clock"),
        (json!({ "Timestamp": i64::MAX }), "StampTooFar", "ahead of the clock"),
    ] {
        let reply = post(&server, ONE, &token, &json!([record(0), odd])).await;
        let (text, because) = complaint(&server, reply, "[1].Timestamp").await;
        assert_eq!(because, reason, "{odd}");
        assert!(text.contains(words) && !text.contains("local time"), "{text}");
    }
    let near = json!([record(-300_000), record(0), record(300_000)]);
    post(&server, ONE, &token, &near).await.assert(200);
}

#[tokio::test]
async fn the_tolerance_is_a_setting_and_the_clock_is_the_sandboxs() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-01").await;
    set(&server, json!({ "stamp_tolerance": "1s" })).await;
    post(&server, ONE, &token, &json!([record(-1000), record(1000)])).await.assert(200);
    post(&server, ONE, &token, &json!([record(1001)])).await.assert_problem(400);
    server.advance("2s").await;
    post(&server, ONE, &token, &json!([record(1001)])).await.assert(200);
    post(&server, ONE, &token, &json!([record(0)])).await.assert_problem(400);
    assert_eq!(server.last_reason().await, "StampTooFar");
}

#[tokio::test]
async fn local_time_of_the_branch_is_recognised() {
    let server = TestServer::start().await;
    let half_hour = HOUR_MS / 2;
    for (login, ahead, zone) in [
        ("forklift-21", 11 * half_hour, Some("Asia/Kolkata")),
        ("forklift-21", 11 * half_hour - 300_000, Some("Asia/Kolkata")),
        ("forklift-21", 11 * half_hour - 300_001, None),
        ("forklift-21", HOUR_MS, None),
        ("forklift-01", HOUR_MS, Some("Europe/Bratislava")),
        ("forklift-01", 2 * HOUR_MS, None),
        ("forklift-01", -HOUR_MS, None),
    ] {
        let token = server.signature_of(login).await;
        let reply = post(&server, ONE, &token, &json!([record(ahead)])).await;
        let (text, reason) = complaint(&server, reply, "[0].Timestamp").await;
        assert_eq!(reason, "StampTooFar");
        assert_eq!(text.contains("this looks like local time"), zone.is_some(), "{text}");
        assert!(zone.is_none_or(|zone| text.contains(zone)), "{text}");
    }
}

#[tokio::test]
async fn in_summer_local_time_is_further_away() {
    let server = TestServer::start().await;
    let settings = json!({ "twinzo": { "fidelity": "strict" } });
    let summer = server.sandbox(json!({ "clock": { "frozen": SUMMER_MS }, "settings": settings })).await;
    let token = summer.signature_of("forklift-01").await;
    for (hours, is_local) in [(1, false), (2, true)] {
        let body = json!([{ "Timestamp": SUMMER_MS + hours * HOUR_MS }]);
        let problem = summer.post(ONE, &token, &body).await.assert_problem(400);
        let text = problem["errors"]["[0].Timestamp"][0].as_str().unwrap();
        assert_eq!(text.contains("this looks like local time: Europe/Bratislava"), is_local, "{text}");
    }
    summer.post(ONE, &token, &json!([{ "Timestamp": SUMMER_MS }])).await.assert(200);
}

#[tokio::test]
async fn in_a_batch_each_bad_time_is_named() {
    let server = TestServer::start().await;
    let key = Signature::api_key(BRATISLAVA, API_KEY);
    let body = json!([
        { "Login": "forklift-01", "Locations": [record(0)] },
        { "Login": "walker-01", "Locations": [record(0), {}, record(HOUR_MS)] },
        { "Login": "ghost-1", "Locations": [record(300_001)] },
    ]);
    let problem = post(&server, BATCH, &key, &body).await.assert_problem(400);
    let names: Vec<_> = problem["errors"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, ["[1].Locations[1].Timestamp", "[1].Locations[2].Timestamp", "[2].Locations[0].Timestamp"]);
    assert_eq!(server.last_reason().await, "StampMissing", "the first of them");
    let local = json!([{ "Login": "agv-27", "Locations": [record(11 * HOUR_MS / 2)] }]);
    let reply = post(&server, BATCH, &Signature::api_key(PUNE, API_KEY), &local).await;
    let (text, reason) = complaint(&server, reply, "[0].Locations[0].Timestamp").await;
    assert!(text.contains("this looks like local time: Asia/Kolkata"), "{text}");
    assert_eq!(reason, "StampTooFar");
}

#[tokio::test]
async fn nothing_of_a_refused_body_is_stored() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-01").await;
    let one = json!([record(0), record(HOUR_MS)]);
    let good = json!({ "Login": "agv-07", "Locations": [record(0)] });
    let batch = json!([good, { "Login": "walker-01", "Locations": [record(0), {}] }]);
    let unknown = json!([record(0), { "Timestamp": START_MS, "Latitude": 48.1 }]);
    set_strict(&server).await;
    for (path, body) in [(ONE, &one), (BATCH, &batch), (ONE, &unknown)] {
        server.post(path, &token, body).await.assert_problem(400);
    }
    for device in 1..=3 {
        assert_eq!(history(&server, device).await, json!([]));
    }
    set(&server, json!({ "fidelity": "vendor" })).await;
    for (path, body) in [(ONE, &one), (BATCH, &batch), (ONE, &unknown)] {
        server.post(path, &token, body).await.assert(200);
    }
    for (device, count) in [(1, 2), (2, 2), (3, 1)] {
        assert_eq!(history(&server, device).await.as_array().unwrap().len(), count);
    }
}

// === Headers ===

#[tokio::test]
async fn a_log_in_carries_no_token() {
    let server = TestServer::start().await;
    let live = server.signature_of("forklift-01").await;
    for token in ["stale", live.value("Token")] {
        let reply = post(&server, AUTHENTICATE, &Signature::none().with("Token", Some(token)), &credential()).await;
        let (text, reason) = complaint(&server, reply, "Token").await;
        assert_eq!(reason, "TokenOnLogin");
        assert!(text.contains("a log in carries no Token"), "{text}");
    }
    post(&server, AUTHENTICATE, &Signature::none(), &credential()).await.assert(200);
    // The C++ devkit sends it empty on its first log in.
    post(&server, AUTHENTICATE, &Signature::none().with("Token", Some("")), &credential()).await.assert(200);
}

#[tokio::test]
async fn an_api_key_is_for_batches() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-01").await;
    let both = token.with("Api-Key", Some(API_KEY));
    let reply = post(&server, ONE, &both, &json!([record(0)])).await;
    let (text, reason) = complaint(&server, reply, "Api-Key").await;
    assert_eq!(reason, "ApiKeyOnDevice");
    assert!(text.contains("localization/batch"), "{text}");
    server.post(ONE, &Signature::api_key(BRATISLAVA, API_KEY), &json!([record(0)])).await.assert_problem(400);
    assert_eq!(server.last_reason().await, "ApiKeyOnDevice");
    post(&server, ONE, &token, &json!([record(0)])).await.assert(200);
    let batch = json!([{ "Login": "agv-07", "Locations": [record(0)] }]);
    for signature in [&both, &Signature::api_key(BRATISLAVA, API_KEY)] {
        post(&server, BATCH, signature, &batch).await.assert(200);
    }
}

/// §3.4: the signature comes before what is 400.
#[tokio::test]
async fn an_api_key_in_the_wrong_place_is_told_when_the_signature_is_good() {
    let server = TestServer::start().await;
    set_strict(&server).await;
    let key = Signature::api_key(BRATISLAVA, API_KEY);
    for (signature, reason) in
        [(key.with("Client", None), "ClientMissing"), (key.with("Api-Key", Some("made-up")), "ApiKeyUnknown")]
    {
        let status = server.post(ONE, &signature, &json!([record(0)])).await.status;
        assert_eq!((status, server.last_reason().await.as_str()), (401, reason));
    }
}

#[tokio::test]
async fn client_and_branch_are_required_whatever_else_is_set() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-01").await;
    for setting in ["derive", "ignore"] {
        set(&server, json!({ "signing": { "client": setting, "branch": setting } })).await;
        for (name, reason) in [("Client", "ClientMissing"), ("Branch", "BranchMissing")] {
            let without = token.with(name, None);
            set(&server, json!({ "fidelity": "vendor" })).await;
            server.get("/v3/devices", &without).await.assert(200);
            set_strict(&server).await;
            server.get("/v3/devices", &without).await.assert_problem(401);
            assert_eq!(server.last_reason().await, reason, "{setting}");
            server.get("/v3/devices", &token).await.assert(200);
        }
    }
}

#[tokio::test]
async fn log_out_needs_the_token_alone_all_the_same() {
    let server = TestServer::start().await;
    for fidelity in ["vendor", "strict"] {
        set(&server, json!({ "fidelity": fidelity })).await;
        let token = server.signature_of("forklift-01").await;
        let request = server.request(Method::DELETE, TOKEN).header("Token", token.value("Token"));
        send(request).await.assert(204);
        server.get("/v3/devices", &token).await.assert_problem(401);
        assert_eq!(server.last_reason().await, "TokenRevoked", "{fidelity}");
    }
}

// === Members ===

#[tokio::test]
async fn unknown_members_are_refused_by_name_and_path() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-01").await;
    let place = json!({ "Timestamp": START_MS, "Latitude": 48.1 });
    let mut login = credential();
    login["Remember"] = json!({ "Days": 3 });
    for (path, body, member, name) in [
        (ONE, json!([record(0), place]), "$[1].Latitude", "Latitude"),
        (ONE, json!([{ "Timestamp": START_MS, "Distances": [{ "Beacon": 1 }] }]), "$[0].Distances[0].Beacon", "Beacon"),
        (BATCH, json!([{ "Login": "agv-07", "Locations": [place] }]), "$[0].Locations[0].Latitude", "Latitude"),
        (BATCH, json!([{ "Login": "agv-07", "Location": [] }]), "$[0].Location", "Location"),
        (
            "/v3/areas",
            json!({ "Title": "a", "SectorId": 1, "Coordinates": [{ "X": 1, "Y": 1 }, { "x": 1, "Z": 1 }] }),
            "$.Coordinates[1].Z",
            "Z",
        ),
    ] {
        let reply = post(&server, path, &token, &body).await;
        let (text, reason) = complaint(&server, reply, member).await;
        assert!(text.contains(&format!("'{name}'")) && text.contains(member), "{text}");
        assert_eq!(reason, "BodyInvalid");
    }
    let reply = post(&server, AUTHENTICATE, &Signature::none(), &login).await;
    assert!(complaint(&server, reply, "$.Remember").await.0.contains("'Remember'"));
}

#[tokio::test]
async fn known_members_are_known_in_any_case() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-01").await;
    let body = json!([{ "timestamp": START_MS, "SECTORID": 1, "isMoving": true, "distances": [{ "rssi": -60 }] }]);
    post(&server, ONE, &token, &body).await.assert(200);
}

// === Protobuf ===

/// A number as protobuf writes it.
fn varint(number: i64) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = number;
    while rest > 127 {
        bytes.push(u8::try_from(rest & 127).unwrap() | 128);
        rest >>= 7;
    }
    bytes.push(u8::try_from(rest).unwrap());
    bytes
}

/// A field with a length.
fn field(number: u8, value: &[u8]) -> Vec<u8> {
    let mut bytes = vec![(number << 3) | 2];
    bytes.extend(varint(i64::try_from(value.len()).unwrap()));
    bytes.extend(value);
    bytes
}

/// A location that has nothing but its time.
fn time(ms: i64) -> Vec<u8> {
    let mut bytes = vec![8];
    bytes.extend(varint(ms));
    bytes
}

/// A location of now with one field more, which is 1.
fn location(number: u8) -> Vec<u8> {
    let mut bytes = time(START_MS);
    bytes.extend([number << 3, 1]);
    bytes
}

#[tokio::test]
async fn unknown_protobuf_fields_are_refused_by_number() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-01").await;
    let reply = post_message(&server, ONE, &token, &field(1, &location(12))).await;
    let (text, reason) = complaint(&server, reply, "locationContract").await;
    assert_eq!(
        (text.as_str(), reason.as_str()),
        ("The protobuf field 12 is not one of LocationContract", "BodyInvalid")
    );
    post_message(&server, ONE, &token, &field(1, &location(8))).await.assert(200);

    let known = [field(1, b"acme-logistics"), field(2, b"agv-07"), field(3, b"agv-07-pass")].concat();
    post_message(&server, AUTHENTICATE, &Signature::none(), &known).await.assert(200);
    let unknown = [known, field(4, b"more")].concat();
    let reply = post_message(&server, AUTHENTICATE, &Signature::none(), &unknown).await;
    let (text, _) = complaint(&server, reply, "credentialContract").await;
    assert_eq!(text, "The protobuf field 4 is not one of CredentialContract");
}

/// A number means something only within its message: 4 of a distance is not 4 of a location, which there is.
#[tokio::test]
async fn an_unknown_protobuf_field_is_named_with_its_own_message() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-01").await;
    let device = [field(1, b"agv-07"), field(2, &location(12))].concat();
    let reply = post_message(&server, BATCH, &token, &field(1, &device)).await;
    let (text, _) = complaint(&server, reply, "deviceLocationContract").await;
    assert!(text.contains("field 12 ") && text.ends_with(" LocationContract"), "{text}");
    let distant = [time(START_MS), field(9, &[8, 1, 32, 1])].concat();
    let reply = post_message(&server, ONE, &token, &field(1, &distant)).await;
    let (text, _) = complaint(&server, reply, "locationContract").await;
    assert!(text.contains("field 4 ") && text.contains("DistanceContract"), "{text}");
}

#[tokio::test]
async fn protobuf_times_are_judged_too() {
    let server = TestServer::start().await;
    let token = server.signature_of("forklift-01").await;
    let reply = post_message(&server, ONE, &token, &field(1, &time(START_MS / 1000))).await;
    assert_eq!(complaint(&server, reply, "[0].Timestamp").await.1, "StampInSeconds");
    let reply = post_message(&server, ONE, &token, &field(1, &[])).await;
    assert_eq!(complaint(&server, reply, "[0].Timestamp").await.1, "StampMissing");
}
