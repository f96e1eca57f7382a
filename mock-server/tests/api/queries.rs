//! Query options of lists and rows: docs/twinzo.md §1.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{API_KEY, BRATISLAVA, PUNE, Reply, START_MS, Signature, TestServer};

fn key() -> Signature {
    Signature::api_key(BRATISLAVA, API_KEY)
}

async fn ids(server: &TestServer, path: &str) -> Vec<i64> {
    let list = server.get(path, &key()).await.assert(200).json();
    list.as_array().unwrap().iter().map(|one| one["Id"].as_i64().unwrap()).collect()
}

async fn refused(server: &TestServer, path: &str) -> Value {
    let problem = server.get(path, &key()).await.assert_problem(400);
    assert_eq!(problem["title"], "One or more validation errors occurred.");
    assert_eq!(server.last_reason().await, "QueryInvalid");
    problem["errors"].clone()
}

#[tokio::test]
async fn devices_are_filtered_sorted_and_paged() {
    let server = TestServer::start().await;
    for (query, expected) in [
        ("$filter=Id%20eq%2012", &[12][..]),
        ("$filter=Id+ge+3+and+Id+lt+13", &[3, 11, 12]),
        ("$filter=Login eq 'agv-07' or Login eq 'walker-01' or Id eq 99", &[2, 3]),
        ("$filter=Login eq 'agv-27'", &[]),
        ("$filter=Id in (15,1,4)", &[1, 15]),
        ("$filter=Id gt 3000000000 or Id lt -3000000000", &[]),
        ("$filter=startswith(Login,'agv-') and not contains(Title,'with') and SectorId eq 1", &[3, 12]),
        ("$filter=endswith(tolower(Mac),':01:05')", &[15]),
        ("$filter=Note eq null and Id le 2", &[1, 2]),
        ("$orderby=Id desc&$top=2", &[15, 14]),
        ("$orderby=Id desc&$skip=6", &[2, 1]),
        ("$top=3&$skip=2", &[3, 11, 12]),
        ("$skip=8", &[]),
        ("$top=0", &[]),
        ("$orderby=Color,Title desc&$top=4", &[2, 3, 15, 11]),
        ("$orderby=SectorId desc,Id&$top=4&$filter=Id lt 15", &[2, 14, 1, 3]),
        ("$orderby=Title&$skip=6", &[1, 2]),
        ("$filter=Id gt 11&$orderby=Id desc&$skip=1&$top=2", &[14, 13]),
        ("$TOP=1&%24SKIP=1&top=7", &[2]),
    ] {
        assert_eq!(ids(&server, &format!("/v3/devices?{query}")).await, expected, "{query}");
    }
}

#[tokio::test]
async fn positions_can_be_asked_for_as_they_are_shown() {
    let server = TestServer::start().await;
    let forklift = server.signature_of("forklift-01").await;
    let record = |x: f64| json!([{ "Timestamp": START_MS, "SectorId": 2, "X": x, "Y": 5, "Battery": 87 }]);
    server.post("/v3/localization", &forklift, &record(12_500.5)).await.assert(200);
    assert_eq!(ids(&server, "/v3/devices?$filter=X gt 12500 and Battery eq 87").await, [1]);
    assert_eq!(ids(&server, "/v3/devices?$filter=X ne null").await, [1]);
    // In the row it is sector 1.
    assert_eq!(ids(&server, "/v3/devices?$filter=SectorId eq 2&$orderby=Id").await, [1, 2, 14, 15]);
    assert_eq!(ids(&server, "/v3/devices?$orderby=X desc&$top=2").await, [1, 2]);
    // A write is seen by the next read.
    server.post("/v3/localization", &forklift, &record(1.0)).await.assert(200);
    assert_eq!(ids(&server, "/v3/devices?$filter=X gt 12500").await, [0_i64; 0]);
    let made = json!({ "Title": "New", "Login": "new-01", "Password": "new-01-pass" });
    let id = server.post("/v3/devices", &key(), &made).await.assert(201).json()["Id"].as_i64().unwrap();
    assert_eq!(ids(&server, "/v3/devices?$filter=Login eq 'new-01'").await, [id]);
    let renamed = server.request(Method::PATCH, &format!("/v3/devices/{id}")).json(&json!({ "Login": "new-02" }));
    assert_eq!(key().sign(renamed).send().await.unwrap().status(), 200);
    assert_eq!(ids(&server, "/v3/devices?$filter=Login eq 'new-01'").await, [0_i64; 0]);
    assert_eq!(ids(&server, "/v3/devices?$filter=Login eq 'new-02'").await, [id]);
}

