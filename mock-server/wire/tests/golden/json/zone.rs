//! Areas, layers, paths and beacons.

use wire::collection::{Area, AreaOccurrence, Beacon, Layer, LoginName, Path, PathPoint, Point};
use wire::contract::{Linked, Narrow, SplitGuid, WriteOnly};

use super::{check, check_default, check_read, text};
use crate::GUID;

#[test]
fn areas() {
    let area = Area {
        id: 1,
        guid: SplitGuid(GUID),
        title: "t".to_owned(),
        sector_id: 2,
        branch_id: 3,
        layer_id: Some(4),
        color: text("#22c55e"),
        coordinates: vec![Point { x: Narrow(5.0), y: Narrow(6.5) }],
        description: text("d"),
        created: 1_767_225_601_000,
        updated: 1_767_225_602_000,
        external_id: text("e"),
        target_branch_id: Some(7),
    };
    check(
        &area,
        r##"{"Id":1,"Guid":"3f0c1a52-9d11-4a7e-8a70-0d5c2b7e1f10","Title":"t","SectorId":2,"BranchId":3,"LayerId":4,
        "Color":"#22c55e","Coordinates":[{"X":5,"Y":6.5}],"Description":"d","Created":1767225601000,
        "Updated":1767225602000,"ExternalId":"e","TargetBranchId":7}"##,
    );
    let occurrence = AreaOccurrence {
        start: 1_767_225_601_000,
        stop: 1_767_225_602_000,
        date: 1_767_225_600_000,
        shift: text("s"),
        device: "d".to_owned(),
        layer: text("l"),
        area: "a".to_owned(),
        is_no_go: true,
        duration: 1000,
        occurrences: 2,
    };
    check(
        &occurrence,
        r#"{"Start":1767225601000,"Stop":1767225602000,"Date":1767225600000,"Shift":"s","Device":"d","Layer":"l",
        "Area":"a","IsNoGo":true,"Duration":1000,"Occurrences":2}"#,
    );
}

#[test]
fn layers() {
    let layer = Layer {
        id: 1,
        title: "t".to_owned(),
        icon: text("i"),
        branch_id: 2,
        visible: true,
        localization: true,
        created: 1_767_225_601_000,
        updated: 1_767_225_602_000,
        areas: vec![Linked::Id(3)],
        devices: vec![Linked::Id(4), Linked::Id(5)],
        is_no_go: true,
        external_id: text("e"),
        paths: WriteOnly(Vec::new()),
        children: WriteOnly(Vec::new()),
    };
    check(
        &layer,
        r#"{"Id":1,"Title":"t","Icon":"i","BranchId":2,"Visible":true,"Localization":true,"Created":1767225601000,
        "Updated":1767225602000,"Areas":[3],"Devices":[4,5],"IsNoGo":true,"ExternalId":"e"}"#,
    );
    check(&LoginName { login: text("l") }, r#"{"Login":"l"}"#);
}

#[test]
fn paths() {
    let point = PathPoint { id: 1, path_id: 2, branch_id: 3, index: 4, x: 5.5, y: 6.0, area_id: Some(7) };
    let path = Path {
        id: 1,
        guid: SplitGuid(GUID),
        title: "t".to_owned(),
        sector_id: 2,
        branch_id: 3,
        layer_id: Some(4),
        color: text("#22c55e"),
        path_points: vec![point],
        description: text("d"),
        created: 1_767_225_601_000,
        updated: 1_767_225_602_000,
    };
    check(
        &path,
        r##"{"Id":1,"Guid":"3f0c1a52-9d11-4a7e-8a70-0d5c2b7e1f10","Title":"t","SectorId":2,"BranchId":3,"LayerId":4,
        "Color":"#22c55e","PathPoints":[{"Id":1,"PathId":2,"BranchId":3,"Index":4,"X":5.5,"Y":6,"AreaId":7}],
        "Description":"d","Created":1767225601000,"Updated":1767225602000}"##,
    );
}

#[test]
fn beacons() {
    let beacon = Beacon {
        id: 1,
        sector_id: Some(2),
        branch_id: 3,
        mac: text("m"),
        x: Some(Narrow(4.0)),
        y: Some(Narrow(5.5)),
        z: Some(Narrow(6.0)),
        title: "t".to_owned(),
        active: true,
        position: true,
        type_id: Some(7),
        geofence: true,
        geofence_range: Some(Narrow(8.5)),
        cluster: text("c"),
        last_time_online: Some(1_767_225_601_000),
        use_gps: true,
        cfuuid: text("u"),
        created: 1_767_225_602_000,
        update: 1_767_225_603_000,
    };
    check(
        &beacon,
        r#"{"Id":1,"SectorId":2,"BranchId":3,"Mac":"m","X":4,"Y":5.5,"Z":6,"Title":"t","Active":true,"Position":true,
        "TypeId":7,"Geofence":true,"GeofenceRange":8.5,"Cluster":"c","LastTimeOnline":1767225601000,"UseGps":true,
        "CFUUID":"u","Created":1767225602000,"Update":1767225603000}"#,
    );
}

#[test]
fn nothing_set() {
    check_default::<Area>(
        "AreaContract",
        r#"{"Id":0,"Guid":"00000000-0000-0000-0000-000000000000","Title":"","SectorId":0,"BranchId":0,
        "Coordinates":[],"Created":0,"Updated":0}"#,
    );
    check_default::<AreaOccurrence>(
        "AreaOccurrenceContract",
        r#"{"Start":0,"Stop":0,"Date":0,"Device":"","Area":"","IsNoGo":false,"Duration":0,"Occurrences":0}"#,
    );
    check_default::<Point>("PointContract", r#"{"X":0,"Y":0}"#);
    check_default::<Layer>(
        "LayerContract",
        r#"{"Id":0,"Title":"","BranchId":0,"Visible":false,"Localization":false,"Created":0,"Updated":0,"Areas":[],
        "Devices":[],"IsNoGo":false}"#,
    );
    check_default::<LoginName>("LoginContract", "{}");
    check_default::<Path>(
        "PathContract",
        r#"{"Id":0,"Guid":"00000000-0000-0000-0000-000000000000","Title":"","SectorId":0,"BranchId":0,
        "PathPoints":[],"Created":0,"Updated":0}"#,
    );
    check_default::<PathPoint>("PathPointContract", r#"{"Id":0,"PathId":0,"BranchId":0,"Index":0,"X":0,"Y":0}"#);
    check_default::<Beacon>(
        "BeaconContract",
        r#"{"Id":0,"BranchId":0,"Title":"","Active":false,"Position":false,"Geofence":false,"UseGps":false,
        "Created":0,"Update":0}"#,
    );
}

#[test]
fn what_the_devkits_write_of_a_layer_and_never_read() {
    let layer =
        Layer { paths: WriteOnly(vec![Linked::Id(1)]), children: WriteOnly(vec![Linked::Id(2)]), ..Layer::default() };
    check_read(r#"{"Paths":[1],"Children":[2]}"#, &layer);
    assert_eq!(serde_json::to_string(&layer).unwrap(), serde_json::to_string(&Layer::default()).unwrap());
}
