//! Protobuf as the C++ devkit speaks it, docs/twinzo.md §7. Requests are bytes written by hand and answers are taken
//! apart by hand, so that a wrong number in the server's contracts cannot hide behind itself.

use reqwest::Method;
use serde_json::json;

use crate::messages::{Field, JSON, PROTOBUF, call, field, get, messages, post, scan, text, text_of};
use crate::support::{API_KEY, BRATISLAVA, CLIENT, PUNE, START_MS, Signature, TestServer, send};

/// Client, Login, Password.
const LOGIN: &[u8] = b"\x0a\x0eacme-logistics\x12\x0bforklift-01\x1a\x10forklift-01-pass";
/// Every member of a location: Timestamp 1767225601000, `SectorId` 1, X 12500.5, Y 8300, Z 0, Interval 1000, Battery 87,
/// `IsMoving`, Distances (`BeaconId` 7, Distance 2.5, RSSI -60), `LocalizationAreas` 1 and 2, `NoGoAreas` 2.
const LOCATION: &[u8] = b"\x08\xe8\xd7\xea\xb6\xb7\x33\x10\x01\x1d\x00\x52\x43\x46\x25\x00\xb0\x01\x46\x2d\0\0\0\0\
    \x30\xe8\x07\x38\x57\x40\x01\x4a\x12\x08\x07\x15\x00\x00\x20\x40\x18\xc4\xff\xff\xff\xff\xff\xff\xff\xff\x01\
    \x52\x02\x01\x02\x5a\x01\x02";

/// As .NET orders the bytes of a GUID, in two halves.
fn halves(guid: &str) -> (Vec<u8>, Vec<u8>) {
    let digits = guid.replace('-', "");
    let byte = |index: usize| u8::from_str_radix(&digits[2 * index..2 * index + 2], 16).unwrap();
    ([3, 2, 1, 0, 5, 4, 7, 6].map(byte).to_vec(), (8..16).map(byte).collect())
}

fn key() -> Signature {
    Signature::api_key(BRATISLAVA, API_KEY)
}

/// As the C++ devkit signs its first call.
fn unsigned() -> Signature {
    Signature(["Client", "Branch", "Token", "Api-Key"].map(|name| (name, String::new())).to_vec())
}

/// Logs in and says how to sign from then on.
async fn log_in(server: &TestServer) -> Signature {
    let answer = post(server, "/api/v3/Authorization/Authenticate", &unsigned(), LOGIN).await;
    signature(&answer.assert(200, PROTOBUF))
}

fn signature(contract: &[u8]) -> Signature {
    let part = |number| text_of(contract, number);
    Signature(vec![("Client", part(1)), ("Branch", part(5)), ("Token", part(2)), ("Api-Key", String::new())])
}

#[tokio::test]
async fn a_device_logs_in_with_empty_headers_and_refreshes() {
    let server = TestServer::start().await;
    let path = "/api/v3/Authorization/Authenticate";
    let contract = post(&server, path, &unsigned(), LOGIN).await.assert(200, PROTOBUF);
    let token = text_of(&contract, 2);
    assert_eq!(token.len(), 44);
    let (created, expires) = (START_MS.cast_unsigned(), START_MS.cast_unsigned() + 86_400_000);
    let expected = [
        (1, text(CLIENT)),
        (2, text(&token)),
        (3, Field::Varint(expires)),
        (4, Field::Varint(created)),
        (5, text(BRATISLAVA)),
    ];
    assert_eq!(scan(&contract), expected);
    let first = signature(&contract);
    let refreshed = get(&server, "/api/v3/Authorization/Token", &first).await.assert(200, PROTOBUF);
    let second = signature(&refreshed);
    assert_ne!(second.value("Token"), token);
    assert_eq!(field(&refreshed, 3), Field::Varint(expires));
    get(&server, "/api/v3/devices", &first).await.assert_problem(401);
    get(&server, "/api/v3/devices", &second).await.assert(200, PROTOBUF);
    let logout = (Method::DELETE, "/api/v3/Authorization/Token");
    call(&server, logout, &second, None, PROTOBUF).await.assert_empty(204);
}

