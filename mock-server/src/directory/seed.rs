//! The world as a file holds it, before anything is checked against anything else.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use uuid::Uuid;
use wire::collection::{
    AppInfo, Area, Beacon, Device, FileInfo, Layer, Order, Path, Quantity, Sector, Sensor, SensorData, Shift,
};
use wire::contract::Contract;

use super::Quirk;
use crate::json::{Names, Noted, Notes};

/// A world file.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    #[serde(default, rename = "client")]
    pub(super) clients: Vec<ClientSeed>,
    #[serde(default)]
    pub(super) library: LibrarySeed,
    #[serde(default)]
    pub(super) timbr: TimbrSeed,
}

/// What the vendor's apps fetch: files, bundles, versions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LibrarySeed {
    #[serde(rename = "file")]
    pub(super) files: Vec<FileSeed>,
    #[serde(rename = "demo_file")]
    pub(super) demo_files: Vec<FileSeed>,
    #[serde(rename = "bundle")]
    pub(super) bundles: Vec<RowSeed<FileInfo>>,
    /// Newest version of the vendor's app, by platform.
    pub(super) unity: BTreeMap<String, String>,
    pub(super) sensor_app: Option<RowSeed<AppInfo>>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FileSeed {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) text: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ClientSeed {
    pub(super) id: Option<i32>,
    pub(super) guid: Option<Uuid>,
    pub(super) name: String,
    pub(super) db_name: Option<String>,
    pub(super) odoo_partner_id: Option<String>,
    #[serde(default, rename = "branch")]
    pub(super) branches: Vec<BranchSeed>,
    #[serde(default, rename = "api_key")]
    pub(super) api_keys: Vec<ApiKeySeed>,
    #[serde(default, rename = "quirk")]
    pub(super) quirks: Vec<QuirkSeed>,
}

/// A branch, and below it the rows of its collections.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct BranchSeed {
    pub(super) id: Option<i32>,
    pub(super) guid: Option<Uuid>,
    pub(super) title: String,
    #[serde(default = "utc")]
    pub(super) time_zone: String,
    #[serde(default)]
    pub(super) latitude: f64,
    #[serde(default)]
    pub(super) longitude: f64,
    pub(super) address: Option<String>,
    pub(super) country: Option<String>,
    pub(super) city: Option<String>,
    pub(super) zip_code: Option<String>,
    #[serde(default, rename = "sector")]
    pub(super) sectors: Vec<RowSeed<Sector>>,
    #[serde(default, rename = "layer")]
    pub(super) layers: Vec<RowSeed<Layer>>,
    #[serde(default, rename = "area")]
    pub(super) areas: Vec<RowSeed<Area>>,
    #[serde(default, rename = "path")]
    pub(super) paths: Vec<RowSeed<Path>>,
    #[serde(default, rename = "beacon")]
    pub(super) beacons: Vec<RowSeed<Beacon>>,
    #[serde(default, rename = "device")]
    pub(super) devices: Vec<RowSeed<Device>>,
    #[serde(default, rename = "sensor")]
    pub(super) sensors: Vec<RowSeed<Sensor>>,
    #[serde(default)]
    pub(super) sensor_data: Vec<RowSeed<SensorData>>,
    #[serde(default, rename = "quantity")]
    pub(super) quantities: Vec<RowSeed<Quantity>>,
    #[serde(default, rename = "shift")]
    pub(super) shifts: Vec<RowSeed<Shift>>,
    #[serde(default, rename = "order")]
    pub(super) orders: Vec<RowSeed<Order>>,
    #[serde(default, rename = "user")]
    pub(super) users: Vec<UserSeed>,
    #[serde(default)]
    pub(super) configuration: Vec<ConfigurationSeed>,
}

fn utc() -> String {
    "UTC".to_owned()
}

/// A row as the vendor's contract has it, with names in snake case.
#[derive(Clone, Debug)]
pub(super) struct RowSeed<R> {
    pub(super) row: R,
    /// Its number, once it has one.
    pub(super) number: i32,
    /// Names of the members that the file gives.
    pub(super) given: Vec<&'static str>,
}

impl<'de, R: Contract> Deserialize<'de> for RowSeed<R> {
    fn deserialize<D: Deserializer<'de>>(inner: D) -> Result<Self, D::Error> {
        let note = Notes::default();
        let row = R::deserialize(Noted { compare: Names::Snake, inner, note: &note })?;
        Ok(Self { row, number: 0, given: note.into_inner() })
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UserSeed {
    pub(super) id: Option<i32>,
    pub(super) login: String,
    pub(super) password: String,
    pub(super) name: String,
    pub(super) surname: String,
    pub(super) email: Option<String>,
    pub(super) phone: Option<String>,
    #[serde(default)]
    pub(super) allow_demo: bool,
}

/// What the apps of a branch, or of one account, have configured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ConfigurationSeed {
    pub(super) key: String,
    pub(super) login: Option<String>,
    pub(super) value: serde_json::Value,
    /// Unix milliseconds of the last change.
    #[serde(default)]
    pub(super) changed: i64,
}

/// An account that misbehaves by itself.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct QuirkSeed {
    pub(super) login: String,
    pub(super) quirk: Quirk,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ApiKeySeed {
    pub(super) key: String,
    pub(super) branch_id: Option<i32>,
    #[serde(default)]
    pub(super) disabled: bool,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimbrSeed {
    pub(super) auth_salt: Option<String>,
    #[serde(default, rename = "user")]
    pub(super) users: Vec<TimbrUserSeed>,
    #[serde(default, rename = "ontology")]
    pub(super) ontologies: Vec<OntologySeed>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TimbrUserSeed {
    pub(super) name: String,
    pub(super) email: Option<String>,
    pub(super) password: String,
    pub(super) token: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OntologySeed {
    pub(super) name: String,
    #[serde(default)]
    pub(super) concepts: Vec<String>,
}
