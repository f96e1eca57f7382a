//! Clients and branches: what a caller sees of its own tenant, whatever the header's branch (§6.2).

#![expect(clippy::unnecessary_wraps, reason = "all handlers of operations look alike")]

use wire::collection;
use wire::contract::{Guid, Narrow, SplitGuid};

use super::problem::Refusal;
use super::rows::no_entity;
use super::work::Work;
use crate::answer::Answer;
use crate::directory::Branch;

/// `GET clients`: the caller's own.
pub(super) fn clients(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let client = work.directory().client(work.signed.client);
    Ok(work.ok(&vec![collection::Client {
        id: client.id,
        guid: Guid(client.guid),
        title: client.name.clone(),
        db_name: client.db_name.clone(),
        odoo_partner_id: client.odoo_partner_id.clone(),
    }]))
}

/// `GET branches`.
pub(super) fn branches(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let branches: Vec<_> = of_client(work).map(view).collect();
    Ok(work.ok(&branches))
}

/// `GET branches/{id}`.
pub(super) fn branch(work: &mut Work<'_>) -> Result<Answer, Refusal> {
    let number = work.number();
    let found = of_client(work).find(|branch| branch.id == number).ok_or_else(|| no_entity(number))?;
    Ok(work.ok(&view(found)))
}

fn of_client<'w>(work: &Work<'w>) -> impl Iterator<Item = &'w Branch> + use<'w> {
    let client = work.signed.client;
    work.directory().branches().map(|(_, branch)| branch).filter(move |branch| branch.client == client)
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
