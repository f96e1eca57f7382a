//! Localization records and what the server says of them, §4.

use crate::{choice, contract};

choice! {
    /// What the server did with a record, §4.2.
    pub enum Action {
        /// Nothing.
        NoAction = "NoAction" @ 0,
        /// A new record.
        Create = "Create" @ 1,
        /// A record of the same time was replaced.
        Update = "Update" @ 2,
        /// A record was removed.
        Delete = "Delete" @ 3,
    }
}

contract! {
    /// One position of one device, §4.1. Every member but the time may be missing or null.
    pub struct Location = "LocationContract" {
        /// Unix milliseconds, UTC. The vendor's contract has a plain number here, which is 0 when it is missing.
        timestamp: i64 = "Timestamp" @ 1,
        /// Id of the sector whose coordinates are used.
        sector_id: Option<i32> = "SectorId" @ 2,
        /// Sector coordinate, in practice millimetres.
        x: Option<f32> = "X" @ 3,
        /// Sector coordinate, in practice millimetres.
        y: Option<f32> = "Y" @ 4,
        /// Height, in practice millimetres.
        z: Option<f32> = "Z" @ 5,
        /// Milliseconds between two samples.
        interval: Option<i32> = "Interval" @ 6,
        /// Charge in percent.
        battery: Option<u8> = "Battery" @ 7,
        /// Whether the device moves.
        is_moving: Option<bool> = "IsMoving" @ 8,
        /// Ids of the areas the point lies in.
        localization_areas: Option<Vec<i32>> = "LocalizationAreas" @ 10,
        /// Ids of the no-go areas the point lies in.
        no_go_areas: Option<Vec<i32>> = "NoGoAreas" @ 11,
        /// Distances to beacons.
        distances: Option<Vec<Distance>> = "Distances" @ 9,
    }

    /// Distance to one beacon, §4.1.
    pub struct Distance = "DistanceContract" {
        /// Id of the beacon.
        beacon_id: i32 = "BeaconId" @ 1,
        /// Distance to it.
        distance: f32 = "Distance" @ 2,
        /// Signal strength in dBm.
        rssi: i32 = "RSSI" @ 3,
    }

    /// Locations of one device inside a batch, §4.5.
    pub struct DeviceLocations = "DeviceLocationContract" {
        /// Login of the device; required, though a body may lack it.
        login: Option<String> = "Login" @ 1,
        /// Its locations; null counts as none.
        locations: Option<Vec<Location>> = "Locations" @ 2,
    }

    /// What became of one device's locations, §4.2 and §4.3.
    pub struct LocalizationResult = "AddLocalizationDataResponseContract" {
        /// Login of the device.
        login: String = "Login",
        /// False if nothing was stored.
        success: bool = "Success",
        /// Why not. Absent on success: the official SDK takes an empty text for an error (§7).
        error_message: Option<String> = "ErrorMessage",
        /// One result a location, in the order sent.
        locations: Vec<LocationResult> = "Locations",
    }

    /// What became of one location, §4.2.
    pub struct LocationResult = "LocationResponseContract" {
        /// The time that was sent.
        timestamp: i64 = "Timestamp",
        /// What the server did with it.
        action: Action = "Action",
        /// Whether it was stored.
        success: bool = "Success",
        /// Why not.
        error_message: Option<String> = "ErrorMessage",
    }
}
