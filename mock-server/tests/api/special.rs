//! Routes beside the five verbs, of devices, layers, areas, paths and sectors: docs/twinzo.md §4.6 and §6.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{API_KEY, BRATISLAVA, PUNE, Reply, START_MS, Signature, TestServer, send};

const MAN_DOWN: &str = "/v3/devices/man-down";
const FALLS: [&str; 6] =
    ["OK", "ManDown", "ManDownControl", "ManDownPositive", "ManDownNegative", "ManDownNegativeAfterLimit"];
const HOUR: i64 = 3_600_000;
/// Midnight in Bratislava, one hour ahead of UTC, before [`START_MS`].
const MIDNIGHT: i64 = START_MS - HOUR;

fn key() -> Signature {
    Signature::api_key(BRATISLAVA, API_KEY)
}

fn pune() -> Signature {
    Signature::api_key(PUNE, API_KEY)
}

async fn patch(server: &TestServer, path: &str, change: &Value) -> Reply {
    send(key().sign(server.request(Method::PATCH, path)).json(change)).await
}

fn fall(login: &str, seconds: i64, fall: impl Into<Value>) -> Value {
    json!({ "Login": login, "Timestamp": START_MS + 1000 * seconds, "FallType": fall.into() })
}

async fn fall_status(server: &TestServer, device: i32) -> Value {
    server.get(&format!("/v3/devices/{device}"), &key()).await.assert(200).json()["FallStatus"].clone()
}

async fn post_positions(server: &TestServer, login: &str, records: &Value) {
    let body = json!([{ "Login": login, "Locations": records }]);
    assert_eq!(server.post("/v3/localization/batch", &key(), &body).await.assert(200).json()[0]["Success"], true);
}

