//! Branches and sectors.

use wire::collection::{Barrier, Branch, GpsItem, Sector};
use wire::contract::Linked;

use super::{check_contract, check_read, check_written, parse, whole};

#[test]
fn branches() {
    check_contract::<Branch>(
        r#"{"Id":1,"Title":"t","Guid":"3f0c1a52-9d11-4a7e-8a70-0d5c2b7e1f10","TimeZone":"UTC","Latitude":48.5,
        "Longitude":-17,"Sectors":[{"Id":2,"Title":"s"},{"Id":3}]}"#,
        "0801 120174 1a1209521a0c3f119d7e4a118a700d5c2b7e1f10 2203555443 2d00004242 35000088c1 3a0508022a0173 3a020803",
    );
}

#[test]
fn sectors() {
    let mut sector: Sector = parse(
        r#"{"Id":1,"Guid":"3f0c1a52-9d11-4a7e-8a70-0d5c2b7e1f10","BranchId":2,"Title":"t","BarrierHeight":3,
        "BarrierWidth":4,"SectorWidth":6,"SectorHeight":5.5,"Modified":1767225601000,"GpsItems":[{"Id":7},{"Id":8}],
        "Barriers":[{"X":11},{"X":12}],"Configuration":"c"}"#,
    );
    sector.areas = vec![whole(r#"{"Id":9}"#), whole(r#"{"Id":10}"#)];
    sector.beacons = vec![whole(r#"{"Id":13}"#), whole(r#"{"Id":14}"#)];
    sector.sensors = vec![whole(r#"{"Id":15}"#), whole(r#"{"Id":16}"#)];
    sector.paths = vec![whole(r#"{"Id":17}"#), whole(r#"{"Id":18}"#)];
    let bytes =
        "0801 122433663063316135322d396431312d346137652d386137302d306435633262376531663130 1802 2a0174 3500004040
         3d00008040 450000b040 4d0000c040 50e8d7eab6b733 5a020807 5a020808 62020809 6202080a 6a02080b 6a02080c
         7202080d 7202080e 7a02080f 7a020810 82010163 8a01020811 8a01020812";
    check_written(&sector, bytes);
    // A link is read as its id, however much of the row comes.
    sector.areas = [9, 10].map(Linked::Id).to_vec();
    sector.beacons = [13, 14].map(Linked::Id).to_vec();
    sector.sensors = [15, 16].map(Linked::Id).to_vec();
    sector.paths = [17, 18].map(Linked::Id).to_vec();
    check_read(bytes, &sector);
}

#[test]
fn gps_items_and_barriers() {
    check_contract::<GpsItem>(
        r#"{"Id":1,"SectorId":2,"X":3.5,"Y":-4,"Latitude":48.148598,"Longitude":17.107748}"#,
        "0801 1002 2500006040 2d000080c0 3121205f4205134840 399c35785f951b3140",
    );
    check_contract::<Barrier>(r#"{"X":1,"Y":-2,"SectorId":3,"BranchId":4}"#, "0801 10feffffffffffffffff01 1803 2804");
}
