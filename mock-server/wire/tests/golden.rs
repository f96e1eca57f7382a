//! Every word that goes over the wire, literally as in docs/twinzo.md and docs/timbr.md. Server and clients share these
//! words, so no test between them would notice if one changed. `.ci/mutate_wire.py` changes each and wants this red.

#![expect(clippy::unwrap_used, clippy::unnecessary_wraps, reason = "tests")]

use serde::Serialize;
use wire::authorization::{Credential, TokenContract};
use wire::collection::{Branch, Client, Device, EmptyList, Sector};
use wire::localization::{Action, DeviceLocations, Distance, LocalizationResult, Location, LocationResult};
use wire::problem::{self, Problem};
use wire::timbr::{Envelope, QueryRequest};
use wire::{header, path};

#[track_caller]
fn check(value: &impl Serialize, literal: &str) {
    assert_eq!(serde_json::to_string(value).unwrap(), literal);
}

fn text(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn headers() {
    let names = [header::CLIENT, header::BRANCH, header::TOKEN, header::API_KEY, header::MAIN_API_KEY];
    assert_eq!(names, ["client", "branch", "token", "api-key", "mapi-key"]);
    assert_eq!([header::X_API_KEY, header::X_JWT_TOKEN, header::X_ASYNC], ["x-api-key", "x-jwt-token", "x-async"]);
    assert_eq!(problem::MEDIA_TYPE, "application/problem+json");
}

#[test]
fn paths() {
    assert_eq!(path::TWINZO_PREFIXES, ["/api/v3", "/v3.0", "/v3"]);
    assert_eq!([path::AUTHENTICATE, path::TOKEN], ["Authorization/Authenticate", "Authorization/Token"]);
    assert_eq!([path::LOCALIZATION, path::LOCALIZATION_BATCH], ["localization", "localization/batch"]);
    assert_eq!([path::BRANCHES, path::SECTORS, path::CLIENTS], ["branches", "sectors", "clients"]);
    let devices = [path::DEVICES, path::DEVICE_LOCATIONS, path::DEVICES_BY_LOGIN];
    assert_eq!(devices, ["devices", "devices/locations", "devices/login"]);
    let timbr = [path::GET_TOKEN, path::QUERY, path::GET_ONTOLOGIES, path::OPENAPI_ONTOLOGY];
    assert_eq!(
        timbr,
        ["/timbr/api/get_token", "/timbr/api/query", "/timbr/api/get_ontologies", "/timbr/openapi/ontology"]
    );
}

#[test]
fn log_in() {
    let credential = Credential { client: text("acme"), login: text("agv-07"), password: text("made-up") };
    check(&credential, r#"{"Client":"acme","Login":"agv-07","Password":"made-up"}"#);
    let contract = TokenContract {
        client: "3f0c1a52-9d11-4a7e-8a70-0d5c2b7e1f10".to_owned(),
        token: "bWFkZS11cA==".to_owned(),
        expiration: 1_767_312_000_123,
        created: 1_767_225_600_127,
        branch: "b5a9d7f4-2c6e-4c0b-9d57-6a1e8f3c4d21".to_owned(),
    };
    check(
        &contract,
        r#"{"Client":"3f0c1a52-9d11-4a7e-8a70-0d5c2b7e1f10","Token":"bWFkZS11cA==","Expiration":1767312000123,"Created":1767225600127,"Branch":"b5a9d7f4-2c6e-4c0b-9d57-6a1e8f3c4d21"}"#,
    );
}

#[test]
fn localization() {
    let location = Location {
        timestamp: 1_767_225_601_000,
        sector_id: Some(1),
        x: Some(12500.5),
        y: Some(8300.0),
        z: Some(0.0),
        interval: Some(1000),
        battery: Some(87),
        is_moving: Some(true),
        localization_areas: Some(vec![4]),
        no_go_areas: Some(vec![5]),
        distances: Some(vec![Distance { beacon_id: 6, distance: 2.5, rssi: -70 }]),
    };
    check(
        &[DeviceLocations { login: text("agv-07"), locations: Some(vec![location]) }],
        r#"[{"Login":"agv-07","Locations":[{"Timestamp":1767225601000,"SectorId":1,"X":12500.5,"Y":8300,"Z":0,"Interval":1000,"Battery":87,"IsMoving":true,"LocalizationAreas":[4],"NoGoAreas":[5],"Distances":[{"BeaconId":6,"Distance":2.5,"RSSI":-70}]}]}]"#,
    );
    let actions = [Action::NoAction, Action::Create, Action::Update, Action::Delete];
    let result = LocalizationResult {
        login: "agv-07".to_owned(),
        success: false,
        error_message: text("whole"),
        locations: actions
            .map(|action| LocationResult { timestamp: 1, action, success: false, error_message: text("one") })
            .to_vec(),
    };
    check(
        &result,
        r#"{"Login":"agv-07","Success":false,"ErrorMessage":"whole","Locations":[{"Timestamp":1,"Action":"NoAction","Success":false,"ErrorMessage":"one"},{"Timestamp":1,"Action":"Create","Success":false,"ErrorMessage":"one"},{"Timestamp":1,"Action":"Update","Success":false,"ErrorMessage":"one"},{"Timestamp":1,"Action":"Delete","Success":false,"ErrorMessage":"one"}]}"#,
    );
}

#[test]
fn collections() {
    let client = Client {
        id: 1,
        guid: "g".to_owned(),
        title: "t".to_owned(),
        db_name: "d".to_owned(),
        odoo_partner_id: text("o"),
    };
    check(&client, r#"{"Id":1,"Guid":"g","Title":"t","DBName":"d","OdooPartnerId":"o"}"#);
    let branch = Branch {
        id: 1,
        title: "t".to_owned(),
        guid: "g".to_owned(),
        time_zone: "UTC".to_owned(),
        latitude: 48.5,
        longitude: 17.0,
        sectors: EmptyList,
        adress_line1: text("1"),
        adress_line2: text("2"),
        country: text("c"),
        city: text("y"),
        zip_code: text("z"),
    };
    check(
        &branch,
        r#"{"Id":1,"Title":"t","Guid":"g","TimeZone":"UTC","Latitude":48.5,"Longitude":17,"Sectors":[],"AdressLine1":"1","AdressLine2":"2","Country":"c","City":"y","ZipCode":"z"}"#,
    );
    let sector = Sector {
        id: 1,
        guid: "g".to_owned(),
        branch_id: 2,
        title: "t".to_owned(),
        barrier_height: 1.0,
        barrier_width: 2.0,
        sector_width: 3.0,
        sector_height: 4.5,
        modified: 5,
        gps_items: EmptyList,
        areas: EmptyList,
        barriers: EmptyList,
        beacons: EmptyList,
        sensors: EmptyList,
        paths: EmptyList,
        floor: Some(1),
        floor_name: text("f"),
    };
    check(
        &sector,
        r#"{"Id":1,"Guid":"g","BranchId":2,"Title":"t","BarrierHeight":1,"BarrierWidth":2,"SectorWidth":3,"SectorHeight":4.5,"Modified":5,"GpsItems":[],"Areas":[],"Barriers":[],"Beacons":[],"Sensors":[],"Paths":[],"Floor":1,"FloorName":"f"}"#,
    );
    let device = Device {
        id: 1,
        mac: text("m"),
        branch_id: 2,
        sector_id: Some(3),
        title: "t".to_owned(),
        note: text("n"),
        last_time_online: Some(4),
        x: Some(5.0),
        y: Some(6.0),
        app_version: text("a"),
        is_moving: true,
        fall_status: "OK".to_owned(),
        battery: Some(7.0),
        device_type_id: 8,
        login: "l".to_owned(),
        position: true,
        geofence: false,
        layers: EmptyList,
        device_status: "[]".to_owned(),
        heartbeat: Some(9),
        color: "#22c55e".to_owned(),
        z: Some(10.0),
    };
    check(
        &device,
        r##"{"Id":1,"Mac":"m","BranchId":2,"SectorId":3,"Title":"t","Note":"n","LastTimeOnline":4,"X":5,"Y":6,"AppVersion":"a","IsMoving":true,"FallStatus":"OK","Battery":7,"DeviceTypeId":8,"Login":"l","Position":true,"Geofence":false,"Layers":[],"DeviceStatus":"[]","Heartbeat":9,"Color":"#22c55e","Z":10}"##,
    );
}

#[test]
fn problems() {
    let problem = Problem {
        kind: "k".to_owned(),
        title: "t".to_owned(),
        status: 400,
        detail: text("d"),
        instance: text("i"),
        code: text("13"),
        errors: Some([("$".to_owned(), vec!["e".to_owned()])].into()),
        trace_id: text("00-1-2-00"),
    };
    check(
        &problem,
        r#"{"type":"k","title":"t","status":400,"detail":"d","instance":"i","code":"13","errors":{"$":["e"]},"traceId":"00-1-2-00"}"#,
    );
}

#[test]
fn timbr() {
    check(&Envelope::success([1]), r#"{"data":[1],"status":"success"}"#);
    check(&Envelope::error("no"), r#"{"data":"no","status":"error"}"#);
    let request = QueryRequest { ontology_name: "supply_chain".to_owned(), query: "SELECT 1".to_owned() };
    check(&request, r#"{"ontology_name":"supply_chain","query":"SELECT 1"}"#);
}
