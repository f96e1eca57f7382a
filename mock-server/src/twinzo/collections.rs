//! What the directory shows of itself: clients, branches, sectors, devices and their history, §4.6 and §6.
//!
//! Scoping follows §6.2: branches of the whole client, everything else of the header's branch only.

use http::StatusCode;
use serde::Serialize;
use wire::collection::{self, EmptyList};

use super::problem::Refusal;
use super::signing::Signed;
use crate::answer::{Answer, JSON};
use crate::call::Call;
use crate::directory::{Branch, Client, Device, DeviceId, Sector};
use crate::operation::Operation;
use crate::reason::Reason;
use crate::sandbox::Sandbox;

/// Answers a read of one of the collections.
pub(super) fn answer(
    sandbox: &Sandbox,
    call: &Call<'_>,
    operation: Operation,
    segment: Option<&str>,
    signed: &Signed,
) -> Result<Answer, Refusal> {
    let directory = &*sandbox.directory;
    let segment = segment.unwrap_or_default();
    let mut devices = directory
        .devices()
        .filter(|(_, device)| device.branch == signed.branch);
    let mut branches = directory
        .branches()
        .map(|(_, branch)| branch)
        .filter(|branch| branch.client == signed.client);
    let mut sectors = directory
        .sectors()
        .iter()
        .filter(|sector| sector.branch == signed.branch);
    match operation {
        Operation::ClientsList => ok(&[client(directory.client(signed.client))]),
        Operation::BranchesList => ok(&branches.map(branch).collect::<Vec<_>>()),
        Operation::BranchesGet => {
            let found = branches.find(|branch| branch.id.to_string() == segment);
            ok(&branch(found.ok_or_else(|| no_entity(segment))?))
        }
        Operation::SectorsList => ok(&sectors
            .map(|found| sector(sandbox, found))
            .collect::<Vec<_>>()),
        Operation::SectorsGet => {
            let found = sectors.find(|sector| sector.id.to_string() == segment);
            ok(&sector(sandbox, found.ok_or_else(|| no_entity(segment))?))
        }
        Operation::DevicesList => ok(&devices
            .map(|(id, found)| device(sandbox, id, found))
            .collect::<Vec<_>>()),
        Operation::DevicesGet => {
            let (id, found) = devices
                .find(|(_, device)| device.id.to_string() == segment)
                .ok_or_else(|| no_entity(segment))?;
            ok(&device(sandbox, id, found))
        }
        Operation::DevicesGetByLogin => {
            let id = directory
                .device_in_branch(signed.branch, segment)
                .ok_or_else(|| no_device(segment))?;
            ok(&device(sandbox, id, directory.device(id)))
        }
        Operation::DevicesLocations => locations(sandbox, call, signed),
        _ => Err(Refusal::Internal(anyhow::anyhow!(
            "{operation} is no collection"
        ))),
    }
}

/// `GET devices/locations/?deviceId=&from=&to=`: both ends included, either may be left out.
fn locations(sandbox: &Sandbox, call: &Call<'_>, signed: &Signed) -> Result<Answer, Refusal> {
    let number: i32 = parameter(call, "deviceId")?
        .ok_or_else(|| Refusal::bad_value(Reason::QueryInvalid, "deviceId", ""))?;
    let from = parameter(call, "from")?.unwrap_or(i64::MIN);
    let to = parameter(call, "to")?.unwrap_or(i64::MAX);
    let device = sandbox
        .directory
        .device_by_number(number)
        .filter(|device| sandbox.directory.device(*device).branch == signed.branch)
        .ok_or_else(|| no_entity(&number.to_string()))?;
    ok(&sandbox.positions.between(device, from, to))
}

fn parameter<T: std::str::FromStr>(call: &Call<'_>, name: &str) -> Result<Option<T>, Refusal> {
    call.parameter(name)
        .map(|text| {
            text.parse()
                .map_err(|_| Refusal::bad_value(Reason::QueryInvalid, name, &text))
        })
        .transpose()
}

fn ok(value: &impl Serialize) -> Result<Answer, Refusal> {
    Ok(Answer::json(StatusCode::OK, JSON, value))
}

fn no_entity(id: &str) -> Refusal {
    Refusal::NotFound(Reason::EntityUnknown.because(format!("Entity {id} does not exist.")))
}

fn no_device(login: &str) -> Refusal {
    Refusal::NotFound(Reason::EntityUnknown.because(format!("Device {login} does not exist.")))
}

fn client(client: &Client) -> collection::Client {
    collection::Client {
        id: client.id,
        guid: client.guid.to_string(),
        title: client.name.clone(),
        db_name: client.db_name.clone(),
        odoo_partner_id: client.odoo_partner_id.clone(),
    }
}

fn branch(branch: &Branch) -> collection::Branch {
    collection::Branch {
        id: branch.id,
        title: branch.title.clone(),
        guid: branch.guid.to_string(),
        time_zone: branch.time_zone.clone(),
        latitude: branch.latitude,
        longitude: branch.longitude,
        sectors: EmptyList,
        adress_line1: branch.address.clone(),
        adress_line2: None,
        country: branch.country.clone(),
        city: branch.city.clone(),
        zip_code: branch.zip_code.clone(),
    }
}

fn sector(sandbox: &Sandbox, sector: &Sector) -> collection::Sector {
    collection::Sector {
        id: sector.id,
        guid: sector.guid.to_string(),
        branch_id: sandbox.directory.branch(sector.branch).id,
        title: sector.title.clone(),
        barrier_height: sector.barrier_height,
        barrier_width: sector.barrier_width,
        sector_width: sector.width,
        sector_height: sector.height,
        modified: sector.modified,
        gps_items: EmptyList,
        areas: EmptyList,
        barriers: EmptyList,
        beacons: EmptyList,
        sensors: EmptyList,
        paths: EmptyList,
        floor: sector.floor,
        floor_name: sector.floor_name.clone(),
    }
}

fn device(sandbox: &Sandbox, id: DeviceId, device: &Device) -> collection::Device {
    let directory = &*sandbox.directory;
    let whereabouts = sandbox.positions.whereabouts(id);
    let last = whereabouts.last;
    let last = last.as_ref();
    collection::Device {
        id: device.id,
        mac: device.mac.clone(),
        branch_id: directory.branch(device.branch).id,
        sector_id: last
            .and_then(|last| last.sector_id)
            .or(device.sector_number),
        title: device.title.clone(),
        note: None,
        last_time_online: last.map(|last| last.timestamp),
        x: last.and_then(|last| last.x).map(f64::from),
        y: last.and_then(|last| last.y).map(f64::from),
        app_version: None,
        is_moving: last.and_then(|last| last.is_moving).unwrap_or(false),
        fall_status: "OK".to_owned(),
        battery: last.and_then(|last| last.battery).map(f32::from),
        device_type_id: 1,
        login: directory.account(device.account).login.to_string(),
        position: true,
        geofence: false,
        layers: EmptyList,
        device_status: "[]".to_owned(),
        heartbeat: whereabouts.heard.map(jiff::Timestamp::as_millisecond),
        color: device.color.clone(),
        z: last.and_then(|last| last.z).map(f64::from),
    }
}
