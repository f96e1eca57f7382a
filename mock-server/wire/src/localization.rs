//! Localization records and what the server says of them, §4.

use serde::{Deserialize, Serialize};

/// One position of one device, §4.1. Every member but the time may be missing or null.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Location {
    /// Unix milliseconds, UTC. The vendor's contract has a plain number here, which is 0 when it is missing.
    #[serde(default)]
    pub timestamp: i64,
    /// Id of the sector whose coordinates are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_id: Option<i32>,
    /// Sector coordinate, in practice millimetres.
    #[serde(default, deserialize_with = "crate::number::finite")]
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "crate::number::optional")]
    pub x: Option<f32>,
    /// Sector coordinate, in practice millimetres.
    #[serde(default, deserialize_with = "crate::number::finite")]
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "crate::number::optional")]
    pub y: Option<f32>,
    /// Height, in practice millimetres.
    #[serde(default, deserialize_with = "crate::number::finite")]
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "crate::number::optional")]
    pub z: Option<f32>,
    /// Milliseconds between two samples.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<i32>,
    /// Charge in percent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub battery: Option<u8>,
    /// Whether the device moves.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_moving: Option<bool>,
    /// Ids of the areas the point lies in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub localization_areas: Option<Vec<i32>>,
    /// Ids of the no-go areas the point lies in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub no_go_areas: Option<Vec<i32>>,
    /// Distances to beacons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distances: Option<Vec<Distance>>,
}

/// Distance to one beacon, §4.1.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Distance {
    /// Id of the beacon.
    #[serde(default)]
    pub beacon_id: i32,
    /// Distance to it.
    #[serde(default, serialize_with = "crate::number::plain", deserialize_with = "crate::number::finite")]
    pub distance: f32,
    /// Signal strength in dBm.
    #[serde(rename = "RSSI", default)]
    pub rssi: i32,
}

/// Locations of one device inside a batch, §4.5.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct DeviceLocations {
    /// Login of the device; required, though a body may lack it.
    #[serde(default)]
    pub login: Option<String>,
    /// Its locations; null counts as none.
    #[serde(default)]
    pub locations: Option<Vec<Location>>,
}

/// What became of one device's locations, §4.2 and §4.3.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LocalizationResult {
    /// Login of the device.
    pub login: String,
    /// False if nothing was stored.
    pub success: bool,
    /// Why not. Absent on success: the official SDK takes an empty text for an error (§7).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// One result a location, in the order sent.
    pub locations: Vec<LocationResult>,
}

/// What became of one location, §4.2.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct LocationResult {
    /// The time that was sent.
    pub timestamp: i64,
    /// What the server did with it.
    pub action: Action,
    /// Whether it was stored.
    pub success: bool,
    /// Why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
}

/// What the server did with a record, §4.2.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum Action {
    /// Nothing.
    NoAction,
    /// A new record.
    Create,
    /// A record of the same time was replaced.
    Update,
    /// A record was removed.
    Delete,
}