fn titles(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|one| one["Title"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_fall_is_taken_by_name_and_by_number() {
    let server = TestServer::start().await;
    let signature = server.signature_of("forklift-01").await;
    for (seconds, (number, name)) in (0..).step_by(2).zip(FALLS.iter().enumerate()) {
        for (seconds, kind) in [(seconds, json!(name)), (seconds + 1, json!(number))] {
            let reply = server.post(MAN_DOWN, &signature, &fall("forklift-01", seconds, kind)).await.assert(200);
            let time = START_MS + 1000 * seconds;
            let expected = format!(r#"{{"Login":"forklift-01","Timestamp":{time},"Action":1,"Success":true}}"#);
            assert_eq!(reply.text, expected);
            assert_eq!(fall_status(&server, 1).await, *name);
        }
    }
}

#[tokio::test]
async fn a_fall_that_comes_late_changes_nothing() {
    let server = TestServer::start().await;
    for (seconds, kind, expected) in [(9, 1, "ManDown"), (5, 3, "ManDown"), (9, 4, "ManDownNegative")] {
        let reply = server.post(MAN_DOWN, &key(), &fall("walker-01", seconds, kind)).await.assert(200).json();
        assert_eq!(reply["Success"], true);
        assert_eq!(fall_status(&server, 2).await, expected);
    }
}

#[tokio::test]
async fn a_fall_of_nobody_is_told_in_a_200() {
    let server = TestServer::start().await;
    let told = |login: &str| {
        json!({ "Login": login, "Timestamp": START_MS, "Action": 0, "Success": false,
                "ErrorMessage": format!("Device {login} does not exist.") })
    };
    let reply = server.post(MAN_DOWN, &key(), &fall("ghost-1", 0, "ManDown")).await.assert(200).json();
    assert_eq!(reply, told("ghost-1"));
    assert_eq!(server.last_reason().await, "DeviceNotInBranch");
    let body = [fall("walker-01", 0, 1), fall("ghost-1", 0, 1), fall("agv-27", 0, 1), fall("dock-thermometer", 0, 1)];
    let reply = server.post("/v3/devices/man-down/batch", &key(), &json!(body)).await.assert(200).json();
    let good = json!({ "Login": "walker-01", "Timestamp": START_MS, "Action": 1, "Success": true });
    assert_eq!(reply, json!([good, told("ghost-1"), told("agv-27"), told("dock-thermometer")]));
    assert_eq!(fall_status(&server, 2).await, "ManDown");
    assert_eq!(server.post("/v3/devices/man-down/batch", &key(), &json!([])).await.assert(200).text, "[]");
}

#[tokio::test]
async fn a_fall_of_no_kind_is_refused_and_nothing_is_stored() {
    let server = TestServer::start().await;
    for kind in [json!(6), json!(-1), json!(1.5), json!("Fallen"), json!(""), json!(null), json!(true)] {
        let one = server.post(MAN_DOWN, &key(), &fall("walker-01", 0, kind.clone())).await.assert_problem(400);
        assert!(one["errors"]["$.FallType"].is_array(), "{kind} → {one}");
        let batch = json!([fall("walker-01", 0, 1), fall("agv-07", 0, kind.clone())]);
        let batch = server.post("/v3/devices/man-down/batch", &key(), &batch).await.assert_problem(400);
        assert!(batch["errors"]["$[1].FallType"].is_array(), "{kind} → {batch}");
    }
    let nameless = json!({ "Timestamp": START_MS, "FallType": 1 });
    let problem = server.post(MAN_DOWN, &key(), &nameless).await.assert_problem(400);
    assert_eq!(problem["errors"], json!({ "Login": ["The Login field is required."] }));
    let batch = json!([fall("walker-01", 0, 1), nameless]);
    let problem = server.post("/v3/devices/man-down/batch", &key(), &batch).await.assert_problem(400);
    assert_eq!(problem["errors"], json!({ "[1].Login": ["The Login field is required."] }));
    assert_eq!((fall_status(&server, 2).await, fall_status(&server, 3).await), (json!("OK"), json!("OK")));
}

#[tokio::test]
async fn dynamic_locations_show_who_is_where() {
    let server = TestServer::start().await;
    patch(&server, "/v3/devices/1", &json!({ "DeviceType": "forklift" })).await.assert(200);
    let records = json!([{ "Timestamp": START_MS, "SectorId": 2, "X": 1.5, "Y": 2 }]);
    post_positions(&server, "forklift-01", &records).await;
    post_positions(&server, "agv-07", &json!([{ "Timestamp": START_MS, "SectorId": 1, "X": -7, "Y": 0.25 }])).await;
    server.post(MAN_DOWN, &key(), &fall("forklift-01", 0, "ManDownControl")).await.assert(200);
    let of = |list: &Value, login: &str| {
        list.as_array().unwrap().iter().filter(|one| one["Login"] == login).cloned().collect::<Vec<_>>()
    };
    let list = server.get("/v3/devices/dynamic-locations", &key()).await.assert(200).json();
    let forklift = json!({ "Id": "1", "Login": "forklift-01", "Title": "Forklift 01", "SectorId": 2, "Type": "forklift",
        "X": 1.5, "Y": 2, "FallStatus": 2 });
    let agv =
        json!({ "Id": "3", "Login": "agv-07", "Title": "AGV 07", "SectorId": 1, "X": -7, "Y": 0.25, "FallStatus": 0 });
    assert_eq!((of(&list, "forklift-01"), of(&list, "agv-07")), (vec![forklift], vec![agv]));
    let short = server.get("/v3/devices/dynamic-locations-short/", &key()).await.assert(200).json();
    let expected = json!([
        { "SectorId": 1, "Locations": [{ "Id": "3", "X": -7, "Y": 0.25, "FallStatus": 0 }] },
        { "SectorId": 2, "Locations": [{ "Id": "1", "X": 1.5, "Y": 2, "FallStatus": 2 }] },
    ]);
    assert_eq!(short, expected);
    for path in ["/v3/devices/dynamic-locations", "/v3/devices/dynamic-locations-short"] {
        assert_eq!(server.get(path, &pune()).await.assert(200).text, "[]");
    }
}

#[tokio::test]
async fn a_device_is_located_by_the_layers_that_it_may_enter() {
    let server = TestServer::start().await;
    let loading_bay = server.get("/v3/areas/1", &key()).await.assert(200).json();
    let press = server.get("/v3/areas/2", &key()).await.assert(200).json();
    let layers = server.get("/v3/layers/localization/forklift-01", &key()).await.assert(200).json();
    assert_eq!((titles(&layers), &layers[0]["Areas"]), (vec!["Forklifts only"], &json!([loading_bay])));
    let posted = server.post("/v3/layers/localization", &key(), &json!({ "Login": "forklift-01" })).await.assert(200);
    assert_eq!(posted.json(), layers);
    let no_go = server.get("/v3/layers/device/forklift-01", &key()).await.assert(200).json();
    assert_eq!((titles(&no_go), &no_go[0]["Areas"]), (vec!["Keep out"], &json!([press])));
    let of_pune = server.get("/v3/layers/localization/agv-27", &pune()).await.assert(200).json();
    assert_eq!((titles(&of_pune), &of_pune[0]["Areas"]), (vec!["Loading docks"], &json!([])));

    // A layer that takes no part in localization, and one of a device's own.
    server.post("/v3/layers", &key(), &json!({ "Title": "Paint" })).await.assert(201);
    let own = json!({ "Title": "Own", "Localization": true });
    let own = server.post("/v3/layers", &key(), &own).await.assert(201).json();
    patch(&server, "/v3/devices/3", &json!({ "Layers": [own["Id"]] })).await.assert(200);
    for (login, expected) in [("forklift-01", vec!["Forklifts only", "Own"]), ("agv-07", vec!["Own"])] {
        let layers = server.get(&format!("/v3/layers/localization/{login}"), &key()).await.assert(200).json();
        assert_eq!(titles(&layers), expected, "{login}");
    }
}

#[tokio::test]
async fn layers_of_a_stranger_are_not_found() {
    let server = TestServer::start().await;
    for login in ["ghost-1", "agv-27", "dock-thermometer"] {
        for path in ["localization", "device"] {
            let problem = server.get(&format!("/v3/layers/{path}/{login}"), &key()).await.assert_problem(404);
            assert_eq!(problem["code"], "13");
        }
        server.post("/v3/layers/localization", &key(), &json!({ "Login": login })).await.assert_problem(404);
    }
    let problem = server.post("/v3/layers/localization", &key(), &json!({})).await.assert_problem(400);
    assert_eq!(problem["errors"], json!({ "Login": ["The Login field is required."] }));
}

/// A record of a device that is in areas, and in some that it is to keep out of.
fn inside(time: i64, areas: &Value, no_go: &Value) -> Value {
    json!({ "Timestamp": time, "LocalizationAreas": areas, "NoGoAreas": no_go })
}

#[tokio::test]
async fn time_in_areas_is_reckoned_from_the_records_that_name_them() {
    let server = TestServer::start().await;
    let (here, there, nowhere) = (json!([1]), json!([2]), json!(null));
    let second = |seconds: i64| START_MS + 1000 * seconds;
    let records = json!([
        inside(second(0), &nowhere, &nowhere),
        inside(second(10), &here, &json!([])),
        inside(second(20), &here, &there),
        inside(second(50), &here, &nowhere),
        inside(second(60), &nowhere, &nowhere),
        inside(second(90), &here, &nowhere),
        inside(second(100), &json!([]), &nowhere),
    ]);
    post_positions(&server, "forklift-01", &records).await;
    let get = async |query: &str| server.get(&format!("/v3/areas/grid-area-occurrence/?{query}"), &key()).await;
    // In the loading bay from 10 to 60 and from 90 to 100, in the press from 20 to 50.
    let expected = json!([
        { "Start": second(10), "Stop": second(100), "Date": MIDNIGHT, "Device": "Forklift 01", "Layer": "Forklifts only",
          "Area": "Loading bay", "IsNoGo": false, "Duration": 60_000, "Occurrences": 2 },
        { "Start": second(20), "Stop": second(50), "Date": MIDNIGHT, "Device": "Forklift 01", "Layer": "Keep out",
          "Area": "Press", "IsNoGo": true, "Duration": 30_000, "Occurrences": 1 },
    ]);
    let all = format!("start={START_MS}&stop={}", second(200));
    for query in [format!("deviceId=1&{all}"), all.clone()] {
        assert_eq!(get(&query).await.assert(200).json(), expected, "{query}");
    }
    assert_eq!(get(&format!("deviceId=2&{all}")).await.assert(200).text, "[]");
    let before = format!("deviceId=1&start={}&stop={}", START_MS - HOUR, second(5));
    assert_eq!(get(&before).await.assert(200).text, "[]");
    for (query, status) in [("deviceId=4&", 404), ("deviceId=99&", 404), ("shiftId=9&", 404), ("deviceId=x&", 400)] {
        get(&format!("{query}{all}")).await.assert_problem(status);
    }
    for (query, missing) in [("stop=1", "start"), ("start=1", "stop")] {
        assert!(get(query).await.assert_problem(400)["errors"][missing].is_array(), "{query}");
    }
}

#[tokio::test]
async fn of_a_shift_only_its_own_hours_count() {
    let server = TestServer::start().await;
    let (here, nowhere) = (json!([1]), json!([]));
    // Hours by the clock on the wall; the early shift goes from 6 to 14.
    let records: Vec<Value> = [(4, &here), (5, &nowhere), (7, &here), (8, &nowhere), (10, &here), (12, &nowhere)]
        .into_iter()
        .map(|(hour, areas)| inside(MIDNIGHT + hour * HOUR, areas, &nowhere))
        .collect();
    post_positions(&server, "walker-01", &json!(records)).await;
    let get = async |shift: i32| {
        let query = format!("deviceId=2&shiftId={shift}&start={MIDNIGHT}&stop={}", MIDNIGHT + 24 * HOUR);
        server.get(&format!("/v3/areas/grid-area-occurrence/?{query}"), &key()).await.assert(200).json()
    };
    let expected = json!([{ "Start": MIDNIGHT + 7 * HOUR, "Stop": MIDNIGHT + 12 * HOUR, "Date": MIDNIGHT,
        "Shift": "Early", "Device": "Walker 01", "Layer": "Forklifts only", "Area": "Loading bay", "IsNoGo": false,
        "Duration": 3 * HOUR, "Occurrences": 2 }]);
    assert_eq!(get(1).await, expected);
    assert_eq!(get(2).await, json!([]));
}

#[tokio::test]
async fn path_points_are_shown_where_they_are_asked_for() {
    let server = TestServer::start().await;
    let plain = server.get("/v3/paths/1", &key()).await.assert(200).json();
    assert_eq!((&plain["Title"], &plain["PathPoints"]), (&json!("Main aisle"), &json!([])));
    assert_eq!(server.get("/v3/paths", &key()).await.assert(200).json(), json!([plain]));
    let expanded = server.get("/v3/paths/1/?$expand=PathPoints", &key()).await.assert(200).json();
    assert_eq!(server.get("/v3/paths/?$expand=PathPoints", &key()).await.assert(200).json(), json!([expanded]));
    let points = expanded["PathPoints"].as_array().unwrap();
    let at = |point: &Value| (point["X"].as_i64().unwrap(), point["Y"].as_i64().unwrap());
    assert_eq!(points.iter().map(at).collect::<Vec<_>>(), [(0, 40_000), (60_000, 40_000), (120_000, 40_000)]);
    for (index, point) in points.iter().enumerate() {
        let facts = (&point["PathId"], &point["BranchId"], &point["Index"]);
        assert_eq!(facts, (&json!(1), &json!(1), &json!(index)), "{point}");
    }
    assert!(points[0]["Id"] != points[1]["Id"] && points[1]["Id"] != points[2]["Id"], "{expanded}");
    server.get("/v3/paths/2", &key()).await.assert_problem(404);
    server.get("/v3/paths/1", &pune()).await.assert_problem(404);
}

#[tokio::test]
async fn gps_items_are_shown_where_they_are_asked_for() {
    let server = TestServer::start().await;
    let items = json!([
        { "Id": 1, "SectorId": 1, "X": 0, "Y": 0, "Latitude": 48.1486, "Longitude": 17.1077 },
        { "Id": 2, "SectorId": 1, "X": 120_000, "Y": 0, "Latitude": 48.1486, "Longitude": 17.1093 },
        { "Id": 3, "SectorId": 1, "X": 0, "Y": 80_000, "Latitude": 48.1493, "Longitude": 17.1077 },
    ]);
    for query in ["$expand=GpsItems", "$EXPAND=Branch,gpsitems", "$expand=Areas%2CGpsItems"] {
        let one = server.get(&format!("/v3/sectors/1/?{query}"), &key()).await.assert(200).json();
        assert_eq!(one["GpsItems"], items, "{query}");
        let all = server.get(&format!("/v3/sectors/?{query}"), &key()).await.assert(200).json();
        assert_eq!((&all[0]["GpsItems"], &all[1]["GpsItems"]), (&items, &json!([])), "{query}");
    }
    assert_eq!(server.get("/v3/sectors/1", &key()).await.assert(200).json()["GpsItems"], json!([]));
}

#[tokio::test]
async fn a_client_may_encode_the_dollar_sign() {
    let server = TestServer::start().await;
    let sector = server.get("/v3/sectors/1?%24expand=GpsItems", &key()).await.assert(200).json();
    assert_eq!(sector["GpsItems"].as_array().map(Vec::len), Some(3));
    let path = server.get("/v3/paths/1?%24expand=PathPoints", &key()).await.assert(200).json();
    assert_eq!(path["PathPoints"].as_array().map(Vec::len), Some(3));
}

#[tokio::test]
async fn gps_items_belong_to_the_sector_that_they_come_with() {
    let server = TestServer::start().await;
    let item = |x: i32| json!({ "Id": x, "X": x, "Y": 2, "Latitude": 48.5, "Longitude": 17.5 });
    let body = json!({ "Title": "Yard", "GpsItems": [item(1), item(2)] });
    let id = server.post("/v3/sectors", &key(), &body).await.assert(201).json()["Id"].clone();
    let path = format!("/v3/sectors/{id}?$expand=GpsItems");
    let shown = async || {
        let sector = server.get(&path, &key()).await.assert(200).json();
        let items = sector["GpsItems"].as_array().unwrap().clone();
        items.into_iter().map(|item| (item["X"].clone(), item["SectorId"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(shown().await, [(json!(1), id.clone()), (json!(2), id.clone())]);
    patch(&server, &path, &json!({ "GpsItems": [item(3)] })).await.assert(200);
    assert_eq!(shown().await, [(json!(3), id.clone())]);
}
