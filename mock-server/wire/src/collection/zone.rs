//! What is drawn on the maps: layers, their areas and paths, and beacons.

use super::Device;
use crate::contract;
use crate::contract::{Linked, Narrow, SplitGuid, WriteOnly};

contract! {
    /// An area of a layer.
    pub struct Area = "AreaContract" besides [5, 7, 9] {
        /// Number of the area, as in `LocalizationAreas`.
        id: i32 = "Id" @ 1,
        /// GUID of the area.
        guid: SplitGuid = "Guid" @ 2,
        /// Name of the area.
        title: String = "Title" @ 3,
        /// Number of its sector.
        sector_id: i32 = "SectorId" @ 4,
        /// Number of its branch.
        branch_id: i32 = "BranchId" @ 6,
        /// Number of its layer.
        layer_id: Option<i32> = "LayerId" @ 8,
        /// `#rrggbb`.
        color: Option<String> = "Color" @ 10,
        /// Its corners.
        coordinates: Vec<Point> = "Coordinates" @ 11,
        /// Free text.
        description: Option<String> = "Description" @ 12,
        /// Unix milliseconds.
        created: i64 = "Created" @ 13,
        /// Unix milliseconds.
        updated: i64 = "Updated" @ 14,
        /// Name that another system has for it.
        external_id: Option<String> = "ExternalId",
        /// In the C++ devkit alone: a branch that the area leads to.
        target_branch_id: Option<i32> = "TargetBranchId" @ 15,
    }

    /// A point of a map.
    pub struct Point = "PointContract" {
        /// Sector coordinate.
        x: Narrow = "X" @ 1,
        /// Sector coordinate.
        y: Narrow = "Y" @ 2,
    }

    /// A layer of a branch.
    pub struct Layer = "LayerContract" besides [5] {
        /// Number of the layer.
        id: i32 = "Id" @ 1,
        /// Name of the layer.
        title: String = "Title" @ 2,
        /// Name of its picture.
        icon: Option<String> = "Icon" @ 3,
        /// Number of its branch.
        branch_id: i32 = "BranchId" @ 4,
        /// Whether the vendor's apps show it.
        visible: bool = "Visible" @ 6,
        /// Whether it takes part in localization.
        localization: bool = "Localization" @ 7,
        /// Unix milliseconds.
        created: i64 = "Created" @ 8,
        /// Unix milliseconds.
        updated: i64 = "Updated" @ 9,
        /// Ids in requests; in answers empty unless expanded.
        areas: Vec<Linked<Area>> = "Areas" @ 10,
        /// Ids in requests; in answers empty unless expanded.
        devices: Vec<Linked<Device>> = "Devices" @ 11,
        /// Whether its areas are forbidden.
        is_no_go: bool = "IsNoGo" @ 12,
        /// The SDKs write it, and know it in no answer.
        paths: WriteOnly<Vec<Linked<Path>>> = "Paths" @ 13,
        /// The SDKs write it, and know it in no answer.
        children: WriteOnly<Vec<Linked<Layer>>> = "Children" @ 14,
        /// Name that another system has for it.
        external_id: Option<String> = "ExternalId",
    }

    /// A path of a sector.
    pub struct Path = "PathContract" besides [5, 7, 9] {
        /// Number of the path.
        id: i32 = "Id" @ 1,
        /// GUID of the path.
        guid: SplitGuid = "Guid" @ 2,
        /// Name of the path.
        title: String = "Title" @ 3,
        /// Number of its sector.
        sector_id: i32 = "SectorId" @ 4,
        /// Number of its branch.
        branch_id: i32 = "BranchId" @ 6,
        /// Number of its layer.
        layer_id: Option<i32> = "LayerId" @ 8,
        /// `#rrggbb`.
        color: Option<String> = "Color" @ 10,
        /// Empty unless expanded.
        path_points: Vec<PathPoint> = "PathPoints" @ 11,
        /// Free text.
        description: Option<String> = "Description" @ 12,
        /// Unix milliseconds.
        created: i64 = "Created" @ 13,
        /// Unix milliseconds.
        updated: i64 = "Updated" @ 14,
    }

    /// A point of a path.
    pub struct PathPoint = "PathPointContract" besides [3, 5, 10] {
        /// Number of the point.
        id: i32 = "Id" @ 1,
        /// Number of its path.
        path_id: i32 = "PathId" @ 2,
        /// Number of its branch.
        branch_id: i32 = "BranchId" @ 4,
        /// Its place in the path, from 0.
        index: i32 = "Index" @ 6,
        /// Sector coordinate.
        x: f32 = "X" @ 7,
        /// Sector coordinate.
        y: f32 = "Y" @ 8,
        /// In the C++ devkit alone: the area that it lies in.
        area_id: Option<i32> = "AreaId" @ 9,
    }

    /// A beacon.
    pub struct Beacon = "BeaconContract" besides [3, 5] {
        /// Number of the beacon, as in `Distances`.
        id: i32 = "Id" @ 1,
        /// Number of its sector.
        sector_id: Option<i32> = "SectorId" @ 2,
        /// Number of its branch.
        branch_id: i32 = "BranchId" @ 4,
        /// Hardware address.
        mac: Option<String> = "Mac" @ 6,
        /// Sector coordinate.
        x: Option<Narrow> = "X" @ 7,
        /// Sector coordinate.
        y: Option<Narrow> = "Y" @ 8,
        /// Height.
        z: Option<Narrow> = "Z" @ 9,
        /// Name of the beacon.
        title: String = "Title" @ 10,
        /// Whether it is in use.
        active: bool = "Active" @ 11,
        /// Whether devices are located by it.
        position: bool = "Position" @ 14,
        /// Number of its type.
        type_id: Option<i32> = "TypeId" @ 12,
        /// Whether a geofence is set.
        geofence: bool = "Geofence" @ 15,
        /// How far the geofence reaches.
        geofence_range: Option<Narrow> = "GeofenceRange" @ 16,
        /// Name of its group.
        cluster: Option<String> = "Cluster" @ 17,
        /// Unix milliseconds of its last sign of life.
        last_time_online: Option<i64> = "LastTimeOnline" @ 18,
        /// Whether it has a place on the earth.
        use_gps: bool = "UseGps" @ 19,
        /// Its proximity UUID.
        cfuuid: Option<String> = "CFUUID",
        /// Unix milliseconds.
        created: i64 = "Created",
        /// Unix milliseconds. The name is the vendor's.
        update: i64 = "Update",
    }

    /// How long a device was in an area, and how often, §4.6.
    pub struct AreaOccurrence = "AreaOccurrenceContract" {
        /// Unix milliseconds at which it came first.
        start: i64 = "Start",
        /// Unix milliseconds at which it left last.
        stop: i64 = "Stop",
        /// Unix milliseconds at which the day of its coming began.
        date: i64 = "Date",
        /// Name of the shift.
        shift: Option<String> = "Shift",
        /// Name of the device.
        device: String = "Device",
        /// Name of the layer.
        layer: Option<String> = "Layer",
        /// Name of the area.
        area: String = "Area",
        /// Whether the area is forbidden.
        is_no_go: bool = "IsNoGo",
        /// Milliseconds in the area.
        duration: i64 = "Duration",
        /// How often it came.
        occurrences: i32 = "Occurrences",
    }

    /// A login alone: body of `POST layers/localization`.
    pub struct LoginName = "LoginContract" {
        /// Login of a device.
        login: Option<String> = "Login" @ 1,
    }
}
