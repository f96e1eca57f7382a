//! Log in and localization.

use wire::authorization::{Credential, TokenContract};
use wire::localization::{Action, DeviceLocations, Distance, LocalizationResult, Location, LocationResult};

use super::{check, check_default, check_read, text};

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
        r#"{"Client":"3f0c1a52-9d11-4a7e-8a70-0d5c2b7e1f10","Token":"bWFkZS11cA==","Expiration":1767312000123,
        "Created":1767225600127,"Branch":"b5a9d7f4-2c6e-4c0b-9d57-6a1e8f3c4d21"}"#,
    );
}

#[test]
fn localization() {
    let location = Location {
        timestamp: 1_767_225_601_000,
        sector_id: Some(1),
        x: Some(12500.5),
        y: Some(8300.0),
        z: Some(-2.25),
        interval: Some(1000),
        battery: Some(87),
        is_moving: Some(true),
        localization_areas: Some(vec![4]),
        no_go_areas: Some(vec![5]),
        distances: Some(vec![Distance { beacon_id: 6, distance: 2.5, rssi: -70 }]),
    };
    check(
        &vec![DeviceLocations { login: text("agv-07"), locations: Some(vec![location]) }],
        r#"[{"Login":"agv-07","Locations":[{"Timestamp":1767225601000,"SectorId":1,"X":12500.5,"Y":8300,"Z":-2.25,
        "Interval":1000,"Battery":87,"IsMoving":true,"LocalizationAreas":[4],"NoGoAreas":[5],
        "Distances":[{"BeaconId":6,"Distance":2.5,"RSSI":-70}]}]}]"#,
    );
}

#[test]
fn results() {
    let one = LocationResult { timestamp: 1, action: Action::Create, success: true, error_message: text("one") };
    let result = LocalizationResult {
        login: "agv-07".to_owned(),
        success: true,
        error_message: text("whole"),
        locations: vec![one],
    };
    check(
        &result,
        r#"{"Login":"agv-07","Success":true,"ErrorMessage":"whole",
        "Locations":[{"Timestamp":1,"Action":"Create","Success":true,"ErrorMessage":"one"}]}"#,
    );
}

#[test]
fn nothing_set() {
    check_default::<Credential>("CredentialContract", "{}");
    check_default::<TokenContract>(
        "AuthenticationResponseContract",
        r#"{"Client":"","Token":"","Expiration":0,"Created":0,"Branch":""}"#,
    );
    check_default::<DeviceLocations>("DeviceLocationContract", "{}");
    check_default::<Location>("LocationContract", r#"{"Timestamp":0}"#);
    check_default::<Distance>("DistanceContract", r#"{"BeaconId":0,"Distance":0,"RSSI":0}"#);
    check_default::<LocalizationResult>(
        "AddLocalizationDataResponseContract",
        r#"{"Login":"","Success":false,"Locations":[]}"#,
    );
    check_default::<LocationResult>(
        "LocationResponseContract",
        r#"{"Timestamp":0,"Action":"NoAction","Success":false}"#,
    );
}

#[test]
fn empty_and_null() {
    let empty = Location { no_go_areas: Some(Vec::new()), distances: Some(Vec::new()), ..Location::default() };
    check(&empty, r#"{"Timestamp":0,"NoGoAreas":[],"Distances":[]}"#);
    check_read(r#"{"X":null,"Battery":null,"Distances":null}"#, &Location::default());
    check_read(r#"{"Login":null,"Locations":null}"#, &LocalizationResult::default());
}

#[test]
fn numbers() {
    let location = Location { x: Some(12500.1), y: Some(0.1), z: Some(16_777_216.0), ..Location::default() };
    check(&location, r#"{"Timestamp":0,"X":12500.1,"Y":0.1,"Z":16777216}"#);
    for refused in [r#"{"X":1e39}"#, r#"{"X":-1e39}"#, r#"{"Battery":256}"#, r#"{"Battery":-1}"#] {
        assert!(serde_json::from_str::<Location>(refused).is_err(), "{refused}");
    }
}
