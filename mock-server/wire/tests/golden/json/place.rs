//! Clients, branches and sectors.

use wire::collection::{Barrier, Branch, Client, GpsItem, Sector};
use wire::contract::{Guid, Linked, Narrow, SplitGuid};

use super::{check, check_default, text};
use crate::GUID;

#[test]
fn clients() {
    let client =
        Client { id: 1, guid: Guid(GUID), title: "t".to_owned(), db_name: "d".to_owned(), odoo_partner_id: text("o") };
    check(
        &client,
        r#"{"Id":1,"Guid":"3f0c1a52-9d11-4a7e-8a70-0d5c2b7e1f10","Title":"t","DBName":"d","OdooPartnerId":"o"}"#,
    );
}

#[test]
fn branches() {
    let branch = Branch {
        id: 1,
        title: "t".to_owned(),
        guid: SplitGuid(GUID),
        time_zone: "UTC".to_owned(),
        latitude: Narrow(48.148_598),
        longitude: Narrow(17.0),
        sectors: vec![Sector { id: 2, ..Sector::default() }],
        adress_line1: text("1"),
        adress_line2: text("2"),
        country: text("c"),
        city: text("y"),
        zip_code: text("z"),
    };
    check(
        &branch,
        r#"{"Id":1,"Title":"t","Guid":"3f0c1a52-9d11-4a7e-8a70-0d5c2b7e1f10","TimeZone":"UTC","Latitude":48.148598,
        "Longitude":17,"Sectors":[{"Id":2,"Guid":"00000000-0000-0000-0000-000000000000","BranchId":0,"Title":"",
        "BarrierHeight":0,"BarrierWidth":0,"SectorWidth":0,"SectorHeight":0,"Modified":0,"GpsItems":[],"Areas":[],
        "Barriers":[],"Beacons":[],"Sensors":[],"Paths":[]}],"AdressLine1":"1","AdressLine2":"2","Country":"c",
        "City":"y","ZipCode":"z"}"#,
    );
}

#[test]
fn sectors() {
    let gps_item = GpsItem { id: 1, sector_id: 2, x: 3.5, y: -4.0, latitude: 48.148_598, longitude: 17.107_748 };
    let barrier = Barrier { x: 1, y: 2, sector_id: 3, branch_id: 4 };
    let sector = Sector {
        id: 1,
        guid: Guid(GUID),
        branch_id: 2,
        title: "t".to_owned(),
        barrier_height: 3.0,
        barrier_width: 4.5,
        sector_width: 265_337.97,
        sector_height: 6.0,
        modified: 1_767_225_601_000,
        gps_items: vec![gps_item],
        areas: vec![Linked::Id(7)],
        barriers: vec![barrier],
        beacons: vec![Linked::Id(8)],
        sensors: vec![Linked::Id(9)],
        paths: vec![Linked::Id(10)],
        configuration: text("c"),
        floor: Some(11),
        floor_name: text("f"),
    };
    check(
        &sector,
        r#"{"Id":1,"Guid":"3f0c1a52-9d11-4a7e-8a70-0d5c2b7e1f10","BranchId":2,"Title":"t","BarrierHeight":3,
        "BarrierWidth":4.5,"SectorWidth":265337.97,"SectorHeight":6,"Modified":1767225601000,
        "GpsItems":[{"Id":1,"SectorId":2,"X":3.5,"Y":-4,"Latitude":48.148598,"Longitude":17.107748}],"Areas":[7],
        "Barriers":[{"X":1,"Y":2,"SectorId":3,"BranchId":4}],"Beacons":[8],"Sensors":[9],"Paths":[10],
        "Configuration":"c","Floor":11,"FloorName":"f"}"#,
    );
}

#[test]
fn nothing_set() {
    check_default::<Client>(
        "ClientContract",
        r#"{"Id":0,"Guid":"00000000-0000-0000-0000-000000000000","Title":"","DBName":""}"#,
    );
    check_default::<Branch>(
        "BranchContract",
        r#"{"Id":0,"Title":"","Guid":"00000000-0000-0000-0000-000000000000","TimeZone":"","Latitude":0,"Longitude":0,
        "Sectors":[]}"#,
    );
    check_default::<Sector>(
        "SectorContract",
        r#"{"Id":0,"Guid":"00000000-0000-0000-0000-000000000000","BranchId":0,"Title":"","BarrierHeight":0,
        "BarrierWidth":0,"SectorWidth":0,"SectorHeight":0,"Modified":0,"GpsItems":[],"Areas":[],"Barriers":[],
        "Beacons":[],"Sensors":[],"Paths":[]}"#,
    );
    check_default::<GpsItem>("GpsItemContract", r#"{"Id":0,"SectorId":0,"X":0,"Y":0,"Latitude":0,"Longitude":0}"#);
    check_default::<Barrier>("BarrierContract", r#"{"X":0,"Y":0,"SectorId":0,"BranchId":0}"#);
}
