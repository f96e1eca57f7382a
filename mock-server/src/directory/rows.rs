//! The collections of §6, each described once: where its rows are kept, what the server decides of them, and what a
//! request must say. One mechanism lists, reads, creates, changes and deletes them all.

use uuid::Uuid;
use wire::collection::{
    Area, Beacon, Device, FallStatus, Layer, LogEntry, Order, Path, Quantity, Sector, Sensor, SensorData, Shift,
    UserDetail,
};
use wire::contract::{Contract, Guid, Linked, SplitGuid, Value, WriteOnly};

use super::AccountKind;
use super::reference::Target;
use super::table::Table;

/// A new row's identity.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Birth {
    /// Its number.
    pub(crate) number: i32,
    /// The vendor's number of its branch.
    pub(crate) branch: i32,
    pub(crate) guid: Uuid,
    /// Unix milliseconds.
    pub(crate) now: i64,
}

/// What of a row is its account's.
#[derive(Debug)]
pub(crate) struct Holder<'r> {
    pub(crate) login: &'r str,
    /// A password that came with the row; it is the account's to keep.
    pub(crate) password: &'r mut WriteOnly<Option<String>>,
}

/// A contract that a collection has rows of.
pub(crate) trait Row: Contract {
    /// The member that has its number.
    const NUMBER: &'static str = "Id";

    /// What kind of account logs in with its `Login`, if one does.
    const HOLDER: Option<AccountKind> = None;

    /// Members that the server decides: what requests say of them counts for nothing.
    const FIXED: &'static [&'static str];

    /// Members that name a row of the same branch by its number.
    const REFERENCES: &'static [(&'static str, Target)] = &[];

    /// Texts that must not be empty.
    const REQUIRED: &'static [&'static str] = &[];

    /// Texts that have an end, and how many characters they may have.
    const LONGEST: &'static [(&'static str, usize)] = &[];

    /// What a row is before anything is said of it.
    fn blank() -> Self {
        Self::default()
    }

    fn number(&self) -> i32;

    /// Gives a new row its identity.
    fn identify(&mut self, birth: Birth);

    /// Gives what belongs to it the numbers that follow from its own and its branch's.
    fn settle(&mut self, _branch: i32) {}

    /// Layers that it names.
    fn layers(&self) -> &[Linked<Layer>] {
        &[]
    }

    /// Gives it the title that it has where nobody gave it one.
    fn entitle(&mut self) {}

    /// It changed.
    fn touch(&mut self, _now: i64) {}

    /// Members that must be there and are not.
    fn missing(&self) -> impl Iterator<Item = &'static str> {
        Self::REQUIRED.iter().copied().filter(|name| self.look_at(name).is_empty())
    }

    /// Members that are longer than they may be, with how long that is.
    fn too_long(&self) -> impl Iterator<Item = (&'static str, usize)> {
        Self::LONGEST
            .iter()
            .copied()
            .filter(|(name, most)| matches!(self.look_at(name), Value::Text(text) if text.chars().count() > *most))
    }

    /// How it logs in, if it has a [`HOLDER`](Row::HOLDER).
    fn holder(&mut self) -> Option<Holder<'_>> {
        None
    }

    /// Leaves out what is shown only where a request asks for it by name.
    fn fold(&mut self, _is_shown: &dyn Fn(&str) -> bool) {}

    fn table(tables: &Tables) -> &Table<Self>;

    fn table_mut(tables: &mut Tables) -> &mut Table<Self>;
}

macro_rules! tables {
    ($($name:ident: $row:ty,)*) => {
        /// Every collection.
        #[derive(Clone, Debug, Default)]
        pub(crate) struct Tables {
            $(pub(crate) $name: Table<$row>,)*
        }
    };
}

macro_rules! kept_in {
    ($name:ident) => {
        fn table(tables: &Tables) -> &Table<Self> {
            &tables.$name
        }

        fn table_mut(tables: &mut Tables) -> &mut Table<Self> {
            &mut tables.$name
        }
    };
}

