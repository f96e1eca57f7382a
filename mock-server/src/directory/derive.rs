//! What a world may leave out: numbers, and GUIDs. They follow from the world and a seed, and are the same on every run.

use std::collections::HashSet;

use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

use super::rows::Row;
use super::seed::{BranchSeed, ClientSeed, RowSeed, UserSeed, World};

/// An entry that has a number.
pub(super) trait Numbered {
    /// The number that is given.
    fn given(&self) -> Option<i32>;

    /// Gives it one.
    fn assign(&mut self, number: i32);
}

// === impl World ===

impl World {
    /// Gives each entry without a number the lowest one that no other of its kind has, in the order of the world.
    pub(super) fn number(&mut self) {
        number(&mut self.clients, |client, each| each(client));
        number(&mut self.clients, |client, each| client.branches.iter_mut().for_each(each));
        self.number_of(|branch| &mut branch.sectors);
        self.number_of(|branch| &mut branch.layers);
        self.number_of(|branch| &mut branch.areas);
        self.number_of(|branch| &mut branch.paths);
        self.number_of(|branch| &mut branch.beacons);
        self.number_of(|branch| &mut branch.devices);
        self.number_of(|branch| &mut branch.sensors);
        self.number_of(|branch| &mut branch.sensor_data);
        self.number_of(|branch| &mut branch.quantities);
        self.number_of(|branch| &mut branch.shifts);
        self.number_of(|branch| &mut branch.orders);
        self.number_of(|branch| &mut branch.users);
    }

    fn number_of<N: Numbered>(&mut self, of: impl Fn(&mut BranchSeed) -> &mut Vec<N>) {
        number(&mut self.clients, |client, each| {
            client.branches.iter_mut().flat_map(|branch| of(branch).iter_mut()).for_each(each);
        });
    }
}

/// `visit` calls a function for each entry of a kind that a client has.
fn number<N: Numbered>(clients: &mut [ClientSeed], visit: impl Fn(&mut ClientSeed, &mut dyn FnMut(&mut N))) {
    let mut given = HashSet::new();
    for client in &mut *clients {
        visit(client, &mut |entry| given.extend(entry.given()));
    }
    let mut last = 0_i32;
    for client in clients {
        visit(client, &mut |entry| {
            let number = entry.given().unwrap_or_else(|| {
                last = last.saturating_add(1);
                while given.contains(&last) {
                    last = last.saturating_add(1);
                }
                last
            });
            entry.assign(number);
        });
    }
}

impl Numbered for ClientSeed {
    fn given(&self) -> Option<i32> {
        self.id
    }

    fn assign(&mut self, number: i32) {
        self.id = Some(number);
    }
}

impl Numbered for BranchSeed {
    fn given(&self) -> Option<i32> {
        self.id
    }

    fn assign(&mut self, number: i32) {
        self.id = Some(number);
    }
}

impl Numbered for UserSeed {
    fn given(&self) -> Option<i32> {
        self.id
    }

    fn assign(&mut self, number: i32) {
        self.id = Some(number);
    }
}

impl<R: Row> Numbered for RowSeed<R> {
    fn given(&self) -> Option<i32> {
        self.given.contains(&R::NUMBER).then(|| self.row.number())
    }

    fn assign(&mut self, number: i32) {
        self.number = number;
    }
}

/// The GUID of whatever stands at a place, under a seed.
pub(super) fn seeded_guid(seed: u64, place: &str) -> Uuid {
    guid(Sha256::new().chain_update(seed.to_be_bytes()).chain_update([0]).chain_update(place))
}

/// The GUID of whatever stands at a place, whatever the seed.
pub(super) fn placed_guid(place: &str) -> Uuid {
    guid(Sha256::new().chain_update(place))
}

fn guid(digest: Sha256) -> Uuid {
    let digest: [u8; 32] = digest.finalize().into();
    let [bytes, _] = digest.as_chunks::<16>().0 else { return Uuid::nil() };
    Builder::from_random_bytes(*bytes).into_uuid()
}
