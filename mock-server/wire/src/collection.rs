//! What the directory shows of itself: clients, branches, sectors and devices, §6.1. Members stand in the observed order.

use serde::de::IgnoredAny;
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A client (tenant).
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Client {
    /// Number of the client.
    pub id: i32,
    /// GUID, as in the `Client` header.
    pub guid: String,
    /// Name, as in the login.
    pub title: String,
    /// Name of its database.
    #[serde(rename = "DBName")]
    pub db_name: String,
    /// Observed, of unknown use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub odoo_partner_id: Option<String>,
}

/// A branch of a client.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Branch {
    /// Number of the branch.
    pub id: i32,
    /// Name of the branch.
    pub title: String,
    /// GUID, as in the `Branch` header.
    pub guid: String,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// Degrees north.
    #[serde(serialize_with = "crate::number::plain")]
    pub latitude: f64,
    /// Degrees east.
    #[serde(serialize_with = "crate::number::plain")]
    pub longitude: f64,
    /// Empty unless expanded.
    pub sectors: EmptyList,
    /// First address line. The spelling is the vendor's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adress_line1: Option<String>,
    /// Second address line. The spelling is the vendor's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adress_line2: Option<String>,
    /// Country.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub country: Option<String>,
    /// City.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub city: Option<String>,
    /// Postal code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zip_code: Option<String>,
}

/// A sector: one map of a branch.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Sector {
    /// Number of the sector, as in `SectorId` of a location.
    pub id: i32,
    /// GUID of the sector.
    pub guid: String,
    /// Number of its branch.
    pub branch_id: i32,
    /// Name of the sector.
    pub title: String,
    /// Height of a barrier cell.
    #[serde(serialize_with = "crate::number::plain")]
    pub barrier_height: f32,
    /// Width of a barrier cell.
    #[serde(serialize_with = "crate::number::plain")]
    pub barrier_width: f32,
    /// Width of the map, in sector coordinates.
    #[serde(serialize_with = "crate::number::plain")]
    pub sector_width: f32,
    /// Height of the map, in sector coordinates.
    #[serde(serialize_with = "crate::number::plain")]
    pub sector_height: f32,
    /// Unix milliseconds of the last change.
    pub modified: i64,
    /// Empty unless expanded.
    pub gps_items: EmptyList,
    /// Empty unless expanded.
    pub areas: EmptyList,
    /// Empty unless expanded.
    pub barriers: EmptyList,
    /// Empty unless expanded.
    pub beacons: EmptyList,
    /// Empty unless expanded.
    pub sensors: EmptyList,
    /// Empty unless expanded.
    pub paths: EmptyList,
    /// Floor number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<i32>,
    /// Floor name; observed beyond the SDK's contract.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor_name: Option<String>,
}

/// A device with its last known position.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Device {
    /// Number of the device, as in `deviceId`.
    pub id: i32,
    /// Hardware address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mac: Option<String>,
    /// Number of its branch.
    pub branch_id: i32,
    /// Sector of the last position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector_id: Option<i32>,
    /// Name for people.
    pub title: String,
    /// Free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Unix milliseconds of the last position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_time_online: Option<i64>,
    /// Last position.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::number::optional")]
    pub x: Option<f64>,
    /// Last position.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::number::optional")]
    pub y: Option<f64>,
    /// Version of the app on the device.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub app_version: Option<String>,
    /// Whether it moved at the last position.
    pub is_moving: bool,
    /// Man-down state, by name (§6.1).
    pub fall_status: String,
    /// Charge in percent at the last position.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::number::optional")]
    pub battery: Option<f32>,
    /// Number of the device's type.
    pub device_type_id: i32,
    /// Login of the device.
    pub login: String,
    /// Whether its position is recorded.
    pub position: bool,
    /// Whether a geofence is set.
    pub geofence: bool,
    /// Empty unless expanded.
    pub layers: EmptyList,
    /// Free status text; `[]` was observed.
    pub device_status: String,
    /// Unix milliseconds of the last sign of life.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heartbeat: Option<i64>,
    /// `#rrggbb`.
    pub color: String,
    /// Last height.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "crate::number::optional")]
    pub z: Option<f64>,
}

/// A list that stays empty because nothing expands it; when read, whatever is in it is passed over.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct EmptyList;

// === impl EmptyList ===

impl<'de> Deserialize<'de> for EmptyList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl Serialize for EmptyList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_seq(Some(0))?.end()
    }
}
