//! Clients and branches: what a caller sees of its own tenant, whatever the header's branch (§6.2).

use http::StatusCode;
use wire::collection;
use wire::contract::{Contract, Guid, Narrow, SplitGuid};

use super::expand::Inside;
use super::odata::{self, Found, Query, Scope};
use super::problem::Refusal;
use super::rows::no_entity;
use super::work::Work;
use crate::answer::Answer;
use crate::directory::{Branch, BranchId};

/// What of a branch `$expand` shows.
pub(super) const EXPANDS: &[&str] = &["Sectors"];

/// `GET clients`: the caller's own.
pub(super) fn clients(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let client = work.directory().client(work.signed.client);
    work.list(vec![collection::Client {
        id: client.id,
        guid: Guid(client.guid),
        title: client.name.clone(),
        db_name: client.db_name.clone(),
        odoo_partner_id: client.odoo_partner_id.clone(),
    }])
}

/// `GET branches`.
pub(super) fn branches(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let query = work.query(scope(true))?;
    let Found { mut rows, count } = odata::of_all(of_client(work).map(|(_, branch)| view(branch)).collect(), &query);
    show_sectors(work, &mut rows, &query)?;
    Ok(work.found(Found { rows, count }, &query))
}

/// `GET branches/{id}`.
pub(super) fn branch(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let (number, query) = (work.number(), work.query(scope(false))?);
    let (_, found) = of_client(work).find(|(_, branch)| branch.id == number).ok_or_else(|| no_entity(number))?;
    let mut rows = [view(found)];
    show_sectors(work, &mut rows, &query)?;
    let [row] = rows;
    Ok(work.row(StatusCode::OK, row, &query))
}

fn scope(is_list: bool) -> Scope {
    Scope { shape: collection::Branch::SHAPE, expands: EXPANDS, hides: &[], is_list }
}

fn show_sectors(work: &Work<'_>, rows: &mut [collection::Branch], query: &Query) -> Result<(), Refusal> {
    if !query.expands("Sectors") {
        return Ok(());
    }
    let mut inside = Inside::new(work, work.directory());
    for row in rows {
        let branch = of_client(work).find(|(_, branch)| branch.id == row.id);
        row.sectors = branch.map(|(id, _)| inside.of_branch(id)).transpose()?.unwrap_or_default();
    }
    Ok(())
}

fn of_client<'w>(work: &Work<'w>) -> impl Iterator<Item = (BranchId, &'w Branch)> + use<'w> {
    let client = work.signed.client;
    work.directory().branches().filter(move |(_, branch)| branch.client == client)
}

fn view(branch: &Branch) -> collection::Branch {
    collection::Branch {
        id: branch.id,
        title: branch.title.clone(),
        guid: SplitGuid(branch.guid),
        time_zone: branch.time_zone.clone(),
        latitude: Narrow(branch.latitude),
        longitude: Narrow(branch.longitude),
        sectors: Vec::new(),
        adress_line1: branch.address.clone(),
        adress_line2: None,
        country: branch.country.clone(),
        city: branch.city.clone(),
        zip_code: branch.zip_code.clone(),
    }
}
