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
use crate::directory::{Branch, BranchId, Client, Device, DeviceId, Sector};
use crate::reason::Reason;
use crate::sandbox::Sandbox;

/// `GET clients`: the caller's own.
pub(super) fn clients(call: &Call<'_>, signed: &Signed) -> Answer {
    ok(&[client_view(call.directory.client(signed.client))])
}

/// `GET branches`: every branch of the client, whatever the header.
pub(super) fn branches(call: &Call<'_>, signed: &Signed) -> Answer {
    ok(&branches_of(call, signed).map(branch_view).collect::<Vec<_>>())
}

/// `GET branches/{id}`.
pub(super) fn branch(call: &Call<'_>, signed: &Signed, number: &str) -> Result<Answer, Refusal> {
    let found = branches_of(call, signed).find(|branch| is(branch.id, number));
    Ok(ok(&branch_view(found.ok_or_else(|| no_entity(number))?)))
}

/// `GET sectors`.
pub(super) fn sectors(call: &Call<'_>, signed: &Signed) -> Answer {
    let sectors = sectors_of(call, signed.branch).map(|sector| sector_view(call, sector));
    ok(&sectors.collect::<Vec<_>>())
}

/// `GET sectors/{id}`.
pub(super) fn sector(call: &Call<'_>, signed: &Signed, number: &str) -> Result<Answer, Refusal> {
    let found = sectors_of(call, signed.branch).find(|sector| is(sector.id, number));
    Ok(ok(&sector_view(call, found.ok_or_else(|| no_entity(number))?)))
}

/// `GET devices`.
pub(super) fn devices(sandbox: &Sandbox, call: &Call<'_>, signed: &Signed) -> Answer {
    let devices = call.directory.devices().filter(|(_, device)| device.branch == signed.branch);
    ok(&devices.map(|(id, device)| device_view(sandbox, call, id, device)).collect::<Vec<_>>())
}

/// `GET devices/{id}`.
pub(super) fn device(sandbox: &Sandbox, call: &Call<'_>, signed: &Signed, number: &str) -> Result<Answer, Refusal> {
    let (id, device) = device_in(call, signed.branch, number.parse().ok()).ok_or_else(|| no_entity(number))?;
    Ok(ok(&device_view(sandbox, call, id, device)))
}

/// `GET devices/login/{login}`.
pub(super) fn device_by_login(
    sandbox: &Sandbox,
    call: &Call<'_>,
    signed: &Signed,
    login: &str,
) -> Result<Answer, Refusal> {
    let (id, device) = call.directory.device_in_branch(signed.branch, login).ok_or_else(|| no_device(login))?;
    Ok(ok(&device_view(sandbox, call, id, device)))
}

/// `GET devices/locations/?deviceId=&from=&to=`: both ends included, either may be left out.
pub(super) fn locations(sandbox: &Sandbox, call: &Call<'_>, signed: &Signed) -> Result<Answer, Refusal> {
    let number: Option<i32> = parameter(call, "deviceId")?;
    let number = number.ok_or_else(|| Refusal::bad_value(Reason::QueryInvalid, "deviceId", ""))?;
    let from = parameter(call, "from")?.unwrap_or(i64::MIN);
    let to = parameter(call, "to")?.unwrap_or(i64::MAX);
    let (device, _) = device_in(call, signed.branch, Some(number)).ok_or_else(|| no_entity(&number.to_string()))?;
    Ok(ok(&sandbox.positions.between(device, from, to)))
}

fn branches_of<'c>(call: &'c Call<'_>, signed: &Signed) -> impl Iterator<Item = &'c Branch> {
    let client = signed.client;
    call.directory.branches().map(|(_, branch)| branch).filter(move |branch| branch.client == client)
}

fn sectors_of<'c>(call: &'c Call<'_>, branch: BranchId) -> impl Iterator<Item = &'c Sector> {
    call.directory.sectors().iter().filter(move |sector| sector.branch == branch)
}

fn device_in<'c>(call: &'c Call<'_>, branch: BranchId, number: Option<i32>) -> Option<(DeviceId, &'c Device)> {
    call.directory.device_by_number(number?).filter(|(_, device)| device.branch == branch)
}

/// Whether a routed integer is this id.
fn is(id: i32, number: &str) -> bool {
    number.parse() == Ok(id)
}

fn parameter<T: std::str::FromStr>(call: &Call<'_>, name: &str) -> Result<Option<T>, Refusal> {
    call.parameter(name)
        .map(|text| text.parse().map_err(|_| Refusal::bad_value(Reason::QueryInvalid, name, &text)))
        .transpose()
}

fn ok(value: &impl Serialize) -> Answer {
    Answer::json(StatusCode::OK, JSON, value)
}

fn no_entity(id: &str) -> Refusal {
    Refusal::NotFound(Reason::EntityUnknown.because(format!("Entity {id} does not exist.")))
}

fn no_device(login: &str) -> Refusal {
    Refusal::NotFound(Reason::EntityUnknown.because(format!("Device {login} does not exist.")))
}

fn client_view(client: &Client) -> collection::Client {
    collection::Client {
        id: client.id,
        guid: client.guid.to_string(),
        title: client.name.clone(),
        db_name: client.db_name.clone(),
        odoo_partner_id: client.odoo_partner_id.clone(),
    }
}

fn branch_view(branch: &Branch) -> collection::Branch {
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

fn sector_view(call: &Call<'_>, sector: &Sector) -> collection::Sector {
    collection::Sector {
        id: sector.id,
        guid: sector.guid.to_string(),
        branch_id: call.directory.branch(sector.branch).id,
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

fn device_view(sandbox: &Sandbox, call: &Call<'_>, id: DeviceId, device: &Device) -> collection::Device {
    let whereabouts = sandbox.positions.whereabouts(id);
    let last = whereabouts.last;
    let last = last.as_ref();
    collection::Device {
        id: device.id,
        mac: device.mac.clone(),
        branch_id: call.directory.branch(device.branch).id,
        sector_id: last.and_then(|last| last.sector_id).or(device.sector_number),
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
        login: device.login.to_string(),
        position: true,
        geofence: false,
        layers: EmptyList,
        device_status: "[]".to_owned(),
        heartbeat: whereabouts.heard.map(jiff::Timestamp::as_millisecond),
        color: device.color.clone(),
        z: last.and_then(|last| last.z).map(f64::from),
    }
}