#[tokio::test]
async fn body_and_answer_need_not_be_of_one_kind() {
    let server = TestServer::start().await;
    let json = br#"{"Client":"acme-logistics","Login":"forklift-01","Password":"forklift-01-pass"}"#;
    let login = (Method::POST, "/v3/Authorization/Authenticate");
    for (media, body) in [(PROTOBUF, LOGIN), (JSON, json.as_slice()), ("Application/X-Protobuf; a=b", LOGIN)] {
        let answer = call(&server, login.clone(), &unsigned(), Some((media, body)), JSON).await.assert_json(200);
        assert_eq!(answer["Client"], CLIENT);
        let answer = call(&server, login.clone(), &unsigned(), Some((media, body)), PROTOBUF).await;
        assert_eq!(text_of(&answer.assert(200, PROTOBUF), 1), CLIENT);
    }
    // An area with nothing but a title.
    let areas = (Method::POST, "/v3/areas");
    let made = call(&server, areas.clone(), &key(), Some((PROTOBUF, b"\x1a\x04Ramp")), JSON).await.assert_json(201);
    assert_eq!((&made["Title"], &made["Coordinates"]), (&json!("Ramp"), &json!([])));
    let made = call(&server, areas, &key(), Some((JSON, br#"{"Title":"Gate"}"#)), PROTOBUF).await;
    assert_eq!(text_of(&made.assert(201, PROTOBUF), 3), "Gate");
}

#[tokio::test]
async fn an_answer_is_what_the_accept_header_asks_for() {
    let server = TestServer::start().await;
    for (accept, media) in [
        (PROTOBUF, PROTOBUF),
        ("APPLICATION/X-PROTOBUF", PROTOBUF),
        ("application/json;q=0, application/x-protobuf", PROTOBUF),
        ("text/html, application/x-protobuf;q=0.5", PROTOBUF),
        ("application/x-protobuf;q=0, application/json", JSON),
        ("application/x-protobuf; q=0.0", JSON),
        ("application/json", JSON),
        ("*/*", JSON),
        ("", JSON),
    ] {
        call(&server, (Method::GET, "/v3/sectors"), &key(), None, accept).await.assert(200, media);
    }
}

#[tokio::test]
async fn positions_are_answered_by_an_empty_200_and_read_back_as_json() {
    let server = TestServer::start().await;
    let signature = log_in(&server).await;
    let body = [b"\x0a\x3a", LOCATION].concat();
    post(&server, "/api/v3/localization", &signature, &body).await.assert_empty(200);
    let batch = [b"\x0a\x44\x0a\x06agv-07\x12\x3a", LOCATION].concat();
    post(&server, "/api/v3/localization/batch", &key(), &batch).await.assert_empty(200);
    let expected = json!([{ "Timestamp": START_MS + 1000, "SectorId": 1, "X": 12500.5, "Y": 8300, "Z": 0, "Interval": 1000,
        "Battery": 87, "IsMoving": true, "LocalizationAreas": [1, 2], "NoGoAreas": [2],
        "Distances": [{ "BeaconId": 7, "Distance": 2.5, "RSSI": -60 }] }]);
    for device in [1, 3] {
        let path = format!("/v3/devices/locations/?deviceId={device}");
        assert_eq!(server.get(&path, &key()).await.assert(200).json(), expected);
        // The same bytes come back, if no member may be left out; the order of members is free.
        let list = get(&server, &path, &key()).await.assert(200, PROTOBUF);
        let [message] = messages(&list)[..] else { panic!("{list:?}") };
        let sorted = |message| {
            let mut fields = scan(message);
            fields.sort_by_key(|(number, _)| *number);
            fields
        };
        assert_eq!(sorted(message), sorted(LOCATION));
    }
    // Areas one by one instead of packed, an unknown field 99, and no list at all.
    post(&server, "/api/v3/localization", &signature, b"\x0a\x09\x08\x05\x50\x01\x50\x02\x98\x06\x01")
        .await
        .assert_empty(200);
    let first = &server.get("/v3/devices/locations?deviceId=1", &key()).await.json()[0];
    assert_eq!((&first["Timestamp"], &first["LocalizationAreas"]), (&json!(5), &json!([1, 2])));
    post(&server, "/api/v3/localization", &signature, b"").await.assert_empty(200);
    let unknown = b"\x0a\x09\x0a\x07ghost-1";
    post(&server, "/api/v3/localization/batch", &key(), unknown).await.assert_empty(200);
    assert_eq!(server.last_reason().await, "DeviceNotInBranch");
}

#[tokio::test]
async fn a_position_in_one_kind_can_have_its_answer_in_the_other() {
    let server = TestServer::start().await;
    let (signature, path) = (log_in(&server).await, (Method::POST, "/v3/localization"));
    let body = [b"\x0a\x3a", LOCATION].concat();
    let answer = call(&server, path.clone(), &signature, Some((PROTOBUF, &body)), JSON).await.assert_json(200);
    let expected = json!({ "Login": "forklift-01", "Success": true,
        "Locations": [{ "Timestamp": START_MS + 1000, "Action": "Create", "Success": true }] });
    assert_eq!(answer, expected);
    call(&server, path, &signature, Some((JSON, br#"[{"Timestamp":5}]"#)), PROTOBUF).await.assert_empty(200);
}

#[tokio::test]
async fn a_list_is_a_message_of_messages() {
    let server = TestServer::start().await;
    let pune = Signature::api_key(PUNE, API_KEY);
    let record = json!([{ "Login": "forklift-21", "Locations": [{ "Timestamp": 5, "SectorId": 3, "X": 12500.5 }] }]);
    server.post("/v3/localization/batch", &pune, &record).await.assert(200);
    let list = get(&server, "/v3/devices", &pune).await.assert(200, PROTOBUF);
    let devices = messages(&list);
    let logins: Vec<String> = devices.iter().map(|device| text_of(device, 22)).collect();
    assert_eq!(logins, ["forklift-21", "walker-21", "agv-27", "agv-other-branch"]);
    for (number, expected) in [
        (1, Field::Varint(4)),
        (2, text("02:00:00:00:00:04")),
        (3, Field::Varint(2)),
        (5, Field::Varint(3)),
        (8, text("Forklift 21")),
        (10, Field::Varint(5)),
        (12, Field::Fixed32(b"\x00\x52\x43\x46")),
    ] {
        assert_eq!(field(devices[0], number), expected, "{number}");
    }
    assert_eq!(get(&server, "/v3/paths", &pune).await.assert(200, PROTOBUF), b"", "a list of nothing");
}

#[tokio::test]
async fn guids_are_two_halves_or_a_text() {
    let server = TestServer::start().await;
    let list = get(&server, "/v3/branches", &key()).await.assert(200, PROTOBUF);
    let branch = messages(&list)[0];
    // 34599804-829e-480c-91e4-203e25b1cc53
    let guid = b"\x09\x04\x98\x59\x34\x9e\x82\x0c\x48\x11\x91\xe4\x20\x3e\x25\xb1\xcc\x53";
    assert_eq!(field(branch, 3), Field::Bytes(guid));
    assert_eq!((text_of(branch, 2), text_of(branch, 4)), ("Bratislava".to_owned(), "Europe/Bratislava".to_owned()));
    assert_eq!(get(&server, "/v3/branches/1", &key()).await.assert(200, PROTOBUF), branch);
    for path in ["/v3/areas/1", "/v3/paths/1"] {
        let (lo, hi) = halves(server.get(path, &key()).await.assert(200).json()["Guid"].as_str().unwrap());
        let message = get(&server, path, &key()).await.assert(200, PROTOBUF);
        let Field::Bytes(guid) = field(&message, 2) else { panic!("{message:?}") };
        assert_eq!(scan(guid), [(1, Field::Fixed64(&lo)), (2, Field::Fixed64(&hi))], "{path}");
    }
    let sector = get(&server, "/v3/sectors/1", &key()).await.assert(200, PROTOBUF);
    assert_eq!(text_of(&sector, 2), "a72f352b-a079-4533-9cb0-4203fa685794");
}

#[tokio::test]
async fn a_change_takes_the_fields_that_are_there() {
    let server = TestServer::start().await;
    // Title, Login, Password.
    let body = b"\x42\x03Tug\xb2\x01\x06tug-01\xd2\x01\x0dsecret-of-tug";
    let made = post(&server, "/v3/devices", &key(), body).await.assert(201, PROTOBUF);
    assert_eq!((text_of(&made, 8), text_of(&made, 22)), ("Tug".to_owned(), "tug-01".to_owned()));
    assert!(scan(&made).iter().all(|(number, _)| *number != 26), "the password is shown");
    let login = json!({ "Client": "acme-logistics", "Login": "tug-01", "Password": "secret-of-tug" });
    server.post("/v3/Authorization/Authenticate", &Signature::none(), &login).await.assert(200);
    let Field::Varint(id) = field(&made, 1) else { panic!("{made:?}") };
    let path = format!("/v3/devices/{id}");
    let mut expected = server.get(&path, &key()).await.assert(200).json();
    // Note; Geofence; Id and BranchId, in vain; nothing.
    let (note, geofence) = (b"\x4a\x04rent", b"\xc0\x01\x01");
    for (body, name, value) in [
        (note.as_slice(), "Note", json!("rent")),
        (geofence, "Geofence", json!(true)),
        (b"\x08\x63\x18\x4d", "BranchId", json!(1)),
        (b"", "Login", json!("tug-01")),
    ] {
        expected[name] = value;
        call(&server, (Method::PATCH, &path), &key(), Some((PROTOBUF, body)), PROTOBUF).await.assert(200, PROTOBUF);
        assert_eq!(server.get(&path, &key()).await.assert(200).json(), expected, "{name}");
    }
    call(&server, (Method::DELETE, &path), &key(), None, PROTOBUF).await.assert_empty(204);
}

#[tokio::test]
async fn garbage_is_a_problem_in_json_and_stores_nothing() {
    let server = TestServer::start().await;
    let signature = log_in(&server).await;
    let garbage: [&[u8]; 10] = [
        b"\xff",
        b"\x0a\xff",
        b"\x0a\x05\x08\x01",
        b"\x0f",
        b"\x08\x01",
        b"{}",
        b"\x0a\x02\x08\x01\x0a\x04\x0a\x02\x08\x01", // A Timestamp that is no number, after a good record.
        b"\x0a\x03\x38\x80\x02",                     // Battery 256.
        b"\x0a\x05\x1d\x00\x00\xc0\x7f",             // X is not a number.
        b"\x0a\x05\x1d\x00\x00\x80\x7f",             // X is infinite.
    ];
    for body in garbage {
        let problem = post(&server, "/v3/localization", &signature, body).await.assert_problem(400);
        let errors: Vec<_> = problem["errors"].as_object().unwrap().keys().collect();
        assert_eq!(errors, ["locationContract"], "{body:?}");
        assert_eq!(server.last_reason().await, "BodyInvalid");
    }
    assert_eq!(server.get("/v3/devices/locations?deviceId=1", &key()).await.json(), json!([]));
    post(&server, "/v3/Authorization/Authenticate", &unsigned(), b"\x12\x02\xff\xfe").await.assert_problem(400);
    let problem = post(&server, "/v3/Authorization/Authenticate", &unsigned(), b"").await.assert_problem(400);
    let expected =
        json!({ "Login": ["The Login field is required."], "Password": ["The Password field is required."] });
    assert_eq!(problem["errors"], expected);
}

#[tokio::test]
async fn what_has_no_message_travels_as_json_alone() {
    let server = TestServer::start().await;
    for path in ["/v3/shifts", "/v3/quantities", "/v3/logs", "/v3/users", "/v3/devices/man-down"] {
        post(&server, path, &key(), b"\x12\x05Night").await.assert_problem(415);
        assert_eq!(server.last_reason().await, "MediaTypeUnsupported");
    }
    let shift = Some((JSON, br#"{"Title":"Night"}"#.as_slice()));
    let made = call(&server, (Method::POST, "/v3/shifts"), &key(), shift, PROTOBUF).await.assert_json(201);
    assert_eq!(made["Title"], "Night");
    for path in "clients,shifts,quantities,configuration/branch/map-theme,devices/dynamic-locations,\
        devices/dynamic-locations-short,areas/grid-area-occurrence?start=0&stop=1,aos/v2/data/orders,utils/demo-files-info"
        .split(',')
    {
        get(&server, &format!("/v3/{path}"), &key()).await.assert_json(200);
    }
    for media in ["text/plain", "application/xml", ""] {
        let body = Some((media, b"\x1a\x04Ramp".as_slice()));
        call(&server, (Method::POST, "/v3/areas"), &key(), body, PROTOBUF).await.assert_problem(415);
    }
    get(&server, "/v3/areas/99", &key()).await.assert_problem(404);
    get(&server, "/v3/areas", &unsigned()).await.assert_problem(401);
}

#[tokio::test]
async fn a_sensor_is_made_alone_and_its_data_comes_in_a_batch() {
    let server = TestServer::start().await;
    let made = post(&server, "/v3/sensors", &key(), b"\x12\x08scale-01\x1a\x05Scale\x48\x01").await;
    let made = made.assert(201, PROTOBUF);
    assert_eq!((text_of(&made, 2), field(&made, 9)), ("scale-01".to_owned(), Field::Varint(1)));
    // Login; then Timestamp 5, Quantity, Value, Unit, DataType, ValueOK.
    let batch = b"\x0a\x28\x0a\x08scale-01\x12\x1c\x08\x05\x12\x06Weight\x1a\x0212\x22\x02kg\x2a\x06Double\x30\x01";
    let answer = post(&server, "/v3/sensors/batch", &key(), batch).await;
    assert_eq!(answer.assert_json(200)[0]["SensorData"][0]["Action"], "Create");
    let sensor = server.get("/v3/sensors/login/scale-01", &key()).await.assert(200).json();
    let data = &sensor["SensorData"][0];
    let shown = ["Timestamp", "Quantity", "Value", "Unit", "DataType"].map(|name| data[name].clone());
    assert_eq!(shown, [json!(5), json!("Weight"), json!("12"), json!("kg"), json!("Double")]);
    let info = get(&server, "/v3/sensors/app-info", &key()).await.assert(200, PROTOBUF);
    assert_eq!(scan(&info), [(1, text("1.3.0")), (2, Field::Varint(48_213))]);
}

#[tokio::test]
async fn no_secret_of_a_message_is_in_the_journal() {
    let server = TestServer::start().await;
    let wrong = b"\x0a\x0eacme-logistics\x12\x0bforklift-01\x1a\x12typed-by-a-mistake";
    post(&server, "/v3/Authorization/Authenticate", &unsigned(), wrong).await.assert_problem(401);
    let body = b"\x12\x08scale-01\x1a\x05Scale\x72\x0fsecret-of-scale";
    let made = post(&server, "/v3/sensors", &key(), body).await.assert(201, PROTOBUF);
    assert!(scan(&made).iter().all(|(number, _)| *number != 14), "the password is shown");
    let signature = log_in(&server).await;
    let journal = send(server.request(Method::GET, "/__admin/requests?limit=100")).await.assert(200).text;
    for secret in ["typed-by-a-mistake", "secret-of-scale", "forklift-01-pass", signature.value("Token")] {
        assert!(!journal.contains(secret), "{secret} is in {journal}");
    }
}
