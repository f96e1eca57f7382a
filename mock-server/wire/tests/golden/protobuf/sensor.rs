//! Sensors.

use wire::collection::{AppInfo, Range, RangeStep, Sensor, SensorBatch, SensorData, SensorRecord};
use wire::contract::WriteOnly;

use super::{check, check_contract, check_read, check_written, parse};

#[test]
fn sensors() {
    check_contract::<Sensor>(
        r#"{"Id":1,"Login":"s-01","Title":"t","Mac":"m","Note":"n","X":2.5,"Y":-3,"Battery":87.5,"SectorId":4,
        "SensorData":[{"Quantity":"q"},{"Quantity":"r","Index":5}],"AreaId":6}"#,
        "0801 1204732d3031 1a0174 22016d 2a016e 3500002040 3d000040c0 450000af42 4804 5a030a0171 5a050a01723805 6006",
    );
    check_contract::<SensorData>(
        r#"{"Quantity":"Temperature","Value":"21.5","Unit":"°C","DataType":"Int16","Timestamp":1767225601000,
        "Index":1,"Range":{"type":"t"}}"#,
        "0a0b54656d7065726174757265 120432312e35 1a03c2b043 2205496e743136 28e8d7eab6b733 32030a0174 3801",
    );
}

#[test]
fn a_password_goes_in_and_never_out() {
    let sensor = Sensor { password: WriteOnly(Some("made-up".to_owned())), ..Sensor::default() };
    check_read("72076d6164652d7570", &sensor);
    assert_ne!(sensor, Sensor::default());
    check_written(&sensor, "");
}

#[test]
fn ranges() {
    check_contract::<Range>(
        r#"{"type":"t","ranges":[{"color":"c","value":"v"},{"value":"w"}]}"#,
        "0a0174 12060a0163120176 1203120177",
    );
    check_contract::<RangeStep>(r##"{"color":"#22c55e","value":"21.5"}"##, "0a0723323263353565 120432312e35");
}

#[test]
fn batches() {
    check_contract::<SensorRecord>(
        r#"{"Timestamp":1767225601000,"Quantity":"Temperature","Value":"21.5","Unit":"°C","DataType":"Int16",
        "ValueOK":true}"#,
        "08e8d7eab6b733 120b54656d7065726174757265 1a0432312e35 2203c2b043 2a05496e743136 3001",
    );
    check_contract::<SensorBatch>(
        r#"{"Login":"s-01","SensorData":[{"Timestamp":1},{"Timestamp":2,"Quantity":"q"}]}"#,
        "0a04732d3031 12020801 12050802120171",
    );
    check(&parse::<Vec<SensorBatch>>(r#"[{"Login":"s-01"},{"Login":"s-02"}]"#), "0a060a04732d3031 0a060a04732d3032");
}

#[test]
fn app() {
    check_contract::<AppInfo>(r#"{"Version":"1.2","Size":34567}"#, "0a03312e32 10878e02");
}
