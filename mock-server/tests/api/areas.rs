//! List, one, create, change, delete: the five verbs of every collection, docs/twinzo.md §6.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{API_KEY, BRATISLAVA, PUNE, Reply, START_MS, Signature, TestServer, send};

const ZERO_GUID: &str = "00000000-0000-0000-0000-000000000000";

/// A collection as one client sees it.
struct Collection {
    path: &'static str,
    /// All that a client may say of a row.
    body: Value,
    /// What the server adds, beside the id.
    added: Value,
    /// Members that say when a row was made.
    made: &'static [&'static str],
    /// Members that say when it changed last.
    changed: &'static [&'static str],
    /// What a client may change of it.
    change: Value,
}

struct Client<'s> {
    server: &'s TestServer,
    signature: Signature,
}

// === impl Client ===

impl<'s> Client<'s> {
    fn new(server: &'s TestServer, branch: &str) -> Self {
        Self { server, signature: Signature::api_key(branch, API_KEY) }
    }

    async fn call(&self, method: Method, path: &str, body: Option<&Value>) -> Reply {
        let request = self.signature.sign(self.server.request(method, path));
        send(match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    async fn get(&self, path: &str) -> Reply {
        self.call(Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::POST, path, Some(body)).await
    }

    async fn patch(&self, path: &str, body: &Value) -> Reply {
        self.call(Method::PATCH, path, Some(body)).await
    }

    async fn delete(&self, path: &str) -> Reply {
        self.call(Method::DELETE, path, None).await
    }

    /// None of the three verbs that take an id finds it, and the list is without it.
    async fn assert_gone(&self, path: &str, id: i64) {
        let one = format!("{path}/{id}");
        let replies = [self.get(&one).await, self.patch(&one, &json!({})).await, self.delete(&one).await];
        for problem in replies.map(|reply| reply.assert_problem(404)) {
            let expected = (json!("13"), json!(format!("Entity {id} does not exist.")), json!(one));
            assert_eq!((problem["code"].clone(), problem["detail"].clone(), problem["instance"].clone()), expected);
        }
        assert_eq!(self.rows(path, id).await, Vec::<Value>::new());
    }

    /// The rows of the list that have an id.
    async fn rows(&self, path: &str, id: i64) -> Vec<Value> {
        let list = self.get(path).await.assert(200).json();
        list.as_array().unwrap().iter().filter(|row| row["Id"] == id).cloned().collect()
    }
}

// === impl Collection ===

impl Collection {
    /// The row as it should be, once it is known which id and GUID it was given.
    fn row(&self, answer: &Value, made: i64, changed: i64) -> Value {
        let mut row = merged(&self.body, &self.added);
        row["Id"] = answer["Id"].clone();
        if let Some(guid) = answer.get("Guid") {
            assert_new_guid(guid);
            row["Guid"] = guid.clone();
        }
        stamp(&mut row, self.made, made);
        stamp(&mut row, self.changed, changed);
        row
    }

    /// What a client may say, and what it may say in vain.
    fn body_with_strangers(&self) -> Value {
        merged(&self.body, &strangers())
    }
}

/// Members that the server decides of, and some that nobody knows.
fn strangers() -> Value {
    json!({ "Id": 999, "Guid": ZERO_GUID, "BranchId": 77, "Created": 1, "Updated": 2, "Update": 3, "Modified": 4,
            "Nonsense": { "Id": [1, { "Title": 5 }] } })
}

fn merged(row: &Value, more: &Value) -> Value {
    let mut row = row.as_object().unwrap().clone();
    row.extend(more.as_object().unwrap().clone());
    row.into()
}

fn stamp(row: &mut Value, names: &[&str], time: i64) {
    for name in names {
        row[*name] = json!(time);
    }
}

#[track_caller]
fn assert_new_guid(guid: &Value) {
    let text = guid.as_str().unwrap();
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    assert!(text != ZERO_GUID && lengths == [8, 4, 4, 4, 12] && text == text.to_lowercase(), "{text}");
}

fn range() -> Value {
    json!({ "type": "number", "ranges": [{ "color": "#00ff00", "value": "1" }, { "color": "#ff0000", "value": "9" }] })
}

fn zones() -> [Collection; 4] {
    [
        Collection {
            path: "/v3/areas",
            body: json!({ "Title": "Ramp", "SectorId": 1, "LayerId": 1, "Color": "#123456", "Description": "steep",
                "Coordinates": [{ "X": 0.5, "Y": 1 }, { "X": 2, "Y": -3.25 }], "ExternalId": "wms-4" }),
            added: json!({ "BranchId": 1 }),
            made: &["Created"],
            changed: &["Updated"],
            change: json!({ "Title": "Gate", "Coordinates": [{ "X": 7, "Y": 8 }] }),
        },
        Collection {
            path: "/v3/beacons",
            body: json!({ "SectorId": 1, "Mac": "02:00:00:00:09:01", "X": 1.5, "Y": 2, "Z": 3, "Title": "Beacon 09",
                "Active": true, "Position": true, "TypeId": 2, "Geofence": true, "GeofenceRange": 2.5, "Cluster": "north",
                "LastTimeOnline": 5, "UseGps": true, "CFUUID": "e2c56db5" }),
            added: json!({ "BranchId": 1 }),
            made: &["Created"],
            changed: &["Update"],
            change: json!({ "Active": false, "Z": 0 }),
        },
        Collection {
            path: "/v3/layers",
            body: json!({ "Title": "Ramps", "Icon": "ramp", "Visible": true, "Localization": true, "IsNoGo": true,
                "ExternalId": "wms-5" }),
            added: json!({ "BranchId": 1, "Areas": [], "Devices": [] }),
            made: &["Created"],
            changed: &["Updated"],
            change: json!({ "Visible": false, "Icon": "gate" }),
        },
        Collection {
            path: "/v3/sectors",
            body: json!({ "Title": "Hall C", "BarrierHeight": 1.5, "BarrierWidth": 2, "SectorWidth": 1000.5,
                "SectorHeight": 900, "Configuration": "{}", "Floor": 3, "FloorName": "Third" }),
            added: json!({ "BranchId": 1, "GpsItems": [], "Areas": [], "Barriers": [], "Beacons": [], "Sensors": [],
                "Paths": [] }),
            made: &[],
            changed: &["Modified"],
            change: json!({ "Floor": 0, "SectorWidth": 2000 }),
        },
    ]
}

fn holders_and_data() -> [Collection; 5] {
    [
        Collection {
            path: "/v3/devices",
            body: json!({ "Login": "tug-01", "Mac": "02:00:00:00:09:02", "SectorId": 1, "ValidSectorId": 2,
                "Title": "Tug 01", "Note": "rented", "LastTimeOnline": 5, "ValidLastTimeOnline": 6, "X": 1.5, "Y": 2.1,
                "Z": 1.25, "ValidX": 3.5, "ValidY": 4, "AppVersion": "4.2", "IsMoving": true, "FallStatus": "ManDown",
                "Battery": 50.5, "DeviceTypeId": 3, "DeviceType": "tug", "Position": false, "Geofence": true,
                "GeofenceRange": 7, "DeviceStatus": "[1]", "Heartbeat": 9, "Color": "#123456" }),
            added: json!({ "BranchId": 1, "Layers": [] }),
            made: &[],
            changed: &[],
            change: json!({ "Note": "bought", "FallStatus": "OK", "Geofence": false }),
        },
        Collection {
            path: "/v3/quantities",
            body: json!({ "Title": "Noise", "Range": range() }),
            added: json!({ "BranchId": 1 }),
            made: &[],
            changed: &[],
            change: json!({ "Title": "Loudness" }),
        },
        Collection {
            path: "/v3/sensor-datas",
            body: json!({ "SensorId": 1, "Quantity": "Noise", "Value": "61.5", "Unit": "dB", "DataType": "Double",
                "Timestamp": START_MS, "Index": 2, "VisibleInApp": true, "Range": range() }),
            added: json!({}),
            made: &[],
            changed: &[],
            change: json!({ "Value": "62", "Index": 0 }),
        },
        Collection {
            path: "/v3/sensors",
            body: json!({ "Login": "microphone-01", "Title": "Microphone", "Mac": "02:00:00:00:09:03", "Note": "loud",
                "X": 1.5, "Y": 2, "Battery": 99, "SectorId": 1, "AreaId": 1, "ExternalId": "wms-6", "SensorTypeId": 4 }),
            added: json!({ "SensorData": [] }),
            made: &[],
            changed: &[],
            change: json!({ "Note": "quiet", "X": -1 }),
        },
        Collection {
            path: "/v3/shifts",
            body: json!({ "Title": "Night", "StartTime": 79_200_000, "StopTime": 21_600_000 }),
            added: json!({ "BranchId": 1 }),
            made: &[],
            changed: &[],
            change: json!({ "StopTime": 0 }),
        },
    ]
}

fn collections() -> impl Iterator<Item = Collection> {
    zones().into_iter().chain(holders_and_data())
}

/// Makes a row. `POST sensors` answers a list of one.
async fn create(client: &Client<'_>, path: &str, body: &Value) -> Value {
    let answer = client.post(path, body).await.assert(201).json();
    match answer.as_array().map(Vec::as_slice) {
        Some([one]) if path == "/v3/sensors" => one.clone(),
        None if path != "/v3/sensors" => answer,
        _ => panic!("{path} → {answer}"),
    }
}

async fn assert_row(client: &Client<'_>, path: &str, row: &Value) {
    let id = row["Id"].as_i64().unwrap();
    assert_eq!(client.get(&format!("{path}/{id}")).await.assert(200).json(), *row);
    assert_eq!(client.rows(path, id).await, std::slice::from_ref(row));
}

async fn five_verbs(server: &TestServer, collection: &Collection, now: &mut i64) {
    let (client, elsewhere) = (Client::new(server, BRATISLAVA), Client::new(server, PUNE));
    let path = collection.path;
    client.assert_gone(path, 4711).await;

    server.advance("5s").await;
    *now += 5000;
    let made = *now;
    let answer = create(&client, path, &collection.body_with_strangers()).await;
    let id = answer["Id"].as_i64().unwrap();
    assert_ne!(id, 999, "{path}");
    assert_eq!(answer, collection.row(&answer, made, made));
    assert_row(&client, path, &answer).await;
    elsewhere.assert_gone(path, id).await;

    server.advance("5s").await;
    *now += 5000;
    let one = format!("{path}/{id}");
    let expected = merged(&collection.row(&answer, made, *now), &collection.change);
    assert_eq!(client.patch(&one, &collection.change).await.assert(200).json(), expected);
    assert_row(&client, path, &expected).await;
    assert_eq!(client.patch(&one, &strangers()).await.assert(200).json(), expected, "nothing that counts was sent");
    assert_eq!(client.patch(&one, &json!({})).await.assert(200).json(), expected, "nothing was sent");

    let (status, body) = if path == "/v3/sectors" { (200, r#""""#) } else { (204, "") };
    assert_eq!(client.delete(&one).await.assert(status).text, body, "{path}");
    client.assert_gone(path, id).await;
    assert_ne!(create(&client, path, &collection.body).await["Id"], id, "{path} gave an id away twice");
}

#[tokio::test]
async fn every_collection_has_the_five_verbs() {
    let server = TestServer::start().await;
    let mut now = START_MS;
    for collection in collections() {
        five_verbs(&server, &collection, &mut now).await;
    }
}

#[tokio::test]
async fn names_in_a_change_are_compared_without_regard_to_case() {
    let server = TestServer::start().await;
    let client = Client::new(&server, BRATISLAVA);
    let before = client.get("/v3/areas/1").await.assert(200).json();
    let change = json!({ "TITLE": "Dock", "coordinates": [{ "x": 1, "Y": 2 }] });
    let after = client.patch("/v3/areas/1/", &change).await.assert(200).json();
    assert_eq!(after, merged(&before, &json!({ "Title": "Dock", "Coordinates": [{ "X": 1, "Y": 2 }] })));
}

#[tokio::test]
async fn null_takes_a_member_back_and_a_reset_brings_the_world_back() {
    let server = TestServer::start().await;
    let client = Client::new(&server, BRATISLAVA);
    let before = client.get("/v3/areas").await.assert(200).text;
    let change = json!({ "Color": null, "Coordinates": null, "Title": "Dock" });
    let after = client.patch("/v3/areas/1", &change).await.assert(200).json();
    assert_eq!((after.get("Color"), &after["Coordinates"], &after["SectorId"]), (None, &json!([]), &json!(1)));
    create(&client, "/v3/areas", &json!({ "Title": "Ramp" })).await;
    client.delete("/v3/areas/2").await.assert(204);
    server.admin(Method::POST, "/reset", None).await.assert(204);
    assert_eq!(client.get("/v3/areas").await.assert(200).text, before);
}

/// What the C# devkit writes: every member, null where nothing was set, and a GUID of zeros.
fn written_by_the_sdk() -> [(&'static str, Value); 9] {
    [
        (
            "/v3/areas",
            json!({ "Guid": ZERO_GUID, "Title": "Ramp", "SectorId": 0, "LayerId": null, "Color": null,
                "Coordinates": null, "Description": null, "Created": 0, "Updated": 0, "TargetBranchId": null,
                "ExternalId": null }),
        ),
        (
            "/v3/beacons",
            json!({ "SectorId": null, "Mac": null, "X": null, "Y": null, "Z": null, "Title": null, "Active": false,
                "Position": false, "TypeId": null, "Geofence": false, "GeofenceRange": null, "Cluster": null,
                "LastTimeOnline": null, "UseGps": false, "CFUUID": null }),
        ),
        (
            "/v3/devices",
            json!({ "Mac": null, "SectorId": null, "Title": "Tug", "Note": null, "LastTimeOnline": null, "X": null,
                "Y": null, "Z": null, "AppVersion": null, "IsMoving": false, "FallStatus": "OK", "Battery": null,
                "DeviceTypeId": null, "Position": false, "Geofence": false, "GeofenceRange": null, "Password": null,
                "Layers": null, "DeviceStatus": null, "Heartbeat": null, "Color": null, "Login": "tug-01" }),
        ),
        (
            "/v3/layers",
            json!({ "Title": null, "Icon": null, "Visible": false, "Localization": false, "Created": 0, "Updated": 0,
                "Areas": null, "Devices": null, "Paths": null, "Children": null, "ExternalId": null }),
        ),
        ("/v3/quantities", json!({ "Title": null, "Range": null })),
        (
            "/v3/sectors",
            json!({ "Guid": ZERO_GUID, "Title": null, "BarrierHeight": 0, "BarrierWidth": 0, "SectorWidth": 0,
                "SectorHeight": 0, "Modified": 0, "GpsItems": null, "Areas": null, "Barriers": null, "Beacons": null,
                "Sensors": null, "Configuration": null, "Paths": null, "Floor": null }),
        ),
        (
            "/v3/sensor-datas",
            json!({ "Quantity": null, "Value": null, "Unit": null, "DataType": "Byte", "Timestamp": 0, "Range": null,
                "Index": 0, "VisibleInApp": false, "SensorId": 0 }),
        ),
        (
            "/v3/sensors",
            json!({ "Title": "Scale", "Mac": null, "Note": null, "X": null, "Y": null, "Battery": null, "SectorId": null,
                "SensorData": null, "AreaId": null, "Password": null, "Color": null, "ExternalId": null,
                "SensorTypeId": null, "Login": "scale-01" }),
        ),
        ("/v3/shifts", json!({ "Title": null, "StartTime": 0, "StopTime": 0 })),
    ]
}

#[tokio::test]
async fn nulls_and_zero_guids_are_accepted_as_the_sdk_writes_them() {
    let server = TestServer::start().await;
    let client = Client::new(&server, BRATISLAVA);
    for (path, body) in written_by_the_sdk() {
        let answer = create(&client, path, &body).await;
        let text = answer.to_string();
        assert!(!text.contains("null") && !text.contains(ZERO_GUID), "{path} → {text}");
        if let Some(guid) = answer.get("Guid") {
            assert_new_guid(guid);
        }
        assert_row(&client, path, &answer).await;
    }
}