/// How a row is numbered, and what else it is born with.
macro_rules! identified {
    (id $(, $member:ident)*) => {
        fn number(&self) -> i32 {
            self.id
        }

        fn identify(&mut self, birth: Birth) {
            self.id = birth.number;
            $(identified!(@ $member, self, birth);)*
        }
    };
    (@ branch_id, $row:ident, $birth:ident) => { $row.branch_id = $birth.branch };
    (@ guid, $row:ident, $birth:ident) => { $row.guid = SplitGuid($birth.guid) };
    (@ created, $row:ident, $birth:ident) => { $row.created = $birth.now };
    (@ updated, $row:ident, $birth:ident) => { $row.updated = $birth.now };
}

tables! {
    areas: Area,
    beacons: Beacon,
    devices: Device,
    layers: Layer,
    logs: LogEntry,
    orders: Order,
    paths: Path,
    quantities: Quantity,
    sectors: Sector,
    sensor_data: SensorData,
    sensors: Sensor,
    shifts: Shift,
    users: UserDetail,
}

/// Numbers that a path has for its points.
const POINTS_OF_A_PATH: i32 = 1000;

impl Row for Area {
    kept_in!(areas);
    const FIXED: &'static [&'static str] = &["Id", "Guid", "BranchId", "Created", "Updated"];
    const REFERENCES: &'static [(&'static str, Target)] = &[("SectorId", Target::Sector), ("LayerId", Target::Layer)];

    identified!(id, branch_id, guid, created, updated);

    fn touch(&mut self, now: i64) {
        self.updated = now;
    }
}

impl Row for Beacon {
    kept_in!(beacons);
    const FIXED: &'static [&'static str] = &["Id", "BranchId", "Created", "Update"];
    const REFERENCES: &'static [(&'static str, Target)] = &[("SectorId", Target::Sector)];

    fn number(&self) -> i32 {
        self.id
    }

    fn identify(&mut self, birth: Birth) {
        (self.id, self.branch_id) = (birth.number, birth.branch);
        (self.created, self.update) = (birth.now, birth.now);
    }

    fn touch(&mut self, now: i64) {
        self.update = now;
    }
}

impl Row for Device {
    kept_in!(devices);
    const HOLDER: Option<AccountKind> = Some(AccountKind::Device);
    const FIXED: &'static [&'static str] = &["Id", "BranchId"];
    const REFERENCES: &'static [(&'static str, Target)] = &[("SectorId", Target::Sector)];
    const REQUIRED: &'static [&'static str] = &["Title", "Login"];
    const LONGEST: &'static [(&'static str, usize)] = &[("Title", 50), ("Mac", 17), ("Login", 255)];

    fn blank() -> Self {
        Self {
            fall_status: FallStatus::Ok,
            device_type_id: Some(1),
            position: true,
            device_status: Some("[]".to_owned()),
            color: Some("#64748b".to_owned()),
            ..Self::default()
        }
    }

    identified!(id, branch_id);

    fn holder(&mut self) -> Option<Holder<'_>> {
        Some(Holder { login: &self.login, password: &mut self.password })
    }

    fn layers(&self) -> &[Linked<Layer>] {
        &self.layers
    }

    fn entitle(&mut self) {
        self.title.clone_from(&self.login);
    }

    fn fold(&mut self, is_shown: &dyn Fn(&str) -> bool) {
        if !is_shown("Layers") {
            self.layers.clear();
        }
    }
}

impl Row for Layer {
    kept_in!(layers);
    const FIXED: &'static [&'static str] =
        &["Id", "BranchId", "Created", "Updated", "Areas", "Devices", "Paths", "Children"];

    identified!(id, branch_id, created, updated);

    fn touch(&mut self, now: i64) {
        self.updated = now;
    }
}

