//! What the directory shows of itself: docs/twinzo.md §6.

use serde_json::{Value, json};

use crate::support::{API_KEY, BRATISLAVA, CLIENT, PUNE, Signature, TestServer};

fn numbers(list: &Value) -> Vec<i64> {
    list.as_array().unwrap().iter().map(|one| one["Id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn branches_are_the_clients_whatever_the_header() {
    let server = TestServer::start().await;
    for branch in [BRATISLAVA, PUNE] {
        let signature = Signature::api_key(branch, API_KEY);
        assert_eq!(numbers(&server.get("/v3/branches", &signature).await.assert(200).json()), [1, 2]);
        server.get("/v3/branches/1", &signature).await.assert(200);
    }
}

#[tokio::test]
async fn everything_else_is_the_headers_branch() {
    let server = TestServer::start().await;
    for (branch, sectors, devices) in
        [(BRATISLAVA, &[1, 2][..], &[1, 2, 3, 11, 12, 13, 14, 15][..]), (PUNE, &[3], &[4, 5, 6, 16])]
    {
        let signature = Signature::api_key(branch, API_KEY);
        assert_eq!(numbers(&server.get("/v3/sectors?branchId=9", &signature).await.json()), sectors);
        assert_eq!(numbers(&server.get("/v3/devices/?$orderby=Id", &signature).await.json()), devices);
    }
}

#[tokio::test]
async fn what_is_elsewhere_does_not_exist() {
    let server = TestServer::start().await;
    let signature = Signature::api_key(BRATISLAVA, API_KEY);
    for (path, id) in
        [("/v3/sectors/3", "3"), ("/v3/sectors/99", "99"), ("/v3/devices/4", "4"), ("/v3/branches/9", "9")]
    {
        let reply = server.get(path, &signature).await;
        assert_eq!(reply.header("cache-control"), "no-cache,no-store");
        assert_eq!(
            reply.assert_problem(404),
            json!({
                "type": "https://tools.ietf.org/html/rfc9110#section-15.5.5",
                "title": "NotFoundException",
                "status": 404,
                "detail": format!("Entity {id} does not exist."),
                "instance": path,
                "code": "13",
            })
        );
        assert_eq!(server.last_reason().await, "EntityUnknown");
    }
    server.get("/v3/devices/login/agv-27", &signature).await.assert_problem(404);
}

#[tokio::test]
async fn members_stand_in_the_observed_order() {
    let server = TestServer::start().await;
    let signature = Signature::api_key(PUNE, API_KEY);
    assert_eq!(
        server.get("/v3/clients", &signature).await.assert(200).text,
        format!(
            r#"[{{"Id":1,"Guid":"{CLIENT}","Title":"acme-logistics","DBName":"acme_logistics","OdooPartnerId":"1001"}}]"#
        )
    );
    assert_eq!(
        server.get("/v3/branches/2", &signature).await.assert(200).text,
        format!(
            r#"{{"Id":2,"Title":"Pune","Guid":"{PUNE}","TimeZone":"Asia/Kolkata","Latitude":18.5204,"Longitude":73.8567,"Sectors":[],"AdressLine1":"Plot 7, Depot Road","Country":"India","City":"Pune","ZipCode":"411001"}}"#
        )
    );
    assert_eq!(
        server.get("/v3/sectors/3", &signature).await.assert(200).text,
        r#"{"Id":3,"Guid":"acd9adfe-4497-419b-8789-e40027d61888","BranchId":2,"Title":"Depot","BarrierHeight":1432,"BarrierWidth":2653,"SectorWidth":265337.97,"SectorHeight":143210.5,"Modified":1767225600000,"GpsItems":[],"Areas":[],"Barriers":[],"Beacons":[],"Sensors":[],"Paths":[],"Floor":0,"FloorName":"Ground"}"#
    );
    assert_eq!(
        server.get("/v3/devices/6", &signature).await.assert(200).text,
        r##"{"Id":6,"Mac":"02:00:00:00:00:06","BranchId":2,"SectorId":3,"Title":"AGV 27","IsMoving":false,"FallStatus":"OK","DeviceTypeId":1,"Login":"agv-27","Position":true,"Geofence":false,"Layers":[],"DeviceStatus":"[]","Color":"#22c55e"}"##
    );
}
