//! Devices.

use wire::collection::{Device, FallStatus};
use wire::contract::{Linked, WriteOnly};

use super::{check, check_read, check_written, parse, whole};

#[test]
fn devices() {
    let mut device: Device = parse(
        r#"{"Id":1,"Mac":"m","BranchId":2,"SectorId":3,"ValidSectorId":4,"Title":"t","Note":"n",
        "LastTimeOnline":1767225601000,"ValidLastTimeOnline":1767225602000,"X":12500.5,"Y":-6,"ValidX":7.5,"ValidY":8,
        "AppVersion":"3.1","IsMoving":true,"FallStatus":"ManDownNegative","Battery":87.5,"DeviceTypeId":9,
        "DeviceType":"AGV","Login":"agv-07","Position":true,"Geofence":true,"GeofenceRange":300,"DeviceStatus":"[]",
        "Heartbeat":1767225603000}"#,
    );
    device.layers = vec![whole(r#"{"Id":10}"#), whole(r#"{"Id":11,"Title":"l"}"#)];
    let bytes =
        "0801 12016d 1802 2803 3804 420174 4a016e 50e8d7eab6b733 58d0dfeab6b733 6500524346 6d0000c0c0 750000f040
         7d00000041 820103332e31 880101 900104 9d010000af42 a00109 aa0103414756 b201066167762d3037 b80101 c00101
         c801ac02 da0102080a da0105080b12016c e201025b5d e801b8e7eab6b733";
    check_written(&device, bytes);
    // A link is read as its id, however much of the row comes.
    device.layers = [10, 11].map(Linked::Id).to_vec();
    check_read(bytes, &device);
}

#[test]
fn a_password_goes_in_and_never_out() {
    let device = Device { password: WriteOnly(Some("made-up".to_owned())), ..Device::default() };
    check_read("d201076d6164652d7570", &device);
    assert_ne!(device, Device::default());
    check_written(&device, "");
}

#[test]
fn fall_statuses() {
    let of = |fall_status| Device { fall_status, ..Device::default() };
    check(&of(FallStatus::Ok), "");
    check(&of(FallStatus::ManDown), "900101");
    check(&of(FallStatus::ManDownControl), "900102");
    check(&of(FallStatus::ManDownPositive), "900103");
    check(&of(FallStatus::ManDownNegative), "900104");
    check(&of(FallStatus::ManDownNegativeAfterLimit), "900105");
    check_read("900106", &of(FallStatus::Ok));
}