impl Row for LogEntry {
    kept_in!(logs);
    const FIXED: &'static [&'static str] = &["Id", "BranchId"];

    fn number(&self) -> i32 {
        self.id
    }

    fn identify(&mut self, birth: Birth) {
        (self.id, self.branch_id) = (birth.number, birth.branch);
        self.timestamp.get_or_insert(birth.now);
    }
}

impl Row for Order {
    kept_in!(orders);
    const NUMBER: &'static str = "OrderId";
    const FIXED: &'static [&'static str] = &["OrderId", "Created", "Updated"];

    fn number(&self) -> i32 {
        self.order_id
    }

    fn identify(&mut self, birth: Birth) {
        self.order_id = birth.number;
        (self.created, self.updated) = (birth.now, birth.now);
    }
}

impl Row for Path {
    kept_in!(paths);
    const FIXED: &'static [&'static str] = &["Id", "Guid", "BranchId", "Created", "Updated"];
    const REFERENCES: &'static [(&'static str, Target)] = &[("SectorId", Target::Sector), ("LayerId", Target::Layer)];

    identified!(id, branch_id, guid, created, updated);

    fn settle(&mut self, branch: i32) {
        let path = self.id;
        for (index, point) in (0..).zip(&mut self.path_points) {
            let id = path.saturating_mul(POINTS_OF_A_PATH).saturating_add(index);
            (point.id, point.path_id, point.branch_id, point.index) = (id, path, branch, index);
        }
    }

    fn fold(&mut self, is_shown: &dyn Fn(&str) -> bool) {
        if !is_shown("PathPoints") {
            self.path_points.clear();
        }
    }
}

impl Row for Quantity {
    kept_in!(quantities);
    const FIXED: &'static [&'static str] = &["Id", "BranchId"];

    identified!(id, branch_id);
}

impl Row for Sector {
    kept_in!(sectors);
    const FIXED: &'static [&'static str] =
        &["Id", "Guid", "BranchId", "Modified", "Areas", "Beacons", "Sensors", "Paths"];

    fn number(&self) -> i32 {
        self.id
    }

    fn identify(&mut self, birth: Birth) {
        (self.id, self.branch_id, self.guid) = (birth.number, birth.branch, Guid(birth.guid));
        self.modified = birth.now;
    }

    fn settle(&mut self, branch: i32) {
        let sector = self.id;
        for item in &mut self.gps_items {
            item.sector_id = sector;
        }
        for barrier in &mut self.barriers {
            (barrier.sector_id, barrier.branch_id) = (sector, branch);
        }
    }

    fn touch(&mut self, now: i64) {
        self.modified = now;
    }

    fn fold(&mut self, is_shown: &dyn Fn(&str) -> bool) {
        if !is_shown("GpsItems") {
            self.gps_items.clear();
        }
        if !is_shown("Barriers") {
            self.barriers.clear();
        }
    }
}

impl Row for SensorData {
    kept_in!(sensor_data);
    const FIXED: &'static [&'static str] = &["Id"];
    const REFERENCES: &'static [(&'static str, Target)] = &[("SensorId", Target::Sensor)];

    identified!(id);
}

impl Row for Sensor {
    kept_in!(sensors);
    const HOLDER: Option<AccountKind> = Some(AccountKind::Sensor);
    const FIXED: &'static [&'static str] = &["Id", "SensorData", "Color"];
    const REFERENCES: &'static [(&'static str, Target)] = &[("SectorId", Target::Sector), ("AreaId", Target::Area)];
    const REQUIRED: &'static [&'static str] = &["Title", "Login"];

    identified!(id);

    fn holder(&mut self) -> Option<Holder<'_>> {
        Some(Holder { login: &self.login, password: &mut self.password })
    }

    fn entitle(&mut self) {
        self.title.clone_from(&self.login);
    }
}

impl Row for Shift {
    kept_in!(shifts);
    const FIXED: &'static [&'static str] = &["Id", "BranchId"];

    identified!(id, branch_id);
}

impl Row for UserDetail {
    kept_in!(users);
    const FIXED: &'static [&'static str] = &["Id", "BranchId"];

    identified!(id, branch_id);
}
