//! Clients, their branches and the sectors of these.

use super::{Area, Beacon, Path, Sensor};
use crate::contract;
use crate::contract::{Guid, Linked, Narrow, SplitGuid};

contract! {
    /// A client (tenant).
    pub struct Client = "ClientContract" {
        /// Number of the client.
        id: i32 = "Id",
        /// GUID, as in the `Client` header.
        guid: Guid = "Guid",
        /// Name, as in the login.
        title: String = "Title",
        /// Name of its database.
        db_name: String = "DBName",
        /// Observed, of unknown use.
        odoo_partner_id: Option<String> = "OdooPartnerId",
    }

    /// A branch of a client.
    pub struct Branch = "BranchContract" {
        /// Number of the branch.
        id: i32 = "Id" @ 1,
        /// Name of the branch.
        title: String = "Title" @ 2,
        /// GUID, as in the `Branch` header.
        guid: SplitGuid = "Guid" @ 3,
        /// IANA name of its time zone.
        time_zone: String = "TimeZone" @ 4,
        /// Degrees north.
        latitude: Narrow = "Latitude" @ 5,
        /// Degrees east.
        longitude: Narrow = "Longitude" @ 6,
        /// Empty unless expanded.
        sectors: Vec<Sector> = "Sectors" @ 7,
        /// First address line. The spelling is the vendor's.
        adress_line1: Option<String> = "AdressLine1",
        /// Second address line. The spelling is the vendor's.
        adress_line2: Option<String> = "AdressLine2",
        /// Country.
        country: Option<String> = "Country",
        /// City.
        city: Option<String> = "City",
        /// Postal code.
        zip_code: Option<String> = "ZipCode",
    }

    /// A sector: one map of a branch.
    pub struct Sector = "SectorContract" besides [4] {
        /// Number of the sector, as in `SectorId` of a location.
        id: i32 = "Id" @ 1,
        /// GUID of the sector.
        guid: Guid = "Guid" @ 2,
        /// Number of its branch.
        branch_id: i32 = "BranchId" @ 3,
        /// Name of the sector.
        title: String = "Title" @ 5,
        /// Height of a barrier cell.
        barrier_height: f32 = "BarrierHeight" @ 6,
        /// Width of a barrier cell.
        barrier_width: f32 = "BarrierWidth" @ 7,
        /// Width of the map, in sector coordinates.
        sector_width: f32 = "SectorWidth" @ 9,
        /// Height of the map, in sector coordinates.
        sector_height: f32 = "SectorHeight" @ 8,
        /// Unix milliseconds of the last change.
        modified: i64 = "Modified" @ 10,
        /// Where points of the map lie on the earth; empty unless expanded.
        gps_items: Vec<GpsItem> = "GpsItems" @ 11,
        /// Ids in requests; in answers empty unless expanded.
        areas: Vec<Linked<Area>> = "Areas" @ 12,
        /// Empty unless expanded.
        barriers: Vec<Barrier> = "Barriers" @ 13,
        /// Ids in requests; in answers empty unless expanded.
        beacons: Vec<Linked<Beacon>> = "Beacons" @ 14,
        /// Ids in requests; in answers empty unless expanded.
        sensors: Vec<Linked<Sensor>> = "Sensors" @ 15,
        /// Ids in requests; in answers empty unless expanded.
        paths: Vec<Linked<Path>> = "Paths" @ 17,
        /// Free text of the vendor's apps.
        configuration: Option<String> = "Configuration" @ 16,
        /// Floor number.
        floor: Option<i32> = "Floor",
        /// Floor name; observed beyond the SDK's contract.
        floor_name: Option<String> = "FloorName",
    }

    /// A point of a sector's map, and where it lies on the earth.
    pub struct GpsItem = "GpsItemContract" besides [3] {
        /// Number of the point.
        id: i32 = "Id" @ 1,
        /// Number of its sector.
        sector_id: i32 = "SectorId" @ 2,
        /// Sector coordinate.
        x: f32 = "X" @ 4,
        /// Sector coordinate.
        y: f32 = "Y" @ 5,
        /// Degrees north.
        latitude: f64 = "Latitude" @ 6,
        /// Degrees east.
        longitude: f64 = "Longitude" @ 7,
    }

    /// A cell of a sector's map that nothing passes.
    pub struct Barrier = "BarrierContract" besides [4, 6] {
        /// Column of the cell.
        x: i32 = "X" @ 1,
        /// Row of the cell.
        y: i32 = "Y" @ 2,
        /// Number of its sector.
        sector_id: i32 = "SectorId" @ 3,
        /// Number of its branch.
        branch_id: i32 = "BranchId" @ 5,
    }
}