#[tokio::test]
async fn the_number_of_rows_is_that_of_the_filter() {
    let server = TestServer::start().await;
    let count = |reply: &Reply| reply.header("x-total-count").to_owned();
    for (query, expected, rows) in [
        ("$count=true", "8", 8),
        ("$count=true&$top=0", "8", 0),
        ("$count=true&$skip=3&$top=2", "8", 2),
        ("$count=true&$filter=SectorId eq 2&$top=1", "3", 1),
        ("$count=true&$filter=SectorId eq 2&$top=1&$orderby=Title", "3", 1),
        ("$count=true&$filter=Login eq 'agv-07'", "1", 1),
        ("$count=true&$filter=Id lt 12&$skip=9", "4", 0),
    ] {
        let reply = server.get(&format!("/v3/devices?{query}"), &key()).await.assert(200);
        assert_eq!(count(&reply), expected, "{query}");
        assert_eq!(reply.json().as_array().unwrap().len(), rows, "{query}");
    }
    let plain = server.get("/v3/devices?$count=false", &key()).await.assert(200);
    assert!(!plain.headers.contains_key("x-total-count"));

    let server = TestServer::with(|config| {
        config.twinzo = toml::from_str("answers = { count = 'envelope' }").unwrap();
    })
    .await;
    let enveloped = server.get("/v3/sectors?$count=true&$select=Id&$top=1", &key()).await.assert(200);
    assert_eq!(enveloped.text, r#"{"@odata.count":2,"value":[{"Id":1}]}"#);
    assert_eq!(server.get("/v3/sectors?$select=Id&$top=1", &key()).await.assert(200).text, r#"[{"Id":1}]"#);
}

#[tokio::test]
async fn only_what_is_selected_is_shown() {
    let server = TestServer::start().await;
    let text = async |path: &str| server.get(path, &key()).await.assert(200).text;
    assert_eq!(
        text("/v3/devices?$select=title,Id,IsMoving,Note&$top=1").await,
        r#"[{"Id":1,"Title":"Forklift 01","IsMoving":false}]"#
    );
    assert_eq!(text("/v3/devices/login/agv-07?$select=Login").await, r#"{"Login":"agv-07"}"#);
    assert_eq!(
        text("/v3/paths?$select=Id&$expand=PathPoints&$top=1").await,
        r#"[{"Id":1,"PathPoints":[{"Id":1000,"PathId":1,"BranchId":1,"Index":0,"X":0,"Y":40000},{"Id":1001,"PathId":1,"BranchId":1,"Index":1,"X":60000,"Y":40000},{"Id":1002,"PathId":1,"BranchId":1,"Index":2,"X":120000,"Y":40000}]}]"#
    );
    let whole = text("/v3/devices/1").await;
    assert_eq!(text("/v3/devices/1?$select=*").await, whole);
    let made = server
        .post("/v3/shifts?$select=Title", &key(), &json!({ "Title": "Late", "StartTime": 1, "StopTime": 2 }))
        .await
        .assert(201);
    assert_eq!(made.text, r#"{"Title":"Late"}"#);
}

#[tokio::test]
async fn a_selection_travels_as_protobuf_too() {
    let server = TestServer::start().await;
    let request = server.request(Method::GET, "/v3/devices?$select=Id,Login&$top=1");
    let reply = key().sign(request).header("accept", "application/x-protobuf").send().await.unwrap();
    // One row (field 1) of Id (1) and Login (22).
    assert_eq!(&*reply.bytes().await.unwrap(), b"\x0a\x10\x08\x01\xb2\x01\x0bforklift-01");
}

#[tokio::test]
async fn rows_of_others_are_shown_where_they_are_asked_for() {
    let server = TestServer::start().await;
    let json = async |path: &str| server.get(path, &key()).await.assert(200).json();
    let titles = |rows: &Value| {
        rows.as_array().unwrap().iter().map(|row| row["Title"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let sectors = json("/v3/sectors?$expand=Areas,Beacons,Sensors,Paths").await;
    assert_eq!(titles(&sectors[0]["Areas"]), ["Loading bay", "Press"]);
    assert_eq!(titles(&sectors[0]["Beacons"]), ["Beacon 01", "Beacon 02"]);
    assert_eq!(titles(&sectors[0]["Sensors"]), ["Dock thermometer"]);
    assert_eq!(titles(&sectors[0]["Paths"]), ["Main aisle"]);
    assert_eq!((&sectors[1]["Areas"], &sectors[0]["GpsItems"]), (&json!([]), &json!([])));
    assert_eq!(sectors[0]["Paths"][0]["PathPoints"], json!([]), "what is inside shows no rows of its own");
    assert_eq!(titles(&json("/v3/layers/1?$expand=Areas").await["Areas"]), ["Loading bay"]);
    let branches = json("/v3/branches?$expand=Sectors&$filter=Title eq 'Bratislava'").await;
    assert_eq!(titles(&branches[0]["Sectors"]).len(), 2);

    let body = json!({ "Title": "Tug", "Login": "tug-01", "Password": "tug-01-pass", "Layers": [2, 99] });
    let id = server.post("/v3/devices", &key(), &body).await.assert(201).json()["Id"].clone();
    assert_eq!(titles(&json(&format!("/v3/devices/{id}?$expand=*")).await["Layers"]), ["Keep out"]);
    assert_eq!(json(&format!("/v3/devices/{id}")).await["Layers"], json!([]));
    assert_eq!(titles(&json("/v3/layers/2?$expand=Devices").await["Devices"]), ["Tug"]);
    assert_eq!(json("/v3/devices/login/tug-01/?$expand=Account").await["Layers"], json!([]));
    let located = json("/v3/layers/localization/forklift-01?$expand=Areas,Devices&$select=Title").await;
    assert_eq!(titles(&located[0]["Areas"]), ["Loading bay"]);
}

#[tokio::test]
async fn lists_of_no_collection_can_be_queried_too() {
    let server = TestServer::start().await;
    let json = async |path: &str| server.get(path, &key()).await.assert(200).json();
    let forklift = server.signature_of("forklift-01").await;
    let records: Vec<_> = (0..5).map(|n| json!({ "Timestamp": START_MS + n, "SectorId": 1, "X": n, "Y": 0 })).collect();
    server.post("/v3/localization", &forklift, &json!(records)).await.assert(200);
    let history = json("/v3/devices/locations/?deviceId=1&$filter=X ge 2&$orderby=Timestamp desc&$top=2").await;
    assert_eq!((&history[0]["X"], &history[1]["X"], &history[2]), (&json!(4), &json!(3), &Value::Null));
    let located = json("/v3/devices/dynamic-locations?$select=Login&$filter=Type eq null").await;
    assert_eq!(located, json!([{ "Login": "forklift-01" }]));
    assert_eq!(json("/v3/clients?$select=Title").await, json!([{ "Title": "acme-logistics" }]));
    assert_eq!(json("/v3/branches?$orderby=Title desc&$select=Title&$top=1").await, json!([{ "Title": "Pune" }]));
    let there = server.get("/v3/branches?$count=true&$top=1", &Signature::api_key(PUNE, API_KEY)).await.assert(200);
    assert_eq!(there.header("x-total-count"), "2");
}

#[tokio::test]
async fn a_query_that_is_not_understood_is_refused_where_it_goes_wrong() {
    let server = TestServer::start().await;
    for (path, errors) in [
        (
            "/v3/devices?$filter=Id eq 1 and Titel eq 'x'",
            json!({ "$filter": ["DeviceContract has no member Titel; did you mean Title?, at character 13"] }),
        ),
        (
            "/v3/sectors?$filter=contains(Title,'x'",
            json!({ "$filter": ["expected ), found the end, at character 19"] }),
        ),
        (
            "/v3/areas?$orderby=Updated&$top=-1",
            json!({ "$top": ["\"-1\" is not a whole number from 0 to 2147483647"] }),
        ),
        ("/v3/areas?$top=1&$top=2", json!({ "$top": ["it is there twice"] })),
        (
            "/v3/areas/1?$top=1",
            json!({ "$top": ["a single row is asked for, and this is for lists; allowed: $select, $expand"] }),
        ),
        (
            "/v3/shifts?$expand=Devices",
            json!({ "$expand": ["ShiftContract has no rows Devices to expand; it has none"] }),
        ),
        (
            "/v3/devices/locations?deviceId=1&$filter=Speed gt 1",
            json!({ "$filter": ["LocationContract has no member Speed; allowed: Timestamp, SectorId, X, Y, Z, Interval, \
                Battery, IsMoving, LocalizationAreas, NoGoAreas, Distances"] }),
        ),
    ] {
        assert_eq!(refused(&server, path).await, errors, "{path}");
    }
    let problem = server.get("/v3/devices?$filter=Title%20eq%20'%FF'", &key()).await.assert_problem(400);
    assert_eq!(problem["errors"], json!({ "$filter": ["it is not UTF-8"] }));
    // Nothing is stored under a query that is refused.
    let made = server.post("/v3/shifts?$top=1", &key(), &json!({ "Title": "Midnight" })).await;
    made.assert_problem(400);
    assert_eq!(ids(&server, "/v3/shifts?$filter=Title eq 'Midnight'").await, [0_i64; 0]);
}

#[tokio::test]
async fn rows_inside_others_have_an_end() {
    let server = TestServer::with(|config| config.world.generate = "beacons=45000".parse().unwrap()).await;
    assert_eq!(
        refused(&server, "/v3/sectors?$expand=Beacons").await,
        json!({ "$expand": ["more than 20000 rows would stand inside others; ask for fewer with $top or $filter"] })
    );
    server.get("/v3/sectors?$expand=Sensors", &key()).await.assert(200);
    // Nothing has changed when it turns out that the answer cannot be given.
    let change = server.request(Method::PATCH, "/v3/sectors/1?$expand=Beacons").json(&json!({ "Title": "New" }));
    assert_eq!(key().sign(change).send().await.unwrap().status(), 400);
    assert_eq!(ids(&server, "/v3/sectors?$filter=Title eq 'New'").await, [0_i64; 0]);
}

#[tokio::test]
async fn whatever_a_position_changes_can_be_asked_for() {
    let server = TestServer::start().await;
    let before = server.get("/v3/devices/1", &key()).await.assert(200).json();
    let forklift = server.signature_of("forklift-01").await;
    let record = json!([{ "Timestamp": START_MS, "SectorId": 2, "X": 1.5, "Y": 2.5, "Z": 3.5, "Battery": 87, "IsMoving": true }]);
    server.post("/v3/localization", &forklift, &record).await.assert(200);
    let fall = json!({ "Login": "forklift-01", "Timestamp": START_MS, "FallType": "ManDown" });
    server.post("/v3/devices/man-down", &key(), &fall).await.assert(200);
    let after = server.get("/v3/devices/1", &key()).await.assert(200).json();
    let changed: Vec<_> = after.as_object().unwrap().iter().filter(|(name, value)| before[*name] != **value).collect();
    let names: Vec<_> = changed.iter().map(|(name, _)| name.as_str()).collect();
    let expected = ["SectorId", "LastTimeOnline", "X", "Y", "IsMoving", "FallStatus", "Battery", "Heartbeat", "Z"];
    assert_eq!(names, expected);
    for (name, value) in changed {
        let value = value.as_str().map_or_else(|| value.to_string(), |text| format!("'{text}'"));
        let filter = format!("{name} eq {value} and Id eq 1");
        assert_eq!(ids(&server, &format!("/v3/devices?$filter={filter}")).await, [1], "{filter}");
    }
}
