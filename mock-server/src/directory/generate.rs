//! Worlds that are too large to be written: rows by the number, as `devices=100000,sectors=50` asks for them. What is made
//! follows from the seed, from what is asked for and from the world that it is added to.

mod draw;
mod ground;
mod people;
mod places;
#[cfg(test)]
mod tests;

use std::str::FromStr;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::build::Draft;
use super::invalid::Problem;
use crate::suggest::{nearest, one_of};

/// Rows of a collection at most: what its table holds.
const MOST_ROWS: u32 = 1_000_000;
/// Branches at most: each is shown with the credentials.
const MOST_BRANCHES: u32 = 1_000;

macro_rules! collections {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $most:ident;)*) => {
        /// How many rows to make, by collection. Nothing by default.
        #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
        pub struct Generate {
            $($(#[$doc])* pub $name: u32,)*
        }

        /// The same as a table of a configuration file.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields, default)]
        #[derive(Default)]
        struct Counts {
            $($name: Option<Count<$most>>,)*
        }

        impl Generate {
            /// What can be made.
            const NAMES: &'static [&'static str] = &[$($text,)*];

            /// The number of rows of a collection, and the most that it can be.
            fn slot(&mut self, name: &str) -> Option<(&mut u32, u32)> {
                match name {
                    $($text => Some((&mut self.$name, $most)),)*
                    _ => None,
                }
            }
        }

        impl From<Counts> for Generate {
            fn from(counts: Counts) -> Self {
                Self { $($name: counts.$name.map_or(0, |Count(count)| count),)* }
            }
        }
    };
}

collections! {
    /// Branches of the first client; the other rows go to these in turn.
    branches = "branches", MOST_BRANCHES;
    /// Sectors.
    sectors = "sectors", MOST_ROWS;
    /// Layers.
    layers = "layers", MOST_ROWS;
    /// Areas, each in a sector and on a layer.
    areas = "areas", MOST_ROWS;
    /// Paths, each in a sector and on a layer.
    paths = "paths", MOST_ROWS;
    /// Beacons.
    beacons = "beacons", MOST_ROWS;
    /// Devices, which can log in.
    devices = "devices", MOST_ROWS;
    /// Sensors, which can log in.
    sensors = "sensors", MOST_ROWS;
    /// Users, who can log in.
    users = "users", MOST_ROWS;
    /// Quantities.
    quantities = "quantities", MOST_ROWS;
    /// Shifts.
    shifts = "shifts", MOST_ROWS;
}

/// A number of rows between 1 and `MOST`.
struct Count<const MOST: u32>(u32);

/// A text that does not say what to make.
#[derive(Debug, thiserror::Error)]
pub enum NotASpec {
    /// No pairs.
    #[error("{0:?} is no number of rows; write it like devices=1000,sectors=10")]
    Form(String),
    /// No such collection.
    #[error("{name:?} cannot be made{}; {}", meant(.name), one_of(Generate::NAMES.iter().copied()))]
    Unknown {
        /// What it says.
        name: String,
    },
    /// Too few or too many.
    #[error("{name}={count} cannot be made; allowed: 1 to {most}")]
    Count {
        /// The collection.
        name: String,
        /// What it says.
        count: String,
        /// The most that it can be.
        most: u32,
    },
    /// Said twice.
    #[error("{0} stands twice; say it once")]
    Twice(String),
}

/// What was to be made, and cannot be.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {problem}")]
pub struct InvalidGenerate {
    /// The collection.
    pub what: &'static str,
    /// Why not.
    pub problem: Problem,
}

fn meant(name: &str) -> String {
    nearest(name, Generate::NAMES.iter().copied()).map_or_else(String::new, |name| format!("; did you mean {name:?}?"))
}

// === impl Generate ===

impl Generate {
    /// Makes the rows and adds them to a world: to the first branch of its first client, or to branches that are made.
    pub(super) fn add_to(self, draft: &mut Draft) -> Result<(), InvalidGenerate> {
        if self == Self::default() {
            return Ok(());
        }
        let mut ground = ground::Ground::new(self, draft)?;
        ground.add_places(self)?;
        ground.add_people(self)
    }
}

impl FromStr for Generate {
    type Err = NotASpec;

    fn from_str(text: &str) -> Result<Self, NotASpec> {
        let mut spec = Self::default();
        for pair in text.split(',') {
            let (name, count) = pair.split_once('=').ok_or_else(|| NotASpec::Form(pair.to_owned()))?;
            let (name, count) = (name.trim(), count.trim());
            let (slot, most) = spec.slot(name).ok_or_else(|| NotASpec::Unknown { name: name.to_owned() })?;
            if *slot > 0 {
                return Err(NotASpec::Twice(name.to_owned()));
            }
            let refused = || NotASpec::Count { name: name.to_owned(), count: count.to_owned(), most };
            *slot = count.parse().ok().filter(|count| (1..=most).contains(count)).ok_or_else(refused)?;
        }
        Ok(spec)
    }
}

// === serde: a text as on the command line, or a table ===

struct TextOrTable;

impl<'de> Visitor<'de> for TextOrTable {
    type Value = Generate;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a text like \"devices=1000,sectors=10\", or a table like { devices = 1000, sectors = 10 }")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Generate, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Generate, A::Error> {
        Counts::deserialize(MapAccessDeserializer::new(map)).map(Generate::from)
    }
}

impl<'de> Deserialize<'de> for Generate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextOrTable)
    }
}

impl<'de, const MOST: u32> Deserialize<'de> for Count<MOST> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let count = i64::deserialize(deserializer)?;
        let fits = u32::try_from(count).ok().filter(|count| (1..=MOST).contains(count));
        fits.map(Self).ok_or_else(|| D::Error::custom(format!("{count} cannot be made; allowed: 1 to {MOST}")))
    }
}
