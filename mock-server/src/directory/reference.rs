//! What rows of a branch name of each other. A world in which one names what is not there is refused.

use wire::collection::{Area, Layer, Sector, Sensor};
use wire::contract::{Linked, Value};

use super::BranchId;
use super::invalid::{Place, Problem};
use super::rows::{Row, Tables};
use crate::json::snake;

/// What a member names.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Target {
    /// An area.
    Area,
    /// A layer.
    Layer,
    /// A sector.
    Sector,
    /// A sensor.
    Sensor,
}

// === impl Target ===

impl Target {
    fn phrase(self) -> &'static str {
        match self {
            Self::Area => "area of this branch",
            Self::Layer => "layer of this branch",
            Self::Sector => "sector of this branch",
            Self::Sensor => "sensor of this branch",
        }
    }

    fn check(self, tables: &Tables, branch: BranchId, member: &str, number: i32) -> Result<(), Problem> {
        match self {
            Self::Area => self.check_in::<Area>(tables, branch, member, number),
            Self::Layer => self.check_in::<Layer>(tables, branch, member, number),
            Self::Sector => self.check_in::<Sector>(tables, branch, member, number),
            Self::Sensor => self.check_in::<Sensor>(tables, branch, member, number),
        }
    }

    fn check_in<R: Row>(self, tables: &Tables, branch: BranchId, member: &str, number: i32) -> Result<(), Problem> {
        let table = R::table(tables);
        if table.get(branch, number).is_some() {
            return Ok(());
        }
        Err(Problem::dangling(member, number, self.phrase(), table.of(branch).map(|row| row.number())))
    }
}

/// Follows what a row names, as far as `given` says that it does. `place` is where the row stands.
pub(super) fn check<R: Row>(
    row: &R,
    given: &[&'static str],
    tables: &Tables,
    branch: BranchId,
    place: impl Fn() -> Place,
) -> Result<(), (Place, Problem)> {
    for (name, target) in R::REFERENCES.iter().filter(|(name, _)| given.contains(name)) {
        let Value::Integer(number) = row.look_at(name) else { continue };
        let (member, number) = (snake(name), i32::try_from(number).unwrap_or(i32::MAX));
        let at_member = |problem| (place().key(member.clone().into_owned()), problem);
        target.check(tables, branch, &member, number).map_err(at_member)?;
    }
    for (index, layer) in row.layers().iter().enumerate() {
        let number = match layer {
            Linked::Id(number) => *number,
            Linked::Whole(layer) => layer.id,
        };
        let at_element = |problem| (place().key("layers").index(index), problem);
        Target::Layer.check(tables, branch, "layers:", number).map_err(at_element)?;
    }
    Ok(())
}
