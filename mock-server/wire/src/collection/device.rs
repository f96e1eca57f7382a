//! Devices, where they are, and whether their bearers stand.

use super::Layer;
use crate::contract::{Linked, Loose, Narrow, Whole, WriteOnly};
use crate::{choice, contract};

choice! {
    /// Whether the bearer of a device stands.
    pub enum FallStatus {
        /// All is well.
        Ok = "OK" @ 0,
        /// Fallen.
        ManDown = "ManDown" @ 1,
        /// Fallen, and asked.
        ManDownControl = "ManDownControl" @ 2,
        /// Fallen, and confirmed.
        ManDownPositive = "ManDownPositive" @ 3,
        /// Fallen, and denied.
        ManDownNegative = "ManDownNegative" @ 4,
        /// Fallen, and denied too late.
        ManDownNegativeAfterLimit = "ManDownNegativeAfterLimit" @ 5,
    }
}

contract! {
    /// A device with its last known position.
    pub struct Device = "DeviceContract" besides [4, 6] {
        /// Number of the device, as in `deviceId`.
        id: i32 = "Id" @ 1,
        /// Hardware address.
        mac: Option<String> = "Mac" @ 2,
        /// Number of its branch.
        branch_id: i32 = "BranchId" @ 3,
        /// Sector of the last position.
        sector_id: Option<i32> = "SectorId" @ 5,
        /// In the SDK, of unknown use.
        valid_sector_id: Option<i32> = "ValidSectorId" @ 7,
        /// Name for people.
        title: String = "Title" @ 8,
        /// Free text.
        note: Option<String> = "Note" @ 9,
        /// Unix milliseconds of the last position.
        last_time_online: Option<i64> = "LastTimeOnline" @ 10,
        /// In the SDK, of unknown use.
        valid_last_time_online: Option<i64> = "ValidLastTimeOnline" @ 11,
        /// Last position.
        x: Option<Narrow> = "X" @ 12,
        /// Last position.
        y: Option<Narrow> = "Y" @ 13,
        /// In the SDK, of unknown use.
        valid_x: Option<f32> = "ValidX" @ 14,
        /// In the SDK, of unknown use.
        valid_y: Option<f32> = "ValidY" @ 15,
        /// Version of the app on the device.
        app_version: Option<String> = "AppVersion" @ 16,
        /// Whether it moved at the last position.
        is_moving: bool = "IsMoving" @ 17,
        /// Whether its bearer stands.
        fall_status: FallStatus = "FallStatus" @ 18,
        /// Charge in percent at the last position.
        battery: Option<f32> = "Battery" @ 19,
        /// Number of the device's type.
        device_type_id: Option<i32> = "DeviceTypeId" @ 20,
        /// Name of the device's type.
        device_type: Option<String> = "DeviceType" @ 21,
        /// Login of the device.
        login: String = "Login" @ 22,
        /// Whether its position is recorded.
        position: bool = "Position" @ 23,
        /// Whether a geofence is set.
        geofence: bool = "Geofence" @ 24,
        /// How far the geofence reaches.
        geofence_range: Option<Whole> = "GeofenceRange" @ 25,
        /// Password to log in with.
        password: WriteOnly<Option<String>> = "Password" @ 26,
        /// Ids in requests; in answers empty unless expanded.
        layers: Vec<Linked<Layer>> = "Layers" @ 27,
        /// Free status text; `[]` was observed.
        device_status: Option<String> = "DeviceStatus" @ 28,
        /// Unix milliseconds of the last sign of life.
        heartbeat: Option<i64> = "Heartbeat" @ 29,
        /// `#rrggbb`.
        color: Option<String> = "Color",
        /// Last height.
        z: Option<f64> = "Z",
    }

    /// A device that can be seen on a map, §4.6.
    pub struct DynamicDevice = "DynamicDeviceContract" {
        /// Number of the device, as a text.
        id: String = "Id",
        /// Login of the device.
        login: String = "Login",
        /// Name for people.
        title: String = "Title",
        /// Sector of the last position.
        sector_id: Option<i32> = "SectorId",
        /// Name of the device's type.
        device_type: Option<String> = "Type",
        /// Last position.
        x: Option<f64> = "X",
        /// Last position.
        y: Option<f64> = "Y",
        /// Whether its bearer stands, as a number.
        fall_status: i32 = "FallStatus",
    }

    /// The devices of one sector, §4.6.
    pub struct DynamicSector = "DynamicSectorContract" {
        /// Number of the sector.
        sector_id: i32 = "SectorId",
        /// What is there.
        locations: Vec<DynamicPlace> = "Locations",
    }

    /// One of them.
    pub struct DynamicPlace = "DynamicLocationContract" {
        /// Number of the device, as a text.
        id: String = "Id",
        /// Last position.
        x: Option<f64> = "X",
        /// Last position.
        y: Option<f64> = "Y",
        /// Whether its bearer stands, as a number.
        fall_status: i32 = "FallStatus",
    }

    /// A device says whether its bearer stands.
    pub struct ManDown = "ManDownContract" {
        /// Login of the device.
        login: Option<String> = "Login",
        /// Unix milliseconds.
        timestamp: i64 = "Timestamp",
        /// What happened.
        fall_type: FallStatus = "FallType",
    }

    /// What became of that.
    pub struct ManDownResult = "ManDownResponseContract" {
        /// Login of the device.
        login: String = "Login",
        /// The time that was sent.
        timestamp: i64 = "Timestamp",
        /// What the server did; the SDK reads a number only.
        action: Loose = "Action",
        /// Whether it was stored.
        success: bool = "Success",
        /// Why not.
        error_message: Option<String> = "ErrorMessage",
    }
}
