//! What can log in: devices, sensors and users, each with the account that it logs in with.

use wire::collection::{Device, Sensor, UserDetail};

use super::draw::Draw;
use super::ground::{Ground, Site};
use super::{Generate, InvalidGenerate};
use crate::directory::build::Draft;
use crate::directory::invalid::Problem;
use crate::directory::rows::Row;
use crate::directory::{AccountKind, ClientId, Full};

/// Somebody to be made.
struct Newcomer<'s> {
    site: &'s Site,
    login: String,
    ordinal: u32,
}

// === impl Ground ===

impl Ground<'_> {
    /// All that can log in.
    pub(super) fn add_people(&mut self, spec: Generate) -> Result<(), InvalidGenerate> {
        self.add_holders(spec.devices, "devices", AccountKind::Device, device)?;
        self.add_holders(spec.sensors, "sensors", AccountKind::Sensor, sensor)?;
        self.add_holders(spec.users, "users", AccountKind::User, user)
    }

    fn add_holders<R: Row>(
        &mut self,
        count: u32,
        collection: &'static str,
        kind: AccountKind,
        make: impl Fn(&mut Draw, &Newcomer<'_>) -> R,
    ) -> Result<(), InvalidGenerate> {
        let refused = |problem| InvalidGenerate { what: collection, problem };
        let full = || refused(Problem::Full(Full::Rows));
        let mut draw = Draw::new(self.draft.seed, collection);
        let mut ordinal = 0;
        for turn in 0..count {
            let login = self.draft.free_login(kind, &mut ordinal);
            let number = R::table(&self.draft.tables).next_number().ok_or_else(full)?;
            let site = self.site(turn).ok_or_else(full)?;
            let account = site.home.account(kind, number, &login, &format!("{login}-pass"));
            let (home, row) = (site.home, make(&mut draw, &Newcomer { site, login, ordinal }));
            self.draft.add_account(account).map_err(refused)?;
            self.put(home, kind.name(), number, row).map_err(refused)?;
        }
        Ok(())
    }
}

fn device(draw: &mut Draw, Newcomer { site, login, ordinal }: &Newcomer<'_>) -> Device {
    const KINDS: [(&str, i32); 5] = [("Forklift", 1), ("Reach truck", 2), ("AGV", 3), ("Walker", 4), ("Pallet", 5)];
    let (kind, device_type) = draw.one(&KINDS).unwrap_or_default();
    Device {
        title: format!("{kind} {ordinal:06}"),
        login: login.clone(),
        mac: Some(draw.mac(*ordinal)),
        sector_id: draw.one(&site.plots).map(|plot| plot.sector),
        battery: Some(draw.between(5, 100).into()),
        device_type_id: Some(device_type),
        device_type: Some(kind.to_owned()),
        color: draw.colour(),
        ..Device::blank()
    }
}

fn sensor(draw: &mut Draw, Newcomer { site, login, ordinal }: &Newcomer<'_>) -> Sensor {
    const KINDS: [(&str, i32); 4] = [("Thermometer", 1), ("Hygrometer", 2), ("Barometer", 3), ("Sound meter", 4)];
    let (kind, sensor_type) = draw.one(&KINDS).unwrap_or_default();
    let plot = draw.one(&site.plots);
    let (x, y) = plot.map(|plot| plot.point(draw)).unzip();
    Sensor {
        title: format!("{kind} {ordinal:06}"),
        login: login.clone(),
        mac: Some(draw.mac(*ordinal)),
        x,
        y,
        battery: Some(draw.between(5, 100).into()),
        sector_id: plot.map(|plot| plot.sector),
        sensor_type_id: Some(sensor_type),
        ..Sensor::blank()
    }
}

fn user(draw: &mut Draw, Newcomer { login, .. }: &Newcomer<'_>) -> UserDetail {
    const NAMES: [&str; 10] = ["Ada", "Bela", "Dana", "Emil", "Iva", "Jon", "Mira", "Noor", "Petra", "Tomas"];
    const SURNAMES: [&str; 5] = ["Example", "Sample", "Placeholder", "Specimen", "Template"];
    UserDetail {
        name: draw.one(&NAMES).unwrap_or_default().to_owned(),
        surname: draw.one(&SURNAMES).unwrap_or_default().to_owned(),
        email: Some(format!("{login}@mock.example")),
        ..UserDetail::blank()
    }
}

// === impl Draft ===

impl Draft {
    /// The next login of a kind that the first client does not have: `device-000001`, `device-000002` …
    fn free_login(&self, kind: AccountKind, ordinal: &mut u32) -> String {
        loop {
            *ordinal = ordinal.saturating_add(1);
            let login = format!("{}-{ordinal:06}", kind.name());
            if self.accounts.find(ClientId(0), &login).is_none() {
                return login;
            }
        }
    }
}
