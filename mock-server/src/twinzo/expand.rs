//! Rows of other collections inside a row, where `$expand` asks for them, §1. What is inside shows no rows of its own.

use std::collections::{BTreeMap, HashMap, HashSet};

use wire::collection::{Area, Beacon, Device, Layer, Path, Sector, Sensor};
use wire::contract::{Contract, Linked};

use super::odata::Query;
use super::problem::Refusal;
use super::rows::Shown;
use super::work::Work;
use crate::directory::{BranchId, Directory};
use crate::reason::Reason;

/// The rows that an answer may show inside others, and what they are taken from.
pub(super) struct Inside<'w> {
    work: &'w Work<'w>,
    directory: &'w Directory,
    /// How many may still be shown.
    left: usize,
}

/// Rows inside other rows, at most, in one answer: a row of many owners is there once for each.
const MOST: usize = 20_000;

// === impl Inside ===

impl<'w> Inside<'w> {
    pub(super) fn new(work: &'w Work<'w>, directory: &'w Directory) -> Self {
        Self { work, directory, left: MOST }
    }

    /// One more row to show.
    fn show<R: Shown>(&mut self, row: &R) -> Result<R, Refusal> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            let message =
                format!("more than {MOST} rows would stand inside others; ask for fewer with $top or $filter");
            let refused = Reason::QueryInvalid.because(message.clone());
            Refusal::BadRequest(refused, BTreeMap::from([("$expand".to_owned(), vec![message])]))
        })?;
        let mut row = row.clone();
        row.fold(&|_| false);
        row.complete(self.work, self.directory);
        Ok(row)
    }

    /// The rows of a branch.
    pub(super) fn of_branch<R: Shown>(&mut self, branch: BranchId) -> Result<Vec<R>, Refusal> {
        let rows = self.directory.table::<R>().of(branch);
        rows.map(|row| self.show(&**row)).collect()
    }

    /// The rows of the branch that belong to any of some owners, by owner.
    fn by_owner<R: Shown>(
        &mut self,
        owners: &HashSet<i32>,
        owners_of: impl Fn(&R, &mut dyn FnMut(i32)),
    ) -> Result<HashMap<i32, Vec<Linked<R>>>, Refusal> {
        let mut found: HashMap<i32, Vec<Linked<R>>> = HashMap::new();
        for row in self.directory.table::<R>().of(self.work.branch()) {
            let mut of = Vec::new();
            owners_of(row, &mut |owner| of.extend(owners.contains(&owner).then_some(owner)));
            for owner in of {
                let shown = self.show(&**row)?;
                found.entry(owner).or_default().push(Linked::Whole(Box::new(shown)));
            }
        }
        Ok(found)
    }
}

/// Fills one member of some rows with the rows that belong to each.
fn fill<R: Contract, I: Shown>(
    rows: &mut [R],
    number: fn(&R) -> i32,
    member: fn(&mut R) -> &mut Vec<Linked<I>>,
    inside: &mut Inside<'_>,
    owners_of: impl Fn(&I, &mut dyn FnMut(i32)),
) -> Result<(), Refusal> {
    let owners = rows.iter().map(number).collect();
    let mut found = inside.by_owner(&owners, owners_of)?;
    for row in rows {
        *member(row) = found.remove(&number(row)).unwrap_or_default();
    }
    Ok(())
}

pub(super) fn sectors(rows: &mut [Sector], query: &Query, inside: &mut Inside<'_>) -> Result<(), Refusal> {
    if query.expands("Areas") {
        fill(rows, |row| row.id, |row| &mut row.areas, inside, |area: &Area, of| of(area.sector_id))?;
    }
    if query.expands("Beacons") {
        let sector = |beacon: &Beacon, of: &mut dyn FnMut(i32)| beacon.sector_id.into_iter().for_each(of);
        fill(rows, |row| row.id, |row| &mut row.beacons, inside, sector)?;
    }
    if query.expands("Sensors") {
        let sector = |sensor: &Sensor, of: &mut dyn FnMut(i32)| sensor.sector_id.into_iter().for_each(of);
        fill(rows, |row| row.id, |row| &mut row.sensors, inside, sector)?;
    }
    if query.expands("Paths") {
        fill(rows, |row| row.id, |row| &mut row.paths, inside, |path: &Path, of| of(path.sector_id))?;
    }
    Ok(())
}

pub(super) fn layers(rows: &mut [Layer], query: &Query, inside: &mut Inside<'_>) -> Result<(), Refusal> {
    if query.expands("Areas") {
        let layer = |area: &Area, of: &mut dyn FnMut(i32)| area.layer_id.into_iter().for_each(of);
        fill(rows, |row| row.id, |row| &mut row.areas, inside, layer)?;
    }
    if query.expands("Devices") {
        let layers = |device: &Device, of: &mut dyn FnMut(i32)| device.layers.iter().map(id).for_each(of);
        fill(rows, |row| row.id, |row| &mut row.devices, inside, layers)?;
    }
    Ok(())
}

/// The layers that devices name by their ids. One that is no longer there is not shown.
pub(super) fn devices(rows: &mut [Device], query: &Query, inside: &mut Inside<'_>) -> Result<(), Refusal> {
    if !query.expands("Layers") {
        return Ok(());
    }
    let layers = inside.directory.table::<Layer>();
    for row in rows {
        let named = std::mem::take(&mut row.layers);
        for layer in named.iter().filter_map(|layer| layers.get(inside.work.branch(), id(layer))) {
            row.layers.push(Linked::Whole(Box::new(inside.show(&**layer)?)));
        }
    }
    Ok(())
}

/// The id of a layer that a device names.
pub(super) fn id(layer: &Linked<Layer>) -> i32 {
    match layer {
        Linked::Id(id) => *id,
        Linked::Whole(layer) => layer.id,
    }
}
