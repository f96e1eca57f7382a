//! What can be asked for, and what is made.

use wire::collection::{Area, Beacon, Device, Layer, Path, Quantity, Sector, Sensor, Shift, UserDetail};

use super::*;
use crate::directory::{BranchId, ClientId, Directory, Row};

fn make(spec: &str, seed: u64) -> Directory {
    Directory::load(None, &spec.parse().unwrap(), seed).unwrap()
}

fn rows<R: Row>(directory: &Directory, branch: usize) -> Vec<R> {
    directory.table::<R>().of(BranchId(branch)).map(|row| R::clone(row)).collect()
}

/// The rows that the world that ships does not have.
fn made<R: Row>(directory: &Directory, branch: usize) -> Vec<R> {
    rows(directory, branch).split_off(rows::<R>(&Directory::default_world().unwrap(), branch).len())
}

#[test]
fn a_spec_counts_collections() {
    let spec: Generate = "devices=100000, sectors=50".parse().unwrap();
    assert_eq!(spec, Generate { devices: 100_000, sectors: 50, ..Generate::default() });
    let read = |json| serde_json::from_str::<Generate>(json).unwrap();
    assert_eq!(read(r#""devices=100000,sectors=50""#), spec);
    assert_eq!(read(r#"{"devices":100000,"sectors":50}"#), spec);
}

#[test]
fn what_cannot_be_made_is_refused_with_what_can() {
    let refusal = |text: &str| text.parse::<Generate>().unwrap_err().to_string();
    assert_eq!(
        refusal("devcies=5"),
        "\"devcies\" cannot be made; did you mean \"devices\"?; allowed: branches, sectors, layers, areas, paths, \
         beacons, devices, sensors, users, quantities, shifts"
    );
    for (text, expected) in [
        ("", "\"\" is no number of rows; write it like devices=1000,sectors=10"),
        ("devices", "\"devices\" is no number of rows; write it like devices=1000,sectors=10"),
        ("devices=0", "devices=0 cannot be made; allowed: 1 to 1000000"),
        ("devices=many", "devices=many cannot be made; allowed: 1 to 1000000"),
        ("devices=1000001", "devices=1000001 cannot be made; allowed: 1 to 1000000"),
        ("branches=1001", "branches=1001 cannot be made; allowed: 1 to 1000"),
        ("users=1,users=2", "users stands twice; say it once"),
    ] {
        assert_eq!(refusal(text), expected);
    }
    let error = serde_json::from_str::<Generate>(r#"{"devices":0}"#).err().unwrap().to_string();
    assert!(error.starts_with("0 cannot be made; allowed: 1 to 1000000"), "{error}");
}

#[test]
fn rows_join_those_of_the_first_branch_and_count_on_from_the_highest_number() {
    let world = make("devices=3,sectors=2,users=1", 1);
    let devices = made::<Device>(&world, 0);
    assert_eq!(devices.iter().map(|device| device.id).collect::<Vec<_>>(), [17, 18, 19]);
    let logins: Vec<_> = devices.iter().map(|device| device.login.as_str()).collect();
    assert_eq!(logins, ["device-000001", "device-000002", "device-000003"]);
    assert!(devices.iter().all(|device| matches!(device.sector_id, Some(5 | 6)) && device.branch_id == 1));
    let account = world.account(world.accounts_by_login("device-000003")[0]).unwrap();
    assert_eq!((account.password.as_str(), account.number, account.branch), ("device-000003-pass", 19, BranchId(0)));
    assert_eq!(made::<Sector>(&world, 0).iter().map(|sector| sector.id).collect::<Vec<_>>(), [5, 6]);
    assert_eq!(rows::<UserDetail>(&world, 0)[1].email.as_deref(), Some("user-000001@mock.example"));
    assert_eq!(rows::<Device>(&world, 1), rows(&Directory::default_world().unwrap(), 1), "the others stay as they are");
}

#[test]
fn branches_are_made_and_get_the_rows_in_turn() {
    let world = make("branches=2,devices=5,areas=3", 1);
    let branches: Vec<_> = world.branches().skip(3).map(|(_, branch)| branch.clone()).collect();
    assert_eq!(branches.iter().map(|branch| branch.title.as_str()).collect::<Vec<_>>(), ["Branch 4", "Branch 5"]);
    assert!(branches.iter().all(|branch| branch.client == ClientId(0)));
    // SHA-256 over the seed and what it is, as for GUIDs that a file leaves out.
    assert_eq!(branches[0].guid.to_string(), "dd18dc61-7401-4800-af5b-70d47621f348");
    assert_eq!(world.branch_by_guid(&branches[1].guid), Some(BranchId(4)));
    assert_eq!((rows::<Device>(&world, 3).len(), rows::<Device>(&world, 4).len()), (3, 2));
    // Each has a sector and a layer for its areas, though nobody asked for any.
    for branch in [3, 4] {
        let (sectors, layers) = (rows::<Sector>(&world, branch), rows::<Layer>(&world, branch));
        assert_eq!((sectors.len(), layers.len()), (1, 1));
        for area in rows::<Area>(&world, branch) {
            assert_eq!((area.sector_id, area.layer_id), (sectors[0].id, Some(layers[0].id)));
        }
    }
}

#[test]
fn places_lie_in_their_sectors() {
    let world = make("sectors=5,layers=2,areas=200,paths=200,beacons=50,sensors=50", 7);
    let sectors = made::<Sector>(&world, 0);
    let size = |id: i32| {
        let sector = sectors.iter().find(|sector| sector.id == id).expect("a sector that was made");
        (f64::from(sector.sector_width), f64::from(sector.sector_height))
    };
    let assert_inside = |sector: i32, x: f64, y: f64| {
        let (width, height) = size(sector);
        assert!((0.0..=width).contains(&x) && (0.0..=height).contains(&y), "({x}, {y}) in {width} by {height}");
    };
    let layers: Vec<i32> = made::<Layer>(&world, 0).iter().map(|layer| layer.id).collect();
    for area in made::<Area>(&world, 0) {
        assert!(area.coordinates.len() == 4 && layers.contains(&area.layer_id.unwrap()));
        area.coordinates.iter().for_each(|point| assert_inside(area.sector_id, point.x.0, point.y.0));
    }
    for path in made::<Path>(&world, 0) {
        assert!((2..=5).contains(&path.path_points.len()) && layers.contains(&path.layer_id.unwrap()));
        path.path_points.iter().for_each(|point| assert_inside(path.sector_id, point.x.into(), point.y.into()));
    }
    for beacon in made::<Beacon>(&world, 0) {
        assert_inside(beacon.sector_id.unwrap(), beacon.x.unwrap().0, beacon.y.unwrap().0);
    }
    for sensor in made::<Sensor>(&world, 0) {
        assert_inside(sensor.sector_id.unwrap(), sensor.x.unwrap().0, sensor.y.unwrap().0);
    }
}

#[test]
fn the_same_seed_makes_the_same_rows_and_another_seed_others() {
    let spec = "sectors=3,layers=2,areas=9,paths=9,beacons=9,devices=40,sensors=9,users=9,quantities=3,shifts=3";
    let (first, again, other) = (make(spec, 1), make(spec, 1), make(spec, 2));
    assert_eq!(made::<Sector>(&first, 0)[0].guid.0.to_string(), "f113229e-9ee5-4f28-a32e-e0aaf68de2d9");
    macro_rules! compare {
        ($($row:ty)*) => {$(
            assert_eq!(made::<$row>(&first, 0), made::<$row>(&again, 0));
            assert_ne!(made::<$row>(&first, 0), made::<$row>(&other, 0));
        )*};
    }
    compare! { Sector Area Path Beacon Device Sensor UserDetail Quantity Shift }
    let guid = |world: &Directory| made::<Area>(world, 0)[0].guid.0;
    assert_ne!(guid(&first), guid(&other));
    let logins =
        |world: &Directory| made::<Device>(world, 0).into_iter().map(|device| device.login).collect::<Vec<_>>();
    assert_eq!(logins(&first), logins(&other), "names and numbers are counted, not drawn");
}

#[test]
fn more_rows_of_a_collection_change_neither_its_first_ones_nor_another_collection() {
    let (few, many) = (make("sectors=2,devices=5,users=5", 1), make("sectors=2,devices=50,users=5", 1));
    assert_eq!(made::<Device>(&few, 0)[..], made::<Device>(&many, 0)[..5]);
    assert_eq!(made::<UserDetail>(&few, 0), made::<UserDetail>(&many, 0));
}

#[test]
fn a_login_that_the_world_has_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.toml");
    let text = "[[client]]\nname = \"a\"\nbranch = [{ title = \"t\", device = [{ login = \"device-000002\" }] }]\n";
    std::fs::write(&path, text).unwrap();
    let world = Directory::load(Some(&path), &"devices=2".parse().unwrap(), 1).unwrap();
    let logins: Vec<_> = rows::<Device>(&world, 0).into_iter().map(|device| device.login).collect();
    assert_eq!(logins, ["device-000002", "device-000001", "device-000003"]);
    assert_eq!(rows::<Device>(&world, 0)[1].sector_id, None, "there is no sector to be in");
}

#[test]
fn when_the_numbers_are_used_up_nothing_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("w.toml");
    std::fs::write(&path, "[[client]]\nname = \"a\"\nbranch = [{ title = \"t\", shift = [{ id = 2147483647 }] }]\n")
        .unwrap();
    let refused = Directory::load(Some(&path), &"shifts=1".parse().unwrap(), 1).unwrap_err().to_string();
    assert_eq!(refused, "generate: shifts: there are 1000000 of them already, which is the limit; delete some");
}
