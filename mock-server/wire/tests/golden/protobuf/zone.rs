//! Areas, layers, paths and beacons.

use wire::collection::{Area, Beacon, Layer, LoginName, Path, PathPoint, Point};
use wire::contract::Linked;

use super::{check_contract, check_read, check_written, parse, whole};

#[test]
fn areas() {
    check_contract::<Area>(
        r##"{"Id":1,"Guid":"3f0c1a52-9d11-4a7e-8a70-0d5c2b7e1f10","Title":"t","SectorId":2,"BranchId":3,"LayerId":4,
        "Color":"#22c55e","Coordinates":[{"X":5,"Y":6.5},{"X":-7}],"Description":"d","Created":1767225601000,
        "Updated":1767225602000,"TargetBranchId":8}"##,
        "0801 121209521a0c3f119d7e4a118a700d5c2b7e1f10 1a0174 2002 3003 4004 520723323263353565
         5a0a0d0000a040150000d040 5a050d0000e0c0 620164 68e8d7eab6b733 70d0dfeab6b733 7808",
    );
    check_contract::<Point>(r#"{"X":1.5,"Y":-2}"#, "0d0000c03f 15000000c0");
}

#[test]
fn layers() {
    let mut layer: Layer = parse(
        r#"{"Id":1,"Title":"t","Icon":"i","BranchId":2,"Visible":true,"Localization":true,"Created":1767225601000,
        "Updated":1767225602000,"IsNoGo":true}"#,
    );
    layer.areas = vec![whole(r#"{"Id":3}"#), whole(r#"{"Id":4}"#)];
    layer.devices = vec![whole(r#"{"Id":5}"#), whole(r#"{"Id":6,"Login":"agv-07"}"#)];
    let bytes = "0801 120174 1a0169 2002 3001 3801 40e8d7eab6b733 48d0dfeab6b733 52020803 52020804 5a020805
         5a0b0806b201066167762d3037 6001";
    check_written(&layer, bytes);
    // A link is read as its id, however much of the row comes.
    layer.areas = [3, 4].map(Linked::Id).to_vec();
    layer.devices = [5, 6].map(Linked::Id).to_vec();
    check_read(bytes, &layer);
    check_contract::<LoginName>(r#"{"Login":"agv-07"}"#, "0a066167762d3037");
}

#[test]
fn paths() {
    check_contract::<Path>(
        r##"{"Id":1,"Guid":"3f0c1a52-9d11-4a7e-8a70-0d5c2b7e1f10","Title":"t","SectorId":2,"BranchId":3,"LayerId":4,
        "Color":"#22c55e","PathPoints":[{"Id":5},{"Id":6,"X":7}],"Description":"d","Created":1767225601000,
        "Updated":1767225602000}"##,
        "0801 121209521a0c3f119d7e4a118a700d5c2b7e1f10 1a0174 2002 3003 4004 520723323263353565 5a020805
         5a0708063d0000e040 620164 68e8d7eab6b733 70d0dfeab6b733",
    );
    check_contract::<PathPoint>(
        r#"{"Id":1,"PathId":2,"BranchId":3,"Index":4,"X":5.5,"Y":-6,"AreaId":7}"#,
        "0801 1002 2003 3004 3d0000b040 450000c0c0 4807",
    );
}

#[test]
fn beacons() {
    check_contract::<Beacon>(
        r#"{"Id":1,"SectorId":2,"BranchId":3,"Mac":"m","X":4,"Y":5.5,"Z":-6,"Title":"t","Active":true,
        "Position":true,"TypeId":7,"Geofence":true,"GeofenceRange":8.5,"Cluster":"c","LastTimeOnline":1767225601000,
        "UseGps":true}"#,
        "0801 1002 2003 32016d 3d00008040 450000b040 4d0000c0c0 520174 5801 6007 7001 7801 850100000841 8a010163
         9001e8d7eab6b733 980101",
    );
}
