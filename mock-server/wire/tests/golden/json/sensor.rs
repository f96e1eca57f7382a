//! Sensors.

use wire::collection::{
    AppInfo, DataType, Range, RangeStep, Sensor, SensorBatch, SensorBatchResult, SensorData, SensorRecord,
    SensorRecordResult,
};
use wire::contract::{Narrow, WriteOnly};
use wire::localization::Action;

use super::{check, check_default, check_read, text};

#[test]
fn sensors() {
    let range = Range { kind: text("k"), ranges: vec![RangeStep { color: text("c"), value: text("v") }] };
    let data = SensorData {
        id: 1,
        sensor_id: 2,
        quantity: "q".to_owned(),
        value: text("v"),
        unit: text("u"),
        data_type: Some(DataType::Single),
        timestamp: 1_767_225_601_000,
        index: 3,
        visible_in_app: true,
        range: Some(range),
    };
    let sensor = Sensor {
        id: 1,
        login: "l".to_owned(),
        title: "t".to_owned(),
        mac: text("m"),
        note: text("n"),
        x: Some(Narrow(2.0)),
        y: Some(Narrow(3.5)),
        battery: Some(4.5),
        sector_id: Some(5),
        sensor_data: vec![data],
        area_id: Some(6),
        external_id: text("e"),
        sensor_type_id: Some(7),
        password: WriteOnly(None),
        color: WriteOnly(None),
    };
    check(
        &sensor,
        r#"{"Id":1,"Login":"l","Title":"t","Mac":"m","Note":"n","X":2,"Y":3.5,"Battery":4.5,"SectorId":5,
        "SensorData":[{"Id":1,"SensorId":2,"Quantity":"q","Value":"v","Unit":"u","DataType":"Single",
        "Timestamp":1767225601000,"Index":3,"VisibleInApp":true,
        "Range":{"type":"k","ranges":[{"color":"c","value":"v"}]}}],"AreaId":6,"ExternalId":"e","SensorTypeId":7}"#,
    );
}

#[test]
fn a_password_goes_in_and_never_out() {
    let sensor = Sensor { password: WriteOnly(text("made-up")), ..Sensor::default() };
    check_read(r#"{"Password":"made-up"}"#, &sensor);
    check_read(r##"{"Color":"#22c55e"}"##, &Sensor { color: WriteOnly(text("#22c55e")), ..Sensor::default() });
    assert_ne!(sensor, Sensor::default());
    assert_eq!(serde_json::to_string(&sensor).unwrap(), serde_json::to_string(&Sensor::default()).unwrap());
}

#[test]
fn batches() {
    let record = SensorRecord {
        timestamp: 1,
        quantity: text("q"),
        value: text("v"),
        unit: text("u"),
        data_type: Some(DataType::Single),
        value_ok: Some(true),
    };
    check(
        &SensorBatch { login: text("l"), sensor_data: Some(vec![record]) },
        r#"{"Login":"l",
        "SensorData":[{"Timestamp":1,"Quantity":"q","Value":"v","Unit":"u","DataType":"Single","ValueOK":true}]}"#,
    );
    let one = SensorRecordResult {
        quantity: text("q"),
        timestamp: 1,
        success: true,
        action: Action::Update,
        error_message: text("one"),
    };
    let result = SensorBatchResult {
        login: "l".to_owned(),
        success: true,
        error_message: text("whole"),
        sensor_data: vec![one],
    };
    check(
        &result,
        r#"{"Login":"l","Success":true,"ErrorMessage":"whole",
        "SensorData":[{"Quantity":"q","Timestamp":1,"Success":true,"Action":"Update","ErrorMessage":"one"}]}"#,
    );
}

#[test]
fn app() {
    check(&AppInfo { version: "1.2".to_owned(), size: 34567 }, r#"{"Version":"1.2","Size":34567}"#);
}

#[test]
fn nothing_set() {
    check_default::<Sensor>("SensorContract", r#"{"Id":0,"Login":"","Title":"","SensorData":[]}"#);
    check_default::<SensorData>(
        "SensorDataContract",
        r#"{"Id":0,"SensorId":0,"Quantity":"","Timestamp":0,"Index":0,"VisibleInApp":false}"#,
    );
    check_default::<Range>("RangeContract", r#"{"ranges":[]}"#);
    check_default::<RangeStep>("RangesContract", "{}");
    check_default::<SensorRecord>("SensorDataBatchContract", r#"{"Timestamp":0}"#);
    check_default::<SensorRecordResult>(
        "SensorDataResponseContract",
        r#"{"Timestamp":0,"Success":false,"Action":"NoAction"}"#,
    );
    check_default::<SensorBatch>("SensorBatchContract", "{}");
    check_default::<SensorBatchResult>(
        "SensorBatchResponseContract",
        r#"{"Login":"","Success":false,"SensorData":[]}"#,
    );
    check_default::<AppInfo>("SensorAppInfoContract", r#"{"Version":"","Size":0}"#);
}

#[test]
fn types_of_values() {
    let names = [
        "Byte", "SByte", "Int32", "UInt32", "Int16", "UInt16", "Int64", "UInt64", "Single", "Double", "Char",
        "Boolean", "String", "Decimal", "DateTime", "URL",
    ];
    for (number, name) in (0..).zip(names) {
        let kind = DataType::from_name(name).unwrap();
        assert_eq!((serde_json::to_string(&kind).unwrap(), kind.number()), (format!("\"{name}\""), number));
    }
    assert!(serde_json::from_str::<DataType>("\"Nonsense\"").is_err());
}
