//! Devices.

use serde_json::json;
use wire::collection::{Device, DynamicDevice, DynamicPlace, DynamicSector, FallStatus, Layer, ManDown, ManDownResult};
use wire::contract::{Linked, Loose, Narrow, Whole, WriteOnly};

use super::{check, check_default, check_read, check_written, text};

#[test]
fn devices() {
    let device = Device {
        id: 1,
        mac: text("m"),
        branch_id: 2,
        sector_id: Some(3),
        valid_sector_id: Some(4),
        title: "t".to_owned(),
        note: text("n"),
        last_time_online: Some(1_767_225_601_000),
        valid_last_time_online: Some(1_767_225_602_000),
        x: Some(Narrow(5.0)),
        y: Some(Narrow(6.5)),
        valid_x: Some(7.5),
        valid_y: Some(8.0),
        app_version: text("a"),
        is_moving: true,
        fall_status: FallStatus::ManDown,
        battery: Some(9.5),
        device_type_id: Some(10),
        device_type: text("d"),
        login: "l".to_owned(),
        position: true,
        geofence: true,
        geofence_range: Some(Whole(11.5)),
        password: WriteOnly(None),
        layers: vec![Linked::Id(12)],
        device_status: text("[]"),
        heartbeat: Some(1_767_225_603_000),
        color: text("#22c55e"),
        z: Some(13.0),
    };
    check(
        &device,
        r##"{"Id":1,"Mac":"m","BranchId":2,"SectorId":3,"ValidSectorId":4,"Title":"t","Note":"n",
        "LastTimeOnline":1767225601000,"ValidLastTimeOnline":1767225602000,"X":5,"Y":6.5,"ValidX":7.5,"ValidY":8,
        "AppVersion":"a","IsMoving":true,"FallStatus":"ManDown","Battery":9.5,"DeviceTypeId":10,"DeviceType":"d",
        "Login":"l","Position":true,"Geofence":true,"GeofenceRange":11.5,"Layers":[12],"DeviceStatus":"[]",
        "Heartbeat":1767225603000,"Color":"#22c55e","Z":13}"##,
    );
}

#[test]
fn a_password_goes_in_and_never_out() {
    let device = Device { password: WriteOnly(text("made-up")), ..Device::default() };
    check_read(r#"{"Password":"made-up"}"#, &device);
    assert_ne!(device, Device::default());
    assert_eq!(serde_json::to_string(&device).unwrap(), serde_json::to_string(&Device::default()).unwrap());
}

#[test]
fn a_link_is_an_id_or_a_whole() {
    let layers = |layers| Device { layers, ..Device::default() };
    let ids = layers(vec![Linked::Id(7), Linked::Id(8), Linked::Id(9)]);
    check_read(r#"{"Layers":[7,{"Id":8,"Title":"t"},{"id":9}]}"#, &ids);
    let whole = Layer { id: 7, title: "t".to_owned(), ..Layer::default() };
    check_written(
        &layers(vec![Linked::Whole(Box::new(whole)), Linked::Id(8)]),
        r#"{"Id":0,"BranchId":0,"Title":"","IsMoving":false,"FallStatus":"OK","Login":"",
        "Position":false,"Geofence":false,"Layers":[{"Id":7,"Title":"t","BranchId":0,"Visible":false,
        "Localization":false,"Created":0,"Updated":0,"Areas":[],"Devices":[],"IsNoGo":false},8]}"#,
    );
}

#[test]
fn dynamic_devices() {
    let device = DynamicDevice {
        id: "1".to_owned(),
        login: "l".to_owned(),
        title: "t".to_owned(),
        sector_id: Some(2),
        device_type: text("d"),
        x: Some(3.5),
        y: Some(4.0),
        fall_status: 5,
    };
    check(&device, r#"{"Id":"1","Login":"l","Title":"t","SectorId":2,"Type":"d","X":3.5,"Y":4,"FallStatus":5}"#);
    let place = DynamicPlace { id: "1".to_owned(), x: Some(2.5), y: Some(3.0), fall_status: 4 };
    check(
        &DynamicSector { sector_id: 5, locations: vec![place] },
        r#"{"SectorId":5,"Locations":[{"Id":"1","X":2.5,"Y":3,"FallStatus":4}]}"#,
    );
}

#[test]
fn man_down() {
    let sent = ManDown { login: text("l"), timestamp: 1, fall_type: FallStatus::ManDownPositive };
    check(&sent, r#"{"Login":"l","Timestamp":1,"FallType":"ManDownPositive"}"#);
    let result = ManDownResult {
        login: "l".to_owned(),
        timestamp: 1,
        action: Loose(json!(2)),
        success: true,
        error_message: text("e"),
    };
    check(&result, r#"{"Login":"l","Timestamp":1,"Action":2,"Success":true,"ErrorMessage":"e"}"#);
}

#[test]
fn nothing_set() {
    check_default::<Device>(
        "DeviceContract",
        r#"{"Id":0,"BranchId":0,"Title":"","IsMoving":false,"FallStatus":"OK","Login":"",
        "Position":false,"Geofence":false,"Layers":[]}"#,
    );
    check_default::<DynamicDevice>("DynamicDeviceContract", r#"{"Id":"","Login":"","Title":"","FallStatus":0}"#);
    check_default::<DynamicSector>("DynamicSectorContract", r#"{"SectorId":0,"Locations":[]}"#);
    check_default::<DynamicPlace>("DynamicLocationContract", r#"{"Id":"","FallStatus":0}"#);
    check_default::<ManDown>("ManDownContract", r#"{"Timestamp":0,"FallType":"OK"}"#);
    check_default::<ManDownResult>("ManDownResponseContract", r#"{"Login":"","Timestamp":0,"Success":false}"#);
}
