//! What numbers lose, what is skipped, and what is refused.

use wire::collection::{Branch, Device, GpsItem, Layer, Sector};
use wire::contract::{Linked, Narrow, Payload, Whole, WriteOnly};
use wire::localization::Location;

use super::{bytes, check, check_contract, check_read, check_refused, check_written, parse};

#[test]
fn doubles_travel_in_single_precision() {
    let sent: Device = parse(r#"{"X":12500.1,"Y":0.1}"#);
    check_written(&sent, "6566504346 6dcdcccc3d");
    let x = Some(Narrow(12_500.099_609_375));
    let y = Some(Narrow(0.100_000_001_490_116_12));
    check(&Device { x, y, ..Device::default() }, "6566504346 6dcdcccc3d");
}

#[test]
fn singles_and_doubles_keep_their_precision() {
    check_contract::<Location>(r#"{"X":12500.1}"#, "1d66504346");
    let read = Location::from_message(&bytes("1d66504346")).unwrap();
    assert_eq!(serde_json::to_string(&read).unwrap(), r#"{"Timestamp":0,"X":12500.1}"#);
    let read =
        GpsItem::from_message(&bytes("0801 1002 2500006040 2d000080c0 3121205f4205134840 399c35785f951b3140")).unwrap();
    assert_eq!(
        serde_json::to_string(&read).unwrap(),
        r#"{"Id":1,"SectorId":2,"X":3.5,"Y":-4,"Latitude":48.148598,"Longitude":17.107748}"#
    );
}

#[test]
fn ranges_travel_whole() {
    let device = |range| Device { geofence_range: Some(Whole(range)), ..Device::default() };
    check(&device(250.0), "c801fa01");
    check_written(&device(250.75), "c801fa01");
}

#[test]
fn a_zero_that_may_be_missing_is_written() {
    check_contract::<Location>(
        r#"{"SectorId":0,"X":0,"Y":0,"Z":0,"Interval":0,"Battery":0}"#,
        "1000 1d00000000 2500000000 2d00000000 3000 3800",
    );
}

#[test]
fn defaults_are_not_written() {
    check(&Device::default(), "");
    check(&Branch::default(), "");
    check(&Sector::default(), "");
    check_written(&Location { distances: Some(Vec::new()), ..Location::default() }, "");
}

#[test]
fn a_battery_is_a_byte() {
    check_contract::<Location>(r#"{"Battery":255}"#, "38ff01");
    check_refused::<Location>("388002", "LocationContract.Battery: 256 is no byte");
}

#[test]
fn what_is_not_finite_is_refused() {
    check_refused::<Location>("1d0000c07f", "LocationContract.X: the number is not finite");
    check_refused::<GpsItem>("31000000000000f0ff", "GpsItemContract.Latitude: the number is not finite");
    check_refused::<Device>("650000807f", "DeviceContract.X: the number is not finite");
}

#[test]
fn a_guid_is_a_guid() {
    check_refused::<Sector>("12086e6f6e73656e7365", "SectorContract.Guid: \"nonsense\" is no GUID");
    check_read("1200", &Sector::default());
}

#[test]
fn unknown_numbers_are_skipped() {
    // The rows that the devkit puts into others.
    let device: Device = parse(r#"{"Id":1,"Title":"t"}"#);
    check_read(
        "0801 22050802120162 32280803122433663063316135322d396431312d346137652d386137302d306435633262376531663130
         420174",
        &device,
    );
    check_read("0801 2a020802", &parse::<Layer>(r#"{"Id":1}"#));
    // Number 100, in each form that a member can have.
    let location: Location = parse(r#"{"Timestamp":1}"#);
    check_read("a00607 a1060102030405060708 a20603616263 a50601020304 0801", &location);
    check_read("120161 0a020801", &vec![location]);
}

#[test]
fn other_forms_and_ends_are_refused() {
    check_refused::<Location>("0a0161", "LocationContract.Timestamp");
    check_refused::<Location>("1d0000", "LocationContract.X");
    check_refused::<Vec<Location>>("0801", "");
}

#[test]
fn numbers_may_come_one_by_one() {
    check_read("5004 5005", &parse::<Location>(r#"{"LocalizationAreas":[4,5]}"#));
}

#[test]
fn an_id_alone_does_not_travel() {
    let layer = Layer { areas: vec![Linked::Id(3)], devices: vec![Linked::Id(4)], ..Layer::default() };
    check_written(&layer, "");
}

#[test]
fn what_the_devkits_write_of_a_layer_goes_in_and_never_out() {
    let layer = Layer {
        id: 1,
        paths: WriteOnly(vec![Linked::Id(3)]),
        children: WriteOnly(vec![Linked::Id(4), Linked::Id(5)]),
        ..Layer::default()
    };
    check_read("0801 6a020803 72020804 72020805", &layer);
    assert_eq!(layer.to_message(), [8, 1]);
}
