//! What a world leaves out, and what is there once it is built.

use super::*;
use wire::collection::{Area, Device, Order, Sector, Sensor, UserDetail};

use crate::directory::AccountKind;
use crate::directory::rows::Row;

fn build(text: &str, seed: u64) -> Directory {
    Directory::from_world(toml::from_str(text).unwrap(), seed).unwrap()
}

/// Numbers of the rows of a branch.
fn numbers<R: Row>(directory: &Directory, branch: usize) -> Vec<i32> {
    directory.table::<R>().of(BranchId(branch)).map(|row| row.number()).collect()
}

#[test]
fn the_world_that_ships_is_whole() {
    let directory = Directory::default_world().unwrap();
    assert_eq!(directory.table::<Device>().len(), 14);
    assert_eq!(directory.branches().count(), 3);
    let client = directory.client_by_name("acme-logistics").unwrap();
    let account = directory.account_by_login(client, "forklift-01").unwrap();
    let (pune, _) = directory.branches().find(|(_, branch)| branch.title == "Pune").unwrap();
    let account = directory.account(account).unwrap();
    assert_eq!(account.kind, AccountKind::Device);
    let device = |branch| directory.holder_in_branch(branch, AccountKind::Device, "forklift-01");
    assert!(device(account.branch).is_some() && device(pune).is_none());
}

#[test]
fn the_seed_decides_nothing_of_the_world_that_ships() {
    let text = include_str!("../default-world.toml");
    let shown = |seed| {
        let directory = build(text, seed);
        let areas: Vec<_> = directory.table::<Area>().of(BranchId(0)).map(|area| area.guid.0.to_string()).collect();
        let branches: Vec<_> = directory.branches().map(|(_, branch)| branch.guid.to_string()).collect();
        (areas, branches)
    };
    assert_eq!(shown(1), shown(2));
}

const SMALL: &str = r#"
    [[client]]
    name = "acme"
    [[client.branch]]
    title = "Hall"
    sector = [{}, { id = 1 }]
    area = [{ sector_id = 1 }]
    device = [{ login = "a" }, { id = 2, login = "b" }, { login = "c", title = "Crane" }]
    sensor = [{ login = "s" }]
    order = [{ status = 1 }]
    user = [{ login = "u", password = "p", name = "Una", surname = "Example" }]
    [[client.branch]]
    title = "Yard"
    device = [{ login = "d" }, { id = 9, login = "e" }, { login = "f" }]
    [[client]]
    name = "other"
    branch = [{ title = "Hall" }]
"#;

#[test]
fn a_number_that_is_left_out_is_the_lowest_that_no_other_has() {
    let world = build(SMALL, 1);
    assert_eq!((numbers::<Sector>(&world, 0), numbers::<Area>(&world, 0)), (vec![1, 2], vec![1]));
    assert_eq!((numbers::<Device>(&world, 0), numbers::<Device>(&world, 1)), (vec![1, 2, 3], vec![4, 5, 9]));
    assert_eq!((numbers::<Order>(&world, 0), numbers::<UserDetail>(&world, 0)), (vec![1], vec![1]));
    let clients: Vec<i32> = world.clients().iter().map(|client| client.id).collect();
    let branches: Vec<i32> = world.branches().map(|(_, branch)| branch.id).collect();
    assert_eq!((clients, branches), (vec![1, 2], vec![1, 2, 3]));
    let numbered = |login| world.account(world.accounts_by_login(login)[0]).unwrap().number;
    assert_eq!(["a", "b", "c", "d", "e", "f"].map(numbered), [1, 2, 3, 4, 9, 5]);
}

#[test]
fn the_rest_that_is_left_out_has_values_too() {
    let world = build(SMALL, 1);
    let branch = world.branch(BranchId(0));
    assert_eq!((branch.time_zone.as_str(), branch.latitude, branch.longitude), ("UTC", 0.0, 0.0));
    assert_eq!(world.clients()[0].db_name, "acme");
    let titles: Vec<String> = world.table::<Device>().of(BranchId(0)).map(|device| device.title.clone()).collect();
    assert_eq!(titles, ["a", "b", "Crane"]);
    assert_eq!(world.table::<Sensor>().get(BranchId(0), 1).unwrap().title, "s");
}

#[test]
fn guids_that_are_left_out_follow_from_seed_name_and_place() {
    // The first 16 bytes of SHA-256 over the seed as 8 bytes, a zero and the place, as a GUID of version 4.
    let guids = |seed| {
        let world = build(SMALL, seed);
        (world.clients()[0].guid.to_string(), world.branch(BranchId(0)).guid.to_string())
    };
    let (client, branch) = guids(1);
    assert_eq!(
        (client.as_str(), branch.as_str()),
        ("58135eba-3522-4db4-9d97-995485de64fa", "29e9e8d2-bcf6-4b74-bedb-061bf4e683da")
    );
    assert_eq!(guids(1), (client.clone(), branch.clone()));
    let (other_client, other_branch) = guids(2);
    assert!(other_client != client && other_branch != branch);
    let renamed = build(&SMALL.replace("acme", "acne"), 1);
    assert_ne!(renamed.clients()[0].guid.to_string(), client);
}

#[test]
fn a_world_without_a_file_is_refused_with_the_place_of_the_entry() {
    let refusal = |text| Directory::from_world(toml::from_str(text).unwrap(), 1).unwrap_err().to_string();
    assert_eq!(refusal(""), "a world has at least one client");
    assert_eq!(
        refusal("client = [{ name = 'a', branch = [{ title = 't', sensor = [{ login = 's', area_id = 4 }] }] }]"),
        "client[0].branch[0].sensor[0].area_id: area_id 4 is no area of this branch; there is none"
    );
}

#[test]
fn there_are_as_many_keys_as_the_directory_holds() {
    let mut draft = Draft::default();
    let add = |draft: &mut Draft, number: usize| {
        draft.add_key(format!("key-{number}"), Opens::Client(ClientId(0), None), false, Place::default)
    };
    for number in 0..100_000 {
        add(&mut draft, number).unwrap();
    }
    let refused = add(&mut draft, 100_000).unwrap_err().to_string();
    assert_eq!(refused, "there are more than 100000 keys, which is the limit");
}
