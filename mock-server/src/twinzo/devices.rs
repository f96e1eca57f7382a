//! Devices, and where they are and were: §4.6.

use std::collections::BTreeMap;

use wire::collection::{Device, DynamicDevice, DynamicPlace, DynamicSector};
use wire::contract::Narrow;

use super::expand::{self, Inside};
use super::odata::Query;
use super::problem::Refusal;
use super::rows::{self, Shown, no_entity};
use super::work::Work;
use crate::answer::Answer;
use crate::directory::{AccountKind, Directory, Row};
use crate::reason::Reason;

impl Shown for Device {
    const EXPANDS: &'static [&'static str] = &["Layers"];
    const HIDES: &'static [&'static str] = &["Branch", "Sector", "Account"];
    const LIVE: &'static [&'static str] =
        &["SectorId", "LastTimeOnline", "X", "Y", "Z", "IsMoving", "Battery", "Heartbeat", "FallStatus"];

    fn expand(rows: &mut [Self], query: &Query, inside: &mut Inside<'_>) -> Result<(), Refusal> {
        expand::devices(rows, query, inside)
    }

    /// The last position comes before whatever the row says.
    fn complete(&mut self, work: &Work<'_>, directory: &Directory) {
        let account = directory.holder_in_branch(work.branch(), AccountKind::Device, &self.login);
        let Some((account, _)) = account else { return };
        let whereabouts = work.sandbox.positions.whereabouts(account);
        if let Some(last) = &whereabouts.last {
            let wide = |number: Option<f32>| number.map(f64::from);
            self.sector_id = last.sector_id.or(self.sector_id);
            self.last_time_online = Some(last.timestamp);
            self.x = wide(last.x).map(Narrow);
            self.y = wide(last.y).map(Narrow);
            self.z = wide(last.z);
            self.is_moving = last.is_moving.unwrap_or(false);
            self.battery = last.battery.map(f32::from);
        }
        if let Some(heard) = whereabouts.heard {
            self.heartbeat = Some(heard.as_millisecond());
        }
        self.fall_status = whereabouts.fall.unwrap_or(self.fall_status);
    }
}

/// `DELETE devices/{id}`, with its history.
pub(super) fn delete(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let row = work.directory().table::<Device>().get(work.branch(), work.number());
    let account = row.and_then(|row| work.holder(AccountKind::Device, &row.login)).map(|(account, _)| account);
    let answer = rows::delete::<Device>(work)?;
    if let Some(account) = account {
        work.sandbox.positions.forget(account);
    }
    Ok(answer)
}

/// `GET devices/login/{login}`.
pub(super) fn by_login(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let login = work.segment(0);
    let (_, account) = work.holder(AccountKind::Device, login).ok_or_else(|| no_device(login))?;
    rows::show::<Device>(work, account.number)
}

/// `GET devices/locations/?deviceId=&from=&to=`: both ends included, either may be left out.
pub(super) fn locations(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let number: i32 = work.needed("deviceId")?;
    let from = work.parameter("from")?.unwrap_or(i64::MIN);
    let to = work.parameter("to")?.unwrap_or(i64::MAX);
    let device = work.directory().table::<Device>().get(work.branch(), number).ok_or_else(|| no_entity(number))?;
    let (account, _) = work.holder(AccountKind::Device, &device.login).ok_or_else(|| no_entity(number))?;
    work.list(work.sandbox.positions.between(account, from, to))
}

/// `GET devices/dynamic-locations`: devices that have a position.
pub(super) fn dynamic(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let devices: Vec<DynamicDevice> = located(work)
        .map(|device| DynamicDevice {
            id: device.number().to_string(),
            login: device.login,
            title: device.title,
            sector_id: device.sector_id,
            device_type: device.device_type,
            x: device.x.map(|Narrow(x)| x),
            y: device.y.map(|Narrow(y)| y),
            fall_status: device.fall_status.number(),
        })
        .collect();
    work.list(devices)
}

/// `GET devices/dynamic-locations-short`: the same by sector.
pub(super) fn dynamic_short(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let mut sectors: BTreeMap<i32, Vec<DynamicPlace>> = BTreeMap::new();
    for device in located(work) {
        let Some(sector) = device.sector_id else { continue };
        sectors.entry(sector).or_default().push(DynamicPlace {
            id: device.number().to_string(),
            x: device.x.map(|Narrow(x)| x),
            y: device.y.map(|Narrow(y)| y),
            fall_status: device.fall_status.number(),
        });
    }
    let sectors: Vec<_> =
        sectors.into_iter().map(|(sector_id, locations)| DynamicSector { sector_id, locations }).collect();
    work.list(sectors)
}

fn located<'a>(work: &'a Work<'_>) -> impl Iterator<Item = Device> + 'a {
    let rows = work.directory().table::<Device>().of(work.branch());
    let devices = rows.map(|row| {
        let mut device = Device::clone(row);
        device.complete(work, work.directory());
        device
    });
    devices.filter(|device| device.x.is_some() || device.y.is_some())
}

pub(super) fn no_device(login: &str) -> Refusal {
    Refusal::NotFound(Reason::EntityUnknown.because(format!("Device {login} does not exist.")))
}
